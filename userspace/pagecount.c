// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * How many registrations touch each page: a treap of disjoint runs of pages that
 * have the same count. A page in no run has count 0.
 *
 * Runs are cut where a range begins or ends and are never joined, so every range
 * that was added can be taken off along existing cuts: that cannot fail. There
 * are at most as many runs as counted pages.
 */
#include <errno.h>
#include "internal.h"

/**
 * struct kr_run - pages with the same count
 * @left:	runs before it
 * @right:	runs after it; also the list of spare ones
 * @first:	page
 * @end:	page after the last
 * @priority:	random; no child has a higher one than its parent
 * @count:	registrations
 * @stale:	could not be renewed after fork
 */
struct kr_run {
	struct kr_run *left;
	struct kr_run *right;
	size_t first;
	size_t end;
	uint64_t priority;
	uint32_t count;
	bool stale;
};

static uint64_t next_random(struct kr_pagecount *pc)
{
	uint64_t x = pc->random ? pc->random : 0x9e3779b97f4a7c15;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return pc->random = x;
}

static int reserve(struct kr_pagecount *pc, size_t nr)
{
	struct kr_run *run;

	while (pc->nr_spare < nr) {
		run = kr_meta_alloc(sizeof(*run));
		if (!run)
			return -ENOMEM;
		run->right = pc->spare;
		pc->spare = run;
		pc->nr_spare++;
	}
	return 0;
}

static struct kr_run *new_run(struct kr_pagecount *pc, size_t first, size_t end, uint32_t count)
{
	struct kr_run *run = pc->spare;

	pc->spare = run->right;
	pc->nr_spare--;
	*run = (struct kr_run) {
		.first = first,
		.end = end,
		.priority = next_random(pc),
		.count = count,
	};
	return run;
}

static struct kr_run *merge(struct kr_run *a, struct kr_run *b)
{
	if (!a)
		return b;
	if (!b)
		return a;
	if (a->priority > b->priority) {
		a->right = merge(a->right, b);
		return a;
	}
	b->left = merge(a, b->left);
	return b;
}

/* All runs that begin before @page go to @a, the others to @b. */
static void split(struct kr_run *t, size_t page, struct kr_run **a, struct kr_run **b)
{
	if (!t) {
		*a = *b = NULL;
	} else if (t->first < page) {
		split(t->right, page, &t->right, b);
		*a = t;
	} else {
		split(t->left, page, a, &t->left);
		*b = t;
	}
}

/* Split, and cut the run that lies across @page. Takes at most one spare. */
static void cut(struct kr_pagecount *pc, struct kr_run *t, size_t page, struct kr_run **a,
		struct kr_run **b)
{
	struct kr_run *last, *rest;

	split(t, page, a, b);
	for (last = *a; last && last->right; last = last->right)
		;
	if (!last || last->end <= page)
		return;
	rest = new_run(pc, page, last->end, last->count);
	rest->stale = last->stale;
	last->end = page;
	*b = merge(rest, *b);
}

/* How many runs of @t overlap the pages first to end - 1. */
static size_t overlaps(const struct kr_run *t, size_t first, size_t end)
{
	size_t nr = 0;

	if (!t)
		return 0;
	if (t->first > first)
		nr += overlaps(t->left, first, end);
	if (t->first < end && t->end > first)
		nr++;
	if (t->end < end)
		nr += overlaps(t->right, first, end);
	return nr;
}

/* Count every run of @t once more, and make runs of the gaps from *@pos on. */
static struct kr_run *add_all(struct kr_pagecount *pc, struct kr_run *t, size_t *pos,
			      struct kr_run *done)
{
	struct kr_run *right;

	if (!t)
		return done;
	done = add_all(pc, t->left, pos, done);
	if (t->first > *pos)
		done = merge(done, new_run(pc, *pos, t->first, 1));
	right = t->right;
	*pos = t->end;
	t->left = t->right = NULL;
	t->count++;
	t->stale = false;
	return add_all(pc, right, pos, merge(done, t));
}

/*
 * Count the pages first to end - 1 once more. Returns 0, or -ENOMEM, and nothing
 * has changed.
 */
int kr_pagecount_add(struct kr_pagecount *pc, size_t first, size_t end)
{
	struct kr_run *a, *m, *b, *done;
	size_t pos = first;

	/* one for each cut, and one for each gap before, between and after the runs */
	if (reserve(pc, 2 + overlaps(pc->root, first, end) + 1))
		return -ENOMEM;
	cut(pc, pc->root, first, &a, &m);
	cut(pc, m, end, &m, &b);
	done = add_all(pc, m, &pos, NULL);
	if (pos < end)
		done = merge(done, new_run(pc, pos, end, 1));
	pc->root = merge(merge(a, done), b);
	return 0;
}

struct sub_state {
	struct kr_pagecount *pc;
	kr_run_fn zero;
	size_t first;	/* of the zero pages not yet told */
	size_t end;
	int err;
};

static void tell(struct sub_state *s)
{
	int err;

	if (s->first == s->end)
		return;
	err = s->zero(s->first, s->end);
	if (err && !s->err)
		s->err = err;
}

static struct kr_run *sub_all(struct sub_state *s, struct kr_run *t, struct kr_run *done)
{
	struct kr_run *right;

	if (!t)
		return done;
	done = sub_all(s, t->left, done);
	right = t->right;
	t->left = t->right = NULL;
	if (--t->count) {
		done = merge(done, t);
	} else {
		if (t->first != s->end) {
			tell(s);
			s->first = t->first;
		}
		s->end = t->end;
		t->right = s->pc->spare;
		s->pc->spare = t;
		s->pc->nr_spare++;
	}
	return sub_all(s, right, done);
}

/*
 * Count a range that was added once less, and call @zero for the pages that
 * nobody counts any more, as few and as long runs as can be. Returns 0 or the
 * first error of @zero; the counts have changed in any case.
 */
int kr_pagecount_sub(struct kr_pagecount *pc, size_t first, size_t end, kr_run_fn zero)
{
	struct sub_state s = { .pc = pc, .zero = zero };
	struct kr_run *a, *m, *b;

	split(pc->root, first, &a, &m);
	split(m, end, &m, &b);
	pc->root = merge(merge(a, sub_all(&s, m, NULL)), b);
	tell(&s);
	return s.err;
}

/* Whether all these pages are counted and renewed; @pos is the first not yet seen. */
static void cover_up_to(const struct kr_run *t, size_t *pos, size_t end)
{
	if (!t || *pos >= end)
		return;
	if (*pos < t->first)
		cover_up_to(t->left, pos, end);
	if (*pos >= t->first && *pos < t->end && !t->stale)
		*pos = t->end;
	if (*pos >= t->end)
		cover_up_to(t->right, pos, end);
}

bool kr_pagecount_covers(const struct kr_pagecount *pc, size_t first, size_t end)
{
	cover_up_to(pc->root, &first, end);
	return first >= end;
}

static int renew_all(struct kr_run *t, kr_run_fn renew)
{
	int err, ret;

	if (!t)
		return 0;
	ret = renew_all(t->left, renew);
	err = renew(t->first, t->end);
	t->stale = !!err;
	if (err && !ret)
		ret = err;
	err = renew_all(t->right, renew);
	return ret ? ret : err;
}

/*
 * Do to every run again what fork undid. Runs for which @renew fails are not
 * reported as covered until a range that covers them is added. Returns 0 or the
 * first error.
 */
int kr_pagecount_renew(struct kr_pagecount *pc, kr_run_fn renew)
{
	return renew_all(pc->root, renew);
}
