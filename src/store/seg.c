#include "store/seg.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/cur.h"
#include "crypt/aead.h"
#include "crypt/kdf.h"

#define MAGIC_HEAD "khienseg"
#define MAGIC_FOOT "khiendir"
#define SALT_BYTES 32
#define SALT_AT 36
#define DIRECTORY_BYTES_MAX (256u * 1024u * 1024u)

void seg_path(char out[SEG_PATH_MAX], const char *dir, uint64_t number, bool whole)
{
    int n =
        snprintf(out, SEG_PATH_MAX, "%s/%010llu.%s", dir, (unsigned long long)number, whole ? "seg" : "part");
    assert(n > 0 && n < SEG_PATH_MAX); /* the store checks the length of its directory */
    (void)n;
}

void seg_free(struct seg *s)
{
    if (s == NULL)
        return;
    sys_close(s->sys, s->f);
    digest_wipe(s->key, sizeof(s->key));
    free(s->blocks);
    free(s->source);
    free(s->source_at);
    free(s);
}

static int make(const struct sys *sys, const char *dir, uint64_t number, struct seg **ret, struct err *err)
{
    struct seg *s = calloc(1, sizeof(*s));
    if (s == NULL)
        return err_set(err, ERR_NOMEM, "segment");
    s->sys = sys;
    s->number = number;
    s->refs = 1;
    s->size = SEG_HEADER_BYTES;
    (void)snprintf(s->dir, sizeof(s->dir), "%s", dir);
    *ret = s;
    return 0;
}

/* The header's tag: proof that whoever wrote it had the store key. */
static int header_cipher(const uint8_t *key, struct aead **ret, struct err *err)
{
    uint8_t k[AEAD_KEY_BYTES];
    CLEANUP(aead_freep) struct aead *a = NULL;
    kdf_hkdf((struct str){(const char *)key, BLOCK_KEY_BYTES}, S(""), S("khien segment head 1"), k,
             sizeof(k));
    int rc = aead_new(&a, err);
    if (rc == 0)
        rc = aead_key(a, k, err);
    digest_wipe(k, sizeof(k));
    if (rc == 0)
        *ret = TAKE(a);
    return rc;
}

static void segment_key(const uint8_t store_key[32], const char *salt, uint8_t out[BLOCK_KEY_BYTES])
{
    kdf_hkdf((struct str){(const char *)store_key, 32}, (struct str){salt, SALT_BYTES}, S("khien segment 1"),
             out, BLOCK_KEY_BYTES);
}

static int put_header(struct seg *s, const uint8_t store_key[32], char out[SEG_HEADER_BYTES], struct err *err)
{
    char salt[SALT_BYTES];
    CLEANUP(aead_freep) struct aead *a = NULL;
    struct buf b = {.p = out, .cap = SEG_HEADER_BYTES, .max = SEG_HEADER_BYTES};
    if (sys_random(s->sys, salt, sizeof(salt), err) != 0)
        return -1;
    segment_key(store_key, salt, s->key);
    buf_put(&b, S(MAGIC_HEAD));
    buf_put_u32(&b, SEG_VERSION);
    buf_put_u64(&b, s->number);
    buf_put_i64(&b, s->created_ns);
    buf_put_u64(&b, s->first_id);
    assert(b.n == SALT_AT);
    buf_put(&b, (struct str){salt, sizeof(salt)});
    if (header_cipher(s->key, &a, err) != 0)
        return -1;
    return aead_seal(a, 0, buf_str(&b), S(""), out + b.n, err);
}

int seg_create(const struct sys *sys, const char *dir, uint64_t number, uint64_t first_id,
               const uint8_t store_key[32], struct seg **ret, struct err *err)
{
    CLEANUP(seg_freep) struct seg *s = NULL;
    char head[SEG_HEADER_BYTES], path[SEG_PATH_MAX];
    if (make(sys, dir, number, &s, err) != 0)
        return -1;
    s->first_id = first_id;
    s->created_ns = sys_now(sys);
    s->has_sources = true;
    seg_path(path, dir, number, false);
    if (put_header(s, store_key, head, err) != 0)
        return -1;
    if (sys_open(sys, path, SYS_READ | SYS_WRITE | SYS_CREATE | SYS_TRUNC, &s->f, err) != 0)
        return -1;
    if (sys_write(sys, s->f, head, sizeof(head), 0, err) != 0 || sys_sync(sys, s->f, err) != 0 ||
        sys_sync_dir(sys, dir, err) != 0) {
        int rc = sys_remove(sys, path, NULL);
        (void)rc; /* if this fails too, the next attempt overwrites the file, or recovery removes it */
        return err_wrap(err, "%s", path);
    }
    *ret = TAKE(s);
    return 0;
}

int seg_read_header(struct str bytes, const uint8_t store_key[32], struct seg_header *ret, struct err *err)
{
    CLEANUP(aead_freep) struct aead *a = NULL;
    struct cur c = cur_of(bytes);
    struct seg_header h = {0};
    char none[1];
    struct str magic = cur_bytes(&c, 8);
    uint32_t version = cur_u32(&c);
    h.number = cur_u64(&c);
    h.created_ns = cur_i64(&c);
    h.first_id = cur_u64(&c);
    struct str salt = cur_bytes(&c, SALT_BYTES), tag = cur_bytes(&c, AEAD_TAG_BYTES);
    if (c.bad || !str_eq(magic, S(MAGIC_HEAD)))
        return err_set(err, ERR_CORRUPT, "the header of the segment does not check");
    if (version > SEG_VERSION)
        return err_set(err, ERR_CONFLICT, "segment format %u is newer than this program (%u)", version,
                       SEG_VERSION);
    segment_key(store_key, salt.p, h.key);
    if (header_cipher(h.key, &a, err) != 0)
        return -1;
    if (aead_open(a, 0, str_sub(bytes, 0, SEG_HEADER_BYTES - AEAD_TAG_BYTES), tag, none, err) != 0)
        return err_wrap(err, "header of the segment");
    *ret = h;
    return 0;
}

static int open_file(struct seg *s, bool write, const uint8_t store_key[32], struct err *err)
{
    char path[SEG_PATH_MAX], head[SEG_HEADER_BYTES];
    struct seg_header h;
    size_t n = 0;
    seg_path(path, s->dir, s->number, s->whole);
    if (sys_open(s->sys, path, write ? SYS_READ | SYS_WRITE : SYS_READ, &s->f, err) != 0)
        return -1;
    if (sys_read(s->sys, s->f, head, sizeof(head), 0, &n, err) != 0 ||
        seg_read_header((struct str){head, n}, store_key, &h, err) != 0)
        return err_wrap(err, "%s", path);
    if (h.number != s->number)
        return err_set(err, ERR_CORRUPT, "%s: is segment %llu under another name", path,
                       (unsigned long long)h.number);
    s->first_id = h.first_id;
    s->created_ns = h.created_ns;
    memcpy(s->key, h.key, sizeof(s->key));
    return 0;
}

void seg_shut(struct seg *s)
{
    sys_close(s->sys, s->f);
    s->f = NULL;
}

int seg_open(const struct sys *sys, const char *dir, uint64_t number, bool whole, bool write,
             const uint8_t store_key[32], struct seg **ret, struct err *err)
{
    CLEANUP(seg_freep) struct seg *s = NULL;
    if (make(sys, dir, number, &s, err) != 0)
        return -1;
    s->whole = whole;
    s->damaged = open_file(s, write, store_key, &s->why) != 0;
    if (s->damaged || whole)
        seg_shut(s);
    *ret = TAKE(s);
    return 0;
}

/* Grow an array to hold n entries, keeping its content. */
static void *grow(void *p, size_t *cap, size_t n, size_t each)
{
    if (n <= *cap)
        return p;
    size_t want = *cap < 16 ? 16 : *cap * 2;
    want = want < n ? n : want;
    void *fresh = realloc(p, want * each);
    if (fresh != NULL)
        *cap = want;
    return fresh;
}

static int add_sources(struct seg *s, size_t block, const uint32_t *id, size_t n, struct err *err)
{
    size_t at = block == 0 ? 0 : s->source_at[block];
    uint32_t *list = grow(s->source, &s->source_cap, at + n + 1, sizeof(*list));
    s->source = list != NULL ? list : s->source;
    size_t *ends = grow(s->source_at, &s->source_at_cap, block + 2, sizeof(*ends));
    s->source_at = ends != NULL ? ends : s->source_at;
    if (list == NULL || ends == NULL)
        return err_set(err, ERR_NOMEM, "sources of a segment");
    if (n > 0)
        memcpy(list + at, id, n * sizeof(*id));
    ends[block] = at;
    ends[block + 1] = at + n;
    return 0;
}

int seg_add(struct seg *s, const struct leaf *l, const struct block_sources *sources, struct err *err)
{
    struct leaf *p = grow(s->blocks, &s->blocks_cap, s->n_blocks + 1, sizeof(*p));
    if (p == NULL)
        return err_set(err, ERR_NOMEM, "blocks of a segment");
    s->blocks = p;
    if (s->has_sources && sources != NULL) {
        if (add_sources(s, s->n_blocks, sources->id, sources->n, err) != 0)
            return -1;
    } else {
        s->has_sources = false;
    }
    if (s->n_blocks == 0)
        s->first_id = l->first_id;
    s->blocks[s->n_blocks++] = *l;
    s->size = l->offset + l->length;
    s->raw_bytes += l->raw_bytes;
    return 0;
}

static int directory_cipher(const uint8_t *key, const uint8_t *salt, struct aead **ret, struct err *err)
{
    uint8_t k[AEAD_KEY_BYTES];
    CLEANUP(aead_freep) struct aead *a = NULL;
    kdf_hkdf((struct str){(const char *)key, BLOCK_KEY_BYTES},
             (struct str){(const char *)salt, BLOCK_SALT_BYTES}, S("khien directory 1"), k, sizeof(k));
    int rc = aead_new(&a, err);
    if (rc == 0)
        rc = aead_key(a, k, err);
    digest_wipe(k, sizeof(k));
    if (rc == 0)
        *ret = TAKE(a);
    return rc;
}

static int put_directory(const struct seg *s, struct buf *b, struct err *err)
{
    for (size_t i = 0; i < s->n_blocks; i++) {
        size_t from = s->has_sources ? s->source_at[i] : 0, to = s->has_sources ? s->source_at[i + 1] : 0;
        leaf_put(b, &s->blocks[i]);
        buf_put_varint(b, to - from);
        for (size_t k = from; k < to; k++)
            buf_put_varint(b, s->source[k]);
    }
    return b->bad ? err_set(err, ERR_NOMEM, "directory of a segment") : 0;
}

static int write_directory(struct seg *s, struct buf *b, struct err *err)
{
    uint8_t salt[BLOCK_SALT_BYTES];
    char foot[SEG_FOOTER_BYTES];
    struct buf f = {.p = foot, .cap = sizeof(foot), .max = sizeof(foot)};
    CLEANUP(aead_freep) struct aead *a = NULL;
    if (put_directory(s, b, err) != 0 || sys_random(s->sys, salt, sizeof(salt), err) != 0 ||
        directory_cipher(s->key, salt, &a, err) != 0)
        return -1;
    buf_put(&f, (struct str){(const char *)salt, sizeof(salt)});
    buf_put_u64(&f, s->size);
    buf_put_u32(&f, (uint32_t)b->n);
    buf_put_u32(&f, (uint32_t)s->n_blocks);
    buf_put(&f, S(MAGIC_FOOT));
    assert(!f.bad && f.n == SEG_FOOTER_BYTES);
    if (buf_reserve(b, AEAD_TAG_BYTES) == NULL)
        return err_set(err, ERR_NOMEM, "directory of a segment");
    if (aead_seal(a, 0, buf_str(&f), buf_str(b), b->p, err) != 0)
        return -1;
    b->n += AEAD_TAG_BYTES;
    buf_put(b, buf_str(&f));
    if (b->bad)
        return err_set(err, ERR_NOMEM, "directory of a segment");
    if (sys_truncate(s->sys, s->f, s->size, err) != 0 || /* what an earlier attempt may have left */
        sys_write(s->sys, s->f, b->p, b->n, s->size, err) != 0)
        return -1;
    return sys_sync(s->sys, s->f, err);
}

int seg_finish(struct seg *s, struct err *err)
{
    char from[SEG_PATH_MAX], to[SEG_PATH_MAX];
    struct buf b;
    assert(!s->whole && s->n_blocks > 0 && s->f != NULL);
    buf_init(&b, DIRECTORY_BYTES_MAX);
    int rc = write_directory(s, &b, err);
    buf_done(&b);
    seg_path(from, s->dir, s->number, false);
    seg_path(to, s->dir, s->number, true);
    if (rc == 0 && sys_exists(s->sys, from)) /* else an earlier attempt came as far as this */
        rc = sys_rename(s->sys, from, to, err);
    if (rc == 0)
        rc = sys_sync_dir(s->sys, s->dir, err);
    if (rc != 0)
        return err_wrap(err, "%s", from);
    return 0;
}

int seg_read_footer(struct str bytes, struct seg_footer *ret, struct err *err)
{
    struct cur c = cur_of(bytes);
    struct seg_footer f = {.dir_off = 0};
    struct str salt = cur_bytes(&c, BLOCK_SALT_BYTES);
    f.dir_off = cur_u64(&c);
    f.dir_bytes = cur_u32(&c);
    f.n_blocks = cur_u32(&c);
    struct str magic = cur_bytes(&c, 8);
    if (!cur_done(&c) || !str_eq(magic, S(MAGIC_FOOT)) || f.dir_bytes > DIRECTORY_BYTES_MAX)
        return err_set(err, ERR_CORRUPT, "the footer of the segment does not check");
    memcpy(f.salt, salt.p, BLOCK_SALT_BYTES);
    *ret = f;
    return 0;
}

int seg_open_directory(const uint8_t key[BLOCK_KEY_BYTES], struct str footer, struct str stored,
                       struct buf *ret, struct err *err)
{
    CLEANUP(aead_freep) struct aead *a = NULL;
    struct seg_footer f;
    if (seg_read_footer(footer, &f, err) != 0)
        return -1;
    if (stored.n != (size_t)f.dir_bytes + AEAD_TAG_BYTES)
        return err_set(err, ERR_CORRUPT, "the directory of the segment has the wrong length");
    buf_clear(ret);
    char *to = buf_reserve(ret, (size_t)f.dir_bytes + 1);
    if (to == NULL || directory_cipher(key, f.salt, &a, err) != 0)
        return to == NULL ? err_set(err, ERR_NOMEM, "directory of a segment") : -1;
    if (aead_open(a, 0, footer, stored, to, err) != 0)
        return err_wrap(err, "directory of the segment");
    ret->n = f.dir_bytes;
    return 0;
}

int seg_next_entry(struct cur *c, struct leaf *ret, uint32_t *sources, size_t sources_max, size_t *ret_n,
                   struct err *err)
{
    struct str bytes = cur_bytes(c, LEAF_BYTES);
    uint64_t n = cur_varint(c);
    if (c->bad || n > sources_max)
        return err_set(err, ERR_CORRUPT, "the directory of the segment does not check at byte %zu", c->at);
    for (uint64_t i = 0; i < n; i++) {
        uint64_t source = cur_varint(c);
        c->bad = c->bad || source > UINT32_MAX;
        sources[i] = (uint32_t)source;
    }
    if (c->bad)
        return err_set(err, ERR_CORRUPT, "the directory of the segment does not check at byte %zu", c->at);
    *ret = leaf_get(bytes.p);
    *ret_n = n;
    return 0;
}

/* The file for a read; *ret_own: close it afterwards. */
static int borrow(const struct seg *s, struct sys_file **ret, bool *ret_own, struct err *err)
{
    char path[SEG_PATH_MAX];
    if (s->damaged) {
        if (err != NULL)
            *err = s->why;
        return -1;
    }
    *ret = s->f;
    *ret_own = s->f == NULL;
    if (!*ret_own)
        return 0;
    seg_path(path, s->dir, s->number, true);
    return sys_open(s->sys, path, SYS_READ, ret, err);
}

int seg_read(const struct seg *s, uint64_t off, uint64_t n, struct buf *b, struct err *err)
{
    size_t got = 0;
    struct sys_file *f = NULL;
    bool own = false;
    buf_clear(b);
    char *to = buf_reserve(b, n + 1);
    if (to == NULL)
        return err_set(err, ERR_NOMEM, "segment %llu: no memory for %llu bytes",
                       (unsigned long long)s->number, (unsigned long long)n);
    if (borrow(s, &f, &own, err) != 0)
        return -1;
    int rc = sys_read(s->sys, f, to, n, off, &got, err);
    if (own)
        sys_close(s->sys, f);
    if (rc != 0)
        return err_wrap(err, "segment %llu", (unsigned long long)s->number);
    if (got != n)
        return err_set(err, ERR_CORRUPT, "segment %llu is cut off at byte %llu",
                       (unsigned long long)s->number, (unsigned long long)(off + got));
    b->n = n;
    return 0;
}

static int load_directory(struct seg *s, struct buf *stored, struct buf *plain, uint32_t *sources, size_t max,
                          struct err *err)
{
    uint64_t size = 0;
    struct seg_footer f;
    char foot[SEG_FOOTER_BYTES];
    struct sys_file *file = NULL;
    bool own = false;
    if (borrow(s, &file, &own, err) != 0)
        return -1;
    int rc = sys_size(s->sys, file, &size, err);
    if (own)
        sys_close(s->sys, file);
    if (rc != 0)
        return -1;
    if (size < s->size + SEG_FOOTER_BYTES)
        return err_set(err, ERR_CORRUPT, "segment %llu has no directory", (unsigned long long)s->number);
    if (seg_read(s, size - SEG_FOOTER_BYTES, SEG_FOOTER_BYTES, stored, err) != 0 ||
        seg_read_footer(buf_str(stored), &f, err) != 0)
        return -1;
    memcpy(foot, stored->p, sizeof(foot));
    if (seg_read(s, f.dir_off, (uint64_t)f.dir_bytes + AEAD_TAG_BYTES, stored, err) != 0 ||
        seg_open_directory(s->key, (struct str){foot, sizeof(foot)}, buf_str(stored), plain, err) != 0)
        return -1;
    struct cur c = cur_of(buf_str(plain));
    for (size_t i = 0; i < s->n_blocks; i++) {
        struct leaf l;
        size_t n = 0;
        if (seg_next_entry(&c, &l, sources, max, &n, err) != 0 || add_sources(s, i, sources, n, err) != 0)
            return -1;
    }
    s->has_sources = true;
    return 0;
}

int seg_load_sources(struct seg *s, struct err *err)
{
    enum { MAX = 65536 };
    struct buf stored, plain;
    if (s->has_sources || !s->whole || s->damaged)
        return 0;
    uint32_t *sources = calloc(MAX, sizeof(*sources));
    if (sources == NULL)
        return err_set(err, ERR_NOMEM, "sources of a segment");
    buf_init(&stored, DIRECTORY_BYTES_MAX + 64);
    buf_init(&plain, DIRECTORY_BYTES_MAX + 64);
    int rc = load_directory(s, &stored, &plain, sources, MAX, err);
    buf_done(&stored);
    buf_done(&plain);
    free(sources);
    return rc;
}

bool seg_has_source(const struct seg *s, size_t block, uint32_t source)
{
    if (!s->has_sources || block >= s->n_blocks || s->source_at[block] == s->source_at[block + 1])
        return true;
    for (size_t i = s->source_at[block]; i < s->source_at[block + 1]; i++) {
        if (s->source[i] == source)
            return true;
    }
    return false;
}

int seg_destroy(const struct sys *sys, const char *dir, uint64_t number, bool whole, struct err *err)
{
    static const char zero[SALT_BYTES];
    char path[SEG_PATH_MAX];
    struct sys_file *f = NULL;
    seg_path(path, dir, number, whole);
    if (sys_open(sys, path, SYS_WRITE, &f, err) != 0)
        return -1;
    int rc = sys_write(sys, f, zero, sizeof(zero), SALT_AT, err);
    if (rc == 0)
        rc = sys_sync(sys, f, err);
    sys_close(sys, f);
    return rc == 0 ? sys_remove(sys, path, err) : rc;
}
