/*
 * node_search.h - searches as JSON, for the API and the tool. A search carries copies of all it needs, so it
 * runs in a worker thread on a snapshot of the store.
 */
#ifndef KHIEN_FLOW_NODE_SEARCH_H
#define KHIEN_FLOW_NODE_SEARCH_H

#include "flow/node.h"
#include "store/search.h"

struct node_names; /* names of sources at one moment */

int node_search_names(struct node *n, struct node_names **ret, struct err *err) MUST_USE;
void node_search_names_free(struct node_names *names);
struct str node_search_name_of(const struct node_names *names, uint32_t id); /* empty where unknown */
/* For search_opts.source_fn with the names as argument. */
struct str node_search_source(void *names, uint32_t id);

enum node_search_kind {
    NODE_SEARCH,
    NODE_SEARCH_COUNT,
    NODE_SEARCH_HISTOGRAM,
    NODE_SEARCH_AROUND,
    NODE_SEARCH_IDS
};

struct node_search {
    enum node_search_kind kind;
    /* Where to look. */
    struct store *store;
    const struct sys *sys;
    const struct sentences *sentences;
    const struct node_names *names;
    const atomic_bool *cancel; /* NULL: cannot be cancelled */
    int64_t budget_ns;
    size_t budget_bytes;
    /* What for. Texts are borrowed. */
    struct str q;
    int64_t now_ns, from_ns, to_ns; /* 0 and INT64_MAX: open */
    uint64_t limit, cursor;
    bool oldest_first;
    size_t buckets;             /* HISTOGRAM */
    uint64_t id, before, after; /* AROUND */
    bool single;                /* AROUND: the event alone, not a list */
    const uint64_t *ids;        /* IDS */
    size_t n_ids;
    bool flat; /* NDJSON of flat ECS objects instead of the API's answer; tables: one object per row */
};

/* Run it; the answer is appended to out. Errors as in store/search.h and query/query.h. */
int node_search_run(const struct node_search *s, struct buf *out, struct err *err) MUST_USE;

#endif
