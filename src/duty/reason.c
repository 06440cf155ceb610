#include "duty/reason.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "base/when.h"
#include "codec/yamltree.h"

#define TEXTS_BYTES_MAX (8u * 1024u * 1024u)
#define SENTENCE_BYTES_MAX (64u * 1024u)
#define WORD_PREFIX S("word.")

struct entry {
    struct str code, vi, en;
};

struct reason_texts {
    struct arena arena;
    struct entry *rows; /* sorted by code */
    size_t n;
};

struct reason reason_of(struct str code)
{
    assert(code.n > 0);
    return (struct reason){.code = code};
}

static struct reason_arg *add(struct reason *r, struct str name, enum reason_kind kind)
{
    assert(r->n < REASON_ARGS_MAX && name.n > 0);
    struct reason_arg *a = &r->args[r->n++];
    *a = (struct reason_arg){.name = name, .kind = kind};
    return a;
}

void reason_add_text(struct reason *r, struct str name, struct str text)
{
    add(r, name, REASON_TEXT)->text = text;
}

void reason_add_word(struct reason *r, struct str name, struct str code)
{
    add(r, name, REASON_WORD)->text = code;
}

void reason_add_int(struct reason *r, struct str name, int64_t v)
{
    add(r, name, REASON_INT)->i = v;
}

void reason_add_real(struct reason *r, struct str name, double v)
{
    add(r, name, REASON_REAL)->d = v;
}

void reason_add_time(struct reason *r, struct str name, int64_t ns)
{
    add(r, name, REASON_TIME)->i = ns;
}

void reason_add_date(struct reason *r, struct str name, int64_t day)
{
    add(r, name, REASON_DATE)->i = day;
}

void reason_add_also(struct reason *r, struct str code)
{
    size_t i = 0;
    while (i < REASON_ALSO_MAX && r->also[i].n > 0)
        i++;
    assert(i < REASON_ALSO_MAX && code.n > 0);
    r->also[i] = code;
}

/* Texts. */

static int by_code(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    return str_cmp(x->code, y->code);
}

static int read_texts(struct reason_texts *t, const struct yamltree_node *root, struct err *err)
{
    static const struct str keys[] = {{"vi", 2}, {"en", 2}};
    if (root->kind != YAMLTREE_MAP)
        return yamltree_fail(root, err, "a map of codes is expected");
    t->rows = ARENA_NEW(&t->arena, struct entry, root->n + 1);
    if (t->rows == NULL)
        return err_set(err, ERR_NOMEM, "texts");
    for (size_t i = 0; i < root->n; i++) {
        struct entry *e = &t->rows[i];
        const struct yamltree_node *node = root->items[i];
        e->code = root->keys[i]->text;
        if (node->kind != YAMLTREE_MAP)
            return yamltree_fail(node, err, "a text is {vi: …, en: …}");
        if (yamltree_only_keys(node, keys, COUNT_OF(keys), err) != 0 ||
            yamltree_need_str(node, S("vi"), &e->vi, err) != 0 ||
            yamltree_need_str(node, S("en"), &e->en, err) != 0)
            return -1;
        if (e->vi.n == 0 || e->en.n == 0)
            return yamltree_fail(node, err, "an empty text");
    }
    t->n = root->n;
    qsort(t->rows, t->n, sizeof(t->rows[0]), by_code);
    return 0;
}

int reason_parse_texts(struct str text, struct str file, struct reason_texts **ret, struct err *err)
{
    CLEANUP(reason_texts_freep) struct reason_texts *t = calloc(1, sizeof(*t));
    const struct yamltree_node *root;
    if (t == NULL)
        return err_set(err, ERR_NOMEM, "texts");
    arena_init(&t->arena, TEXTS_BYTES_MAX);
    if (yamltree_parse(text, file, &t->arena, &root, err) != 0 || read_texts(t, root, err) != 0)
        return -1;
    *ret = TAKE(t);
    return 0;
}

int reason_load(const struct sys *sys, const char *path, struct reason_texts **ret, struct err *err)
{
    CLEANUP(base_freep) char *text = NULL;
    size_t n = 0;
    if (sys_read_file(sys, path, TEXTS_BYTES_MAX, &text, &n, err) != 0)
        return -1;
    return reason_parse_texts((struct str){text, n}, str_of(path), ret, err);
}

void reason_texts_free(struct reason_texts *t)
{
    if (t == NULL)
        return;
    arena_done(&t->arena);
    free(t);
}

size_t reason_count(const struct reason_texts *t)
{
    return t->n;
}

struct str reason_code_at(const struct reason_texts *t, size_t i)
{
    assert(i < t->n);
    return t->rows[i].code;
}

struct str reason_text(const struct reason_texts *t, struct str code, enum reason_lang lang)
{
    if (t->n == 0)
        return (struct str){NULL, 0};
    const struct entry key = {.code = code};
    const struct entry *e = bsearch(&key, t->rows, t->n, sizeof(t->rows[0]), by_code);
    if (e == NULL)
        return (struct str){NULL, 0};
    return lang == REASON_VI ? e->vi : e->en;
}

/* Sentences. */

static void put_date(struct buf *b, const struct civil *c, enum reason_lang lang)
{
    if (lang == REASON_VI)
        buf_printf(b, "%02d/%02d/%04d", c->day, c->month, c->year);
    else
        buf_printf(b, "%04d-%02d-%02d", c->year, c->month, c->day);
}

static void put_real(struct buf *b, double v, enum reason_lang lang)
{
    char text[64];
    int n = snprintf(text, sizeof(text), "%.1f", v);
    if (n < 0 || (size_t)n >= sizeof(text)) {
        buf_put(b, S("?"));
        return;
    }
    struct str s = {text, (size_t)n};
    if (str_ends(s, S(".0")))
        s.n -= 2;
    for (size_t i = 0; i < s.n; i++)
        buf_put_char(b, s.p[i] == '.' && lang == REASON_VI ? ',' : s.p[i]);
}

static void put_arg(const struct reason_texts *t, const struct reason_arg *a, enum reason_lang lang,
                    struct buf *out)
{
    struct civil c;
    struct str word;
    switch (a->kind) {
    case REASON_TEXT:
        text_put_clean(out, a->text);
        break;
    case REASON_WORD:
        word = reason_text(t, a->text, lang);
        text_put_clean(out, word.p == NULL ? a->text : word);
        break;
    case REASON_INT:
        buf_printf(out, "%lld", (long long)a->i);
        break;
    case REASON_REAL:
        put_real(out, a->d, lang);
        break;
    case REASON_TIME:
        c = when_from_ns(a->i, WHEN_VN_OFFSET_S);
        put_date(out, &c, lang);
        buf_printf(out, " %02d:%02d", c.hour, c.minute);
        break;
    case REASON_DATE:
        c = (struct civil){0};
        when_from_days(a->i, &c.year, &c.month, &c.day);
        put_date(out, &c, lang);
        break;
    }
}

static const struct reason_arg *find_arg(const struct reason *r, struct str name)
{
    for (size_t i = 0; i < r->n; i++) {
        if (str_eq(r->args[i].name, name))
            return &r->args[i];
    }
    return NULL;
}

static void render_code(const struct reason_texts *t, const struct reason *r, struct str code,
                        enum reason_lang lang, struct buf *out)
{
    struct str rest = reason_text(t, code, lang), head, name;
    if (rest.p == NULL) {
        text_put_clean(out, code);
        return;
    }
    while (str_cut(rest, '{', &head, &rest)) {
        buf_put(out, head);
        (void)str_cut(rest, '}', &name, &rest);
        const struct reason_arg *a = find_arg(r, name);
        if (a != NULL)
            put_arg(t, a, lang, out);
        else
            buf_printf(out, "{%.*s}", STR_ARG(name));
    }
    buf_put(out, head);
}

void reason_render(const struct reason_texts *t, const struct reason *r, enum reason_lang lang,
                   struct buf *out)
{
    render_code(t, r, r->code, lang, out);
    for (size_t i = 0; i < REASON_ALSO_MAX && r->also[i].n > 0; i++) {
        buf_put_char(out, ' ');
        render_code(t, r, r->also[i], lang, out);
    }
}

/* JSON. */

static void put_value(struct jout *j, const struct reason_arg *a)
{
    struct civil c = {0};
    char text[32];
    switch (a->kind) {
    case REASON_TEXT:
    case REASON_WORD:
        jout_str(j, a->text.p == NULL ? S("") : a->text);
        break;
    case REASON_INT:
        jout_i64(j, a->i);
        break;
    case REASON_REAL:
        jout_double(j, a->d);
        break;
    case REASON_TIME:
        jout_time(j, a->i);
        break;
    case REASON_DATE:
        when_from_days(a->i, &c.year, &c.month, &c.day);
        (void)snprintf(text, sizeof(text), "%04d-%02d-%02d", c.year, c.month, c.day);
        jout_str(j, str_of(text));
        break;
    }
}

static void put_sentence(struct jout *j, const struct reason_texts *t, const struct reason *r, struct str key,
                         enum reason_lang lang)
{
    struct buf b;
    buf_init(&b, SENTENCE_BYTES_MAX);
    reason_render(t, r, lang, &b);
    jout_key(j, key);
    jout_str(j, b.bad ? r->code : buf_str(&b));
    buf_done(&b);
}

void reason_put_json(struct jout *j, const struct reason_texts *t, const struct reason *r)
{
    jout_obj(j);
    JOUT_STR(j, "code", r->code);
    jout_key(j, S("args"));
    jout_obj(j);
    for (size_t i = 0; i < r->n; i++) {
        jout_key(j, r->args[i].name);
        put_value(j, &r->args[i]);
    }
    jout_obj_end(j);
    if (t != NULL) {
        put_sentence(j, t, r, S("vi"), REASON_VI);
        put_sentence(j, t, r, S("en"), REASON_EN);
    }
    jout_obj_end(j);
}

/* A text back to the kind it had. */
static void parse_text(struct reason_arg *a, struct str s)
{
    struct cur c = cur_of(s);
    int64_t ns;
    a->text = s;
    a->kind = REASON_TEXT;
    if (str_starts(s, WORD_PREFIX)) {
        a->kind = REASON_WORD;
    } else if (when_parse_rfc3339(&c, &ns) && cur_done(&c)) {
        a->kind = REASON_TIME;
        a->i = ns;
    } else if (s.n == 10 && s.p[4] == '-') {
        struct civil d = {0};
        c = cur_of(s);
        d.year = (int32_t)cur_dec_width(&c, 4);
        cur_expect(&c, '-');
        d.month = (int)cur_dec_width(&c, 2);
        cur_expect(&c, '-');
        d.day = (int)cur_dec_width(&c, 2);
        if (cur_done(&c) && when_civil_ok(&d)) {
            a->kind = REASON_DATE;
            a->i = when_days(d.year, d.month, d.day);
        }
    }
}

static int parse_arg(const char *name, json_t *value, struct arena *mem, struct reason_arg *ret,
                     struct err *err)
{
    struct reason_arg a = {.name = arena_str(mem, str_of(name))};
    if (a.name.p == NULL)
        return err_set(err, ERR_NOMEM, "reason");
    if (a.name.n == 0)
        return err_set(err, ERR_PARSE, "a reason has an argument without a name");
    if (json_is_integer(value)) {
        a.kind = REASON_INT;
        a.i = json_integer_value(value);
    } else if (json_is_real(value)) {
        a.kind = REASON_REAL;
        a.d = json_real_value(value);
    } else if (json_is_string(value) || json_is_null(value)) {
        struct str s =
            json_is_null(value) ? S("") : (struct str){json_string_value(value), json_string_length(value)};
        s = arena_str(mem, s);
        if (s.p == NULL)
            return err_set(err, ERR_NOMEM, "reason");
        parse_text(&a, s);
    } else {
        return err_set(err, ERR_PARSE, "the argument '%s' of a reason is no text and no number", name);
    }
    *ret = a;
    return 0;
}

static int parse_object(json_t *root, struct arena *mem, struct reason *ret, struct err *err)
{
    json_t *code = json_object_get(root, "code"), *args = json_object_get(root, "args"), *value;
    const char *name;
    struct reason r = {0};
    if (!json_is_string(code) || json_string_length(code) == 0 || (args != NULL && !json_is_object(args)))
        return err_set(err, ERR_PARSE, "a reason is {\"code\": text, \"args\": object}");
    if (json_object_size(args) > REASON_ARGS_MAX)
        return err_set(err, ERR_LIMIT, "a reason has at most %d arguments", REASON_ARGS_MAX);
    r.code = arena_str(mem, (struct str){json_string_value(code), json_string_length(code)});
    if (r.code.p == NULL)
        return err_set(err, ERR_NOMEM, "reason");
    json_object_foreach(args, name, value)
    {
        if (parse_arg(name, value, mem, &r.args[r.n], err) != 0)
            return -1;
        r.n++;
    }
    *ret = r;
    return 0;
}

int reason_parse(struct str json, struct arena *a, struct reason *ret, struct err *err)
{
    json_error_t why;
    json_t *root = json_loadb(json.p == NULL ? "" : json.p, json.n, JSON_REJECT_DUPLICATES, &why);
    if (root == NULL)
        return err_set(err, ERR_PARSE, "reason: %s", why.text);
    int rc = parse_object(root, a, ret, err);
    json_decref(root);
    return rc;
}
