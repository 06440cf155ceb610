/*
 * ints.h - a column of numbers: against the smallest one or as differences, byte planes of their own, so that
 * a constant or a regular column costs a few bytes. docs/format/store.md, "Numbers".
 */
#ifndef KHIEN_STORE_INTS_H
#define KHIEN_STORE_INTS_H

#include "store/part.h"

#define INTS_PLANES_MAX 8u

/* Write n numbers; v is used up. scratch: n bytes. */
void ints_put(struct part_out *o, uint64_t *v, size_t n, char *scratch);

/* Descriptor of a stored column; its planes are read when they are needed. */
struct ints {
    bool is_delta;
    uint8_t width;  /* planes */
    uint8_t filled; /* bit k: plane k is one byte over and over, fill[k] */
    uint8_t fill[INTS_PLANES_MAX];
    uint64_t base;
    size_t first_part;
};

/* Read a descriptor; *part moves on by the parts it has. Sets dir->bad where it does not check. */
void ints_read(struct cur *dir, size_t *part, struct ints *ret);
/* The numbers; out has room for n. ERR_CORRUPT where a plane is not n bytes long. */
int ints_load(const struct ints *c, const struct part_in *in, uint64_t *out, size_t n,
              struct err *err) MUST_USE;

#endif
