#include "crypt/tlog.h"

struct digest tlog_leaf(struct str entry)
{
    struct str parts[] = {{"\0", 1}, entry};
    return digest_sha256_parts(parts, COUNT_OF(parts));
}

struct digest tlog_node(const struct digest *left, const struct digest *right)
{
    struct str parts[] = {
        {"\1", 1}, {(const char *)left->b, DIGEST_BYTES}, {(const char *)right->b, DIGEST_BYTES}};
    return digest_sha256_parts(parts, COUNT_OF(parts));
}

void tlog_add(struct tlog *t, const struct digest *leaf)
{
    struct digest d = *leaf;
    assert(t->n < UINT64_MAX);
    for (uint64_t n = t->n; (n & 1) != 0; n >>= 1) {
        assert(t->depth > 0);
        t->depth--;
        d = tlog_node(&t->stack[t->depth], &d);
    }
    t->stack[t->depth++] = d;
    t->n++;
}

struct digest tlog_root(const struct tlog *t)
{
    if (t->depth == 0)
        return digest_sha256(S(""));
    struct digest d = t->stack[t->depth - 1];
    for (size_t i = t->depth - 1; i > 0; i--)
        d = tlog_node(&t->stack[i - 1], &d);
    return d;
}

static struct digest range_root(const struct digest *leaves, uint64_t n)
{
    struct tlog t = {0};
    for (uint64_t i = 0; i < n; i++)
        tlog_add(&t, &leaves[i]);
    return tlog_root(&t);
}

/* Largest power of two below n (n > 1). */
static uint64_t split_of(uint64_t n)
{
    assert(n > 1);
    return UINT64_C(1) << (63 - __builtin_clzll(n - 1));
}

/* The sibling roots are found from the top down and wanted from the bottom up. */
static void reverse(struct tlog_proof *p)
{
    for (size_t i = 0; i < p->n / 2; i++) {
        struct digest d = p->hash[i];
        p->hash[i] = p->hash[p->n - 1 - i];
        p->hash[p->n - 1 - i] = d;
    }
}

void tlog_prove_leaf(const struct digest *leaves, uint64_t n, uint64_t at, struct tlog_proof *ret)
{
    assert(at < n);
    ret->n = 0;
    while (n > 1) {
        uint64_t k = split_of(n);
        if (at < k) {
            ret->hash[ret->n++] = range_root(leaves + k, n - k);
            n = k;
        } else {
            ret->hash[ret->n++] = range_root(leaves, k);
            leaves += k;
            at -= k;
            n -= k;
        }
    }
    reverse(ret);
}

bool tlog_check_leaf(const struct digest *leaf, uint64_t at, uint64_t n, const struct tlog_proof *p,
                     const struct digest *root)
{
    if (at >= n)
        return false;
    uint64_t fn = at, sn = n - 1;
    struct digest r = *leaf;
    for (size_t i = 0; i < p->n; i++) {
        if (sn == 0)
            return false;
        if ((fn & 1) != 0 || fn == sn) {
            r = tlog_node(&p->hash[i], &r);
            while ((fn & 1) == 0 && fn != 0) {
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            r = tlog_node(&r, &p->hash[i]);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && digest_eq(&r, root);
}

void tlog_prove_prefix(const struct digest *leaves, uint64_t old, uint64_t n, struct tlog_proof *ret)
{
    assert(old > 0 && old <= n);
    bool whole = true; /* the old tree is still a complete left part: its root is known to the verifier */
    ret->n = 0;
    while (old < n) {
        uint64_t k = split_of(n);
        if (old <= k) {
            ret->hash[ret->n++] = range_root(leaves + k, n - k);
            n = k;
        } else {
            ret->hash[ret->n++] = range_root(leaves, k);
            leaves += k;
            old -= k;
            n -= k;
            whole = false;
        }
    }
    if (!whole)
        ret->hash[ret->n++] = range_root(leaves, n);
    reverse(ret);
}

bool tlog_check_prefix(uint64_t old, uint64_t n, const struct tlog_proof *p, const struct digest *old_root,
                       const struct digest *root)
{
    if (old == 0 || old > n)
        return false;
    if (old == n)
        return p->n == 0 && digest_eq(old_root, root);
    size_t i = 0;
    uint64_t fn = old - 1, sn = n - 1;
    while ((fn & 1) != 0) {
        fn >>= 1;
        sn >>= 1;
    }
    if (fn != 0 && p->n == 0)
        return false;
    struct digest fr = fn == 0 ? *old_root : p->hash[i++];
    struct digest sr = fr;
    for (; i < p->n; i++) {
        if (sn == 0)
            return false;
        if ((fn & 1) != 0 || fn == sn) {
            fr = tlog_node(&p->hash[i], &fr);
            sr = tlog_node(&p->hash[i], &sr);
            while ((fn & 1) == 0 && fn != 0) {
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            sr = tlog_node(&sr, &p->hash[i]);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && digest_eq(&fr, old_root) && digest_eq(&sr, root);
}
