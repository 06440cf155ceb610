/*
 * rule.h - what is known of a rule besides its condition: names, level, severity by the regulation, clauses,
 * explanation. Constant after loading; lives in the plan.
 */
#ifndef KHIEN_DETECT_RULE_H
#define KHIEN_DETECT_RULE_H

#include "base/buf.h"
#include "model/event.h"

/* Levels as Sigma writes them. */
enum rule_level { RULE_INFORMATIONAL, RULE_LOW, RULE_MEDIUM, RULE_HIGH, RULE_CRITICAL, RULE_LEVEL_COUNT };

/* Severity as clause 4 of article 3 of the regulation defines it. */
enum rule_severity {
    RULE_SEVERITY_LOW,
    RULE_SEVERITY_MEDIUM,
    RULE_SEVERITY_HIGH,
    RULE_SEVERITY_CRITICAL,
    RULE_SEVERITY_COUNT
};

struct rule_text {
    struct str vi, en; /* .p == NULL where the rule has none */
};

struct rule_list {
    size_t n;
    struct str *items;
};

struct rule_info {
    struct str file; /* as given to the loader */
    size_t line;     /* of the document in the file, from 1 */
    struct str id;   /* Sigma id; its name, then its title where it has none */
    struct str name; /* Sigma name; empty where it has none */
    struct rule_text title;
    struct str description, author, status;
    enum rule_level level;
    enum rule_severity severity; /* from the level, or khien.severity */
    bool correlation;
    bool silent;              /* matches only feed correlations that refer to the rule */
    struct rule_list clauses; /* "D20.2.c" */
    struct rule_list tags, false_positives;
    struct rule_list group_by;       /* ECS names whose values tell repeated matches apart */
    struct rule_text what, why, now; /* may hold {field} references, see rule_put_text */
};

/* "informational" … "critical", and back (-1 unknown). */
struct str rule_level_name(enum rule_level level);
int rule_level_find(struct str name);
/* "low" … "critical", and back (-1 unknown). */
struct str rule_severity_name(enum rule_severity severity);
int rule_severity_find(struct str name);
enum rule_severity rule_severity_of(enum rule_level level);

/*
 * Time allowed from detection until the matter is settled, ns of elapsed time: critical 1 day, high 2 days,
 * medium 3 days, low 0 = no limit. Source: regulation, article 20 clause 2 letters b, c, d; duties.md T2 (the
 * strict clock).
 */
int64_t rule_deadline_ns(enum rule_severity severity);

/*
 * Append a text with each {field} replaced by its value in the event; "?" where the event has none. "{{" is a
 * brace. A value is cut at 200 bytes at a character border.
 */
void rule_put_text(struct buf *b, struct str text, const struct event *e);
/* The text has only references to field names that may stand in an event; *ret_bad names the first that is
 * not closed or empty. */
bool rule_text_is_sound(struct str text, struct str *ret_bad);

#endif
