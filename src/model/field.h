/*
 * field.h - the table of field names (ECS) with type and texts. A field that is not in the table is carried
 * by its name with id FIELD_OTHER. Ids live in memory only; on disk and on the wire fields are named or
 * numbered per block.
 */
#ifndef KHIEN_MODEL_FIELD_H
#define KHIEN_MODEL_FIELD_H

#include "base/str.h"

enum field_type { FIELD_KEYWORD, FIELD_TEXT, FIELD_LONG, FIELD_IP };

enum field_id {
    FIELD_OTHER = 0, /* a name of its own */
#define FIELD(id, name, type, vi, en) FIELD_##id,
#include "model/field.def"
#undef FIELD
    FIELD_COUNT
};

struct field_row {
    struct str name;
    enum field_type type;
    struct str vi, en;
};

/* Row of an id below FIELD_COUNT; row 0 is empty. */
const struct field_row *field_row(uint16_t id);
/* Id of a name (exact, ECS is lower case), FIELD_OTHER where it is unknown. */
uint16_t field_find(struct str name);

#endif
