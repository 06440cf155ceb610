/*
 * sandbox.h - what a child process may still do after start: own user, no new privileges, Landlock, seccomp.
 * Each layer degrades with a note where the kernel lacks it. Under sanitizers (KHIEN_NO_SANDBOX) Landlock and
 * seccomp are left out.
 */
#ifndef KHIEN_SYS_SANDBOX_H
#define KHIEN_SYS_SANDBOX_H

#include "base/err.h"
#include "base/str.h"

enum sandbox_net { SANDBOX_NO_NET, SANDBOX_ACCEPT_ONLY, SANDBOX_UNIX_ONLY };

struct sandbox_path {
    const char *path;
    bool write; /* else read only */
};

struct sandbox {
    const char *name; /* for messages */
    enum sandbox_net net;
    bool files; /* may open files at all (then only below `paths`) */
    const struct sandbox_path *paths;
    size_t n_paths;
    unsigned user, group; /* to become, 0 = stay; only root can change */
    bool keep_log_groups; /* keep adm and systemd-journal, to read logs */
};

struct sandbox_state {
    bool landlock, seccomp, user_changed;
    int landlock_abi;
    unsigned uid;
};

/* Apply in the order user, no_new_privs, Landlock, seccomp. An error means a layer that the kernel has could
 * not be set. */
int sandbox_enter(const struct sandbox *s, struct sandbox_state *ret, struct err *err) MUST_USE;

#endif
