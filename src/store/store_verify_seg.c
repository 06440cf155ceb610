/* Every byte of every segment: header, blocks against their leaves, directory, footer, nothing else. */
#include <stdio.h>
#include <stdlib.h>

#include "base/cur.h"
#include "crypt/aead.h"
#include "store/verify.h"

enum { SOURCES_MAX = 65536 };

static int leaf_at(struct verify *v, uint64_t i, struct leaf *ret, struct err *err)
{
    if (store_verify_read(v, v->leaves, i * LEAF_BYTES, LEAF_BYTES, err) != 0)
        return -1;
    *ret = leaf_get(v->bytes.p);
    return 0;
}

static bool same_leaf(const struct leaf *a, const struct leaf *b)
{
    return a->segment == b->segment && a->block == b->block && a->count == b->count &&
           a->first_id == b->first_id && a->offset == b->offset && a->length == b->length &&
           a->raw_bytes == b->raw_bytes && a->min_ns == b->min_ns && a->max_ns == b->max_ns &&
           a->sealed_ns == b->sealed_ns && digest_eq(&a->digest, &b->digest);
}

/* The head of a block against its rows: times and sizes are taken from the head by every search. */
static bool head_true(const struct leaf *l, const struct event *ev, size_t n)
{
    int64_t min_ns = INT64_MAX, max_ns = INT64_MIN;
    uint64_t raw = 0;
    for (size_t i = 0; i < n; i++) {
        min_ns = ev[i].time_ns < min_ns ? ev[i].time_ns : min_ns;
        max_ns = ev[i].time_ns > max_ns ? ev[i].time_ns : max_ns;
        raw += ev[i].raw.n;
    }
    return l->count == n && l->min_ns == min_ns && l->max_ns == max_ns && l->raw_bytes == raw;
}

/* One block against the leaf that stands for it. A finding is reported; only the machine's failure is an
 * error. */
static int check_block(struct verify *v, const struct verify_file *f, const uint8_t *key,
                       const struct leaf *l, uint64_t off, struct err *err)
{
    char place[160];
    struct err why = {0};
    const struct event *ev = NULL;
    struct str filter;
    size_t n = 0;
    (void)snprintf(place, sizeof(place), "%s block %u (byte %llu, events %llu to %llu)", f->item.name,
                   l->block, (unsigned long long)off, (unsigned long long)l->first_id,
                   (unsigned long long)(l->first_id + l->count - 1));
    int rc = l->offset == off
                 ? 0
                 : err_set(&why, ERR_CORRUPT, "the leaf says byte %llu", (unsigned long long)l->offset);
    if (rc == 0)
        rc = store_verify_read(v, f, off, l->length, &why);
    if (rc == 0)
        rc = block_open(v->codec, key, buf_str(&v->bytes), &why);
    if (rc == 0)
        rc = block_filter(v->codec, &filter, &why);
    if (rc == 0)
        rc = block_decode(v->codec, buf_str(&v->bytes), &ev, &n, &why);
    if (rc != 0 && why.code != ERR_CORRUPT)
        return err_set(err, why.code, "%s: %s", place, why.msg);
    if (rc != 0) {
        store_verify_bad(v, place, STORE_CHANGED, "%s", why.msg);
        return 0;
    }
    struct leaf got = block_leaf(v->codec, buf_str(&v->bytes));
    got.offset = off;
    if (!same_leaf(&got, l))
        store_verify_bad(v, place, STORE_CHANGED, "is not the block that was sealed here");
    else if (!head_true(&got, ev, n))
        store_verify_bad(v, place, STORE_CHANGED, "its head does not describe its events");
    v->r->blocks++;
    v->r->events += n;
    return 0;
}

static int read_directory(struct verify *v, const struct verify_file *f, const uint8_t *key, uint64_t off,
                          uint32_t n_blocks, struct err *why)
{
    char foot[SEG_FOOTER_BYTES];
    struct seg_footer ft;
    if (f->size < off + SEG_FOOTER_BYTES)
        return err_set(why, ERR_CORRUPT, "the file is cut off");
    if (store_verify_read(v, f, f->size - SEG_FOOTER_BYTES, SEG_FOOTER_BYTES, why) != 0 ||
        seg_read_footer(buf_str(&v->bytes), &ft, why) != 0)
        return -1;
    memcpy(foot, v->bytes.p, sizeof(foot));
    if (ft.dir_off != off || ft.n_blocks != n_blocks ||
        off + ft.dir_bytes + AEAD_TAG_BYTES + SEG_FOOTER_BYTES != f->size)
        return err_set(why, ERR_CORRUPT, "the directory does not fill the rest of the file");
    if (store_verify_read(v, f, off, (uint64_t)ft.dir_bytes + AEAD_TAG_BYTES, why) != 0)
        return -1;
    return seg_open_directory(key, (struct str){foot, sizeof(foot)}, buf_str(&v->bytes), &v->plain, why);
}

static int check_directory(struct verify *v, const struct verify_file *f, const uint8_t *key, uint64_t off,
                           uint64_t first_leaf, struct err *err)
{
    struct err why = {0};
    char place[160];
    uint32_t n = (uint32_t)(v->next_leaf - first_leaf);
    (void)snprintf(place, sizeof(place), "%s directory (byte %llu)", f->item.name, (unsigned long long)off);
    uint32_t *sources = calloc(SOURCES_MAX, sizeof(*sources));
    if (sources == NULL)
        return err_set(err, ERR_NOMEM, "directory");
    int rc = read_directory(v, f, key, off, n, &why);
    struct cur c = cur_of(buf_str(&v->plain));
    for (uint32_t i = 0; rc == 0 && i < n; i++) {
        struct leaf in_dir, l;
        size_t n_sources;
        rc = seg_next_entry(&c, &in_dir, sources, SOURCES_MAX, &n_sources, &why);
        if (rc == 0)
            rc = leaf_at(v, first_leaf + i, &l, &why);
        if (rc == 0 && !same_leaf(&in_dir, &l))
            rc = err_set(&why, ERR_CORRUPT, "entry %u is not the leaf of the block", i);
    }
    if (rc == 0 && !cur_done(&c))
        rc = err_set(&why, ERR_CORRUPT, "bytes left over");
    free(sources);
    if (rc == 0)
        return 0;
    if (why.code != ERR_CORRUPT)
        return err_set(err, why.code, "%s: %s", place, why.msg);
    store_verify_bad(v, place, STORE_CHANGED, "%s", why.msg);
    return 0;
}

/* The file of a segment, from v->next_leaf on as far as its leaves go. */
static int check_segment(struct verify *v, const struct verify_file *f, struct err *err)
{
    struct seg_header h = {.number = 0};
    struct err why = {0};
    uint64_t off = SEG_HEADER_BYTES, first_leaf = v->next_leaf;
    int rc = store_verify_read(v, f, 0, SEG_HEADER_BYTES, &why);
    if (rc == 0)
        rc = seg_read_header(buf_str(&v->bytes), v->ring.store_key, &h, &why);
    if (rc == 0 && h.number != f->item.number)
        rc = err_set(&why, ERR_CORRUPT, "is segment %llu under another name", (unsigned long long)h.number);
    if (rc != 0 && why.code != ERR_CORRUPT && why.code != ERR_CONFLICT)
        return err_set(err, why.code, "%s: %s", f->item.name, why.msg);
    bool readable = rc == 0;
    if (!readable)
        store_verify_bad(v, f->item.name, STORE_CHANGED, "header (byte 0): %s", why.msg);
    for (; v->next_leaf < v->n_leaves; v->next_leaf++) {
        struct leaf l;
        if (leaf_at(v, v->next_leaf, &l, err) != 0)
            return -1;
        if (l.segment != f->item.number)
            break;
        if (readable && l.first_id < h.first_id)
            store_verify_bad(v, f->item.name, STORE_CHANGED, "header: its first event is %llu",
                             (unsigned long long)h.first_id);
        if (readable && check_block(v, f, h.key, &l, off, err) != 0)
            return -1;
        off += l.length;
    }
    v->r->segments++;
    if (!readable)
        return 0;
    if (f->whole)
        return check_directory(v, f, h.key, off, first_leaf, err);
    if (f->size != off)
        store_verify_bad(v, f->item.name, STORE_CUT,
                         "%lld bytes behind the last block (byte %llu): a write that was cut off, or "
                         "foreign bytes",
                         (long long)(f->size - off), (unsigned long long)off);
    return 0;
}

static const struct verify_file *find_segment(const struct verify *v, uint64_t number)
{
    for (size_t i = 0; i < v->n_files; i++) {
        const struct files_item *it = &v->file[i].item;
        if ((it->kind == FILES_SEG || it->kind == FILES_PART) && it->number == number)
            return &v->file[i];
    }
    return NULL;
}

/* Files that no leaf speaks of. A segment without any block yet is one header. */
static int check_extra(struct verify *v, uint64_t first, uint64_t last, struct err *err)
{
    for (size_t i = 0; i < v->n_files; i++) {
        const struct verify_file *f = &v->file[i];
        if (f->item.kind != FILES_SEG && f->item.kind != FILES_PART)
            continue;
        if (f != find_segment(v, f->item.number))
            store_verify_bad(v, f->item.name, STORE_EXTRA, "the same segment is there twice");
        else if (f->item.number > last && f->item.kind == FILES_PART) {
            if (check_segment(v, f, err) != 0)
                return -1;
        } else if (f->item.number < first || f->item.number > last)
            store_verify_bad(v, f->item.name, STORE_EXTRA, "no leaf speaks of this segment");
    }
    return 0;
}

int store_verify_segments(struct verify *v, struct err *err)
{
    uint64_t first = UINT64_MAX, last = 0;
    v->next_leaf = v->has_ckpt ? v->ckpt.kept : 0;
    while (v->next_leaf < v->n_leaves) {
        struct leaf l;
        if (leaf_at(v, v->next_leaf, &l, err) != 0)
            return -1;
        const struct verify_file *f = find_segment(v, l.segment);
        first = first == UINT64_MAX ? l.segment : first;
        last = l.segment;
        if (f != NULL) {
            if (check_segment(v, f, err) != 0)
                return -1;
            continue;
        }
        char place[64];
        (void)snprintf(place, sizeof(place), "%010llu.seg", (unsigned long long)l.segment);
        store_verify_bad(v, place, STORE_MISSING, "the segment is missing (events from %llu)",
                         (unsigned long long)l.first_id);
        for (struct leaf next = l; v->next_leaf < v->n_leaves && next.segment == l.segment;) {
            v->next_leaf++;
            if (v->next_leaf < v->n_leaves && leaf_at(v, v->next_leaf, &next, err) != 0)
                return -1;
        }
    }
    return check_extra(v, first, last, err);
}
