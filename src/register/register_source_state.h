/*
 * register_source_state.h - counters and position of a source over restarts. Written often and never audited:
 * they are measurements, not decisions.
 */
#ifndef KHIEN_REGISTER_REGISTER_SOURCE_STATE_H
#define KHIEN_REGISTER_REGISTER_SOURCE_STATE_H

#include "register/register.h"

struct register_source_state {
    uint64_t received, stored, dropped, malformed; /* records */
    uint64_t last_seq, gaps, missing;
    int64_t first_ns, last_seen_ns;
    bool silent;         /* was told to be */
    struct str position; /* file: "inode:offset", journal: cursor */
    struct str dialect;
};

int register_source_state_put(struct reg *r, int64_t source, const struct register_source_state *s,
                              struct err *err) MUST_USE;
int register_source_state_find(struct reg *r, struct arena *a, int64_t source,
                               struct register_source_state *ret, bool *ret_found, struct err *err) MUST_USE;

#endif
