/*
 * register_setting.h - settings that change while the node runs, each with range, unit and history. What the
 * regulation fixes has a range inside the regulation.
 */
#ifndef KHIEN_REGISTER_REGISTER_SETTING_H
#define KHIEN_REGISTER_REGISTER_SETTING_H

#include "register/register.h"

/* Titles and help texts stand in the catalogue: setting.KEY.title, setting.KEY.doc. */
/*      id                     key                      min  default max    unit */
#define REGISTER_SETTING_TABLE(X)                                                                            \
    X(SETTING_IDLE_S, "session.idle_s", 60, 300, 900, "s")              /* D15.6.c.2 */                      \
    X(SETTING_LOCK_AFTER, "sign_in.lock_after", 3, 5, 5, "tries")       /* D13.6.3: three to five */         \
    X(SETTING_CAPTCHA_AFTER, "sign_in.captcha_after", 0, 3, 3, "tries") /* D13.6.5; 0: always */             \
    X(SETTING_AUDIT_DAYS, "audit.keep_days", 365, 730, 36500, "days")   /* floor: QCVN 12:2026/BCA */

enum register_setting_id {
#define X(id, key, min, def, max, unit) id,
    REGISTER_SETTING_TABLE(X)
#undef X
        SETTING_COUNT
};

struct register_setting {
    struct str key, unit;
    int64_t min, def, max;
};

struct register_setting_change {
    int64_t at_ns;
    int64_t old, now;
    struct str who;
};

struct register_setting_changes {
    struct register_setting_change *items;
    size_t n;
};

const struct register_setting *register_setting_row(enum register_setting_id id);
bool register_setting_find(struct str key, enum register_setting_id *ret);
/* The value in force: the default where nobody set it. */
int register_setting_get(struct reg *r, enum register_setting_id id, int64_t *ret, struct err *err) MUST_USE;
/* ERR_USAGE outside the range. */
int register_setting_set(struct reg *r, const struct register_by *by, enum register_setting_id id,
                         int64_t value, struct err *err) MUST_USE;
/* The newest changes, at most 100. */
int register_setting_history(struct reg *r, struct arena *a, enum register_setting_id id,
                             struct register_setting_changes *ret, struct err *err) MUST_USE;

#endif
