/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Crashing a child and reading the core that the kernel wrote.
 *
 * These helpers know the layout of cores and seals on their own: the tests do
 * not trust the tools that they are there to test.
 */
#ifndef KREDACT_SELFTEST_CORE_H
#define KREDACT_SELFTEST_CORE_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linux/kredact.h>
#include <linux/kredact_seal.h>

#define PAGE	4096ul

/**
 * struct core - a core file in memory
 * @bytes:	its content, private to this process
 * @len:	bytes
 */
struct core {
	uint8_t *bytes;
	size_t len;
};

/* A setting below /proc or /sys: 0 or -errno. */
int write_file(const char *path, const char *text);

/* core_pattern while a test runs. */
void core_pattern_save(void);
bool core_pattern_set(const char *pattern);
/* Cores to a shell script, whose $1 is the pid, and which the kernel waits for. */
bool core_pipe_set(const char *script);
void core_pattern_restore(void);
/*
 * Until then nothing but what is tagged is kept from cores: for tests of tags whose
 * controls are copies of what is tagged.
 */
void tags_only(void);

/* A child that runs @run and then dies of SIGSEGV; its pid, reaped, or -1. */
pid_t crash(void (*run)(void *arg), void *arg);
_Noreturn void die_of_segv(void);

/*
 * A child with a secret in each of three pages crashes: which of these are in its
 * core? Two pages are tagged, one before and one after it runs @command, if any
 * (for the shell, and it has to succeed). -1: it did not come to that.
 */
#define LOOK_SECRET	(1 << 0)	/* a secret of the tagged pages */
#define LOOK_TWIN	(1 << 1)	/* the one that lies in an untagged page */
#define LOOK_SEAL	(1 << 2)	/* a seal */
#define LOOK_REDACTED	(LOOK_TWIN | LOOK_SEAL)
int crash_and_look(const char *command);
/* The same, but that nothing is tagged. */
int crash_untagged(void);
#define LOOK_WHOLE	(LOOK_SECRET | LOOK_TWIN)

/* The core of a reaped process; the file is removed. */
bool core_load(struct core *core, pid_t pid);
/* Likewise into @core->bytes, where there is room for less than @max bytes. */
bool core_read(struct core *core, pid_t pid, size_t max);
void core_free(struct core *core);

/* Memory of the dead process at an address, or NULL where the core has none. */
const uint8_t *core_at(const struct core *core, uint64_t addr, size_t len);

/* How often the bytes occur in the whole file. */
unsigned int core_count(const struct core *core, const void *bytes, size_t len);

/* The seal: NULL unless it is there, whole, and lies where the core ends. */
const struct kredact_seal_header *core_seal(const struct core *core);
/* The record after @record, or the first; NULL after the last. */
const struct kredact_seal_record *core_seal_record(const struct core *core,
						   const struct kredact_seal_record *record);
const struct kredact_seal_counts *core_seal_counts(const struct core *core);
/* Is there a record for exactly this range? Its label's text goes to @label, if given. */
bool core_seal_has(const struct core *core, uint64_t addr, uint64_t len, uint32_t flags,
		   char *label);
/* The pages that the seal says were left out since something failed: the nth, or NULL. */
const struct kredact_seal_left_out *core_seal_left_out(const struct core *core, unsigned int nth);

bool all_zero(const uint8_t *bytes, size_t len);

/* Unmistakable bytes, different for each @seed. */
void fill_secret(void *to, size_t len, unsigned int seed);

/* ioctls of /dev/kredact; the descriptor is opened once. */
int kredact_fd(void);
int reg(void *addr, size_t len, uint32_t flags, const char *label, uint64_t *handle);
int unreg(uint64_t handle);
int query(void *addr, size_t len, struct kredact_query *query);
int info(struct kredact_info *info);

/* Fresh anonymous memory, or shared with children. */
void *pages(size_t nr);
void *shared_pages(size_t nr);

/* Moves pages with UFFDIO_MOVE: 0, or -errno. Does this kernel have it (6.8)? */
int uffd_move(uint8_t *dst, uint8_t *src, size_t len);
bool uffd_can_move(void);

#endif /* KREDACT_SELFTEST_CORE_H */
