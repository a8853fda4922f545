// SPDX-License-Identifier: GPL-2.0
/* kredact log reindex, kredact log prove. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <json-c/json.h>

#include "../commands.h"
#include "checkpoint.h"
#include "log_cmd.h"
#include "logd_conf.h"
#include "pack.h"

static int usage_reindex(FILE *to)
{
	fputs("usage: kredact log reindex [--dir DIR] [--check]\n"
	      "Makes the indexes of compressed segments anew.\n"
	      "  --check   makes them aside, and says which differ from those that are there\n"
	      "Exit code 0, 1 if one differs or cannot be made, 3: usage.\n", to);
	return to == stdout ? 0 : EXIT_USAGE;
}

/* Return: 0 if the index that is there is the one that is made. */
static int compare(int dir, u64 number, struct complaint *why)
{
	int fd = memfd_create("index", MFD_CLOEXEC), old, error;
	char name[SEGMENT_NAME_LEN];
	struct stat one, two;
	void *a, *b;

	if (fd < 0)
		return complain(why, -errno, "%s", strerror(errno));
	error = pack_index(dir, number, fd, why);
	segment_name(name, number, SEGMENT_INDEX);
	old = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (!error && (old < 0 || fstat(fd, &one) || fstat(old, &two)))
		error = complain(why, -errno, "%s: %s", name, strerror(errno));
	if (!error && one.st_size != two.st_size)
		error = complain(why, -EBADMSG, "%s: differs from its segment", name);
	if (!error) {
		a = mmap(NULL, (size_t)one.st_size, PROT_READ, MAP_SHARED, fd, 0);
		b = mmap(NULL, (size_t)one.st_size, PROT_READ, MAP_SHARED, old, 0);
		if (a == MAP_FAILED || b == MAP_FAILED)
			error = complain(why, -ENOMEM, "out of memory");
		else if (memcmp(a, b, (size_t)one.st_size))
			error = complain(why, -EBADMSG, "%s: differs from its segment", name);
		if (a != MAP_FAILED)
			munmap(a, (size_t)one.st_size);
		if (b != MAP_FAILED)
			munmap(b, (size_t)one.st_size);
	}
	if (old >= 0)
		close(old);
	close(fd);
	return error;
}

/**
 * log_cmd_reindex() - kredact log reindex
 * @argc:	of its arguments
 * @argv:	its name first
 *
 * Return: exit status.
 */
int log_cmd_reindex(int argc, char **argv)
{
	static const struct option options[] = {
		{ "dir", required_argument, NULL, 'd' },
		{ "check", no_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	const char *path = LOG_DIR;
	struct segments segments;
	struct complaint why;
	bool check = false;
	int opt, dir, status = 0;
	size_t i;

	optind = 1;
	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 'd':
			path = optarg;
			break;
		case 'c':
			check = true;
			break;
		case 'h':
			return usage_reindex(stdout);
		default:
			return usage_reindex(stderr);
		}
	}
	if (optind != argc)
		return usage_reindex(stderr);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 || segments_list(&segments, dir, &why)) {
		fprintf(stderr, "kredact log reindex: %s: %s\n", path, strerror(errno));
		return EXIT_FAILED;
	}
	for (i = 0; i < segments.count; i++) {
		u64 number = segments.list[i].number;

		if (!segments.list[i].has[SEGMENT_PACKED])
			continue;
		if (check ? compare(dir, number, &why) : pack_reindex(dir, number, &why)) {
			fprintf(stderr, "kredact log reindex: %s\n", why.text);
			status = EXIT_FAILED;
		}
	}
	segments_free(&segments);
	close(dir);
	return status;
}

static int usage_prove(FILE *to)
{
	fputs("usage: kredact log prove --seq N [--dir DIR]\n"
	      "Prints, as JSON, a line of the log, the next checkpoint of its segment, and the\n"
	      "path from the one to the other (RFC 6962, 2.1.1): who has these, and the public\n"
	      "key, needs no other line.\n"
	      "Exit code 0, 1 if there is no such line or no checkpoint after it, 3: usage.\n", to);
	return to == stdout ? 0 : EXIT_USAGE;
}

/* What a proof is made of. */
struct proof {
	u8 (*leaves)[LINE_HASH_LEN];
	u64 count;
	u64 room;
	u64 index;
	char *line;
	char *checkpoint;
	struct checkpoint head;
};

/* Return: 1 if the proof is complete, 0 if not, or a negative errno. */
static int gather(struct proof *proof, struct segment_reader *reader, u64 seq,
		  struct complaint *why)
{
	const char *text;
	struct line line;
	size_t len;
	int got;

	while ((got = segment_next(reader, &text, &len, why)) > 0) {
		if (line_read(&line, text, len) != LINE_GOOD)
			return complain(why, -EBADMSG, "the segment is broken");
		if (proof->line && line_is(&line, "log.checkpoint") &&
		    checkpoint_read(&proof->head, line.data, line.data_len)) {
			proof->checkpoint = strndup(text, len - 1);
			return proof->checkpoint ? 1 : -ENOMEM;
		}
		if (proof->count == proof->room) {
			u64 room = proof->room ? 2 * proof->room : 4096;
			void *more = reallocarray(proof->leaves, room, LINE_HASH_LEN);

			if (!more)
				return complain(why, -ENOMEM, "out of memory");
			proof->leaves = more;
			proof->room = room;
		}
		if (line.stamp.seq == seq) {
			proof->index = proof->count;
			free(proof->line);
			proof->line = strndup(text, len - 1);
		}
		if (!merkle_leaf(text, len, proof->leaves[proof->count++]))
			return complain(why, -EIO, "OpenSSL cannot compute SHA-256");
	}
	return got;
}

static int print_proof(const struct proof *proof)
{
	struct json_object *root = json_object_new_object(), *list = json_object_new_array();
	u8 path[MERKLE_LEVELS][LINE_HASH_LEN];
	char hash[2 * LINE_HASH_LEN + 1];
	unsigned int steps, i;

	if (proof->head.tree_size != proof->count ||
	    !merkle_proof(proof->leaves, proof->count, proof->index, path, &steps) ||
	    !merkle_check(proof->leaves[proof->index], proof->index, proof->count, path, steps,
			  proof->head.root)) {
		fputs("kredact log prove: the checkpoint is not of these lines\n", stderr);
		json_object_put(root);
		json_object_put(list);
		return EXIT_FAILED;
	}
	for (i = 0; i < steps; i++) {
		text_hex(hash, path[i], LINE_HASH_LEN);
		json_object_array_add(list, json_object_new_string(hash));
	}
	json_object_object_add(root, "line", json_object_new_string(proof->line));
	json_object_object_add(root, "leaf_index", json_object_new_uint64(proof->index));
	json_object_object_add(root, "tree_size", json_object_new_uint64(proof->count));
	json_object_object_add(root, "path", list);
	json_object_object_add(root, "checkpoint", json_object_new_string(proof->checkpoint));
	puts(json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(root);
	return 0;
}

static int prove(const char *path, u64 seq)
{
	struct segment_reader *reader = NULL;
	struct proof proof = { 0 };
	struct segments segments = { 0 };
	struct complaint why = { "there is no such line, or no checkpoint after it" };
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), got = 0, status = EXIT_FAILED;
	size_t i;

	if (dir < 0)
		got = complain(&why, -errno, "%s: %s", path, strerror(errno));
	else
		got = segments_list(&segments, dir, &why);
	for (i = 0; got == 0 && i < segments.count && !proof.line; i++) {
		proof.count = 0;
		got = segment_open(&reader, dir, &segments.list[i], &why);
		if (!got)
			got = gather(&proof, reader, seq, &why);
		segment_close(reader);
		reader = NULL;
	}
	if (got == 1)
		status = print_proof(&proof);
	else
		fprintf(stderr, "kredact log prove: %s\n", why.text);
	segments_free(&segments);
	free(proof.leaves);
	free(proof.line);
	free(proof.checkpoint);
	if (dir >= 0)
		close(dir);
	return status;
}

/**
 * log_cmd_prove() - kredact log prove
 * @argc:	of its arguments
 * @argv:	its name first
 *
 * Return: exit status.
 */
int log_cmd_prove(int argc, char **argv)
{
	static const struct option options[] = {
		{ "seq", required_argument, NULL, 's' },
		{ "dir", required_argument, NULL, 'd' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	const char *dir = LOG_DIR;
	u64 seq = 0;
	int opt;

	optind = 1;
	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 's':
			if (!log_number(optarg, INT64_MAX, &seq))
				return usage_prove(stderr);
			break;
		case 'd':
			dir = optarg;
			break;
		case 'h':
			return usage_prove(stdout);
		default:
			return usage_prove(stderr);
		}
	}
	return !seq || optind != argc ? usage_prove(stderr) : prove(dir, seq);
}
