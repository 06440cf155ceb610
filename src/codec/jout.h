/*
 * jout.h - JSON writer onto a buffer. Commas are placed by itself; nesting is checked by assertion; text that
 * is not UTF-8 is written with U+FFFD. RFC 8259. Reading: jansson (API bodies, configuration), own tokenizer
 * on the ingest path.
 */
#ifndef KHIEN_CODEC_JOUT_H
#define KHIEN_CODEC_JOUT_H

#include "base/buf.h"

#define JOUT_DEPTH_MAX 32

struct jout {
    struct buf *b;
    unsigned depth;
    bool first[JOUT_DEPTH_MAX + 1];
    bool after_key;
};

void jout_init(struct jout *j, struct buf *b);
void jout_obj(struct jout *j); /* { */
void jout_obj_end(struct jout *j);
void jout_arr(struct jout *j); /* [ */
void jout_arr_end(struct jout *j);
void jout_key(struct jout *j, struct str key);
void jout_str(struct jout *j, struct str s); /* s.p == NULL writes null */
void jout_i64(struct jout *j, int64_t v);
void jout_u64(struct jout *j, uint64_t v);
void jout_double(struct jout *j, double v); /* not finite: null */
void jout_bool(struct jout *j, bool v);
void jout_null(struct jout *j);
void jout_time(struct jout *j, int64_t ns);            /* RFC 3339 text; 0 writes null */
void jout_raw(struct jout *j, struct str json);        /* already JSON */
void jout_members(struct jout *j, struct str members); /* "key":value,… of an object, into the open one */

/* key and value in one call; the key is a literal. */
#define JOUT_STR(j, key, s) (jout_key((j), S(key)), jout_str((j), (s)))
#define JOUT_CSTR(j, key, s) (jout_key((j), S(key)), jout_str((j), str_of(s)))
#define JOUT_I64(j, key, v) (jout_key((j), S(key)), jout_i64((j), (v)))
#define JOUT_U64(j, key, v) (jout_key((j), S(key)), jout_u64((j), (v)))
#define JOUT_BOOL(j, key, v) (jout_key((j), S(key)), jout_bool((j), (v)))
#define JOUT_TIME(j, key, ns) (jout_key((j), S(key)), jout_time((j), (ns)))
#define JOUT_DOUBLE(j, key, v) (jout_key((j), S(key)), jout_double((j), (v)))

/* {"vi": …, "en": …} */
void jout_vi_en(struct jout *j, struct str vi, struct str en);

#endif
