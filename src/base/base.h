/*
 * base.h - attributes and small macros that every file may use. GCC and Clang only (ADR 0001).
 */
#ifndef KHIEN_BASE_BASE_H
#define KHIEN_BASE_BASE_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define NORETURN __attribute__((noreturn))
#define UNUSED __attribute__((unused))
#define CLEANUP(fn) __attribute__((cleanup(fn)))

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))
#define CONTAINER_OF(p, type, member) ((type *)(void *)((char *)(p)-offsetof(type, member)))

/* Move a pointer out of a variable and leave NULL behind: ownership leaves the function. */
#define TAKE(p)                                                                                              \
    ({                                                                                                       \
        __typeof__(p) take_tmp = (p);                                                                        \
        (p) = NULL;                                                                                          \
        take_tmp;                                                                                            \
    })

/* Define foo_freep() for CLEANUP from foo_free(). */
#define DEFINE_FREEP(name)                                                                                   \
    UNUSED static inline void name##_freep(struct name **p)                                                  \
    {                                                                                                        \
        name##_free(*p);                                                                                     \
    }

#define NS_PER_US INT64_C(1000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S INT64_C(1000000000)

/* Release memory got from malloc at the end of the scope: CLEANUP(freep) char *p. */
void base_freep(void *pp);

#endif
