#include <stdio.h>
#include <stdlib.h>

#include "store/inner.h"
#include "store/words.h"

#define SLICE_EVENTS 8192u
#define SLICE_BYTES (8u * 1024u * 1024u)
#define PACKED_BYTES_AT_ONCE (32u * 1024u * 1024u)
#define EVENT_BYTES_MAX (32u * 1024u * 1024u) /* all texts of an event together */
#define SPACE_EVERY_NS NS_PER_S
#define RETRY_NS NS_PER_S

static int check_event(const struct event *e, struct err *err)
{
    if (e->raw.n > EVENT_RAW_BYTES_MAX || e->n_fields > EVENT_FIELDS_MAX ||
        event_packed_max(e) > EVENT_BYTES_MAX)
        return err_set(err, ERR_LIMIT, "event of %zu bytes and %u fields", e->raw.n, e->n_fields);
    if (e->severity > 7 || (e->facility > 23 && e->facility != EVENT_NO_FACILITY))
        return err_set(err, ERR_USAGE, "event with severity %u, facility %u", e->severity, e->facility);
    for (uint16_t i = 0; i < e->n_fields; i++) {
        const struct event_field *f = &e->fields[i];
        if (f->id >= FIELD_COUNT || (f->id == FIELD_OTHER && (f->name.n == 0 || f->name.n > UINT16_MAX)))
            return err_set(err, ERR_USAGE, "event with a field that has no name");
    }
    return 0;
}

/* Give the events their ids and put them into the window and, with log, into the bytes for the log. */
static void put_slice(struct store *s, struct win *w, const struct store_slice *in, bool log)
{
    char *record = in->records;
    for (size_t i = 0; i < in->n; i++) {
        in->e[i].id = s->next_id + i;
        if (in->records == NULL) {
            struct str packed = win_put(w, &in->e[i]);
            if (log)
                buf_put(&s->packed, packed);
        } else {
            struct event_head head;
            event_packed_set_id(record, in->e[i].id);
            record +=
                event_packed_head((struct str){record, in->bytes - (size_t)(record - in->records)}, &head);
        }
    }
    if (in->records == NULL)
        return;
    const struct str all = {in->records, in->bytes};
    win_put_packed(w, in->e, in->n, all);
    if (log)
        buf_put(&s->packed, all);
}

int store_take(struct store *s, const struct store_slice *in, bool log, struct err *err)
{
    uint64_t bytes = in->bytes;
    struct win *fresh = NULL;
    for (size_t i = 0; in->records == NULL && i < in->n; i++)
        bytes += event_packed_max(&in->e[i]);
    if (store_seal_full(s))
        (void)store_seal_start(s); /* where the sealer is stuck the window grows until intake stops */
    if (s->active == NULL && win_new(s->next_id, &fresh, err) != 0)
        return -1;
    struct win *w = fresh != NULL ? fresh : s->active;
    if ((log && buf_reserve(&s->packed, bytes) == NULL) || win_reserve(w, bytes, err) != 0) {
        s->packed.bad = false;
        win_free(fresh);
        return err_set(err, ERR_NOMEM, "events to append");
    }
    if (w->n == 0)
        w->since_ns = sys_mono(s->sys);
    if (log && s->packed_n == 0) {
        s->packed_first = s->next_id;
        s->packed_since_ns = sys_mono(s->sys);
    }
    put_slice(s, w, in, log);
    assert(!s->packed.bad);
    s->next_id += in->n;
    s->packed_n += log ? (uint32_t)in->n : 0;
    (void)pthread_mutex_lock(&s->mu);
    w->n += in->n;
    if (fresh != NULL)
        s->active = fresh;
    (void)pthread_mutex_unlock(&s->mu);
    return 0;
}

bool store_intake_open(const struct store *s)
{
    struct store *m = (struct store *)(uintptr_t)s; /* only for the mutex */
    if (s->o.read_only)
        return false;
    (void)pthread_mutex_lock(&m->mu);
    bool stuck = s->seal_failed && s->sealing != NULL;
    bool open = !s->full && !s->low_disk && !(stuck && store_seal_full(s));
    (void)pthread_mutex_unlock(&m->mu);
    return open;
}

static int refuse(struct store *s, struct err *err)
{
    if (s->o.read_only)
        return err_set(err, ERR_DENIED, "the store is open for reading only");
    (void)pthread_mutex_lock(&s->mu);
    struct err why = s->seal_failed ? s->seal_err : (struct err){.code = ERR_NONE};
    (void)pthread_mutex_unlock(&s->mu);
    if (why.code != ERR_NONE && why.code != ERR_FULL && !s->full && !s->low_disk)
        return err_set(err, why.code, "events cannot be stored: %s", why.msg);
    return err_set(err, ERR_FULL, "the disk is full or has less than the reserve free");
}

int store_append(struct store *s, struct event *e, size_t n, struct err *err)
{
    for (size_t i = 0; i < n; i++) {
        if (check_event(&e[i], err) != 0)
            return err_wrap(err, "event %zu of %zu", i + 1, n);
    }
    if (!store_intake_open(s))
        return refuse(s, err);
    for (size_t i = 0; i < n;) {
        size_t k = 0;
        for (uint64_t bytes = 0; i + k < n && k < SLICE_EVENTS && (k == 0 || bytes < SLICE_BYTES); k++)
            bytes += event_packed_max(&e[i + k]);
        const struct store_slice slice = {.e = e + i, .n = k};
        if (s->packed.n > PACKED_BYTES_AT_ONCE && store_commit(s, NULL, err) != 0)
            return -1;
        if (store_take(s, &slice, true, err) != 0)
            return -1;
        i += k;
    }
    return 0;
}

int store_append_packed(struct store *s, struct event *e, size_t n, char *records, size_t bytes,
                        struct err *err)
{
    const struct store_slice slice = {.e = e, .n = n, .records = records, .bytes = bytes};
    assert(n > 0 && bytes > 0);
    if (!store_intake_open(s))
        return refuse(s, err);
    if (s->packed.n > PACKED_BYTES_AT_ONCE && store_commit(s, NULL, err) != 0)
        return -1;
    return store_take(s, &slice, true, err);
}

static void publish_log(struct store *s)
{
    (void)pthread_mutex_lock(&s->mu);
    s->durable = s->wal != NULL ? wal_state(s->wal) : s->wal_last;
    (void)pthread_mutex_unlock(&s->mu);
}

/* A log file that is long enough is followed by a new one. */
static int next_wal(struct store *s, struct err *err)
{
    if (s->wal != NULL && (wal_has_frame(s->wal) || wal_state(s->wal).size < STORE_WAL_BYTES))
        return 0;
    if (s->wal != NULL) {
        struct wal_state last = wal_state(s->wal);
        if (store_keep_old_wal(s, last.number, last.last_id, err) != 0)
            return -1;
        s->wal_last = last;
        wal_free(s->wal);
        s->wal = NULL;
    }
    if (wal_create(s->sys, s->dir, s->ring.store_key, s->next_wal, &s->wal_last, s->packed_first, &s->wal,
                   err) != 0)
        return -1;
    s->next_wal++;
    publish_log(s);
    s->ckpt_due = true; /* so that the new file cannot go missing unseen */
    return 0;
}

static int flush(struct store *s, struct err *err)
{
    if (wal_flush(s->wal, err) != 0)
        return -1;
    publish_log(s);
    return 0;
}

/* Once a second, and in a flood as often as an eighth of the reserve may have been used: the rest of it
 * belongs to the register, which must go on when intake has stopped. */
static void check_space(struct store *s, int64_t now)
{
    struct sys_space sp;
    if (s->space_mono_ns != 0 && now - s->space_mono_ns < SPACE_EVERY_NS &&
        s->space_written < s->o.reserve_bytes / 8)
        return;
    s->space_mono_ns = now;
    s->space_written = 0;
    if (sys_space(s->sys, s->dir, &sp, NULL) == 0)
        s->low_disk = sp.free_bytes < s->o.reserve_bytes;
}

static int write_packed(struct store *s, struct err *err)
{
    if (s->wal != NULL && wal_has_frame(s->wal) && flush(s, err) != 0)
        return -1;
    if (s->packed_n == 0)
        return 0;
    if (next_wal(s, err) != 0)
        return -1;
    if (s->ckpt_due && store_keep_checkpoint(s, err) != 0)
        return -1;
    if (wal_frame(s->wal, buf_str(&s->packed), s->packed_n, s->packed_first, err) != 0)
        return -1;
    s->space_written += s->packed.n;
    buf_clear(&s->packed);
    s->packed_n = 0;
    int rc = flush(s, err);
    check_space(s, sys_mono(s->sys));
    return rc;
}

int store_commit(struct store *s, uint64_t *ret_durable, struct err *err)
{
    struct err why = {0};
    if (s->o.read_only)
        return err_set(err, ERR_DENIED, "the store is open for reading only");
    int rc = write_packed(s, &why);
    s->full = rc != 0;
    if (rc != 0)
        return err_set(err, why.code, "%s", why.msg);
    if (ret_durable != NULL)
        *ret_durable = s->next_id - 1;
    return 0;
}

/* Keep the first error; the other work goes on. */
static void note(int rc, const struct err *got, int *ret_rc, struct err *err)
{
    if (rc != 0 && *ret_rc == 0) {
        *ret_rc = -1;
        if (err != NULL)
            *err = *got;
    }
}

static void tick_seal(struct store *s, int64_t now)
{
    (void)pthread_mutex_lock(&s->mu);
    bool failed = s->seal_failed && s->sealing != NULL, idle = s->sealing == NULL;
    (void)pthread_mutex_unlock(&s->mu);
    if (failed && now - s->seal_retry_ns >= RETRY_NS) {
        s->seal_retry_ns = now;
        store_seal_retry(s);
    }
    const struct win *w = s->active;
    if (idle && w != NULL && w->n > 0 && (store_seal_full(s) || now - w->since_ns >= s->o.window_ns))
        (void)store_seal_start(s);
}

int store_tick(struct store *s, struct err *err)
{
    struct err why = {0};
    int rc = 0;
    int64_t now = sys_mono(s->sys);
    if (s->o.read_only)
        return 0;
    check_space(s, now);
    bool waiting = s->packed_n > 0 && now - s->packed_since_ns >= s->o.commit_ns;
    if (waiting || s->full)
        note(store_commit(s, NULL, &why), &why, &rc, err);
    tick_seal(s, now);
    note(store_keep_wals(s, &why), &why, &rc, err);
    (void)pthread_mutex_lock(&s->mu);
    bool due = s->ckpt_due || s->seg_finished || now - s->ckpt_mono_ns >= s->o.checkpoint_ns;
    (void)pthread_mutex_unlock(&s->mu);
    if (due) {
        int failed = store_keep_checkpoint(s, &why);
        note(failed, &why, &rc, err);
        if (failed == 0)
            note(store_keep_retention(s, &why), &why, &rc, err);
    }
    return rc;
}

/* Sums over the segments. mu held. */
static void sum_segments(const struct store *s, struct store_stats *t)
{
    t->first_ns = INT64_MAX;
    t->last_ns = INT64_MIN;
    t->segments = s->n_segs;
    for (size_t i = 0; i < s->n_segs; i++) {
        const struct seg *g = s->segs[i];
        t->blocks += g->n_blocks;
        t->raw_bytes += g->raw_bytes;
        t->stored_bytes += g->size;
        for (size_t k = 0; k < g->n_blocks; k++) {
            t->events += g->blocks[k].count;
            t->first_ns = g->blocks[k].min_ns < t->first_ns ? g->blocks[k].min_ns : t->first_ns;
            t->last_ns = g->blocks[k].max_ns > t->last_ns ? g->blocks[k].max_ns : t->last_ns;
        }
    }
    const struct win *wins[] = {s->sealing, s->active};
    for (size_t i = 0; i < COUNT_OF(wins); i++) {
        if (wins[i] == NULL || wins[i]->n == 0)
            continue;
        t->events += wins[i]->n;
        t->raw_bytes += wins[i]->raw_bytes;
        t->first_ns = wins[i]->min_ns < t->first_ns ? wins[i]->min_ns : t->first_ns;
        t->last_ns = wins[i]->max_ns > t->last_ns ? wins[i]->max_ns : t->last_ns;
    }
}

void store_stats(struct store *s, struct store_stats *ret)
{
    struct store_stats t = {0};
    (void)pthread_mutex_lock(&s->mu);
    sum_segments(s, &t);
    t.lost_to_retention = s->lost_events;
    t.tree_size = s->tree.n;
    struct digest root = tlog_root(&s->tree);
    memcpy(t.root, root.b, sizeof(t.root));
    t.checkpoint_ns = s->ckpt.time_ns;
    uint64_t sealed = s->sealed_id;
    (void)pthread_mutex_unlock(&s->mu);
    if (t.events == 0)
        t.first_ns = t.last_ns = 0;
    t.last_id = s->next_id - 1;
    t.first_id = t.events == 0 ? 0 : s->next_id - t.events;
    struct wal_state w = s->wal != NULL ? wal_state(s->wal) : s->wal_last;
    t.durable_id = w.last_id > sealed ? w.last_id : sealed;
    t.wal_bytes = w.size + s->n_old_wals * STORE_WAL_BYTES;
    t.intake_open = store_intake_open(s);
    *ret = t;
}

size_t store_keys(struct store *s, struct store_key_info *out, size_t out_max)
{
    const struct ring *r = &s->ring;
    const struct {
        const char *id, *kind, *algorithm;
        int64_t created;
        bool node;
    } rows[] = {{r->node_id, "node", "AES-256-GCM", r->store_created_ns, true},
                {r->store_id, "store", "AES-256-GCM", r->store_created_ns, false},
                {r->seal_id, "seal", "Ed25519", r->seal_created_ns, false}};
    size_t n = out_max < COUNT_OF(rows) ? out_max : COUNT_OF(rows);
    for (size_t i = 0; i < n; i++) {
        out[i] = (struct store_key_info){.bits = 256, .created_ns = rows[i].created};
        (void)snprintf(out[i].id, sizeof(out[i].id), "%s", rows[i].id);
        (void)snprintf(out[i].kind, sizeof(out[i].kind), "%s", rows[i].kind);
        (void)snprintf(out[i].algorithm, sizeof(out[i].algorithm), "%s", rows[i].algorithm);
        (void)snprintf(out[i].location, sizeof(out[i].location), "%.100s%s%s",
                       rows[i].node ? r->node_path : s->keys_dir, rows[i].node ? "" : "/",
                       rows[i].node ? ""
                       : i == 1     ? "store.key"
                                    : "seal.key");
        out[i].beside_data = rows[i].node && r->beside_data;
    }
    return n;
}

void store_seal_words(struct store *s, char out[64])
{
    struct digest root;
    (void)pthread_mutex_lock(&s->mu);
    root = s->ckpt.root;
    (void)pthread_mutex_unlock(&s->mu);
    words_put(root.b, out);
}
