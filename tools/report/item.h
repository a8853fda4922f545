/* SPDX-License-Identifier: GPL-2.0 */
/*
 * All that was found, in one form: registered ranges and copies that are not zero,
 * secrets, keys by their structure.
 */
#ifndef KREDACT_TOOLS_ITEM_H
#define KREDACT_TOOLS_ITEM_H

#include "report.h"

/* What is shown one by one of sightings. */
#define ITEM_SIGHTINGS	4096u

/**
 * struct item - something that was found
 * @rule:	stable name of its kind, one word
 * @title:	its kind, for people
 * @check:	of the audit, that found it
 * @key:	key material; otherwise it is worth a line, and no reason against the dump
 * @proven:	arithmetically, or byte by byte
 * @offset:	of the first byte in the file
 * @len:	bytes
 * @mapped:	it has an address
 * @vaddr:	its address
 * @place:	where that is
 * @where:	@place in a line
 * @text:	what it is, in a line
 * @digest:	of its bytes, SIGHTING_DIGEST_LEN bytes, or NULL
 * @advice:	what to do
 */
struct item {
	const char *rule;
	const char *title;
	enum check_name check;
	bool key;
	bool proven;
	u64 offset;
	u64 len;
	bool mapped;
	u64 vaddr;
	struct place place;
	char where[512];
	char text[600];
	const u8 *digest;
	const char *advice;
};

/* Takes an item. */
typedef void (*item_fn)(void *arg, const struct item *item);

void items_visit(const struct report *report, struct audit *audit, item_fn take, void *arg);
void item_of_finding(struct audit *audit, const struct finding *finding, bool copy,
		     struct item *item);
void item_of_print(struct audit *audit, const struct listed_print *listed, struct item *item);
void item_of_hit(const struct report *report, struct audit *audit, const struct listed_hit *hit,
		 struct item *item);
void item_of_sighting(struct audit *audit, const struct sighting *sighting, struct item *item);
void items_count(const struct audit *audit, char *text, size_t room);

#endif /* KREDACT_TOOLS_ITEM_H */
