/* Opening, second part: the events of the write-ahead log that are in no block yet. */
#include <stdlib.h>

#include "store/files.h"
#include "store/inner.h"

struct replay {
    struct store *s;
    struct store_recovery *r;
    struct arena arena;
    struct wal_state last; /* end of the file before */
    bool any, ckpt_seen, header_ok;
};

static int check_place(struct replay *p, const struct wal_state *at, struct err *err)
{
    const struct wal_state *c = &p->s->ckpt.wal;
    if (!p->s->has_ckpt || c->number != at->number || c->size != at->size)
        return 0;
    p->ckpt_seen = true;
    return digest_eq(&c->chain, &at->chain)
               ? 0
               : err_set(err, ERR_CORRUPT, "the log up to byte %llu is not what was signed",
                         (unsigned long long)at->size);
}

static int replay_frame(struct replay *p, const struct wal_payload *f, const struct wal_names *names,
                        struct err *err)
{
    struct store *s = p->s;
    struct str in = f->packed;
    arena_reset(&p->arena);
    for (uint32_t i = 0; i < f->n; i++) {
        struct event e;
        if (wal_next_event(&in, names, &p->arena, &e, err) != 0)
            return -1;
        if (e.id != f->first_id + i)
            return err_set(err, ERR_CORRUPT, "event %llu where %llu was expected", (unsigned long long)e.id,
                           (unsigned long long)(f->first_id + i));
        if (e.id < s->next_id)
            continue;
        if (e.id > s->next_id)
            return err_set(err, ERR_CORRUPT, "events %llu to %llu are missing",
                           (unsigned long long)s->next_id, (unsigned long long)(e.id - 1));
        const struct store_slice one = {.e = &e, .n = 1};
        if (store_take(s, &one, false, err) != 0)
            return -1;
        p->r->wal_events++;
    }
    return in.n == 0 ? 0 : err_set(err, ERR_CORRUPT, "bytes left over in a frame");
}

static int replay_frames(struct replay *p, struct wal_reader *rd, struct err *err)
{
    struct wal_state at = wal_reader_state(rd);
    for (bool end = false;;) {
        struct wal_payload f;
        if (check_place(p, &at, err) != 0 || wal_reader_next(rd, &f, &end, err) != 0)
            return -1;
        if (end)
            return 0;
        if (replay_frame(p, &f, wal_reader_names(rd), err) != 0)
            return -1;
        at = wal_reader_state(rd);
    }
}

/* The rest behind the last whole frame was never acknowledged; only the newest file may have one. */
static int cut_tail(struct replay *p, struct sys_file *f, uint64_t good, uint64_t size, bool newest,
                    struct err *err)
{
    if (good == size)
        return 0;
    if (!newest)
        return err_set(err, ERR_CORRUPT, "damaged at byte %llu", (unsigned long long)good);
    p->r->torn_bytes += size - good;
    if (p->s->o.read_only)
        return 0;
    if (sys_truncate(p->s->sys, f, good, err) != 0)
        return -1;
    return sys_sync(p->s->sys, f, err);
}

static int replay_open(struct replay *p, struct sys_file *f, uint64_t number, bool newest, struct err *err)
{
    struct store *s = p->s;
    CLEANUP(wal_reader_freep) struct wal_reader *rd = NULL;
    uint64_t size = 0;
    p->header_ok = false;
    if (sys_size(s->sys, f, &size, err) != 0 ||
        wal_reader_open(s->sys, f, size, s->ring.store_key, &rd, err) != 0)
        return -1;
    p->header_ok = true;
    struct wal_info info = wal_reader_info(rd);
    if (info.number != number)
        return err_set(err, ERR_CORRUPT, "is log file %llu under another name",
                       (unsigned long long)info.number);
    if (p->any && p->last.number + 1 == number && !digest_eq(&p->last.chain, &info.before))
        return err_set(err, ERR_CORRUPT, "does not continue the log file before");
    if (info.first_id > s->next_id)
        return err_set(err, ERR_CORRUPT, "events %llu to %llu are missing", (unsigned long long)s->next_id,
                       (unsigned long long)(info.first_id - 1));
    if (replay_frames(p, rd, err) != 0)
        return -1;
    p->last = wal_reader_state(rd);
    p->any = true;
    if (cut_tail(p, f, p->last.size, size, newest, err) != 0)
        return -1;
    return store_keep_old_wal(s, number, p->last.last_id, err);
}

static int replay_file(struct replay *p, uint64_t number, bool newest, struct err *err)
{
    struct store *s = p->s;
    char path[WAL_PATH_MAX];
    struct sys_file *f = NULL;
    struct err why = {0};
    wal_path(path, s->dir, number);
    if (sys_open(s->sys, path, s->o.read_only ? SYS_READ : SYS_READ | SYS_WRITE, &f, err) != 0)
        return -1;
    int rc = replay_open(p, f, number, newest, &why);
    sys_close(s->sys, f);
    s->next_wal = number + 1;
    if (rc == 0)
        return 0;
    /* A file that a crash caught before its header was synced: nothing in it was acknowledged. */
    if (newest && !p->header_ok && why.code == ERR_CORRUPT && number > s->ckpt.wal.number)
        return s->o.read_only ? 0 : sys_remove(s->sys, path, err);
    return err_set(err, why.code, "%s: %s", path, why.msg);
}

int store_replay_run(struct store *s, struct store_recovery *r, struct err *err)
{
    struct files f = {.n = 0};
    struct replay p = {.s = s, .r = r};
    s->next_id = s->sealed_id + 1;
    s->next_wal = 1;
    if (files_list(s->sys, s->dir, &f, err) != 0)
        return -1;
    arena_init(&p.arena, STORE_ARENA_MAX);
    size_t newest = SIZE_MAX;
    for (size_t i = 0; i < f.n; i++)
        newest = f.item[i].kind == FILES_WAL ? i : newest;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < f.n; i++) {
        if (f.item[i].kind == FILES_WAL)
            rc = replay_file(&p, f.item[i].number, i == newest, err);
    }
    arena_done(&p.arena);
    files_done(&f);
    if (rc != 0)
        return -1;
    if (s->has_ckpt && s->ckpt.wal.number != 0 && !p.ckpt_seen)
        return err_set(err, ERR_CORRUPT, "the log ends before the signed place: file %llu, byte %llu",
                       (unsigned long long)s->ckpt.wal.number, (unsigned long long)s->ckpt.wal.size);
    if (s->has_ckpt && s->ckpt.wal.last_id >= s->next_id)
        return err_set(err, ERR_CORRUPT, "events %llu to %llu are missing", (unsigned long long)s->next_id,
                       (unsigned long long)s->ckpt.wal.last_id);
    s->wal_last = p.any ? p.last : s->ckpt.wal;
    s->wal_last.last_id = s->next_id - 1;
    return 0;
}
