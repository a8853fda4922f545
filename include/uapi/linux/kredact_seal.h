/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * kredact: the seal that follows the last segment of a redacted core.
 *
 *	core (ELF header, program headers, notes, segments)
 *	zeros up to a multiple of KREDACT_SEAL_ALIGN
 *	struct kredact_seal_header
 *	records: struct kredact_seal_record, then its payload, then zeros up to
 *		a multiple of KREDACT_SEAL_ALIGN; any number, any order
 *	struct kredact_seal_trailer, the last bytes of the file
 *
 * Or, on machines that take no module, made by a daemon in a file of its own, which begins
 * with the header: a sidecar.
 *
 * All integers are little-endian. The HMAC covers every byte from the header's
 * first to the last before the HMAC itself; it does not cover the core.
 * Documentation/seal-format.rst describes each byte.
 */
#ifndef _UAPI_LINUX_KREDACT_SEAL_H
#define _UAPI_LINUX_KREDACT_SEAL_H

#include <linux/types.h>

#define KREDACT_SEAL_VERSION	1
#define KREDACT_SEAL_ALIGN	8
#define KREDACT_SEAL_MAGIC	"KREDSEAL"	/* 8 bytes, no NUL */
#define KREDACT_SEAL_END	"KREDEND\n"	/* 8 bytes, no NUL */
#define KREDACT_SEAL_HMAC_LEN	32

/* Flags of the header. */
#define KREDACT_SEAL_KEY_BOOT		(1U << 0)	/* random key of this load of the module */
#define KREDACT_SEAL_COMPAT		(1U << 1)	/* core of a 32-bit process */
#define KREDACT_SEAL_ALL_LEFT_OUT	(1U << 2)	/* tags unreadable: no page after that */
#define KREDACT_SEAL_DAEMON		(1U << 3)	/* a sidecar, not made by the kernel */

/**
 * struct kredact_seal_header - who was dumped, when, by what
 * @magic:		KREDACT_SEAL_MAGIC
 * @version:		KREDACT_SEAL_VERSION
 * @header_len:		sizeof(struct kredact_seal_header)
 * @flags:		KREDACT_SEAL_*
 * @core_len:		offset of this header in the file; in a sidecar, bytes of the core
 * @realtime_ns:	CLOCK_REALTIME when the seal was written
 * @boottime_ns:	CLOCK_BOOTTIME at the same moment
 * @start_ns:		CLOCK_BOOTTIME at which the process started
 * @tgid:		process, in the initial pid namespace
 * @tid:		thread that dumped, likewise
 * @ns_tgid:		process, in its own pid namespace (as in NT_PRSTATUS)
 * @uid:		real user of the process, in the initial user namespace
 * @signo:		signal that caused the dump
 * @page_size:		bytes in a page
 * @abi:		KREDACT_ABI_VERSION
 * @reserved0:		0
 * @boot_id:		/proc/sys/kernel/random/boot_id, in the order of its text
 * @key_id:		names the HMAC key: struct kredact_key
 * @comm:		name of the dumping thread, NUL-padded
 * @module:		version of the module or, in a sidecar, of the daemon, NUL-padded
 * @release:		kernel release (uname -r), NUL-padded
 * @reserved1:		0
 */
struct kredact_seal_header {
	__u8 magic[8];
	__le16 version;
	__le16 header_len;
	__le32 flags;
	__le64 core_len;
	__le64 realtime_ns;
	__le64 boottime_ns;
	__le64 start_ns;
	__le32 tgid;
	__le32 tid;
	__le32 ns_tgid;
	__le32 uid;
	__le32 signo;
	__le32 page_size;
	__le32 abi;
	__le32 reserved0;
	__u8 boot_id[16];
	__u8 key_id[16];
	__u8 comm[16];
	__u8 module[32];
	__u8 release[64];
	__u8 reserved1[32];
};
#define KREDACT_SEAL_HEADER_LEN		256

/* Types of records. A reader passes over one that it does not know, and says so. */
#define KREDACT_SEAL_LABEL	1	/* struct kredact_seal_label and its bytes */
#define KREDACT_SEAL_RANGES	2	/* array of struct kredact_seal_range */
#define KREDACT_SEAL_LEFT_OUT	3	/* array of struct kredact_seal_left_out */
#define KREDACT_SEAL_COUNTS	4	/* struct kredact_seal_counts; one, and the last */
#define KREDACT_SEAL_POLICY	5	/* struct kredact_seal_policy; at most one */
#define KREDACT_SEAL_COPIES	6	/* array of struct kredact_seal_copy */
#define KREDACT_SEAL_HUNT	7	/* struct kredact_seal_hunt; at most one */
#define KREDACT_SEAL_RULES	8	/* struct kredact_seal_rules; at most one */
#define KREDACT_SEAL_SIDECAR	9	/* struct kredact_seal_sidecar; one, in a sidecar only */
#define KREDACT_SEAL_FINGERPRINTS 10	/* struct kredact_seal_prints and more; at most one */

/**
 * struct kredact_seal_record - header of one record
 * @type:	KREDACT_SEAL_LABEL ...
 * @reserved:	0
 * @len:	bytes of payload, without the padding
 */
struct kredact_seal_record {
	__le32 type;
	__le32 reserved;
	__le64 len;
};

/**
 * struct kredact_seal_label - a label; comes before the ranges that name it
 * @id:		number of the label, from 1
 * @len:	bytes that follow
 */
struct kredact_seal_label {
	__le32 id;
	__le32 len;
};

/**
 * struct kredact_seal_range - a tagged range at the moment of the dump
 * @addr:	first byte
 * @len:	bytes
 * @handle:	the registration; several ranges have the same one where
 *		munmap or mremap divided it
 * @flags:	KREDACT_EXACT: these bytes are zero in the core; otherwise all
 *		pages that the range touches are
 * @label:	id of a label, or 0
 */
struct kredact_seal_range {
	__le64 addr;
	__le64 len;
	__le64 handle;
	__le32 flags;
	__le32 label;
};

/* Why a page was left out although it was not (or not wholly) tagged. */
#define KREDACT_LEFT_OUT_NOMEM		1	/* no memory for a redacted copy */
#define KREDACT_LEFT_OUT_LOOKUP		2	/* the tags could not be read */
#define KREDACT_LEFT_OUT_UNREADABLE	3	/* copying the page failed (memory error) */
#define KREDACT_LEFT_OUT_SHARED		4	/* tagged at another address, or by others */
#define KREDACT_LEFT_OUT_UNHUNTED	5	/* could hold copies that could not be hunted */

/**
 * struct kredact_seal_left_out - pages that were left out although not tagged here
 * @addr:	first byte
 * @len:	bytes, whole pages
 * @reason:	KREDACT_LEFT_OUT_*
 * @reserved:	0
 */
struct kredact_seal_left_out {
	__le64 addr;
	__le64 len;
	__le32 reason;
	__le32 reserved;
};

/**
 * struct kredact_seal_counts - sums over the dump
 * @ranges:		entries in all KREDACT_SEAL_RANGES records
 * @range_bytes:	sum of their lengths (overlaps count each time)
 * @pages_zeroed:	pages left out whole since they are tagged
 * @pages_copied:	pages of which a redacted copy was written
 * @bytes_zeroed:	bytes zeroed in those copies
 * @pages_left_out:	pages left out although they are not tagged here
 * @left_out_lost:	of those, pages that no KREDACT_SEAL_LEFT_OUT names
 *			since the list was full
 * @reserved:		0
 */
struct kredact_seal_counts {
	__le64 ranges;
	__le64 range_bytes;
	__le64 pages_zeroed;
	__le64 pages_copied;
	__le64 bytes_zeroed;
	__le64 pages_left_out;
	__le64 left_out_lost;
	__le64 reserved;
};

/**
 * struct kredact_seal_policy - what this dump was written by
 * @hunt:	KREDACT_HUNT_OFF ... (struct kredact_policy)
 * @run:	least length of a copy, in bytes
 * @registers:	KREDACT_REGISTERS_NONE ...
 * @unhunted:	KREDACT_UNHUNTED_WRITABLE ...
 * @strict:	1: of writable private memory only what stack walking needs was kept
 * @reserved:	0
 *
 * @registers and @strict are the stricter of the administrator's policy and what
 * registrations of the process asked for.
 */
struct kredact_seal_policy {
	__le32 hunt;
	__le32 run;
	__le32 registers;
	__le32 unhunted;
	__le32 strict;
	__le32 reserved[3];
};

/* Flags of a copy. */
#define KREDACT_COPY_REVERSED	(1U << 0)	/* its bytes are in reverse order */
#define KREDACT_COPY_OTHERS	(1U << 1)	/* another process has registered the bytes */
#define KREDACT_COPY_NOTE	(1U << 2)	/* in a note: @addr is an offset in the file */

/**
 * struct kredact_seal_copy - registered bytes found elsewhere in the dump, and zeroed
 * @addr:	first byte in the memory of the process
 * @len:	bytes
 * @handle:	the registration whose bytes they are; with KREDACT_COPY_OTHERS, a
 *		handle of that process
 * @flags:	KREDACT_COPY_*
 * @reserved:	0
 *
 * A copy that goes over the end of a page is named once for each page. Where bytes of
 * several registrations overlap, one of these is named.
 */
struct kredact_seal_copy {
	__le64 addr;
	__le64 len;
	__le64 handle;
	__le32 flags;
	__le32 reserved;
};

/* Why the secrets were not indexed; what then happens is the policy's @unhunted. */
#define KREDACT_UNINDEXED_NOMEM		1	/* no memory for the index */
#define KREDACT_UNINDEXED_LIMIT		2	/* more than the index may hold */
#define KREDACT_UNINDEXED_UNREADABLE	3	/* registered memory could not be read */
#define KREDACT_UNINDEXED_LOOKUP	4	/* the tags could not be read */

/**
 * struct kredact_seal_hunt - sums over the hunt for copies
 * @ranges:		ranges whose copies were hunted, also of other processes
 * @bytes:		bytes of them that were
 * @bytes_plain:	bytes of them that were not: of little entropy, or fewer
 *			than the least run
 * @copies:		copies found, and zeroed
 * @copy_bytes:		bytes of them
 * @copies_lost:	of those, copies that no KREDACT_SEAL_COPIES names
 * @register_bytes:	bytes of registers zeroed in the notes
 * @frames:		signal frames found in memory
 * @frame_bytes:	bytes of registers zeroed in them
 * @strict_bytes:	bytes zeroed since stack walking does not need them
 * @unindexed:		KREDACT_UNINDEXED_*, or 0
 * @reserved:		0
 */
struct kredact_seal_hunt {
	__le64 ranges;
	__le64 bytes;
	__le64 bytes_plain;
	__le64 copies;
	__le64 copy_bytes;
	__le64 copies_lost;
	__le64 register_bytes;
	__le64 frames;
	__le64 frame_bytes;
	__le64 strict_bytes;
	__le32 unindexed;
	__le32 reserved[5];
};

/*
 * What policy programs asked for. The first four are KREDACT_FORCE_PAGES, _REGISTERS,
 * _HUNT and _STRICT of linux/kredact_rules.h.
 */
#define KREDACT_RULES_DROPPED		(1U << 4)	/* in no seal: there is no dump */
#define KREDACT_RULES_EXEMPT		(1U << 5)	/* what the process registered is there */
#define KREDACT_RULES_REFUSED		(1U << 6)	/* it was to be, but that was refused */

/**
 * struct kredact_seal_rules - what policy programs decided about this dump
 * @flags:	KREDACT_FORCE_*, KREDACT_RULES_EXEMPT, KREDACT_RULES_REFUSED
 * @mappings:	mappings that they left out
 * @reserved:	0
 *
 * There is none if they did not ask for anything.
 */
struct kredact_seal_rules {
	__le32 flags;
	__le32 mappings;
	__le32 reserved[2];
};

#define KREDACT_SIDECAR_SUFFIX	".kredact-seal"	/* its name: that of the core, and this */

#define KREDACT_SIDECAR_DIGEST		(1U << 0)	/* @sha256 is that of the core */
#define KREDACT_SIDECAR_LOST		(1U << 1)	/* there were more ranges than it lists */

/* Why a dump was killed before its end. */
#define KREDACT_KILLED_MARKED		1	/* a tag could not be stored */
#define KREDACT_KILLED_UNWRITABLE	2	/* a tagged page could not be written */
#define KREDACT_KILLED_NOT_PRIVATE	3	/* a tagged page may have been of others as well */
#define KREDACT_KILLED_SHARED_MM	4	/* another process had the same memory */
#define KREDACT_KILLED_NOT_ZERO		5	/* a tagged page did not become zero */
#define KREDACT_KILLED_PREEMPTIBLE	6	/* the kernel was switched to full or lazy */

/**
 * struct kredact_seal_sidecar - what a daemon knows of a core
 * @flags:	KREDACT_SIDECAR_*
 * @killed:	KREDACT_KILLED_*, or 0
 * @sha256:	of all bytes of the core, or 0: the daemon has not seen them
 */
struct kredact_seal_sidecar {
	__le32 flags;
	__le32 killed;
	__u8 sha256[32];
};

/* In @owner: another process has registered the bytes. */
#define KREDACT_PRINT_OTHERS		(1ULL << 63)

/**
 * struct kredact_seal_print - the fingerprint of one piece of a secret
 * @tag:	keyed hash of the whole piece
 * @owner:	handle of the registration; with KREDACT_PRINT_OTHERS, one of another process
 */
struct kredact_seal_print {
	__u8 tag[8];
	__le64 owner;
};

/* Why there are no fingerprints, besides KREDACT_UNINDEXED_*. */
#define KREDACT_UNPRINTED_KEY		16	/* another key was installed during the dump */

/**
 * struct kredact_seal_prints - fingerprints of what is registered
 * @salt:	random; makes the keys from that of the seal
 * @bytes:	registered bytes that have fingerprints
 * @missing:	those that have none, since they are too few, or fingerprints too many
 * @pieces:	of 32 bytes
 * @blocks:	of 16 bytes
 * @bits:	of the bitmap that tells where pieces may be; a multiple of 64
 * @failure:	KREDACT_UNINDEXED_* or KREDACT_UNPRINTED_*: there are none; or 0
 * @reserved:	0
 *
 * Then a struct kredact_seal_print for each piece, then for each block, then the bitmap.
 * There is none if the key is a random one of the module: nobody could use it.
 */
struct kredact_seal_prints {
	__u8 salt[16];
	__le64 bytes;
	__le64 missing;
	__le32 pieces;
	__le32 blocks;
	__le32 bits;
	__le32 failure;
	__le64 reserved[2];
};

/**
 * struct kredact_seal_trailer - the last bytes of the file
 * @magic:	KREDACT_SEAL_END
 * @seal_len:	bytes from the header's first to the trailer's last
 * @core_len:	as in the header
 * @version:	KREDACT_SEAL_VERSION
 * @records:	number of records
 * @hmac:	HMAC-SHA-256 over the seal up to here
 */
struct kredact_seal_trailer {
	__u8 magic[8];
	__le64 seal_len;
	__le64 core_len;
	__le32 version;
	__le32 records;
	__u8 hmac[KREDACT_SEAL_HMAC_LEN];
};
#define KREDACT_SEAL_TRAILER_LEN	64

#endif /* _UAPI_LINUX_KREDACT_SEAL_H */
