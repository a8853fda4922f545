// SPDX-License-Identifier: GPL-2.0
/*
 * kredact events: what the module did, as it happens, or as far back as it still knows.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <json-c/json.h>

#include "commands.h"
#include "event_json.h"

#define BATCH	64

/**
 * struct events - what is asked for
 * @json:	objects of JSON
 * @follow:	until it is ended
 */
struct events {
	bool json;
	bool follow;
	struct event_teller teller;
};

static void usage(FILE *to)
{
	fputs("Usage: kredact events [--json] [--follow]\n"
	      "Prints what the module did: registrations, dumps, readers, unseals, keys, policies.\n"
	      "Without --follow that is what others who read it (kredactd) have had it keep.\n"
	      "  --json    the members that the audit log has, one object a line\n"
	      "  --follow  what happens from now on, until it is interrupted\n", to);
}

static void print_process(const char *what, const struct kredact_event_process *p)
{
	char comm[TEXT_ESCAPED(sizeof(p->comm))];

	if (!p->start_ns)
		return;
	text_escape(comm, sizeof(comm), p->comm, strnlen((char *)p->comm, sizeof(p->comm)));
	printf(" %s %s[%u]", what, comm, p->tgid);
	if (p->login_uid != ~0u)
		printf(" of login %u", p->login_uid);
}

static void print_text(const char *what, const struct kredact_event *event)
{
	char text[TEXT_ESCAPED(KREDACT_EVENT_TEXT_MAX)];

	text_escape(text, sizeof(text), event->text, event->text_len);
	if (event->text_len)
		printf(" %s \"%s\"", what, text);
}

static void print_dump(const struct kredact_event_dump *dump)
{
	static const char *const outcomes[] = {
		"?", "sealed", "cut short", "without a seal", "not written", "refused"
	};
	char hmac[2 * sizeof(dump->hmac) + 1];

	text_hex(hmac, dump->hmac, sizeof(dump->hmac));
	printf("dump, %s: %" PRIu64 " pages and %" PRIu64 " bytes zeroed, %" PRIu64
	       " copies, %" PRIu64 " pages left out, %u labels, seal %.16s",
	       outcomes[dump->outcome < 6 ? dump->outcome : 0], (u64)dump->pages_zeroed,
	       (u64)dump->bytes_zeroed, (u64)dump->copies, (u64)dump->pages_left_out,
	       dump->labels, hmac);
}

static void print_what(const struct kredact_event *event)
{
	switch (event->type) {
	case KREDACT_EVENT_START:
		printf("events begin after number %" PRIu64, (u64)event->seq);
		break;
	case KREDACT_EVENT_LOST:
		printf("%" PRIu64 " events lost", (u64)event->lost.count);
		break;
	case KREDACT_EVENT_TAGGED:
		printf("%" PRIu64 " ranges of %" PRIu64 " bytes registered",
		       (u64)event->tags.count, (u64)event->tags.bytes);
		break;
	case KREDACT_EVENT_FORKED:
		printf("%" PRIu64 " ranges inherited by %u children", (u64)event->tags.count,
		       event->tags.calls);
		break;
	case KREDACT_EVENT_ENDED:
		printf("%" PRIu64 " ranges unregistered, %" PRIu64 " unmapped, %" PRIu64
		       " ended with their process; %" PRIu64 " left",
		       (u64)event->ended.unregistered, (u64)event->ended.unmapped,
		       (u64)event->ended.exited, (u64)event->ended.left);
		break;
	case KREDACT_EVENT_LABEL:
		printf("label of the dump that follows");
		break;
	case KREDACT_EVENT_DUMP:
		print_dump(&event->dump);
		break;
	case KREDACT_EVENT_READ:
		printf("%" PRIu64 " reads got zeros for what is tagged, %" PRIu64 " nothing else, %"
		       PRIu64 " saw it unsealed", (u64)event->read.zeroed,
		       (u64)event->read.withheld, (u64)event->read.unsealed);
		break;
	case KREDACT_EVENT_UNSEAL:
		printf(event->unseal.seconds ? "unsealed for %u s" : "sealed again",
		       event->unseal.seconds);
		break;
	case KREDACT_EVENT_KEY:
		printf("another key of seals");
		break;
	case KREDACT_EVENT_POLICY:
		printf("another policy");
		break;
	default:
		printf("an event of type %u, which this program does not know", event->type);
	}
}

static void print_event(const struct kredact_event *event)
{
	char when[40];

	text_time(when, sizeof(when), event->realtime_ns);
	printf("%s  ", when);
	print_what(event);
	print_text(event->type == KREDACT_EVENT_UNSEAL ? "reason" : "label", event);
	print_process("by", &event->by);
	if (event->of.tgid != event->by.tgid)
		print_process("of", &event->of);
	putchar('\n');
}

static void print_json(struct events *events, const struct kredact_event *event)
{
	struct json_object *line = event_json(&events->teller, event);

	if (!line)
		return;
	if (event_name(event))
		json_object_object_add(line, "event", json_object_new_string(event_name(event)));
	puts(json_object_to_json_string_ext(line, JSON_C_TO_STRING_PLAIN |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(line);
}

static int print_all(struct events *events, int fd)
{
	static char records[BATCH * sizeof(struct kredact_event)];
	struct kredact_event event;
	size_t size, left;
	const char *at;
	ssize_t got;

	while ((got = read(fd, records, sizeof(records))) > 0) {
		at = records;
		left = (size_t)got;
		for (; (size = event_next(at, left, &event)); at += size, left -= size) {
			if (events->json)
				print_json(events, &event);
			else
				print_event(&event);
		}
		/* Who follows it in a pipe waits for it. */
		if (fflush(stdout))
			return EXIT_FAILED;
	}
	event_teller_end(&events->teller);
	if (!got || errno == EAGAIN)
		return 0;
	fprintf(stderr, "kredact events: %s\n", strerror(errno));
	return EXIT_FAILED;
}

static int open_events(const struct events *events)
{
	struct kredact_events args = {
		.size = sizeof(args),
		.flags = events->follow ? 0 : KREDACT_EVENTS_PAST,
	};
	int device = open(KREDACT_DEVICE, O_RDWR | O_CLOEXEC), fd;

	if (device < 0) {
		fprintf(stderr, "kredact events: %s: %s\n", KREDACT_DEVICE, strerror(errno));
		return -1;
	}
	fd = ioctl(device, KREDACT_IOC_EVENTS, &args);
	if (fd < 0 && errno == EPERM)
		fputs("kredact events: needs CAP_SYS_ADMIN in the initial user namespace\n", stderr);
	else if (fd < 0 && errno == ENOTTY)
		fputs("kredact events: this module is older, and tells no events\n", stderr);
	else if (fd < 0)
		fprintf(stderr, "kredact events: %s\n", strerror(errno));
	close(device);
	if (fd >= 0 && !events->follow)
		fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

/**
 * cmd_events() - kredact events
 * @argc:	of the command
 * @argv:	likewise
 *
 * Return: an exit status.
 */
int cmd_events(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "follow", no_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct events events = { .json = false };
	int option, fd, status;

	while ((option = getopt_long(argc, argv, "hf", options, NULL)) != -1) {
		switch (option) {
		case 'j':
			events.json = true;
			break;
		case 'f':
			events.follow = true;
			break;
		case 'h':
			usage(stdout);
			return 0;
		default:
			usage(stderr);
			return EXIT_USAGE;
		}
	}
	if (optind != argc) {
		usage(stderr);
		return EXIT_USAGE;
	}
	fd = open_events(&events);
	if (fd < 0)
		return EXIT_FAILED;
	status = print_all(&events, fd);
	close(fd);
	return status;
}
