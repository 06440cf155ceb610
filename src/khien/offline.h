/*
 * offline.h - open a data directory without a running node: its lock, its settings, its node.
 */
#ifndef KHIEN_KHIEN_OFFLINE_H
#define KHIEN_KHIEN_OFFLINE_H

#include "flow/node.h"
#include "khien/cmd.h"

struct offline {
    struct config *config;
    struct node *node;
    int lock;
    char data_dir[2048];
    struct store_recovery recovery;
};

/* Settings of --config, or DIR/khien.yaml; --data may be missing for commands that store nothing. */
int offline_config(const struct cmd *c, struct config **ret, struct err *err) MUST_USE;
/* Lock the directory and open its node. read_only: nothing on disk changes. ERR_CONFLICT: somebody uses it.
 */
int offline_open(const struct cmd *c, bool read_only, bool make, struct offline *ret,
                 struct err *err) MUST_USE;
void offline_close(struct offline *o);
int offline_lock(const struct cmd *c, bool make, struct offline *ret, struct err *err) MUST_USE;

#endif
