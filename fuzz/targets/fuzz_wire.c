/* A stream of frames: what is accepted lies inside the input; a payload that reads as a message is written
 * back the same. */
#include <stdlib.h>

#include "wire/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
    if (!ok)
        abort();
}

static void check_messages(struct str in)
{
    struct buf b;
    struct frame_hello hello = {0};
    struct frame_source source = {0};
    struct frame_request request = {0};
    struct frame_response response = {0};
    struct frame_counters counters = {0};
    buf_init(&b, FRAME_BYTES_MAX);
    if (frame_get_hello(in, &hello)) {
        frame_put_hello(&b, &hello);
        check(str_eq(in, buf_str(&b)));
    }
    buf_clear(&b);
    if (frame_get_source(in, &source)) {
        frame_put_source(&b, &source);
        check(str_eq(in, buf_str(&b)));
    }
    buf_clear(&b);
    if (frame_get_request(in, &request)) {
        frame_put_request(&b, &request);
        check(str_eq(in, buf_str(&b)) && request.target.p[0] == '/');
    }
    buf_clear(&b);
    if (frame_get_response(in, &response)) {
        frame_put_response(&b, &response);
        check(str_eq(in, buf_str(&b)));
    }
    buf_clear(&b);
    struct frame_front front;
    if (frame_get_front(in, &front)) {
        frame_put_front(&b, &front);
        check(str_eq(in, buf_str(&b)));
    }
    buf_clear(&b);
    struct cur c = cur_of(in);
    if (frame_get_counters(&c, &counters)) {
        frame_put_counters(&b, &counters);
        check(str_eq(str_sub(in, 0, c.at), buf_str(&b)));
    }
    buf_done(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str in = {(const char *)data, size};
    struct frame f;
    struct err err = {0};
    for (;;) {
        size_t used = 0;
        int rc = frame_get(in, &f, &used, &err);
        if (rc != 0) {
            check(rc == 1 ? used > in.n && used <= FRAME_HEAD_BYTES + FRAME_BYTES_MAX
                          : err.code == ERR_CORRUPT);
            return 0;
        }
        check(used == FRAME_HEAD_BYTES + f.payload.n && used <= in.n);
        check(f.type > FRAME_NONE && f.type < FRAME_TYPE_COUNT);
        struct buf b;
        buf_init(&b, used);
        frame_put(&b, f.type, f.tag, f.payload);
        check(str_eq(buf_str(&b), str_sub(in, 0, used)));
        buf_done(&b);
        check_messages(f.payload);
        in = str_from(in, used);
    }
}
