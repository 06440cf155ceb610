/* Readers in other threads while the owner appends and the sealer seals; verification of a store that is
 * written. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "kit/kit.h"
#include "store/help.h"

#define ROUNDS 150u
#define READERS 3u

struct shared {
    struct store *s;
    struct store_opts o;
    atomic_uint_fast64_t appended; /* ids up to this were appended before a snapshot is taken */
    atomic_bool stop;
    atomic_int bad, scans;
};

/* Ids without hole or double, and at least what was there before. */
static void *reader(void *arg)
{
    struct shared *h = arg;
    while (!atomic_load(&h->stop)) {
        struct store_scan_opts so = {.oldest_first = true};
        struct store_scan *c = NULL;
        struct err err = {0};
        const struct event *ev;
        size_t n = 0;
        uint64_t least = atomic_load(&h->appended), next = 1;
        if (store_scan_open(h->s, &so, &c, &err) != 0) {
            atomic_fetch_add(&h->bad, 1);
            return NULL;
        }
        do {
            if (store_scan_next(c, &ev, &n, &err) != 0)
                atomic_fetch_add(&h->bad, 1);
            for (size_t i = 0; i < n; i++, next++) {
                if (ev[i].id != next || ev[i].raw.n < 40)
                    atomic_fetch_add(&h->bad, 1);
            }
        } while (n > 0);
        if (next - 1 < least)
            atomic_fetch_add(&h->bad, 1);
        store_scan_close(c);
        atomic_fetch_add(&h->scans, 1);
    }
    return NULL;
}

static void report(void *arg, const char *place, enum store_problem problem, const char *what)
{
    (void)problem;
    (void)arg;
    print_message("# %s: %s\n", place, what);
}

static void *verifier(void *arg)
{
    struct shared *h = arg;
    while (!atomic_load(&h->stop)) {
        struct store_verified v = {0};
        struct err err = {0};
        struct store_verify_opts o = {
            .sys = h->o.sys, .dir = h->o.dir, .keys_dir = h->o.keys_dir, .live = h->s, .found = report};
        if (store_verify(&o, &v, &err) != 0 || v.bad != 0) {
            print_message("# %d bad %s\n", (int)v.bad, err.msg);
            atomic_fetch_add(&h->bad, 1);
        }
    }
    return NULL;
}

static void test_readers(void **state)
{
    (void)state;
    char dir[256], store[256], keys[256];
    struct shared h = {.s = NULL};
    struct err err = {0};
    pthread_t t[READERS + 1];
    help_tmp_dir(dir);
    h.o = help_opts(sys_linux(), dir, store, keys);
    h.o.seal_inline = false;
    h.o.checkpoint_ns = 5 * NS_PER_MS;
    assert_int_equal(store_open(&h.o, &h.s, NULL, &err), 0);
    for (size_t i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&t[i], NULL, reader, &h), 0);
    assert_int_equal(pthread_create(&t[READERS], NULL, verifier, &h), 0);
    uint64_t n = 0;
    for (size_t i = 0; i < ROUNDS || atomic_load(&h.scans) < 5; i++) {
        struct arena a;
        arena_init(&a, 1 << 20);
        struct event e[7];
        for (size_t k = 0; k < COUNT_OF(e); k++)
            e[k] = help_event(&a, 5, n + k);
        assert_int_equal(store_append(h.s, e, COUNT_OF(e), &err), 0);
        n += COUNT_OF(e);
        atomic_store(&h.appended, n);
        assert_int_equal(store_commit(h.s, NULL, &err), 0);
        assert_int_equal(store_tick(h.s, &err), 0);
        arena_done(&a);
    }
    atomic_store(&h.stop, true);
    for (size_t i = 0; i <= READERS; i++)
        assert_int_equal(pthread_join(t[i], NULL), 0);
    assert_int_equal(atomic_load(&h.bad), 0);
    store_close(h.s);
    help_remove_dir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_readers)};
    return cmocka_run_group_tests_name("threads", tests, NULL, NULL);
}
