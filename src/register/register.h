/*
 * register.h - the register: facts about org, people, sources, findings, evidence, kept in one encrypted file
 * (SQLCipher: AES-256-CBC pages with HMAC-SHA-512). One thread owns a handle. No clock and no randomness
 * inside: times are nanoseconds UTC from the caller. Every change writes an audit row in the same
 * transaction; the rows are handed over to the event store by register_audit_take().
 *
 * Text and rows that a function returns are copied into the arena given by the caller.
 * Source: docs/format/register.md; D13.6, D15 of the regulation.
 */
#ifndef KHIEN_REGISTER_REGISTER_H
#define KHIEN_REGISTER_REGISTER_H

#include "base/arena.h"
#include "sys/sys.h"

#define REGISTER_KEY_BYTES 32u
#define REGISTER_PAGE_MAX 500u /* rows of one page */

struct reg;

/* Who makes a change, when, from where. Views need to live only during the call. */
struct register_by {
    int64_t now_ns;
    int64_t person;  /* 0: the node itself */
    struct str who;  /* login, or the name of the part of the node */
    struct str peer; /* address; empty for the node itself */
};

/* A page of a list, newest first. */
struct register_page {
    int64_t cursor; /* rows below this id; 0: from the newest */
    uint32_t limit; /* 1..REGISTER_PAGE_MAX; 0 gives 100 */
};

/*
 * Open or create the register. The file gets mode 0600. key: REGISTER_KEY_BYTES raw bytes, not kept by the
 * caller's address. path ":memory:" makes one that lives in memory (tests).
 * Errors: ERR_DENIED (wrong key, or not a register), ERR_CONFLICT (newer than this program), ERR_CORRUPT,
 * ERR_IO, ERR_FULL, ERR_NOMEM.
 */
int register_open(const struct sys *sys, const char *path, const uint8_t *key, int64_t now_ns,
                  struct reg **ret, struct err *err) MUST_USE;
void register_close(struct reg *r); /* NULL is fine */

UNUSED static inline void register_closep(struct reg **r)
{
    register_close(*r);
}

/* Number of the newest migration this program knows, and of the open file. */
int register_schema_version(void);
int register_version(struct reg *r, int *ret, struct err *err) MUST_USE;

/* A consistent encrypted copy (same key) in a new file; ERR_CONFLICT where it exists. For backups. */
int register_copy(struct reg *r, const struct sys *sys, const char *path, struct err *err) MUST_USE;

/*
 * Transactions nest; the changes inside become durable when the outermost one is committed.
 *
 *     CLEANUP(register_tx_end) struct register_tx tx = {0};
 *     if (register_tx_begin(r, &tx, err) != 0 || change(r, ..., err) != 0)
 *         return -1;                          rolled back here
 *     return register_tx_commit(&tx, err);
 */
struct register_tx {
    struct reg *r;
    unsigned depth;
};
int register_tx_begin(struct reg *r, struct register_tx *tx, struct err *err) MUST_USE;
int register_tx_commit(struct register_tx *tx, struct err *err) MUST_USE;
void register_tx_end(struct register_tx *tx); /* rolls back what was not committed */

#endif
