/* Correlations as written. Source: Sigma 2.1 correlation rules. */
#include "base/when.h"
#include "detect/sigma.h"

static const struct {
    struct str name;
    enum sigma_corr_type type;
} type_rows[] = {
    {S("event_count"), SIGMA_EVENT_COUNT},
    {S("value_count"), SIGMA_VALUE_COUNT},
    {S("temporal"), SIGMA_TEMPORAL},
    {S("temporal_ordered"), SIGMA_TEMPORAL_ORDERED},
    {S("value_sum"), SIGMA_VALUE_SUM},
    {S("value_avg"), SIGMA_VALUE_AVG},
    {S("value_percentile"), SIGMA_VALUE_PERCENTILE},
};

static int fail_nomem(struct err *err)
{
    return err_set(err, ERR_NOMEM, "no memory for the rules");
}

static int parse_type(const struct yamltree_node *map, struct sigma_corr *c, struct err *err)
{
    struct str name = {0};
    const struct yamltree_node *node = NULL;
    if (yamltree_need(map, S("type"), YAMLTREE_SCALAR, &node, err) != 0)
        return -1;
    name = node->text;
    for (size_t i = 0; i < COUNT_OF(type_rows); i++) {
        if (!str_eq(type_rows[i].name, name))
            continue;
        c->type = type_rows[i].type;
        return 0;
    }
    return yamltree_fail(node, err, "unknown correlation type '%.*s'", STR_ARG(name));
}

static int parse_timespan(const struct yamltree_node *map, struct sigma_corr *c, struct err *err)
{
    static const struct {
        char letter;
        int64_t ns;
    } units[] = {{'s', NS_PER_S}, {'m', 60 * NS_PER_S}, {'h', 3600 * NS_PER_S}, {'d', WHEN_DAY_NS}};
    const struct yamltree_node *node = NULL;
    if (yamltree_need(map, S("timespan"), YAMLTREE_SCALAR, &node, err) != 0)
        return -1;
    struct str s = node->text;
    uint64_t n = 0;
    for (size_t i = 0; s.n > 1 && i < COUNT_OF(units); i++) {
        uint64_t max = (uint64_t)(SIGMA_TIMESPAN_DAYS_MAX * WHEN_DAY_NS / units[i].ns);
        if (s.p[s.n - 1] == units[i].letter && str_to_u64(str_sub(s, 0, s.n - 1), max, &n) && n > 0) {
            c->span_ns = (int64_t)n * units[i].ns;
            return 0;
        }
    }
    return yamltree_fail(node, err, "timespan '%.*s' is not a number with s, m, h or d, at most %u days",
                         STR_ARG(s), SIGMA_TIMESPAN_DAYS_MAX);
}

/* One comparison narrows [low, high]. */
static int parse_bound(const struct yamltree_node *key, const struct yamltree_node *value,
                       struct sigma_corr *c, struct err *err)
{
    int64_t n = 0;
    if (str_eq(key->text, S("neq")) || str_eq(key->text, S("percentile")))
        return yamltree_fail(key, err, "condition '%.*s' is for measures of values only", STR_ARG(key->text));
    if (yamltree_i64(value, 0, SIGMA_COUNT_MAX, &n, err) != 0)
        return -1;
    uint64_t v = (uint64_t)n;
    if (str_eq(key->text, S("gte")) || str_eq(key->text, S("eq")))
        c->low = v > c->low ? v : c->low;
    if (str_eq(key->text, S("gt")))
        c->low = v + 1 > c->low ? v + 1 : c->low;
    if (str_eq(key->text, S("lte")) || str_eq(key->text, S("eq")))
        c->high = v < c->high ? v : c->high;
    if (str_eq(key->text, S("lt"))) {
        if (v == 0)
            return yamltree_fail(value, err, "a count is never below 0");
        c->high = v - 1 < c->high ? v - 1 : c->high;
    }
    return 0;
}

static void raise_low(struct sigma_limits *l, double v, bool incl)
{
    if (l->has_low && (l->low > v || (l->low == v && !l->low_incl)))
        return;
    l->has_low = true;
    l->low = v;
    l->low_incl = incl;
}

static void lower_high(struct sigma_limits *l, double v, bool incl)
{
    if (l->has_high && (l->high < v || (l->high == v && !l->high_incl)))
        return;
    l->has_high = true;
    l->high = v;
    l->high_incl = incl;
}

/* One comparison of a measure. */
static int parse_limit(const struct yamltree_node *key, const struct yamltree_node *value,
                       struct sigma_corr *c, struct err *err)
{
    struct sigma_limits *l = &c->limits;
    double v = 0;
    if (yamltree_double(value, &v, err) != 0)
        return -1;
    bool eq = str_eq(key->text, S("eq"));
    if (eq || str_eq(key->text, S("gt")) || str_eq(key->text, S("gte")))
        raise_low(l, v, !str_eq(key->text, S("gt")));
    if (eq || str_eq(key->text, S("lt")) || str_eq(key->text, S("lte")))
        lower_high(l, v, !str_eq(key->text, S("lt")));
    if (str_eq(key->text, S("neq"))) {
        l->has_not = true;
        l->not = v;
    }
    if (!str_eq(key->text, S("percentile")))
        return 0;
    if (c->type != SIGMA_VALUE_PERCENTILE || v <= 0 || v >= 100)
        return yamltree_fail(value, err, "percentile belongs to value_percentile and lies between 0 and 100");
    l->percentile = v;
    return 0;
}

static int check_limits(const struct yamltree_node *node, const struct sigma_corr *c, struct err *err)
{
    const struct sigma_limits *l = &c->limits;
    if (!l->has_low && (!l->has_high || c->type == SIGMA_VALUE_SUM) && !l->has_not)
        return yamltree_fail(node, err,
                             c->type == SIGMA_VALUE_SUM
                                 ? "a sum needs gte, gt or eq: what is not sent is not summed here"
                                 : "the condition needs a comparison");
    if (l->has_low && l->has_high &&
        (l->low > l->high || (l->low == l->high && !(l->low_incl && l->high_incl))))
        return yamltree_fail(node, err, "the condition can never hold");
    return 0;
}

static bool is_measure(const struct sigma_corr *c)
{
    return c->type >= SIGMA_VALUE_SUM;
}

static int parse_condition(const struct yamltree_node *node, struct sigma_corr *c, struct err *err)
{
    static const struct str keys[] = {S("gt"), S("gte"), S("lt"),    S("lte"),
                                      S("eq"), S("neq"), S("field"), S("percentile")};
    if (node->kind != YAMLTREE_MAP)
        return yamltree_fail(node, err, "the condition of a correlation must be a map such as {gte: 10}");
    if (yamltree_only_keys(node, keys, COUNT_OF(keys), err) != 0)
        return -1;
    for (size_t i = 0; i < node->n; i++) {
        const struct yamltree_node *key = node->keys[i], *value = node->items[i];
        int rc = str_eq(key->text, S("field")) ? yamltree_str(value, &c->value_field, err)
                 : is_measure(c)               ? parse_limit(key, value, c, err)
                                               : parse_bound(key, value, c, err);
        if (rc != 0)
            return -1;
    }
    if (is_measure(c))
        return check_limits(node, c, err);
    if (c->low == 0)
        return yamltree_fail(node, err,
                             "the condition needs gte, gt or eq above 0: missing events are not "
                             "counted here");
    if (c->low > c->high)
        return yamltree_fail(node, err, "the condition can never hold");
    return 0;
}

/* What each type demands and forbids beyond the common keys. */
static int check_type(const struct yamltree_node *condition, struct sigma_corr *c, struct err *err)
{
    bool temporal = c->type == SIGMA_TEMPORAL || c->type == SIGMA_TEMPORAL_ORDERED;
    const struct yamltree_node *at = condition == NULL ? c->node : condition;
    if (!temporal && condition == NULL)
        return yamltree_fail(c->node, err, "key 'condition' is missing");
    bool values = c->type == SIGMA_VALUE_COUNT || is_measure(c);
    if (values && c->value_field.n == 0)
        return yamltree_fail(at, err, "a correlation of values needs a field in its condition");
    if (!values && c->value_field.p != NULL)
        return yamltree_fail(at, err, "only correlations of values have a field in their condition");
    if (c->type == SIGMA_VALUE_COUNT &&
        (c->low > SIGMA_DISTINCT_MAX || (c->high != UINT64_MAX && c->high > SIGMA_DISTINCT_MAX)))
        return yamltree_fail(at, err, "value_count counts at most %u values", SIGMA_DISTINCT_MAX);
    if (temporal && condition == NULL)
        c->low = c->refs.n;
    if (temporal && c->refs.n < 2)
        return yamltree_fail(c->node, err, "a temporal correlation needs two rules or more");
    if (temporal && (c->low > c->refs.n || c->high != UINT64_MAX))
        return yamltree_fail(at, err,
                             "the condition of a temporal correlation can only be a count of its rules "
                             "that must appear (gte, gt)");
    if (c->type == SIGMA_TEMPORAL_ORDERED && c->low != c->refs.n)
        return yamltree_fail(at, err, "temporal_ordered needs all its rules");
    return 0;
}

static int parse_aliases(const struct yamltree_node *map, struct arena *a, struct sigma_corr *c,
                         struct err *err)
{
    if (map == NULL)
        return 0;
    if (map->kind != YAMLTREE_MAP || map->n > SIGMA_GROUP_MAX)
        return yamltree_fail(map, err, "aliases must be a map of at most %u entries", SIGMA_GROUP_MAX);
    c->aliases = ARENA_NEW(a, struct sigma_alias, SIGMA_GROUP_MAX * SIGMA_REFS_MAX);
    if (c->aliases == NULL)
        return fail_nomem(err);
    for (size_t i = 0; i < map->n; i++) {
        const struct yamltree_node *one = map->items[i];
        if (one->kind != YAMLTREE_MAP || one->n > SIGMA_REFS_MAX)
            return yamltree_fail(one, err, "an alias must be a map: rule name → field");
        for (size_t k = 0; k < one->n; k++) {
            struct sigma_alias *alias = &c->aliases[c->n_aliases++];
            alias->alias = map->keys[i]->text;
            alias->rule = one->keys[k]->text;
            if (yamltree_str(one->items[k], &alias->field, err) != 0)
                return -1;
        }
    }
    return 0;
}

int sigma_corr_parse(const struct yamltree_node *map, struct arena *a, struct sigma_corr *ret,
                     struct err *err)
{
    static const struct str keys[] = {S("type"),      S("rules"),   S("group-by"), S("timespan"),
                                      S("condition"), S("aliases"), S("generate")};
    struct sigma_corr c = {.node = map, .high = UINT64_MAX};
    const struct yamltree_node *rules = yamltree_get(map, S("rules"));
    const struct yamltree_node *group_by = yamltree_get(map, S("group-by"));
    const struct yamltree_node *condition = yamltree_get(map, S("condition"));
    if (map->kind != YAMLTREE_MAP)
        return yamltree_fail(map, err, "correlation must be a map");
    if (yamltree_only_keys(map, keys, COUNT_OF(keys), err) != 0 || parse_type(map, &c, err) != 0)
        return -1;
    if (rules == NULL)
        return yamltree_fail(map, err, "key 'rules' is missing");
    if (sigma_texts(rules, SIGMA_REFS_MAX, a, &c.refs, err) != 0 ||
        (!yamltree_is_null(group_by) && sigma_texts(group_by, SIGMA_GROUP_MAX, a, &c.group_by, err) != 0) ||
        parse_timespan(map, &c, err) != 0 ||
        (condition != NULL && parse_condition(condition, &c, err) != 0) ||
        parse_aliases(yamltree_get(map, S("aliases")), a, &c, err) != 0 ||
        yamltree_opt_bool(map, S("generate"), &c.generate, err) != 0 || check_type(condition, &c, err) != 0)
        return -1;
    *ret = c;
    return 0;
}
