#include "source/source_station.h"

#ifdef KHIEN_JOURNAL

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#define RECORDS_PER_STEP 1024
#define POLL_S 2 /* files on network disks send no notice */
#define MARKS 64u
#define APP_BYTES_MAX 48u

struct mark {
    uint64_t received;
    struct source_position position;
};

struct journal {
    sd_journal *j;
    struct event *readable, *tick;
    struct source *source;
    struct buf line; /* the record in hand; kept while the sink is full */
    bool has_line;
    struct mark marks[MARKS];
    size_t first_mark, n_marks;
};

/* Value of a field of the current record, without "NAME=". */
static struct str get(sd_journal *j, const char *name)
{
    const void *data;
    size_t n, skip = strlen(name) + 1;
    if (sd_journal_get_data(j, name, &data, &n) < 0 || n < skip)
        return (struct str){NULL, 0};
    return (struct str){(const char *)data + skip, n - skip};
}

static struct str first_of(sd_journal *j, const char *a, const char *b)
{
    struct str s = get(j, a);
    return s.n > 0 ? s : get(j, b);
}

/* A header word of RFC 5424: printable ASCII without blanks, '-' where it is empty. */
static void put_word(struct buf *b, struct str s, size_t bytes_max)
{
    buf_put_char(b, ' ');
    if (s.n == 0)
        buf_put_char(b, '-');
    for (size_t i = 0; i < s.n && i < bytes_max; i++)
        buf_put_char(b, s.p[i] > ' ' && s.p[i] < 127 ? s.p[i] : '_');
}

static void put_param(struct buf *b, const char *name, struct str value)
{
    if (value.n == 0)
        return;
    buf_printf(b, " %s=\"", name);
    for (size_t i = 0; i < value.n; i++) {
        if (value.p[i] == '"' || value.p[i] == '\\' || value.p[i] == ']')
            buf_put_char(b, '\\');
        buf_put_char(b, value.p[i]);
    }
    buf_put_char(b, '"');
}

static uint64_t number(struct str s, uint64_t max, uint64_t otherwise)
{
    uint64_t v;
    return str_to_u64(s, max, &v) ? v : otherwise;
}

/* The record as a line of RFC 5424: the journal has no text form of its own that a parser could keep. */
static void write_line(struct journal *t)
{
    struct buf *b = &t->line;
    uint64_t us = 0;
    buf_clear(b);
    buf_printf(
        b, "<%u>1 ",
        (unsigned)(number(get(t->j, "SYSLOG_FACILITY"), 23, 3) * 8 + number(get(t->j, "PRIORITY"), 7, 6)));
    if (sd_journal_get_realtime_usec(t->j, &us) >= 0 && us < INT64_MAX / 1000)
        when_put_rfc3339(b, (int64_t)us * NS_PER_US);
    else
        buf_put_char(b, '-');
    put_word(b, get(t->j, "_HOSTNAME"), 255);
    put_word(b, first_of(t->j, "SYSLOG_IDENTIFIER", "_COMM"), APP_BYTES_MAX);
    put_word(b, first_of(t->j, "SYSLOG_PID", "_PID"), 32);
    buf_put(b, S(" - [journald"));
    put_param(b, "unit", get(t->j, "_SYSTEMD_UNIT"));
    put_param(b, "uid", get(t->j, "_UID"));
    put_param(b, "transport", get(t->j, "_TRANSPORT"));
    buf_put(b, S("] "));
    struct str message = get(t->j, "MESSAGE");
    if (b->n < SOURCE_LINE_BYTES_MAX)
        buf_put(b, message.n > SOURCE_LINE_BYTES_MAX - b->n
                       ? str_sub(message, 0, SOURCE_LINE_BYTES_MAX - b->n)
                       : message);
}

static void put_mark(struct journal *t)
{
    struct mark m = {.received = t->source->received};
    char *cursor = NULL;
    if (sd_journal_get_cursor(t->j, &cursor) < 0)
        return;
    int n = snprintf(m.position.cursor, sizeof(m.position.cursor), "%s", cursor);
    free(cursor);
    if (n <= 0 || (size_t)n >= sizeof(m.position.cursor))
        return;
    if (t->n_marks == MARKS)
        t->n_marks--;
    t->marks[(t->first_mark + t->n_marks++) % MARKS] = m;
}

static void journal_acked(struct station *st, struct source *s)
{
    struct journal *t = st->self;
    struct mark last;
    bool moved = false;
    if (s != t->source)
        return;
    while (t->n_marks > 0 && t->marks[t->first_mark].received <= s->stored) {
        last = t->marks[t->first_mark];
        t->first_mark = (t->first_mark + 1) % MARKS;
        t->n_marks--;
        moved = true;
    }
    if (moved && st->o.on_position != NULL)
        st->o.on_position(st->o.arg, s, &last.position);
}

/* true: the line in hand was taken, or there was none. */
static bool give(struct station *st)
{
    struct journal *t = st->self;
    if (!t->has_line)
        return true;
    struct str raw = buf_str(&t->line);
    if (raw.n > SOURCE_LINE_BYTES_MAX)
        raw.n = SOURCE_LINE_BYTES_MAX;
    if (!source_emit(st->set, t->source, raw, 0)) {
        source_pause(st->set);
        return false;
    }
    t->has_line = false;
    return true;
}

static void arm(struct journal *t, long s)
{
    struct timeval tv = {s, 0};
    (void)event_add(t->tick, &tv);
}

static void step(struct station *st)
{
    struct journal *t = st->self;
    int more = 1;
    uint64_t before = t->source->received;
    for (int i = 0; i < RECORDS_PER_STEP && !st->set->paused && give(st); i++) {
        more = sd_journal_next(t->j);
        if (more <= 0)
            break;
        write_line(t);
        t->has_line = !t->line.bad;
    }
    if (!st->set->paused)
        (void)give(st);
    if (t->source->received != before && !t->has_line)
        put_mark(t);
    if (!st->set->paused)
        arm(t, more > 0 ? 0 : POLL_S);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct station *st = arg;
    struct journal *t = st->self;
    (void)fd;
    (void)what;
    (void)sd_journal_process(t->j);
    if (!st->set->paused)
        step(st);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    step(arg);
}

static void journal_close(struct station *st)
{
    struct journal *t = st->self;
    if (t->readable != NULL)
        event_free(t->readable);
    if (t->tick != NULL)
        event_free(t->tick);
    if (t->j != NULL)
        sd_journal_close(t->j);
    buf_done(&t->line);
    free(t);
}

/* Behind the record of the cursor; without one at the end, so that a new node does not swallow years. */
static int seek(struct journal *t, const char *cursor)
{
    if (cursor[0] == '\0') {
        int rc = sd_journal_seek_tail(t->j);
        return rc < 0 ? rc : sd_journal_previous(t->j);
    }
    int rc = sd_journal_seek_cursor(t->j, cursor);
    if (rc < 0 || sd_journal_next(t->j) <= 0)
        return rc;
    if (sd_journal_test_cursor(t->j, cursor) > 0)
        return 0;
    return sd_journal_previous(t->j); /* the record is gone: the next one is the first that follows */
}

static int journal_start(struct station *st, struct err *err)
{
    struct journal *t = st->self;
    int rc = st->o.path != NULL ? sd_journal_open_directory(&t->j, st->o.path, 0)
                                : sd_journal_open(&t->j, SD_JOURNAL_LOCAL_ONLY);
    if (rc < 0)
        return err_errno(err, -rc, "cannot open the journal");
    rc = seek(t, st->o.resume.cursor);
    if (rc < 0)
        return err_errno(err, -rc, "cannot find the place in the journal");
    int fd = sd_journal_get_fd(t->j);
    if (fd < 0)
        return err_errno(err, -fd, "cannot watch the journal");
    t->readable = event_new(st->set->o.base, fd, EV_READ | EV_PERSIST, on_readable, st);
    t->tick = evtimer_new(st->set->o.base, on_tick, st);
    if (t->readable == NULL || t->tick == NULL || event_add(t->readable, NULL) != 0)
        return err_set(err, ERR_NOMEM, "event");
    arm(t, 0);
    return 0;
}

static int journal_open(struct station *st, struct err *err)
{
    if (st->o.fd >= 0)
        (void)close(st->o.fd);
    struct journal *t = calloc(1, sizeof(*t));
    if (t == NULL)
        return err_set(err, ERR_NOMEM, "journal");
    st->self = t;
    buf_init(&t->line, 2 * SOURCE_LINE_BYTES_MAX);
    const char *name = st->o.name != NULL ? st->o.name : "journal";
    t->source = source_table_get(st->set->o.table, SOURCE_JOURNAL, str_of(name), (struct str){NULL, 0});
    if (journal_start(st, err) != 0) {
        journal_close(st);
        return -1;
    }
    return 0;
}

static void journal_pause(struct station *st)
{
    struct journal *t = st->self;
    (void)event_del(t->tick);
}

static void journal_resume(struct station *st)
{
    struct journal *t = st->self;
    arm(t, 0);
}

#else

#include <unistd.h>

static int journal_open(struct station *st, struct err *err)
{
    if (st->o.fd >= 0)
        (void)close(st->o.fd);
    return err_set(err, ERR_NOT_FOUND, "this program was built without libsystemd");
}

static void journal_acked(struct station *st, struct source *s)
{
    assert(st->o.kind == s->kind);
}

static void journal_pause(struct station *st)
{
    assert(st->o.kind == SOURCE_JOURNAL);
}

static void journal_resume(struct station *st)
{
    assert(st->o.kind == SOURCE_JOURNAL);
}

static void journal_close(struct station *st)
{
    assert(st->o.kind == SOURCE_JOURNAL);
}

#endif

const struct source_station_ops source_journal_ops = {.open = journal_open,
                                                      .pause = journal_pause,
                                                      .resume = journal_resume,
                                                      .close = journal_close,
                                                      .acked = journal_acked};
