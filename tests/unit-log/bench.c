// SPDX-License-Identifier: GPL-2.0
/*
 * bench DIR LINES: writes a log of so many lines, as kredact-logd does, over 400 days of a
 * clock of its own: registrations of 1,000 keys by 5,000 processes, and one dump in a
 * thousand lines, of which 200 are of a process that had the key "jwt-signing".
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "log/pack.h"
#include "log/writer.h"

#define GROUP		1000	/* lines of a commit */
#define SENDER		"{\"pid\":612,\"uid\":0,\"gid\":0,\"comm\":\"kredactd\",\"unit\":\"kredactd.service\"}"

static struct writer_now now = { 1767225600 * NS_PER_S, 1000 * NS_PER_S };
static u64 step_ns;

static void tell_time(void *arg, struct writer_now *to)
{
	(void)arg;
	now.realtime_ns += step_ns;
	now.boot_ns += step_ns;
	*to = now;
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static const char *make_data(u64 i, u64 lines, const char **event, char *to, size_t room)
{
	static const char *const events[] = { "dump.redacted", "dump.captured", "dump.verified",
					      "dump.stored", "gate.allowed", "custody.open",
					      "custody.read", "custody.rename" };
	u64 dump = i / 1000, every = lines / 1000 / 200 ?: 1, pid = i % 5000 + 300;
	unsigned int part = (unsigned int)(i % 1000);
	bool wanted = dump % every == 0;
	char label[32];

	snprintf(label, sizeof(label), wanted ? "jwt-signing" : "key-%" PRIu64, dump % 1000);
	if (part >= 8) {
		*event = "registration.batch";
		snprintf(to, room, "{\"labels\":[\"%s-%" PRIu64 "\"],\"process\":{\"pid\":%" PRIu64
			 ",\"start_ns\":%" PRIu64 ",\"comm\":\"signer-%" PRIu64 "\",\"exe\":"
			 "\"/usr/sbin/signer\",\"uid\":101,\"unit\":\"signer@%" PRIu64 ".service\"},"
			 "\"count\":%u,\"bytes\":%u}", i % 97 ? "key" : "jwt-signing",
			 i % 97 ? i % 1000 : 1, pid, pid * 1000003, pid % 100, pid % 100, part,
			 part * 32);
		return to;
	}
	*event = events[part];
	if (part < 5)
		snprintf(to, room, "{\"labels\":[\"%s\"],\"process\":{\"pid\":%" PRIu64 ",\"start_ns\":%"
			 PRIu64 ",\"comm\":\"signer\"},\"dump\":{\"name\":\"core.%" PRIu64 "\",\"path\":"
			 "\"/var/lib/kredact/store/core.%" PRIu64 "\",\"sha256\":\"%064" PRIx64 "\","
			 "\"bytes\":%u},\"verdict\":\"clean\"}", label, dump, dump * 7919, dump, dump,
			 dump, 1 << 20);
	else
		snprintf(to, room, "{\"dump\":{\"mark\":\"%032" PRIx64 "\",\"path\":"
			 "\"/var/lib/kredact/store/core.%" PRIu64 "\"},\"process\":{\"pid\":%" PRIu64
			 ",\"comm\":\"gdb\"},\"person\":{\"uid\":%u,\"login_uid\":%u}}", dump, dump,
			 pid, 1000 + part, 1000 + part);
	return to;
}

static const char *plain_name(u64 segment)
{
	static char name[SEGMENT_NAME_LEN];

	segment_name(name, segment, SEGMENT_PLAIN);
	return name;
}

int main(int argc, char **argv)
{
	u64 lines = argc == 3 ? strtoull(argv[2], NULL, 10) : 0, i;
	struct writer_opts opts = {
		.checkpoint_lines = 10000, .checkpoint_s = 3600, .rotate_bytes = 32 << 20,
		.rotate_s = 1000 * 86400, .retain_s = 4000u * 86400, .now = tell_time,
	};
	struct packer *packer;
	struct writer *writer;
	struct complaint why;
	double began, wrote;
	char data[1024];

	if (!lines || (opts.dir = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0) {
		fputs("usage: bench DIR LINES\n", stderr);
		return 3;
	}
	step_ns = 400ull * 86400 * NS_PER_S / lines;
	packer = packer_start(opts.dir);
	if (!packer || writer_open(&writer, &opts, &why)) {
		fprintf(stderr, "bench: %s\n", why.text);
		return 1;
	}
	began = seconds();
	for (i = 0; i < lines; i++) {
		const char *event;

		make_data(i, lines, &event, data, sizeof(data));
		if (writer_add(writer, event, SENDER, data, NULL, &why) ||
		    (i % GROUP == GROUP - 1 && writer_commit(writer, &why))) {
			fprintf(stderr, "bench: %s\n", why.text);
			return 1;
		}
		packer_wake(packer, writer->synced.segment);
	}
	if (writer_commit(writer, &why))
		return 1;
	wrote = seconds();
	printf("%" PRIu64 " lines written and synced in %.1f s\n", lines, wrote - began);
	/* Closed segments that the thread was not at yet. */
	packer_stop(packer);
	for (i = 1; i < writer->synced.segment; i++)
		if (!faccessat(opts.dir, plain_name(i), F_OK, 0) &&
		    pack_segment(opts.dir, i, &why)) {
			fprintf(stderr, "bench: %s\n", why.text);
			return 1;
		}
	printf("%" PRIu64 " segments compressed and indexed after %.1f s\n",
	       writer->synced.segment - 1, seconds() - began);
	return writer_close(writer, &why) ? 1 : 0;
}
