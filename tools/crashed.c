// SPDX-License-Identifier: GPL-2.0
/*
 * The dump of a kernel that has crashed: see crashed.h.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "crashed.h"

#define FRAME		4096ULL
#define FRAMES_MAX	(1ULL << 40)	/* of 52 bits of physical addresses */
#define INFO_MAX	65536u		/* VMCOREINFO of Linux has a page */

_Static_assert(sizeof(struct kredact_panic_map) == FRAME, "a map is a page");

/* The value of "NAME=" at the begin of a line, which must be there once. */
static int find_line(const char *text, const char *name, const char **value, struct complaint *why)
{
	const char *line = text, *end;

	*value = NULL;
	for (; line; line = end ? end + 1 : NULL) {
		end = strchr(line, '\n');
		if (strncmp(line, name, strlen(name)))
			continue;
		if (*value)
			return complain(why, -EBADMSG, "VMCOREINFO names two notes of kredact's");
		*value = line + strlen(name);
	}
	return 0;
}

static int parse_address(const char *digits, u64 *address, struct complaint *why)
{
	size_t len = strspn(digits, "0123456789abcdef");

	*address = 0;
	if (!len || len > 16 || (digits[len] && digits[len] != '\n'))
		return complain(why, -EBADMSG, "the address of kredact's note in VMCOREINFO is none");
	for (; len; len--, digits++)
		*address = *address << 4 | (*digits <= '9' ? *digits - '0' : *digits - 'a' + 10);
	if (*address % FRAME)
		return complain(why, -EBADMSG, "the address of kredact's note, %#" PRIx64 ", is not "
				"that of a page", *address);
	return 0;
}

/* Looks into VMCOREINFO. */
static int read_info(struct crashed *crashed, struct input *in, u64 offset, u64 len,
		     struct complaint *why)
{
	const char *digits;
	char *text;
	int error;

	if (len > INFO_MAX)
		return complain(why, -EBADMSG, "VMCOREINFO has %" PRIu64 " bytes", len);
	text = calloc(1, len + 1);
	if (!text)
		return complain(why, -ENOMEM, "out of memory for VMCOREINFO");
	error = input_read(in, offset, text, len, why);
	if (error)
		goto out;
	crashed->has_info = true;
	error = find_line(text, KREDACT_PANIC_VMCOREINFO, &digits, why);
	crashed->named = error || digits;
	if (!error && digits)
		error = parse_address(digits, &crashed->address, why);
out:
	free(text);
	return error;
}

/* Reads a part of one page. */
static int read_frame(const struct crashed *crashed, u64 address, void *to, u64 len, u64 *offset,
		      const char *what, struct complaint *why)
{
	struct core *core = crashed->memory;
	u32 i = core_segment_from(core, address);
	const struct core_segment *segment = i < core->nr_segments ? &core->segments[i] : NULL;

	if (!segment || address < segment->vaddr ||
	    address - segment->vaddr >= segment->filesz ||
	    segment->filesz - (address - segment->vaddr) < len)
		return complain(why, -EBADMSG, "the dump does not have %s, at the physical address %#"
				PRIx64, what, address);
	*offset = segment->offset + (address - segment->vaddr);
	return input_read(core->in, *offset, to, len, why);
}

static int read_note(struct crashed *crashed, struct complaint *why)
{
	struct kredact_panic_note *note = &crashed->note;
	int error;

	error = read_frame(crashed, crashed->address, note, sizeof(*note), &crashed->offset,
			   "kredact's note", why);
	if (error)
		return error;
	if (memcmp(note->magic, KREDACT_PANIC_MAGIC, sizeof(note->magic)))
		return complain(why, -EBADMSG, "where VMCOREINFO says there is no note of kredact's");
	if (le32toh(note->version) != KREDACT_PANIC_VERSION || le32toh(note->size) != sizeof(*note))
		return complain(why, -EBADMSG, "kredact's note has version %u and %u bytes, which this "
				"program does not know", le32toh(note->version),
				le32toh(note->size));
	crashed->readable = true;
	return 0;
}

/**
 * crashed_open() - find kredact's note in the dump of a machine
 * @crashed:	takes the state; crashed_close() releases it, also after an error
 * @core:	the dump; outlives @crashed
 * @notes:	its notes
 * @kdump:	what it was read from, if that is no ELF core; or NULL
 * @why:	text of an error
 *
 * Return: 0 if the note was read; -ENODATA if there is no VMCOREINFO, or no note in it;
 * -EBADMSG if there is one that cannot be read; -EIO or -ENOMEM.
 */
int crashed_open(struct crashed *crashed, struct core *core, const struct notes *notes,
		 struct kdump *kdump, struct complaint *why)
{
	struct input *in = core->in;
	u64 offset = notes->info, len = notes->info_len;
	struct complaint ignored;
	int error;

	*crashed = (struct crashed){ .memory = core };
	if (kdump)
		in = kdump_info(kdump, &offset, &len);
	if (!offset)
		return complain(why, -ENODATA, "no VMCOREINFO: of the kernel that crashed nothing is "
				"known");
	error = read_info(crashed, in, offset, len, why);
	if (error)
		return error;
	if (!crashed->named)
		return complain(why, -ENODATA, "VMCOREINFO names no note of kredact's: take it that "
				"all keys are in this dump");
	if (!kdump) {
		/* What a cut dump has is looked at all the same. */
		crashed->memory = &crashed->by_frame;
		error = core_open_frames(&crashed->by_frame, core, &ignored);
		if (error && error != -EBADMSG) {
			*why = ignored;
			return error;
		}
	}
	return read_note(crashed, why);
}

/* Takes what one map says. */
static int take_map(struct crashed *crashed, const struct kredact_panic_map *map,
		    struct complaint *why)
{
	u64 first = le64toh(map->first), word, frame;
	int error = 0;
	u32 i;

	if (first > FRAMES_MAX - KREDACT_PANIC_MAP_FRAMES)
		return complain(why, -EBADMSG, "a map of frames begins at number %#" PRIx64, first);
	for (i = 0; i < KREDACT_PANIC_MAP_WORDS; i++) {
		for (word = le64toh(map->bits[i]); word && !error; word &= word - 1) {
			frame = first + 64 * i + __builtin_ctzll(word);
			crashed->nr_frames++;
			error = spans_add(&crashed->frames, frame * FRAME,
					  frame * FRAME + FRAME - 1, why);
		}
		if (error)
			return error;
	}
	return 0;
}

static int read_maps(struct crashed *crashed, struct digest *digest, u8 *sha256,
		     struct complaint *why)
{
	u64 nr = le64toh(crashed->note.nr_maps), at = le64toh(crashed->note.maps), left, offset;
	struct kredact_panic_map map;
	int error;

	if (nr > CRASHED_MAPS_MAX)
		return complain(why, -EBADMSG, "%" PRIu64 " maps of frames are more than this program "
				"reads", nr);
	if (!digest || !digest_begin(digest))
		return complain(why, -EINVAL, "OpenSSL cannot compute SHA-256");
	for (left = nr; left; left--, at = le64toh(map.next)) {
		if (!at || at % FRAME)
			return complain(why, -EBADMSG, "map %" PRIu64 " of frames is nowhere", nr - left);
		error = read_frame(crashed, at, &map, sizeof(map), &offset, "a map of frames", why);
		if (!error)
			error = take_map(crashed, &map, why);
		if (error)
			return error;
		if (!digest_add(digest, &map, sizeof(map)))
			return complain(why, -EINVAL, "OpenSSL cannot compute SHA-256");
	}
	if (at)
		return complain(why, -EBADMSG, "there are more maps of frames than the note says");
	if (!digest_end(digest, sha256))
		return complain(why, -EINVAL, "OpenSSL cannot compute SHA-256");
	return 0;
}

/**
 * crashed_frames() - read the maps that the note names
 * @crashed:	with a note that can be read; takes @frames and @bytes
 * @digest:	made ready, or NULL, which is an error
 * @why:	text of an error
 *
 * What could be read is kept also if not all could, or if it is not what the note says.
 *
 * Return: 0 if the maps are those of the note; -EBADMSG, -EIO, -E2BIG, -ENOMEM, or -EINVAL
 * if OpenSSL failed.
 */
int crashed_frames(struct crashed *crashed, struct digest *digest, struct complaint *why)
{
	u8 sha256[DIGEST_LEN];
	struct complaint also;
	int error, error_too = 0;
	u32 i;

	error = read_maps(crashed, digest, sha256, why);
	spans_sort(&crashed->frames);
	for (i = 0; i < crashed->frames.nr && !error_too; i++)
		error_too = spans_add_memory(&crashed->bytes, crashed->memory,
					     crashed->frames.at[i].start,
					     crashed->frames.at[i].last, error ? &also : why);
	spans_sort(&crashed->bytes);
	if (error || error_too)
		return error ? error : error_too;
	if (memcmp(sha256, crashed->note.digest, sizeof(sha256)))
		return complain(why, -EBADMSG, "the maps of pinned frames in this dump are not those "
				"that the note names: their SHA-256 differs");
	return 0;
}

/**
 * crashed_close() - release what crashed_open() took
 * @crashed:	what it says of the note stays
 */
void crashed_close(struct crashed *crashed)
{
	core_close(&crashed->by_frame);
	spans_free(&crashed->frames);
	spans_free(&crashed->bytes);
	crashed->memory = NULL;
}
