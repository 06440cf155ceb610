/* Verification: the small files, the leaves and the write-ahead log; store_verify_seg.c has the segments. */
#include <stdio.h>
#include <stdlib.h>

#include "store/verify.h"

static int check_small(struct verify *v, const struct verify_file *f, struct err *err)
{
    struct err why = {0};
    switch (f->item.kind) {
    case FILES_FORMAT:
        if (store_verify_read(v, f, 0, f->size, &why) != 0)
            return why.code == ERR_CORRUPT ? 0 : err_set(err, why.code, "%s", why.msg);
        if (!str_eq(buf_str(&v->bytes), S(STORE_FORMAT)))
            store_verify_bad(v, f->item.name, STORE_CHANGED, "byte 0: does not read \"khien-store 1\"");
        return 0;
    case FILES_LOCK:
        if (f->size != 0)
            store_verify_bad(v, f->item.name, STORE_CHANGED, "byte 0: must be empty");
        return 0;
    case FILES_TEMP:
        store_verify_bad(v, f->item.name, STORE_EXTRA, "left over by a write that was cut off");
        return 0;
    case FILES_OTHER:
        store_verify_bad(v, f->item.name, STORE_EXTRA, "does not belong here");
        return 0;
    default:
        return 0;
    }
}

static const struct verify_file *find_kind(const struct verify *v, enum files_kind kind)
{
    for (size_t i = 0; i < v->n_files; i++) {
        if (v->file[i].item.kind == kind)
            return &v->file[i];
    }
    return NULL;
}

static int check_files(struct verify *v, struct err *err)
{
    static const struct {
        enum files_kind kind;
        const char *name;
    } must[] = {{FILES_FORMAT, "format"}, {FILES_LEAVES, "leaves"}, {FILES_CHECKPOINT, "checkpoint"}};
    for (size_t i = 0; i < COUNT_OF(must); i++) {
        if (find_kind(v, must[i].kind) == NULL)
            store_verify_bad(v, must[i].name, STORE_MISSING, "the file is missing");
    }
    for (size_t i = 0; i < v->n_files; i++) {
        if (check_small(v, &v->file[i], err) != 0)
            return -1;
    }
    if (v->has_ckpt)
        v->r->checkpoints++;
    else if (v->ckpt_err.code != ERR_NOT_FOUND)
        store_verify_bad(v, "checkpoint", STORE_CHANGED, "%s", v->ckpt_err.msg);
    return 0;
}

/* Leaves that follow on, and the signed root over the first of them. */
static int check_leaves(struct verify *v, struct err *err)
{
    struct tlog tree = {0};
    uint64_t next_id = 1;
    v->leaves = (struct verify_file *)(uintptr_t)find_kind(v, FILES_LEAVES);
    if (v->leaves == NULL)
        return 0;
    v->n_leaves = v->leaves->size / LEAF_BYTES;
    if (v->leaves->size % LEAF_BYTES != 0)
        store_verify_bad(v, "leaves", STORE_CUT, "byte %llu: an unfinished entry",
                         (unsigned long long)(v->n_leaves * LEAF_BYTES));
    for (uint64_t i = 0; i <= v->n_leaves; i++) {
        struct digest root = {{0}};
        if (v->has_ckpt && i == v->ckpt.size)
            root = tlog_root(&tree);
        if (v->has_ckpt && i == v->ckpt.size && !digest_eq(&root, &v->ckpt.root))
            store_verify_bad(v, "leaves", STORE_CHANGED, "the first %llu entries do not have the signed root",
                             (unsigned long long)i);
        if (i == v->n_leaves)
            break;
        if (store_verify_read(v, v->leaves, i * LEAF_BYTES, LEAF_BYTES, err) != 0)
            return -1;
        struct leaf l = leaf_get(v->bytes.p);
        struct digest hash = leaf_hash(&l);
        if (l.first_id != next_id)
            store_verify_bad(v, "leaves", STORE_CHANGED, "byte %llu: begins with event %llu, expected %llu",
                             (unsigned long long)(i * LEAF_BYTES), (unsigned long long)l.first_id,
                             (unsigned long long)next_id);
        next_id = l.first_id + l.count;
        tlog_add(&tree, &hash);
    }
    v->sealed_id = next_id - 1;
    if (v->has_ckpt && v->n_leaves < v->ckpt.size)
        store_verify_bad(v, "leaves", STORE_MISSING, "%llu entries, %llu were signed",
                         (unsigned long long)v->n_leaves, (unsigned long long)v->ckpt.size);
    return 0;
}

struct wal_check {
    struct wal_state last;
    bool any, ckpt_seen;
};

static int check_frame(const struct wal_payload *p, const struct wal_names *names, struct err *err)
{
    struct arena a;
    struct str in = p->packed;
    int rc = 0;
    arena_init(&a, STORE_ARENA_MAX);
    for (uint32_t i = 0; rc == 0 && i < p->n; i++) {
        struct event e;
        rc = wal_next_event(&in, names, &a, &e, err);
        if (rc == 0 && e.id != p->first_id + i)
            rc = err_set(err, ERR_CORRUPT, "event %llu where %llu was expected", (unsigned long long)e.id,
                         (unsigned long long)(p->first_id + i));
    }
    if (rc == 0 && in.n != 0)
        rc = err_set(err, ERR_CORRUPT, "bytes left over in a frame");
    arena_done(&a);
    return rc;
}

static void check_place(struct verify *v, struct wal_check *w, const struct verify_file *f,
                        const struct wal_state *at)
{
    const struct wal_state *c = &v->ckpt.wal;
    if (!v->has_ckpt || c->number != at->number || c->size != at->size)
        return;
    w->ckpt_seen = true;
    if (!digest_eq(&c->chain, &at->chain))
        store_verify_bad(v, f->item.name, STORE_CHANGED, "up to byte %llu it is not what was signed",
                         (unsigned long long)at->size);
}

static int check_frames(struct verify *v, struct wal_check *w, const struct verify_file *f,
                        struct wal_reader *rd, struct err *why)
{
    struct wal_state at = wal_reader_state(rd);
    for (;;) {
        struct wal_payload p;
        bool end = false;
        check_place(v, w, f, &at);
        if (wal_reader_next(rd, &p, &end, why) != 0)
            return -1;
        if (end)
            break;
        if (check_frame(&p, wal_reader_names(rd), why) != 0)
            return -1;
        v->r->wal_frames++;
        uint64_t new_from = p.first_id > v->sealed_id ? p.first_id : v->sealed_id + 1;
        uint64_t last = p.first_id + p.n - 1;
        v->r->events += last >= new_from ? last - new_from + 1 : 0;
        at = wal_reader_state(rd);
    }
    if (at.size != f->size)
        return err_set(why, ERR_CORRUPT,
                       "byte %llu: no whole frame (a write that was cut off, or changed bytes)",
                       (unsigned long long)at.size);
    return 0;
}

static int check_wal(struct verify *v, struct wal_check *w, const struct verify_file *f, struct err *err)
{
    CLEANUP(wal_reader_freep) struct wal_reader *rd = NULL;
    struct err why = {0};
    int rc = wal_reader_open(v->sys, f->f, f->size, v->ring.store_key, &rd, &why);
    if (rc == 0) {
        struct wal_info info = wal_reader_info(rd);
        uint64_t have = w->any && w->last.last_id > v->sealed_id ? w->last.last_id : v->sealed_id;
        if (info.number != f->item.number)
            store_verify_bad(v, f->item.name, STORE_CHANGED, "is log file %llu under another name",
                             (unsigned long long)info.number);
        if (w->any && w->last.number + 1 == info.number && !digest_eq(&w->last.chain, &info.before))
            store_verify_bad(v, f->item.name, STORE_CHANGED, "does not continue the log file before");
        if (info.first_id > have + 1)
            store_verify_bad(v, f->item.name, STORE_MISSING, "events %llu to %llu are missing",
                             (unsigned long long)(have + 1), (unsigned long long)(info.first_id - 1));
        rc = check_frames(v, w, f, rd, &why);
        w->last = wal_reader_state(rd);
        w->any = true;
    }
    if (rc != 0 && why.code != ERR_CORRUPT && why.code != ERR_CONFLICT)
        return err_set(err, why.code, "%s: %s", f->item.name, why.msg);
    if (rc != 0)
        store_verify_bad(v, f->item.name, STORE_CHANGED, "%s", why.msg);
    return 0;
}

static int check_wals(struct verify *v, struct err *err)
{
    struct wal_check w = {.any = false};
    for (size_t i = 0; i < v->n_files; i++) {
        if (v->file[i].item.kind == FILES_WAL && check_wal(v, &w, &v->file[i], err) != 0)
            return -1;
    }
    uint64_t have = w.any && w.last.last_id > v->sealed_id ? w.last.last_id : v->sealed_id;
    if (v->has_ckpt && v->ckpt.wal.number != 0 && !w.ckpt_seen) {
        char name[32];
        (void)snprintf(name, sizeof(name), "%010llu.wal", (unsigned long long)v->ckpt.wal.number);
        store_verify_bad(v, name, STORE_MISSING,
                         "the signed place of the write-ahead log, byte %llu, is missing",
                         (unsigned long long)v->ckpt.wal.size);
    }
    if (v->has_ckpt && v->ckpt.wal.last_id > have)
        store_verify_bad(v, "write-ahead log", STORE_MISSING, "events %llu to %llu are missing",
                         (unsigned long long)(have + 1), (unsigned long long)v->ckpt.wal.last_id);
    return 0;
}

int store_verify(const struct store_verify_opts *o, struct store_verified *ret, struct err *err)
{
    struct store_verified r = {0};
    struct verify *v = calloc(1, sizeof(*v));
    if (v == NULL)
        return err_set(err, ERR_NOMEM, "verification");
    v->sys = o->sys;
    v->o = o;
    v->r = &r;
    buf_init(&v->bytes, BLOCK_BYTES_MAX);
    buf_init(&v->plain, BLOCK_BYTES_MAX);
    int rc = ring_open(o->sys, o->keys_dir, o->node_key_path, false, &v->ring, err);
    if (rc == 0)
        rc = block_codec_new(0, &v->codec, err);
    if (rc == 0)
        rc = store_verify_collect(v, err);
    if (rc == 0)
        rc = check_files(v, err);
    if (rc == 0)
        rc = check_leaves(v, err);
    if (rc == 0)
        rc = store_verify_segments(v, err);
    if (rc == 0)
        rc = check_wals(v, err);
    store_verify_release(v);
    block_codec_free(v->codec);
    buf_done(&v->bytes);
    buf_done(&v->plain);
    ring_wipe(&v->ring);
    free(v);
    if (rc == 0)
        *ret = r;
    return rc == 0 ? 0 : err_wrap(err, "verify");
}
