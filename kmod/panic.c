// SPDX-License-Identifier: GPL-2.0
/*
 * The crash of the kernel: what is tagged is zeroed before the capture kernel starts.
 *
 * Every way into a capture kernel goes through machine_crash_shutdown(), which stops the
 * other processors. Its replacement lets it do so, and zeroes then. It may be in any
 * context (NMI as well), and any lock may be held by somebody who never goes on. So
 * nothing here takes one, waits, allocates, or prints; what is read may be in the middle
 * of a change, or broken; and all that it calls of the kernel is meant for such a place,
 * or only computes. (rcu_read_unlock() is not: it may have to report to a tree with locks.)
 */
#include <linux/elf.h>
#include <linux/kexec.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/reboot.h>
#include <linux/smp.h>
#include <linux/static_call.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <asm/text-patching.h>
#include <asm/tsc.h>

#include "kredact.h"

static char *mode = "zero";
module_param_named(panic, mode, charp, 0444);
MODULE_PARM_DESC(panic, "zero: what is tagged, when the kernel crashes, for its capture kernel's dump; off: do not");

/* Milliseconds that tags without pins may take. */
#define WALK_MS		2000

DEFINE_STATIC_CALL_NULL(original_crash_shutdown, machine_crash_shutdown);

DEFINE_STATIC_CALL_NULL(original_save_cpu, crash_save_cpu);

/* A page of its own: its address is physical. NULL with panic=off. */
static struct kredact_panic_note *note;
static unsigned long entry;
static atomic_t crashed;

/**
 * struct panic_walk - going through tags without pins
 * @begin:	when it began, by the processor's counter
 * @limit:	how much later it ends
 * @until:	how much later the address space ends that is gone through now
 * @left:	address spaces that are still to come, this one among them
 * @cut:	the time of one was over
 *
 * Each has an equal share of what time is left: one that takes very long cuts only itself.
 */
struct panic_walk {
	u64 begin;
	u64 limit;
	u64 until;
	u64 left;
	bool cut;
};

void kredact_crash_set_original(unsigned long address)
{
	static_call_update(original_crash_shutdown, (typeof(&machine_crash_shutdown))address);
	if (!entry)
		entry = address;
}

void kredact_save_cpu_set_original(unsigned long address)
{
	static_call_update(original_save_cpu, (typeof(&crash_save_cpu))address);
}

static void kredact_count(__le64 *counter)
{
	le64_add_cpu(counter, 1);
}

/* Zeroes one frame, and counts it: as one of @counter if that went well. */
static void kredact_panic_frame(__le64 *counter, unsigned long pfn)
{
	switch (kredact_wipe_frame(pfn)) {
	case KREDACT_WIPED_MAPPED:
		kredact_count(&note->mapped);
		fallthrough;
	case KREDACT_WIPED:
		kredact_count(counter);
		break;
	case KREDACT_WIPE_POISONED:
		kredact_count(&note->poisoned);
		break;
	case KREDACT_WIPE_FOREIGN:
		kredact_count(&note->foreign);
		break;
	case KREDACT_WIPE_FAULT:
		kredact_count(&note->faults);
		break;
	}
}

static void kredact_panic_pinned(void *arg, unsigned long pfn)
{
	kredact_panic_frame(&note->frames, pfn);
}

/*
 * Adds a line to the note VMCOREINFO, which the kernel has made a moment ago. There it
 * is found in whatever order kredact was inserted and the capture kernel was loaded, and
 * nothing is left of it where kredact is removed.
 */
static void kredact_panic_announce(void)
{
	struct elf_note *elf = __va(KREDACT_HAVE_CRASH ? paddr_vmcoreinfo_note() : 0);
	u32 used, len;
	char line[48], *desc;

	if (!pfn_to_online_page(PHYS_PFN(__pa(elf))) ||
	    elf->n_namesz != sizeof(VMCOREINFO_NOTE_NAME))
		return;
	desc = (char *)(elf + 1) + ALIGN(sizeof(VMCOREINFO_NOTE_NAME), sizeof(Elf_Word));
	used = elf->n_descsz;
	len = scnprintf(line, sizeof(line), KREDACT_PANIC_VMCOREINFO "%llx\n", (u64)__pa(note));
	if (used > VMCOREINFO_BYTES || VMCOREINFO_BYTES - used < len)
		return;
	memcpy(desc + used, line, len);
	/* Behind it comes a header that is zero, and says that there are no more notes. */
	memset(desc + used + len, 0, ALIGN(used + len, sizeof(Elf_Word)) - (used + len) +
	       sizeof(*elf));
	elf->n_descsz = used + len;
}

/* What was pinned is zero already. The frame 0 is nobody's. */
static bool kredact_panic_unpinned(void *arg, unsigned long pfn)
{
	const struct panic_walk *walk = arg;

	if (pfn == KREDACT_WALK_ABSENT)
		kredact_count(&note->absent);
	else if (pfn && !kredact_frame_is_pinned(pfn))
		kredact_panic_frame(&note->walked, pfn);
	return rdtsc() - walk->begin < walk->until;
}

static void kredact_panic_mm(void *arg, struct kredact_mm *kmm)
{
	struct panic_walk *walk = arg;
	u64 now = rdtsc() - walk->begin;
	u32 nr;

	walk->until = now + div64_u64(walk->limit - min(now, walk->limit), max(walk->left, 1ULL));
	walk->left -= !!walk->left;
	kredact_count(&note->mms);
	if (!get_kernel_nofault(nr, &kmm->set.nr))
		le64_add_cpu(&note->ranges, nr);
	if (!kredact_tags_walk(kmm, kredact_panic_unpinned, walk))
		walk->cut = true;
}

static u32 kredact_panic_walk(void)
{
	/* Without a known rate, that of the slowest processor there is. */
	struct panic_walk walk = {
		.begin = rdtsc(),
		.limit = (u64)WALK_MS * (tsc_khz ?: 1000000),
		.left = atomic64_read(&kredact_stats.mms),
	};

	kredact_mms_visit(kredact_panic_mm, &walk);
	return walk.cut ? KREDACT_PANIC_CUT : 0;
}

/* Names the maps of pinned frames, so that who reads the dump can see for himself. */
static u32 kredact_panic_name(void)
{
	u64 maps, nr;

	if (!kredact_frames_name(&maps, &nr, note->digest))
		return KREDACT_PANIC_UNREAD;
	note->maps = cpu_to_le64(maps);
	note->nr_maps = cpu_to_le64(nr);
	return 0;
}

static void kredact_panic_zero(void)
{
	u64 begin = rdtsc_ordered();
	u32 flags = 0;

	note->cpu = cpu_to_le32(raw_smp_processor_id());
	note->state = cpu_to_le32(KREDACT_PANIC_BEGUN);
	kredact_panic_announce();
	if (!kredact_frames_visit(kredact_panic_pinned, NULL))
		flags |= KREDACT_PANIC_UNREAD;
	flags |= kredact_panic_name();
	flags |= kredact_panic_walk();
	wmb();	/* frames are zeroed past the caches */
	note->threads = cpu_to_le64(kredact_threads_wipe());
	note->own_bytes = cpu_to_le64(kredact_dumps_wipe());
	if (tsc_khz)
		note->time_ns = cpu_to_le64(div_u64((rdtsc_ordered() - begin) * NSEC_PER_MSEC,
						    tsc_khz));
	if (!kredact_key_describe(note->key_id))
		flags |= KREDACT_PANIC_KEY_BOOT;
	note->flags = cpu_to_le32(flags);
	kredact_key_mac(note, offsetof(struct kredact_panic_note, hmac), note->hmac);
	/* This the HMAC cannot cover. */
	note->key_bytes = cpu_to_le32(kredact_keys_wipe());
	/* And nothing is written in front of what it is about. */
	smp_store_release(&note->state, cpu_to_le32(KREDACT_PANIC_DONE));
}

/**
 * kredact_machine_crash_shutdown() - replacement: the capture kernel is about to start
 * @regs:	of the crash
 */
void kredact_machine_crash_shutdown(struct pt_regs *regs)
{
	static_call(original_crash_shutdown)(regs);
	/* Neither hooks nor module can go: everybody else has been stopped. */
	if (note && !atomic_xchg(&crashed, 1))
		kredact_panic_zero();
}

/**
 * kredact_crash_save_cpu() - replacement: a processor's registers are saved for the dump
 * @regs:	of what it was stopped in
 * @cpu:	its number
 *
 * Each processor calls it when it stops, in NMI. Where that was a tagged process, it will
 * not go on: its registers are zeroed where they are.
 */
void kredact_crash_save_cpu(struct pt_regs *regs, int cpu)
{
	if (note && user_mode(regs) && kredact_mm_is_tagged(current->mm))
		kredact_registers_wipe(regs);
	static_call(original_save_cpu)(regs, cpu);
}

/* Runs into a stub; no processor has this number. */
bool kredact_save_cpu_selftest(void)
{
	struct pt_regs regs = { };

	static_call(original_save_cpu)(&regs, -1);
	return true;
}

/* Runs into a stub. If it did not, there would be no machine any more: make sure before. */
bool kredact_crash_selftest(void)
{
	u8 *site = (u8 *)entry + (is_endbr(*(u32 *)entry) ? ENDBR_INSN_SIZE : 0);

	if (*site != CALL_INSN_OPCODE)
		return false;
	static_call(original_crash_shutdown)(NULL);
	return true;
}

/**
 * kredact_panic_zeroes() - is what is tagged zeroed when the kernel crashes?
 */
bool kredact_panic_zeroes(void)
{
	return note;
}

/**
 * kredact_panic_init() - prepare for the crash
 *
 * May sleep. Return: 0, or an error: -EINVAL for an unknown mode.
 */
int kredact_panic_init(void)
{
	uuid_t boot_id;
	int ret;

	if (strcmp(mode, "off") && strcmp(mode, "zero")) {
		pr_err("panic=%s: it can be zero or off\n", mode);
		return -EINVAL;
	}
	if (!KREDACT_HAVE_CRASH || !strcmp(mode, "off"))
		return 0;
	if (!kredact_wipe_selftest()) {
		pr_err("memory cannot be wiped: the self-test failed\n");
		return -EIO;
	}
	ret = kredact_boot_id(&boot_id);
	if (ret)
		return ret;
	note = (struct kredact_panic_note *)get_zeroed_page(GFP_KERNEL);
	if (!note)
		return -ENOMEM;
	memcpy(note->magic, KREDACT_PANIC_MAGIC, sizeof(note->magic));
	note->version = cpu_to_le32(KREDACT_PANIC_VERSION);
	note->size = cpu_to_le32(sizeof(*note));
	export_uuid(note->boot_id, &boot_id);
	return 0;
}

/**
 * kredact_panic_exit() - after the hooks were removed
 */
void kredact_panic_exit(void)
{
	free_page((unsigned long)note);
	note = NULL;
}
