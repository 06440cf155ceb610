/*
 * kit.h - what every test program needs: cmocka with its headers in the order it wants them, comparison of
 * views, a seeded generator for property tests and a folder that goes away. A failing property prints its
 * seed; run again with KHIEN_SEED=n.
 */
#ifndef KHIEN_TESTS_KIT_H
#define KHIEN_TESTS_KIT_H

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
/* clang-format on */

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

#define kit_assert_str(got, want) kit_assert_str_at((got), (want), __FILE__, __LINE__)

UNUSED static inline void kit_assert_str_at(struct str got, struct str want, const char *file, int line)
{
    if (!str_eq(got, want)) {
        print_error("got  '%.*s'\nwant '%.*s'\n", STR_ARG(got), STR_ARG(want));
        _fail(file, line);
    }
}

/* splitmix64: every seed gives a good sequence. */
struct kit_rng {
    uint64_t state;
};

UNUSED static inline uint64_t kit_next(struct kit_rng *r)
{
    uint64_t z = (r->state += UINT64_C(0x9E3779B97F4A7C15));
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

UNUSED static inline struct kit_rng kit_rng(void)
{
    const char *text = getenv("KHIEN_SEED");
    struct kit_rng r = {.state = text == NULL ? 20261122 : strtoull(text, NULL, 10)};
    print_message("# KHIEN_SEED=%llu\n", (unsigned long long)r.state);
    return r;
}

/* 0 .. n-1 */
UNUSED static inline size_t kit_below(struct kit_rng *r, size_t n)
{
    return (size_t)(kit_next(r) % n);
}

UNUSED static inline void kit_bytes(struct kit_rng *r, char *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (char)kit_next(r);
}

/* A new folder below the build folder's or the system's temporary place. */
UNUSED static inline void kit_dir(char out[256])
{
    const char *tmp = getenv("TMPDIR");
    (void)snprintf(out, 256, "%s/khien-test-XXXXXX", tmp == NULL ? "/tmp" : tmp);
    assert_non_null(mkdtemp(out));
}

/* Remove a folder made by kit_dir with the files and empty folders in it. */
UNUSED static inline void kit_dir_remove(const char *path)
{
    DIR *d = opendir(path);
    if (d == NULL)
        return;
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        char name[1024];
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        (void)snprintf(name, sizeof(name), "%s/%s", path, e->d_name);
        if (unlink(name) != 0)
            (void)rmdir(name);
    }
    (void)closedir(d);
    (void)rmdir(path);
}

#endif
