#include "duty/duty.h"

#define PARAGRAPH_BYTES_MAX (64u * 1024u)

static struct str pick(const struct catalogue_text *t, enum reason_lang lang)
{
    return lang == REASON_VI ? t->vi : t->en;
}

static void put_words(struct jout *j, struct str key, uint32_t bits, size_t n, struct str (*name)(unsigned i))
{
    jout_key(j, key);
    jout_arr(j);
    for (unsigned i = 0; i < n; i++) {
        if ((bits & 1u << i) != 0)
            jout_str(j, name(i));
    }
    jout_arr_end(j);
}

static struct str who_name(unsigned i)
{
    return catalogue_who_name((enum catalogue_who)i);
}

static struct str scope_name(unsigned i)
{
    return catalogue_scope_name((enum catalogue_scope)i);
}

static void put_text(struct jout *j, struct str key, const struct catalogue_text *t)
{
    jout_key(j, key);
    jout_vi_en(j, t->vi, t->en);
}

void duty_put_json(struct jout *j, const struct reason_texts *t, const struct duty_outcome *o)
{
    const struct catalogue_duty *d = o->duty;
    jout_obj(j);
    JOUT_STR(j, "id", d->id);
    put_text(j, S("clause"), &d->clause);
    put_text(j, S("title"), &d->title);
    jout_key(j, S("chapter"));
    if (d->article == NULL)
        jout_null(j);
    else
        jout_str(j, d->article->chapter->id);
    JOUT_I64(j, "article", d->number);
    put_words(j, S("who"), d->who, CATALOGUE_WHO_COUNT, who_name);
    put_words(j, S("scope"), d->scope, CATALOGUE_SCOPE_COUNT, scope_name);
    JOUT_STR(j, "verification", catalogue_verification_name(d->verification));
    JOUT_STR(j, "status", duty_status_name(o->status));
    jout_key(j, S("reason"));
    reason_put_json(j, t, &o->reason);
    JOUT_TIME(j, "due", o->due_ns);
    JOUT_TIME(j, "legal_due", o->legal_ns);
    JOUT_TIME(j, "checked", o->checked_ns);
    put_text(j, S("todo"), &d->todo);
    jout_obj_end(j);
}

/* "bằng chứng …": what decided, or that there is none. */
static struct reason evidence_reason(const struct duty_outcome *o)
{
    const struct duty_fact *f = o->proof;
    if (f == NULL)
        return reason_of(S("evidence.none"));
    struct reason r = reason_of(f->kind == DUTY_AUTO ? S("evidence.auto") : S("evidence.document"));
    if (f->kind == DUTY_AUTO) {
        for (size_t i = 0; i < o->duty->n_checks; i++) {
            if (str_eq(o->duty->checks[i], f->check))
                reason_add_word(&r, S("check"), o->duty->check_words[i]);
        }
        reason_add_time(&r, S("at"), f->observed_ns);
    } else {
        reason_add_text(&r, S("title"), f->title);
        reason_add_date(&r, S("dated"), f->dated);
    }
    return r;
}

static struct str what_code(enum duty_status s)
{
#define X(name, word) {"explain." word, sizeof("explain." word) - 1},
    static const struct str codes[] = {DUTY_STATUS_TABLE(X)};
#undef X
    assert(s < DUTY_STATUS_COUNT);
    return codes[s];
}

/* "Không đạt: …" */
static void put_what(const struct reason_texts *t, const struct duty_outcome *o, enum reason_lang lang,
                     struct buf *out)
{
    struct buf b;
    buf_init(&b, PARAGRAPH_BYTES_MAX);
    reason_render(t, &o->reason, lang, &b);
    struct reason what = reason_of(what_code(o->status));
    reason_add_text(&what, S("reason"), b.bad ? o->reason.code : buf_str(&b));
    reason_render(t, &what, lang, out);
    buf_done(&b);
}

void duty_explain(const struct reason_texts *t, const struct duty_outcome *o, enum reason_lang lang,
                  struct buf *out)
{
    put_what(t, o, lang, out);
    buf_put_char(out, ' ');
    struct reason evidence = evidence_reason(o);
    reason_render(t, &evidence, lang, out);
    if (o->todo != NULL) {
        struct reason now = reason_of(S("explain.todo"));
        reason_add_text(&now, S("todo"), pick(o->todo, lang));
        buf_put_char(out, ' ');
        reason_render(t, &now, lang, out);
    }
}

void duty_put_explain(struct jout *j, const struct reason_texts *t, const struct duty_outcome *o)
{
    struct buf text[2];
    struct reason evidence = evidence_reason(o);
    jout_obj(j);
    for (int lang = REASON_VI; lang <= REASON_EN; lang++) {
        buf_init(&text[lang], PARAGRAPH_BYTES_MAX);
        put_what(t, o, (enum reason_lang)lang, &text[lang]);
    }
    jout_key(j, S("what"));
    jout_vi_en(j, buf_str(&text[REASON_VI]), buf_str(&text[REASON_EN]));
    put_text(j, S("why"), &o->duty->why);
    for (int lang = REASON_VI; lang <= REASON_EN; lang++) {
        buf_clear(&text[lang]);
        reason_render(t, &evidence, (enum reason_lang)lang, &text[lang]);
    }
    jout_key(j, S("evidence"));
    jout_vi_en(j, buf_str(&text[REASON_VI]), buf_str(&text[REASON_EN]));
    if (o->todo != NULL)
        put_text(j, S("now"), o->todo);
    else
        (jout_key(j, S("now")), jout_null(j));
    jout_obj_end(j);
    buf_done(&text[REASON_VI]);
    buf_done(&text[REASON_EN]);
}
