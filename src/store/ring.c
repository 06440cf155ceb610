#include "store/ring.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/cur.h"
#include "crypt/digest.h"
#include "crypt/kdf.h"
#include "crypt/wrap.h"

#define MAGIC "khienkey"
#define VERSION 1u
#define HEAD_BYTES 24
#define FILE_BYTES (HEAD_BYTES + WRAP_BYTES)
#define PATH_MAX_BYTES 4096

enum kind { KIND_STORE = 1, KIND_SEAL = 2 };

static const struct {
    const char *file;
    struct str label;
} kinds[] = {
    [KIND_STORE] = {"store.key", {"khien wrap store 1", 18}},
    [KIND_SEAL] = {"seal.key", {"khien wrap seal 1", 17}},
};

void ring_wipe(struct ring *r)
{
    digest_wipe(r, sizeof(*r));
}

/* A name for a key that tells nothing about it. */
static void key_id(const uint8_t *key, char out[20])
{
    uint8_t id[8];
    kdf_hkdf((struct str){(const char *)key, RING_KEY_BYTES}, S(""), S("khien key id 1"), id, sizeof(id));
    for (size_t i = 0; i < sizeof(id); i++)
        (void)snprintf(out + 2 * i, 3, "%02x", id[i]);
}

static int load_node_key(const struct sys *sys, const char *path, bool create, uint8_t out[RING_KEY_BYTES],
                         struct err *err)
{
    char *bytes = NULL;
    size_t n = 0;
    if (create && !sys_exists(sys, path)) {
        if (sys_random(sys, out, RING_KEY_BYTES, err) != 0)
            return -1;
        return sys_write_file(sys, path, (struct str){(const char *)out, RING_KEY_BYTES}, err);
    }
    if (sys_read_file(sys, path, 4096, &bytes, &n, err) != 0)
        return err_wrap(err, "node key");
    if (n == RING_KEY_BYTES)
        memcpy(out, bytes, RING_KEY_BYTES);
    digest_wipe(bytes, n);
    free(bytes);
    return n == RING_KEY_BYTES ? 0 : err_set(err, ERR_CORRUPT, "node key %s: %zu bytes, must be 32", path, n);
}

static int save_key(const struct sys *sys, const char *path, enum kind kind, const uint8_t *node_key,
                    const uint8_t *key, int64_t now_ns, struct err *err)
{
    char bytes[FILE_BYTES];
    struct buf b = {.p = bytes, .cap = sizeof(bytes), .max = sizeof(bytes)};
    buf_put(&b, S(MAGIC));
    buf_put_u32(&b, VERSION);
    buf_put_u32(&b, (uint32_t)kind);
    buf_put_i64(&b, now_ns);
    assert(b.n == HEAD_BYTES);
    if (wrap_seal(sys, node_key, kinds[kind].label, buf_str(&b), key, (uint8_t *)bytes + HEAD_BYTES, err) !=
        0)
        return -1;
    return sys_write_file(sys, path, (struct str){bytes, sizeof(bytes)}, err);
}

static int read_key(struct str bytes, const char *path, enum kind kind, const uint8_t *node_key, uint8_t *out,
                    int64_t *ret_created, struct err *err)
{
    struct err why = {0};
    struct cur c = cur_of(bytes);
    struct str magic = cur_bytes(&c, 8);
    uint32_t version = cur_u32(&c), got_kind = cur_u32(&c);
    int64_t created = cur_i64(&c);
    if (c.bad || !str_eq(magic, S(MAGIC)))
        return err_set(err, ERR_CORRUPT, "%s is not a key file", path);
    if (version > VERSION)
        return err_set(err, ERR_CONFLICT, "%s: format %u is newer than this program", path, version);
    if (bytes.n != FILE_BYTES || got_kind != kind)
        return err_set(err, ERR_CORRUPT, "%s is not the key file it should be", path);
    if (wrap_open(node_key, kinds[kind].label, str_sub(bytes, 0, HEAD_BYTES),
                  (const uint8_t *)bytes.p + HEAD_BYTES, out, &why) != 0)
        return err_set(err, why.code, "the node key does not open %s (another node's key, or a damaged file)",
                       path);
    *ret_created = created;
    return 0;
}

static int load_key(const struct sys *sys, const char *keys_dir, enum kind kind, const uint8_t *node_key,
                    bool create, uint8_t *out, int64_t *ret_created, struct err *err)
{
    char path[PATH_MAX_BYTES], *bytes = NULL;
    size_t n = 0;
    (void)snprintf(path, sizeof(path), "%s/%s", keys_dir, kinds[kind].file);
    if (create && !sys_exists(sys, path)) {
        *ret_created = sys_now(sys);
        if (sys_random(sys, out, RING_KEY_BYTES, err) != 0)
            return -1;
        return save_key(sys, path, kind, node_key, out, *ret_created, err);
    }
    if (sys_read_file(sys, path, 4096, &bytes, &n, err) != 0)
        return -1;
    int rc = read_key((struct str){bytes, n}, path, kind, node_key, out, ret_created, err);
    free(bytes);
    return rc;
}

int ring_open(const struct sys *sys, const char *keys_dir, const char *node_key_path, bool create,
              struct ring *ret, struct err *err)
{
    uint8_t node_key[RING_KEY_BYTES];
    struct ring r = {.beside_data = node_key_path == NULL};
    int n = node_key_path != NULL ? snprintf(r.node_path, sizeof(r.node_path), "%s", node_key_path)
                                  : snprintf(r.node_path, sizeof(r.node_path), "%s/node.key", keys_dir);
    if (n < 0 || (size_t)n >= sizeof(r.node_path))
        return err_set(err, ERR_USAGE, "path of the node key is too long");
    if (load_node_key(sys, r.node_path, create && r.beside_data, node_key, err) != 0)
        return -1;
    key_id(node_key, r.node_id);
    int rc = load_key(sys, keys_dir, KIND_STORE, node_key, create, r.store_key, &r.store_created_ns, err);
    if (rc == 0)
        rc = load_key(sys, keys_dir, KIND_SEAL, node_key, create, r.seal_seed, &r.seal_created_ns, err);
    digest_wipe(node_key, sizeof(node_key));
    if (rc == 0)
        rc = sign_public(r.seal_seed, r.seal_public, err);
    if (rc == 0) {
        key_id(r.store_key, r.store_id);
        key_id(r.seal_public, r.seal_id);
        *ret = r;
    }
    ring_wipe(&r);
    return rc;
}
