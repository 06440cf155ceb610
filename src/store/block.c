#include "store/block.h"

#include <stdlib.h>

#include "base/cur.h"
#include "base/text.h"
#include "codec/zst.h"
#include "crypt/aead.h"
#include "crypt/kdf.h"
#include "query/pred.h"
#include "store/col.h"
#include "store/filter.h"

#define MAGIC "KBLK"
#define ZSTD_LEVEL 3
#define PACK_BYTES_MIN 32u /* shorter columns do not get smaller */
#define HEAD_BYTES_MAX (16u * 1024u * 1024u)
#define FILTER_BYTES_MAX (64u * 1024u * 1024u)
enum { NONCE_HEAD = 0, NONCE_FILTER = 1, NONCE_COLUMN = 2 };

struct stored_col {
    struct col col;
    uint32_t plain, stored; /* bytes; stored 0 = not compressed */
};

struct block_codec {
    struct aead *aead;
    struct zst *zst;
    struct col_enc *enc; /* made at the first block: a reader needs none */
    struct col_dec *dec;
    struct filter_set words;
    struct buf head, body, filter, plain, chunk;
    uint64_t seed;
    struct block_fixed fixed; /* of the open block */
    char fixed_bytes[BLOCK_FIXED_BYTES];
    int64_t min_ns, max_ns;
    uint64_t raw_bytes;
    struct str filter_stored;
    uint32_t *sources;
    size_t n_sources, sources_cap;
    struct str names[COL_NAMES_MAX];
    size_t n_names;
    struct stored_col cols[COL_COUNT_MAX];
    struct col plain_cols[COL_COUNT_MAX];
    size_t n_cols;
};

int block_codec_new(uint64_t seed, struct block_codec **ret, struct err *err)
{
    CLEANUP(block_codec_freep) struct block_codec *c = calloc(1, sizeof(*c));
    if (c == NULL)
        return err_set(err, ERR_NOMEM, "block codec");
    c->seed = seed;
    buf_init(&c->head, HEAD_BYTES_MAX);
    buf_init(&c->body, BLOCK_BYTES_MAX);
    buf_init(&c->filter, FILTER_BYTES_MAX);
    buf_init(&c->plain, COL_PLAIN_BYTES_MAX);
    buf_init(&c->chunk, BLOCK_BYTES_MAX);
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
    buf_done(&c->head);
    buf_done(&c->body);
    buf_done(&c->filter);
    buf_done(&c->plain);
    buf_done(&c->chunk);
    free(c->sources);
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
             (struct str){(const char *)salt, BLOCK_SALT_BYTES}, S("khien block 1"), block_key,
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

/* Authenticated with each column: the head, which column it is, and both its lengths. */
static void column_aad(const struct block_codec *c, size_t i, uint32_t plain, uint32_t stored,
                       char out[BLOCK_FIXED_BYTES + 12])
{
    uint32_t v[3] = {(uint32_t)i, plain, stored};
    memcpy(out, c->fixed_bytes, BLOCK_FIXED_BYTES);
    for (size_t k = 0; k < 12; k++)
        out[BLOCK_FIXED_BYTES + k] = (char)(v[k / 4] >> (8 * (k % 4)));
}

static void add_word(void *arg, uint64_t hash)
{
    filter_set_add(arg, hash);
}

/* A value cut out of raw at word boundaries holds no word that raw does not. */
static bool words_in_raw(const struct event *e, struct str v)
{
    uintptr_t raw = (uintptr_t)e->raw.p, p = (uintptr_t)v.p;
    if (v.p == NULL || e->raw.p == NULL || p < raw || p - raw > e->raw.n || v.n > e->raw.n - (p - raw))
        return false;
    size_t from = p - raw, to = from + v.n;
    return (from == 0 || !text_is_word_byte((unsigned char)e->raw.p[from - 1])) &&
           (to == e->raw.n || !text_is_word_byte((unsigned char)e->raw.p[to]));
}

static void make_filter(struct block_codec *c, const struct event *e, size_t n)
{
    filter_set_clear(&c->words);
    for (size_t i = 0; i < n; i++) {
        pred_tokenise(e[i].raw, add_word, &c->words);
        if (!words_in_raw(&e[i], e[i].message))
            pred_tokenise(e[i].message, add_word, &c->words);
        for (uint16_t k = 0; k < e[i].n_fields; k++) {
            if (!words_in_raw(&e[i], e[i].fields[k].value))
                pred_tokenise(e[i].fields[k].value, add_word, &c->words);
        }
    }
    buf_clear(&c->filter);
    filter_put(&c->filter, &c->words);
    if (c->filter.bad)
        buf_clear(&c->filter); /* no filter: every word is possible */
}

static void put_head(struct block_codec *c, const struct event *e, size_t n, const struct col_table *t)
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
    buf_put_varint(b, t->n_names);
    for (size_t i = 0; i < t->n_names; i++) {
        buf_put_varint(b, t->names[i].n);
        buf_put(b, t->names[i]);
    }
    buf_put_varint(b, t->n_cols);
}

/* Compress the columns into body, each with room for its tag, and list them in the head. */
static int pack_columns(struct block_codec *c, const struct col_table *t, struct err *err)
{
    buf_clear(&c->body);
    for (size_t i = 0; i < t->n_cols; i++) {
        const struct col *col = &t->cols[i];
        struct stored_col *s = &c->cols[i];
        size_t at = c->body.n;
        *s = (struct stored_col){.col = *col, .plain = (uint32_t)col->bytes.n};
        if (col->bytes.n >= PACK_BYTES_MIN) {
            if (zst_pack(c->zst, col->bytes, ZSTD_LEVEL, &c->body, err) != 0)
                return -1;
            s->stored = (uint32_t)(c->body.n - at);
        }
        if (s->stored == 0 || s->stored >= s->plain) {
            s->stored = 0;
            c->body.n = at;
            buf_put(&c->body, col->bytes);
        }
        if (buf_reserve(&c->body, AEAD_TAG_BYTES) != NULL)
            c->body.n += AEAD_TAG_BYTES;
        buf_put_u8(&c->head, col->kind);
        buf_put_varint(&c->head, col->name);
        buf_put_varint(&c->head, s->plain);
        buf_put_varint(&c->head, s->stored);
    }
    c->n_cols = t->n_cols;
    return c->body.bad || c->head.bad ? err_set(err, ERR_NOMEM, "block") : 0;
}

static void put_fixed(struct block_codec *c, const struct block_place *at, uint64_t first_id, size_t n)
{
    struct buf b = {.p = c->fixed_bytes, .cap = BLOCK_FIXED_BYTES, .max = BLOCK_FIXED_BYTES};
    uint64_t filter = c->filter.n == 0 ? 0 : c->filter.n + AEAD_TAG_BYTES;
    uint64_t length = BLOCK_FIXED_BYTES + c->head.n + AEAD_TAG_BYTES + filter + c->body.n;
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

/* Write head, filter and columns, encrypted, behind each other. */
static int put_parts(struct block_codec *c, struct buf *out, struct err *err)
{
    char aad[BLOCK_FIXED_BYTES + 12];
    struct str fixed = {c->fixed_bytes, BLOCK_FIXED_BYTES};
    buf_put(out, fixed);
    char *to = buf_reserve(out, c->head.n + c->filter.n + 2 * AEAD_TAG_BYTES);
    if (to == NULL)
        return err_set(err, ERR_NOMEM, "block");
    if (aead_seal(c->aead, NONCE_HEAD, fixed, buf_str(&c->head), to, err) != 0)
        return -1;
    out->n += c->head.n + AEAD_TAG_BYTES;
    if (c->filter.n > 0) {
        to += c->head.n + AEAD_TAG_BYTES;
        if (aead_seal(c->aead, NONCE_FILTER, fixed, buf_str(&c->filter), to, err) != 0)
            return -1;
        out->n += c->filter.n + AEAD_TAG_BYTES;
    }
    for (size_t i = 0, at = 0; i < c->n_cols; i++) {
        const struct stored_col *s = &c->cols[i];
        size_t n = s->stored != 0 ? s->stored : s->plain;
        column_aad(c, i, s->plain, s->stored, aad);
        struct str part = {c->body.p + at, n};
        if (aead_seal(c->aead, NONCE_COLUMN + i, (struct str){aad, sizeof(aad)}, part, c->body.p + at, err) !=
            0)
            return -1;
        at += n + AEAD_TAG_BYTES;
    }
    buf_put(out, buf_str(&c->body));
    return out->bad ? err_set(err, ERR_NOMEM, "block") : 0;
}

int block_encode(struct block_codec *c, const uint8_t key[BLOCK_KEY_BYTES], const struct block_place *at,
                 const struct event *e, size_t n, struct buf *out, struct leaf *ret_leaf, struct err *err)
{
    struct col_table t;
    const uint32_t *sources;
    size_t from = out->n;
    if (c->enc == NULL && col_enc_new(c->seed, &c->enc, err) != 0)
        return -1;
    if (col_encode(c->enc, e, n, &t, err) != 0)
        return -1;
    size_t n_sources = col_enc_sources(c->enc, &sources);
    if (keep_sources(c, sources, n_sources, err) != 0)
        return -1;
    make_filter(c, e, n);
    put_head(c, e, n, &t);
    if (pack_columns(c, &t, err) != 0)
        return -1;
    put_fixed(c, at, e[0].id, n);
    if (use_key(c, key, at->salt, err) != 0 || put_parts(c, out, err) != 0)
        return -1;
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

static int read_columns(struct block_codec *c, struct cur *h, struct err *err)
{
    uint64_t n = cur_varint(h), at = block_prefix(&c->fixed), plain = 0;
    if (h->bad || n > COL_COUNT_MAX)
        return err_set(err, ERR_CORRUPT, "the head of the block does not check: columns");
    for (size_t i = 0; i < n && !h->bad; i++) {
        struct stored_col *s = &c->cols[i];
        s->col = (struct col){.kind = cur_u8(h)};
        uint64_t name = cur_varint(h), p = cur_varint(h), z = cur_varint(h);
        if (name >= COL_NAMES_MAX + COL_NAME_FIRST || p > COL_PLAIN_BYTES_MAX || z > COL_PLAIN_BYTES_MAX)
            h->bad = true;
        s->col.name = (uint16_t)name;
        s->plain = (uint32_t)p;
        s->stored = (uint32_t)z;
        at += (z != 0 ? z : p) + AEAD_TAG_BYTES;
        plain += p;
    }
    if (!cur_done(h) || at != c->fixed.length || plain > COL_PLAIN_BYTES_MAX)
        return err_set(err, ERR_CORRUPT, "the head of the block does not check: lengths");
    c->n_cols = n;
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
    c->n_names = cur_varint(&h);
    if (h.bad || c->n_names > COL_NAMES_MAX)
        return err_set(err, ERR_CORRUPT, "the head of the block does not check: field names");
    for (size_t i = 0; i < c->n_names; i++)
        c->names[i] = cur_bytes(&h, cur_varint(&h));
    return read_columns(c, &h, err);
}

int block_open(struct block_codec *c, const uint8_t key[BLOCK_KEY_BYTES], struct str bytes, struct err *err)
{
    if (block_read_fixed(bytes, &c->fixed, err) != 0)
        return -1;
    if (bytes.n < block_prefix(&c->fixed))
        return err_set(err, ERR_CORRUPT, "the block is cut off");
    memcpy(c->fixed_bytes, bytes.p, BLOCK_FIXED_BYTES);
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

/* Decrypt and unpack column i to the end of plain. */
static int read_column(struct block_codec *c, size_t i, struct str stored, struct err *err)
{
    char aad[BLOCK_FIXED_BYTES + 12];
    const struct stored_col *s = &c->cols[i];
    column_aad(c, i, s->plain, s->stored, aad);
    char *plain = buf_reserve(&c->plain, s->plain);
    buf_clear(&c->chunk);
    char *text = s->stored == 0 ? plain : buf_reserve(&c->chunk, s->stored);
    if (plain == NULL || text == NULL)
        return err_set(err, ERR_NOMEM, "column of a block");
    if (aead_open(c->aead, NONCE_COLUMN + i, (struct str){aad, sizeof(aad)}, stored, text, err) != 0 ||
        (s->stored != 0 && zst_unpack(c->zst, (struct str){text, s->stored}, plain, s->plain, err) != 0))
        return err_wrap(err, "column %zu of the block (kind %u)", i, s->col.kind);
    c->plain_cols[i] = s->col;
    c->plain_cols[i].bytes = (struct str){plain, s->plain};
    c->plain.n += s->plain;
    return 0;
}

int block_decode(struct block_codec *c, struct str bytes, const struct event **ret, size_t *ret_n,
                 struct err *err)
{
    uint64_t at = block_prefix(&c->fixed), plain = 0;
    if (bytes.n != c->fixed.length)
        return err_set(err, ERR_CORRUPT, "the block is %zu bytes long, its head says %llu", bytes.n,
                       (unsigned long long)c->fixed.length);
    if (c->dec == NULL && col_dec_new(&c->dec, err) != 0)
        return -1;
    for (size_t i = 0; i < c->n_cols; i++)
        plain += c->cols[i].plain;
    buf_clear(&c->plain);
    if (buf_reserve(&c->plain, plain + 1) == NULL) /* all at once: views point into it */
        return err_set(err, ERR_NOMEM, "columns of a block");
    for (size_t i = 0; i < c->n_cols; i++) {
        const struct stored_col *s = &c->cols[i];
        size_t n = (s->stored != 0 ? s->stored : s->plain) + (size_t)AEAD_TAG_BYTES;
        if (read_column(c, i, str_sub(bytes, at, n), err) != 0)
            return -1;
        at += n;
    }
    struct col_table t = {
        .cols = c->plain_cols, .n_cols = c->n_cols, .names = c->names, .n_names = c->n_names};
    if (col_decode(c->dec, &t, c->fixed.count, c->fixed.first_id, ret, err) != 0)
        return -1;
    *ret_n = c->fixed.count;
    return 0;
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
