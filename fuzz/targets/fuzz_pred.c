/*
 * First byte: kind of predicate; then, up to the first NUL, its text; the rest is the event's raw and one of
 * its fields. Nothing crashes, matching twice gives the same answer, and a match has the tokens that it
 * needs.
 */
#include <stdlib.h>

#include "query/pred.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
    const uint64_t *need;
    bool found[32];
    size_t n;
};

static void see(void *arg, uint64_t hash)
{
    struct seen *s = arg;
    for (size_t i = 0; i < s->n; i++)
        s->found[i] |= s->need[i] == hash;
}

static void check(const struct pred_prog *p, const struct event *e, struct pred_scratch *m)
{
    uint64_t need[32];
    bool hit = pred_match(p, e, m);
    if (hit != pred_match_again(p, e, m))
        abort();
    if (!hit)
        return;
    struct seen s = {.need = need, .n = pred_tokens_needed(p, need, 32)};
    pred_tokenise_event(e, see, &s);
    for (size_t i = 0; i < s.n; i++) {
        if (!s.found[i])
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum pred_kind kinds[] = {PRED_WORD,   PRED_PHRASE, PRED_EQ,    PRED_WILD, PRED_CONTAINS,
                                           PRED_STARTS, PRED_ENDS,   PRED_REGEX, PRED_CIDR, PRED_RANGE};
    static const char *const names[] = {"raw", "host.name", "source.ip", "process.pid", "*", "x*"};
    if (size < 2)
        return 0;
    struct str text, rest;
    struct event_field f = {.id = FIELD_HOST_NAME};
    struct event e = {.id = 1, .source = 1, .fields = &f, .n_fields = 1};
    struct pred p = {.kind = kinds[(data[0] & 15) % COUNT_OF(kinds)], .cased = (data[0] & 128) != 0};
    (void)str_cut((struct str){(const char *)data + 1, size - 1}, '\0', &text, &rest);
    p.field = pred_field_find(str_of(names[(data[0] >> 4 & 7) % COUNT_OF(names)]));
    p.text = p.low = p.high = text;
    p.low_incl = p.high_incl = true;
    e.raw = rest;
    e.message = rest.n > 3 ? str_sub(rest, 1, rest.n - 2) : rest;
    f.id = p.field.id < FIELD_COUNT && p.field.id != FIELD_OTHER ? p.field.id : FIELD_HOST_NAME;
    f.value = rest.n > 5 ? str_sub(rest, 2, rest.n / 2) : text;
    struct arena a;
    struct pred_prog *prog;
    static struct pred_scratch *m; /* megabytes: one for all runs */
    struct err err = {0};
    arena_init(&a, 16u << 20);
    if (pred_compile(&p, &a, &prog, &err) == 0) {
        if (m != NULL || pred_scratch_new(&m, &err) == 0)
            check(prog, &e, m);
        pred_free(prog);
    } else if (err.code == ERR_NONE) {
        abort();
    }
    arena_done(&a);
    return 0;
}
