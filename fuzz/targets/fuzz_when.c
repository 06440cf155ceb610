/* A text is either refused and leaves the result alone, or its instant is written and read back unchanged. */
#include <stdlib.h>

#include "base/when.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
    if (!ok)
        abort();
}

static void check_round_trip(int64_t ns)
{
    struct buf b;
    int64_t back = 0;
    buf_init(&b, 64);
    when_put_rfc3339(&b, ns);
    struct cur c = cur_of(buf_str(&b));
    check(when_parse_rfc3339(&c, &back) && cur_done(&c) && back == ns);
    struct civil v = when_from_ns(ns, WHEN_VN_OFFSET_S);
    check(when_to_ns(&v, &back) && back == ns);
    buf_done(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str in = {(const char *)data, size};
    struct cur c = cur_of(in);
    struct err err = {0};
    int64_t ns = 42, now = INT64_C(1795291445) * NS_PER_S;
    if (when_parse_rfc3339(&c, &ns))
        check_round_trip(ns);
    else
        check(ns == 42 && c.at == 0 && !c.bad);
    ns = 42;
    if (when_parse_human(in, now, WHEN_VN_OFFSET_S, &ns, &err) == 0)
        check_round_trip(ns);
    else
        check(ns == 42 && err.code == ERR_PARSE);
    ns = 42;
    check(when_parse_span(in, &ns) ? ns >= 0 : ns == 42);
    return 0;
}
