// SPDX-License-Identifier: GPL-2.0
/* Values of a table of probes: see value.h. */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "value.h"

struct parser {
	const char *at;
	struct probe_value *value;
	const char *why;
};

static bool fail(struct parser *p, const char *why)
{
	p->why = why;
	return false;
}

static void skip_space(struct parser *p)
{
	while (isspace((unsigned char)*p->at))
		p->at++;
}

/* Is @word next? Then it is taken. */
static bool take(struct parser *p, const char *word)
{
	size_t len = strlen(word);

	skip_space(p);
	if (strncmp(p->at, word, len))
		return false;
	p->at += len;
	return true;
}

static bool parse_number(struct parser *p, unsigned long long most, unsigned long long *out)
{
	char *end;

	skip_space(p);
	if (!isdigit((unsigned char)*p->at))
		return fail(p, "a number is missing");
	errno = 0;
	*out = strtoull(p->at, &end, 0);
	if (errno || *out > most)
		return fail(p, "the number is too large");
	p->at = end;
	return true;
}

/* Behind "arg". */
static bool parse_argument(struct parser *p, __u8 *out)
{
	if (*p->at < '1' || *p->at > '0' + PROBE_ARGS || isalnum((unsigned char)p->at[1]))
		return fail(p, "arguments are arg1 to arg6");
	*out = *p->at++ - '0';
	return true;
}

/* What is added to an address or a value, if anything is. */
static bool parse_offset(struct parser *p, __s32 *out)
{
	bool minus = take(p, "-");
	unsigned long long number;

	if (!minus && !take(p, "+"))
		return true;
	if (!parse_number(p, INT_MAX, &number))
		return false;
	*out = minus ? -(__s32)number : (__s32)number;
	return true;
}

static bool parse_size(struct parser *p, __u8 *out)
{
	unsigned long long size = 8;

	if (take(p, ":") && !parse_number(p, 8, &size))
		return false;
	if (size != 1 && size != 2 && size != 4 && size != 8)
		return fail(p, "a size is 1, 2, 4 or 8");
	*out = size;
	return true;
}

static bool parse_term(struct parser *p, int depth)
{
	struct probe_value *v = p->value;
	unsigned long long number;

	if (take(p, "[")) {
		if (depth == PROBE_READS)
			return fail(p, "more than 3 reads in one value");
		if (!parse_term(p, depth + 1) || !parse_offset(p, &v->add[v->nr_reads]))
			return false;
		if (!take(p, "]"))
			return fail(p, "] is missing");
		if (!parse_size(p, &v->size[v->nr_reads]))
			return false;
		v->nr_reads++;
		return true;
	}
	if (take(p, "arg"))
		return parse_argument(p, &v->base);
	if (take(p, "result")) {
		v->base = PROBE_RESULT;
		return true;
	}
	if (depth || !isdigit((unsigned char)*p->at))
		return fail(p, "arg1 to arg6, result or [place] is missing");
	if (!parse_number(p, INT_MAX, &number))
		return false;
	v->add[PROBE_READS] = number;
	return true;
}

static bool parse_factor(struct parser *p)
{
	unsigned long long number;

	if (!take(p, "*"))
		return true;
	if (take(p, "arg"))
		return parse_argument(p, &p->value->by);
	if (!parse_number(p, UINT_MAX, &number))
		return false;
	p->value->times = number;
	return true;
}

int value_parse(const char *text, struct probe_value *out, __u64 *mask, const char **why)
{
	struct parser p = { .at = text, .value = out };
	unsigned long long number = 0;
	bool ok;

	memset(out, 0, sizeof(*out));
	out->times = 1;
	ok = parse_term(&p, 0) && parse_factor(&p);
	if (ok && out->base)
		ok = parse_offset(&p, &out->add[PROBE_READS]);
	if (ok && mask) {
		ok = take(&p, "&") ? parse_number(&p, ULLONG_MAX, &number) && number :
				     fail(&p, "& and a mask are missing");
		*mask = number;
	}
	skip_space(&p);
	if (ok && *p.at)
		ok = fail(&p, "what follows is not understood");
	*why = p.why ?: "a mask of 0 is never met";
	return ok ? 0 : (int)(p.at - text) + 1;
}
