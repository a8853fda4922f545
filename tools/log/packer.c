// SPDX-License-Identifier: GPL-2.0
/*
 * The thread of kredact-logd that compresses closed segments: see pack.h.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "pack.h"

#define NICE	10

struct packer {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	int dir;
	u64 open_segment;
	u64 done;		/* the open segment when all before it were compressed */
	bool ends;
};

static bool ends(struct packer *packer)
{
	bool now;

	pthread_mutex_lock(&packer->lock);
	now = packer->ends;
	pthread_mutex_unlock(&packer->lock);
	return now;
}

static void pack_all(struct packer *packer, u64 open_segment)
{
	struct segments segments;
	struct complaint why;
	size_t i;

	if (segments_list(&segments, packer->dir, &why))
		fprintf(stderr, "kredact-logd: %s\n", why.text);
	for (i = 0; i < segments.count && !ends(packer); i++) {
		const struct segment *segment = &segments.list[i];

		if (segment->number < open_segment && segment->has[SEGMENT_PLAIN] &&
		    pack_segment(packer->dir, segment->number, &why))
			fprintf(stderr, "kredact-logd: segment %llu is not compressed: %s\n",
				(unsigned long long)segment->number, why.text);
	}
	segments_free(&segments);
}

static void *run(void *arg)
{
	struct packer *packer = arg;

	/* It has time: what is to be written now goes first. */
	setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
	pthread_mutex_lock(&packer->lock);
	while (!packer->ends) {
		u64 open_segment = packer->open_segment;

		if (open_segment == packer->done) {
			pthread_cond_wait(&packer->wake, &packer->lock);
			continue;
		}
		pthread_mutex_unlock(&packer->lock);
		pack_all(packer, open_segment);
		pthread_mutex_lock(&packer->lock);
		packer->done = open_segment;
	}
	pthread_mutex_unlock(&packer->lock);
	return NULL;
}

/**
 * packer_start() - start the thread
 * @dir:	of the log, which stays open
 *
 * Return: for packer_stop(), or NULL.
 */
struct packer *packer_start(int dir)
{
	struct packer *packer = calloc(1, sizeof(*packer));

	if (!packer)
		return NULL;
	packer->dir = dir;
	pthread_mutex_init(&packer->lock, NULL);
	pthread_cond_init(&packer->wake, NULL);
	if (!pthread_create(&packer->thread, NULL, run, packer))
		return packer;
	free(packer);
	return NULL;
}

/**
 * packer_wake() - say which segment is written
 * @packer:	from packer_start()
 * @open_segment: its number; those before it are closed
 */
void packer_wake(struct packer *packer, u64 open_segment)
{
	pthread_mutex_lock(&packer->lock);
	if (packer->open_segment != open_segment) {
		packer->open_segment = open_segment;
		pthread_cond_signal(&packer->wake);
	}
	pthread_mutex_unlock(&packer->lock);
}

/**
 * packer_stop() - end the thread, after the segment that it is at
 * @packer:	from packer_start(), or NULL
 */
void packer_stop(struct packer *packer)
{
	if (!packer)
		return;
	pthread_mutex_lock(&packer->lock);
	packer->ends = true;
	pthread_cond_signal(&packer->wake);
	pthread_mutex_unlock(&packer->lock);
	pthread_join(packer->thread, NULL);
	free(packer);
}
