// SPDX-License-Identifier: GPL-2.0
/*
 * The seal that a daemon makes: see sidecar.h.
 *
 * A core may lie where users can write. So a seal is made under a name that nobody can guess,
 * gets its owner and its bytes through its descriptor, and only then its own name, which
 * nothing else may have but an earlier seal of the same owner.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <linux/kredact_seal.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "corefile.h"
#include "digest.h"
#include "seal.h"
#include "sidecar.h"

#define BOOT_ID		"/proc/sys/kernel/random/boot_id"
#define BATCH		128u
#define PAGE_BYTES	4096	/* of struct free_range: PAGE_BITS of the programs */

_Static_assert((int)FREE_MARKED == KREDACT_KILLED_MARKED, "reasons of the format");
_Static_assert((int)FREE_UNWRITABLE == KREDACT_KILLED_UNWRITABLE, "reasons of the format");
_Static_assert((int)FREE_NOT_PRIVATE == KREDACT_KILLED_NOT_PRIVATE, "reasons of the format");
_Static_assert((int)FREE_SHARED_MM == KREDACT_KILLED_SHARED_MM, "reasons of the format");
_Static_assert((int)FREE_NOT_ZERO == KREDACT_KILLED_NOT_ZERO, "reasons of the format");
_Static_assert((int)FREE_PREEMPTIBLE == KREDACT_KILLED_PREEMPTIBLE, "reasons of the format");
_Static_assert((int)FREE_REASONS == KREDACT_KILLED_PREEMPTIBLE + 1, "reasons of the format");

struct sidecar {
	struct keyfile key;
	struct digest *digest;
	int dir;
	char *dir_path;
	char boot_text[40];
	u8 boot_id[16];
	struct utsname system;
};

/* A seal in memory. */
struct buffer {
	u8 *bytes;
	size_t len;
	size_t room;
};

static int read_boot_id(struct sidecar *s, struct complaint *why)
{
	int fd = open(BOOT_ID, O_RDONLY | O_CLOEXEC), digits = 0;
	ssize_t got = fd < 0 ? -1 : read(fd, s->boot_text, sizeof(s->boot_text) - 1);
	const char *at;
	unsigned int digit;

	if (fd >= 0)
		close(fd);
	s->boot_text[got > 0 ? got : 0] = '\0';
	s->boot_text[strcspn(s->boot_text, "\n")] = '\0';
	for (at = s->boot_text; *at && digits < 32; at++) {
		if (sscanf(at, "%1x", &digit) == 1) {
			s->boot_id[digits / 2] = s->boot_id[digits / 2] << 4 | digit;
			digits++;
		}
	}
	return digits == 32 ? 0 : complain(why, -EIO, "%s cannot be read", BOOT_ID);
}

static int open_dir(struct sidecar *s, const char *path, struct complaint *why)
{
	struct stat stat;

	s->dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (s->dir < 0 || fstat(s->dir, &stat))
		return complain(why, -errno, "%s: %s", path, strerror(errno));
	if (stat.st_uid != geteuid() || stat.st_mode & 022)
		return complain(why, -EPERM, "%s: others may write to it", path);
	s->dir_path = strdup(path);
	return s->dir_path ? 0 : complain(why, -ENOMEM, "out of memory");
}

/**
 * sidecar_open() - make ready to seal
 * @opts:	how; read during the call only
 * @why:	text of an error
 *
 * Return: for the caller to sidecar_close(), or NULL with errno set.
 */
struct sidecar *sidecar_open(const struct sidecar_opts *opts, struct complaint *why)
{
	struct sidecar *s = calloc(1, sizeof(*s));
	int error = -ENOMEM;

	complaint_set(why, "out of memory");
	if (!s)
		goto fail;
	s->dir = -1;
	s->key = *opts->key;
	uname(&s->system);
	s->digest = digest_new();
	if (!s->digest) {
		complaint_set(why, "OpenSSL cannot compute SHA-256");
		goto fail;
	}
	error = read_boot_id(s, why);
	if (!error)
		error = open_dir(s, opts->dir, why);
	if (!error)
		return s;
fail:
	sidecar_close(s);
	errno = -error;
	return NULL;
}

/**
 * sidecar_close() - release it, and erase the key
 * @s:		from sidecar_open(), or NULL
 */
void sidecar_close(struct sidecar *s)
{
	if (!s)
		return;
	if (s->dir >= 0)
		close(s->dir);
	free(s->dir_path);
	digest_free(s->digest);
	keyfile_wipe(&s->key);
	free(s);
}

static bool put(void *arg, const void *data, u32 len)
{
	struct buffer *to = arg;
	u8 *more;

	if (to->room - to->len < len) {
		to->room = 2 * (to->len + len);
		more = realloc(to->bytes, to->room);
		if (!more)
			return false;
		to->bytes = more;
	}
	memcpy(to->bytes + to->len, data, len);
	to->len += len;
	return true;
}

static u64 now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static void put_header(struct sidecar *s, const struct free_event *event, struct kr_seal *seal)
{
	struct kredact_seal_header header = {
		.flags = cpu_to_le32(KREDACT_SEAL_DAEMON |
				     (event->flags & FREE_COMPAT ? KREDACT_SEAL_COMPAT : 0)),
		.realtime_ns = cpu_to_le64(now_ns(CLOCK_REALTIME)),
		.boottime_ns = cpu_to_le64(now_ns(CLOCK_BOOTTIME)),
		.start_ns = cpu_to_le64(event->start_ns),
		.tgid = cpu_to_le32(event->tgid),
		.tid = cpu_to_le32(event->tid),
		.ns_tgid = cpu_to_le32(event->ns_tgid),
		.uid = cpu_to_le32(event->uid),
		.signo = cpu_to_le32(event->signo),
		.page_size = cpu_to_le32(PAGE_BYTES),
		.abi = cpu_to_le32(KREDACT_ABI_VERSION),
		.module = "kredactd " KREDACT_VERSION,
	};

	memcpy(header.boot_id, s->boot_id, sizeof(header.boot_id));
	memcpy(header.key_id, s->key.id, sizeof(header.key_id));
	memcpy(header.comm, event->comm, strnlen(event->comm, sizeof(header.comm)));
	memcpy(header.release, s->system.release,
	       strnlen(s->system.release, sizeof(header.release) - 1));
	kr_seal_begin(seal, &header);
}

static void put_ranges(const struct free_dump *dump, struct kr_seal *seal)
{
	struct kredact_seal_counts counts = {
		.ranges = cpu_to_le64(dump->nr_ranges),
		.pages_zeroed = cpu_to_le64(dump->event.pages_zeroed),
	};
	struct kredact_seal_range batch[BATCH] = {};
	u64 bytes = 0;
	size_t i;

	for (i = 0; i < dump->nr_ranges; i++) {
		/* There are no registrations to be named, but each range has to have one. */
		batch[i % BATCH].addr = cpu_to_le64(dump->ranges[i].addr);
		batch[i % BATCH].len = cpu_to_le64(dump->ranges[i].len);
		batch[i % BATCH].handle = cpu_to_le64(i + 1);
		bytes += dump->ranges[i].len;
		if (i % BATCH == BATCH - 1 || i + 1 == dump->nr_ranges)
			kr_seal_ranges(seal, batch, i % BATCH + 1);
	}
	counts.range_bytes = cpu_to_le64(bytes);
	kr_seal_counts(seal, &counts);
}

static bool make(struct sidecar *s, const struct free_dump *dump, const u8 *sha256,
		 struct buffer *to)
{
	struct kredact_seal_sidecar record = {
		.flags = cpu_to_le32((sha256 ? KREDACT_SIDECAR_DIGEST : 0) |
				     (dump->complete ? 0 : KREDACT_SIDECAR_LOST)),
		.killed = cpu_to_le32(dump->event.reason),
	};
	struct kr_seal seal = { .write = put, .arg = to, .core_len = dump->event.size };
	u8 hmac[KREDACT_SEAL_HMAC_LEN];

	if (sha256)
		memcpy(record.sha256, sha256, sizeof(record.sha256));
	put_header(s, &dump->event, &seal);
	kr_seal_sidecar(&seal, &record);
	put_ranges(dump, &seal);
	return kr_seal_end(&seal) &&
	       HMAC(EVP_sha256(), s->key.key, s->key.len, to->bytes, to->len, hmac, NULL) &&
	       put(to, hmac, sizeof(hmac));
}

static int write_fully(int fd, const struct buffer *from)
{
	size_t done = 0;
	ssize_t n;

	while (done < from->len) {
		n = write(fd, from->bytes + done, from->len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EIO;
		done += n;
	}
	return 0;
}

/* Nothing has the name, or an earlier seal of this owner. */
static bool may_have(int dir, const char *name, uid_t owner)
{
	struct stat stat;

	if (fstatat(dir, name, &stat, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT;
	return S_ISREG(stat.st_mode) && stat.st_uid == owner;
}

/* Puts a seal into a directory: whole, or not at all. Return: 0 or -errno. */
static int put_file(int dir, const char *name, const struct buffer *seal, uid_t uid, gid_t gid)
{
	char temporary[48];
	u64 random;
	int fd, error;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return -EIO;
	snprintf(temporary, sizeof(temporary), ".kredact-seal.%016" PRIx64, random);
	fd = openat(dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	error = write_fully(fd, seal);
	if (!error && (fchown(fd, uid, gid) || fsync(fd)))
		error = -errno;
	if (!error && !may_have(dir, name, uid))
		error = -EEXIST;
	if (!error && renameat(dir, temporary, dir, name))
		error = -errno;
	if (error)
		unlinkat(dir, temporary, 0);
	else if (fsync(dir))
		error = -errno;
	close(fd);
	return error;
}

static int put_beside(const struct corefile *core, const struct buffer *seal,
		      struct sidecar_made *made)
{
	char name[NAME_MAX + 1], link[32];
	ssize_t len;
	int error;

	if (snprintf(name, sizeof(name), "%s" KREDACT_SIDECAR_SUFFIX, core->name) >=
	    (int)sizeof(name))
		return -ENAMETOOLONG;
	error = put_file(core->dir, name, seal, core->stat.st_uid, core->stat.st_gid);
	if (error)
		return error;
	made->beside = true;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", core->dir);
	len = readlink(link, made->path, sizeof(made->path) - 1);
	len = len > 0 ? len : 0;
	snprintf(made->path + len, sizeof(made->path) - len, "/%s", name);
	return 0;
}

static int put_aside(struct sidecar *s, const struct free_event *event,
		     const struct buffer *seal, struct sidecar_made *made)
{
	char name[128];

	snprintf(name, sizeof(name), "%s-%u-%" PRIu64 KREDACT_SIDECAR_SUFFIX, s->boot_text,
		 event->tgid, (u64)event->start_ns);
	snprintf(made->path, sizeof(made->path), "%s/%s", s->dir_path, name);
	return put_file(s->dir, name, seal, geteuid(), getegid());
}

/* What is read must be what the kernel wrote, as far as can be told from here. */
static int read_core(struct sidecar *s, const struct corefile *core, u64 size, u8 *sha256,
		     struct complaint *why)
{
	struct stat after;
	struct input in;
	int error;

	error = input_open(&in, core->fd, true, why);
	if (!error && in.size != size)
		error = complain(why, -ESTALE, "the core was changed before it could be sealed");
	if (!error)
		error = digest_file(s->digest, &in, sha256, why);
	input_close(&in);
	if (error)
		return error;
	if (fstat(core->fd, &after) || after.st_size != core->stat.st_size ||
	    memcmp(&after.st_mtim, &core->stat.st_mtim, sizeof(after.st_mtim)) ||
	    memcmp(&after.st_ctim, &core->stat.st_ctim, sizeof(after.st_ctim)))
		return complain(why, -ESTALE, "the core was changed while it was sealed");
	return 0;
}

/**
 * sidecar_write() - seal a dump
 * @s:		from sidecar_open()
 * @dump:	what free_poll() gave to free_opts.listed
 * @made:	takes what was made
 * @why:	text of an error
 *
 * Reads the whole core, and so takes its time. Where the core is not to be found, or something
 * is in the way of its seal, that goes into the directory.
 *
 * Return: 0; -ENODATA: the dump left no core; -ESTALE: the core was changed, and is not
 * sealed; or -errno.
 */
int sidecar_write(struct sidecar *s, const struct free_dump *dump, struct sidecar_made *made,
		  struct complaint *why)
{
	const struct free_event *event = &dump->event;
	struct corefile core = { .dir = -1, .fd = -1 };
	struct buffer seal = {};
	u8 sha256[DIGEST_LEN];
	int error;

	*made = (struct sidecar_made){};
	if (event->file == FREE_FILE_NONE)
		return complain(why, -ENODATA, "the dump left no core");
	if (event->file == FREE_FILE_REGULAR && dump->path &&
	    !corefile_open(&core, event->dev, event->ino, dump->path, why)) {
		error = read_core(s, &core, event->size, sha256, why);
		if (error)
			goto out;
		made->bound = true;
	}
	error = -ENOMEM;
	if (make(s, dump, made->bound ? sha256 : NULL, &seal))
		error = made->bound ? put_beside(&core, &seal, made) : -ENOENT;
	if (error && error != -ENOMEM)
		error = put_aside(s, event, &seal, made);
	if (error)
		complaint_set(why, "%s: %s", *made->path ? made->path : "the seal",
			      strerror(-error));
out:
	corefile_close(&core);
	free(seal.bytes);
	return error;
}
