/* node: what it observes about itself, and what it does without being asked. */
#include "crypt/password.h"
#include "flow/intake.h"
#include "flow/node_event.h"
#include "flow/node_info.h"
#include "flow/node_obs.h"
#include "register/register_audit.h"
#include "register/register_finding.h"
#include "register/register_org.h"
#include "register/register_person.h"
#include "register/register_setting.h"
#include "register/register_source_state.h"
#include "world.h"

static void observe(struct check_obs *ret)
{
    WORLD_OK(node_obs_fill(world.node, world.now_ns, ret, &err));
}

/* What is not seen is not claimed. */
static void test_observed(void **state)
{
    (void)state;
    struct check_obs o;
    struct node_source *s = NULL;
    world_open(false);
    observe(&o);
    assert_false(o.accounts.read); /* nobody has an account */
    assert_false(o.logs.layers_read);
    assert_true(o.store.access_audited);
    WORLD_OK(node_source_get(world.node, S("udp"), S("10.0.0.1"), S("web"), &s, &err));
    for (size_t i = 0; i < NODE_LAYERS; i++)
        s->layer_ns[i] = world.now_ns;
    observe(&o);
    assert_true(o.logs.layers_read);
    s->layer_ns[0] = 0;
    observe(&o);
    assert_false(o.logs.layers_read);
    world.now_ns += 86400 * NS_PER_S;
    observe(&o);
    assert_true(o.logs.layers_read && o.logs.layers[0] == 0);

    struct register_by by = {.now_ns = world.now_ns, .who = S("tester")};
    struct register_org org = {.name = S("Sở"), .code = S("so"), .role = S("agency")};
    struct register_person p = {.name = S("An"), .login = S("an"), .hash = S("$argon2id$x")};
    int64_t id;
    WORLD_OK(register_org_add(world.node->reg, &by, &org, &p.org, &err));
    WORLD_OK(register_person_add(world.node->reg, &by, &p, &id, &err));
    WORLD_OK(register_setting_set(world.node->reg, &by, SETTING_CAPTCHA_AFTER, 1, &err));
    observe(&o);
    assert_true(o.accounts.read && o.accounts.initial_given == 0 && o.accounts.captcha_after == 1);
    assert_int_equal(o.accounts.length_min, PASSWORD_CHARS_MIN);
    assert_int_equal(o.accounts.classes_min, 4);

    /* A search that left no audit record is seen. */
    node_searched(world.node);
    observe(&o);
    assert_false(o.store.access_audited);
    struct register_audit row = {.action = S("search"), .outcome = S("success")};
    WORLD_OK(register_audit_add(world.node->reg, &by, &row, &err));
    observe(&o);
    assert_true(o.store.access_audited);
}

struct seen {
    char last[64];
    unsigned n;
};

static void on_event(void *arg, const struct event *e)
{
    struct seen *s = arg;
    struct str action = event_get(e, FIELD_EVENT_ACTION);
    if (!str_eq(event_get(e, FIELD_EVENT_DATASET), S("khien.node")))
        return;
    s->n++;
    (void)snprintf(s->last, sizeof(s->last), "%.*s", STR_ARG(action));
    assert_true(e->id != 0 && e->raw.n > 0 && event_get(e, FIELD_HOST_NAME).n > 0);
}

/* Findings of a rule; the title of the newest. */
static size_t findings(const char *rule, char explain[1024])
{
    struct register_finding_filter all = {.org = 1};
    struct register_finding_list list;
    struct arena a;
    size_t n = 0;
    arena_init(&a, 16u << 20);
    WORLD_OK(register_finding_list(world.node->reg, &a, &all, (struct register_page){0}, &list, &err));
    for (size_t i = list.n; i-- > 0;) {
        if (!str_eq(list.items[i].rule, str_of(rule)))
            continue;
        n++;
        (void)snprintf(explain, 1024, "%.*s", STR_ARG(list.items[i].explain));
    }
    arena_done(&a);
    return n;
}

/* The disk fills up: the alarm does not wait for room, the record does; each change is told once. */
static void test_intake_events(void **state)
{
    (void)state;
    struct seen seen = {.n = 0};
    char explain[1024] = "";
    world_open(true);
    node_on_event(world.node, on_event, &seen);
    world_tick(2 * NS_PER_S);
    assert_int_equal(seen.n, 0);
    world.free_bytes = UINT64_C(212) << 20;
    for (int i = 0; i < 5; i++)
        world_tick(2 * NS_PER_S);
    assert_int_equal(seen.n, 0); /* no room */
    assert_int_equal(findings("khien-intake-stopped", explain), 1);
    assert_non_null(strstr(explain, "212 MiB"));
    world.free_bytes = UINT64_C(1) << 39;
    world_tick(2 * NS_PER_S);
    world_tick(0);
    assert_int_equal(seen.n, 1);
    assert_string_equal(seen.last, "intake_stopped");
    for (int i = 0; i < 10; i++)
        world_tick(2 * NS_PER_S);
    assert_int_equal(seen.n, 2);
    assert_string_equal(seen.last, "intake_started");
    assert_int_equal(findings("khien-intake-stopped", explain), 1);

    /* What waits is bounded. */
    world.free_bytes = 0;
    world_tick(2 * NS_PER_S);
    for (unsigned i = 0; i < NODE_EVENTS_HELD; i++)
        node_event_note(world.node, &(struct node_event){.kind = NODE_SOURCE_BACK});
    assert_int_equal(world.node->own.lost, 1);
    assert_int_equal(world.node->own.n, NODE_EVENTS_HELD);
    world.free_bytes = UINT64_C(1) << 39;
    world_tick(2 * NS_PER_S);
    world_tick(0);
    assert_int_equal(seen.n, 2 + NODE_EVENTS_HELD);
    assert_int_equal(world.node->own.n, 0);
}

static void test_silence_events(void **state)
{
    (void)state;
    struct seen seen = {.n = 0};
    struct node_source *s = NULL;
    char explain[1024] = "";
    world_open(true);
    node_on_event(world.node, on_event, &seen);
    WORLD_OK(node_source_get(world.node, S("udp"), S("10.0.0.1"), S("tường lửa"), &s, &err));
    struct event e = {.recv_ns = world.now_ns, .seq = 1};
    node_source_count_event(s, &e);
    world_tick(6 * NS_PER_S);
    assert_int_equal(seen.n, 0);
    for (int i = 0; i < 3; i++)
        world_tick(86400 * NS_PER_S);
    assert_int_equal(seen.n, 1);
    assert_string_equal(seen.last, "source_silent");
    assert_int_equal(findings("khien-source-silent", explain), 1);
    assert_non_null(strstr(explain, "tường lửa"));
    assert_non_null(strstr(explain, "24 h"));

    /* A restart is no change. */
    world_close();
    world_open(true);
    node_on_event(world.node, on_event, &seen);
    for (int i = 0; i < 3; i++)
        world_tick(6 * NS_PER_S);
    assert_int_equal(seen.n, 1);
    WORLD_OK(node_source_get(world.node, S("udp"), S("10.0.0.1"), S(""), &s, &err));
    e = (struct event){.recv_ns = world.now_ns, .seq = 2};
    node_source_count_event(s, &e);
    for (int i = 0; i < 3; i++)
        world_tick(6 * NS_PER_S);
    assert_int_equal(seen.n, 2);
    assert_string_equal(seen.last, "source_back");
}

static void test_verify_events(void **state)
{
    (void)state;
    struct seen seen = {.n = 0};
    char explain[1024] = "";
    world_open(true);
    node_on_event(world.node, on_event, &seen);
    node_info_verified(world.node, world.now_ns, 0, S(""));
    for (int i = 0; i < 3; i++)
        world_tick(NS_PER_S);
    assert_int_equal(seen.n, 1);
    assert_int_equal(findings("khien-store-tampered", explain), 0);
    node_info_verified(world.node, world.now_ns, 2, S("store/seg-000012: block 3"));
    for (int i = 0; i < 3; i++)
        world_tick(NS_PER_S);
    assert_int_equal(seen.n, 2);
    assert_int_equal(findings("khien-store-tampered", explain), 1);
    assert_non_null(strstr(explain, "block 3"));
}

/* Group keys must mean the same after a restart, and something else in another node. */
static void test_seed(void **state)
{
    (void)state;
    uint64_t first = 0, second = 0, other = 0;
    world_open(true);
    WORLD_OK(node_seed(world.node, &first, &err));
    world_close();
    world_open(true);
    WORLD_OK(node_seed(world.node, &second, &err));
    assert_true(first == second && first != 0);
    (void)snprintf(world.data, sizeof(world.data), "%s/other", world.dir);
    assert_int_equal(mkdir(world.data, 0700), 0);
    world_close();
    world_open(true);
    WORLD_OK(node_seed(world.node, &other, &err));
    assert_true(other != first);
}

/* The same rule and group folds into the finding of the run before. */
static void test_folds_over_restart(void **state)
{
    (void)state;
    char explain[1024] = "";
    for (int run = 0; run < 2; run++) {
        world_open(true);
        node_event_note(world.node, &(struct node_event){.kind = NODE_SOURCE_SILENT, .source = S("web")});
        for (int i = 0; i < 3; i++)
            world_tick(NS_PER_S);
        assert_int_equal(findings("khien-source-silent", explain), 1);
        world_close();
    }
}

static void on_frame_out(void *arg, enum frame_type type, uint64_t tag, struct str payload)
{
    unsigned *n = arg;
    (void)tag;
    (void)payload;
    *n += type == FRAME_RESUME;
}

static void give(struct intake *i, enum frame_type type, uint64_t tag, const struct buf *b)
{
    struct frame f = {.type = type, .tag = tag, .payload = buf_str(b)};
    WORLD_OK(intake_frame(i, &f, &err));
}

/* What a front that died had counted and never gave away is a gap; followed files are read again. */
static void test_lost_with_front(void **state)
{
    (void)state;
    static const struct str kinds[] = {S("udp"), S("tcp"), S("file"), S("journal")};
    unsigned resumed = 0;
    struct intake *in = NULL;
    struct intake_opts o = {.send = on_frame_out, .arg = &resumed};
    struct buf b;
    world_open(false);
    o.node = world.node;
    WORLD_OK(intake_new(&o, &in, &err));
    buf_init(&b, 1 << 16);
    for (uint32_t k = 0; k < COUNT_OF(kinds); k++) {
        buf_clear(&b);
        frame_put_source(&b, &(struct frame_source){.kind = kinds[k], .address = S("10.0.0.1")});
        give(in, FRAME_SOURCE, k + 1, &b);
        buf_clear(&b);
        buf_put_u32(&b, 1);
        frame_put_counters(&b, &(struct frame_counters){.source = k + 1, .received = 5 + k});
        give(in, FRAME_COUNTERS, 0, &b);
    }
    assert_int_equal(resumed, COUNT_OF(kinds));
    assert_int_equal(intake_lost(in), 5 + 6);
    assert_int_equal(intake_lost(in), 0); /* counted once */
    for (uint32_t k = 0; k < COUNT_OF(kinds); k++) {
        struct node_source *s = NULL;
        WORLD_OK(node_source_get(world.node, kinds[k], S("10.0.0.1"), S(""), &s, &err));
        assert_int_equal(s->gaps, k < 2);
        assert_int_equal(s->missing, k < 2 ? 5 + k : 0);
    }

    /* What the kernel dropped adds up, over restarts, too. */
    for (uint64_t k = 1; k <= 3; k++) {
        buf_clear(&b);
        frame_put_front(&b, &(struct frame_front){.rss_bytes = k << 20, .kernel_dropped = k - 1});
        give(in, FRAME_FRONT, 0, &b);
    }
    assert_true(world.node->front_rss == 3 << 20 && world.node->kernel_dropped == 3);
    assert_int_equal(world.node->kernel_gaps, 2);
    world_tick(NS_PER_S);
    world_tick(NS_PER_S);
    struct check_obs seen;
    observe(&seen);
    assert_int_equal(seen.host.queue_dropped_24h, 3);
    intake_free(in);
    world_close();
    world_open(false);
    assert_true(world.node->kernel_dropped == 3 && world.node->kernel_gaps == 2);
    buf_done(&b);
}

/* Audit rows that the store has are removed when the setting says so, and not before. */
static void test_audit_prune(void **state)
{
    (void)state;
    struct register_by by = {.who = S("tester")};
    struct register_audit row = {.action = S("search"), .outcome = S("success")};
    struct register_audit_list list;
    struct arena a;
    const struct register_setting *s = register_setting_row(SETTING_AUDIT_DAYS);
    world_open(false);
    arena_init(&a, 16u << 20);
    struct register_tx tx = {0};
    WORLD_OK(register_tx_begin(world.node->reg, &tx, &err));
    for (int i = 0; i < 2500; i++) {
        by.now_ns = world.now_ns + i;
        WORLD_OK(register_audit_add(world.node->reg, &by, &row, &err));
    }
    WORLD_OK(register_tx_commit(&tx, &err));
    for (int i = 0; i < 30; i++)
        world_tick(NS_PER_S);
    WORLD_OK(register_audit_take(world.node->reg, &a, 1, &list, &err));
    assert_int_equal(list.n, 0); /* all are in the store */
    world_tick((s->def - 1) * 86400 * NS_PER_S);
    world_tick(NS_PER_S);
    WORLD_OK(register_audit_list(world.node->reg, &a, S("search"), (struct register_page){.limit = 1}, &list,
                                 &err));
    assert_int_equal(list.n, 1);
    world_tick(2 * 86400 * NS_PER_S);
    for (int i = 0; i < 5; i++)
        world_tick(NS_PER_S);
    WORLD_OK(register_audit_list(world.node->reg, &a, S("search"), (struct register_page){.limit = 1}, &list,
                                 &err));
    assert_int_equal(list.n, 0);
    by.now_ns = world.now_ns;
    assert_int_equal(
        register_setting_set(world.node->reg, &by, SETTING_AUDIT_DAYS, s->min - 1, &(struct err){0}), -1);
    arena_done(&a);
}

/* Every setting has its texts; every problem of a seal, too. */
static int no_room(void *self, struct sys_file *f, struct err *err)
{
    (void)self;
    (void)f;
    return err_set(err, ERR_FULL, "no room");
}

static uint64_t saved_seq(uint32_t source)
{
    struct register_source_state st = {0};
    struct arena a;
    bool found = false;
    arena_init(&a, 1 << 16);
    WORLD_OK(register_source_state_find(world.node->reg, &a, source, &st, &found, &err));
    arena_done(&a);
    return found ? st.last_seq : 0;
}

/* Events whose commit failed may be lost in a crash and are sent again: they must not be known by then. */
static void test_sequences_follow_the_disk(void **state)
{
    (void)state;
    struct node_source *s = NULL;
    struct event e = {.seq = 1, .time_ns = WORLD_T0, .recv_ns = WORLD_T0, .raw = S("x"), .message = S("x")};
    world_open(false);
    WORLD_OK(node_source_get(world.node, S("tcp"), S("10.0.0.1"), S("web"), &s, &err));
    world_tick(10 * NS_PER_S);
    e.source = s->id;
    int (*sync)(void *self, struct sys_file *f, struct err *err) = world.ops.sync;
    world.ops.sync = no_room;
    WORLD_OK(node_events(world.node, &e, 1, &err));
    node_source_count_event(s, &e);
    world_tick(10 * NS_PER_S);
    assert_true(world.complaints > 0);
    assert_int_equal(saved_seq(s->id), 0);
    world.ops.sync = sync;
    world_tick(10 * NS_PER_S);
    assert_int_equal(saved_seq(s->id), 1);
}

static void test_texts(void **state)
{
    (void)state;
    char code[96];
    world_open(false);
    for (int i = 0; i < SETTING_COUNT; i++) {
        static const char *const parts[] = {"title", "doc"};
        for (size_t k = 0; k < COUNT_OF(parts); k++) {
            (void)snprintf(code, sizeof(code), "setting.%.*s.%s",
                           STR_ARG(register_setting_row((enum register_setting_id)i)->key), parts[k]);
            assert_true(reason_text(world.node->texts, str_of(code), REASON_VI).n > 0);
            assert_true(reason_text(world.node->texts, str_of(code), REASON_EN).n > 0);
        }
    }
    for (int i = 0; i < STORE_PROBLEM_COUNT; i++) {
        (void)snprintf(code, sizeof(code), "verify.%s", store_verify_word((enum store_problem)i));
        assert_true(reason_text(world.node->texts, str_of(code), REASON_VI).n > 0);
        assert_true(reason_text(world.node->texts, str_of(code), REASON_EN).n > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_observed),
        WORLD_TEST(test_intake_events),
        WORLD_TEST(test_silence_events),
        WORLD_TEST(test_verify_events),
        WORLD_TEST(test_seed),
        WORLD_TEST(test_folds_over_restart),
        WORLD_TEST(test_lost_with_front),
        WORLD_TEST(test_audit_prune),
        WORLD_TEST(test_texts),
        WORLD_TEST(test_sequences_follow_the_disk),
    };
    return cmocka_run_group_tests_name("node", tests, NULL, NULL);
}
