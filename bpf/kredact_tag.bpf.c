// SPDX-License-Identifier: GPL-2.0
/*
 * Tags the key buffers of programs that know nothing of kredact, at the calls of
 * library functions that a table names (bpf/probes, probe.h).
 *
 * Compiled three times. As it is, sleepable uprobe programs call the module, so that a
 * buffer is tagged before the library gets to write a key into it; that needs Linux
 * 6.12. With KREDACT_TAG_EVENTS the daemon is in the path: it reads from a ring what
 * there is to tag, and calls the module (events.c). There is a window then. With
 * KREDACT_TAG_MAP there is no module: tags are in maps (pages.bpf.h).
 *
 * When a tag may end. A library wipes and frees a secret buffer in one function. At its
 * entry the bytes are still there; at its return they are gone, but another thread may
 * have been given the same memory in the meantime and have had it tagged. So a tag ends
 * after the return only, and only if the state in @bufs tells that the address was not
 * taken again (retire()).
 *
 * The return itself is not probed: that costs more than all the rest. The thread ends the
 * tag when it comes to a probe with its stack less deep than at the entry (settle()): as deep
 * is a function that the other one has jumped to as its last act.
 */
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "probe.h"
#ifdef KREDACT_TAG_MAP
#include "pages.bpf.h"
#endif

/* In sections of their own: the loader finds them by the names of these. */
const volatile struct probe_settings settings SEC(".rodata.settings");
struct probe_counters counters SEC(".data.counters");

static __always_inline void count(__u64 *counter)
{
	__sync_fetch_and_add(counter, 1);
}

#include "filter.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, PROBES_MAX);
	__type(key, __u32);
	__type(value, struct key_probe);
} probes SEC(".maps");

/* A call that has begun, of a function whose return is probed as well. */
struct call {
	__u64 sp;		/* at its entry; 0: none */
	__u32 first;		/* of its probes */
	__u32 flags;		/* of its tags */
	__u64 args[PROBE_ARGS];
};

/* A buffer that a function was entered to wipe and free. */
struct release {
	__u64 sp;		/* at its entry; 0: none */
	__u64 addr;
};

#define CALLS		8	/* inside each other, in one thread; a power of two */
#define RELEASES	16	/* likewise, and of those whose tags have not been ended yet */
/* A stack that is further up is another one. */
#define STACK_STEP	(1 << 20)

struct calls {
	struct call call[CALLS];
	struct release release[RELEASES];
	__u32 oldest_call;
	__u32 oldest_release;
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct calls);
} calls SEC(".maps");

struct buf_key {
	__u64 addr;
	__u32 tgid;
	__u32 pad;
};

enum {
	BUF_LIVE	= 1,
	BUF_FREEING	= 2,	/* its free function has been entered */
	BUF_ENDED	= 3,
};

struct buf {
	__u32 state;
	__u32 ending;		/* its tag is being ended */
};

/*
 * Tagged buffers. When it is full the buffer that was not used for the longest
 * time is forgotten: its tag does not end with the buffer, but with the memory.
 * Nothing worse comes of an entry that is given to another buffer while a
 * program still holds a pointer to it: each change of state can only keep a tag.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct buf_key);
	__type(value, struct buf);
} bufs SEC(".maps");

#ifdef KREDACT_TAG_EVENTS

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} events SEC(".maps");

/* @label: NULL if the tag is to end. */
static __always_inline void submit(__u64 addr, __u64 len, __u32 flags, const char *label)
{
	struct probe_event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event) {
		count(&counters.lost);
		return;
	}
	*event = (struct probe_event){
		.ns = bpf_ktime_get_ns(),
		.start_ns = bpf_get_current_task_btf()->group_leader->start_boottime,
		.addr = addr,
		.len = len,
		.tgid = bpf_get_current_pid_tgid() >> 32,
		.flags = flags,
	};
	if (label)
		__builtin_memcpy(event->label, label, sizeof(event->label));
	bpf_ringbuf_submit(event, 0);
}

/* What came of it the daemon counts. */
static __always_inline void make_tag(__u64 addr, __u64 len, __u32 flags, const char *label)
{
	submit(addr, len, flags, label);
}

static __always_inline void end_tag(__u64 addr)
{
	submit(addr, 0, 0, NULL);
}

#else

#ifdef KREDACT_TAG_MAP

/* No seal names what is tagged so. */
#define TAG(addr, len, flags, label)	pages_tag(addr, len, flags)
#define UNTAG				pages_untag

#else

/* Offered by kredact.ko. Both may sleep. */
extern int kredact_bpf_tag(__u64 addr, __u64 len, __u32 flags, const char *label,
			   __u32 label__sz) __ksym;
extern int kredact_bpf_untag(__u64 addr) __ksym;

#define TAG(addr, len, flags, label)	\
	kredact_bpf_tag(addr, len, flags, label, PROBE_LABEL_LEN)
#define UNTAG	kredact_bpf_untag

#endif

static __always_inline void count_failure(int err)
{
	__u32 i = -err;

	if (i >= PROBE_ERRNOS)
		i = 0;
	/* The compiler forgets the bound, so that the mask is not optimised away. */
	barrier_var(i);
	count(&counters.failed[i & (PROBE_ERRNOS - 1)]);
}

static __always_inline void make_tag(__u64 addr, __u64 len, __u32 flags, const char *label)
{
	int err = TAG(addr, len, flags, label);

	if (err) {
		count_failure(err);
		return;
	}
	count(&counters.tagged);
	__sync_fetch_and_add(&counters.bytes, len);
}

static __always_inline void end_tag(__u64 addr)
{
	int err = UNTAG(addr);

	if (err)
		count_failure(err);
	else
		count(&counters.untagged);
}

#endif

static __always_inline struct buf *find(struct buf_key *key, __u64 addr)
{
	key->addr = addr;
	key->tgid = bpf_get_current_pid_tgid() >> 32;
	key->pad = 0;
	return bpf_map_lookup_elem(&bufs, key);
}

static long still_ending(__u32 i, struct buf **b)
{
	return !__sync_fetch_and_add(&(*b)->ending, 0);
}

#define ENDING_SPINS	(1 << 20)

static __noinline void tag(__u64 addr, __u64 len, __u32 flags, const char *label)
{
	struct buf fresh = { .state = BUF_LIVE };
	struct buf_key key;
	struct buf *b;

	b = find(&key, addr);
	if (!b) {
		bpf_map_update_elem(&bufs, &key, &fresh, BPF_ANY);
	} else {
		/*
		 * After this a retire() that has not come as far as to end the
		 * old tag will not. One that has must be done before the new
		 * tag is made, lest it end that one.
		 */
		__sync_lock_test_and_set(&b->state, BUF_LIVE);
		if (bpf_loop(ENDING_SPINS, still_ending, &b, 0) == ENDING_SPINS)
			count(&counters.waited_out);
	}
	make_tag(addr, len, flags, label);
}

/* What the probes of one call work with. */
struct probed {
	__u64 args[PROBE_ARGS];
	__u64 result;
	__u64 sp;		/* at the entry */
	__u32 first;
	__u32 flags;		/* of the tags */
	bool returned;
};

/* The buffer was wiped and freed. */
static __noinline void retire(__u64 addr)
{
	struct buf_key key;
	struct buf *b;
	__u32 old;

	b = addr ? find(&key, addr) : NULL;
	if (!b)
		return;
	__sync_fetch_and_add(&b->ending, 1);
	old = __sync_val_compare_and_swap(&b->state, BUF_FREEING, BUF_ENDED);
	if (old == BUF_FREEING)
		end_tag(addr);
	else if (old == BUF_LIVE)	/* else by a function that this one has called */
		count(&counters.kept);
	__sync_fetch_and_add(&b->ending, -1);
}

static long settle_one(__u32 i, struct probed *c)
{
	struct calls *mine = bpf_task_storage_get(&calls, bpf_get_current_task_btf(), NULL, 0);
	struct release *r;

	if (!mine || i >= RELEASES)
		return 1;
	r = &mine->release[i];
	if (!r->sp || c->sp - r->sp - 1 >= STACK_STEP)
		return 0;
	r->sp = 0;
	retire(r->addr);
	return 0;
}

/* End the tags of buffers whose functions have returned, as the stack tells. */
static __always_inline void settle(struct probed *c)
{
	bpf_loop(RELEASES, settle_one, c, 0);
}

static __always_inline struct calls *my_calls(void)
{
	return bpf_task_storage_get(&calls, bpf_get_current_task_btf(), NULL,
				    BPF_LOCAL_STORAGE_GET_F_CREATE);
}

/* The function that frees a buffer has been entered. */
static __noinline void release(__u64 addr, __u64 sp)
{
	struct calls *mine;
	struct release *r = NULL;
	struct buf_key key;
	struct buf *b;
	int i;

	b = addr ? find(&key, addr) : NULL;
	if (!b || __sync_val_compare_and_swap(&b->state, BUF_LIVE, BUF_FREEING) == BUF_ENDED)
		return;
	mine = my_calls();
	if (!mine)
		return;
	for (i = 0; i < RELEASES && !r; i++)
		if (!mine->release[i].sp)
			r = &mine->release[i];
	/* The tag of the one that gives way stays, as long as its memory. */
	if (!r)
		r = &mine->release[mine->oldest_release++ & (RELEASES - 1)];
	r->addr = addr;
	r->sp = sp;
}

static __always_inline __u64 argument(const struct probed *c, __u8 nr)
{
	__u32 i = nr - 1u;

	return i < PROBE_ARGS ? c->args[i] : 0;
}

/* A value in a call. Return: 0, or -1 if memory could not be read. */
static __noinline int evaluate(const struct probe_value *v, const struct probed *c, __u64 *out)
{
	__u64 value = v->base == PROBE_RESULT ? c->result : argument(c, v->base);
	__u32 i;

	for (i = 0; i < PROBE_READS && i < v->nr_reads; i++) {
		const void *at = (const void *)(value + v->add[i]);
		__u64 bytes = 0;
		long err;

		/* A pointer that is not there points to no secret. */
		if (!value)
			break;
		switch (v->size[i]) {
		case 1:
			err = bpf_copy_from_user(&bytes, 1, at);
			break;
		case 2:
			err = bpf_copy_from_user(&bytes, 2, at);
			break;
		case 4:
			err = bpf_copy_from_user(&bytes, 4, at);
			break;
		default:
			err = bpf_copy_from_user(&bytes, 8, at);
		}
		if (err)
			return -1;
		value = bytes;
	}
	if (i < v->nr_reads && i < PROBE_READS) {
		*out = 0;
		return 0;
	}
	if (v->by)
		value *= argument(c, v->by);
	*out = value * v->times + v->add[PROBE_READS];
	return 0;
}

static __noinline void tag_probed(const struct key_probe *p, const struct probed *c)
{
	__u64 addr, len;

	/* It may be a secret. Then its tag is missing, and this says so. */
	if (evaluate(&p->address, c, &addr) || evaluate(&p->length, c, &len)) {
		count(&counters.unread);
		return;
	}
	if (!addr || !len)
		return;
	if (len > p->most)
		count(&counters.refused);
	else
		tag(addr, len, c->flags | p->flags, p->label);
}

/* The probe @i of those of a call, at its entry or at its return. */
static long run_probe(__u32 i, struct probed *c)
{
	__u32 key = c->first + i;
	const struct key_probe *p = bpf_map_lookup_elem(&probes, &key);
	__u64 value;

	if (!p || i >= PROBE_MOST)
		return 1;
	if (p->action == PROBE_RELEASE) {
		/* What cannot be read keeps its tag. */
		if (!c->returned && !evaluate(&p->address, c, &value))
			release(value, c->sp);
		return 0;
	}
	if (p->at_return != c->returned)
		return 0;
	if (p->mask) {
		if (evaluate(&p->when, c, &value))
			count(&counters.unread);
		else if (!(value & p->mask))
			return 0;
	}
	tag_probed(p, c);
	return 0;
}

/* Keeps what the return of a call needs. */
static __always_inline void begin(const struct probed *c)
{
	struct calls *mine = my_calls();
	struct call *call = NULL;
	int i;

	if (!mine) {
		count(&counters.forgotten);
		return;
	}
	for (i = 0; i < CALLS && !call; i++)
		if (!mine->call[i].sp || mine->call[i].sp == c->sp)
			call = &mine->call[i];
	if (!call) {
		/* Others ended by a jump, or by the end of a stack. */
		call = &mine->call[mine->oldest_call++ & (CALLS - 1)];
		count(&counters.forgotten);
	}
	call->sp = c->sp;
	call->first = c->first;
	call->flags = c->flags;
	__builtin_memcpy(call->args, c->args, sizeof(call->args));
}

/* Never attached: loading it tells whether this kernel lets such programs do what they do. */
SEC("uprobe.s")
int may_tag(void *ctx)
{
	end_tag(0);
	return 0;
}

SEC("uprobe.s")
int enter(struct pt_regs *ctx)
{
	__u64 cookie = bpf_get_attach_cookie(ctx);
	struct probed c = { .first = PROBE_COOKIE_FIRST(cookie) };

	if (!watched(cookie, &c.flags))
		return 0;
	c.sp = PT_REGS_SP(ctx);
	settle(&c);
	c.args[0] = PT_REGS_PARM1(ctx);
	c.args[1] = PT_REGS_PARM2(ctx);
	c.args[2] = PT_REGS_PARM3(ctx);
	c.args[3] = PT_REGS_PARM4(ctx);
	c.args[4] = PT_REGS_PARM5(ctx);
	c.args[5] = ctx->r9;	/* PT_REGS_PARM6 is of libbpf 1.2 */
	bpf_loop(PROBE_COOKIE_NR(cookie), run_probe, &c, 0);
	if (PROBE_COOKIE_RETURNS(cookie))
		begin(&c);
	return 0;
}

/* The stack is as it was before the call, and the address of the return is taken off it. */
SEC("uretprobe.s")
int leave(struct pt_regs *ctx)
{
	__u64 cookie = bpf_get_attach_cookie(ctx);
	struct probed c = {
		.first = PROBE_COOKIE_FIRST(cookie),
		.returned = true,
		.sp = PT_REGS_SP(ctx) - sizeof(__u64),
	};
	struct calls *mine;
	int i;

	/* A call that was not watched at its entry is none. */
	mine = bpf_task_storage_get(&calls, bpf_get_current_task_btf(), NULL, 0);
	if (!mine)
		return 0;
	settle(&c);
	for (i = 0; i < CALLS; i++) {
		struct call *call = &mine->call[i];

		if (call->sp != c.sp || call->first != c.first)
			continue;
		call->sp = 0;
		c.flags = call->flags;
		__builtin_memcpy(c.args, call->args, sizeof(c.args));
		c.result = PT_REGS_RC(ctx);
		bpf_loop(PROBE_COOKIE_NR(cookie), run_probe, &c, 0);
		return 0;
	}
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
