#include "query/pred.h"

static const struct {
    struct str name;
    uint16_t id;
} pseudo[] = {
    {{"@timestamp", 10}, PRED_FIELD_TIME},    {{"severity", 8}, PRED_FIELD_SEVERITY},
    {{"message", 7}, PRED_FIELD_MESSAGE},     {{"raw", 3}, PRED_FIELD_RAW},
    {{"log.level", 9}, PRED_FIELD_SEVERITY}, /* names under which events are shown */
    {{"event.original", 14}, PRED_FIELD_RAW}, {{"*", 1}, PRED_FIELD_ANY},
    {{"source.name", 11}, PRED_FIELD_SOURCE}, {{"event.id", 8}, PRED_FIELD_EVENT_ID},
    {{"source.id", 9}, PRED_FIELD_SOURCE_ID},
};

struct pred_field pred_field_find(struct str name)
{
    struct pred_field f = {.id = field_find(name), .name = name};
    for (size_t i = 0; i < COUNT_OF(pseudo); i++) {
        if (str_eq(pseudo[i].name, name))
            f.id = pseudo[i].id;
    }
    f.wild = f.id == FIELD_OTHER && str_find_char(name, '*') != SIZE_MAX;
    return f;
}
