/* The start of a node: which sequences it knows after an orderly end, after a crash and beside damage. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "flow/node.h"
#include "kit/kit.h"

#define SOURCES 3u
#define RAW_BYTES 65536u /* 128 events fill a block of 8 MiB */

static char dir[256];
static struct config *config;

static int set_up(void **state)
{
    (void)state;
    struct err err = {0};
    kit_dir(dir);
    assert_int_equal(config_load(sys_linux(), NULL, false, &config, &err), 0);
    return 0;
}

static void remove_part(const char *part)
{
    char path[300];
    (void)snprintf(path, sizeof(path), "%s/%s", dir, part);
    kit_dir_remove(path);
}

static int tear_down(void **state)
{
    (void)state;
    config_free(config);
    remove_part("store");
    remove_part("keys");
    kit_dir_remove(dir);
    return 0;
}

static struct node *open_node(void)
{
    char catalogue[1024];
    struct store_recovery recovery;
    struct node *n = NULL;
    struct err err = {0};
    const char *root = getenv("KHIEN_SOURCE_ROOT");
    assert_non_null(root);
    (void)snprintf(catalogue, sizeof(catalogue), "%s/catalogue", root);
    struct node_opts o = {
        .sys = sys_linux(), .config = config, .data_dir = dir, .catalogue_dir = catalogue, .no_rules = true};
    if (node_open(&o, &n, &recovery, &err) != 0)
        fail_msg("node_open: %s", err.msg);
    return n;
}

static struct node_source *source(struct node *n, unsigned which)
{
    char address[16];
    struct node_source *s = NULL;
    struct err err = {0};
    (void)snprintf(address, sizeof(address), "10.0.0.%u", which + 1);
    assert_int_equal(node_source_get(n, S("tcp"), str_of(address), S("sender"), &s, &err), 0);
    return s;
}

/* One event as intake takes it. */
static void put(struct node *n, unsigned which, const char *raw, uint64_t *seq)
{
    struct err err = {0};
    struct node_source *s = source(n, which);
    int64_t now = sys_now(sys_linux());
    struct event e = {.source = s->id,
                      .seq = ++seq[which],
                      .time_ns = now,
                      .recv_ns = now,
                      .raw = {raw, RAW_BYTES},
                      .message = {raw, RAW_BYTES}};
    assert_int_equal(node_events(n, &e, 1, &err), 0);
    node_source_count_event(s, &e);
}

static void put_many(struct node *n, struct kit_rng *r, const unsigned *which, size_t n_which, size_t count,
                     uint64_t *seq)
{
    static char raw[RAW_BYTES];
    struct err err = {0};
    uint64_t durable = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < sizeof(raw); k++)
            raw[k] = (char)('a' + kit_next(r) % 26);
        put(n, which[kit_below(r, n_which)], raw, seq);
    }
    assert_int_equal(node_commit(n, &durable, &err), 0);
}

/* What a process does that is killed before it saves its sequences. */
static void put_and_die(struct kit_rng *r, const unsigned (*rounds)[2], size_t n_rounds, size_t count)
{
    uint64_t seq[SOURCES];
    struct node *n = open_node();
    for (unsigned i = 0; i < SOURCES; i++)
        seq[i] = source(n, i)->last_seq;
    for (size_t i = 0; i < n_rounds; i++)
        put_many(n, r, rounds[i], 2, count, seq);
    _exit(0);
}

static void crash(struct kit_rng *r, const unsigned (*rounds)[2], size_t n_rounds, size_t count,
                  uint64_t *seq)
{
    struct kit_rng twin = *r;
    int status = 0;
    pid_t pid = fork();
    if (pid == 0)
        put_and_die(r, rounds, n_rounds, count);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    for (size_t i = 0; i < n_rounds * count; i++) { /* the same numbers again, for the truth */
        for (size_t k = 0; k < RAW_BYTES; k++)
            (void)kit_next(&twin);
        seq[rounds[i / count][kit_below(&twin, 2)]]++;
    }
    *r = twin;
}

static void check(const uint64_t *seq)
{
    struct node *n = open_node();
    for (unsigned i = 0; i < SOURCES; i++) {
        if (source(n, i)->last_seq != seq[i])
            fail_msg("source %u: sequence %llu, stored %llu", i, (unsigned long long)source(n, i)->last_seq,
                     (unsigned long long)seq[i]);
    }
    node_close(n);
}

/* Flip a byte in the middle of the first block of the first segment. */
static void damage_oldest_block(void)
{
    static const char *const names[] = {"0000000001.seg", "0000000001.part"};
    char path[300], byte;
    int fd = -1;
    for (size_t i = 0; fd < 0 && i < COUNT_OF(names); i++) {
        (void)snprintf(path, sizeof(path), "%s/store/%s", dir, names[i]);
        fd = open(path, O_RDWR | O_CLOEXEC);
    }
    assert_true(fd >= 0);
    assert_int_equal(pread(fd, &byte, 1, 100000), 1);
    byte ^= 1;
    assert_int_equal(pwrite(fd, &byte, 1, 100000), 1);
    (void)close(fd);
}

/* Sources fall silent one after the other, so that the newest blocks know only some of them. */
static void test_sequences(void **state)
{
    (void)state;
    static const unsigned all[SOURCES] = {0, 1, 2}, first[][2] = {{0, 1}, {1, 2}, {2, 2}, {1, 2}},
                          second[][2] = {{2, 2}};
    uint64_t seq[SOURCES] = {0};
    struct kit_rng r = kit_rng();
    struct node *n = open_node();
    put_many(n, &r, all, SOURCES, 200, seq);
    node_close(n);
    check(seq);
    crash(&r, first, COUNT_OF(first), 70, seq);
    check(seq);
    crash(&r, second, COUNT_OF(second), 5, seq);
    check(seq);
    /* An orderly end leaves nothing to look for: what is damaged far back does not matter here. */
    damage_oldest_block();
    check(seq);
}

/* The only block that could tell is damaged: the node starts with what the register says. */
static void test_damage(void **state)
{
    (void)state;
    static const unsigned all[SOURCES] = {0, 1, 2};
    uint64_t seq[SOURCES] = {0};
    struct kit_rng r = kit_rng();
    struct node *n = open_node();
    put_many(n, &r, all, SOURCES, 100, seq);
    node_close(n);
    damage_oldest_block();
    check(seq);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_sequences, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_damage, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("node start", tests, NULL, NULL);
}
