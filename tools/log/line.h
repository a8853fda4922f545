/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A line of the audit log: Documentation/audit-log.rst has its form, byte for byte. There is
 * one way to write a line, and what is written another way is not a line.
 */
#ifndef KREDACT_TOOLS_LOG_LINE_H
#define KREDACT_TOOLS_LOG_LINE_H

#include "client.h"

#define LINE_HASH_LEN	32u
#define LINE_BOOT_LEN	36u
#define LINE_TIME_LEN	30u	/* 2026-11-26T12:00:00.000000000Z */
/* Bytes of a line at most, its line feed included: a message, and what it is stamped with. */
#define LOG_LINE_MAX	(LOG_MESSAGE_MAX + 4096u)

/**
 * struct line_stamp - what the log itself says in a line
 * @seq:	number of the line, from 1 on
 * @realtime_ns: when, since 1970
 * @boot_ns:	when, since the boot (CLOCK_BOOTTIME)
 * @boot_id:	of which boot
 * @prev:	SHA-256 of the line before this one; zeros if there is none
 */
struct line_stamp {
	u64 seq;
	u64 realtime_ns;
	u64 boot_ns;
	char boot_id[LINE_BOOT_LEN + 1];
	u8 prev[LINE_HASH_LEN];
};

/**
 * struct line - a line that was read; texts point into it
 * @stamp:	of the log
 * @event:	its name, of @event_len bytes
 * @sender:	JSON of who sent it, an object
 * @data:	JSON of what it says, an object
 */
struct line {
	struct line_stamp stamp;
	const char *event;
	size_t event_len;
	const char *sender;
	size_t sender_len;
	const char *data;
	size_t data_len;
};

/* Where a line is not one. */
enum line_fault {
	LINE_GOOD,
	LINE_FORM,	/* not of the form of a line */
	LINE_TIME,	/* "time" and "realtime_ns" differ */
};

void line_time(char *to, u64 realtime_ns);
bool line_event_ok(const char *event, size_t len);
size_t line_write(char *to, size_t room, const struct line_stamp *stamp, const char *event,
		  const char *sender, const char *data);
enum line_fault line_read(struct line *line, const char *text, size_t len);
bool line_is(const struct line *line, const char *event);
struct json_object *line_json(const char *text, size_t len);
bool line_hash(const void *text, size_t len, u8 *hash);

#endif /* KREDACT_TOOLS_LOG_LINE_H */
