/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The notes of a core: which process it is of, and which files it had mapped.
 */
#ifndef KREDACT_TOOLS_NOTES_H
#define KREDACT_TOOLS_NOTES_H

#include "core.h"

/* Threads that are listed one by one; all are counted. */
#define NOTES_THREADS	4096u

/**
 * struct notes_thread - a thread
 * @sp:		its stack pointer
 * @tid:	in its own pid namespace
 */
struct notes_thread {
	u64 sp;
	u32 tid;
};

/**
 * struct notes - what the notes say
 * @nr:		notes read
 * @threads:	notes of type NT_PRSTATUS
 * @tid:	thread of the first of them, which dumped, in its own pid namespace
 * @signo:	its signal
 * @has_process: there is an NT_PRPSINFO
 * @contradicts: there are several, of different processes
 * @pid:	process (tgid) in its own pid namespace, if @has_process
 * @comm:	its name, NUL-padded
 * @files:	offset of the contents of NT_FILE in the core, 0 if there is none
 * @files_len:	bytes of it
 * @info:	offset of VMCOREINFO, the text of a kernel that has crashed; 0: there is none
 * @info_len:	bytes of it
 * @listed:	the first threads of which the stack pointer is known
 * @nr_listed:	how many
 */
struct notes {
	u64 nr;
	u64 threads;
	u32 tid;
	u32 signo;
	bool has_process;
	bool contradicts;
	u32 pid;
	char comm[16];
	u64 files;
	u64 files_len;
	u64 info;
	u64 info_len;
	struct notes_thread listed[NOTES_THREADS];
	u32 nr_listed;
};

int notes_read(struct notes *notes, struct core *core, struct complaint *why);
bool notes_mapping(const struct notes *notes, struct core *core, u64 vaddr, char *name,
		   size_t room);

#endif /* KREDACT_TOOLS_NOTES_H */
