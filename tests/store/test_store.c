#include <stdio.h>
#include <string.h>

#include "store/help.h"
#include "unit.h"

#define SEED 42u

static struct store *open_store(const struct store_opts *o, struct store_recovery *r)
{
    struct store *s = NULL;
    struct err err = {0};
    if (store_open(o, &s, r, &err) != 0)
        fail_msg("store_open: %s", err.msg);
    return s;
}

static void append(struct store *s, uint64_t from, uint64_t n)
{
    struct arena a;
    struct err err = {0};
    arena_init(&a, 256 << 20);
    struct event *e = ARENA_NEW(&a, struct event, n);
    for (uint64_t i = 0; i < n; i++)
        e[i] = help_event(&a, SEED, from + i);
    if (store_append(s, e, n, &err) != 0)
        fail_msg("store_append: %s", err.msg);
    for (uint64_t i = 0; i < n; i++)
        assert_int_equal(e[i].id, from + i + 1);
    arena_done(&a);
}

/* Events 0..n-1 of the seed, each once, in the direction. */
static void expect_all(struct store *s, uint64_t n, bool oldest)
{
    struct store_scan_opts so = {.oldest_first = oldest};
    struct store_scan *c = NULL;
    struct err err = {0};
    const struct event *ev;
    size_t k = 0;
    uint64_t seen = 0;
    assert_int_equal(store_scan_open(s, &so, &c, &err), 0);
    do {
        struct arena a;
        if (store_scan_next(c, &ev, &k, &err) != 0)
            fail_msg("store_scan_next: %s", err.msg);
        arena_init(&a, 256 << 20);
        for (size_t i = 0; i < k; i++, seen++) {
            uint64_t want = oldest ? seen : n - 1 - seen;
            struct event e = help_event(&a, SEED, want);
            assert_int_equal(ev[i].id, want + 1);
            assert_true(help_event_same(&e, &ev[i]));
        }
        arena_done(&a);
    } while (k > 0);
    assert_int_equal(seen, n);
    store_scan_close(c);
}

static void test_append_read_reopen(void **state)
{
    (void)state;
    char dir[256], store[256], keys[256];
    struct store_recovery r;
    struct err err = {0};
    uint64_t durable = 0, n = 0;
    help_tmp_dir(dir);
    struct store_opts o = help_opts(sys_linux(), dir, store, keys);
    for (int round = 0; round < 8; round++) {
        o.seal_inline = round % 2 == 0;
        struct store *s = open_store(&o, &r);
        expect_all(s, n, true);
        for (uint64_t k = 1; k < 60; k += 7) {
            append(s, n, k);
            n += k;
            assert_int_equal(store_commit(s, &durable, &err), 0);
            assert_int_equal(durable, n);
            assert_int_equal(store_tick(s, &err), 0);
        }
        expect_all(s, n, true);
        expect_all(s, n, false);
        struct store_stats t;
        store_stats(s, &t);
        assert_int_equal(t.events, n);
        assert_int_equal(t.last_id, n);
        store_close(s);
    }
    help_remove_dir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_append_read_reopen),
    };
    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
