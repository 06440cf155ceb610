/* Property of the column and block codecs: what goes in comes out, whatever it is. */
#include <string.h>

#include "kit/kit.h"
#include "store/block.h"
#include "store/col.h"
#include "store/filter.h"
#include "store/help.h"
#include "store/var.h"

/* Fields that are wanted, and no others, are as in the whole event. */
static void check_some(struct block_codec *c, struct str bytes, const struct event *in, size_t n,
                       uint64_t seed)
{
    struct pred_field fields[4];
    struct block_want want = {.fields = fields};
    const struct event *out = NULL;
    struct err err = {0};
    size_t got = 0;
    for (size_t i = 0; i < n && want.n < COUNT_OF(fields); i++) {
        const struct event *e = &in[help_random(&seed) % n];
        if (e->n_fields > 0) {
            const struct event_field *f = &e->fields[help_random(&seed) % e->n_fields];
            fields[want.n++] = (struct pred_field){.id = f->id, .name = f->name};
        }
    }
    assert_int_equal(block_decode_some(c, bytes, &want, &out, &got, &err), 0);
    assert_int_equal(got, n);
    for (size_t i = 0; i < n; i++) {
        size_t k = 0;
        assert_true(out[i].id == in[i].id && out[i].time_ns == in[i].time_ns &&
                    out[i].source == in[i].source);
        assert_true(out[i].severity == in[i].severity && out[i].facility == in[i].facility);
        for (uint16_t j = 0; j < in[i].n_fields; j++) {
            const struct event_field *f = &in[i].fields[j];
            bool wanted = out[i].n_fields == in[i].n_fields;
            for (size_t w = 0; w < want.n && !wanted; w++)
                wanted = fields[w].id == f->id && (f->id != FIELD_OTHER || str_eq(fields[w].name, f->name));
            if (!wanted)
                continue;
            assert_true(k < out[i].n_fields && out[i].fields[k].id == f->id);
            assert_true(str_eq(out[i].fields[k].value, f->value));
            k++;
        }
        assert_int_equal(k, out[i].n_fields);
    }
}

static void round_trip(struct block_codec *c, const struct event *in, size_t n)
{
    static const uint8_t key[BLOCK_KEY_BYTES] = {7};
    struct block_place at = {.segment = 3, .block = 4, .sealed_ns = 5};
    struct buf b;
    struct leaf l, again;
    struct err err = {0};
    const struct event *out = NULL;
    size_t got = 0;
    buf_init(&b, BLOCK_BYTES_MAX);
    assert_int_equal(block_encode(c, key, &at, in, n, &b, &l, &err), 0);
    assert_int_equal(l.count, n);
    assert_int_equal(block_open(c, key, buf_str(&b), &err), 0);
    check_some(c, buf_str(&b), in, n, in[0].id + n);
    assert_int_equal(block_decode(c, buf_str(&b), &out, &got, &err), 0);
    assert_int_equal(got, n);
    for (size_t i = 0; i < n; i++) {
        assert_true(out[i].id == in[i].id);
        assert_true(help_event_same(&in[i], &out[i]));
    }
    again = block_leaf(c, buf_str(&b));
    assert_memory_equal(&again, &l, sizeof(l));
    buf_done(&b);
}

static void test_ordinary_events(void **state)
{
    (void)state;
    struct arena a;
    struct block_codec *c = NULL;
    struct err err = {0};
    arena_init(&a, 64 << 20);
    assert_int_equal(block_codec_new(1, &c, &err), 0);
    for (size_t n = 1; n <= 5000; n = n * 5) {
        struct event *e = ARENA_NEW(&a, struct event, n);
        for (size_t i = 0; i < n; i++) {
            e[i] = help_event(&a, n, i);
            e[i].id = 100 + i;
        }
        round_trip(c, e, n);
    }
    block_codec_free(c);
    arena_done(&a);
}

static void test_odd_events(void **state)
{
    (void)state;
    struct block_codec *c = NULL;
    struct err err = {0};
    assert_int_equal(block_codec_new(1, &c, &err), 0);
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct arena a;
        uint64_t r = seed;
        arena_init(&a, 256 << 20);
        size_t n = 1 + help_random(&r) % (seed % 20 == 0 ? 3000 : 100);
        struct event *e = ARENA_NEW(&a, struct event, n);
        for (size_t i = 0; i < n; i++) {
            e[i] = help_odd_event(&a, &r);
            e[i].id = UINT64_C(1) << 40 | i;
        }
        round_trip(c, e, n);
        arena_done(&a);
    }
    block_codec_free(c);
}

/* Many of the same kind, so that they get columns of their own, with ids and some difference. */
static void many(struct arena *a, struct event *e, size_t n, struct event one, size_t from)
{
    for (size_t i = 0; i < n; i++) {
        e[i] = one;
        e[i].id = from + i;
        e[i].seq = i * 3;
        e[i].time_ns = (int64_t)i * NS_PER_S;
        e[i].recv_ns = from == 1 ? e[i].time_ns : -5;
        if (one.n_fields > 0 && i % 3 == 1) { /* another value outside raw */
            e[i].fields = ARENA_NEW(a, struct event_field, one.n_fields);
            memcpy(e[i].fields, one.fields, one.n_fields * sizeof(*one.fields));
            e[i].fields[0].value = arena_printf(a, "%zu", i);
        }
    }
}

static struct str repeat(struct arena *a, struct str piece, size_t n)
{
    char *p = ARENA_NEW(a, char, n);
    for (size_t i = 0; i < n; i++)
        p[i] = piece.p[i % piece.n];
    return (struct str){p, n};
}

static void test_hostile_texts(void **state)
{
#define P(lit)                                                                                               \
    {                                                                                                        \
        (lit), sizeof(lit) - 1                                                                               \
    }
    static const struct {
        struct str piece;
        size_t n; /* bytes of raw */
    } rows[] = {
        {P("x"), 0},
        {P("\0"), 5},
        {P("\xff\xfe"), 70},
        {P("a"), EVENT_RAW_BYTES_MAX},
        {P("1 "), EVENT_RAW_BYTES_MAX},
        {P("12345678901234567890 "), 400},
        {P("0 00 01 0a AB cD "), 100},
        {P("Nov 22 08:00:01 xNov  2 08:00:01 Feb 30 08:00:01 Nov 22 08:00:01.5 "), 136},
        {P("1.2.3.4 256.1.1.1 1.2.3 01.2.3.4 1.2.3.4.5 "), 86},
        {P("52:54:00:ab:cd:ef:00 aa:bb:cc:dd:ee:f1 1:2:3 "), 90},
        {P("b3c285a4-5f1e-abcd-0000-0010d24d2400 2026-11-22 1234-zz "), 112},
        {P("<13>x 1_2_3"), 11},
        {P("{\""), 2},
        {P("{\"a\":\"b"), 80},
        {P("{\"a\":\"b\\"), 9},
        {P("{\"k\":\"v\\\\\",\"n\":-1.5e3,\"t\":true,\"o\":{\"e\":\"\"},\"l\":[1,\"x\",[]]}"), 63},
        {P("{\"m\":\"A text of several lines.\\r\\n\\tName:\\t\\tx1\\r\\nkey=\\r\\nUser: \\\\n\\n\\r\\n\"}"),
         80},
        {P("{\"\\n"), 4000},
        {P("{{{{[[[[,,,,"), 9000},
        {P("\"\":"), 9000},
    };
#undef P
    (void)state;
    struct block_codec *c = NULL;
    struct err err = {0};
    assert_int_equal(block_codec_new(1, &c, &err), 0);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct arena a;
        struct event e[40];
        struct event_field f[5] = {{.id = FIELD_OTHER, .name = S("out"), .value = S("side")}};
        arena_init(&a, 64 << 20);
        struct str raw = repeat(&a, rows[i].piece, rows[i].n);
        size_t n = rows[i].n < 1000 ? COUNT_OF(e) : 3;
        f[1] = (struct event_field){.id = FIELD_USER_NAME, .value = str_from(raw, raw.n)};
        f[2] = (struct event_field){.id = FIELD_USER_NAME, .value = str_sub(raw, 0, raw.n / 2)};
        f[3] = (struct event_field){
            .id = FIELD_OTHER, .name = S("x"), .value = str_sub(raw, raw.n / 3, raw.n / 2)};
        f[4] = (struct event_field){.id = FIELD_OTHER, .name = S("x"), .value = {raw.p, raw.n}};
        struct event one = {.severity = 5, .facility = 3, .source = 7, .raw = raw, .message = raw};
        many(&a, e, n, one, 1);
        round_trip(c, e, n);
        one.fields = f;
        one.n_fields = COUNT_OF(f);
        one.message = str_sub(raw, raw.n / 2, raw.n / 4);
        many(&a, e, n, one, 1);
        round_trip(c, e, n);
        arena_done(&a);
    }
    block_codec_free(c);
}

/* Spans that lie over, in and beside one another, up to the limit. */
static void test_many_spans(void **state)
{
    (void)state;
    struct block_codec *c = NULL;
    struct err err = {0};
    struct arena a;
    struct event e[20];
    arena_init(&a, 64 << 20);
    assert_int_equal(block_codec_new(1, &c, &err), 0);
    for (uint64_t seed = 1; seed <= 30; seed++) {
        uint64_t r = seed;
        struct str raw = repeat(&a, S("ab 12 cd. x7 10.0.0.1 "), 300);
        struct event_field *f = ARENA_NEW(&a, struct event_field, EVENT_FIELDS_MAX);
        for (size_t i = 0; i < EVENT_FIELDS_MAX; i++) {
            size_t from = help_random(&r) % 301, n = help_random(&r) % (301 - from);
            f[i] = (struct event_field){.id = (uint16_t)(1 + i % 9), .value = str_sub(raw, from, n)};
        }
        f[0].value = S("outside");
        struct event one = {.source = 1, .raw = raw, .message = str_sub(raw, seed, 20), .fields = f};
        one.n_fields = EVENT_FIELDS_MAX;
        many(&a, e, COUNT_OF(e), one, 9);
        round_trip(c, e, COUNT_OF(e));
    }
    block_codec_free(c);
    arena_done(&a);
}

/* Beyond each limit of a block rows are kept as they are. */
static void test_limits(void **state)
{
    enum { TMPLS, NAMES, VARS, KINDS };
    (void)state;
    struct block_codec *c = NULL;
    struct err err = {0};
    assert_int_equal(block_codec_new(1, &c, &err), 0);
    for (int kind = 0; kind < KINDS; kind++) {
        struct arena a;
        arena_init(&a, 256 << 20);
        size_t n = kind == TMPLS ? COL_TMPLS_MAX + 2000 : kind == NAMES ? COL_NAMES_MAX + 500 : 1500;
        struct event *e = ARENA_NEW(&a, struct event, n);
        for (size_t i = 0; i < n; i++) {
            char word[6] = {0};
            for (size_t k = 0; k < 5; k++)
                word[k] = (char)('a' + (i >> (4 * k)) % 16);
            e[i] = (struct event){.id = 1 + i, .source = 1, .seq = i};
            e[i].raw = kind == TMPLS   ? arena_printf(&a, "only once: %s", word)
                       : kind == NAMES ? arena_printf(&a, "value %zu", i)
                                       : repeat(&a, S("1 2 x3 "), 3500);
            e[i].message = e[i].raw;
            if (kind == NAMES) {
                e[i].fields = ARENA_NEW(&a, struct event_field, 1);
                *e[i].fields =
                    (struct event_field){.name = arena_printf(&a, "n.%s", word), .value = e[i].raw};
                e[i].n_fields = 1;
            }
        }
        round_trip(c, e, n);
        arena_done(&a);
    }
    block_codec_free(c);
}

struct has {
    struct str filter;
    bool all;
};

static void has_word(void *arg, uint64_t hash)
{
    struct has *h = arg;
    h->all = h->all && filter_has(h->filter, hash);
}

/* The filter of a block knows every word of every event, also those that go across pieces. */
static void test_filter_knows_all_words(void **state)
{
    static const uint8_t key[BLOCK_KEY_BYTES] = {7};
    struct block_place at = {.segment = 3, .block = 4, .sealed_ns = 5};
    (void)state;
    struct block_codec *c = NULL;
    struct err err = {0};
    assert_int_equal(block_codec_new(1, &c, &err), 0);
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct arena a;
        struct buf b;
        struct leaf l;
        uint64_t r = seed;
        size_t n = 30 + seed * 5;
        arena_init(&a, 64 << 20);
        buf_init(&b, BLOCK_BYTES_MAX);
        struct event *e = ARENA_NEW(&a, struct event, n);
        for (size_t i = 0; i < n; i++) {
            e[i] = seed % 2 == 0 ? help_odd_event(&a, &r) : help_event(&a, seed, i);
            e[i].id = 1 + i;
            for (uint16_t k = 0; k < e[i].n_fields && seed % 4 == 1 && e[i].raw.n > 20; k++) {
                size_t from = help_random(&r) % 20; /* in the middle of words */
                e[i].fields[k].value = str_sub(e[i].raw, from, help_random(&r) % (e[i].raw.n - from));
            }
        }
        assert_int_equal(block_encode(c, key, &at, e, n, &b, &l, &err), 0);
        assert_int_equal(block_open(c, key, buf_str(&b), &err), 0);
        struct has h = {.all = true};
        assert_int_equal(block_filter(c, &h.filter, &err), 0);
        for (size_t i = 0; i < n; i++)
            pred_tokenise_event(&e[i], has_word, &h);
        assert_true(h.all);
        buf_done(&b);
        arena_done(&a);
    }
    block_codec_free(c);
}

static void test_stamps(void **state)
{
    static const struct {
        const char *text;
        bool ok;
    } rows[] = {{"Nov 22 08:00:01", true},  {"Nov  2 23:59:59", true},  {"Feb 29 00:00:00", false},
                {"Nov 02 08:00:01", false}, {"Nov 31 08:00:01", false}, {"nov 22 08:00:01", false},
                {"Nov 22 24:00:01", false}, {"Nov 22 08:60:01", false}, {"Nov 22 08:00:60", false},
                {"Nov  0 08:00:01", false}, {"Nov 22 8:00:001", false}, {"Nov 2x 08:00:01", false}};
    (void)state;
    int64_t near_s = INT64_C(1795312800), s;
    struct var_day last = {0};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char out[VAR_STAMP_BYTES];
        assert_int_equal(var_stamp_read(rows[i].text, near_s, &last, &s), rows[i].ok);
        if (rows[i].ok) {
            var_stamp_put(s, out);
            assert_memory_equal(out, rows[i].text, sizeof(out));
        }
    }
    for (uint64_t r = 1, i = 0; i < 2000; i++) {
        char out[VAR_STAMP_BYTES];
        int64_t t = (int64_t)(help_random(&r) % UINT64_C(7000000000)) - INT64_C(2000000000), back;
        var_stamp_put(t, out);
        assert_true(var_stamp_read(out, t, &last, &back) && back == t);
    }
}

static void test_short_values(void **state)
{
    char text[40];
    uint64_t r = 1;
    (void)state;
    for (size_t n = 0; n <= sizeof(text); n++) {
        for (size_t i = 0; i < sizeof(text); i++)
            text[i] = (char)help_random(&r);
        struct str s = {text, n};
        struct val v = val_of(s), w = val_of(s);
        assert_true(str_eq(val_str(&v), s) && val_eq(&v, &w));
        assert_true(val_hash(&v, 77) == hash_bytes(s, 77));
        if (n > 0) {
            char other[40];
            memcpy(other, text, sizeof(other));
            other[n - 1] = (char)(other[n - 1] + 1);
            w = val_of((struct str){other, n});
            assert_false(val_eq(&v, &w));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ordinary_events), cmocka_unit_test(test_odd_events),
        cmocka_unit_test(test_hostile_texts),   cmocka_unit_test(test_many_spans),
        cmocka_unit_test(test_limits),          cmocka_unit_test(test_filter_knows_all_words),
        cmocka_unit_test(test_stamps),          cmocka_unit_test(test_short_values),
    };
    return cmocka_run_group_tests_name("col", tests, NULL, NULL);
}
