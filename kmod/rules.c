// SPDX-License-Identifier: GPL-2.0
/*
 * Rules: what BPF programs of the administrator decide about a dump
 * (include/uapi/linux/kredact_rules.h).
 *
 * They are asked when it begins, by two functions that do nothing themselves and whose
 * result a program of type fmod_ret may change: without one a dump pays for a call
 * for each of its mappings. What they ask for is collected, and takes effect when all have
 * run; it can only make a dump lose more. An exemption is what it says, and so takes
 * a capability of who loads the program, the permission of the administrator at the
 * time of the dump, and nobody who wants the opposite.
 *
 * A program that is loaded holds the module, as its BTF is in use.
 */
#include <linux/bpf.h>
#include <linux/btf.h>
#include <linux/btf_ids.h>
#include <linux/cgroup.h>
#include <linux/fs.h>
#include <linux/module.h>

#include "kredact.h"

/* Ranges that are skipped with the lock held once. */
#define STEPS_LOCKED	256

/* Not before the module is loaded, and by nobody but the administrator. */
static bool exemptions;

static int kredact_exemptions_set(const char *value, const struct kernel_param *param)
{
	struct kredact_policy policy = { };
	bool old = exemptions;
	int ret;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	ret = param_set_bool(value, param);
	if (ret || exemptions == old)
		return ret;
	pr_notice("policy programs may %s exempt processes (set by user %u, process %d)\n",
		  exemptions ? "now" : "no longer",
		  from_kuid(&init_user_ns, current_uid()), task_tgid_nr(current));
	kredact_policy_get(&policy);
	kredact_event_policy(&policy, &policy, old, exemptions);
	return 0;
}

/**
 * kredact_rules_may_exempt() - may policy programs exempt processes?
 */
bool kredact_rules_may_exempt(void)
{
	return READ_ONCE(exemptions);
}

static const struct kernel_param_ops exemptions_ops = {
	.flags = KERNEL_PARAM_OPS_FL_NOARG,
	.set = kredact_exemptions_set,
	.get = param_get_bool,
};

module_param_cb(exemptions, &exemptions_ops, &exemptions, 0644);
MODULE_PARM_DESC(exemptions, "Policy programs may write dumps as if nothing were registered");

#define LOG_DUMP(log, text, ...)							\
	log("dump of process %u (%s, user %u, signal %u) " text "\n", dump->view.tgid,	\
	    dump->view.comm, dump->view.uid, dump->view.signo, ##__VA_ARGS__)

#if KREDACT_HAVE_KFUNC

__bpf_hook_start();

/**
 * kredact_policy_dump() - hook: is a dump to be written?
 * @view:	what there is to know of it
 *
 * Return: 0 if it is.
 */
__weak noinline int kredact_policy_dump(const struct kredact_dump_view *view)
{
	return 0;
}

/**
 * kredact_policy_mapping() - hook: is a mapping to be written?
 * @view:	of the dump
 * @mapping:	what there is to know of it
 *
 * Return: 0 if it is.
 */
__weak noinline int kredact_policy_mapping(const struct kredact_dump_view *view,
					   const struct kredact_mapping_view *mapping)
{
	return 0;
}

__bpf_hook_end();

/*
 * The dump of a view. The verifier lets only views through, but a program of another
 * dump may have kept one.
 */
static struct kredact_dump *kredact_view_dump(const struct kredact_dump_view *view)
{
	struct kredact_dump *dump = kredact_dump_find();

	return dump && view == &dump->view && dump->rules_asked ? dump : NULL;
}

__bpf_kfunc_start_defs();

/* What these do is described in linux/kredact_rules.h. */
__bpf_kfunc int kredact_bpf_range(const struct kredact_dump_view *view,
				  struct kredact_rule_range *range)
{
	struct kredact_dump *dump = kredact_view_dump(view);
	const struct kr_range *next;
	struct kr_cursor cursor;
	u32 steps;

	if (!dump)
		return -EINVAL;
	if (dump->flags & KREDACT_SEAL_ALL_LEFT_OUT)
		return -EBUSY;
	if (!dump->kmm)
		return -ENOENT;
	cursor.start = range->place[0];
	cursor.index = range->place[1];
	do {
		if (!kredact_lock_tags(dump->kmm, dump))
			return -EBUSY;
		next = kr_after(&dump->kmm->set, &cursor);
		for (steps = 0; next; next = kr_next(&dump->kmm->set, next), steps++) {
			kr_cursor_set(&dump->kmm->set, &cursor, next);
			if (kr_is_older(next, dump->serial) || steps == STEPS_LOCKED)
				break;
		}
		if (next && kr_is_older(next, dump->serial)) {
			range->addr = next->start;
			range->len = next->last - next->start + 1;
			range->handle = next->handle;
			range->flags = next->flags & KREDACT_RANGE_SEALED;
			range->label = next->label;
			range->place[0] = cursor.start;
			range->place[1] = cursor.index;
			spin_unlock(&dump->kmm->lock);
			return 0;
		}
		spin_unlock(&dump->kmm->lock);
		cond_resched();
	} while (next);
	return -ENOENT;
}

__bpf_kfunc int kredact_bpf_label(const struct kredact_dump_view *view, u32 label,
				  char *text, u32 text__sz)
{
	struct kredact_dump *dump = kredact_view_dump(view);
	const char *known = NULL;
	u32 len;

	if (!dump || text__sz < KREDACT_LABEL_MAX)
		return -EINVAL;
	memset(text, 0, text__sz);
	if (dump->kmm)
		known = kredact_label_text(dump->kmm->labels, label, &len);
	if (!known)
		return -ENOENT;
	memcpy(text, known, len);
	return len;
}

__bpf_kfunc int kredact_bpf_force(const struct kredact_dump_view *view, u32 what)
{
	struct kredact_dump *dump = kredact_view_dump(view);

	if (!dump)
		return -EINVAL;
	/* Somebody wants something stricter that this module does not have: all that it has. */
	if (what & ~KREDACT_RULES_FORCED) {
		dump->rules |= KREDACT_RULES_FORCED;
		return -EINVAL;
	}
	dump->rules |= what;
	return 0;
}

__bpf_kfunc int kredact_bpf_drop_dump(const struct kredact_dump_view *view)
{
	struct kredact_dump *dump = kredact_view_dump(view);

	if (!dump)
		return -EINVAL;
	dump->rules |= KREDACT_RULES_DROPPED;
	return 0;
}

__bpf_kfunc int kredact_bpf_exempt(const struct kredact_dump_view *view)
{
	struct kredact_dump *dump = kredact_view_dump(view);

	if (!dump)
		return -EINVAL;
	if (!dump->kmm)
		return -ENOENT;
	dump->rules |= KREDACT_RULES_REFUSED;
	if (!READ_ONCE(exemptions)) {
		LOG_DUMP(pr_notice_ratelimited, "is not exempted: \"exemptions\" is off");
		return -EPERM;
	}
	if (READ_ONCE(dump->kmm->wants) & KREDACT_GROUP) {
		LOG_DUMP(pr_notice_ratelimited, "is not exempted: it has secrets of its group");
		return -EXDEV;
	}
	dump->rules |= KREDACT_RULES_EXEMPT;
	return 0;
}

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(kredact_rule_kfuncs)
BTF_ID_FLAGS(func, kredact_bpf_range, KF_SLEEPABLE)
BTF_ID_FLAGS(func, kredact_bpf_label)
BTF_ID_FLAGS(func, kredact_bpf_force)
BTF_ID_FLAGS(func, kredact_bpf_drop_dump)
BTF_ID_FLAGS(func, kredact_bpf_exempt)
BTF_KFUNCS_END(kredact_rule_kfuncs)

/* Those that anybody may call who may load a program at all. */
BTF_SET_START(kredact_rule_free)
BTF_ID(func, kredact_bpf_range)
BTF_ID(func, kredact_bpf_label)
BTF_ID(func, kredact_bpf_force)
BTF_ID(func, kredact_bpf_drop_dump)
BTF_SET_END(kredact_rule_free)

BTF_KFUNCS_START(kredact_rule_hooks)
BTF_ID_FLAGS(func, kredact_policy_dump, KF_SLEEPABLE)
BTF_ID_FLAGS(func, kredact_policy_mapping, KF_SLEEPABLE)
BTF_KFUNCS_END(kredact_rule_hooks)

/*
 * Asked by the verifier, in the context of who loads a program: other programs than those
 * of the two hooks run anywhere, and have no view. Whatever is not known to be free
 * takes the capability that changing the policy takes.
 */
static int kredact_rule_filter(const struct bpf_prog *prog, u32 kfunc_id)
{
	if (!btf_id_set8_contains(&kredact_rule_kfuncs, kfunc_id))
		return 0;
	if (prog->type != BPF_PROG_TYPE_TRACING ||
	    prog->expected_attach_type != BPF_MODIFY_RETURN || prog->aux->mod != THIS_MODULE)
		return -EACCES;
	if (btf_id_set_contains(&kredact_rule_free, kfunc_id) || capable(CAP_SYS_ADMIN))
		return 0;
	pr_notice_ratelimited("policy program of user %u (process %d) is refused: to exempt processes takes CAP_SYS_ADMIN\n",
			      from_kuid(&init_user_ns, current_uid()), task_tgid_nr(current));
	return -EACCES;
}

static const struct btf_kfunc_id_set rule_kfunc_set = {
	.owner = THIS_MODULE,
	.set = &kredact_rule_kfuncs,
	.filter = kredact_rule_filter,
};

static const struct btf_kfunc_id_set rule_hook_set = {
	.owner = THIS_MODULE,
	.set = &kredact_rule_hooks,
};

/* Ends with the module's BTF. */
int kredact_rules_init(void)
{
	int ret;

	ret = register_btf_kfunc_id_set(BPF_PROG_TYPE_TRACING, &rule_kfunc_set);
	if (ret)
		return ret;
	return register_btf_fmodret_id_set(&rule_hook_set);
}

#else

static inline int kredact_policy_dump(const struct kredact_dump_view *view)
{
	return 0;
}

static inline int kredact_policy_mapping(const struct kredact_dump_view *view,
					 const struct kredact_mapping_view *mapping)
{
	return 0;
}

int kredact_rules_init(void)
{
	return 0;
}

#endif /* KREDACT_HAVE_KFUNC */

static void kredact_rules_view(struct kredact_dump *dump, u64 ranges)
{
	dump->view = (struct kredact_dump_view) {
		.ranges = ranges,
		.tgid = task_tgid_nr(current),
		.tid = task_pid_nr(current),
		.uid = from_kuid(&init_user_ns, current_uid()),
		.signo = dump->cprm->siginfo->si_signo,
		.hunt = dump->policy.hunt,
		.registers = dump->policy.registers,
		.strict = dump->policy.strict,
	};
	rcu_read_lock();
	dump->view.cgroup = cgroup_id(task_dfl_cgroup(current));
	rcu_read_unlock();
	strscpy(dump->view.comm, current->comm, sizeof(dump->view.comm));
}

static int kredact_ask_mapping(const struct kredact_dump *dump,
			       const struct core_vma_metadata *meta)
{
	struct kredact_mapping_view mapping = { .start = meta->start, .len = meta->dump_size };

	mapping.flags = (meta->flags & VM_READ ? KREDACT_MAPPING_READ : 0) |
			(meta->flags & VM_WRITE ? KREDACT_MAPPING_WRITE : 0) |
			(meta->flags & VM_EXEC ? KREDACT_MAPPING_EXEC : 0) |
			(meta->flags & VM_SHARED ? KREDACT_MAPPING_SHARED : 0);
	if (meta->file) {
		mapping.flags |= KREDACT_MAPPING_FILE;
		mapping.ino = file_inode(meta->file)->i_ino;
		mapping.dev = file_inode(meta->file)->i_sb->s_dev;
	}
	return kredact_policy_mapping(&dump->view, &mapping);
}

/*
 * A mapping that is not wanted is one of which nothing is dumped, as one that
 * coredump_filter does not name: the program headers, made later, say so.
 */
static void kredact_ask_mappings(struct kredact_dump *dump)
{
	struct coredump_params *cprm = dump->cprm;
	struct core_vma_metadata *meta;

	for (meta = cprm->vma_meta; meta < cprm->vma_meta + cprm->vma_count; meta++) {
		if (!meta->dump_size || !kredact_ask_mapping(dump, meta))
			continue;
		cprm->vma_data_size -= meta->dump_size;
		meta->dump_size = 0;
		dump->nr_unwanted++;
	}
}

/* Everything was asked for: what is strictest counts. */
static void kredact_rules_settle(struct kredact_dump *dump)
{
	u32 stricter = dump->rules & (KREDACT_RULES_FORCED | KREDACT_RULES_DROPPED);

	if (dump->rules & KREDACT_RULES_EXEMPT) {
		if (stricter || dump->nr_unwanted) {
			dump->rules &= ~KREDACT_RULES_EXEMPT;
			LOG_DUMP(pr_notice_ratelimited,
				 "is not exempted: another policy program is stricter");
		} else {
			dump->rules &= ~KREDACT_RULES_REFUSED;
			/* One for each dump that shows secrets: none of them is suppressed. */
			LOG_DUMP(pr_notice,
				 "is exempted by a policy program: what it has registered is in it");
		}
	}
	if (dump->rules & KREDACT_RULES_DROPPED)
		LOG_DUMP(pr_notice_ratelimited, "is dropped by a policy program");
}

/* The policy that the dump is written by, after all. */
static void kredact_rules_apply(struct kredact_dump *dump)
{
	struct kredact_policy *policy = &dump->policy;

	if (dump->rules & KREDACT_FORCE_REGISTERS)
		policy->registers = KREDACT_REGISTERS_ALL;
	if (dump->rules & KREDACT_FORCE_HUNT)
		policy->hunt = KREDACT_HUNT_ALL;
	if (dump->rules & KREDACT_FORCE_STRICT)
		policy->strict = 1;
	if (!kredact_rules_lift(dump))
		return;
	/* The secrets of a group are not the process's own. */
	policy->hunt = KREDACT_HUNT_OFF;
	policy->registers = kredact_user_has_groups(current_uid()) ?
			    KREDACT_REGISTERS_MATCHING : KREDACT_REGISTERS_NONE;
	policy->strict = 0;
}

/**
 * kredact_rules_begin() - ask the programs what becomes of a dump
 * @dump:	with its tags and its policy, and in the table of dumps
 * @ranges:	registrations, or U64_MAX if that cannot be told
 *
 * May sleep. Return: false if nothing is to be written.
 */
bool kredact_rules_begin(struct kredact_dump *dump, u64 ranges)
{
	kredact_rules_view(dump, ranges);
	dump->rules_asked = true;
	if (kredact_policy_dump(&dump->view))
		dump->rules |= KREDACT_RULES_DROPPED;
	if (!(dump->rules & KREDACT_RULES_DROPPED))
		kredact_ask_mappings(dump);
	dump->rules_asked = false;
	kredact_rules_settle(dump);
	if (dump->rules & KREDACT_RULES_DROPPED)
		return false;
	kredact_rules_apply(dump);
	return true;
}
