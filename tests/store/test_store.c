#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kit/kit.h"
#include "query/pred.h"
#include "store/help.h"
#include "store/wal.h"
#include "sys/sys_sim.h"

#define SEED 42u

static struct store *open_store(const struct store_opts *o, struct store_recovery *r)
{
    struct store *s = NULL;
    struct err err = {0};
    if (store_open(o, &s, r, &err) != 0)
        fail_msg("store_open: %s", err.msg);
    return s;
}

/* As a batch of another process comes: packed, checked, and given on together with its records. */
static void append_packed(struct store *s, struct arena *a, struct event *e, uint64_t n)
{
    struct buf b;
    struct err err = {0};
    size_t used = 0;
    buf_init(&b, 256 << 20);
    for (uint64_t i = 0; i < n; i++)
        event_pack(&b, &e[i]);
    struct str rest = buf_str(&b);
    for (uint64_t i = 0; i < n; i++, rest = str_from(rest, used))
        assert_int_equal(event_unpack(rest, a, &e[i], &used, &err), 0);
    if (store_append_packed(s, e, n, b.p, b.n, &err) != 0)
        fail_msg("store_append_packed: %s", err.msg);
    buf_done(&b);
}

static void append(struct store *s, uint64_t from, uint64_t n)
{
    struct arena a;
    struct err err = {0};
    arena_init(&a, 256 << 20);
    struct event *e = ARENA_NEW(&a, struct event, n);
    for (uint64_t i = 0; i < n; i++)
        e[i] = help_event(&a, SEED, from + i);
    if (from % 2 == 1)
        append_packed(s, &a, e, n);
    else if (store_append(s, e, n, &err) != 0)
        fail_msg("store_append: %s", err.msg);
    for (uint64_t i = 0; i < n; i++)
        assert_int_equal(e[i].id, from + i + 1);
    arena_done(&a);
}

/* Events 0..n-1 of the seed, each once, in the direction. */
static void expect_all(struct store *s, uint64_t n, bool oldest)
{
    struct store_scan_opts so = {.oldest_first = oldest};
    struct store_scan *c = NULL;
    struct err err = {0};
    const struct event *ev;
    size_t k = 0;
    uint64_t seen = 0;
    assert_int_equal(store_scan_open(s, &so, &c, &err), 0);
    do {
        struct arena a;
        if (store_scan_next(c, &ev, &k, &err) != 0)
            fail_msg("store_scan_next: %s", err.msg);
        arena_init(&a, 256 << 20);
        for (size_t i = 0; i < k; i++, seen++) {
            uint64_t want = oldest ? seen : n - 1 - seen;
            struct event e = help_event(&a, SEED, want);
            assert_int_equal(ev[i].id, want + 1);
            assert_true(help_event_same(&e, &ev[i]));
        }
        arena_done(&a);
    } while (k > 0);
    assert_int_equal(seen, n);
    store_scan_close(c);
}

static void test_append_read_reopen(void **state)
{
    (void)state;
    char dir[256], store[256], keys[256];
    struct store_recovery r;
    struct err err = {0};
    uint64_t durable = 0, n = 0;
    help_tmp_dir(dir);
    struct store_opts o = help_opts(sys_linux(), dir, store, keys);
    for (int round = 0; round < 8; round++) {
        o.seal_inline = round % 2 == 0;
        struct store *s = open_store(&o, &r);
        expect_all(s, n, true);
        for (uint64_t k = 1; k < 60; k += 7) {
            append(s, n, k);
            n += k;
            assert_int_equal(store_commit(s, &durable, &err), 0);
            assert_int_equal(durable, n);
            assert_int_equal(store_tick(s, &err), 0);
        }
        expect_all(s, n, true);
        expect_all(s, n, false);
        struct store_stats t;
        store_stats(s, &t);
        assert_int_equal(t.events, n);
        assert_int_equal(t.last_id, n);
        store_close(s);
    }
    help_remove_dir(dir);
}

struct world {
    struct sys_sim *m;
    struct store_opts o;
    char store[256], keys[256];
};

static void make_world(struct world *w)
{
    struct err err = {0};
    assert_int_equal(sys_sim_new(3, &w->m, &err), 0);
    assert_int_equal(sys_mkdir(sys_sim_sys(w->m), "d", &err), 0);
    w->o = help_opts(sys_sim_sys(w->m), "d", w->store, w->keys);
}

static void commit(struct store *s)
{
    struct err err = {0};
    if (store_commit(s, NULL, &err) != 0 || store_tick(s, &err) != 0)
        fail_msg("commit: %s", err.msg);
}

static void test_odd_events_survive(void **state)
{
    (void)state;
    struct world w;
    struct arena a;
    struct err err = {0};
    uint64_t r = 11;
    enum { N = 200 };
    make_world(&w);
    w.o.window_bytes = 300000;
    arena_init(&a, 64 << 20);
    struct event *e = ARENA_NEW(&a, struct event, N);
    for (size_t i = 0; i < N; i++)
        e[i] = help_odd_event(&a, &r);
    char *line = ARENA_NEW(&a, char, EVENT_RAW_BYTES_MAX);
    for (size_t i = 0; i < EVENT_RAW_BYTES_MAX; i++)
        line[i] = (char)help_random(&r);
    e[7].raw = (struct str){line, EVENT_RAW_BYTES_MAX};
    e[7].message = str_from(e[7].raw, 1000);
    e[7].n_fields = 0;
    for (int round = 0; round < 3; round++) { /* in memory, from the log, from blocks */
        struct store *s = open_store(&w.o, NULL);
        if (round == 0) {
            assert_int_equal(store_append(s, e, N, &err), 0);
            assert_int_equal(store_commit(s, NULL, &err), 0);
        }
        struct store_scan_opts so = {.oldest_first = true, .from_ns = 0, .to_ns = 0};
        struct store_scan *c = NULL;
        const struct event *ev;
        size_t n = 0, seen = 0;
        assert_int_equal(store_scan_open(s, &so, &c, &err), 0);
        do {
            if (store_scan_next(c, &ev, &n, &err) != 0)
                fail_msg("%s", err.msg);
            for (size_t i = 0; i < n; i++, seen++)
                assert_true(help_event_same(&e[seen], &ev[i]));
        } while (n > 0);
        assert_int_equal(seen, N);
        store_scan_close(c);
        if (round == 0)
            sys_sim_crash_at(w.m, 1);
        store_close(s);
        if (round == 0)
            sys_sim_restart(w.m);
    }
    arena_done(&a);
    sys_sim_free(w.m);
}

static void test_refused_events(void **state)
{
    (void)state;
    struct world w;
    struct err err = {0};
    make_world(&w);
    struct store *s = open_store(&w.o, NULL);
    static char big[EVENT_RAW_BYTES_MAX + 1];
    struct event_field nameless = {.id = FIELD_OTHER, .value = S("x")}, unknown = {.id = FIELD_COUNT};
    struct event bad[] = {{.raw = {big, sizeof(big)}},
                          {.severity = 8},
                          {.facility = 24},
                          {.fields = &nameless, .n_fields = 1},
                          {.fields = &unknown, .n_fields = 1}};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        assert_int_equal(store_append(s, &bad[i], 1, &err), -1);
        assert_true(err.code == ERR_LIMIT || err.code == ERR_USAGE);
    }
    append(s, 0, 3); /* ids have no holes from the refused ones */
    store_close(s);
    sys_sim_free(w.m);
}

static void put_hash(void *arg, uint64_t hash)
{
    *(uint64_t *)arg = hash;
}

static uint64_t count(struct store *s, struct store_scan_opts so, const char *word)
{
    struct store_scan *c = NULL;
    struct err err = {0};
    const struct event *ev;
    size_t n = 0;
    uint64_t seen = 0, hash = 0;
    if (word != NULL) {
        pred_tokenise(str_of(word), put_hash, &hash);
        so.tokens = &hash;
        so.n_tokens = 1;
    }
    assert_int_equal(store_scan_open(s, &so, &c, &err), 0);
    do {
        assert_int_equal(store_scan_next(c, &ev, &n, &err), 0);
        for (size_t i = 0; i < n; i++)
            assert_true(so.source == 0 || ev[i].source == so.source);
        seen += n;
    } while (n > 0);
    store_scan_close(c);
    return seen;
}

static void test_scan_options(void **state)
{
    (void)state;
    struct world w;
    struct arena a;
    enum { N = 300 };
    uint64_t of_source[4] = {0}, in_time = 0;
    int64_t from = (INT64_C(1795312800) + 10) * NS_PER_S, to = from + 5 * NS_PER_S;
    make_world(&w);
    struct store *s = open_store(&w.o, NULL);
    append(s, 0, N);
    store_close(s);
    s = open_store(&w.o, NULL);
    arena_init(&a, 8 << 20);
    for (uint64_t i = 0; i < N; i++) {
        struct event e = help_event(&a, SEED, i);
        of_source[e.source]++;
        in_time += e.time_ns >= from && e.time_ns < to;
    }
    arena_done(&a);
    for (uint32_t k = 1; k < 4; k++)
        assert_int_equal(count(s, (struct store_scan_opts){.source = k}, NULL), of_source[k]);
    assert_int_equal(count(s, (struct store_scan_opts){.source = 77}, NULL), 0);
    assert_int_equal(count(s, (struct store_scan_opts){.from_ns = from, .to_ns = to}, NULL), in_time);
    assert_int_equal(count(s, (struct store_scan_opts){.from_id = 20, .to_id = 30}, NULL), 10);
    assert_int_equal(count(s, (struct store_scan_opts){.from_id = 300, .to_id = 301}, NULL), 1);
    assert_int_equal(count(s, (struct store_scan_opts){0}, "FAILED"), N);
    assert_int_equal(count(s, (struct store_scan_opts){0}, "failure"), N); /* only a field says it */
    assert_int_equal(count(s, (struct store_scan_opts){0}, "khongcotunay"), 0);
    uint64_t dang = count(s, (struct store_scan_opts){0}, "dang");
    assert_true(dang > 0);
    store_close(s);
    sys_sim_free(w.m);
}

static void test_disk_full(void **state)
{
    (void)state;
    for (uint64_t room = 200; room < 9000; room += 611) {
        struct world w;
        struct err err = {0};
        uint64_t n = 0;
        make_world(&w);
        struct store *s = open_store(&w.o, NULL);
        sys_sim_set_space(w.m, sys_sim_used(w.m) + room);
        bool refused = false;
        for (int i = 0; i < 200 && !refused; i++) {
            struct arena a;
            arena_init(&a, 1 << 20);
            struct event e = help_event(&a, SEED, n);
            if (store_append(s, &e, 1, &err) == 0) {
                n++;
            } else {
                assert_int_equal(err.code, ERR_FULL);
                refused = true;
            }
            arena_done(&a);
            int rc = store_commit(s, NULL, &err);
            assert_true(rc == 0 || err.code == ERR_FULL);
            sys_sim_advance(w.m, 2 * NS_PER_S);
            rc = store_tick(s, &err);
            assert_true(rc == 0 || err.code == ERR_FULL);
        }
        assert_true(refused);
        assert_false(store_intake_open(s));
        expect_all(s, n, true); /* nothing lost, and searching works */
        sys_sim_set_space(w.m, UINT64_MAX / 2);
        for (int i = 0; i < 3; i++) {
            sys_sim_advance(w.m, 2 * NS_PER_S);
            assert_int_equal(store_tick(s, &err), 0);
        }
        assert_true(store_intake_open(s));
        append(s, n, 20);
        commit(s);
        store_close(s);
        s = open_store(&w.o, NULL);
        expect_all(s, n + 20, true);
        store_close(s);
        sys_sim_free(w.m);
    }
}

static void test_reserve(void **state)
{
    (void)state;
    struct world w;
    struct err err = {0};
    make_world(&w);
    w.o.reserve_bytes = 1 << 20;
    struct store *s = open_store(&w.o, NULL);
    append(s, 0, 3);
    sys_sim_set_space(w.m, sys_sim_used(w.m) + (1 << 20) - 1);
    sys_sim_advance(w.m, 2 * NS_PER_S);
    assert_int_equal(store_tick(s, &err), 0);
    assert_false(store_intake_open(s));
    struct event e = {.raw = S("x"), .message = S("x")};
    assert_int_equal(store_append(s, &e, 1, &err), -1);
    assert_int_equal(err.code, ERR_FULL);
    sys_sim_set_space(w.m, UINT64_MAX / 2);
    sys_sim_advance(w.m, 2 * NS_PER_S);
    assert_int_equal(store_tick(s, &err), 0);
    append(s, 3, 3);
    store_close(s);
    sys_sim_free(w.m);
}

static void test_retention(void **state)
{
    (void)state;
    struct world w;
    struct store_stats t;
    struct err err = {0};
    make_world(&w);
    w.o.keep_ns = 100 * NS_PER_S;
    w.o.keep_floor_ns = 50 * NS_PER_S;
    w.o.keep_bytes = 1; /* the floor must win over the size */
    struct store *s = open_store(&w.o, NULL);
    append(s, 0, 400);
    commit(s);
    sys_sim_advance(w.m, 49 * NS_PER_S);
    append(s, 400, 10);
    commit(s);
    store_stats(s, &t);
    assert_int_equal(t.lost_to_retention, 0);
    struct store_scan_opts so = {.oldest_first = true};
    struct store_scan *c = NULL;
    assert_int_equal(store_scan_open(s, &so, &c, &err), 0); /* keeps reading what goes away meanwhile */
    sys_sim_advance(w.m, 100 * NS_PER_S);
    commit(s);
    store_stats(s, &t);
    assert_true(t.lost_to_retention > 200 && t.lost_to_retention < 410);
    assert_int_equal(t.events + t.lost_to_retention, 410);
    assert_int_equal(t.first_id, t.lost_to_retention + 1);
    assert_true(t.tree_size > t.blocks);
    const struct event *ev;
    size_t n = 0, seen = 0;
    do {
        assert_int_equal(store_scan_next(c, &ev, &n, &err), 0);
        seen += n;
    } while (n > 0);
    assert_int_equal(seen, 410);
    store_scan_close(c);
    uint64_t lost = t.lost_to_retention;
    store_close(s);
    s = open_store(&w.o, NULL);
    store_stats(s, &t);
    assert_true(t.lost_to_retention >= lost);
    store_close(s);
    struct store_verify_opts vo = {.sys = w.o.sys, .dir = w.store, .keys_dir = w.keys};
    struct store_verified v;
    assert_int_equal(store_verify(&vo, &v, &err), 0);
    assert_int_equal(v.bad, 0);
    sys_sim_free(w.m);
}

static void write_file(struct world *w, const char *path, struct str bytes)
{
    struct err err = {0};
    assert_int_equal(sys_write_file(w->o.sys, path, bytes, &err), 0);
}

static void test_wrong_key_and_newer_format(void **state)
{
    (void)state;
    struct world w;
    struct err err = {0};
    struct store *s;
    struct store_verified v;
    make_world(&w);
    s = open_store(&w.o, NULL);
    append(s, 0, 50);
    store_close(s);
    char *key = NULL;
    size_t n = 0;
    assert_int_equal(sys_read_file(w.o.sys, "d/keys/node.key", 100, &key, &n, &err), 0);
    write_file(&w, "d/keys/node.key", S("0123456789abcdef0123456789abcdef"));
    assert_int_equal(store_open(&w.o, &s, NULL, &err), -1);
    assert_non_null(strstr(err.msg, "node key"));
    struct store_verify_opts vo = {.sys = w.o.sys, .dir = w.store, .keys_dir = w.keys};
    assert_int_equal(store_verify(&vo, &v, &err), -1);
    write_file(&w, "d/keys/node.key", (struct str){key, n});
    free(key);
    write_file(&w, "d/store/format", S("khien-store 2\n"));
    assert_int_equal(store_open(&w.o, &s, NULL, &err), -1);
    assert_int_equal(err.code, ERR_CONFLICT);
    assert_non_null(strstr(err.msg, "newer"));
    write_file(&w, "d/store/format", S("khien-store 1\n"));
    s = open_store(&w.o, NULL);
    expect_all(s, 50, true);
    store_close(s);
    sys_sim_free(w.m);
}

static void test_one_owner(void **state)
{
    (void)state;
    char dir[256], store[256], keys[256];
    struct err err = {0};
    struct store *s, *second = NULL, *reader;
    help_tmp_dir(dir);
    struct store_opts o = help_opts(sys_linux(), dir, store, keys);
    o.seal_inline = false;
    s = open_store(&o, NULL);
    append(s, 0, 30);
    commit(s);
    assert_int_equal(store_open(&o, &second, NULL, &err), -1);
    assert_int_equal(err.code, ERR_CONFLICT);
    o.read_only = true;
    reader = open_store(&o, NULL); /* reading beside it is allowed, and changes nothing */
    expect_all(reader, 30, false);
    assert_false(store_intake_open(reader));
    store_close(reader);
    store_close(s);
    help_remove_dir(dir);
}

/* A log written by a program with other field numbers, and with one field that this one does not know. */
static void test_field_numbers_change(void **state)
{
    (void)state;
    struct buf table, packed;
    struct wal_names names;
    struct arena a;
    struct err err = {0};
    struct event e, back;
    arena_init(&a, 1 << 20);
    buf_init(&table, 1 << 16);
    buf_init(&packed, 1 << 20);
    buf_put_varint(&table, FIELD_COUNT);
    buf_put_varint(&table, 11);
    buf_put(&table, S("future.name"));
    for (uint16_t i = 1; i < FIELD_COUNT; i++) {
        buf_put_varint(&table, field_row(i)->name.n);
        buf_put(&table, field_row(i)->name);
    }
    assert_int_equal(wal_names_read(buf_str(&table), &names, &err), 0);
    assert_true(names.differ);
    e = help_event(&a, 1, 1);
    e.id = 5;
    struct event old = e;
    struct event_field f[4];
    memcpy(f, e.fields, sizeof(f));
    f[0].id = (uint16_t)(f[0].id + 1); /* the numbers of that program are one higher */
    f[1].id = 1;
    f[2].id = (uint16_t)(f[2].id + 1);
    old.fields = f;
    event_pack(&packed, &old);
    struct str in = buf_str(&packed);
    assert_int_equal(wal_next_event(&in, &names, &a, &back, &err), 0);
    assert_int_equal(in.n, 0);
    e.fields[1].id = FIELD_OTHER;
    e.fields[1].name = S("future.name");
    assert_true(help_event_same(&e, &back));
    wal_names_done(&names);
    buf_done(&table);
    buf_done(&packed);
    arena_done(&a);
}

static void test_keys_and_words(void **state)
{
    (void)state;
    struct world w;
    struct store_key_info k[4];
    char words[64];
    make_world(&w);
    struct store *s = open_store(&w.o, NULL);
    assert_int_equal(store_keys(s, k, COUNT_OF(k)), 3);
    assert_string_equal(k[0].kind, "node");
    assert_true(k[0].beside_data && !k[1].beside_data);
    assert_string_equal(k[2].algorithm, "Ed25519");
    store_seal_words(s, words);
    int blanks = 0;
    for (const char *p = words; *p != '\0'; p++)
        blanks += *p == ' ';
    assert_int_equal(blanks, 3);
    store_close(s);
    sys_sim_free(w.m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_append_read_reopen), cmocka_unit_test(test_odd_events_survive),
        cmocka_unit_test(test_refused_events),     cmocka_unit_test(test_scan_options),
        cmocka_unit_test(test_disk_full),          cmocka_unit_test(test_reserve),
        cmocka_unit_test(test_retention),          cmocka_unit_test(test_wrong_key_and_newer_format),
        cmocka_unit_test(test_one_owner),          cmocka_unit_test(test_field_numbers_change),
        cmocka_unit_test(test_keys_and_words),
    };
    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
