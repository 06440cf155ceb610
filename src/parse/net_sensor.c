#include "parse/body.h"
#include "parse/net.h"
#include "parse/parse_stamp.h"
#include "parse/pattern.h"

/* Suricata (EVE JSON, fast.log) and Snort, Zeek (JSON and tab separated). */

static const struct {
    struct str type;
    enum parse_action action;
} eve[] = {
    {{"alert", 5}, ACTION_IDS_ALERT},        {{"flow", 4}, ACTION_NETWORK_FLOW},
    {{"netflow", 7}, ACTION_NETWORK_FLOW},   {{"dns", 3}, ACTION_DNS_QUERY},
    {{"http", 4}, ACTION_HTTP_REQUEST},      {{"http2", 5}, ACTION_HTTP_REQUEST},
    {{"tls", 3}, ACTION_CONNECTION_OPENED},  {{"ssh", 3}, ACTION_CONNECTION_OPENED},
    {{"fileinfo", 8}, ACTION_FILE_ACCESSED}, {{"smb", 3}, ACTION_FILE_ACCESSED},
    {{"drop", 4}, ACTION_FIREWALL_BLOCKED},
};

bool net_suricata_json(struct parse_out *out, const struct json_items *items)
{
    struct str type = json_get(items, S("event_type")), time = json_get(items, S("timestamp"));
    if (type.n == 0 || (json_get(items, S("src_ip")).n == 0 && json_get(items, S("flow_id")).n == 0 &&
                        json_get(items, S("stats.uptime")).n == 0))
        return false;
    out->dataset = S("suricata.eve");
    parse_out_observer(out, S("oisf"), S("suricata"));
    for (size_t i = 0; i < COUNT_OF(eve); i++) {
        if (str_eq(type, eve[i].type))
            parse_out_act(out, eve[i].action, OUTCOME_NONE, (struct str){NULL, 0});
    }
    parse_out_known(out, out->dataset);
    if ((out->e.flags & EVENT_NO_TIME) != 0)
        (void)body_time(out, time);
    for (size_t i = 0; i < items->n && out->n < EVENT_FIELDS_MAX; i++) {
        struct str name = items->item[i].name;
        if (!str_eq(name, S("timestamp")))
            body_mapped(out, MAP_EVE, name, items->item[i].value);
    }
    struct str text = json_get(items, S("alert.signature"));
    if (text.n > 0)
        out->e.message = text;
    return true;
}

static const struct {
    struct str path, dataset;
    enum parse_action action;
} zeek[] = {
    {{"conn", 4}, {"zeek.conn", 9}, ACTION_NETWORK_FLOW},
    {{"dns", 3}, {"zeek.dns", 8}, ACTION_DNS_QUERY},
    {{"http", 4}, {"zeek.http", 9}, ACTION_HTTP_REQUEST},
    {{"ssl", 3}, {"zeek.ssl", 8}, ACTION_CONNECTION_OPENED},
    {{"ssh", 3}, {"zeek.ssh", 8}, ACTION_CONNECTION_OPENED},
    {{"rdp", 3}, {"zeek.rdp", 8}, ACTION_CONNECTION_OPENED},
    {{"notice", 6}, {"zeek.notice", 11}, ACTION_IDS_ALERT},
    {{"weird", 5}, {"zeek.weird", 10}, ACTION_NONE},
    {{"dhcp", 4}, {"zeek.dhcp", 9}, ACTION_DHCP_ASSIGNED},
    {{"files", 5}, {"zeek.files", 10}, ACTION_FILE_ACCESSED},
    {{"smb_files", 9}, {"zeek.smb_files", 14}, ACTION_FILE_ACCESSED},
    {{"smb_mapping", 11}, {"zeek.smb_mapping", 16}, ACTION_FILE_ACCESSED},
    {{"kerberos", 8}, {"zeek.kerberos", 13}, ACTION_KERBEROS_TICKET},
    {{"ntlm", 4}, {"zeek.ntlm", 9}, ACTION_NTLM_AUTH},
    {{"x509", 4}, {"zeek.x509", 9}, ACTION_NONE},
    {{"dce_rpc", 7}, {"zeek.dce_rpc", 12}, ACTION_NONE},
    {{"smtp", 4}, {"zeek.smtp", 9}, ACTION_MAIL_RECEIVED},
    {{"ftp", 3}, {"zeek.ftp", 8}, ACTION_FILE_ACCESSED},
};

/* Logs of one protocol do not say it in each record. */
static void put_protocol(struct parse_out *out, struct str path)
{
    static const struct str protocols[] = {{"dns", 3},      {"http", 4}, {"ssl", 3},    {"ssh", 3},
                                           {"rdp", 3},      {"smtp", 4}, {"ftp", 3},    {"dhcp", 4},
                                           {"kerberos", 8}, {"ntlm", 4}, {"dce_rpc", 7}};
    for (size_t i = 0; i < COUNT_OF(protocols); i++) {
        if (str_eq(path, protocols[i]))
            parse_out_add(out, FIELD_NETWORK_PROTOCOL, path);
    }
}

static void zeek_kind(struct parse_out *out, struct str path)
{
    out->dataset = S("zeek");
    parse_out_observer(out, S("zeek"), S("zeek"));
    for (size_t i = 0; i < COUNT_OF(zeek); i++) {
        if (!str_eq(path, zeek[i].path))
            continue;
        out->dataset = zeek[i].dataset;
        if (zeek[i].action != ACTION_NONE)
            parse_out_act(out, zeek[i].action, OUTCOME_NONE, (struct str){NULL, 0});
    }
    parse_out_known(out, out->dataset);
}

/* JSON lines carry "_path" where they are shipped by Corelight or json-streaming-logs; else the shape shows
 * it. */
bool net_zeek_json(struct parse_out *out, const struct json_items *items)
{
    struct str path = json_get(items, S("_path"));
    if (path.n == 0 && (json_get(items, S("id.orig_h")).n == 0 || json_get(items, S("uid")).n == 0))
        return false;
    if (path.n == 0)
        path = json_get(items, S("conn_state")).n > 0   ? S("conn")
               : json_get(items, S("qtype_name")).n > 0 ? S("dns")
               : json_get(items, S("uri")).n > 0        ? S("http")
                                                        : S("");
    zeek_kind(out, path);
    if ((out->e.flags & EVENT_NO_TIME) != 0)
        (void)body_time(out, json_get(items, S("ts")));
    for (size_t i = 0; i < items->n && out->n < EVENT_FIELDS_MAX; i++) {
        struct str name = items->item[i].name;
        if (!str_eq(name, S("ts")))
            body_mapped(out, MAP_ZEEK, name, items->item[i].value);
    }
    put_protocol(out, path);
    return true;
}

/* Columns that "#fields" may name, known to MAP_ZEEK or kept under their own names; their number is
 * remembered. */
static const char *const columns[] = {
    NULL,
    "ts",
    "uid",
    "id.orig_h",
    "id.orig_p",
    "id.resp_h",
    "id.resp_p",
    "proto",
    "service",
    "duration",
    "orig_bytes",
    "resp_bytes",
    "conn_state",
    "local_orig",
    "local_resp",
    "missed_bytes",
    "history",
    "orig_pkts",
    "orig_ip_bytes",
    "resp_pkts",
    "resp_ip_bytes",
    "tunnel_parents",
    "orig_l2_addr",
    "resp_l2_addr",
    "vlan",
    "trans_id",
    "rtt",
    "query",
    "qclass",
    "qclass_name",
    "qtype",
    "qtype_name",
    "rcode",
    "rcode_name",
    "AA",
    "TC",
    "RD",
    "RA",
    "Z",
    "answers",
    "TTLs",
    "rejected",
    "trans_depth",
    "method",
    "host",
    "uri",
    "referrer",
    "version",
    "user_agent",
    "origin",
    "request_body_len",
    "response_body_len",
    "status_code",
    "status_msg",
    "info_code",
    "info_msg",
    "tags",
    "username",
    "password",
    "proxied",
    "orig_fuids",
    "orig_filenames",
    "orig_mime_types",
    "resp_fuids",
    "resp_filenames",
    "resp_mime_types",
    "cipher",
    "curve",
    "server_name",
    "resumed",
    "last_alert",
    "next_protocol",
    "established",
    "cert_chain_fuids",
    "subject",
    "issuer",
    "validation_status",
    "fuid",
    "tx_hosts",
    "rx_hosts",
    "source",
    "depth",
    "analyzers",
    "mime_type",
    "filename",
    "is_orig",
    "seen_bytes",
    "total_bytes",
    "missing_bytes",
    "overflow_bytes",
    "timedout",
    "md5",
    "sha1",
    "sha256",
    "extracted",
    "note",
    "msg",
    "sub",
    "src",
    "dst",
    "p",
    "n",
    "actions",
    "name",
    "addl",
    "notice",
    "peer",
    "mac",
    "assigned_addr",
    "lease_time",
    "host_name",
    "client_fqdn",
    "domain",
    "msg_types",
    "auth_success",
    "auth_attempts",
    "direction",
    "client",
    "server",
    "cipher_alg",
    "mac_alg",
    "compression_alg",
    "kex_alg",
    "host_key_alg",
    "host_key",
    "action",
    "path",
    "size",
    "share_type",
    "helo",
    "mailfrom",
    "rcptto",
    "date",
    "from",
    "to",
    "reply_to",
    "msg_id",
    "in_reply_to",
    "first_received",
    "second_received",
    "last_reply",
    "tls",
    "user",
    "command",
    "arg",
    "endpoint",
    "operation",
    "named_pipe",
    "hostname",
    "domainname",
    "success",
    "error_msg",
    "request_type",
    "cookie",
    "result",
    "security_protocol",
    "keyboard_layout",
    "client_build",
    "client_name",
};
_Static_assert(COUNT_OF(columns) <= UINT8_MAX, "a column is remembered in one byte");

static uint8_t column_of(struct str name)
{
    for (size_t i = 1; i < COUNT_OF(columns); i++) {
        if (str_eq(name, str_of(columns[i])))
            return (uint8_t)i;
    }
    return 0;
}

/* What the columns say about the log: the hint has no room for its name. */
static struct str path_of(const uint8_t *header)
{
    static const struct {
        const char *column;
        struct str path;
    } marks[] = {
        {"conn_state", {"conn", 4}},         {"qtype_name", {"dns", 3}},     {"uri", {"http", 4}},
        {"cert_chain_fuids", {"ssl", 3}},    {"kex_alg", {"ssh", 3}},        {"note", {"notice", 6}},
        {"lease_time", {"dhcp", 4}},         {"analyzers", {"files", 5}},    {"mailfrom", {"smtp", 4}},
        {"request_type", {"kerberos", 8}},   {"domainname", {"ntlm", 4}},    {"endpoint", {"dce_rpc", 7}},
        {"share_type", {"smb_mapping", 11}}, {"keyboard_layout", {"rdp", 3}}};
    for (size_t k = 0; k < COUNT_OF(marks); k++) {
        uint8_t column = column_of(str_of(marks[k].column));
        for (uint8_t i = 1; i <= header[0]; i++) {
            if (header[i] == column)
                return marks[k].path;
        }
    }
    return (struct str){"", 0};
}

static void read_row(struct parse_out *out, struct str raw, const uint8_t *header)
{
    struct str value, rest = raw;
    for (uint8_t i = 1; i <= header[0] && rest.n > 0; i++) {
        (void)str_cut(rest, '\t', &value, &rest);
        if (header[i] > 1 && !str_eq(value, S("(empty)"))) {
            struct str name = str_of(columns[header[i]]);
            fieldmap_put(out, MAP_ZEEK, name, value, name);
        }
    }
}

bool net_zeek_line(struct parse_out *out, struct str raw)
{
    struct str fields = S("#fields\t"), name, rest;
    static const struct str heads[] = {{"#separator ", 11},  {"#set_separator", 14}, {"#empty_field", 12},
                                       {"#unset_field", 12}, {"#path\t", 6},         {"#open\t", 6},
                                       {"#types\t", 7},      {"#close\t", 7}};
    out->content_done = true;
    out->e.flags |= EVENT_NO_TIME;
    if (str_starts(raw, fields)) {
        for (rest = str_from(raw, fields.n); rest.n > 0 && out->columns[0] < PARSE_COLUMNS_MAX;) {
            (void)str_cut(rest, '\t', &name, &rest);
            out->columns[++out->columns[0]] = column_of(name);
        }
        return true;
    }
    for (size_t i = 0; raw.n > 0 && raw.p[0] == '#' && i < COUNT_OF(heads); i++) {
        if (str_starts(raw, heads[i]))
            return true;
    }
    const uint8_t *header = out->hint->columns;
    if (raw.n < 20 || raw.p[10] != '.' || header[0] == 0 || header[1] != 1 ||
        !str_cut(raw, '\t', &name, &rest) || !body_time(out, name))
        return false;
    struct str path = path_of(header);
    zeek_kind(out, path);
    read_row(out, raw, header);
    put_protocol(out, path);
    return true;
}

/* "[1:2010935:3] ET SCAN … [Classification: …] [Priority: 2] {TCP} 192.0.2.1:47000 -> 198.51.100.2:22" */
bool net_fast(struct parse_out *out, struct str msg)
{
    static const struct pattern_row rows[] = {
        {"[%d:%{rule.id}:%{rule.version}] %{rule.name*} [Classification: %{rule.category~}] [Priority: "
         "%{event.severity}] {%{transport}} %{source} -> %{destination}",
         ACTION_IDS_ALERT, OUTCOME_NONE, NULL},
        {"[%d:%{rule.id}:%{rule.version}] %{rule.name*} [Classification: %{rule.category~}] [Priority: "
         "%{event.severity}]: {%{transport}} %{source} -> %{destination}",
         ACTION_IDS_ALERT, OUTCOME_NONE, NULL},
        {"[%d:%{rule.id}:%{rule.version}] %{rule.name*} [Priority: %{event.severity}] {%{transport}} "
         "%{source} -> "
         "%{destination}",
         ACTION_IDS_ALERT, OUTCOME_NONE, NULL},
    };
    struct str mark = S("[**] "), quoted = S(" [**]");
    struct str text = msg;
    if (str_starts(text, mark))
        text = str_from(text, mark.n);
    size_t at = str_find(text, quoted);
    out->dataset = S("suricata.fast");
    if (at != SIZE_MAX) { /* the second mark stands between the rule and its class: taken out of a copy */
        struct str copy = arena_printf(out->arena, "%.*s%.*s", (int)at, text.p, (int)(text.n - at - quoted.n),
                                       text.p + at + quoted.n);
        text = copy.p == NULL ? text : copy;
    }
    return pattern_apply(out, text, rows, COUNT_OF(rows));
}

/* "10/21/2026-07:59:58.123456  [**] [1:…" of fast.log. */
bool net_fast_line(struct parse_out *out, struct str raw)
{
    struct civil v = {.offset_s = out->ctx->zone_s};
    int64_t ns;
    struct cur c = cur_of(raw);
    out->content_done = true;
    out->e.flags |= EVENT_NO_TIME;
    if (raw.n < 40 || raw.p[2] != '/' || raw.p[5] != '/' || raw.p[10] != '-')
        return false;
    v.month = (int)cur_dec_width(&c, 2);
    cur_expect(&c, '/');
    v.day = (int)cur_dec_width(&c, 2);
    cur_expect(&c, '/');
    v.year = (int32_t)cur_dec_width(&c, 4);
    cur_expect(&c, '-');
    parse_stamp_clock(&c, &v);
    if (c.bad || c.at != 26 || !when_to_ns(&v, &ns))
        return false;
    parse_out_time(out, ns, true);
    cur_spaces(&c);
    return net_fast(out, str_from(raw, c.at));
}
