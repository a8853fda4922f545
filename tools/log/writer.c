// SPDX-License-Identifier: GPL-2.0
/*
 * What writes the audit log: see writer.h.
 *
 * Lines are stamped and chained in memory; a commit is one write and one fdatasync for
 * all of them. If either fails the file is cut back to what is known to be on the disk, and
 * the chain with it: nothing is acknowledged that is not there, and no line follows one that
 * is not. Cutting and writing again also makes the kernel write pages again of which a
 * failed fdatasync says nothing more.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>
#include <openssl/rand.h>

#include "checkpoint.h"
#include "writer.h"

/**
 * writer_clocks() - what time it is for a log
 * @writer:	from writer_open()
 * @now:	takes it
 */
void writer_clocks(const struct writer *writer, struct writer_now *now)
{
	struct timespec real, boot;

	if (writer->opts.now) {
		writer->opts.now(writer->opts.arg, now);
		return;
	}
	clock_gettime(CLOCK_REALTIME, &real);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	now->realtime_ns = (u64)real.tv_sec * NS_PER_S + (u64)real.tv_nsec;
	now->boot_ns = (u64)boot.tv_sec * NS_PER_S + (u64)boot.tv_nsec;
}

static int make_room(struct writer *writer, struct complaint *why)
{
	size_t room = writer->group_room ? 2 * writer->group_room : 4 * LOG_LINE_MAX;
	char *group;

	if (writer->group_room - writer->group_len > LOG_LINE_MAX)
		return 0;
	group = realloc(writer->group, room);
	if (!group)
		return complain(why, -ENOMEM, "out of memory");
	writer->group = group;
	writer->group_room = room;
	return 0;
}

/* A line is stamped and chained. */
static int chain(struct writer *writer, const char *event, const char *sender, const char *data,
		 struct log_ack *ack, struct complaint *why)
{
	struct writer_state *state = &writer->now;
	u8 leaf[LINE_HASH_LEN], head[LINE_HASH_LEN];
	struct line_stamp stamp = { .seq = state->seq + 1 };
	struct writer_now now;
	size_t len;
	char *at;
	int error;

	error = make_room(writer, why);
	if (error)
		return error;
	writer_clocks(writer, &now);
	stamp.realtime_ns = now.realtime_ns;
	stamp.boot_ns = now.boot_ns;
	memcpy(stamp.boot_id, writer->boot_id, sizeof(stamp.boot_id));
	memcpy(stamp.prev, state->head, LINE_HASH_LEN);
	at = writer->group + writer->group_len;
	len = line_write(at, writer->group_room - writer->group_len, &stamp, event, sender, data);
	if (!len)
		return complain(why, -EMSGSIZE, "too long for a line");
	if (!line_hash(at, len, head) || !merkle_leaf(at, len, leaf) ||
	    !merkle_add(&state->tree, leaf))
		return complain(why, -EIO, "OpenSSL cannot compute SHA-256");
	memcpy(state->head, head, LINE_HASH_LEN);
	state->seq++;
	state->size += len;
	state->last_ns = now.realtime_ns;
	if (state->tree.leaves == 1) {
		state->first_seq = state->seq;
		state->began_ns = now.realtime_ns;
	}
	writer->group_len += len;
	if (ack) {
		ack->seq = state->seq;
		ack->realtime_ns = now.realtime_ns;
		text_hex(ack->hash, state->head, LINE_HASH_LEN);
	}
	return 0;
}

/**
 * writer_say() - a line of the log's own
 * @writer:	from writer_open()
 * @event:	log.WHAT
 * @data:	taken over, also on an error
 * @why:	text of an error
 *
 * Return: 0 or a negative errno.
 */
int writer_say(struct writer *writer, const char *event, struct json_object *data,
	       struct complaint *why)
{
	const char *text;
	char sender[96];
	int error;

	snprintf(sender, sizeof(sender), "{\"pid\":%d,\"uid\":%u,\"gid\":%u,\"comm\":\"kredact-logd\"}",
		 getpid(), geteuid(), getegid());
	text = data ? json_object_to_json_string_ext(data, JSON_C_TO_STRING_PLAIN |
						     JSON_C_TO_STRING_NOSLASHESCAPE) : NULL;
	error = text ? chain(writer, event, sender, text, NULL, why) :
		complain(why, -ENOMEM, "out of memory");
	json_object_put(data);
	return error;
}

/* What could not be written is told before the next line. */
static int tell_lost(struct writer *writer, struct complaint *why)
{
	struct json_object *data;
	u64 lost = writer->now.lost;
	int error;

	if (!lost)
		return 0;
	data = json_object_new_object();
	json_object_object_add(data, "count", json_object_new_uint64(lost));
	json_object_object_add(data, "text",
			       json_object_new_string("could not be written, and were refused"));
	error = writer_say(writer, "log.lost", data, why);
	if (!error)
		writer->now.lost = 0;
	return error;
}

/**
 * writer_add() - add a line to the group
 * @writer:	from writer_open()
 * @event:	a name that line_event_ok() accepts
 * @sender:	JSON, an object
 * @data:	JSON, an object, as json-c writes it
 * @ack:	takes what is to be said once writer_commit() has brought it to the disk
 * @why:	text of an error
 *
 * Return: 0 or a negative errno: the line is not in the group.
 */
int writer_add(struct writer *writer, const char *event, const char *sender, const char *data,
	       struct log_ack *ack, struct complaint *why)
{
	int error = tell_lost(writer, why);

	if (!error)
		error = chain(writer, event, sender, data, ack, why);
	if (!error)
		writer->group_lines++;
	return error;
}

/* Back to what is on the disk. Only the rest of the process knows whom to tell. */
static int cut_back(struct writer *writer)
{
	u64 lost = writer->group_lines;

	writer->synced.lost += lost;
	writer->failed += lost;
	writer->now = writer->synced;
	writer->group_len = 0;
	writer->group_lines = 0;
	if (ftruncate(writer->fd, (off_t)writer->synced.size))
		return -errno;
	return fdatasync(writer->fd) ? -errno : 0;
}

static int write_group(struct writer *writer, struct complaint *why)
{
	size_t done = 0;

	while (done < writer->group_len) {
		ssize_t n = pwrite(writer->fd, writer->group + done, writer->group_len - done,
				   (off_t)(writer->synced.size + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return complain(why, n ? -errno : -ENOSPC, "%s",
					strerror(n ? errno : ENOSPC));
		done += (size_t)n;
	}
	return fdatasync(writer->fd) ? complain(why, -errno, "%s", strerror(errno)) : 0;
}

static void tell_lines(const struct writer *writer)
{
	const char *at = writer->group, *end = at + writer->group_len;

	while (writer->opts.line && at < end) {
		const char *next = (const char *)memchr(at, '\n', (size_t)(end - at)) + 1;

		writer->opts.line(writer->opts.arg, at, (size_t)(next - at));
		at = next;
	}
}

/* The group is on the disk, or nothing of it. */
static int flush_group(struct writer *writer, struct complaint *why)
{
	int error;

	if (!writer->group_len)
		return 0;
	error = write_group(writer, why);
	if (error) {
		/* Then nobody knows what is on the disk: only a new start can find out. */
		if (cut_back(writer))
			return complain(why, -ENOTRECOVERABLE, "the log cannot be cut back");
		return error;
	}
	tell_lines(writer);
	writer->synced = writer->now;
	writer->group_len = 0;
	writer->group_lines = 0;
	return 0;
}

static struct json_object *checkpoint_of(const struct writer *writer, u64 realtime_ns,
					 struct complaint *why)
{
	const struct writer_state *state = &writer->now;
	struct checkpoint checkpoint = {
		.segment = state->segment,
		.first_seq = state->first_seq,
		.tree_size = state->tree.leaves,
		.head_seq = state->seq,
		.realtime_ns = realtime_ns,
	};

	memcpy(checkpoint.log, writer->id, sizeof(checkpoint.log));
	memcpy(checkpoint.head, state->head, LINE_HASH_LEN);
	if (!merkle_root(&state->tree, checkpoint.root)) {
		complaint_set(why, "OpenSSL cannot compute SHA-256");
		return NULL;
	}
	return checkpoint_write(&checkpoint, writer->opts.signer, why);
}

/**
 * writer_checkpoint() - add a checkpoint to the group
 * @writer:	from writer_open()
 * @why:	text of an error
 *
 * Return: 0 or a negative errno.
 */
int writer_checkpoint(struct writer *writer, struct complaint *why)
{
	struct json_object *data;
	struct writer_now now;
	int error;

	writer_clocks(writer, &now);
	data = checkpoint_of(writer, now.realtime_ns, why);
	if (!data)
		return -EINVAL;
	error = writer_say(writer, "log.checkpoint", data, why);
	if (!error) {
		writer->now.signed_seq = writer->now.seq;
		writer->now.signed_boot_ns = now.boot_ns;
	}
	return error;
}

static void add_hash(struct json_object *to, const char *name, const u8 *hash)
{
	char text[2 * LINE_HASH_LEN + 1];

	text_hex(text, hash, LINE_HASH_LEN);
	json_object_object_add(to, name, json_object_new_string(text));
}

/* What the first line of a segment says of the one before it. */
static struct json_object *describe(const struct writer_state *state)
{
	struct json_object *closed = json_object_new_object();
	u8 root[LINE_HASH_LEN];

	if (!closed || !merkle_root(&state->tree, root)) {
		json_object_put(closed);
		return NULL;
	}
	json_object_object_add(closed, "segment", json_object_new_uint64(state->segment));
	json_object_object_add(closed, "first_seq", json_object_new_uint64(state->first_seq));
	json_object_object_add(closed, "last_seq", json_object_new_uint64(state->seq));
	json_object_object_add(closed, "first_realtime_ns",
			       json_object_new_uint64(state->began_ns));
	json_object_object_add(closed, "last_realtime_ns", json_object_new_uint64(state->last_ns));
	json_object_object_add(closed, "bytes", json_object_new_uint64(state->size));
	json_object_object_add(closed, "tree_size", json_object_new_uint64(state->tree.leaves));
	add_hash(closed, "root", root);
	add_hash(closed, "head", state->head);
	return closed;
}

/* A new file, which nobody takes for a segment before its first line is in it. */
static int begin_segment(struct writer *writer, struct json_object *closed, struct complaint *why)
{
	struct writer_state before = writer->synced;
	char name[SEGMENT_NAME_LEN];
	struct json_object *data;
	int fd, old = writer->fd, error;

	segment_name(name, before.segment + 1, SEGMENT_PLAIN);
	fd = openat(writer->opts.dir, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
		    0640);
	if (fd < 0) {
		error = complain(why, -errno, "%s: %s", name, strerror(errno));
		json_object_put(closed);
		return error;
	}
	writer->fd = fd;
	writer->synced.segment = before.segment + 1;
	writer->synced.size = 0;
	writer->synced.tree.leaves = 0;
	writer->now = writer->synced;
	data = json_object_new_object();
	json_object_object_add(data, "log", json_object_new_string(writer->id));
	json_object_object_add(data, "segment", json_object_new_uint64(writer->now.segment));
	json_object_object_add(data, "closed", closed);
	error = closed ? writer_say(writer, "log.rotated", data, why) : 0;
	if (!closed)
		json_object_put(data);
	if (!error)
		error = flush_group(writer, why);
	if (!error && fsync(writer->opts.dir))
		error = complain(why, -errno, "%s", strerror(errno));
	if (error) {
		unlinkat(writer->opts.dir, name, 0);
		close(fd);
		writer->fd = old;
		before.lost = writer->synced.lost;
		writer->synced = writer->now = before;
		writer->group_len = 0;
		return error;
	}
	if (old >= 0)
		close(old);
	return 0;
}

/* A segment ends with a checkpoint, so that all of it is signed. */
static int rotate(struct writer *writer, struct complaint *why)
{
	struct json_object *closed;
	int error = 0;

	if (writer->now.signed_seq != writer->now.seq)
		error = writer_checkpoint(writer, why);
	if (!error)
		error = flush_group(writer, why);
	if (error)
		return error;
	closed = describe(&writer->synced);
	return closed ? begin_segment(writer, closed, why) :
	       complain(why, -ENOMEM, "out of memory");
}

static bool is_due(const struct writer *writer, const struct writer_now *now)
{
	const struct writer_state *state = &writer->now;
	u64 since = state->seq - state->signed_seq;

	return since >= writer->opts.checkpoint_lines ||
	       (since && now->boot_ns - state->signed_boot_ns >=
		writer->opts.checkpoint_s * NS_PER_S);
}

/**
 * writer_commit() - bring the group to the disk
 * @writer:	from writer_open()
 * @why:	text of an error
 *
 * Return: 0: all of it is there; a negative errno: nothing of it is, and it is forgotten.
 * After -ENOTRECOVERABLE nothing can be written any more.
 */
int writer_commit(struct writer *writer, struct complaint *why)
{
	struct complaint later;
	struct writer_now now;
	int error = 0;

	writer_clocks(writer, &now);
	if (writer->group_len && is_due(writer, &now))
		error = writer_checkpoint(writer, why);
	if (!error)
		error = flush_group(writer, why);
	else if (cut_back(writer))
		error = -ENOTRECOVERABLE;
	if (error)
		return error;
	if (writer->synced.size >= writer->opts.rotate_bytes &&
	    rotate(writer, &later) == -ENOTRECOVERABLE)
		return complain(why, -ENOTRECOVERABLE, "%s", later.text);
	return 0;
}

/**
 * writer_tick() - what time alone makes due: checkpoints, segments, retention
 * @writer:	from writer_open(); to be called each second or so
 * @why:	text of an error
 *
 * Return: as writer_commit().
 */
int writer_tick(struct writer *writer, struct complaint *why)
{
	struct writer_now now;
	int error;

	/* A disk that was full may have room again: the log says what it missed. */
	error = tell_lost(writer, why);
	if (error)
		return error;
	writer_clocks(writer, &now);
	if (is_due(writer, &now))
		error = writer_checkpoint(writer, why);
	if (!error)
		error = flush_group(writer, why);
	if (!error && now.realtime_ns > writer->synced.began_ns &&
	    now.realtime_ns - writer->synced.began_ns >= writer->opts.rotate_s * NS_PER_S)
		error = rotate(writer, why);
	if (!error && now.boot_ns >= writer->retire_after_ns)
		error = retention(writer, why);
	return error;
}

static bool read_boot_id(char *to)
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, to, LINE_BOOT_LEN);

	if (fd >= 0)
		close(fd);
	to[LINE_BOOT_LEN] = '\0';
	return n == LINE_BOOT_LEN;
}

static int say_start(struct writer *writer, struct complaint *why)
{
	struct json_object *data = json_object_new_object();
	char key[2 * DIGEST_LEN + 1];
	struct utsname name;

	json_object_object_add(data, "log", json_object_new_string(writer->id));
	json_object_object_add(data, "format", json_object_new_int(1));
	json_object_object_add(data, "version", json_object_new_string(KREDACT_VERSION));
	json_object_object_add(data, "segment", json_object_new_uint64(writer->now.segment));
	if (!uname(&name)) {
		json_object_object_add(data, "host", json_object_new_string(name.nodename));
		json_object_object_add(data, "kernel", json_object_new_string(name.release));
	}
	if (writer->opts.signer)
		text_hex(key, signer_id(writer->opts.signer), DIGEST_LEN);
	json_object_object_add(data, "key", writer->opts.signer ? json_object_new_string(key) :
			       NULL);
	json_object_object_add(data, "checkpoint_lines",
			       json_object_new_uint64(writer->opts.checkpoint_lines));
	json_object_object_add(data, "checkpoint_s",
			       json_object_new_uint64(writer->opts.checkpoint_s));
	/* Since then nobody wrote. */
	if (writer->stopped_ns)
		json_object_object_add(data, "previous_realtime_ns",
				       json_object_new_uint64(writer->stopped_ns));
	if (writer->repaired)
		json_object_object_add(data, "repaired_bytes",
				       json_object_new_uint64(writer->repaired));
	if (writer->damaged)
		json_object_object_add(data, "damaged", json_object_new_boolean(true));
	return writer_say(writer, "log.start", data, why);
}

/* The first line, of a log that begins or goes on. */
static int start(struct writer *writer, struct complaint *why)
{
	u8 random[WRITER_ID_LEN / 2];
	int error;

	if (!*writer->id) {
		if (RAND_bytes(random, sizeof(random)) != 1)
			return complain(why, -EIO, "OpenSSL has no random bytes");
		text_hex(writer->id, random, sizeof(random));
	}
	writer->stopped_ns = writer->synced.last_ns;
	if (writer->fd < 0) {
		struct json_object *closed = NULL;

		if (writer->synced.seq) {
			closed = describe(&writer->synced);
			if (!closed)
				return complain(why, -ENOMEM, "out of memory");
		}
		error = begin_segment(writer, closed, why);
		if (error)
			return error;
	}
	error = say_start(writer, why);
	if (!error)
		error = writer_checkpoint(writer, why);
	if (!error)
		error = flush_group(writer, why);
	return error;
}

/**
 * writer_open() - open a log for writing, and make whole what a crash has left
 * @out:	takes it, for writer_close()
 * @opts:	how; copied
 * @why:	text of an error
 *
 * Return: 0, -EWOULDBLOCK if another process writes it, or a negative errno.
 */
int writer_open(struct writer **out, const struct writer_opts *opts, struct complaint *why)
{
	struct writer *writer = calloc(1, sizeof(*writer));
	struct writer_now now;
	int error;

	*out = NULL;
	if (!writer)
		return complain(why, -ENOMEM, "out of memory");
	writer->opts = *opts;
	writer->fd = -1;
	if (flock(opts->dir, LOCK_EX | LOCK_NB))
		error = complain(why, -errno, "%s", errno == EWOULDBLOCK ?
				 "another process writes this log" : strerror(errno));
	else if (!read_boot_id(writer->boot_id))
		error = complain(why, -EIO, "the kernel does not tell which boot this is");
	else
		error = recover(writer, why);
	if (!error)
		error = start(writer, why);
	if (error) {
		if (writer->fd >= 0)
			close(writer->fd);
		free(writer->group);
		free(writer);
		return error;
	}
	writer_clocks(writer, &now);
	writer->retire_after_ns = now.boot_ns;
	*out = writer;
	return 0;
}

/**
 * writer_close() - end a log, with a line that says so and a checkpoint
 * @writer:	from writer_open(), or NULL
 * @why:	text of an error
 *
 * Return: 0, or a negative errno: it is closed all the same.
 */
int writer_close(struct writer *writer, struct complaint *why)
{
	int error;

	if (!writer)
		return 0;
	error = tell_lost(writer, why);
	if (!error)
		error = writer_say(writer, "log.stop", json_object_new_object(), why);
	if (!error)
		error = writer_checkpoint(writer, why);
	if (!error)
		error = flush_group(writer, why);
	close(writer->fd);
	free(writer->group);
	free(writer);
	return error;
}
