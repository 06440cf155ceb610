#include "store/ckpt.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/when.h"

#define PATH_BYTES_MAX 4096
#define ORIGIN_BYTES_MAX 256u

static void put_text(struct buf *b, const char *origin, const struct ckpt *c)
{
    struct buf more;
    buf_init(&more, CKPT_BYTES_MAX);
    buf_put(&more, S("khien-time "));
    when_put_rfc3339(&more, c->time_ns);
    buf_printf(&more, "\nkhien-kept %llu\nkhien-wal %llu %llu %llu ", (unsigned long long)c->kept,
               (unsigned long long)c->wal.number, (unsigned long long)c->wal.size,
               (unsigned long long)c->wal.last_id);
    note_put_base64(&more, (struct str){(const char *)c->wal.chain.b, DIGEST_BYTES});
    buf_put_char(&more, '\n');
    struct note_checkpoint n = {
        .origin = str_of(origin), .size = c->size, .root = c->root, .more = buf_str(&more)};
    note_put_checkpoint(b, &n);
    b->bad = b->bad || more.bad;
    buf_done(&more);
}

int ckpt_save(const struct sys *sys, const char *dir, const char *origin, const struct ring *ring,
              const struct ckpt *c, struct err *err)
{
    char path[PATH_BYTES_MAX];
    struct buf text, note;
    struct note_key key = {.name = str_of(origin)};
    memcpy(key.public_key, ring->seal_public, sizeof(key.public_key));
    buf_init(&text, CKPT_BYTES_MAX);
    buf_init(&note, CKPT_BYTES_MAX);
    put_text(&text, origin, c);
    int rc = text.bad ? err_set(err, ERR_NOMEM, "checkpoint")
                      : note_sign(&note, buf_str(&text), &key, ring->seal_seed, err);
    (void)snprintf(path, sizeof(path), "%s/" CKPT_FILE, dir);
    if (rc == 0)
        rc = sys_write_file(sys, path, buf_str(&note), err);
    buf_done(&text);
    buf_done(&note);
    return rc;
}

/* "name rest" */
static bool take_line(struct str *more, struct str name, struct cur *ret)
{
    struct str line;
    (void)str_cut(*more, '\n', &line, more);
    if (!str_starts(line, name))
        return false;
    *ret = cur_of(str_from(line, name.n));
    return true;
}

static bool parse_more(struct str more, struct ckpt *c)
{
    struct cur time, kept, wal;
    size_t n = 0;
    if (!take_line(&more, S("khien-time "), &time) || !take_line(&more, S("khien-kept "), &kept) ||
        !take_line(&more, S("khien-wal "), &wal) || more.n != 0)
        return false;
    if (!when_parse_rfc3339(&time, &c->time_ns) || !cur_done(&time))
        return false;
    c->kept = cur_dec(&kept, INT64_MAX);
    c->wal.number = cur_dec(&wal, INT64_MAX);
    cur_expect(&wal, ' ');
    c->wal.size = cur_dec(&wal, INT64_MAX);
    cur_expect(&wal, ' ');
    c->wal.last_id = cur_dec(&wal, INT64_MAX);
    cur_expect(&wal, ' ');
    if (!cur_done(&kept) || wal.bad)
        return false;
    return note_get_base64(str_from(wal.in, wal.at), c->wal.chain.b, DIGEST_BYTES, &n) && n == DIGEST_BYTES;
}

int ckpt_parse(struct str text, const char *origin, struct ckpt *ret, struct err *err)
{
    struct note_checkpoint n;
    struct ckpt c = {0};
    if (note_parse_checkpoint(text, &n, err) != 0)
        return -1;
    if (origin != NULL && !str_eq(n.origin, str_of(origin)))
        return err_set(err, ERR_CORRUPT, "checkpoint of %.*s, this node is %s",
                       STR_ARG(str_sub(n.origin, 0, n.origin.n < 64 ? n.origin.n : 64)), origin);
    c.size = n.size;
    c.root = n.root;
    if (!parse_more(n.more, &c) || c.kept > c.size)
        return err_set(err, ERR_CORRUPT, "the extension lines of the checkpoint do not check");
    *ret = c;
    return 0;
}

int ckpt_load(const struct sys *sys, const char *dir, const char *origin, const struct ring *ring,
              struct ckpt *ret, struct err *err)
{
    char path[PATH_BYTES_MAX], name[ORIGIN_BYTES_MAX], *bytes = NULL;
    size_t n = 0;
    struct str text, first, rest;
    (void)snprintf(path, sizeof(path), "%s/" CKPT_FILE, dir);
    if (sys_read_file(sys, path, CKPT_BYTES_MAX, &bytes, &n, err) != 0)
        return -1;
    struct str note = {bytes, n};
    struct note_key key = {.name = origin != NULL ? str_of(origin) : (struct str){NULL, 0}};
    memcpy(key.public_key, ring->seal_public, sizeof(key.public_key));
    (void)str_cut(note, '\n', &first, &rest);
    if (origin == NULL) { /* the origin is also the name of the signer */
        (void)snprintf(name, sizeof(name), "%.*s", (int)(first.n < sizeof(name) ? first.n : sizeof(name) - 1),
                       first.n == 0 ? "" : first.p);
        key.name = str_of(name);
    }
    int rc = note_open(note, &key, &text, err);
    if (rc == 0)
        rc = ckpt_parse(text, origin, ret, err);
    free(bytes);
    if (rc != 0 && err != NULL && err->code == ERR_PARSE)
        err->code = ERR_CORRUPT; /* it was whole when it was written */
    return rc == 0 ? 0 : err_wrap(err, "checkpoint");
}
