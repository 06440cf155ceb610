#include "sys/worker.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define THREADS_MAX 16

struct worker_pool {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_t threads[THREADS_MAX];
    unsigned n_threads, jobs, jobs_max;
    struct worker_job *todo, **todo_end; /* oldest first */
    struct worker_job *back;
    bool stop;
    int fd;
};

static void give_back(struct worker_pool *p, struct worker_job *job)
{
    uint64_t one = 1;
    job->next = p->back;
    p->back = job;
    ssize_t n =
        write(p->fd, &one, sizeof(one)); /* only fails when the counter is full: then it is readable anyway */
    (void)n;
}

static void *work(void *arg)
{
    struct worker_pool *p = arg;
    (void)pthread_mutex_lock(&p->lock);
    for (;;) {
        while (p->todo == NULL && !p->stop)
            (void)pthread_cond_wait(&p->wake, &p->lock);
        if (p->stop)
            break;
        struct worker_job *job = p->todo;
        p->todo = job->next;
        if (p->todo == NULL)
            p->todo_end = &p->todo;
        (void)pthread_mutex_unlock(&p->lock);
        job->run(job);
        (void)pthread_mutex_lock(&p->lock);
        give_back(p, job);
    }
    (void)pthread_mutex_unlock(&p->lock);
    return NULL;
}

int worker_new(unsigned threads, unsigned jobs_max, struct worker_pool **ret, struct err *err)
{
    assert(threads >= 1 && threads <= THREADS_MAX && jobs_max >= threads);
    struct worker_pool *p = calloc(1, sizeof(*p));
    if (p == NULL)
        return err_set(err, ERR_NOMEM, "worker pool");
    p->jobs_max = jobs_max;
    p->todo_end = &p->todo;
    p->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (p->fd < 0) {
        int e = errno;
        free(p);
        return err_errno(err, e, "worker pool");
    }
    (void)pthread_mutex_init(&p->lock, NULL);
    (void)pthread_cond_init(&p->wake, NULL);
    for (; p->n_threads < threads; p->n_threads++) {
        int e = pthread_create(&p->threads[p->n_threads], NULL, work, p);
        if (e != 0) {
            worker_free(p);
            return err_errno(err, e, "worker thread");
        }
    }
    *ret = p;
    return 0;
}

void worker_free(struct worker_pool *p)
{
    if (p == NULL)
        return;
    (void)pthread_mutex_lock(&p->lock);
    p->stop = true;
    (void)pthread_cond_broadcast(&p->wake);
    (void)pthread_mutex_unlock(&p->lock);
    for (unsigned i = 0; i < p->n_threads; i++)
        (void)pthread_join(p->threads[i], NULL);
    while (p->todo != NULL) {
        struct worker_job *job = p->todo;
        p->todo = job->next;
        give_back(p, job);
    }
    worker_collect(p);
    (void)close(p->fd);
    (void)pthread_cond_destroy(&p->wake);
    (void)pthread_mutex_destroy(&p->lock);
    free(p);
}

bool worker_submit(struct worker_pool *p, struct worker_job *job)
{
    (void)pthread_mutex_lock(&p->lock);
    bool ok = p->jobs < p->jobs_max && !p->stop;
    if (ok) {
        p->jobs++;
        job->next = NULL;
        *p->todo_end = job;
        p->todo_end = &job->next;
        (void)pthread_cond_signal(&p->wake);
    }
    (void)pthread_mutex_unlock(&p->lock);
    return ok;
}

int worker_fd(const struct worker_pool *p)
{
    return p->fd;
}

void worker_collect(struct worker_pool *p)
{
    uint64_t n;
    ssize_t got = read(p->fd, &n, sizeof(n));
    (void)got;
    (void)pthread_mutex_lock(&p->lock);
    struct worker_job *job = TAKE(p->back);
    (void)pthread_mutex_unlock(&p->lock);
    while (job != NULL) {
        struct worker_job *next = job->next;
        (void)pthread_mutex_lock(&p->lock);
        p->jobs--;
        (void)pthread_mutex_unlock(&p->lock);
        job->done(job);
        job = next;
    }
}
