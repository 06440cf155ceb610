/*
 * api_peer.h - how often an address did something lately (sign-in, captcha): a fixed table, so that made-up
 * addresses cannot fill the memory. Counts fall by the minute.
 */
#ifndef KHIEN_API_API_PEER_H
#define KHIEN_API_API_PEER_H

#include "base/str.h"

#define API_PEER_SLOTS 1024u
#define API_PEER_PER_MINUTE 60u

struct api_peer {
    uint64_t hash;
    int64_t minute;
    uint32_t used;
};

struct api_peers {
    uint64_t seed; /* random, so that nobody can aim at a slot */
    struct api_peer slots[API_PEER_SLOTS];
};

/* Count one use; false where the address used up its minute. *ret_wait_s: when to try again. */
bool api_peer_use(struct api_peers *p, struct str address, int64_t now_ns, int64_t *ret_wait_s);

#endif
