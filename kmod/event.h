/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Events: what the parts of kredact.ko tell of what they did, for the log
 * (include/uapi/linux/kredact_events.h). Where nobody reads, a call is a branch not taken.
 *
 * All may be called where sleeping is allowed, and take no lock but that of the stream, which
 * is innermost. They never fail: what could not be noted is counted as lost.
 */
#ifndef KREDACT_EVENT_H
#define KREDACT_EVENT_H

#include <linux/jump_label.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include <linux/kredact.h>

struct kredact_dump;
struct kredact_mm;
struct mm_struct;

DECLARE_STATIC_KEY_FALSE(kredact_recording);

/* Batches that are gathered at the same time. */
#define KREDACT_BATCHES		64

/**
 * struct kredact_batches - events that are gathered until they are told as one
 * @nr:		how many there are
 * @hash:	of what they have in common
 * @event:	in the order of their first events
 */
struct kredact_batches {
	u32 nr;
	u32 hash[KREDACT_BATCHES];
	struct kredact_event event[KREDACT_BATCHES];
};

/* stream.c: records on their way to readers. */
extern spinlock_t kredact_stream_lock;
extern struct kredact_batches *kredact_batches;
bool __kredact_stream_trylock(void);
#define kredact_stream_trylock()	\
	__cond_lock(&kredact_stream_lock, __kredact_stream_trylock())
void kredact_stream_unlock(void);
struct kredact_event *kredact_stream_add(u16 type);
int kredact_stream_open(const struct kredact_events *args);
int kredact_stream_init(void);
void kredact_stream_exit(void);

/* event.c: what they say. */
void kredact_event_flush(void);
void kredact_event_flush_stop(void);
void __kredact_event_tagged(struct kredact_mm *kmm, struct mm_struct *mm,
			    const struct kredact_batch *batch,
			    const struct kredact_range *ranges, const char *label);
void __kredact_event_forked(struct kredact_mm *parent, struct mm_struct *mm,
			    const struct kredact_mm *child);
void __kredact_event_ended(struct kredact_mm *kmm, struct mm_struct *mm, u64 unregistered,
			   u64 unmapped, u64 exited);
void __kredact_event_dump(const struct kredact_dump *dump, u32 outcome);
/* What a reader of a living process got. */
enum kredact_read {
	KREDACT_READ_ZEROED,	/* zeros for what is tagged */
	KREDACT_READ_WITHHELD,	/* nothing but zeros */
	KREDACT_READ_UNSEALED,	/* all that is there */
};

void __kredact_event_read(struct kredact_mm *kmm, struct mm_struct *mm, enum kredact_read got);
void __kredact_event_unseal(struct kredact_mm *kmm, struct mm_struct *mm, u32 seconds, u64 until,
			    const char *reason, u32 len);
void __kredact_event_key(const u8 *id, const u8 *old_id);
void __kredact_event_policy(const struct kredact_policy *was, const struct kredact_policy *is,
			    bool were_exempt, bool are_exempt);

#define KREDACT_EVENT(name, params, args)				\
static inline void kredact_event_##name params				\
{									\
	if (static_branch_unlikely(&kredact_recording))			\
		__kredact_event_##name args;				\
}

KREDACT_EVENT(tagged, (struct kredact_mm *kmm, struct mm_struct *mm,
		       const struct kredact_batch *batch, const struct kredact_range *ranges,
		       const char *label), (kmm, mm, batch, ranges, label))
KREDACT_EVENT(forked, (struct kredact_mm *parent, struct mm_struct *mm,
		       const struct kredact_mm *child), (parent, mm, child))
KREDACT_EVENT(ended, (struct kredact_mm *kmm, struct mm_struct *mm, u64 unregistered,
		      u64 unmapped, u64 exited), (kmm, mm, unregistered, unmapped, exited))
KREDACT_EVENT(dump, (const struct kredact_dump *dump, u32 outcome), (dump, outcome))
KREDACT_EVENT(read, (struct kredact_mm *kmm, struct mm_struct *mm, enum kredact_read got),
	      (kmm, mm, got))
KREDACT_EVENT(unseal, (struct kredact_mm *kmm, struct mm_struct *mm, u32 seconds, u64 until,
		       const char *reason, u32 len), (kmm, mm, seconds, until, reason, len))
KREDACT_EVENT(key, (const u8 *id, const u8 *old_id), (id, old_id))
KREDACT_EVENT(policy, (const struct kredact_policy *was, const struct kredact_policy *is,
		       bool were_exempt, bool are_exempt), (was, is, were_exempt, are_exempt))

#endif /* KREDACT_EVENT_H */
