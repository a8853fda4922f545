// SPDX-License-Identifier: GPL-2.0
/*
 * Events: what records say (include/uapi/linux/kredact_events.h).
 *
 * What happens often is gathered for a second at most, by process and label; a record of
 * anything else closes these batches first, so that the order of records is that of their first
 * events. Who did something is looked up when it happens: later it may be gone.
 */
#include <linux/audit.h>
#include <linux/cgroup.h>
#include <linux/jhash.h>
#include <linux/mm.h>
#include <linux/pid_namespace.h>
#include <linux/sched/signal.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>

#include "kredact.h"

/* How long a batch is open. */
#define BATCH_TIME	HZ

static void kredact_event_process(struct kredact_event_process *to, struct task_struct *task)
{
	const struct task_struct *first;

	rcu_read_lock();
	first = task->group_leader;
	to->start_ns = first->start_boottime;
	to->cgroup = cgroup_id(task_dfl_cgroup(task));
	to->tgid = task_tgid_nr(task);
	to->tid = task_pid_nr(task);
	to->ns_tgid = task_tgid_nr_ns(task, task_active_pid_ns(task));
	to->uid = from_kuid(&init_user_ns, task_uid(task));
	to->euid = from_kuid(&init_user_ns, task_euid(task));
	to->login_uid = from_kuid(&init_user_ns, audit_get_loginuid(task));
	strscpy(to->comm, first->comm, sizeof(to->comm));
	rcu_read_unlock();
}

/* A process that has this memory; nothing, if there is none any more. */
static void kredact_event_of(struct kredact_event_process *to, struct mm_struct *mm)
{
	struct task_struct *task;

	rcu_read_lock();
	task = mm == current->mm ? current : kredact_mm_owner(mm);
	if (task)
		kredact_event_process(to, task);
	rcu_read_unlock();
}

static void kredact_event_text(struct kredact_event *event, const char *text, u32 len)
{
	event->text_len = min(len, KREDACT_EVENT_TEXT_MAX);
	memcpy(event->text, text, event->text_len);
}

/* Closes all batches; the stream lock is held. */
static void kredact_batches_close(void)
{
	struct kredact_batches *all = kredact_batches;
	struct kredact_event *event;
	u64 seq, time, realtime;
	u32 i;

	for (i = 0; i < all->nr; i++) {
		event = kredact_stream_add(all->event[i].type);
		seq = event->seq;
		time = event->time_ns;
		realtime = event->realtime_ns;
		*event = all->event[i];
		event->seq = seq;
		event->time_ns = time;
		event->realtime_ns = realtime;
	}
	all->nr = 0;
}

/**
 * kredact_event_flush() - what is gathered becomes records
 */
void kredact_event_flush(void)
{
	if (!kredact_stream_trylock())
		return;
	kredact_batches_close();
	kredact_stream_unlock();
}

static void kredact_event_flush_late(struct work_struct *work)
{
	kredact_event_flush();
}

static DECLARE_DELAYED_WORK(flush_soon, kredact_event_flush_late);

/**
 * kredact_event_flush_stop() - nothing is gathered any more
 *
 * May sleep.
 */
void kredact_event_flush_stop(void)
{
	cancel_delayed_work_sync(&flush_soon);
}

/* A record that closes all batches first; the stream lock is held. */
static struct kredact_event *kredact_event_now(u16 type, u64 mm)
{
	struct kredact_event *event;

	kredact_batches_close();
	event = kredact_stream_add(type);
	event->mm = mm;
	kredact_event_process(&event->by, current);
	return event;
}

/* Does what happens now belong to a batch? */
static bool kredact_batch_is(const struct kredact_event *event, u16 type, u64 mm, u32 by,
			     const char *text, u32 len)
{
	return event->type == type && event->mm == mm &&
	       event->by.tgid == task_tgid_nr(current) &&
	       event->by.start_ns == current->group_leader->start_boottime &&
	       (type != KREDACT_EVENT_TAGGED || event->tags.by == by) &&
	       event->text_len == len && !memcmp(event->text, text, len);
}

/*
 * The batch of what happens now, found or begun with zeros for all that is counted; the stream
 * lock is held.
 */
static struct kredact_event *kredact_event_batch(u16 type, u64 id, struct mm_struct *mm, u32 by,
						 const char *text, u32 len)
{
	u32 hash = jhash(text, len, jhash_3words(type, by, id, task_tgid_nr(current)));
	struct kredact_batches *all = kredact_batches;
	struct kredact_event *event;
	u32 i;

	for (i = 0; i < all->nr; i++)
		if (all->hash[i] == hash &&
		    kredact_batch_is(&all->event[i], type, id, by, text, len))
			return &all->event[i];
	if (all->nr == KREDACT_BATCHES)
		kredact_batches_close();
	if (!all->nr)
		queue_delayed_work(system_wq, &flush_soon, BATCH_TIME);
	all->hash[all->nr] = hash;
	event = &all->event[all->nr++];
	*event = (struct kredact_event) {
		.size = sizeof(*event),
		.type = type,
		.version = KREDACT_EVENT_VERSION,
		.mm = id,
	};
	kredact_event_process(&event->by, current);
	kredact_event_of(&event->of, mm);
	kredact_event_text(event, text, len);
	return event;
}

/* When it happened first, and last. */
static void kredact_event_time(u64 *first_ns, u64 *last_ns)
{
	*last_ns = ktime_get_boottime_ns();
	if (!*first_ns)
		*first_ns = *last_ns;
}

static u32 kredact_event_by(const struct kredact_batch *batch, const struct mm_struct *mm)
{
	if (batch->flags & KREDACT_MADE_BY_BPF)
		return KREDACT_BY_BPF;
	return mm == current->mm ? KREDACT_BY_SELF : KREDACT_BY_OTHER;
}

/**
 * __kredact_event_tagged() - ranges have been registered
 * @kmm:	their tags
 * @mm:		of the process, kept by the caller
 * @batch:	as it was done
 * @ranges:	likewise
 * @label:	text of @batch->label_len bytes
 */
void __kredact_event_tagged(struct kredact_mm *kmm, struct mm_struct *mm,
			    const struct kredact_batch *batch,
			    const struct kredact_range *ranges, const char *label)
{
	u32 by = kredact_event_by(batch, mm), i;
	struct kredact_event_tags *tags;
	u64 bytes = 0;

	for (i = 0; i < batch->nr; i++)
		bytes += ranges[i].len;
	if (!kredact_stream_trylock())
		return;
	tags = &kredact_event_batch(KREDACT_EVENT_TAGGED, kmm->id, mm, by, label,
				    batch->label_len)->tags;
	if (!tags->calls) {
		tags->addr = ranges[0].addr;
		tags->coverage = ~0U;
		tags->by = by;
	}
	tags->calls++;
	tags->count += batch->nr;
	tags->bytes += bytes;
	tags->flags |= batch->flags & ~(KREDACT_MADE_BY_BPF | KREDACT_PIDFD);
	tags->coverage &= batch->coverage;
	kredact_event_time(&tags->first_ns, &tags->last_ns);
	kredact_stream_unlock();
}

/**
 * __kredact_event_forked() - a child has got the tags of its parent
 * @parent:	the parent's
 * @mm:		of the parent
 * @child:	the child's
 */
void __kredact_event_forked(struct kredact_mm *parent, struct mm_struct *mm,
			    const struct kredact_mm *child)
{
	struct kredact_event_tags *tags;

	if (!kredact_stream_trylock())
		return;
	tags = &kredact_event_batch(KREDACT_EVENT_FORKED, parent->id, mm, 0, "", 0)->tags;
	tags->calls++;
	tags->count += kr_set_nr(&child->set);
	tags->child = child->id;
	kredact_event_time(&tags->first_ns, &tags->last_ns);
	kredact_stream_unlock();
}

/**
 * __kredact_event_ended() - tags have ended
 * @kmm:	tags of the process
 * @mm:		its own; it may have no users any more
 * @unregistered: registrations that a call has ended
 * @unmapped:	ranges that went with their memory
 * @exited:	ranges that went with the address space: none is left
 */
void __kredact_event_ended(struct kredact_mm *kmm, struct mm_struct *mm, u64 unregistered,
			   u64 unmapped, u64 exited)
{
	struct kredact_event_ended *ended;

	if (!(unregistered | unmapped | exited) || !kredact_stream_trylock())
		return;
	ended = &kredact_event_batch(KREDACT_EVENT_ENDED, kmm->id, mm, 0, "", 0)->ended;
	ended->unregistered += unregistered;
	ended->unmapped += unmapped;
	ended->exited += exited;
	ended->left = exited ? 0 : READ_ONCE(kmm->set.nr);
	kredact_event_time(&ended->first_ns, &ended->last_ns);
	kredact_stream_unlock();
}

/* Labels of a process that was dumped, in front of the record of that. */
static u32 kredact_event_labels(struct kredact_mm *kmm)
{
	struct kredact_event *event;
	unsigned long id = 0;
	const char *text;
	u32 len, nr = 0;

	while (nr < KREDACT_EVENT_LABELS && (text = kredact_label_next(kmm->labels, &id, &len))) {
		event = kredact_stream_add(KREDACT_EVENT_LABEL);
		event->mm = kmm->id;
		kredact_event_text(event, text, len);
		nr++;
	}
	return nr < KREDACT_EVENT_LABELS ? nr : kredact_labels_nr(kmm->labels);
}

/**
 * __kredact_event_dump() - a core was written
 * @dump:	as it has become, by this thread
 * @outcome:	KREDACT_DUMP_*
 */
void __kredact_event_dump(const struct kredact_dump *dump, u32 outcome)
{
	struct kredact_event *event;
	u32 labels = 0;

	if (!kredact_stream_trylock())
		return;
	kredact_batches_close();
	if (dump->kmm)
		labels = kredact_event_labels(dump->kmm);
	event = kredact_event_now(KREDACT_EVENT_DUMP, dump->kmm ? dump->kmm->id : 0);
	event->of = event->by;
	event->dump = (struct kredact_event_dump) {
		.begun_ns = dump->begun_ns,
		.core_bytes = dump->core_len,
		.ranges = dump->counts.ranges,
		.range_bytes = dump->counts.range_bytes,
		.pages_zeroed = dump->counts.pages_zeroed,
		.pages_copied = dump->counts.pages_copied,
		.bytes_zeroed = dump->counts.bytes_zeroed,
		.pages_left_out = dump->counts.pages_left_out,
		.copies = dump->hunted.copies,
		.copy_bytes = dump->hunted.copy_bytes,
		.register_bytes = dump->hunted.register_bytes,
		.outcome = outcome,
		.seal_flags = dump->flags,
		.signo = dump->cprm->siginfo->si_signo,
		.labels = labels,
	};
	memcpy(event->dump.key_id, dump->key_id, sizeof(event->dump.key_id));
	memcpy(event->dump.hmac, dump->hmac, sizeof(event->dump.hmac));
	kredact_stream_unlock();
}

/**
 * __kredact_event_read() - a living process that has tags was read
 * @kmm:	tags of the process, or NULL: they are another one's
 * @mm:		its own, kept by the caller
 * @got:	what the reader got
 */
void __kredact_event_read(struct kredact_mm *kmm, struct mm_struct *mm, enum kredact_read got)
{
	struct kredact_event_read *read;

	if (!kredact_stream_trylock())
		return;
	read = &kredact_event_batch(KREDACT_EVENT_READ, kmm ? kmm->id : 0, mm, 0, "", 0)->read;
	read->zeroed += got == KREDACT_READ_ZEROED;
	read->withheld += got == KREDACT_READ_WITHHELD;
	read->unsealed += got == KREDACT_READ_UNSEALED;
	kredact_event_time(&read->first_ns, &read->last_ns);
	kredact_stream_unlock();
}

/**
 * __kredact_event_unseal() - debuggers may see a process
 * @kmm:	its tags
 * @mm:		its own, kept by the caller
 * @seconds:	for how long; 0: no longer
 * @until:	CLOCK_BOOTTIME at which that ends
 * @reason:	text of @len bytes
 * @len:	at most KREDACT_REASON_MAX
 */
void __kredact_event_unseal(struct kredact_mm *kmm, struct mm_struct *mm, u32 seconds, u64 until,
			    const char *reason, u32 len)
{
	struct kredact_event *event;

	if (!kredact_stream_trylock())
		return;
	event = kredact_event_now(KREDACT_EVENT_UNSEAL, kmm->id);
	kredact_event_of(&event->of, mm);
	event->unseal.until_ns = until;
	event->unseal.seconds = seconds;
	kredact_event_text(event, reason, len);
	kredact_stream_unlock();
}

/**
 * __kredact_event_key() - seals are made with another key
 * @id:		of it, 16 bytes
 * @old_id:	of the one before
 */
void __kredact_event_key(const u8 *id, const u8 *old_id)
{
	struct kredact_event *event;

	if (!kredact_stream_trylock())
		return;
	event = kredact_event_now(KREDACT_EVENT_KEY, 0);
	memcpy(event->key.key_id, id, sizeof(event->key.key_id));
	memcpy(event->key.old_id, old_id, sizeof(event->key.old_id));
	kredact_stream_unlock();
}

static void kredact_event_rules(struct kredact_event_rules *to, const struct kredact_policy *from,
				bool exempt)
{
	to->hunt = from->hunt;
	to->run = from->run;
	to->registers = from->registers;
	to->unhunted = from->unhunted;
	to->strict = from->strict;
	to->exemptions = exempt;
}

/**
 * __kredact_event_policy() - the administrator has changed what dumps lose
 * @was:	before
 * @is:		from now on
 * @were_exempt: policy programs could exempt processes
 * @are_exempt:	they can
 */
void __kredact_event_policy(const struct kredact_policy *was, const struct kredact_policy *is,
			    bool were_exempt, bool are_exempt)
{
	struct kredact_event *event;

	if (!kredact_stream_trylock())
		return;
	event = kredact_event_now(KREDACT_EVENT_POLICY, 0);
	kredact_event_rules(&event->policy.was, was, were_exempt);
	kredact_event_rules(&event->policy.is, is, are_exempt);
	kredact_stream_unlock();
}
