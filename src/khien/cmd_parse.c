#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "flow/event_json.h"
#include "flow/record.h"
#include "khien/cmd.h"
#include "parse/parse.h"
#include "sys/sandbox.h"

#define OUT_BYTES_MAX (32u << 20)

static bool put_plain(struct buf *b, const struct event *e)
{
    when_put_rfc3339(b, e->time_ns);
    buf_printf(b, "  %.*s  %.*s\n", STR_ARG(event_severity_name(e->severity)), STR_ARG(e->message));
    for (uint16_t i = 0; i < e->n_fields; i++) {
        const struct event_field *f = &e->fields[i];
        struct str name = f->id == FIELD_OTHER ? f->name : field_row(f->id)->name;
        buf_printf(b, "    %-28.*s %.*s\n", STR_ARG(name), STR_ARG(f->value));
    }
    if ((e->flags & EVENT_MALFORMED) != 0)
        buf_put(b, S("    (no grammar fits: kept as raw text)\n"));
    return !b->bad;
}

static int parse_all(struct cmd *c, struct record *r)
{
    struct err err = {0};
    struct parse_hint hint = {0};
    struct arena a;
    struct buf out;
    struct str raw;
    uint8_t flags = 0;
    int rc;
    bool written = true;
    arena_init(&a, 8u << 20);
    buf_init(&out, OUT_BYTES_MAX);
    while ((rc = record_next(r, &raw, &flags, &err)) == 0 && written) {
        struct event e;
        struct jout j;
        struct parse_ctx ctx = {
            .recv_ns = sys_now(c->sys), .zone_s = WHEN_VN_OFFSET_S, .flags = flags, .history = true};
        arena_reset(&a);
        buf_clear(&out);
        parse_line(&ctx, &hint, raw, &a, &e);
        jout_init(&j, &out);
        if (cmd_has(c, CMD_JSON)) {
            event_json_put_flat(&j, &e, (struct str){NULL, 0});
            buf_put_char(&out, '\n');
        } else {
            (void)put_plain(&out, &e);
        }
        written = cmd_out(buf_str(&out));
    }
    buf_done(&out);
    arena_done(&a);
    return rc < 0 ? cmd_fail(c, &err) : 0;
}

int cmd_parse(struct cmd *c)
{
    struct err err = {0};
    struct sandbox_state state;
    struct sandbox sandbox = {.name = "khien parse", .net = SANDBOX_NO_NET};
    struct lines *l = NULL;
    struct record *r = NULL;
    if (c->n_args != 1)
        return cmd_usage(c, "one file, or - for standard input");
    int fd = strcmp(c->args[0], "-") == 0 ? STDIN_FILENO : open(c->args[0], O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        (void)err_errno(&err, errno, "%s", c->args[0]);
        return cmd_fail(c, &err);
    }
    /* The file comes from outside: from here on this process can only read it and write its answer. */
    if (lines_new(fd, &l, &err) != 0 || record_new(l, &r, &err) != 0 ||
        sandbox_enter(&sandbox, &state, &err) != 0) {
        record_free(r);
        lines_free(l);
        return cmd_fail(c, &err);
    }
    int code = parse_all(c, r);
    record_free(r);
    lines_free(l);
    return code;
}
