/* yamltree: what is read, what is refused and on which line, typed values. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
/* clang-format on */

#include "base/buf.h"
#include "codec/yamltree.h"

/* The tree written flat: maps {k:v,…}, lists […], quoted scalars "…", null as ~. */
static void put_tree(struct buf *b, const struct yamltree_node *node)
{
    if (node->kind == YAMLTREE_SCALAR) {
        buf_printf(b, node->quoted ? "\"%.*s\"" : "%.*s", STR_ARG(node->text));
        return;
    }
    buf_put_char(b, node->kind == YAMLTREE_MAP ? '{' : '[');
    for (size_t i = 0; i < node->n; i++) {
        if (i > 0)
            buf_put_char(b, ',');
        if (node->kind == YAMLTREE_MAP)
            buf_printf(b, "%.*s:", STR_ARG(node->keys[i]->text));
        put_tree(b, node->items[i]);
    }
    buf_put_char(b, node->kind == YAMLTREE_MAP ? '}' : ']');
}

static void test_trees(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        const char *want; /* NULL: refused */
        enum err_code code;
        size_t line;
    } cases[] = {
        {"", "", ERR_NONE, 0},
        {"# only a comment\n", "", ERR_NONE, 0},
        {"a: 1\nb: 'x y'\n", "{a:1,b:\"x y\"}", ERR_NONE, 0},
        {"\xEF\xBB\xBF"
         "a: 1\n",
         "{a:1}", ERR_NONE, 0},
        {"- a\n- [b, c]\n- {d: e}\n", "[a,[b,c],{d:e}]", ERR_NONE, 0},
        {"a: {}\nb: []\n", "{a:{},b:[]}", ERR_NONE, 0},
        {"a: |\n  line 1\n  line 2\n", "{a:\"line 1\nline 2\n\"}", ERR_NONE, 0},
        {"a: 'it''s'\nb: \"t\\tz\"\n", "{a:\"it's\",b:\"t\tz\"}", ERR_NONE, 0},
        {"ti\xE1\xBA\xBFng: Vi\xE1\xBB\x87t\n", "{ti\xE1\xBA\xBFng:Vi\xE1\xBB\x87t}", ERR_NONE, 0},
        {"---\na: 1\n", "{a:1}", ERR_NONE, 0},
        {"a: 1\n---\nb: 2\n", NULL, ERR_PARSE, 2},
        {"a: &x 1\nb: *x\n", NULL, ERR_PARSE, 1},
        {"a: 1\nb: *x\n", NULL, ERR_PARSE, 2},
        {"a: 1\nb: !!str 2\n", NULL, ERR_PARSE, 2},
        {"a: !x {b: 1}\n", NULL, ERR_PARSE, 1},
        {"- !x [b]\n", NULL, ERR_PARSE, 1},
        {"a: 1\nb: 2\na: 3\n", NULL, ERR_PARSE, 3},
        {"x:\n  k: 1\n  'k': 2\n", NULL, ERR_PARSE, 3},
        {"? [a, b]\n: 1\n", NULL, ERR_PARSE, 1},
        {"? {a: b}\n: 1\n", NULL, ERR_PARSE, 1},
        {"a: [1, 2\n", NULL, ERR_PARSE, 2},
        {"a: 1\n\tb: 2\n", NULL, ERR_PARSE, 2},
        {"a: 1\nb: \xff\n", NULL, ERR_PARSE, 2},
        {"a: 'x\n", NULL, ERR_PARSE, 2},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena a;
        struct err err = {0};
        const struct yamltree_node *root = NULL;
        arena_init(&a, 1 << 20);
        int rc = yamltree_parse(str_of(cases[i].in), S("f.yaml"), &a, &root, &err);
        if (cases[i].want == NULL) {
            assert_int_equal(rc, -1);
            assert_null(root);
            if (err.line != cases[i].line || err.code != cases[i].code)
                print_message("# row %zu: %s\n", i, err.msg);
            assert_int_equal(err.code, cases[i].code);
            assert_int_equal(err.line, cases[i].line);
            char place[32];
            (void)snprintf(place, sizeof(place), "f.yaml:%zu: ", cases[i].line);
            assert_true(str_starts(str_of(err.msg), str_of(place)));
        } else {
            struct buf b;
            buf_init(&b, 1 << 16);
            if (rc != 0)
                print_message("# row %zu: %s\n", i, err.msg);
            assert_int_equal(rc, 0);
            put_tree(&b, root);
            buf_put_char(&b, '\0');
            assert_string_equal(b.p, cases[i].want);
            buf_done(&b);
        }
        arena_done(&a);
    }
}

static void test_limits(void **state)
{
    (void)state;
    struct arena a;
    struct err err = {0};
    const struct yamltree_node *root = NULL;
    char deep[2 * YAMLTREE_DEPTH_MAX + 3];
    for (size_t depth = YAMLTREE_DEPTH_MAX; depth <= YAMLTREE_DEPTH_MAX + 1; depth++) {
        memset(deep, '[', depth);
        memset(deep + depth, ']', depth);
        arena_init(&a, 1 << 20);
        int rc = yamltree_parse((struct str){deep, 2 * depth}, S("f"), &a, &root, &err);
        assert_int_equal(rc, depth <= YAMLTREE_DEPTH_MAX ? 0 : -1);
        arena_done(&a);
    }
    assert_int_equal(err.code, ERR_LIMIT);
    arena_init(&a, 64);
    assert_int_equal(yamltree_parse(S("a: [1, 2, 3]"), S("f"), &a, &root, &err), -1);
    assert_int_equal(err.code, ERR_NOMEM);
    arena_done(&a);
    CLEANUP(base_freep) char *big = calloc(1, YAMLTREE_BYTES_MAX + 1);
    assert_non_null(big);
    memset(big, 'a', YAMLTREE_BYTES_MAX + 1);
    arena_init(&a, 1 << 20);
    assert_int_equal(yamltree_parse((struct str){big, YAMLTREE_BYTES_MAX + 1}, S("f"), &a, &root, &err), -1);
    assert_int_equal(err.code, ERR_LIMIT);
    arena_done(&a);
}

static void test_documents(void **state)
{
    (void)state;
    struct arena a;
    struct err err = {0};
    const struct yamltree_node **docs = NULL;
    size_t n = 99;
    arena_init(&a, 1 << 20);
    assert_int_equal(yamltree_parse_all(S("a: 1\n---\n- b\n---\n"), S("f"), &a, &docs, &n, &err), 0);
    assert_int_equal(n, 3);
    assert_int_equal(docs[0]->kind, YAMLTREE_MAP);
    assert_int_equal(docs[1]->kind, YAMLTREE_LIST);
    assert_int_equal(docs[1]->line, 3);
    assert_true(yamltree_is_null(docs[2]));
    assert_int_equal(yamltree_parse_all(S("# nothing\n"), S("f"), &a, &docs, &n, &err), 0);
    assert_int_equal(n, 0);
    arena_done(&a);
}

static const char values_text[] = "text: abc\n"
                                  "quoted: '7'\n"
                                  "number: -42\n"
                                  "big: 99999999999999999999\n"
                                  "real: 1.5\n"
                                  "yes: true\n"
                                  "no: false\n"
                                  "nothing: ~\n"
                                  "empty:\n"
                                  "list: [1]\n"
                                  "map: {k: v}\n";

static void test_values(void **state)
{
    (void)state;
    struct arena a;
    struct err err = {0};
    const struct yamltree_node *root = NULL, *node = NULL;
    arena_init(&a, 1 << 20);
    assert_int_equal(yamltree_parse(str_of(values_text), S("v.yaml"), &a, &root, &err), 0);
    struct str s = S("default");
    int64_t v = 5;
    bool yes = false;
    double d = 0;
    assert_int_equal(yamltree_need_str(root, S("text"), &s, &err), 0);
    assert_true(str_eq(s, S("abc")));
    assert_int_equal(yamltree_i64(yamltree_get(root, S("number")), -100, 100, &v, &err), 0);
    assert_int_equal(v, -42);
    assert_int_equal(yamltree_opt_i64(root, S("absent"), 0, 9, &v, &err), 0);
    assert_int_equal(yamltree_opt_i64(root, S("nothing"), 0, 9, &v, &err), 0);
    assert_int_equal(v, -42);
    assert_int_equal(yamltree_double(yamltree_get(root, S("real")), &d, &err), 0);
    assert_true(d > 1.4 && d < 1.6);
    assert_int_equal(yamltree_bool(yamltree_get(root, S("yes")), &yes, &err), 0);
    assert_true(yes);
    assert_int_equal(yamltree_opt_bool(root, S("no"), &yes, &err), 0);
    assert_false(yes);
    assert_true(yamltree_is_null(yamltree_get(root, S("nothing"))));
    assert_true(yamltree_is_null(yamltree_get(root, S("empty"))));
    assert_false(yamltree_is_null(yamltree_get(root, S("text"))));
    assert_int_equal(yamltree_opt(root, S("nothing"), YAMLTREE_MAP, &node, &err), 0);
    assert_null(node);
    assert_int_equal(yamltree_need(root, S("map"), YAMLTREE_MAP, &node, &err), 0);
    assert_true(str_eq(yamltree_get(node, S("k"))->text, S("v")));
    assert_int_equal(yamltree_get(node, S("k"))->column, 10);
    assert_null(yamltree_get(NULL, S("k")));
    assert_null(yamltree_get(yamltree_get(root, S("list")), S("k")));
    arena_done(&a);
}

static void test_refused_values(void **state)
{
    (void)state;
    struct arena a;
    const struct yamltree_node *root = NULL, *node = NULL;
    struct str s;
    int64_t v;
    bool yes;
    double d;
    arena_init(&a, 1 << 20);
    assert_int_equal(yamltree_parse(str_of(values_text), S("v.yaml"), &a, &root, NULL), 0);
#define REFUSED(call, want_line)                                                                             \
    do {                                                                                                     \
        struct err err = {0};                                                                                \
        assert_int_equal((call), -1);                                                                        \
        assert_int_equal(err.line, (want_line));                                                             \
        assert_true(str_starts(str_of(err.msg), S("v.yaml:")));                                              \
    } while (0)
    REFUSED(yamltree_i64(yamltree_get(root, S("quoted")), 0, 9, &v, &err), 2);
    REFUSED(yamltree_opt_i64(root, S("number"), 0, 9, &v, &err), 3);
    REFUSED(yamltree_i64(yamltree_get(root, S("big")), INT64_MIN, INT64_MAX, &v, &err), 4);
    REFUSED(yamltree_double(yamltree_get(root, S("text")), &d, &err), 1);
    REFUSED(yamltree_bool(yamltree_get(root, S("text")), &yes, &err), 1);
    REFUSED(yamltree_opt_bool(root, S("number"), &yes, &err), 3);
    REFUSED(yamltree_need_str(root, S("list"), &s, &err), 10);
    REFUSED(yamltree_opt_str(root, S("map"), &s, &err), 11);
    REFUSED(yamltree_need_str(root, S("absent"), &s, &err), 1);
    REFUSED(yamltree_need(root, S("text"), YAMLTREE_MAP, &node, &err), 1);
    REFUSED(yamltree_opt(root, S("list"), YAMLTREE_MAP, &node, &err), 10);
    REFUSED(yamltree_fail(yamltree_get(root, S("real")), &err, "no"), 5);
    static const struct str keys[] = {S("text"), S("quoted")};
    REFUSED(yamltree_only_keys(root, keys, COUNT_OF(keys), &err), 3);
    REFUSED(yamltree_only_keys(yamltree_get(root, S("list")), keys, COUNT_OF(keys), &err), 10);
#undef REFUSED
    static const struct str k[] = {S("k")};
    assert_int_equal(yamltree_only_keys(yamltree_get(root, S("map")), k, 1, NULL), 0);
    assert_int_equal(yamltree_only_keys(yamltree_get(root, S("nothing")), k, 1, NULL), 0);
    arena_done(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trees),          cmocka_unit_test(test_limits),
        cmocka_unit_test(test_documents),      cmocka_unit_test(test_values),
        cmocka_unit_test(test_refused_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
