/*
 * Properties of parse_line: views lie in raw, in the arena or in constants; the memory of a source changes
 * only speed and zone; an arena that is full, a line of one MiB and any bytes at all are survived; what is
 * documented is what is written.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* clang-format off: cmocka.h needs the headers above it */
#include <cmocka.h>
/* clang-format on */

#include "parse/parse.h"
#include "parse/parse_out.h"

#define RECV_NS (INT64_C(1795309200) * NS_PER_S) /* 2026-11-22T01:00:00Z */

static const struct str lines[] = {
#define L(s)                                                                                                 \
    {                                                                                                        \
        (s), sizeof(s) - 1                                                                                   \
    }
    L("<34>1 2026-11-22T00:59:58.003Z h su - ID47 [a b=\"c\\\"d\"][e f=\"g\"] \xef\xbb\xbfmsg"),
    L("<34>Nov 22 07:59:58 h sshd[1]: Failed password for invalid user a from 192.0.2.1 port 5 ssh2"),
    L("Nov 22 07:59:58 h sudo: a : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/ls"),
    L("<189>45: *Mar  1 00:00:46.123: %SYS-5-CONFIG_I: Configured"),
    L("192.0.2.10 - - [22/Nov/2026:07:59:58 +0700] \"GET /a?b HTTP/1.1\" 200 512 \"-\" \"Mozilla\""),
    L("2026/11/22 07:59:58 [error] 1#2: *4 open() failed, client: 192.0.2.1, request: \"GET / HTTP/1.1\""),
    L("[Sun Nov 22 07:59:58 2026] [core:warn] [pid 7] [client 192.0.2.1:5] AH00126: x"),
    L("Nov 22 07:59:58 h kernel: [UFW BLOCK] IN=e OUT= SRC=192.0.2.1 DST=192.0.2.2 PROTO=UDP SPT=1 DPT=2 "),
    L("Nov 22 07:59:58 h kernel: usb 1-1: New USB device found, idVendor=0781, idProduct=5567"),
    L("<27>xapi: text"),
    L("h app[12]: text"),
    L("prose without a head"),
    L(""),
    L("<"),
    L("\0\0\0"),
    L("<34>Nov 22 07:59:58 h sshd[1]: message repeated 2 times: [ Accepted password for a from ::1 port 5 "
      "ssh2]"),
#undef L
};

extern const char __executable_start, _end; /* bounds of the program image, set by the linker */

static bool inside(const char *from, size_t n, struct str s)
{
    return s.p == NULL || ((uintptr_t)s.p >= (uintptr_t)from && (uintptr_t)s.p + s.n <= (uintptr_t)from + n);
}

/* Not in raw and not in the image: then the arena has it, which a second arena proves by being unused. */
static bool view_ok(const struct event *e, struct str s, bool arena_used)
{
    return inside(e->raw.p, e->raw.n, s) || arena_used ||
           inside(&__executable_start, (size_t)(&_end - &__executable_start), s);
}

static struct parse_ctx ctx_new(void)
{
    return (struct parse_ctx){.recv_ns = RECV_NS, .zone_s = WHEN_VN_OFFSET_S};
}

static void test_views(void **state)
{
    struct parse_ctx ctx = ctx_new();
    (void)state;
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        struct arena a;
        struct event e;
        char *raw = malloc(lines[i].n + 1);
        assert_non_null(raw);
        memcpy(raw, lines[i].p, lines[i].n);
        arena_init(&a, 1 << 20);
        parse_line(&ctx, NULL, (struct str){raw, lines[i].n}, &a, &e);
        assert_memory_equal(raw, lines[i].p, lines[i].n);
        assert_ptr_equal(e.raw.p, raw);
        assert_true(view_ok(&e, e.message, false));
        bool used = a.used > e.n_fields * sizeof(struct event_field);
        for (uint16_t k = 0; k < e.n_fields; k++) {
            assert_true(view_ok(&e, e.fields[k].value, used));
            assert_true(view_ok(&e, e.fields[k].name, used));
            assert_true(e.fields[k].value.n > 0);
            assert_true((e.fields[k].id == FIELD_OTHER) == (e.fields[k].name.n > 0));
        }
        arena_done(&a);
        free(raw);
    }
}

static void test_hint_changes_nothing(void **state)
{
    struct parse_ctx ctx = ctx_new();
    (void)state;
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        struct arena a;
        struct event plain, hinted;
        arena_init(&a, 1 << 20);
        parse_line(&ctx, NULL, lines[i], &a, &plain);
        for (uint8_t d = 0; d <= PARSE_COUNT; d++) {
            struct parse_hint hint = {.dialect = d};
            struct buf x, y;
            buf_init(&x, 1 << 16);
            buf_init(&y, 1 << 16);
            parse_line(&ctx, &hint, lines[i], &a, &hinted);
            event_pack(&x, &plain);
            event_pack(&y, &hinted);
            assert_true(str_eq(buf_str(&x), buf_str(&y)));
            buf_done(&x);
            buf_done(&y);
        }
        arena_done(&a);
    }
}

static void test_dialect_memory(void **state)
{
    struct parse_ctx ctx = ctx_new();
    struct parse_hint hint = {0};
    struct arena a;
    struct event e;
    (void)state;
    arena_init(&a, 1 << 20);
    assert_int_equal(parse_dialect(&hint).n, 0);
    parse_line(&ctx, &hint, S("prose"), &a, &e);
    assert_int_equal(parse_dialect(&hint).n, 0);
    parse_line(&ctx, &hint, lines[1], &a, &e);
    assert_true(str_eq(parse_dialect(&hint), S("rfc3164")));
    /* One strange line changes nothing, many do. */
    parse_line(&ctx, &hint, lines[0], &a, &e);
    assert_true(str_eq(parse_dialect(&hint), S("rfc3164")));
    for (int i = 0; i < 8; i++)
        parse_line(&ctx, &hint, lines[0], &a, &e);
    assert_true(str_eq(parse_dialect(&hint), S("rfc5424")));
    arena_done(&a);
}

/* A device on UTC that writes no zone is right from its first line on. */
static void test_zone_memory(void **state)
{
    struct parse_ctx ctx = ctx_new();
    struct parse_hint hint = {0};
    struct arena a;
    struct event e;
    (void)state;
    arena_init(&a, 1 << 20);
    for (int i = 0; i < 40; i++) {
        struct civil c = when_from_ns(ctx.recv_ns, 0);
        struct str line = arena_printf(&a, "<13>Nov 22 %02d:%02d:%02d h p: x", c.hour, c.minute, c.second);
        parse_line(&ctx, &hint, line, &a, &e);
        assert_true((e.flags & EVENT_GUESSED) != 0);
        assert_int_equal(e.time_ns, ctx.recv_ns);
        ctx.recv_ns += 5 * NS_PER_S;
    }
    assert_true(hint.zone_known && hint.zone_s == 0 && !hint.zone_guessed);
    assert_int_equal(e.time_ns, ctx.recv_ns - 5 * NS_PER_S);
    /* A backlog is no proof of a zone: its distance changes from line to line. */
    struct parse_hint fresh = {0};
    for (int i = 0; i < 100; i++) {
        struct str line = arena_printf(&a, "<13>Nov 20 10:%02d:00 h p: x", i % 60);
        parse_line(&ctx, &fresh, line, &a, &e);
        ctx.recv_ns += NS_PER_S;
    }
    assert_false(fresh.zone_known);
    arena_done(&a);
}

/* What one first line says about the zone, by the distance of its time from receipt. */
static void test_zone_of_first_line(void **state)
{
    static const struct {
        int64_t late_s; /* read as +07:00 */
        int32_t zone_s; /* INT32_MAX: none is guessed */
        bool history;
    } cases[] = {
        {0, INT32_MAX, false},
        {119, INT32_MAX, false},
        {-119, INT32_MAX, false},
        {7 * 3600, 0, false},
        {7 * 3600 + 30, 0, false},
        {7 * 3600 - 30, 0, false},
        {7 * 3600 + 31, INT32_MAX, false},
        {7 * 3600 - 31, INT32_MAX, false},
        {-3600, 8 * 3600, false},
        {5400, 19800, false}, /* +05:30 */
        {4500, INT32_MAX, false},
        {14 * 3600, -7 * 3600, false},
        {14 * 3600 + 1800, INT32_MAX, false},
        {-7 * 3600, 14 * 3600, false},
        {-7 * 3600 - 1800, INT32_MAX, false}, /* no such zone */
        {2 * 86400, INT32_MAX, false},
        {7 * 3600, INT32_MAX, true},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct parse_ctx ctx = ctx_new();
        struct parse_hint hint = {0};
        struct arena a;
        struct event e;
        int64_t said_ns = ctx.recv_ns - ctx.recv_ns % NS_PER_S - cases[i].late_s * NS_PER_S;
        struct civil c = when_from_ns(said_ns, WHEN_VN_OFFSET_S);
        ctx.recv_ns -= ctx.recv_ns % NS_PER_S;
        ctx.history = cases[i].history;
        arena_init(&a, 1 << 20);
        struct str line = arena_printf(&a, "<13>%s %2d %02d:%02d:%02d h p: x", c.month == 11 ? "Nov" : "Dec",
                                       c.day, c.hour, c.minute, c.second);
        parse_line(&ctx, &hint, line, &a, &e);
        bool guessed = cases[i].zone_s != INT32_MAX;
        if (hint.zone_known != guessed || (guessed && hint.zone_s != cases[i].zone_s))
            fail_msg("late by %lld s: known %d, zone %d", (long long)cases[i].late_s, hint.zone_known,
                     hint.zone_s);
        int64_t shift_s = guessed ? WHEN_VN_OFFSET_S - cases[i].zone_s : 0;
        assert_int_equal(e.time_ns, said_ns + shift_s * NS_PER_S);
        arena_done(&a);
    }
}

/* A backlog whose first line is an hour old by chance misleads only until the first line that is not late. */
static void test_zone_of_backlog(void **state)
{
    struct parse_ctx ctx = ctx_new();
    struct parse_hint hint = {0};
    struct arena a;
    struct event e;
    (void)state;
    arena_init(&a, 1 << 20);
    ctx.recv_ns -= ctx.recv_ns % NS_PER_S;
    for (int minute = 60; minute >= 0; minute--) {
        struct civil c = when_from_ns(ctx.recv_ns - minute * 60 * NS_PER_S, WHEN_VN_OFFSET_S);
        struct str line =
            arena_printf(&a, "<13>Nov %2d %02d:%02d:%02d h p: x", c.day, c.hour, c.minute, c.second);
        parse_line(&ctx, &hint, line, &a, &e);
    }
    assert_int_equal(e.time_ns, ctx.recv_ns);
    assert_int_equal(hint.zone_s, WHEN_VN_OFFSET_S);
    arena_done(&a);
}

static void test_full_arena(void **state)
{
    struct parse_ctx ctx = ctx_new();
    (void)state;
    for (size_t bytes = 1; bytes < 2000; bytes += 37) {
        struct arena a;
        struct event e;
        arena_init(&a, bytes);
        for (size_t i = 0; i < COUNT_OF(lines); i++) {
            parse_line(&ctx, NULL, lines[i], &a, &e);
            assert_true(str_eq(e.raw, lines[i]));
            assert_true(e.n_fields > 0 || e.fields == NULL);
        }
        arena_done(&a);
    }
}

static void test_size_limits(void **state)
{
    struct parse_ctx ctx = ctx_new();
    struct arena a;
    struct event e;
    char *raw = malloc(EVENT_RAW_BYTES_MAX);
    (void)state;
    assert_non_null(raw);
    arena_init(&a, 8 << 20);
    for (int fill = 0; fill < 256; fill += 5) {
        memset(raw, fill, EVENT_RAW_BYTES_MAX);
        for (size_t i = 0; i < 3; i++) {
            memcpy(raw, lines[i].p, lines[i].n);
            parse_line(&ctx, NULL, (struct str){raw, EVENT_RAW_BYTES_MAX}, &a, &e);
            assert_int_equal(e.raw.n, EVENT_RAW_BYTES_MAX);
            arena_reset(&a);
        }
    }
    /* More parameters than an event has fields. */
    struct buf line;
    buf_init(&line, EVENT_RAW_BYTES_MAX);
    buf_put(&line, S("<1>1 - - - - - [a"));
    for (int i = 0; i < 400; i++)
        buf_printf(&line, " p%d=\"v\"", i);
    buf_put(&line, S("] x"));
    parse_line(&ctx, NULL, buf_str(&line), &a, &e);
    assert_int_equal(e.n_fields, EVENT_FIELDS_MAX);
    assert_true(str_eq(e.message, S("x")));
    buf_done(&line);
    arena_done(&a);
    free(raw);
}

/* Hostile user names must not make the patterns slow. */
static void test_hostile_time(void **state)
{
    static const struct str head = {"Nov 22 07:59:58 h sshd[1]: Failed password for ", 47};
    struct parse_ctx ctx = ctx_new();
    struct arena a;
    struct event e;
    char *raw = malloc(EVENT_RAW_BYTES_MAX);
    (void)state;
    assert_non_null(raw);
    arena_init(&a, 1 << 20);
    memcpy(raw, head.p, head.n);
    size_t n = head.n;
    while (n + 24 < EVENT_RAW_BYTES_MAX) {
        memcpy(raw + n, " from 1.2.3.4 port ", 19);
        n += 19;
    }
    parse_line(&ctx, NULL, (struct str){raw, n}, &a, &e);
    assert_null(event_get(&e, FIELD_EVENT_ACTION).p);
    arena_done(&a);
    free(raw);
}

static void test_documented(void **state)
{
    static char text[1 << 16];
    char path[512], word[96];
    const char *root = getenv("KHIEN_SOURCE_ROOT");
    (void)state;
    (void)snprintf(path, sizeof(path), "%s/docs/format/events.md", root == NULL ? "." : root);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
    (void)fclose(f);
    for (unsigned i = 0; i < ACTION_COUNT; i++) {
        struct str s = parse_out_action_word((enum parse_action)i);
        (void)snprintf(word, sizeof(word), "`%.*s`", STR_ARG(s));
        if (strstr(text, word) == NULL)
            fail_msg("%s is not in docs/format/events.md", word);
        (void)snprintf(word, sizeof(word), "## %.*s",
                       STR_ARG(parse_out_action_category((enum parse_action)i)));
        if (strstr(text, word) == NULL)
            fail_msg("%s is no section of docs/format/events.md", word);
    }
    for (unsigned i = 0; i < PARSE_COUNT; i++) {
        const struct parse_row *r = parse_row((enum parse_id)i);
        assert_true(r->name.n > 0 && r->since.n > 0 && r->spec.n > 0 && r->doc.n > 0);
    }
}

static void test_ip(void **state)
{
    static const struct {
        const char *in;
        bool ok;
    } rows[] = {
        {"192.0.2.1", true},
        {"0.0.0.0", true},
        {"255.255.255.255", true},
        {"256.0.0.1", false},
        {"1.2.3", false},
        {"1.2.3.4.5", false},
        {"1..2.3", false},
        {"", false},
        {"::", true},
        {"::1", true},
        {"2001:db8::", true},
        {"2001:db8::1", true},
        {"::ffff:1.2.3.4", true},
        {"1:2:3:4:5:6:7:8", true},
        {"1:2:3:4:5:6:7", false},
        {"1:2:3:4:5:6:7:8:9", false},
        {"1::2::3", false},
        {"1:2:3:4:5:6:1.2.3.4", true},
        {"12345::", false},
        {":1", false},
        {"1:", false},
        {"g::", false},
        {":::", false},
        {"1:2:3:4:5:6:7::", true},
        {"fe80::1%eth0", false},
        {"1.2.3.4 ", false},
        {":", false},
        {"::1.2.3", false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (parse_ip_is(str_of(rows[i].in)) != rows[i].ok)
            fail_msg("%s", rows[i].in);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_views),
        cmocka_unit_test(test_hint_changes_nothing),
        cmocka_unit_test(test_dialect_memory),
        cmocka_unit_test(test_zone_memory),
        cmocka_unit_test(test_zone_of_first_line),
        cmocka_unit_test(test_zone_of_backlog),
        cmocka_unit_test(test_full_arena),
        cmocka_unit_test(test_size_limits),
        cmocka_unit_test(test_hostile_time),
        cmocka_unit_test(test_documented),
        cmocka_unit_test(test_ip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
