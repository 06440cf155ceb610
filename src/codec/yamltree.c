#include "codec/yamltree.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <yaml.h>

/* A list or map whose end has not come. Its children lie on the value stack from `first` on. */
struct frame {
    struct yamltree_node *node;
    size_t first;
};

struct build {
    yaml_parser_t parser;
    bool parser_live;
    struct arena *a;
    struct str text, file;
    struct frame frames[YAMLTREE_DEPTH_MAX];
    size_t depth;
    const struct yamltree_node **values; /* finished nodes that have no parent yet; at depth 0: documents */
    size_t n_values, cap_values;
    size_t n_nodes;
    bool several; /* more than one document is allowed */
};

static void build_done(struct build *b)
{
    if (b->parser_live)
        yaml_parser_delete(&b->parser);
    free(b->values);
}

static int fail_at(const struct build *b, size_t line, struct err *err, enum err_code code, const char *what)
{
    if (err != NULL)
        err->line = line;
    return err_set(err, code, "%.*s:%zu: %s", STR_ARG(b->file), line, what);
}

static int fail_nomem(struct err *err)
{
    return err_set(err, ERR_NOMEM, "no memory for a YAML tree");
}

static size_t line_of(yaml_mark_t mark)
{
    return mark.line + 1;
}

/* libyaml's own complaint. Its reader gives a byte offset and no line, so the line is counted here. */
static int fail_parser(const struct build *b, struct err *err)
{
    const yaml_parser_t *p = &b->parser;
    const char *why = p->problem == NULL ? "not YAML" : p->problem;
    if (p->error == YAML_MEMORY_ERROR)
        return fail_nomem(err);
    size_t line = line_of(p->problem_mark);
    if (p->error == YAML_READER_ERROR) {
        line = 1;
        for (size_t i = 0; i < b->text.n && i < p->problem_offset; i++)
            line += b->text.p[i] == '\n';
    }
    return fail_at(b, line, err, ERR_PARSE, why);
}

static int push_value(struct build *b, const struct yamltree_node *node, struct err *err)
{
    if (b->n_values == b->cap_values) {
        size_t cap = b->cap_values == 0 ? 64 : b->cap_values * 2;
        const struct yamltree_node **grown = realloc(b->values, cap * sizeof(*grown));
        if (grown == NULL)
            return fail_nomem(err);
        b->values = grown;
        b->cap_values = cap;
    }
    b->values[b->n_values++] = node;
    return 0;
}

static struct frame *top(struct build *b)
{
    return b->depth == 0 ? NULL : &b->frames[b->depth - 1];
}

/* The next value of the open map stands where a key must be. */
static bool wants_key(struct build *b)
{
    const struct frame *f = top(b);
    return f != NULL && f->node->kind == YAMLTREE_MAP && (b->n_values - f->first) % 2 == 0;
}

static int new_node(struct build *b, enum yamltree_kind kind, const yaml_event_t *ev,
                    struct yamltree_node **ret, struct err *err)
{
    size_t line = line_of(ev->start_mark);
    if (++b->n_nodes > YAMLTREE_NODES_MAX)
        return fail_at(b, line, err, ERR_LIMIT, "too many values in one file");
    if (kind != YAMLTREE_SCALAR && wants_key(b))
        return fail_at(b, line, err, ERR_PARSE, "a key must be a plain text");
    struct yamltree_node *node = ARENA_NEW(b->a, struct yamltree_node, 1);
    if (node == NULL)
        return fail_nomem(err);
    *node = (struct yamltree_node){
        .kind = kind, .file = b->file, .line = line, .column = ev->start_mark.column + 1};
    *ret = node;
    return 0;
}

static int check_bare(const struct build *b, const yaml_event_t *ev, const yaml_char_t *anchor,
                      const yaml_char_t *tag, struct err *err)
{
    if (anchor != NULL)
        return fail_at(b, line_of(ev->start_mark), err, ERR_PARSE, "anchors (&) are not allowed");
    if (tag != NULL)
        return fail_at(b, line_of(ev->start_mark), err, ERR_PARSE, "tags (!) are not allowed");
    return 0;
}

static int on_scalar(struct build *b, const yaml_event_t *ev, struct err *err)
{
    struct yamltree_node *node = NULL;
    if (check_bare(b, ev, ev->data.scalar.anchor, ev->data.scalar.tag, err) != 0 ||
        new_node(b, YAMLTREE_SCALAR, ev, &node, err) != 0)
        return -1;
    node->quoted = ev->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    node->text = arena_str(b->a, (struct str){(const char *)ev->data.scalar.value, ev->data.scalar.length});
    if (node->text.p == NULL)
        return fail_nomem(err);
    return push_value(b, node, err);
}

static int on_open(struct build *b, const yaml_event_t *ev, enum yamltree_kind kind, struct err *err)
{
    struct yamltree_node *node = NULL;
    if (b->depth == YAMLTREE_DEPTH_MAX)
        return fail_at(b, line_of(ev->start_mark), err, ERR_LIMIT, "nested too deep");
    if (new_node(b, kind, ev, &node, err) != 0)
        return -1;
    b->frames[b->depth++] = (struct frame){.node = node, .first = b->n_values};
    return 0;
}

static int key_order(const void *pa, const void *pb)
{
    const struct yamltree_node *a = *(const struct yamltree_node *const *)pa;
    const struct yamltree_node *b = *(const struct yamltree_node *const *)pb;
    int c = str_cmp(a->text, b->text);
    if (c == 0)
        c = (a->line > b->line) - (a->line < b->line);
    return c != 0 ? c : (a->column > b->column) - (a->column < b->column);
}

static int check_unique(const struct build *b, const struct yamltree_node *map, struct err *err)
{
    if (map->n < 2)
        return 0;
    CLEANUP(base_freep) const struct yamltree_node **sorted = malloc(map->n * sizeof(*sorted));
    if (sorted == NULL)
        return fail_nomem(err);
    memcpy(sorted, map->keys, map->n * sizeof(*sorted));
    qsort(sorted, map->n, sizeof(*sorted), key_order);
    for (size_t i = 1; i < map->n; i++) {
        if (str_eq(sorted[i - 1]->text, sorted[i]->text)) {
            char what[160];
            (void)snprintf(what, sizeof(what), "key '%.*s' stands twice (first on line %zu)",
                           (int)(sorted[i]->text.n < 64 ? sorted[i]->text.n : 64), sorted[i]->text.p,
                           sorted[i - 1]->line);
            return fail_at(b, sorted[i]->line, err, ERR_PARSE, what);
        }
    }
    return 0;
}

/* The children move from the value stack into the node; the node becomes a value of its parent. */
static int on_close(struct build *b, struct err *err)
{
    assert(b->depth > 0);
    struct frame f = b->frames[b->depth - 1];
    struct yamltree_node *node = f.node;
    size_t total = b->n_values - f.first;
    const struct yamltree_node **all = ARENA_NEW(b->a, const struct yamltree_node *, total);
    if (all == NULL)
        return fail_nomem(err);
    if (node->kind == YAMLTREE_LIST) {
        node->n = total;
        node->items = all;
        for (size_t i = 0; i < total; i++)
            all[i] = b->values[f.first + i];
    } else {
        assert(total % 2 == 0);
        node->n = total / 2;
        node->keys = all;
        node->items = all + node->n;
        for (size_t i = 0; i < node->n; i++) {
            node->keys[i] = b->values[f.first + 2 * i];
            node->items[i] = b->values[f.first + 2 * i + 1];
        }
        if (check_unique(b, node, err) != 0)
            return -1;
    }
    b->n_values = f.first;
    b->depth--;
    return push_value(b, node, err);
}

static int on_event(struct build *b, const yaml_event_t *ev, struct err *err)
{
    switch (ev->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (!b->several && b->n_values > 0)
            return fail_at(b, line_of(ev->start_mark), err, ERR_PARSE,
                           "a second document (---) is not allowed here");
        return 0;
    case YAML_SCALAR_EVENT:
        return on_scalar(b, ev, err);
    case YAML_SEQUENCE_START_EVENT:
        if (check_bare(b, ev, ev->data.sequence_start.anchor, ev->data.sequence_start.tag, err) != 0)
            return -1;
        return on_open(b, ev, YAMLTREE_LIST, err);
    case YAML_MAPPING_START_EVENT:
        if (check_bare(b, ev, ev->data.mapping_start.anchor, ev->data.mapping_start.tag, err) != 0)
            return -1;
        return on_open(b, ev, YAMLTREE_MAP, err);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return on_close(b, err);
    case YAML_ALIAS_EVENT:
        return fail_at(b, line_of(ev->start_mark), err, ERR_PARSE, "aliases (*) are not allowed");
    default:
        return 0;
    }
}

static int build_run(struct build *b, struct err *err)
{
    if (b->text.n > YAMLTREE_BYTES_MAX)
        return fail_at(b, 1, err, ERR_LIMIT, "the file is too large");
    if (!yaml_parser_initialize(&b->parser))
        return fail_nomem(err);
    b->parser_live = true;
    yaml_parser_set_encoding(&b->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&b->parser, (const unsigned char *)(b->text.p == NULL ? "" : b->text.p),
                                 b->text.n);
    for (bool end = false; !end;) {
        yaml_event_t ev;
        if (!yaml_parser_parse(&b->parser, &ev))
            return fail_parser(b, err);
        end = ev.type == YAML_STREAM_END_EVENT || ev.type == YAML_NO_EVENT;
        int rc = on_event(b, &ev, err);
        yaml_event_delete(&ev);
        if (rc != 0)
            return -1;
    }
    assert(b->depth == 0);
    return 0;
}

int yamltree_parse_all(struct str text, struct str file, struct arena *a,
                       const struct yamltree_node ***ret_docs, size_t *ret_n, struct err *err)
{
    CLEANUP(build_done) struct build b = {.a = a, .text = text, .several = true};
    b.file = arena_str(a, file);
    if (b.file.p == NULL)
        return fail_nomem(err);
    if (build_run(&b, err) != 0)
        return -1;
    const struct yamltree_node **docs = ARENA_NEW(a, const struct yamltree_node *, b.n_values);
    if (docs == NULL)
        return fail_nomem(err);
    for (size_t i = 0; i < b.n_values; i++)
        docs[i] = b.values[i];
    *ret_docs = docs;
    *ret_n = b.n_values;
    return 0;
}

int yamltree_parse(struct str text, struct str file, struct arena *a, const struct yamltree_node **ret,
                   struct err *err)
{
    CLEANUP(build_done) struct build b = {.a = a, .text = text};
    b.file = arena_str(a, file);
    if (b.file.p == NULL)
        return fail_nomem(err);
    if (build_run(&b, err) != 0)
        return -1;
    if (b.n_values == 0) {
        struct yamltree_node *null = ARENA_NEW(a, struct yamltree_node, 1);
        if (null == NULL)
            return fail_nomem(err);
        *null = (struct yamltree_node){
            .kind = YAMLTREE_SCALAR, .file = b.file, .line = 1, .column = 1, .text = S("")};
        *ret = null;
        return 0;
    }
    *ret = b.values[0];
    return 0;
}

const struct yamltree_node *yamltree_get(const struct yamltree_node *map, struct str key)
{
    if (map == NULL || map->kind != YAMLTREE_MAP)
        return NULL;
    for (size_t i = 0; i < map->n; i++) {
        if (str_eq(map->keys[i]->text, key))
            return map->items[i];
    }
    return NULL;
}

bool yamltree_is_null(const struct yamltree_node *node)
{
    if (node == NULL)
        return true;
    return node->kind == YAMLTREE_SCALAR && !node->quoted &&
           (node->text.n == 0 || str_eq(node->text, S("~")) || str_eq_nocase(node->text, S("null")));
}

int yamltree_fail(const struct yamltree_node *node, struct err *err, const char *fmt, ...)
{
    char what[200];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(what, sizeof(what), fmt, ap);
    va_end(ap);
    if (node == NULL)
        return err_set(err, ERR_PARSE, "%s", what);
    if (err != NULL)
        err->line = node->line;
    return err_set(err, ERR_PARSE, "%.*s:%zu: %s", STR_ARG(node->file), node->line, what);
}

static const char *kind_name(enum yamltree_kind kind)
{
    static const char *const names[] = {
        [YAMLTREE_SCALAR] = "a single value", [YAMLTREE_LIST] = "a list", [YAMLTREE_MAP] = "a map"};
    return names[kind];
}

static int want(const struct yamltree_node *node, enum yamltree_kind kind, struct err *err)
{
    if (node == NULL)
        return yamltree_fail(node, err, "a value is missing");
    if (node->kind != kind)
        return yamltree_fail(node, err, "expected %s, found %s", kind_name(kind), kind_name(node->kind));
    return 0;
}

/* For messages: at most this much of a wrong value is quoted. */
static int shown(struct str s)
{
    return s.n < 48 ? (int)s.n : 48;
}

int yamltree_str(const struct yamltree_node *node, struct str *ret, struct err *err)
{
    if (want(node, YAMLTREE_SCALAR, err) != 0)
        return -1;
    *ret = node->text;
    return 0;
}

int yamltree_i64(const struct yamltree_node *node, int64_t min, int64_t max, int64_t *ret, struct err *err)
{
    if (want(node, YAMLTREE_SCALAR, err) != 0)
        return -1;
    int64_t v;
    if (node->quoted || !str_to_i64(node->text, min, max, &v))
        return yamltree_fail(node, err, "'%.*s' is not a whole number from %lld to %lld", shown(node->text),
                             node->text.p, (long long)min, (long long)max);
    *ret = v;
    return 0;
}

int yamltree_double(const struct yamltree_node *node, double *ret, struct err *err)
{
    if (want(node, YAMLTREE_SCALAR, err) != 0)
        return -1;
    double v;
    if (node->quoted || !str_to_double(node->text, &v))
        return yamltree_fail(node, err, "'%.*s' is not a number", shown(node->text), node->text.p);
    *ret = v;
    return 0;
}

int yamltree_bool(const struct yamltree_node *node, bool *ret, struct err *err)
{
    if (want(node, YAMLTREE_SCALAR, err) != 0)
        return -1;
    bool yes = str_eq(node->text, S("true"));
    if (node->quoted || (!yes && !str_eq(node->text, S("false"))))
        return yamltree_fail(node, err, "'%.*s' is neither true nor false", shown(node->text), node->text.p);
    *ret = yes;
    return 0;
}

int yamltree_need(const struct yamltree_node *map, struct str key, enum yamltree_kind kind,
                  const struct yamltree_node **ret, struct err *err)
{
    if (want(map, YAMLTREE_MAP, err) != 0)
        return -1;
    const struct yamltree_node *node = yamltree_get(map, key);
    if (node == NULL)
        return yamltree_fail(map, err, "key '%.*s' is missing", STR_ARG(key));
    if (want(node, kind, err) != 0)
        return -1;
    *ret = node;
    return 0;
}

int yamltree_opt(const struct yamltree_node *map, struct str key, enum yamltree_kind kind,
                 const struct yamltree_node **ret, struct err *err)
{
    const struct yamltree_node *node = yamltree_get(map, key);
    if (yamltree_is_null(node)) {
        *ret = NULL;
        return 0;
    }
    if (want(node, kind, err) != 0)
        return -1;
    *ret = node;
    return 0;
}

int yamltree_need_str(const struct yamltree_node *map, struct str key, struct str *ret, struct err *err)
{
    const struct yamltree_node *node = NULL;
    if (yamltree_need(map, key, YAMLTREE_SCALAR, &node, err) != 0)
        return -1;
    return yamltree_str(node, ret, err);
}

int yamltree_opt_str(const struct yamltree_node *map, struct str key, struct str *ret, struct err *err)
{
    const struct yamltree_node *node = yamltree_get(map, key);
    return yamltree_is_null(node) ? 0 : yamltree_str(node, ret, err);
}

int yamltree_opt_i64(const struct yamltree_node *map, struct str key, int64_t min, int64_t max, int64_t *ret,
                     struct err *err)
{
    const struct yamltree_node *node = yamltree_get(map, key);
    return yamltree_is_null(node) ? 0 : yamltree_i64(node, min, max, ret, err);
}

int yamltree_opt_bool(const struct yamltree_node *map, struct str key, bool *ret, struct err *err)
{
    const struct yamltree_node *node = yamltree_get(map, key);
    return yamltree_is_null(node) ? 0 : yamltree_bool(node, ret, err);
}

int yamltree_only_keys(const struct yamltree_node *map, const struct str *keys, size_t n, struct err *err)
{
    if (yamltree_is_null(map))
        return 0;
    if (want(map, YAMLTREE_MAP, err) != 0)
        return -1;
    for (size_t i = 0; i < map->n; i++) {
        bool known = false;
        for (size_t k = 0; k < n && !known; k++)
            known = str_eq(map->keys[i]->text, keys[k]);
        if (!known)
            return yamltree_fail(map->keys[i], err, "unknown key '%.*s'", shown(map->keys[i]->text),
                                 map->keys[i]->text.p);
    }
    return 0;
}
