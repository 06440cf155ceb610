/*
 * var.h - one column of values, typed: constant, derived from the row, reference to another variable, number,
 * address, hex digits, dictionary, or text. docs/format/store.md, "Variables".
 */
#ifndef KHIEN_STORE_VAR_H
#define KHIEN_STORE_VAR_H

#include "base/arena.h"
#include "model/event.h"
#include "store/filter.h"
#include "store/ints.h"
#include "store/val.h"

/* The number is the code on disk. */
enum var_type {
    VAR_CONST = 0, /* every row the same text */
    VAR_REF,       /* the variable of a lower number of the same template */
    VAR_TIME,      /* a part of the time of the event, two digits */
    VAR_PRI,       /* facility and severity as syslog writes them */
    VAR_INT,       /* decimal without leading zeros, up to 18 digits */
    VAR_FIX,       /* decimal of a fixed width, up to 18 digits */
    VAR_IP4,
    VAR_HEX, /* fixed width, up to 16 digits of one case */
    VAR_DICT,
    VAR_TEXT,
    VAR_STAMP, /* "Nov 22 08:00:01": number of seconds from the event's time */
    VAR_TYPES
};

enum var_unit { VAR_SECOND, VAR_MINUTE, VAR_HOUR, VAR_DAY, VAR_MONTH, VAR_UNITS };

#define VAR_INT_DIGITS_MAX 18u
#define VAR_HEX_DIGITS_MAX 16u
#define VAR_DICT_MAX 65536u
#define VAR_ZONE_S_MAX 86400
#define VAR_OUT_BYTES 32u /* room for any value that is not a view */
#define VAR_ENDS_MAX 64u  /* bytes that all texts of a column begin or end with */

#define VAR_STAMP_BYTES 15u
/* Write "Nov 22 08:00:01" of a time in seconds, RFC 3164. */
void var_stamp_put(int64_t s, char out[VAR_STAMP_BYTES]);
/* The day of the stamp that was read last: most are of the same. All zero at first. */
struct var_day {
    bool is_known;
    char text[6];
    int64_t near_day, start_s;
};
/*
 * Read the 15 bytes of a stamp; the year is that of near_s. False where it is not exactly what var_stamp_put
 * writes.
 */
bool var_stamp_read(const char *p, int64_t near_s, struct var_day *last, int64_t *ret_s);
/* Part of a time as two digits. */
unsigned var_time_part(int64_t time_ns, enum var_unit unit, int32_t zone_s);

/* ---- writing */

struct var_col {
    const struct val *v;
    size_t n;
    const struct event *e; /* rows of the values: e[row[i]]; row NULL: unknown */
    const uint32_t *row;
    uint32_t ref; /* VAR_REF where a caller found one, else UINT32_MAX */
    /* inside */
    uint8_t type;
    uint8_t width; /* digits; bit 7: upper case */
    uint8_t unit;
    int32_t zone_s;
};

struct var_put {
    struct part_out *out;
    struct filter_set *words;
    uint64_t seed;
    uint64_t *nums;   /* room for the longest column */
    char *bytes;      /* the same */
    struct val *dict; /* VAR_DICT_MAX entries */
    uint32_t *slots;  /* number + 1, 0 free; twice as many, as many as n_slots in use */
    uint32_t n_dict, n_slots;
    const struct var_col *parsed; /* whose numbers lie in nums */
    struct buf text;
};

int var_put_init(struct var_put *w, uint64_t seed, struct err *err) MUST_USE;
void var_put_done(struct var_put *w);

/* Write the columns of a class; they may share one dictionary. Failure is in w->out->bad. */
void var_put_group(struct var_put *w, struct var_col *c, size_t n_cols);
/* Does every value equal the one in the same row of the other column? */
bool var_same(const struct var_col *a, const struct var_col *b);

/* ---- reading */

struct var_get {
    uint8_t type;
    uint8_t width;
    bool upper, loaded;
    enum var_unit unit;
    int32_t zone_s;
    uint32_t ref;
    size_t n, text_part;
    struct str fixed, tail; /* constant; or what all texts begin and end with */
    struct ints ints;
    const struct var_get *dict; /* VAR_DICT: its entries */
    const struct str *strs;     /* of a dictionary: its entries as texts */
    size_t max;                 /* bytes of the longest value */
    const uint64_t *nums;
    const uint32_t *at; /* VAR_TEXT: n + 1 places */
    struct str text;
};

/* Dictionaries and columns of a class; the arena keeps dictionaries. Sets dir->bad where it does not check.
 */
void var_read_group(struct cur *dir, size_t *part, struct var_get *c, const uint32_t *n, size_t n_cols,
                    struct arena *a);
/* Fetch what is needed to read values; called once. Memory comes from the arena. */
int var_load(struct var_get *c, const struct part_in *in, struct arena *a, struct err *err) MUST_USE;
/*
 * Write value i of a loaded column (not VAR_REF) to `to`, which has room for c->max bytes. Returns its
 * length, SIZE_MAX where it does not check.
 */
size_t var_write(const struct var_get *c, size_t i, const struct event *e, char *to);
/*
 * Value i of a loaded column (not VAR_REF). It is a view into the column, or was written to out
 * (VAR_OUT_BYTES). e: the row, for types that derive from it. False: it does not check.
 */
bool var_value(const struct var_get *c, size_t i, const struct event *e, char *out, struct str *ret);

#endif
