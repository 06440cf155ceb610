/* What a rule says of itself: the keys beside logsource, detection and correlation. Source: Sigma 2.1. */
#include "base/when.h"
#include "detect/sigma.h"

static int fail_nomem(struct err *err)
{
    return err_set(err, ERR_NOMEM, "no memory for the rules");
}

int sigma_meta_text(const struct yamltree_node *map, struct str key, struct str *ret, struct err *err)
{
    const struct yamltree_node *node = yamltree_get(map, key);
    double number;
    if (yamltree_is_null(node))
        return 0;
    if (node->kind != YAMLTREE_SCALAR || (!node->quoted && str_to_double(node->text, &number)))
        return yamltree_fail(node, err, "%.*s must be a text", STR_ARG(key));
    *ret = node->text;
    return 0;
}

static int meta_list(const struct yamltree_node *map, struct str key, struct arena *a, struct rule_list *ret,
                     struct err *err)
{
    const struct yamltree_node *node = yamltree_get(map, key);
    if (yamltree_is_null(node))
        return 0;
    if (node->kind != YAMLTREE_LIST)
        return yamltree_fail(node, err, "%.*s must be a list", STR_ARG(key));
    ret->items = ARENA_NEW(a, struct str, node->n);
    if (ret->items == NULL)
        return fail_nomem(err);
    for (size_t i = 0; i < node->n; i++) {
        if (yamltree_str(node->items[i], &ret->items[i], err) != 0)
            return -1;
    }
    ret->n = node->n;
    return 0;
}

/* "2024-10-13", a calendar day; "2024/10/13" is the older form. */
static int check_date(const struct yamltree_node *doc, struct str key, struct err *err)
{
    struct str text = {0};
    const struct yamltree_node *node = yamltree_get(doc, key);
    if (yamltree_is_null(node))
        return 0;
    if (yamltree_str(node, &text, err) != 0)
        return -1;
    struct cur c = cur_of(text);
    int year = (int)cur_dec_width(&c, 4);
    char sep = cur_peek(&c) == '/' ? '/' : '-';
    cur_expect(&c, sep);
    int month = (int)cur_dec(&c, 12);
    cur_expect(&c, sep);
    int day = (int)cur_dec(&c, 31);
    static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (!cur_done(&c) || month < 1 || day < 1 || day > days[month - 1] || (month == 2 && day == 29 && !leap))
        return yamltree_fail(node, err, "%.*s '%.*s' is not a day (YYYY-MM-DD)", STR_ARG(key), STR_ARG(text));
    return 0;
}

static int check_related(const struct yamltree_node *doc, struct err *err)
{
    const struct yamltree_node *list = NULL;
    if (yamltree_opt(doc, S("related"), YAMLTREE_LIST, &list, err) != 0)
        return -1;
    for (size_t i = 0; list != NULL && i < list->n; i++) {
        struct str id = {0}, type = {0};
        if (sigma_meta_text(list->items[i], S("id"), &id, err) != 0 ||
            sigma_meta_text(list->items[i], S("type"), &type, err) != 0)
            return -1;
        if (id.n == 0 || type.n == 0)
            return yamltree_fail(list->items[i], err, "related: id or type is missing");
    }
    return 0;
}

static int parse_level(const struct yamltree_node *doc, struct rule_info *r, struct err *err)
{
    static const struct str states[] = {S("stable"), S("test"), S("experimental"), S("deprecated"),
                                        S("unsupported")};
    struct str level = {0};
    if (sigma_meta_text(doc, S("level"), &level, err) != 0 ||
        sigma_meta_text(doc, S("status"), &r->status, err) != 0)
        return -1;
    r->level = RULE_LOW;
    if (level.p != NULL) {
        int found = rule_level_find(level);
        if (found < 0)
            return yamltree_fail(yamltree_get(doc, S("level")), err, "unknown level '%.*s'", STR_ARG(level));
        r->level = (enum rule_level)found;
    }
    r->severity = rule_severity_of(r->level);
    bool known = r->status.p == NULL;
    for (size_t i = 0; i < COUNT_OF(states) && !known; i++)
        known = str_eq(states[i], r->status);
    if (!known)
        return yamltree_fail(yamltree_get(doc, S("status")), err, "unknown status '%.*s'",
                             STR_ARG(r->status));
    if (str_eq(r->status, S("unsupported")))
        return yamltree_fail(yamltree_get(doc, S("status")), err,
                             "the rule says itself that it is unsupported");
    return 0;
}

/* {vi: …, en: …}, both compulsory. */
static int parse_text(const struct yamltree_node *map, struct str key, struct rule_text *ret, struct err *err)
{
    static const struct str keys[] = {S("vi"), S("en")};
    const struct yamltree_node *node = NULL;
    struct str bad;
    if (yamltree_opt(map, key, YAMLTREE_MAP, &node, err) != 0 || node == NULL)
        return node == NULL && yamltree_is_null(yamltree_get(map, key)) ? 0 : -1;
    if (yamltree_only_keys(node, keys, COUNT_OF(keys), err) != 0 ||
        yamltree_need_str(node, S("vi"), &ret->vi, err) != 0 ||
        yamltree_need_str(node, S("en"), &ret->en, err) != 0)
        return -1;
    if (!rule_text_is_sound(ret->vi, &bad) || !rule_text_is_sound(ret->en, &bad))
        return yamltree_fail(node, err, "'{%.*s' is not a reference to a field", STR_ARG(bad));
    return 0;
}

static int parse_khien(const struct yamltree_node *doc, struct arena *a, struct rule_info *r, struct err *err)
{
    static const struct str keys[] = {S("title"),  S("what"),     S("why"),     S("now"),
                                      S("clause"), S("severity"), S("group-by")};
    const struct yamltree_node *map = NULL;
    struct str title_vi = {0}, severity = {0};
    if (yamltree_opt(doc, S("khien"), YAMLTREE_MAP, &map, err) != 0 ||
        yamltree_only_keys(map, keys, COUNT_OF(keys), err) != 0 ||
        sigma_meta_text(map, S("title"), &title_vi, err) != 0 ||
        parse_text(map, S("what"), &r->what, err) != 0 || parse_text(map, S("why"), &r->why, err) != 0 ||
        parse_text(map, S("now"), &r->now, err) != 0 ||
        meta_list(map, S("clause"), a, &r->clauses, err) != 0 ||
        meta_list(map, S("group-by"), a, &r->group_by, err) != 0 ||
        sigma_meta_text(map, S("severity"), &severity, err) != 0)
        return -1;
    if (title_vi.n > 0)
        r->title.vi = title_vi;
    if (r->group_by.n > SIGMA_GROUP_MAX)
        return yamltree_fail(yamltree_get(map, S("group-by")), err, "more than %u fields", SIGMA_GROUP_MAX);
    if (severity.p == NULL)
        return 0;
    int found = rule_severity_find(severity);
    if (found < 0)
        return yamltree_fail(yamltree_get(map, S("severity")), err, "unknown severity '%.*s'",
                             STR_ARG(severity));
    r->severity = (enum rule_severity)found;
    return 0;
}

/* Keys whose type is checked although their content is not used. */
static int check_unused(const struct yamltree_node *doc, struct arena *a, struct err *err)
{
    static const struct str texts[] = {S("taxonomy"), S("license")};
    static const struct str lists[] = {S("references"), S("fields"), S("scope")};
    struct rule_list unused = {0};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct str text = S("sigma");
        if (sigma_meta_text(doc, texts[i], &text, err) != 0)
            return -1;
        if (text.n == 0)
            return yamltree_fail(yamltree_get(doc, texts[i]), err, "%.*s must not be empty",
                                 STR_ARG(texts[i]));
    }
    /* Correlations in the wild write one reference as a text; Sigma wants a list. */
    size_t from = yamltree_get(doc, S("correlation")) != NULL ? 1 : 0;
    for (size_t i = from; i < COUNT_OF(lists); i++) {
        if (meta_list(doc, lists[i], a, &unused, err) != 0)
            return -1;
    }
    if (check_date(doc, S("date"), err) != 0 || check_date(doc, S("modified"), err) != 0)
        return -1;
    return check_related(doc, err);
}

void sigma_peek(const struct yamltree_node *doc, struct rule_info *ret)
{
    static const struct {
        struct str key;
        size_t at;
    } rows[] = {{S("id"), offsetof(struct rule_info, id)},
                {S("name"), offsetof(struct rule_info, name)},
                {S("title"), offsetof(struct rule_info, title.en)}};
    ret->line = doc->line;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct yamltree_node *node = yamltree_get(doc, rows[i].key);
        if (node != NULL && node->kind == YAMLTREE_SCALAR)
            memcpy((char *)ret + rows[i].at, &node->text, sizeof(node->text));
    }
    ret->title.vi = ret->title.en;
    if (ret->id.n == 0)
        ret->id = ret->name.n > 0 ? ret->name : ret->title.en;
}

int sigma_meta_parse(const struct yamltree_node *doc, struct arena *a, struct rule_info *ret, struct err *err)
{
    struct rule_info r = {.file = ret->file};
    struct str title = {0}, id = {0}, name = {0};
    sigma_peek(doc, &r);
    if (sigma_meta_text(doc, S("title"), &title, err) != 0 || sigma_meta_text(doc, S("id"), &id, err) != 0 ||
        sigma_meta_text(doc, S("name"), &name, err) != 0)
        return -1;
    if (title.n == 0)
        return yamltree_fail(doc, err, "title is missing");
    if (title.n > SIGMA_TITLE_BYTES)
        return yamltree_fail(yamltree_get(doc, S("title")), err, "title is longer than %u bytes",
                             SIGMA_TITLE_BYTES);
    if (name.p != NULL && name.n == 0)
        return yamltree_fail(yamltree_get(doc, S("name")), err, "name must not be empty");
    if (sigma_meta_text(doc, S("description"), &r.description, err) != 0 ||
        sigma_meta_text(doc, S("author"), &r.author, err) != 0 || parse_level(doc, &r, err) != 0 ||
        meta_list(doc, S("tags"), a, &r.tags, err) != 0 ||
        meta_list(doc, S("falsepositives"), a, &r.false_positives, err) != 0 ||
        check_unused(doc, a, err) != 0 || parse_khien(doc, a, &r, err) != 0)
        return -1;
    *ret = r;
    return 0;
}
