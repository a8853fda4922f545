// SPDX-License-Identifier: GPL-2.0
/*
 * Registers: what the notes of a core tell of every thread.
 *
 * elf_core_dump() fetches the general registers with regset_get() and all others
 * with regset_get_alloc(), into memory of the kernel; that memory is redacted before
 * anybody sees it. Vector registers hold key schedules of whoever died while
 * signing, and no debugger walks a stack by them: by default they are zeroed
 * whole. A general register is zeroed if its value is part of a secret.
 *
 * ptrace() uses the same functions; it gets what is there.
 */
#include <linux/elf.h>
#include <linux/regset.h>
#include <linux/sched/signal.h>
#include <linux/static_call.h>

#include "kredact.h"

/* In an XSAVE area: which features it has (a debugger needs that), and its header. */
#define XSAVE_XCR0		464u
#define XSAVE_XCR0_END		472u
#define XSAVE_HEADER_END	576u

/* More copies than that in one note, and it is zeroed whole. */
#define SPANS_MAX	32

/* What no value below it tells of a secret. */
#define VALUE_MIN	0x10000

DEFINE_STATIC_CALL_RET0(original_regset_get, regset_get);
DEFINE_STATIC_CALL_RET0(original_regset_get_alloc, regset_get_alloc);

void kredact_regset_get_set_original(unsigned long address)
{
	static_call_update(original_regset_get, (typeof(&regset_get))address);
}

void kredact_regset_alloc_set_original(unsigned long address)
{
	static_call_update(original_regset_get_alloc, (typeof(&regset_get_alloc))address);
}

/**
 * struct kredact_note - the registers of one thread, of one kind
 * @dump:	the dump
 * @bytes:	as the note will have them
 * @len:	how many
 * @spans:	copies in it
 * @nr_spans:	how many, if no more than SPANS_MAX
 */
struct kredact_note {
	struct kredact_dump *dump;
	u8 *bytes;
	u32 len;
	struct {
		u32 from, to;
	} spans[SPANS_MAX];
	u32 nr_spans;
};

/* Zeroes bytes, as far as there are any, and counts those that were not zero. */
static void kredact_note_clear(struct kredact_note *note, u32 from, u32 to)
{
	for (to = min(to, note->len); from < to; from++) {
		note->dump->hunted.register_bytes += !!note->bytes[from];
		note->bytes[from] = 0;
	}
}

/**
 * kredact_register_goes() - is a general register to be zeroed?
 * @dump:	the dump
 * @value:	what it holds
 * @len:	its bytes: 8, or 4
 * @frame:	it may be the frame pointer that a backtrace needs
 *
 * Not to be asked for instruction and stack pointer, flags and segments, which stay.
 *
 * Return: true if it is.
 */
bool kredact_register_goes(const struct kredact_dump *dump, u64 value, u32 len, bool frame)
{
	if (dump->policy.registers == KREDACT_REGISTERS_NONE)
		return false;
	if (dump->hunted.unindexed)
		return !frame;
	if (!dump->hunt || value < VALUE_MIN)
		return false;
	if (len == sizeof(u64) && kr_hunt_has_word(dump->hunt, (u8 *)&value, sizeof(u64)))
		return true;
	return value <= U32_MAX && kr_hunt_has_word(dump->hunt, (u8 *)&value, sizeof(u32));
}

/*
 * The general registers by their place in struct user_regs_struct: r15 to r12, bp,
 * bx, r11 to r8, ax, cx, dx, si, di, orig_ax; in the 32-bit one: bx, cx, dx, si, di,
 * bp, ax, and orig_ax behind four segments. What follows has to stay.
 */
#define GENERAL64	0xffff
#define GENERAL64_BP	4
#define GENERAL32	0x087f
#define GENERAL32_BP	5

static void kredact_redact_general(struct kredact_note *note, u32 word)
{
	u32 general = word == sizeof(u64) ? GENERAL64 : GENERAL32;
	u32 frame = word == sizeof(u64) ? GENERAL64_BP : GENERAL32_BP;
	u32 i, from = 0;

	for (i = 0; general >> i; i++, from += word) {
		u64 value = 0;

		if (!(general >> i & 1))
			continue;
		if (from + word > note->len)
			break;
		memcpy(&value, note->bytes + from, word);
		if (kredact_register_goes(note->dump, value, word, i == frame))
			kredact_note_clear(note, from, from + word);
	}
}

static void kredact_note_span(void *arg, const struct kr_copy *copy)
{
	struct kredact_note *note = arg;

	if (note->nr_spans < SPANS_MAX) {
		note->spans[note->nr_spans].from = copy->from;
		note->spans[note->nr_spans].to = copy->from + copy->len;
	}
	note->nr_spans++;
}

/*
 * Words of secrets between two offsets. A word is compared as it was: the half
 * that it has in common with the next one is zeroed after that one was looked at.
 */
static void kredact_redact_words(struct kredact_note *note, u32 from, u32 to)
{
	u32 until = 0;

	for (; from + sizeof(u64) <= to; from += sizeof(u32)) {
		u64 value;

		memcpy(&value, note->bytes + from, sizeof(value));
		if (value >= VALUE_MIN &&
		    kr_hunt_has_word(note->dump->hunt, note->bytes + from, sizeof(u64)))
			until = from + sizeof(u64);
		if (from < until)
			kredact_note_clear(note, from, from + sizeof(u32));
	}
	if (from < until)
		kredact_note_clear(note, from, until);
}

/* The parts of vector registers that are parts of secrets. */
static void kredact_redact_vector_matches(struct kredact_note *note, bool xsave)
{
	u32 i;

	kr_hunt_scan(note->dump->hunt, note->bytes, note->len, NULL, kredact_note_span, note);
	if (note->nr_spans > SPANS_MAX) {
		note->spans[0].from = 0;
		note->spans[0].to = note->len;
		note->nr_spans = 1;
	}
	kredact_redact_words(note, 0, min(note->len, XSAVE_XCR0));
	if (note->len > XSAVE_HEADER_END)
		kredact_redact_words(note, XSAVE_HEADER_END, note->len);
	for (i = 0; i < note->nr_spans; i++) {
		u32 from = note->spans[i].from, to = note->spans[i].to;

		kredact_note_clear(note, from, xsave ? min(to, XSAVE_XCR0) : to);
		if (xsave && to > XSAVE_HEADER_END)
			kredact_note_clear(note, max(from, XSAVE_HEADER_END), to);
	}
}

/*
 * All vector registers. The header of an XSAVE area then says that all features
 * are as after a reset, and a debugger shows them as zero.
 */
static void kredact_redact_vectors(struct kredact_note *note, bool xsave)
{
	const struct kredact_dump *dump = note->dump;

	if (dump->policy.registers == KREDACT_REGISTERS_ALL || dump->hunted.unindexed) {
		kredact_note_clear(note, 0, xsave ? XSAVE_XCR0 : note->len);
		kredact_note_clear(note, XSAVE_XCR0_END, note->len);
	} else if (dump->hunt) {
		kredact_redact_vector_matches(note, xsave);
	}
}

/* Registers that were fetched; @len is what fetching them has returned. */
static void kredact_redact_regset(const struct user_regset *regset, void *bytes, int len)
{
	struct kredact_note note = { .bytes = bytes };

	/* Only who writes a dump goes on: ptrace() shall not even take a lock. */
	if (len <= 0 || !READ_ONCE(current->signal->core_state))
		return;
	note.len = len;
	note.dump = kredact_dump_find();
	if (!note.dump || note.dump->policy.registers == KREDACT_REGISTERS_NONE)
		return;
	switch (regset->core_note_type) {
	case NT_PRSTATUS:
		kredact_redact_general(&note, regset->size);
		break;
	case NT_386_TLS:
	case NT_386_IOPERM:
	case NT_X86_SHSTK:
		/* Addresses and permissions. */
		break;
	default:
		kredact_redact_vectors(&note, regset->core_note_type == NT_X86_XSTATE);
	}
}

/**
 * kredact_regset_get() - replacement: registers are fetched
 * @target:	thread whose they are
 * @regset:	which registers
 * @size:	bytes at @data
 * @data:	where to
 *
 * Return: bytes that were fetched, or an error.
 */
int kredact_regset_get(struct task_struct *target, const struct user_regset *regset,
		       unsigned int size, void *data)
{
	int token = kredact_hook_enter();
	int len = static_call(original_regset_get)(target, regset, size, data);

	kredact_redact_regset(regset, data, len);
	kredact_hook_leave(token);
	return len;
}

/**
 * kredact_regset_get_alloc() - replacement: registers are fetched
 * @target:	thread whose they are
 * @regset:	which registers
 * @size:	bytes at most
 * @data:	out: where they are, for the caller to free
 *
 * Return: bytes that were fetched, or an error.
 */
int kredact_regset_get_alloc(struct task_struct *target, const struct user_regset *regset,
			     unsigned int size, void **data)
{
	int token = kredact_hook_enter();
	int len = static_call(original_regset_get_alloc)(target, regset, size, data);

	kredact_redact_regset(regset, *data, len);
	kredact_hook_leave(token);
	return len;
}

/* Registers that nobody has, for the self-tests. */
#define SELFTEST_VALUE	0x6b72656461637421ULL

static int kredact_selftest_fetch(struct task_struct *target, const struct user_regset *regset,
				  struct membuf to)
{
	const u64 value = SELFTEST_VALUE;

	return membuf_write(&to, &value, sizeof(value));
}

static const struct user_regset selftest_regset = {
	.regset_get = kredact_selftest_fetch,
	.n = 1,
	.size = sizeof(u64),
	.align = sizeof(u64),
	.core_note_type = NT_PRSTATUS,
};

bool kredact_regset_get_selftest(void)
{
	u64 value = 0;

	return static_call(original_regset_get)(current, &selftest_regset, sizeof(value),
						&value) == sizeof(value) &&
	       value == SELFTEST_VALUE;
}

bool kredact_regset_alloc_selftest(void)
{
	void *data = NULL;
	bool passed;

	passed = static_call(original_regset_get_alloc)(current, &selftest_regset, ~0U,
							&data) == sizeof(u64) &&
		 *(u64 *)data == SELFTEST_VALUE;
	kvfree(data);
	return passed;
}
