#include "api/api_peer.h"

#include "base/hash.h"

#define MINUTE_NS (INT64_C(60) * NS_PER_S)

bool api_peer_use(struct api_peers *p, struct str address, int64_t now_ns, int64_t *ret_wait_s)
{
    uint64_t hash = hash_bytes(address, p->seed);
    struct api_peer *slot = &p->slots[hash % API_PEER_SLOTS];
    int64_t minute = now_ns / MINUTE_NS;
    /* Another address in the slot loses its count only when its minute is over: both then share one limit. */
    if (slot->minute != minute)
        *slot = (struct api_peer){.hash = hash, .minute = minute};
    if (slot->used >= API_PEER_PER_MINUTE) {
        *ret_wait_s = ((minute + 1) * MINUTE_NS - now_ns) / NS_PER_S + 1;
        return false;
    }
    slot->used++;
    return true;
}
