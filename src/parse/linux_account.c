#include "parse/linux.h"
#include "parse/pattern.h"

/*
 * shadow-utils: useradd, userdel, usermod, groupadd, groupdel, groupmod, gpasswd, passwd, chage, chfn, chsh.
 * Lines about /etc/shadow and /etc/gshadow repeat the same act and are left without action, so that an act
 * counts once.
 */
static const struct pattern_row rows[] = {
    {"failed adding user '%t', %*", ACTION_USER_ADDED, OUTCOME_FAILURE, NULL},
    {"delete user '%t'", ACTION_USER_DELETED, OUTCOME_SUCCESS, NULL},
    {"failed to delete user '%t'%*", ACTION_USER_DELETED, OUTCOME_FAILURE, NULL},
    {"add '%t' to group '%g'", ACTION_GROUP_ADDED_MEMBER, OUTCOME_SUCCESS, NULL},
    {"user %t added by %u to group %g", ACTION_GROUP_ADDED_MEMBER, OUTCOME_SUCCESS, NULL},
    {"delete '%t' from group '%g'", ACTION_GROUP_REMOVED_MEMBER, OUTCOME_SUCCESS, NULL},
    {"user %t removed by %u from group %g", ACTION_GROUP_REMOVED_MEMBER, OUTCOME_SUCCESS, NULL},
    {"lock user '%t' password", ACTION_ACCOUNT_LOCKED, OUTCOME_SUCCESS, NULL},
    {"unlock user '%t' password", ACTION_ACCOUNT_UNLOCKED, OUTCOME_SUCCESS, NULL},
    {"change user '%t' password", ACTION_PASSWORD_CHANGED, OUTCOME_SUCCESS, NULL},
    {"password for '%t' changed by '%u'", ACTION_PASSWORD_CHANGED, OUTCOME_SUCCESS, NULL},
    {"password for `%t' changed by `%u'", ACTION_PASSWORD_CHANGED, OUTCOME_SUCCESS, NULL},
    {"password changed for %t", ACTION_PASSWORD_CHANGED, OUTCOME_SUCCESS, NULL},
    {"changed password for %t", ACTION_PASSWORD_CHANGED, OUTCOME_SUCCESS, NULL},
    {"changed password expiry for %t", ACTION_PASSWORD_EXPIRY_CHANGED, OUTCOME_SUCCESS, NULL},
    {"change user '%t' expiration from '%*", ACTION_USER_CHANGED, OUTCOME_SUCCESS, "expiration"},
    {"change user '%t' %r from '%*", ACTION_USER_CHANGED, OUTCOME_SUCCESS, NULL},
    {"change user name '%t' to '%*", ACTION_USER_CHANGED, OUTCOME_SUCCESS, "name"},
    {"changed user '%t' shell to '%*", ACTION_USER_CHANGED, OUTCOME_SUCCESS, "shell"},
    {"changed user '%t' information", ACTION_USER_CHANGED, OUTCOME_SUCCESS, "information"},
    {"group '%g' removed", ACTION_GROUP_DELETED, OUTCOME_SUCCESS, NULL},
    {"removed group '%g' owned by '%w'", ACTION_GROUP_DELETED, OUTCOME_SUCCESS, NULL},
    {"group changed in /etc/group (group %g/%d, new gid: %d)", ACTION_GROUP_CHANGED, OUTCOME_SUCCESS, NULL},
    {"group changed in /etc/group (group %g/%d, new name: %w)", ACTION_GROUP_CHANGED, OUTCOME_SUCCESS, NULL},
};

/* "new user: name=bob, UID=1001, GID=1001, home=…": value behind the key up to the comma. */
static struct str item(struct str msg, struct str key)
{
    struct str value, rest;
    size_t at = str_find(msg, key);
    if (at == SIZE_MAX)
        return (struct str){NULL, 0};
    (void)str_cut(str_from(msg, at + key.n), ',', &value, &rest);
    return value;
}

bool linux_account(struct parse_out *out, struct str msg)
{
    if (str_starts(msg, S("new user: name="))) {
        parse_out_act(out, ACTION_USER_ADDED, OUTCOME_SUCCESS, (struct str){NULL, 0});
        parse_out_put(out, FIELD_USER_TARGET_NAME, item(msg, S(": name=")));
        parse_out_put_named(out, S("user.target.id"), item(msg, S(", UID=")));
        parse_out_put_named(out, S("group.id"), item(msg, S(", GID=")));
        return true;
    }
    if (str_starts(msg, S("new group: name="))) {
        parse_out_act(out, ACTION_GROUP_ADDED, OUTCOME_SUCCESS, (struct str){NULL, 0});
        parse_out_put(out, FIELD_GROUP_NAME, item(msg, S(": name=")));
        parse_out_put_named(out, S("group.id"), item(msg, S(", GID=")));
        return true;
    }
    return pattern_apply(out, msg, rows, COUNT_OF(rows));
}
