/* config: defaults, values of every type, and the line of whatever is wrong. */
#include <jansson.h>

#include "flow/config.h"
#include "kit/kit.h"

static char dir[256], path[512];

static int set_up(void **state)
{
    (void)state;
    kit_dir(dir);
    (void)snprintf(path, sizeof(path), "%s/khien.yaml", dir);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    kit_dir_remove(dir);
    return 0;
}

static int load(struct str text, struct config **ret, struct err *err)
{
    assert_int_equal(sys_write_file(sys_linux(), path, text, err), 0);
    *ret = NULL;
    return config_load(sys_linux(), path, true, ret, err);
}

static void test_defaults(void **state)
{
    (void)state;
    static const struct str texts[] = {S(""), S("# nothing\n"), S("---\n"), S("~\n")};
    const char *const *files = NULL;
    struct err err = {0};
    struct config *c = NULL;
    for (size_t i = 0; i < COUNT_OF(texts) + 2; i++) {
        int rc = i < COUNT_OF(texts)    ? load(texts[i], &c, &err)
                 : i == COUNT_OF(texts) ? config_load(sys_linux(), NULL, false, &c, &err)
                                        : config_load(sys_linux(), "/nowhere/at/all", false, &c, &err);
        assert_int_equal(rc, 0);
        assert_string_equal(config_text(c, CONFIG_LISTEN_SYSLOG), "127.0.0.1:5514");
        assert_string_equal(config_text(c, CONFIG_TLS_CERT), "");
        assert_int_equal(config_number(c, CONFIG_RETENTION_DAYS), 400);
        assert_int_equal(config_number(c, CONFIG_RETENTION_FLOOR), 365);
        assert_int_equal(config_list(c, CONFIG_FILES, &files), 0);
        config_free(c);
    }
    config_free(NULL);
    assert_int_equal(config_load(sys_linux(), "/nowhere/at/all", true, &c, &err), -1);
    assert_int_equal(err.code, ERR_NOT_FOUND);
}

static void test_values(void **state)
{
    (void)state;
    const char *const *files = NULL;
    struct err err = {0};
    struct config *c = NULL;
    assert_int_equal(load(S("node_name: máy chủ 1\n"
                            "listen_https: ''\n"
                            "retention_days: 3650\n"
                            "commit_ms: \"5\"\n"
                            "files: [/var/log/syslog, '/var/log/nginx/access.log']\n"),
                          &c, &err),
                     0);
    assert_string_equal(config_text(c, CONFIG_NODE_NAME), "máy chủ 1");
    assert_string_equal(config_text(c, CONFIG_LISTEN_HTTPS), "");
    assert_int_equal(config_number(c, CONFIG_RETENTION_DAYS), 3650);
    assert_int_equal(config_number(c, CONFIG_COMMIT_MS), 5);
    assert_int_equal(config_list(c, CONFIG_FILES, &files), 2);
    assert_string_equal(files[0], "/var/log/syslog");
    assert_string_equal(files[1], "/var/log/nginx/access.log");
    assert_int_equal(config_set(c, CONFIG_RETENTION_DAYS, S("366"), &err), 0);
    assert_int_equal(config_number(c, CONFIG_RETENTION_DAYS), 366);
    assert_int_equal(config_set(c, CONFIG_RETENTION_DAYS, S("0"), &err), -1);
    assert_int_equal(err.code, ERR_USAGE);
    assert_int_equal(config_number(c, CONFIG_RETENTION_DAYS), 366);
    assert_int_equal(config_set(c, CONFIG_NODE_NAME, S("a\0b"), &err), -1);
    assert_string_equal(config_text(c, CONFIG_NODE_NAME), "máy chủ 1");
    config_free(c);
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        struct str in;
        size_t line;
        const char *says;
    } cases[] = {
        {S("node_name: a\nretention_day: 5\n"), 2, "unknown setting 'retention_day'"},
        {S("Node_Name: a\n"), 1, "unknown setting"},
        {S("\n\nretention_days: 0\n"), 3, "1 to 36500 day"},
        {S("retention_days: 36501\n"), 1, "1 to 36500 day"},
        {S("retention_days: 1.5\n"), 1, "not a number"},
        {S("retention_days: many\n"), 1, "not a number"},
        {S("retention_days:\n"), 1, "not a number"},
        {S("retention_days: [1]\n"), 1, ""},
        {S("node_name: {a: b}\n"), 1, ""},
        {S("files: /var/log/syslog\n"), 1, "a list is wanted"},
        {S("node_name: a\nfiles:\n  - a\n  - [b]\n"), 4, ""},
        {S("files: [\"a\\0b\"]\n"), 1, "NUL"},
        {S("node_name: \"a\\0b\"\n"), 1, "NUL"},
        {S("node_name: a\nnode_name: b\n"), 2, ""},
        {S("- a\n"), 1, "a map of settings is wanted"},
        {S("text\n"), 1, "a map of settings is wanted"},
        {S("node_name: 'x\n"), 2, ""},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct err err = {0};
        struct config *c = NULL;
        char place[600];
        if (load(cases[i].in, &c, &err) == 0)
            fail_msg("accepted: %.*s", STR_ARG(cases[i].in));
        (void)snprintf(place, sizeof(place), "%s:%zu: ", path, cases[i].line);
        if (err.line != cases[i].line || strstr(err.msg, cases[i].says) == NULL ||
            strncmp(err.msg, place, strlen(place)) != 0)
            fail_msg("row %zu: line %zu: %s", i, err.line, err.msg);
        assert_null(c);
    }
}

static void test_long_list(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 1 << 16);
    for (int n = CONFIG_LIST_MAX; n <= CONFIG_LIST_MAX + 1; n++) {
        struct err err = {0};
        struct config *c = NULL;
        buf_clear(&b);
        buf_put(&b, S("files:\n"));
        for (int i = 0; i < n; i++)
            buf_printf(&b, "  - /log/%d\n", i);
        assert_int_equal(load(buf_str(&b), &c, &err), n == CONFIG_LIST_MAX ? 0 : -1);
        config_free(c);
    }
    buf_done(&b);
}

static void test_table_of_rows(void **state)
{
    (void)state;
    struct err err = {0};
    struct config *c = NULL;
    struct buf b;
    struct jout j;
    json_error_t e;
    assert_int_equal(load(S("node_name: x\nfiles: [a, b]\n"), &c, &err), 0);
    buf_init(&b, 1 << 20);
    jout_init(&j, &b);
    config_put(c, &j);
    json_t *rows = json_loadb(b.p, b.n, JSON_REJECT_DUPLICATES, &e);
    assert_int_equal(json_array_size(rows), CONFIG_COUNT);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        json_t *row = json_array_get(rows, i);
        const char *name = json_string_value(json_object_get(row, "key"));
        const json_t *doc = json_object_get(row, "doc");
        assert_true(name != NULL && strlen(json_string_value(json_object_get(doc, "en"))) > 10);
        assert_true(strlen(json_string_value(json_object_get(doc, "vi"))) > 10);
        const char *value = json_string_value(json_object_get(row, "value"));
        if (strcmp(name, "node_name") == 0)
            assert_string_equal(value, "x");
        else if (strcmp(name, "files") == 0)
            assert_string_equal(value, "a, b");
        else
            assert_true(json_equal(json_object_get(row, "value"), json_object_get(row, "default")));
    }
    json_decref(rows);
    buf_done(&b);
    config_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),      cmocka_unit_test(test_values),
        cmocka_unit_test(test_refused),       cmocka_unit_test(test_long_list),
        cmocka_unit_test(test_table_of_rows),
    };
    return cmocka_run_group_tests_name("config", tests, set_up, tear_down);
}
