/* help.h - events and stores for the tests of src/store. */
#ifndef TESTS_STORE_HELP_H
#define TESTS_STORE_HELP_H

#include "base/arena.h"
#include "store/store.h"

uint64_t help_random(uint64_t *state);
/* A syslog event with fields, the same for the same seed and number. Texts live in the arena. */
struct event help_event(struct arena *a, uint64_t seed, uint64_t n);
/* An event of odd content: NUL bytes, no UTF-8, extreme times, long lines, many fields, unknown names. */
struct event help_odd_event(struct arena *a, uint64_t *state);
bool help_event_same(const struct event *a, const struct event *b);
/* Options with small windows and segments for a store in DIR/store and DIR/keys. */
struct store_opts help_opts(const struct sys *sys, const char *dir, char store[256], char keys[256]);
/* A fresh directory below the temporary one of the machine. */
void help_tmp_dir(char out[256]);
void help_remove_dir(const char *path);

#endif
