// SPDX-License-Identifier: GPL-2.0
/*
 * Fingerprints of a seal: see print_tables.h.
 */
#include <stdlib.h>

#include "print_tables.h"
#include "sort.h"

#define FILTER		256u			/* bits for each block, */
#define FILTER_MOST	(1u << 26)		/* and in all */

static bool has_higher_tag(const void *a, const void *b, const void *arg)
{
	const struct print *left = a, *right = b;

	(void)arg;
	return left->tag > right->tag;
}

static int load_table(struct print_table *table, struct input *in, u64 at, u32 nr,
		      struct complaint *why)
{
	/* The layout of the record is that of this machine, which is little-endian. */
	_Static_assert(sizeof(struct print) == sizeof(struct kredact_seal_print), "fingerprint");
	table->nr = nr;
	table->prints = calloc(nr + 1, sizeof(*table->prints));
	if (!table->prints)
		return complain(why, -ENOMEM, "out of memory for fingerprints");
	if (input_read(in, at, table->prints, (u64)nr * sizeof(*table->prints), why))
		return -EIO;
	sort_heap(table->prints, nr, sizeof(*table->prints), has_higher_tag, NULL);
	return 0;
}

static int by_tag(const void *a, const void *b)
{
	const struct print *left = a, *right = b;

	return (left->tag > right->tag) - (left->tag < right->tag);
}

static int make_filter(struct print_tables *tables, struct complaint *why)
{
	u64 bits = min((u64)FILTER * tables->blocks.nr, (u64)FILTER_MOST);
	u32 i, bit;

	for (tables->filter_bits = 10; 1u << tables->filter_bits < bits;)
		tables->filter_bits++;
	tables->filter = calloc(1u << (tables->filter_bits - 3), 1);
	if (!tables->filter)
		return complain(why, -ENOMEM, "out of memory for fingerprints");
	for (i = 0; i < tables->blocks.nr; i++) {
		bit = print_filter_bit(tables, tables->blocks.prints[i].tag);
		tables->filter[bit / 8] |= 1u << bit % 8;
	}
	return 0;
}

/**
 * print_tables_load() - take the fingerprints of a seal
 * @tables:	zeroed; to be released by print_tables_free(), also after an error
 * @seal:	with fingerprints; its HMAC was good
 * @why:	text of an error
 *
 * Return: 0, -EIO or -ENOMEM.
 */
int print_tables_load(struct print_tables *tables, const struct seal *seal, struct complaint *why)
{
	const struct seal_prints *from = &seal->prints;
	u64 blocks = from->at + (u64)from->pieces * sizeof(struct print);
	u64 bitmap = blocks + (u64)from->blocks * sizeof(struct print);
	int error;

	error = load_table(&tables->pieces, seal->in, from->at, from->pieces, why);
	if (!error)
		error = load_table(&tables->blocks, seal->in, blocks, from->blocks, why);
	if (!error)
		error = make_filter(tables, why);
	if (error)
		return error;
	tables->bits = from->bits;
	tables->bitmap = malloc(from->bits / 8 + 1);
	if (!tables->bitmap)
		return complain(why, -ENOMEM, "out of memory for fingerprints");
	return input_read(seal->in, bitmap, tables->bitmap, from->bits / 8, why);
}

/**
 * print_tables_free() - release them
 * @tables:	from print_tables_load(), or zeroed
 */
void print_tables_free(struct print_tables *tables)
{
	free(tables->pieces.prints);
	free(tables->blocks.prints);
	free(tables->bitmap);
	free(tables->filter);
}

/**
 * print_find() - the fingerprint of a tag
 * @table:	pieces or blocks
 * @tag:	what is looked for
 *
 * Return: one of @table, or NULL.
 */
const struct print *print_find(const struct print_table *table, u64 tag)
{
	const struct print wanted = { .tag = tag };

	return bsearch(&wanted, table->prints, table->nr, sizeof(wanted), by_tag);
}
