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

static struct str lower_of(struct pred_scratch *s, struct str v, size_t slot)
{
    struct pred_text *t = slot < PRED_TEXT_COUNT ? &s->texts[slot] : NULL;
    if (t != NULL && t->epoch == s->epoch)
        return t->low;
    if (v.n > EVENT_RAW_BYTES_MAX - s->lower_used) {
        s->epoch++; /* the memory is full: forget the others */
        s->lower_used = 0;
    }
    char *out = s->lower_mem + s->lower_used;
    size_t done = fold_ascii(v, out);
    struct str low = {out, done == v.n ? done : fold_case(v, out)};
    s->lower_used += low.n;
    if (t != NULL) {
        t->epoch = s->epoch;
        t->low = low;
        t->ascii = done == v.n;
    }
    return low;
}

struct str pred_set_folded(struct pred_scratch *s, size_t i)
{
    struct str v = fold_clip(s->e->fields[i].value), low = lower_of(s, v, i);
    return s->texts[i].ascii ? low : (struct str){s->other_mem, fold_search(v, s->other_mem)};
}

/* Case folded equality without folding, as long as the value is ASCII. */
static bool equal_folded(struct pred_scratch *s, struct str v, size_t slot, struct str lit)
{
    if (s->by_slot) /* the plan has folded it already */
        return str_eq(lower_of(s, v, slot), lit);
    for (size_t i = 0; i < v.n; i++) {
        if ((unsigned char)v.p[i] >= 0x80 || (i < lit.n && (unsigned char)lit.p[i] >= 0x80))
            return str_eq(lower_of(s, v, slot), lit);
        if (i >= lit.n || ascii_lower(v.p[i]) != lit.p[i])
            return false;
    }
    return v.n == lit.n;
}

static bool number_of(struct pred_scratch *s, struct str v, size_t slot, struct num *ret)
{
    if (slot >= PRED_TEXT_COUNT)
        return num_parse(v, ret);
    struct pred_text *t = &s->texts[slot];
    if (t->num_of != s->event) {
        t->num_of = s->event;
        t->is_num = num_parse(v, &t->num);
    }
    *ret = t->num;
    return t->is_num;
}

static bool addr_of(struct pred_scratch *s, struct str v, size_t slot, struct addr *ret)
{
    if (slot >= PRED_TEXT_COUNT)
        return addr_parse(v, ret);
    struct pred_text *t = &s->texts[slot];
    if (t->addr_of != s->event) {
        t->addr_of = s->event;
        t->is_addr = addr_parse(v, &t->addr);
    }
    *ret = t->addr;
    return t->is_addr;
}

/* Compare a value with a bound: false where it is not of the type. */
static bool compare(struct pred_scratch *s, const struct pred_code *k, struct str v, size_t slot,
                    const struct pred_bound *b, int *ret)
{
    struct num num;
    struct addr addr;
    switch (k->type) {
    case PRED_AS_NUM:
        if (!number_of(s, v, slot, &num))
            return false;
        *ret = num_cmp(&num, &b->num);
        return true;
    case PRED_AS_ADDR:
        if (!addr_of(s, v, slot, &addr))
            return false;
        *ret = memcmp(addr.b, b->addr.b, sizeof(addr.b));
        return true;
    default:
        *ret = str_cmp(k->cased ? v : lower_of(s, v, slot), b->text);
        return true;
    }
}

static bool low_ok(const struct pred_bound *b, int c)
{
    return b->incl ? c >= 0 : c > 0;
}

static bool high_ok(const struct pred_bound *b, int c)
{
    return b->incl ? c <= 0 : c < 0;
}

static bool in_range(struct pred_scratch *s, const struct pred_code *k, struct str v, size_t slot)
{
    int c = 0;
    if (!k->low.open && (!compare(s, k, v, slot, &k->low, &c) || !low_ok(&k->low, c)))
        return false;
    return k->high.open || (compare(s, k, v, slot, &k->high, &c) && high_ok(&k->high, c));
}

static bool is_equal(struct pred_scratch *s, const struct pred_code *k, struct str v, size_t slot)
{
    int c = 0;
    if (k->type == PRED_AS_NUM || k->type == PRED_AS_ADDR)
        return compare(s, k, v, slot, &k->eq, &c) && c == 0;
    return k->cased ? str_eq(v, k->lit) : equal_folded(s, v, slot, k->lit);
}

static bool has_regex(struct pred_scratch *s, const struct pred_code *k, struct str v)
{
    bool gave_up = false;
    bool hit = rex_match(k->rex, v, s->room, &gave_up);
    s->gave_up += gave_up;
    return hit;
}

static bool in_net(struct pred_scratch *s, const struct pred_code *k, struct str v, size_t slot)
{
    struct addr a;
    return addr_of(s, v, slot, &a) && addr_in_net(&a, &k->net, k->net_bits);
}

/* One value of the field against the node. */
static bool test_value(struct pred_scratch *s, const struct pred_code *k, struct str v, size_t slot)
{
    v = fold_clip(v);
    switch (k->kind) {
    case PRED_EQ:
        return is_equal(s, k, v, slot);
    case PRED_RANGE:
        return in_range(s, k, v, slot);
    case PRED_REGEX:
        return has_regex(s, k, v);
    case PRED_CIDR:
        return in_net(s, k, v, slot);
    case PRED_EXISTS:
        return true;
    case PRED_NULL:
        return v.n > 0; /* asked the other way round by match_leaf */
    default:
        break;
    }
    struct str t = k->cased ? v : lower_of(s, v, slot);
    switch (k->kind) {
    case PRED_WILD:
        return wild_match(k->wild, t);
    case PRED_CONTAINS:
        return find_bytes(t, k->lit) != SIZE_MAX;
    case PRED_STARTS:
        return str_starts(t, k->lit);
    default:
        assert(k->kind == PRED_ENDS);
        return str_ends(t, k->lit);
    }
}

static bool test_number(const struct pred_code *k, int64_t v)
{
    struct num n = num_of(v);
    if (k->kind == PRED_EQ)
        return num_cmp(&n, &k->eq.num) == 0;
    assert(k->kind == PRED_RANGE);
    return (k->low.open || low_ok(&k->low, num_cmp(&n, &k->low.num))) &&
           (k->high.open || high_ok(&k->high, num_cmp(&n, &k->high.num)));
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
    return v.p != NULL && test_value(s, k, v, SLOT_NONE);
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
        if (test_value(s, k, e->fields[i].value, i))
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
    if ((id == PRED_FIELD_RAW || any) && e->raw.p != NULL && test_value(s, k, e->raw, PRED_TEXT_RAW))
        return true;
    if ((id == PRED_FIELD_MESSAGE || any) && e->message.p != NULL &&
        test_value(s, k, e->message, PRED_TEXT_MESSAGE))
        return true;
    if (id == PRED_FIELD_RAW || id == PRED_FIELD_MESSAGE)
        return false;
    if (s->by_slot && k->slot != PRED_SLOT_ANY)
        return test_slot(s, k, e);
    for (uint16_t i = 0; i < e->n_fields; i++) {
        const struct event_field *f = &e->fields[i];
        if (f->value.p != NULL && is_named(k, f) && test_value(s, k, f->value, i))
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
