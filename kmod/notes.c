// SPDX-License-Identifier: GPL-2.0
/*
 * Notes: the arguments of the process, in NT_PRPSINFO, are hunted like a page.
 *
 * All that is no page goes through dump_emit(). Registers are the matter of regs.c; what
 * a debugger needs to read the core at all (headers, NT_AUXV, NT_FILE) stays as it is.
 */
#include <linux/elf.h>
#include <linux/elfcore.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/static_call.h>

#include "kredact.h"

DEFINE_STATIC_CALL_RET0(original_dump_emit, dump_emit);

void kredact_emit_set_original(unsigned long address)
{
	static_call_update(original_dump_emit, (typeof(&dump_emit))address);
}

/**
 * struct kredact_emit - some bytes on their way into the dump
 * @dump:	the dump
 * @from:	the bytes
 * @done:	how many of them are written
 * @pos:	offset of the first in the file
 * @failed:	a write failed
 */
struct kredact_emit {
	struct kredact_dump *dump;
	const u8 *from;
	u32 done;
	u64 pos;
	bool failed;
};

static void kredact_emit_zeros(struct kredact_emit *emit, u32 len)
{
	const void *zeros = page_address(ZERO_PAGE(0));
	u32 piece;

	for (; len && !emit->failed; len -= piece) {
		piece = min_t(u32, len, PAGE_SIZE);
		emit->failed = !static_call(original_dump_emit)(emit->dump->cprm, zeros, piece);
		emit->done += piece;
	}
}

static void kredact_emit_until(struct kredact_emit *emit, u32 end)
{
	if (end > emit->done && !emit->failed)
		emit->failed = !static_call(original_dump_emit)(emit->dump->cprm,
								emit->from + emit->done,
								end - emit->done);
	emit->done = max(emit->done, end);
}

static void kredact_emit_copy(void *arg, const struct kr_copy *copy)
{
	struct kredact_emit *emit = arg;

	kredact_emit_until(emit, copy->from);
	kredact_emit_zeros(emit, copy->len);
	emit->dump->hunted.copy_bytes += copy->len;
	kredact_note_copy(emit->dump, emit->pos + copy->from, copy, KREDACT_COPY_NOTE);
}

/*
 * Without an index nobody knows what the arguments show, which are the end of
 * the note.
 */
static void kredact_emit_psinfo(struct kredact_emit *emit, u32 len)
{
	struct kredact_dump *dump = emit->dump;

	emit->pos = dump->cprm->pos + dump->cprm->to_skip;
	if (dump->hunt) {
		kr_hunt_scan(dump->hunt, emit->from, len, NULL, kredact_emit_copy, emit);
	} else if (dump->hunted.unindexed &&
		   dump->policy.unhunted == KREDACT_UNHUNTED_WRITABLE) {
		kredact_emit_until(emit, len - ELF_PRARGSZ);
		kredact_emit_zeros(emit, ELF_PRARGSZ);
	}
}

/* The header of a note, its name, its bytes come one by one. */
static bool kredact_emit_is_psinfo(struct kredact_dump *dump, const void *bytes, u32 len)
{
	const struct elf_note *note = bytes;

	if (dump->psinfo && len == dump->psinfo) {
		dump->psinfo = 0;
		return true;
	}
	if (len == sizeof(*note) && note->n_type == NT_PRPSINFO && note->n_descsz > ELF_PRARGSZ)
		dump->psinfo = note->n_descsz;
	return false;
}

/**
 * kredact_dump_emit() - replacement: bytes that are no page are written to a dump
 * @cprm:	the kernel's
 * @addr:	first byte; stays as it is
 * @nr:		bytes
 *
 * Return: 1 if all was written.
 */
int kredact_dump_emit(struct coredump_params *cprm, const void *addr, int nr)
{
	struct kredact_emit emit = { .from = addr };
	int token = kredact_hook_enter(), ret;
	bool held = kredact_hook_pause(token);

	emit.dump = kredact_dump_find();
	if (emit.dump && emit.dump->redacts && kredact_emit_is_psinfo(emit.dump, addr, nr)) {
		kredact_emit_psinfo(&emit, nr);
		kredact_emit_until(&emit, nr);
		ret = !emit.failed;
	} else {
		ret = static_call(original_dump_emit)(cprm, addr, nr);
	}
	kredact_hook_leave(kredact_hook_resume(token, held));
	return ret;
}

/* Runs into a stub: there is no dump to write to. */
bool kredact_emit_selftest(void)
{
	return static_call(original_dump_emit)(NULL, NULL, 0) == 1;
}
