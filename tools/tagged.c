// SPDX-License-Identifier: GPL-2.0
/*
 * What is tagged in a process: see tagged.h.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <json-c/json.h>

#include "tagged.h"

/* Tags that are asked for at a time. */
#define AT_ONCE	256

int tagged_open(void)
{
	int fd = open(KREDACT_DEVICE, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int tagged_read(int device, pid_t pid, int *pidfd, u64 *mm,
		void (*visit)(void *arg, const struct kredact_tag *tag), void *arg)
{
	struct kredact_list list = { .size = sizeof(list), .flags = KREDACT_PIDFD };
	struct kredact_tag tags[AT_ONCE];
	u32 i;

	*mm = 0;
	*pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (*pidfd < 0)
		return errno == ENOENT ? -EINVAL : -errno;
	list.tags = (uintptr_t)tags;
	list.pidfd = (u32)*pidfd;
	for (;;) {
		list.nr = AT_ONCE;
		if (ioctl(device, KREDACT_IOC_LIST, &list)) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		*mm = list.mm;
		if (!list.nr)
			return 0;
		for (i = 0; i < list.nr; i++)
			visit(arg, &tags[i]);
	}
}

const char *tagged_why(int error)
{
	switch (error) {
	case -ENOENT:
		return "the module is not loaded, there is no " KREDACT_DEVICE;
	case -ENOTTY:
		return "the module is too old to list what is tagged";
	case -ESRCH:
		return "no such process, or one without memory: a thread of the kernel, or it has "
		       "ended";
	case -EINVAL:
		return "this is a thread; its process has another number";
	case -EACCES:
	case -EPERM:
		return "not permitted: it takes what reading /proc/PID/maps takes";
	default:
		return strerror(-error);
	}
}

bool tagged_is_pinned(const struct kredact_tag *tag)
{
	return tag->coverage & KREDACT_COVER_SWAP;
}

/* A label in the tree. */
struct label {
	u32 len;
	u8 text[KREDACT_LABEL_MAX];
};

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct label));
}

static void add_label(struct tagged_sums *sums, const struct kredact_tag *tag)
{
	struct label key = { .len = tag->label_len }, *new;

	memcpy(key.text, tag->label, sizeof(key.text));
	if (!tag->label_len || tfind(&key, &sums->labels, compare))
		return;
	new = malloc(sizeof(*new));
	if (new)
		*new = key;
	if (!new || !tsearch(new, &sums->labels, compare)) {
		free(new);
		sums->no_memory = true;
		return;
	}
	sums->nr_labels++;
}

/* How many bytes of a tag are not below @end, which moves behind it. */
static u64 more(u64 *end, const struct kredact_tag *tag)
{
	u64 from = tag->addr > *end ? tag->addr : *end, to = tag->addr + tag->len;

	if (to <= from)
		return 0;
	*end = to;
	return to - from;
}

void tagged_add(struct tagged_sums *sums, const struct kredact_tag *tag)
{
	sums->nr++;
	sums->bytes += more(&sums->end[0], tag);
	if (tagged_is_pinned(tag))
		sums->pinned += more(&sums->end[1], tag);
	if (tag->by < TAGGED_BY)
		sums->by[tag->by]++;
	add_label(sums, tag);
}

void tagged_sums_free(struct tagged_sums *sums)
{
	tdestroy(sums->labels, free);
	sums->labels = NULL;
}

const char *tagged_by_word(u32 by)
{
	static const char *const words[TAGGED_BY] = {
		[KREDACT_BY_SELF] = "self",
		[KREDACT_BY_OTHER] = "other",
		[KREDACT_BY_BPF] = "bpf",
	};

	return by < TAGGED_BY ? words[by] : "unknown";
}

void tagged_json(const struct tagged_sums *sums, struct json_object *to)
{
	struct json_object *by = json_object_new_object();
	u32 i;

	json_object_object_add(to, "ranges", json_object_new_uint64(sums->nr));
	json_object_object_add(to, "bytes", json_object_new_uint64(sums->bytes));
	json_object_object_add(to, "pinned_bytes", json_object_new_uint64(sums->pinned));
	for (i = 0; i < TAGGED_BY; i++)
		json_object_object_add(by, tagged_by_word(i), json_object_new_uint64(sums->by[i]));
	json_object_object_add(to, "by", by);
	json_object_object_add(to, "labels", sums->no_memory ? NULL :
			       json_object_new_uint64(sums->nr_labels));
}
