/* node: what it observes about itself, and what it does without being asked. */
#include "crypt/password.h"
#include "flow/node_obs.h"
#include "register/register_audit.h"
#include "register/register_org.h"
#include "register/register_person.h"
#include "register/register_setting.h"
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_observed),
    };
    return cmocka_run_group_tests_name("node", tests, NULL, NULL);
}
