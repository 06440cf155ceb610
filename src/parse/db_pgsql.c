#include "parse/db.h"
#include "parse/net.h"
#include "parse/parse_stamp.h"
#include "parse/pattern.h"

/*
 * PostgreSQL server log: stderr with the usual prefixes ("%m [%p] %q%u@%d ") and csvlog. Source: PostgreSQL
 * manual, Error Reporting and Logging.
 */

#define COLUMNS_MAX 26u
#define SERVICE "postgresql"

static const struct str levels[] = {{"LOG", 3},       {"ERROR", 5},  {"FATAL", 5},   {"PANIC", 5},
                                    {"WARNING", 7},   {"NOTICE", 6}, {"INFO", 4},    {"DEBUG", 5},
                                    {"STATEMENT", 9}, {"DETAIL", 6}, {"HINT", 4},    {"CONTEXT", 7},
                                    {"DEBUG1", 6},    {"DEBUG2", 6}, {"DEBUG3", 6},  {"DEBUG4", 6},
                                    {"DEBUG5", 6},    {"QUERY", 5},  {"LOCATION", 8}};
static const uint8_t severity[] = {6, 3, 2, 1, 4, 5, 6, 7, 6, 6, 6, 6, 7, 7, 7, 7, 7, 6, 6};
_Static_assert(COUNT_OF(levels) == COUNT_OF(severity), "one severity per level");

static const struct pattern_row rows[] = {
    {"password authentication failed for user \"%u\"", ACTION_SERVICE_LOGIN, OUTCOME_FAILURE, "bad_password"},
    {"no pg_hba.conf entry for host \"%{source}\", user \"%u\", database \"%{database.name*}\"%*",
     ACTION_SERVICE_LOGIN, OUTCOME_FAILURE, "not_allowed"},
    {"%w authentication failed for user \"%u\"", ACTION_SERVICE_LOGIN, OUTCOME_FAILURE, NULL},
    {"role \"%u\" does not exist", ACTION_SERVICE_LOGIN, OUTCOME_FAILURE, "invalid_user"},
    {"role \"%u\" is not permitted to log in", ACTION_SERVICE_LOGIN, OUTCOME_FAILURE, "not_allowed"},
    {"database \"%{database.name*}\" does not exist", ACTION_SERVICE_LOGIN, OUTCOME_FAILURE, "no_database"},
    {"connection authorized: user=%{user.name~} database=%{database.name~} %*", ACTION_SERVICE_LOGIN,
     OUTCOME_SUCCESS, NULL},
    {"connection authorized: user=%{user.name~} database=%{database.name}", ACTION_SERVICE_LOGIN,
     OUTCOME_SUCCESS, NULL},
    {"connection received: host=%{source.ip} port=%{source.port}", ACTION_CONNECTION_OPENED, OUTCOME_NONE,
     NULL},
    {"disconnection: session time: %w user=%{user.name~} database=%{database.name~} host=%{source.ip} "
     "port=%{source.port}",
     ACTION_SERVICE_LOGOUT, OUTCOME_SUCCESS, NULL},
    {"disconnection: session time: %w user=%{user.name~} database=%{database.name~} host=%*",
     ACTION_SERVICE_LOGOUT, OUTCOME_SUCCESS, NULL},
    {"statement: %{database.query*}", ACTION_DB_QUERY, OUTCOME_NONE, NULL},
    {"execute %w: %{database.query*}", ACTION_DB_QUERY, OUTCOME_NONE, NULL},
    {"parse %w: %{database.query*}", ACTION_DB_QUERY, OUTCOME_NONE, NULL},
    {"bind %w: %{database.query*}", ACTION_DB_QUERY, OUTCOME_NONE, NULL},
    {"database system is ready to accept %*", ACTION_SERVICE_STARTED, OUTCOME_SUCCESS, NULL},
    {"database system is shut down", ACTION_SERVICE_STOPPED, OUTCOME_SUCCESS, NULL},
    {"AUDIT: %{database.query*}", ACTION_DB_QUERY, OUTCOME_NONE, NULL},
};

/* "15.136" milliseconds in nanoseconds. */
static void put_duration(struct parse_out *out, struct str ms)
{
    struct str whole, part;
    char digits[6] = {'0', '0', '0', '0', '0', '0'};
    (void)str_cut(ms, '.', &whole, &part);
    for (size_t i = 0; i < part.n && i < sizeof(digits); i++)
        digits[i] = part.p[i];
    struct str text = arena_printf(out->arena, "%.*s%.6s", STR_ARG(whole), digits);
    while (text.n > 1 && text.p[0] == '0')
        text = str_from(text, 1);
    parse_out_put(out, FIELD_EVENT_DURATION, text);
}

void db_pgsql_text(struct parse_out *out, struct str level, struct str text)
{
    struct str duration = S("duration: "), ms, rest;
    out->dataset = S("postgresql.log");
    parse_out_known(out, out->dataset);
    parse_out_put(out, FIELD_SERVICE_NAME, S(SERVICE));
    if (str_starts(text, duration) && str_cut(str_from(text, duration.n), ' ', &ms, &rest)) {
        put_duration(out, ms);
        text = str_starts(rest, S("ms  ")) ? str_from(rest, 4) : str_from(text, text.n);
    }
    if (str_eq(level, S("STATEMENT")) || str_eq(level, S("QUERY")))
        parse_out_add(out, FIELD_DB_QUERY, text);
    else if (!pattern_apply(out, text, rows, COUNT_OF(rows)) &&
             (str_eq(level, S("ERROR")) || str_eq(level, S("FATAL")) || str_eq(level, S("PANIC"))))
        parse_out_act(out, ACTION_DB_ERROR, OUTCOME_FAILURE, (struct str){NULL, 0});
}

static int level_of(struct str word)
{
    for (size_t i = 0; i < COUNT_OF(levels); i++) {
        if (str_eq(word, levels[i]))
            return (int)i;
    }
    return -1;
}

static void put_level(struct parse_out *out, int level)
{
    if (out->e.facility == EVENT_NO_FACILITY)
        out->e.severity = severity[level];
    parse_out_put(out, FIELD_LOG_LEVEL, levels[level]);
}

/* "user@database", perhaps with " 192.0.2.1(5432)" behind: what stands between the pid and the level. */
static void put_prefix(struct parse_out *out, struct str prefix)
{
    struct str word, rest = prefix, user, database;
    while (rest.n > 0) {
        (void)str_cut(rest, ' ', &word, &rest);
        if (str_cut(word, '@', &user, &database) && user.n > 0 && !parse_out_has(out, FIELD_DB_NAME)) {
            if (!str_eq(user, S("[unknown]")))
                parse_out_add(out, FIELD_USER_NAME, user);
            if (!str_eq(database, S("[unknown]")))
                parse_out_add(out, FIELD_DB_NAME, database);
        } else if (str_ends(word, S(")")) || parse_ip_is(word)) {
            parse_out_end(out, SIDE_SOURCE, word);
        }
    }
}

/* " … LEVEL:  text": the level is the first word that is one and ends in a colon. */
static bool read_level(struct parse_out *out, struct str s)
{
    for (size_t from = 0, at; (at = str_find(str_from(s, from), S(": "))) != SIZE_MAX; from += at + 1) {
        size_t end = from + at, start = end;
        while (start > 0 && ascii_is_alnum(s.p[start - 1]))
            start--;
        int level = level_of(str_sub(s, start, end - start));
        if (level < 0)
            continue;
        put_prefix(out, str_trim(str_sub(s, 0, start)));
        put_level(out, level);
        out->e.message = str_trim(str_from(s, end + 1));
        db_pgsql_text(out, levels[level], out->e.message);
        return true;
    }
    return false;
}

/* "2026-11-22 07:59:58.123 +07 [123-4] …" */
static bool read_stderr(struct parse_out *out, struct cur *c)
{
    uint64_t v;
    if (!cur_skip(c, ' ') || !cur_skip(c, '['))
        return false;
    struct str pid = cur_until(c, ']'), head, line;
    if (c->bad)
        return false;
    (void)str_cut(pid, '-', &head, &line);
    if (!str_to_u64(head, INT64_MAX, &v) || !read_level(out, str_from(c->in, c->at)))
        return false;
    parse_out_put(out, FIELD_PROCESS_PID, head);
    parse_out_put_named(out, S("postgresql.session_line_number"), line);
    return true;
}

/* Doubled quotes of a value in quotes become one. */
static struct str unquote(struct parse_out *out, struct str s)
{
    char *p = str_find_char(s, '"') == SIZE_MAX ? NULL : arena_alloc(out->arena, s.n, 1, 1);
    size_t n = 0;
    if (p == NULL)
        return s;
    for (size_t i = 0; i < s.n; i++) {
        p[n++] = s.p[i];
        i += s.p[i] == '"' && i + 1 < s.n && s.p[i + 1] == '"';
    }
    return (struct str){p, n};
}

static bool read_csv(struct parse_out *out, struct str raw)
{
    static const struct {
        uint8_t at;
        const char *name;
    } more[] = {{6, "postgresql.session_line_number"},
                {7, "postgresql.command_tag"},
                {8, "postgresql.session_start_time"},
                {9, "postgresql.virtual_transaction_id"},
                {10, "postgresql.transaction_id"},
                {14, "postgresql.detail"},
                {15, "postgresql.hint"},
                {18, "postgresql.context"},
                {22, "postgresql.application_name"},
                {23, "postgresql.backend_type"}};
    struct str v[COLUMNS_MAX];
    size_t n = net_csv(raw, v, COLUMNS_MAX);
    int level = n < 14 ? -1 : level_of(v[11]);
    if (level < 0)
        return false;
    put_level(out, level);
    out->e.message = unquote(out, v[13]);
    parse_out_put(out, FIELD_USER_NAME, v[1]);
    parse_out_put(out, FIELD_DB_NAME, v[2]);
    parse_out_put(out, FIELD_PROCESS_PID, v[3]);
    if (!str_eq(v[4], S("[local]")))
        parse_out_end(out, SIDE_SOURCE, v[4]);
    parse_out_put(out, FIELD_SESSION_ID, v[5]);
    parse_out_put(out, FIELD_EVENT_CODE, v[12]);
    db_pgsql_text(out, levels[level], out->e.message);
    if (n > 19)
        parse_out_add(out, FIELD_DB_QUERY, unquote(out, v[19]));
    for (size_t i = 0; i < COUNT_OF(more); i++) {
        if (more[i].at < n && v[more[i].at].n > 0)
            parse_out_put_named(out, str_of(more[i].name), unquote(out, v[more[i].at]));
    }
    return true;
}

bool db_pgsql_line(struct parse_out *out, struct str raw)
{
    struct cur c = cur_of(raw);
    struct parse_stamp st;
    if (raw.n < 30 || raw.p[10] != ' ')
        return false;
    if (!parse_stamp_read(&c, out->ctx->recv_ns, out->ctx->zone_s, WHEN_DAY_NS, &st))
        return false;
    if (st.zone_missing && cur_peek(&c) == ' ') { /* a zone that has no row in the table of zones */
        size_t i = c.at + 1;
        while (i < raw.n && (ascii_is_alpha(raw.p[i]) || raw.p[i] == '_' || raw.p[i] == '/') && i - c.at < 24)
            i++;
        if (i > c.at + 1)
            c.at = i;
    }
    out->content_done = true;
    parse_out_time(out, st.ns, st.zone_missing);
    return cur_peek(&c) == ',' ? read_csv(out, raw) : read_stderr(out, &c);
}

/* By syslog: "[7-1] 2026-… [123] user@db LOG:  text" or "[7-1] LOG:  text". */
bool db_pgsql_syslog(struct parse_out *out, struct str msg)
{
    struct str number, rest;
    if (msg.n > 0 && msg.p[0] == '[' && str_cut(str_from(msg, 1), ']', &number, &rest))
        msg = str_trim(rest);
    return read_level(out, msg);
}
