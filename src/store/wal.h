/*
 * wal.h - write-ahead log: what was appended and is not yet in a synced block. A file is a header (salt, link
 * to the file before, table of field names) and frames; each frame is encrypted, counted and bound into a
 * running hash that the checkpoints sign. docs/format/store.md, "Write-ahead log".
 */
#ifndef KHIEN_STORE_WAL_H
#define KHIEN_STORE_WAL_H

#include "base/cur.h"
#include "crypt/digest.h"
#include "model/event.h"
#include "sys/sys.h"

#define WAL_VERSION 2u
#define WAL_FRAME_HEAD_BYTES 24
#define WAL_FRAME_BYTES_MAX (128u * 1024u * 1024u) /* plain bytes of a frame */
#define WAL_PATH_MAX 4096

/* A place between two frames. number 0: there is no log file. */
struct wal_state {
    uint64_t number;
    uint64_t size;    /* bytes of the file up to here */
    uint64_t last_id; /* of the last event up to here, over all files */
    struct digest chain;
};

void wal_path(char out[WAL_PATH_MAX], const char *dir, uint64_t number);

/* Writer. */
struct wal;
/*
 * Make file NUMBER, linked to `before`, and make it durable. first_id: the next event's. Errors: ERR_FULL,
 * ERR_IO; then no usable file is left behind and the same call may be made again.
 */
int wal_create(const struct sys *sys, const char *dir, const uint8_t store_key[32], uint64_t number,
               const struct wal_state *before, uint64_t first_id, struct wal **ret, struct err *err) MUST_USE;
void wal_free(struct wal *w); /* NULL allowed */
DEFINE_FREEP(wal)
/* Encrypt packed events as the next frame; it waits in memory. Only when no frame waits. */
int wal_frame(struct wal *w, struct str packed, uint32_t n, uint64_t first_id, struct err *err) MUST_USE;
bool wal_has_frame(const struct wal *w);
/* Write and sync the waiting frame. On failure it goes on waiting: the same bytes are written again. */
int wal_flush(struct wal *w, struct err *err) MUST_USE;
struct wal_state wal_state(const struct wal *w); /* what is durable */

/* Reader. */
struct wal_reader;
/* Read a file up to `limit` bytes. ERR_CORRUPT: the header does not check; ERR_CONFLICT: a newer format. */
int wal_reader_open(const struct sys *sys, struct sys_file *f, uint64_t limit, const uint8_t store_key[32],
                    struct wal_reader **ret, struct err *err) MUST_USE;
void wal_reader_free(struct wal_reader *r); /* NULL allowed */
DEFINE_FREEP(wal_reader)
struct wal_info {
    uint64_t number, first_id;
    struct digest before; /* chain at the end of the file before */
};
struct wal_info wal_reader_info(const struct wal_reader *r);
struct wal_state wal_reader_state(const struct wal_reader *r); /* behind the frame read last */
/*
 * Next frame. *ret_end: no whole frame follows; the rest of the file, if any, is torn. ERR_CORRUPT only where
 * a frame is authentic and yet makes no sense. The payload lives until the next call.
 */
struct wal_payload {
    struct str packed;
    uint32_t n;
    uint64_t first_id;
};
int wal_reader_next(struct wal_reader *r, struct wal_payload *ret, bool *ret_end, struct err *err) MUST_USE;

/*
 * Field numbers of the program that wrote the file against those of this one. Zeroed: they are the same.
 */
struct wal_names {
    bool differ;
    size_t n;
    struct str *name; /* by old number, from 1; [0] empty */
    char *bytes;
};
/* Read the table of a header: a count, then each name with its length. ERR_CORRUPT. */
int wal_names_read(struct str table, struct wal_names *ret, struct err *err) MUST_USE;
void wal_names_done(struct wal_names *t);
const struct wal_names *wal_reader_names(const struct wal_reader *r);
/*
 * Next event of a payload (*in moves on). Views point into the payload and into the names. ERR_CORRUPT,
 * ERR_NOMEM.
 */
int wal_next_event(struct str *in, const struct wal_names *names, struct arena *a, struct event *ret,
                   struct err *err) MUST_USE;

#endif
