/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * kredact: the stream of events, for who keeps the log of what the module did.
 *
 * KREDACT_IOC_EVENTS of /dev/kredact gives a descriptor of a stream. read() gives whole
 * records of struct kredact_event, each with its @size, as many as fit; poll() says when there
 * is one. A reader steps by @size, and passes over types that it does not know. Numbers are
 * in the byte order of the machine. Documentation/events.rst tells what can be relied on.
 *
 * Errnos of read():
 *   EINVAL      not even one record fits, and there is room for some bytes. Without any room,
 *               it returns 0, and says that all that was read before has arrived (see
 *               KREDACT_EVENTS_RESUME)
 *   EAGAIN      O_NONBLOCK, and nothing has happened
 *   EINTR       a signal came before anything was read
 *   EIO         a task has died in the module, and holds what is needed for this
 *   EFAULT      the memory is not accessible; records that did not get there come again
 */
#ifndef _UAPI_LINUX_KREDACT_EVENTS_H
#define _UAPI_LINUX_KREDACT_EVENTS_H

#include <linux/types.h>

/* Flags of struct kredact_events. */
#define KREDACT_EVENTS_RESUME	(1U << 0)	/* go on where the last such stream ended */
#define KREDACT_EVENTS_KEEP	(1U << 1)	/* with it: and let the next one go on there */
#define KREDACT_EVENTS_PAST	(1U << 2)	/* begin with what there is still */

/**
 * struct kredact_events - open the stream
 * @size:	in: sizeof(struct kredact_events)
 * @flags:	in: KREDACT_EVENTS_*
 *
 * The call returns a descriptor (O_RDONLY, O_CLOEXEC; fcntl() sets O_NONBLOCK). Nothing is
 * recorded, and nothing costs anything, until the first stream is opened, nor after the last
 * one was closed. Each stream has a place of its own, which begins with what happens next;
 * with KREDACT_EVENTS_PAST, with what is still there as others read.
 *
 * With KREDACT_EVENTS_RESUME there is one at a time, for the log. With KREDACT_EVENTS_KEEP,
 * too, events go on being recorded when it is closed (its reader is restarted, or was
 * killed), and the next one with KREDACT_EVENTS_RESUME begins with them. The records of the
 * last read() come again then, with the numbers that they had, unless another read(),
 * for which a length of 0 will do, has confirmed them.
 *
 * A stream that is open keeps the module from being removed.
 *
 * Errors: EPERM without CAP_SYS_ADMIN in the initial user namespace; EBUSY: there is a stream
 * with KREDACT_EVENTS_RESUME; EINVAL: KREDACT_EVENTS_KEEP without that, or
 * KREDACT_EVENTS_PAST with another flag; ENOMEM; EMFILE, ENFILE.
 */
struct kredact_events {
	__u32 size;
	__u32 flags;
};
#define KREDACT_EVENTS_SIZE_VER0	8

#define KREDACT_EVENT_VERSION		1
#define KREDACT_EVENT_TEXT_MAX		128

/* @type of struct kredact_event, and the member of its union. */
#define KREDACT_EVENT_START	1	/* the stream begins: @start */
#define KREDACT_EVENT_LOST	2	/* events are missing here: @lost */
#define KREDACT_EVENT_TAGGED	3	/* ranges were registered: @tags; text: their label */
#define KREDACT_EVENT_FORKED	4	/* children have got the tags of their parent: @tags */
#define KREDACT_EVENT_ENDED	5	/* tags ended: @ended */
#define KREDACT_EVENT_LABEL	6	/* one of the DUMP that follows; text: a label there */
#define KREDACT_EVENT_DUMP	7	/* a core was redacted, or refused: @dump */
#define KREDACT_EVENT_READ	8	/* who read a process that has tags: @read */
#define KREDACT_EVENT_UNSEAL	9	/* KREDACT_IOC_UNSEAL: @unseal; text: the reason */
#define KREDACT_EVENT_KEY	10	/* KREDACT_IOC_SET_KEY: @key */
#define KREDACT_EVENT_POLICY	11	/* the policy, or who may be exempt, changed: @policy */

/**
 * struct kredact_event_process - a process, as it was then
 * @start_ns:	  0 CLOCK_BOOTTIME at which it started, which tells it from a later one of
 *		    the same number, as in a seal; 0: it is not known, all else is 0, too
 * @cgroup:	  8 number of its cgroup (version 2), as of the folder
 * @tgid:	 16 in the initial pid namespace
 * @tid:	 20 likewise: the thread
 * @ns_tgid:	 24 in its own pid namespace
 * @uid:	 28 real user, in the initial user namespace
 * @euid:	 32 effective user
 * @login_uid:	 36 who had logged in, of audit; -1: nobody
 * @comm:	 40 name of its first thread, with a NUL
 */
struct kredact_event_process {
	__aligned_u64 start_ns;
	__aligned_u64 cgroup;
	__u32 tgid;
	__u32 tid;
	__u32 ns_tgid;
	__u32 uid;
	__u32 euid;
	__u32 login_uid;
	__u8 comm[16];
};

/**
 * struct kredact_event_start - the stream begins; its number is that of the event before
 * @boot_id:	  0 /proc/sys/kernel/random/boot_id, as 16 bytes
 * @loaded_ns:	 16 CLOCK_BOOTTIME at which the module was loaded: numbers begin again there
 * @since_ns:	 24 since then all is recorded; what happened before is in no stream
 * @dumps:	 32 dumps since the module was loaded, as in struct kredact_info
 * @resumed:	 40 1: it goes on where another one ended
 * @reserved:	 44 0
 */
struct kredact_event_start {
	__u8 boot_id[16];
	__aligned_u64 loaded_ns;
	__aligned_u64 since_ns;
	__aligned_u64 dumps;
	__u32 resumed;
	__u32 reserved;
};

/**
 * struct kredact_event_lost - events are missing; its number is that of the last of them
 * @count:	  0 how many
 */
struct kredact_event_lost {
	__aligned_u64 count;
};

/**
 * struct kredact_event_tags - registrations of one process for another, or itself
 * @count:	  0 ranges, in all calls
 * @bytes:	  8 of all these ranges
 * @addr:	 16 of the first one
 * @first_ns:	 24 CLOCK_BOOTTIME of the first call
 * @last_ns:	 32 of the last one
 * @child:	 40 FORKED: number of the last child's address space; @mm is the parent's
 * @calls:	 48 how many: children, if FORKED
 * @flags:	 52 KREDACT_EXACT ... of any of them
 * @coverage:	 56 KREDACT_COVER_* of all of them
 * @by:		 60 KREDACT_BY_*
 */
struct kredact_event_tags {
	__aligned_u64 count;
	__aligned_u64 bytes;
	__aligned_u64 addr;
	__aligned_u64 first_ns;
	__aligned_u64 last_ns;
	__aligned_u64 child;
	__u32 calls;
	__u32 flags;
	__u32 coverage;
	__u32 by;
};

/**
 * struct kredact_event_ended - tags of an address space that ended
 * @unregistered:  0 registrations that were ended by a call
 * @unmapped:	  8 ranges that went with their memory; what is left of one may be two
 * @exited:	 16 ranges that went with the address space: exit, or exec
 * @left:	 24 ranges that are left
 * @first_ns:	 32 CLOCK_BOOTTIME of the first that ended
 * @last_ns:	 40 of the last one
 */
struct kredact_event_ended {
	__aligned_u64 unregistered;
	__aligned_u64 unmapped;
	__aligned_u64 exited;
	__aligned_u64 left;
	__aligned_u64 first_ns;
	__aligned_u64 last_ns;
};

/* @outcome of a dump. */
#define KREDACT_DUMP_SEALED	1U	/* it is complete, with a seal */
#define KREDACT_DUMP_CUT	2U	/* memory is missing at its end; a seal may follow */
#define KREDACT_DUMP_UNSEALED	3U	/* its seal is missing, or was cut short */
#define KREDACT_DUMP_FAILED	4U	/* the kernel has written no core */
#define KREDACT_DUMP_REFUSED	5U	/* a policy program did not want it */

/**
 * struct kredact_event_dump - a core dump; its time is that of its end
 * @begun_ns:	  0 CLOCK_BOOTTIME of its begin
 * @core_bytes:	  8 length of the core before the seal; 0 without one
 * @ranges:	 16 as in the seal, struct kredact_seal_counts
 * @range_bytes: 24 likewise
 * @pages_zeroed: 32 likewise
 * @pages_copied: 40 likewise
 * @bytes_zeroed: 48 likewise
 * @pages_left_out: 56 likewise
 * @copies:	 64 as there, struct kredact_seal_hunt
 * @copy_bytes:	 72 likewise
 * @register_bytes: 80 likewise
 * @outcome:	 88 KREDACT_DUMP_*
 * @seal_flags:	 92 KREDACT_SEAL_*
 * @signo:	 96 the signal
 * @labels:	100 labels of the process; at most KREDACT_EVENT_LABELS are told before
 * @key_id:	104 names the key of the seal; zeros without a seal
 * @hmac:	120 of the seal: it is the last 32 bytes of the core; zeros without one
 */
struct kredact_event_dump {
	__aligned_u64 begun_ns;
	__aligned_u64 core_bytes;
	__aligned_u64 ranges;
	__aligned_u64 range_bytes;
	__aligned_u64 pages_zeroed;
	__aligned_u64 pages_copied;
	__aligned_u64 bytes_zeroed;
	__aligned_u64 pages_left_out;
	__aligned_u64 copies;
	__aligned_u64 copy_bytes;
	__aligned_u64 register_bytes;
	__u32 outcome;
	__u32 seal_flags;
	__u32 signo;
	__u32 labels;
	__u8 key_id[16];
	__u8 hmac[32];
};
#define KREDACT_EVENT_LABELS	32

/**
 * struct kredact_event_read - a reader of a living process (live-readers.rst)
 * @zeroed:	  0 reads of a page at most in which something was tagged
 * @withheld:	  8 reads that gave nothing but zeros, since what is tagged could not be told;
 *		    and calls of vmsplice() by a process that is traced, which were refused
 * @unsealed:	 16 calls that got what is there, since it is unsealed
 * @first_ns:	 24 CLOCK_BOOTTIME of the first
 * @last_ns:	 32 of the last one
 */
struct kredact_event_read {
	__aligned_u64 zeroed;
	__aligned_u64 withheld;
	__aligned_u64 unsealed;
	__aligned_u64 first_ns;
	__aligned_u64 last_ns;
};

/**
 * struct kredact_event_unseal - debuggers may see a process
 * @until_ns:	  0 CLOCK_BOOTTIME at which that ends; 0: it has ended now
 * @seconds:	  8 for how long; 0: no longer
 * @reserved:	 12 0
 */
struct kredact_event_unseal {
	__aligned_u64 until_ns;
	__u32 seconds;
	__u32 reserved;
};

/**
 * struct kredact_event_key - seals are made with another key
 * @key_id:	  0 names it
 * @old_id:	 16 names the one before; the same, if it was installed again
 */
struct kredact_event_key {
	__u8 key_id[16];
	__u8 old_id[16];
};

/**
 * struct kredact_event_rules - what dumps lose, as in struct kredact_policy
 * @hunt:	  0 KREDACT_HUNT_*
 * @run:	  4 least length of a copy
 * @registers:	  8 KREDACT_REGISTERS_*
 * @unhunted:	 12 KREDACT_UNHUNTED_*
 * @strict:	 16 0 or 1
 * @exemptions:	 20 1: policy programs may exempt processes
 */
struct kredact_event_rules {
	__u32 hunt;
	__u32 run;
	__u32 registers;
	__u32 unhunted;
	__u32 strict;
	__u32 exemptions;
};

/**
 * struct kredact_event_policy - the administrator has changed it
 * @was:	  0 before
 * @is:		 24 from now on
 */
struct kredact_event_policy {
	struct kredact_event_rules was;
	struct kredact_event_rules is;
};

/**
 * struct kredact_event - one record; what is not said of its type is 0
 * @size:	  0 of the record, 8 bytes or a multiple
 * @type:	  4 KREDACT_EVENT_*
 * @version:	  6 KREDACT_EVENT_VERSION; another one has other members
 * @seq:	  8 number of the event, over the whole life of the module, without a gap
 * @time_ns:	 16 CLOCK_BOOTTIME of the event; of a batch, when it was closed
 * @realtime_ns: 24 CLOCK_REALTIME at the same moment
 * @mm:		 32 number of the address space, as in struct kredact_list
 * @by:		 40 who did it
 * @of:		 96 whose memory it is; of several that share it, one
 * @room:	152 what else there is of its type
 * @text_len:	312 bytes of @text
 * @reserved:	316 0
 * @text:	320 no NUL; what is not used is 0
 */
struct kredact_event {
	__u32 size;
	__u16 type;
	__u16 version;
	__aligned_u64 seq;
	__aligned_u64 time_ns;
	__aligned_u64 realtime_ns;
	__aligned_u64 mm;
	struct kredact_event_process by;
	struct kredact_event_process of;
	union {
		struct kredact_event_start start;
		struct kredact_event_lost lost;
		struct kredact_event_tags tags;
		struct kredact_event_ended ended;
		struct kredact_event_dump dump;
		struct kredact_event_read read;
		struct kredact_event_unseal unseal;
		struct kredact_event_key key;
		struct kredact_event_policy policy;
		__u8 room[160];
	};
	__u32 text_len;
	__u32 reserved;
	__u8 text[KREDACT_EVENT_TEXT_MAX];
};
#define KREDACT_EVENT_SIZE_VER1		448

#endif /* _UAPI_LINUX_KREDACT_EVENTS_H */
