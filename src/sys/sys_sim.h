/*
 * sys_sim.h - a world for tests: an in-memory file system, a clock that is set, random bytes from a seed, and
 * faults at will. What was not synced may be lost, torn or applied out of order when the machine "crashes";
 * names that were not synced with their directory may vanish. One thread only. Locks always succeed.
 */
#ifndef KHIEN_SYS_SYS_SIM_H
#define KHIEN_SYS_SYS_SIM_H

#include "sys/sys.h"

struct sys_sim;

int sys_sim_new(uint64_t seed, struct sys_sim **ret, struct err *err) MUST_USE;
void sys_sim_free(struct sys_sim *m); /* NULL allowed; open files must be closed before */
const struct sys *sys_sim_sys(struct sys_sim *m);

/* A change is a write, sync, truncation, rename, removal, new name or directory sync. */
/* Crash during the step-th change from now (1 = the next): it happens in part, then every call fails with
 * ERR_IO. */
void sys_sim_crash_at(struct sys_sim *m, uint64_t step);
bool sys_sim_crashed(const struct sys_sim *m);
/* After a crash (or at any time: the power goes off now): what survives is what a new start would find. */
void sys_sim_restart(struct sys_sim *m);

/* The step-th change from now fails with ERR_IO, a write in part. 0 = none. */
void sys_sim_fail_at(struct sys_sim *m, uint64_t step);
/* Writes that would make the files larger than this in all fail with ERR_FULL, after a part was written. */
void sys_sim_set_space(struct sys_sim *m, uint64_t bytes);
uint64_t sys_sim_used(const struct sys_sim *m);
void sys_sim_advance(struct sys_sim *m, int64_t ns); /* both clocks */

/* Look at and change files behind the program's back: content of a name, NULL where there is none. */
unsigned char *sys_sim_bytes(struct sys_sim *m, const char *path, size_t *ret_n);

#endif
