// SPDX-License-Identifier: GPL-2.0
/* Loads kredact_tag.bpf.c and attaches it to a libcrypto. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <linux/kredact.h>

#include "tag.h"
#include "kredact_tag.skel.h"	/* has the types of tag_shared.h */

#define VMLINUX_BTF	"/sys/kernel/btf/vmlinux"
#define MODULE_BTF	"/sys/kernel/btf/kredact"
#define MODULE_DIR	"/sys/module/kredact"

#define NR_PROBES	10

struct tagger {
	struct kredact_tag_bpf *skel;
	struct bpf_link *links[NR_PROBES];
	int nr_links;
};

/* libbpf prints through a function without a context. */
static FILE *log_file;

static int print(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	if (!log_file || level == LIBBPF_DEBUG)
		return 0;
	return vfprintf(log_file, fmt, ap);
}

/* Does the module offer what the program calls? */
static enum tag_why find_kfuncs(void)
{
	enum tag_why why = TAG_NO_KFUNC;
	struct btf *kernel, *module;

	if (access(VMLINUX_BTF, R_OK))
		return TAG_NO_BTF;
	if (access(MODULE_DIR, F_OK))
		return TAG_NO_MODULE;
	if (access(MODULE_BTF, R_OK))
		return TAG_NO_KFUNC;
	kernel = btf__parse(VMLINUX_BTF, NULL);
	if (!kernel)
		return TAG_NO_BTF;
	module = btf__parse_split(MODULE_BTF, kernel);
	if (module && btf__find_by_name_kind(module, "kredact_bpf_tag", BTF_KIND_FUNC) > 0 &&
	    btf__find_by_name_kind(module, "kredact_bpf_untag", BTF_KIND_FUNC) > 0)
		why = TAG_OK;
	btf__free(module);
	btf__free(kernel);
	return why;
}

/* Load one small program that calls the module, and nothing else. */
static enum tag_why try_call(void)
{
	struct kredact_tag_bpf *skel = kredact_tag_bpf__open();
	struct bpf_program *prog;
	enum tag_why why = TAG_OK;

	if (!skel)
		return TAG_NO_MEMORY;
	bpf_object__for_each_program(prog, skel->obj)
		bpf_program__set_autoload(prog, prog == skel->progs.may_call);
	if (kredact_tag_bpf__load(skel))
		why = errno == EPERM ? TAG_NO_PERMISSION : TAG_NO_CALL;
	kredact_tag_bpf__destroy(skel);
	return why;
}

static enum tag_why load(struct tagger *t, const struct tag_opts *opts)
{
	t->skel = kredact_tag_bpf__open();
	if (!t->skel)
		return TAG_NO_MEMORY;
	bpf_program__set_autoload(t->skel->progs.may_call, false);
	t->skel->rodata->only_tgid = (__u32)opts->pid;
	t->skel->rodata->tag_flags = opts->exact ? KREDACT_EXACT : 0;
	if (opts->comm)
		strncpy((char *)t->skel->rodata->only_comm, opts->comm, TAG_COMM_LEN - 1);
	return kredact_tag_bpf__load(t->skel) ? TAG_NO_LOAD : TAG_OK;
}

static enum tag_why attach(struct tagger *t, const struct tag_opts *opts)
{
	const struct {
		struct bpf_program *prog;
		const char *func;
		bool ret;
	} probes[NR_PROBES] = {
		/*
		 * Returns first: an entry without its return is a buffer without a
		 * tag, a return without its entry is nothing.
		 */
		{ t->skel->progs.secure_malloc_return, "CRYPTO_secure_malloc", true },
		{ t->skel->progs.secure_zalloc_return, "CRYPTO_secure_zalloc", true },
		{ t->skel->progs.secure_free_return, "CRYPTO_secure_clear_free", true },
		{ t->skel->progs.mont_set_return, "BN_MONT_CTX_set", true },
		{ t->skel->progs.mont_free_return, "BN_MONT_CTX_free", true },
		{ t->skel->progs.secure_malloc_entry, "CRYPTO_secure_malloc", false },
		{ t->skel->progs.secure_zalloc_entry, "CRYPTO_secure_zalloc", false },
		{ t->skel->progs.secure_free_entry, "CRYPTO_secure_clear_free", false },
		{ t->skel->progs.mont_set_entry, "BN_MONT_CTX_set", false },
		{ t->skel->progs.mont_free_entry, "BN_MONT_CTX_free", false },
	};
	int i;

	for (i = 0; i < NR_PROBES; i++) {
		LIBBPF_OPTS(bpf_uprobe_opts, o, .func_name = probes[i].func,
			    .retprobe = probes[i].ret);
		struct bpf_link *link;

		link = bpf_program__attach_uprobe_opts(probes[i].prog, opts->pid ?: -1,
						       opts->library, 0, &o);
		if (!link) {
			/* No such file, no ELF file, no such symbol. */
			if (errno == ENOENT || errno == EINVAL || errno == ELIBBAD)
				return TAG_NO_LIBRARY;
			return errno == EPERM || errno == EACCES ?
			       TAG_NO_PERMISSION : TAG_NO_ATTACH;
		}
		t->links[t->nr_links++] = link;
	}
	return TAG_OK;
}

struct tagger *tag_open(const struct tag_opts *opts, enum tag_why *why)
{
	struct tagger *t;
	int err;

	log_file = opts->log;
	libbpf_set_print(print);
	t = calloc(1, sizeof(*t));
	if (!t) {
		*why = TAG_NO_MEMORY;
		return NULL;
	}
	*why = find_kfuncs();
	if (*why == TAG_OK)
		*why = try_call();
	if (*why == TAG_OK)
		*why = load(t, opts);
	if (*why == TAG_OK)
		*why = attach(t, opts);
	if (*why == TAG_OK)
		return t;
	err = errno;
	tag_close(t);
	errno = err;
	return NULL;
}

const char *tag_why_str(enum tag_why why)
{
	switch (why) {
	case TAG_OK:
		return "all is well";
	case TAG_NO_PERMISSION:
		return "loading BPF programs is not permitted to this user";
	case TAG_NO_BTF:
		return "this kernel has no BTF";
	case TAG_NO_MODULE:
		return "kredact.ko is not in the kernel";
	case TAG_NO_KFUNC:
		return "this kernel's kredact.ko has no functions for BPF programs";
	case TAG_NO_CALL:
		return "this kernel does not let an uprobe program call the module";
	case TAG_NO_LOAD:
		return "this kernel refused the program; --verbose shows why";
	case TAG_NO_LIBRARY:
		return "no such library, or it is not OpenSSL 3's libcrypto";
	case TAG_NO_ATTACH:
		return "a probe could not be set in the library";
	case TAG_NO_MEMORY:
		return "not enough memory";
	}
	return "unknown";
}

void tag_read_counters(const struct tagger *t, struct tag_counters *out)
{
	/* The program's own memory, mapped: it goes on counting meanwhile. */
	const volatile __u64 *from = (const volatile __u64 *)&t->skel->bss->counters;
	__u64 *to = (__u64 *)out;
	size_t i;

	for (i = 0; i < sizeof(*out) / sizeof(*to); i++)
		to[i] = from[i];
}

void tag_close(struct tagger *t)
{
	if (!t)
		return;
	/* Entries first, the reverse of attach(). */
	while (t->nr_links)
		bpf_link__destroy(t->links[--t->nr_links]);
	kredact_tag_bpf__destroy(t->skel);
	free(t);
	log_file = NULL;
}
