#include "store/wal.h"

#include <stdio.h>
#include <stdlib.h>

#include "crypt/aead.h"
#include "crypt/kdf.h"

#define MAGIC "khienwal"
#define FIXED_BYTES 104 /* header in front of the table of names */
#define SALT_BYTES 32
#define TABLE_BYTES_MAX (1024u * 1024u)
#define NAMES_MAX 4096u

struct wal {
    const struct sys *sys;
    struct sys_file *f;
    struct aead *aead;
    struct wal_state state;
    uint64_t counter; /* frames so far; the nonce of the next is one more, the header has 0 */
    struct buf frame;
    struct wal_state after; /* the state once the waiting frame is durable */
};

struct wal_reader {
    const struct sys *sys;
    struct sys_file *f;
    struct aead *aead;
    uint64_t limit, counter;
    struct wal_info info;
    struct wal_state state;
    struct wal_names names;
    struct buf frame, plain;
};

void wal_path(char out[WAL_PATH_MAX], const char *dir, uint64_t number)
{
    int n = snprintf(out, WAL_PATH_MAX, "%s/%010llu.wal", dir, (unsigned long long)number);
    assert(n > 0 && n < WAL_PATH_MAX);
    (void)n;
}

static int use_key(struct aead **ret, const uint8_t store_key[32], struct str salt, struct err *err)
{
    uint8_t k[AEAD_KEY_BYTES];
    CLEANUP(aead_freep) struct aead *a = NULL;
    kdf_hkdf((struct str){(const char *)store_key, 32}, salt, S("khien wal 1"), k, sizeof(k));
    int rc = aead_new(&a, err);
    if (rc == 0)
        rc = aead_key(a, k, err);
    digest_wipe(k, sizeof(k));
    if (rc == 0)
        *ret = TAKE(a);
    return rc;
}

static struct digest chain_next(const struct digest *before, struct str bytes)
{
    struct str parts[] = {{(const char *)before->b, DIGEST_BYTES}, bytes};
    return digest_sha256_parts(parts, COUNT_OF(parts));
}

static void put_table(struct buf *b)
{
    buf_put_varint(b, FIELD_COUNT - 1);
    for (uint16_t i = 1; i < FIELD_COUNT; i++) {
        buf_put_varint(b, field_row(i)->name.n);
        buf_put(b, field_row(i)->name);
    }
}

/* Header into b; the writer gets its cipher. */
static int put_header(struct wal *w, const uint8_t store_key[32], const struct wal_state *before,
                      uint64_t first_id, struct buf *b, struct err *err)
{
    char salt[SALT_BYTES];
    struct buf table;
    if (sys_random(w->sys, salt, sizeof(salt), err) != 0 ||
        use_key(&w->aead, store_key, (struct str){salt, sizeof(salt)}, err) != 0)
        return -1;
    buf_init(&table, TABLE_BYTES_MAX);
    put_table(&table);
    buf_put(b, S(MAGIC));
    buf_put_u32(b, WAL_VERSION);
    buf_put_u64(b, w->state.number);
    buf_put_u64(b, first_id);
    buf_put_i64(b, sys_now(w->sys));
    buf_put(b, (struct str){(const char *)before->chain.b, DIGEST_BYTES});
    buf_put(b, (struct str){salt, sizeof(salt)});
    buf_put_u32(b, (uint32_t)table.n);
    assert(b->bad || b->n == FIXED_BYTES);
    buf_put(b, buf_str(&table));
    bool bad = table.bad;
    buf_done(&table);
    if (bad || buf_reserve(b, AEAD_TAG_BYTES) == NULL)
        return err_set(err, ERR_NOMEM, "header of the write-ahead log");
    if (aead_seal(w->aead, 0, buf_str(b), S(""), b->p + b->n, err) != 0)
        return -1;
    b->n += AEAD_TAG_BYTES;
    return 0;
}

int wal_create(const struct sys *sys, const char *dir, const uint8_t store_key[32], uint64_t number,
               const struct wal_state *before, uint64_t first_id, struct wal **ret, struct err *err)
{
    CLEANUP(wal_freep) struct wal *w = calloc(1, sizeof(*w));
    char path[WAL_PATH_MAX];
    if (w == NULL)
        return err_set(err, ERR_NOMEM, "write-ahead log");
    w->sys = sys;
    w->state = (struct wal_state){.number = number, .last_id = before->last_id};
    buf_init(&w->frame, WAL_FRAME_BYTES_MAX + 64);
    wal_path(path, dir, number);
    if (put_header(w, store_key, before, first_id, &w->frame, err) != 0 ||
        sys_open(sys, path, SYS_READ | SYS_WRITE | SYS_CREATE | SYS_TRUNC, &w->f, err) != 0)
        return -1;
    if (sys_write(sys, w->f, w->frame.p, w->frame.n, 0, err) != 0 || sys_sync(sys, w->f, err) != 0 ||
        sys_sync_dir(sys, dir, err) != 0) {
        (void)err_wrap(err, "%s", path);
        int rc = sys_remove(sys, path, NULL);
        (void)rc; /* if this fails too, the next attempt overwrites the file, or recovery removes it */
        return -1;
    }
    w->state.size = w->frame.n;
    w->state.chain = chain_next(&before->chain, buf_str(&w->frame));
    buf_clear(&w->frame);
    *ret = TAKE(w);
    return 0;
}

void wal_free(struct wal *w)
{
    if (w == NULL)
        return;
    sys_close(w->sys, w->f);
    aead_free(w->aead);
    buf_done(&w->frame);
    free(w);
}

bool wal_has_frame(const struct wal *w)
{
    return w->frame.n > 0;
}

struct wal_state wal_state(const struct wal *w)
{
    return w->state;
}

int wal_frame(struct wal *w, struct str packed, uint32_t n, uint64_t first_id, struct err *err)
{
    assert(w->frame.n == 0 && n > 0 && packed.n > 0);
    if (packed.n > WAL_FRAME_BYTES_MAX)
        return err_set(err, ERR_LIMIT, "write-ahead log: %zu bytes in one frame", packed.n);
    struct buf *b = &w->frame;
    buf_clear(b);
    if (buf_reserve(b, WAL_FRAME_HEAD_BYTES + packed.n + AEAD_TAG_BYTES) == NULL) {
        buf_clear(b);
        return err_set(err, ERR_NOMEM, "frame of the write-ahead log");
    }
    buf_put_u32(b, (uint32_t)packed.n);
    buf_put_u32(b, n);
    buf_put_u64(b, w->counter);
    buf_put_u64(b, first_id);
    assert(!b->bad && b->n == WAL_FRAME_HEAD_BYTES);
    if (aead_seal(w->aead, w->counter + 1, buf_str(b), packed, b->p + b->n, err) != 0) {
        buf_clear(b);
        return -1;
    }
    b->n += packed.n + AEAD_TAG_BYTES;
    w->counter++;
    w->after = w->state;
    w->after.size += b->n;
    w->after.last_id = first_id + n - 1;
    w->after.chain = chain_next(&w->state.chain, buf_str(b));
    return 0;
}

int wal_flush(struct wal *w, struct err *err)
{
    assert(w->frame.n > 0);
    if (sys_write(w->sys, w->f, w->frame.p, w->frame.n, w->state.size, err) != 0 ||
        sys_sync(w->sys, w->f, err) != 0)
        return err_wrap(err, "write-ahead log %llu", (unsigned long long)w->state.number);
    w->state = w->after;
    buf_clear(&w->frame);
    return 0;
}

/* Names of the table against the numbers of this program. */
int wal_names_read(struct str table, struct wal_names *ret, struct err *err)
{
    struct wal_names t = {.differ = false};
    struct cur c = cur_of(table);
    uint64_t n = cur_varint(&c);
    if (c.bad || n > NAMES_MAX)
        return err_set(err, ERR_CORRUPT, "table of field names");
    t.n = (size_t)n + 1;
    t.name = calloc(t.n, sizeof(*t.name));
    t.bytes = malloc(table.n + 1);
    if (t.name == NULL || t.bytes == NULL) {
        wal_names_done(&t);
        return err_set(err, ERR_NOMEM, "table of field names");
    }
    if (table.n > 0)
        memcpy(t.bytes, table.p, table.n);
    c.in.p = t.bytes;
    t.differ = t.n != FIELD_COUNT;
    for (size_t i = 1; i < t.n; i++) {
        t.name[i] = cur_bytes(&c, cur_varint(&c));
        if (t.name[i].n == 0)
            c.bad = true;
        t.differ = t.differ || !str_eq(t.name[i], field_row((uint16_t)i)->name);
    }
    if (!cur_done(&c)) {
        wal_names_done(&t);
        return err_set(err, ERR_CORRUPT, "table of field names");
    }
    *ret = t;
    return 0;
}

void wal_names_done(struct wal_names *t)
{
    free(t->name);
    free(t->bytes);
    *t = (struct wal_names){.differ = false};
}

static int read_at(struct wal_reader *r, uint64_t off, uint64_t n, struct buf *b, bool *ret_short,
                   struct err *err)
{
    size_t got = 0;
    *ret_short = n > r->limit || off > r->limit - n;
    if (*ret_short)
        return 0;
    char *to = buf_reserve(b, n + AEAD_TAG_BYTES);
    if (to == NULL)
        return err_set(err, ERR_NOMEM, "write-ahead log");
    if (sys_read(r->sys, r->f, to, n, off, &got, err) != 0)
        return -1;
    *ret_short = got != n;
    b->n += n;
    return 0;
}

static int read_header(struct wal_reader *r, const uint8_t store_key[32], struct err *err)
{
    bool cut = false;
    char none[1];
    struct buf *b = &r->frame;
    if (read_at(r, 0, FIXED_BYTES, b, &cut, err) != 0)
        return -1;
    if (cut)
        return err_set(err, ERR_CORRUPT, "the header is cut off");
    struct cur c = cur_of(buf_str(b));
    struct str magic = cur_bytes(&c, 8);
    uint32_t version = cur_u32(&c);
    r->info.number = cur_u64(&c);
    r->info.first_id = cur_u64(&c);
    (void)cur_i64(&c);
    struct str before = cur_bytes(&c, DIGEST_BYTES), salt = cur_bytes(&c, SALT_BYTES);
    uint32_t table_n = cur_u32(&c);
    if (c.bad || !str_eq(magic, S(MAGIC)) || table_n > TABLE_BYTES_MAX)
        return err_set(err, ERR_CORRUPT, "the header does not check");
    if (version != WAL_VERSION)
        return err_set(err, ERR_CONFLICT, "format %u is %s than this program reads (%u)", version,
                       version > WAL_VERSION ? "newer" : "older", WAL_VERSION);
    memcpy(r->info.before.b, before.p, DIGEST_BYTES);
    if (use_key(&r->aead, store_key, salt, err) != 0 ||
        read_at(r, FIXED_BYTES, (uint64_t)table_n + AEAD_TAG_BYTES, b, &cut, err) != 0)
        return -1;
    if (cut)
        return err_set(err, ERR_CORRUPT, "the header is cut off");
    struct str head = str_sub(buf_str(b), 0, (size_t)FIXED_BYTES + table_n);
    if (aead_open(r->aead, 0, head, str_from(buf_str(b), head.n), none, err) != 0)
        return err_wrap(err, "header");
    if (wal_names_read(str_from(head, FIXED_BYTES), &r->names, err) != 0)
        return -1;
    r->state = (struct wal_state){.number = r->info.number,
                                  .size = b->n,
                                  .last_id = r->info.first_id - 1,
                                  .chain = chain_next(&r->info.before, buf_str(b))};
    return 0;
}

int wal_reader_open(const struct sys *sys, struct sys_file *f, uint64_t limit, const uint8_t store_key[32],
                    struct wal_reader **ret, struct err *err)
{
    CLEANUP(wal_reader_freep) struct wal_reader *r = calloc(1, sizeof(*r));
    if (r == NULL)
        return err_set(err, ERR_NOMEM, "write-ahead log");
    r->sys = sys;
    r->f = f;
    r->limit = limit;
    buf_init(&r->frame, WAL_FRAME_BYTES_MAX + 128);
    buf_init(&r->plain, WAL_FRAME_BYTES_MAX + 128);
    if (read_header(r, store_key, err) != 0)
        return -1;
    *ret = TAKE(r);
    return 0;
}

void wal_reader_free(struct wal_reader *r)
{
    if (r == NULL)
        return;
    aead_free(r->aead);
    wal_names_done(&r->names);
    buf_done(&r->frame);
    buf_done(&r->plain);
    free(r);
}

struct wal_info wal_reader_info(const struct wal_reader *r)
{
    return r->info;
}

struct wal_state wal_reader_state(const struct wal_reader *r)
{
    return r->state;
}

const struct wal_names *wal_reader_names(const struct wal_reader *r)
{
    return &r->names;
}

int wal_reader_next(struct wal_reader *r, struct wal_payload *ret, bool *ret_end, struct err *err)
{
    bool cut = false;
    struct err why = {0};
    *ret_end = true;
    buf_clear(&r->frame);
    buf_clear(&r->plain);
    if (read_at(r, r->state.size, WAL_FRAME_HEAD_BYTES, &r->frame, &cut, err) != 0)
        return -1;
    if (cut)
        return 0;
    struct cur c = cur_of(buf_str(&r->frame));
    uint32_t len = cur_u32(&c), n = cur_u32(&c);
    uint64_t counter = cur_u64(&c), first_id = cur_u64(&c);
    if (len > WAL_FRAME_BYTES_MAX || counter != r->counter)
        return 0;
    if (read_at(r, r->state.size + WAL_FRAME_HEAD_BYTES, (uint64_t)len + AEAD_TAG_BYTES, &r->frame, &cut,
                err) != 0)
        return -1;
    char *to = cut ? NULL : buf_reserve(&r->plain, (size_t)len + 1);
    if (to == NULL)
        return cut ? 0 : err_set(err, ERR_NOMEM, "write-ahead log");
    struct str head = str_sub(buf_str(&r->frame), 0, WAL_FRAME_HEAD_BYTES);
    if (aead_open(r->aead, counter + 1, head, str_from(buf_str(&r->frame), WAL_FRAME_HEAD_BYTES), to, &why) !=
        0) {
        if (why.code == ERR_CORRUPT)
            return 0;
        return err_set(err, why.code, "%s", why.msg);
    }
    r->plain.n = len;
    r->counter++;
    if (n == 0 || first_id != r->state.last_id + 1)
        return err_set(err, ERR_CORRUPT, "frame %llu begins with event %llu, expected %llu",
                       (unsigned long long)counter, (unsigned long long)first_id,
                       (unsigned long long)(r->state.last_id + 1));
    r->state.size += r->frame.n;
    r->state.last_id += n;
    r->state.chain = chain_next(&r->state.chain, buf_str(&r->frame));
    *ret = (struct wal_payload){.packed = buf_str(&r->plain), .n = n, .first_id = first_id};
    *ret_end = false;
    return 0;
}
