/* The simulated world keeps what was synced and only that. */
#include <string.h>

#include "sys/sys_sim.h"
#include "kit/kit.h"

static void test_sync_and_loss(void **state)
{
    (void)state;
    int kept = 0, lost = 0, torn = 0;
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct sys_sim *m = NULL;
        struct sys_file *f = NULL;
        struct err err = {0};
        static char block[4096];
        size_t n = 0;
        memset(block, 'b', sizeof(block));
        assert_int_equal(sys_sim_new(seed, &m, &err), 0);
        const struct sys *s = sys_sim_sys(m);
        assert_int_equal(sys_mkdir(s, "d", &err), 0);
        assert_int_equal(sys_open(s, "d/f", SYS_READ | SYS_WRITE | SYS_CREATE, &f, &err), 0);
        assert_int_equal(sys_write(s, f, "synced", 6, 0, &err), 0);
        assert_int_equal(sys_sync(s, f, &err), 0);
        assert_int_equal(sys_sync_dir(s, "d", &err), 0);
        assert_int_equal(sys_write(s, f, block, sizeof(block), 6, &err), 0);
        sys_close(s, f);
        sys_sim_restart(m);
        const unsigned char *p = sys_sim_bytes(m, "d/f", &n);
        assert_non_null(p);
        assert_true(n >= 6 && memcmp(p, "synced", 6) == 0);
        kept += n == 6 + sizeof(block);
        lost += n == 6;
        torn += n > 6 && n < 6 + sizeof(block);
        sys_sim_free(m);
    }
    assert_true(kept > 10 && lost > 10 && torn > 10);
}

static void test_names(void **state)
{
    (void)state;
    int old_name = 0, new_name = 0;
    for (uint64_t seed = 0; seed < 100; seed++) {
        struct sys_sim *m = NULL;
        struct sys_file *f = NULL;
        struct err err = {0};
        assert_int_equal(sys_sim_new(seed, &m, &err), 0);
        const struct sys *s = sys_sim_sys(m);
        assert_int_equal(sys_mkdir(s, "d", &err), 0);
        assert_int_equal(sys_open(s, "d/f.new", SYS_WRITE | SYS_CREATE, &f, &err), 0);
        sys_close(s, f);
        assert_int_equal(sys_sync_dir(s, "d", &err), 0);
        assert_int_equal(sys_rename(s, "d/f.new", "d/f", &err), 0);
        sys_sim_restart(m);
        assert_true(sys_exists(s, "d/f") != sys_exists(s, "d/f.new")); /* one of them, never none or both */
        new_name += sys_exists(s, "d/f");
        old_name += sys_exists(s, "d/f.new");
        assert_int_equal(sys_remove(s, sys_exists(s, "d/f") ? "d/f" : "d/f.new", &err), 0);
        assert_int_equal(sys_remove(s, "d/f", &err), -1);
        assert_int_equal(err.code, ERR_NOT_FOUND);
        sys_sim_free(m);
    }
    assert_true(old_name > 10 && new_name > 10);
}

static void test_faults(void **state)
{
    (void)state;
    struct sys_sim *m = NULL;
    struct sys_file *f = NULL;
    struct err err = {0};
    struct sys_space sp;
    assert_int_equal(sys_sim_new(1, &m, &err), 0);
    const struct sys *s = sys_sim_sys(m);
    assert_int_equal(sys_mkdir(s, "d", &err), 0);
    assert_int_equal(sys_open(s, "d/f", SYS_WRITE | SYS_CREATE, &f, &err), 0);
    sys_sim_fail_at(m, 1);
    assert_int_equal(sys_write(s, f, "abc", 3, 0, &err), -1);
    assert_int_equal(err.code, ERR_IO);
    assert_int_equal(sys_write(s, f, "abc", 3, 0, &err), 0);
    sys_sim_set_space(m, 4);
    assert_int_equal(sys_space(s, "d", &sp, &err), 0);
    assert_int_equal(sp.free_bytes, 1);
    assert_int_equal(sys_write(s, f, "abc", 3, 3, &err), -1);
    assert_int_equal(err.code, ERR_FULL);
    sys_sim_crash_at(m, 1);
    assert_int_equal(sys_sync(s, f, &err), -1);
    assert_true(sys_sim_crashed(m));
    assert_int_equal(sys_sync(s, f, &err), -1);
    sys_close(s, f);
    sys_sim_restart(m);
    assert_false(sys_sim_crashed(m));
    int64_t before = sys_mono(s);
    sys_sim_advance(m, 5);
    assert_int_equal(sys_mono(s) - before, 5);
    sys_sim_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sync_and_loss), cmocka_unit_test(test_names),
                                       cmocka_unit_test(test_faults)};
    return cmocka_run_group_tests_name("sim", tests, NULL, NULL);
}
