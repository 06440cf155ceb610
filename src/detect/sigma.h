/*
 * sigma.h - one YAML document in the Sigma 2.1 format → a rule: what is known of it, and its condition as a
 * predicate tree or its correlation. What cannot run is refused with reason, file and line; nothing is
 * skipped. docs/format/rules.md says what is read. Everything lives in the arena given; trees keep views into
 * the YAML tree's texts.
 */
#ifndef KHIEN_DETECT_SIGMA_H
#define KHIEN_DETECT_SIGMA_H

#include "codec/yamltree.h"
#include "detect/rule.h"
#include "query/pred.h"

#define SIGMA_VALUES_MAX 16384u     /* of one item, after encodings and dash variants */
#define SIGMA_TITLE_BYTES 512u      /* Sigma: 256 characters */
#define SIGMA_CONDITION_DEPTH 32u   /* brackets and "not" */
#define SIGMA_CONDITION_BYTES 4096u /* one condition */
#define SIGMA_REFS_MAX 16u          /* rules of a correlation */
#define SIGMA_GROUP_MAX 8u          /* fields of group-by */
#define SIGMA_COUNT_MAX 10000u      /* event_count threshold */
#define SIGMA_DISTINCT_MAX 1000u    /* value_count threshold */
#define SIGMA_TIMESPAN_DAYS_MAX 31u /* longest window */

/* Names that one Sigma field may have in an event; any of them may match. */
struct sigma_names {
    size_t n;
    struct str *items;
};

struct sigma_map; /* log sources and field names: catalogue/sigma */
struct sigma_table;
/* The tables that a log source uses, in order. */
struct sigma_tables {
    size_t n;
    const struct sigma_table **items;
};

/*
 * Read the two data files. Errors: ERR_PARSE with file and line.
 * Source: docs/format/rules.md sections 4 and 5
 */
int sigma_map_parse(struct str logsources, struct str logsources_file, struct str fields,
                    struct str fields_file, struct arena *a, const struct sigma_map **ret,
                    struct err *err) MUST_USE;
/*
 * Names of a Sigma field in events of these tables (NULL: names pass through). A name that the field table of
 * the model knows, and a name that no table maps, stays as it is.
 */
int sigma_map_field(const struct sigma_tables *tables, struct str name, struct arena *a,
                    struct sigma_names *ret, struct err *err) MUST_USE;
/* Condition of a log source map and the tables of its fields; refuses an unknown one with its line. */
int sigma_map_source(const struct sigma_map *map, const struct yamltree_node *logsource, struct arena *a,
                     struct pred **ret_where, struct sigma_tables *ret_tables, struct err *err) MUST_USE;

/* A selection (map, list, keywords) → tree. tables NULL: names are ECS already. */
int sigma_select(const struct yamltree_node *node, const struct sigma_tables *tables, struct arena *a,
                 struct pred **ret, struct err *err) MUST_USE;
/* One "field|modifiers: values" → tree; key and value as they stand in the map. */
int sigma_item(const struct yamltree_node *key, const struct yamltree_node *value,
               const struct sigma_tables *tables, struct arena *a, struct pred **ret,
               struct err *err) MUST_USE;
/* Values without a field: searched in the whole record. */
int sigma_item_keywords(const struct yamltree_node *list, struct arena *a, struct pred **ret,
                        struct err *err) MUST_USE;
/* All children under AND or OR; a single child is returned itself. n > 0. */
struct pred *sigma_join(enum pred_kind kind, struct pred **children, size_t n, struct arena *a) MUST_USE;

/* Named selections of a rule and the condition over them → tree. */
struct sigma_selection {
    struct str name;
    const struct pred *tree;
};
int sigma_cond_parse(const struct yamltree_node *condition, const struct sigma_selection *selections,
                     size_t n, struct arena *a, struct pred **ret, struct err *err) MUST_USE;

enum sigma_corr_type { SIGMA_EVENT_COUNT, SIGMA_VALUE_COUNT, SIGMA_TEMPORAL, SIGMA_TEMPORAL_ORDERED };

struct sigma_alias {
    struct str alias, rule, field; /* field of the events of that rule */
};

/* A correlation as written; names of rules and fields are not resolved yet. */
struct sigma_corr {
    enum sigma_corr_type type;
    const struct yamltree_node *node; /* of the correlation map, for errors while linking */
    struct rule_list refs;            /* ids or names, at most SIGMA_REFS_MAX */
    struct rule_list group_by;        /* Sigma names or aliases, at most SIGMA_GROUP_MAX */
    size_t n_aliases;
    struct sigma_alias *aliases;
    struct str value_field; /* value_count */
    int64_t span_ns;
    uint64_t low, high; /* the count must lie in [low, high]; high UINT64_MAX: open */
    bool generate;      /* the rules referred to match on their own too */
};
int sigma_corr_parse(const struct yamltree_node *map, struct arena *a, struct sigma_corr *ret,
                     struct err *err) MUST_USE;

struct sigma_rule {
    struct rule_info info;
    struct pred *tree;          /* log source and condition; NULL for a correlation */
    struct pred *where, *cond;  /* its two parts; where NULL: any log source */
    struct sigma_tables tables; /* of its log source */
    struct sigma_corr *corr;    /* NULL for a rule */
};
/* info of a document as far as it can be read (for the report of a refused rule); never fails. */
void sigma_peek(const struct yamltree_node *doc, struct rule_info *ret);
/* A text by key, left alone where absent; a plain number is not a text. */
int sigma_meta_text(const struct yamltree_node *map, struct str key, struct str *ret,
                    struct err *err) MUST_USE;
int sigma_meta_parse(const struct yamltree_node *doc, struct arena *a, struct rule_info *ret,
                     struct err *err) MUST_USE;
int sigma_parse(const struct yamltree_node *doc, const struct sigma_map *map, struct arena *a,
                struct sigma_rule *ret, struct err *err) MUST_USE;

#endif
