// SPDX-License-Identifier: GPL-2.0
/*
 * Tags the key buffers of programs that use OpenSSL 3, which know nothing of
 * kredact. Sleepable uprobe programs call the module, so that a buffer is
 * tagged before the library gets to write a key into it.
 *
 * OpenSSL says itself which of its buffers are secret: it takes them from
 * CRYPTO_secure_malloc() or CRYPTO_secure_zalloc(), whether the program has set
 * up a secure heap or not. Those are the limbs of every BIGNUM made by
 * BN_secure_new(): d, p, q, dP, dQ and qInv of an RSA key and the scalar of an
 * EC key, when read from DER or PEM or when made; the nonces of ECDSA; and the
 * raw keys of X25519, X448, Ed25519 and Ed448.
 *
 * One more place has to be looked after: the Montgomery contexts in which RSA
 * keeps p and q from its first private operation on are not from there. RR in
 * them is R^2 mod p, of which p can be had back.
 *
 * Documentation/bpf.rst tells what this does not cover, and what it costs.
 *
 * When a tag may end. The library wipes and frees a secret buffer in one
 * function. At its entry the bytes are still there; at its return they are
 * gone, but another thread may have been given the same memory in the meantime
 * and have had it tagged. So a tag ends at the return only, and only if the
 * state in @bufs tells that the address was not taken again (retire()).
 */
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "tag_shared.h"

/* Offered by kredact.ko. Both may sleep. */
extern int kredact_bpf_tag(__u64 addr, __u64 len, __u32 flags) __ksym;
extern int kredact_bpf_untag(__u64 addr) __ksym;

/* Set by the loader before the program is loaded. */
const volatile __u32 only_tgid;			/* 0: every process */
const volatile char only_comm[TAG_COMM_LEN];	/* "": every name */
const volatile __u32 tag_flags;			/* KREDACT_EXACT or 0 */

struct tag_counters counters;

/* OpenSSL's struct bignum_st and struct bn_mont_ctx_st, the same from 3.0 to 3.5. */
struct bignum {
	__u64 d;		/* limbs */
	__s32 top;
	__s32 dmax;		/* length of @d in limbs */
	__s32 neg;
	__s32 flags;
};

#define BN_FLG_STATIC_DATA	0x02
#define BN_FLG_CONSTTIME	0x04
#define BN_FLG_SECURE		0x08

struct bn_mont_ctx {
	__s32 ri;
	struct bignum rr;
	struct bignum n;
};

/* More limbs than OpenSSL makes of any key: what was read is no BIGNUM. */
#define LIMBS_MAX	(1 << 16)

/* A thread's calls that have begun and not returned. */
struct calls {
	__u64 alloc_len;	/* CRYPTO_secure_malloc(), CRYPTO_secure_zalloc() */
	__u64 free_addr;	/* CRYPTO_secure_clear_free() */
	__u64 mont;		/* BN_MONT_CTX_set() of a secret modulus */
	__u64 mont_free[2];	/* BN_MONT_CTX_free(): limbs of RR and N */
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
	__u32 ending;		/* a call of kredact_bpf_untag() is under way */
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

static __always_inline void count(__u64 *counter)
{
	__sync_fetch_and_add(counter, 1);
}

static __always_inline void count_failure(int err)
{
	__u32 i = -err;

	if (i >= TAG_ERRNOS)
		i = 0;
	/* The compiler forgets the bound, so that the mask is not optimised away. */
	barrier_var(i);
	count(&counters.failed[i & (TAG_ERRNOS - 1)]);
}

/* Is this process to be watched? Its name is that of its first thread. */
static __always_inline bool watched(void)
{
	const struct task_struct *leader;
	int i;

	if (only_tgid && only_tgid != bpf_get_current_pid_tgid() >> 32)
		return false;
	if (!only_comm[0])
		return true;
	/* Read directly: the helpers that read the kernel's memory are closed by lockdown. */
	leader = bpf_get_current_task_btf()->group_leader;
	for (i = 0; i < TAG_COMM_LEN; i++) {
		if (leader->comm[i] != only_comm[i])
			return false;
		if (!only_comm[i])
			break;
	}
	return true;
}

/* This thread's calls, or NULL if this process is not to be watched. */
static __always_inline struct calls *begin(void)
{
	if (!watched())
		return NULL;
	return bpf_task_storage_get(&calls, bpf_get_current_task_btf(), NULL,
				    BPF_LOCAL_STORAGE_GET_F_CREATE);
}

/* The same, if begin() made them. */
static __always_inline struct calls *end(void)
{
	return bpf_task_storage_get(&calls, bpf_get_current_task_btf(), NULL, 0);
}

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

static __always_inline void tag(__u64 addr, __u64 len)
{
	struct buf fresh = { .state = BUF_LIVE };
	struct buf_key key;
	struct buf *b;
	int err;

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
	err = kredact_bpf_tag(addr, len, tag_flags);
	if (err) {
		count_failure(err);
		return;
	}
	count(&counters.tagged);
	__sync_fetch_and_add(&counters.bytes, len);
}

/* The buffer's free function has been entered. Return: @addr if it has a tag of ours. */
static __always_inline __u64 freeing(__u64 addr)
{
	struct buf_key key;
	struct buf *b;

	b = addr ? find(&key, addr) : NULL;
	if (!b)
		return 0;
	__sync_lock_test_and_set(&b->state, BUF_FREEING);
	return addr;
}

/* The buffer was wiped and freed. */
static __always_inline void retire(__u64 addr)
{
	struct buf_key key;
	struct buf *b;
	int err;

	b = addr ? find(&key, addr) : NULL;
	if (!b)
		return;
	__sync_fetch_and_add(&b->ending, 1);
	if (__sync_val_compare_and_swap(&b->state, BUF_FREEING, BUF_ENDED) != BUF_FREEING) {
		__sync_fetch_and_add(&b->ending, -1);
		count(&counters.kept);
		return;
	}
	err = kredact_bpf_untag(addr);
	__sync_fetch_and_add(&b->ending, -1);
	if (err)
		count_failure(err);
	else
		count(&counters.untagged);
}

static __always_inline int alloc_entry(__u64 len)
{
	struct calls *c = begin();

	if (c)
		c->alloc_len = len;
	return 0;
}

/*
 * CRYPTO_secure_zalloc() may be a call of CRYPTO_secure_malloc(): the inner one
 * to return takes the length.
 */
static __always_inline int alloc_return(__u64 addr)
{
	struct calls *c = end();
	__u64 len;

	if (!c)
		return 0;
	len = c->alloc_len;
	c->alloc_len = 0;
	if (addr && len)
		tag(addr, len);
	return 0;
}

/* Never attached: loading it tells whether this kernel lets such programs call the module. */
SEC("uprobe.s")
int may_call(void *ctx)
{
	return kredact_bpf_untag(0);
}

SEC("uprobe.s")
int BPF_KPROBE(secure_malloc_entry, __u64 len)
{
	return alloc_entry(len);
}

SEC("uretprobe.s")
int BPF_KRETPROBE(secure_malloc_return, __u64 addr)
{
	return alloc_return(addr);
}

SEC("uprobe.s")
int BPF_KPROBE(secure_zalloc_entry, __u64 len)
{
	return alloc_entry(len);
}

SEC("uretprobe.s")
int BPF_KRETPROBE(secure_zalloc_return, __u64 addr)
{
	return alloc_return(addr);
}

SEC("uprobe.s")
int BPF_KPROBE(secure_free_entry, __u64 addr)
{
	struct calls *c = begin();

	if (c)
		c->free_addr = freeing(addr);
	return 0;
}

SEC("uretprobe.s")
int BPF_KRETPROBE(secure_free_return)
{
	struct calls *c = end();
	__u64 addr;

	if (!c)
		return 0;
	addr = c->free_addr;
	c->free_addr = 0;
	retire(addr);
	return 0;
}

SEC("uprobe.s")
int BPF_KPROBE(mont_set_entry, __u64 mont, __u64 modulus)
{
	struct calls *c = begin();
	struct bignum bn;

	if (!c)
		return 0;
	c->mont = 0;
	if (bpf_copy_from_user(&bn, sizeof(bn), (const void *)modulus)) {
		/* It may be a secret one. Then its tag is missing, and this says so. */
		count(&counters.unread);
		return 0;
	}
	if (bn.flags & (BN_FLG_CONSTTIME | BN_FLG_SECURE))
		c->mont = mont;
	return 0;
}

static __always_inline void tag_limbs(const struct bignum *bn)
{
	if (!bn->d || bn->dmax <= 0 || bn->dmax > LIMBS_MAX || (bn->flags & BN_FLG_STATIC_DATA))
		return;
	tag(bn->d, (__u64)bn->dmax * sizeof(__u64));
}

SEC("uretprobe.s")
int BPF_KRETPROBE(mont_set_return)
{
	struct calls *c = end();
	struct bn_mont_ctx m;
	__u64 mont;

	if (!c || !c->mont)
		return 0;
	mont = c->mont;
	c->mont = 0;
	if (bpf_copy_from_user(&m, sizeof(m), (const void *)mont)) {
		count(&counters.unread);
		return 0;
	}
	tag_limbs(&m.rr);
	tag_limbs(&m.n);
	return 0;
}

SEC("uprobe.s")
int BPF_KPROBE(mont_free_entry, __u64 mont)
{
	struct calls *c = begin();
	struct bn_mont_ctx m;

	if (!c)
		return 0;
	c->mont_free[0] = 0;
	c->mont_free[1] = 0;
	/* What cannot be read keeps its tag. */
	if (!mont || bpf_copy_from_user(&m, sizeof(m), (const void *)mont))
		return 0;
	c->mont_free[0] = freeing(m.rr.d);
	c->mont_free[1] = freeing(m.n.d);
	return 0;
}

SEC("uretprobe.s")
int BPF_KRETPROBE(mont_free_return)
{
	struct calls *c = end();
	__u64 rr, n;

	if (!c)
		return 0;
	rr = c->mont_free[0];
	n = c->mont_free[1];
	c->mont_free[0] = 0;
	c->mont_free[1] = 0;
	retire(rr);
	retire(n);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
