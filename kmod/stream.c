// SPDX-License-Identifier: GPL-2.0
/*
 * Streams: records of events on their way to readers.
 *
 * There are three rings, so that what anybody can cause does not displace what only an
 * administrator can: what was changed, what was dumped, and the rest. Each event has a number;
 * a stream merges the rings by it, and a gap in the numbers is what was lost. Readers have
 * places of their own, and an event waits for none of them.
 *
 * The lock is held for the copy of a record, or of all batches. Whoever cannot have it
 * within a second (its holder has died) goes on without, and the event is lost.
 */
#include <linux/anon_inodes.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#include "kredact.h"

static_assert(sizeof(struct kredact_event) == KREDACT_EVENT_SIZE_VER1);
static_assert(sizeof(struct kredact_event_process) == 56);
static_assert(sizeof(struct kredact_event_dump) <= sizeof_field(struct kredact_event, room));
static_assert(offsetof(struct kredact_event, by) == 40);
static_assert(offsetof(struct kredact_event, of) == 96);
static_assert(offsetof(struct kredact_event, room) == 152);
static_assert(offsetof(struct kredact_event, text) == 320);
static_assert(offsetof(struct kredact_event_dump, hmac) == 120);
static_assert(KREDACT_EVENT_TEXT_MAX >= KREDACT_LABEL_MAX);
static_assert(KREDACT_EVENT_TEXT_MAX >= KREDACT_REASON_MAX);

enum ring_number { RING_CHANGES, RING_DUMPS, RING_REST, RINGS };

/* Records of each. */
static const u32 ring_sizes[RINGS] = { 128, 1024, 2048 };

#define RECORDS	(128 + 1024 + 2048)

/**
 * struct event_ring - the last events of a kind
 * @head:	how many there have been; the next one goes to @at[@head % @size]
 * @size:	how many are kept
 * @at:		they
 */
struct event_ring {
	u64 head;
	u32 size;
	struct kredact_event *at;
};

/**
 * struct recording - what there is as long as somebody reads
 * @rings:	for the records
 * @batches:	events that are not a record yet
 * @records:	what the rings are in
 * @since:	when it began
 * @before:	number of the last event before
 */
struct recording {
	struct event_ring rings[RINGS];
	struct kredact_batches batches;
	struct kredact_event records[RECORDS];
	u64 since;
	u64 before;
};

/**
 * struct place - how far a reader is
 * @next:	number of the event that comes next
 * @from:	where it may be, in each ring
 */
struct place {
	u64 next;
	u64 from[RINGS];
};

/**
 * struct stream - one reader
 * @lock:	one read at a time
 * @place:	how far it is
 * @since:	all events since then are in it, or in those that it resumes
 * @flags:	KREDACT_EVENTS_*
 * @resumed:	it goes on where another one ended
 * @begun:	it was told so
 * @event:	on its way
 */
struct stream {
	struct mutex lock;	/* outside the stream lock */
	struct place place;
	u64 since;
	u32 flags;
	bool resumed;
	bool begun;
	struct kredact_event event;
};

DEFINE_STATIC_KEY_FALSE(kredact_recording);
/* Guards all that follows, but for what streams_mutex guards; innermost. */
DEFINE_SPINLOCK(kredact_stream_lock);
/* Of the recording; NULL without one. */
struct kredact_batches *kredact_batches;

static struct recording *recording;
static u64 last_seq;	/* number of the last event */
static bool added;	/* a record, since the lock was taken */
static atomic64_t skipped;	/* events without a number, as the lock was not to be had */
static bool stuck;	/* the lock: nobody waits for it again */
static u64 kept_next;	/* what the stream for the log has not confirmed */

/* Serialises opening and closing. */
static DEFINE_MUTEX(streams_mutex);
static u32 nr_streams;
static bool resumable;	/* one of them is for the log */
static bool kept;	/* the last one of them let the next one go on */
static u64 kept_since;

static DECLARE_WAIT_QUEUE_HEAD(readers);
static uuid_t boot_id;
static u64 loaded_ns;

/* The lock, but not at any price. */
static bool __kredact_lock_soon(void)
{
	unsigned long end = jiffies + HZ;

	while (!spin_trylock(&kredact_stream_lock)) {
		if (time_after(jiffies, end) || READ_ONCE(stuck)) {
			WRITE_ONCE(stuck, true);
			return false;
		}
		cpu_relax();
		cond_resched();
	}
	WRITE_ONCE(stuck, false);
	last_seq += atomic64_xchg(&skipped, 0);
	return true;
}

#define kredact_lock_soon()	__cond_lock(&kredact_stream_lock, __kredact_lock_soon())

/**
 * __kredact_stream_trylock() - an event is to be noted
 *
 * Return: false if nobody reads, or it is lost.
 */
bool __kredact_stream_trylock(void)
{
	if (!kredact_lock_soon()) {
		atomic64_inc(&skipped);
		return false;
	}
	if (recording)
		return true;
	spin_unlock(&kredact_stream_lock);
	return false;
}

/**
 * kredact_stream_unlock() - it is
 */
void kredact_stream_unlock(void)
{
	bool wake = added;

	added = false;
	spin_unlock(&kredact_stream_lock);
	if (wake)
		wake_up_interruptible(&readers);
}

static enum ring_number kredact_ring_of(u16 type)
{
	switch (type) {
	case KREDACT_EVENT_UNSEAL:
	case KREDACT_EVENT_KEY:
	case KREDACT_EVENT_POLICY:
		return RING_CHANGES;
	case KREDACT_EVENT_DUMP:
	case KREDACT_EVENT_LABEL:
		return RING_DUMPS;
	default:
		return RING_REST;
	}
}

static void kredact_stream_head(struct kredact_event *event, u16 type, u64 seq)
{
	*event = (struct kredact_event) {
		.size = sizeof(*event),
		.type = type,
		.version = KREDACT_EVENT_VERSION,
		.seq = seq,
		.time_ns = ktime_get_boottime_ns(),
		.realtime_ns = ktime_get_real_ns(),
	};
}

/**
 * kredact_stream_add() - a new record; the stream lock is held
 * @type:	KREDACT_EVENT_*
 *
 * Return: with its head, for the caller to fill until the lock is given back.
 */
struct kredact_event *kredact_stream_add(u16 type)
{
	struct event_ring *ring = &recording->rings[kredact_ring_of(type)];
	struct kredact_event *event = &ring->at[ring->head++ % ring->size];

	kredact_stream_head(event, type, ++last_seq);
	added = true;
	return event;
}

/* The first record of a ring that a reader has not had. */
static const struct kredact_event *kredact_ring_next(const struct event_ring *ring, u64 next,
						     u64 *from)
{
	const struct kredact_event *event;

	if (ring->head - *from > ring->size)
		*from = ring->head - ring->size;
	for (; *from != ring->head; ++*from) {
		event = &ring->at[*from % ring->size];
		if (event->seq >= next)
			return event;
	}
	return NULL;
}

/* The next record of all rings, or how many are missing before it; the lock is held. */
static bool kredact_stream_next(struct place *place, struct kredact_event *to)
{
	const struct kredact_event *event, *first = NULL;
	u64 seq = last_seq + 1;
	int i, ring = 0;

	for (i = 0; i < RINGS; i++) {
		event = kredact_ring_next(&recording->rings[i], place->next, &place->from[i]);
		if (event && event->seq < seq) {
			first = event;
			seq = event->seq;
			ring = i;
		}
	}
	if (place->next < seq) {
		kredact_stream_head(to, KREDACT_EVENT_LOST, seq - 1);
		to->lost.count = seq - place->next;
		place->next = seq;
		return true;
	}
	if (!first)
		return false;
	*to = *first;
	place->from[ring]++;
	place->next = seq + 1;
	return true;
}

static void kredact_stream_start(const struct stream *stream, struct kredact_event *to)
{
	kredact_stream_head(to, KREDACT_EVENT_START, stream->place.next - 1);
	export_uuid(to->start.boot_id, &boot_id);
	to->start.loaded_ns = loaded_ns;
	to->start.since_ns = stream->since;
	to->start.dumps = atomic64_read(&kredact_stats.dumps);
	to->start.resumed = stream->resumed;
}

/* Gives one record: 1, 0 if there is none, or an error; then it comes again. */
static int kredact_stream_give(struct stream *stream, char __user *to)
{
	struct place place = stream->place;
	bool more = true;

	if (!stream->begun) {
		kredact_stream_start(stream, &stream->event);
	} else {
		if (!kredact_lock_soon())
			return -EIO;
		more = kredact_stream_next(&place, &stream->event);
		spin_unlock(&kredact_stream_lock);
	}
	if (!more)
		return 0;
	if (copy_to_user(to, &stream->event, sizeof(stream->event)))
		return -EFAULT;
	stream->begun = true;
	stream->place = place;
	return 1;
}

/* As many records as fit: bytes, or an error if that is nothing. */
static ssize_t kredact_stream_fill(struct stream *stream, char __user *to, size_t len)
{
	size_t done = 0;
	int ret = 1;

	while (len - done >= sizeof(stream->event) && ret > 0) {
		ret = kredact_stream_give(stream, to + done);
		if (ret > 0)
			done += sizeof(stream->event);
		if (signal_pending(current))
			break;
		cond_resched();
	}
	return done ? (ssize_t)done : min(ret, 0);
}

static bool kredact_stream_ready(const struct stream *stream)
{
	return !READ_ONCE(stream->begun) || atomic64_read(&skipped) ||
	       READ_ONCE(last_seq) >= READ_ONCE(stream->place.next);
}

/* What has been read until now has arrived. */
static int kredact_stream_confirm(struct stream *stream)
{
	if (!(stream->flags & KREDACT_EVENTS_RESUME))
		return 0;
	if (!kredact_lock_soon())
		return -EIO;
	kept_next = stream->place.next;
	spin_unlock(&kredact_stream_lock);
	return 0;
}

static ssize_t kredact_stream_read(struct file *file, char __user *to, size_t len, loff_t *pos)
{
	struct stream *stream = file->private_data;
	ssize_t ret;

	if (len && len < sizeof(stream->event))
		return -EINVAL;
	if (mutex_lock_interruptible(&stream->lock))
		return -ERESTARTSYS;
	ret = kredact_stream_confirm(stream);
	if (ret || !len)
		goto unlock;
	for (;;) {
		ret = kredact_stream_fill(stream, to, len);
		if (ret)
			break;
		if (file->f_flags & O_NONBLOCK) {
			/* Who asks need not wait for a batch to be closed. */
			kredact_event_flush();
			ret = kredact_stream_fill(stream, to, len) ?: -EAGAIN;
			break;
		}
		if (wait_event_interruptible(readers, kredact_stream_ready(stream))) {
			ret = -ERESTARTSYS;
			break;
		}
	}
unlock:
	mutex_unlock(&stream->lock);
	return ret;
}

static __poll_t kredact_stream_poll(struct file *file, struct poll_table_struct *table)
{
	const struct stream *stream = file->private_data;

	poll_wait(file, &readers, table);
	return kredact_stream_ready(stream) ? EPOLLIN | EPOLLRDNORM : 0;
}

/* Begins to record: 0 or -ENOMEM. */
static int kredact_record_begin(void)
{
	struct kredact_event *at;
	struct recording *new;
	int i;

	if (recording)
		goto enable;
	new = kvzalloc(sizeof(*new), GFP_KERNEL_ACCOUNT);
	if (!new)
		return -ENOMEM;
	for (at = new->records, i = 0; i < RINGS; at += ring_sizes[i++]) {
		new->rings[i].at = at;
		new->rings[i].size = ring_sizes[i];
	}
	if (!kredact_lock_soon()) {
		kvfree(new);
		return -ENOMEM;
	}
	new->since = ktime_get_boottime_ns();
	new->before = last_seq;
	recording = new;
	kredact_batches = &new->batches;
	spin_unlock(&kredact_stream_lock);
enable:
	static_branch_enable(&kredact_recording);
	return 0;
}

/* Ends it, unless somebody reads, or is to go on. Who died with the lock keeps the memory. */
static void kredact_record_end(void)
{
	struct recording *old = recording;

	if (nr_streams || kept || !old)
		return;
	static_branch_disable(&kredact_recording);
	if (!kredact_lock_soon())
		return;
	recording = NULL;
	kredact_batches = NULL;
	spin_unlock(&kredact_stream_lock);
	kredact_event_flush_stop();
	kvfree(old);
}

static void kredact_stream_free(struct stream *stream)
{
	mutex_destroy(&stream->lock);
	kfree(stream);
}

static int kredact_stream_release(struct inode *inode, struct file *file)
{
	struct stream *stream = file->private_data;

	mutex_lock(&streams_mutex);
	nr_streams--;
	if (stream->flags & KREDACT_EVENTS_RESUME) {
		resumable = false;
		kept = stream->flags & KREDACT_EVENTS_KEEP;
		kept_since = stream->since;
	}
	kredact_record_end();
	mutex_unlock(&streams_mutex);
	kredact_stream_free(stream);
	return 0;
}

static const struct file_operations stream_fops = {
	.owner = THIS_MODULE,
	.read = kredact_stream_read,
	.poll = kredact_stream_poll,
	.release = kredact_stream_release,
};

/* Where a new stream begins; what was gathered before is no part of it. */
static int kredact_stream_place(struct stream *stream)
{
	int i;

	kredact_event_flush();
	if (!kredact_lock_soon())
		return -ENOMEM;
	if (stream->resumed)
		stream->place.next = kept_next;
	else if (stream->flags & KREDACT_EVENTS_PAST)
		stream->place.next = recording->before + 1;
	else
		stream->place.next = last_seq + 1;
	for (i = 0; i < RINGS && stream->place.next > last_seq; i++)
		stream->place.from[i] = recording->rings[i].head;
	if (stream->flags & KREDACT_EVENTS_RESUME)
		kept_next = stream->place.next;
	spin_unlock(&kredact_stream_lock);
	return 0;
}

/* Likewise, with streams_mutex held: a descriptor, or an error. */
static int kredact_stream_begin(struct stream *stream)
{
	bool resumes = stream->flags & KREDACT_EVENTS_RESUME;
	int ret;

	if (resumes && resumable)
		return -EBUSY;
	ret = kredact_record_begin();
	if (ret)
		return ret;
	stream->resumed = resumes && kept;
	stream->since = stream->resumed ? kept_since : ktime_get_boottime_ns();
	if (stream->flags & KREDACT_EVENTS_PAST)
		stream->since = recording->since;
	ret = kredact_stream_place(stream);
	if (!ret)
		ret = anon_inode_getfd("[kredact-events]", &stream_fops, stream,
				       O_RDONLY | O_CLOEXEC);
	if (ret < 0) {
		kredact_record_end();
		return ret;
	}
	nr_streams++;
	resumable |= resumes;
	return ret;
}

/**
 * kredact_stream_open() - KREDACT_IOC_EVENTS, for who may
 * @args:	as in uapi/linux/kredact_events.h
 *
 * May sleep. Return: a descriptor of the caller, or an error.
 */
int kredact_stream_open(const struct kredact_events *args)
{
	struct stream *stream;
	int ret;

	if (args->flags & ~KREDACT_EVENTS_PAST && args->flags != KREDACT_EVENTS_RESUME &&
	    args->flags != (KREDACT_EVENTS_RESUME | KREDACT_EVENTS_KEEP))
		return -EINVAL;
	stream = kzalloc(sizeof(*stream), GFP_KERNEL_ACCOUNT);
	if (!stream)
		return -ENOMEM;
	mutex_init(&stream->lock);
	stream->flags = args->flags;
	mutex_lock(&streams_mutex);
	ret = kredact_stream_begin(stream);
	mutex_unlock(&streams_mutex);
	if (ret < 0)
		kredact_stream_free(stream);
	return ret;
}

/**
 * kredact_stream_init() - learn when it is
 *
 * May sleep. Return: 0 or an error.
 */
int __init kredact_stream_init(void)
{
	loaded_ns = ktime_get_boottime_ns();
	return kredact_boot_id(&boot_id);
}

/**
 * kredact_stream_exit() - nothing happens any more, and nobody reads
 *
 * May sleep.
 */
void kredact_stream_exit(void)
{
	mutex_lock(&streams_mutex);
	kept = false;
	kredact_record_end();
	mutex_unlock(&streams_mutex);
}
