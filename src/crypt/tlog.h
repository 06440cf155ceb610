/*
 * tlog.h - Merkle tree of a transparency log: incremental root, inclusion and consistency proofs.
 * Source: RFC 6962 section 2.1 (hashes), RFC 9162 sections 2.1.3.2 and 2.1.4.2 (verification).
 */
#ifndef KHIEN_CRYPT_TLOG_H
#define KHIEN_CRYPT_TLOG_H

#include "crypt/digest.h"

#define TLOG_DEPTH_MAX 64
#define TLOG_PROOF_MAX (TLOG_DEPTH_MAX * 2)

/* Tree that only grows: roots of the full subtrees, largest first. A zeroed struct is the empty tree. */
struct tlog {
    uint64_t n; /* leaves */
    size_t depth;
    struct digest stack[TLOG_DEPTH_MAX];
};

struct tlog_proof {
    size_t n;
    struct digest hash[TLOG_PROOF_MAX];
};

struct digest tlog_leaf(struct str entry);
struct digest tlog_node(const struct digest *left, const struct digest *right);
void tlog_add(struct tlog *t, const struct digest *leaf);
/* Root of the tree; of the empty one SHA-256 of nothing. */
struct digest tlog_root(const struct tlog *t);

/* Prove that leaf `at` (< n) is in the tree of the n leaf hashes. */
void tlog_prove_leaf(const struct digest *leaves, uint64_t n, uint64_t at, struct tlog_proof *ret);
bool tlog_check_leaf(const struct digest *leaf, uint64_t at, uint64_t n, const struct tlog_proof *p,
                     const struct digest *root);
/* Prove that the tree of the first `old` (0 < old <= n) leaves is a prefix of the tree of n. */
void tlog_prove_prefix(const struct digest *leaves, uint64_t old, uint64_t n, struct tlog_proof *ret);
bool tlog_check_prefix(uint64_t old, uint64_t n, const struct tlog_proof *p, const struct digest *old_root,
                       const struct digest *root);

#endif
