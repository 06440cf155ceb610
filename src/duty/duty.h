/*
 * duty.h - the evaluation of obligations: a pure function of catalogue, calendar, evidence and the clock.
 * Status is computed, never stored as truth. Evidence ages: where nothing fresh is left, an obligation falls
 * back by itself, and every outcome tells the instant of its next change (next_ns), so a caller evaluates
 * again then or when a fact is added. "Unknown" is never "met"; a check that could not be read is unknown.
 *
 * Rules, in this order:
 *  1. an approved exception with reason, approver and end → na, until its end;
 *  2. A (machine): a fresh "not met" → failed; all checks fresh and "met" → met; else unknown. Documents do
 *     not replace a check;
 *  3. W, M (people): a deadline passed (periodic: last document + period, without one start + period) →
 *     overdue; a fresh "not met" of a listed check → failed; an approved document that is still fresh → met;
 *     else unknown. Waiting documents do not count and are told in the reason;
 *  4. event duties: an open event past its limit → overdue; an open event → unknown; the last event done in
 *     time → met, done late → failed, while it is fresh; without events rules 2 and 3 apply.
 * Limits end exclusively (calendar.h). `due_ns` is the strict clock (rule T2), `legal_ns` the legal latest.
 *
 * All views belong to the caller and must outlive the outcomes. One call looks at one subject (an agency):
 * the caller selects the facts of that subject.
 */
#ifndef KHIEN_DUTY_DUTY_H
#define KHIEN_DUTY_DUTY_H

#include "duty/catalogue.h"
#include "duty/reason.h"

#define DUTY_SOON_DAYS 7 /* "due soon" of the page Today */

/*        constant        word */
#define DUTY_STATUS_TABLE(X)                                                                                 \
    X(DUTY_MET, "met")                                                                                       \
    X(DUTY_FAILED, "failed")                                                                                 \
    X(DUTY_OVERDUE, "overdue")                                                                               \
    X(DUTY_UNKNOWN, "unknown")                                                                               \
    X(DUTY_NA, "na")
#define DUTY_VERDICT_TABLE(X)                                                                                \
    X(DUTY_YES, "met")                                                                                       \
    X(DUTY_NO, "not_met")                                                                                    \
    X(DUTY_UNREADABLE, "unreadable")
#define DUTY_STATE_TABLE(X)                                                                                  \
    X(DUTY_WAITING, "waiting")                                                                               \
    X(DUTY_APPROVED, "approved")                                                                             \
    X(DUTY_REJECTED, "rejected")

#define X(name, word) name,
enum duty_status { DUTY_STATUS_TABLE(X) DUTY_STATUS_COUNT };
enum duty_verdict { DUTY_VERDICT_TABLE(X) DUTY_VERDICT_COUNT };
enum duty_state { DUTY_STATE_TABLE(X) DUTY_STATE_COUNT };
#undef X

enum duty_kind { DUTY_AUTO, DUTY_DOCUMENT };

/* One piece of evidence. */
struct duty_fact {
    enum duty_kind kind;
    int64_t id;          /* of the register, 0 none; breaks ties: the higher is the later */
    struct str duty;     /* document: compulsory. auto: empty = every duty that lists the check */
    int64_t observed_ns; /* auto: measured; document: attached. Not seen before this instant */
    int64_t expires_ns;  /* ends before the freshness of the duty does; 0 = no */
    /* auto */
    struct str check;
    enum duty_verdict verdict;
    struct reason reason;
    /* document */
    enum duty_state state;
    int32_t dated; /* day written on it, days since 1970-01-01; counts from 00:00 Vietnam time */
    struct str title;
    struct str event; /* key of the event that it answers; empty = of none in particular */
};

/* "Not applicable": needs reason, approver and end; from ≤ now < until. */
struct duty_exception {
    struct str duty, reason, approver;
    enum duty_state state;
    int64_t from_ns, until_ns;
};

/* Something that started a clock of an event duty. */
struct duty_event {
    struct str duty, key; /* key: "incident 12"; shown in the reason */
    int64_t at_ns;
    int64_t done_ns; /* 0: open, unless a document that counts answers it */
};

struct duty_input {
    const struct catalogue *catalogue;
    const struct calendar *calendar;
    int64_t now_ns;
    int64_t start_ns; /* since when the duties bind this subject in Khiên: base of first periods */
    const struct duty_fact *facts;
    size_t n_facts;
    const struct duty_exception *exceptions;
    size_t n_exceptions;
    const struct duty_event *events;
    size_t n_events;
};

struct duty_outcome {
    const struct catalogue_duty *duty;
    enum duty_status status;
    struct reason reason;
    int64_t due_ns;                /* next deadline, or end of the evidence in hand; 0 none */
    int64_t legal_ns;              /* legal latest of due_ns */
    int64_t next_ns;               /* status and reason stay as they are before this instant; 0: for good */
    int64_t checked_ns;            /* time of the newest evidence looked at; 0 none */
    const struct duty_fact *proof; /* evidence that decided; NULL none */
    const struct catalogue_text *todo; /* what to do now; NULL nothing */
    size_t n_waiting;                  /* documents that wait for approval */
    bool settled;                      /* no default holiday row was counted for due_ns */
};

/* Evaluate one duty. Pure: same input, same outcome. */
struct duty_outcome duty_evaluate(const struct duty_input *in, const struct catalogue_duty *duty);
/* Evaluate all into out[catalogue_count], legal order; returns the earliest next_ns, 0 none. */
int64_t duty_evaluate_all(const struct duty_input *in, struct duty_outcome *out);

struct duty_counts {
    size_t of[DUTY_STATUS_COUNT];
};
struct duty_score {
    const struct catalogue_chapter *chapter; /* NULL: the decision */
    int32_t article;                         /* 0: the decision; -1 in scores by chapter */
    size_t met, total;                       /* total without "not applicable" */
};

struct duty_counts duty_count(const struct duty_outcome *out, size_t n);
/* Scores by article (or by chapter) in legal order, articles without duties left out; returns how many, at
 * most max are written. */
size_t duty_score_articles(const struct duty_outcome *out, size_t n, struct duty_score *ret, size_t max);
size_t duty_score_chapters(const struct duty_outcome *out, size_t n, struct duty_score *ret, size_t max);

/*
 * What must be done, most urgent first, at most max: overdue (oldest first), failed, due within
 * DUTY_SOON_DAYS, then unknown with the nearest deadline. Left out: nothing to do (met, na, no event, no
 * machine check yet). Returns how many were written. ERR_NOMEM is not possible: max is small, insertion.
 */
size_t duty_today(const struct duty_outcome *out, size_t n, int64_t now_ns, const struct duty_outcome **ret,
                  size_t max);

struct str duty_status_name(enum duty_status s);
struct str duty_verdict_name(enum duty_verdict v);
struct str duty_state_name(enum duty_state s);
int duty_status_find(struct str word); /* -1 unknown, as the next two */
int duty_verdict_find(struct str word);
int duty_state_find(struct str word);

/* DUTY of docs/api.md, as one object. */
void duty_put_json(struct jout *j, const struct reason_texts *t, const struct duty_outcome *o);
/* {"what":{vi,en},"why":{vi,en},"evidence":{vi,en},"now":{vi,en}|null} */
void duty_put_explain(struct jout *j, const struct reason_texts *t, const struct duty_outcome *o);
/* One paragraph: status because of reason, evidence, what to do. */
void duty_explain(const struct reason_texts *t, const struct duty_outcome *o, enum reason_lang lang,
                  struct buf *out);

#endif
