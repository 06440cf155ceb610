/* Any bytes as a stream: the lines are the same whether the bytes come at once, one by one or in pieces. */
#include <stdlib.h>

#include "base/buf.h"
#include "source/source_frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LINE_BYTES_MAX 64u

static void run(struct str in, size_t piece, struct buf *out)
{
    struct source_frame f = {0};
    size_t from = 0, to = 0;
    while (from < in.n) {
        struct source_frame_line line;
        to = to + piece > in.n ? in.n : to + piece;
        for (size_t n = 1; n != 0 && from < to; from += n) {
            n = source_frame_cut(&f, str_sub(in, from, to - from), LINE_BYTES_MAX, to == in.n, &line);
            if (n > to - from || line.text.n > LINE_BYTES_MAX)
                abort();
            if (line.text.n > 0) {
                buf_put_u32(out, (uint32_t)line.text.n);
                buf_put_u8(out, line.part);
                buf_put(out, line.text);
            }
        }
        if (to == in.n && from < to)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf whole, pieces;
    if (size == 0 || size > 65536)
        return 0;
    struct str in = {(const char *)data, size};
    buf_init(&whole, 8 << 20);
    buf_init(&pieces, 8 << 20);
    run(in, size, &whole);
    for (size_t piece = 1; piece <= 7; piece += 3) {
        buf_clear(&pieces);
        run(in, piece, &pieces);
        if (!str_eq(buf_str(&whole), buf_str(&pieces)))
            abort();
    }
    buf_done(&whole);
    buf_done(&pieces);
    return 0;
}
