/*
 * ckpt.h - the signed checkpoint: the Merkle tree, how far the write-ahead log was durable, what retention
 * has removed. A C2SP tlog-checkpoint with three extension lines. docs/format/store.md, "Checkpoint".
 */
#ifndef KHIEN_STORE_CKPT_H
#define KHIEN_STORE_CKPT_H

#include "crypt/note.h"
#include "store/ring.h"
#include "store/wal.h"

#define CKPT_FILE "checkpoint"
#define CKPT_BYTES_MAX (64u * 1024u)

struct ckpt {
    uint64_t size; /* leaves */
    struct digest root;
    struct wal_state wal;
    uint64_t kept; /* first leaf whose block must still exist */
    int64_t time_ns;
};

/* Sign and write the checkpoint, durable. */
int ckpt_save(const struct sys *sys, const char *dir, const char *origin, const struct ring *ring,
              const struct ckpt *c, struct err *err) MUST_USE;
/* Read and check it. origin NULL: any. ERR_NOT_FOUND, ERR_CORRUPT. */
int ckpt_load(const struct sys *sys, const char *dir, const char *origin, const struct ring *ring,
              struct ckpt *ret, struct err *err) MUST_USE;
/* Parse the text of a note that was checked. */
int ckpt_parse(struct str text, const char *origin, struct ckpt *ret, struct err *err) MUST_USE;

#endif
