/*
 * For many seeds and every change of the disk: lose the power there, start again. Every acknowledged event
 * must be there once and unchanged, ids must be dense, verification must be clean, and work must go on.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kit/kit.h"
#include "store/help.h"
#include "sys/sys_sim.h"

#define SEEDS 6u

static struct store_opts options(const struct sys *sys)
{
    return (struct store_opts){.sys = sys,
                               .dir = "d/store",
                               .keys_dir = "d/keys",
                               .origin = "khien.test/1",
                               .window_bytes = 700,
                               .segment_bytes = 1800,
                               .checkpoint_ns = 3 * NS_PER_S,
                               .reserve_bytes = 1,
                               .keep_bytes = 4000,
                               .seal_inline = true};
}

struct run {
    struct sys_sim *m;
    uint64_t seed, acked, appended, kept_from; /* ids */
    char what[600];
};

static void found(void *arg, const char *place, enum store_problem problem, const char *what)
{
    struct run *r = arg;
    (void)snprintf(r->what, sizeof(r->what), "%s: %s: %s", place, store_verify_word(problem), what);
}

/* Work until the power goes off or the rounds are done. */
static void work(struct run *r, struct store *s, int rounds)
{
    struct err err = {0};
    for (int i = 0; i < rounds; i++) {
        struct arena a;
        struct event e[5];
        size_t n = 1 + (r->appended + (uint64_t)i) % COUNT_OF(e);
        uint64_t durable = 0;
        arena_init(&a, 1 << 20);
        for (size_t k = 0; k < n; k++)
            e[k] = help_event(&a, r->seed, r->appended + k);
        int rc = store_append(s, e, n, &err);
        if (rc == 0)
            r->appended += n;
        arena_done(&a);
        if (rc == 0 && store_commit(s, &durable, &err) == 0)
            r->acked = durable;
        sys_sim_advance(r->m, NS_PER_S);
        if (store_tick(s, &err) != 0 && sys_sim_crashed(r->m))
            return;
    }
}

static void check(struct run *r, struct store *s, uint64_t step)
{
    struct store_scan_opts so = {.oldest_first = true};
    struct store_scan *c = NULL;
    struct store_stats t;
    struct err err = {0};
    const struct event *ev;
    size_t n = 0;
    store_stats(s, &t);
    if (t.last_id < r->acked || t.last_id > r->appended)
        fail_msg("seed %d step %d: %d events, %d acknowledged", (int)r->seed, (int)step, (int)t.last_id,
                 (int)r->acked);
    uint64_t want = t.last_id - t.events + 1;
    assert_int_equal(want - 1, t.lost_to_retention);
    assert_int_equal(store_scan_open(s, &so, &c, &err), 0);
    do {
        if (store_scan_next(c, &ev, &n, &err) != 0)
            fail_msg("seed %d step %d: %s", (int)r->seed, (int)step, err.msg);
        for (size_t i = 0; i < n; i++, want++) {
            struct arena a;
            arena_init(&a, 1 << 20);
            struct event e = help_event(&a, r->seed, want - 1);
            if (ev[i].id != want || !help_event_same(&e, &ev[i]))
                fail_msg("seed %d step %d: event %d", (int)r->seed, (int)step, (int)want);
            arena_done(&a);
        }
    } while (n > 0);
    assert_int_equal(want, t.last_id + 1);
    store_scan_close(c);
    r->appended = t.last_id; /* what was not acknowledged and is gone will be sent again */
}

static void verify(struct run *r, struct store *live, uint64_t step)
{
    struct store_verified v;
    struct err err = {0};
    struct store_verify_opts vo = {.sys = sys_sim_sys(r->m),
                                   .dir = "d/store",
                                   .keys_dir = "d/keys",
                                   .live = live,
                                   .found = found,
                                   .arg = r};
    if (store_verify(&vo, &v, &err) != 0)
        fail_msg("seed %d step %d: verify: %s", (int)r->seed, (int)step, err.msg);
    if (v.bad != 0)
        fail_msg("seed %d step %d: %d bad, %s", (int)r->seed, (int)step, (int)v.bad, r->what);
}

/* One life: up to the crash, a second start that may crash as well, then a calm one. false: the end was
 * reached. */
static bool live(uint64_t seed, uint64_t step)
{
    struct run r = {.seed = seed};
    struct store *s = NULL;
    struct err err = {0};
    assert_int_equal(sys_sim_new(seed * 10007 + step, &r.m, &err), 0);
    const struct sys *sys = sys_sim_sys(r.m);
    assert_int_equal(sys_mkdir(sys, "d", &err), 0);
    struct store_opts o = options(sys);
    sys_sim_crash_at(r.m, step);
    if (store_open(&o, &s, NULL, &err) == 0) {
        work(&r, s, 14);
        store_close(s);
    }
    bool crashed = sys_sim_crashed(r.m);
    for (int again = 0; again < 2; again++) {
        sys_sim_restart(r.m);
        if (again == 0)
            sys_sim_crash_at(r.m, 1 + (seed + step * 7) % 23);
        if (store_open(&o, &s, NULL, &err) != 0) {
            if (!sys_sim_crashed(r.m))
                fail_msg("seed %d step %d: open: %s", (int)seed, (int)step, err.msg);
            continue;
        }
        if (!sys_sim_crashed(r.m)) {
            check(&r, s, step);
            verify(&r, NULL, step);
        }
        work(&r, s, 4);
        store_close(s);
    }
    if (!sys_sim_crashed(r.m)) {
        verify(&r, NULL, step);
        assert_int_equal(store_open(&o, &s, NULL, &err), 0);
        check(&r, s, step);
        verify(&r, s, step);
        store_close(s);
    }
    sys_sim_free(r.m);
    return crashed;
}

static void test_every_crash_point(void **state)
{
    (void)state;
    const char *more = getenv("KHIEN_SEEDS");
    uint64_t seeds = more == NULL ? SEEDS : strtoull(more, NULL, 10), points = 0;
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        uint64_t step = 1;
        while (live(seed, step))
            step++;
        points += step;
    }
    print_message("# %d crash points\n", (int)points);
}

/* An input/output error at every change: what was acknowledged stays, and the store goes on by itself. */
static void test_every_error_point(void **state)
{
    (void)state;
    for (uint64_t step = 1; step < 150; step++) {
        struct run r = {.seed = 77};
        struct store *s = NULL;
        struct err err = {0};
        assert_int_equal(sys_sim_new(step, &r.m, &err), 0);
        assert_int_equal(sys_mkdir(sys_sim_sys(r.m), "d", &err), 0);
        struct store_opts o = options(sys_sim_sys(r.m));
        assert_int_equal(store_open(&o, &s, NULL, &err), 0);
        sys_sim_fail_at(r.m, step);
        work(&r, s, 14);
        sys_sim_fail_at(r.m, 0);
        sys_sim_advance(r.m, 5 * NS_PER_S);
        work(&r, s, 3);
        if (!store_intake_open(s))
            fail_msg("step %d: intake is closed: %s", (int)step,
                     store_append(s, NULL, 0, &err) == 0 ? "" : err.msg);
        assert_int_equal(r.acked, r.appended);
        check(&r, s, step);
        store_close(s);
        verify(&r, NULL, step);
        assert_int_equal(store_open(&o, &s, NULL, &err), 0);
        check(&r, s, step);
        store_close(s);
        sys_sim_free(r.m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_crash_point),
        cmocka_unit_test(test_every_error_point),
    };
    return cmocka_run_group_tests_name("crash", tests, NULL, NULL);
}
