#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "source/source_reader.h"

#define CHUNKS_PER_STEP 8u /* so that other stations have their turn */

struct stream {
    struct event *step;
    struct source *source;
    int fd;
    bool regular; /* a file is always readable; a pipe must be waited for */
    bool at_end, told;
    struct source_reader reader;
};

static void arm(struct stream *t)
{
    struct timeval now = {0, 0};
    (void)event_add(t->step, t->regular || t->at_end ? &now : NULL);
}

static void tell(struct station *st, const struct err *err)
{
    struct stream *t = st->self;
    t->told = true;
    if (st->o.on_end != NULL)
        st->o.on_end(st->o.arg, t->source, err);
}

/* Read one chunk. false: nothing more now (a pipe), the end, or an error that was told. */
static bool fill(struct station *st)
{
    struct stream *t = st->self;
    size_t room;
    char *p = source_reader_room(&t->reader, &room);
    if (p == NULL)
        return true;
    ssize_t n = read(t->fd, p, room);
    if (n > 0) {
        source_reader_filled(&t->reader, (size_t)n);
        return true;
    }
    if (n == 0) {
        t->at_end = true;
    } else if (errno != EAGAIN && errno != EINTR) {
        struct err err = {0};
        (void)err_errno(&err, errno, "cannot read %s", st->o.name);
        tell(st, &err);
    }
    return false;
}

/* true: all lines in hand were given; at the end that is told. */
static bool give(struct station *st)
{
    struct stream *t = st->self;
    if (!source_reader_give(&t->reader, st->set, t->source, t->at_end)) {
        source_pause(st->set);
        return false;
    }
    if (t->at_end && !t->told)
        tell(st, NULL);
    return !st->set->paused;
}

/* A pipe is read once each time it is readable: another read() could block the loop. */
static void on_step(evutil_socket_t fd, short what, void *arg)
{
    struct station *st = arg;
    struct stream *t = st->self;
    unsigned chunks = t->regular ? CHUNKS_PER_STEP : (what & EV_READ) != 0;
    bool more = true;
    (void)fd;
    if (st->set->paused || !give(st))
        return;
    for (unsigned i = 0; i < chunks && more && !t->told; i++) {
        more = fill(st);
        if (t->told || !give(st))
            return;
    }
    if (!t->told)
        arm(t);
}

static void stream_close(struct station *st)
{
    struct stream *t = st->self;
    if (t->step != NULL)
        event_free(t->step);
    (void)close(t->fd);
    free(t);
}

static int stream_open(struct station *st, struct err *err)
{
    struct stat sb;
    struct stream *t = calloc(1, sizeof(*t));
    if (t == NULL || st->o.fd < 0 || st->o.name == NULL || fstat(st->o.fd, &sb) != 0) {
        free(t);
        if (st->o.fd >= 0)
            (void)close(st->o.fd);
        return t == NULL ? err_set(err, ERR_NOMEM, "import")
                         : err_set(err, ERR_USAGE, "an import needs an open file and a name");
    }
    st->self = t;
    t->fd = st->o.fd;
    t->regular = S_ISREG(sb.st_mode);
    source_reader_reset(&t->reader);
    t->source = source_table_get(st->set->o.table, SOURCE_STREAM, str_of(st->o.name), (struct str){NULL, 0});
    t->step = event_new(st->set->o.base, t->regular ? -1 : t->fd, t->regular ? 0 : EV_READ, on_step, st);
    if (t->step == NULL) {
        stream_close(st);
        return err_set(err, ERR_NOMEM, "event");
    }
    arm(t);
    return 0;
}

static void stream_pause(struct station *st)
{
    struct stream *t = st->self;
    (void)event_del(t->step);
}

static void stream_resume(struct station *st)
{
    struct stream *t = st->self;
    struct timeval now = {0, 0};
    if (t->told)
        return;
    if (t->reader.n > 0 || t->at_end)
        (void)event_add(t->step, &now); /* lines in hand come first, readable or not */
    else
        arm(t);
}

const struct source_station_ops source_stream_ops = {
    .open = stream_open, .pause = stream_pause, .resume = stream_resume, .close = stream_close};

/* The node's own records come by source_emit_self; there is nothing to open. */
static int self_open(struct station *st, struct err *err)
{
    if (st->o.fd >= 0)
        (void)close(st->o.fd);
    return err_set(err, ERR_USAGE, "the node's own records have no station");
}

static void self_keep(struct station *st)
{
    assert(st->o.kind == SOURCE_SELF);
}

const struct source_station_ops source_self_ops = {
    .open = self_open, .pause = self_keep, .resume = self_keep, .close = self_keep};
