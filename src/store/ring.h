/*
 * ring.h - the keys of a store: the node key opens the wrapped store key and seal key. The store key only
 * derives others (segments, log files); the seal key only signs checkpoints. docs/format/store.md, "Keys".
 */
#ifndef KHIEN_STORE_RING_H
#define KHIEN_STORE_RING_H

#include "crypt/sign.h"
#include "sys/sys.h"

#define RING_KEY_BYTES 32

struct ring {
    uint8_t store_key[RING_KEY_BYTES];
    uint8_t seal_seed[SIGN_KEY_BYTES];
    uint8_t seal_public[SIGN_KEY_BYTES];
    char node_id[20], store_id[20], seal_id[20]; /* first eight bytes of a derived digest, hexadecimal */
    int64_t store_created_ns, seal_created_ns;
    char node_path[512];
    bool beside_data; /* the node key lies in keys_dir */
};

/*
 * Load the keys; with `create` make those that are missing (a new store). Errors: ERR_NOT_FOUND (missing and
 * not create), ERR_CORRUPT (wrong node key or damaged file), ERR_CONFLICT (newer format).
 */
int ring_open(const struct sys *sys, const char *keys_dir, const char *node_key_path, bool create,
              struct ring *ret, struct err *err) MUST_USE;
void ring_wipe(struct ring *r);

#endif
