#include "duty/duty.h"

#include "base/when.h"

/* What is known while one duty is evaluated at in->now_ns. */
struct eval {
    const struct duty_input *in;
    const struct catalogue_duty *d;
    struct duty_outcome out;
};

/* Something changes at `at`; only the future counts. */
static void note(struct eval *e, int64_t at)
{
    if (at > e->in->now_ns && (e->out.next_ns == 0 || at < e->out.next_ns))
        e->out.next_ns = at;
}

static void saw(struct eval *e, int64_t at)
{
    if (at > e->out.checked_ns)
        e->out.checked_ns = at;
}

/* End of a span, saturated: a limit beyond year 2262 never runs out. */
static struct calendar_due end_of(const struct eval *e, int64_t start_ns, struct calendar_span span)
{
    struct calendar_due due;
    if (calendar_due(e->in->calendar, start_ns, span, &due, NULL) != 0)
        return (struct calendar_due){
            .due_ns = INT64_MAX, .legal_ns = INT64_MAX, .covered = true, .settled = true};
    return due;
}

static int64_t min_end(int64_t end_ns, int64_t expires_ns)
{
    return expires_ns != 0 && expires_ns < end_ns ? expires_ns : end_ns;
}

static void set_due(struct eval *e, struct calendar_due due)
{
    if (due.due_ns == INT64_MAX)
        return;
    e->out.due_ns = due.due_ns;
    e->out.legal_ns = due.legal_ns;
    e->out.settled = due.settled;
    note(e, due.due_ns);
}

static void decide(struct eval *e, enum duty_status status, struct reason reason)
{
    e->out.status = status;
    e->out.reason = reason;
    if (status == DUTY_FAILED || status == DUTY_OVERDUE || status == DUTY_UNKNOWN)
        e->out.todo = &e->d->todo;
}

/* Rule 1. */

static bool try_exception(struct eval *e)
{
    const struct duty_exception *best = NULL;
    for (size_t i = 0; i < e->in->n_exceptions; i++) {
        const struct duty_exception *x = &e->in->exceptions[i];
        if (!str_eq(x->duty, e->d->id) || x->state != DUTY_APPROVED || x->reason.n == 0 ||
            x->approver.n == 0 || x->from_ns >= x->until_ns || x->until_ns <= e->in->now_ns)
            continue;
        note(e, x->from_ns);
        if (x->from_ns <= e->in->now_ns && (best == NULL || x->until_ns > best->until_ns))
            best = x;
    }
    if (best == NULL)
        return false;
    note(e, best->until_ns);
    e->out.due_ns = e->out.legal_ns = best->until_ns;
    struct reason r = reason_of(S("na.approved"));
    reason_add_text(&r, S("why"), best->reason);
    reason_add_text(&r, S("approver"), best->approver);
    reason_add_time(&r, S("until"), best->until_ns);
    decide(e, DUTY_NA, r);
    return true;
}

/* Checks. */

struct machine {
    enum { MACHINE_NONE, MACHINE_YES, MACHINE_NO, MACHINE_UNREAD, MACHINE_STALE, MACHINE_NEVER } state;
    const struct duty_fact *fact; /* that decided; NULL for NONE and NEVER */
    struct str word;              /* code of the name of the check */
};

static bool later(const struct duty_fact *a, const struct duty_fact *b)
{
    return b == NULL || a->observed_ns > b->observed_ns ||
           (a->observed_ns == b->observed_ns && a->id >= b->id);
}

/* The newest observation of a check that is not in the future. */
static const struct duty_fact *latest_of(struct eval *e, struct str check)
{
    const struct duty_fact *best = NULL;
    for (size_t i = 0; i < e->in->n_facts; i++) {
        const struct duty_fact *f = &e->in->facts[i];
        if (f->kind != DUTY_AUTO || !str_eq(f->check, check) || (f->duty.n > 0 && !str_eq(f->duty, e->d->id)))
            continue;
        note(e, f->observed_ns);
        if (f->observed_ns <= e->in->now_ns && later(f, best))
            best = f;
    }
    return best;
}

static struct machine judge_check(struct eval *e, size_t i)
{
    struct machine m = {.state = MACHINE_NEVER, .word = e->d->check_words[i]};
    m.fact = latest_of(e, e->d->checks[i]);
    if (m.fact == NULL)
        return m;
    saw(e, m.fact->observed_ns);
    int64_t end = min_end(end_of(e, m.fact->observed_ns, e->d->freshness).due_ns, m.fact->expires_ns);
    note(e, end);
    if (e->in->now_ns >= end)
        m.state = MACHINE_STALE;
    else if (m.fact->verdict == DUTY_YES)
        m.state = MACHINE_YES;
    else
        m.state = m.fact->verdict == DUTY_NO ? MACHINE_NO : MACHINE_UNREAD;
    return m;
}

/* All checks of the duty: one "not met" decides, else one that is not known, else the oldest "met". */
static struct machine judge_checks(struct eval *e)
{
    struct machine all = {.state = MACHINE_NONE};
    for (size_t i = 0; i < e->d->n_checks; i++) {
        struct machine m = judge_check(e, i);
        if (all.state == MACHINE_NONE || (m.state == MACHINE_NO && all.state != MACHINE_NO) ||
            (all.state == MACHINE_YES && m.state != MACHINE_YES) ||
            (all.state == MACHINE_YES && m.fact->observed_ns < all.fact->observed_ns))
            all = m;
    }
    return all;
}

/* The status that the checks alone give. */
static void decide_machine(struct eval *e, struct machine m)
{
    struct reason r;
    e->out.proof = m.fact;
    switch (m.state) {
    case MACHINE_YES:
        decide(e, DUTY_MET, m.fact->reason);
        return;
    case MACHINE_NO:
        decide(e, DUTY_FAILED, m.fact->reason);
        return;
    case MACHINE_UNREAD:
        decide(e, DUTY_UNKNOWN, m.fact->reason);
        return;
    case MACHINE_STALE:
        r = reason_of(S("unknown.stale"));
        reason_add_word(&r, S("check"), m.word);
        reason_add_time(&r, S("at"), m.fact->observed_ns);
        decide(e, DUTY_UNKNOWN, r);
        return;
    case MACHINE_NEVER:
        r = reason_of(S("unknown.never_checked"));
        reason_add_word(&r, S("check"), m.word);
        decide(e, DUTY_UNKNOWN, r);
        return;
    case MACHINE_NONE:
        decide(e, DUTY_UNKNOWN, reason_of(S("unknown.no_check")));
        return;
    }
}

/* Documents. */

struct papers {
    const struct duty_fact *fresh;  /* counts now, and longest */
    const struct duty_fact *newest; /* latest date among those that counted at some time */
    int64_t fresh_until;
};

static bool counts(const struct eval *e, const struct duty_fact *f)
{
    return f->state == DUTY_APPROVED || (f->state == DUTY_WAITING && !e->d->approve);
}

static bool is_document(const struct eval *e, const struct duty_fact *f)
{
    return f->kind == DUTY_DOCUMENT && str_eq(f->duty, e->d->id);
}

static int64_t dated_ns(const struct duty_fact *f)
{
    int64_t ns;
    return calendar_day_start(f->dated, &ns) ? ns : INT64_MAX;
}

/* A document counts from its date, but not before it was attached; it ends at 24:00 of the last day. */
static void judge_paper(struct eval *e, const struct duty_fact *f, struct papers *p)
{
    int64_t now = e->in->now_ns, from = dated_ns(f);
    if (from == INT64_MAX)
        return;
    note(e, from);
    if (from > now)
        return;
    int64_t until = min_end(end_of(e, from, e->d->freshness).legal_ns, f->expires_ns);
    note(e, until);
    if (p->newest == NULL || f->dated > p->newest->dated ||
        (f->dated == p->newest->dated && f->id >= p->newest->id))
        p->newest = f;
    if (now < until && (p->fresh == NULL || until > p->fresh_until)) {
        p->fresh = f;
        p->fresh_until = until;
    }
}

static struct papers judge_papers(struct eval *e)
{
    struct papers p = {0};
    for (size_t i = 0; i < e->in->n_facts; i++) {
        const struct duty_fact *f = &e->in->facts[i];
        if (!is_document(e, f))
            continue;
        note(e, f->observed_ns);
        if (f->observed_ns > e->in->now_ns)
            continue;
        saw(e, f->observed_ns);
        if (counts(e, f))
            judge_paper(e, f, &p);
        else if (f->state == DUTY_WAITING)
            e->out.n_waiting++;
    }
    return p;
}

/* The form, by the code of its word: "word.form.report". */
static void add_form(struct reason *r, enum catalogue_form form)
{
#define X(name, word) {"word.form." word, sizeof("word.form." word) - 1},
    static const struct str words[] = {CATALOGUE_FORM_TABLE(X)};
#undef X
    reason_add_word(r, S("form"), form == CATALOGUE_FORM_NONE ? words[CATALOGUE_FORM_OTHER] : words[form]);
}

static void decide_paper(struct eval *e, const struct papers *p)
{
    struct reason r = reason_of(S("met.document"));
    add_form(&r, e->d->form);
    reason_add_text(&r, S("title"), p->fresh->title);
    reason_add_date(&r, S("dated"), p->fresh->dated);
    if (p->fresh_until != INT64_MAX) {
        reason_add_time(&r, S("until"), p->fresh_until);
        reason_add_also(&r, S("also.until"));
    }
    e->out.proof = p->fresh;
    decide(e, DUTY_MET, r);
}

static void decide_no_paper(struct eval *e, const struct papers *p)
{
    struct reason r = reason_of(p->newest != NULL ? S("unknown.lapsed") : S("unknown.no_document"));
    add_form(&r, e->d->form);
    if (p->newest != NULL)
        reason_add_date(&r, S("dated"), p->newest->dated);
    e->out.proof = NULL;
    decide(e, DUTY_UNKNOWN, r);
}

/* Rule 3. */

static struct calendar_due period_end(const struct eval *e, const struct papers *p)
{
    int64_t from = p->newest != NULL ? dated_ns(p->newest) : e->in->start_ns;
    struct calendar_due due = end_of(e, from, e->d->every);
    due.due_ns = due.legal_ns; /* a period is not a clock of hours: it ends at 24:00 */
    return due;
}

static void decide_overdue(struct eval *e, const struct papers *p)
{
    struct reason r = reason_of(p->newest != NULL ? S("overdue.period") : S("overdue.first"));
    add_form(&r, e->d->form);
    if (p->newest != NULL)
        reason_add_date(&r, S("dated"), p->newest->dated);
    reason_add_time(&r, S("due"), e->out.due_ns);
    e->out.proof = p->newest;
    decide(e, DUTY_OVERDUE, r);
}

static void decide_people(struct eval *e)
{
    struct papers p = judge_papers(e);
    struct machine m = judge_checks(e);
    if (e->d->trigger == CATALOGUE_PERIODIC) {
        set_due(e, period_end(e, &p));
    } else if (p.fresh != NULL && p.fresh_until != INT64_MAX) {
        e->out.due_ns = e->out.legal_ns = p.fresh_until;
    }
    if (e->d->trigger == CATALOGUE_PERIODIC && e->out.due_ns != 0 && e->in->now_ns >= e->out.due_ns) {
        decide_overdue(e, &p);
    } else if (m.state == MACHINE_NO) {
        decide_machine(e, m);
    } else if (p.fresh != NULL) {
        decide_paper(e, &p);
    } else {
        decide_no_paper(e, &p);
    }
}

/* Rule 4. */

struct clocks {
    const struct duty_event *overdue, *open, *done; /* oldest limit; nearest limit; newest done */
    struct calendar_due overdue_end, open_end;
    int64_t done_ns;
    bool done_late;
    size_t n_open;
};

/* When the event was answered: told, or by a document that counts. 0: not yet. */
static int64_t answered_ns(struct eval *e, const struct duty_event *v)
{
    int64_t done = v->done_ns;
    for (size_t i = 0; i < e->in->n_facts && v->key.n > 0; i++) {
        const struct duty_fact *f = &e->in->facts[i];
        if (is_document(e, f) && counts(e, f) && str_eq(f->event, v->key) &&
            (done == 0 || f->observed_ns < done))
            done = f->observed_ns;
    }
    note(e, done);
    return done > e->in->now_ns ? 0 : done;
}

static void judge_event(struct eval *e, const struct duty_event *v, struct clocks *c)
{
    struct calendar_due end = {.due_ns = INT64_MAX, .legal_ns = INT64_MAX, .settled = true, .covered = true};
    if (e->d->within.n > 0)
        end = end_of(e, v->at_ns, e->d->within);
    int64_t done = answered_ns(e, v);
    if (done != 0) {
        if (c->done == NULL || done >= c->done_ns) {
            c->done = v;
            c->done_ns = done;
            c->done_late = done >= end.due_ns;
        }
        return;
    }
    c->n_open++;
    note(e, end.due_ns == INT64_MAX ? 0 : end.due_ns);
    if (e->in->now_ns >= end.due_ns) {
        if (c->overdue == NULL || end.due_ns < c->overdue_end.due_ns) {
            c->overdue = v;
            c->overdue_end = end;
        }
    } else if (c->open == NULL || end.due_ns < c->open_end.due_ns) {
        c->open = v;
        c->open_end = end;
    }
}

static struct clocks judge_events(struct eval *e)
{
    struct clocks c = {0};
    for (size_t i = 0; i < e->in->n_events; i++) {
        const struct duty_event *v = &e->in->events[i];
        if (!str_eq(v->duty, e->d->id))
            continue;
        note(e, v->at_ns);
        if (v->at_ns <= e->in->now_ns)
            judge_event(e, v, &c);
    }
    return c;
}

static struct reason event_reason(struct str code, const struct duty_event *v)
{
    struct reason r = reason_of(code);
    reason_add_text(&r, S("event"), v->key);
    reason_add_time(&r, S("at"), v->at_ns);
    return r;
}

static void decide_open(struct eval *e, const struct clocks *c)
{
    const struct duty_event *v = c->overdue != NULL ? c->overdue : c->open;
    struct calendar_due end = c->overdue != NULL ? c->overdue_end : c->open_end;
    bool limited = end.due_ns != INT64_MAX;
    struct reason r = event_reason(c->overdue != NULL ? S("overdue.event")
                                   : limited          ? S("unknown.event_due")
                                                      : S("unknown.event_open"),
                                   v);
    reason_add_int(&r, S("open"), (int64_t)c->n_open);
    if (limited) {
        reason_add_time(&r, S("due"), end.due_ns);
        set_due(e, end);
        if (end.legal_ns != end.due_ns) {
            reason_add_time(&r, S("legal"), end.legal_ns);
            reason_add_also(&r, S("also.legal"));
        } else if (!end.covered || !end.settled) {
            reason_add_also(&r, S("also.calendar"));
        }
    }
    decide(e, c->overdue != NULL ? DUTY_OVERDUE : DUTY_UNKNOWN, r);
}

/* The last event that was answered still speaks while it is fresh. */
static bool try_done(struct eval *e, const struct clocks *c)
{
    if (c->done == NULL)
        return false;
    saw(e, c->done_ns);
    int64_t end = end_of(e, c->done_ns, e->d->freshness).legal_ns;
    note(e, end == INT64_MAX ? 0 : end);
    if (e->in->now_ns >= end)
        return false;
    struct reason r = event_reason(c->done_late ? S("failed.late") : S("met.event"), c->done);
    reason_add_time(&r, S("done"), c->done_ns);
    decide(e, c->done_late ? DUTY_FAILED : DUTY_MET, r);
    return true;
}

static void decide_event(struct eval *e)
{
    struct clocks c = judge_events(e);
    struct papers p = judge_papers(e);
    struct machine m = judge_checks(e);
    if (c.overdue != NULL) {
        decide_open(e, &c);
    } else if (m.state == MACHINE_NO) {
        decide_machine(e, m);
    } else if (c.open != NULL) {
        decide_open(e, &c);
    } else if (e->d->n_checks > 0) {
        decide_machine(e, m);
    } else if (!try_done(e, &c)) {
        if (e->d->verification != CATALOGUE_MACHINE && p.fresh != NULL) {
            decide_paper(e, &p);
            e->out.due_ns = e->out.legal_ns = p.fresh_until == INT64_MAX ? 0 : p.fresh_until;
        } else {
            decide(e, DUTY_UNKNOWN, reason_of(S("unknown.no_event")));
            e->out.todo = NULL;
        }
    }
}

struct duty_outcome duty_evaluate(const struct duty_input *in, const struct catalogue_duty *duty)
{
    struct eval e = {.in = in, .d = duty, .out = {.duty = duty, .status = DUTY_UNKNOWN, .settled = true}};
    assert(in->calendar != NULL && duty != NULL);
    assert(in->facts != NULL || in->n_facts == 0);
    if (try_exception(&e))
        return e.out;
    if (duty->trigger == CATALOGUE_EVENT) {
        decide_event(&e);
    } else if (duty->verification == CATALOGUE_MACHINE) {
        (void)judge_papers(&e);
        decide_machine(&e, judge_checks(&e));
        if (duty->n_checks == 0)
            e.out.todo = NULL;
    } else {
        decide_people(&e);
    }
    if (e.out.n_waiting > 0 && e.out.status != DUTY_MET && e.out.reason.n < REASON_ARGS_MAX) {
        reason_add_int(&e.out.reason, S("waiting"), (int64_t)e.out.n_waiting);
        reason_add_also(&e.out.reason, S("also.waiting"));
    }
    assert(e.out.next_ns == 0 || e.out.next_ns > in->now_ns);
    return e.out;
}

int64_t duty_evaluate_all(const struct duty_input *in, struct duty_outcome *out)
{
    int64_t next = 0;
    size_t n = catalogue_count(in->catalogue);
    for (size_t i = 0; i < n; i++) {
        out[i] = duty_evaluate(in, catalogue_at(in->catalogue, i));
        if (out[i].next_ns != 0 && (next == 0 || out[i].next_ns < next))
            next = out[i].next_ns;
    }
    return next;
}
