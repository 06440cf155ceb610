/* frame: every message survives; what is cut, too new, too long or followed by more is refused. */
#include "kit/kit.h"
#include "wire/frame.h"

static void test_head(void **state)
{
    (void)state;
    static const struct {
        uint32_t n;
        uint16_t type, version;
        int rc;
    } cases[] = {
        {0, FRAME_HELLO, FRAME_VERSION, 0},
        {0, FRAME_FRONT, FRAME_VERSION, 0},
        {1, FRAME_EVENTS, FRAME_VERSION, 1},
        {FRAME_BYTES_MAX, FRAME_EVENTS, FRAME_VERSION, 1},
        {FRAME_BYTES_MAX + 1, FRAME_EVENTS, FRAME_VERSION, -1},
        {UINT32_MAX, FRAME_EVENTS, FRAME_VERSION, -1},
        {0, FRAME_NONE, FRAME_VERSION, -1},
        {0, FRAME_TYPE_COUNT, FRAME_VERSION, -1},
        {0, 0xffff, FRAME_VERSION, -1},
        {0, FRAME_HELLO, 0, -1},
        {0, FRAME_HELLO, FRAME_VERSION + 1, -1},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf b;
        struct frame f = {0};
        struct err err = {0};
        size_t used = 77;
        buf_init(&b, 100);
        buf_put_u32(&b, cases[i].n);
        buf_put_u16(&b, cases[i].type);
        buf_put_u16(&b, cases[i].version);
        buf_put_u64(&b, UINT64_MAX);
        for (size_t k = 0; k < FRAME_HEAD_BYTES; k++) {
            assert_int_equal(frame_get(str_sub(buf_str(&b), 0, k), &f, &used, &err), 1);
            assert_int_equal(used, FRAME_HEAD_BYTES);
        }
        assert_int_equal(frame_get(buf_str(&b), &f, &used, &err), cases[i].rc);
        assert_int_equal(err.code, cases[i].rc < 0 ? ERR_CORRUPT : ERR_NONE);
        if (cases[i].rc == 1)
            assert_int_equal(used, FRAME_HEAD_BYTES + (size_t)cases[i].n);
        if (cases[i].rc == 0)
            assert_true(f.type == (enum frame_type)cases[i].type && f.tag == UINT64_MAX && f.payload.n == 0);
        buf_done(&b);
    }
}

static void test_stream(void **state)
{
    (void)state;
    struct buf b;
    struct frame f;
    struct err err = {0};
    size_t used = 0, at = 0;
    buf_init(&b, 1 << 16);
    for (uint64_t i = 0; i < 100; i++)
        frame_put(&b, FRAME_EVENTS, i, str_sub(S("0123456789"), 0, (size_t)i % 11));
    for (uint64_t i = 0; i < 100; i++) {
        assert_int_equal(frame_get(str_from(buf_str(&b), at), &f, &used, &err), 0);
        assert_true(f.type == FRAME_EVENTS && f.tag == i && f.payload.n == i % 11);
        at += used;
    }
    assert_int_equal(at, b.n);
    buf_done(&b);
}

/* Each message: write it from random texts, read it, write what was read, and compare the bytes. */
static struct str texts[10];

static void put_hello(struct buf *b, struct kit_rng *r)
{
    struct frame_hello m = {.pid = (uint32_t)kit_next(r),
                            .landlock = 1,
                            .landlock_abi = 7,
                            .uid = 65534,
                            .listen_https = texts[0],
                            .listen_syslog = texts[1],
                            .listen_syslog_tls = texts[2],
                            .fingerprint = texts[3],
                            .cert_not_after_ns = (int64_t)kit_next(r)};
    frame_put_hello(b, &m);
}

static bool copy_hello(struct str in, struct buf *b)
{
    struct frame_hello m;
    bool ok = frame_get_hello(in, &m);
    if (ok)
        frame_put_hello(b, &m);
    return ok;
}

static void put_source(struct buf *b, struct kit_rng *r)
{
    struct frame_source m = {
        .kind = S("udp"), .address = texts[0], .identity = texts[1], .position = texts[2]};
    (void)r;
    frame_put_source(b, &m);
}

static bool copy_source(struct str in, struct buf *b)
{
    struct frame_source m;
    bool ok = frame_get_source(in, &m);
    if (ok)
        frame_put_source(b, &m);
    return ok;
}

static void put_counters(struct buf *b, struct kit_rng *r)
{
    struct frame_counters m = {.source = 7,
                               .received = kit_next(r),
                               .dropped = kit_next(r),
                               .malformed = 1,
                               .last_seen_ns = (int64_t)kit_next(r),
                               .dialect = texts[0],
                               .position = texts[1]};
    frame_put_counters(b, &m);
}

static bool copy_counters(struct str in, struct buf *b)
{
    struct frame_counters m;
    struct cur c = cur_of(in);
    bool ok = frame_get_counters(&c, &m) && cur_done(&c);
    if (ok)
        frame_put_counters(b, &m);
    return ok;
}

static void put_front(struct buf *b, struct kit_rng *r)
{
    struct frame_front m = {.rss_bytes = kit_next(r), .kernel_dropped = kit_next(r)};
    frame_put_front(b, &m);
}

static bool copy_front(struct str in, struct buf *b)
{
    struct frame_front m;
    bool ok = frame_get_front(in, &m);
    if (ok)
        frame_put_front(b, &m);
    return ok;
}

static void put_request(struct buf *b, struct kit_rng *r)
{
    struct frame_request m = {.flags = (uint8_t)kit_below(r, 2),
                              .method = S("PATCH"),
                              .target = S("/api/v1/x?y=z"),
                              .cookie = texts[0],
                              .csrf = texts[1],
                              .language = texts[2],
                              .content_type = texts[3],
                              .if_none_match = texts[4],
                              .idempotency = texts[5],
                              .peer = texts[6],
                              .body = texts[7]};
    frame_put_request(b, &m);
}

static bool copy_request(struct str in, struct buf *b)
{
    struct frame_request m;
    bool ok = frame_get_request(in, &m);
    if (ok)
        frame_put_request(b, &m);
    return ok;
}

static void put_response(struct buf *b, struct kit_rng *r)
{
    struct frame_response m = {.status = (uint16_t)(100 + kit_below(r, 500)),
                               .stream = (uint8_t)kit_below(r, 2),
                               .content_type = texts[0],
                               .headers = texts[1],
                               .body = texts[2]};
    frame_put_response(b, &m);
}

static bool copy_response(struct str in, struct buf *b)
{
    struct frame_response m;
    bool ok = frame_get_response(in, &m);
    if (ok)
        frame_put_response(b, &m);
    return ok;
}

static void test_messages_property(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        void (*put)(struct buf *b, struct kit_rng *r);
        bool (*copy)(struct str in, struct buf *b);
    } messages[] = {
        {"hello", put_hello, copy_hello},          {"source", put_source, copy_source},
        {"counters", put_counters, copy_counters}, {"request", put_request, copy_request},
        {"response", put_response, copy_response}, {"front", put_front, copy_front},
    };
    struct kit_rng r = kit_rng();
    char bytes[COUNT_OF(texts)][40];
    for (size_t round = 0; round < 500; round++) {
        for (size_t i = 0; i < COUNT_OF(texts); i++) {
            kit_bytes(&r, bytes[i], sizeof(bytes[i]));
            texts[i] = (struct str){bytes[i], kit_below(&r, sizeof(bytes[i]) + 1)};
        }
        for (size_t i = 0; i < COUNT_OF(messages); i++) {
            struct buf b, again;
            buf_init(&b, 1 << 16);
            buf_init(&again, 1 << 16);
            messages[i].put(&b, &r);
            assert_true(messages[i].copy(buf_str(&b), &again));
            kit_assert_str(buf_str(&again), buf_str(&b));
            for (size_t n = 0; n < b.n; n++) {
                buf_clear(&again);
                if (messages[i].copy(str_sub(buf_str(&b), 0, n), &again))
                    fail_msg("%s: %zu of %zu bytes were accepted", messages[i].name, n, b.n);
            }
            buf_put_char(&b, 'x');
            assert_false(messages[i].copy(buf_str(&b), &again));
            buf_done(&b);
            buf_done(&again);
        }
    }
}

static void test_refused_messages(void **state)
{
    (void)state;
    static const struct frame_request requests[] = {
        {.method = S(""), .target = S("/")},
        {.method = S("GET"), .target = S("")},
        {.method = S("GET"), .target = S("http://other/")},
    };
    struct buf b;
    struct frame_request q;
    struct frame_response a;
    struct frame_source s;
    buf_init(&b, 1000);
    for (size_t i = 0; i < COUNT_OF(requests); i++) {
        buf_clear(&b);
        frame_put_request(&b, &requests[i]);
        assert_false(frame_get_request(buf_str(&b), &q));
    }
    static const uint16_t statuses[] = {0, 99, 600, 65535};
    for (size_t i = 0; i < COUNT_OF(statuses); i++) {
        buf_clear(&b);
        frame_put_response(&b, &(struct frame_response){.status = statuses[i]});
        assert_false(frame_get_response(buf_str(&b), &a));
    }
    buf_clear(&b);
    frame_put_source(&b, &(struct frame_source){.address = S("10.0.0.1")});
    assert_false(frame_get_source(buf_str(&b), &s));
    struct cur c = cur_of(S("\xff\xff\xff\xff"
                            "abc"));
    assert_int_equal(frame_get_text(&c).n, 0);
    assert_true(c.bad);
    buf_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_head), cmocka_unit_test(test_stream),
                                       cmocka_unit_test(test_messages_property),
                                       cmocka_unit_test(test_refused_messages)};
    return cmocka_run_group_tests_name("frame", tests, NULL, NULL);
}
