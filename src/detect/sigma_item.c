/* Items of a selection: field, modifiers, values. Source: Sigma 2.1 appendix "modifiers". */
#include <arpa/inet.h>

#include "detect/sigma.h"
#include "detect/sigma_value.h"

#define MODIFIERS_MAX 8u

enum match {
    MATCH_EQ,
    MATCH_CONTAINS,
    MATCH_STARTS,
    MATCH_ENDS,
    MATCH_RE,
    MATCH_CIDR,
    MATCH_EXISTS,
    MATCH_RANGE
};

enum modifier {
    MOD_CONTAINS,
    MOD_STARTSWITH,
    MOD_ENDSWITH,
    MOD_RE,
    MOD_CIDR,
    MOD_EXISTS,
    MOD_LT,
    MOD_LTE,
    MOD_GT,
    MOD_GTE,
    MOD_ALL,
    MOD_CASED,
    MOD_NEQ,
    MOD_WINDASH,
    MOD_I,
    MOD_M,
    MOD_S,
    MOD_ENCODE,
    MOD_EXPAND,
    MOD_FIELDREF,
    MOD_PART,
};

static const struct modifier_row {
    struct str name;
    enum modifier id;
    enum sigma_encoding encoding; /* MOD_ENCODE */
    enum pred_part part;          /* MOD_PART */
} modifier_rows[] = {
    {S("contains"), MOD_CONTAINS, 0, 0},
    {S("startswith"), MOD_STARTSWITH, 0, 0},
    {S("endswith"), MOD_ENDSWITH, 0, 0},
    {S("re"), MOD_RE, 0, 0},
    {S("cidr"), MOD_CIDR, 0, 0},
    {S("exists"), MOD_EXISTS, 0, 0},
    {S("lt"), MOD_LT, 0, 0},
    {S("lte"), MOD_LTE, 0, 0},
    {S("gt"), MOD_GT, 0, 0},
    {S("gte"), MOD_GTE, 0, 0},
    {S("all"), MOD_ALL, 0, 0},
    {S("cased"), MOD_CASED, 0, 0},
    {S("neq"), MOD_NEQ, 0, 0},
    {S("windash"), MOD_WINDASH, 0, 0},
    {S("i"), MOD_I, 0, 0},
    {S("m"), MOD_M, 0, 0},
    {S("s"), MOD_S, 0, 0},
    {S("base64"), MOD_ENCODE, SIGMA_BASE64, 0},
    {S("base64offset"), MOD_ENCODE, SIGMA_BASE64_OFFSET, 0},
    {S("wide"), MOD_ENCODE, SIGMA_UTF16LE, 0},
    {S("utf16le"), MOD_ENCODE, SIGMA_UTF16LE, 0},
    {S("utf16be"), MOD_ENCODE, SIGMA_UTF16BE, 0},
    {S("utf16"), MOD_ENCODE, SIGMA_UTF16, 0},
    {S("expand"), MOD_EXPAND, 0, 0},
    {S("fieldref"), MOD_FIELDREF, 0, 0},
    {S("minute"), MOD_PART, 0, PRED_PART_MINUTE},
    {S("hour"), MOD_PART, 0, PRED_PART_HOUR},
    {S("day"), MOD_PART, 0, PRED_PART_DAY},
    {S("week"), MOD_PART, 0, PRED_PART_WEEK},
    {S("month"), MOD_PART, 0, PRED_PART_MONTH},
    {S("year"), MOD_PART, 0, PRED_PART_YEAR},
};

struct item {
    const struct yamltree_node *key;
    struct str field; /* empty: the whole record */
    enum match match;
    enum modifier compare; /* MATCH_RANGE */
    bool typed;            /* match was chosen by a modifier */
    bool all, cased, neq, windash, re_i, re_m, re_s, expand, fieldref;
    enum pred_part part;
    const struct sigma_tables *tables;
    size_t n_encodings;
    enum sigma_encoding encodings[MODIFIERS_MAX];
    struct sigma_names names;
    struct arena *a;
};

static int fail_nomem(struct err *err)
{
    return err_set(err, ERR_NOMEM, "no memory for the rules");
}

struct pred *sigma_join(enum pred_kind kind, struct pred **children, size_t n, struct arena *a)
{
    assert(n > 0 && (kind == PRED_AND || kind == PRED_OR));
    if (n == 1)
        return children[0];
    struct pred *p = ARENA_NEW(a, struct pred, 1);
    struct pred **list = ARENA_NEW(a, struct pred *, n);
    if (p == NULL || list == NULL)
        return NULL;
    memcpy(list, children, n * sizeof(*list));
    *p = (struct pred){.kind = kind, .n_children = n, .children = list};
    return p;
}

struct pred *sigma_negate(struct pred *child, struct arena *a)
{
    struct pred *p = ARENA_NEW(a, struct pred, 1);
    struct pred **list = ARENA_NEW(a, struct pred *, 1);
    if (p == NULL || list == NULL)
        return NULL;
    list[0] = child;
    *p = (struct pred){.kind = PRED_NOT, .n_children = 1, .children = list};
    return p;
}

static int set_match(struct item *it, enum match match, struct err *err)
{
    if (it->typed)
        return yamltree_fail(it->key, err, "two modifiers of '%.*s' contradict each other",
                             STR_ARG(it->key->text));
    it->typed = true;
    it->match = match;
    return 0;
}

static int set_flag(const struct item *it, bool *flag, struct err *err)
{
    if (*flag)
        return yamltree_fail(it->key, err, "a modifier of '%.*s' stands twice", STR_ARG(it->key->text));
    *flag = true;
    return 0;
}

static int add_modifier(struct item *it, const struct modifier_row *row, struct err *err)
{
    switch (row->id) {
    case MOD_CONTAINS:
    case MOD_STARTSWITH:
    case MOD_ENDSWITH:
        return set_match(it, (enum match)((int)MATCH_CONTAINS + (int)row->id - (int)MOD_CONTAINS), err);
    case MOD_RE:
        return set_match(it, MATCH_RE, err);
    case MOD_CIDR:
        return set_match(it, MATCH_CIDR, err);
    case MOD_EXISTS:
        return set_match(it, MATCH_EXISTS, err);
    case MOD_LT:
    case MOD_LTE:
    case MOD_GT:
    case MOD_GTE:
        it->compare = row->id;
        return set_match(it, MATCH_RANGE, err);
    case MOD_ALL:
        return set_flag(it, &it->all, err);
    case MOD_CASED:
        return set_flag(it, &it->cased, err);
    case MOD_NEQ:
        return set_flag(it, &it->neq, err);
    case MOD_WINDASH:
        return set_flag(it, &it->windash, err);
    case MOD_I:
        return set_flag(it, &it->re_i, err);
    case MOD_M:
        return set_flag(it, &it->re_m, err);
    case MOD_S:
        return set_flag(it, &it->re_s, err);
    case MOD_ENCODE:
        assert(it->n_encodings < MODIFIERS_MAX);
        it->encodings[it->n_encodings++] = row->encoding;
        return 0;
    case MOD_EXPAND:
        return set_flag(it, &it->expand, err);
    case MOD_FIELDREF:
        return set_flag(it, &it->fieldref, err);
    case MOD_PART:
        if (it->part != PRED_PART_NONE)
            return yamltree_fail(it->key, err, "'%.*s' asks for two parts of a date", STR_ARG(it->key->text));
        it->part = row->part;
        return 0;
    }
    return 0;
}

/* Which modifiers may stand together, beyond "one way to match". */
static int check_modifiers(const struct item *it, struct err *err)
{
    bool text = it->match <= MATCH_ENDS;
    const char *why = NULL;
    if ((it->re_i || it->re_m || it->re_s) && it->match != MATCH_RE)
        why = "i, m and s belong behind re";
    else if (!text && (it->n_encodings > 0 || it->windash))
        why = "encodings and windash need a text";
    else if (it->match != MATCH_RE && !text && it->cased)
        why = "cased needs a text";
    else if (it->match == MATCH_EXISTS && (it->all || it->neq))
        why = "exists stands alone";
    else if (it->field.n == 0 &&
             ((!text && it->match != MATCH_RE) || it->fieldref || it->part != PRED_PART_NONE))
        why = "this modifier needs a field";
    else if (it->fieldref && (!text || it->match == MATCH_CONTAINS || it->n_encodings > 0 || it->windash ||
                              it->expand || it->all))
        why = "fieldref goes with startswith, endswith, cased and neq only";
    else if (it->part != PRED_PART_NONE && it->match != MATCH_EQ && it->match != MATCH_RANGE)
        why = "a part of a date is a number";
    else if (it->part != PRED_PART_NONE && (it->n_encodings > 0 || it->windash || it->cased || it->fieldref))
        why = "a part of a date is a number";
    if (why != NULL)
        return yamltree_fail(it->key, err, "modifiers of '%.*s': %s", STR_ARG(it->key->text), why);
    return 0;
}

static int parse_key(struct item *it, struct err *err)
{
    struct str rest = it->key->text, word = {0};
    bool more = str_cut(rest, '|', &it->field, &rest);
    for (size_t n = 0; more; n++) {
        more = str_cut(rest, '|', &word, &rest);
        const struct modifier_row *row = NULL;
        for (size_t i = 0; i < COUNT_OF(modifier_rows) && row == NULL; i++) {
            if (str_eq(modifier_rows[i].name, word))
                row = &modifier_rows[i];
        }
        if (row == NULL)
            return yamltree_fail(it->key, err, "unknown modifier '%.*s'", STR_ARG(word));
        if (n == MODIFIERS_MAX)
            return yamltree_fail(it->key, err, "more than %u modifiers", MODIFIERS_MAX);
        if (add_modifier(it, row, err) != 0)
            return -1;
    }
    return check_modifiers(it, err);
}

/* One leaf for each name the field may have. "Not there" must hold for all of them, everything else for any.
 */
static int spread(const struct item *it, const struct pred *leaf, struct pred **ret, struct err *err)
{
    bool absent = leaf->kind == PRED_NULL;
    struct pred **list = ARENA_NEW(it->a, struct pred *, it->names.n);
    if (list == NULL)
        return fail_nomem(err);
    for (size_t i = 0; i < it->names.n; i++) {
        list[i] = ARENA_NEW(it->a, struct pred, 1);
        if (list[i] == NULL)
            return fail_nomem(err);
        *list[i] = *leaf;
        list[i]->field = pred_field_find(it->names.items[i]);
    }
    *ret = sigma_join(absent ? PRED_AND : PRED_OR, list, it->names.n, it->a);
    return *ret == NULL ? fail_nomem(err) : 0;
}

/* A broken pattern must be refused on its own line, so it is compiled once alone. */
static int check_leaf(const struct item *it, const struct yamltree_node *value, const struct pred *leaf,
                      struct err *err)
{
    struct arena a;
    struct pred copy = *leaf;
    struct pred_prog *prog = NULL;
    struct err why = {0};
    copy.field = pred_field_find(it->names.items[0]);
    arena_init(&a, 4u << 20);
    int rc = pred_compile(&copy, &a, &prog, &why);
    pred_free(prog);
    arena_done(&a);
    return rc == 0 ? 0 : yamltree_fail(value, err, "%s", why.msg);
}

static int regex_leaf(const struct item *it, const struct yamltree_node *value, struct pred **ret,
                      struct err *err)
{
    struct pred leaf = {.kind = PRED_REGEX, .cased = true, .text = value->text};
    if (value->text.n == 0)
        return yamltree_fail(value, err, "an empty regular expression");
    if (it->re_i || it->re_m || it->re_s) {
        leaf.text = arena_printf(it->a, "(?%s%s%s)%.*s", it->re_i ? "i" : "", it->re_m ? "m" : "",
                                 it->re_s ? "s" : "", STR_ARG(value->text));
        if (leaf.text.p == NULL)
            return fail_nomem(err);
    }
    return check_leaf(it, value, &leaf, err) != 0 ? -1 : spread(it, &leaf, ret, err);
}

/* RFC 4632 / 4291 text with a prefix length whose host bits are zero. */
static bool is_network(struct str text)
{
    struct str head, tail;
    unsigned char addr[16] = {0};
    char name[INET6_ADDRSTRLEN];
    uint64_t bits = 0;
    if (!str_cut(text, '/', &head, &tail) || head.n >= sizeof(name))
        return false;
    memcpy(name, head.p, head.n);
    name[head.n] = '\0';
    bool six = str_find_char(head, ':') != SIZE_MAX;
    if (inet_pton(six ? AF_INET6 : AF_INET, name, addr) != 1 || !str_to_u64(tail, six ? 128 : 32, &bits))
        return false;
    for (size_t bit = bits; bit < (six ? 128u : 32u); bit++) {
        if ((addr[bit / 8] & (0x80u >> (bit % 8))) != 0)
            return false;
    }
    return true;
}

static int cidr_leaf(const struct item *it, const struct yamltree_node *value, struct pred **ret,
                     struct err *err)
{
    struct pred leaf = {.kind = PRED_CIDR, .text = value->text};
    if (!is_network(value->text))
        return yamltree_fail(value, err, "'%.*s' is not a network (address/length, host bits zero)",
                             STR_ARG(value->text));
    return check_leaf(it, value, &leaf, err) != 0 ? -1 : spread(it, &leaf, ret, err);
}

static int exists_leaf(const struct item *it, const struct yamltree_node *value, struct pred **ret,
                       struct err *err)
{
    bool there = false;
    struct pred leaf = {.kind = PRED_EXISTS};
    if (yamltree_bool(value, &there, err) != 0 || spread(it, &leaf, ret, err) != 0)
        return -1;
    if (!there)
        *ret = sigma_negate(*ret, it->a);
    return *ret == NULL ? fail_nomem(err) : 0;
}

/* Any value of the one field with any value of the other, under whatever names they come. */
static int ref_leaf(const struct item *it, const struct yamltree_node *value, struct pred **ret,
                    struct err *err)
{
    static const enum pred_kind kinds[] = {[MATCH_EQ] = PRED_EQ,
                                           [MATCH_CONTAINS] = PRED_CONTAINS,
                                           [MATCH_STARTS] = PRED_STARTS,
                                           [MATCH_ENDS] = PRED_ENDS};
    struct sigma_names others = {0};
    bool pattern = str_find_char(value->text, '*') != SIZE_MAX || str_find_char(value->text, '?') != SIZE_MAX;
    if (value->text.n == 0 || pattern)
        return yamltree_fail(value, err, "'%.*s' is not the name of a field", STR_ARG(value->text));
    if (sigma_map_field(it->tables, value->text, it->a, &others, err) != 0)
        return -1;
    struct pred **list = ARENA_NEW(it->a, struct pred *, others.n);
    if (list == NULL)
        return fail_nomem(err);
    for (size_t i = 0; i < others.n; i++) {
        struct pred leaf = {.kind = PRED_REF,
                            .cased = it->cased,
                            .how = kinds[it->match],
                            .ref = pred_field_find(others.items[i])};
        if (check_leaf(it, value, &leaf, err) != 0 || spread(it, &leaf, &list[i], err) != 0)
            return -1;
    }
    *ret = sigma_join(PRED_OR, list, others.n, it->a);
    return *ret == NULL ? fail_nomem(err) : 0;
}

static int part_leaf(const struct item *it, const struct yamltree_node *value, struct pred **ret,
                     struct err *err)
{
    int64_t number = 0;
    struct pred leaf = {.kind = PRED_EQ, .text = value->text, .part = it->part};
    return yamltree_i64(value, 0, 9999, &number, err) != 0 ? -1 : spread(it, &leaf, ret, err);
}

static int range_leaf(const struct item *it, const struct yamltree_node *value, struct pred **ret,
                      struct err *err)
{
    double number;
    if (yamltree_double(value, &number, err) != 0)
        return -1;
    bool low = it->compare == MOD_GT || it->compare == MOD_GTE;
    bool incl = it->compare == MOD_GTE || it->compare == MOD_LTE;
    struct pred leaf = {.kind = PRED_RANGE, .low_open = !low, .high_open = low, .part = it->part};
    if (low) {
        leaf.low = value->text;
        leaf.low_incl = incl;
    } else {
        leaf.high = value->text;
        leaf.high_incl = incl;
    }
    return spread(it, &leaf, ret, err);
}

static enum sigma_anchor anchor_of(const struct item *it)
{
    static const enum sigma_anchor anchors[] = {[MATCH_EQ] = SIGMA_WHOLE,
                                                [MATCH_CONTAINS] = SIGMA_INSIDE,
                                                [MATCH_STARTS] = SIGMA_START,
                                                [MATCH_ENDS] = SIGMA_END};
    assert(it->match <= MATCH_ENDS);
    return it->field.n == 0 && it->match == MATCH_EQ ? SIGMA_INSIDE : anchors[it->match];
}

static int text_leaf(const struct item *it, const struct yamltree_node *value, struct pred **ret,
                     struct err *err)
{
    struct sigma_values v = {.a = it->a, .cased = it->cased, .anchor = anchor_of(it)};
    if (sigma_value_parse(&v, value, err) != 0)
        return -1;
    for (size_t i = 0; i < it->n_encodings; i++) {
        if (sigma_value_encode(&v, it->encodings[i], value, err) != 0)
            return -1;
    }
    if (it->windash && sigma_value_windash(&v, value, err) != 0)
        return -1;
    struct pred **list = ARENA_NEW(it->a, struct pred *, v.n);
    if (list == NULL)
        return fail_nomem(err);
    for (size_t i = 0; i < v.n; i++) {
        struct pred leaf = {0};
        if (sigma_value_leaf(&v, i, &leaf, err) != 0 || spread(it, &leaf, &list[i], err) != 0)
            return -1;
    }
    *ret = sigma_join(PRED_OR, list, v.n, it->a);
    return *ret == NULL ? fail_nomem(err) : 0;
}

static int one_value(const struct item *it, const struct yamltree_node *value, struct pred **ret,
                     struct err *err)
{
    if (value->kind != YAMLTREE_SCALAR)
        return yamltree_fail(value, err, "a value of '%.*s' is not a single value", STR_ARG(it->key->text));
    if (str_find_char(value->text, '\0') != SIZE_MAX)
        return yamltree_fail(value, err, "a value holds a NUL byte");
    if (yamltree_is_null(value)) {
        struct pred leaf = {.kind = PRED_NULL};
        if (it->match != MATCH_EQ || it->field.n == 0 || it->fieldref || it->part != PRED_PART_NONE)
            return yamltree_fail(value, err, "null cannot be used with '%.*s'", STR_ARG(it->key->text));
        return spread(it, &leaf, ret, err);
    }
    if (it->fieldref)
        return ref_leaf(it, value, ret, err);
    if (it->part != PRED_PART_NONE && it->match == MATCH_EQ)
        return part_leaf(it, value, ret, err);
    switch (it->match) {
    case MATCH_RE:
        return regex_leaf(it, value, ret, err);
    case MATCH_CIDR:
        return cidr_leaf(it, value, ret, err);
    case MATCH_EXISTS:
        return exists_leaf(it, value, ret, err);
    case MATCH_RANGE:
        return range_leaf(it, value, ret, err);
    default:
        return text_leaf(it, value, ret, err);
    }
}

/* Any of the values that the placeholders stand for. */
static int expanded_value(const struct item *it, const struct yamltree_node *value, struct pred **ret,
                          struct err *err)
{
    const struct yamltree_node **nodes = NULL;
    size_t n = 0;
    if (sigma_list_expand(it->tables == NULL ? NULL : it->tables->lists, value, SIGMA_VALUES_MAX, it->a,
                          &nodes, &n, err) != 0)
        return -1;
    struct pred **list = ARENA_NEW(it->a, struct pred *, n);
    if (list == NULL)
        return fail_nomem(err);
    for (size_t i = 0; i < n; i++) {
        if (one_value(it, nodes[i], &list[i], err) != 0)
            return -1;
    }
    *ret = sigma_join(PRED_OR, list, n, it->a);
    return *ret == NULL ? fail_nomem(err) : 0;
}

static int all_values(const struct item *it, const struct yamltree_node *value, struct pred **ret,
                      struct err *err)
{
    size_t n = value->kind == YAMLTREE_LIST ? value->n : 1;
    if (n == 0 || value->kind == YAMLTREE_MAP)
        return yamltree_fail(value, err, "'%.*s' needs a value or a list of values", STR_ARG(it->key->text));
    if (n > SIGMA_VALUES_MAX)
        return yamltree_fail(value, err, "more than %u values", SIGMA_VALUES_MAX);
    if (it->all && n == 1)
        return yamltree_fail(it->key, err, "modifier 'all' needs a list of several values");
    struct pred **list = ARENA_NEW(it->a, struct pred *, n);
    if (list == NULL)
        return fail_nomem(err);
    for (size_t i = 0; i < n; i++) {
        const struct yamltree_node *one = value->kind == YAMLTREE_LIST ? value->items[i] : value;
        if ((it->expand ? expanded_value(it, one, &list[i], err) : one_value(it, one, &list[i], err)) != 0)
            return -1;
    }
    *ret = sigma_join(it->all ? PRED_AND : PRED_OR, list, n, it->a);
    if (*ret != NULL && it->neq)
        *ret = sigma_negate(*ret, it->a);
    return *ret == NULL ? fail_nomem(err) : 0;
}

int sigma_item(const struct yamltree_node *key, const struct yamltree_node *value,
               const struct sigma_tables *tables, struct arena *a, struct pred **ret, struct err *err)
{
    struct item it = {.key = key, .tables = tables, .a = a};
    if (parse_key(&it, err) != 0)
        return -1;
    struct str name = it.field.n == 0 ? S("*") : it.field;
    if (sigma_map_field(it.field.n == 0 ? NULL : tables, name, a, &it.names, err) != 0)
        return -1;
    return all_values(&it, value, ret, err);
}

int sigma_item_keywords(const struct yamltree_node *list, struct arena *a, struct pred **ret, struct err *err)
{
    struct yamltree_node *key = ARENA_NEW(a, struct yamltree_node, 1);
    if (key == NULL)
        return fail_nomem(err);
    *key = *list;
    key->kind = YAMLTREE_SCALAR;
    key->text = S("");
    return sigma_item(key, list, NULL, a, ret, err);
}
