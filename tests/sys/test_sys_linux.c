/* sys_linux: files, folders, clock and randomness of the real world; files replaced whole. */
#include <fcntl.h>

#include "kit/kit.h"
#include "sys/sys.h"

struct place {
    char dir[256], path[512], other[512];
};

static int set_up(void **state)
{
    struct place *p = calloc(1, sizeof(*p));
    assert_non_null(p);
    kit_dir(p->dir);
    (void)snprintf(p->path, sizeof(p->path), "%s/file", p->dir);
    (void)snprintf(p->other, sizeof(p->other), "%s/other", p->dir);
    *state = p;
    return 0;
}

static int tear_down(void **state)
{
    struct place *p = *state;
    (void)chmod(p->dir, 0700);
    kit_dir_remove(p->dir);
    free(p);
    return 0;
}

static void test_read_and_write(void **state)
{
    struct place *p = *state;
    const struct sys *s = sys_linux();
    struct sys_file *f = NULL;
    struct err err = {0};
    char out[16] = {0};
    size_t n = 99;
    uint64_t size = 99;
    assert_int_equal(sys_open(s, p->path, SYS_READ | SYS_WRITE | SYS_CREATE, &f, &err), 0);
    assert_int_equal(sys_write(s, f, "hello", 5, 3, &err), 0);
    assert_int_equal(sys_size(s, f, &size, &err), 0);
    assert_int_equal(size, 8);
    assert_int_equal(sys_read(s, f, out, sizeof(out), 0, &n, &err), 0);
    assert_int_equal(n, 8);
    assert_memory_equal(out, "\0\0\0hello", 8);
    assert_int_equal(sys_read(s, f, out, 3, 3, &n, &err), 0);
    assert_int_equal(n, 3);
    assert_int_equal(sys_read(s, f, out, 3, 100, &n, &err), 0);
    assert_int_equal(n, 0);
    assert_int_equal(sys_truncate(s, f, 4, &err), 0);
    assert_int_equal(sys_sync(s, f, &err), 0);
    assert_int_equal(sys_size(s, f, &size, &err), 0);
    assert_int_equal(size, 4);
    sys_close(s, f);
    sys_close(s, NULL);
    struct stat st;
    assert_int_equal(stat(p->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void test_open_flags(void **state)
{
    struct place *p = *state;
    const struct sys *s = sys_linux();
    struct sys_file *f = NULL;
    struct err err = {0};
    assert_int_equal(sys_open(s, p->path, SYS_READ, &f, &err), -1);
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_null(f);
    assert_int_equal(sys_open(s, p->path, SYS_WRITE | SYS_CREATE | SYS_EXCL, &f, &err), 0);
    assert_int_equal(sys_write(s, f, "abc", 3, 0, &err), 0);
    sys_close(s, f);
    f = NULL;
    assert_int_equal(sys_open(s, p->path, SYS_WRITE | SYS_CREATE | SYS_EXCL, &f, &err), -1);
    assert_int_equal(err.code, ERR_CONFLICT);
    assert_int_equal(sys_open(s, p->path, SYS_READ, &f, &err), 0);
    assert_int_equal(sys_write(s, f, "x", 1, 0, &err), -1);
    assert_int_equal(err.code, ERR_IO);
    sys_close(s, f);
    assert_int_equal(sys_open(s, p->path, SYS_WRITE | SYS_TRUNC, &f, &err), 0);
    uint64_t size = 99;
    assert_int_equal(sys_size(s, f, &size, &err), 0);
    assert_int_equal(size, 0);
    sys_close(s, f);
}

static void test_rename_and_remove(void **state)
{
    struct place *p = *state;
    const struct sys *s = sys_linux();
    struct err err = {0};
    assert_int_equal(sys_remove(s, p->path, &err), -1);
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_int_equal(sys_rename(s, p->path, p->other, &err), -1);
    assert_int_equal(sys_write_file(s, p->path, S("1"), &err), 0);
    assert_int_equal(sys_write_file(s, p->other, S("2"), &err), 0);
    assert_int_equal(sys_rename(s, p->path, p->other, &err), 0);
    assert_true(!sys_exists(s, p->path) && sys_exists(s, p->other));
    assert_int_equal(sys_sync_dir(s, p->dir, &err), 0);
    assert_int_equal(sys_remove(s, p->other, &err), 0);
    assert_false(sys_exists(s, p->other));
    assert_int_equal(sys_sync_dir(s, p->other, &err), -1);
}

static int note_name(void *arg, struct str name)
{
    char *all = arg;
    (void)snprintf(all + strlen(all), 100 - strlen(all), "%.*s;", STR_ARG(name));
    return str_eq(name, S("c"));
}

static void test_folders(void **state)
{
    struct place *p = *state;
    const struct sys *s = sys_linux();
    struct err err = {0};
    char all[100] = "", name[512];
    static const char *const names[] = {"c", "B", "a", "d"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        (void)snprintf(name, sizeof(name), "%s/%s", p->dir, names[i]);
        assert_int_equal(sys_write_file(s, name, S(""), &err), 0);
    }
    assert_int_equal(sys_list(s, p->dir, note_name, all, &err), 0);
    assert_string_equal(all, "B;a;c;");
    assert_int_equal(sys_list(s, p->path, note_name, all, &err), -1);
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_int_equal(sys_mkdir(s, p->other, &err), 0);
    assert_int_equal(sys_mkdir(s, p->other, &err), 0);
    struct stat st;
    assert_int_equal(stat(p->other, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    (void)snprintf(name, sizeof(name), "%s/a", p->dir);
    assert_int_equal(sys_mkdir(s, name, &err), -1); /* a file stands there */
    (void)snprintf(name, sizeof(name), "%s/none/below", p->dir);
    assert_int_equal(sys_mkdir(s, name, &err), -1);
    struct sys_space space = {0};
    assert_int_equal(sys_space(s, p->dir, &space, &err), 0);
    assert_true(space.total_bytes > 0 && space.free_bytes <= space.total_bytes);
    assert_int_equal(sys_space(s, "/nowhere/at/all", &space, &err), -1);
}

static void test_read_file(void **state)
{
    struct place *p = *state;
    const struct sys *s = sys_linux();
    struct err err = {0};
    char *text = NULL;
    size_t n = 0;
    assert_int_equal(sys_read_file(s, p->path, 100, &text, &n, &err), -1);
    assert_int_equal(err.code, ERR_NOT_FOUND);
    static const size_t sizes[] = {0, 1, 4095, 4096, 4097, 100000};
    char *big = calloc(1, 100001);
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        memset(big, 'a' + (int)i, sizes[i]);
        assert_int_equal(sys_write_file(s, p->path, (struct str){big, sizes[i]}, &err), 0);
        assert_int_equal(sys_read_file(s, p->path, sizes[i] + (i == 0), &text, &n, &err), 0);
        assert_true(n == sizes[i] && text[n] == '\0' && memcmp(text, big, n) == 0);
        free(text);
        if (i > 0) {
            assert_int_equal(sys_read_file(s, p->path, sizes[i] - 1, &text, &n, &err), -1);
            assert_int_equal(err.code, ERR_LIMIT);
        }
    }
    free(big);
    /* The kernel's own files say that they have no size. */
    assert_int_equal(sys_read_file(s, "/proc/self/status", 1 << 20, &text, &n, &err), 0);
    assert_true(n > 100 && str_starts((struct str){text, n}, S("Name:")));
    free(text);
    assert_int_equal(sys_read_file(s, "/proc/self/status", 10, &text, &n, &err), -1);
    assert_int_equal(err.code, ERR_LIMIT);
    assert_int_equal(sys_read_file(s, p->dir, 100, &text, &n, &err), -1);
}

static void test_write_file_is_whole(void **state)
{
    struct place *p = *state;
    const struct sys *s = sys_linux();
    struct err err = {0};
    char *text = NULL, all[100] = "";
    size_t n = 0;
    assert_int_equal(sys_write_file(s, p->path, S("old"), &err), 0);
    struct stat before, after;
    assert_int_equal(stat(p->path, &before), 0);
    int held = open(p->path, O_RDONLY);
    assert_int_equal(sys_write_file(s, p->path, S("newer"), &err), 0);
    assert_int_equal(stat(p->path, &after), 0);
    assert_true(before.st_ino != after.st_ino);
    char still[8] = {0};
    assert_int_equal(read(held, still, sizeof(still)), 3); /* who reads the old file sees it whole */
    assert_string_equal(still, "old");
    (void)close(held);
    assert_int_equal(sys_read_file(s, p->path, 100, &text, &n, &err), 0);
    assert_string_equal(text, "newer");
    free(text);
    /* A target that cannot be replaced: the error comes back and nothing is left behind. */
    assert_int_equal(sys_mkdir(s, p->other, &err), 0);
    assert_int_equal(sys_write_file(s, p->other, S("x"), &err), -1);
    assert_int_equal(sys_list(s, p->dir, note_name, all, &err), 0);
    assert_string_equal(all, "file;other;");
    assert_int_equal(sys_write_file(s, "/nowhere/at/all", S("x"), &err), -1);
}

static void test_read_only(void **state)
{
    struct place *p = *state;
    const struct sys *s = sys_linux();
    struct err err = {0};
    struct sys_file *f = NULL;
    if (geteuid() == 0) {
        /* Root may write everywhere but into the kernel's own trees. */
        assert_int_equal(sys_open(s, "/proc/khien", SYS_WRITE | SYS_CREATE, &f, &err), -1);
        assert_int_equal(sys_mkdir(s, "/proc/khien", &err), -1);
        return;
    }
    assert_int_equal(chmod(p->dir, 0500), 0);
    assert_int_equal(sys_write_file(s, p->path, S("x"), &err), -1);
    assert_int_equal(err.code, ERR_DENIED);
    assert_int_equal(sys_open(s, p->path, SYS_WRITE | SYS_CREATE, &f, &err), -1);
    assert_int_equal(err.code, ERR_DENIED);
}

static void test_clock_and_random(void **state)
{
    (void)state;
    const struct sys *s = sys_linux();
    struct err err = {0};
    uint64_t a[64] = {0}, b[64] = {0};
    int64_t t = sys_mono(s);
    assert_true(sys_now(s) > INT64_C(1700000000) * NS_PER_S);
    for (int i = 0; i < 1000; i++) {
        int64_t now = sys_mono(s);
        assert_true(now >= t);
        t = now;
    }
    assert_int_equal(sys_random(s, a, sizeof(a), &err), 0);
    assert_int_equal(sys_random(s, b, sizeof(b), &err), 0);
    assert_memory_not_equal(a, b, sizeof(a));
    for (size_t i = 0; i < COUNT_OF(a); i++)
        assert_true(a[i] != 0 && b[i] != 0);
}

#define ROW(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW(test_read_and_write),    ROW(test_open_flags),
        ROW(test_rename_and_remove), ROW(test_folders),
        ROW(test_read_file),         ROW(test_write_file_is_whole),
        ROW(test_read_only),         cmocka_unit_test(test_clock_and_random),
    };
    return cmocka_run_group_tests_name("sys_linux", tests, NULL, NULL);
}
