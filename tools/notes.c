// SPDX-License-Identifier: GPL-2.0
/*
 * The notes of a core: see notes.h.
 */
#include <elf.h>
#include <inttypes.h>

#include "minidump.h"

/* 4 million threads (the kernel's limit) of 16 notes each: more is an attack on our time. */
#define NOTES_MAX	(1ULL << 26)

/* Most bytes of a note that are looked at, besides NT_FILE. */
#define NOTE_HEAD	384u

/* Where struct elf_prstatus has the stack pointer, which is among its general registers. */
static u32 sp_offset(const struct core *core)
{
	switch (core->machine) {
	case EM_X86_64:
		return core->is64 ? 112 + 19 * 8 : 0;
	case EM_386:
		return 72 + 15 * 4;
	case EM_AARCH64:
		return 112 + 31 * 8;
	default:
		return 0;
	}
}

/*
 * struct elf_prstatus begins: int si_signo, si_code, si_errno; short cursig;
 * unsigned long sigpend, sighold; pid_t pid.
 */
static void read_prstatus(struct notes *notes, const struct core *core, const u8 *desc, u64 len)
{
	u32 pid_at = core->is64 ? 32 : 24, sp_at = sp_offset(core);

	if (len < pid_at + 4)
		return;
	if (sp_at && len >= sp_at + 8 && notes->nr_listed < NOTES_THREADS)
		notes->listed[notes->nr_listed++] = (struct notes_thread){
			.sp = core_word(core, desc + sp_at),
			.tid = core_u32(core, desc + pid_at),
		};
	if (!notes->threads++) {
		notes->signo = core_u32(core, desc);
		notes->tid = core_u32(core, desc + pid_at);
	}
}

/*
 * struct elf_prpsinfo begins: 4 chars; unsigned long flag; uid, gid (16 or 32
 * bits); pid_t pid, ppid, pgrp, sid; char fname[16]. Its length tells which.
 */
static void read_prpsinfo(struct notes *notes, const struct core *core, const u8 *desc, u64 len)
{
	u32 pid_at, pid;

	if (core->is64 && len == 136)
		pid_at = 24;
	else if (!core->is64 && len == 124)
		pid_at = 12;
	else if (!core->is64 && len == 128)
		pid_at = 16;
	else
		return;
	pid = core_u32(core, desc + pid_at);
	if (notes->has_process && notes->pid != pid)
		notes->contradicts = true;
	if (notes->has_process)
		return;
	notes->has_process = true;
	notes->pid = pid;
	memcpy(notes->comm, desc + pid_at + 16, sizeof(notes->comm));
}

static u64 aligned(u64 value, u32 align)
{
	return (value + align - 1) & ~(u64)(align - 1);
}

static int read_segment(struct notes *notes, struct core *core, const struct core_notes *segment,
			struct complaint *why)
{
	static const char vmcoreinfo[] = "VMCOREINFO";
	u64 at = 0, name_len, desc_len, desc_at;
	u8 head[NOTE_HEAD];
	u32 type;

	while (at < segment->len) {
		if (segment->len - at < 12)
			return complain(why, -EBADMSG, "the notes end inside a note");
		if (input_read(core->in, segment->offset + at, head, 12, why))
			return -EIO;
		name_len = core_u32(core, head);
		desc_len = core_u32(core, head + 4);
		type = core_u32(core, head + 8);
		/* 32-bit lengths: these sums cannot overflow. */
		desc_at = aligned(at + 12 + name_len, segment->align);
		if (desc_at > segment->len || segment->len - desc_at < desc_len)
			return complain(why, -EBADMSG, "a note reaches beyond the notes");
		if (++notes->nr > NOTES_MAX)
			return complain(why, -EBADMSG, "more than %llu notes", NOTES_MAX);
		if (name_len == 5 &&
		    (type == NT_PRSTATUS || type == NT_PRPSINFO || type == NT_FILE)) {
			u8 name[5];

			if (input_read(core->in, segment->offset + at + 12, name, 5, why) ||
			    input_read(core->in, segment->offset + desc_at, head,
				       min(desc_len, (u64)NOTE_HEAD), why))
				return -EIO;
			if (memcmp(name, "CORE", 5))
				type = 0;
			if (type == NT_PRSTATUS)
				read_prstatus(notes, core, head, desc_len);
			else if (type == NT_PRPSINFO)
				read_prpsinfo(notes, core, head, desc_len);
			else if (type == NT_FILE && !notes->files) {
				notes->files = segment->offset + desc_at;
				notes->files_len = desc_len;
			}
		}
		if (name_len == sizeof(vmcoreinfo) && !type && !notes->info) {
			if (input_read(core->in, segment->offset + at + 12, head, name_len, why))
				return -EIO;
			if (!memcmp(head, vmcoreinfo, sizeof(vmcoreinfo))) {
				notes->info = segment->offset + desc_at;
				notes->info_len = desc_len;
			}
		}
		at = aligned(desc_at + desc_len, segment->align);
	}
	return 0;
}

/**
 * notes_read() - read all notes of a core
 * @notes:	takes what they say
 * @core:	open
 * @why:	text of an error
 *
 * Return: 0, -EBADMSG or -EIO.
 */
int notes_read(struct notes *notes, struct core *core, struct complaint *why)
{
	int error;
	u32 i;

	if (core->format == CORE_MINIDUMP)
		return minidump_notes(notes, core, why);
	*notes = (struct notes){ 0 };
	for (i = 0; i < core->nr_notes; i++) {
		error = read_segment(notes, core, &core->notes[i], why);
		if (error)
			return error;
	}
	return 0;
}

/* Copies string number @index of [at, end) of the file, as far as it fits. */
static bool copy_string(struct core *core, u64 at, u64 end, u64 index, char *to, size_t room)
{
	struct complaint why;
	const u8 *bytes;
	size_t used = 0;
	u64 len, i;

	for (; at < end; at += len) {
		if (input_window(core->in, at, end - at, &bytes, &len, &why))
			return false;
		for (i = 0; i < len; i++) {
			u8 byte = bytes ? bytes[i] : 0;

			if (!index && (!byte || used == room - 1)) {
				to[used] = '\0';
				return true;
			}
			if (!index)
				to[used++] = byte;
			if (!byte)
				index--;
		}
	}
	return false;
}

/**
 * notes_mapping() - which file was mapped at an address?
 * @notes:	from notes_read()
 * @core:	the same core
 * @vaddr:	an address
 * @name:	takes the name, not escaped
 * @room:	size of @name, at least 1
 *
 * NT_FILE is: count, page size, count times (start, end, offset), names.
 *
 * Return: false if NT_FILE names none.
 */
bool notes_mapping(const struct notes *notes, struct core *core, u64 vaddr, char *name,
		   size_t room)
{
	u32 word = core->is64 ? 8 : 4;
	u64 count, i, end = notes->files + notes->files_len;
	struct complaint why;
	u8 entry[24];

	if (core->format == CORE_MINIDUMP)
		return minidump_mapping(core, vaddr, name, room);
	if (notes->files_len < 2 * word ||
	    input_read(core->in, notes->files, entry, 2 * word, &why))
		return false;
	count = core_word(core, entry);
	if (count > (notes->files_len - 2 * word) / (3 * word))
		return false;
	for (i = 0; i < count; i++) {
		if (input_read(core->in, notes->files + (2 + 3 * i) * word, entry, 3 * word, &why))
			return false;
		if (vaddr >= core_word(core, entry) && vaddr < core_word(core, entry + word))
			return copy_string(core, notes->files + (2 + 3 * count) * word, end, i,
					   name, room);
	}
	return false;
}
