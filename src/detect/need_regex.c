/*
 * Literals that every match of a regular expression holds. Only the plain part of PCRE is read; whatever
 * could mean something else (verbs, comments, extended layout, rare escapes) ends the reading and nothing is
 * said.
 */
#include "detect/need.h"

#define GROUPS_MAX 16u   /* groups inside each other */
#define LITERALS_MAX 64u /* of all alternatives together */
#define PATTERN_BYTES_MAX 2048u
#define WORK_BYTES_MAX (8u << 20)

/* One of these literals stands in every match. n == 0: nothing is known. */
struct lits {
    size_t n;
    unsigned score; /* of the weakest */
    struct str items[LITERALS_MAX];
};

struct reader {
    struct str in;
    size_t at;
    unsigned depth;
    bool nocase; /* "(?i" stands somewhere */
    bool bad;
    struct arena *a;   /* while reading */
    struct lits *pool; /* three for each level: too large for the stack */
};

static int peek(const struct reader *r, size_t ahead)
{
    return r->at + ahead < r->in.n ? (unsigned char)r->in.p[r->at + ahead] : -1;
}

/* Keep the better of two. */
static void better(struct lits *best, const struct lits *other)
{
    if (other->n > 0 && (best->n == 0 || other->score > best->score))
        *best = *other;
}

/* The run of plain characters read so far, as a need of its own. */
static void flush(struct lits *best, char *run, size_t *n, struct arena *a)
{
    unsigned score = need_literal_score((struct str){run, *n});
    if (score > 0 && (best->n == 0 || score > best->score)) {
        struct str copy = arena_str(a, (struct str){run, *n});
        if (copy.p != NULL) {
            best->n = 1;
            best->score = score;
            best->items[0] = copy;
        }
    }
    *n = 0;
}

enum times { TIMES_ONE, TIMES_SOME, TIMES_MAYBE_NONE };

/* The quantifier at the cursor, taken. "{" that is no quantifier is treated as "maybe none": never wrong. */
static enum times take_times(struct reader *r)
{
    enum times t = TIMES_ONE;
    int c = peek(r, 0);
    if (c == '*' || c == '?') {
        t = TIMES_MAYBE_NONE;
        r->at++;
    } else if (c == '+') {
        t = TIMES_SOME;
        r->at++;
    } else if (c == '{') {
        t = peek(r, 1) >= '1' && peek(r, 1) <= '9' ? TIMES_SOME : TIMES_MAYBE_NONE;
        while (peek(r, 0) >= 0 && peek(r, 0) != '}')
            r->at++;
        r->bad = r->bad || peek(r, 0) < 0;
        r->at++;
    }
    if (t != TIMES_ONE && (peek(r, 0) == '?' || peek(r, 0) == '+'))
        r->at++; /* lazy or possessive */
    return t;
}

static void skip_class(struct reader *r)
{
    r->at++;
    if (peek(r, 0) == '^')
        r->at++;
    if (peek(r, 0) == ']')
        r->at++;
    for (int c = peek(r, 0); c >= 0 && c != ']'; c = peek(r, 0)) {
        if (c == '\\' && (peek(r, 1) == 'Q' || peek(r, 1) == 'E'))
            r->bad = true;
        if (c == '[' && (peek(r, 1) == ':' || peek(r, 1) == '.' || peek(r, 1) == '='))
            r->bad = true; /* [[:alpha:]]: its "]" would end the class too early */
        r->at += c == '\\' ? 2 : 1;
    }
    r->bad = r->bad || r->at >= r->in.n;
    r->at++;
}

/* The head of a group, behind "(". Sets *ret_counts false where its content need not stand in a match. */
static void group_head(struct reader *r, bool *ret_counts, bool *ret_flags_only)
{
    *ret_counts = true;
    *ret_flags_only = false;
    if (peek(r, 0) == '*')
        r->bad = true;
    if (peek(r, 0) != '?')
        return;
    r->at++;
    int c = peek(r, 0);
    if (c == ':' || c == '>') {
        r->at++;
        return;
    }
    if (c == '=' || c == '!') {
        r->at++;
        *ret_counts = false;
        return;
    }
    while (peek(r, 0) == 'i' || peek(r, 0) == 'm' || peek(r, 0) == 's')
        r->at++;
    *ret_flags_only = peek(r, 0) == ')';
    r->bad = r->bad || (peek(r, 0) != ')' && peek(r, 0) != ':');
    r->at++;
}

static void read_alternatives(struct reader *r, struct lits *ret);

static void read_group(struct reader *r, struct lits *best)
{
    bool counts = true, flags_only = false;
    struct lits *inner = &r->pool[3 * r->depth + 2];
    r->at++;
    group_head(r, &counts, &flags_only);
    if (flags_only || r->bad)
        return;
    if (r->depth == GROUPS_MAX) {
        r->bad = true;
        return;
    }
    r->depth++;
    read_alternatives(r, inner);
    r->depth--;
    r->bad = r->bad || peek(r, 0) != ')';
    r->at++;
    enum times times = take_times(r);
    if (counts && times != TIMES_MAYBE_NONE && !r->bad)
        better(best, inner);
}

/* A backslash and what follows: the character it means, -1 where it is none (class, border). */
static int read_escape(struct reader *r)
{
    int c = peek(r, 1);
    r->at += 2;
    if (c < 0 || c >= 0x80)
        r->bad = true;
    if (c >= 0 && !ascii_is_alnum((char)c))
        return c;
    static const struct str known = S("bBdDwWsShHvVrntfAzZ");
    if (c < 0 || str_find_char(known, (char)c) == SIZE_MAX)
        r->bad = true; /* references, \Q, \x, \p … */
    return -1;
}

/* Characters whose other case is not ASCII (K and the Kelvin sign, s and the long s) end a run under (?i). */
static bool is_safe(const struct reader *r, int c)
{
    return c >= 0 && c < 0x80 && !(r->nocase && (ascii_lower((char)c) == 'k' || ascii_lower((char)c) == 's'));
}

/* One character, class or border; the character where it is a plain one, else -1. */
static int read_atom(struct reader *r, int c)
{
    if (c == '\\')
        return read_escape(r);
    if (c == '[') {
        skip_class(r);
        return -1;
    }
    r->at++;
    return c == '.' || c == '^' || c == '$' ? -1 : c;
}

static void read_sequence(struct reader *r, struct lits *best)
{
    char *run = ARENA_NEW(r->a, char, r->in.n + 1);
    size_t n = 0;
    best->n = 0;
    if (run == NULL)
        r->bad = true;
    while (!r->bad && r->at < r->in.n && peek(r, 0) != '|' && peek(r, 0) != ')') {
        int c = peek(r, 0);
        if (c == '(') {
            flush(best, run, &n, r->a);
            read_group(r, best);
            continue;
        }
        c = read_atom(r, c);
        enum times times = take_times(r);
        if (is_safe(r, c) && times != TIMES_MAYBE_NONE)
            run[n++] = ascii_lower((char)c);
        if (!is_safe(r, c) || times != TIMES_ONE)
            flush(best, run, &n, r->a);
    }
    if (run != NULL)
        flush(best, run, &n, r->a);
}

/* Sequences with "|" between: each must bring its literals. As deep as the groups. */
static void read_alternatives(struct reader *r, struct lits *ret)
{
    struct lits *one = &r->pool[3 * r->depth];
    bool all = true;
    ret->n = 0;
    ret->score = UINT32_MAX;
    for (;;) {
        read_sequence(r, one);
        all = all && one->n > 0 && one->n <= LITERALS_MAX - ret->n;
        for (size_t i = 0; all && i < one->n; i++)
            ret->items[ret->n++] = one->items[i];
        ret->score = one->n > 0 && one->score < ret->score ? one->score : ret->score;
        if (r->bad || peek(r, 0) != '|')
            break;
        r->at++;
    }
    if (!all)
        ret->n = 0;
}

static int copy_out(const struct lits *all, struct arena *a, struct need_texts *ret, struct err *err)
{
    ret->items = ARENA_NEW(a, struct str, all->n);
    for (size_t i = 0; ret->items != NULL && i < all->n; i++) {
        struct str text = all->items[i];
        text.n = text.n < NEED_LITERAL_BYTES_MAX ? text.n : NEED_LITERAL_BYTES_MAX;
        ret->items[i] = arena_str(a, text);
        if (ret->items[i].p == NULL)
            ret->items = NULL;
    }
    if (ret->items == NULL)
        return err_set(err, ERR_NOMEM, "no memory for the rules");
    ret->n = all->n;
    return 0;
}

int need_regex(struct str pattern, bool cased, struct arena *a, struct need_texts *ret, struct err *err)
{
    struct arena work;
    int rc = 0;
    struct reader r = {.in = pattern,
                       .a = &work,
                       .nocase = !cased || str_find(pattern, S("(?")) != SIZE_MAX,
                       .bad = pattern.n > PATTERN_BYTES_MAX};
    arena_init(&work, WORK_BYTES_MAX);
    r.pool = ARENA_NEW(&work, struct lits, 3 * (GROUPS_MAX + 2));
    if (r.pool == NULL) {
        rc = err_set(err, ERR_NOMEM, "no memory for the rules");
    } else if (!r.bad) {
        struct lits *all = &r.pool[3 * (GROUPS_MAX + 1)];
        read_alternatives(&r, all);
        if (!r.bad && r.at == r.in.n && all->n > 0)
            rc = copy_out(all, a, ret, err);
    }
    arena_done(&work);
    return rc;
}
