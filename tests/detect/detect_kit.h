/* detect_kit.h - what the tests of src/detect share: a plan from texts, an event from "field=value|…". */
#ifndef KHIEN_TESTS_DETECT_KIT_H
#define KHIEN_TESTS_DETECT_KIT_H

#include "detect/detect.h"

#define KIT_FIELDS_MAX 32u

static const struct detect_text kit_sources = {
    S("logsources.yaml"), S("logsources:\n"
                            "  - {product: test}\n"
                            "  - {product: test, service: web, where: {event.category: web}, fields: [web]}\n"
                            "  - {product: test, service: two, fields: [two]}\n"
                            "  - {product: test, service: ssh, where: [{event.dataset: [abc, ssh]}, "
                            "{x|exists: true}], fields: [two]}\n")};
static const struct detect_text kit_fields = {
    S("fields.yaml"), S("tables:\n"
                        "  web:\n"
                        "    names: {c-uri: url.original, sc-status: http.response.status_code}\n"
                        "  two:\n"
                        "    names: {Image: [process.executable, image]}\n"
                        "    otherwise: ['data.%', '%']\n")};

/* A plan from one text; NULL where the loading failed. */
UNUSED static struct detect_plan *kit_plan(const char *text)
{
    struct detect_plan *plan = NULL;
    struct detect_text file = {S("r.yml"), str_of(text)};
    struct err err = {0};
    if (detect_load_texts(&file, 1, &kit_sources, &kit_fields, &plan, &err) != 0)
        print_message("# %s\n", err.msg);
    return plan;
}

/* "raw=…|user.name=…|time=12": time in seconds; everything else is a field. Views into the text. */
UNUSED static struct event kit_event(const char *text, struct event_field *fields)
{
    struct event e = {.fields = fields, .facility = EVENT_NO_FACILITY, .severity = 6};
    struct str rest = str_of(text);
    while (rest.n > 0) {
        struct str one, name, value;
        uint64_t number = 0;
        (void)str_cut(rest, '|', &one, &rest);
        (void)str_cut(one, '=', &name, &value);
        if (str_eq(name, S("raw"))) {
            e.raw = e.message = value;
        } else if (str_eq(name, S("time")) && str_to_u64(value, UINT32_MAX, &number)) {
            e.time_ns = (int64_t)number * NS_PER_S;
        } else if (str_eq(name, S("id")) && str_to_u64(value, UINT32_MAX, &number)) {
            e.id = number;
        } else {
            assert_true(e.n_fields < KIT_FIELDS_MAX);
            fields[e.n_fields++] = (struct event_field){.id = field_find(name), .name = name, .value = value};
        }
    }
    return e;
}

UNUSED static struct detect_state *kit_state(const struct detect_plan *plan, size_t bytes_max)
{
    struct detect_state *s = NULL;
    struct detect_options options = {.window_bytes_max = bytes_max, .seed = 42};
    assert_int_equal(detect_state_new(plan, &options, &s, NULL), 0);
    return s;
}

#endif
