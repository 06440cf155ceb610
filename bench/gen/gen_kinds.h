/* gen_kinds.h - the kinds of Windows events that gen_json.c writes, and how often. */
#ifndef KHIEN_BENCH_GEN_KINDS_H
#define KHIEN_BENCH_GEN_KINDS_H

#include "gen/gen.h"

#define GEN_FIELDS_MAX 32u

enum gen_value {
    GEN_V_TEXT,
    GEN_V_TIME,
    GEN_V_GUID,
    GEN_V_PID,
    GEN_V_IMAGE,
    GEN_V_COMMAND,
    GEN_V_FOLDER,
    GEN_V_USER,
    GEN_V_ACCOUNT,
    GEN_V_SID,
    GEN_V_LOGON,
    GEN_V_INSIDE,
    GEN_V_OUTSIDE,
    GEN_V_PORT,
    GEN_V_HASHES,
    GEN_V_TRACE,
    GEN_V_KEY,
    GEN_V_DETAIL,
    GEN_V_DLL,
    GEN_V_HOST,
    GEN_V_NAME,
    GEN_V_SCRIPT,
    GEN_V_NUMBER
};

struct gen_field {
    const char *name;
    enum gen_value value;
    const char *arg; /* GEN_V_TEXT: the text; "2": of the second process */
};

struct gen_kind {
    uint32_t weight, id, version, task;
    const char *channel, *source, *title;
    struct gen_field fields[GEN_FIELDS_MAX];
};

extern const struct gen_kind gen_kinds[];
extern const uint32_t gen_kinds_n;

#endif
