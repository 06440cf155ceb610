/* A file of duties either is refused with file and line, or every duty in it keeps the promises of the format
 * and evaluates. */
#include <stdlib.h>

#include "duty/duty.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct catalogue *c)
{
    struct calendar *cal = NULL;
    if (calendar_new(NULL, 0, &cal, NULL) != 0)
        abort();
    struct duty_input in = {.catalogue = c, .calendar = cal, .now_ns = NS_PER_S, .start_ns = 0};
    for (size_t i = 0; i < catalogue_count(c); i++) {
        const struct catalogue_duty *d = catalogue_at(c, i);
        if (catalogue_find(c, d->id) != d || d->who == 0 || d->scope == 0 || d->freshness.n < 1 ||
            (d->every.n > 0) != (d->trigger == CATALOGUE_PERIODIC) ||
            (i > 0 && catalogue_cmp_ids(catalogue_at(c, i - 1)->id, d->id) >= 0))
            abort();
        struct duty_outcome o = duty_evaluate(&in, d);
        if (o.status == DUTY_MET || o.status == DUTY_NA)
            abort(); /* nothing is met without evidence */
    }
    calendar_free(cal);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct catalogue *c = NULL;
    struct err err = {0};
    if (catalogue_new(&c, &err) != 0)
        abort();
    int rc = catalogue_add(c, S("catalogue.yaml"), S("version: \"1\"\ndate: 2026-11-22\n"), &err);
    if (rc == 0)
        rc = catalogue_add(c, S("articles.yaml"),
                           S("chapters: [{id: I, title: {vi: a, en: a}}]\n"
                             "articles: [{n: 13, chapter: I, title: {vi: a, en: a}}]\n"),
                           &err);
    if (rc == 0)
        rc = catalogue_add(c, S("laws.yaml"),
                           S("- {id: l1, number: \"1\", title: {vi: a, en: a}, cited: true, in_force_from: "
                             "2020-01-01}\n"),
                           &err);
    if (rc != 0)
        abort();
    rc = catalogue_add(c, S("d.yaml"), (struct str){(const char *)data, size}, &err);
    if (rc == 0)
        rc = catalogue_finish(c, &err);
    if (rc == 0)
        check(c);
    else if (err.code == ERR_NONE || (err.code == ERR_PARSE && err.line == 0))
        abort();
    catalogue_free(c);
    return 0;
}
