// SPDX-License-Identifier: GPL-2.0
/* The module-free mode at work on functions of a test: see store.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/libbpf.h>

#include "store.h"
#include "store.skel.h"

struct store {
	struct free_mode *mode;
	struct store_bpf *skel;
	struct bpf_link *links[2];
};

__attribute__((noinline, noclone)) void store_tag(void *addr, size_t len)
{
	__asm__ volatile("" : : "r" (addr), "r" (len) : "memory");
}

__attribute__((noinline, noclone)) void store_untag(void *addr)
{
	__asm__ volatile("" : : "r" (addr) : "memory");
}

static struct bpf_link *probe(struct bpf_program *prog, const char *function)
{
	LIBBPF_OPTS(bpf_uprobe_opts, opts, .func_name = function);

	return bpf_program__attach_uprobe_opts(prog, -1, "/proc/self/exe", 0, &opts);
}

struct store *store_open(const struct free_opts *opts, enum free_why *why)
{
	struct store *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->mode = free_open(opts, why);
	if (!s->mode) {
		printf("# %s (%s)\n", free_why_str(*why), strerror(errno));
		goto err;
	}
	*why = FREE_NO_LOAD;
	s->skel = store_bpf__open();
	if (!s->skel || free_share(s->mode, s->skel->obj) || store_bpf__load(s->skel))
		goto err;
	*why = FREE_NO_ATTACH;
	s->links[0] = probe(s->skel->progs.tag, "store_tag");
	s->links[1] = probe(s->skel->progs.untag, "store_untag");
	if (!s->links[0] || !s->links[1])
		goto err;
	*why = FREE_OK;
	return s;
err:
	store_close(s);
	return NULL;
}

struct free_mode *store_mode(struct store *s)
{
	return s->mode;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	bpf_link__destroy(s->links[0]);
	bpf_link__destroy(s->links[1]);
	store_bpf__destroy(s->skel);
	free_close(s->mode);
	free(s);
}
