// SPDX-License-Identifier: GPL-2.0
/*
 * The seal: what was registered, zeroed and left out, appended to the core and
 * authenticated, so that a dump can be audited far from the machine that wrote
 * it. It is streamed from the stack: a crash is no time to allocate.
 */
#include <crypto/hash.h>
#include <linux/coredump.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/timekeeping.h>
#include <linux/utsname.h>
#include <linux/uuid.h>

#include "kredact.h"
#include "seal.h"

/* Ranges that are named, and looked at, with the lock held once. */
#define BATCH	12
#define STEPS_LOCKED	256

static uuid_t boot_id;

/* Where the bytes of a seal go. */
struct seal_sink {
	struct coredump_params *cprm;
	struct shash_desc *hmac;
};

static bool kredact_seal_put(void *arg, const void *data, u32 len)
{
	struct seal_sink *sink = arg;

	return !crypto_shash_update(sink->hmac, data, len) && dump_emit(sink->cprm, data, len);
}

static void kredact_seal_header(struct kredact_dump *dump, struct coredump_params *cprm,
				struct kredact_key_ref *key, struct kr_seal *seal)
{
	struct kredact_seal_header header = { };
	const char *source = THIS_MODULE->srcversion;
	bool installed;

	memcpy(header.key_id, kredact_key_id(key, &installed), sizeof(header.key_id));
	if (!installed)
		dump->flags |= KREDACT_SEAL_KEY_BOOT;
	if (test_thread_flag(TIF_ADDR32))
		dump->flags |= KREDACT_SEAL_COMPAT;
	header.flags = cpu_to_le32(dump->flags);
	header.realtime_ns = cpu_to_le64(ktime_get_real_ns());
	header.boottime_ns = cpu_to_le64(ktime_get_boottime_ns());
	header.start_ns = cpu_to_le64(current->group_leader->start_boottime);
	header.tgid = cpu_to_le32(task_tgid_nr(current));
	header.tid = cpu_to_le32(task_pid_nr(current));
	header.ns_tgid = cpu_to_le32(task_tgid_vnr(current));
	header.uid = cpu_to_le32(from_kuid(&init_user_ns, current_uid()));
	header.signo = cpu_to_le32(cprm->siginfo->si_signo);
	header.page_size = cpu_to_le32(PAGE_SIZE);
	header.abi = cpu_to_le32(KREDACT_ABI_VERSION);
	export_uuid(header.boot_id, &boot_id);
	memcpy(header.comm, current->comm, min(sizeof(header.comm), strlen(current->comm)));
	snprintf(header.module, sizeof(header.module), "%s %s", KREDACT_VERSION, source ?: "");
	strscpy(header.release, init_uts_ns.name.release, sizeof(header.release));
	kr_seal_begin(seal, &header);
}

static void kredact_seal_labels(struct kredact_mm *kmm, struct kr_seal *seal)
{
	unsigned long id = 0;
	const char *text;
	u32 len;

	if (!kmm)
		return;
	while (!seal->failed && (text = kredact_label_next(kmm->labels, &id, &len)))
		kr_seal_label(seal, id, text, len);
}

/*
 * What was tagged at the crash, and is so still, at the same place: who shares
 * the mm without being a thread goes on, and a seal vouches for the dump of what
 * it names. If a tag has moved or ended meanwhile, there is none.
 */
static void kredact_seal_ranges(struct kredact_dump *dump, struct kr_seal *seal)
{
	struct kredact_mm *kmm = dump->kmm;
	struct kredact_seal_range batch[BATCH];
	struct kr_cursor cursor = { };
	const struct kr_range *range;
	u32 whole = kredact_rules_whole(dump) ? KREDACT_EXACT : 0;
	u32 nr, steps;

	if (!kmm)
		return;
	do {
		if (!kredact_mm_trylock(kmm)) {
			/* A seal that lacks ranges would vouch for too much: end it here. */
			seal->failed = true;
			return;
		}
		nr = 0;
		steps = 0;
		seal->failed |= kmm->epoch != dump->epoch;
		for (range = kr_after(&kmm->set, &cursor);
		     range && nr < BATCH && steps < STEPS_LOCKED;
		     range = kr_next(&kmm->set, range), steps++) {
			kr_cursor_set(&kmm->set, &cursor, range);
			if (!kr_is_older(range, dump->serial))
				continue;
			batch[nr++] = (struct kredact_seal_range) {
				.addr = cpu_to_le64(range->start),
				.len = cpu_to_le64(range->last - range->start + 1),
				.handle = cpu_to_le64(range->handle),
				.flags = cpu_to_le32(range->flags & KREDACT_RANGE_SEALED & ~whole),
				.label = cpu_to_le32(range->label),
			};
			dump->counts.range_bytes += range->last - range->start + 1;
		}
		spin_unlock(&kmm->lock);
		if (nr)
			kr_seal_ranges(seal, batch, nr);
		dump->counts.ranges += nr;
		cond_resched();
	} while (range && !seal->failed);
}

static void kredact_seal_left_out(struct kredact_dump *dump, struct kr_seal *seal)
{
	struct kredact_seal_left_out entry = { };
	u32 i;

	for (i = 0; i < dump->nr_left_out; i++) {
		entry.addr = cpu_to_le64(dump->left_out[i].addr);
		entry.len = cpu_to_le64(dump->left_out[i].len);
		entry.reason = cpu_to_le32(dump->left_out[i].reason);
		kr_seal_left_out(seal, &entry, 1);
	}
}

static void kredact_seal_policy(const struct kredact_dump *dump, struct kr_seal *seal)
{
	struct kredact_seal_policy policy = {
		.hunt = cpu_to_le32(dump->policy.hunt),
		.run = cpu_to_le32(dump->policy.run),
		.registers = cpu_to_le32(dump->policy.registers),
		.unhunted = cpu_to_le32(dump->policy.unhunted),
		.strict = cpu_to_le32(dump->policy.strict),
	};

	kr_seal_policy(seal, &policy);
}

static void kredact_seal_hunt(const struct kredact_dump *dump, struct kr_seal *seal)
{
	struct kredact_seal_hunt hunt = {
		.ranges = cpu_to_le64(dump->hunted.ranges),
		.bytes = cpu_to_le64(dump->hunted.bytes),
		.bytes_plain = cpu_to_le64(dump->hunted.bytes_plain),
		.copies = cpu_to_le64(dump->hunted.copies),
		.copy_bytes = cpu_to_le64(dump->hunted.copy_bytes),
		.copies_lost = cpu_to_le64(dump->hunted.copies_lost),
		.register_bytes = cpu_to_le64(dump->hunted.register_bytes),
		.frames = cpu_to_le64(dump->hunted.frames),
		.frame_bytes = cpu_to_le64(dump->hunted.frame_bytes),
		.strict_bytes = cpu_to_le64(dump->hunted.strict_bytes),
		.unindexed = cpu_to_le32(dump->hunted.unindexed),
	};
	const struct kredact_search *search = dump->search;

	if (search && search->nr_copies)
		kr_seal_copies(seal, search->copies, search->nr_copies);
	kr_seal_hunt(seal, &hunt);
}

static void kredact_seal_rules(const struct kredact_dump *dump, struct kr_seal *seal)
{
	struct kredact_seal_rules rules = {
		.flags = cpu_to_le32(dump->rules),
		.mappings = cpu_to_le32(dump->nr_unwanted),
	};

	if (dump->rules || dump->nr_unwanted)
		kr_seal_rules(seal, &rules);
}

static void kredact_seal_counts(struct kredact_dump *dump, struct kr_seal *seal)
{
	struct kredact_seal_counts counts = {
		.ranges = cpu_to_le64(dump->counts.ranges),
		.range_bytes = cpu_to_le64(dump->counts.range_bytes),
		.pages_zeroed = cpu_to_le64(dump->counts.pages_zeroed),
		.pages_copied = cpu_to_le64(dump->counts.pages_copied),
		.bytes_zeroed = cpu_to_le64(dump->counts.bytes_zeroed),
		.pages_left_out = cpu_to_le64(dump->counts.pages_left_out),
		.left_out_lost = cpu_to_le64(dump->counts.left_out_lost),
	};

	kr_seal_counts(seal, &counts);
}

/**
 * kredact_seal_write() - append the seal to a core
 * @dump:	after its last segment was written
 * @cprm:	the kernel's
 *
 * May sleep. Return: false when it was not written whole (disk full, size
 * limit, the dump was killed, the tags could not be read, or changed); a verifier sees such
 * a seal as cut off.
 */
bool kredact_seal_write(struct kredact_dump *dump, struct coredump_params *cprm)
{
	struct kredact_key_ref *key = kredact_key_get();
	struct crypto_shash *shash = kredact_key_shash(key);
	SHASH_DESC_ON_STACK(hmac, shash);
	struct seal_sink sink = { .cprm = cprm, .hmac = hmac };
	struct kr_seal seal = { .write = kredact_seal_put, .arg = &sink };
	u8 digest[KREDACT_SEAL_HMAC_LEN];
	bool written = false, installed;

	hmac->tfm = shash;
	if (crypto_shash_init(hmac))
		goto put;
	dump_align(cprm, KREDACT_SEAL_ALIGN);
	seal.core_len = cprm->pos + cprm->to_skip;

	kredact_seal_header(dump, cprm, key, &seal);
	kredact_seal_labels(dump->kmm, &seal);
	kredact_seal_ranges(dump, &seal);
	kredact_seal_left_out(dump, &seal);
	if (dump->redacts) {
		kredact_seal_policy(dump, &seal);
		kredact_seal_hunt(dump, &seal);
		kredact_prints_seal(dump, key, &seal);
	}
	kredact_seal_rules(dump, &seal);
	kredact_seal_counts(dump, &seal);
	written = kr_seal_end(&seal) && !crypto_shash_final(hmac, digest) &&
		  dump_emit(cprm, digest, sizeof(digest));
	if (written) {
		dump->core_len = seal.core_len;
		memcpy(dump->key_id, kredact_key_id(key, &installed), sizeof(dump->key_id));
		memcpy(dump->hmac, digest, sizeof(dump->hmac));
	}
put:
	shash_desc_zero(hmac);
	kredact_key_put(key);
	return written;
}

/**
 * kredact_seal_init() - learn which boot this is
 *
 * May sleep. Return: 0 or an error.
 */
int kredact_seal_init(void)
{
	return kredact_boot_id(&boot_id);
}
