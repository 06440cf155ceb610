#include <stdio.h>
#include <stdlib.h>

#include "khien/offline.h"

/* One answer: a JSON object on its line, or a line of text. */
struct answer {
    struct buf b;
    struct jout j;
    bool json;
};

static void open_answer(struct answer *a, const struct cmd *c)
{
    a->json = cmd_has(c, CMD_JSON);
    buf_init(&a->b, 65536);
    jout_init(&a->j, &a->b);
    if (a->json)
        jout_obj(&a->j);
}

static void close_answer(struct answer *a)
{
    if (a->json)
        jout_obj_end(&a->j);
    buf_put_char(&a->b, '\n');
    (void)cmd_out(buf_str(&a->b));
    buf_done(&a->b);
}

static void put_report(struct cmd *c, const struct detect_report *r)
{
    struct answer a;
    open_answer(&a, c);
    if (a.json) {
        JOUT_STR(&a.j, "file", r->file);
        JOUT_STR(&a.j, "id", r->id);
        JOUT_STR(&a.j, "title", r->title);
        JOUT_BOOL(&a.j, "accepted", r->accepted);
        jout_key(&a.j, S("reason"));
        if (r->accepted)
            jout_null(&a.j);
        else
            jout_str(&a.j, r->reason);
        JOUT_U64(&a.j, "line", r->line);
    } else if (!r->accepted) {
        buf_printf(&a.b, "refused   %.*s", STR_ARG(r->reason));
    } else {
        buf_printf(&a.b, "accepted  %.*s: %.*s", STR_ARG(r->file), STR_ARG(r->title));
    }
    close_answer(&a);
}

static int check(struct cmd *c, const char *const *paths, size_t n, const char *maps)
{
    struct err err = {0};
    struct detect_plan *plan = NULL;
    if (detect_load(c->sys, paths, n, maps, &plan, &err) != 0)
        return cmd_fail(c, &err);
    size_t refused = 0, all = detect_report_count(plan);
    for (size_t i = 0; i < all; i++) {
        const struct detect_report *r = detect_report_get(plan, i);
        refused += !r->accepted;
        if (cmd_has(c, CMD_JSON) || !r->accepted || all <= 200)
            put_report(c, r);
    }
    (void)fprintf(stderr, "khien: rules: %zu accepted, %zu refused\n", all - refused, refused);
    detect_free(plan);
    return refused == 0 && all > 0 ? 0 : 1;
}

static void put_rule(struct cmd *c, const struct rule_info *r)
{
    struct answer a;
    open_answer(&a, c);
    if (a.json) {
        JOUT_STR(&a.j, "id", r->id);
        jout_key(&a.j, S("title"));
        jout_vi_en(&a.j, r->title.vi, r->title.en);
        JOUT_STR(&a.j, "severity", rule_severity_name(r->severity));
        JOUT_STR(&a.j, "file", r->file);
        jout_key(&a.j, S("clause"));
        jout_arr(&a.j);
        for (size_t i = 0; i < r->clauses.n; i++)
            jout_str(&a.j, r->clauses.items[i]);
        jout_arr_end(&a.j);
    } else {
        struct str title = cmd_english(c) || r->title.vi.p == NULL ? r->title.en : r->title.vi;
        buf_printf(&a.b, "%-9.*s %-34.*s %.*s", STR_ARG(rule_severity_name(r->severity)), STR_ARG(r->id),
                   STR_ARG(title));
    }
    close_answer(&a);
}

static int list(struct cmd *c, const char *dir, const char *maps)
{
    struct err err = {0};
    struct detect_plan *plan = NULL;
    char rules[2300];
    (void)snprintf(rules, sizeof(rules), "%s/rules", dir);
    const char *const paths[] = {rules};
    if (detect_load(c->sys, paths, 1, maps, &plan, &err) != 0)
        return cmd_fail(c, &err);
    for (size_t i = 0; i < detect_rule_count(plan); i++)
        put_rule(c, detect_rule_get(plan, i));
    detect_free(plan);
    return 0;
}

int cmd_rules(struct cmd *c)
{
    struct err err = {0};
    struct config *config = NULL;
    char dir[2048], maps[2100];
    bool is_check = c->n_args >= 2 && strcmp(c->args[0], "check") == 0;
    bool is_list = c->n_args == 1 && strcmp(c->args[0], "list") == 0;
    if (!is_check && !is_list)
        return cmd_usage(c, "check FILE|DIR … or list");
    if (offline_config(c, &config, &err) != 0)
        return cmd_fail(c, &err);
    int code;
    bool found = node_catalogue_dir(c->sys, config, dir, sizeof(dir), &err) == 0;
    (void)snprintf(maps, sizeof(maps), "%s/sigma", found ? dir : "");
    if (!found)
        code = cmd_fail(c, &err);
    else if (is_check)
        code = check(c, (const char *const *)c->args + 1, (size_t)c->n_args - 1, maps);
    else
        code = list(c, dir, maps);
    config_free(config);
    return code;
}
