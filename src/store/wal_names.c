/* Packed events of a program with other field numbers: read with its names, given our numbers. */
#include "store/wal.h"

int wal_next_event(struct str *in, const struct wal_names *names, struct arena *a, struct event *ret,
                   struct err *err)
{
    size_t used = 0;
    uint16_t ids = names->differ ? (uint16_t)names->n : FIELD_COUNT;
    if (event_unpack_ids(*in, ids, a, ret, &used, err) != 0)
        return -1;
    for (uint16_t i = 0; names->differ && i < ret->n_fields; i++) {
        struct event_field *f = &ret->fields[i];
        if (f->id != FIELD_OTHER)
            f->name = names->name[f->id];
        f->id = field_find(f->name);
        if (f->id != FIELD_OTHER)
            f->name = (struct str){NULL, 0};
    }
    *in = str_from(*in, used);
    return 0;
}
