#include "model/field.h"

#include <pthread.h>

#include "base/hash.h"

static const struct field_row rows[FIELD_COUNT] = {
    [FIELD_OTHER] = {.type = FIELD_KEYWORD},
#define FIELD(id, name_, type_, vi_, en_)                                                                    \
    [FIELD_##id] = {                                                                                         \
        {(name_), sizeof(name_) - 1}, FIELD_##type_, {(vi_), sizeof(vi_) - 1}, {(en_), sizeof(en_) - 1}},
#include "model/field.def"
#undef FIELD
};

#define SLOTS 1024u
_Static_assert(FIELD_COUNT * 2 < SLOTS, "the table stays less than half full");

static uint16_t slots[SLOTS];
static pthread_once_t slots_once = PTHREAD_ONCE_INIT;

static void slots_fill(void)
{
    for (uint16_t id = 1; id < FIELD_COUNT; id++) {
        size_t k = hash_bytes(rows[id].name, 0) % SLOTS;
        while (slots[k] != 0)
            k = (k + 1) % SLOTS;
        slots[k] = id;
    }
}

const struct field_row *field_row(uint16_t id)
{
    assert(id < FIELD_COUNT);
    return &rows[id];
}

uint16_t field_find(struct str name)
{
    (void)pthread_once(&slots_once, slots_fill);
    for (size_t k = hash_bytes(name, 0) % SLOTS; slots[k] != 0; k = (k + 1) % SLOTS) {
        if (str_eq(rows[slots[k]].name, name))
            return slots[k];
    }
    return FIELD_OTHER;
}
