/*
 * arena.h - memory by lifetime (configuration, batch, request). Chunks grow up to a maximum; nothing is freed
 * one by one; reset keeps the first chunk. Memory is zeroed. NULL means the maximum or the machine's memory
 * is reached.
 */
#ifndef KHIEN_BASE_ARENA_H
#define KHIEN_BASE_ARENA_H

#include "base/str.h"

struct arena_chunk;
struct arena {
    struct arena_chunk *head; /* newest chunk */
    size_t used;              /* bytes handed out, over all chunks */
    size_t max;
};

void arena_init(struct arena *a, size_t bytes_max);
void arena_done(struct arena *a); /* safe on a zeroed struct */
void arena_reset(struct arena *a);
void *arena_alloc(struct arena *a, size_t count, size_t each, size_t align) MUST_USE;
/* The same, but the bytes are whatever they are: for what is written whole at once. */
void *arena_raw(struct arena *a, size_t count, size_t each, size_t align) MUST_USE;
/* Copy with a NUL behind it; .p == NULL when the arena is full (an empty text has .p != NULL). */
struct str arena_str(struct arena *a, struct str s) MUST_USE;
struct str arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);

#define ARENA_NEW(a, T, n) ((T *)arena_alloc((a), (n), sizeof(T), _Alignof(T)))

#endif
