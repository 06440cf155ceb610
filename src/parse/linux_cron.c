#include "parse/linux.h"
#include "parse/pattern.h"

/* Vixie cron, cronie, crontab(1), anacron. */
static const struct pattern_row rows[] = {
    {"(%u) CMD (%c)", ACTION_CRON_COMMAND, OUTCOME_NONE, NULL},
    {"(%u) REPLACE (%t)", ACTION_CRONTAB_CHANGED, OUTCOME_SUCCESS, NULL},
    {"(%u) DELETE (%t)", ACTION_CRONTAB_CHANGED, OUTCOME_SUCCESS, "delete"},
    {"(CRON) STARTUP %*", ACTION_SERVICE_STARTED, OUTCOME_SUCCESS, NULL},
};

bool linux_cron(struct parse_out *out, struct str msg)
{
    if (msg.n == 0 || msg.p[0] != '(' || !pattern_apply(out, msg, rows, COUNT_OF(rows)))
        return false;
    struct event_field *last = &out->fields[out->n - 1];
    if (last->id == FIELD_PROCESS_CMD && str_trim(last->value).n > 0)
        last->value = str_trim(last->value); /* Debian writes blanks before "cd / &&" */
    return true;
}
