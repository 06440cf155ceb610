/*
 * register_evidence.h - what proves an obligation: results of machine checks, and documents that a second
 * person approves. The bytes of documents lie in the encrypted register.
 */
#ifndef KHIEN_REGISTER_REGISTER_EVIDENCE_H
#define KHIEN_REGISTER_REGISTER_EVIDENCE_H

#include "register/register.h"

#define REGISTER_EVIDENCE_BYTES_MAX (8u * 1024u * 1024u)

struct register_evidence {
    int64_t id, org;
    struct str duty;     /* D14.0.3 */
    struct str subject;  /* what the duty is about; empty: the org */
    struct str kind;     /* auto, document */
    struct str title;    /* auto: may be a JSON object {"vi","en"} */
    struct str check_id; /* auto: the check */
    struct str result;   /* auto: met, failed, unknown; document: empty */
    int64_t dated_ns;    /* date on the document, time of the check */
    struct str digest;   /* "sha256:…" */
    struct str file_name;
    int64_t bytes;
    struct str note;
    struct str state; /* waiting, approved, rejected; expired where expires_ns has passed */
    int64_t by_id;
    struct str by; /* name; .p == NULL: the node */
    int64_t at_ns;
    int64_t seen_ns; /* auto: last time with the same result */
    struct str approved_by;
    int64_t approved_ns;
    int64_t expires_ns; /* 0: does not age */
};

struct register_evidence_list {
    struct register_evidence *items;
    size_t n;
    int64_t next;
};

/* A document by a person; waits for approval. */
struct register_evidence_document {
    int64_t org;
    struct str duty, subject, title, file_name, note, content;
    int64_t dated_ns;
    int64_t expires_ns; /* 0: does not age */
};

/* A result by a check. */
struct register_evidence_check {
    int64_t org;
    struct str duty, subject, check_id, title;
    struct str result; /* met, failed, unknown */
    struct str note;   /* JSON or text: what was seen */
    struct str digest; /* "sha256:…" of the raw records; may be empty */
    int64_t expires_ns;
};

/* ERR_LIMIT above REGISTER_EVIDENCE_BYTES_MAX, ERR_USAGE (empty). */
int register_evidence_attach(struct reg *r, const struct register_by *by,
                             const struct register_evidence_document *d, int64_t *ret_id,
                             struct err *err) MUST_USE;
/*
 * The same result again renews the newest row (seen_ns, expires_ns, note, digest) while it has not expired;
 * another result, or a gap, adds a row. The raw records behind it are sealed in the event store.
 */
int register_evidence_note_check(struct reg *r, const struct register_by *by,
                                 const struct register_evidence_check *c, int64_t *ret_id,
                                 struct err *err) MUST_USE;
int register_evidence_find(struct reg *r, struct arena *a, int64_t id, int64_t now_ns,
                           struct register_evidence *ret, bool *ret_found, struct err *err) MUST_USE;
/* duty.p == NULL: of every duty; state.p == NULL: of every state (expired is a state, too). Newest first. */
int register_evidence_list(struct reg *r, struct arena *a, struct str duty, struct str state, int64_t now_ns,
                           struct register_page page, struct register_evidence_list *ret,
                           struct err *err) MUST_USE;
/* The document; *ret_found is false where there is none. */
int register_evidence_content(struct reg *r, struct arena *a, int64_t id, struct str *ret, bool *ret_found,
                              struct err *err) MUST_USE;
/*
 * Approve or reject a waiting document; expires_ns: 0 does not age. ERR_DENIED where the author decides,
 * ERR_CONFLICT where it does not wait, ERR_NOT_FOUND.
 */
int register_evidence_decide(struct reg *r, const struct register_by *by, int64_t id, bool approve,
                             int64_t expires_ns, struct str note, struct err *err) MUST_USE;

#endif
