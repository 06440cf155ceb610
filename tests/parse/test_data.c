/*
 * Scores on real data of others, read where it is (KHIEN_DATA, or ../shared/data beside the source tree);
 * without it every test is skipped. A score line is printed; the threshold is what was reached, so that it
 * never falls.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* clang-format off: cmocka.h needs the headers above it */
#include <cmocka.h>
/* clang-format on */
#include <jansson.h>

#include "parse/parse.h"

#define LINE_BYTES_MAX (1u << 18)

static char line_room[LINE_BYTES_MAX];

struct reader {
    FILE *f;
    struct arena a;
    struct event e;
    struct parse_hint hint;
    struct parse_ctx ctx;
};

static bool data_path(char *out, size_t n, const char *rest)
{
    const char *data = getenv("KHIEN_DATA"), *root = getenv("KHIEN_SOURCE_ROOT");
    static const char *const beside[] = {"../shared/data", "../../shared/data"};
    for (size_t i = 0; i < COUNT_OF(beside); i++) {
        if (data != NULL)
            (void)snprintf(out, n, "%s/%s", data, rest);
        else
            (void)snprintf(out, n, "%s/%s/%s", root == NULL ? "." : root, beside[i], rest);
        FILE *f = fopen(out, "r");
        if (f != NULL) {
            (void)fclose(f);
            return true;
        }
    }
    return false;
}

static bool reader_open(struct reader *r, const char *rest)
{
    char path[512];
    memset(r, 0, sizeof(*r));
    if (!data_path(path, sizeof(path), rest))
        return false;
    r->f = fopen(path, "r");
    r->ctx = (struct parse_ctx){
        .recv_ns = INT64_C(1795309200) * NS_PER_S, .zone_s = WHEN_VN_OFFSET_S, .history = true};
    arena_init(&r->a, 16 << 20);
    return r->f != NULL;
}

static void reader_close(struct reader *r)
{
    if (r->f != NULL)
        (void)fclose(r->f);
    arena_done(&r->a);
}

static bool next_line(struct reader *r, struct str *ret)
{
    if (fgets(line_room, sizeof(line_room), r->f) == NULL)
        return false;
    size_t n = strlen(line_room);
    while (n > 0 && (line_room[n - 1] == '\n' || line_room[n - 1] == '\r'))
        n--;
    *ret = (struct str){line_room, n};
    return true;
}

static void parse(struct reader *r, struct str raw)
{
    arena_reset(&r->a);
    parse_line(&r->ctx, &r->hint, raw, &r->a, &r->e);
}

static void score(const char *name, unsigned good, unsigned all, unsigned least_percent)
{
    print_message("# score %s: %u of %u\n", name, good, all);
    assert_true(all > 0);
    if (good * 100 < all * least_percent)
        fail_msg("%s: %u of %u, at least %u %% were reached before", name, good, all, least_percent);
}

static struct str json_text(const json_t *o, const char *key)
{
    const json_t *v = json_object_get(o, key);
    return json_is_string(v) ? (struct str){json_string_value(v), json_string_length(v)}
                             : (struct str){NULL, 0};
}

static void test_go_syslog(void **state)
{
    struct reader r;
    struct str s;
    unsigned good = 0, all = 0;
    (void)state;
    if (!reader_open(&r, "parsers/go-syslog-rfc5424/rfc5424.jsonl")) {
        reader_close(&r);
        skip();
    }
    while (next_line(&r, &s)) {
        json_t *o = json_loadb(s.p, s.n, JSON_ALLOW_NUL, NULL);
        assert_non_null(o);
        struct str in = json_text(o, "input");
        bool valid = json_is_true(json_object_get(o, "valid"));
        /* Bytes that are no UTF-8 were lost in the JSON of the set. */
        bool lost = !valid && str_find(in, S("\xEF\xBF\xBD")) != SIZE_MAX;
        if (!lost) {
            r.hint = (struct parse_hint){0};
            parse(&r, in);
            bool took = str_eq(parse_dialect(&r.hint), S("rfc5424")) && (r.e.flags & EVENT_MALFORMED) == 0;
            all++;
            good += took == valid;
            if (took != valid)
                print_message("# %s: %.*s\n", valid ? "refused" : "taken", STR_ARG(in));
        }
        json_decref(o);
    }
    reader_close(&r);
    score("go-syslog rfc5424 (take or refuse)", good, all, 100);
}

/* One property of an rsyslog template. */
static struct str property(struct reader *r, struct str name)
{
    struct str base, option, s = {NULL, 0};
    struct event *e = &r->e;
    (void)str_cut(name, ':', &base, &option);
    unsigned pri = e->facility == EVENT_NO_FACILITY ? 13 : e->facility * 8u + e->severity;
    if (str_eq_nocase(base, S("pri")))
        s = arena_printf(&r->a, "%u", pri);
    else if (str_eq(base, S("syslogfacility-text")))
        s = e->facility == EVENT_NO_FACILITY ? S("user") : event_facility_name(e->facility);
    else if (str_eq(base, S("syslogfacility")))
        s = arena_printf(&r->a, "%u", pri / 8);
    else if (str_eq(base, S("syslogseverity")))
        s = arena_printf(&r->a, "%u", pri % 8);
    else if (str_eq(base, S("syslogseverity-text")))
        s = str_eq(event_severity_name(e->severity), S("error")) ? S("err")
                                                                 : event_severity_name(e->severity);
    else if (str_eq_nocase(base, S("hostname")))
        s = event_get(e, FIELD_HOST_NAME).n > 0 ? event_get(e, FIELD_HOST_NAME) : S("$RS_HOSTNAME");
    else if (str_eq(base, S("fromhost-ip")))
        s = event_get(e, FIELD_HOST_IP);
    else if (str_eq(base, S("programname")))
        s = event_get(e, FIELD_PROCESS_NAME);
    else if (str_eq(base, S("msg")))
        s = e->message;
    else if (str_eq(base, S("rawmsg")))
        s = e->raw;
    else if (str_eq(base, S("syslogtag"))) {
        struct str p = event_get(e, FIELD_PROCESS_NAME), pid = event_get(e, FIELD_PROCESS_PID);
        if (p.n == 0)
            s = S("-");
        else if (pid.n > 0)
            s = arena_printf(&r->a, "%.*s[%.*s]:", STR_ARG(p), STR_ARG(pid));
        else
            s = arena_printf(&r->a, "%.*s:", STR_ARG(p));
    }
    return s;
}

/* Times are compared as instants: the set writes them in the zone of the message. */
static bool same_time(const struct event *e, struct str want)
{
    struct cur c = cur_of(want);
    int64_t ns;
    return when_parse_rfc3339(&c, &ns) && cur_done(&c) && ns == e->time_ns / 1000 * 1000;
}

static void put_squeezed(struct buf *b, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != ' ' && s.p[i] != '\t')
            buf_put_char(b, s.p[i]);
    }
}

static bool rsyslog_case(struct reader *r, struct str template, struct str want)
{
    struct buf have, expect;
    struct str head, name, rest = template;
    bool same;
    if (str_find(template, S("date-rfc3339")) != SIZE_MAX)
        return same_time(&r->e, want);
    buf_init(&have, 1 << 20);
    buf_init(&expect, 1 << 20);
    while (str_cut(rest, '%', &head, &rest)) {
        put_squeezed(&have, head);
        (void)str_cut(rest, '%', &name, &rest);
        put_squeezed(&have, property(r, name));
    }
    put_squeezed(&have, head);
    put_squeezed(&expect, want);
    put_squeezed(&expect, S("\\n"));
    same = str_eq(buf_str(&have), buf_str(&expect));
    if (!same)
        print_message("# rsyslog: want %.*s, got %.*s\n", STR_ARG(buf_str(&expect)), STR_ARG(buf_str(&have)));
    buf_done(&have);
    buf_done(&expect);
    return same;
}

static void test_rsyslog(void **state)
{
    /* Templates whose properties an event has; the Snare and pmnormalize tests are about modules of rsyslog.
     */
    static const char *const names[] = {"parsertest-parse-nodate", "pmrfc3164-defaultTag",
                                        "pmrfc3164-json",          "tabescape_off",
                                        "timestamp-3339",          "pmnormalize-rule_invld-data"};
    unsigned good = 0, all = 0;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        char path[128];
        struct reader r;
        (void)snprintf(path, sizeof(path), "parsers/rsyslog/%s.json", names[i]);
        if (!reader_open(&r, path)) {
            reader_close(&r);
            skip();
        }
        json_t *o = json_loadf(r.f, 0, NULL);
        assert_non_null(o);
        json_t *in = json_object_get(o, "inputs"), *want = json_object_get(o, "expected_output_lines");
        const json_t *t = json_array_get(json_object_get(o, "output_template"), 0);
        for (size_t k = 0; k < json_array_size(in); k++) {
            r.hint = (struct parse_hint){0};
            parse(&r, str_of(json_string_value(json_array_get(in, k))));
            all++;
            good += rsyslog_case(&r, str_of(json_string_value(t)),
                                 str_of(json_string_value(json_array_get(want, k))));
        }
        json_decref(o);
        reader_close(&r);
    }
    score("rsyslog (head, tag, time)", good, all, 95);
}

/* An IPv4 address inside IPv6, and leading zeros, are one address in different coats. */
static bool same_host(struct str a, struct str b)
{
    if (str_starts(a, S("::ffff:")))
        a = str_from(a, 7);
    if (str_starts(b, S("::ffff:")))
        b = str_from(b, 7);
    return str_eq_nocase(a, b);
}

static void fail2ban(const char *file, unsigned least)
{
    char path[128];
    struct reader r;
    struct str s;
    json_t *truth = NULL;
    unsigned good = 0, all = 0;
    (void)snprintf(path, sizeof(path), "parsers/fail2ban/%s", file);
    if (!reader_open(&r, path)) {
        reader_close(&r);
        skip();
    }
    while (next_line(&r, &s)) {
        struct str mark = S("# failJSON:");
        if (str_starts(s, mark)) {
            json_decref(truth);
            truth = json_loadb(s.p + mark.n, s.n - mark.n, 0, NULL);
            continue;
        }
        if (s.n == 0 || s.p[0] == '#' || truth == NULL)
            continue;
        struct str host = json_text(truth, "host");
        if (json_is_true(json_object_get(truth, "match")) && host.n > 0) {
            parse(&r, s);
            struct str ip = event_get(&r.e, FIELD_SOURCE_IP);
            if (ip.n == 0)
                ip = event_get_named(&r.e, S("source.domain"));
            bool same = same_host(ip, host);
            all++;
            good += same;
            if (!same)
                print_message("# fail2ban %s: want %.*s, got %.*s: %.*s\n", file, STR_ARG(host), STR_ARG(ip),
                              STR_ARG(s));
        }
        json_decref(truth);
        truth = NULL;
    }
    json_decref(truth);
    reader_close(&r);
    score(path, good, all, least);
}

static void test_fail2ban_sshd(void **state)
{
    (void)state;
    fail2ban("sshd-journal", 87);
}

static void test_fail2ban_pam(void **state)
{
    (void)state;
    fail2ban("pam-generic", 100);
}

static void test_fail2ban_apache(void **state)
{
    (void)state;
    fail2ban("apache-auth", 95);
}

static void test_fail2ban_nginx(void **state)
{
    (void)state;
    fail2ban("nginx-http-auth", 88);
}

/* Heads of all products that crowdsec reads with its syslog parser; sshd also with its fields. */
static void crowdsec_one(const char *name, unsigned *head_good, unsigned *head_all, unsigned *ssh_good,
                         unsigned *ssh_all)
{
    static struct str lines[4096];
    char path[256];
    struct reader log, truth;
    struct str s;
    size_t n = 0;
    (void)snprintf(path, sizeof(path), "parsers/crowdsec/%.80s/%.80s.log", name, name);
    bool ok = reader_open(&log, path);
    (void)snprintf(path, sizeof(path), "parsers/crowdsec/%.80s/expected-parse.jsonl", name);
    ok = reader_open(&truth, path) && ok;
    struct arena keep;
    arena_init(&keep, 64 << 20);
    while (ok && n < COUNT_OF(lines) && next_line(&log, &s)) {
        if (s.n > 0)
            lines[n++] = arena_str(&keep, s);
    }
    while (ok && next_line(&truth, &s)) {
        json_t *o = json_loadb(s.p, s.n, 0, NULL);
        const json_t *parsed = json_object_get(o, "parsed"), *meta = json_object_get(o, "meta");
        json_int_t i = json_integer_value(json_object_get(o, "i"));
        bool raw = str_eq(json_text(o, "stage"), S("s00-raw"));
        bool sshd = str_eq(json_text(o, "parser"), S("crowdsecurity/sshd-logs"));
        if (json_is_true(json_object_get(o, "success")) && i >= 0 && (size_t)i < n &&
            str_eq(json_text(o, "parser"), S("crowdsecurity/syslog-logs")) && raw) {
            parse(&log, lines[i]);
            bool same = str_eq(str_trim(log.e.message), str_trim(json_text(parsed, "message"))) &&
                        str_eq(event_get(&log.e, FIELD_PROCESS_NAME), json_text(parsed, "program"));
            ++*head_all;
            *head_good += same;
            if (!same)
                print_message("# crowdsec %s: %.*s\n", name, STR_ARG(lines[i]));
        }
        if (sshd && json_is_true(json_object_get(o, "success")) && i >= 0 && (size_t)i < n) {
            parse(&log, lines[i]);
            struct str ip = event_get(&log.e, FIELD_SOURCE_IP), user = json_text(meta, "target_user");
            bool same = str_eq(ip, json_text(meta, "source_ip")) &&
                        (user.n == 0 || str_eq(user, event_get(&log.e, FIELD_USER_NAME)));
            ++*ssh_all;
            *ssh_good += same;
            if (!same)
                print_message("# crowdsec sshd %s: %.*s\n", name, STR_ARG(lines[i]));
        }
        json_decref(o);
    }
    arena_done(&keep);
    reader_close(&log);
    reader_close(&truth);
}

static void test_crowdsec(void **state)
{
    char path[512];
    unsigned head_good = 0, head_all = 0, ssh_good = 0, ssh_all = 0;
    (void)state;
    if (!data_path(path, sizeof(path), "parsers/crowdsec/index.jsonl"))
        skip();
    *strrchr(path, '/') = '\0';
    DIR *d = opendir(path);
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d)) != NULL;)
        crowdsec_one(e->d_name, &head_good, &head_all, &ssh_good, &ssh_all);
    (void)closedir(d);
    score("crowdsec syslog heads (program and message)", head_good, head_all, 98);
    score("crowdsec sshd (address and account)", ssh_good, ssh_all, 97);
}

/* One cell of a CSV line, quoted or not. */
static struct str cell(struct cur *c, struct arena *a)
{
    struct str s = {NULL, 0};
    if (!cur_skip(c, '"')) {
        size_t from = c->at;
        while (cur_left(c) > 0 && cur_peek(c) != ',')
            c->at++;
        s = str_sub(c->in, from, c->at - from);
    } else {
        char *p = arena_alloc(a, c->in.n + 1, 1, 1);
        assert_non_null(p);
        s.p = p;
        while (cur_left(c) > 0) {
            if (cur_skip(c, '"') && cur_peek(c) != '"')
                break;
            p[s.n++] = c->in.p[c->at++];
        }
    }
    (void)cur_skip(c, ',');
    return s;
}

/* loghub: LineId, then date cells, host, program, pid, content; program_at counts cells from 0. */
static void loghub(const char *name, unsigned host_at, unsigned least, unsigned least_action)
{
    char path[128];
    struct reader log, truth;
    struct str s, cells[16];
    unsigned good = 0, all = 0, acts = 0;
    (void)snprintf(path, sizeof(path), "loghub/%s/%s_2k.log", name, name);
    bool ok = reader_open(&log, path);
    (void)snprintf(path, sizeof(path), "loghub/%s/%s_2k.log_structured.csv", name, name);
    if (!reader_open(&truth, path) || !ok || !next_line(&truth, &s)) {
        reader_close(&log);
        reader_close(&truth);
        skip();
    }
    while (next_line(&log, &s)) {
        struct str line = arena_str(&truth.a, s), program, pam;
        assert_true(next_line(&truth, &s));
        struct cur c = cur_of(s);
        for (unsigned i = 0; i < host_at + 4; i++)
            cells[i] = cell(&c, &truth.a);
        parse(&log, line);
        (void)str_cut(cells[host_at + 1], '(', &program, &pam);
        bool same = str_eq(event_get(&log.e, FIELD_HOST_NAME), cells[host_at]) &&
                    str_eq(event_get(&log.e, FIELD_PROCESS_NAME), str_trim(program)) &&
                    str_eq(event_get(&log.e, FIELD_PROCESS_PID), cells[host_at + 2]) &&
                    str_eq(str_trim(log.e.message), str_trim(cells[host_at + 3]));
        all++;
        good += same;
        acts += event_get(&log.e, FIELD_EVENT_ACTION).n > 0;
        if (!same)
            print_message("# loghub %s: %.*s\n", name, STR_ARG(line));
        arena_reset(&truth.a);
    }
    reader_close(&log);
    reader_close(&truth);
    score(path, good, all, least);
    score("  with event.action", acts, all, least_action);
}

static void test_loghub_linux(void **state)
{
    (void)state;
    loghub("Linux", 4, 99, 42);
}

static void test_loghub_openssh(void **state)
{
    struct reader r;
    struct str s;
    unsigned all = 0, read = 0, acts = 0;
    (void)state;
    if (!reader_open(&r, "loghub/OpenSSH/OpenSSH_2k.log")) {
        reader_close(&r);
        skip();
    }
    while (next_line(&r, &s)) {
        parse(&r, s);
        all++;
        read +=
            str_eq(event_get(&r.e, FIELD_PROCESS_NAME), S("sshd")) && event_get(&r.e, FIELD_HOST_NAME).n > 0;
        acts += event_get(&r.e, FIELD_EVENT_ACTION).n > 0;
    }
    reader_close(&r);
    score("loghub OpenSSH heads", read, all, 100);
    score("loghub OpenSSH with event.action", acts, all, 93);
}

static void test_loghub_apache(void **state)
{
    struct reader r;
    struct str s;
    unsigned all = 0, good = 0;
    (void)state;
    if (!reader_open(&r, "loghub/Apache/Apache_2k.log")) {
        reader_close(&r);
        skip();
    }
    while (next_line(&r, &s)) {
        parse(&r, s);
        all++;
        good += str_eq(event_get(&r.e, FIELD_EVENT_ACTION), S("http_error")) && r.e.severity < 6;
    }
    reader_close(&r);
    score("loghub Apache error log", good, all, 100);
}

static void test_psad(void **state)
{
    static const char *const files[] = {"ack_scan_1000_1150",
                                        "fin_scan_1000_1150",
                                        "invalid_icmp_type_code",
                                        "ipv4_igmp",
                                        "ipv6_invalid_icmp6_type_code",
                                        "ipv6_tcp_connect_nmap_default_scan",
                                        "mirai_default_credentials_scan",
                                        "null_scan_1000_1150",
                                        "proto_scan",
                                        "syn_scan_1000_1500",
                                        "syn_sweep",
                                        "xmas_scan_1000_1150"};
    unsigned all = 0, good = 0;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        char path[128];
        struct reader r;
        struct str s;
        (void)snprintf(path, sizeof(path), "parsers/psad-iptables/%s.log", files[i]);
        if (!reader_open(&r, path)) {
            reader_close(&r);
            skip();
        }
        while (next_line(&r, &s)) {
            parse(&r, s);
            all++;
            good += str_eq(event_get(&r.e, FIELD_EVENT_CATEGORY), S("network")) &&
                    event_get(&r.e, FIELD_SOURCE_IP).n > 0 && event_get(&r.e, FIELD_DESTINATION_IP).n > 0;
        }
        reader_close(&r);
    }
    score("psad iptables", good, all, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_go_syslog),
        cmocka_unit_test(test_rsyslog),
        cmocka_unit_test(test_fail2ban_sshd),
        cmocka_unit_test(test_fail2ban_pam),
        cmocka_unit_test(test_fail2ban_apache),
        cmocka_unit_test(test_fail2ban_nginx),
        cmocka_unit_test(test_crowdsec),
        cmocka_unit_test(test_loghub_linux),
        cmocka_unit_test(test_loghub_openssh),
        cmocka_unit_test(test_loghub_apache),
        cmocka_unit_test(test_psad),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
