/*
 * cmd_detect.c - the rules over files, nothing stored. The files are parsed in this process after it has shut
 * itself in.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/when.h"
#include "flow/lines.h"
#include "khien/offline.h"
#include "parse/parse.h"
#include "sys/sandbox.h"

#define FILES_MAX 256
#define BATCH 512

struct run {
    struct cmd *c;
    const char *file;
    uint64_t first; /* number of the batch's first event in its file, from 0 */
    uint64_t matches;
};

static void on_match(void *arg, const struct detect_match *m)
{
    struct run *r = arg;
    struct buf b;
    struct jout j;
    if (m->again)
        return;
    r->matches++;
    buf_init(&b, 65536);
    if (cmd_has(r->c, CMD_JSON)) {
        jout_init(&j, &b);
        jout_obj(&j);
        JOUT_STR(&j, "rule", m->rule->id);
        JOUT_STR(&j, "title", m->rule->title.en);
        JOUT_STR(&j, "level", rule_level_name(m->rule->level));
        JOUT_CSTR(&j, "file", r->file);
        JOUT_U64(&j, "event", r->first + m->index);
        JOUT_TIME(&j, "time", m->event->time_ns);
        JOUT_U64(&j, "count", m->count);
        jout_obj_end(&j);
    } else {
        bool en = cmd_english(r->c);
        struct str title = en || m->rule->title.vi.p == NULL ? m->rule->title.en : m->rule->title.vi;
        buf_printf(&b, "%s:%llu: %.*s: ", r->file, (unsigned long long)(r->first + m->index + 1),
                   STR_ARG(rule_severity_name(m->rule->severity)));
        rule_put_text(&b, title, m->event);
    }
    buf_put_char(&b, '\n');
    (void)cmd_out(buf_str(&b));
    buf_done(&b);
}

struct batch {
    struct arena mem;
    struct event events[BATCH];
    size_t n;
};

static void flush(struct run *r, struct detect_state *state, struct batch *b)
{
    detect_run(state, b->events, b->n, on_match, r);
    r->first += b->n;
    b->n = 0;
    arena_reset(&b->mem);
}

static int run_file(struct run *r, struct detect_state *state, struct lines *l, struct batch *b,
                    struct err *err)
{
    struct parse_hint hint = {0};
    struct str raw;
    uint8_t flags = 0;
    int rc;
    while ((rc = lines_next(l, &raw, &flags, err)) == 0) {
        struct parse_ctx ctx = {
            .recv_ns = sys_now(r->c->sys), .zone_s = WHEN_VN_OFFSET_S, .flags = flags, .history = true};
        struct str kept = arena_str(&b->mem, raw);
        if (kept.p == NULL)
            return err_set(err, ERR_NOMEM, "batch of lines");
        struct event *e = &b->events[b->n++];
        parse_line(&ctx, &hint, kept, &b->mem, e);
        e->id = r->first + b->n;
        if (b->n == BATCH || b->mem.used > b->mem.max / 2)
            flush(r, state, b);
    }
    flush(r, state, b);
    return rc < 0 ? -1 : 0;
}

static int open_files(struct cmd *c, int fds[FILES_MAX], struct err *err)
{
    if (c->n_args > FILES_MAX)
        return err_set(err, ERR_USAGE, "more than %d files at once", FILES_MAX);
    for (int i = 0; i < c->n_args; i++) {
        fds[i] = strcmp(c->args[i], "-") == 0 ? STDIN_FILENO : open(c->args[i], O_RDONLY | O_CLOEXEC);
        if (fds[i] < 0)
            return err_errno(err, errno, "%s", c->args[i]);
    }
    return 0;
}

static int load(struct cmd *c, struct config *config, struct detect_plan **ret, struct err *err)
{
    char dir[2048], maps[2100], shipped[2100];
    if (node_catalogue_dir(c->sys, config, dir, sizeof(dir), err) != 0)
        return -1;
    (void)snprintf(maps, sizeof(maps), "%s/sigma", dir);
    (void)snprintf(shipped, sizeof(shipped), "%s/rules", dir);
    const char *const own[] = {shipped};
    if (detect_load(c->sys, c->n_rules > 0 ? c->rules : own, c->n_rules > 0 ? c->n_rules : 1, maps, ret,
                    err) != 0)
        return -1;
    for (size_t i = 0; i < detect_report_count(*ret); i++) {
        const struct detect_report *r = detect_report_get(*ret, i);
        if (!r->accepted)
            (void)fprintf(stderr, "khien: detect: refused: %.*s\n", STR_ARG(r->reason));
    }
    return 0;
}

static int run_files(struct cmd *c, const int *fds, struct detect_state *state, struct err *err)
{
    struct run r = {.c = c};
    struct batch *b = calloc(1, sizeof(*b));
    int rc = b == NULL ? err_set(err, ERR_NOMEM, "batch") : 0;
    if (b != NULL)
        arena_init(&b->mem, 256u << 20);
    for (int i = 0; rc == 0 && i < c->n_args; i++) {
        struct lines *l = NULL;
        r.file = c->args[i];
        r.first = 0;
        rc = lines_new(fds[i], &l, err);
        if (rc == 0)
            rc = run_file(&r, state, l, b, err);
        lines_free(l);
    }
    if (b != NULL)
        arena_done(&b->mem);
    free(b);
    return rc;
}

int cmd_detect(struct cmd *c)
{
    static int fds[FILES_MAX];
    struct err err = {0};
    struct config *config = NULL;
    struct detect_plan *plan = NULL;
    struct detect_state *state = NULL;
    struct detect_options o = {0};
    struct sandbox box = {.name = "khien detect", .net = SANDBOX_NO_NET};
    struct sandbox_state entered;
    if (c->n_args < 1)
        return cmd_usage(c, "at least one file is needed");
    if (cmd_has(c, CMD_FORMAT) && strcmp(c->opt[CMD_FORMAT], "auto") != 0 &&
        strcmp(c->opt[CMD_FORMAT], "syslog") != 0)
        return cmd_usage(c, "--format %s is not read by this version: auto, syslog", c->opt[CMD_FORMAT]);
    int rc = offline_config(c, &config, &err);
    if (rc == 0)
        rc = open_files(c, fds, &err);
    if (rc == 0)
        rc = load(c, config, &plan, &err);
    if (rc == 0)
        rc = detect_state_new(plan, &o, &state, &err);
    if (rc == 0)
        rc = sandbox_enter(&box, &entered, &err);
    if (rc == 0)
        rc = run_files(c, fds, state, &err);
    detect_state_free(state);
    detect_free(plan);
    config_free(config);
    return rc == 0 ? 0 : cmd_fail(c, &err);
}
