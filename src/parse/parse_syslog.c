#include "parse/parse_syslog.h"

#include "parse/parse_stamp.h"

#define TAG_BYTES_MAX 128u  /* RFC 3164 says 32; programs in containers write longer ones */
#define HOST_BYTES_MAX 255u /* RFC 1035 */
#define PID_BYTES_MAX 32u
#define PREFIX_WORDS_MAX 3u             /* sequence number, host name, colon before the time (Cisco) */
#define AHEAD_LIVE_NS (7 * WHEN_DAY_NS) /* a clock may run ahead before its missing year is put back */
#define AHEAD_HISTORY_NS WHEN_DAY_NS

bool parse_syslog_pri(struct parse_out *out, struct cur *c, bool strict)
{
    struct cur k = *c;
    if (!cur_skip(&k, '<'))
        return false;
    size_t from = k.at;
    uint64_t v = cur_dec(&k, 191);
    size_t digits = k.at - from;
    cur_expect(&k, '>');
    if (k.bad || digits > 3 || (strict && digits > 1 && k.in.p[from] == '0'))
        return false;
    out->e.facility = (uint8_t)(v >> 3);
    out->e.severity = (uint8_t)(v & 7);
    *c = k;
    return true;
}

void parse_syslog_put_host(struct parse_out *out, struct str host)
{
    if (host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
        host = str_sub(host, 1, host.n - 2);
    parse_out_put(out, FIELD_HOST_NAME, host);
    if (host.n > 0 && (ascii_is_digit(host.p[0]) || str_find_char(host, ':') != SIZE_MAX))
        parse_out_put(out, FIELD_HOST_IP, host);
}

void parse_syslog_put_program(struct parse_out *out, struct str program)
{
    struct str name = program;
    if (program.n > 1 && program.p[0] == '/') {
        assert(program.p != NULL);
        const char *slash = memrchr(program.p, '/', program.n);
        name = str_from(program, (size_t)(slash - program.p) + 1);
        if (name.n == 0)
            name = program;
        parse_out_put_named(out, S("process.executable"), program);
    }
    if (str_starts(name, S("sshd-")) && (str_eq(name, S("sshd-session")) || str_eq(name, S("sshd-auth"))))
        name = str_sub(name, 0, 4);
    out->tag = name; /* "sshd(pam_unix)" of old PAM: the program is sshd, the tag stays for the content */
    size_t paren = str_find_char(name, '(');
    if (paren != SIZE_MAX && paren > 0 && name.p[name.n - 1] == ')')
        name.n = paren;
    parse_out_put(out, FIELD_PROCESS_NAME, name);
}

void parse_syslog_put_pid(struct parse_out *out, struct str pid)
{
    uint64_t v;
    if (str_to_u64(pid, INT64_MAX, &v))
        parse_out_put(out, FIELD_PROCESS_PID, pid);
    else
        parse_out_put_named(out, S("log.syslog.procid"), pid);
}

/* A tag as it stands: name, pid, and where the message starts. */
struct tag {
    struct str name, pid;
    size_t end;
};

static bool tag_char(char c)
{
    return ascii_is_alnum(c) || (unsigned char)c >= 0x80 ||
           (c != '\0' && strchr("-_./%()@+#*,$~!", c) != NULL);
}

/* "name[pid]:", "name:", "name[pid] " at the start; needs the colon or the pid, for words are no tags. */
static bool tag_read(struct str s, struct tag *ret)
{
    size_t i = 0;
    *ret = (struct tag){0};
    while (i < s.n && i < TAG_BYTES_MAX && tag_char(s.p[i]))
        i++;
    if (i == 0 || i == s.n)
        return false;
    ret->name = str_sub(s, 0, i);
    if (s.p[i] == '[') {
        struct str rest = str_from(s, i + 1);
        size_t close = str_find_char(str_sub(rest, 0, rest.n < PID_BYTES_MAX ? rest.n : PID_BYTES_MAX), ']');
        if (close == SIZE_MAX)
            return false;
        ret->pid = str_sub(rest, 0, close);
        i += close + 2;
        if (i < s.n && s.p[i] == ':')
            i++;
        else if (i < s.n && s.p[i] != ' ')
            return false;
    } else if (s.p[i] == ':') {
        i++;
        char next = i < s.n ? s.p[i] : ' ';
        if (next != ' ' && next != '\t' &&
            (!ascii_is_alpha(s.p[0]) || ascii_is_digit(next) || next == '/' || next == '\\' || next == ':'))
            return false; /* "http://", "C:\", "12:30" */
    } else {
        return false;
    }
    if (i < s.n && s.p[i] == ' ')
        i++;
    ret->end = i;
    return true;
}

/* "%ASA-6-302013" names a message, not a program: event.code, and the severity where PRI is missing. */
static void put_mnemonic(struct parse_out *out, struct str name)
{
    while (name.n > 0 && name.p[0] == '%')
        name = str_from(name, 1);
    parse_out_put(out, FIELD_EVENT_CODE, name);
    size_t dash = str_find_char(name, '-');
    if (out->e.facility == EVENT_NO_FACILITY && dash != SIZE_MAX && dash + 2 < name.n &&
        name.p[dash + 1] >= '0' && name.p[dash + 1] <= '7' && name.p[dash + 2] == '-')
        out->e.severity = (uint8_t)(name.p[dash + 1] - '0');
}

static void put_tag(struct parse_out *out, const struct tag *t)
{
    if (t->name.p[0] == '%') {
        put_mnemonic(out, t->name);
        out->tag = t->name;
    } else {
        parse_syslog_put_program(out, t->name);
        parse_syslog_put_pid(out, t->pid);
    }
}

/* Tag and message; without a tag all is message. */
static void read_body(struct parse_out *out, struct str body)
{
    struct tag t;
    if (tag_read(body, &t)) {
        put_tag(out, &t);
        body = str_from(body, t.end);
    }
    out->e.message = body;
}

static bool host_ok(struct str s)
{
    if (s.n == 0 || s.n > HOST_BYTES_MAX)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (!ascii_is_alnum(s.p[i]) && strchr("-_.:[]@/%", s.p[i]) == NULL && (unsigned char)s.p[i] < 0x80)
            return false;
        if (s.p[i] == '\0')
            return false;
    }
    return true;
}

/* The word is a host and not a tag: no ':' at its end, no "[pid]", and not "last message repeated". */
static bool is_host(struct str word, struct str rest)
{
    if (!host_ok(word) || (str_eq(word, S("last")) && str_starts(rest, S(" message repeated"))))
        return false;
    if (word.p[word.n - 1] == ':')
        return parse_ip_is(word) || str_starts(rest, S(" %")); /* "fw1: %ASA-…" */
    return word.p[0] == '[' || str_find_char(word, '[') == SIZE_MAX;
}

/* Host and body behind the time. The cursor stands at the blank or colon that ends the time. */
static void read_host_body(struct parse_out *out, struct cur *c, struct str host)
{
    bool cisco = cur_skip(c, ':');
    cur_spaces(c);
    struct str rest = str_from(c->in, c->at);
    if (!cisco) {
        struct str word = cur_word(c);
        struct str behind = str_from(c->in, c->at);
        if (is_host(word, behind)) {
            host = word;
            if (str_ends(host, S(":")) && !parse_ip_is(host))
                host.n--;
            (void)cur_skip(c, ' ');
            if (cur_left(c) > 2 && c->in.p[c->at] == ':' && c->in.p[c->at + 1] == ' ')
                c->at += 2; /* ASA: "host : %ASA-…" */
            rest = str_from(c->in, c->at);
        }
    }
    parse_syslog_put_host(out, host);
    read_body(out, rest);
}

/* Words before the time: "45: ", "router1: ", ": ". False where a word is none of these. */
static bool read_prefix(struct parse_out *out, struct cur *c, struct str *host)
{
    struct str word = cur_word(c);
    if (word.n == 0 || word.p[word.n - 1] != ':' || !cur_skip(c, ' '))
        return false;
    word.n--;
    uint64_t seq;
    if (word.n == 0)
        return true;
    if (str_to_u64(word, INT64_MAX, &seq)) {
        parse_out_put_named(out, S("event.sequence"), word);
        return true;
    }
    *host = word;
    return host_ok(word);
}

static void put_time(struct parse_out *out, const struct parse_stamp *st)
{
    out->e.time_ns = st->ns;
    out->zone_missing = st->zone_missing;
    if (st->year_missing || st->zone_missing)
        out->e.flags |= EVENT_GUESSED;
    if (st->unsynced)
        out->e.flags |= EVENT_CLOCK;
}

bool parse_syslog_3164(struct parse_out *out, struct str raw)
{
    struct cur c = cur_of(raw);
    struct parse_stamp st;
    struct str host = {NULL, 0};
    const struct parse_hint *h = out->hint;
    int32_t zone_s = h->zone_known ? h->zone_s : out->ctx->zone_s;
    int64_t ahead = out->ctx->history ? AHEAD_HISTORY_NS : AHEAD_LIVE_NS;
    bool pri = parse_syslog_pri(out, &c, false);
    (void)cur_skip(&c, ' ');
    for (unsigned i = 0; !parse_stamp_read(&c, out->ctx->recv_ns, zone_s, ahead, &st); i++) {
        if (!pri || i == PREFIX_WORDS_MAX || !read_prefix(out, &c, &host))
            return false;
        cur_spaces(&c);
    }
    int next = cur_peek(&c);
    if (next != -1 && next != ' ' && next != ':')
        return false;
    put_time(out, &st);
    read_host_body(out, &c, host);
    return true;
}

/* "program[pid]: " where the pid is a number: sure enough to be syslog even without PRI and time. */
static bool sure_tag(struct str s, struct tag *t)
{
    uint64_t pid;
    return tag_read(s, t) && str_to_u64(t->pid, INT64_MAX, &pid) && s.p[t->end - 1] != ']';
}

bool parse_syslog_bare(struct parse_out *out, struct str raw)
{
    struct cur c = cur_of(raw);
    struct tag t;
    bool pri = parse_syslog_pri(out, &c, false);
    struct str body = str_from(raw, c.at);
    out->e.flags |= EVENT_NO_TIME;
    if (sure_tag(body, &t)) {
        read_body(out, body);
        return true;
    }
    struct str word = cur_word(&c);
    if (cur_skip(&c, ' ') && is_host(word, str_from(raw, c.at)) && sure_tag(str_from(raw, c.at), &t)) {
        parse_syslog_put_host(out, word);
        read_body(out, str_from(raw, c.at));
        return true;
    }
    if (!pri)
        return false;
    uint64_t version;
    if (str_to_u64(word, 999, &version) && word.n <= 3)
        out->e.flags |= EVENT_MALFORMED; /* begins like RFC 5424, but does not follow it */
    read_body(out, body);
    return true;
}

bool parse_syslog_text(struct parse_out *out, struct str raw)
{
    out->e.message = raw;
    out->e.flags |= EVENT_MALFORMED | EVENT_NO_TIME;
    return true;
}
