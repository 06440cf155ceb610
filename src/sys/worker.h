/*
 * worker.h - a fixed pool of threads for long work (searches, verification). A job is handed over whole and
 * comes back whole: its run() is called in a worker, its done() in the loop thread that calls
 * worker_collect() when the descriptor becomes readable.
 */
#ifndef KHIEN_SYS_WORKER_H
#define KHIEN_SYS_WORKER_H

#include "base/err.h"

struct worker_pool;

struct worker_job {
    void (*run)(struct worker_job *job);  /* in a worker thread */
    void (*done)(struct worker_job *job); /* in the loop thread; frees the job */
    struct worker_job *next;              /* the pool's */
};

/* jobs_max: jobs waiting or running; more are refused. */
int worker_new(unsigned threads, unsigned jobs_max, struct worker_pool **ret, struct err *err) MUST_USE;
/* Waits for what runs; jobs not yet begun get done() without run(). */
void worker_free(struct worker_pool *p);
/* False: the queue is full, the job stays the caller's. */
bool worker_submit(struct worker_pool *p, struct worker_job *job) MUST_USE;
int worker_fd(const struct worker_pool *p); /* readable when something came back */
void worker_collect(struct worker_pool *p);

#endif
