// SPDX-License-Identifier: GPL-2.0
/*
 * strip: dumps of some processes lose whole pages, where only bytes are registered, and
 * all of the vector registers, whatever the policy of the machine: those of chosen users,
 * and those that have registered something under a label that begins with a given text.
 *
 *	kredact rules load strip.bpf.o uids=1000,1001
 *	kredact rules load strip.bpf.o label="signing key"
 *
 * It never drops a dump: it returns what it was given, and asks the module for more.
 */
#include <stdbool.h>

#include <linux/bpf.h>
#include <linux/errno.h>
#include <linux/kredact.h>
#include <linux/kredact_rules.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define UIDS		16
#define NOBODY		0xffffffffu

/* Of more registrations than that none is asked for its label: they count as labelled. */
#define RANGES_MAX	(1 << 16)

#define STRIP		(KREDACT_FORCE_PAGES | KREDACT_FORCE_REGISTERS)

const volatile __u32 uids[UIDS] = { [0 ... UIDS - 1] = NOBODY };
const volatile char label[KREDACT_LABEL_MAX];

/* What the search for a label hands from one registration to the next. */
struct search {
	const struct kredact_dump_view *view;
	struct kredact_rule_range range;
	bool over;	/* there are no more */
	bool found;
};

static __always_inline bool chosen_user(const struct kredact_dump_view *view)
{
	int i;

	for (i = 0; i < UIDS; i++)
		if (uids[i] == view->uid && uids[i] != NOBODY)
			return true;
	return false;
}

static __always_inline bool matches(const char *text)
{
	int i;

	for (i = 0; i < KREDACT_LABEL_MAX && label[i]; i++)
		if (text[i] != label[i])
			return false;
	return true;
}

/* One registration. For bpf_loop(), which ends when this returns 1. */
static long look(__u32 i, struct search *search)
{
	char text[KREDACT_LABEL_MAX];
	int ret;

	ret = kredact_bpf_range(search->view, &search->range);
	if (ret) {
		/* If they cannot be read, one of them may be it. */
		search->over = true;
		search->found = ret != -ENOENT;
		return 1;
	}
	if (!search->range.label)
		return 0;
	ret = kredact_bpf_label(search->view, search->range.label, text, sizeof(text));
	if (ret < 0 || !matches(text))
		return 0;
	search->found = true;
	return 1;
}

static __always_inline bool has_label(const struct kredact_dump_view *view)
{
	/* All zero: from the first registration on. */
	struct search search = { .view = view };

	bpf_loop(RANGES_MAX, look, &search, 0);
	return search.found || !search.over;
}

/* Sleepable ("fmod_ret.s"), as kredact_bpf_range() may have to wait for a lock. */
SEC("fmod_ret.s/kredact_policy_dump")
int BPF_PROG(strip, const struct kredact_dump_view *view, int ret)
{
	if (!view->ranges)
		return ret;
	if (chosen_user(view) || (label[0] && has_label(view)))
		kredact_bpf_force(view, STRIP);
	return ret;
}

char LICENSE[] SEC("license") = "GPL";
