/* Which files are there, and how much of each counts. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/verify.h"

static const char *const problem_words[STORE_PROBLEM_COUNT] = {
#define X(id, word, doc) [id] = word,
    STORE_PROBLEM_TABLE(X)
#undef X
};

const char *store_verify_word(enum store_problem problem)
{
    assert(problem < STORE_PROBLEM_COUNT);
    return problem_words[problem];
}

void store_verify_bad(struct verify *v, const char *place, enum store_problem problem, const char *fmt, ...)
{
    char what[512];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(what, sizeof(what), fmt, ap);
    va_end(ap);
    v->r->bad++;
    if (v->o->found != NULL)
        v->o->found(v->o->arg, place, problem, what);
}

/* Open the file of a segment; only one is open at a time. A live store may have finished it in the meantime.
 */
static int open_segment(struct verify *v, struct verify_file *f, struct err *err)
{
    char path[SEG_PATH_MAX];
    if (v->reading != NULL) {
        sys_close(v->sys, v->reading->f);
        v->reading->f = NULL;
        v->reading = NULL;
    }
    seg_path(path, v->o->dir, f->item.number, f->item.kind == FILES_SEG);
    int rc = sys_open(v->sys, path, SYS_READ, &f->f, err);
    if (rc != 0 && err->code == ERR_NOT_FOUND && f->seg != NULL) {
        seg_path(path, v->o->dir, f->item.number, true);
        rc = sys_open(v->sys, path, SYS_READ, &f->f, err);
    }
    if (rc == 0)
        v->reading = f;
    return rc;
}

int store_verify_read(struct verify *v, const struct verify_file *f, uint64_t off, uint64_t n,
                      struct err *err)
{
    size_t got = 0;
    buf_clear(&v->bytes);
    if (n > f->size || off > f->size - n)
        return err_set(err, ERR_CORRUPT, "the file ends at byte %llu, before byte %llu",
                       (unsigned long long)f->size, (unsigned long long)(off + n));
    char *to = buf_reserve(&v->bytes, n + 1);
    if (to == NULL)
        return err_set(err, ERR_NOMEM, "%llu bytes", (unsigned long long)n);
    if (f->f == NULL && open_segment(v, (struct verify_file *)(uintptr_t)f, err) != 0)
        return -1;
    if (sys_read(v->sys, f->f, to, n, off, &got, err) != 0)
        return -1;
    v->bytes.n = got;
    return got == n
               ? 0
               : err_set(err, ERR_CORRUPT, "the file ends at byte %llu", (unsigned long long)(off + got));
}

void store_verify_release(struct verify *v)
{
    for (size_t i = 0; i < v->n_files; i++) {
        struct verify_file *f = &v->file[i];
        sys_close(v->sys, f->f);
        if (f->seg != NULL) {
            (void)pthread_mutex_lock(&v->o->live->mu);
            store_seg_unref(v->o->live, f->seg);
            (void)pthread_mutex_unlock(&v->o->live->mu);
        }
    }
    free(v->file);
    v->file = NULL;
    v->n_files = 0;
}

static int open_item(struct verify *v, const struct files_item *it, struct err *err)
{
    char path[SEG_PATH_MAX];
    struct verify_file *f = &v->file[v->n_files];
    *f = (struct verify_file){.item = *it, .whole = it->kind == FILES_SEG};
    (void)snprintf(path, sizeof(path), "%s/%s", v->o->dir, it->name);
    if (sys_open(v->sys, path, SYS_READ, &f->f, err) != 0)
        return -1;
    v->n_files++;
    int rc = sys_size(v->sys, f->f, &f->size, err);
    if (it->kind == FILES_SEG || it->kind == FILES_PART) {
        sys_close(v->sys, f->f);
        f->f = NULL;
    }
    return rc;
}

static int load_ckpt(struct verify *v, struct err *err)
{
    v->ckpt_err = (struct err){0};
    v->has_ckpt = ckpt_load(v->sys, v->o->dir, NULL, &v->ring, &v->ckpt, &v->ckpt_err) == 0;
    if (!v->has_ckpt && v->ckpt_err.code != ERR_CORRUPT && v->ckpt_err.code != ERR_NOT_FOUND)
        return err_set(err, v->ckpt_err.code, "%s", v->ckpt_err.msg);
    return 0;
}

/*
 * A live store goes on writing. What it has made durable so far is checked, through handles taken under its
 * mutex: its own segments, the log up to the last commit, the leaves up to the last block. Files that it is
 * about to write or to remove are passed over.
 */
static int live_item(struct verify *v, const struct files_item *it, struct err *err)
{
    struct store *s = v->o->live;
    struct err why = {0};
    if (it->kind == FILES_SEG || it->kind == FILES_PART || it->kind == FILES_TEMP)
        return 0;
    if (it->kind == FILES_WAL && it->number > s->durable.number)
        return 0;
    if (open_item(v, it, &why) != 0)
        return why.code == ERR_NOT_FOUND ? 0 : err_set(err, why.code, "%s", why.msg);
    struct verify_file *f = &v->file[v->n_files - 1];
    if (it->kind == FILES_WAL && it->number == s->durable.number)
        f->size = s->durable.size;
    if (it->kind == FILES_LEAVES)
        f->size = s->tree.n * LEAF_BYTES;
    return 0;
}

static int file_size(struct verify *v, struct verify_file *f, struct err *err)
{
    char path[SEG_PATH_MAX];
    struct sys_file *h = NULL;
    seg_path(path, v->o->dir, f->item.number, true);
    if (sys_open(v->sys, path, SYS_READ, &h, err) != 0)
        return -1;
    int rc = sys_size(v->sys, h, &f->size, err);
    sys_close(v->sys, h);
    return rc;
}

static int collect_live(struct verify *v, const struct files *all, struct err *err)
{
    struct store *s = v->o->live;
    for (size_t i = 0; i < all->n; i++) {
        if (live_item(v, &all->item[i], err) != 0)
            return -1;
    }
    for (size_t i = 0; i < s->n_segs; i++) {
        struct seg *g = s->segs[i];
        struct verify_file *f = &v->file[v->n_files];
        if (g->first_leaf + g->n_blocks <= v->ckpt.kept)
            continue; /* being removed by retention */
        if (g->damaged)
            continue; /* or missing: the leaves will ask for it */
        *f = (struct verify_file){.size = g->size, .seg = g, .whole = g->whole};
        f->item.kind = g->whole ? FILES_SEG : FILES_PART;
        f->item.number = g->number;
        (void)snprintf(f->item.name, sizeof(f->item.name), "%010llu.%s", (unsigned long long)g->number,
                       g->whole ? "seg" : "part");
        if (g->whole && file_size(v, f, err) != 0)
            return -1;
        g->refs++;
        v->n_files++;
    }
    return 0;
}

static int collect(struct verify *v, struct err *err)
{
    struct files all = {.n = 0};
    struct store *s = v->o->live;
    if (load_ckpt(v, err) != 0 || files_list(v->sys, v->o->dir, &all, err) != 0)
        return -1;
    v->file = calloc(all.n + (s == NULL ? 0 : s->n_segs) + 1, sizeof(*v->file));
    int rc = v->file == NULL ? err_set(err, ERR_NOMEM, "list of files") : 0;
    if (rc == 0 && s != NULL)
        rc = collect_live(v, &all, err);
    for (size_t i = 0; rc == 0 && s == NULL && i < all.n; i++)
        rc = open_item(v, &all.item[i], err);
    files_done(&all);
    return rc;
}

int store_verify_collect(struct verify *v, struct err *err)
{
    struct store *s = v->o->live;
    if (s != NULL)
        (void)pthread_mutex_lock(&s->mu);
    int rc = collect(v, err);
    if (s != NULL)
        (void)pthread_mutex_unlock(&s->mu);
    return rc;
}
