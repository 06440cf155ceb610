/*
 * sentence.h - one plain sentence per event, in both languages, from catalogue/texts/sentences.yaml.
 */
#ifndef KHIEN_FLOW_SENTENCE_H
#define KHIEN_FLOW_SENTENCE_H

#include "base/arena.h"
#include "model/event.h"
#include "sys/sys.h"

struct sentences; /* constant after loading; any thread may read it */

int sentence_load(const struct sys *sys, const char *path, struct sentences **ret, struct err *err) MUST_USE;
void sentence_free(struct sentences *s);
/* Both texts into the arena; false (and empty texts) where no row fits the event. */
bool sentence_of(const struct sentences *s, const struct event *e, struct arena *a, struct str *vi,
                 struct str *en);

#endif
