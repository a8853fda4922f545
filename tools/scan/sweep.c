// SPDX-License-Identifier: GPL-2.0
/*
 * The sweep: see sweep.h.
 *
 * Windows are read with pread(), not mapped: into a buffer that stays in the cache, that
 * was measured to be faster than mapped windows of 1 to 32 MiB, populated or not (9 to 10
 * GB/s of a cached file against 8); and a file that becomes shorter meanwhile is an error
 * and no SIGBUS.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include <openssl/crypto.h>

#include "sweep.h"

#define STACK		(512u << 10)
#define PAGE		4096u
#define ZEROS		(32u << 10)	/* a run of zeros that is worth another window */
#define BUFFER		(SCAN_BEFORE + SWEEP_WINDOW + SCAN_AFTER)

/**
 * struct sweep - see sweep.h
 * @lock:	guards all that follows, but @in's size
 * @wake:	@running or @over changed
 * @threads:	that were made, besides the caller of sweep_run()
 * @nr:		how many
 * @wanted:	how many are to be made
 * @started:	they were made
 * @running:	how many of them are to work, or do
 * @over:	they are to end
 * @in:		the file; for its holes
 * @look:	looks at a window
 * @arg:	its first argument
 * @next:	first byte that no thread has taken
 * @failed:	offset of the chunk that could not be read; the first one counts
 * @error:	why
 * @why:	in words
 */
struct sweep {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	pthread_t threads[SCAN_THREADS];
	u32 nr;
	u32 wanted;
	bool started;
	u32 running;
	bool over;
	struct input *in;
	sweep_look_fn look;
	void *arg;
	u64 next;
	u64 failed;
	int error;
	struct complaint why;
};

static void *nothing(void *arg)
{
	return arg;
}

/**
 * sweep_new() - prepare a sweep
 * @threads:	how many; 0: as many as there are processors for this process
 *
 * Before the sandbox: what the C library does for the first thread of a process, and
 * not for others, a sandbox need not allow.
 *
 * Return: to be released by sweep_free(), or NULL if there is no memory.
 */
struct sweep *sweep_new(u32 threads)
{
	struct sweep *sweep = calloc(1, sizeof(*sweep));
	cpu_set_t processors;
	pthread_t first;

	if (!sweep)
		return NULL;
	if (!threads && !sched_getaffinity(0, sizeof(processors), &processors))
		threads = CPU_COUNT(&processors);
	sweep->wanted = min(max(threads, 1u), SCAN_THREADS) - 1;
	if (sweep->wanted && !pthread_create(&first, NULL, nothing, NULL))
		pthread_join(first, NULL);
	pthread_mutex_init(&sweep->lock, NULL);
	pthread_cond_init(&sweep->wake, NULL);
	return sweep;
}

/**
 * sweep_free() - release a sweep
 * @sweep:	from sweep_new(), or NULL; not while it runs
 */
void sweep_free(struct sweep *sweep)
{
	if (!sweep)
		return;
	pthread_mutex_lock(&sweep->lock);
	sweep->over = true;
	pthread_cond_broadcast(&sweep->wake);
	pthread_mutex_unlock(&sweep->lock);
	while (sweep->nr--)
		pthread_join(sweep->threads[sweep->nr], NULL);
	pthread_cond_destroy(&sweep->wake);
	pthread_mutex_destroy(&sweep->lock);
	free(sweep);
}

/**
 * sweep_read() - read what the file has, with zeros for holes
 * @in:		the file
 * @offset:	first byte
 * @to:		takes them
 * @len:	how many
 * @why:	text of an error
 *
 * Return: 0, -EBADMSG or -EIO.
 */
int sweep_read(struct input *in, u64 offset, u8 *to, u64 len, struct complaint *why)
{
	u64 part;
	int error;

	for (; len; offset += part, to += part, len -= part) {
		bool hole;

		if (offset >= in->size)
			return complain(why, -EBADMSG, "ends too soon");
		hole = input_is_hole(in, offset, &part);
		part = min(part, len);
		if (hole) {
			memset(to, 0, part);
			continue;
		}
		error = input_read_at(in, offset, to, part, why);
		if (error)
			return error;
	}
	return 0;
}

/*
 * Takes the next chunk, at a multiple of SWEEP_CHUNK. Long holes are nobody's, but for
 * their last bytes, which may be the beginning of something.
 */
static bool take(struct sweep *sweep, u64 *at)
{
	u64 size = sweep->in->size, hole, left;
	bool taken = false;

	pthread_mutex_lock(&sweep->lock);
	while (!sweep->error && sweep->next < size && !taken) {
		*at = sweep->next;
		left = size - *at;
		if (!input_is_hole(sweep->in, *at, &hole) ||
		    (hole < left && hole < SWEEP_CHUNK + SCAN_BEFORE)) {
			taken = true;
			hole = SWEEP_CHUNK;
		} else if (hole < left) {
			hole -= SCAN_BEFORE;
			hole -= hole % SWEEP_CHUNK;
		}
		sweep->next += min(hole, left);
	}
	pthread_mutex_unlock(&sweep->lock);
	return taken;
}

static bool is_zero(const u8 *bytes, u64 len)
{
	u64 at, i, words[8], any;

	for (at = 0; len - at >= sizeof(words); at += sizeof(words)) {
		memcpy(words, bytes + at, sizeof(words));
		for (any = 0, i = 0; i < 8; i++)
			any |= words[i];
		if (any)
			return false;
	}
	for (; at < len; at++)
		if (bytes[at])
			return false;
	return true;
}

/*
 * Looks at the candidates of a window, but not where nothing but zeros are for long. The
 * last zeros of a run may be the beginning of something, also of what follows the window.
 */
static void look_around_zeros(const struct sweep *sweep, const struct window *all)
{
	struct window window = *all;
	u64 at, next, zeros = 0;
	bool any = false;

	for (at = all->begin; at < all->end; at = next) {
		next = min(at + PAGE, all->end);
		if (is_zero(all->bytes + at, next - at)) {
			zeros += next - at;
			continue;
		}
		window.end = at - zeros;
		if (any && zeros >= ZEROS) {
			sweep->look(sweep->arg, &window);
			any = false;
		}
		if (!any)
			window.begin = at - min(zeros, (u64)SCAN_BEFORE);
		any = true;
		zeros = 0;
	}
	window.end = zeros < ZEROS ? all->end : all->end - zeros;
	if (any)
		sweep->look(sweep->arg, &window);
	if (any && zeros < ZEROS)
		return;
	window.begin = all->end - min(zeros, (u64)SCAN_BEFORE);
	window.end = all->end;
	if (!is_zero(all->bytes + all->end, min(all->len - all->end, (u64)PAGE)))
		sweep->look(sweep->arg, &window);
}

static void fail(struct sweep *sweep, u64 at, int error, const struct complaint *why)
{
	pthread_mutex_lock(&sweep->lock);
	if (!sweep->error || at < sweep->failed) {
		sweep->failed = at;
		sweep->error = error;
		sweep->why = *why;
	}
	pthread_mutex_unlock(&sweep->lock);
}

/* Moves a window on to [@at, @next), and reads what it has not of it and what is around. */
static int slide(struct window *window, u8 *buffer, struct input *in, u64 at, u64 next,
		 struct complaint *why)
{
	u64 from = at - min(at, (u64)SCAN_BEFORE), to = min(next + SCAN_AFTER, in->size);
	u64 have = window->offset + window->len;
	int error;

	if (have < from || window->offset > from)
		have = from;
	if (have > from)
		memmove(buffer, buffer + (from - window->offset), have - from);
	error = sweep_read(in, have, buffer + (have - from), to - have, why);
	window->offset = from;
	window->len = to - from;
	window->begin = at - from;
	window->end = next - from;
	return error;
}

/* What each thread does: chunk after chunk, in windows that stay in its cache. */
static void work(struct sweep *sweep)
{
	u64 size = sweep->in->size, at = 0, next, end;
	u64 room = min((u64)BUFFER, max(size, 1u));
	u8 *buffer = input_buffer(room);
	struct window window = { .bytes = buffer };
	struct complaint why = { "out of memory" };
	struct input in = { 0 };
	int error = buffer ? input_share(&in, sweep->in, &why) : -ENOMEM;

	while (!error && take(sweep, &at)) {
		end = at + min((u64)SWEEP_CHUNK, size - at);
		for (; at < end && !error; at = next) {
			next = at + min((u64)SWEEP_WINDOW, end - at);
			error = slide(&window, buffer, &in, at, next, &why);
			if (!error)
				look_around_zeros(sweep, &window);
		}
	}
	if (error)
		fail(sweep, at, error, &why);
	input_close(&in);
	if (buffer)
		OPENSSL_cleanse(buffer, room);
	free(buffer);
}

static void *thread(void *arg)
{
	struct sweep *sweep = arg;
	bool over;

	pthread_mutex_lock(&sweep->lock);
	while (!sweep->running && !sweep->over)
		pthread_cond_wait(&sweep->wake, &sweep->lock);
	over = sweep->over;
	pthread_mutex_unlock(&sweep->lock);
	if (over)
		return NULL;
	work(sweep);
	pthread_mutex_lock(&sweep->lock);
	sweep->running--;
	pthread_cond_broadcast(&sweep->wake);
	pthread_mutex_unlock(&sweep->lock);
	return NULL;
}

/**
 * sweep_start() - make the threads
 * @sweep:	from sweep_new()
 *
 * Does nothing if they are there. sweep_run() calls it; for a sandbox that has no
 * threads it is called before that closes. With fewer threads than wanted, or none,
 * the sweep takes longer, no more.
 */
void sweep_start(struct sweep *sweep)
{
	pthread_attr_t attributes;

	if (sweep->started || pthread_attr_init(&attributes))
		return;
	sweep->started = true;
	pthread_attr_setstacksize(&attributes, STACK);
	while (sweep->nr < sweep->wanted &&
	       !pthread_create(&sweep->threads[sweep->nr], &attributes, thread, sweep))
		sweep->nr++;
	pthread_attr_destroy(&attributes);
}

/* A core that was cut off is judged elsewhere. */
static bool has(const struct input *in, u64 offset, u64 len)
{
	return offset <= in->size && in->size - offset >= len;
}

/* What there is around a seam behind segment @i, of memory that is in one piece in the file. */
static void around(const struct core *core, u32 i, u64 *before, u64 *after)
{
	const struct core_segment *all = core->segments;
	u32 k;

	*before = all[i].filesz;
	for (k = i; k && *before < SCAN_AFTER && core_segments_join(&all[k - 1], &all[k]); k--)
		*before += all[k - 1].filesz;
	*after = all[i + 1].filesz;
	for (k = i + 1; k + 1 < core->nr_segments && *after < SCAN_AFTER &&
	     core_segments_join(&all[k], &all[k + 1]); k++)
		*after += all[k + 1].filesz;
	*before = min(*before, (u64)SCAN_AFTER);
	*after = min(*after, (u64)SCAN_AFTER);
}

/* Neighbours in memory that are not neighbours in the file: see search.c. */
static int sweep_seams(struct sweep *sweep, const struct core *core, struct complaint *why)
{
	u8 *buffer = malloc(2 * SCAN_AFTER);
	struct window window = { .bytes = buffer };
	u64 before, after;
	int error = 0;
	u32 i;

	if (!buffer)
		return complain(why, -ENOMEM, "out of memory");
	for (i = 0; i + 1 < core->nr_segments && !error; i++) {
		const struct core_segment *left = &core->segments[i], *right = left + 1;

		if (!core_segments_part(left, right))
			continue;
		around(core, i, &before, &after);
		if (!before || !after || !has(sweep->in, left->offset, left->filesz) ||
		    !has(sweep->in, right->offset, after))
			continue;
		window.offset = left->offset + left->filesz - before;
		window.seam = before;
		window.seam_offset = right->offset;
		window.len = before + after;
		window.begin = before == SCAN_AFTER ? SCAN_BEFORE : 0;
		window.end = before;
		error = sweep_read(sweep->in, window.offset, buffer, before, why);
		if (!error)
			error = sweep_read(sweep->in, right->offset, buffer + before, after, why);
		if (!error)
			sweep->look(sweep->arg, &window);
	}
	OPENSSL_cleanse(buffer, 2 * SCAN_AFTER);
	free(buffer);
	return error;
}

/**
 * sweep_run() - look at a file
 * @sweep:	from sweep_new(), once
 * @in:		the file: every byte of it, whatever the headers of a core say
 * @core:	its segments, or NULL
 * @look:	is called for each window
 * @arg:	its first argument
 * @why:	text of an error
 *
 * Return: 0, -EBADMSG, -EIO (also when the file became shorter), -ENOMEM.
 */
int sweep_run(struct sweep *sweep, struct input *in, const struct core *core, sweep_look_fn look,
	      void *arg, struct complaint *why)
{
	sweep_start(sweep);
	pthread_mutex_lock(&sweep->lock);
	sweep->in = in;
	sweep->look = look;
	sweep->arg = arg;
	sweep->running = sweep->nr;
	pthread_cond_broadcast(&sweep->wake);
	pthread_mutex_unlock(&sweep->lock);
	work(sweep);
	pthread_mutex_lock(&sweep->lock);
	while (sweep->running)
		pthread_cond_wait(&sweep->wake, &sweep->lock);
	pthread_mutex_unlock(&sweep->lock);
	if (sweep->error) {
		*why = sweep->why;
		return sweep->error;
	}
	return core ? sweep_seams(sweep, core, why) : 0;
}
