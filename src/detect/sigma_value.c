#include "detect/sigma_value.h"

#define DASHES_MAX 4u /* in one value: 5^4 variants */

static int fail_nomem(struct err *err)
{
    return err_set(err, ERR_NOMEM, "no memory for the rules");
}

static bool is_special(char c)
{
    return c == '\\' || c == '*' || c == '?';
}

static int add(struct sigma_values *v, struct str pattern, struct err *err)
{
    if (v->n == v->cap) {
        size_t cap = v->cap == 0 ? 4 : v->cap * 2;
        struct str *grown = ARENA_NEW(v->a, struct str, cap);
        if (grown == NULL)
            return fail_nomem(err);
        if (v->n > 0)
            memcpy(grown, v->patterns, v->n * sizeof(*grown));
        v->patterns = grown;
        v->cap = cap;
    }
    v->patterns[v->n++] = pattern;
    return 0;
}

int sigma_value_parse(struct sigma_values *v, const struct yamltree_node *node, struct err *err)
{
    struct str in = node->text;
    char *out = ARENA_NEW(v->a, char, 2 * in.n + 1);
    size_t n = 0;
    if (out == NULL)
        return fail_nomem(err);
    for (size_t i = 0; i < in.n; i++) {
        char c = in.p[i];
        bool escapes = c == '\\' && i + 1 < in.n && is_special(in.p[i + 1]);
        if (escapes)
            c = in.p[++i];
        if (escapes || c == '\\')
            out[n++] = '\\';
        out[n++] = c;
    }
    return add(v, (struct str){out, n}, err);
}

/* Bytes of a pattern without wildcards; .p == NULL where it has some. */
static struct str plain_of(struct arena *a, struct str pattern)
{
    char *out = ARENA_NEW(a, char, pattern.n + 1);
    size_t n = 0;
    if (out == NULL)
        return (struct str){NULL, 0};
    for (size_t i = 0; i < pattern.n; i++) {
        if (pattern.p[i] == '*' || pattern.p[i] == '?')
            return (struct str){NULL, 0};
        if (pattern.p[i] == '\\')
            i++;
        out[n++] = pattern.p[i];
    }
    return (struct str){out, n};
}

static struct str escaped(struct arena *a, struct str plain)
{
    char *out = ARENA_NEW(a, char, 2 * plain.n + 1);
    size_t n = 0;
    if (out == NULL)
        return (struct str){NULL, 0};
    for (size_t i = 0; i < plain.n; i++) {
        if (is_special(plain.p[i]))
            out[n++] = '\\';
        out[n++] = plain.p[i];
    }
    return (struct str){out, n};
}

/* RFC 4648 section 4, with padding. */
static struct str base64(struct arena *a, struct str in)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *out = ARENA_NEW(a, char, (in.n / 3 + 1) * 4);
    size_t n = 0;
    if (out == NULL)
        return (struct str){NULL, 0};
    for (size_t i = 0; i < in.n; i += 3) {
        size_t have = in.n - i < 3 ? in.n - i : 3;
        uint32_t bits = 0;
        for (size_t k = 0; k < 3; k++)
            bits = bits << 8 | (k < have ? (unsigned char)in.p[i + k] : 0u);
        for (size_t k = 0; k < 4; k++)
            out[n++] = k <= have ? digits[(bits >> (18 - 6 * k)) & 63u] : '=';
    }
    return (struct str){out, n};
}

/* ASCII only: other characters would need the reader's idea of normal form. */
static struct str utf16(struct arena *a, struct str in, enum sigma_encoding encoding)
{
    char *out = ARENA_NEW(a, char, 2 * in.n + 2);
    size_t n = 0;
    if (out == NULL)
        return (struct str){NULL, 0};
    if (encoding == SIGMA_UTF16) {
        out[n++] = '\xFF';
        out[n++] = '\xFE';
    }
    for (size_t i = 0; i < in.n; i++) {
        if (encoding == SIGMA_UTF16BE)
            out[n++] = '\0';
        out[n++] = in.p[i];
        if (encoding != SIGMA_UTF16BE)
            out[n++] = '\0';
    }
    return (struct str){out, n};
}

/* The part of base64(padding + value) that does not depend on what stands before and behind the value. */
static int add_offset(struct sigma_values *v, struct str plain, size_t shift, struct err *err)
{
    static const size_t head[3] = {0, 2, 3};
    static const size_t tail[3] = {0, 3, 2};
    char *padded = ARENA_NEW(v->a, char, plain.n + shift + 1);
    if (padded == NULL)
        return fail_nomem(err);
    memset(padded, ' ', shift);
    memcpy(padded + shift, plain.p, plain.n);
    struct str all = base64(v->a, (struct str){padded, plain.n + shift});
    size_t cut = head[shift] + tail[(plain.n + shift) % 3];
    if (all.p == NULL || all.n <= cut)
        return fail_nomem(err);
    struct str pattern = escaped(v->a, str_sub(all, head[shift], all.n - cut));
    return pattern.p == NULL ? fail_nomem(err) : add(v, pattern, err);
}

static int encode_one(struct sigma_values *out, enum sigma_encoding encoding, struct str plain,
                      const struct yamltree_node *node, struct err *err)
{
    if (encoding == SIGMA_BASE64_OFFSET) {
        for (size_t shift = 0; shift < 3; shift++) {
            if (add_offset(out, plain, shift, err) != 0)
                return -1;
        }
        return 0;
    }
    for (size_t i = 0; encoding != SIGMA_BASE64 && i < plain.n; i++) {
        if ((unsigned char)plain.p[i] >= 0x80)
            return yamltree_fail(node, err, "only ASCII texts can be encoded as UTF-16");
    }
    struct str bytes = encoding == SIGMA_BASE64 ? base64(out->a, plain) : utf16(out->a, plain, encoding);
    struct str pattern = bytes.p == NULL ? bytes : escaped(out->a, bytes);
    return pattern.p == NULL ? fail_nomem(err) : add(out, pattern, err);
}

int sigma_value_encode(struct sigma_values *v, enum sigma_encoding encoding, const struct yamltree_node *node,
                       struct err *err)
{
    struct sigma_values out = {.a = v->a, .cased = v->cased, .anchor = v->anchor};
    for (size_t i = 0; i < v->n; i++) {
        struct str plain = plain_of(v->a, v->patterns[i]);
        if (plain.p == NULL || plain.n < 2)
            return yamltree_fail(node, err,
                                 "an encoded value must be 2 bytes or longer and have no wildcards");
        if (encode_one(&out, encoding, plain, node, err) != 0)
            return -1;
    }
    *v = out;
    return 0;
}

static bool is_word(struct str s, size_t i)
{
    return i < s.n && ((unsigned char)s.p[i] >= 0x80 || ascii_is_alnum(s.p[i]) || s.p[i] == '_');
}

/* Dashes that start an option: not behind a word character, in front of one. */
static size_t find_dashes(struct str s, size_t *at, size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        bool dash = s.p[i] == '-' || s.p[i] == '/';
        if (dash && (i == 0 || !is_word(s, i - 1)) && is_word(s, i + 1)) {
            if (n < max)
                at[n] = i;
            n++;
        }
    }
    return n;
}

static int windash_one(struct sigma_values *out, struct str pattern, const struct yamltree_node *node,
                       struct err *err)
{
    static const struct str signs[] = {S("-"), S("/"), S("–"), S("—"), S("―")};
    size_t at[DASHES_MAX], n_variants = 1;
    size_t n = find_dashes(pattern, at, DASHES_MAX);
    if (n > DASHES_MAX)
        return yamltree_fail(node, err, "windash: more than %u dashes in one value", DASHES_MAX);
    for (size_t i = 0; i < n; i++)
        n_variants *= COUNT_OF(signs);
    for (size_t variant = 0; variant < n_variants; variant++) {
        char *text = ARENA_NEW(out->a, char, pattern.n + 2 * n + 1);
        size_t len = 0, from = 0, digits = variant;
        if (text == NULL)
            return fail_nomem(err);
        for (size_t i = 0; i < n; i++, digits /= COUNT_OF(signs)) {
            struct str sign = signs[digits % COUNT_OF(signs)];
            memcpy(text + len, pattern.p + from, at[i] - from);
            len += at[i] - from;
            memcpy(text + len, sign.p, sign.n);
            len += sign.n;
            from = at[i] + 1;
        }
        memcpy(text + len, pattern.p + from, pattern.n - from);
        len += pattern.n - from;
        if (add(out, (struct str){text, len}, err) != 0)
            return -1;
    }
    return 0;
}

int sigma_value_windash(struct sigma_values *v, const struct yamltree_node *node, struct err *err)
{
    struct sigma_values out = {.a = v->a, .cased = v->cased, .anchor = v->anchor};
    for (size_t i = 0; i < v->n; i++) {
        if (windash_one(&out, v->patterns[i], node, err) != 0)
            return -1;
    }
    *v = out;
    return 0;
}

/* Stars at both ends become part of the way to match, so that most patterns need no wildcard matcher. */
static enum pred_kind trim_stars(struct str *pattern, enum sigma_anchor anchor)
{
    bool open_start = anchor == SIGMA_INSIDE || anchor == SIGMA_END;
    bool open_end = anchor == SIGMA_INSIDE || anchor == SIGMA_START;
    while (pattern->n > 0 && pattern->p[0] == '*') {
        *pattern = str_from(*pattern, 1);
        open_start = true;
    }
    for (;;) {
        size_t slashes = 0;
        while (slashes + 1 < pattern->n && pattern->p[pattern->n - 2 - slashes] == '\\')
            slashes++;
        if (pattern->n == 0 || pattern->p[pattern->n - 1] != '*' || slashes % 2 != 0)
            break;
        pattern->n--;
        open_end = true;
    }
    if (open_start)
        return open_end ? PRED_CONTAINS : PRED_ENDS;
    return open_end ? PRED_STARTS : PRED_EQ;
}

int sigma_value_leaf(const struct sigma_values *v, size_t i, struct pred *ret, struct err *err)
{
    assert(i < v->n);
    struct str core = v->patterns[i];
    enum pred_kind kind = trim_stars(&core, v->anchor);
    struct str plain = plain_of(v->a, core);
    *ret = (struct pred){.kind = kind, .cased = v->cased, .text = plain};
    if (plain.p != NULL) {
        if (plain.n == 0 && kind != PRED_EQ) { /* only stars: any value */
            *ret = (struct pred){.kind = PRED_EXISTS};
        }
        return 0;
    }
    bool front = kind == PRED_CONTAINS || kind == PRED_ENDS,
         back = kind == PRED_CONTAINS || kind == PRED_STARTS;
    struct str text = arena_printf(v->a, "%s%.*s%s", front ? "*" : "", STR_ARG(core), back ? "*" : "");
    if (text.p == NULL)
        return fail_nomem(err);
    *ret = (struct pred){.kind = PRED_WILD, .cased = v->cased, .text = text};
    return 0;
}
