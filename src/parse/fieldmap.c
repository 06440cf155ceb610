#include "parse/fieldmap.h"

#include <pthread.h>
#include <stdio.h>

#include "base/hash.h"

static const struct {
    struct str name;
    uint16_t field;
    uint8_t space;
} rows[] = {
#define SPACE(id, like)
#define MAP(space_, name_, field_) {{(name_), sizeof(name_) - 1}, FIELD_##field_, MAP_##space_},
#include "parse/fieldmap.def"
#undef SPACE
#undef MAP
};

/* Where a space has no row for a name, the space it is like is asked; itself: none. */
static const uint8_t likes[MAP_COUNT] = {
#define SPACE(id, like) [MAP_##id] = MAP_##like,
#define MAP(space, name, field)
#include "parse/fieldmap.def"
#undef SPACE
#undef MAP
};

#define SLOTS 4096u
_Static_assert(COUNT_OF(rows) * 2 < SLOTS, "the table stays less than half full");

static uint16_t slots[SLOTS]; /* row + 1 */
static pthread_once_t slots_once = PTHREAD_ONCE_INIT;

static void slots_fill(void)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        size_t k = hash_bytes(rows[i].name, rows[i].space) % SLOTS;
        while (slots[k] != 0)
            k = (k + 1) % SLOTS;
        slots[k] = (uint16_t)(i + 1);
    }
}

uint16_t fieldmap_find(enum fieldmap_space space, struct str name)
{
    (void)pthread_once(&slots_once, slots_fill);
    for (;; space = (enum fieldmap_space)likes[space]) {
        for (size_t k = hash_bytes(name, space) % SLOTS; slots[k] != 0; k = (k + 1) % SLOTS) {
            size_t i = slots[k] - 1u;
            if (rows[i].space == space && str_eq(rows[i].name, name))
                return rows[i].field;
        }
        if (likes[space] == space)
            return FIELD_OTHER;
    }
}

/* "0x3e8" and "12.7" as whole decimal numbers: columns of numbers hold nothing else. */
static struct str whole(struct parse_out *out, struct str value)
{
    uint64_t v = 0;
    size_t dot = str_find_char(value, '.');
    if (dot != SIZE_MAX)
        return str_sub(value, 0, dot);
    if (value.n < 3 || value.n > 18 || value.p[0] != '0' || (value.p[1] | 0x20) != 'x')
        return value;
    for (size_t i = 2; i < value.n; i++) {
        char c = ascii_lower(value.p[i]);
        if (!ascii_is_digit(c) && (c < 'a' || c > 'f'))
            return value;
        v = v << 4 | (uint64_t)(ascii_is_digit(c) ? c - '0' : c - 'a' + 10);
    }
    return arena_printf(out->arena, "%llu", (unsigned long long)v);
}

/* "00-11-22-AA-BB-CC" and "0011.22aa.bbcc" stay as they are written; ECS wants no more than one text. */
void fieldmap_value(struct parse_out *out, uint16_t field, struct str value)
{
    switch (field) {
    case FIELD_SOURCE_IP:
        parse_out_end(out, SIDE_SOURCE, value);
        break;
    case FIELD_DESTINATION_IP:
        parse_out_end(out, SIDE_DESTINATION, value);
        break;
    case FIELD_NETWORK_TRANSPORT:
        parse_out_transport(out, value);
        break;
    case FIELD_PROCESS_EXECUTABLE:
        parse_out_executable(out, value);
        break;
    case FIELD_PROCESS_PARENT_EXECUTABLE:
        parse_out_add(out, field, value);
        parse_out_add(out, FIELD_PROCESS_PARENT_NAME, parse_out_basename(value));
        break;
    case FIELD_USER_NAME:
        parse_out_user(out, value);
        break;
    case FIELD_URL_ORIGINAL:
        if (!parse_out_has(out, FIELD_URL_ORIGINAL))
            parse_out_url(out, value);
        break;
    case FIELD_NETWORK_PROTOCOL:
        parse_out_add(out, field, parse_out_lower(out, value));
        break;
    case FIELD_LOG_LEVEL:
        parse_out_level(out, value);
        break;
    default:
        parse_out_add(out, field, field_row(field)->type == FIELD_LONG ? whole(out, value) : value);
        break;
    }
}

/* Names of the head: never a field beside it. */
static const struct str heads[] = {{"message", 7}, {"@timestamp", 10}, {"event.original", 14}};

void fieldmap_named(struct parse_out *out, struct str name, struct str value)
{
    struct str own = S("khien.");
    for (size_t i = 0; i < COUNT_OF(heads); i++) {
        if (str_eq(name, heads[i]))
            return;
    }
    if (str_starts(name, own) || (str_starts(value, S("khien")) && str_eq(name, S("event.dataset")))) {
        struct str guarded = arena_printf(out->arena, "data.%.*s", STR_ARG(name));
        if (guarded.p != NULL)
            parse_out_put_named(out, guarded, value);
        return;
    }
    uint16_t id = field_find(name);
    if (id != FIELD_OTHER)
        fieldmap_value(out, id, value);
    else
        parse_out_put_named(out, name, value);
}

void fieldmap_put(struct parse_out *out, enum fieldmap_space space, struct str name, struct str value,
                  struct str other)
{
    if (value.n == 0 || (value.n == 1 && value.p[0] == '-'))
        return;
    uint16_t field = fieldmap_find(space, name);
    if (field != FIELD_OTHER)
        fieldmap_value(out, field, value);
    else if (other.n > 0)
        fieldmap_named(out, other, value);
}
