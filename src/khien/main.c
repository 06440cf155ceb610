/*
 * khien - the tool of a node: one subcommand per row of the table below. Exit codes: 0 done, 1 the answer is
 * "no", 2 usage, 3 the environment failed.
 */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "khien/cmd.h"

#define BIT(o) (1u << (o))
#define COMMON (BIT(CMD_DATA) | BIT(CMD_CONFIG) | BIT(CMD_CATALOGUE) | BIT(CMD_JSON) | BIT(CMD_LANG))

static const struct row {
    const char *name;
    int (*run)(struct cmd *c);
    unsigned opts;
    const char *usage, *doc;
} rows[] = {
    {"import", cmd_import, COMMON | BIT(CMD_SOURCE) | BIT(CMD_ORG) | BIT(CMD_FORMAT),
     "--data DIR [--source NAME] [--format auto|syslog] FILE|- …", "read log files into the store"},
    {"search", cmd_search,
     COMMON | BIT(CMD_FROM) | BIT(CMD_TO) | BIT(CMD_LIMIT) | BIT(CMD_COUNT) | BIT(CMD_OLDEST),
     "--data DIR QUERY [--from T] [--to T] [--limit N] [--oldest] [--count] [--json]", "search the logs"},
    {"tail", cmd_tail, COMMON, "--data DIR [QUERY]", "follow the logs of a running node"},
    {"parse", cmd_parse, COMMON | BIT(CMD_FORMAT), "[--json] FILE|-",
     "show what Khiên makes of each line; stores nothing"},
    {"verify", cmd_verify, COMMON, "--data DIR", "check every seal, chain and count"},
    {"detect", cmd_detect, COMMON | BIT(CMD_RULES) | BIT(CMD_FORMAT), "[--rules FILE|DIR …] [--json] FILE …",
     "run the detection rules over files; stores nothing"},
    {"rules", cmd_rules, COMMON, "check [--json] FILE|DIR … | list [--json]",
     "check or list detection rules"},
    {"duties", cmd_duties, COMMON, "[--data DIR] [--json] [ID]", "status of every duty, with its reason"},
    {"status", cmd_status, COMMON, "--data DIR [--json]", "one page about a running node"},
    {"doctor", cmd_doctor, COMMON, "--data DIR [--json]", "look for what is wrong and name one next step"},
    {"admin", cmd_admin, COMMON, "reset --data DIR LOGIN",
     "give an account a new one-time password (node stopped)"},
};

static const struct option options[] = {
    {"data", required_argument, NULL, CMD_DATA},
    {"config", required_argument, NULL, CMD_CONFIG},
    {"catalogue", required_argument, NULL, CMD_CATALOGUE},
    {"json", no_argument, NULL, CMD_JSON},
    {"count", no_argument, NULL, CMD_COUNT},
    {"from", required_argument, NULL, CMD_FROM},
    {"to", required_argument, NULL, CMD_TO},
    {"limit", required_argument, NULL, CMD_LIMIT},
    {"oldest", no_argument, NULL, CMD_OLDEST},
    {"format", required_argument, NULL, CMD_FORMAT},
    {"source", required_argument, NULL, CMD_SOURCE},
    {"org", required_argument, NULL, CMD_ORG},
    {"rules", required_argument, NULL, CMD_RULES},
    {"lang", required_argument, NULL, CMD_LANG},
    {"help", no_argument, NULL, CMD_HELP},
    {"version", no_argument, NULL, CMD_VERSION},
    {NULL, 0, NULL, 0},
};

static const struct row *find_row(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    }
    return NULL;
}

static void help(FILE *to)
{
    (void)fputs("usage: khien COMMAND [options]\n\n", to);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        (void)fprintf(to, "  %-8s %s\n           khien %s %s\n", rows[i].name, rows[i].doc, rows[i].name,
                      rows[i].usage);
    (void)fputs("\nTimes: 2026-11-22, 2026-11-22T08:14:00+07:00, 22/11/2026 08:14, -15m, -7d, today, now.\n"
                "Exit codes: 0 done, 1 the answer is no, 2 usage, 3 file, network or permission failed.\n",
                to);
}

int cmd_fail(const struct cmd *c, const struct err *err)
{
    (void)fprintf(stderr, "khien: %s: %s\n", c->name, err->msg);
    return err_exit_code(err->code);
}

int cmd_usage(const struct cmd *c, const char *fmt, ...)
{
    const struct row *r = find_row(c->name);
    va_list ap;
    (void)fprintf(stderr, "khien: %s: ", c->name);
    va_start(ap, fmt);
    (void)vfprintf(stderr, fmt, ap);
    va_end(ap);
    (void)fprintf(stderr, "\nusage: khien %s %s\n", c->name, r == NULL ? "" : r->usage);
    return 2;
}

bool cmd_out(struct str s)
{
    return s.n == 0 || fwrite(s.p, 1, s.n, stdout) == s.n;
}

static const char *option_name(int opt)
{
    for (size_t i = 0; options[i].name != NULL; i++) {
        if (options[i].val == opt)
            return options[i].name;
    }
    return "?";
}

/* -1 = go on, else the exit code. */
static int take_option(struct cmd *c, const struct row *r, int opt)
{
    if (opt == CMD_HELP) {
        (void)printf("usage: khien %s %s\n%s\n", r->name, r->usage, r->doc);
        return 0;
    }
    if (opt <= 0 || opt >= CMD_OPT_COUNT || opt == '?')
        return cmd_usage(c, "unknown option or missing value");
    if ((r->opts & BIT(opt)) == 0)
        return cmd_usage(c, "--%s is no option of this command", option_name(opt));
    if (opt == CMD_RULES && c->n_rules == COUNT_OF(c->rules))
        return cmd_usage(c, "too many --rules");
    if (opt == CMD_RULES)
        c->rules[c->n_rules++] = optarg;
    c->opt[opt] = optarg == NULL ? "" : optarg;
    return -1;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        help(stderr);
        return 2;
    }
    if (strcmp(argv[1], "--version") == 0)
        return puts("khien " KHIEN_VERSION) < 0 ? 3 : 0;
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        help(stdout);
        return 0;
    }
    sys_linux_keep_heap();
    struct cmd c = {.sys = sys_linux(), .name = argv[1]};
    const struct row *r = find_row(argv[1]);
    if (r == NULL) {
        (void)fprintf(stderr, "khien: %s: no such command\n", argv[1]);
        help(stderr);
        return 2;
    }
    int opt;
    opterr = 0;
    optind = 2;
    while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
        int code = take_option(&c, r, opt);
        if (code >= 0)
            return code;
    }
    c.args = argv + optind;
    c.n_args = argc - optind;
    int code = r->run(&c);
    if (fflush(stdout) != 0 && errno != EPIPE && code == 0) {
        (void)fprintf(stderr, "khien: %s: output: %s\n", c.name, strerror(errno));
        code = 3;
    }
    return code;
}
