#include "parse/body.h"
#include "parse/net.h"

/*
 * Linux audit records as auditd, audisp and the kernel write them: "type=SYSCALL
 * msg=audit(1700000000.123:4567): a=b … msg='c=d …'". Each record is an event; those of one act carry the
 * same event.sequence and are not joined here, for they come as lines of their own. Every value keeps its
 * name as auditd.NAME; some become ECS fields beside it. Source: linux-audit, Audit-specs, audit-fields.
 */

#define NAME_BYTES_MAX 32u
#define ARGS_BYTES_MAX 16384u

static const struct {
    struct str key;
    uint16_t field;
} fields[] = {
    {{"pid", 3}, FIELD_PROCESS_PID},
    {{"ppid", 4}, FIELD_PROCESS_PARENT_PID},
    {{"uid", 3}, FIELD_USER_ID},
    {{"euid", 4}, FIELD_USER_EFFECTIVE_ID},
    {{"exe", 3}, FIELD_PROCESS_EXECUTABLE},
    {{"cwd", 3}, FIELD_PROCESS_CWD},
    {{"acct", 4}, FIELD_USER_NAME},
    {{"addr", 4}, FIELD_SOURCE_IP},
    {{"cmd", 3}, FIELD_PROCESS_CMD},
    {{"ses", 3}, FIELD_SESSION_ID},
    {{"src", 3}, FIELD_SOURCE_IP},
    {{"dst", 3}, FIELD_DESTINATION_IP},
    {{"laddr", 5}, FIELD_DESTINATION_IP},
    {{"lport", 5}, FIELD_DESTINATION_PORT},
    {{"rport", 5}, FIELD_SOURCE_PORT},
    {{"grp", 3}, FIELD_GROUP_NAME},
};

/* Values that are hex digits of bytes where they stand without quotes. */
static const struct str encoded[] = {{"proctitle", 9}, {"exe", 3},  {"comm", 4}, {"name", 4}, {"cwd", 3},
                                     {"cmd", 3},       {"data", 4}, {"acct", 4}, {"path", 4}, {"key", 3}};

static const struct {
    struct str type;
    enum parse_action action;
} types[] = {
    {{"EXECVE", 6}, ACTION_PROCESS_STARTED},
    {{"USER_LOGIN", 10}, ACTION_LOGIN},
    {{"USER_AUTH", 9}, ACTION_PAM_AUTH},
    {{"USER_START", 10}, ACTION_SESSION_OPENED},
    {{"USER_END", 8}, ACTION_SESSION_CLOSED},
    {{"USER_CMD", 8}, ACTION_SUDO_COMMAND},
    {{"ADD_USER", 8}, ACTION_USER_ADDED},
    {{"DEL_USER", 8}, ACTION_USER_DELETED},
    {{"ADD_GROUP", 9}, ACTION_GROUP_ADDED},
    {{"DEL_GROUP", 9}, ACTION_GROUP_DELETED},
    {{"USER_CHAUTHTOK", 14}, ACTION_PASSWORD_CHANGED},
    {{"CONFIG_CHANGE", 13}, ACTION_AUDIT_CHANGED},
    {{"DAEMON_START", 12}, ACTION_SERVICE_STARTED},
    {{"DAEMON_END", 10}, ACTION_AUDIT_CHANGED},
    {{"SERVICE_START", 13}, ACTION_SERVICE_STARTED},
    {{"SERVICE_STOP", 12}, ACTION_SERVICE_STOPPED},
    {{"SYSTEM_BOOT", 11}, ACTION_SYSTEM_STARTED},
    {{"SYSTEM_SHUTDOWN", 15}, ACTION_SYSTEM_STOPPED},
    {{"KERN_MODULE", 11}, ACTION_MODULE_LOADED},
    {{"NETFILTER_CFG", 13}, ACTION_FIREWALL_CHANGED},
    {{"ANOM_PROMISCUOUS", 16}, ACTION_INTERFACE_PROMISCUOUS},
    {{"ANOM_ABEND", 10}, ACTION_PROCESS_CRASHED},
    {{"RESP_ACCT_LOCK", 14}, ACTION_ACCOUNT_LOCKED_OUT},
};

struct record {
    struct str type, result, syscall;
    char *args; /* command line of EXECVE, in the arena */
    size_t n_args;
};

static int hex(char c)
{
    char l = ascii_lower(c);
    return ascii_is_digit(c) ? c - '0' : l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

/* Bytes of hex digits, NUL as a blank; the text itself where it is none. */
static struct str decoded(struct parse_out *out, struct str s)
{
    if (s.n < 4 || s.n % 2 != 0)
        return s;
    for (size_t i = 0; i < s.n; i++) {
        if (hex(s.p[i]) < 0)
            return s;
    }
    char *p = arena_alloc(out->arena, s.n / 2, 1, 1);
    if (p == NULL)
        return s;
    for (size_t i = 0; i < s.n / 2; i++) {
        p[i] = (char)(hex(s.p[i * 2]) << 4 | hex(s.p[i * 2 + 1]));
        if (p[i] == '\0')
            p[i] = ' ';
    }
    return (struct str){p, s.n / 2};
}

static bool is_encoded(struct str key)
{
    for (size_t i = 0; i < COUNT_OF(encoded); i++) {
        if (str_eq(key, encoded[i]))
            return true;
    }
    return false;
}

static void put_own(struct parse_out *out, struct str key, struct str value)
{
    struct str prefix = S("auditd.");
    if (key.n > NAME_BYTES_MAX || out->n == EVENT_FIELDS_MAX)
        return;
    char *p = arena_alloc(out->arena, prefix.n + key.n, 1, 1);
    if (p == NULL)
        return;
    memcpy(p, prefix.p, prefix.n);
    memcpy(p + prefix.n, key.p, key.n);
    parse_out_put_named(out, (struct str){p, prefix.n + key.n}, value);
}

/* "a0" to "a255" of EXECVE, in order of coming. */
static void add_argument(struct parse_out *out, struct record *r, struct str value)
{
    if (r->args == NULL)
        r->args = arena_alloc(out->arena, ARGS_BYTES_MAX, 1, 1);
    if (r->args == NULL || r->n_args + 1 + value.n > ARGS_BYTES_MAX)
        return;
    if (r->n_args > 0)
        r->args[r->n_args++] = ' ';
    memcpy(r->args + r->n_args, value.p, value.n);
    r->n_args += value.n;
}

static void put(struct parse_out *out, struct record *r, struct str key, struct str value, bool quoted)
{
    if (value.n == 0 || str_eq(value, S("?")) || str_eq(value, S("(null)")))
        return;
    bool argument = key.n > 1 && key.p[0] == 'a' && ascii_is_digit(key.p[1]) && str_eq(r->type, S("EXECVE"));
    if (!quoted && (argument || is_encoded(key)))
        value = decoded(out, value);
    if (str_eq(key, S("res")) || str_eq(key, S("success")))
        r->result = value;
    else if (str_eq(key, S("syscall")))
        r->syscall = value;
    else if (str_eq(key, S("proctitle")))
        parse_out_put_named(out, S("process.title"), value);
    else if (str_eq(key, S("comm")))
        parse_out_set(out, FIELD_PROCESS_NAME, value);
    else if (argument)
        add_argument(out, r, value);
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        if (!str_eq(key, fields[i].key))
            continue;
        if (fields[i].field == FIELD_PROCESS_EXECUTABLE)
            parse_out_add(out, FIELD_PROCESS_EXECUTABLE, value);
        else if (fields[i].field == FIELD_PROCESS_PID)
            parse_out_set(out, FIELD_PROCESS_PID, value);
        else
            fieldmap_value(out, fields[i].field, value);
    }
    put_own(out, key, value);
}

/* Words up to the end; what stands in msg='…' is read in the same way. */
static void read_pairs(struct parse_out *out, struct record *r, struct str s)
{
    struct cur c = cur_of(s);
    struct body_pair p;
    for (unsigned depth = 0; cur_left(&c) > 0 && out->n < EVENT_FIELDS_MAX;) {
        cur_spaces(&c);
        struct str rest = str_from(s, c.at), inner = S("msg='");
        if (depth == 0 && str_starts(rest, inner)) {
            c.at += inner.n;
            depth++;
            continue;
        }
        size_t at = c.at;
        if (!body_next_pair(&c, "'\x1d", &p)) {
            c.at = at;
            if (cur_word(&c).n == 0 && cur_left(&c) > 0)
                c.at++; /* always at least one byte */
            continue;
        }
        put(out, r, p.key, p.value, p.value.p > s.p && p.value.p[-1] == '"');
    }
}

static bool is_execve(struct str syscall)
{
    return str_eq(syscall, S("execve")) || str_eq(syscall, S("59")) || str_eq(syscall, S("322")) ||
           str_eq(syscall, S("execveat"));
}

static void put_action(struct parse_out *out, const struct record *r)
{
    bool good = str_eq(r->result, S("success")) || str_eq(r->result, S("yes")) || str_eq(r->result, S("1"));
    bool bad = str_eq(r->result, S("failed")) || str_eq(r->result, S("no")) || str_eq(r->result, S("0"));
    enum parse_outcome outcome = good ? OUTCOME_SUCCESS : bad ? OUTCOME_FAILURE : OUTCOME_NONE;
    enum parse_action action = ACTION_NONE;
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        if (str_eq(r->type, types[i].type))
            action = types[i].action;
    }
    if (str_eq(r->type, S("SYSCALL")) && is_execve(r->syscall))
        action = ACTION_PROCESS_STARTED;
    if (action != ACTION_NONE)
        parse_out_act(out, action, outcome, (struct str){NULL, 0});
    else if (outcome != OUTCOME_NONE)
        parse_out_add(out, FIELD_EVENT_OUTCOME, good ? S("success") : S("failure"));
    parse_out_known(out, out->dataset);
}

/* "type=SYSCALL msg=audit(…)" of auditd and audisp, "audit: type=1300 audit(…)" of the kernel. */
bool audit_record(struct parse_out *out, struct str msg)
{
    struct str head, rest, stamp, time, sequence, node = S("node="), type = S("type="), audit = S("audit(");
    struct record r = {0};
    if (str_starts(msg, S("audit: ")))
        msg = str_from(msg, 7);
    if (str_starts(msg, node) && str_cut(msg, ' ', &head, &rest)) {
        parse_out_add(out, FIELD_HOST_NAME, str_from(head, node.n));
        msg = rest;
    }
    if (!str_starts(msg, type) && str_starts(msg, S("/")))
        return net_pf_gui(out, msg); /* OPNsense names the audit of its console so, too */
    if (!str_starts(msg, type) || !str_cut(str_from(msg, type.n), ' ', &r.type, &rest))
        return false;
    if (str_starts(rest, S("msg=")))
        rest = str_from(rest, 4);
    if (!str_starts(rest, audit) || !str_cut(str_from(rest, audit.n), ')', &stamp, &rest) ||
        !str_cut(stamp, ':', &time, &sequence))
        return false;
    out->dataset = S("auditd.log");
    parse_out_put_named(out, S("auditd.type"), r.type);
    parse_out_put(out, FIELD_EVENT_SEQUENCE, sequence);
    if ((out->e.flags & EVENT_NO_TIME) != 0)
        (void)body_time(out, time);
    read_pairs(out, &r, str_starts(rest, S(":")) ? str_from(rest, 1) : rest);
    if (r.n_args > 0)
        parse_out_add(out, FIELD_PROCESS_CMD, (struct str){r.args, r.n_args});
    put_action(out, &r);
    return true;
}

bool audit_line(struct parse_out *out, struct str raw)
{
    out->content_done = true;
    out->e.flags |= EVENT_NO_TIME;
    return (str_starts(raw, S("type=")) || str_starts(raw, S("node="))) && audit_record(out, raw);
}
