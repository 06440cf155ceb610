/*
 * Any bytes as a line: never a failure, raw unchanged, every view readable, the same event whatever the
 * memory of the source says about its grammar, and the packed form survives.
 */
#include <stdlib.h>

#include "parse/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile char sink;

static void touch(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        sink = s.p[i];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct parse_ctx ctx = {
        .recv_ns = INT64_C(1795309200) * NS_PER_S, .zone_s = WHEN_VN_OFFSET_S, .history = true};
    struct str raw = {(const char *)data, size};
    struct arena a;
    struct event first, e;
    struct buf want, have;
    if (size > EVENT_RAW_BYTES_MAX)
        return 0;
    arena_init(&a, 8 << 20);
    buf_init(&want, 8 << 20);
    buf_init(&have, 8 << 20);
    parse_line(&ctx, NULL, raw, &a, &first);
    event_pack(&want, &first);
    for (uint8_t d = 1; d <= PARSE_COUNT; d++) {
        struct parse_hint hint = {.dialect = d};
        parse_line(&ctx, &hint, raw, &a, &e);
        buf_clear(&have);
        event_pack(&have, &e);
        if (!str_eq(buf_str(&want), buf_str(&have)) || e.raw.n != size)
            abort();
    }
    touch(first.message);
    for (uint16_t i = 0; i < first.n_fields; i++) {
        touch(first.fields[i].name);
        touch(first.fields[i].value);
        if (first.fields[i].value.n == 0)
            abort();
    }
    buf_done(&want);
    buf_done(&have);
    arena_done(&a);
    return 0;
}
