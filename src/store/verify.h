/*
 * verify.h - shared by store_verify*.c: the files under test and what was found.
 */
#ifndef KHIEN_STORE_VERIFY_H
#define KHIEN_STORE_VERIFY_H

#include "store/files.h"
#include "store/inner.h"

struct verify_file {
    struct files_item item;
    struct sys_file *f; /* segments: only while they are read */
    uint64_t size;      /* up to here the bytes count; a live store may have written more since */
    struct seg *seg;    /* live store: whose file this is (the reference keeps it there) */
    bool whole;         /* segment with directory */
};

struct verify {
    const struct sys *sys;
    const struct store_verify_opts *o;
    struct store_verified *r;
    struct ring ring;
    struct ckpt ckpt;
    bool has_ckpt;
    struct err ckpt_err;
    struct verify_file *file;
    size_t n_files;
    struct verify_file *leaves;
    uint64_t n_leaves, next_leaf;
    uint64_t sealed_id;          /* last event of the last leaf */
    struct verify_file *reading; /* segment whose file is open */
    struct block_codec *codec;
    struct buf bytes, plain;
};

/* store_verify_files.c */
int store_verify_collect(struct verify *v, struct err *err) MUST_USE;
void store_verify_release(struct verify *v);
void store_verify_bad(struct verify *v, const char *place, enum store_problem problem, const char *fmt, ...)
    PRINTF_LIKE(4, 5);
int store_verify_read(struct verify *v, const struct verify_file *f, uint64_t off, uint64_t n,
                      struct err *err) MUST_USE; /* into v->bytes */

/* store_verify_seg.c */
int store_verify_segments(struct verify *v, struct err *err) MUST_USE;

#endif
