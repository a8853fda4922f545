// SPDX-License-Identifier: GPL-2.0
/*
 * Checking a log: what its own lines say, and what is to be said at its end.
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdio.h>

#include <json-c/json.h>

#include "check_state.h"

#define NS_PER_S	1000000000ull

static u64 get_number(struct json_object *from, const char *name)
{
	struct json_object *object;

	return json_object_object_get_ex(from, name, &object) ? json_object_get_uint64(object) : 0;
}

static bool get_hash(struct json_object *from, const char *name, u8 *hash)
{
	struct json_object *object;

	return json_object_object_get_ex(from, name, &object) &&
	       json_object_is_type(object, json_type_string) &&
	       json_object_get_string_len(object) == 2 * LINE_HASH_LEN &&
	       line_unhex(json_object_get_string(object), hash);
}

/* A log has one name; lines of another one do not belong in it. */
static void check_name(struct check *check, const struct line *line, struct json_object *data)
{
	struct json_object *name;

	if (!json_object_object_get_ex(data, "log", &name) ||
	    json_object_get_string_len(name) != CHECKPOINT_LOG_LEN)
		return;
	if (!*check->log)
		strcpy(check->log, json_object_get_string(name));
	else if (strcmp(check->log, json_object_get_string(name)))
		check_say(check, CHECK_CHANGED, CHECK_SEGMENT, line->stamp.seq,
			  "this line is of another log, %s", json_object_get_string(name));
}

static void check_signature(struct check *check, const struct line *line,
			    const struct checkpoint *checkpoint)
{
	enum checkpoint_worth worth = checkpoint_check(checkpoint, check->opts.keys);
	char key[2 * DIGEST_LEN + 1];

	text_hex(key, checkpoint->key, DIGEST_LEN);
	switch (worth) {
	case CHECKPOINT_TRUSTED:
		check->result.signed_seq = line->stamp.seq;
		check->unsigned_ns = 0;
		check->last_was_checkpoint = true;
		break;
	case CHECKPOINT_FALSE:
		check_say(check, CHECK_CHANGED, CHECK_SIGNATURE, line->stamp.seq,
			  "the signature of this checkpoint is not the key's, %s", key);
		break;
	case CHECKPOINT_FOREIGN:
		/* Without any key there is nothing to compare with. */
		if (log_keys_count(check->opts.keys))
			check_say(check, CHECK_CHANGED, CHECK_SIGNATURE, line->stamp.seq,
				  "this checkpoint is signed by a key that is not trusted, %s", key);
		break;
	case CHECKPOINT_UNSIGNED:
		break;
	}
}

/* The chain says the same as the tree: a difference is a checkpoint of another log. */
static void check_checkpoint(struct check *check, const struct line *line)
{
	struct checkpoint checkpoint;
	u8 root[LINE_HASH_LEN];

	if (!checkpoint_read(&checkpoint, line->data, line->data_len)) {
		check_say(check, CHECK_CHANGED, CHECK_TREE, line->stamp.seq,
			  "this checkpoint cannot be read");
		return;
	}
	if (checkpoint.segment != check->segment || checkpoint.tree_size != check->tree.leaves ||
	    checkpoint.first_seq != check->segment_first ||
	    checkpoint.head_seq + 1 != line->stamp.seq ||
	    memcmp(checkpoint.head, check->head, LINE_HASH_LEN) ||
	    !merkle_root(&check->tree, root) || memcmp(checkpoint.root, root, LINE_HASH_LEN)) {
		check_say(check, CHECK_CHANGED, CHECK_TREE, line->stamp.seq,
			  "this checkpoint is not of the lines before it: of those after line %"
			  PRIu64 ", which was the last that is signed, some were changed",
			  check->result.signed_seq);
		return;
	}
	check_signature(check, line, &checkpoint);
}

static void check_rotated(struct check *check, const struct line *line, struct json_object *data)
{
	u8 root[LINE_HASH_LEN], head[LINE_HASH_LEN], is[LINE_HASH_LEN];
	struct json_object *closed;

	if (check->line != 1 || get_number(data, "segment") != check->segment) {
		check_say(check, CHECK_CHANGED, CHECK_SEGMENT, line->stamp.seq,
			  "this line begins segment %" PRIu64 ", and is elsewhere",
			  get_number(data, "segment"));
		return;
	}
	/* Nothing to compare with if it is the first that there is. */
	if (check->result.segments == 1 || !json_object_object_get_ex(data, "closed", &closed))
		return;
	if (!get_hash(closed, "root", root) || !get_hash(closed, "head", head) ||
	    !merkle_root(&check->closed_tree, is) || memcmp(root, is, LINE_HASH_LEN) ||
	    memcmp(head, check->head, LINE_HASH_LEN) ||
	    get_number(closed, "first_seq") != check->closed_first ||
	    get_number(closed, "last_seq") != check->last.seq ||
	    get_number(closed, "tree_size") != check->closed_tree.leaves)
		check_say(check, CHECK_CHANGED, CHECK_SEGMENT, line->stamp.seq,
			  "segment %" PRIu64 " is not the one that was closed",
			  get_number(closed, "segment"));
	if (!check->last_was_checkpoint && log_keys_count(check->opts.keys))
		check_say(check, CHECK_UNSURE, CHECK_UNSIGNED, line->stamp.seq,
			  "segment %" PRIu64 " does not end with a checkpoint that is trusted",
			  get_number(closed, "segment"));
}

static void check_start(struct check *check, const struct line *line, struct json_object *data)
{
	u64 repaired = get_number(data, "repaired_bytes");

	check->result.starts++;
	check->checkpoint_lines = get_number(data, "checkpoint_lines") ?: check->checkpoint_lines;
	check->checkpoint_s = get_number(data, "checkpoint_s") ?: check->checkpoint_s;
	if (repaired)
		check_say(check, CHECK_NOTE, CHECK_TORN, line->stamp.seq,
			  "%" PRIu64 " bytes of a line that was not acknowledged were cut off",
			  repaired);
}

static void check_retired(struct check *check, const struct line *line, struct json_object *data)
{
	struct json_object *retired, *because;

	if (!json_object_object_get_ex(data, "retired", &retired) ||
	    !get_hash(retired, "head", check->retired_head))
		return;
	check->retired_seq = get_number(retired, "last_seq");
	if (json_object_object_get_ex(data, "because", &because) &&
	    !strcmp(json_object_get_string(because), "size"))
		check_say(check, CHECK_NOTE, CHECK_RETIRED, line->stamp.seq,
			  "segment %" PRIu64 " went before its time, for want of space",
			  get_number(retired, "segment"));
}

static void check_lost(struct check *check, const struct line *line, struct json_object *data)
{
	u64 count = get_number(data, "count");
	struct json_object *source;

	/* Somebody else lost them, on the way here. */
	if (json_object_object_get_ex(data, "source", &source)) {
		check_say(check, CHECK_NOTE, CHECK_LOST, line->stamp.seq,
			  "%" PRIu64 " events were lost before they got to the log", count);
		return;
	}
	check->result.lost += count;
	check_say(check, CHECK_NOTE, CHECK_LOST, line->stamp.seq,
		  "%" PRIu64 " lines could not be written before this one", count);
}

/**
 * check_own() - check what the log says of itself
 * @check:	at a line, of which neither @head nor @tree know yet
 * @line:	the line
 */
void check_own(struct check *check, const struct line *line)
{
	struct json_object *data;

	if (check->line == 1) {
		check->segment_first = line->stamp.seq;
		if (!line_is(line, "log.rotated") && (check->segment != 1 ||
						      !line_is(line, "log.start")))
			check_say(check, CHECK_CHANGED, CHECK_SEGMENT, line->stamp.seq,
				  "no segment begins with this line: its beginning is missing");
	}
	if (!check->unsigned_ns)
		check->unsigned_ns = line->stamp.realtime_ns;
	if (line->event_len > 4 && !memcmp(line->event, "log.", 4)) {
		data = line_json(line->data, line->data_len);
		check_name(check, line, data);
		if (line_is(line, "log.rotated"))
			check_rotated(check, line, data);
		check->last_was_checkpoint = false;
		if (line_is(line, "log.checkpoint"))
			check_checkpoint(check, line);
		else if (line_is(line, "log.start"))
			check_start(check, line, data);
		else if (line_is(line, "log.retired"))
			check_retired(check, line, data);
		else if (line_is(line, "log.lost"))
			check_lost(check, line, data);
		else if (line_is(line, "log.refused"))
			check->result.refused += get_number(data, "count");
		json_object_put(data);
		return;
	}
	check->last_was_checkpoint = false;
}

/* Where does it begin? */
static void end_begin(struct check *check)
{
	static const u8 nothing[LINE_HASH_LEN];
	u64 first = check->result.first_seq;

	check->line = 0;
	check->segment = 0;
	if (!check->begun)
		return;
	if (first == 1) {
		if (memcmp(check->first_prev, nothing, LINE_HASH_LEN))
			check_say(check, CHECK_CHANGED, CHECK_CHAIN, 1,
				  "line 1 is chained to a line, and is not the first");
		return;
	}
	/* Segments whose going was logged, and which lie there all the same, are welcome. */
	if (check->retired_seq + 1 == first &&
	    !memcmp(check->retired_head, check->first_prev, LINE_HASH_LEN))
		check_say(check, CHECK_NOTE, CHECK_RETIRED, 0,
			  "lines 1 to %" PRIu64 " were retired, as the log says", first - 1);
	else if (check->retired_seq + 1 == first)
		check_say(check, CHECK_CHANGED, CHECK_CHAIN, first - 1,
			  "what was retired is not what line %" PRIu64 " was chained to", first);
	else if (check->retired_seq < first)
		check_say(check, CHECK_CHANGED, CHECK_MISSING, 0,
			  "lines %" PRIu64 " to %" PRIu64 " are missing: the log does not say that "
			  "they were retired", check->retired_seq + 1, first - 1);
}

static void end_unsigned(struct check *check)
{
	u64 lines = check->last.seq - check->result.signed_seq, s;

	if (!check->begun || check->result.signed_seq == check->last.seq)
		return;
	if (!check->result.signed_seq) {
		check_say(check, CHECK_UNSURE, CHECK_UNSIGNED, 0,
			  "no checkpoint is signed by a key that is trusted%s",
			  log_keys_count(check->opts.keys) ? "" : ": there are no such keys");
		return;
	}
	s = check->last.realtime_ns > check->unsigned_ns ?
		(check->last.realtime_ns - check->unsigned_ns) / NS_PER_S : 0;
	/* What is written now has no checkpoint yet. */
	check_say(check, lines > check->checkpoint_lines + 1 || s > check->checkpoint_s + 60 ?
		  CHECK_UNSURE : CHECK_NOTE, CHECK_UNSIGNED, check->result.signed_seq + 1,
		  "no signature covers the last %" PRIu64 " lines, of %" PRIu64 " s", lines, s);
}

static void end_expected(struct check *check)
{
	size_t i;

	for (i = 0; i < check->nr_expected; i++) {
		const struct expected *expected = &check->expected[i];
		char when[LINE_TIME_LEN + 1];

		if (*check->log && strcmp(expected->log, check->log)) {
			check_say(check, CHECK_UNSURE, CHECK_SEGMENT, 0,
				  "a checkpoint that was published is of another log, %s",
				  expected->log);
			continue;
		}
		if (expected->worth != CHECKPOINT_TRUSTED)
			check_say(check, CHECK_UNSURE, CHECK_SIGNATURE, expected->seq,
				  "the checkpoint that was published at line %" PRIu64
				  " is not signed by a key that is trusted", expected->seq);
		if (expected->met || expected->seq < check->result.first_seq)
			continue;
		line_time(when, expected->realtime_ns);
		if (expected->seq > check->last.seq)
			check_say(check, CHECK_CHANGED, CHECK_TRUNCATED, check->last.seq,
				  "the log ends with line %" PRIu64 ", but line %" PRIu64
				  " was published at %s", check->last.seq, expected->seq, when);
		else
			check_say(check, CHECK_CHANGED, CHECK_MISSING, expected->seq,
				  "line %" PRIu64 ", which was published at %s, is missing",
				  expected->seq, when);
	}
}

/**
 * check_end() - the end of the log
 * @check:	from check_new(); is told what is found at the end
 * @result:	takes what there was
 */
void check_end(struct check *check, struct check_result *result)
{
	if (check->torn)
		check_say(check, CHECK_NOTE, CHECK_TORN, check->last.seq + 1,
			  "the last line is not whole: it is being written, or was when something "
			  "ended kredact-logd");
	end_begin(check);
	end_unsigned(check);
	end_expected(check);
	check->result.last_seq = check->last.seq;
	*result = check->result;
}
