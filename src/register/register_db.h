/*
 * register_db.h - inside of the handle; included by src/register/ alone.
 */
#ifndef KHIEN_REGISTER_REGISTER_DB_H
#define KHIEN_REGISTER_REGISTER_DB_H

#include <sqlite3.h>

#include "register/register.h"

#define REGISTER_MAGIC 0x4B524547u
#define REGISTER_STATEMENTS_MAX 160u
#define REGISTER_TX_DEPTH_MAX 8u

/* A prepared statement; its text is a literal, so the address names it. */
struct register_statement {
    const char *text;
    sqlite3_stmt *st;
    bool busy;
};

struct register_held;

/* When sessions were used that could not be noted in the file, because the disk is full. */
#define REGISTER_SEEN_MAX 16u
struct register_seen {
    int64_t session, seen_ns;
};

struct reg {
    uint32_t magic;
    sqlite3 *db;
    unsigned tx_depth;
    struct register_held *held; /* oldest first; register_held.c */
    size_t n_held, held_bytes;
    struct register_seen seen[REGISTER_SEEN_MAX];
    size_t seen_next;
    size_t n_statements;
    struct register_statement statements[REGISTER_STATEMENTS_MAX];
};

/* Bring the tables to the newest form. ERR_CONFLICT where the file is newer than this program. */
int register_schema_update(struct reg *r, int64_t now_ns, struct err *err) MUST_USE;

#endif
