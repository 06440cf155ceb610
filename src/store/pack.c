#include "store/pack.h"

#include <stdlib.h>

#define ZSTD_LEVEL 3
#define PACK_BYTES_MIN 32u /* shorter frames do not get smaller */
#define BODY_KEPT (4u << 20)

/* A part of so many bytes gets a frame of its own; piles are closed at so many. */
static const struct {
    size_t own, full;
} sizes[2] = {[PART_NUMBERS] = {512, 65536}, [PART_TEXT] = {65536, 262144}};

void pack_out_init(struct pack_out *p)
{
    *p = (struct pack_out){.zst = NULL};
    buf_init(&p->body, 512u << 20);
    for (size_t i = 0; i < COUNT_OF(p->pile); i++)
        buf_init(&p->pile[i].bytes, 1u << 20);
}

void pack_out_done(struct pack_out *p)
{
    buf_done(&p->body);
    for (size_t i = 0; i < COUNT_OF(p->pile); i++)
        buf_done(&p->pile[i].bytes);
    free(p->frames);
    free(p->order);
    free(p->parts);
}

void pack_out_clear(struct pack_out *p, struct zst *zst)
{
    p->zst = zst;
    if (p->body.cap > BODY_KEPT)
        buf_done(&p->body);
    buf_clear(&p->body);
    for (size_t i = 0; i < COUNT_OF(p->pile); i++) {
        buf_clear(&p->pile[i].bytes);
        p->pile[i].open = false;
    }
    p->n_frames = p->n_order = p->n_parts = 0;
}

static int new_frame(struct pack_out *p, uint32_t *ret, struct err *err)
{
    if (p->n_frames == p->frames_cap) {
        size_t cap = p->frames_cap == 0 ? 256 : p->frames_cap * 2;
        struct pack_frame *f = realloc(p->frames, cap * sizeof(*f));
        p->frames = f != NULL ? f : p->frames;
        uint32_t *o = realloc(p->order, cap * sizeof(*o));
        p->order = o != NULL ? o : p->order;
        if (f == NULL || o == NULL)
            return err_set(err, ERR_NOMEM, "frames of a block");
        p->frames_cap = cap;
    }
    *ret = (uint32_t)p->n_frames++;
    return 0;
}

static int store_frame(struct pack_out *p, uint32_t frame, struct str bytes, struct err *err)
{
    size_t at = p->body.n, stored = bytes.n;
    if (bytes.n >= PACK_BYTES_MIN) {
        if (zst_pack(p->zst, bytes, ZSTD_LEVEL, &p->body, err) != 0)
            return -1;
        stored = p->body.n - at;
    }
    if (bytes.n < PACK_BYTES_MIN || stored + bytes.n / 64 >= bytes.n) {
        stored = bytes.n;
        p->body.n = at;
        buf_put(&p->body, bytes);
    }
    p->frames[frame] = (struct pack_frame){(uint32_t)bytes.n, (uint32_t)stored};
    p->order[p->n_order++] = frame;
    return p->body.bad ? err_set(err, ERR_NOMEM, "block") : 0;
}

static int close_pile(struct pack_out *p, struct pack_pile *pile, struct err *err)
{
    if (!pile->open)
        return 0;
    pile->open = false;
    int rc = pile->bytes.bad ? err_set(err, ERR_NOMEM, "block")
                             : store_frame(p, pile->frame, buf_str(&pile->bytes), err);
    buf_clear(&pile->bytes);
    return rc;
}

int pack_put(void *pack_out, struct str bytes, enum part_kind kind, struct err *err)
{
    struct pack_out *p = pack_out;
    struct pack_pile *pile = &p->pile[kind];
    uint32_t frame = 0;
    bool own = bytes.n >= sizes[kind].own;
    if (p->n_parts == p->parts_cap) {
        size_t cap = p->parts_cap == 0 ? 1024 : p->parts_cap * 2;
        struct pack_part *q = realloc(p->parts, cap * sizeof(*q));
        if (q == NULL || cap > PACK_PARTS_MAX)
            return err_set(err, ERR_NOMEM, "parts of a block");
        p->parts = q;
        p->parts_cap = cap;
    }
    if (!own && pile->open && pile->bytes.n + bytes.n > sizes[kind].full && close_pile(p, pile, err) != 0)
        return -1;
    if (own || !pile->open) {
        if (new_frame(p, &frame, err) != 0)
            return -1;
        pile->open = pile->open || !own;
        pile->frame = own ? pile->frame : frame;
    }
    if (!own)
        frame = pile->frame;
    p->parts[p->n_parts++] = (struct pack_part){frame, (uint32_t)bytes.n};
    if (own)
        return store_frame(p, frame, bytes, err);
    buf_put(&pile->bytes, bytes);
    return 0;
}

int pack_finish(struct pack_out *p, struct buf *table, struct err *err)
{
    for (size_t i = 0; i < COUNT_OF(p->pile); i++) {
        if (close_pile(p, &p->pile[i], err) != 0)
            return -1;
    }
    uint32_t *place = malloc((p->n_frames + 1) * sizeof(*place));
    if (place == NULL)
        return err_set(err, ERR_NOMEM, "frames of a block");
    buf_put_varint(table, p->n_order);
    for (size_t i = 0; i < p->n_order; i++) {
        place[p->order[i]] = (uint32_t)i;
        buf_put_varint(table, p->frames[p->order[i]].plain);
        buf_put_varint(table, p->frames[p->order[i]].stored);
    }
    buf_put_varint(table, p->n_parts);
    for (size_t i = 0; i < p->n_parts; i++) {
        buf_put_varint(table, place[p->parts[i].frame]);
        buf_put_varint(table, p->parts[i].n);
    }
    free(place);
    return table->bad ? err_set(err, ERR_NOMEM, "block") : 0;
}

size_t pack_chunk(const struct pack_out *p, size_t *at)
{
    size_t n = 0;
    while (*at < p->n_order && n < PACK_CHUNK_BYTES)
        n += p->frames[p->order[(*at)++]].stored;
    return n;
}

static int damaged(struct err *err, const char *what)
{
    return err_set(err, ERR_CORRUPT, "the tables of the block do not check: %s", what);
}

static int read_frames(struct pack_in *p, struct cur *t, const uint32_t *lens, size_t n_chunks,
                       struct err *err)
{
    uint64_t n = cur_varint(t), total = 0, off = 0;
    size_t chunk = 0;
    if (t->bad || n > cur_left(t))
        return damaged(err, "frames");
    p->n_frames = (size_t)n;
    p->frames = ARENA_NEW(p->mem, struct pack_frame, n + 1);
    p->chunk = ARENA_NEW(p->mem, uint32_t, n + 1);
    p->off = ARENA_NEW(p->mem, uint64_t, n + 1);
    p->plain = ARENA_NEW(p->mem, const char *, n + 1);
    if (p->frames == NULL || p->chunk == NULL || p->off == NULL || p->plain == NULL)
        return err_set(err, ERR_NOMEM, "tables of a block");
    for (size_t i = 0; i < n; i++) {
        uint64_t plain = cur_varint(t), stored = cur_varint(t);
        total += plain;
        if (t->bad || plain > PACK_PLAIN_BYTES_MAX || total > PACK_PLAIN_BYTES_MAX || stored > plain ||
            chunk == n_chunks || stored > lens[chunk] - off)
            return damaged(err, "size of a frame");
        p->frames[i] = (struct pack_frame){(uint32_t)plain, (uint32_t)stored};
        p->chunk[i] = (uint32_t)chunk;
        p->off[i] = off;
        off += stored;
        if (off >= PACK_CHUNK_BYTES || i + 1 == n) {
            if (off != lens[chunk])
                return damaged(err, "size of a chunk");
            chunk++;
            off = 0;
        }
    }
    return chunk == n_chunks ? 0 : damaged(err, "chunks");
}

int pack_open(struct pack_in *p, struct cur *t, const uint32_t *lens, size_t n_chunks, struct err *err)
{
    if (read_frames(p, t, lens, n_chunks, err) != 0)
        return -1;
    uint64_t n = cur_varint(t);
    if (t->bad || n > PACK_PARTS_MAX || n > cur_left(t))
        return damaged(err, "parts");
    p->n_parts = (size_t)n;
    p->parts = ARENA_NEW(p->mem, struct pack_part, n + 1);
    p->part_off = ARENA_NEW(p->mem, uint32_t, n + 1);
    uint32_t *used = ARENA_NEW(p->mem, uint32_t, p->n_frames + 1);
    if (p->parts == NULL || p->part_off == NULL || used == NULL)
        return err_set(err, ERR_NOMEM, "tables of a block");
    for (size_t i = 0; i < n; i++) {
        uint64_t frame = cur_varint(t), len = cur_varint(t);
        if (t->bad || frame >= p->n_frames || len > p->frames[frame].plain - used[frame])
            return damaged(err, "place of a part");
        p->parts[i] = (struct pack_part){(uint32_t)frame, (uint32_t)len};
        p->part_off[i] = used[frame];
        used[frame] += (uint32_t)len;
    }
    return 0;
}

static int load_frame(struct pack_in *p, uint32_t i, struct err *err)
{
    const struct pack_frame *f = &p->frames[i];
    struct str chunk;
    if (p->chunk_fn(p->arg, p->chunk[i], &chunk, err) != 0)
        return -1;
    char *to = ARENA_NEW(p->mem, char, (size_t)f->plain + 1);
    if (to == NULL)
        return err_set(err, ERR_NOMEM, "frame of a block");
    struct str in = str_sub(chunk, p->off[i], f->stored);
    if (f->stored == f->plain)
        memcpy(to, in.p, in.n);
    else if (zst_unpack(p->zst, in, to, f->plain, err) != 0)
        return -1;
    p->plain[i] = to;
    return 0;
}

int pack_get(void *pack_in, size_t part, struct str *ret, struct err *err)
{
    struct pack_in *p = pack_in;
    if (part >= p->n_parts)
        return damaged(err, "a part is missing");
    uint32_t frame = p->parts[part].frame;
    if (p->plain[frame] == NULL && load_frame(p, frame, err) != 0)
        return -1;
    *ret = (struct str){p->plain[frame] + p->part_off[part], p->parts[part].n};
    return 0;
}
