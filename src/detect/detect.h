/*
 * detect.h - Sigma rules over a stream of events. A plan is made from rule files and never changes; a state
 * runs one plan for one thread and keeps the windows of correlations. Reload: load a new plan, move the state
 * to it (detect_state_move), free the old plan. docs/format/rules.md.
 */
#ifndef KHIEN_DETECT_DETECT_H
#define KHIEN_DETECT_DETECT_H

#include "detect/rule.h"
#include "query/pred.h"
#include "sys/sys.h"

#define DETECT_RULES_MAX 20000u
#define DETECT_FILE_BYTES_MAX (1024u * 1024u) /* one rule file */
#define DETECT_MEMORY_BYTES_MAX (512u * 1024u * 1024u)
#define DETECT_PATHS_DEPTH_MAX 16u /* folders inside each other */
#define DETECT_IDS_MAX 32u         /* events that a match names */
#define DETECT_GROUP_MAX 8u
#define DETECT_WINDOW_BYTES_DEFAULT (32u * 1024u * 1024u)
#define DETECT_FOLD_NS_DEFAULT (3600 * NS_PER_S) /* matches of one group are one finding for so long */

struct detect_plan;
struct detect_state;

/* One document of a rule file and what became of it. */
struct detect_report {
    struct str file, id, title;
    bool accepted;
    struct str reason; /* of a refusal, with file and line; empty where accepted */
    size_t line;       /* of the mistake, else of the document; from 1 */
};

struct detect_text {
    struct str name; /* how reports call it */
    struct str text;
};

/*
 * detect_load - make a plan from rule files.
 *
 * sys     files are read through it
 * paths   n files or folders; of folders all *.yml and *.yaml below, in byte order
 * maps    folder with logsources.yaml and fields.yaml (catalogue/sigma)
 * Errors  a file or folder cannot be read, the maps are wrong, no memory. A rule that cannot run is no error:
 * it is refused in the report.
 */
int detect_load(const struct sys *sys, const char *const *paths, size_t n, const char *maps,
                struct detect_plan **ret, struct err *err) MUST_USE;
/* The same from texts in memory; logsources and fields are the two map files. */
int detect_load_texts(const struct detect_text *files, size_t n, const struct detect_text *logsources,
                      const struct detect_text *fields, struct detect_plan **ret, struct err *err) MUST_USE;
void detect_free(struct detect_plan *plan); /* NULL allowed; no state may use it any more */

size_t detect_report_count(const struct detect_plan *plan);
const struct detect_report *detect_report_get(const struct detect_plan *plan, size_t i);
/* Accepted rules, in the order of the files. */
size_t detect_rule_count(const struct detect_plan *plan);
const struct rule_info *detect_rule_get(const struct detect_plan *plan, size_t i);
/* Accepted rule of an id; NULL where there is none. */
const struct rule_info *detect_rule_find(const struct detect_plan *plan, struct str id);

struct detect_match {
    const struct rule_info *rule;
    const struct event *event; /* the event that completed it */
    size_t index;              /* of the event in the batch */
    /*
     * A correlation that fired goes on while hits come within its timespan: each of them is told with
     * again = true and count = 1, so that a finding can count on without a new alarm.
     */
    bool again;
    uint64_t count; /* events of a rule: 1; of a correlation: what its window holds */
    int64_t first_ns, last_ns;
    /* Matches of one rule with equal group values have one key: repeated ones belong to one finding. */
    uint64_t group_key;
    size_t n_group;
    struct str group_names[DETECT_GROUP_MAX], group_values[DETECT_GROUP_MAX];
    size_t n_ids;
    uint64_t ids[DETECT_IDS_MAX]; /* event.id of the newest events it rests on, oldest first */
};
/* The match and all it points to are valid during the call. */
typedef void detect_match_fn(void *arg, const struct detect_match *match);

struct detect_options {
    size_t window_bytes_max; /* memory of correlations; 0: DETECT_WINDOW_BYTES_DEFAULT */
    uint64_t seed;           /* of group keys: random, the same for the life of a node */
};
struct detect_stats {
    uint64_t events, candidates, matches; /* since the state was made */
    uint64_t regex_gave_up;               /* expressions that took too long and did not match */
    /* Windows given up for want of memory; hits too late for their window; hits without a group value. */
    uint64_t evicted, too_old, without_group;
    size_t windows, window_bytes;
    size_t literals, values, always; /* of the plan: triggers, and rules looked at for every event */
    size_t database_bytes;
};

int detect_state_new(const struct detect_plan *plan, const struct detect_options *options,
                     struct detect_state **ret, struct err *err) MUST_USE;
void detect_state_free(struct detect_state *s); /* NULL allowed */
/* Go on with another plan; windows of correlations whose definition is the same are kept. */
int detect_state_move(struct detect_state *s, const struct detect_plan *plan, struct err *err) MUST_USE;
void detect_state_stats(const struct detect_state *s, struct detect_stats *ret);

/*
 * detect_run - match a batch. Events count by their time_ns, in any order within a correlation's timespan.
 * fn is called for each match, in the order of the events.
 */
void detect_run(struct detect_state *s, const struct event *events, size_t n, detect_match_fn *fn, void *arg);

/*
 * All simple rules on one event, each by itself without the plan's shortcuts: what the plan must agree with.
 * fn gets the number of each rule that matches. Errors: ERR_NOMEM, on the first call.
 */
int detect_run_plain(struct detect_state *s, const struct event *e, void (*fn)(void *arg, size_t rule),
                     void *arg, struct err *err) MUST_USE;

#endif
