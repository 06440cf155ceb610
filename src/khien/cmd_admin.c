/*
 * cmd_admin.c - what only the owner of the machine may do, with the node stopped. Every act is an audit
 * record that the node seals when it starts again.
 */
#include <stdio.h>
#include <stdlib.h>

#include "crypt/digest.h"
#include "crypt/password.h"
#include "khien/offline.h"
#include "register/register_person.h"
#include "register/register_session.h"

/* Without 0 O 1 l I, which are mistaken for one another on paper. One of each class comes first, so that
 * D13.6 holds. */
static const char *const classes[] = {"abcdefghjkmnpqrstuvwxyz", "ABCDEFGHJKMNPQRSTUVWXYZ", "23456789",
                                      "!#%+=?@"};
#define PASSWORD_CHARS 16

static int make_password(struct cmd *c, char out[PASSWORD_CHARS + 1], struct err *err)
{
    uint8_t r[PASSWORD_CHARS];
    if (sys_random(c->sys, r, sizeof(r), err) != 0)
        return -1;
    for (size_t i = 0; i < PASSWORD_CHARS; i++) {
        const char *set = classes[i % COUNT_OF(classes)];
        out[i] = set[r[i] % strlen(set)];
    }
    out[PASSWORD_CHARS] = '\0';
    digest_wipe(r, sizeof(r));
    return 0;
}

static int reset(struct cmd *c, struct offline *o, const char *login, char password[PASSWORD_CHARS + 1],
                 struct err *err)
{
    char folded[REGISTER_LOGIN_BYTES_MAX], hash[PASSWORD_HASH_BYTES_MAX];
    uint8_t salt[PASSWORD_SALT_BYTES];
    struct str name;
    struct register_person p;
    struct arena a;
    bool found = false;
    struct reg *r = node_register(o->node);
    struct register_by by = {.now_ns = sys_now(c->sys), .who = S("khien admin"), .peer = S("local")};
    if (!register_person_login_fold(str_of(login), folded, &name))
        return err_set(err, ERR_USAGE, "'%s' is no login", login);
    arena_init(&a, 1u << 20);
    int rc = register_person_find_login(r, &a, name, &p, &found, err);
    if (rc == 0 && !found)
        rc = err_set(err, ERR_NOT_FOUND, "no account '%s'", login);
    if (rc == 0 &&
        (make_password(c, password, err) != 0 || sys_random(c->sys, salt, sizeof(salt), err) != 0 ||
         password_hash(&password_cost_default, str_of(password), salt, hash, err) != 0 ||
         register_person_set_password(r, &by, p.id, str_of(hash), true, err) != 0 ||
         register_session_end_all(r, p.id, S("reset"), by.now_ns, err) != 0))
        rc = -1;
    if (rc == 0) {
        struct digest d = digest_sha256(name);
        rc = register_session_forgive(r, &d, err);
    }
    arena_done(&a);
    return rc;
}

int cmd_admin(struct cmd *c)
{
    struct offline o;
    struct err err = {0};
    char password[PASSWORD_CHARS + 1];
    if (!cmd_has(c, CMD_DATA) || c->n_args != 2 || strcmp(c->args[0], "reset") != 0)
        return cmd_usage(c, "reset --data DIR LOGIN");
    if (offline_open(c, true, false, &o, &err) != 0)
        return cmd_fail(c, &err);
    int rc = reset(c, &o, c->args[1], password, &err);
    offline_close(&o);
    if (rc != 0)
        return cmd_fail(c, &err);
    (void)printf("One-time password of %s: %s\nIt must be changed at the next sign-in.\n", c->args[1],
                 password);
    digest_wipe(password, sizeof(password));
    return 0;
}
