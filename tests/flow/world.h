/*
 * world.h - a node in a folder of its own under a world that the test turns: the clock is set, the disk has
 * as much room as it is told.
 */
#ifndef KHIEN_TESTS_FLOW_WORLD_H
#define KHIEN_TESTS_FLOW_WORLD_H

#include "flow/node_priv.h"
#include "kit/kit.h"

#define WORLD_T0 (INT64_C(1795338000) * NS_PER_S) /* 2026-11-22 09:00 UTC */

struct world {
    struct sys sys;
    struct sys_ops ops;
    int64_t now_ns;
    uint64_t free_bytes;
    unsigned complaints; /* turns of the node that ended with an error */
    char dir[256], data[300], catalogue[4096];
    struct config *config;
    struct node *node;
};

static struct world world;

static int64_t world_clock(void *self)
{
    (void)self;
    return world.now_ns;
}

static int world_space(void *self, const char *path, struct sys_space *ret, struct err *err)
{
    (void)self;
    (void)path;
    (void)err;
    *ret = (struct sys_space){.total_bytes = UINT64_C(1) << 40, .free_bytes = world.free_bytes};
    return 0;
}

#define WORLD_OK(call)                                                                                       \
    do {                                                                                                     \
        struct err err = {0};                                                                                \
        if ((call) != 0)                                                                                     \
            fail_msg("%s:%d: %s", __FILE__, __LINE__, err.msg);                                              \
    } while (0)

UNUSED static void world_open(bool rules)
{
    struct store_recovery recovery;
    struct node_opts o = {.sys = &world.sys,
                          .config = world.config,
                          .data_dir = world.data,
                          .catalogue_dir = world.catalogue,
                          .no_rules = !rules};
    WORLD_OK(node_open(&o, &world.node, &recovery, &err));
}

UNUSED static void world_close(void)
{
    node_close(world.node);
    world.node = NULL;
}

/* Time passes and the node has its turn. */
UNUSED static void world_tick(int64_t ns)
{
    uint64_t durable;
    struct err err = {0};
    world.now_ns += ns;
    if (node_tick(world.node, &durable, &err) != 0)
        world.complaints++;
}

static int world_setup(void **state)
{
    (void)state;
    const char *root = getenv("KHIEN_SOURCE_ROOT");
    world = (struct world){.now_ns = WORLD_T0, .free_bytes = UINT64_C(1) << 39, .ops = *sys_linux()->ops};
    world.ops.now_ns = world.ops.mono_ns = world_clock;
    world.ops.space = world_space;
    world.sys = (struct sys){.self = sys_linux()->self, .ops = &world.ops};
    kit_dir(world.dir);
    (void)snprintf(world.data, sizeof(world.data), "%s/d", world.dir);
    (void)snprintf(world.catalogue, sizeof(world.catalogue), "%s/catalogue", root == NULL ? "." : root);
    assert_int_equal(mkdir(world.data, 0700), 0);
    WORLD_OK(config_load(&world.sys, NULL, false, &world.config, &err));
    return 0;
}

static int world_teardown(void **state)
{
    (void)state;
    char command[320];
    world_close();
    config_free(world.config);
    (void)snprintf(command, sizeof(command), "rm -rf %s", world.dir);
    return system(command);
}

#define WORLD_TEST(fn) cmocka_unit_test_setup_teardown(fn, world_setup, world_teardown)

#endif
