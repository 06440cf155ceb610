/* event and field: the packed form survives, every truncation and every wild length is refused; names are
 * found. */
#include "kit/kit.h"
#include "model/event.h"

static struct str random_span(struct kit_rng *r, struct str of)
{
    size_t from = kit_below(r, of.n + 1);
    return str_sub(of, from, kit_below(r, of.n - from + 1));
}

/* An event whose texts lie partly in raw, partly in `other`. */
static void random_event(struct kit_rng *r, struct str raw, struct str other, struct event_field *fields,
                         struct event *e)
{
    static const char *const names[] = {"x", "winlog.event_data.TargetUserName", "labels.đơn_vị"};
    *e = (struct event){.id = kit_next(r),
                        .time_ns = (int64_t)kit_next(r),
                        .recv_ns = (int64_t)kit_next(r),
                        .seq = kit_next(r) >> kit_below(r, 64),
                        .source = (uint32_t)kit_next(r),
                        .facility = kit_below(r, 4) == 0 ? EVENT_NO_FACILITY : (uint8_t)kit_below(r, 24),
                        .severity = (uint8_t)kit_below(r, 8),
                        .flags = (uint8_t)kit_below(r, 32),
                        .n_fields = (uint16_t)kit_below(r, kit_below(r, 20) == 0 ? EVENT_FIELDS_MAX + 1 : 8),
                        .raw = random_span(r, raw),
                        .fields = fields};
    e->message = random_span(r, kit_below(r, 3) == 0 ? other : e->raw);
    for (uint16_t i = 0; i < e->n_fields; i++) {
        uint16_t id = (uint16_t)kit_below(r, FIELD_COUNT);
        fields[i] =
            (struct event_field){.id = id, .value = random_span(r, kit_below(r, 2) == 0 ? other : e->raw)};
        if (id == FIELD_OTHER)
            fields[i].name = str_of(names[kit_below(r, COUNT_OF(names))]);
    }
}

static void assert_same(const struct event *a, const struct event *b)
{
    assert_true(a->id == b->id && a->time_ns == b->time_ns && a->recv_ns == b->recv_ns && a->seq == b->seq);
    assert_true(a->source == b->source && a->facility == b->facility && a->severity == b->severity);
    assert_true(a->flags == b->flags && a->n_fields == b->n_fields);
    kit_assert_str(b->raw, a->raw);
    kit_assert_str(b->message, a->message);
    for (uint16_t i = 0; i < a->n_fields; i++) {
        assert_int_equal(a->fields[i].id, b->fields[i].id);
        kit_assert_str(b->fields[i].name, a->fields[i].name);
        kit_assert_str(b->fields[i].value, a->fields[i].value);
    }
}

static void test_pack_property(void **state)
{
    (void)state;
    struct kit_rng r = kit_rng();
    char raw[600], other[200];
    struct buf b;
    struct arena a;
    buf_init(&b, 1 << 20);
    arena_init(&a, 1 << 20);
    for (int i = 0; i < 3000; i++) {
        struct event_field fields[EVENT_FIELDS_MAX];
        struct event e, got;
        size_t used = 0, lead = kit_below(&r, 20);
        struct err err = {0};
        kit_bytes(&r, raw, sizeof(raw));
        kit_bytes(&r, other, sizeof(other));
        random_event(&r, (struct str){raw, sizeof(raw)}, (struct str){other, sizeof(other)}, fields, &e);
        buf_clear(&b);
        for (size_t k = 0; k < lead; k++)
            buf_put_u8(&b, 0xEE); /* a record may begin anywhere */
        event_pack(&b, &e);
        size_t n = b.n - lead;
        buf_put(&b, S("next record"));
        arena_reset(&a);
        assert_int_equal(event_unpack(str_from(buf_str(&b), lead), &a, &got, &used, &err), 0);
        assert_int_equal(used, n);
        assert_same(&e, &got);
        for (size_t k = 0; k < 20; k++) {
            size_t cut = kit_below(&r, n);
            char *copy = malloc(cut == 0 ? 1 : cut); /* of the exact size, for the sanitizer */
            memcpy(copy, b.p + lead, cut);
            assert_int_equal(event_unpack((struct str){copy, cut}, &a, &got, &used, &err), -1);
            assert_int_equal(err.code, ERR_CORRUPT);
            free(copy);
        }
    }
    buf_done(&b);
    arena_done(&a);
}

static void test_spans_are_short(void **state)
{
    (void)state;
    struct buf b;
    struct event_field f[2];
    struct str raw = S("sshd: Failed password for root from 10.0.0.1");
    struct event e = {.raw = raw, .message = str_from(raw, 6), .n_fields = 2, .fields = f};
    f[0] = (struct event_field){.id = FIELD_USER_NAME, .value = str_sub(raw, 26, 4)};
    f[1] = (struct event_field){.id = FIELD_SOURCE_IP,
                                .value = str_from(raw, raw.n)}; /* empty, at the very end */
    buf_init(&b, 1000);
    event_pack(&b, &e);
    assert_int_equal(b.n, 56 + 3 * 6 + raw.n);
    buf_done(&b);
}

static void put_u32(char *p, uint32_t v)
{
    for (size_t i = 0; i < 4; i++)
        p[i] = (char)(v >> (8 * i));
}

static void test_refused(void **state)
{
    (void)state;
    enum { TEXT_N = 4, FACILITY = 44, SEVERITY = 45, WIDE = 47, COUNTS = 48, RAW_N = 52, SPANS = 56 };
    static const struct {
        size_t at;
        uint32_t value;
        bool one_byte;
    } cases[] = {
        {0, 55, false},
        {0, 0, false},
        {0, UINT32_MAX, false},
        {TEXT_N, 9, false},
        {TEXT_N, 11, false},
        {TEXT_N, UINT32_MAX, false},
        {SEVERITY, 8, true},
        {FACILITY, 24, true},
        {FACILITY, 254, true},
        {WIDE, 1, true}, /* spans of another width than are there */
        {WIDE, 2, true},
        {COUNTS, 0x00020101, false}, /* 257 fields */
        {COUNTS, 0x00020002, false}, /* more fields than spans */
        {COUNTS, 0x00020000, false}, /* a span that no field has */
        {COUNTS, 0x00030001, false},
        {RAW_N, 11, false},
        {RAW_N, UINT32_MAX, false},
        {RAW_N, EVENT_RAW_BYTES_MAX + 1, false},
        {SPANS, 0xFFFF, false},                    /* no message */
        {SPANS + 2, 0x00000B, false},              /* message: begins behind the text */
        {SPANS + 2, 0x00040007, false},            /* message: ends behind the text */
        {SPANS + 6, FIELD_COUNT | 4 << 16, false}, /* id that this program does not know */
        {SPANS + 6, FIELD_OTHER | 4 << 16, false}, /* a name of its own, but none is there */
        {SPANS + 6, 0xFFFF | 4 << 16, false},      /* a name, but no field behind it */
        {SPANS + 8, 0x00070004, false},            /* value: ends behind the text */
    };
    struct buf b;
    struct arena a;
    struct event_field f = {.id = FIELD_HOST_NAME, .value = S("may-01")};
    struct str raw = S("abcd");
    struct event e = {.raw = raw, .message = raw, .n_fields = 1, .fields = &f}, got;
    buf_init(&b, 1000);
    arena_init(&a, 1 << 16);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct err err = {0};
        size_t used = 0;
        buf_clear(&b);
        event_pack(&b, &e);
        assert_int_equal(event_unpack(buf_str(&b), &a, &got, &used, &err), 0);
        if (cases[i].one_byte)
            b.p[cases[i].at] = (char)cases[i].value;
        else
            put_u32(b.p + cases[i].at, cases[i].value);
        if (event_unpack(buf_str(&b), &a, &got, &used, &err) == 0)
            fail_msg("row %zu was accepted", i);
        assert_int_equal(err.code, ERR_CORRUPT);
        assert_true(err.at <= b.n);
    }
    struct arena tiny;
    struct err err = {0};
    size_t used = 0;
    arena_init(&tiny, 8);
    buf_clear(&b);
    event_pack(&b, &e);
    assert_int_equal(event_unpack(buf_str(&b), &tiny, &got, &used, &err), -1);
    assert_int_equal(err.code, ERR_NOMEM);
    arena_done(&tiny);
    arena_done(&a);
    buf_done(&b);
}

static void test_get(void **state)
{
    (void)state;
    struct event_field f[] = {
        {.id = FIELD_USER_NAME, .value = S("root")},
        {.id = FIELD_OTHER, .name = S("winlog.opcode"), .value = S("Security")},
    };
    struct event e = {.n_fields = 2, .fields = f};
    kit_assert_str(event_get(&e, FIELD_USER_NAME), S("root"));
    assert_null(event_get(&e, FIELD_HOST_NAME).p);
    kit_assert_str(event_get_named(&e, S("user.name")), S("root"));
    kit_assert_str(event_get_named(&e, S("winlog.opcode")), S("Security"));
    assert_null(event_get_named(&e, S("Winlog.opcode")).p);
}

static void test_severities(void **state)
{
    (void)state;
    static const struct {
        struct str name;
        int want;
    } cases[] = {{S("EMERG"), 0}, {S("crit"), 2}, {S("Err"), 3},   {S("warn"), 4}, {S("informational"), 6},
                 {S("high"), 2},  {S("low"), 5},  {S("none"), -1}, {S(""), -1},    {S("infos"), -1}};
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_int_equal(event_severity_find(cases[i].name), cases[i].want);
    for (uint8_t i = 0; i < 8; i++)
        assert_int_equal(event_severity_find(event_severity_name(i)), i);
    for (uint8_t i = 0; i < 24; i++)
        assert_true(event_facility_name(i).n > 0 &&
                    strlen(event_facility_name(i).p) == event_facility_name(i).n);
    assert_int_equal(event_facility_name(EVENT_NO_FACILITY).n, 0);
    assert_int_equal(event_facility_name(24).n, 0);
}

static void test_field_table(void **state)
{
    (void)state;
    assert_int_equal(field_row(FIELD_OTHER)->name.n, 0);
    for (uint16_t id = 1; id < FIELD_COUNT; id++) {
        const struct field_row *row = field_row(id);
        assert_int_equal(field_find(row->name), id); /* so no name stands twice */
        assert_true(row->vi.n > 0 && row->en.n > 0 && row->type <= FIELD_IP);
        bool dot = true, dots = false; /* ECS: words in lower case, joined by "_" and "." */
        for (size_t i = 0; i < row->name.n; i++) {
            char c = row->name.p[i];
            if (!ascii_is_lower(c) && !ascii_is_digit(c) && (dot || (c != '.' && c != '_')))
                fail_msg("%.*s is not spelt as ECS does", STR_ARG(row->name));
            dot = c == '.' || c == '_';
            dots = dots || c == '.';
        }
        assert_true(dots && !dot);
    }
    static const char *const unknown[] = {"", "Host.name", "host.name ", "host", "host.name.x", "other"};
    for (size_t i = 0; i < COUNT_OF(unknown); i++)
        assert_int_equal(field_find(str_of(unknown[i])), FIELD_OTHER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pack_property), cmocka_unit_test(test_spans_are_short),
        cmocka_unit_test(test_refused),       cmocka_unit_test(test_get),
        cmocka_unit_test(test_severities),    cmocka_unit_test(test_field_table),
    };
    return cmocka_run_group_tests_name("event", tests, NULL, NULL);
}
