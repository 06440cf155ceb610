/* Whole lines of the formats that say their own names: JSON, event XML, CEF, LEEF, key=value, W3C, Zeek … and
 * what the front process may rely on for every line whatever. */
#include <stdlib.h>
#include <string.h>

#include "parse/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_value(const struct event *e, const struct event_field *f)
{
    struct str own = S("khien."), name = f->id == FIELD_OTHER ? f->name : field_row(f->id)->name;
    if (name.n == 0 || f->value.n == 0 || f->id >= FIELD_COUNT)
        abort();
    if (str_starts(name, own)) /* what only the node itself says */
        abort();
    if (f->id != FIELD_OTHER && field_row(f->id)->type == FIELD_LONG) {
        for (size_t i = f->value.p[0] == '-'; i < f->value.n; i++) {
            if (!ascii_is_digit(f->value.p[i]))
                abort();
        }
    }
    if (f->id == FIELD_EVENT_DATASET && str_starts(f->value, S("khien")))
        abort();
    (void)e;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct parse_ctx ctx = {.recv_ns = INT64_C(1795309200) * NS_PER_S, .zone_s = WHEN_VN_OFFSET_S};
    struct parse_hint hint = {0};
    struct arena a;
    struct event e;
    if (size == 0 || size > 65536)
        return 0;
    char *exact = malloc(size);
    if (exact == NULL)
        return 0;
    memcpy(exact, data, size);
    arena_init(&a, 4 << 20);
    struct str rest = {exact, size}, line;
    do { /* lines of one source, so that header lines work on those behind them */
        (void)str_cut(rest, '\n', &line, &rest);
        parse_line(&ctx, &hint, line, &a, &e);
        if (!str_eq(e.raw, line) || e.n_fields > EVENT_FIELDS_MAX || hint.columns[0] > PARSE_COLUMNS_MAX)
            abort();
        for (uint16_t i = 0; i < e.n_fields; i++)
            check_value(&e, &e.fields[i]);
    } while (rest.n > 0);
    arena_done(&a);
    free(exact);
    return 0;
}
