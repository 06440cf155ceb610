#include "flow/node_duty.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "base/when.h"
#include "crypt/digest.h"
#include "flow/node_info.h"
#include "flow/node_obs.h"
#include "flow/node_priv.h"
#include "register/register_duty.h"
#include "register/register_evidence.h"
#include "register/register_org.h"

#define FACTS_MAX 20000u
#define EXCEPTIONS_MAX 2000u
#define TODAY_MAX 12
#define MEM_BYTES_MAX (64u << 20)

static struct register_by by_node(const struct node *n)
{
    return (struct register_by){.now_ns = sys_now(n->sys), .who = S("khien")};
}

int node_duty_open(struct node *n, struct err *err)
{
    char path[NODE_PATH_BYTES + 64];
    (void)snprintf(path, sizeof(path), "%s/holidays.yaml", n->catalogue_dir);
    if (calendar_load(n->sys, path, &n->calendar, err) != 0)
        return -1;
    (void)snprintf(path, sizeof(path), "%s/texts/reasons.yaml", n->catalogue_dir);
    if (reason_load(n->sys, path, &n->texts, err) != 0)
        return -1;
    arena_init(&n->duty_mem, MEM_BYTES_MAX);
    return catalogue_load(n->sys, n->catalogue_dir, &n->catalogue, err);
}

/* What one evaluation looks at; lives in the node's duty arena, as the outcomes point into it. */
struct inputs {
    struct duty_fact *facts;
    size_t n_facts;
    struct duty_exception *exceptions;
    size_t n_exceptions;
    int64_t start_ns;
};

static enum duty_state state_of(struct str s)
{
    return str_eq(s, S("approved")) ? DUTY_APPROVED : str_eq(s, S("waiting")) ? DUTY_WAITING : DUTY_REJECTED;
}

static int add_documents(struct node *n, struct inputs *in, int64_t now_ns, struct err *err)
{
    struct register_page page = {.limit = REGISTER_PAGE_MAX};
    do {
        struct register_evidence_list list;
        if (register_evidence_list(n->reg, &n->duty_mem, (struct str){NULL, 0}, (struct str){NULL, 0}, now_ns,
                                   page, &list, err) != 0)
            return -1;
        for (size_t i = 0; i < list.n && in->n_facts < FACTS_MAX; i++) {
            const struct register_evidence *e = &list.items[i];
            if (!str_eq(e->kind, S("document")))
                continue;
            in->facts[in->n_facts++] = (struct duty_fact){
                .kind = DUTY_DOCUMENT,
                .id = e->id,
                .duty = e->duty,
                .observed_ns = e->at_ns,
                .expires_ns = e->expires_ns,
                .state = str_eq(e->state, S("expired")) ? DUTY_APPROVED : state_of(e->state),
                .dated = (int32_t)calendar_day_of(e->dated_ns),
                .title = e->title};
        }
        page.cursor = list.next;
    } while (page.cursor != 0);
    return 0;
}

static int add_exceptions(struct node *n, struct inputs *in, int64_t now_ns, struct err *err)
{
    struct register_exception_list list;
    struct register_page page = {.limit = REGISTER_PAGE_MAX};
    if (register_duty_exceptions(n->reg, &n->duty_mem, (struct str){NULL, 0}, (struct str){NULL, 0}, now_ns,
                                 page, &list, err) != 0)
        return -1;
    for (size_t i = 0; i < list.n && in->n_exceptions < EXCEPTIONS_MAX; i++) {
        const struct register_exception *x = &list.items[i];
        in->exceptions[in->n_exceptions++] = (struct duty_exception){
            .duty = x->duty,
            .reason = x->reason,
            .approver = x->approved_by.p == NULL ? S("") : x->approved_by,
            .state = str_eq(x->state, S("expired")) ? DUTY_APPROVED : state_of(x->state),
            .from_ns = x->approved_ns != 0 ? x->approved_ns : x->at_ns,
            .until_ns = x->until_ns};
    }
    return 0;
}

static int note_check(struct node *n, const struct duty_fact *f, enum check_id id, struct err *err)
{
    static const char *const results[DUTY_VERDICT_COUNT] = {
        [DUTY_YES] = "met", [DUTY_NO] = "failed", [DUTY_UNREADABLE] = "unknown"};
    struct register_by by = by_node(n);
    struct buf note;
    struct jout j;
    int64_t row;
    char digest[80] = "sha256:";
    buf_init(&note, 65536);
    jout_init(&j, &note);
    reason_put_json(&j, n->texts, &f->reason);
    struct digest d = digest_sha256(buf_str(&note));
    digest_hex(&d, digest + 7);
    struct register_evidence_check c = {.org = 1,
                                        .duty = check_duty(id),
                                        .subject = S(""),
                                        .check_id = f->check,
                                        .title = check_doc(id),
                                        .result = str_of(results[f->verdict]),
                                        .note = buf_str(&note),
                                        .digest = str_of(digest),
                                        .expires_ns = f->expires_ns};
    int rc = register_evidence_note_check(n->reg, &by, &c, &row, err);
    buf_done(&note);
    return rc;
}

static int add_checks(struct node *n, struct inputs *in, int64_t now_ns, struct err *err)
{
    struct check_obs *obs = ARENA_NEW(&n->duty_mem, struct check_obs, 1);
    if (obs == NULL)
        return err_set(err, ERR_NOMEM, "observations");
    if (node_obs_fill(n, now_ns, obs, err) != 0)
        return -1;
    for (int id = 0; id < CHECK_COUNT; id++) {
        struct duty_fact f = check_fact((enum check_id)id, obs);
        if (!n->read_only && note_check(n, &f, (enum check_id)id, err) != 0)
            return -1;
        in->facts[in->n_facts++] = f;
    }
    return 0;
}

static int64_t start_of(struct node *n)
{
    struct register_org org;
    struct err err = {0};
    bool found = false;
    if (register_org_own(n->reg, &n->duty_mem, &org, &found, &err) == 0 && found)
        return org.created_ns;
    return n->started_ns;
}

static int note_changes(struct node *n, size_t count, int64_t now_ns, struct err *err)
{
    CLEANUP(register_tx_end) struct register_tx tx = {0};
    if (register_tx_begin(n->reg, &tx, err) != 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        struct buf reason, brief;
        struct jout j;
        bool changed;
        buf_init(&reason, 65536);
        buf_init(&brief, 65536);
        jout_init(&j, &brief);
        reason_put_json(&j, NULL, &n->outcomes[i].reason);
        jout_init(&j, &reason);
        reason_put_json(&j, n->texts, &n->outcomes[i].reason);
        struct register_duty_status s = {.at_ns = now_ns,
                                         .subject = S(""),
                                         .status = duty_status_name(n->outcomes[i].status),
                                         .reason = buf_str(&reason),
                                         .brief = buf_str(&brief),
                                         .catalogue = catalogue_version(n->catalogue)};
        int rc = register_duty_note(n->reg, n->outcomes[i].duty->id, &s, &changed, err);
        buf_done(&reason);
        buf_done(&brief);
        if (rc != 0)
            return -1;
    }
    return register_tx_commit(&tx, err);
}

int node_duty_judge(struct node *n, int64_t now_ns, struct err *err)
{
    size_t count = catalogue_count(n->catalogue);
    struct inputs in = {0};
    n->outcomes = NULL;
    arena_reset(&n->duty_mem);
    in.facts = ARENA_NEW(&n->duty_mem, struct duty_fact, FACTS_MAX + CHECK_COUNT);
    in.exceptions = ARENA_NEW(&n->duty_mem, struct duty_exception, EXCEPTIONS_MAX);
    struct duty_outcome *out = ARENA_NEW(&n->duty_mem, struct duty_outcome, count);
    if (in.facts == NULL || in.exceptions == NULL || out == NULL)
        return err_set(err, ERR_NOMEM, "evaluation of duties");
    if (add_documents(n, &in, now_ns, err) != 0 || add_exceptions(n, &in, now_ns, err) != 0 ||
        add_checks(n, &in, now_ns, err) != 0)
        return -1;
    struct duty_input input = {.catalogue = n->catalogue,
                               .calendar = n->calendar,
                               .now_ns = now_ns,
                               .start_ns = start_of(n),
                               .facts = in.facts,
                               .n_facts = in.n_facts,
                               .exceptions = in.exceptions,
                               .n_exceptions = in.n_exceptions};
    n->next_change_ns = duty_evaluate_all(&input, out);
    n->outcomes = out;
    n->judged_ns = now_ns;
    n->duties_stale = false;
    return n->read_only ? 0 : note_changes(n, count, now_ns, err);
}

int node_duty_fresh(struct node *n, struct err *err)
{
    int64_t now = sys_now(n->sys);
    bool due = n->outcomes == NULL || (n->next_change_ns != 0 && now >= n->next_change_ns) ||
               (n->duties_stale && now - n->judged_ns > NS_PER_S / 2) || now - n->judged_ns > 60 * NS_PER_S;
    return due ? node_duty_judge(n, now, err) : 0;
}

static bool has_text(const struct catalogue_duty *d, struct str folded)
{
    return str_find(d->id, folded) != SIZE_MAX || text_fold_contains(d->id, folded) ||
           text_fold_contains(d->title.vi, folded) || text_fold_contains(d->title.en, folded) ||
           text_fold_contains(d->clause.vi, folded);
}

static bool fits(const struct node_duty_filter *f, const struct duty_outcome *o, struct str folded)
{
    const struct catalogue_duty *d = o->duty;
    uint64_t article;
    if (f->status.n > 0 && !str_eq(f->status, duty_status_name(o->status)))
        return false;
    if (f->article.n > 0 && (!str_to_u64(f->article, 1000, &article) || (int32_t)article != d->number))
        return false;
    if (f->chapter.n > 0 && (d->article == NULL || !str_eq(f->chapter, d->article->chapter->id)))
        return false;
    if (f->kind.n > 0 && !str_eq(f->kind, catalogue_verification_name(d->verification)))
        return false;
    return folded.n == 0 || has_text(d, folded);
}

static void put_decision(struct node *n, struct jout *j)
{
    jout_key(j, S("title"));
    node_info_text(n, S("word.decision"), j);
}

/* The headings: chapters and articles in their order; the decision, which has neither, comes first. */
static void put_headings(struct node *n, struct jout *j)
{
    const struct catalogue_chapter *last = NULL;
    jout_key(j, S("chapters"));
    jout_arr(j);
    jout_obj(j);
    JOUT_CSTR(j, "id", "");
    put_decision(n, j);
    jout_obj_end(j);
    for (size_t i = 0; i < catalogue_article_count(n->catalogue); i++) {
        const struct catalogue_article *a = catalogue_article_at(n->catalogue, i);
        if (a->chapter == last)
            continue;
        last = a->chapter;
        jout_obj(j);
        JOUT_STR(j, "id", last->id);
        jout_key(j, S("title"));
        jout_vi_en(j, last->title.vi, last->title.en);
        jout_obj_end(j);
    }
    jout_arr_end(j);
    jout_key(j, S("articles"));
    jout_arr(j);
    jout_obj(j);
    JOUT_I64(j, "n", 0);
    JOUT_CSTR(j, "chapter", "");
    put_decision(n, j);
    jout_obj_end(j);
    for (size_t i = 0; i < catalogue_article_count(n->catalogue); i++) {
        const struct catalogue_article *a = catalogue_article_at(n->catalogue, i);
        jout_obj(j);
        JOUT_I64(j, "n", a->n);
        JOUT_STR(j, "chapter", a->chapter->id);
        jout_key(j, S("title"));
        jout_vi_en(j, a->title.vi, a->title.en);
        jout_obj_end(j);
    }
    jout_arr_end(j);
}

int node_duty_list(struct node *n, const struct node_duty_filter *f, struct jout *j, struct err *err)
{
    char folded[512];
    size_t folded_n = f->q.n > 0 && f->q.n <= sizeof(folded) ? text_fold(f->q, folded) : 0;
    if (node_duty_fresh(n, err) != 0)
        return -1;
    size_t count = catalogue_count(n->catalogue);
    struct duty_counts counts = duty_count(n->outcomes, count);
    jout_obj(j);
    jout_key(j, S("items"));
    jout_arr(j);
    for (size_t i = 0; i < count; i++) {
        if (fits(f, &n->outcomes[i], (struct str){folded, folded_n}))
            duty_put_json(j, n->texts, &n->outcomes[i]);
    }
    jout_arr_end(j);
    jout_key(j, S("counts"));
    jout_obj(j);
    for (int s = 0; s < DUTY_STATUS_COUNT; s++) {
        jout_key(j, duty_status_name((enum duty_status)s));
        jout_u64(j, counts.of[s]);
    }
    jout_obj_end(j);
    put_headings(n, j);
    jout_obj_end(j);
    return 0;
}

static void put_laws(struct jout *j, const struct catalogue_duty *d, int64_t day)
{
    jout_key(j, S("law"));
    jout_arr(j);
    for (size_t i = 0; i < d->n_laws; i++) {
        const struct catalogue_law *l = d->laws[i];
        jout_obj(j);
        JOUT_STR(j, "id", l->id);
        JOUT_STR(j, "number", l->number);
        jout_key(j, S("title"));
        jout_vi_en(j, l->title.vi, l->title.en);
        JOUT_BOOL(j, "in_force", catalogue_law_in_force(l, day));
        jout_obj_end(j);
    }
    jout_arr_end(j);
}

int node_duty_detail(struct node *n, struct str id, struct jout *j, bool *ret_found, struct err *err)
{
    struct buf b;
    struct jout inner;
    if (node_duty_fresh(n, err) != 0)
        return -1;
    const struct catalogue_duty *d = catalogue_find(n->catalogue, id);
    *ret_found = d != NULL;
    if (d == NULL)
        return 0;
    const struct duty_outcome *o = &n->outcomes[d->index];
    buf_init(&b, 1u << 20);
    jout_init(&inner, &b);
    duty_put_json(&inner, n->texts, o);
    /* The members go into the object that the caller has open. */
    if (!b.bad && b.n > 2)
        jout_members(j, str_sub(buf_str(&b), 1, b.n - 2));
    buf_done(&b);
    jout_key(j, S("explain"));
    duty_put_explain(j, n->texts, o);
    put_laws(j, d, calendar_day_of(sys_now(n->sys)));
    return 0;
}

bool node_duty_known(const struct node *n, struct str id)
{
    return catalogue_find(n->catalogue, id) != NULL;
}

int64_t node_duty_expires(const struct node *n, struct str id, int64_t dated_ns)
{
    const struct catalogue_duty *d = catalogue_find(n->catalogue, id);
    struct calendar_due due;
    struct err err = {0};
    if (d == NULL || d->freshness.n == 0 ||
        calendar_due(n->calendar, dated_ns, d->freshness, &due, &err) != 0)
        return 0;
    return due.legal_ns;
}

static void put_item(struct jout *j, const struct duty_outcome *o, const char *severity)
{
    char href[96];
    (void)snprintf(href, sizeof(href), "/duties/%.*s", STR_ARG(o->duty->id));
    jout_obj(j);
    JOUT_CSTR(j, "kind", "duty");
    JOUT_CSTR(j, "severity", severity);
    JOUT_STR(j, "id", o->duty->id);
    jout_key(j, S("title"));
    jout_vi_en(j, o->duty->title.vi, o->duty->title.en);
    JOUT_STR(j, "clause", o->duty->id);
    JOUT_TIME(j, "due", o->due_ns);
    JOUT_CSTR(j, "href", href);
    jout_obj_end(j);
}

int node_duty_red(struct node *n, struct jout *j, struct err *err)
{
    const struct duty_outcome *list[TODAY_MAX];
    if (node_duty_fresh(n, err) != 0)
        return -1;
    size_t k = duty_today(n->outcomes, catalogue_count(n->catalogue), sys_now(n->sys), list, TODAY_MAX);
    for (size_t i = 0; i < k; i++) {
        if (list[i]->status == DUTY_OVERDUE || list[i]->status == DUTY_FAILED)
            put_item(j, list[i], list[i]->status == DUTY_OVERDUE ? "high" : "medium");
    }
    return 0;
}

int node_duty_todo(struct node *n, struct jout *j, struct err *err)
{
    const struct duty_outcome *list[TODAY_MAX];
    if (node_duty_fresh(n, err) != 0)
        return -1;
    size_t k = duty_today(n->outcomes, catalogue_count(n->catalogue), sys_now(n->sys), list, TODAY_MAX);
    for (size_t i = 0; i < k; i++) {
        const struct duty_outcome *o = list[i];
        jout_obj(j);
        JOUT_STR(j, "id", o->duty->id);
        jout_key(j, S("title"));
        jout_vi_en(j, o->duty->title.vi, o->duty->title.en);
        JOUT_STR(j, "status", duty_status_name(o->status));
        JOUT_TIME(j, "due", o->due_ns);
        jout_key(j, S("reason"));
        reason_put_json(j, n->texts, &o->reason);
        jout_obj_end(j);
    }
    return 0;
}

int node_duty_score(struct node *n, struct jout *j, struct err *err)
{
    struct duty_score scores[64];
    if (node_duty_fresh(n, err) != 0)
        return -1;
    size_t k = duty_score_articles(n->outcomes, catalogue_count(n->catalogue), scores, COUNT_OF(scores));
    for (size_t i = 0; i < k && i < COUNT_OF(scores); i++) {
        const struct catalogue_article *a = catalogue_article_find(n->catalogue, scores[i].article);
        char article[16];
        (void)snprintf(article, sizeof(article), "%d", (int)scores[i].article);
        jout_obj(j);
        JOUT_STR(j, "chapter", scores[i].chapter == NULL ? S("") : scores[i].chapter->id);
        JOUT_CSTR(j, "article", article);
        if (a == NULL) {
            put_decision(n, j);
        } else {
            jout_key(j, S("title"));
            jout_vi_en(j, a->title.vi, a->title.en);
        }
        JOUT_U64(j, "met", scores[i].met);
        JOUT_U64(j, "total", scores[i].total);
        jout_obj_end(j);
    }
    return 0;
}

static void put_line(struct node *n, const struct duty_outcome *o, bool json, bool english, struct buf *out)
{
    struct jout j;
    if (json) {
        jout_init(&j, out);
        duty_put_json(&j, n->texts, o);
        buf_put_char(out, '\n');
        return;
    }
    buf_printf(out, "%-12.*s %-8.*s %.*s\n             ", STR_ARG(o->duty->id),
               STR_ARG(duty_status_name(o->status)),
               STR_ARG(english ? o->duty->title.en : o->duty->title.vi));
    duty_explain(n->texts, o, english ? REASON_EN : REASON_VI, out);
    buf_put_char(out, '\n');
}

int node_duty_lines(struct node *n, struct str id, bool json, bool english, struct buf *out, struct err *err)
{
    if (node_duty_fresh(n, err) != 0)
        return -1;
    if (id.p != NULL) {
        const struct catalogue_duty *d = catalogue_find(n->catalogue, id);
        if (d == NULL)
            return err_set(err, ERR_NOT_FOUND, "no duty '%.*s'", STR_ARG(id));
        put_line(n, &n->outcomes[d->index], json, english, out);
        return 0;
    }
    for (size_t i = 0; i < catalogue_count(n->catalogue); i++)
        put_line(n, &n->outcomes[i], json, english, out);
    return out->bad ? err_set(err, ERR_NOMEM, "list of duties") : 0;
}

struct duty_counts node_duty_counts(struct node *n)
{
    struct duty_counts none = {{0}};
    return n->outcomes == NULL ? none : duty_count(n->outcomes, catalogue_count(n->catalogue));
}

struct str node_duty_version(const struct node *n)
{
    return catalogue_version(n->catalogue);
}
