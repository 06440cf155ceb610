#include <stdlib.h>

#include "base/cur.h"
#include "base/text.h"
#include "query/pred.h"
#include "store/col_inner.h"

#define VARS_KEPT (512u * 1024u) /* entries of memory kept from block to block */
#define CONSTS_PER_NAME 32u
#define CONSTS_TMPLS_MAX 2048u /* with more templates a constant value would only make more of them */

int col_enc_new(uint64_t seed, struct col_enc **ret, struct err *err)
{
    CLEANUP(col_enc_freep) struct col_enc *c = calloc(1, sizeof(*c));
    if (c == NULL)
        return err_set(err, ERR_NOMEM, "column encoder");
    intern_init(&c->streams, COL_STREAMS_MAX, seed);
    intern_init(&c->names, COL_NAMES_MAX, seed);
    intern_init(&c->consts, COL_CONSTS_MAX, seed);
    intern_init(&c->tmpls, COL_TMPLS_MAX, seed);
    c->tmpls.bytes.max = COL_TMPL_BYTES_MAX;
    buf_init(&c->key, 1u << 20);
    buf_init(&c->plain, 1u << 30);
    c->info = calloc(COL_TMPLS_MAX, sizeof(*c->info));
    if (c->info == NULL || var_put_init(&c->put, seed, err) != 0)
        return err_set(err, ERR_NOMEM, "column encoder");
    *ret = TAKE(c);
    return 0;
}

void col_enc_free(struct col_enc *c)
{
    if (c == NULL)
        return;
    intern_done(&c->streams);
    intern_done(&c->names);
    intern_done(&c->consts);
    intern_done(&c->tmpls);
    buf_done(&c->key);
    buf_done(&c->plain);
    var_put_done(&c->put);
    free(c->info);
    free(c->cls);
    free(c->vars);
    free(c->values);
    free(c->rows);
    free(c->tmpl_of);
    free(c->streams_info);
    free(c->sources);
    plan_done(&c->plan);
    free(c);
}

void col_enc_trim(struct col_enc *c)
{
    if (c->vars_cap > VARS_KEPT) {
        free(c->vars);
        c->vars = NULL;
        c->vars_cap = 0;
    }
    if (c->values_cap > VARS_KEPT) {
        free(c->values);
        c->values = NULL;
        c->values_cap = 0;
    }
    if (c->put.text.cap > 4u << 20)
        buf_done(&c->put.text);
    if (c->plain.cap > 4u << 20)
        buf_done(&c->plain);
    if (c->tmpls.bytes.cap > 2u << 20) {
        buf_done(&c->tmpls.bytes);
    }
}

static int reset(struct col_enc *c, size_t n, struct err *err)
{
    intern_clear(&c->streams);
    intern_clear(&c->names);
    intern_clear(&c->consts);
    intern_clear(&c->tmpls);
    buf_clear(&c->plain);
    memset(c->id_name, 0, sizeof(c->id_name));
    memset(c->name_consts, 0, sizeof(c->name_consts));
    memset(c->known, 0, sizeof(c->known));
    c->n_cls = c->n_vars = 0;
    c->n_plain = 0;
    if (n > c->rows_cap) {
        free(c->rows);
        free(c->put.nums);
        free(c->put.bytes);
        c->rows_cap = 0;
        free(c->tmpl_of);
        c->rows = malloc(n * sizeof(*c->rows));
        c->tmpl_of = malloc(n * sizeof(*c->tmpl_of));
        c->put.nums = malloc(n * sizeof(*c->put.nums));
        c->put.bytes = malloc(n);
        c->nums_cap = n;
        if (c->rows == NULL || c->tmpl_of == NULL || c->put.nums == NULL || c->put.bytes == NULL)
            return err_set(err, ERR_NOMEM, "block of %zu rows", n);
        c->rows_cap = n;
    }
    return 0;
}

/* Number of a field's name; COL_NAMES_MAX where there are too many. */
static uint16_t name_of(struct col_enc *c, const struct event_field *f)
{
    bool is_new;
    if (f->id != FIELD_OTHER && c->id_name[f->id] != 0)
        return (uint16_t)(c->id_name[f->id] - 1);
    uint32_t i = intern_add(&c->names, f->id == FIELD_OTHER ? f->name : field_row(f->id)->name, &is_new);
    if (i == INTERN_FULL)
        return COL_NAMES_MAX;
    if (f->id != FIELD_OTHER)
        c->id_name[f->id] = (uint16_t)(i + 1);
    return (uint16_t)i;
}

/*
 * A value outside raw that few events differ in (an action, an outcome) belongs to the template: number of
 * the constant, COL_VARYING where it gets a column.
 */
static uint16_t const_of(struct col_enc *c, uint16_t name, struct str v)
{
    char key[2 + COL_CONST_BYTES_MAX];
    bool is_new;
    struct val val = val_of(v);
    bool is_short = !val_is_long(&val);
    struct known_const *k = &c->known[hash_mix(val.lo ^ name, val.hi) % COL_KNOWN];
    if (is_short && k->number != 0 && k->name == name && val_eq(&val, &k->v))
        return (uint16_t)(k->number - 1);
    if (v.n > COL_CONST_BYTES_MAX || c->name_consts[name] > CONSTS_PER_NAME || c->tmpls.n > CONSTS_TMPLS_MAX)
        return COL_VARYING;
    memcpy(key, &name, 2);
    if (v.n > 0)
        memcpy(key + 2, v.p, v.n);
    uint32_t i = intern_add(&c->consts, (struct str){key, 2 + v.n}, &is_new);
    if (i == INTERN_FULL)
        return COL_VARYING;
    if (is_new)
        c->name_consts[name]++;
    if (is_short)
        *k = (struct known_const){.v = val, .name = name, .number = (uint16_t)(i + 1)};
    return (uint16_t)i;
}

static void put_words(struct col_enc *c, struct str text)
{
    pred_tokenise(text, filter_set_add_fn, c->put.words);
}

/* Store the event as it is: no template fits, or there are too many. */
static void put_plain(struct col_enc *c, const struct event *e)
{
    struct buf *b = &c->plain;
    size_t from = b->n;
    buf_put_varint(b, e->raw.n);
    buf_put(b, e->raw);
    buf_put_varint(b, e->n_fields);
    for (size_t i = 0; i <= e->n_fields; i++) {
        const struct event_field *f = i == 0 ? NULL : &e->fields[i - 1];
        struct str v = i == 0 ? e->message : f->value;
        uintptr_t off = (uintptr_t)v.p - (uintptr_t)e->raw.p;
        if (f != NULL) {
            struct str name = f->id == FIELD_OTHER ? f->name : field_row(f->id)->name;
            buf_put_varint(b, name.n);
            buf_put(b, name);
        }
        bool inside = v.p != NULL && e->raw.p != NULL && off <= e->raw.n && v.n <= e->raw.n - off;
        buf_put_varint(b, inside ? off + 1 : 0);
        buf_put_varint(b, v.n);
        if (!inside)
            buf_put(b, v);
    }
    c->plain_len[c->n_plain++] = b->n - from;
    pred_tokenise_event(e, filter_set_add_fn, c->put.words);
}

static void put_u16(char **p, size_t v)
{
    uint16_t x = (uint16_t)v; /* little endian, as the formats are */
    memcpy(*p, &x, 2);
    *p += 2;
}

/* The template of the row that was cut, as it stands in the directory. */
static bool make_key(struct col_enc *c, const struct event *e)
{
    const struct cut *k = &c->cut;
    size_t text = 0;
    for (size_t i = 0; i < k->n; i++)
        text += k->piece[i].what == CUT_TEXT ? k->piece[i].n : 0;
    buf_clear(&c->key);
    char *p = buf_reserve(&c->key, 8 + 2 * k->n + 6 * (size_t)e->n_fields + text);
    if (p == NULL)
        return false;
    char *from = p;
    put_u16(&p, k->n);
    put_u16(&p, e->n_fields);
    for (size_t i = 0; i < k->n; i++)
        put_u16(&p, k->piece[i].what == CUT_TEXT ? k->piece[i].n : COL_PIECE_VAR | k->piece[i].what);
    for (size_t i = 0; i <= e->n_fields; i++) {
        if (i > 0)
            put_u16(&p, c->row_names[i - 1]);
        put_u16(&p, k->from[i]);
        if (k->from[i] != CUT_OUTSIDE)
            put_u16(&p, k->to[i]);
        else
            put_u16(&p, i == 0 ? COL_VARYING : const_of(c, c->row_names[i - 1], e->fields[i - 1].value));
    }
    for (size_t i = 0; i < k->n; i++) {
        if (k->piece[i].what == CUT_TEXT) {
            memcpy(p, e->raw.p + k->piece[i].at, k->piece[i].n);
            p += k->piece[i].n;
        }
    }
    c->key.n = (size_t)(p - from);
    return true;
}

/* Number of the constant of span i in the key just made, or COL_VARYING. */
static uint16_t key_to(const struct col_enc *c, size_t i)
{
    uint16_t v;
    size_t at = 4 + 2 * c->cut.n + (i == 0 ? 2 : 4 + 6 * (i - 1) + 4);
    memcpy(&v, c->key.p + at, 2);
    return v;
}

/* Variables of the row behind those of all rows before; those outside raw last. */
static void push_vars(struct col_enc *c, const struct event *e)
{
    struct val *v = c->vars + c->n_vars;
    for (size_t i = 0; i < c->cut.n; i++) {
        const struct cut_piece *p = &c->cut.piece[i];
        if (p->what != CUT_TEXT)
            *v++ = val_of((struct str){e->raw.p + p->at, p->n});
    }
    for (size_t i = 0; i <= e->n_fields; i++) {
        if (c->cut.from[i] == CUT_OUTSIDE && key_to(c, i) == COL_VARYING)
            *v++ = val_of(i == 0 ? e->message : e->fields[i - 1].value);
    }
    c->n_vars = (size_t)(v - c->vars);
}

static bool reserve_vars(struct col_enc *c, size_t more)
{
    if (c->n_vars + more > COL_VARS_MAX)
        return false;
    if (c->n_vars + more > c->vars_cap) {
        size_t cap = c->vars_cap == 0 ? 65536 : c->vars_cap * 2;
        cap = cap > COL_VARS_MAX ? COL_VARS_MAX : cap;
        struct val *p = realloc(c->vars, cap * sizeof(*p));
        if (p == NULL)
            return false;
        c->vars = p;
        c->vars_cap = cap;
    }
    return c->n_vars + more <= c->vars_cap;
}

/* Can a word go across the bound before piece i? Only texts are known for all rows of the template. */
static bool may_cross(const struct cut *k, const struct event *e, size_t i)
{
    const struct cut_piece *a = &k->piece[i - 1], *b = &k->piece[i];
    return (a->what != CUT_TEXT || text_is_word_byte((unsigned char)e->raw.p[a->at + a->n - 1])) &&
           (b->what != CUT_TEXT || text_is_word_byte((unsigned char)e->raw.p[b->at]));
}

/* A template that was not there before: classes of its variables, words of its texts. */
static bool learn(struct col_enc *c, const struct event *e, uint32_t number)
{
    const struct cut *k = &c->cut;
    struct tmpl_info *t = &c->info[number];
    size_t most = k->n + e->n_fields + 1;
    if (c->n_cls + most > c->cls_cap) {
        size_t cap = (c->n_cls + most) * 2;
        uint16_t *p = realloc(c->cls, cap * sizeof(*p));
        if (p == NULL)
            return false;
        c->cls = p;
        c->cls_cap = cap;
    }
    *t = (struct tmpl_info){.plan.first_var = (uint32_t)c->n_cls};
    for (size_t i = 0; i < k->n; i++) {
        if (k->piece[i].what != CUT_TEXT)
            c->cls[c->n_cls++] = k->piece[i].what;
        else
            put_words(c, str_sub(e->raw, k->piece[i].at, k->piece[i].n));
        t->crossed = t->crossed || (i > 0 && may_cross(k, e, i));
    }
    for (size_t i = 0; i <= e->n_fields; i++) {
        if (k->from[i] != CUT_OUTSIDE)
            continue;
        if (key_to(c, i) != COL_VARYING)
            put_words(c, e->fields[i - 1].value);
        else
            c->cls[c->n_cls++] = (uint16_t)(CUT_FIELD + (i == 0 ? COL_NAMES_MAX : c->row_names[i - 1]));
    }
    t->plan.n_vars = (uint32_t)c->n_cls - t->plan.first_var;
    return true;
}

/* Words that go across bounds of pieces are in no text and in no variable; nor are their halves in spans. */
static void put_crossing(struct col_enc *c, const struct event *e)
{
    const struct cut *k = &c->cut;
    struct str raw = e->raw;
    for (size_t i = 1; i < k->n; i++) {
        size_t at = k->piece[i].at, from = at, to = at;
        if (at == 0 || at == raw.n || !text_is_word_byte((unsigned char)raw.p[at - 1]) ||
            !text_is_word_byte((unsigned char)raw.p[at]))
            continue;
        while (from > 0 && text_is_word_byte((unsigned char)raw.p[from - 1]))
            from--;
        while (to < raw.n && text_is_word_byte((unsigned char)raw.p[to]))
            to++;
        put_words(c, str_sub(raw, from, to - from));
    }
    for (size_t i = 0; i <= e->n_fields; i++) {
        struct str v = i == 0 ? e->message : e->fields[i - 1].value;
        if (k->from[i] == CUT_OUTSIDE || v.n == 0 || (i > 0 && k->to[i] == k->from[i] + 1))
            continue;
        size_t from = (size_t)(v.p - raw.p), to = from + v.n;
        if ((from > 0 && text_is_word_byte((unsigned char)raw.p[from - 1])) ||
            (to < raw.n && text_is_word_byte((unsigned char)raw.p[to])))
            put_words(c, v);
    }
}

/* One row: its template and variables. False: it is to be stored as it is. */
static bool put_row(struct col_enc *c, const struct event *e, uint16_t *ret)
{
    bool is_new;
    for (uint16_t i = 0; i < e->n_fields; i++) {
        c->row_names[i] = name_of(c, &e->fields[i]);
        if (c->row_names[i] == COL_NAMES_MAX)
            return false;
    }
    if (!cut_row(&c->cut, e, c->row_names) || !reserve_vars(c, c->cut.n + e->n_fields + 1) || !make_key(c, e))
        return false;
    uint32_t number = intern_add(&c->tmpls, buf_str(&c->key), &is_new);
    if (number == INTERN_FULL)
        return false;
    if (is_new && !learn(c, e, number)) {
        c->plain.bad = true;
        return false;
    }
    c->info[number].plan.rows++;
    if (c->info[number].crossed)
        put_crossing(c, e);
    push_vars(c, e);
    *ret = (uint16_t)(number + 1);
    return true;
}

int col_encode(struct col_enc *c, const struct event *e, size_t n, struct part_out *out,
               struct filter_set *words, struct err *err)
{
    assert(n > 0 && n <= COL_ROWS_MAX);
    c->put.out = out;
    c->put.words = words;
    if (reset(c, n, err) != 0 || col_order(c, e, n, err) != 0)
        return -1;
    for (size_t i = 0; i < n; i++) { /* in order of arrival: memory is read from front to back */
        if (!put_row(c, &e[i], &c->tmpl_of[i]))
            c->tmpl_of[i] = COL_PLAIN;
    }
    c->plain_len = c->put.nums; /* free until the columns are written */
    for (size_t k = 0; k < n; k++) {
        if (c->tmpl_of[c->rows[k]] == COL_PLAIN)
            put_plain(c, &e[c->rows[k]]);
    }
    return c->plain.bad ? err_set(err, ERR_NOMEM, "block") : col_put(c, e, n, err);
}

size_t col_enc_sources(const struct col_enc *c, const uint32_t **ret)
{
    *ret = c->sources;
    return c->n_sources;
}
