// SPDX-License-Identifier: GPL-2.0
/*
 * Crashing a child and reading the core that the kernel wrote: see core.h.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core.h"
#include "policy.h"

#ifndef UFFDIO_MOVE
struct uffdio_move {
	__u64 dst, src, len, mode;
	__s64 move;
};
#define UFFDIO_MOVE	_IOWR(UFFDIO, 0x05, struct uffdio_move)
#define UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES	(1ull << 1)
#endif

#define CORE_PATTERN	"/proc/sys/kernel/core_pattern"
#define CORE_FILE	"/tmp/kredact.core.%d"
#define PIPE_LIMIT	"/proc/sys/kernel/core_pipe_limit"
#define PIPE_SCRIPT	"/tmp/kredact.pipe"

static char saved_pattern[256];
static struct kredact_policy saved_policy;

int write_file(const char *path, const char *text)
{
	ssize_t len = strlen(text);
	int fd = open(path, O_WRONLY | O_TRUNC), ret;

	if (fd < 0)
		return -errno;
	ret = write(fd, text, len) == len ? 0 : -errno;
	close(fd);
	return ret;
}

bool core_pattern_set(const char *pattern)
{
	return !write_file(CORE_PATTERN, pattern);
}

bool core_pipe_set(const char *script)
{
	int fd = open(PIPE_SCRIPT, O_WRONLY | O_CREAT, 0755);

	if (fd < 0)
		return false;
	close(fd);
	return !write_file(PIPE_SCRIPT, script) && !write_file(PIPE_LIMIT, "4") &&
	       core_pattern_set("|" PIPE_SCRIPT " %P");
}

void core_pattern_save(void)
{
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	int fd = open(CORE_PATTERN, O_RDONLY);
	ssize_t len = fd < 0 ? -1 : read(fd, saved_pattern, sizeof(saved_pattern) - 1);

	if (fd >= 0)
		close(fd);
	if (len > 0)
		saved_pattern[len] = 0;
	setrlimit(RLIMIT_CORE, &unlimited);
	core_pattern_set("/tmp/kredact.core.%p");
}

void core_pattern_restore(void)
{
	core_pattern_set(saved_pattern);
	if (!unlink(PIPE_SCRIPT))
		write_file(PIPE_LIMIT, "0");
	if (saved_policy.size)
		policy_set(&saved_policy);
	saved_policy.size = 0;
}

void tags_only(void)
{
	struct kredact_policy policy;

	if (policy_get(&policy))
		return;
	saved_policy = policy;
	policy.hunt = KREDACT_HUNT_OFF;
	policy.registers = KREDACT_REGISTERS_NONE;
	policy_set(&policy);
}

_Noreturn void die_of_segv(void)
{
	signal(SIGSEGV, SIG_DFL);
	for (;;)
		*(volatile int *)8 = 1;
}

pid_t crash(void (*run)(void *arg), void *arg)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		run(arg);
		die_of_segv();
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV && WCOREDUMP(status) ? pid : -1;
}

bool core_load(struct core *core, pid_t pid)
{
	char path[64];
	struct stat st;
	size_t done = 0;
	int fd;

	core->bytes = NULL;
	core->len = 0;
	snprintf(path, sizeof(path), CORE_FILE, pid);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return false;
	unlink(path);
	if (fstat(fd, &st) || st.st_size < (off_t)sizeof(Elf64_Ehdr))
		goto close;
	/* Nothing of it stays behind, or gets into the core of one who shares this memory. */
	core->bytes = mmap(NULL, st.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);
	if (core->bytes == MAP_FAILED) {
		core->bytes = NULL;
		goto close;
	}
	core->len = st.st_size;
	madvise(core->bytes, core->len, MADV_DONTDUMP);
	while (done < core->len) {
		ssize_t n = read(fd, core->bytes + done, core->len - done);

		if (n <= 0)
			break;
		done += n;
	}
close:
	close(fd);
	return core->bytes && done == core->len && !memcmp(core->bytes, ELFMAG, SELFMAG);
}

bool core_read(struct core *core, pid_t pid, size_t max)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), CORE_FILE, pid);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return false;
	unlink(path);
	for (core->len = 0; core->len < max; core->len += n) {
		n = read(fd, core->bytes + core->len, max - core->len);
		if (n <= 0)
			break;
	}
	close(fd);
	return core->len >= sizeof(Elf64_Ehdr) && core->len < max &&
	       !memcmp(core->bytes, ELFMAG, SELFMAG);
}

void core_free(struct core *core)
{
	if (core->bytes)
		munmap(core->bytes, core->len);
	core->bytes = NULL;
}

#define SECRET	64

/* What a child of crash_and_look() has to do. */
struct look {
	uint8_t *mem;
	const char *command;
	unsigned int seed;
	bool tag;
};

static void look_child(void *arg)
{
	const struct look *look = arg;
	unsigned int i;

	for (i = 0; i < 3; i++)
		fill_secret(look->mem + i * PAGE, SECRET, look->seed + i);
	if (look->tag && reg(look->mem, SECRET, 0, NULL, NULL))
		_exit(1);
	if (look->command && system(look->command))
		_exit(1);
	if (look->tag && reg(look->mem + PAGE, SECRET, 0, NULL, NULL))
		_exit(1);
}

static int look_at(const char *command, bool tag)
{
	/* Never the same secrets: those of the last time may still lie about here. */
	static unsigned int seed = 1000;
	struct look look = { pages(3), command, seed += 3, tag };
	uint8_t secret[SECRET];
	struct core core;
	unsigned int i;
	int found = 0;
	pid_t pid;

	core_pattern_save();
	pid = crash(look_child, &look);
	core_pattern_restore();
	munmap(look.mem, 3 * PAGE);
	if (pid < 0 || !core_load(&core, pid))
		return -1;
	for (i = 0; i < 3; i++) {
		fill_secret(secret, SECRET, look.seed + i);
		if (core_count(&core, secret, SECRET))
			found |= i == 2 ? LOOK_TWIN : LOOK_SECRET;
	}
	if (core_seal(&core))
		found |= LOOK_SEAL;
	core_free(&core);
	return found;
}

int crash_and_look(const char *command)
{
	return look_at(command, true);
}

int crash_untagged(void)
{
	return look_at(NULL, false);
}

struct segment {
	uint64_t offset, addr, filesz;
};

static bool core_segment(const struct core *core, unsigned int i, struct segment *segment)
{
	const Elf64_Ehdr *ehdr = (void *)core->bytes;

	if (ehdr->e_ident[EI_CLASS] == ELFCLASS64) {
		const Elf64_Phdr *phdr = (void *)(core->bytes + ehdr->e_phoff);

		if (i >= ehdr->e_phnum)
			return false;
		*segment = (struct segment){ phdr[i].p_offset, phdr[i].p_vaddr,
					     phdr[i].p_type == PT_LOAD ? phdr[i].p_filesz : 0 };
	} else {
		const Elf32_Ehdr *ehdr32 = (void *)core->bytes;
		const Elf32_Phdr *phdr = (void *)(core->bytes + ehdr32->e_phoff);

		if (i >= ehdr32->e_phnum)
			return false;
		*segment = (struct segment){ phdr[i].p_offset, phdr[i].p_vaddr,
					     phdr[i].p_type == PT_LOAD ? phdr[i].p_filesz : 0 };
	}
	return true;
}

const uint8_t *core_at(const struct core *core, uint64_t addr, size_t len)
{
	struct segment s;
	unsigned int i;

	for (i = 0; core_segment(core, i, &s); i++)
		if (addr >= s.addr && addr - s.addr < s.filesz &&
		    s.filesz - (addr - s.addr) >= len &&
		    core->len - (s.offset + (addr - s.addr)) >= len)
			return core->bytes + s.offset + (addr - s.addr);
	return NULL;
}

unsigned int core_count(const struct core *core, const void *bytes, size_t len)
{
	const uint8_t *at = core->bytes, *end = at + core->len;
	unsigned int nr = 0;

	while ((at = memmem(at, end - at, bytes, len))) {
		nr++;
		at++;
	}
	return nr;
}

static uint64_t core_end(const struct core *core)
{
	uint64_t end = 0;
	struct segment s;
	unsigned int i;

	for (i = 0; core_segment(core, i, &s); i++)
		if (s.filesz && s.offset + s.filesz > end)
			end = s.offset + s.filesz;
	return (end + KREDACT_SEAL_ALIGN - 1) & -(uint64_t)KREDACT_SEAL_ALIGN;
}

const struct kredact_seal_header *core_seal(const struct core *core)
{
	const struct kredact_seal_trailer *trailer;
	const struct kredact_seal_header *header;

	if (core->len < sizeof(*header) + sizeof(*trailer))
		return NULL;
	trailer = (void *)(core->bytes + core->len - sizeof(*trailer));
	if (memcmp(trailer->magic, KREDACT_SEAL_END, sizeof(trailer->magic)) ||
	    trailer->core_len + trailer->seal_len != core->len ||
	    trailer->core_len != core_end(core))
		return NULL;
	header = (void *)(core->bytes + trailer->core_len);
	if (memcmp(header->magic, KREDACT_SEAL_MAGIC, sizeof(header->magic)) ||
	    header->core_len != trailer->core_len)
		return NULL;
	return header;
}

const struct kredact_seal_record *
core_seal_record(const struct core *core, const struct kredact_seal_record *record)
{
	const struct kredact_seal_header *header = core_seal(core);
	const uint8_t *end = core->bytes + core->len - sizeof(struct kredact_seal_trailer);
	const uint8_t *at;

	if (!header)
		return NULL;
	if (record)
		at = (uint8_t *)(record + 1) +
		     ((record->len + KREDACT_SEAL_ALIGN - 1) & -(uint64_t)KREDACT_SEAL_ALIGN);
	else
		at = (uint8_t *)(header + 1);
	return at < end ? (const void *)at : NULL;
}

const struct kredact_seal_counts *core_seal_counts(const struct core *core)
{
	const struct kredact_seal_record *record = NULL;

	while ((record = core_seal_record(core, record)))
		if (record->type == KREDACT_SEAL_COUNTS)
			return (const void *)(record + 1);
	return NULL;
}

static void core_seal_label(const struct core *core, uint32_t id, char *text)
{
	const struct kredact_seal_record *record = NULL;

	text[0] = 0;
	while ((record = core_seal_record(core, record))) {
		const struct kredact_seal_label *label = (const void *)(record + 1);

		if (record->type != KREDACT_SEAL_LABEL || label->id != id)
			continue;
		memcpy(text, label + 1, label->len);
		text[label->len] = 0;
	}
}

bool core_seal_has(const struct core *core, uint64_t addr, uint64_t len, uint32_t flags,
		   char *label)
{
	const struct kredact_seal_record *record = NULL;

	while ((record = core_seal_record(core, record))) {
		const struct kredact_seal_range *ranges = (const void *)(record + 1);
		size_t i;

		if (record->type != KREDACT_SEAL_RANGES)
			continue;
		for (i = 0; i < record->len / sizeof(*ranges); i++) {
			if (ranges[i].addr != addr || ranges[i].len != len ||
			    ranges[i].flags != flags)
				continue;
			if (label)
				core_seal_label(core, ranges[i].label, label);
			return true;
		}
	}
	return false;
}

const struct kredact_seal_left_out *core_seal_left_out(const struct core *core, unsigned int nth)
{
	const struct kredact_seal_record *record = NULL;

	while ((record = core_seal_record(core, record))) {
		const struct kredact_seal_left_out *entries = (const void *)(record + 1);
		size_t nr = record->len / sizeof(*entries);

		if (record->type != KREDACT_SEAL_LEFT_OUT)
			continue;
		if (nth < nr)
			return &entries[nth];
		nth -= nr;
	}
	return NULL;
}

bool all_zero(const uint8_t *bytes, size_t len)
{
	while (len--)
		if (*bytes++)
			return false;
	return true;
}

void fill_secret(void *to, size_t len, unsigned int seed)
{
	uint64_t x = 0x9e3779b97f4a7c15ull * (seed + 1);
	uint8_t *at = to;

	while (len--) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		*at++ = (x >> 32) | 1;
	}
}

int kredact_fd(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = open(KREDACT_DEVICE, O_RDWR | O_CLOEXEC);
	return fd;
}

int reg(void *addr, size_t len, uint32_t flags, const char *label, uint64_t *handle)
{
	struct kredact_register args = {
		.size = sizeof(args),
		.flags = flags,
		.addr = (uintptr_t)addr,
		.len = len,
		.label = (uintptr_t)label,
		.label_len = label ? strlen(label) : 0,
	};
	int ret = ioctl(kredact_fd(), KREDACT_IOC_REGISTER, &args);

	if (handle)
		*handle = args.handle;
	return ret ? -errno : 0;
}

int unreg(uint64_t handle)
{
	struct kredact_unregister args = { .size = sizeof(args), .handle = handle };

	return ioctl(kredact_fd(), KREDACT_IOC_UNREGISTER, &args) ? -errno : 0;
}

int query(void *addr, size_t len, struct kredact_query *args)
{
	*args = (struct kredact_query){
		.size = sizeof(*args),
		.addr = (uintptr_t)addr,
		.len = len,
	};
	return ioctl(kredact_fd(), KREDACT_IOC_QUERY, args) ? -errno : 0;
}

int info(struct kredact_info *args)
{
	*args = (struct kredact_info){ .size = sizeof(*args) };
	return ioctl(kredact_fd(), KREDACT_IOC_INFO, args) ? -errno : 0;
}

static void *map(size_t nr, int flags)
{
	void *at = mmap(NULL, nr * PAGE, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);

	return at == MAP_FAILED ? NULL : at;
}

void *pages(size_t nr)
{
	return map(nr, MAP_PRIVATE);
}

void *shared_pages(size_t nr)
{
	return map(nr, MAP_SHARED);
}

int uffd_move(uint8_t *dst, uint8_t *src, size_t len)
{
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_move move = { (uintptr_t)dst, (uintptr_t)src, len,
				    UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES, 0 };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC), ret;

	range.range.start = (uintptr_t)dst;
	range.range.len = len;
	if (fd < 0 || ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &range))
		return -EBADF;
	ret = ioctl(fd, UFFDIO_MOVE, &move) ? -errno : 0;
	close(fd);
	return ret;
}

bool uffd_can_move(void)
{
	uint8_t *from = pages(1), *to = pages(1);
	int ret = -ENOMEM;

	if (from && to) {
		from[0] = 1;
		ret = uffd_move(to, from, PAGE);
	}
	if (from)
		munmap(from, PAGE);
	if (to)
		munmap(to, PAGE);
	return !ret;
}
