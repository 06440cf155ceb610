#include "parse/linux.h"
#include "parse/pattern.h"

/* Reasons of sudo (logging.c, sudo.c) and the words of docs/format/events.md. */
static const struct {
    struct str text, reason;
} reasons[] = {
    {{"user NOT in sudoers", 19}, {"not_in_sudoers", 14}},
    {{"user NOT authorized on host", 27}, {"not_in_sudoers", 14}},
    {{"command not allowed", 19}, {"not_allowed", 11}},
    {{"incorrect password attempt", 26}, {"bad_password", 12}},
    {{"a password is required", 22}, {"no_password", 11}},
    {{"sorry, you must have a tty to run sudo", 38}, {"no_tty", 6}},
    {{"no tty present and no askpass program specified", 47}, {"no_tty", 6}},
};

static struct str reason_word(struct str text)
{
    for (size_t i = 0; i < COUNT_OF(reasons); i++) {
        if (str_find(text, reasons[i].text) != SIZE_MAX)
            return reasons[i].reason;
    }
    return text;
}

/* Cut the next "KEY=value ; "; COMMAND stands last and takes the rest. */
static bool next_part(struct str *in, struct str *part)
{
    struct str sep = S(" ; ");
    if (in->n == 0)
        return false;
    size_t at = str_starts(*in, S("COMMAND=")) ? SIZE_MAX : str_find(*in, sep);
    *part = at == SIZE_MAX ? *in : str_sub(*in, 0, at);
    *in = at == SIZE_MAX ? (struct str){in->p, 0} : str_from(*in, at + sep.n);
    return true;
}

bool linux_sudo(struct parse_out *out, struct str msg)
{
    static const struct {
        struct str key;
        uint16_t field;
    } keys[] = {
        {{"PWD=", 4}, FIELD_PROCESS_CWD},
        {{"USER=", 5}, FIELD_USER_EFFECTIVE_NAME},
        {{"GROUP=", 6}, FIELD_GROUP_NAME},
        {{"COMMAND=", 8}, FIELD_PROCESS_CMD},
    };
    struct str sep = S(" : "), reason = {NULL, 0}, part, value[COUNT_OF(keys)] = {{NULL, 0}};
    msg = str_trim(msg);
    size_t at = str_find(msg, sep);
    if (at == SIZE_MAX || at == 0)
        return false;
    struct str user = str_trim(str_sub(msg, 0, at)), rest = str_from(msg, at + sep.n);
    bool known = false;
    for (bool first = true; next_part(&rest, &part); first = false) {
        if (first && (str_find_char(part, '=') == SIZE_MAX || !ascii_is_upper(part.p[0])))
            reason = reason_word(part);
        for (size_t i = 0; i < COUNT_OF(keys); i++) {
            if (str_starts(part, keys[i].key)) {
                value[i] = str_from(part, keys[i].key.n);
                known = true;
            }
        }
    }
    if (!known || str_find_char(user, ' ') != SIZE_MAX)
        return false;
    parse_out_act(out, ACTION_SUDO_COMMAND, reason.n == 0 ? OUTCOME_SUCCESS : OUTCOME_FAILURE, reason);
    parse_out_put(out, FIELD_USER_NAME, user);
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        parse_out_put(out, keys[i].field, value[i]);
    return true;
}

/* su of shadow, util-linux and BSD. */
bool linux_su(struct parse_out *out, struct str msg)
{
    static const struct pattern_row rows[] = {
        {"Successful su for %t by %u", ACTION_SU, OUTCOME_SUCCESS, NULL},
        {"FAILED su for %t by %u", ACTION_SU, OUTCOME_FAILURE, NULL},
        {"FAILED SU (to %t) %u on %w", ACTION_SU, OUTCOME_FAILURE, NULL},
        {"(to %t) %u on %w", ACTION_SU, OUTCOME_SUCCESS, NULL},
        {"BAD SU %u to %t on %w", ACTION_SU, OUTCOME_FAILURE, NULL},
        {"'su %t' failed for %u on %w", ACTION_SU, OUTCOME_FAILURE, NULL},
        {"'su %t' succeeded for %u on %w", ACTION_SU, OUTCOME_SUCCESS, NULL},
        {"%u to %t on %w", ACTION_SU, OUTCOME_SUCCESS, NULL},
    };
    return pattern_apply(out, msg, rows, COUNT_OF(rows));
}

/* login(1) of util-linux and shadow. */
bool linux_login(struct parse_out *out, struct str msg)
{
    static const struct pattern_row rows[] = {
        {"ROOT LOGIN ON %w FROM %a", ACTION_LOGIN, OUTCOME_SUCCESS, NULL},
        {"ROOT LOGIN  on '%w'%*", ACTION_LOGIN, OUTCOME_SUCCESS, NULL},
        {"ROOT LOGIN ON %w", ACTION_LOGIN, OUTCOME_SUCCESS, NULL},
        {"LOGIN ON %w BY %u FROM %a", ACTION_LOGIN, OUTCOME_SUCCESS, NULL},
        {"LOGIN ON %w BY %u", ACTION_LOGIN, OUTCOME_SUCCESS, NULL},
        {"FAILED LOGIN %d FROM %a FOR %u, %r", ACTION_LOGIN, OUTCOME_FAILURE, NULL},
        {"FAILED LOGIN (%d) on '%w' FOR '%u', %r", ACTION_LOGIN, OUTCOME_FAILURE, NULL},
        {"FAILED LOGIN (%d) on '%w' from '%a' FOR '%u', %r", ACTION_LOGIN, OUTCOME_FAILURE, NULL},
        {"FAILED LOGIN SESSION FROM %a FOR %u, %r", ACTION_LOGIN, OUTCOME_FAILURE, NULL},
        {"TOO MANY LOGIN TRIES (%d) FROM %a FOR %u, %r", ACTION_LOGIN, OUTCOME_FAILURE, NULL},
    };
    if (!pattern_apply(out, msg, rows, COUNT_OF(rows)))
        return false;
    if (str_starts(msg, S("ROOT ")))
        parse_out_put(out, FIELD_USER_NAME, S("root"));
    return true;
}
