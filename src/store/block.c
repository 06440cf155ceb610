#include "store/block.h"

#include <stdlib.h>

#include "base/cur.h"
#include "codec/zst.h"
#include "crypt/aead.h"
#include "crypt/kdf.h"
#include "store/col.h"
#include "store/filter.h"
#include "store/pack.h"

#define MAGIC "KBL2"
#define MAGIC_OLD "KBLK" /* of the first layout, which no release wrote */
#define ZSTD_LEVEL 3
#define HEAD_BYTES_MAX (16u * 1024u * 1024u)
#define FILTER_BYTES_MAX (64u * 1024u * 1024u)
#define META_BYTES_MAX (16u * 1024u * 1024u) /* tables and directory: chunk 0 */
#define CHUNKS_MAX 65536u
#define BUF_KEPT (2u << 20) /* memory kept from block to block */
#define MEM_MAX (768u * 1024u * 1024u)
enum { NONCE_HEAD = 0, NONCE_FILTER = 1, NONCE_CHUNK = 2 };

struct block_codec {
    struct aead *aead;
    struct zst *zst;
    struct col_enc *enc; /* made at the first block: a reader needs none */
    struct col_dec *dec;
    struct filter_set words;
    struct pack_out pack;
    struct buf head, filter, dir, meta, chunk;
    uint64_t seed;
    struct block_fixed fixed; /* of the open block */
    char fixed_bytes[BLOCK_FIXED_BYTES];
    int64_t min_ns, max_ns;
    uint64_t raw_bytes;
    struct str filter_stored;
    uint32_t *sources;
    size_t n_sources, sources_cap;
    uint32_t meta_plain;
    uint32_t *chunks; /* stored bytes of each, without tag; 0 is meta */
    size_t n_chunks, chunks_cap;
    /* reading */
    struct arena mem; /* what was unpacked */
    struct pack_in in;
    struct str bytes;  /* of the whole block */
    size_t chunk_open; /* which one lies in `chunk`; SIZE_MAX none */
    bool is_open;      /* the directory of the open block was read */
};

int block_codec_new(uint64_t seed, struct block_codec **ret, struct err *err)
{
    CLEANUP(block_codec_freep) struct block_codec *c = calloc(1, sizeof(*c));
    if (c == NULL)
        return err_set(err, ERR_NOMEM, "block codec");
    c->seed = seed;
    buf_init(&c->head, HEAD_BYTES_MAX);
    buf_init(&c->filter, FILTER_BYTES_MAX);
    buf_init(&c->dir, META_BYTES_MAX);
    buf_init(&c->meta, META_BYTES_MAX);
    buf_init(&c->chunk, BLOCK_BYTES_MAX);
    pack_out_init(&c->pack);
    arena_init(&c->mem, MEM_MAX);
    if (aead_new(&c->aead, err) != 0 || zst_new(&c->zst, err) != 0)
        return -1;
    *ret = TAKE(c);
    return 0;
}

void block_codec_free(struct block_codec *c)
{
    if (c == NULL)
        return;
    aead_free(c->aead);
    zst_free(c->zst);
    col_enc_free(c->enc);
    col_dec_free(c->dec);
    filter_set_done(&c->words);
    pack_out_done(&c->pack);
    arena_done(&c->mem);
    buf_done(&c->head);
    buf_done(&c->filter);
    buf_done(&c->dir);
    buf_done(&c->meta);
    buf_done(&c->chunk);
    free(c->sources);
    free(c->chunks);
    free(c);
}

struct block_sources block_sources(const struct block_codec *c)
{
    return (struct block_sources){.id = c->sources, .n = c->n_sources};
}

static int use_key(struct block_codec *c, const uint8_t *key, const uint8_t *salt, struct err *err)
{
    uint8_t block_key[AEAD_KEY_BYTES];
    kdf_hkdf((struct str){(const char *)key, BLOCK_KEY_BYTES},
             (struct str){(const char *)salt, BLOCK_SALT_BYTES}, S("khien block 2"), block_key,
             sizeof(block_key));
    int rc = aead_key(c->aead, block_key, err);
    digest_wipe(block_key, sizeof(block_key));
    return rc;
}

static int keep_sources(struct block_codec *c, const uint32_t *id, size_t n, struct err *err)
{
    if (n > c->sources_cap || c->sources == NULL) {
        uint32_t *p = realloc(c->sources, (n == 0 ? 1 : n) * sizeof(*p));
        if (p == NULL)
            return err_set(err, ERR_NOMEM, "sources of a block");
        c->sources = p;
        c->sources_cap = n;
    }
    if (id != NULL && n > 0)
        memcpy(c->sources, id, n * sizeof(*id));
    c->n_sources = n;
    return 0;
}

/* Authenticated with each chunk: the fixed part, which chunk it is, and its length. */
static void chunk_aad(const struct block_codec *c, size_t i, char out[BLOCK_FIXED_BYTES + 8])
{
    uint32_t v[2] = {(uint32_t)i, c->chunks[i]};
    memcpy(out, c->fixed_bytes, BLOCK_FIXED_BYTES);
    for (size_t k = 0; k < 8; k++)
        out[BLOCK_FIXED_BYTES + k] = (char)(v[k / 4] >> (8 * (k % 4)));
}

static int add_chunk(struct block_codec *c, size_t n, struct err *err)
{
    if (c->n_chunks == c->chunks_cap) {
        size_t cap = c->chunks_cap == 0 ? 64 : c->chunks_cap * 2;
        uint32_t *p = realloc(c->chunks, cap * sizeof(*p));
        if (p == NULL)
            return err_set(err, ERR_NOMEM, "chunks of a block");
        c->chunks = p;
        c->chunks_cap = cap;
    }
    c->chunks[c->n_chunks++] = (uint32_t)n;
    return 0;
}

static void make_filter(struct block_codec *c)
{
    buf_clear(&c->filter);
    filter_put(&c->filter, &c->words);
    if (c->filter.bad)
        buf_clear(&c->filter); /* no filter: every word is possible */
}

/* Chunk 0: tables of frames and parts, directory of the columns. */
static int make_meta(struct block_codec *c, struct err *err)
{
    buf_clear(&c->meta);
    buf_clear(&c->chunk);
    if (pack_finish(&c->pack, &c->meta, err) != 0)
        return -1;
    buf_put(&c->meta, buf_str(&c->dir));
    if (c->meta.bad)
        return err_set(err, ERR_NOMEM, "directory of a block");
    c->meta_plain = (uint32_t)c->meta.n;
    if (zst_pack(c->zst, buf_str(&c->meta), ZSTD_LEVEL, &c->chunk, err) != 0)
        return -1;
    if (c->chunk.n >= c->meta.n) {
        buf_clear(&c->chunk);
        buf_put(&c->chunk, buf_str(&c->meta));
    }
    c->n_chunks = 0;
    if (c->chunk.bad || add_chunk(c, c->chunk.n, err) != 0)
        return err_set(err, ERR_NOMEM, "directory of a block");
    for (size_t at = 0; at < c->pack.n_order;) {
        if (add_chunk(c, pack_chunk(&c->pack, &at), err) != 0)
            return -1;
    }
    return 0;
}

static void put_head(struct block_codec *c, const struct event *e, size_t n)
{
    struct buf *b = &c->head;
    c->min_ns = INT64_MAX;
    c->max_ns = INT64_MIN;
    c->raw_bytes = 0;
    for (size_t i = 0; i < n; i++) {
        c->min_ns = e[i].time_ns < c->min_ns ? e[i].time_ns : c->min_ns;
        c->max_ns = e[i].time_ns > c->max_ns ? e[i].time_ns : c->max_ns;
        c->raw_bytes += e[i].raw.n;
    }
    buf_clear(b);
    buf_put_varint(b, zigzag(c->min_ns));
    buf_put_varint(b, zigzag(c->max_ns));
    buf_put_varint(b, c->raw_bytes);
    buf_put_varint(b, c->n_sources);
    for (size_t i = 0; i < c->n_sources; i++)
        buf_put_varint(b, c->sources[i]);
    buf_put_varint(b, c->meta_plain);
    buf_put_varint(b, c->n_chunks);
    for (size_t i = 0; i < c->n_chunks; i++)
        buf_put_varint(b, c->chunks[i]);
}

static uint64_t chunks_bytes(const struct block_codec *c)
{
    uint64_t n = 0;
    for (size_t i = 0; i < c->n_chunks; i++)
        n += c->chunks[i] + (uint64_t)AEAD_TAG_BYTES;
    return n;
}

static void put_fixed(struct block_codec *c, const struct block_place *at, uint64_t first_id, size_t n)
{
    struct buf b = {.p = c->fixed_bytes, .cap = BLOCK_FIXED_BYTES, .max = BLOCK_FIXED_BYTES};
    uint64_t filter = c->filter.n == 0 ? 0 : c->filter.n + AEAD_TAG_BYTES;
    uint64_t length = BLOCK_FIXED_BYTES + c->head.n + AEAD_TAG_BYTES + filter + chunks_bytes(c);
    buf_put(&b, S(MAGIC));
    buf_put_u32(&b, (uint32_t)c->head.n);
    buf_put_u64(&b, length);
    buf_put_u64(&b, at->segment);
    buf_put_u32(&b, at->block);
    buf_put_u32(&b, (uint32_t)n);
    buf_put_u64(&b, first_id);
    buf_put_i64(&b, at->sealed_ns);
    buf_put_u32(&b, (uint32_t)c->filter.n);
    buf_put(&b, (struct str){(const char *)at->salt, BLOCK_SALT_BYTES});
    assert(!b.bad && b.n == BLOCK_FIXED_BYTES);
}

/* Encrypt to the end of out, where there is room. */
static int put_sealed(struct block_codec *c, uint64_t nonce, struct str aad, struct str in, struct buf *out,
                      struct err *err)
{
    char *to = buf_reserve(out, in.n + AEAD_TAG_BYTES);
    if (to == NULL)
        return err_set(err, ERR_NOMEM, "block");
    if (aead_seal(c->aead, nonce, aad, in, to, err) != 0)
        return -1;
    out->n += in.n + AEAD_TAG_BYTES;
    return 0;
}

/* Write head, filter and chunks, encrypted, behind each other. */
static int put_parts(struct block_codec *c, struct buf *out, struct err *err)
{
    char aad[BLOCK_FIXED_BYTES + 8];
    struct str fixed = {c->fixed_bytes, BLOCK_FIXED_BYTES};
    size_t at = 0;
    buf_put(out, fixed);
    if (buf_reserve(out, c->head.n + c->filter.n + 2 * AEAD_TAG_BYTES + chunks_bytes(c)) == NULL)
        return err_set(err, ERR_NOMEM, "block");
    if (put_sealed(c, NONCE_HEAD, fixed, buf_str(&c->head), out, err) != 0 ||
        (c->filter.n > 0 && put_sealed(c, NONCE_FILTER, fixed, buf_str(&c->filter), out, err) != 0))
        return -1;
    for (size_t i = 0; i < c->n_chunks; i++) {
        struct str part = i == 0 ? buf_str(&c->chunk) : str_sub(buf_str(&c->pack.body), at, c->chunks[i]);
        at += i == 0 ? 0 : part.n;
        chunk_aad(c, i, aad);
        if (put_sealed(c, NONCE_CHUNK + i, (struct str){aad, sizeof(aad)}, part, out, err) != 0)
            return -1;
    }
    return 0;
}

/* What only an unusual block needed is given back. */
static void trim(struct block_codec *c)
{
    struct buf *all[] = {&c->head, &c->filter, &c->dir, &c->meta, &c->chunk, &c->pack.body};
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        if (all[i]->cap > BUF_KEPT)
            buf_done(all[i]);
    }
    col_enc_trim(c->enc);
}

static int encode(struct block_codec *c, const struct event *e, size_t n, struct err *err)
{
    c->is_open = false;
    struct part_out parts = {.dir = &c->dir, .put = pack_put, .arg = &c->pack, .err = err};
    const uint32_t *sources;
    buf_clear(&c->dir);
    pack_out_clear(&c->pack, c->zst);
    filter_set_clear(&c->words);
    if (col_encode(c->enc, e, n, &parts, &c->words, err) != 0)
        return -1;
    size_t n_sources = col_enc_sources(c->enc, &sources);
    if (keep_sources(c, sources, n_sources, err) != 0)
        return -1;
    make_filter(c);
    return make_meta(c, err);
}

int block_encode(struct block_codec *c, const uint8_t key[BLOCK_KEY_BYTES], const struct block_place *at,
                 const struct event *e, size_t n, struct buf *out, struct leaf *ret_leaf, struct err *err)
{
    size_t from = out->n;
    if (c->enc == NULL && col_enc_new(c->seed, &c->enc, err) != 0)
        return -1;
    if (encode(c, e, n, err) != 0)
        return -1;
    put_head(c, e, n);
    put_fixed(c, at, e[0].id, n);
    if (use_key(c, key, at->salt, err) != 0 || put_parts(c, out, err) != 0)
        return -1;
    trim(c);
    struct str bytes = str_from(buf_str(out), from);
    *ret_leaf = (struct leaf){.segment = at->segment,
                              .block = at->block,
                              .count = (uint32_t)n,
                              .first_id = e[0].id,
                              .length = bytes.n,
                              .raw_bytes = c->raw_bytes,
                              .min_ns = c->min_ns,
                              .max_ns = c->max_ns,
                              .sealed_ns = at->sealed_ns,
                              .digest = digest_sha256(bytes)};
    return 0;
}

int block_read_fixed(struct str bytes, struct block_fixed *ret, struct err *err)
{
    struct cur c = cur_of(bytes);
    struct block_fixed f = {0};
    struct str magic = cur_bytes(&c, 4);
    f.head_bytes = cur_u32(&c);
    f.length = cur_u64(&c);
    f.segment = cur_u64(&c);
    f.block = cur_u32(&c);
    f.count = cur_u32(&c);
    f.first_id = cur_u64(&c);
    f.sealed_ns = cur_i64(&c);
    f.filter_bytes = cur_u32(&c);
    struct str salt = cur_bytes(&c, BLOCK_SALT_BYTES);
    if (!c.bad && str_eq(magic, S(MAGIC_OLD)))
        return err_set(err, ERR_CORRUPT,
                       "this block was written by an older version, in a layout that is gone");
    if (c.bad || !str_eq(magic, S(MAGIC)))
        return err_set(err, ERR_CORRUPT, "no block begins here");
    if (f.head_bytes > HEAD_BYTES_MAX || f.filter_bytes > FILTER_BYTES_MAX || f.length > BLOCK_BYTES_MAX ||
        f.length < block_prefix(&f) || f.count == 0 || f.count > COL_ROWS_MAX || f.first_id == 0 ||
        f.first_id > UINT64_MAX - f.count)
        return err_set(err, ERR_CORRUPT, "the head of the block does not check");
    memcpy(f.salt, salt.p, BLOCK_SALT_BYTES);
    *ret = f;
    return 0;
}

uint64_t block_prefix(const struct block_fixed *f)
{
    uint64_t filter = f->filter_bytes == 0 ? 0 : (uint64_t)f->filter_bytes + AEAD_TAG_BYTES;
    return BLOCK_FIXED_BYTES + (uint64_t)f->head_bytes + AEAD_TAG_BYTES + filter;
}

static int read_chunks(struct block_codec *c, struct cur *h, struct err *err)
{
    uint64_t plain = cur_varint(h), n = cur_varint(h);
    if (h->bad || plain > META_BYTES_MAX || n == 0 || n > CHUNKS_MAX || n > cur_left(h))
        return err_set(err, ERR_CORRUPT, "the head of the block does not check: chunks");
    c->meta_plain = (uint32_t)plain;
    c->n_chunks = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t len = cur_varint(h);
        if (len > BLOCK_BYTES_MAX)
            h->bad = true;
        if (add_chunk(c, h->bad ? 0 : len, err) != 0)
            return -1;
    }
    if (!cur_done(h) || block_prefix(&c->fixed) + chunks_bytes(c) != c->fixed.length || c->chunks[0] > plain)
        return err_set(err, ERR_CORRUPT, "the head of the block does not check: lengths");
    return 0;
}

static int read_head(struct block_codec *c, struct err *err)
{
    struct cur h = cur_of(buf_str(&c->head));
    c->min_ns = unzigzag(cur_varint(&h));
    c->max_ns = unzigzag(cur_varint(&h));
    c->raw_bytes = cur_varint(&h);
    uint64_t n = cur_varint(&h);
    if (h.bad || n > cur_left(&h)) /* a source takes a byte or more */
        return err_set(err, ERR_CORRUPT, "the head of the block does not check: sources");
    if (keep_sources(c, NULL, n, err) != 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        c->sources[i] = (uint32_t)cur_varint(&h);
    return read_chunks(c, &h, err);
}

int block_open(struct block_codec *c, const uint8_t key[BLOCK_KEY_BYTES], struct str bytes, struct err *err)
{
    if (block_read_fixed(bytes, &c->fixed, err) != 0)
        return -1;
    if (bytes.n < block_prefix(&c->fixed))
        return err_set(err, ERR_CORRUPT, "the block is cut off");
    memcpy(c->fixed_bytes, bytes.p, BLOCK_FIXED_BYTES);
    c->chunk_open = SIZE_MAX;
    c->is_open = false;
    if (use_key(c, key, c->fixed.salt, err) != 0)
        return -1;
    struct str head = str_sub(bytes, BLOCK_FIXED_BYTES, (size_t)c->fixed.head_bytes + AEAD_TAG_BYTES);
    buf_clear(&c->head);
    char *to = buf_reserve(&c->head, (size_t)c->fixed.head_bytes + 1);
    if (to == NULL)
        return err_set(err, ERR_NOMEM, "head of a block");
    if (aead_open(c->aead, NONCE_HEAD, (struct str){c->fixed_bytes, BLOCK_FIXED_BYTES}, head, to, err) != 0)
        return err_wrap(err, "head of the block");
    c->head.n = c->fixed.head_bytes;
    c->filter_stored = (struct str){NULL, 0};
    if (c->fixed.filter_bytes > 0)
        c->filter_stored =
            str_sub(bytes, BLOCK_FIXED_BYTES + head.n, (size_t)c->fixed.filter_bytes + AEAD_TAG_BYTES);
    return read_head(c, err);
}

int block_filter(struct block_codec *c, struct str *ret, struct err *err)
{
    buf_clear(&c->filter);
    if (c->filter_stored.n > 0) {
        char *to = buf_reserve(&c->filter, c->filter_stored.n);
        if (to == NULL)
            return err_set(err, ERR_NOMEM, "filter of a block");
        if (aead_open(c->aead, NONCE_FILTER, (struct str){c->fixed_bytes, BLOCK_FIXED_BYTES},
                      c->filter_stored, to, err) != 0)
            return err_wrap(err, "filter of the block");
        c->filter.n = c->fixed.filter_bytes;
    }
    *ret = buf_str(&c->filter);
    return 0;
}

/* Decrypt chunk i; the bytes live until the next one. */
static int open_chunk(void *codec, size_t i, struct str *ret, struct err *err)
{
    struct block_codec *c = codec;
    char aad[BLOCK_FIXED_BYTES + 8];
    uint64_t at = block_prefix(&c->fixed);
    *ret = (struct str){c->chunk.p, c->chunks[i]};
    if (i == c->chunk_open)
        return 0;
    for (size_t k = 0; k < i; k++)
        at += c->chunks[k] + (uint64_t)AEAD_TAG_BYTES;
    c->chunk_open = SIZE_MAX;
    buf_clear(&c->chunk);
    char *to = buf_reserve(&c->chunk, (size_t)c->chunks[i] + 1);
    if (to == NULL)
        return err_set(err, ERR_NOMEM, "chunk of a block");
    chunk_aad(c, i, aad);
    struct str stored = str_sub(c->bytes, at, c->chunks[i] + (size_t)AEAD_TAG_BYTES);
    if (aead_open(c->aead, NONCE_CHUNK + i, (struct str){aad, sizeof(aad)}, stored, to, err) != 0)
        return err_wrap(err, "chunk %zu of the block", i);
    c->chunk_open = i;
    *ret = (struct str){to, c->chunks[i]};
    return 0;
}

/* Chunks of frames are numbered from 0, those of the block from 1, for 0 is the directory. */
static int open_frames(void *codec, size_t i, struct str *ret, struct err *err)
{
    return open_chunk(codec, i + 1, ret, err);
}

static int read_meta(struct block_codec *c, struct str *ret, struct err *err)
{
    struct str stored;
    if (open_chunk(c, 0, &stored, err) != 0)
        return -1;
    char *to = ARENA_NEW(&c->mem, char, (size_t)c->meta_plain + 1);
    if (to == NULL)
        return err_set(err, ERR_NOMEM, "directory of a block");
    if (stored.n == c->meta_plain)
        memcpy(to, stored.p, stored.n);
    else if (zst_unpack(c->zst, stored, to, c->meta_plain, err) != 0)
        return err_wrap(err, "directory of the block");
    *ret = (struct str){to, c->meta_plain};
    return 0;
}

/* Read the directory; columns are unpacked when they are needed. */
static int open_columns(struct block_codec *c, struct str bytes, struct err *err)
{
    c->is_open = false;
    struct str meta = {NULL, 0};
    if (bytes.n != c->fixed.length)
        return err_set(err, ERR_CORRUPT, "the block is %zu bytes long, its head says %llu", bytes.n,
                       (unsigned long long)c->fixed.length);
    if (c->dec == NULL && col_dec_new(&c->dec, err) != 0)
        return -1;
    arena_reset(&c->mem);
    c->bytes = bytes;
    if (read_meta(c, &meta, err) != 0)
        return -1;
    struct cur table = cur_of(meta);
    c->in = (struct pack_in){.zst = c->zst, .mem = &c->mem, .chunk_fn = open_frames, .arg = c};
    if (pack_open(&c->in, &table, c->chunks + 1, c->n_chunks - 1, err) != 0)
        return -1;
    struct part_in in = {.get = pack_get, .arg = &c->in};
    return col_dec_open(c->dec, str_from(meta, table.at), &in, c->in.n_parts, c->fixed.count,
                        c->fixed.first_id, err);
}

static int decode(struct block_codec *c, struct str bytes, const struct block_want *want,
                  const struct event **ret, size_t *ret_n, struct err *err)
{
    bool again = c->is_open && c->bytes.p == bytes.p && c->bytes.n == bytes.n;
    if (!again && open_columns(c, bytes, err) != 0)
        return -1;
    c->is_open = true;
    if (col_decode(c->dec, want, ret, err) != 0)
        return -1;
    *ret_n = c->fixed.count;
    return 0;
}

int block_decode(struct block_codec *c, struct str bytes, const struct event **ret, size_t *ret_n,
                 struct err *err)
{
    return decode(c, bytes, NULL, ret, ret_n, err);
}

int block_decode_some(struct block_codec *c, struct str bytes, const struct block_want *want,
                      const struct event **ret, size_t *ret_n, struct err *err)
{
    return decode(c, bytes, want, ret, ret_n, err);
}

struct leaf block_leaf(const struct block_codec *c, struct str bytes)
{
    return (struct leaf){.segment = c->fixed.segment,
                         .block = c->fixed.block,
                         .count = c->fixed.count,
                         .first_id = c->fixed.first_id,
                         .length = bytes.n,
                         .raw_bytes = c->raw_bytes,
                         .min_ns = c->min_ns,
                         .max_ns = c->max_ns,
                         .sealed_ns = c->fixed.sealed_ns,
                         .digest = digest_sha256(bytes)};
}
