#include "parse/body.h"

/* Consoles of antivirus products: ESET PROTECT (JSON), and the event classes that Kaspersky, Trend Micro,
 * Symantec and others write in CEF and LEEF. */

static const struct {
    struct str type;
    enum parse_action action;
} eset[] = {
    {{"Threat_Event", 12}, ACTION_MALWARE_FOUND},     {{"FirewallAggregated_Event", 24}, ACTION_IDS_ALERT},
    {{"HipsAggregated_Event", 20}, ACTION_IDS_ALERT}, {{"FilteredWebsites_Event", 22}, ACTION_WEB_BLOCKED},
    {{"Audit_Event", 11}, ACTION_CONFIG_CHANGED},
};

bool antivirus_eset(struct parse_out *out, const struct json_items *items)
{
    struct str type = json_get(items, S("event_type"));
    if (!str_ends(type, S("_Event")) || json_get(items, S("source_uuid")).n == 0)
        return false;
    out->dataset = S("eset.protect");
    parse_out_observer(out, S("eset"), S("protect"));
    for (size_t i = 0; i < COUNT_OF(eset); i++) {
        if (str_eq(type, eset[i].type))
            parse_out_act(out, eset[i].action, OUTCOME_NONE, (struct str){NULL, 0});
    }
    parse_out_known(out, out->dataset);
    if ((out->e.flags & EVENT_NO_TIME) != 0)
        (void)body_time(out, json_get(items, S("occured")));
    for (size_t i = 0; i < items->n && out->n < EVENT_FIELDS_MAX; i++)
        body_mapped(out, MAP_ESET, items->item[i].name, items->item[i].value);
    return true;
}

static bool holds_nocase(struct str s, struct str word)
{
    for (size_t i = 0; i + word.n <= s.n; i++) {
        if (str_eq_nocase(str_sub(s, i, word.n), word))
            return true;
    }
    return false;
}

#define NAME_BYTES_MAX 128u

void antivirus_class(struct parse_out *out, struct str event_class, struct str name)
{
    static const struct str words[] = {
        {"VIRUS_FOUND", 11}, {"virus found", 11}, {"malware", 7}, {"virus detected", 14}};
    if (parse_out_has(out, FIELD_EVENT_ACTION) || event_class.n > NAME_BYTES_MAX || name.n > NAME_BYTES_MAX)
        return;
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (holds_nocase(event_class, words[i]) || holds_nocase(name, words[i])) {
            parse_out_act(out, ACTION_MALWARE_FOUND, OUTCOME_NONE, (struct str){NULL, 0});
            return;
        }
    }
}
