/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * kredact: the note of a kernel that crashed.
 *
 * When a kernel with kredact crashes and starts a capture kernel, it zeroes what is tagged
 * and writes this note: one page of its memory, at the physical address that the line
 *
 *   KREDACT_NOTE=<hexadecimal digits>
 *
 * of VMCOREINFO names. Without that line no kredact was loaded, it was told not to
 * (panic=off), or its way into the crash path failed: nothing is known of the dump.
 * All numbers are little-endian. Documentation/panic-note.rst describes it byte by byte.
 */
#ifndef _UAPI_LINUX_KREDACT_PANIC_H
#define _UAPI_LINUX_KREDACT_PANIC_H

#include <linux/types.h>

#define KREDACT_PANIC_VMCOREINFO	"KREDACT_NOTE="
#define KREDACT_PANIC_MAGIC		"KRPANIC\n"
#define KREDACT_PANIC_VERSION		1U

/* @state: how far it came. */
#define KREDACT_PANIC_ARMED	0U	/* the kernel has not crashed */
#define KREDACT_PANIC_BEGUN	1U	/* it crashed while it zeroed */
#define KREDACT_PANIC_DONE	2U	/* @hmac is valid, and so is what it covers */

/* @flags */
#define KREDACT_PANIC_KEY_BOOT	(1U << 0)	/* @hmac is by a key that nobody has now */
#define KREDACT_PANIC_CUT	(1U << 1)	/* the time for tags without pins was over */
#define KREDACT_PANIC_UNREAD	(1U << 2)	/* which frames are pinned could not be read */

/**
 * struct kredact_panic_note - what was zeroed when the kernel crashed
 * @magic:	KREDACT_PANIC_MAGIC, without its NUL
 * @version:	KREDACT_PANIC_VERSION
 * @size:	of this struct
 * @flags:	KREDACT_PANIC_*
 * @cpu:	the processor that did it
 * @boot_id:	/proc/sys/kernel/random/boot_id, as 16 bytes
 * @key_id:	names the key of @hmac, as in a seal
 * @frames:	pinned frames that were zeroed
 * @mapped:	of all that were zeroed, those that the kernel had not mapped (memfd_secret)
 * @mms:	address spaces that had tags
 * @ranges:	tags in all of them
 * @walked:	frames that were zeroed since they were mapped where something is tagged,
 *		and not pinned
 * @absent:	pages of tags that are in memory perhaps, but not mapped: in swap, on
 *		their way
 * @poisoned:	frames that were not touched since the hardware had found them bad
 * @foreign:	frames that were not touched since they are not the kernel's to give away
 * @faults:	frames that could not be written to
 * @threads:	threads of tagged processes whose saved registers were zeroed
 * @own_bytes:	bytes of what core dumps in progress were searched by, and copied
 * @time_ns:	how long it took, 0 if the processor's counter has no known rate
 * @maps:	physical address of the first struct kredact_panic_map, 0 if there is none
 * @nr_maps:	how many there are
 * @digest:	SHA-256 of all of them, in their order; zero with KREDACT_PANIC_UNREAD
 * @hmac:	HMAC-SHA-256 of all that is before it, with the key of seals
 * @state:	KREDACT_PANIC_ARMED ...
 * @key_bytes:	bytes of keys of seals that were zeroed then, the one of @hmac among them
 */
struct kredact_panic_note {
	__u8 magic[8];
	__le32 version;
	__le32 size;
	__le32 flags;
	__le32 cpu;
	__u8 boot_id[16];
	__u8 key_id[16];
	__le64 frames;
	__le64 mapped;
	__le64 mms;
	__le64 ranges;
	__le64 walked;
	__le64 absent;
	__le64 poisoned;
	__le64 foreign;
	__le64 faults;
	__le64 threads;
	__le64 own_bytes;
	__le64 time_ns;
	__le64 maps;
	__le64 nr_maps;
	__u8 digest[32];
	__u8 hmac[32];
	__le32 state;
	__le32 key_bytes;
};

/* Frames that a map speaks of. */
#define KREDACT_PANIC_MAP_WORDS		510U
#define KREDACT_PANIC_MAP_FRAMES	(64U * KREDACT_PANIC_MAP_WORDS)

/**
 * struct kredact_panic_map - which frames of some 128 MiB are pinned: a page, at its begin
 * @next:	physical address of the next one, or 0
 * @first:	number of the frame of the lowest bit of @bits[0]
 * @bits:	1 for a frame that is pinned, and so was to be zeroed
 */
struct kredact_panic_map {
	__le64 next;
	__le64 first;
	__le64 bits[KREDACT_PANIC_MAP_WORDS];
};

#endif /* _UAPI_LINUX_KREDACT_PANIC_H */
