/*
 * files.h - what lies in a store directory, by kind and number.
 */
#ifndef KHIEN_STORE_FILES_H
#define KHIEN_STORE_FILES_H

#include "sys/sys.h"

enum files_kind {
    FILES_SEG,
    FILES_PART,
    FILES_WAL,
    FILES_LEAVES,
    FILES_CHECKPOINT,
    FILES_FORMAT,
    FILES_LOCK,
    FILES_TEMP, /* NAME.new, left by a write that was cut off */
    FILES_OTHER
};

struct files_item {
    enum files_kind kind;
    uint64_t number; /* segments and log files */
    char name[64];
};

struct files {
    struct files_item *item; /* in byte order of the names, so numbers ascend within a kind */
    size_t n, cap;
    bool bad;
};

int files_list(const struct sys *sys, const char *dir, struct files *ret, struct err *err) MUST_USE;
void files_done(struct files *f);

#endif
