#include "store/files.h"

#include <stdio.h>
#include <stdlib.h>

static const struct {
    const char *name;
    enum files_kind kind;
} fixed_names[] = {{"leaves", FILES_LEAVES},
                   {"checkpoint", FILES_CHECKPOINT},
                   {"format", FILES_FORMAT},
                   {"lock", FILES_LOCK}};

static const struct {
    const char *suffix;
    enum files_kind kind;
} numbered[] = {{".seg", FILES_SEG}, {".part", FILES_PART}, {".wal", FILES_WAL}};

enum { DIGITS = 10 };

static enum files_kind kind_of(struct str name, uint64_t *ret_number)
{
    for (size_t i = 0; i < COUNT_OF(fixed_names); i++) {
        if (str_eq(name, str_of(fixed_names[i].name)))
            return fixed_names[i].kind;
    }
    for (size_t i = 0; i < COUNT_OF(numbered); i++) {
        if (name.n == DIGITS + strlen(numbered[i].suffix) && str_ends(name, str_of(numbered[i].suffix)) &&
            str_to_u64(str_sub(name, 0, DIGITS), UINT64_MAX, ret_number))
            return numbered[i].kind;
    }
    return str_ends(name, S(".new")) ? FILES_TEMP : FILES_OTHER;
}

static int add(void *arg, struct str name)
{
    struct files *f = arg;
    if (f->n == f->cap) {
        size_t cap = f->cap == 0 ? 64 : f->cap * 2;
        struct files_item *p = realloc(f->item, cap * sizeof(*p));
        if (p == NULL) {
            f->bad = true;
            return 1;
        }
        f->item = p;
        f->cap = cap;
    }
    struct files_item *it = &f->item[f->n++];
    *it = (struct files_item){.number = 0};
    it->kind = kind_of(name, &it->number);
    (void)snprintf(it->name, sizeof(it->name), "%.*s", (int)(name.n < 63 ? name.n : 63), name.p);
    return 0;
}

int files_list(const struct sys *sys, const char *dir, struct files *ret, struct err *err)
{
    struct files f = {.n = 0};
    int rc = sys_list(sys, dir, add, &f, err);
    if (rc == 0 && f.bad)
        rc = err_set(err, ERR_NOMEM, "list of files");
    if (rc != 0) {
        files_done(&f);
        return -1;
    }
    *ret = f;
    return 0;
}

void files_done(struct files *f)
{
    free(f->item);
    *f = (struct files){.n = 0};
}
