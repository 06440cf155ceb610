#include "parse/fieldmap.h"
#include "parse/parse_stamp.h"
#include "parse/web.h"

/*
 * W3C extended log format (W3C WD-logfile-960323): IIS, HTTP.SYS, Windows Firewall. "#Fields:" names the
 * columns of the lines behind it and is remembered for the source. Times are UTC. Columns that no row knows
 * are passed over.
 */
enum column { DATE = 1, TIME, METHOD, STATUS, STEM, QUERY, FIRST_PLAIN };

static const struct {
    struct str name;
    uint16_t field;
    const char *other; /* where the field is not in model/field.def */
} columns[] = {
    [DATE] = {{"date", 4}, 0, NULL},
    [TIME] = {{"time", 4}, 0, NULL},
    [METHOD] = {{"cs-method", 9}, FIELD_HTTP_METHOD, NULL},
    [STATUS] = {{"sc-status", 9}, FIELD_HTTP_STATUS, NULL},
    [STEM] = {{"cs-uri-stem", 11}, 0, NULL},
    [QUERY] = {{"cs-uri-query", 12}, 0, NULL},
    [FIRST_PLAIN] = {{"cs-uri", 6}, FIELD_URL_ORIGINAL, NULL},
    {{"c-ip", 4}, FIELD_SOURCE_IP, NULL},
    {{"c-port", 6}, FIELD_SOURCE_PORT, NULL},
    {{"s-ip", 4}, FIELD_DESTINATION_IP, NULL},
    {{"s-port", 6}, FIELD_DESTINATION_PORT, NULL},
    {{"cs-username", 11}, FIELD_USER_NAME, NULL},
    {{"cs(User-Agent)", 14}, FIELD_USER_AGENT, NULL},
    {{"cs(Referer)", 11}, FIELD_HTTP_REFERRER, NULL},
    {{"cs(Cookie)", 10}, FIELD_HTTP_COOKIE, NULL},
    {{"cs-host", 7}, FIELD_URL_DOMAIN, NULL},
    {{"cs(Host)", 8}, FIELD_URL_DOMAIN, NULL},
    {{"cs-version", 10}, FIELD_HTTP_VERSION, NULL},
    {{"sc-bytes", 8}, FIELD_HTTP_BYTES, NULL},
    {{"cs-bytes", 8}, FIELD_HTTP_REQUEST_BYTES, NULL},
    {{"s-computername", 14}, 0, "iis.access.server_name"},
    {{"s-sitename", 10}, 0, "iis.access.site_name"},
    {{"sc-substatus", 12}, 0, "iis.access.sub_status"},
    {{"sc-win32-status", 15}, 0, "iis.access.win32_status"},
    {{"time-taken", 10}, FIELD_EVENT_DURATION, NULL},
    {{"X-Forwarded-For", 15}, 0, "network.forwarded_ip"},
    {{"cs(X-Forwarded-For)", 19}, 0, "network.forwarded_ip"},
    {{"s-siteid", 8}, 0, "iis.error.site_id"},
    {{"s-reason", 8}, FIELD_EVENT_REASON, NULL},
    {{"s-queuename", 11}, 0, "iis.error.queue_name"},
    {{"action", 6}, FIELD_EVENT_TYPE, NULL},
    {{"protocol", 8}, FIELD_NETWORK_TRANSPORT, NULL},
    {{"src-ip", 6}, FIELD_SOURCE_IP, NULL},
    {{"dst-ip", 6}, FIELD_DESTINATION_IP, NULL},
    {{"src-port", 8}, FIELD_SOURCE_PORT, NULL},
    {{"dst-port", 8}, FIELD_DESTINATION_PORT, NULL},
    {{"size", 4}, FIELD_NETWORK_BYTES, NULL},
    {{"path", 4}, FIELD_NETWORK_DIRECTION, NULL},
    {{"pid", 3}, FIELD_PROCESS_PID, NULL},
};

/* Columns where no header came: what IIS writes by default, and with every field chosen (with and without the
 * address a proxy adds). The address and the method stand in their places. */
static const struct {
    const char *names;
    uint8_t n, address, method; /* method 0: HTTP.SYS, the version stands in the seventh place */
} layouts[] = {
    {"date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) "
     "sc-status sc-substatus sc-win32-status time-taken",
     15, 2, 3},
    {"date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status "
     "sc-substatus sc-win32-status time-taken",
     14, 2, 3},
    {"date time s-sitename s-computername s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip "
     "cs-version "
     "cs(User-Agent) cs(Cookie) cs(Referer) cs-host sc-status sc-substatus sc-win32-status sc-bytes cs-bytes "
     "time-taken",
     22, 4, 5},
    {"date time s-sitename s-computername s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip "
     "cs-version "
     "cs(User-Agent) cs(Cookie) cs(Referer) cs-host sc-status sc-substatus sc-win32-status sc-bytes cs-bytes "
     "time-taken "
     "X-Forwarded-For",
     23, 4, 5},
    {"date time c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status s-siteid s-reason s-queuename",
     13, 4, 0},
};
#define METHOD_BYTES_MAX 16u
#define WORDS_MAX 24u

static uint8_t column_of(struct str name)
{
    for (size_t i = 1; i < COUNT_OF(columns); i++) {
        if (str_eq(name, columns[i].name))
            return (uint8_t)i;
    }
    return 0;
}

static void read_header(struct str names, uint8_t ret[PARSE_COLUMNS_MAX + 1])
{
    struct str name;
    ret[0] = 0;
    while (names.n > 0 && ret[0] < PARSE_COLUMNS_MAX) {
        (void)str_cut(names, ' ', &name, &names);
        if (name.n > 0)
            ret[++ret[0]] = column_of(name);
    }
}

/* '+' stands for a blank in what a client sent. */
static struct str blanks(struct parse_out *out, struct str s)
{
    char *p = str_find_char(s, '+') == SIZE_MAX ? NULL : arena_alloc(out->arena, s.n, 1, 1);
    if (p == NULL)
        return s;
    for (size_t i = 0; i < s.n; i++)
        p[i] = s.p[i] == '+' ? ' ' : s.p[i];
    return (struct str){p, s.n};
}

static void put_column(struct parse_out *out, uint8_t column, struct str value)
{
    uint16_t field = columns[column].field;
    struct str version = S("HTTP/");
    if (str_eq(value, S("-")))
        return;
    if (field == FIELD_EVENT_DURATION) /* milliseconds */
        parse_out_put(out, field,
                      value.n > 12 || str_eq(value, S("0"))
                          ? value
                          : arena_printf(out->arena, "%.*s000000", STR_ARG(value)));
    else if (columns[column].other != NULL)
        parse_out_put_named(out, str_of(columns[column].other), value);
    else if (field == FIELD_USER_AGENT)
        parse_out_put(out, field, blanks(out, value));
    else if (field == FIELD_HTTP_VERSION && str_starts(value, version))
        parse_out_put(out, field, str_from(value, version.n));
    else if (field != FIELD_OTHER)
        fieldmap_value(out, field, value);
}

/* "/a?b=c" of the two columns is one piece of the line where they stand side by side. */
static void put_url(struct parse_out *out, struct str stem, struct str query)
{
    if (stem.n == 0)
        return;
    if (query.n == 0 || str_eq(query, S("-"))) {
        parse_out_url(out, stem);
        return;
    }
    struct str whole = arena_printf(out->arena, "%.*s?%.*s", STR_ARG(stem), STR_ARG(query));
    parse_out_url(out, whole.p == NULL ? stem : whole);
}

static void put_action(struct parse_out *out, struct str status, struct str verdict)
{
    uint64_t code = 0;
    bool error = parse_out_has(out, FIELD_EVENT_REASON);
    if (str_eq(verdict, S("DROP")) || str_eq(verdict, S("ALLOW"))) {
        out->dataset = S("windows.firewall");
        parse_out_act(out, verdict.p[0] == 'D' ? ACTION_FIREWALL_BLOCKED : ACTION_FIREWALL_ALLOWED,
                      OUTCOME_NONE, (struct str){NULL, 0});
    } else if (error || str_to_u64(status, 999, &code)) {
        out->dataset = error ? S("iis.error") : S("iis.access");
        parse_out_act(out, error ? ACTION_HTTP_ERROR : ACTION_HTTP_REQUEST,
                      error || code >= 400 ? OUTCOME_FAILURE : OUTCOME_SUCCESS, (struct str){NULL, 0});
    } else {
        parse_out_known(out, S("w3c"));
    }
}

static bool read_time(struct parse_out *out, struct str raw)
{
    struct cur c = cur_of(raw);
    struct parse_stamp st;
    if (!parse_stamp_read(&c, out->ctx->recv_ns, 0, 0, &st) || st.year_missing || c.at != 19 ||
        cur_peek(&c) != ' ')
        return false;
    parse_out_time(out, st.ns, false);
    return true;
}

static bool read_line(struct parse_out *out, struct str raw, const uint8_t *header)
{
    struct str rest = raw, value, status = {NULL, 0}, stem = status, query = status, verdict = status;
    for (uint8_t i = 1; i <= header[0] && rest.n > 0; i++) {
        (void)str_cut(rest, ' ', &value, &rest);
        if (header[i] == STATUS)
            status = value;
        else if (header[i] == STEM)
            stem = value;
        else if (header[i] == QUERY)
            query = value;
        else if (header[i] > FIRST_PLAIN && columns[header[i]].field == FIELD_EVENT_TYPE)
            verdict = value;
        put_column(out, header[i], value);
    }
    put_url(out, stem, query);
    put_action(out, status, verdict);
    return true;
}

static bool is_method(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (!ascii_is_upper(s.p[i]) && s.p[i] != '_')
            return false;
    }
    return s.n > 2 && s.n <= METHOD_BYTES_MAX;
}

/* The layout of a line without a header, or NULL. */
static const char *layout_of(struct str raw)
{
    struct str word[WORDS_MAX], rest = raw;
    size_t n = 0;
    while (rest.n > 0 && n < WORDS_MAX) {
        (void)str_cut(rest, ' ', &word[n++], &rest);
        if (n == 3 && !parse_ip_is(word[2]) && !str_starts(word[2], S("W3SVC")))
            return NULL; /* most lines end here */
    }
    for (size_t i = 0; i < COUNT_OF(layouts); i++) {
        if (n == layouts[i].n && parse_ip_is(word[layouts[i].address]) &&
            (layouts[i].method == 0 ? str_starts(word[6], S("HTTP/")) : is_method(word[layouts[i].method])))
            return layouts[i].names;
    }
    return NULL;
}

static size_t words_of(struct str raw)
{
    size_t n = 1;
    for (const char *p = raw.p, *end = raw.p + raw.n; (p = memchr(p, ' ', (size_t)(end - p))) != NULL; p++)
        n++;
    return n;
}

bool web_w3c_line(struct parse_out *out, struct str raw)
{
    static const struct str heads[] = {{"#Software:", 10},   {"#Version:", 9},     {"#Date:", 6},
                                       {"#Remark:", 8},      {"#Start-Date:", 12}, {"#End-Date:", 10},
                                       {"#Time Format:", 13}};
    struct str fields = S("#Fields: ");
    uint8_t own[PARSE_COLUMNS_MAX + 1];
    out->content_done = true;
    out->e.flags |= EVENT_NO_TIME;
    if (raw.n > 0 && raw.p[0] == '#') {
        if (str_starts(raw, fields)) {
            read_header(str_from(raw, fields.n), out->columns);
            return true;
        }
        for (size_t i = 0; i < COUNT_OF(heads); i++) {
            if (str_starts(raw, heads[i]))
                return true;
        }
        return false;
    }
    const uint8_t *header = out->hint->columns;
    if (raw.n < 20 || raw.p[10] != ' ' || raw.p[19] != ' ')
        return false;
    bool known = header[0] >= 4 && header[1] == DATE && header[2] == TIME;
    if (!known || words_of(raw) != header[0]) { /* no header came, or one was lost since */
        const char *names = layout_of(raw);
        if (names == NULL && !known)
            return false;
        if (names != NULL) {
            read_header(str_of(names), own);
            header = own;
        }
    }
    return read_time(out, raw) && read_line(out, raw, header);
}
