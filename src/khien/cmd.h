/*
 * cmd.h - what the subcommands of khien share: options, errors, the place of the catalogue.
 */
#ifndef KHIEN_KHIEN_CMD_H
#define KHIEN_KHIEN_CMD_H

#include "base/err.h"
#include "sys/sys.h"

enum cmd_opt {
    CMD_DATA = 1,
    CMD_CONFIG,
    CMD_CATALOGUE,
    CMD_JSON,
    CMD_COUNT,
    CMD_FROM,
    CMD_TO,
    CMD_LIMIT,
    CMD_OLDEST,
    CMD_FORMAT,
    CMD_SOURCE,
    CMD_ORG,
    CMD_RULES,
    CMD_LANG,
    CMD_HELP,
    CMD_VERSION,
    CMD_OPT_COUNT
};

struct cmd {
    const struct sys *sys;
    const char *name;               /* of the subcommand */
    const char *opt[CMD_OPT_COUNT]; /* value, "" for a flag that is set, NULL where it is not given */
    const char *rules[64];          /* --rules may be given several times */
    size_t n_rules;
    char **args; /* what is left */
    int n_args;
};

static inline bool cmd_has(const struct cmd *c, enum cmd_opt o)
{
    return c->opt[o] != NULL;
}

/* Whether English was asked for: --lang en, else the language of LC_ALL, LC_MESSAGES or LANG; Vietnamese
 * else. */
bool cmd_english(const struct cmd *c);
/* "khien: what: why" on stderr; returns the exit code of the error. */
int cmd_fail(const struct cmd *c, const struct err *err);
/* "khien NAME: text" and the usage line; returns 2. */
int cmd_usage(const struct cmd *c, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Write to stdout; a closed pipe ends the program quietly. False on failure. */
bool cmd_out(struct str s);

int cmd_import(struct cmd *c);
int cmd_search(struct cmd *c);
int cmd_tail(struct cmd *c);
int cmd_parse(struct cmd *c);
int cmd_verify(struct cmd *c);
int cmd_detect(struct cmd *c);
int cmd_rules(struct cmd *c);
int cmd_duties(struct cmd *c);
int cmd_status(struct cmd *c);
int cmd_doctor(struct cmd *c);
int cmd_admin(struct cmd *c);

#endif
