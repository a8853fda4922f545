// SPDX-License-Identifier: GPL-2.0
/* What a core shows of the secrets: see judge.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "judge.h"
#include "scan.h"

#define COPIES_MAX	65536
#define SHOW		40	/* leaks of one core that are told */

/* A place in the file: what was found in it, or what the seal says was in it. */
struct copy {
	size_t at, len;
};

struct finding {
	struct dump *dump;
	const struct running *r;
	bool tell;
	unsigned int told;
	struct copy copies[COPIES_MAX];
	size_t nr;
	unsigned int schedules;
};

static struct finding finding;

static bool is_registered(const struct running *r, uint64_t addr, size_t len)
{
	unsigned int i;

	for (i = 0; addr && i < r->nr_places; i++)
		if (addr >= r->places[i].addr &&
		    addr + len <= r->places[i].addr + r->places[i].len)
			return true;
	return false;
}

static void add_copy(struct finding *f, size_t at, size_t len)
{
	if (f->nr == COPIES_MAX) {
		puts("Bail out! more copies than there is room for");
		exit(EXIT_FAILURE);
	}
	f->copies[f->nr++] = (struct copy){ at, len };
}

static void found(const struct scan_run *run, void *arg)
{
	struct finding *f = arg;
	uint64_t addr = dump_addr(f->dump, run->at);
	const char *name = scan_name(run->secret);
	size_t len;

	/* Zero bytes in its stead do not hide what is left of it. */
	if (!f->tell && is_registered(f->r, addr, run->len))
		return;
	scan_secret(run->secret, &len);
	if (run->len == len && strchr(name, '/') != strrchr(name, '/'))
		f->schedules++;
	add_copy(f, run->at, run->len);
	if (f->tell && f->told++ < SHOW)
		printf("# %zu bytes of %s from %u%s at %#zx: %s, address %#lx\n", run->len, name,
		       run->from, run->reversed ? ", reversed," : "", run->at,
		       place_names[place_of(f->dump, run->at)], addr);
}

/* Search all that is in the file: its holes are zeros. */
static void search(struct finding *f)
{
	off_t from, to = 0, end = (off_t)f->dump->len;

	while (to < end) {
		from = lseek(f->dump->fd, to, SEEK_DATA);
		if (from < 0)
			break;
		to = lseek(f->dump->fd, from, SEEK_HOLE);
		if (to < 0)
			to = end;
		scan(f->dump->bytes, f->dump->len, (size_t)from & ~7ul, (size_t)to, found, f);
	}
}

static int by_place(const void *a, const void *b)
{
	const struct copy *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

/* Where copies lie over each other, or one after another, they count as one. */
static void join(struct finding *f)
{
	size_t i, n = 0;

	qsort(f->copies, f->nr, sizeof(f->copies[0]), by_place);
	for (i = 0; i < f->nr; i++) {
		struct copy *last = &f->copies[n ? n - 1 : 0], *next = &f->copies[i];

		if (n && next->at <= last->at + last->len) {
			if (next->at + next->len > last->at + last->len)
				last->len = next->at + next->len - last->at;
		} else {
			f->copies[n++] = *next;
		}
	}
	f->nr = n;
}

static void add_up(struct finding *f, struct verdict *sums)
{
	bool here[PLACES] = { false };
	size_t i;

	join(f);
	for (i = 0; i < f->nr; i++) {
		enum place place = place_of(f->dump, f->copies[i].at);

		sums->copies++;
		sums->copy_bytes += f->copies[i].len;
		sums->where[place]++;
		here[place] = true;
	}
	sums->with_copies += !!f->nr;
	for (i = 0; i < PLACES; i++)
		sums->cores_where[i] += here[i];
}

static bool displaced(const struct dump *dump, const struct running *r)
{
	unsigned int i;
	size_t k, len;

	for (i = 0; i < r->nr_places; i++) {
		const uint8_t *secret = scan_secret(r->places[i].secret, &len);
		const uint8_t *at = dump_at(dump, r->places[i].addr, len);

		for (k = 0; at && k < len; k++)
			if (at[k] != secret[r->places[i].reversed ? len - 1 - k : k])
				at = NULL;
		if (!at)
			return true;
	}
	return false;
}

/* What the seal says. Return: whether it says that copies were hunted, and nothing else. */
static bool read_seal(struct finding *f, struct verdict *sums)
{
	const void *payload = NULL;
	bool hunted = false;
	uint32_t type;
	size_t len, i;

	while ((payload = dump_record(f->dump, payload, &type, &len))) {
		const struct kredact_seal_copy *copies = payload;
		const struct kredact_seal_hunt *hunt = payload;

		if (type == KREDACT_SEAL_HUNT && len >= sizeof(*hunt)) {
			hunted = hunt->ranges && !hunt->unindexed;
			sums->register_bytes += hunt->register_bytes;
			sums->lost += hunt->copies_lost;
			sums->plain_bytes += hunt->bytes_plain;
		}
		if (type != KREDACT_SEAL_COPIES)
			continue;
		for (i = 0; i < len / sizeof(*copies); i++)
			add_copy(f, copies[i].flags & KREDACT_COPY_NOTE ? copies[i].addr :
				 dump_offset(f->dump, copies[i].addr), copies[i].len);
	}
	return hunted;
}

void judge(struct dump *dump, const struct running *r, bool registered, struct verdict *sums)
{
	struct finding *f = &finding;

	f->dump = dump;
	f->r = r;
	f->tell = registered;
	f->told = 0;
	f->nr = 0;
	f->schedules = 0;
	sums->crashes++;
	search(f);
	sums->schedules += f->schedules;
	if (!registered) {
		sums->displaced += displaced(dump, r);
		add_up(f, sums);
		return;
	}
	join(f);
	sums->leaks += (unsigned int)f->nr;
	sums->leaking += !!f->nr;
	f->nr = 0;
	if (!dump_seal(dump))
		return;
	sums->sealed++;
	sums->hunted += read_seal(f, sums);
	add_up(f, sums);
}

/* A line that tells of nothing but numbers, in short. */
static void print_places(const char *program, const char *series, const char *name,
			 const unsigned int *where)
{
	int i;

	printf("# copies %s %s %s:", program, series, name);
	for (i = 0; i < PLACES; i++)
		printf(" %s=%u", place_names[i], where[i]);
	printf("\n");
}

void print_verdict(const char *program, const char *series, const struct verdict *sums)
{
	printf("# copies %s %s sums: crashes=%u with_copies=%u copies=%u copy_bytes=%llu ",
	       program, series, sums->crashes, sums->with_copies, sums->copies,
	       (unsigned long long)sums->copy_bytes);
	printf("displaced=%u schedules=%u sealed=%u hunted=%u verified=%u leaking=%u leaks=%u ",
	       sums->displaced, sums->schedules, sums->sealed, sums->hunted, sums->verified,
	       sums->leaking, sums->leaks);
	printf("register_bytes=%llu lost=%llu plain_bytes=%llu seconds=%.0f\n",
	       (unsigned long long)sums->register_bytes, (unsigned long long)sums->lost,
	       (unsigned long long)sums->plain_bytes, sums->seconds);
	print_places(program, series, "where", sums->where);
	print_places(program, series, "cores", sums->cores_where);
}
