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
#include <jansson.h>
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

/* The lists of the operator are filled where fill is set. */
static struct detect_plan *load(const char *path, bool fill)
{
    char maps[4096], lists[4096];
    const char *const paths[] = {path, lists};
    const char *root = getenv("KHIEN_SOURCE_ROOT");
    struct detect_plan *plan = NULL;
    struct err err = {0};
    (void)snprintf(maps, sizeof(maps), "%s/catalogue/sigma", root == NULL ? "." : root);
    (void)snprintf(lists, sizeof(lists), "%s/tests/detect/placeholders.yml", root == NULL ? "." : root);
    if (detect_load(sys_linux(), paths, fill ? 2 : 1, maps, &plan, &err) != 0)
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
    bool fill;
} folders[] = {
    {"rules", 0, 0, false},
    {"rules-compliance", 0, 0, false},
    {"correlation", 0, 0, false},
    {"deprecated", 5, 2, false},
    {"unsupported", 200, 70, false},      /* aggregations and near in the condition */
    {"rules-placeholder", 21, 15, false}, /* the lists that only the operator can fill */
    {"rules-placeholder", 0, 0, true},
    {"hayabusa-rules", 1, 0, false},
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
        struct detect_plan *plan = load(path, folders[i].fill);
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

/* The log sources that the vectors use, so that none is refused for that. */
static const struct detect_text vector_sources = {S("l"),
                                                  S("logsources:\n"
                                                    "  - {category: test_category, product: test_product}\n"
                                                    "  - {category: test}\n"
                                                    "  - {product: test}\n"
                                                    "  - {category: category-id}\n"
                                                    "  - {category: process_creation, product: windows}\n"
                                                    "  - {product: windows}\n")};
static const struct detect_text vector_fields = {S("f"), S("tables: {}\n")};

/* What the vectors forbid and the specification 2.1 or this product allows, or what is no rule at all. */
static const struct str not_ours[] = {
    S("test_backend_unknown_output_format"), /* of a converter */
    S("test_strict_mapped_fields_multiple_pipelines_error"),
};

static bool is_ours(const char *api, const char *test)
{
    static const struct str apis[] = {S("SigmaRule.from_dict"), S("SigmaRule.from_yaml"),
                                      S("SigmaCollection.from_yaml"), S("SigmaCollection.from_dicts"),
                                      S("SigmaCorrelationRule.from_dict")};
    for (size_t i = 0; i < COUNT_OF(not_ours); i++) {
        if (str_eq(not_ours[i], str_of(test)))
            return false;
    }
    for (size_t i = 0; i < COUNT_OF(apis); i++) {
        if (str_eq(apis[i], str_of(api)))
            return true;
    }
    return false;
}

/* A rule that correlations of the vectors may refer to; JSON is YAML. */
static void put_input(struct buf *b, json_t *input)
{
    static const char *const names[] = {"failed_login", "rule_a", "rule_b", "rule_c", "rule_d", "test_rule"};
    if (json_is_string(input)) {
        buf_put(b, str_of(json_string_value(input)));
        return;
    }
    for (size_t i = 0; i < COUNT_OF(names); i++)
        buf_printf(
            b, "title: F\nname: %s\nlogsource: {product: test}\ndetection: {s: {a: 1}, condition: s}\n---\n",
            names[i]);
    json_t *one = json_is_array(input) ? json_array_get(input, 0) : input;
    CLEANUP(base_freep) char *text = json_dumps(one, JSON_ENSURE_ASCII);
    assert_non_null(text);
    buf_put(b, str_of(text));
}

static bool all_accepted(struct str text)
{
    struct detect_plan *plan = NULL;
    struct detect_text file = {S("v"), text};
    struct err err = {0};
    bool good = true;
    assert_int_equal(detect_load_texts(&file, 1, &vector_sources, &vector_fields, &plan, &err), 0);
    for (size_t i = 0; i < detect_report_count(plan); i++)
        good = good && detect_report_get(plan, i)->accepted;
    detect_free(plan);
    return good;
}

static void test_must_fail(void **state)
{
    (void)state;
    char path[4096];
    size_t n = 0, bad = 0;
    if (!data_path(path, sizeof(path), "pysigma-vectors/pysigma_rules.jsonl")) {
        print_message("# no %s here\n", path);
        return;
    }
    CLEANUP(base_freep) char *mem = NULL;
    size_t size = 0;
    assert_int_equal(sys_read_file(sys_linux(), path, 16u << 20, &mem, &size, NULL), 0);
    struct str rest = {mem, size};
    while (rest.n > 0) {
        struct str line;
        struct buf b;
        (void)str_cut(rest, '\n', &line, &rest);
        json_t *row = json_loadb(line.p, line.n, 0, NULL);
        if (json_object_get(row, "must_fail") != NULL &&
            is_ours(json_string_value(json_object_get(row, "api")),
                    json_string_value(json_object_get(row, "test")))) {
            buf_init(&b, 1 << 20);
            put_input(&b, json_object_get(row, "input"));
            n++;
            if (all_accepted(buf_str(&b))) {
                print_message("# accepted: %s\n", json_string_value(json_object_get(row, "test")));
                bad++;
            }
            buf_done(&b);
        }
        json_decref(row);
    }
    print_message("# %zu vectors that must be refused\n", n);
    assert_int_equal(bad, 0);
    assert_true(n > 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_folders), cmocka_unit_test(test_must_fail)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
