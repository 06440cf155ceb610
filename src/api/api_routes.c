/*
 * The table of routes. Order does not matter; a fixed path wins over one with {…} because no two rows of a
 * method match the same path.
 */
#include "api/api_handlers.h"
#include "api/api_route.h"
#include "register/register_evidence.h"
#include "register/register_search.h"
#include "register/register_source.h"

#define END                                                                                                  \
    {                                                                                                        \
        .type = TYPE_END                                                                                     \
    }
#define TEXT_OF(name_, max_, doc_)                                                                           \
    {                                                                                                        \
        .name = name_, .type = TYPE_STRING, .max = max_, .doc = doc_                                         \
    }
#define NEED_TEXT(name_, max_, doc_)                                                                         \
    {                                                                                                        \
        .name = name_, .type = TYPE_STRING, .required = true, .min = 1, .max = max_, .doc = doc_             \
    }
#define NEED_SECRET(name_, doc_)                                                                             \
    {                                                                                                        \
        .name = name_, .type = TYPE_STRING, .required = true, .secret = true, .max = PASSWORD_BYTES_MAX,     \
        .doc = doc_                                                                                          \
    }
#define WORD_OF(name_, words_, doc_)                                                                         \
    {                                                                                                        \
        .name = name_, .type = TYPE_WORD, .words = words_, .doc = doc_                                       \
    }
#define NUMBER_OF(name_, min_, max_, doc_)                                                                   \
    {                                                                                                        \
        .name = name_, .type = TYPE_INT, .min = min_, .max = max_, .doc = doc_                               \
    }

#define ROLE_WORDS "officer|head|operator|auditor"
#define PAGE_PARAMS                                                                                          \
    NUMBER_OF("limit", 1, REGISTER_PAGE_MAX, "rows of a page, 100 by default"),                              \
        NUMBER_OF("cursor", 1, INT64_MAX, "next of the page before")
#define SPAN_PARAMS                                                                                          \
    TEXT_OF("q", 4096, "query"), TEXT_OF("from", 64, "RFC 3339, -15m, today …"), TEXT_OF("to", 64, "as from")

static const struct api_member q_page[] = {PAGE_PARAMS, END};
static const struct api_member q_search[] = {SPAN_PARAMS, NUMBER_OF("limit", 1, 1000, "100 by default"),
                                             WORD_OF("order", "newest|oldest", "newest by default"),
                                             TEXT_OF("cursor", 1024, "next of the page before"), END};
static const struct api_member q_histogram[] = {SPAN_PARAMS, NUMBER_OF("buckets", 1, 500, "60 by default"),
                                                END};
static const struct api_member q_around[] = {NUMBER_OF("before", 0, 500, "50 by default"),
                                             NUMBER_OF("after", 0, 500, "50 by default"), END};
static const struct api_member q_query[] = {TEXT_OF("q", 4096, "query"), END};
static const struct api_member q_findings[] = {
    WORD_OF("state", "open|acknowledged|closed|all", "open and acknowledged where not given"),
    WORD_OF("severity", "low|medium|high|critical", ""), PAGE_PARAMS, END};
static const struct api_member q_duties[] = {WORD_OF("status", "met|failed|overdue|unknown|na", ""),
                                             TEXT_OF("article", 8, ""),
                                             TEXT_OF("chapter", 8, ""),
                                             WORD_OF("kind", "A|W|M", "machine, workflow, attestation"),
                                             TEXT_OF("q", 256, "words of the title"),
                                             END};
static const struct api_member q_evidence[] = {
    TEXT_OF("duty", 32, ""), WORD_OF("state", "waiting|approved|rejected|expired", ""), PAGE_PARAMS, END};
static const struct api_member q_exceptions[] = {
    TEXT_OF("duty", 32, ""), WORD_OF("state", "waiting|approved|rejected|ended", ""), PAGE_PARAMS, END};
static const struct api_member q_metric[] = {NEED_TEXT("name", 64, "cpu, ram_used, …"),
                                             TEXT_OF("from", 64, ""), TEXT_OF("to", 64, ""),
                                             NUMBER_OF("step", 1, 86400, "seconds"), END};
static const struct api_member q_audit[] = {TEXT_OF("action", 64, "only this action"), PAGE_PARAMS, END};

static const struct api_member m_org[] = {NEED_TEXT("name", 256, "name of the agency"),
                                          NEED_TEXT("code", 64, "its identifier"),
                                          TEXT_OF("address", 512, ""), END};
static const struct api_member m_captcha[] = {NEED_TEXT("id", 64, ""), NEED_TEXT("answer", 16, ""), END};
static const struct api_member b_none[] = {END};
static const struct api_member b_setup[] = {
    {.name = "code",
     .type = TYPE_STRING,
     .required = true,
     .secret = true,
     .max = 32,
     .doc = "from the console of the machine"},
    {.name = "org", .type = TYPE_OBJECT, .required = true, .members = m_org, .doc = "the agency"},
    NEED_TEXT("name", 256, "name of the person"),
    TEXT_OF("phone", 32, ""),
    NEED_TEXT("login", REGISTER_LOGIN_BYTES_MAX, "letters, digits, . - _"),
    NEED_SECRET("password", "rules of D13.6"),
    WORD_OF("role", "agency|city", "kind of the agency; agency by default"),
    END};
static const struct api_member b_sign_in[] = {
    NEED_TEXT("login", 256, ""),
    NEED_SECRET("password", ""),
    {.name = "totp", .type = TYPE_STRING, .secret = true, .max = 64, .doc = "one-time or recovery code"},
    {.name = "captcha", .type = TYPE_OBJECT, .members = m_captcha, .doc = "where it was asked for"},
    END};
static const struct api_member b_password[] = {NEED_SECRET("old", ""), NEED_SECRET("new", "rules of D13.6"),
                                               END};
static const struct api_member b_totp[] = {
    {.name = "code", .type = TYPE_STRING, .required = true, .secret = true, .max = 16, .doc = "six digits"},
    END};
static const struct api_member b_person[] = {
    NEED_TEXT("name", 256, ""),
    NEED_TEXT("login", REGISTER_LOGIN_BYTES_MAX, "letters, digits, . - _"),
    TEXT_OF("phone", 32, ""),
    NEED_SECRET("password", "must be changed at the first sign-in"),
    {.name = "role", .type = TYPE_WORD, .required = true, .words = ROLE_WORDS, .doc = ""},
    END};
static const struct api_member b_new_password[] = {
    NEED_SECRET("password", "must be changed at the next sign-in"), END};
static const struct api_member b_note[] = {TEXT_OF("note", 4000, ""), END};
static const struct api_member b_close[] = {TEXT_OF("note", 4000, "why it is closed; compulsory"), END};
static const struct api_member b_evidence[] = {
    WORD_OF("kind", "document", ""),
    NEED_TEXT("title", 512, ""),
    {.name = "dated", .type = TYPE_DATE, .required = true, .doc = "date on the document"},
    NEED_TEXT("file_name", 255, ""),
    {.name = "content",
     .type = TYPE_STRING,
     .required = true,
     .min = 4,
     .max = (REGISTER_EVIDENCE_BYTES_MAX + 2) / 3 * 4,
     .doc = "base64, at most 8 MiB"},
    TEXT_OF("note", 4000, ""),
    END};
static const struct api_member b_exception[] = {
    NEED_TEXT("reason", 4000, ""),
    {.name = "until", .type = TYPE_DATE, .required = true, .doc = "last day"},
    END};
static const struct api_member b_source[] = {
    {.name = "name", .type = TYPE_STRING, .min = 1, .max = 128, .doc = ""},
    NUMBER_OF("silent_after_s", REGISTER_SILENT_S_MIN, REGISTER_SILENT_S_MAX, "seconds"),
    END};
static const struct api_member b_search[] = {NEED_TEXT("name", REGISTER_SEARCH_NAME_MAX, ""),
                                             TEXT_OF("q", REGISTER_SEARCH_QUERY_MAX, "query"),
                                             TEXT_OF("from", REGISTER_SEARCH_TIME_MAX, "as in GET /search"),
                                             TEXT_OF("to", REGISTER_SEARCH_TIME_MAX, "as from"), END};
static const struct api_member b_setting[] = {
    {.name = "value", .type = TYPE_INT, .required = true, .doc = ""}, END};

#define MC ROUTE_MUST_CHANGE
#define GET(path, permit, flags, handler, action, query, doc)                                                \
    {                                                                                                        \
        API_GET, path, permit, flags, handler, action, query, NULL, 200, doc                                 \
    }
#define POST(path, permit, flags, handler, action, body, status, doc)                                        \
    {                                                                                                        \
        API_POST, path, permit, flags, handler, action, NULL, body, status, doc                              \
    }

const struct api_route api_routes[] = {
    GET("/setup", PERMIT_OPEN, 0, api_setup_get, "setup", NULL, "Whether the node waits for its set-up"),
    POST("/setup", PERMIT_OPEN, ROUTE_NO_CSRF, api_setup_post, "setup", b_setup, 201,
         "Set the node up with the one-time code, and sign in"),
    GET("/session", PERMIT_OPEN, MC | ROUTE_NO_TOUCH, api_session_get, "session", NULL, "Who is signed in"),
    POST("/session", PERMIT_OPEN, ROUTE_NO_CSRF, api_signin_post, "sign_in", b_sign_in, 200, "Sign in"),
    {API_DELETE, "/session", PERMIT_SELF, MC, api_session_delete, "sign_out", NULL, NULL, 204, "Sign out"},
    GET("/captcha", PERMIT_OPEN, 0, api_signin_captcha, "captcha", NULL, "A new picture"),
    POST("/me/password", PERMIT_SELF, MC, api_me_password, "password_change", b_password, 204,
         "Change the own password"),
    POST("/me/totp/offer", PERMIT_SELF, 0, api_me_totp_offer, "totp_offer", b_none, 201,
         "A new secret for one-time codes; in force after it is confirmed"),
    POST("/me/totp", PERMIT_SELF, 0, api_me_totp_confirm, "totp_on", b_totp, 204,
         "Confirm the secret with a code"),

    GET("/me/searches", PERMIT_SELF, 0, api_search_list, "searches", NULL, "The own saved searches"),
    POST("/me/searches", PERMIT_SELF, 0, api_search_save, "search_save", b_search, 201,
         "Save a search under a name; the same name again replaces"),
    {API_DELETE, "/me/searches/{id}", PERMIT_SELF, 0, api_search_remove, "search_remove", NULL, NULL, 204,
     "Remove an own saved search"},

    GET("/people", PERMIT_READ, 0, api_people_list, "people", q_page, "People of the agency"),
    POST("/people", PERMIT_PEOPLE, 0, api_people_add, "person_add", b_person, 201, "Add a person"),
    POST("/people/{id}/disable", PERMIT_PEOPLE, 0, api_people_disable, "person_disable", b_none, 204,
         "Take an account out of use and end its session (D15.4.3)"),
    POST("/people/{id}/enable", PERMIT_PEOPLE, 0, api_people_enable, "person_enable", b_none, 204,
         "Bring an account back"),
    POST("/people/{id}/unlock", PERMIT_PEOPLE, 0, api_people_unlock, "person_unlock", b_none, 204,
         "Forget wrong sign-in tries"),
    POST("/people/{id}/password", PERMIT_PEOPLE, 0, api_people_password, "password_reset", b_new_password,
         204, "Give a new password that must be changed at the next sign-in"),

    GET("/today", PERMIT_READ, 0, api_today_get, "today", NULL, "What must be done today"),

    GET("/search", PERMIT_READ, ROUTE_AUDIT_READ, api_log_search, "search", q_search, "Search the logs"),
    GET("/histogram", PERMIT_READ, 0, api_log_histogram, "histogram", q_histogram, "Hits over time"),
    GET("/events/{id}", PERMIT_READ, ROUTE_AUDIT_READ, api_log_event, "event_read", NULL, "One event"),
    GET("/events/{id}/around", PERMIT_READ, ROUTE_AUDIT_READ, api_log_around, "event_around", q_around,
        "Events of the same source before and after"),
    GET("/tail", PERMIT_READ, ROUTE_AUDIT_READ | ROUTE_STREAM | ROUTE_NO_TOUCH, api_log_tail, "tail", q_query,
        "Live events"),
    GET("/fields", PERMIT_READ, 0, api_log_fields, "fields", q_query, "Names of fields for completion"),

    GET("/findings", PERMIT_READ, 0, api_finding_list, "findings", q_findings, "Findings, newest first"),
    GET("/findings/{id}", PERMIT_READ, 0, api_finding_get, "finding_read", NULL,
        "One finding with its events"),
    POST("/findings/{id}/ack", PERMIT_ACT, 0, api_finding_acknowledge, "finding_acknowledge", b_note, 200,
         "Acknowledge"),
    POST("/findings/{id}/close", PERMIT_ACT, 0, api_finding_close, "finding_close", b_close, 200, "Close"),

    GET("/duties", PERMIT_READ, 0, api_duty_list, "duties", q_duties, "Duties with their computed status"),
    GET("/duties/{id}", PERMIT_READ, 0, api_duty_get, "duty_read", NULL,
        "One duty with explanation, evidence, exceptions and history"),
    POST("/duties/{id}/evidence", PERMIT_ATTACH, 0, api_evidence_attach, "evidence_attach", b_evidence, 201,
         "Attach a document; another person approves it"),
    POST("/duties/{id}/not-applicable", PERMIT_ATTACH, 0, api_exception_request, "exception_request",
         b_exception, 201, "Ask for an exception; another person approves it"),
    GET("/evidence", PERMIT_READ, 0, api_evidence_list, "evidence", q_evidence, "Evidence, newest first"),
    GET("/evidence/{id}/content", PERMIT_READ, ROUTE_AUDIT_READ | ROUTE_FILE, api_evidence_content,
        "evidence_read", NULL, "The document"),
    POST("/evidence/{id}/approve", PERMIT_APPROVE, 0, api_evidence_approve, "evidence_approve", b_note, 200,
         "Approve a document"),
    POST("/evidence/{id}/reject", PERMIT_APPROVE, 0, api_evidence_reject, "evidence_reject", b_note, 200,
         "Reject a document"),
    GET("/exceptions", PERMIT_READ, 0, api_exception_list, "exceptions", q_exceptions,
        "Exceptions, newest first"),
    POST("/exceptions/{id}/approve", PERMIT_APPROVE, 0, api_exception_approve, "exception_approve", b_note,
         200, "Approve an exception"),
    POST("/exceptions/{id}/reject", PERMIT_APPROVE, 0, api_exception_reject, "exception_reject", b_note, 200,
         "Reject an exception"),

    GET("/sources", PERMIT_READ, 0, api_source_list, "sources", q_page, "Senders of logs"),
    POST("/sources/{id}", PERMIT_SYSTEM, 0, api_source_change, "source_change", b_source, 200,
         "Rename a source, or say when it counts as silent"),
    GET("/system", PERMIT_READ, 0, api_system_get, "system", NULL, "State of the node"),
    GET("/system/metrics", PERMIT_READ, 0, api_system_metric, "metric", q_metric, "Load over time"),
    POST("/system/verify", PERMIT_VERIFY, 0, api_system_verify_start, "verify", b_none, 202,
         "Check every seal in the background"),
    GET("/system/verify", PERMIT_READ, 0, api_system_verify_state, "verify_state", NULL,
        "Result of the seal check"),
    GET("/settings", PERMIT_READ, 0, api_setting_list, "settings", NULL, "Settings with range and history"),
    POST("/settings/{id}", PERMIT_SYSTEM, 0, api_setting_set, "setting_change", b_setting, 200,
         "Change a setting"),
    GET("/audit", PERMIT_AUDIT, 0, api_audit_get, "audit", q_audit, "What people and the node did"),
    GET("/openapi.json", PERMIT_OPEN, 0, api_system_openapi, "openapi", NULL, "This document"),

    GET("/healthz", PERMIT_OPEN, ROUTE_ROOT, api_system_health, "health", NULL, "The process runs"),
    GET("/readyz", PERMIT_OPEN, ROUTE_ROOT, api_system_ready, "ready", NULL, "The node takes events"),
    GET("/metrics", PERMIT_OPEN, ROUTE_ROOT | ROUTE_NO_TOUCH, api_system_metrics, "metrics", NULL,
        "Prometheus; with a session, or with the token from this machine"),
};

const size_t api_routes_count = COUNT_OF(api_routes);
