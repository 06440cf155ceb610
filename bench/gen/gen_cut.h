/*
 * gen_cut.h - a seed line cut into what stays and what varies. Found by their form: UUIDs, IPv4 addresses,
 * ids of eight and more hexadecimal digits, numbers, accounts (gen_names_is_user). Marked: {clf} {up} {date}
 * {time} {unix} {status}; {=text} stays as it is.
 */
#ifndef KHIEN_BENCH_GEN_CUT_H
#define KHIEN_BENCH_GEN_CUT_H

#include "gen/gen.h"

#define GEN_PARTS_MAX 64u
#define GEN_ID_DIGITS_MAX 64u

enum gen_part_kind {
    GEN_PART_TEXT,
    GEN_PART_FIXED, /* text that was marked; as GEN_PART_TEXT */
    GEN_PART_IP,
    GEN_PART_NUMBER,
    GEN_PART_HEX,
    GEN_PART_UUID,
    GEN_PART_USER,
    GEN_PART_CLF,
    GEN_PART_UP,
    GEN_PART_DATE,
    GEN_PART_TIME,
    GEN_PART_UNIX,
    GEN_PART_STATUS
};

struct gen_part {
    enum gen_part_kind kind;
    const char *text; /* as the seed line has it */
    uint16_t n;
    bool upper;
};

struct gen_cut {
    uint32_t n;
    struct gen_part parts[GEN_PARTS_MAX];
};

/* line stays the caller's and must outlive the cut; ends the program where it has too many parts. */
void gen_cut_line(struct gen_cut *c, const char *line);

#endif
