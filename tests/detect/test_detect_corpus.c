/*
 * The public Sigma rules, where the machine has them (KHIEN_DATA, else ../shared/data beside the source
 * tree): those that must load, load; every other one is refused with a reason and a line.
 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
/* clang-format on */

#include "detect/detect.h"

static bool data_path(char *out, size_t n, const char *below)
{
    const char *data = getenv("KHIEN_DATA"), *root = getenv("KHIEN_SOURCE_ROOT");
    (void)snprintf(out, n, "%s%s/sigma/%s",
                   data != NULL   ? data
                   : root == NULL ? "."
                                  : root,
                   data != NULL ? "" : "/../shared/data", below);
    return sys_exists(sys_linux(), out);
}

static struct detect_plan *load(const char *path)
{
    char maps[4096];
    const char *root = getenv("KHIEN_SOURCE_ROOT");
    struct detect_plan *plan = NULL;
    struct err err = {0};
    (void)snprintf(maps, sizeof(maps), "%s/catalogue/sigma", root == NULL ? "." : root);
    if (detect_load(sys_linux(), &path, 1, maps, &plan, &err) != 0)
        print_message("# %s\n", err.msg);
    return plan;
}

static size_t count_refused(const struct detect_plan *plan, bool show)
{
    size_t n = 0;
    for (size_t i = 0; i < detect_report_count(plan); i++) {
        const struct detect_report *row = detect_report_get(plan, i);
        assert_true(row->line > 0);
        assert_true(row->accepted == (row->reason.n == 0));
        n += !row->accepted;
        if (!row->accepted && show)
            print_message("# %.*s\n", STR_ARG(row->reason));
    }
    return n;
}

/* Folder, how many rules may be refused at most, how many must be. */
static const struct {
    const char *folder;
    size_t refused_max, refused_min;
} folders[] = {
    {"rules", 4, 0}, /* fieldref: fields are not compared with each other */
    {"rules-compliance", 0, 0},
    {"correlation", 0, 0},
    {"deprecated", 5, 0},
    {"unsupported", 200, 70},       /* aggregations and near in the condition */
    {"rules-placeholder", 100, 20}, /* expand needs lists */
};

static void test_folders(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(folders); i++) {
        char path[4096];
        if (!data_path(path, sizeof(path), folders[i].folder)) {
            print_message("# no %s here\n", path);
            continue;
        }
        struct detect_plan *plan = load(path);
        assert_non_null(plan);
        size_t refused = count_refused(plan, getenv("KHIEN_SHOW") != NULL);
        struct detect_stats stats = {0};
        struct detect_state *s = NULL;
        struct detect_options options = {0};
        assert_int_equal(detect_state_new(plan, &options, &s, NULL), 0);
        detect_state_stats(s, &stats);
        print_message("# %s: %zu rules run, %zu refused; %zu literals, %zu values, %zu always, %zu bytes\n",
                      folders[i].folder, detect_rule_count(plan), refused, stats.literals, stats.values,
                      stats.always, stats.database_bytes);
        detect_state_free(s);
        assert_true(refused <= folders[i].refused_max && refused >= folders[i].refused_min);
        detect_free(plan);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_folders)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
