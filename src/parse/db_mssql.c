#include "parse/db.h"
#include "parse/parse_stamp.h"
#include "parse/pattern.h"

/* SQL Server ERRORLOG: "2026-11-22 07:59:58.12 Logon       Login failed for user 'sa'. Reason: … [CLIENT:
 * 192.0.2.1]". */
static const struct pattern_row rows[] = {
    {"Login failed for user '%u'. Reason: %r [CLIENT: %{source}]", ACTION_SERVICE_LOGIN, OUTCOME_FAILURE,
     NULL},
    {"Login failed for user '%u'. [CLIENT: %{source}]", ACTION_SERVICE_LOGIN, OUTCOME_FAILURE, NULL},
    {"Login failed for user '%u'.%*", ACTION_SERVICE_LOGIN, OUTCOME_FAILURE, NULL},
    {"Login succeeded for user '%u'.%*[CLIENT: %{source}]", ACTION_SERVICE_LOGIN, OUTCOME_SUCCESS, NULL},
    {"Error: %{event.code}, Severity: %{event.severity}, State: %{mssql.state}.", ACTION_DB_ERROR,
     OUTCOME_FAILURE, NULL},
    {"SQL Server is now ready for client connections%*", ACTION_SERVICE_STARTED, OUTCOME_SUCCESS, NULL},
    {"SQL Server is terminating %*", ACTION_SERVICE_STOPPED, OUTCOME_SUCCESS, NULL},
    {"Database backed up. Database: %{database.name~}, %*", ACTION_BACKUP_ENDED, OUTCOME_SUCCESS, NULL},
    {"BACKUP failed to complete the command %*", ACTION_BACKUP_ENDED, OUTCOME_FAILURE, NULL},
};

static bool is_source(struct str word)
{
    return str_eq(word, S("Logon")) || str_eq(word, S("Server")) || str_eq(word, S("Backup")) ||
           (word.n > 4 && str_starts(word, S("spid")) && ascii_is_digit(word.p[4]));
}

bool db_mssql_line(struct parse_out *out, struct str raw)
{
    struct cur c = cur_of(raw);
    struct parse_stamp st;
    if (raw.n < 30 || raw.p[10] != ' ' || raw.p[19] != '.' ||
        !parse_stamp_read(&c, out->ctx->recv_ns, out->ctx->zone_s, WHEN_DAY_NS, &st) || !st.zone_missing ||
        !cur_skip(&c, ' '))
        return false;
    struct str source = cur_word(&c);
    if (!is_source(source))
        return false;
    cur_spaces(&c);
    out->content_done = true;
    parse_out_time(out, st.ns, true);
    out->dataset = S("mssql.errorlog");
    parse_out_put(out, FIELD_SERVICE_NAME, S("mssql"));
    parse_out_put(out, FIELD_LOG_LOGGER, source);
    out->e.message = str_from(raw, c.at);
    if (!pattern_apply(out, out->e.message, rows, COUNT_OF(rows)))
        parse_out_known(out, out->dataset);
    return true;
}
