#include "sys/sys_sim.h"

#include <stdlib.h>

#include "base/buf.h"

#define FILE_BYTES_MAX (256u * 1024u * 1024u)
#define PATH_BYTES_MAX 512
#define SECTOR 512u

/* A change of a file that is not durable yet. off == SIZE_MAX: truncation to n. */
struct change {
    struct change *next;
    uint64_t off;
    size_t n;
    char bytes[];
};

struct inode {
    struct inode *next;  /* of all; an inode lives as long as the world */
    struct buf now;      /* what programs read */
    struct buf durable;  /* what a crash leaves for certain */
    struct change *head; /* in order */
    struct change *tail;
};

/* path → inode; `now` and `durable` are two such lists. */
struct name {
    struct name *next;
    struct inode *node; /* NULL: a directory */
    char path[PATH_BYTES_MAX];
};

/* A change of names that is not durable yet: from (may be empty) goes, to (may be empty) becomes node. */
struct name_change {
    struct name_change *next;
    char from[PATH_BYTES_MAX], to[PATH_BYTES_MAX];
    struct inode *node;
};

struct sys_file {
    struct inode *node;
};

struct sys_sim {
    struct sys sys;
    uint64_t random, steps, crash_at, fail_at, space;
    int64_t now_ns, mono_ns;
    bool crashed;
    struct inode *nodes;
    struct name *now, *durable;
    struct name_change *pending, *pending_tail;
};

static uint64_t next_random(struct sys_sim *m)
{
    uint64_t z = m->random += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

static void *must(void *p)
{
    if (p == NULL)
        abort(); /* a test machine without memory is of no use */
    return p;
}

static struct name **find_name(struct name **list, const char *path)
{
    while (*list != NULL && strcmp((*list)->path, path) != 0)
        list = &(*list)->next;
    return list;
}

static void set_name(struct name **list, const char *path, struct inode *node)
{
    struct name **at = find_name(list, path);
    assert(strlen(path) < PATH_BYTES_MAX);
    if (*at == NULL) {
        *at = must(calloc(1, sizeof(**at)));
        memcpy((*at)->path, path, strlen(path) + 1);
    }
    (*at)->node = node;
}

static void unset_name(struct name **list, const char *path)
{
    struct name **at = find_name(list, path), *gone = *at;
    if (gone == NULL)
        return;
    *at = gone->next;
    free(gone);
}

static void clear_names(struct name **list)
{
    while (*list != NULL)
        unset_name(list, (*list)->path);
}

static void apply_names(struct name **list, const struct name_change *c)
{
    if (c->from[0] != '\0')
        unset_name(list, c->from);
    if (c->to[0] != '\0')
        set_name(list, c->to, c->node);
}

static void change_names(struct sys_sim *m, const char *from, const char *to, struct inode *node)
{
    struct name_change *c = must(calloc(1, sizeof(*c)));
    memcpy(c->from, from, strlen(from) + 1);
    memcpy(c->to, to, strlen(to) + 1);
    c->node = node;
    apply_names(&m->now, c);
    if (m->pending_tail != NULL)
        m->pending_tail->next = c;
    else
        m->pending = c;
    m->pending_tail = c;
}

/* Write n bytes (or cut to n where off is SIZE_MAX) in a buffer that stands for a file. */
static void apply_bytes(struct buf *b, uint64_t off, const char *bytes, size_t n)
{
    size_t end = off == SIZE_MAX ? n : (size_t)off + n;
    if (end > b->n) {
        (void)must(buf_reserve(b, end - b->n));
        memset(b->p + b->n, 0, end - b->n);
        b->n = end;
    }
    if (off == SIZE_MAX)
        b->n = n;
    else if (n > 0)
        memcpy(b->p + off, bytes, n);
}

static void change_bytes(struct inode *node, uint64_t off, const char *bytes, size_t n)
{
    size_t held = off == SIZE_MAX ? 0 : n;
    struct change *c = must(malloc(sizeof(*c) + held));
    *c = (struct change){.off = off, .n = n};
    if (held > 0)
        memcpy(c->bytes, bytes, held);
    apply_bytes(&node->now, off, bytes, n);
    if (node->tail != NULL)
        node->tail->next = c;
    else
        node->head = c;
    node->tail = c;
}

static void drop_changes(struct inode *node)
{
    while (node->head != NULL) {
        struct change *c = node->head;
        node->head = c->next;
        free(c);
    }
    node->tail = NULL;
}

static void make_durable(struct inode *node)
{
    for (const struct change *c = node->head; c != NULL; c = c->next)
        apply_bytes(&node->durable, c->off, c->bytes, c->n);
    drop_changes(node);
}

/* Some of the unsynced writes reached the disk: each whole, torn at a sector, or not, later ones before
 * earlier. */
static void crash_node(struct sys_sim *m, struct inode *node)
{
    uint64_t fate = next_random(m) % 4; /* nothing, all, in order up to a point, any */
    bool open = true;
    for (const struct change *c = node->head; c != NULL; c = c->next) {
        uint64_t r = next_random(m);
        bool kept = fate == 1 || (fate == 2 && open) || (fate == 3 && (r & 1) != 0);
        size_t n = c->n;
        if (fate == 2 && r % 3 == 0) {
            open = false;
            n = c->off == SIZE_MAX ? n : (r >> 8) % (n + 1);
        } else if (fate == 3 && (r & 6) == 0 && c->off != SIZE_MAX) {
            n = (r >> 8) % (n / SECTOR + 1) * SECTOR;
        }
        if (kept)
            apply_bytes(&node->durable, c->off, c->bytes, n);
    }
    drop_changes(node);
    buf_clear(&node->now);
    buf_put(&node->now, buf_str(&node->durable));
}

/* Names: mostly a journal, in order up to a point; sometimes any of them. */
static void crash_names(struct sys_sim *m)
{
    bool ordered = next_random(m) % 4 != 0, open = true;
    while (m->pending != NULL) {
        struct name_change *c = m->pending;
        uint64_t r = next_random(m);
        m->pending = c->next;
        if (ordered && r % 3 == 0)
            open = false;
        if (ordered ? open : (r & 1) != 0)
            apply_names(&m->durable, c);
        free(c);
    }
    m->pending_tail = NULL;
    clear_names(&m->now);
    for (const struct name *n = m->durable; n != NULL; n = n->next)
        set_name(&m->now, n->path, n->node);
}

void sys_sim_restart(struct sys_sim *m)
{
    for (struct inode *i = m->nodes; i != NULL; i = i->next)
        crash_node(m, i);
    crash_names(m);
    m->crashed = false;
    m->crash_at = m->fail_at = 0;
}

static int dead(struct sys_sim *m, struct err *err)
{
    return m->crashed ? err_set(err, ERR_IO, "the machine is off") : 0;
}

/* Count a change. *ret_part: it happens in part only, and the caller fails with the error set here. */
static int step(struct sys_sim *m, bool *ret_part, struct err *err)
{
    *ret_part = false;
    if (dead(m, err) != 0)
        return -1;
    m->steps++;
    if (m->crash_at != 0 && m->steps == m->crash_at) {
        m->crashed = *ret_part = true;
        return err_set(err, ERR_IO, "the power went off");
    }
    if (m->fail_at != 0 && m->steps == m->fail_at) {
        *ret_part = true;
        return err_set(err, ERR_IO, "simulated input/output error");
    }
    return 0;
}

static int64_t sim_now(void *self)
{
    return ((struct sys_sim *)self)->now_ns;
}

static int64_t sim_mono(void *self)
{
    return ((struct sys_sim *)self)->mono_ns;
}

static int sim_random(void *self, void *out, size_t n, struct err *err)
{
    struct sys_sim *m = self;
    unsigned char *p = out;
    (void)err;
    for (size_t i = 0; i < n; i++)
        p[i] = (unsigned char)next_random(m);
    return 0;
}

static int sim_open(void *self, const char *path, unsigned flags, struct sys_file **ret, struct err *err)
{
    struct sys_sim *m = self;
    bool part;
    if (dead(m, err) != 0)
        return -1;
    struct name *n = *find_name(&m->now, path);
    struct inode *node = n == NULL ? NULL : n->node;
    if (n != NULL && node == NULL)
        return err_set(err, ERR_IO, "%s: is a directory", path);
    if (node == NULL && (flags & SYS_CREATE) == 0)
        return err_set(err, ERR_NOT_FOUND, "%s: no such file", path);
    if (node != NULL && (flags & SYS_EXCL) != 0)
        return err_set(err, ERR_CONFLICT, "%s: exists already", path);
    if (node == NULL) {
        if (step(m, &part, err) != 0)
            return -1;
        node = must(calloc(1, sizeof(*node)));
        buf_init(&node->now, FILE_BYTES_MAX);
        buf_init(&node->durable, FILE_BYTES_MAX);
        node->next = m->nodes;
        m->nodes = node;
        change_names(m, "", path, node);
    } else if ((flags & SYS_TRUNC) != 0 && node->now.n > 0) {
        if (step(m, &part, err) != 0)
            return -1;
        change_bytes(node, SIZE_MAX, NULL, 0);
    }
    *ret = must(calloc(1, sizeof(**ret)));
    (*ret)->node = node;
    return 0;
}

static void sim_close(void *self, struct sys_file *f)
{
    (void)self;
    free(f);
}

static int sim_read(void *self, struct sys_file *f, void *out, size_t n, uint64_t off, size_t *ret_n,
                    struct err *err)
{
    struct sys_sim *m = self;
    const struct buf *b = &f->node->now;
    if (dead(m, err) != 0)
        return -1;
    size_t have = off >= b->n ? 0 : b->n - (size_t)off;
    *ret_n = have < n ? have : n;
    if (*ret_n > 0)
        memcpy(out, b->p + off, *ret_n);
    return 0;
}

uint64_t sys_sim_used(const struct sys_sim *m)
{
    uint64_t used = 0;
    for (const struct name *n = m->now; n != NULL; n = n->next)
        used += n->node == NULL ? 0 : n->node->now.n;
    return used;
}

static int sim_write(void *self, struct sys_file *f, const void *in, size_t n, uint64_t off, struct err *err)
{
    struct sys_sim *m = self;
    bool part;
    assert(off <= FILE_BYTES_MAX && n <= FILE_BYTES_MAX);
    int rc = step(m, &part, err);
    if (rc != 0 && !part)
        return -1;
    uint64_t end = off + n, grows = end > f->node->now.n ? end - f->node->now.n : 0;
    if (rc == 0 && sys_sim_used(m) + grows > m->space) {
        rc = err_set(err, ERR_FULL, "no space left on the simulated disk");
        part = true;
    }
    if (part)
        n = next_random(m) % (n + 1);
    if (part && rc != 0 && n > 0 && sys_sim_used(m) + grows > m->space)
        n = 0;
    if (n > 0)
        change_bytes(f->node, off, in, n);
    return rc;
}

static int sim_sync(void *self, struct sys_file *f, struct err *err)
{
    struct sys_sim *m = self;
    bool part;
    if (step(m, &part, err) != 0)
        return -1;
    make_durable(f->node);
    return 0;
}

static int sim_size(void *self, struct sys_file *f, uint64_t *ret, struct err *err)
{
    if (dead(self, err) != 0)
        return -1;
    *ret = f->node->now.n;
    return 0;
}

static int sim_truncate(void *self, struct sys_file *f, uint64_t size, struct err *err)
{
    struct sys_sim *m = self;
    bool part;
    if (size == f->node->now.n)
        return dead(m, err);
    if (step(m, &part, err) != 0)
        return -1;
    change_bytes(f->node, SIZE_MAX, NULL, (size_t)size);
    return 0;
}

static int sim_rename(void *self, const char *from, const char *to, struct err *err)
{
    struct sys_sim *m = self;
    bool part;
    int rc = step(m, &part, err);
    struct name *n = *find_name(&m->now, from);
    if (rc == 0 && (n == NULL || n->node == NULL))
        return err_set(err, ERR_NOT_FOUND, "%s: no such file", from);
    if (rc != 0 && (!m->crashed || n == NULL || n->node == NULL))
        return -1;
    change_names(m, from, to, n->node); /* in a crash it is pending like all others */
    return rc;
}

static int sim_remove(void *self, const char *path, struct err *err)
{
    struct sys_sim *m = self;
    bool part;
    if (dead(m, err) != 0)
        return -1;
    struct name *n = *find_name(&m->now, path);
    if (n == NULL || n->node == NULL)
        return err_set(err, ERR_NOT_FOUND, "%s: no such file", path);
    if (step(m, &part, err) != 0)
        return -1;
    change_names(m, path, "", NULL);
    return 0;
}

static int sim_mkdir(void *self, const char *path, struct err *err)
{
    struct sys_sim *m = self;
    if (dead(m, err) != 0)
        return -1;
    set_name(&m->now, path, NULL); /* directories are not put to the test */
    set_name(&m->durable, path, NULL);
    return 0;
}

static bool is_in(const char *path, const char *dir)
{
    size_t n = strlen(dir);
    return strncmp(path, dir, n) == 0 && path[n] == '/' && strchr(path + n + 1, '/') == NULL;
}

static int sim_sync_dir(void *self, const char *path, struct err *err)
{
    struct sys_sim *m = self;
    bool part;
    if (step(m, &part, err) != 0)
        return -1;
    for (struct name_change **at = &m->pending; *at != NULL;) {
        struct name_change *c = *at;
        if (!is_in(c->from[0] != '\0' ? c->from : c->to, path)) {
            at = &c->next;
            continue;
        }
        apply_names(&m->durable, c);
        *at = c->next;
        free(c);
    }
    m->pending_tail = NULL;
    for (struct name_change *c = m->pending; c != NULL; c = c->next)
        m->pending_tail = c;
    return 0;
}

/* The smallest name of the directory that is greater than `after`. */
static const struct name *next_name(const struct sys_sim *m, const char *dir, const char *after)
{
    const struct name *best = NULL;
    for (const struct name *n = m->now; n != NULL; n = n->next) {
        if (is_in(n->path, dir) && strcmp(n->path, after) > 0 &&
            (best == NULL || strcmp(n->path, best->path) < 0))
            best = n;
    }
    return best;
}

static int sim_list(void *self, const char *path, sys_name_fn *fn, void *arg, struct err *err)
{
    struct sys_sim *m = self;
    char last[PATH_BYTES_MAX] = "";
    if (dead(m, err) != 0)
        return -1;
    if (*find_name(&m->now, path) == NULL)
        return err_set(err, ERR_NOT_FOUND, "%s: no such directory", path);
    for (const struct name *n; (n = next_name(m, path, last)) != NULL;) {
        memcpy(last, n->path, sizeof(last));
        if (fn(arg, str_of(last + strlen(path) + 1)) != 0)
            break;
    }
    return 0;
}

static int sim_space(void *self, const char *path, struct sys_space *ret, struct err *err)
{
    struct sys_sim *m = self;
    uint64_t used = sys_sim_used(m);
    (void)path;
    if (dead(m, err) != 0)
        return -1;
    *ret = (struct sys_space){.total_bytes = m->space, .free_bytes = used < m->space ? m->space - used : 0};
    return 0;
}

static bool sim_exists(void *self, const char *path)
{
    struct sys_sim *m = self;
    return !m->crashed && *find_name(&m->now, path) != NULL;
}

static int sim_lock(void *self, struct sys_file *f, struct err *err)
{
    (void)f;
    return dead(self, err);
}

static const struct sys_ops sim_ops = {
    .now_ns = sim_now,
    .mono_ns = sim_mono,
    .random = sim_random,
    .open = sim_open,
    .close = sim_close,
    .read = sim_read,
    .write = sim_write,
    .sync = sim_sync,
    .size = sim_size,
    .truncate = sim_truncate,
    .rename = sim_rename,
    .remove = sim_remove,
    .mkdir = sim_mkdir,
    .sync_dir = sim_sync_dir,
    .list = sim_list,
    .space = sim_space,
    .exists = sim_exists,
    .lock = sim_lock,
};

int sys_sim_new(uint64_t seed, struct sys_sim **ret, struct err *err)
{
    struct sys_sim *m = calloc(1, sizeof(*m));
    if (m == NULL)
        return err_set(err, ERR_NOMEM, "simulated world");
    m->sys = (struct sys){.self = m, .ops = &sim_ops};
    m->random = seed * UINT64_C(0x2545F4914F6CDD1D) + 1;
    m->space = UINT64_MAX / 2;
    m->now_ns = INT64_C(1795312800) * NS_PER_S;
    m->mono_ns = NS_PER_S;
    *ret = m;
    return 0;
}

void sys_sim_free(struct sys_sim *m)
{
    if (m == NULL)
        return;
    while (m->nodes != NULL) {
        struct inode *i = m->nodes;
        m->nodes = i->next;
        drop_changes(i);
        buf_done(&i->now);
        buf_done(&i->durable);
        free(i);
    }
    clear_names(&m->now);
    clear_names(&m->durable);
    while (m->pending != NULL) {
        struct name_change *c = m->pending;
        m->pending = c->next;
        free(c);
    }
    free(m);
}

const struct sys *sys_sim_sys(struct sys_sim *m)
{
    return &m->sys;
}

void sys_sim_crash_at(struct sys_sim *m, uint64_t at)
{
    m->crash_at = at == 0 ? 0 : m->steps + at;
}

bool sys_sim_crashed(const struct sys_sim *m)
{
    return m->crashed;
}

void sys_sim_fail_at(struct sys_sim *m, uint64_t at)
{
    m->fail_at = at == 0 ? 0 : m->steps + at;
}

void sys_sim_set_space(struct sys_sim *m, uint64_t bytes)
{
    m->space = bytes;
}

void sys_sim_advance(struct sys_sim *m, int64_t ns)
{
    m->now_ns += ns;
    m->mono_ns += ns;
}

unsigned char *sys_sim_bytes(struct sys_sim *m, const char *path, size_t *ret_n)
{
    struct name *n = *find_name(&m->now, path);
    if (n == NULL || n->node == NULL)
        return NULL;
    *ret_n = n->node->now.n;
    return (unsigned char *)n->node->now.p;
}
