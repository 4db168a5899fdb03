// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "private.h"

void pool_init(struct pool *pool, unsigned int max)
{
	*pool = (struct pool){ .max = max };
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->cond, NULL);
	pool->last[0] = &pool->first[0];
	pool->last[1] = &pool->first[1];
}

static struct work *take(struct pool *pool)
{
	struct work *work;
	int i;

	for (i = 0; i < 2; i++) {
		work = pool->first[i];
		if (!work)
			continue;
		pool->first[i] = work->next;
		if (!work->next)
			pool->last[i] = &pool->first[i];
		pool->queued--;
		return work;
	}
	return NULL;
}

static void *serve(void *arg)
{
	struct pool *pool = arg;
	struct work *work;

	pthread_mutex_lock(&pool->lock);
	for (;;) {
		work = take(pool);
		if (work) {
			pthread_mutex_unlock(&pool->lock);
			work->run(work);
			pthread_mutex_lock(&pool->lock);
		} else if (pool->stop) {
			break;
		} else {
			pool->idle++;
			pthread_cond_wait(&pool->cond, &pool->lock);
			pool->idle--;
		}
	}
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

void pool_queue(struct pool *pool, struct work *work, bool urgent)
{
	work->next = NULL;
	pthread_mutex_lock(&pool->lock);
	*pool->last[!urgent] = work;
	pool->last[!urgent] = &work->next;
	/* (an idle one may have been woken for another) */
	if (pool->queued++ >= pool->idle && pool->count < pool->max &&
	    !pthread_create(&pool->threads[pool->count], NULL, serve, pool))
		pool->count++;
	pthread_cond_signal(&pool->cond);
	pthread_mutex_unlock(&pool->lock);
}

void pool_destroy(struct pool *pool)
{
	unsigned int i;

	pthread_mutex_lock(&pool->lock);
	pool->stop = true;
	pthread_cond_broadcast(&pool->cond);
	pthread_mutex_unlock(&pool->lock);
	/* what is done at the end may want another thread */
	for (i = 0; i < pool->count; i++)
		pthread_join(pool->threads[i], NULL);
	pthread_cond_destroy(&pool->cond);
	pthread_mutex_destroy(&pool->lock);
}
