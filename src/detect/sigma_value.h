/*
 * sigma_value.h - one text value of a Sigma rule: wildcards and escapes, encodings, dash variants. A value
 * may become several (base64offset: three; windash: five for each dash).
 */
#ifndef KHIEN_DETECT_SIGMA_VALUE_H
#define KHIEN_DETECT_SIGMA_VALUE_H

#include "detect/sigma.h"

enum sigma_encoding { SIGMA_BASE64, SIGMA_BASE64_OFFSET, SIGMA_UTF16LE, SIGMA_UTF16BE, SIGMA_UTF16 };
enum sigma_anchor { SIGMA_WHOLE, SIGMA_INSIDE, SIGMA_START, SIGMA_END };

struct sigma_values {
    struct arena *a;
    bool cased;
    enum sigma_anchor anchor;
    size_t n, cap;
    struct str *patterns; /* PRED_WILD form: wildcards bare, literal \ * ? with a backslash */
};

/* Read a value's wildcards and escapes. Source: Sigma 2.1 "String Wildcard", "Escape Character". */
int sigma_value_parse(struct sigma_values *v, const struct yamltree_node *node, struct err *err) MUST_USE;
int sigma_value_encode(struct sigma_values *v, enum sigma_encoding encoding, const struct yamltree_node *node,
                       struct err *err) MUST_USE;
/* Replace each dash or slash in front of a word by all five signs. */
int sigma_value_windash(struct sigma_values *v, const struct yamltree_node *node, struct err *err) MUST_USE;
/* The cheapest predicate for pattern i; the field is left to the caller. */
int sigma_value_leaf(const struct sigma_values *v, size_t i, struct pred *ret, struct err *err) MUST_USE;

#endif
