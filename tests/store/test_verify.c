/* Tampering: no byte of any file may change, vanish or move unseen; and nothing on disk may be readable. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kit/kit.h"
#include "store/help.h"
#include "sys/sys_sim.h"

#define DIR "d/store"
#define FILES_MAX 64

struct fixture {
    struct sys_sim *m;
    struct store *s; /* still open: its log holds events that are in no block */
    char name[FILES_MAX][64];
    size_t n;
};

struct findings {
    int n;
    const char *name; /* which file should be named */
    bool named;
    char last[600];
};

static int add_name(void *arg, struct str name)
{
    struct fixture *f = arg;
    assert_true(f->n < FILES_MAX);
    (void)snprintf(f->name[f->n++], 64, "%.*s", STR_ARG(name));
    return 0;
}

static void found(void *arg, const char *place, enum store_problem problem, const char *what)
{
    struct findings *g = arg;
    assert_true(strlen(store_verify_word(problem)) > 0);
    g->n++;
    g->named = g->named || (g->name != NULL && strstr(place, g->name) != NULL);
    (void)snprintf(g->last, sizeof(g->last), "%s: %s", place, what);
}

static struct findings verify_sys(const struct sys *sys, const char *name)
{
    struct findings g = {.name = name};
    struct store_verified v = {0};
    struct err err = {0};
    struct store_verify_opts o = {.sys = sys, .dir = DIR, .keys_dir = "d/keys", .found = found, .arg = &g};
    if (store_verify(&o, &v, &err) != 0)
        fail_msg("verify: %s", err.msg);
    assert_int_equal(v.bad, g.n);
    return g;
}

static struct findings verify(struct fixture *f, const char *name)
{
    return verify_sys(sys_sim_sys(f->m), name);
}

static void make(struct fixture *f, bool closed)
{
    struct err err = {0};
    struct arena a;
    *f = (struct fixture){.n = 0};
    assert_int_equal(sys_sim_new(5, &f->m, &err), 0);
    assert_int_equal(sys_mkdir(sys_sim_sys(f->m), "d", &err), 0);
    struct store_opts o = {.sys = sys_sim_sys(f->m),
                           .dir = DIR,
                           .keys_dir = "d/keys",
                           .origin = "khien.test/1",
                           .window_bytes = 500,
                           .segment_bytes = 1000,
                           .keep_bytes = 9000,
                           .reserve_bytes = 1,
                           .seal_inline = true};
    assert_int_equal(store_open(&o, &f->s, NULL, &err), 0);
    arena_init(&a, 1 << 20);
    for (uint64_t i = 0; i < 42; i++) {
        struct event e = help_event(&a, 9, i);
        assert_int_equal(store_append(f->s, &e, 1, &err), 0);
        assert_int_equal(store_commit(f->s, NULL, &err), 0);
        assert_int_equal(store_tick(f->s, &err), 0);
    }
    sys_sim_advance(f->m, 61 * NS_PER_S); /* a checkpoint speaks for the log */
    assert_int_equal(store_tick(f->s, &err), 0);
    struct event e = help_event(&a, 9, 42);
    assert_int_equal(store_append(f->s, &e, 1, &err), 0); /* and a frame comes behind it */
    assert_int_equal(store_commit(f->s, NULL, &err), 0);
    arena_done(&a);
    if (closed) {
        store_close(f->s);
        f->s = NULL;
    }
    assert_int_equal(sys_list(sys_sim_sys(f->m), DIR, add_name, f, &err), 0);
}

static void unmake(struct fixture *f)
{
    store_close(f->s);
    sys_sim_free(f->m);
}

static unsigned char *bytes_of(struct fixture *f, size_t i, size_t *ret_n)
{
    char path[128];
    (void)snprintf(path, sizeof(path), DIR "/%s", f->name[i]);
    return sys_sim_bytes(f->m, path, ret_n);
}

static void test_untouched(void **state)
{
    (void)state;
    for (int closed = 0; closed < 2; closed++) {
        struct fixture f;
        bool wal = false, part = false, seg = false;
        make(&f, closed != 0);
        struct findings g = verify(&f, NULL);
        if (g.n != 0)
            fail_msg("%s", g.last);
        for (size_t i = 0; i < f.n; i++) {
            wal = wal || strstr(f.name[i], ".wal") != NULL;
            part = part || strstr(f.name[i], ".part") != NULL;
            seg = seg || strstr(f.name[i], ".seg") != NULL;
        }
        assert_true(seg && part);
        assert_true(wal == (closed == 0));
        unmake(&f);
    }
}

static void test_every_byte(void **state)
{
    (void)state;
    struct fixture f;
    uint64_t r = 1;
    size_t flipped = 0;
    make(&f, false);
    for (size_t i = 0; i < f.n; i++) {
        size_t n = 0;
        unsigned char *p = bytes_of(&f, i, &n);
        for (size_t at = 0; at < n; at++, flipped++) {
            unsigned char was = p[at];
            p[at] ^= (unsigned char)(1u << (help_random(&r) & 7));
            struct findings g = verify(&f, f.name[i]);
            p[at] = was;
            if (!g.named)
                fail_msg("byte %d of %s: %d found, last %s", (int)at, f.name[i], g.n, g.last);
        }
    }
    assert_int_equal(verify(&f, NULL).n, 0);
    print_message("# %d bytes changed in %d files\n", (int)flipped, (int)f.n);
    unmake(&f);
}

static void put_file(struct fixture *f, const char *name, const void *p, size_t n)
{
    char path[128];
    struct err err = {0};
    struct sys_file *h = NULL;
    (void)snprintf(path, sizeof(path), DIR "/%s", name);
    const struct sys *sys = sys_sim_sys(f->m);
    assert_int_equal(sys_open(sys, path, SYS_WRITE | SYS_CREATE | SYS_TRUNC, &h, &err), 0);
    assert_int_equal(sys_write(sys, h, p, n, 0, &err), 0);
    sys_close(sys, h);
}

/* Each file missing, one byte shorter, one byte longer; a foreign file. */
static void test_files(void **state)
{
    (void)state;
    struct fixture f;
    make(&f, false);
    const struct sys *sys = sys_sim_sys(f.m);
    for (size_t i = 0; i < f.n; i++) {
        char path[128];
        struct err err = {0};
        size_t n = 0;
        unsigned char *p = bytes_of(&f, i, &n);
        unsigned char *copy = calloc(1, n + 1);
        assert_non_null(copy);
        if (n > 0)
            memcpy(copy, p, n);
        put_file(&f, f.name[i], copy, n + 1);
        assert_true(verify(&f, f.name[i]).named);
        if (n > 0) {
            put_file(&f, f.name[i], copy, n - 1);
            assert_true(verify(&f, f.name[i]).n > 0);
        }
        (void)snprintf(path, sizeof(path), DIR "/%s", f.name[i]);
        assert_int_equal(sys_remove(sys, path, &err), 0);
        if (strcmp(f.name[i], "lock") != 0 && verify(&f, NULL).n == 0)
            fail_msg("%s may be missing", f.name[i]);
        put_file(&f, f.name[i], copy, n);
        assert_int_equal(verify(&f, NULL).n, 0);
        free(copy);
    }
    put_file(&f, "notes.txt", "x", 1);
    assert_true(verify(&f, "notes.txt").named);
    unmake(&f);
}

/* Two files of a kind under each other's name; blocks and leaves in another order. */
static void test_swaps(void **state)
{
    (void)state;
    struct fixture f;
    make(&f, false);
    for (size_t i = 0; i < f.n; i++) {
        for (size_t k = i + 1; k < f.n; k++) {
            size_t n = 0, m = 0;
            unsigned char *p = bytes_of(&f, i, &n), *q = bytes_of(&f, k, &m);
            unsigned char *a = calloc(1, n + 1), *b = calloc(1, m + 1);
            if (n > 0)
                memcpy(a, p, n);
            if (m > 0)
                memcpy(b, q, m);
            put_file(&f, f.name[i], b, m);
            put_file(&f, f.name[k], a, n);
            assert_true(verify(&f, NULL).n > 0);
            put_file(&f, f.name[i], a, n);
            put_file(&f, f.name[k], b, m);
            free(a);
            free(b);
        }
    }
    size_t n = 0;
    for (size_t i = 0; i < f.n; i++) {
        unsigned char *p = bytes_of(&f, i, &n), keep[104];
        if (strcmp(f.name[i], "leaves") != 0)
            continue;
        for (size_t at = 0; at + 208 <= n; at += 104) {
            memcpy(keep, p + at, 104);
            memmove(p + at, p + at + 104, 104);
            memcpy(p + at + 104, keep, 104);
            assert_true(verify(&f, "leaves").named);
            memcpy(p + at + 104, p + at, 104);
            memcpy(p + at, keep, 104);
        }
    }
    assert_int_equal(verify(&f, NULL).n, 0);
    unmake(&f);
}

static bool contains(const unsigned char *p, size_t n, const char *text)
{
    return str_find((struct str){(const char *)p, n}, str_of(text)) != SIZE_MAX;
}

static void test_nothing_readable(void **state)
{
    (void)state;
    static const char *const texts[] = {"Failed", "password", "sshd",    "nguyen",
                                        "10.0.",  "port",     "thietbi", "may1"};
    for (int closed = 0; closed < 2; closed++) {
        struct fixture f;
        make(&f, closed != 0);
        for (size_t i = 0; i < f.n; i++) {
            size_t n = 0;
            const unsigned char *p = bytes_of(&f, i, &n);
            for (size_t k = 0; k < COUNT_OF(texts); k++) {
                /* The log's header names the known fields; their names are no secret. */
                bool field = strstr(f.name[i], ".wal") != NULL && strcmp(texts[k], "port") == 0;
                if (!field && contains(p, n, texts[k]))
                    fail_msg("%s holds \"%s\"", f.name[i], texts[k]);
            }
        }
        unmake(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_untouched),
        cmocka_unit_test(test_every_byte),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_swaps),
        cmocka_unit_test(test_nothing_readable),
    };
    return cmocka_run_group_tests_name("verify", tests, NULL, NULL);
}
