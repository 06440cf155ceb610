/*
 * config.h - khien.yaml. An empty or missing file gives good defaults; an unknown key or a value out of range
 * is an error with its line. The rows stand in config.def.
 */
#ifndef KHIEN_FLOW_CONFIG_H
#define KHIEN_FLOW_CONFIG_H

#include "codec/jout.h"
#include "sys/sys.h"

enum config_id {
#define CONFIG(id, key, type, def, min, max, unit, doc, doc_vi) CONFIG_##id,
#include "flow/config.def"
#undef CONFIG
    CONFIG_COUNT
};

#define CONFIG_LIST_MAX 64

struct config; /* owned by whoever loaded it */

/* path NULL: defaults only. A path that is given must exist (must_exist) or may be missing. */
int config_load(const struct sys *sys, const char *path, bool must_exist, struct config **ret,
                struct err *err) MUST_USE;
void config_free(struct config *c);
/* Replace a value, as the command line does; checked like one from the file. */
int config_set(struct config *c, enum config_id id, struct str text, struct err *err) MUST_USE;

const char *config_text(const struct config *c, enum config_id id); /* never NULL, "" where empty */
int64_t config_number(const struct config *c, enum config_id id);
size_t config_list(const struct config *c, enum config_id id, const char *const **ret);
/* Array of {"key","value","default","unit","doc":{"vi","en"}} for the console and for `khien doctor`. */
void config_put(const struct config *c, struct jout *j);

#endif
