/*
 * Runs tests/parse/cases/NAME.txt. A case is a line "> raw" (escapes \n \r \t \0 \\ \xHH) and below it what
 * must be there: "field=value", "!field" (must be absent), time, recv, sev, fac, msg, flags (words, exact),
 * dialect.
 * "@recv TIME", "@history on|off" and "@hint keep|new" hold from there on. Blank lines and '#' lines are
 * skipped.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* clang-format off: cmocka.h needs the headers above it */
#include <cmocka.h>
/* clang-format on */

#include "parse/parse.h"

#define TEXT_BYTES_MAX (1u << 16)
#define GOT_BYTES_MAX 256

struct run {
    const char *file;
    unsigned line, cases, bad;
    struct parse_ctx ctx;
    struct parse_hint hint;
    bool keep_hint;
    struct arena arena;
    struct event e;
    char raw[TEXT_BYTES_MAX];
};

static int64_t time_of(struct str s)
{
    int64_t ns = 0;
    struct cur c = cur_of(s);
    if (!when_parse_rfc3339(&c, &ns) || !cur_done(&c))
        fail_msg("not a time: %.*s", STR_ARG(s));
    return ns;
}

static unsigned hex(char c)
{
    return (unsigned)(ascii_is_digit(c) ? c - '0' : ascii_lower(c) - 'a' + 10);
}

static size_t unescape(struct str in, char *out)
{
    size_t n = 0;
    for (size_t i = 0; i < in.n; i++) {
        if (in.p[i] != '\\' || i + 1 == in.n) {
            out[n++] = in.p[i];
            continue;
        }
        char c = in.p[++i];
        if (c == 'x' && i + 2 < in.n) {
            out[n++] = (char)(hex(in.p[i + 1]) << 4 | hex(in.p[i + 2]));
            i += 2;
        } else {
            out[n++] = c == 'n' ? '\n' : c == 'r' ? '\r' : c == 't' ? '\t' : c == '0' ? '\0' : c;
        }
    }
    return n;
}

static struct str flag_words(uint8_t flags, char *out)
{
    static const char *const names[] = {"malformed", "no_time", "guessed", "part", "not_utf8", "clock"};
    size_t n = 0;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if ((flags & 1u << i) != 0)
            n += (size_t)snprintf(out + n, GOT_BYTES_MAX - n, "%s%s", n == 0 ? "" : " ", names[i]);
    }
    return (struct str){out, n};
}

static struct str got(struct run *r, struct str name, char *room)
{
    struct str s = {room, 0};
    if (str_eq(name, S("time")) || str_eq(name, S("recv"))) {
        struct buf b;
        buf_init(&b, 64);
        when_put_rfc3339(&b, name.p[0] == 't' ? r->e.time_ns : r->e.recv_ns);
        memcpy(room, b.p, b.n);
        s.n = b.n;
        buf_done(&b);
    } else if (str_eq(name, S("sev"))) {
        s = event_severity_name(r->e.severity);
    } else if (str_eq(name, S("fac"))) {
        s = event_facility_name(r->e.facility);
    } else if (str_eq(name, S("msg"))) {
        s = r->e.message;
    } else if (str_eq(name, S("flags"))) {
        s = flag_words(r->e.flags, room);
    } else if (str_eq(name, S("dialect"))) {
        s = parse_dialect(&r->hint);
    } else {
        s = event_get_named(&r->e, name);
    }
    return s;
}

static void check(struct run *r, struct str row)
{
    static char want_room[TEXT_BYTES_MAX], got_room[GOT_BYTES_MAX];
    struct str name, text;
    if (row.p[0] == '!') {
        if (event_get_named(&r->e, str_from(row, 1)).p == NULL)
            return;
        print_message("# %s:%u: must be absent: %.*s\n", r->file, r->line, STR_ARG(row));
        r->bad++;
        return;
    }
    if (!str_cut(row, '=', &name, &text))
        fail_msg("%s:%u: not a row: %.*s", r->file, r->line, STR_ARG(row));
    struct str want = {want_room, unescape(text, want_room)}, have = got(r, name, got_room);
    if (!str_eq(want, have)) {
        print_message("# %s:%u: %.*s: want <%.*s>, got <%.*s>\n", r->file, r->line, STR_ARG(name),
                      STR_ARG(want), STR_ARG(have));
        r->bad++;
    }
}

static void parse_case(struct run *r, struct str text)
{
    size_t n = unescape(text, r->raw);
    char *exact = malloc(n == 0 ? 1 : n); /* the sanitizer sees one byte too far */
    assert_non_null(exact);
    memcpy(exact, r->raw, n);
    if (!r->keep_hint)
        r->hint = (struct parse_hint){0};
    arena_reset(&r->arena);
    parse_line(&r->ctx, &r->hint, (struct str){exact, n}, &r->arena, &r->e);
    assert_memory_equal(exact, r->raw, n);
    assert_true(str_eq(r->e.raw, (struct str){exact, n}));
    /* Keep a packed copy, so that `exact` may go. */
    struct buf b;
    struct err err = {0};
    size_t used;
    buf_init(&b, 1 << 20);
    event_pack(&b, &r->e);
    struct str packed = arena_str(&r->arena, buf_str(&b));
    assert_int_equal(event_unpack(packed, &r->arena, &r->e, &used, &err), 0);
    buf_done(&b);
    free(exact);
    r->cases++;
}

static void row(struct run *r, struct str s)
{
    struct str word, value;
    if (s.n == 0 || s.p[0] == '#')
        return;
    if (s.p[0] == '>') {
        parse_case(r, s.n < 2 ? (struct str){s.p, 0} : str_from(s, 2));
        return;
    }
    if (s.p[0] != '@') {
        check(r, s);
        return;
    }
    (void)str_cut(str_from(s, 1), ' ', &word, &value);
    if (str_eq(word, S("recv")))
        r->ctx.recv_ns = time_of(value);
    else if (str_eq(word, S("history")))
        r->ctx.history = str_eq(value, S("on"));
    else if (str_eq(word, S("hint")))
        r->keep_hint = str_eq(value, S("keep"));
    else
        fail_msg("%s:%u: unknown @%.*s", r->file, r->line, STR_ARG(word));
}

static void run_file(void **state)
{
    static char line[TEXT_BYTES_MAX];
    struct run *r = calloc(1, sizeof(*r));
    assert_non_null(r);
    r->file = *state;
    r->ctx = (struct parse_ctx){.recv_ns = time_of(S("2026-11-22T01:00:00Z")), .zone_s = WHEN_VN_OFFSET_S};
    arena_init(&r->arena, 4 << 20);
    FILE *f = fopen(r->file, "r");
    assert_non_null(f);
    while (fgets(line, sizeof(line), f) != NULL) {
        r->line++;
        size_t n = strlen(line);
        if (n > 0 && line[n - 1] == '\n')
            n--;
        row(r, (struct str){line, n});
    }
    (void)fclose(f);
    print_message("# %s: %u cases\n", r->file, r->cases);
    assert_true(r->cases > 0);
    unsigned bad = r->bad;
    arena_done(&r->arena);
    free(r);
    assert_int_equal(bad, 0);
}

int main(void)
{
    static char paths[64][512];
    struct CMUnitTest tests[64];
    size_t n = 0;
    const char *root = getenv("KHIEN_SOURCE_ROOT");
    char dir[400];
    (void)snprintf(dir, sizeof(dir), "%s/tests/parse/cases", root == NULL ? "." : root);
    DIR *d = opendir(dir);
    for (struct dirent *e; d != NULL && n < COUNT_OF(tests) && (e = readdir(d)) != NULL;) {
        if (!str_ends(str_of(e->d_name), S(".txt")))
            continue;
        (void)snprintf(paths[n], sizeof(paths[n]), "%s/%.100s", dir, e->d_name);
        tests[n] = (struct CMUnitTest){
            .name = strrchr(paths[n], '/') + 1, .test_func = run_file, .initial_state = paths[n]};
        n++;
    }
    if (d != NULL)
        (void)closedir(d);
    if (n == 0)
        return 1;
    return _cmocka_run_group_tests("parse cases", tests, n, NULL, NULL);
}
