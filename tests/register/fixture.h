/*
 * fixture.h - a register in memory or in a temporary file, with one org and two people.
 */
#ifndef KHIEN_TESTS_REGISTER_FIXTURE_H
#define KHIEN_TESTS_REGISTER_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "register/register_org.h"
#include "register/register_person.h"
/* last: its macros are global */
#include <cmocka.h>

#define T0 (INT64_C(1795338000) * NS_PER_S) /* 2026-11-22 09:00 UTC */
#define SECOND NS_PER_S
#define MINUTE (60 * NS_PER_S)
#define HOUR (3600 * NS_PER_S)
#define DAY (24 * HOUR)

static const uint8_t fixture_key[REGISTER_KEY_BYTES] = "fixture key of thirty-two bytes";

struct fixture {
    struct reg *reg;
    struct arena mem;
    struct err err;
    int64_t org, author, approver;
};

/* A call that must work; the message of the error otherwise. */
#define OK(f, call)                                                                                          \
    do {                                                                                                     \
        if ((call) != 0)                                                                                     \
            fail_msg("%s:%d: %s", __FILE__, __LINE__, (f)->err.msg);                                         \
    } while (0)
/* A call that must fail with this code. */
#define REFUSED(f, code_, call)                                                                              \
    do {                                                                                                     \
        (f)->err = (struct err){0};                                                                          \
        assert_int_equal((call), -1);                                                                        \
        assert_string_equal(err_word((f)->err.code), err_word(code_));                                       \
    } while (0)

UNUSED static struct register_by fixture_by(int64_t person, int64_t now_ns)
{
    return (struct register_by){
        .now_ns = now_ns, .person = person, .who = S("tester"), .peer = S("10.0.0.9")};
}

UNUSED static int64_t fixture_person(struct fixture *f, const char *login, enum register_role role)
{
    struct register_by by = fixture_by(0, T0);
    struct register_person p = {.org = f->org,
                                .name = str_of(login),
                                .login = str_of(login),
                                .role = role,
                                .hash = S("$argon2id$none")};
    int64_t id = 0;
    OK(f, register_person_add(f->reg, &by, &p, &id, &f->err));
    return id;
}

UNUSED static void fixture_open(struct fixture *f, const char *path)
{
    struct register_by by = fixture_by(0, T0);
    *f = (struct fixture){0};
    arena_init(&f->mem, 64u * 1024u * 1024u);
    OK(f, register_open(sys_linux(), path, fixture_key, T0, &f->reg, &f->err));
    struct register_org org = {.name = S("UBND phường Cái Khế"), .code = S("cai-khe"), .role = S("agency")};
    OK(f, register_org_add(f->reg, &by, &org, &f->org, &f->err));
    f->author = fixture_person(f, "huyen", ROLE_OFFICER);
    f->approver = fixture_person(f, "binh", ROLE_HEAD);
}

UNUSED static void fixture_close(struct fixture *f)
{
    register_close(f->reg);
    arena_done(&f->mem);
}

UNUSED static int fixture_setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    fixture_open(f, ":memory:");
    *state = f;
    return 0;
}

UNUSED static int fixture_teardown(void **state)
{
    fixture_close(*state);
    free(*state);
    return 0;
}

#define FIXTURE_TEST(fn) cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

#endif
