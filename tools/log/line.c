// SPDX-License-Identifier: GPL-2.0
/*
 * A line of the audit log: see line.h.
 *
 * What the log says itself comes first, in fixed order and form, so that a chain of ten
 * million lines is checked without a parser of JSON; what a sender said comes last.
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdio.h>

#include <json-c/json.h>
#include <openssl/evp.h>

#include "line.h"

/* Objects in objects of a line, at most. */
#define DEPTH	16

/**
 * line_time() - a moment as RFC 3339 has it, in UTC, with nanoseconds
 * @to:		takes LINE_TIME_LEN bytes and a NUL
 * @realtime_ns: since 1970
 */
void line_time(char *to, u64 realtime_ns)
{
	char text[40];

	text_time(text, sizeof(text), realtime_ns);
	snprintf(to, LINE_TIME_LEN + 1, "%.10sT%.8s.%09uZ", text, text + 11,
		 (unsigned int)(realtime_ns % 1000000000));
}

/**
 * line_event_ok() - is this a name of an event: "family.what"
 * @event:	lower-case letters, digits, "_" and "-", with one dot or more between them
 * @len:	of it
 *
 * Return: true if it is.
 */
bool line_event_ok(const char *event, size_t len)
{
	bool dot = false;
	size_t i;

	if (!len || len > LOG_EVENT_MAX || event[0] == '.' || event[len - 1] == '.')
		return false;
	for (i = 0; i < len; i++) {
		char c = event[i];

		if (c == '.' && event[i - 1] == '.')
			return false;
		dot |= c == '.';
		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_' && c != '-' &&
		    c != '.')
			return false;
	}
	return dot;
}

/**
 * line_write() - make a line
 * @to:		takes it, with its line feed and a NUL
 * @room:	of @to
 * @stamp:	of the log
 * @event:	a name that line_event_ok() accepts
 * @sender:	JSON, an object
 * @data:	JSON, an object, without a line feed
 *
 * Return: its length, or 0 if it is too long.
 */
size_t line_write(char *to, size_t room, const struct line_stamp *stamp, const char *event,
		  const char *sender, const char *data)
{
	char when[LINE_TIME_LEN + 1], prev[2 * LINE_HASH_LEN + 1];
	int len;

	line_time(when, stamp->realtime_ns);
	text_hex(prev, stamp->prev, LINE_HASH_LEN);
	len = snprintf(to, room, "{\"seq\":%" PRIu64 ",\"time\":\"%s\",\"realtime_ns\":%" PRIu64
		       ",\"boot_ns\":%" PRIu64 ",\"boot_id\":\"%s\",\"prev\":\"%s\",\"event\":\"%s\""
		       ",\"sender\":%s,\"data\":%s}\n", stamp->seq, when, stamp->realtime_ns,
		       stamp->boot_ns, stamp->boot_id, prev, event, sender, data);
	return len > 0 && (size_t)len < room && len <= (int)LOG_LINE_MAX ? (size_t)len : 0;
}

/* What is left of a line that is being read. */
struct rest {
	const char *at;
	size_t len;
};

static bool skip(struct rest *rest, const char *text)
{
	size_t len = strlen(text);

	if (rest->len < len || memcmp(rest->at, text, len))
		return false;
	rest->at += len;
	rest->len -= len;
	return true;
}

/* A number as line_write() writes it: no sign, no leading zero, no overflow. */
static bool number(struct rest *rest, u64 *value)
{
	size_t digits = 0;

	*value = 0;
	while (digits < rest->len && rest->at[digits] >= '0' && rest->at[digits] <= '9') {
		unsigned int digit = (unsigned int)(rest->at[digits] - '0');

		if (digits && !*value)
			return false;
		if (*value > (UINT64_MAX - digit) / 10)
			return false;
		*value = *value * 10 + digit;
		digits++;
	}
	rest->at += digits;
	rest->len -= digits;
	return digits > 0;
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool hash(struct rest *rest, u8 *to)
{
	size_t i;

	if (rest->len < 2 * LINE_HASH_LEN)
		return false;
	for (i = 0; i < LINE_HASH_LEN; i++) {
		int high = digit(rest->at[2 * i]), low = digit(rest->at[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		to[i] = (u8)(high << 4 | low);
	}
	rest->at += 2 * LINE_HASH_LEN;
	rest->len -= 2 * LINE_HASH_LEN;
	return true;
}

static bool boot_id(struct rest *rest, char *to)
{
	size_t i;

	if (rest->len < LINE_BOOT_LEN)
		return false;
	for (i = 0; i < LINE_BOOT_LEN; i++)
		if (digit(rest->at[i]) < 0 && rest->at[i] != '-')
			return false;
	memcpy(to, rest->at, LINE_BOOT_LEN);
	to[LINE_BOOT_LEN] = '\0';
	rest->at += LINE_BOOT_LEN;
	rest->len -= LINE_BOOT_LEN;
	return true;
}

/* The end of an object that begins here: braces outside of strings, counted. */
static bool object(struct rest *rest, const char **at, size_t *len)
{
	bool in_string = false;
	size_t i, depth = 0;

	for (i = 0; i < rest->len; i++) {
		char c = rest->at[i];

		if ((unsigned char)c < ' ')
			return false;
		if (in_string) {
			if (c == '\\')
				i++;
			else if (c == '"')
				in_string = false;
			continue;
		}
		in_string = c == '"';
		depth += c == '{';
		if (!depth)
			return false;
		if (c == '}' && !--depth)
			break;
	}
	if (i >= rest->len)
		return false;
	*at = rest->at;
	*len = i + 1;
	rest->at += i + 1;
	rest->len -= i + 1;
	return true;
}

/**
 * line_read() - take a line apart
 * @line:	takes the parts
 * @text:	anything
 * @len:	of it, with the line feed at its end
 *
 * Of what the sender said only the braces are looked at; line_json() parses it.
 *
 * Return: LINE_GOOD, or what is wrong.
 */
enum line_fault line_read(struct line *line, const char *text, size_t len)
{
	struct line_stamp *stamp = &line->stamp;
	struct rest rest = { text, len };
	char when[LINE_TIME_LEN + 1];
	const char *time;

	if (!skip(&rest, "{\"seq\":") || !number(&rest, &stamp->seq) ||
	    !skip(&rest, ",\"time\":\"") || rest.len < LINE_TIME_LEN)
		return LINE_FORM;
	time = rest.at;
	rest.at += LINE_TIME_LEN;
	rest.len -= LINE_TIME_LEN;
	if (!skip(&rest, "\",\"realtime_ns\":") || !number(&rest, &stamp->realtime_ns) ||
	    !skip(&rest, ",\"boot_ns\":") || !number(&rest, &stamp->boot_ns) ||
	    !skip(&rest, ",\"boot_id\":\"") || !boot_id(&rest, stamp->boot_id) ||
	    !skip(&rest, "\",\"prev\":\"") || !hash(&rest, stamp->prev) ||
	    !skip(&rest, "\",\"event\":\""))
		return LINE_FORM;
	line->event = rest.at;
	for (line->event_len = 0; line->event_len < rest.len; line->event_len++)
		if (rest.at[line->event_len] == '"')
			break;
	if (!line_event_ok(line->event, line->event_len))
		return LINE_FORM;
	rest.at += line->event_len;
	rest.len -= line->event_len;
	if (!skip(&rest, "\",\"sender\":") || !object(&rest, &line->sender, &line->sender_len) ||
	    !skip(&rest, ",\"data\":") || !object(&rest, &line->data, &line->data_len) ||
	    !skip(&rest, "}\n") || rest.len)
		return LINE_FORM;
	line_time(when, stamp->realtime_ns);
	return memcmp(when, time, LINE_TIME_LEN) ? LINE_TIME : LINE_GOOD;
}

/**
 * line_is() - is it a line of this event
 * @line:	from line_read()
 * @event:	a name
 *
 * Return: true if it is.
 */
bool line_is(const struct line *line, const char *event)
{
	return strlen(event) == line->event_len && !memcmp(event, line->event, line->event_len);
}

/**
 * line_json() - parse JSON as strictly as the log accepts it
 * @text:	anything
 * @len:	of it
 *
 * Return: an object, for the caller to put, or NULL if it is none, or there is no memory.
 */
struct json_object *line_json(const char *text, size_t len)
{
	struct json_tokener *tokener = json_tokener_new_ex(DEPTH);
	struct json_object *object = NULL;

	if (!tokener)
		return NULL;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	if (len <= LOG_LINE_MAX)
		object = json_tokener_parse_ex(tokener, text, (int)len);
	if (json_tokener_get_error(tokener) != json_tokener_success ||
	    json_tokener_get_parse_end(tokener) != len ||
	    !json_object_is_type(object, json_type_object)) {
		json_object_put(object);
		object = NULL;
	}
	json_tokener_free(tokener);
	return object;
}

/**
 * line_hash() - SHA-256 of a line
 * @text:	all of it, with its line feed
 * @len:	of it
 * @hash:	takes LINE_HASH_LEN bytes
 *
 * Return: false if OpenSSL cannot compute it.
 */
bool line_hash(const void *text, size_t len, u8 *hash)
{
	unsigned int got = 0;
	static EVP_MD *type;

	if (!type)
		type = EVP_MD_fetch(NULL, "SHA256", NULL);
	return type && EVP_Digest(text, len, hash, &got, type, NULL) && got == LINE_HASH_LEN;
}
