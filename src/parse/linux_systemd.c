#include "parse/linux.h"
#include "parse/pattern.h"

/* systemd (job.c, unit.c, service.c), logind, timesyncd; chronyd and ntpd for the clock; the syslog daemons.
 */
static const struct pattern_row rows[] = {
    {"Started %s.", ACTION_SERVICE_STARTED, OUTCOME_SUCCESS, NULL},
    {"Stopped %s.", ACTION_SERVICE_STOPPED, OUTCOME_SUCCESS, NULL},
    {"Reloaded %s.", ACTION_SERVICE_RELOADED, OUTCOME_SUCCESS, NULL},
    {"Failed to start %s.", ACTION_SERVICE_FAILED, OUTCOME_FAILURE, NULL},
    {"%U: Failed with result '%r'.", ACTION_SERVICE_FAILED, OUTCOME_FAILURE, NULL},
    {"%U: Main process exited, code=%r", ACTION_SERVICE_FAILED, OUTCOME_FAILURE, NULL},
    {"%U: main process exited, code=%r", ACTION_SERVICE_FAILED, OUTCOME_FAILURE, NULL},
    {"Unit %U entered failed state.", ACTION_SERVICE_FAILED, OUTCOME_FAILURE, NULL},
    {"Time has been changed", ACTION_TIME_CHANGED, OUTCOME_SUCCESS, NULL},
    {"Startup finished in %*", ACTION_SYSTEM_STARTED, OUTCOME_SUCCESS, NULL},
    {"New session %S of user %u.", ACTION_SESSION_OPENED, OUTCOME_SUCCESS, NULL},
    {"New session '%S' of user '%u' with %*", ACTION_SESSION_OPENED, OUTCOME_SUCCESS, NULL},
    {"Removed session %S.", ACTION_SESSION_CLOSED, OUTCOME_SUCCESS, NULL},
    {"System is powering down%*", ACTION_SYSTEM_STOPPED, OUTCOME_SUCCESS, "power_off"},
    {"System is rebooting%*", ACTION_SYSTEM_STOPPED, OUTCOME_SUCCESS, "reboot"},
    {"System is halting%*", ACTION_SYSTEM_STOPPED, OUTCOME_SUCCESS, "halt"},
    {"The system will power off now!", ACTION_SYSTEM_STOPPED, OUTCOME_SUCCESS, "power_off"},
    {"The system will reboot now!", ACTION_SYSTEM_STOPPED, OUTCOME_SUCCESS, "reboot"},
    {"Powering off.", ACTION_SYSTEM_STOPPED, OUTCOME_SUCCESS, "power_off"},
    {"Rebooting.", ACTION_SYSTEM_STOPPED, OUTCOME_SUCCESS, "reboot"},
    {"System clock was stepped by %r", ACTION_TIME_CHANGED, OUTCOME_SUCCESS, NULL},
    {"System clock wrong by %r, adjustment started", ACTION_TIME_CHANGED, OUTCOME_SUCCESS, NULL},
    {"time reset %r", ACTION_TIME_CHANGED, OUTCOME_SUCCESS, NULL},
    {"[origin software=\"rsyslogd\"%*] start", ACTION_SERVICE_STARTED, OUTCOME_SUCCESS, NULL},
    {"[origin software=\"rsyslogd\"%*] exiting on signal %*", ACTION_SERVICE_STOPPED, OUTCOME_SUCCESS, NULL},
    {"syslog-ng starting up; %*", ACTION_SERVICE_STARTED, OUTCOME_SUCCESS, NULL},
    {"syslog-ng shutting down; %*", ACTION_SERVICE_STOPPED, OUTCOME_SUCCESS, NULL},
};

/* "nginx.service - A web server" (since v250): unit and description. */
static void split_unit(struct parse_out *out)
{
    for (uint16_t i = 0; i < out->n; i++) {
        struct event_field *f = &out->fields[i];
        size_t at = f->id == FIELD_SERVICE_NAME ? str_find(f->value, S(" - ")) : SIZE_MAX;
        if (at == SIZE_MAX)
            continue;
        struct str unit = str_sub(f->value, 0, at);
        if (str_find_char(unit, ' ') != SIZE_MAX || str_find_char(unit, '.') == SIZE_MAX)
            return;
        f->value = str_from(f->value, at + 3);
        parse_out_put(out, FIELD_SYSTEMD_UNIT, unit);
        return;
    }
}

bool linux_systemd(struct parse_out *out, struct str msg)
{
    /* A login session is a scope, not a service; logind and PAM report it. */
    if (str_starts(msg, S("Started Session ")) || str_starts(msg, S("Started session-")))
        return false;
    if (!pattern_apply(out, msg, rows, COUNT_OF(rows)))
        return false;
    split_unit(out);
    return true;
}
