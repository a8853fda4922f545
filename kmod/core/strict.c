// SPDX-License-Identifier: GPL-2.0
/*
 * Strict mode: see strict.h.
 *
 * The dynamic linker has the name of an object as it was asked for: often another
 * directory than that of the mapped file, and a shorter name (a link). So a string is
 * kept if it is a path whose last part could be a link to a mapped file. It
 * has to be written in the characters of paths, and to end with a NUL. Of a string
 * that goes over the end of a page, the first part is kept if it occurs in a path of a
 * mapped file, the second one if such a path, or a link's, could end so.
 */
#include "strict.h"

/* The bytes of a name's beginning that are hashed; a shorter one is not kept. */
#define BEGIN	3u

/* Strings that are kept in one page, by address. */
struct kept {
	u32 nr;
	struct {
		u16 from, to;
	} names[KR_STRICT_PAGE_NAMES];
};

/**
 * kr_strict_init() - nothing is kept so far
 * @strict:	the caller's
 * @word:	bytes of a pointer in the process: 8, or 4
 * @extents:	memory for extents, until the end of all use
 * @max_extents: how many fit
 * @names:	memory for paths, likewise
 * @max_names:	bytes of it
 */
void kr_strict_init(struct kr_strict *strict, u32 word, struct kr_extent *extents,
		    u32 max_extents, char *names, u32 max_names)
{
	memset(strict, 0, sizeof(*strict));
	strict->word = word;
	strict->extents = extents;
	strict->max_extents = max_extents;
	strict->names = names;
	strict->max_names = max_names;
}

/**
 * kr_strict_add() - memory of the process
 * @strict:	what is kept
 * @from:	first byte; not below the end of what was added before
 * @to:		behind the last one
 *
 * Return: 0; -EINVAL for what is out of order; -ENOSPC.
 */
int kr_strict_add(struct kr_strict *strict, u64 from, u64 to)
{
	struct kr_extent *last = strict->extents + strict->nr_extents - 1;

	if (from >= to || (strict->nr_extents && from < last->to))
		return -EINVAL;
	if (strict->nr_extents && from == last->to) {
		last->to = to;
		return 0;
	}
	if (strict->nr_extents == strict->max_extents)
		return -ENOSPC;
	last[1].from = from;
	last[1].to = to;
	strict->nr_extents++;
	return 0;
}

static u32 begin_hash(const char *name)
{
	u32 hash = (u8)name[0] | (u32)(u8)name[1] << 8 | (u32)(u8)name[2] << 16;

	return hash * 0x9e3779b1u >> 22;
}

/* The part of a path behind its last slash. */
static const char *last_part(const char *path, const char *end)
{
	const char *at = end;

	while (at > path && at[-1] != '/')
		at--;
	return at;
}

/**
 * kr_strict_add_name() - the path of a mapped file
 * @strict:	what is kept
 * @path:	absolute
 * @len:	its bytes, without a NUL
 *
 * Return: 0; -EINVAL for what no string that is kept could be; -ENOSPC.
 */
int kr_strict_add_name(struct kr_strict *strict, const char *path, u32 len)
{
	const char *name = last_part(path, path + len);
	u32 hash;

	if (!len || path[0] != '/' || path + len - name < BEGIN)
		return -EINVAL;
	if (strict->max_names - strict->names_len <= len)
		return -ENOSPC;
	memcpy(strict->names + strict->names_len, path, len);
	strict->names[strict->names_len + len] = 0;
	strict->names_len += len + 1;
	hash = begin_hash(name);
	strict->filter[hash / 64] |= 1ull << hash % 64;
	return 0;
}

/**
 * kr_strict_is_address() - does a value point into the memory of the process?
 * @strict:	what is kept
 * @value:	the value
 */
bool kr_strict_is_address(const struct kr_strict *strict, u64 value)
{
	u32 low = 0, high = strict->nr_extents;

	if (!high || value < strict->extents[0].from || value >= strict->extents[high - 1].to)
		return false;
	while (high - low > 1) {
		u32 middle = low + (high - low) / 2;

		if (value < strict->extents[middle].from)
			high = middle;
		else
			low = middle;
	}
	return value < strict->extents[low].to;
}

static inline bool is_small32(u32 value)
{
	return value + (KR_STRICT_SMALL - 1) < 2u * KR_STRICT_SMALL - 1;
}

static inline bool is_kept_word(const struct kr_strict *strict, u64 value)
{
	if (strict->word == sizeof(u32))
		return is_small32(value) || kr_strict_is_address(strict, value);
	/* Also a number of 64 bits that is small. */
	return (is_small32(value) && is_small32(value >> 32)) ||
	       value + (KR_STRICT_SMALL - 1) < 2ull * KR_STRICT_SMALL - 1 ||
	       kr_strict_is_address(strict, value);
}

static inline bool is_path_char(u8 c)
{
	/* Nearly all bytes of memory that are none. */
	if (c < '+' || c > '~')
		return false;
	return (c >= '-' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       c == '_' || c == '+' || c == '@' || c == '~' || c == '=' || c == ',' || c == ':';
}

/* Where a library's name ends and its version begins; @end if it is none. */
static const char *so_suffix(const char *name, const char *end)
{
	for (; end - name >= 3; name++)
		if (!memcmp(name, ".so", 3))
			return name;
	return end;
}

/*
 * Could the name be a link to a file? It is if it has the file's name, or all up to a
 * dot of it (libz.so.1, libz.so.1.2.13), or if the file has the version elsewhere
 * (libc.so.6, libc-2.31.so).
 */
static bool is_link(const char *name, u32 len, const char *file, u32 file_len)
{
	const char *stem, *dash, *file_stem;

	if (len <= file_len && !memcmp(name, file, len) && (len == file_len || file[len] == '.'))
		return true;
	stem = so_suffix(name, name + len);
	file_stem = so_suffix(file, file + file_len);
	if (stem == name + len || file_stem == file + file_len)
		return false;
	for (dash = file; dash + 1 < file_stem; dash++)
		if (dash[0] == '-' && dash[1] >= '0' && dash[1] <= '9')
			return stem - name == dash - file && !memcmp(name, file, stem - name);
	return false;
}

/* A path, or NULL behind the last. */
static const char *next_path(const struct kr_strict *strict, const char *path, u32 *len)
{
	if (path == strict->names + strict->names_len)
		return NULL;
	*len = strlen(path);
	return path;
}

/* A whole path. */
static bool is_name(const struct kr_strict *strict, const char *text, u32 len)
{
	const char *name = last_part(text, text + len), *path;
	u32 name_len = text + len - name, path_len, hash;

	if ((text[0] != '/' && text[0] != '.') || name_len < BEGIN)
		return false;
	hash = begin_hash(name);
	if (!(strict->filter[hash / 64] >> hash % 64 & 1))
		return false;
	for (path = strict->names; (path = next_path(strict, path, &path_len));
	     path += path_len + 1) {
		const char *file = last_part(path, path + path_len);

		if (is_link(name, name_len, file, path + path_len - file))
			return true;
	}
	return false;
}

/* The first bytes of a path: they occur in the path of a mapped file. */
static bool is_head(const struct kr_strict *strict, const char *text, u32 len)
{
	const char *path, *at;
	u32 path_len;

	if (text[0] != '/')
		return false;
	for (path = strict->names; (path = next_path(strict, path, &path_len));
	     path += path_len + 1)
		for (at = path; at + len <= path + path_len; at++)
			if (!memcmp(at, text, len))
				return true;
	return false;
}

/* The last bytes of a path. */
static bool is_tail(const struct kr_strict *strict, const char *text, u32 len)
{
	const char *name = last_part(text, text + len), *path;
	u32 path_len, file_len, i;

	for (path = strict->names; (path = next_path(strict, path, &path_len));
	     path += path_len + 1) {
		const char *file = last_part(path, path + path_len);

		file_len = path + path_len - file;
		if (path_len >= len && !memcmp(path + path_len - len, text, len))
			return true;
		/* Where the whole last part is there, or as much of a link's as can be. */
		if (name > text && is_link(name, text + len - name, file, file_len))
			return true;
		for (i = 0; name == text && i + len < file_len; i++)
			if (file[i + len] == '.' && !memcmp(file + i, text, len))
				return true;
	}
	return false;
}

static void keep(struct kept *kept, u32 from, u32 to)
{
	if (kept->nr == KR_STRICT_PAGE_NAMES)
		return;
	kept->names[kept->nr].from = from;
	kept->names[kept->nr].to = to;
	kept->nr++;
}

/* The run of the characters of paths that a byte is in; a name has a slash. */
static void find_names(const struct kr_strict *strict, const char *page, struct kept *kept)
{
	const char *slash;
	u32 from = 0, to = 0;

	kept->nr = 0;
	if (!strict->names_len)
		return;
	/* The last part of a name that began in the page before may have none. */
	while (to < KR_STRICT_PAGE && is_path_char(page[to]))
		to++;
	if (to && to < KR_STRICT_PAGE && !page[to] && is_tail(strict, page, to))
		keep(kept, 0, to);
	else
		to = 0;
	while ((slash = memchr(page + to, '/', KR_STRICT_PAGE - to))) {
		u32 end = to;

		for (from = to = slash - page; from > end && is_path_char(page[from - 1]); from--)
			;
		while (to < KR_STRICT_PAGE && is_path_char(page[to]))
			to++;
		if (to == KR_STRICT_PAGE ? is_head(strict, page + from, to - from) :
		    !page[to] && is_name(strict, page + from, to - from))
			keep(kept, from, to);
	}
}

/**
 * kr_strict_page() - zero what is not needed in one page
 * @strict:	what is kept
 * @page:	its bytes, a copy
 *
 * Return: bytes that it has zeroed.
 */
u32 kr_strict_page(const struct kr_strict *strict, u8 *page)
{
	struct kept kept;
	u32 from, at, name = 0, zeroed = 0;

	find_names(strict, (const char *)page, &kept);
	for (from = 0; from < KR_STRICT_PAGE; from += strict->word) {
		u32 end = from + strict->word;
		u64 value = 0;

		memcpy(&value, page + from, strict->word);
		if (is_kept_word(strict, value))
			continue;
		while (name < kept.nr && kept.names[name].to <= from)
			name++;
		if (name == kept.nr || kept.names[name].from >= end) {
			memset(page + from, 0, strict->word);
			zeroed += strict->word;
			continue;
		}
		for (at = from; at < end; at++) {
			/* A word may have the end of one name and the begin of the next. */
			while (name < kept.nr && kept.names[name].to <= at)
				name++;
			if (name < kept.nr && at >= kept.names[name].from)
				continue;
			page[at] = 0;
			zeroed++;
		}
	}
	return zeroed;
}
