#include "base/par.h"

#include <pthread.h>
#include <stdatomic.h>

typedef struct job {
    size_t n_blocks;
    rl_block_fn *fn;
    void *arg;
    _Alignas(128) atomic_size_t next;
} job;

static void *work(void *arg)
{
    job *j = arg;
    for (size_t b; (b = atomic_fetch_add(&j->next, 1)) < j->n_blocks;) j->fn(b, j->arg);
    return NULL;
}

void rl_par(size_t n_blocks, rl_block_fn *fn, void *arg, rl_ctx *cx)
{
    enum { MOST = 64 };
    pthread_t thread[MOST];
    job j = {.n_blocks = n_blocks, .fn = fn, .arg = arg};
    size_t want = cx->threads > MOST ? MOST : (size_t)cx->threads, started = 0;
    if (want > n_blocks) want = n_blocks;
    /* A thread that cannot be had is no error: the others take its blocks. */
    while (started + 1 < want && pthread_create(&thread[started], NULL, work, &j) == 0) started++;
    work(&j);
    for (size_t t = 0; t < started; t++) pthread_join(thread[t], NULL);
}
