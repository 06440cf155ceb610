/* The message of a program: the first byte chooses the program, so that the fuzzer works on contents, not on
 * heads. */
#include <stdlib.h>
#include <string.h>

#include "parse/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const programs[] = {
#define PROGRAM(name, fn, dataset) name,
#include "parse/linux.def"
#undef PROGRAM
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct parse_ctx ctx = {.recv_ns = INT64_C(1795309200) * NS_PER_S, .zone_s = WHEN_VN_OFFSET_S};
    struct arena a;
    struct event e;
    if (size == 0 || size > 65536)
        return 0;
    const char *program = programs[data[0] % COUNT_OF(programs)];
    size_t n = strlen(program), head = sizeof("Nov 22 07:59:58 h ") - 1;
    char *line = malloc(head + n + 2 + size - 1);
    if (line == NULL)
        return 0;
    memcpy(line, "Nov 22 07:59:58 h ", head);
    memcpy(line + head, program, n);
    memcpy(line + head + n, ": ", 2);
    memcpy(line + head + n + 2, data + 1, size - 1);
    arena_init(&a, 1 << 20);
    parse_line(&ctx, NULL, (struct str){line, head + n + 2 + size - 1}, &a, &e);
    /* An action always comes with its category and data set; addresses and numbers are what they say. A
     * message that is JSON may say anything under these names. */
    bool acted = event_get(&e, FIELD_EVENT_ACTION).n > 0, json = size > 1 && memchr(data, '{', size) != NULL;
    if (acted && !json &&
        (event_get(&e, FIELD_EVENT_CATEGORY).n == 0 || event_get(&e, FIELD_EVENT_DATASET).n == 0))
        abort();
    struct str port = event_get(&e, FIELD_SOURCE_PORT);
    for (size_t i = 0; i < port.n; i++) {
        if (!ascii_is_digit(port.p[i]))
            abort();
    }
    arena_done(&a);
    free(line);
    return 0;
}
