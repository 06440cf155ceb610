#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "source/source_reader.h"

#define POLL_US (250 * 1000)
#define CHUNKS_PER_STEP 16u
#define MARKS                                                                                                \
    256u /* positions that wait for their lines to be stored; the newest is moved on when all are used */

struct mark {
    uint64_t received; /* reached when the source has this many stored lines */
    struct source_position position;
};

struct file {
    struct event *tick;
    struct source *source;
    int fd; /* -1: the file is not there (yet) */
    uint64_t inode;
    uint64_t offset; /* bytes read */
    bool replaced;   /* another file stands at the path; this one is read once more before it is left */
    struct mark marks[MARKS];
    size_t first_mark, n_marks;
    struct source_reader reader;
};

static int open_path(struct station *st, const char *path)
{
    if (st->o.open_file != NULL)
        return st->o.open_file(st->o.arg, path);
    return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

static void put_mark(struct file *f)
{
    struct mark m = {f->source->received, {.inode = f->inode, .offset = f->offset - f->reader.n}};
    if (f->n_marks == MARKS)
        f->n_marks--;
    f->marks[(f->first_mark + f->n_marks++) % MARKS] = m;
}

static void file_acked(struct station *st, struct source *s)
{
    struct file *f = st->self;
    struct mark last = {0};
    bool moved = false;
    if (s != f->source)
        return;
    while (f->n_marks > 0 && f->marks[f->first_mark].received <= s->stored) {
        last = f->marks[f->first_mark];
        f->first_mark = (f->first_mark + 1) % MARKS;
        f->n_marks--;
        moved = true;
    }
    if (moved && st->o.on_position != NULL)
        st->o.on_position(st->o.arg, s, &last.position);
}

static void take_fd(struct file *f, int fd, uint64_t inode, uint64_t offset)
{
    if (f->fd >= 0)
        (void)close(f->fd);
    f->fd = fd;
    f->inode = inode;
    f->offset = offset;
    f->replaced = false;
    source_reader_reset(&f->reader);
}

/* A regular file at the path: its descriptor, else -1. */
static int open_regular(struct station *st, const char *path, struct stat *sb)
{
    int fd = open_path(st, path);
    if (fd >= 0 && (fstat(fd, sb) != 0 || !S_ISREG(sb->st_mode))) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

/* Give what is read. `end`: the file ends here for good, so an unfinished line is a line. false: refused. */
static bool give(struct station *st, bool end)
{
    struct file *f = st->self;
    uint64_t before = f->source->received;
    bool all = source_reader_give(&f->reader, st->set, f->source, end);
    if (f->source->received != before)
        put_mark(f);
    if (!all)
        source_pause(st->set);
    return all;
}

/* Read to the end of the file in hand. false: paused, or more than one step allows. */
static bool read_on(struct station *st)
{
    struct file *f = st->self;
    for (unsigned i = 0; i < CHUNKS_PER_STEP; i++) {
        size_t room;
        if (!give(st, false))
            return false;
        char *p = source_reader_room(&f->reader, &room);
        assert(p != NULL); /* after giving, less than one line waits */
        ssize_t n = pread(f->fd, p, room, (off_t)f->offset);
        if (n <= 0)
            return true; /* the end, or a file that cannot be read now: the next tick tries again */
        source_reader_filled(&f->reader, (size_t)n);
        f->offset += (uint64_t)n;
    }
    return false;
}

/*
 * At the end of the file: was it truncated, or does another one stand at the path? A replaced file is read to
 * its end once more on the next tick, because its writer may still hold it. false: refused.
 */
static bool look_again(struct station *st)
{
    struct file *f = st->self;
    struct stat sb;
    if (f->replaced && !give(st, true))
        return false;
    if (f->fd >= 0 && !f->replaced && fstat(f->fd, &sb) == 0 && (uint64_t)sb.st_size < f->offset) {
        if (!give(st, true))
            return false;
        f->offset = 0;
        source_reader_reset(&f->reader);
        return true;
    }
    int fd = open_regular(st, st->o.path, &sb);
    if (fd < 0)
        return true;
    if (f->fd >= 0 && (uint64_t)sb.st_ino == f->inode) {
        f->replaced = false;
        (void)close(fd);
    } else if (f->fd < 0 || f->replaced) {
        take_fd(f, fd, (uint64_t)sb.st_ino, 0);
    } else {
        f->replaced = true;
        (void)close(fd);
    }
    return true;
}

static void arm(struct file *f, long us)
{
    struct timeval tv = {0, us};
    (void)event_add(f->tick, &tv);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    struct station *st = arg;
    struct file *f = st->self;
    (void)fd;
    (void)what;
    if (st->set->paused)
        return;
    bool at_end = f->fd < 0 || read_on(st);
    uint64_t inode = f->inode;
    if (at_end)
        (void)look_again(st);
    if (!st->set->paused)
        arm(f, at_end && inode == f->inode ? POLL_US : 0);
}

/* The file that the position speaks of: at the path, or turned to "path.1" while nobody looked. */
static void find_position(struct station *st)
{
    struct file *f = st->self;
    const struct source_position *p = &st->o.resume;
    struct stat sb;
    char older[PATH_MAX];
    int fd = open_regular(st, st->o.path, &sb);
    if (p->inode != 0 && (fd < 0 || (uint64_t)sb.st_ino != p->inode)) {
        struct stat old;
        int n = snprintf(older, sizeof(older), "%s.1", st->o.path);
        int old_fd = n > 0 && (size_t)n < sizeof(older) ? open_regular(st, older, &old) : -1;
        if (old_fd >= 0 && (uint64_t)old.st_ino == p->inode && (uint64_t)old.st_size >= p->offset) {
            if (fd >= 0)
                (void)close(fd);
            take_fd(f, old_fd, p->inode, p->offset);
            return;
        }
        if (old_fd >= 0)
            (void)close(old_fd);
    }
    if (fd < 0)
        return;
    uint64_t size = (uint64_t)sb.st_size, offset = 0;
    if (p->inode == (uint64_t)sb.st_ino && p->offset <= size)
        offset = p->offset;
    else if (p->inode == 0 && st->o.from_end)
        offset = size;
    take_fd(f, fd, (uint64_t)sb.st_ino, offset);
}

static void file_close(struct station *st)
{
    struct file *f = st->self;
    if (f->tick != NULL)
        event_free(f->tick);
    if (f->fd >= 0)
        (void)close(f->fd);
    free(f);
}

static int file_open(struct station *st, struct err *err)
{
    if (st->o.fd >= 0)
        (void)close(st->o.fd);
    if (st->o.path == NULL)
        return err_set(err, ERR_USAGE, "a path is needed");
    struct file *f = calloc(1, sizeof(*f));
    if (f == NULL)
        return err_set(err, ERR_NOMEM, "file buffers");
    st->self = f;
    f->fd = -1;
    source_reader_reset(&f->reader);
    f->source = source_table_get(st->set->o.table, SOURCE_FILE, str_of(st->o.path), (struct str){NULL, 0});
    f->tick = evtimer_new(st->set->o.base, on_tick, st);
    if (f->tick == NULL) {
        file_close(st);
        return err_set(err, ERR_NOMEM, "event");
    }
    find_position(st);
    arm(f, 0);
    return 0;
}

static void file_pause(struct station *st)
{
    struct file *f = st->self;
    (void)event_del(f->tick);
}

static void file_resume(struct station *st)
{
    struct file *f = st->self;
    arm(f, 0);
}

const struct source_station_ops source_file_ops = {
    .open = file_open, .pause = file_pause, .resume = file_resume, .close = file_close, .acked = file_acked};
