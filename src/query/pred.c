#include <stdlib.h>

#include "base/when.h"
#include "query/find.h"
#include "query/fold.h"
#include "query/pred_code.h"

#define SLOT_NONE SIZE_MAX

int pred_scratch_new(struct pred_scratch **ret, struct err *err)
{
    struct pred_scratch *s = calloc(1, sizeof(*s));
    if (s != NULL) {
        /* Blocks of this size come straight from the system, so pages that no event needs are never there. */
        s->words_mem = malloc(EVENT_RAW_BYTES_MAX);
        s->other_mem = malloc(EVENT_RAW_BYTES_MAX);
        s->lower_mem = malloc(EVENT_RAW_BYTES_MAX);
    }
    if (s == NULL || s->words_mem == NULL || s->other_mem == NULL || s->lower_mem == NULL) {
        pred_scratch_free(s);
        return err_set(err, ERR_NOMEM, "query memory");
    }
    if (rex_room_new(PRED_REGEX_STEPS_MAX, &s->room, err) != 0) {
        pred_scratch_free(s);
        return -1;
    }
    *ret = s;
    return 0;
}

void pred_scratch_free(struct pred_scratch *s)
{
    if (s == NULL)
        return;
    rex_room_free(s->room);
    free(s->words_mem);
    free(s->other_mem);
    free(s->lower_mem);
    free(s->memo);
    free(s->heads);
    free(s->seen);
    free(s);
}

void pred_scratch_sources(struct pred_scratch *s, pred_source_fn *fn, void *arg)
{
    s->source_fn = fn;
    s->source_arg = arg;
}

uint64_t pred_scratch_gave_up(const struct pred_scratch *s)
{
    return s->gave_up;
}

static bool test_number(const struct pred_code *k, int64_t v)
{
    struct num n = num_of(v);
    if (k->kind == PRED_EQ)
        return num_cmp(&n, &k->eq.num) == 0;
    assert(k->kind == PRED_RANGE);
    return (k->low.open || pred_low_ok(&k->low, num_cmp(&n, &k->low.num))) &&
           (k->high.open || pred_high_ok(&k->high, num_cmp(&n, &k->high.num)));
}

static struct str decimal(struct pred_scratch *s, uint64_t v)
{
    size_t at = sizeof(s->text);
    do {
        s->text[--at] = (char)('0' + v % 10);
        v /= 10;
    } while (v > 0);
    return (struct str){s->text + at, sizeof(s->text) - at};
}

static struct str time_text(struct pred_scratch *s, int64_t ns)
{
    struct buf b = {.p = s->text, .cap = sizeof(s->text), .max = sizeof(s->text)};
    when_put_rfc3339(&b, ns); /* at most 30 bytes: never grows */
    return buf_str(&b);
}

static struct str pseudo_text(struct pred_scratch *s, uint16_t id, const struct event *e)
{
    struct str none = {NULL, 0};
    switch (id) {
    case PRED_FIELD_TIME:
        return time_text(s, e->time_ns);
    case PRED_FIELD_SEVERITY:
        return event_severity_name(e->severity);
    case PRED_FIELD_EVENT_ID:
        return e->id == 0 ? none : decimal(s, e->id);
    case PRED_FIELD_SOURCE_ID:
        return e->source == 0 ? none : decimal(s, e->source);
    case PRED_FIELD_SOURCE:
        return s->source_fn == NULL ? none : s->source_fn(s->source_arg, e->source);
    case PRED_FIELD_RAW:
        return e->raw;
    case PRED_FIELD_MESSAGE:
        return e->message;
    default:
        return none;
    }
}

struct str pred_value(const struct pred_field *f, const struct event *e, struct pred_scratch *s)
{
    if (f->wild)
        return (struct str){NULL, 0};
    if (f->id >= PRED_FIELD_TIME)
        return pseudo_text(s, f->id, e);
    if (f->id != FIELD_OTHER)
        return event_get(e, f->id);
    return event_get_named(e, f->name);
}

/* Fields that stand in the event itself, by value where the node compares numbers. */
static bool test_pseudo(struct pred_scratch *s, const struct pred_code *k, const struct event *e)
{
    bool by_value = k->kind == PRED_EQ || k->kind == PRED_RANGE;
    if (by_value && k->type == PRED_AS_TIME)
        return test_number(k, e->time_ns);
    if (by_value && k->type == PRED_AS_SEVERITY)
        return test_number(k, 7 - (e->severity & 7));
    struct str v = pseudo_text(s, k->field.id, e);
    return v.p != NULL && pred_test_value(s, k, v, SLOT_NONE);
}

static bool is_named(const struct pred_code *k, const struct event_field *f)
{
    const struct pred_field *want = &k->field;
    if (want->id == PRED_FIELD_ANY)
        return true;
    if (want->wild)
        return wild_match(k->name, f->id == FIELD_OTHER ? f->name : field_row(f->id)->name);
    return f->id == want->id && (want->id != FIELD_OTHER || str_eq(f->name, want->name));
}

/* The same for a field that has a number in its set. */
static bool test_slot(struct pred_scratch *s, const struct pred_code *k, const struct event *e)
{
    const struct pred_head *head = &s->heads[k->slot];
    if (head->round != s->round)
        return false;
    for (uint16_t i = head->first; i != PRED_LAST; i = s->nexts[i]) {
        if (pred_test_value(s, k, e->fields[i].value, i))
            return true;
    }
    return false;
}

/* Alternatives for one field: its values are taken up once for all of them. */
static bool test_group(struct pred_scratch *s, const struct pred_code *k, const struct event *e)
{
    const struct pred_head *head = &s->heads[k->slot];
    if (head->round != s->round)
        return false;
    for (uint16_t i = head->first; i != PRED_LAST; i = s->nexts[i]) {
        if (pred_test_group(s, k, e->fields[i].value, i))
            return true;
    }
    return false;
}

/* True where one value of the node's field passes. */
static bool test_field(struct pred_scratch *s, const struct pred_code *k, const struct event *e)
{
    uint16_t id = k->field.id;
    bool any = id == PRED_FIELD_ANY;
    if (id >= PRED_FIELD_TIME && id != PRED_FIELD_MESSAGE && id != PRED_FIELD_RAW && !any)
        return test_pseudo(s, k, e);
    if ((id == PRED_FIELD_RAW || any) && e->raw.p != NULL && pred_test_value(s, k, e->raw, PRED_TEXT_RAW))
        return true;
    if ((id == PRED_FIELD_MESSAGE || any) && e->message.p != NULL &&
        pred_test_value(s, k, e->message, PRED_TEXT_MESSAGE))
        return true;
    if (id == PRED_FIELD_RAW || id == PRED_FIELD_MESSAGE)
        return false;
    if (s->by_slot && k->slot != PRED_SLOT_ANY)
        return test_slot(s, k, e);
    for (uint16_t i = 0; i < e->n_fields; i++) {
        const struct event_field *f = &e->fields[i];
        if (f->value.p != NULL && is_named(k, f) && pred_test_value(s, k, f->value, i))
            return true;
    }
    return false;
}

static bool is_word_at(struct str t, size_t at)
{
    return at < t.n && text_is_word_byte((unsigned char)t.p[at]);
}

/* First place in t[at, end) where a piece stands within its bounds; SIZE_MAX where there is none. */
static size_t find_piece(struct str t, size_t at, size_t end, struct str piece, bool bound_start,
                         bool bound_end)
{
    bound_start = bound_start && is_word_at(piece, 0);
    bound_end = bound_end && is_word_at(piece, piece.n - 1);
    while (at <= end) {
        size_t k = find_bytes(str_sub(t, at, end - at), piece);
        if (k == SIZE_MAX)
            return SIZE_MAX;
        at += k;
        bool start_ok = !bound_start || at == 0 || !is_word_at(t, at - 1);
        if (start_ok && (!bound_end || !is_word_at(t, at + piece.n)))
            return at;
        at++;
        while (bound_start && is_word_at(t, at)) /* the next place is behind this word */
            at++;
    }
    return SIZE_MAX;
}

/* The pieces behind the first one: each starts before or at the next blank. */
static bool find_rest(const struct pred_code *k, struct str t, size_t at)
{
    for (size_t i = 1; i < k->n_pieces; i++) {
        struct str piece = k->pieces[i];
        bool last = i == k->n_pieces - 1;
        size_t end = at;
        while (end < t.n && !ascii_is_space(t.p[end]))
            end++;
        end += piece.n < t.n - end ? piece.n : t.n - end;
        at = find_piece(t, at, end, piece, false, last && !k->open_end);
        if (at == SIZE_MAX)
            return false;
        at += piece.n;
    }
    return true;
}

static bool has_word(const struct pred_code *k, struct str t)
{
    bool one = k->n_pieces == 1;
    for (size_t at = 0; k->n_pieces > 0;) {
        struct str first = k->pieces[0];
        at = find_piece(t, at, t.n, first, !k->open_start, one && !k->open_end);
        if (at == SIZE_MAX)
            return false;
        if (one || find_rest(k, t, at + first.n))
            return true;
        at++;
        /* A later place before the same blank has less room still. */
        while (!k->has_blank && at < t.n && !ascii_is_space(t.p[at]))
            at++;
    }
    return true;
}

static struct str raw_words(struct pred_scratch *s, const struct event *e)
{
    if (!s->has_words) {
        s->words = (struct str){s->words_mem, fold_search(fold_clip(e->raw), s->words_mem)};
        s->has_words = true;
    }
    return s->words;
}

/* A value that raw does not show. */
static bool other_has_word(struct pred_scratch *s, const struct pred_code *k, const struct event *e,
                           struct str v)
{
    if (v.p == NULL || fold_is_in_raw(e->raw, v))
        return false;
    return has_word(k, (struct str){s->other_mem, fold_search(fold_clip(v), s->other_mem)});
}

static bool match_word(struct pred_scratch *s, const struct pred_code *k, const struct event *e)
{
    if (has_word(k, raw_words(s, e)) || other_has_word(s, k, e, e->message))
        return true;
    for (uint16_t i = 0; i < e->n_fields; i++) {
        if (other_has_word(s, k, e, e->fields[i].value))
            return true;
    }
    return false;
}

static bool match_node(struct pred_scratch *s, const struct pred_code *k, const struct event *e);

/* The recursion is as deep as the tree: PRED_DEPTH_MAX, checked by pred_compile. */
static bool work_out(struct pred_scratch *s, const struct pred_code *k, const struct event *e)
{
    switch (k->kind) {
    case PRED_TRUE:
        return true;
    case PRED_AND:
        for (size_t i = 0; i < k->n_children; i++) {
            if (!match_node(s, k->children[i], e))
                return false;
        }
        return true;
    case PRED_OR:
        if (k->grouped != PRED_UNGROUPED && s->by_slot)
            return test_group(s, k, e);
        for (size_t i = 0; i < k->n_children; i++) {
            if (match_node(s, k->children[i], e))
                return true;
        }
        return false;
    case PRED_NOT:
        return !match_node(s, k->children[0], e);
    case PRED_WORD:
        return match_word(s, k, e);
    case PRED_PHRASE:
        return find_bytes(raw_words(s, e), k->lit) != SIZE_MAX;
    case PRED_NULL:
        return !test_field(s, k, e);
    default:
        return test_field(s, k, e);
    }
}

static bool match_node(struct pred_scratch *s, const struct pred_code *k, const struct event *e)
{
    if (k->memo == 0 || !s->by_slot)
        return work_out(s, k, e);
    uint64_t known = s->memo[k->memo];
    if (known >> 1 == s->round)
        return (known & 1) != 0;
    bool hit = work_out(s, k, e);
    s->memo[k->memo] = s->round << 1 | (uint64_t)hit;
    return hit;
}

bool pred_match_again(const struct pred_prog *p, const struct event *e, struct pred_scratch *s)
{
    assert(s->e == e && e->n_fields <= EVENT_FIELDS_MAX);
    return match_node(s, p->root, e);
}

bool pred_match(const struct pred_prog *p, const struct event *e, struct pred_scratch *s)
{
    pred_scratch_begin(s, e);
    return pred_match_again(p, e, s);
}
