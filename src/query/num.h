/*
 * num.h - numbers in field values: whole numbers exactly, others as double.
 */
#ifndef KHIEN_QUERY_NUM_H
#define KHIEN_QUERY_NUM_H

#include "base/str.h"

struct num {
    bool is_int;
    int64_t i;
    double d; /* also set where is_int */
};

static inline struct num num_of(int64_t i)
{
    return (struct num){true, i, (double)i};
}
/* Whole text as a number: sign, digits, fraction, exponent; no blanks, "inf" or hexadecimal. */
bool num_parse(struct str s, struct num *ret);
/* <0, 0, >0; two whole numbers compare exactly, else as double. */
int num_cmp(const struct num *a, const struct num *b);

#endif
