// SPDX-License-Identifier: GPL-2.0
/*
 * Runs of secrets in bytes: see scan.h.
 *
 * A table holds every window of 8 bytes of every secret, in both orders. Of 16
 * successive bytes at least 8 lie at a multiple of 8: it is enough to look each
 * of those up, and to go from there as far as the secret and the bytes agree.
 */
#include <string.h>

#include "aes.h"
#include "scan.h"

#define SECRET_MAX	1024	/* bytes of one secret */
#define WINDOWS		32768	/* slots of the table, a power of 2 */
#define FILTER_BITS	18
#define WINDOW		8

struct secret {
	char name[SCAN_NAME];
	size_t len;
	uint8_t bytes[2][SECRET_MAX];	/* as they are, and reversed */
};

struct window {
	uint64_t value;
	uint16_t secret;	/* 1 + index; 0: the slot is free */
	uint16_t offset;
	uint8_t reversed;
};

static struct secret secrets[SCAN_SECRETS];
static unsigned int nr_secrets, nr_windows;
static struct window windows[WINDOWS];
static uint8_t filter[(1u << FILTER_BITS) / 8];

static uint64_t hash(uint64_t value)
{
	value *= 0x9e3779b97f4a7c15ull;
	return value ^ value >> 32;
}

static bool add_window(unsigned int secret, unsigned int reversed, unsigned int offset)
{
	uint64_t value, h;

	if (nr_windows >= WINDOWS / 2)
		return false;
	nr_windows++;
	memcpy(&value, secrets[secret].bytes[reversed] + offset, WINDOW);
	h = hash(value);
	filter[h % (1u << FILTER_BITS) / 8] |= 1u << h % 8;
	while (windows[h % WINDOWS].secret)
		h++;
	windows[h % WINDOWS] = (struct window){ value, (uint16_t)(secret + 1), (uint16_t)offset,
						(uint8_t)reversed };
	return true;
}

int scan_add(const char *name, const void *bytes, size_t len)
{
	struct secret *s = &secrets[nr_secrets];
	unsigned int order, i;

	if (nr_secrets >= SCAN_SECRETS || len < SCAN_RUN || len > SECRET_MAX ||
	    strlen(name) >= SCAN_NAME)
		return -1;
	strcpy(s->name, name);
	s->len = len;
	memcpy(s->bytes[0], bytes, len);
	for (i = 0; i < len; i++)
		s->bytes[1][i] = s->bytes[0][len - 1 - i];
	for (order = 0; order < 2; order++)
		for (i = 0; i + WINDOW <= len; i++)
			if (!add_window(nr_secrets, order, i))
				return -1;
	return (int)nr_secrets++;
}

int scan_add_aes(const char *name, const void *key, size_t len)
{
	static const char *const forms[4] = { "enc", "enc-words", "dec", "dec-words" };
	uint8_t schedule[2][AES_SCHEDULE_MAX];
	char full[2 * SCAN_NAME];
	int index, i;
	size_t n;

	index = scan_add(name, key, len);
	n = aes_schedule(key, len, schedule[0]);
	aes_inverse(schedule[0], n, schedule[1]);
	for (i = 0; i < 4; i++) {
		if (i & 1)
			aes_swap(schedule[i / 2], n);
		strcpy(full, name);
		strcat(full, "/");
		strcat(full, forms[i]);
		if (index < 0 || scan_add(full, schedule[i / 2], n) < 0)
			return -1;
	}
	return index;
}

const char *scan_name(unsigned int secret)
{
	return secrets[secret].name;
}

const uint8_t *scan_secret(unsigned int secret, size_t *len)
{
	*len = secrets[secret].len;
	return secrets[secret].bytes[0];
}

unsigned int scan_nr(void)
{
	return nr_secrets;
}

/* How far the bytes agree with a secret around a window that is in both. */
static void extend(const uint8_t *bytes, size_t len, size_t at, const struct window *w,
		   struct scan_run *run)
{
	const struct secret *s = &secrets[w->secret - 1];
	const uint8_t *text = s->bytes[w->reversed];
	size_t before = 0, after = WINDOW;

	while (before < at && before < w->offset &&
	       bytes[at - before - 1] == text[w->offset - before - 1])
		before++;
	while (at + after < len && w->offset + after < s->len &&
	       bytes[at + after] == text[w->offset + after])
		after++;
	run->at = at - before;
	run->len = before + after;
	run->secret = w->secret - 1u;
	run->reversed = w->reversed;
	run->from = (unsigned int)(w->offset - before);
	if (w->reversed)
		run->from = (unsigned int)(s->len - 1 - run->from);
}

void scan(const uint8_t *bytes, size_t len, size_t from, size_t to,
	  void (*found)(const struct scan_run *run, void *arg), void *arg)
{
	struct scan_run run;
	uint64_t value, h;
	size_t at;

	for (at = from; at < to && at + WINDOW <= len; at += WINDOW) {
		memcpy(&value, bytes + at, WINDOW);
		if (!value)
			continue;
		h = hash(value);
		if (!(filter[h % (1u << FILTER_BITS) / 8] & 1u << h % 8))
			continue;
		for (; windows[h % WINDOWS].secret; h++) {
			if (windows[h % WINDOWS].value != value)
				continue;
			extend(bytes, len, at, &windows[h % WINDOWS], &run);
			/* Told already, if an earlier look-up of this call lies in it. */
			if (run.len >= SCAN_RUN && (at < from + WINDOW || run.at + WINDOW > at))
				found(&run, arg);
		}
	}
}
