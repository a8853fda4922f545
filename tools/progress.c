// SPDX-License-Identifier: GPL-2.0
/*
 * How far it is: see progress.h.
 */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "progress.h"

#define SECOND		1000000000ULL
#define WIDTH		78
#define BAR		20u
#define NAME		24

static u64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * SECOND + now.tv_nsec;
}

/**
 * progress_begin() - begin with a dump
 * @progress:	takes the state
 * @always:	show it also if standard error is no terminal
 * @never:	do not show it
 * @name:	of the dump, escaped; borrowed
 */
void progress_begin(struct progress *progress, bool always, bool never, const char *name)
{
	bool terminal = isatty(STDERR_FILENO);

	*progress = (struct progress){
		.shown = !never && (always || terminal),
		.terminal = terminal,
		.name = name,
		.begun = now_ns(),
		.stage = BROKER_STAGES,
	};
}

static void draw(struct progress *progress, const struct broker_progress *now, u64 elapsed)
{
	static const char *const words[BROKER_STAGES] = { "unpacking", "searching" };
	u64 total = max(now->total, now->done), part, left = 0;
	double rate = now->done / (elapsed / (double)SECOND);
	char done[24], all[24], speed[24], bar[BAR + 1], line[200];
	const char *name = progress->name;

	text_size(done, sizeof(done), now->done);
	text_size(all, sizeof(all), total);
	text_size(speed, sizeof(speed), rate);
	part = total ? (double)now->done / total * BAR : 0;
	memset(bar, ' ', BAR);
	memset(bar, '=', min(part, (u64)BAR));
	bar[BAR] = '\0';
	if (rate >= 1)
		left = (total - now->done) / rate;
	/* The end of a path tells more than its beginning. */
	if (strlen(name) > NAME)
		name += strlen(name) - NAME;
	if (now->total)
		snprintf(line, sizeof(line), "%s: %s [%s] %s of %s, %s/s, %" PRIu64 " s left", name,
			 words[now->stage], bar, done, all, speed, min(left, (u64)999999));
	else
		snprintf(line, sizeof(line), "%s: %s %s, %s/s", name, words[now->stage], done,
			 speed);
	if (progress->terminal)
		fprintf(stderr, "\r%-*.*s", WIDTH, WIDTH, line);
	else
		fprintf(stderr, "%s\n", line);
}

/**
 * progress_update() - tell how far it is
 * @progress:	begun
 * @now:	that; its numbers may be anything
 *
 * Nothing is shown in the first second: most dumps take no longer.
 */
void progress_update(struct progress *progress, const struct broker_progress *now)
{
	u64 time, pause = progress->terminal ? SECOND / 5 : 5 * SECOND;

	if (!progress->shown)
		return;
	time = now_ns();
	if (now->stage != progress->stage) {
		progress->stage = now->stage;
		progress->stage_begun = time;
		return;
	}
	if (time - progress->begun < SECOND || time == progress->stage_begun ||
	    (progress->drawn && time - progress->drawn < pause))
		return;
	progress->drawn = time;
	draw(progress, now, time - progress->stage_begun);
}

/**
 * progress_end() - take away what was shown on a terminal
 * @progress:	begun
 */
void progress_end(struct progress *progress)
{
	if (progress->drawn && progress->terminal)
		fprintf(stderr, "\r%*s\r", WIDTH, "");
	progress->drawn = 0;
}
