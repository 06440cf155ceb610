#include "parse/winlog.h"

#include "parse/net.h"

enum channel { SECURITY, SYSTEM, SYSMON, POWERSHELL, DEFENDER, TASKS, SESSIONS, CHANNEL_OTHER };

static const struct {
    struct str name;
    enum channel channel;
} channels[] = {
    {{"Security", 8}, SECURITY},
    {{"System", 6}, SYSTEM},
    {{"Microsoft-Windows-Sysmon/Operational", 36}, SYSMON},
    {{"Microsoft-Windows-PowerShell/Operational", 40}, POWERSHELL},
    {{"PowerShellCore/Operational", 26}, POWERSHELL},
    {{"Windows PowerShell", 18}, POWERSHELL},
    {{"Microsoft-Windows-Windows Defender/Operational", 46}, DEFENDER},
    {{"Microsoft-Windows-TaskScheduler/Operational", 43}, TASKS},
    {{"Microsoft-Windows-TerminalServices-LocalSessionManager/Operational", 66}, SESSIONS},
};

enum outcome_of { NONE = OUTCOME_NONE, SUCCESS = OUTCOME_SUCCESS, FAILURE = OUTCOME_FAILURE };

static const struct row {
    enum channel channel;
    uint16_t code;
    enum parse_action action;
    enum outcome_of outcome;
    enum fieldmap_space space;
} rows[] = {
#define WINEVENT(channel_, code_, action_, outcome_, space_)                                                 \
    {channel_, code_, ACTION_##action_, outcome_, MAP_##space_},
#include "parse/winlog.def"
#undef WINEVENT
};

enum head { HEAD_KEPT, HEAD_KEYWORDS, HEAD_LEVEL }; /* what else is made of it */

/* Heads that are kept beside the ones of fieldmap.def. */
static const struct {
    struct str name, field;
    enum head head;
} others[] = {
    {{"Keywords", 8}, {"winlog.keywords", 15}, HEAD_KEYWORDS},
    {{"keywords", 8}, {"winlog.keywords", 15}, HEAD_KEYWORDS},
    {{"Level", 5}, {"winlog.level", 12}, HEAD_LEVEL},
    {{"level", 5}, {"winlog.level", 12}, HEAD_LEVEL},
    {{"Task", 4}, {"winlog.task", 11}, HEAD_KEPT},
    {{"task", 4}, {"winlog.task", 11}, HEAD_KEPT},
    {{"Opcode", 6}, {"winlog.opcode", 13}, HEAD_KEPT},
    {{"opcode", 6}, {"winlog.opcode", 13}, HEAD_KEPT},
    {{"Version", 7}, {"winlog.version", 14}, HEAD_KEPT},
    {{"version", 7}, {"winlog.version", 14}, HEAD_KEPT},
    {{"Provider.#attributes.Guid", 25}, {"winlog.provider_guid", 20}, HEAD_KEPT},
    {{"ProviderGuid", 12}, {"winlog.provider_guid", 20}, HEAD_KEPT},
    {{"provider_guid", 13}, {"winlog.provider_guid", 20}, HEAD_KEPT},
    {{"Execution.#attributes.ProcessID", 31}, {"winlog.process.pid", 18}, HEAD_KEPT},
    {{"ExecutionProcessID", 18}, {"winlog.process.pid", 18}, HEAD_KEPT},
    {{"process.pid", 11}, {"winlog.process.pid", 18}, HEAD_KEPT},
    {{"Execution.#attributes.ThreadID", 30}, {"winlog.process.thread.id", 24}, HEAD_KEPT},
    {{"ThreadID", 8}, {"winlog.process.thread.id", 24}, HEAD_KEPT},
    {{"process.thread.id", 17}, {"winlog.process.thread.id", 24}, HEAD_KEPT},
    {{"Security.#attributes.UserID", 27}, {"winlog.user.identifier", 22}, HEAD_KEPT},
    {{"UserID", 6}, {"winlog.user.identifier", 22}, HEAD_KEPT},
    {{"user.identifier", 15}, {"winlog.user.identifier", 22}, HEAD_KEPT},
    {{"user.name", 9}, {"winlog.user.name", 16}, HEAD_KEPT},
    {{"user.domain", 11}, {"winlog.user.domain", 18}, HEAD_KEPT},
    {{"activity_id", 11}, {"winlog.activity_id", 18}, HEAD_KEPT},
    {{"Correlation.#attributes.ActivityID", 34}, {"winlog.activity_id", 18}, HEAD_KEPT},
};

static const struct str times[] = {
    {"TimeCreated.#attributes.SystemTime", 34},
    {"TimeCreated", 11},
    {"EventTime", 9},
    {"@timestamp", 10},
};

bool winlog_head(struct parse_out *out, struct winlog *w, struct str name, struct str value)
{
    uint16_t id = fieldmap_find(MAP_WINHEAD, name);
    if (id != FIELD_OTHER) {
        struct str *keep = id == FIELD_WIN_CHANNEL    ? &w->channel
                           : id == FIELD_WIN_PROVIDER ? &w->provider
                           : id == FIELD_EVENT_CODE   ? &w->code
                                                      : NULL;
        if (keep != NULL && keep->n == 0)
            *keep = value;
        parse_out_add(out, id, value);
        return true;
    }
    for (size_t i = 0; i < COUNT_OF(times); i++) {
        if (str_eq(name, times[i])) {
            if (w->time.n == 0)
                w->time = value;
            return true;
        }
    }
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        if (!str_eq(name, others[i].name))
            continue;
        if (others[i].head == HEAD_KEYWORDS)
            w->keywords = value;
        else if (others[i].head == HEAD_LEVEL)
            w->level = value;
        parse_out_put_named(out, others[i].field, value);
        return true;
    }
    return false;
}

void winlog_data(struct winlog *w, struct str name, struct str value)
{
    if (w->n < WINLOG_DATA_MAX && name.n > 0 && value.n > 0)
        w->data[w->n++] = (struct json_item){name, value};
}

static const struct row *row_of(const struct winlog *w)
{
    uint64_t code;
    enum channel channel = CHANNEL_OTHER;
    for (size_t i = 0; i < COUNT_OF(channels); i++) {
        if (str_eq(w->channel, channels[i].name))
            channel = channels[i].channel;
    }
    if (channel == CHANNEL_OTHER || !str_to_u64(w->code, UINT16_MAX, &code))
        return NULL;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (rows[i].code == code && rows[i].channel == channel)
            return &rows[i];
    }
    return NULL;
}

/* Bits 52 and 53 of the keywords: audit failure, audit success; NXLog writes them as a signed number. */
static enum parse_outcome audit_outcome(struct str keywords)
{
    int64_t v;
    uint64_t bits = 0;
    if (str_find(keywords, S("Audit Success")) != SIZE_MAX)
        return OUTCOME_SUCCESS;
    if (str_find(keywords, S("Audit Failure")) != SIZE_MAX)
        return OUTCOME_FAILURE;
    if (str_starts(keywords, S("0x80")) && keywords.n == 18)
        bits = (uint64_t)(keywords.p[4] == '1') << 52 | (uint64_t)(keywords.p[4] == '2') << 53;
    else if (str_to_i64(keywords, INT64_MIN, 0, &v))
        bits = (uint64_t)v;
    return (bits >> 52 & 1) != 0 ? OUTCOME_FAILURE : (bits >> 53 & 1) != 0 ? OUTCOME_SUCCESS : OUTCOME_NONE;
}

/* Level 1 critical … 5 verbose as number, or the words of winlogbeat and NXLog. */
static void put_level(struct parse_out *out, const struct winlog *w)
{
    static const uint8_t severity[] = {6, 2, 3, 4, 6, 7};
    uint64_t v;
    int word = event_severity_find(w->level);
    if (out->e.facility != EVENT_NO_FACILITY)
        return;
    if (str_to_u64(w->level, 5, &v))
        out->e.severity = severity[v];
    else if (word >= 0)
        out->e.severity = (uint8_t)word;
    else if (str_eq(w->level, S("information")) || str_eq(w->level, S("Information")))
        out->e.severity = 6;
}

/* "winlog.event_data." in front of every name, all names in one piece of memory. */
static void put_names(struct parse_out *out, const struct winlog *w)
{
    struct str prefix = S("winlog.event_data.");
    size_t n = 0;
    for (size_t i = 0; i < w->n; i++)
        n += prefix.n + w->data[i].name.n;
    char *p = n == 0 ? NULL : arena_alloc(out->arena, n, 1, 1);
    for (size_t i = 0; i < w->n && p != NULL && out->n < EVENT_FIELDS_MAX; i++) {
        struct str name = {p, prefix.n + w->data[i].name.n};
        memcpy(p, prefix.p, prefix.n);
        memcpy(p + prefix.n, w->data[i].name.p, w->data[i].name.n);
        out->fields[out->n++] = (struct event_field){FIELD_OTHER, name, w->data[i].value};
        p += name.n;
    }
}

/* "MD5=…,SHA256=…,IMPHASH=…" of Sysmon. */
static void put_hashes(struct parse_out *out, struct str hashes)
{
    struct str part, name, value;
    while (hashes.n > 0) {
        (void)str_cut(hashes, ',', &part, &hashes);
        if (!str_cut(part, '=', &name, &value))
            continue;
        if (str_eq(name, S("MD5")))
            parse_out_add(out, FIELD_FILE_HASH_MD5, value);
        else if (str_eq(name, S("SHA1")))
            parse_out_add(out, FIELD_FILE_HASH_SHA1, value);
        else if (str_eq(name, S("SHA256")))
            parse_out_add(out, FIELD_FILE_HASH_SHA256, value);
    }
}

static enum parse_action action_of(const struct row *r, const struct winlog *w)
{
    for (size_t i = 0; i < w->n && r->code == 7036; i++) {
        if (str_eq(w->data[i].name, S("param2")) && str_eq(w->data[i].value, S("stopped")))
            return ACTION_SERVICE_STOPPED;
    }
    return r->action;
}

void winlog_put(struct parse_out *out, struct winlog *w)
{
    const struct row *r = row_of(w);
    enum fieldmap_space space = r == NULL ? MAP_WIN : r->space;
    out->dataset = S("windows.event");
    parse_out_observer(out, S("microsoft"), S("windows"));
    if (r != NULL) {
        enum parse_outcome outcome = (enum parse_outcome)r->outcome;
        if (outcome == OUTCOME_NONE && r->channel == SECURITY)
            outcome = audit_outcome(w->keywords);
        parse_out_act(out, action_of(r, w), outcome, (struct str){NULL, 0});
    } else {
        parse_out_known(out, out->dataset);
    }
    put_level(out, w);
    for (size_t i = 0; i < w->n; i++) {
        fieldmap_put(out, space, w->data[i].name, w->data[i].value, (struct str){NULL, 0});
        if (str_eq(w->data[i].name, S("Hashes")))
            put_hashes(out, w->data[i].value);
    }
    put_names(out, w);
    if ((out->e.flags & EVENT_NO_TIME) != 0 && w->time.n > 0)
        (void)body_time(out, w->time);
    if (w->message.n > 0)
        out->e.message = w->message;
}
