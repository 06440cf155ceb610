#include "parse/db.h"
#include "parse/net.h"
#include "parse/parse_stamp.h"
#include "parse/pattern.h"

/*
 * MySQL and MariaDB: error log of all versions, general query log, MariaDB audit plugin. Sources: MySQL
 * Reference Manual, The Error Log, The General Query Log; MariaDB Audit Plugin, Log Format.
 */
static const struct pattern_row rows[] = {
    {"Access denied for user '%u'@'%{source}' (using password: YES)", ACTION_SERVICE_LOGIN, OUTCOME_FAILURE,
     "bad_password"},
    {"Access denied for user '%u'@'%{source}' (using password: NO)", ACTION_SERVICE_LOGIN, OUTCOME_FAILURE,
     "no_password"},
    {"Access denied for user '%u'@'%{source}' to database '%{database.name*}'", ACTION_SERVICE_LOGIN,
     OUTCOME_FAILURE, "not_allowed"},
    {"Access denied for user '%u'@'%{source}'%*", ACTION_SERVICE_LOGIN, OUTCOME_FAILURE, NULL},
    {"Host '%{source}' is not allowed to connect to this %*", ACTION_SERVICE_LOGIN, OUTCOME_FAILURE,
     "not_allowed"},
    {"Host '%{source}' is blocked because of many connection errors%*", ACTION_SERVICE_LOGIN, OUTCOME_FAILURE,
     "blocked"},
    {"Aborted connection %d to db: '%{database.name~}' user: '%u' host: '%{source}' (%r)",
     ACTION_SERVICE_LOGOUT, OUTCOME_FAILURE, NULL},
    {"%*: ready for connections.%*", ACTION_SERVICE_STARTED, OUTCOME_SUCCESS, NULL},
    {"%*: Shutdown complete%*", ACTION_SERVICE_STOPPED, OUTCOME_SUCCESS, NULL},
    {"mysqld_safe Starting mysqld daemon %*", ACTION_SERVICE_STARTED, OUTCOME_SUCCESS, NULL},
};

static const struct {
    struct str word;
    enum parse_action action;
} commands[] = {
    {{"Query", 5}, ACTION_DB_QUERY},      {{"Execute", 7}, ACTION_DB_QUERY},
    {{"Prepare", 7}, ACTION_DB_QUERY},    {{"Connect", 7}, ACTION_SERVICE_LOGIN},
    {{"Quit", 4}, ACTION_SERVICE_LOGOUT}, {{"Init DB", 7}, ACTION_NONE},
    {{"Statistics", 10}, ACTION_NONE},    {{"Field List", 10}, ACTION_NONE},
    {{"Close stmt", 10}, ACTION_NONE},
};

static void put_text(struct parse_out *out, struct str text)
{
    out->e.message = text;
    parse_out_put(out, FIELD_SERVICE_NAME, S("mysql"));
    if (!pattern_apply(out, text, rows, COUNT_OF(rows)))
        parse_out_known(out, out->dataset);
}

/* "[Note] [MY-010931] [Server] text" or "[Note] text" or plain text. */
static void read_text(struct parse_out *out, struct cur *c)
{
    struct str level, part;
    cur_spaces(c);
    if (cur_skip(c, '[')) {
        level = cur_until(c, ']');
        parse_out_level(out, level);
        (void)cur_skip(c, ' ');
        for (unsigned i = 0; i < 2 && cur_peek(c) == '['; i++) {
            struct cur k = *c;
            k.at++;
            part = cur_until(&k, ']');
            if (k.bad || part.n > 32)
                break;
            if (str_starts(part, S("MY-")))
                parse_out_put(out, FIELD_EVENT_CODE, part);
            else
                parse_out_put(out, FIELD_LOG_LOGGER, part);
            *c = k;
            (void)cur_skip(c, ' ');
        }
    }
    if (!c->bad)
        put_text(out, str_from(c->in, c->at));
}

/* "12 Query\tSELECT 1", "12 Connect\tuser@host on db using Socket" of the general log. */
static bool read_general(struct parse_out *out, struct cur *c, struct str id)
{
    struct str rest = str_from(c->in, c->at), word, text, user, host, on;
    for (size_t i = 0; i < COUNT_OF(commands); i++) {
        if (!str_starts(rest, commands[i].word))
            continue;
        word = commands[i].word;
        text = str_from(rest, word.n);
        if (text.n > 0 && text.p[0] != '\t' && text.p[0] != ' ')
            continue;
        text = str_trim(text);
        out->dataset = S("mysql.general");
        parse_out_put(out, FIELD_SESSION_ID, id);
        parse_out_put_named(out, S("mysql.operation"), word);
        parse_out_put(out, FIELD_SERVICE_NAME, S("mysql"));
        bool denied = str_starts(text, S("Access denied"));
        if (denied)
            (void)pattern_apply(out, text, rows, COUNT_OF(rows));
        else if (commands[i].action != ACTION_NONE)
            parse_out_act(out, commands[i].action,
                          commands[i].action == ACTION_DB_QUERY ? OUTCOME_NONE : OUTCOME_SUCCESS,
                          (struct str){NULL, 0});
        if (commands[i].action == ACTION_DB_QUERY) {
            parse_out_put(out, FIELD_DB_QUERY, text);
        } else if (!denied && str_cut(text, '@', &user, &host)) {
            parse_out_add(out, FIELD_USER_NAME, user);
            (void)str_cut(host, ' ', &host, &on);
            parse_out_end(out, SIDE_SOURCE, host);
        }
        parse_out_known(out, out->dataset);
        out->e.message = text.n > 0 ? text : word;
        return true;
    }
    return false;
}

/* A comma behind it is no fraction here. */
static void short_clock(struct cur *c, size_t hour_digits, struct civil *v)
{
    v->hour = (int)cur_dec_width(c, hour_digits);
    cur_expect(c, ':');
    v->minute = (int)cur_dec_width(c, 2);
    cur_expect(c, ':');
    v->second = (int)cur_dec_width(c, 2);
}

/* "161209 13:08:33" or "161209  3:08:33" of MySQL up to 5.6. */
static bool old_time(struct cur *c, int32_t zone_s, int64_t *ret_ns)
{
    struct civil v = {.offset_s = zone_s};
    v.year = 2000 + (int32_t)cur_dec_width(c, 2);
    v.month = (int)cur_dec_width(c, 2);
    v.day = (int)cur_dec_width(c, 2);
    cur_expect(c, ' ');
    bool one = cur_skip(c, ' ');
    short_clock(c, one ? 1 : 2, &v);
    return !c->bad && when_to_ns(&v, ret_ns);
}

/* "2026-11-22  7:59:58" of MariaDB. */
static bool short_time(struct cur *c, int32_t zone_s, int64_t *ret_ns)
{
    struct civil v = {.offset_s = zone_s};
    v.year = (int32_t)cur_dec_width(c, 4);
    cur_expect(c, '-');
    v.month = (int)cur_dec_width(c, 2);
    cur_expect(c, '-');
    v.day = (int)cur_dec_width(c, 2);
    cur_spaces(c);
    short_clock(c, 1, &v);
    return !c->bad && when_to_ns(&v, ret_ns);
}

static bool number(struct cur *c, struct str *ret)
{
    struct cur k = *c;
    cur_spaces(&k);
    size_t from = k.at;
    while (cur_left(&k) > 0 && ascii_is_digit(k.in.p[k.at]))
        k.at++;
    *ret = str_sub(k.in, from, k.at - from);
    if (ret->n == 0 || (!cur_skip(&k, ' ') && !cur_skip(&k, '\t')))
        return false;
    *c = k;
    return true;
}

/* MariaDB audit plugin: time,serverhost,username,host,connectionid,queryid,operation,database,object,retcode
 */
static bool read_audit(struct parse_out *out, struct str s)
{
    struct str v[12];
    uint64_t id;
    size_t n = net_csv(s, v, COUNT_OF(v));
    if (n < 8 || !str_to_u64(v[3], INT64_MAX, &id) || !str_to_u64(v[4], INT64_MAX, &id))
        return false;
    bool connect = str_eq(v[5], S("CONNECT")), failed = str_eq(v[5], S("FAILED_CONNECT"));
    struct str code = v[n - 1], quote = S(",'");
    size_t at = str_find(s, quote);
    const char *end = memrchr(s.p, '\'', s.n);
    out->dataset = S("mysql.audit");
    out->e.message = s;
    if (at != SIZE_MAX && end != NULL && end > s.p + at + 2) { /* the statement may hold commas */
        v[7] = str_sub(s, at + 2, (size_t)(end - s.p) - at - 2);
        (void)str_cut(str_from(s, (size_t)(end - s.p) + 1), ',', &quote, &code);
    }
    bool good = str_eq(code, S("0"));
    parse_out_act(out,
                  connect || failed               ? ACTION_SERVICE_LOGIN
                  : str_eq(v[5], S("DISCONNECT")) ? ACTION_SERVICE_LOGOUT
                                                  : ACTION_DB_QUERY,
                  good && !failed ? OUTCOME_SUCCESS : OUTCOME_FAILURE, (struct str){NULL, 0});
    parse_out_put(out, FIELD_SERVICE_NAME, S("mysql"));
    parse_out_put(out, FIELD_USER_NAME, v[1]);
    parse_out_end(out, SIDE_SOURCE, v[2]);
    parse_out_put(out, FIELD_SESSION_ID, v[3]);
    parse_out_put_named(out, S("mysql.operation"), v[5]);
    parse_out_put(out, FIELD_DB_NAME, v[6]);
    parse_out_put(out, FIELD_DB_QUERY, v[7]);
    parse_out_put(out, FIELD_EVENT_CODE, code);
    return true;
}

bool db_mysql_audit(struct parse_out *out, struct str msg)
{
    struct str info, rest;
    /* syslog_info of the plugin stands in front, as one word */
    return read_audit(out, msg) || (str_cut(msg, ' ', &info, &rest) && read_audit(out, rest));
}

/* After the time: thread and level, or the general log's id and command. */
static bool read_rest(struct parse_out *out, struct cur *c, bool sure)
{
    struct str id;
    bool numbered = number(c, &id);
    out->dataset = S("mysql.error");
    if (numbered && read_general(out, c, id))
        return true;
    struct cur k = *c;
    cur_spaces(&k);
    struct str rest = str_from(k.in, k.at);
    if (cur_peek(&k) != '[' && !sure && !str_starts(rest, S("mysqld_safe ")) &&
        !str_starts(rest, S("InnoDB: ")))
        return false;
    if (!sure && !numbered && cur_peek(&k) == '[' &&
        !(str_starts(rest, S("[Note]")) || str_starts(rest, S("[Warning]")) ||
          str_starts(rest, S("[ERROR]")) || str_starts(rest, S("[System]"))))
        return false;
    if (numbered)
        parse_out_put(out, FIELD_PROCESS_THREAD_ID, id);
    read_text(out, c);
    return true;
}

/* Behind "2026-11-22T07:59:58…" come a number, a level or the columns of the general log: most syslog lines
 * end here. */
static bool may_be_mysql(struct str raw)
{
    size_t i = 19;
    while (i < raw.n && raw.p[i] != ' ' && raw.p[i] != '\t')
        i++;
    return i + 1 < raw.n &&
           (raw.p[i] == '\t' || raw.p[i + 1] == ' ' || raw.p[i + 1] == '[' || ascii_is_digit(raw.p[i + 1]));
}

bool db_mysql_line(struct parse_out *out, struct str raw)
{
    struct cur c = cur_of(raw);
    struct parse_stamp st;
    int64_t ns;
    int32_t zone_s = out->ctx->zone_s;
    out->content_done = true;
    if (raw.n > 16 && raw.p[6] == ' ' && ascii_is_digit(raw.p[5])) {
        if (!old_time(&c, zone_s, &ns))
            return false;
        parse_out_time(out, ns, true);
        return read_rest(out, &c, true);
    }
    if (raw.n > 24 && raw.p[4] == '-' && raw.p[10] == ' ' && raw.p[11] == ' ' &&
        short_time(&c, zone_s, &ns)) {
        parse_out_time(out, ns, true);
        return read_rest(out, &c, false);
    }
    if (raw.n < 24 || raw.p[4] != '-' || !may_be_mysql(raw) ||
        !parse_stamp_read(&c, out->ctx->recv_ns, zone_s, WHEN_DAY_NS, &st))
        return false;
    parse_out_time(out, st.ns, st.zone_missing);
    return cur_left(&c) > 4 && (cur_peek(&c) == ' ' || cur_peek(&c) == '\t') && read_rest(out, &c, false);
}

/* "20180614 11:30:24,server,user,host,12,34,QUERY,db,'SELECT 1',0" of the plugin's own file. */
bool db_mysql_audit_line(struct parse_out *out, struct str raw)
{
    struct civil v = {.offset_s = out->ctx->zone_s};
    struct cur c = cur_of(raw);
    int64_t ns;
    if (raw.n < 30 || raw.p[8] != ' ' || raw.p[17] != ',')
        return false;
    v.year = (int32_t)cur_dec_width(&c, 4);
    v.month = (int)cur_dec_width(&c, 2);
    v.day = (int)cur_dec_width(&c, 2);
    cur_expect(&c, ' ');
    short_clock(&c, 2, &v);
    if (c.bad || !when_to_ns(&v, &ns) || !read_audit(out, str_from(raw, 18)))
        return false;
    out->content_done = true;
    parse_out_time(out, ns, true);
    return true;
}

/* mysqld by syslog or the journal: the error log's lines with or without their own time. */
bool db_mysql_syslog(struct parse_out *out, struct str msg)
{
    struct cur c = cur_of(msg);
    struct parse_stamp st;
    int64_t ns;
    if (msg.n > 24 && msg.p[4] == '-')
        (void)parse_stamp_read(&c, out->ctx->recv_ns, 0, 0, &st);
    else if (msg.n > 16 && msg.p[6] == ' ' && ascii_is_digit(msg.p[5]) && !old_time(&c, 0, &ns))
        c = cur_of(msg);
    return read_rest(out, &c, true);
}
