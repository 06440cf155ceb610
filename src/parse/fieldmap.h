/*
 * fieldmap.h - what senders call a thing, and what Khiên calls it (ECS): one table for all products, by space
 * (product or kind of record) and name. Names are found by hash, so a record costs what its names cost. The
 * rows stand in fieldmap.def. Private to src/parse.
 */
#ifndef KHIEN_PARSE_FIELDMAP_H
#define KHIEN_PARSE_FIELDMAP_H

#include "parse/parse_out.h"

enum fieldmap_space {
#define SPACE(id, like) MAP_##id,
#define MAP(space, name, field)
#include "parse/fieldmap.def"
#undef SPACE
#undef MAP
    MAP_COUNT
};

/* Field of a name in a space or the space it is like; FIELD_OTHER where no row says. */
uint16_t fieldmap_find(enum fieldmap_space space, struct str name);
/*
 * Put `value` under the field of `name`, in the form the field wants (addresses with their port, transport in
 * lower case, a path with its last part, user with domain …). A name without row is put as `other`, or left
 * out where `other` is empty. The first value of a field counts. Empty values and "-" are left out.
 */
void fieldmap_put(struct parse_out *out, enum fieldmap_space space, struct str name, struct str value,
                  struct str other);
/*
 * Put under the sender's own name; a name of the table of fields in the form its field wants. Names of the
 * head of an event are left out, and what only the node itself says (khien.…) comes as data.khien.…
 */
void fieldmap_named(struct parse_out *out, struct str name, struct str value);
/* The value in the form the field wants; as fieldmap_put with a known field. */
void fieldmap_value(struct parse_out *out, uint16_t field, struct str value);

#endif
