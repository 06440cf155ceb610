/* Property of the column and block codecs: what goes in comes out, whatever it is. */
#include <string.h>

#include "kit/kit.h"
#include "store/block.h"
#include "store/col.h"
#include "store/help.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ordinary_events),
        cmocka_unit_test(test_odd_events),
    };
    return cmocka_run_group_tests_name("col", tests, NULL, NULL);
}
