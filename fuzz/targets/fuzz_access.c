/* Any bytes as a line of a web server: a request has a status of three digits, and its views lie in the line.
 */
#include <stdlib.h>

#include "parse/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct parse_ctx ctx = {.recv_ns = INT64_C(1795309200) * NS_PER_S, .zone_s = WHEN_VN_OFFSET_S};
    struct parse_hint hint = {.dialect = PARSE_ACCESS + 1};
    struct arena a;
    struct event e;
    if (size > EVENT_RAW_BYTES_MAX)
        return 0;
    arena_init(&a, 4 << 20);
    parse_line(&ctx, &hint, (struct str){(const char *)data, size}, &a, &e);
    if (str_eq(event_get(&e, FIELD_EVENT_ACTION), S("http_request")) &&
        (event_get(&e, FIELD_HTTP_STATUS).n != 3 || event_get(&e, FIELD_EVENT_OUTCOME).n == 0))
        abort();
    struct str agent = event_get(&e, FIELD_USER_AGENT);
    if (agent.p != NULL && (agent.p < e.raw.p || agent.p + agent.n > e.raw.p + e.raw.n))
        abort();
    arena_done(&a);
    return 0;
}
