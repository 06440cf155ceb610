#include "parse/winlog.h"

/* Heads of flat records (NXLog) that say nothing of the event: shippers and their queues. */
static const struct str noise[] = {
    {"EventReceivedTime", 17},
    {"SourceModuleName", 16},
    {"SourceModuleType", 16},
    {"@version", 8},
    {"tags", 4},
    {"type", 4},
    {"port", 4},
};

static bool is_noise(struct str name)
{
    for (size_t i = 0; i < COUNT_OF(noise); i++) {
        if (str_eq(name, noise[i]))
            return true;
    }
    return false;
}

/* Last part of a dotted name behind `prefix`; a list of unnamed values is "Data". */
static struct str last_part(struct str name)
{
    struct str text = S(".#text");
    if (str_ends(name, text))
        name.n -= text.n;
    size_t i = name.n;
    while (i > 0 && name.p[i - 1] != '.')
        i--;
    return str_from(name, i);
}

/* {"Event":{"System":{…},"EventData":{…}}} of evtx dumps. */
static void put_dump(struct parse_out *out, struct winlog *w, const struct json_items *items)
{
    struct str system = S("Event.System."), data = S("Event.EventData."), user = S("Event.UserData.");
    for (size_t i = 0; i < items->n; i++) {
        struct str name = items->item[i].name, value = items->item[i].value;
        if (str_starts(name, system)) {
            (void)winlog_head(out, w, str_from(name, system.n), value);
        } else if (str_starts(name, data)) {
            name = str_from(name, data.n);
            winlog_data(w, str_starts(name, S("Data.")) || str_eq(name, S("Data")) ? S("Data") : name, value);
        } else if (str_starts(name, user) && str_find(name, S(".#attributes")) == SIZE_MAX) {
            winlog_data(w, last_part(name), value);
        } else if (str_eq(name, S("Event.RenderingInfo.Message"))) {
            w->message = value;
        }
    }
}

/* {"winlog":{"channel":…,"event_data":{…}},"host":…} of winlogbeat. */
static void put_beat(struct parse_out *out, struct winlog *w, const struct json_items *items)
{
    struct str win = S("winlog."), data = S("winlog.event_data."), user = S("winlog.user_data.");
    for (size_t i = 0; i < items->n; i++) {
        struct str name = items->item[i].name, value = items->item[i].value;
        if (str_starts(name, data) || str_starts(name, user))
            winlog_data(w, str_from(name, data.n - (size_t)str_starts(name, user)), value);
        else if (str_starts(name, win))
            (void)(winlog_head(out, w, str_from(name, win.n), value) ||
                   (fieldmap_named(out, name, value), true));
        else if (str_eq(name, S("message")))
            w->message = value;
        else if (str_eq(name, S("event.code")))
            (void)winlog_head(out, w, S("EventID"), value);
        else if (str_eq(name, S("log.level")))
            w->level = value;
        else if (!str_eq(name, S("@timestamp")) || !winlog_head(out, w, name, value))
            fieldmap_named(out, name, value);
    }
}

/* One level: heads and EventData side by side. */
static void put_flat(struct parse_out *out, struct winlog *w, const struct json_items *items)
{
    for (size_t i = 0; i < items->n; i++) {
        struct str name = items->item[i].name, value = items->item[i].value;
        if (str_eq(name, S("Message")) || str_eq(name, S("message")))
            w->message = value;
        else if (str_eq(name, S("Severity")))
            w->level = value;
        else if (!is_noise(name) && !winlog_head(out, w, name, value))
            winlog_data(w, name, value);
    }
}

static bool has(const struct json_items *items, struct str name)
{
    return json_get(items, name).n > 0;
}

bool winlog_json(struct parse_out *out, const struct json_items *items)
{
    struct winlog w;
    w.channel = w.provider = w.code = w.level = w.keywords = w.time = w.message = (struct str){NULL, 0};
    w.n = 0;
    if (items->n < 2)
        return false;
    if (has(items, S("Event.System.EventID")) || has(items, S("Event.System.EventID.#text")))
        put_dump(out, &w, items);
    else if (has(items, S("winlog.channel")) || has(items, S("winlog.provider_name")))
        put_beat(out, &w, items);
    else if ((has(items, S("EventID")) || has(items, S("event_id"))) &&
             (has(items, S("Channel")) || has(items, S("LogName")) || has(items, S("log_name")) ||
              has(items, S("SourceName"))))
        put_flat(out, &w, items);
    else
        return false;
    winlog_put(out, &w);
    return true;
}
