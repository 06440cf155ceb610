/*
 * fixture.h - the service over a register in memory, with a clock the test turns, randomness that repeats,
 * and a node that answers from fixed texts.
 */
#ifndef KHIEN_TESTS_API_FIXTURE_H
#define KHIEN_TESTS_API_FIXTURE_H

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/api.h"
#include "register/register_finding.h"
/* last: its macros are global */
#include <cmocka.h>

#define T0 (INT64_C(1795338000) * NS_PER_S) /* 2026-11-22 09:00 UTC */
#define SECOND NS_PER_S
#define MINUTE (60 * NS_PER_S)
#define DAY (INT64_C(86400) * NS_PER_S)
#define PASSWORD "Mat-khau-1"

/* One browser: its cookie and its CSRF value. */
struct browser {
    char cookie[160];
    char csrf[80];
};

struct node {
    struct reg *reg;
    struct api *api;
    struct sys sys;
    struct sys_ops sys_ops;
    struct api_deps deps;
    int64_t now_ns;
    uint64_t random;
    bool random_zero; /* captchas then read AAAAA */
    uint64_t token;   /* of the last request */
    unsigned replies;
    int status; /* of the last answer */
    char type[64];
    char *body;
    size_t body_n;
    char set_cookie[160], disposition[160];
    bool stream;
    struct browser *browser; /* whose cookie is sent; NULL: nobody's */
    struct browser admin;
    bool loopback, background;
    const char *authorization, *content_type;
    const char *peer;

    /* What the node is told to do, and what it saw. */
    bool hold; /* do not answer questions about events */
    bool ready;
    enum err_code fault; /* of every question, ERR_NONE: none */
    struct api_search search;
    char search_q[128];
    int64_t tail_stopped;
    unsigned changed, offloaded;
    void (*job_done)(void *);
    void *job;
    bool keep_job;
};

struct node *fixture_new(void);
void fixture_free(struct node *n);
int fixture_setup(void **state);      /* a fresh node */
int fixture_setup_done(void **state); /* a node that is set up; browser = the administrator "admin" */
int fixture_teardown(void **state);

/* Ask; the answer is in n->status and n->body. body NULL: none. */
int fixture_call(struct node *n, enum api_method method, const char *path, const char *body);
int fixture_get(struct node *n, const char *path);
int fixture_post(struct node *n, const char *path, const char *body);
/* A text of the answer, by "a.b.0.c"; "" where there is none. Numbers and booleans as text. */
const char *fixture_text(struct node *n, const char *path);
json_int_t fixture_int(struct node *n, const char *path);
size_t fixture_count(struct node *n, const char *path); /* of an array */
/* Sign in with a browser of its own; the status. */
int fixture_sign_in(struct node *n, struct browser *b, const char *login, const char *password);
/* A person who has changed the first password already; PASSWORD is it. */
void fixture_person(struct node *n, struct browser *b, const char *login, const char *role);
int64_t fixture_finding(struct node *n, const char *rule, size_t n_events);

#define ASK(n, want, call)                                                                                   \
    do {                                                                                                     \
        int asked = (call);                                                                                  \
        if (asked != (want))                                                                                 \
            fail_msg("%s:%d: status %d, want %d: %s", __FILE__, __LINE__, asked, (want), (n)->body);         \
    } while (0)
#define PROBLEM(n, want, word, call)                                                                         \
    do {                                                                                                     \
        ASK(n, want, call);                                                                                  \
        assert_string_equal((n)->type, "application/problem+json");                                          \
        assert_string_equal(fixture_text(n, "code"), word);                                                  \
        assert_int_equal(fixture_int(n, "status"), want);                                                    \
    } while (0)

#define FRESH(fn) cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)
#define READY(fn) cmocka_unit_test_setup_teardown(fn, fixture_setup_done, fixture_teardown)

#endif
