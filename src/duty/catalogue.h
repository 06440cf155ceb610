/*
 * catalogue.h - the duty catalogue: duties, articles, chapters and laws as data with a version
 * (docs/format/duties.md). A loaded catalogue is constant; every text is a view into it and lives as long as
 * it does. Loading is strict: an unknown key, a missing compulsory key, an unknown word or a doubled id is an
 * error that names file and line.
 */
#ifndef KHIEN_DUTY_CATALOGUE_H
#define KHIEN_DUTY_CATALOGUE_H

#include "base/err.h"
#include "base/str.h"
#include "duty/calendar.h"
#include "sys/sys.h"

#define CATALOGUE_DUTIES_MAX 4096u
#define CATALOGUE_BYTES_MAX (64u * 1024u * 1024u) /* memory of one catalogue */
#define CATALOGUE_TITLE_CHARS_MAX 100u

/*        constant                     word */
#define CATALOGUE_WHO_TABLE(X)                                                                               \
    X(CATALOGUE_AGENCY, "agency")                                                                            \
    X(CATALOGUE_HEAD, "head")                                                                                \
    X(CATALOGUE_OFFICER, "officer")                                                                          \
    X(CATALOGUE_OWNER, "owner")                                                                              \
    X(CATALOGUE_OPERATOR, "operator")                                                                        \
    X(CATALOGUE_USER, "user")                                                                                \
    X(CATALOGUE_BUSINESS_UNIT, "business_unit")                                                              \
    X(CATALOGUE_MONITORING_TEAM, "monitoring_team")                                                          \
    X(CATALOGUE_SERVER_ROOM_OWNER, "server_room_owner")                                                      \
    X(CATALOGUE_THIRD_PARTY, "third_party")                                                                  \
    X(CATALOGUE_CITY_POLICE, "city_police")

#define CATALOGUE_SCOPE_TABLE(X)                                                                             \
    X(CATALOGUE_SCOPE_ORG, "org")                                                                            \
    X(CATALOGUE_SCOPE_SYSTEM, "system")                                                                      \
    X(CATALOGUE_SCOPE_SERVER, "server")                                                                      \
    X(CATALOGUE_SCOPE_WORKSTATION, "workstation")                                                            \
    X(CATALOGUE_SCOPE_NETWORK_DEVICE, "network_device")                                                      \
    X(CATALOGUE_SCOPE_WIFI, "wifi")                                                                          \
    X(CATALOGUE_SCOPE_MOBILE, "mobile")                                                                      \
    X(CATALOGUE_SCOPE_ACCOUNT, "account")                                                                    \
    X(CATALOGUE_SCOPE_ADMIN_ACCOUNT, "admin_account")                                                        \
    X(CATALOGUE_SCOPE_BACKUP, "backup")                                                                      \
    X(CATALOGUE_SCOPE_KEY, "key")                                                                            \
    X(CATALOGUE_SCOPE_CONTRACT, "contract")                                                                  \
    X(CATALOGUE_SCOPE_INCIDENT, "incident")                                                                  \
    X(CATALOGUE_SCOPE_VULNERABILITY, "vulnerability")                                                        \
    X(CATALOGUE_SCOPE_PERSON, "person")                                                                      \
    X(CATALOGUE_SCOPE_LOG, "log")                                                                            \
    X(CATALOGUE_SCOPE_SOFTWARE, "software")                                                                  \
    X(CATALOGUE_SCOPE_STORAGE_MEDIA, "storage_media")                                                        \
    X(CATALOGUE_SCOPE_SERVER_ROOM, "server_room")

#define CATALOGUE_TRIGGER_TABLE(X)                                                                           \
    X(CATALOGUE_ONCE, "once")                                                                                \
    X(CATALOGUE_CONTINUOUS, "continuous")                                                                    \
    X(CATALOGUE_PERIODIC, "periodic")                                                                        \
    X(CATALOGUE_EVENT, "event")

#define CATALOGUE_VERIFICATION_TABLE(X)                                                                      \
    X(CATALOGUE_MACHINE, "A")                                                                                \
    X(CATALOGUE_WORKFLOW, "W")                                                                               \
    X(CATALOGUE_ATTESTATION, "M")

#define CATALOGUE_FORM_TABLE(X)                                                                              \
    X(CATALOGUE_FORM_NONE, "")                                                                               \
    X(CATALOGUE_FORM_POLICY, "policy")                                                                       \
    X(CATALOGUE_FORM_PLAN, "plan")                                                                           \
    X(CATALOGUE_FORM_PROCEDURE, "procedure")                                                                 \
    X(CATALOGUE_FORM_REPORT, "report")                                                                       \
    X(CATALOGUE_FORM_MINUTES, "minutes")                                                                     \
    X(CATALOGUE_FORM_CONTRACT, "contract")                                                                   \
    X(CATALOGUE_FORM_DECISION, "decision")                                                                   \
    X(CATALOGUE_FORM_REGISTER, "register")                                                                   \
    X(CATALOGUE_FORM_PHOTO, "photo")                                                                         \
    X(CATALOGUE_FORM_TRAINING, "training")                                                                   \
    X(CATALOGUE_FORM_COMMITMENT, "commitment")                                                               \
    X(CATALOGUE_FORM_APPROVAL, "approval")                                                                   \
    X(CATALOGUE_FORM_DIAGRAM, "diagram")                                                                     \
    X(CATALOGUE_FORM_CONFIG, "config")                                                                       \
    X(CATALOGUE_FORM_OTHER, "other")

#define X(name, word) name,
enum catalogue_who { CATALOGUE_WHO_TABLE(X) CATALOGUE_WHO_COUNT };
enum catalogue_scope { CATALOGUE_SCOPE_TABLE(X) CATALOGUE_SCOPE_COUNT };
enum catalogue_trigger { CATALOGUE_TRIGGER_TABLE(X) CATALOGUE_TRIGGER_COUNT };
enum catalogue_verification { CATALOGUE_VERIFICATION_TABLE(X) CATALOGUE_VERIFICATION_COUNT };
enum catalogue_form { CATALOGUE_FORM_TABLE(X) CATALOGUE_FORM_COUNT };
#undef X

struct catalogue_text {
    struct str vi, en; /* .p == NULL where the optional text is missing */
};

struct catalogue_chapter {
    struct str id; /* Roman number */
    struct catalogue_text title;
};

struct catalogue_article {
    int32_t n;
    const struct catalogue_chapter *chapter;
    struct catalogue_text title;
};

struct catalogue_law {
    struct str id, number;
    struct catalogue_text title;
    bool cited;                    /* named by the regulation itself */
    bool in_force_ends;            /* in_force_to is set */
    int32_t in_force_from;         /* days since 1970-01-01 */
    int32_t in_force_to;           /* last day in force */
    const struct str *replaced_by; /* ids of laws of the catalogue */
    size_t n_replaced_by;
};

struct catalogue_duty {
    struct str id;
    size_t index;                            /* place in legal order, from 0 */
    int32_t number;                          /* article, 0 for the decision */
    const struct catalogue_article *article; /* NULL for the decision */
    struct catalogue_text clause, title, event, threshold, why, todo;
    uint32_t who;   /* bits 1u << enum catalogue_who */
    uint32_t scope; /* bits 1u << enum catalogue_scope */
    enum catalogue_trigger trigger;
    struct calendar_span every;  /* periodic; else .n == 0 */
    struct calendar_span within; /* event with a deadline; else .n == 0 */
    bool is_default;             /* the number is a default of Khiên, not of the regulation */
    enum catalogue_verification verification;
    const struct str *checks;      /* ids of checks that prove it */
    const struct str *check_words; /* code of the name of each: "word.check.password.age" */
    size_t n_checks;
    enum catalogue_form form; /* CATALOGUE_FORM_NONE: no document */
    bool approve;             /* a second person approves the document */
    struct calendar_span freshness;
    const struct catalogue_law **laws;
    size_t n_laws;
    struct str file; /* where it is written */
    size_t line;
};

struct catalogue;

/*
 * Load the folder `dir` (catalogue.yaml, articles.yaml, laws.yaml, duties/ with its *.yaml files). Errors:
 * ERR_PARSE
 * ("file:line: why", err->line), ERR_NOT_FOUND, ERR_IO, ERR_LIMIT, ERR_NOMEM.
 */
int catalogue_load(const struct sys *sys, const char *dir, struct catalogue **ret, struct err *err) MUST_USE;
/*
 * The same from texts, in three steps: new, then any number of add (which: the name of the file decides what
 * it holds: "catalogue.yaml", "articles.yaml", "laws.yaml", else duties), then finish, which checks what
 * spans files (doubled ids, laws, articles) and sorts. Nothing may be looked up before finish.
 */
int catalogue_new(struct catalogue **ret, struct err *err) MUST_USE;
int catalogue_add(struct catalogue *c, struct str file, struct str text, struct err *err) MUST_USE;
int catalogue_finish(struct catalogue *c, struct err *err) MUST_USE;
void catalogue_free(struct catalogue *c); /* NULL is allowed */
DEFINE_FREEP(catalogue)

struct str catalogue_version(const struct catalogue *c); /* "2026.11.1" */
int32_t catalogue_date(const struct catalogue *c);       /* days since 1970-01-01 */

/* Number of duties; the i-th in legal order (article, clause, letter a b c d dd e g …, number), i < count. */
size_t catalogue_count(const struct catalogue *c);
const struct catalogue_duty *catalogue_at(const struct catalogue *c, size_t i);
const struct catalogue_duty *catalogue_find(const struct catalogue *c, struct str id); /* NULL: unknown */

size_t catalogue_article_count(const struct catalogue *c);
const struct catalogue_article *catalogue_article_at(const struct catalogue *c, size_t i);
const struct catalogue_article *catalogue_article_find(const struct catalogue *c, int64_t n);
size_t catalogue_law_count(const struct catalogue *c);
const struct catalogue_law *catalogue_law_at(const struct catalogue *c, size_t i);
const struct catalogue_law *catalogue_law_find(const struct catalogue *c, struct str id);
/* The law is in force on a day (days since 1970-01-01). */
bool catalogue_law_in_force(const struct catalogue_law *law, int64_t day);

/* Legal order of two duty ids: <0, 0, >0. */
int catalogue_cmp_ids(struct str a, struct str b);

/* Words of the tables above, as in the files and in the interface. */
struct str catalogue_who_name(enum catalogue_who who);
struct str catalogue_scope_name(enum catalogue_scope scope);
struct str catalogue_trigger_name(enum catalogue_trigger trigger);
struct str catalogue_verification_name(enum catalogue_verification verification);
struct str catalogue_form_name(enum catalogue_form form);
int catalogue_form_find(struct str word); /* -1: unknown */

#endif
