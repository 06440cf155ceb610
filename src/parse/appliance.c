#include "parse/linux.h"
#include "parse/pattern.h"

/* Virtualisation, storage, backup, file servers and antivirus: what they say by syslog. */

bool appliance_proxmox(struct parse_out *out, struct str msg)
{
    static const struct pattern_row rows[] = {
        {"authentication failure; rhost=%{source} user=%{user.name~} msg=%r", ACTION_SERVICE_LOGIN,
         OUTCOME_FAILURE, NULL},
        {"<%w> successful auth for user '%u'", ACTION_SERVICE_LOGIN, OUTCOME_SUCCESS, NULL},
        {"successful auth for user '%u'", ACTION_SERVICE_LOGIN, OUTCOME_SUCCESS, NULL},
        {"<%u> starting task UPID:%{service.name*}", ACTION_NONE, OUTCOME_NONE, NULL},
        {"<%u> end task UPID:%{service.name~} OK", ACTION_NONE, OUTCOME_NONE, NULL},
        {"INFO: Finished Backup of VM %{service.name} (%*", ACTION_BACKUP_ENDED, OUTCOME_SUCCESS, NULL},
        {"ERROR: Backup of VM %{service.name} failed - %r", ACTION_BACKUP_ENDED, OUTCOME_FAILURE, NULL},
        {"start VM %{service.name}: UPID:%*", ACTION_SERVICE_STARTED, OUTCOME_SUCCESS, NULL},
        {"shutdown VM %{service.name}: UPID:%*", ACTION_SERVICE_STOPPED, OUTCOME_SUCCESS, NULL},
    };
    if (!pattern_apply(out, msg, rows, COUNT_OF(rows)))
        return false;
    for (uint16_t i = 0, n = out->n; i < n; i++) { /* "an@pam": the part behind the sign is the realm */
        struct str name, realm;
        if (out->fields[i].id == FIELD_USER_NAME && str_cut(out->fields[i].value, '@', &name, &realm) &&
            name.n > 0) {
            out->fields[i].value = name;
            parse_out_put(out, FIELD_USER_DOMAIN, realm);
        }
    }
    parse_out_add(out, FIELD_SERVICE_NAME, S("proxmox"));
    return true;
}

bool appliance_esxi(struct parse_out *out, struct str msg)
{
    static const struct pattern_row rows[] = {
        {"Event %d : User %{user*}@%{source} logged in as %*", ACTION_SERVICE_LOGIN, OUTCOME_SUCCESS, NULL},
        {"Event %d : User %{user*}@%{source} logged out %*", ACTION_SERVICE_LOGOUT, OUTCOME_SUCCESS, NULL},
        {"Event %d : Cannot login %{user*}@%{source}", ACTION_SERVICE_LOGIN, OUTCOME_FAILURE, NULL},
        {"Rejected password for user %{user~} from %{source}", ACTION_SERVICE_LOGIN, OUTCOME_FAILURE,
         "bad_password"},
        {"Accepted password for user %{user~} from %{source}", ACTION_SERVICE_LOGIN, OUTCOME_SUCCESS, NULL},
        {"User %{user*}@%{source} logged in as %*", ACTION_SERVICE_LOGIN, OUTCOME_SUCCESS, NULL},
        {"User %{user*}@%{source} logged out (%*", ACTION_SERVICE_LOGOUT, OUTCOME_SUCCESS, NULL},
        {"Cannot login %{user*}@%{source}", ACTION_SERVICE_LOGIN, OUTCOME_FAILURE, NULL},
    };
    struct str head, text = msg;
    /* "info hostd[2100] [Originator@6876 sub=Vimsvc.ha-eventmgr] Event 12 : …", "Event [1] [1-1] [time]
     * [kind] … [text]" */
    size_t at = str_find(msg, S("] ["));
    if (str_starts(msg, S("Event [")) && at != SIZE_MAX && str_ends(msg, S("]"))) {
        const char *open = memrchr(msg.p, '[', msg.n);
        text = str_sub(msg, (size_t)(open - msg.p) + 1, msg.n - (size_t)(open - msg.p) - 2);
    } else if (str_find(msg, S("[Originator@")) != SIZE_MAX) {
        (void)str_cut(str_from(msg, str_find(msg, S("[Originator@"))), ']', &head, &text);
    }
    out->dataset = S("vmware.esxi");
    if (!pattern_apply(out, str_trim(text), rows, COUNT_OF(rows)))
        return false;
    parse_out_observer(out, S("vmware"), S("esxi"));
    parse_out_put(out, FIELD_SERVICE_NAME, S("vmware"));
    return true;
}

bool appliance_synology(struct parse_out *out, struct str msg)
{
    static const struct pattern_row rows[] = {
        {"User [%u] from [%{source}] failed to sign in to [%{service.name~}] via [%w] due to %r",
         ACTION_SERVICE_LOGIN, OUTCOME_FAILURE, NULL},
        {"User [%u] from [%{source}] signed in to [%{service.name~}] successfully via [%w].",
         ACTION_SERVICE_LOGIN, OUTCOME_SUCCESS, NULL},
        {"User [%u] from [%{source}] failed to log in via [%{service.name~}] due to %r", ACTION_SERVICE_LOGIN,
         OUTCOME_FAILURE, NULL},
        {"User [%u] from [%{source}] logged in successfully via [%{service.name~}].", ACTION_SERVICE_LOGIN,
         OUTCOME_SUCCESS, NULL},
        {"Event: %{event.type}, Path: %{file.path~}, File/Folder: %w Size: %*, User: %{user~}, IP: %{source}",
         ACTION_FILE_ACCESSED, OUTCOME_SUCCESS, NULL},
        {"[%*] %{service.name~} Backup task [%{rule.name~}] finished successfully%*", ACTION_BACKUP_ENDED,
         OUTCOME_SUCCESS, NULL},
        {"[%*] %{service.name~} Failed to back up %*", ACTION_BACKUP_ENDED, OUTCOME_FAILURE, NULL},
        {"%{service.name~}: Host [%{source}] was blocked via [%w].", ACTION_FIREWALL_BLOCKED, OUTCOME_NONE,
         NULL},
        {"Volume [%{service.name~}] has crashed%*", ACTION_HARDWARE_ALARM, OUTCOME_FAILURE, NULL},
    };
    const char *tab = msg.n == 0 ? NULL : memrchr(msg.p, '\t', msg.n);
    if (tab != NULL) /* "SYSTEM:\tUser […" */
        msg = str_from(msg, (size_t)(tab - msg.p) + 1);
    out->dataset = S("synology.dsm");
    return pattern_apply(out, msg, rows, COUNT_OF(rows));
}

/* "conn log: Users: an, Source IP: 192.0.2.1, Computer Name: pc1, Connection type: SAMBA, Accessed resources:
 * share/a, Action: Read" */
bool appliance_qnap(struct parse_out *out, struct str msg)
{
    static const struct pattern_row rows[] = {
        {"conn log: Users: %{user~}, Source IP: %{source}, Computer name: %{source.domain~}, Connection "
         "type: %{service.name~}, Accessed "
         "resources: %{file.path~}, Action: Login Fail",
         ACTION_SERVICE_LOGIN, OUTCOME_FAILURE, NULL},
        {"conn log: Users: %{user~}, Source IP: %{source}, Computer name: %{source.domain~}, Connection "
         "type: %{service.name~}, Accessed "
         "resources: %{file.path~}, Action: Login OK",
         ACTION_SERVICE_LOGIN, OUTCOME_SUCCESS, NULL},
        {"conn log: Users: %{user~}, Source IP: %{source}, Computer name: %{source.domain~}, Connection "
         "type: %{service.name~}, Accessed "
         "resources: %{file.path~}, Action: %{event.type*}",
         ACTION_FILE_ACCESSED, OUTCOME_SUCCESS, NULL},
        {"event log: Users: %{user~}, Source IP: %{source}, Computer name: %{source.domain~}, Content: %r",
         ACTION_NONE, OUTCOME_NONE, NULL},
    };
    out->dataset = S("qnap.qts");
    if (!pattern_apply(out, msg, rows, COUNT_OF(rows)))
        return false;
    parse_out_observer(out, S("qnap"), S("qts"));
    return true;
}

/* Job results stand in the structured data: categoryId, instanceId, JobName, Description. */
bool appliance_veeam(struct parse_out *out, struct str msg)
{
    struct str description = {NULL, 0};
    for (uint16_t i = 0, n = out->n; i < n; i++) {
        struct event_field f = out->fields[i];
        const char *dot = f.id == FIELD_OTHER ? memrchr(f.name.p, '.', f.name.n) : NULL;
        struct str last = dot == NULL ? S("") : str_from(f.name, (size_t)(dot - f.name.p) + 1);
        if (str_eq(last, S("Description")))
            description = f.value;
        else if (str_eq(last, S("JobName")) || str_eq(last, S("VmName")))
            parse_out_add(out, FIELD_SERVICE_NAME, f.value);
        else if (str_eq(last, S("instanceId")))
            parse_out_add(out, FIELD_EVENT_CODE, f.value);
    }
    if (description.n == 0)
        description = msg;
    bool good = str_find(description, S("success")) != SIZE_MAX ||
                str_find(description, S("has been created")) != SIZE_MAX;
    bool bad = str_find(description, S("ailed")) != SIZE_MAX || str_find(description, S("rror")) != SIZE_MAX;
    if (str_find(description, S("job")) != SIZE_MAX || str_find(description, S("restore point")) != SIZE_MAX)
        parse_out_act(out, ACTION_BACKUP_ENDED,
                      bad    ? OUTCOME_FAILURE
                      : good ? OUTCOME_SUCCESS
                             : OUTCOME_NONE,
                      (struct str){NULL, 0});
    parse_out_known(out, out->dataset);
    out->e.message = description;
    return true;
}

bool appliance_clamav(struct parse_out *out, struct str msg)
{
    static const struct pattern_row rows[] = {
        {"%{file.path*}: %{threat.name}(%w) FOUND", ACTION_MALWARE_FOUND, OUTCOME_NONE, NULL},
        {"%{file.path*}: %{threat.name} FOUND", ACTION_MALWARE_FOUND, OUTCOME_NONE, NULL},
        {"%{file.path*}: moved to '%*'", ACTION_MALWARE_FOUND, OUTCOME_SUCCESS, "quarantined"},
        {"Database updated (%*", ACTION_ANTIVIRUS_UPDATED, OUTCOME_SUCCESS, NULL},
        {"%{file.name} updated (%*", ACTION_ANTIVIRUS_UPDATED, OUTCOME_SUCCESS, NULL},
        {"Update failed%*", ACTION_ANTIVIRUS_UPDATED, OUTCOME_FAILURE, NULL},
        {"ERROR: Update failed%*", ACTION_ANTIVIRUS_UPDATED, OUTCOME_FAILURE, NULL},
        {"+++ Started at %*", ACTION_SERVICE_STARTED, OUTCOME_SUCCESS, NULL},
        {"--- Stopped at %*", ACTION_SERVICE_STOPPED, OUTCOME_SUCCESS, NULL},
    };
    const char *arrow = msg.n > 4 ? strchr("->", msg.p[0]) : NULL;
    struct str mark = S("-> ");
    size_t at = arrow == NULL ? SIZE_MAX : str_find(str_sub(msg, 0, msg.n < 40 ? msg.n : 40), mark);
    if (at != SIZE_MAX)
        msg = str_from(msg, at + mark.n);
    return pattern_apply(out, msg, rows, COUNT_OF(rows));
}

/* Kaspersky Security Center by syslog: structured data of "event@23668": et, tdn, etdn, hdn, hip, p5 … */
bool appliance_kaspersky(struct parse_out *out, struct str msg)
{
    static const struct {
        struct str name;
        uint16_t field;
    } names[] = {{{"hdn", 3}, FIELD_SOURCE_DOMAIN}, {{"hip", 3}, FIELD_SOURCE_IP},
                 {{"et", 2}, FIELD_EVENT_CODE},     {{"etdn", 4}, FIELD_RULE_NAME},
                 {{"tdn", 3}, FIELD_RULE_CATEGORY}, {{"gn", 2}, FIELD_GROUP_NAME}};
    struct str type = {NULL, 0};
    for (uint16_t i = 0, n = out->n; i < n; i++) {
        struct event_field f = out->fields[i];
        const char *dot = f.id == FIELD_OTHER && str_starts(f.name, S("sd.event@"))
                              ? memrchr(f.name.p, '.', f.name.n)
                              : NULL;
        if (dot == NULL)
            continue;
        struct str last = str_from(f.name, (size_t)(dot - f.name.p) + 1);
        for (size_t k = 0; k < COUNT_OF(names); k++) {
            if (str_eq(last, names[k].name))
                parse_out_add(out, names[k].field, f.value);
        }
        if (str_eq(last, S("et")))
            type = f.value;
        else if (str_eq(last, S("p5")) && str_find(type, S("VIRUS")) != SIZE_MAX)
            parse_out_add(out, FIELD_THREAT_NAME, f.value);
    }
    if (type.n == 0)
        return false;
    bool cured = str_find(type, S("CURED")) != SIZE_MAX || str_find(type, S("DELETED")) != SIZE_MAX ||
                 str_find(type, S("QUARANTINED")) != SIZE_MAX;
    if (str_find(type, S("VIRUS")) != SIZE_MAX || str_find(type, S("OBJECT_")) != SIZE_MAX)
        parse_out_act(out, ACTION_MALWARE_FOUND, cured ? OUTCOME_SUCCESS : OUTCOME_NONE,
                      (struct str){NULL, 0});
    else if (str_find(type, S("PROTECTION")) != SIZE_MAX && str_find(msg, S("stopped")) != SIZE_MAX)
        parse_out_act(out, ACTION_ANTIVIRUS_OFF, OUTCOME_NONE, (struct str){NULL, 0});
    parse_out_observer(out, S("kaspersky"), S("security center"));
    parse_out_known(out, out->dataset);
    return true;
}

bool appliance_ftp(struct parse_out *out, struct str msg)
{
    static const struct pattern_row rows[] = {
        {"[%u] OK LOGIN: Client \"%{source}\"%*", ACTION_SERVICE_LOGIN, OUTCOME_SUCCESS, NULL},
        {"[%u] FAIL LOGIN: Client \"%{source}\"", ACTION_SERVICE_LOGIN, OUTCOME_FAILURE, NULL},
        {"[%u] OK DOWNLOAD: Client \"%{source}\", \"%{file.path*}\", %*", ACTION_FILE_ACCESSED,
         OUTCOME_SUCCESS, NULL},
        {"[%u] OK UPLOAD: Client \"%{source}\", \"%{file.path*}\", %*", ACTION_FILE_ACCESSED, OUTCOME_SUCCESS,
         NULL},
        {"CONNECT: Client \"%{source}\"%*", ACTION_CONNECTION_OPENED, OUTCOME_NONE, NULL},
    };
    return pattern_apply(out, msg, rows, COUNT_OF(rows));
}
