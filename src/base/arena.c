#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define ARENA_CHUNK_BYTES (64u * 1024u)

struct arena_chunk {
    struct arena_chunk *next;
    size_t used, size;
    _Alignas(max_align_t) char data[];
};

void arena_init(struct arena *a, size_t bytes_max)
{
    assert(bytes_max > 0);
    *a = (struct arena){.max = bytes_max};
}

void arena_done(struct arena *a)
{
    while (a->head != NULL) {
        struct arena_chunk *c = a->head;
        a->head = c->next;
        free(c);
    }
    a->used = 0;
}

void arena_reset(struct arena *a)
{
    while (a->head != NULL && a->head->next != NULL) {
        struct arena_chunk *c = a->head;
        a->head = c->next;
        free(c);
    }
    if (a->head != NULL)
        a->head->used = 0;
    a->used = 0;
}

void *arena_raw(struct arena *a, size_t count, size_t each, size_t align)
{
    assert(each != 0 && align != 0 && (align & (align - 1)) == 0 && align <= _Alignof(max_align_t));
    size_t bytes;
    if (__builtin_mul_overflow(count, each, &bytes) || bytes > a->max - a->used)
        return NULL;
    struct arena_chunk *c = a->head;
    size_t pad = c == NULL ? 0 : (size_t)(-(uintptr_t)(c->data + c->used)) & (align - 1);
    if (c == NULL || pad > c->size - c->used || bytes > c->size - c->used - pad) {
        size_t size = bytes > ARENA_CHUNK_BYTES ? bytes : ARENA_CHUNK_BYTES;
        if (size > SIZE_MAX - sizeof(*c))
            return NULL;
        c = malloc(sizeof(*c) + size);
        if (c == NULL)
            return NULL;
        *c = (struct arena_chunk){.next = a->head, .size = size};
        a->head = c;
        pad = 0;
    }
    void *p = c->data + c->used + pad;
    c->used += pad + bytes;
    a->used += bytes;
    return p;
}

void *arena_alloc(struct arena *a, size_t count, size_t each, size_t align)
{
    void *p = arena_raw(a, count, each, align);
    return p == NULL ? NULL : memset(p, 0, count * each);
}

struct str arena_str(struct arena *a, struct str s)
{
    char *p = s.n == SIZE_MAX ? NULL : arena_alloc(a, s.n + 1, 1, 1);
    if (p == NULL)
        return (struct str){NULL, 0};
    if (s.n > 0)
        memcpy(p, s.p, s.n);
    return (struct str){p, s.n};
}

struct str arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    char *p = n < 0 ? NULL : arena_alloc(a, (size_t)n + 1, 1, 1);
    if (p != NULL)
        (void)vsnprintf(p, (size_t)n + 1, fmt, again);
    va_end(again);
    return (struct str){p, p == NULL ? 0 : (size_t)n};
}
