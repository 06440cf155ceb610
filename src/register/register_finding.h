/*
 * register_finding.h - what a rule, check, threshold or silence concluded. Findings of the same rule and
 * group fold into one while it is not closed and the last one is inside the window.
 */
#ifndef KHIEN_REGISTER_REGISTER_FINDING_H
#define KHIEN_REGISTER_REGISTER_FINDING_H

#include "register/register.h"

#define REGISTER_FINDING_EVENTS_MAX 50u
#define REGISTER_FINDING_HISTORY_MAX 200u

/*      id             word        Source: severities of Điều 3.4 */
#define REGISTER_SEVERITY_TABLE(X)                                                                           \
    X(SEVERITY_LOW, "low")                                                                                   \
    X(SEVERITY_MEDIUM, "medium")                                                                             \
    X(SEVERITY_HIGH, "high")                                                                                 \
    X(SEVERITY_CRITICAL, "critical")

enum register_severity {
    SEVERITY_NONE,
#define X(id, word) id,
    REGISTER_SEVERITY_TABLE(X)
#undef X
        SEVERITY_COUNT
};

/* What a station reports. Texts are compulsory; explain is a JSON object or empty. */
struct register_finding_new {
    int64_t org;
    struct str rule; /* id of the rule or check */
    struct str kind; /* rule, threshold, check, source */
    struct str title_vi, title_en;
    enum register_severity severity;
    struct str clauses; /* JSON array of duty ids */
    struct str group;   /* JSON object, keys in a fixed order: it is compared as text */
    int64_t first_ns, last_ns;
    int64_t count;
    int64_t window_ns;   /* fold where the last one is not older than this before first_ns */
    int64_t due_ns;      /* 0: none */
    struct str due_kind; /* elapsed, working */
    struct str explain;  /* {"what":{vi,en},"why":{vi,en},"now":{vi,en}} */
    const uint64_t *events;
    size_t n_events;
};

struct register_finding {
    int64_t id, org;
    struct str rule, kind, title_vi, title_en;
    enum register_severity severity;
    struct str state; /* open, acknowledged, closed */
    struct str clauses, group;
    int64_t first_ns, last_ns, count;
    int64_t due_ns; /* 0: none */
    struct str due_kind, explain;
    int64_t found_ns;
    struct str acknowledged_by; /* name; .p == NULL: nobody */
    int64_t acknowledged_ns, closed_ns;
};

struct register_finding_list {
    struct register_finding *items;
    size_t n;
    int64_t next;
};

struct register_finding_step {
    int64_t at_ns;
    struct str who, what, note;
};

struct register_finding_history {
    struct register_finding_step *items;
    size_t n;
};

struct str register_finding_severity_name(enum register_severity s);
bool register_finding_severity_find(struct str word, enum register_severity *ret);

/* Add or fold. *ret_new is false where it folded into finding *ret_id. Not audited when it only folds. */
int register_finding_put(struct reg *r, const struct register_by *by, const struct register_finding_new *f,
                         int64_t *ret_id, bool *ret_new, struct err *err) MUST_USE;
int register_finding_find(struct reg *r, struct arena *a, int64_t id, struct register_finding *ret,
                          bool *ret_found, struct err *err) MUST_USE;

/* state: open, acknowledged, closed; .p == NULL: open or acknowledged; "all". severity: SEVERITY_NONE: all.
 */
struct register_finding_filter {
    int64_t org;
    struct str state;
    enum register_severity severity;
};
int register_finding_list(struct reg *r, struct arena *a, const struct register_finding_filter *f,
                          struct register_page page, struct register_finding_list *ret,
                          struct err *err) MUST_USE;
/* Findings that are not closed, by severity, then by deadline; at most `limit`. For the page of the day. */
int register_finding_urgent(struct reg *r, struct arena *a, int64_t org, uint32_t limit,
                            struct register_finding_list *ret, struct err *err) MUST_USE;
/* Sample events, oldest first. */
int register_finding_events(struct reg *r, int64_t id, uint64_t ret[REGISTER_FINDING_EVENTS_MAX],
                            size_t *ret_n, struct err *err) MUST_USE;
/* What was done about it (opened, acknowledged, closed), newest first. */
int register_finding_history(struct reg *r, struct arena *a, int64_t id, struct register_finding_history *ret,
                             struct err *err) MUST_USE;

/* open → acknowledged. ERR_NOT_FOUND, ERR_CONFLICT (not open). */
int register_finding_acknowledge(struct reg *r, const struct register_by *by, int64_t id, struct str note,
                                 struct err *err) MUST_USE;
/* → closed; the note is compulsory. ERR_NOT_FOUND, ERR_CONFLICT (closed already), ERR_USAGE (no note). */
int register_finding_close(struct reg *r, const struct register_by *by, int64_t id, struct str note,
                           struct err *err) MUST_USE;

#endif
