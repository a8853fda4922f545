// SPDX-License-Identifier: GPL-2.0
/*
 * put DISK NAME SECONDS - lines for the audit log, and a mark "NAME line SEQ HASH" of each that
 * was acknowledged
 * put DISK TEXT - a mark
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>

#include "log/client.h"
#include "mark.h"

static int put_lines(int disk, const char *name, time_t seconds)
{
	struct log_client *client;
	struct complaint why;
	unsigned int n = 0;
	time_t end = time(NULL) + seconds;

	if (log_open(&client, NULL, &why)) {
		fprintf(stderr, "put: %s\n", why.text);
		return 1;
	}
	for (; time(NULL) < end; n++) {
		struct json_object *data = json_object_new_object();
		struct log_ack ack;

		json_object_object_add(data, "reason", json_object_new_string("a power cut"));
		json_object_object_add(data, "number", json_object_new_int64(n));
		if (log_put(client, "config.changed", data, &ack, &why)) {
			fprintf(stderr, "put: %s\n", why.text);
			return 1;
		}
		if (mark_put(disk, "%s line %" PRIu64 " %s", name, (uint64_t)ack.seq, ack.hash))
			return 1;
	}
	log_close(client);
	printf("%u lines\n", n);
	return 0;
}

int main(int argc, char **argv)
{
	int disk = argc > 2 ? mark_open(argv[1]) : -1;

	if (disk < 0)
		return 3;
	if (argc == 4)
		return put_lines(disk, argv[2], atoi(argv[3]));
	return mark_put(disk, "%s", argv[2]) ? 1 : 0;
}
