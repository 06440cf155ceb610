/*
 * json.h - a JSON object as a flat list of names and values, in one pass and without a tree: nested objects
 * become dotted names, lists of scalars one text with ", " between. Strings without escapes and numbers are
 * views into the text. RFC 8259; deeper than JSON_DEPTH_MAX a value is kept as its text. Private to
 * src/parse.
 */
#ifndef KHIEN_PARSE_JSON_H
#define KHIEN_PARSE_JSON_H

#include "parse/parse_out.h"

#define JSON_DEPTH_MAX 16u
#define JSON_ITEMS_MAX EVENT_FIELDS_MAX
#define JSON_NAME_BYTES_MAX 256u /* longer names are left out */

struct json_item {
    struct str name;
    struct str value; /* text of a string; number, true or false as written; null and {} are left out */
};

struct json_items {
    struct arena *arena;
    size_t n;
    bool broken;     /* the text ended early or is no JSON from some place on: items are those before it */
    bool dropped;    /* more than JSON_ITEMS_MAX items, a name too long or no memory: some are missing */
    struct str rest; /* what follows the object */
    struct json_item item[JSON_ITEMS_MAX];
};

/* Read the object at the start of `text` ('{'); false where not even a first name can be read. */
bool json_read(struct str text, struct arena *a, struct json_items *ret);
/* Value of a name; .p == NULL where there is none. */
struct str json_get(const struct json_items *items, struct str name);

#endif
