/* Parts that stand alone: captcha, base64, the OpenAPI document, the tables. */
#include "api/api_base64.h"
#include "api/api_captcha.h"
#include "api/api_problem.h"
#include "api/api_route.h"
#include "fixture.h"

static void test_base64(void **state)
{
    (void)state;
    /* RFC 4648 section 10, then what is refused. */
    static const struct {
        const char *in, *want;
    } rows[] = {{"", ""},
                {"Zg==", "f"},
                {"Zm8=", "fo"},
                {"Zm9v", "foo"},
                {"Zm9vYg==", "foob"},
                {"Zm9vYmE=", "fooba"},
                {"Zm9vYmFy", "foobar"},
                {"Zg", NULL},
                {"Zg=", NULL},
                {"Z===", NULL},
                {"====", NULL},
                {"Zm9v\n", NULL},
                {"Zm=v", NULL},
                {"Zm 9", NULL},
                {"Zg==Zm9v", NULL},
                {"Zm9-", NULL}};
    struct arena mem;
    arena_init(&mem, 65536);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err err = {0};
        struct str out = {NULL, 0};
        int rc = api_base64_decode(str_of(rows[i].in), &mem, &out, &err);
        if (rc != (rows[i].want == NULL ? -1 : 0) || (rc == 0 && !str_eq(out, str_of(rows[i].want))))
            fail_msg("row %zu '%s'", i, rows[i].in);
        assert_true(rc == 0 || err.code == ERR_PARSE);
    }
    arena_done(&mem);
}

static void new_captcha(struct node *n, struct api_captcha *k, char id[API_CAPTCHA_ID_TEXT], struct buf *svg)
{
    struct err err = {0};
    buf_clear(svg);
    assert_int_equal(api_captcha_new(k, &n->sys, n->now_ns, id, svg, &err), 0);
    assert_false(svg->bad);
}

static void test_captcha(void **state)
{
    struct node *n = *state;
    struct api_captcha *k = calloc(1, sizeof(*k));
    char id[API_CAPTCHA_ID_TEXT], other[API_CAPTCHA_ID_TEXT];
    struct buf svg;
    buf_init(&svg, 65536);
    n->random_zero = true; /* AAAAA */
    new_captcha(n, k, id, &svg);
    assert_true(api_captcha_check(k, str_of(id), S("aAa aa"), n->now_ns));
    assert_false(api_captcha_check(k, str_of(id), S("AAAAA"), n->now_ns)); /* once */
    new_captcha(n, k, id, &svg);
    assert_false(api_captcha_check(k, str_of(id), S("AAAAB"), n->now_ns));
    assert_false(api_captcha_check(k, str_of(id), S("AAAAA"), n->now_ns)); /* a wrong answer uses it up */
    new_captcha(n, k, id, &svg);
    assert_false(api_captcha_check(k, str_of(id), S("AAAA"), n->now_ns));
    new_captcha(n, k, id, &svg);
    assert_false(api_captcha_check(k, str_of(id), S("AAAAAA"), n->now_ns));
    new_captcha(n, k, id, &svg);
    assert_true(api_captcha_check(k, str_of(id), S("AAAAA"), n->now_ns + 5 * MINUTE));
    new_captcha(n, k, id, &svg);
    assert_false(api_captcha_check(k, str_of(id), S("AAAAA"), n->now_ns + 5 * MINUTE + 1));
    assert_false(api_captcha_check(k, S(""), S("AAAAA"), n->now_ns));
    /* Of many the oldest goes first. */
    n->random_zero = false;
    new_captcha(n, k, other, &svg);
    for (size_t i = 0; i < API_CAPTCHA_SLOTS; i++)
        new_captcha(n, k, id, &svg);
    assert_int_equal(svg.bad, false);
    buf_done(&svg);
    free(k);
}

/* The picture says nothing as text: one path, no letters but its commands; two of the same text differ. */
static void test_captcha_picture(void **state)
{
    (void)state;
    struct buf a, b;
    buf_init(&a, 65536);
    buf_init(&b, 65536);
    api_captcha_draw(&a, "ACEFH", 1);
    api_captcha_draw(&b, "ACEFH", 2);
    assert_false(a.bad || b.bad || str_eq(buf_str(&a), buf_str(&b)));
    assert_true(str_starts(buf_str(&a), S("<svg xmlns=\"http://www.w3.org/2000/svg\"")));
    assert_true(str_ends(buf_str(&a), S("\"/></svg>")));
    size_t d = str_find(buf_str(&a), S(" d=\""));
    assert_true(d != SIZE_MAX && str_find(buf_str(&a), S("<text")) == SIZE_MAX);
    for (size_t i = d + 4; i < a.n - strlen("\"/></svg>"); i++)
        assert_non_null(strchr("ML0123456789.- ", a.p[i]));
    /* Strokes do not come in the order of the letters: x jumps back and forth. */
    buf_put_char(&a, '\0');
    int turns = 0;
    double last = 0, x, y;
    for (const char *p = a.p; (p = strchr(p, 'M')) != NULL; p++) {
        if (sscanf(p, "M%lf %lf", &x, &y) == 2) {
            turns += x < last - 30;
            last = x;
        }
    }
    assert_true(turns > 20);
    buf_done(&a);
    buf_done(&b);
}

static void test_openapi(void **state)
{
    struct node *n = *state;
    n->browser = NULL;
    ASK(n, 200, fixture_get(n, "/api/v1/openapi.json"));
    json_t *root = json_loads(n->body, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(root);
    assert_string_equal(json_string_value(json_object_get(root, "openapi")), "3.1.0");
    const json_t *paths = json_object_get(root, "paths");
    size_t operations = 0;
    const char *path, *method;
    json_t *item, *operation;
    json_object_foreach(json_object_get(root, "paths"), path, item)
    {
        json_object_foreach(item, method, operation)
        {
            operations++;
            assert_true(json_string_length(json_object_get(operation, "summary")) > 0);
            assert_true(json_is_array(json_object_get(operation, "parameters")));
            assert_true(json_is_object(json_object_get(operation, "responses")));
        }
    }
    assert_int_equal(operations, api_routes_count);
    const json_t *sign_in =
        json_object_get(json_object_get(json_object_get(paths, "/api/v1/session"), "post"), "requestBody");
    assert_true(json_is_object(sign_in));
    assert_true(json_is_object(json_object_get(paths, "/healthz")));
    json_decref(root);
}

/* Every row is whole: no two rows fit one path, changes have a name for the record. */
static void test_route_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < api_routes_count; i++) {
        const struct api_route *r = &api_routes[i];
        struct buf path;
        struct str id;
        unsigned allow = 0;
        assert_non_null(r->handler);
        assert_true(r->doc[0] != '\0' && r->action[0] != '\0' && r->permission < PERMIT_COUNT);
        assert_true(r->method == API_POST || r->body == NULL);
        assert_true(r->method != API_POST || r->body != NULL);
        buf_init(&path, 256);
        buf_put(&path, (r->flags & ROUTE_ROOT) != 0 ? S("") : S("/api/v1"));
        buf_put(&path, str_of(r->path));
        assert_ptr_equal(api_route_find(r->method, buf_str(&path), &id, &allow), r);
        buf_done(&path);
    }
}

static void test_problem_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < PROBLEM_COUNT; i++) {
        const struct api_problem_row *row = api_problem_row((enum api_problem)i);
        assert_true(row->status >= 400 && row->status < 600 && row->word[0] != '\0' && row->title[0] != '\0');
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(row->word, api_problem_row((enum api_problem)k)->word);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_base64),          FRESH(test_captcha),
        cmocka_unit_test(test_captcha_picture), FRESH(test_openapi),
        cmocka_unit_test(test_route_table),     cmocka_unit_test(test_problem_table),
    };
    return cmocka_run_group_tests_name("api_parts", tests, NULL, NULL);
}
