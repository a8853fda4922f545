// SPDX-License-Identifier: GPL-2.0
/*
 * Records who does what to dump files that are known. It records only: every
 * program of the LSM passes on what was decided before it.
 *
 * A file is known by device, inode number and generation. It becomes known when
 * the watcher opens it to that end (struct custody_enrol), or when anybody sets
 * the mark on it, which takes CAP_SYS_ADMIN; it is forgotten when the mark is
 * removed and when its inode is freed without a name.
 *
 * Opening, reading and mapping are recorded where the LSM is asked, as permitted.
 * What changes a name or an attribute is recorded when it returns, with its
 * result, and also if it was refused. Of a rename and an unlink the LSM's hooks
 * note the names before, as they are lost afterwards.
 *
 * Documentation/custody.rst tells what this does not see, and what it costs.
 */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "custody_who.bpf.h"

#define CUSTODY_EEXIST	17	/* of errno.h, which is in no BTF */
#define S_IFMT		0170000
#define S_IFREG		0100000
#define FMODE_EXEC	0x20		/* in f_flags: opened to be executed */
#define MAY_WRITE	2
#define MAY_READ	4

/* A process has done something through an open file. */
struct seen_key {
	__u64 file;
	__u64 serial;
	__u32 tgid;
	__u32 op;
};

/* A rename or an unlink that has begun. */
struct begun {
	__u64 dentry;
	struct custody_event event;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, CUSTODY_FILES);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct custody_key);
	__type(value, struct custody_id);
} known SEC(".maps");

/* Open files of known files: the address is used again, so each has a number. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, __u64);
} serials SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct seen_key);
	__type(value, __u8);
} seen SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct begun);
} begun SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 23);
} ring SEC(".maps");

struct custody_counters counters;
struct custody_enrol enrol;
__u64 nr_known;		/* never less than there are */
__u64 last_serial;
__u32 self_tgid;	/* the watcher */

static __always_inline void count(__u64 *counter)
{
	__sync_fetch_and_add(counter, 1);
}

static __always_inline bool is_self(void)
{
	return bpf_get_current_pid_tgid() >> 32 == self_tgid;
}

static __always_inline void key_of(struct custody_key *key, const struct inode *inode)
{
	key->ino = inode->i_ino;
	key->dev = inode->i_sb->s_dev;
	key->gen = inode->i_generation;
}

/* What the dump is called, or NULL for any other file. */
static __always_inline const struct custody_id *find(struct custody_key *key,
						     const struct inode *inode)
{
	if (!nr_known || (inode->i_mode & S_IFMT) != S_IFREG)
		return NULL;
	key_of(key, inode);
	return bpf_map_lookup_elem(&known, key);
}

static __always_inline int learn(const struct custody_key *key, const struct custody_id *id)
{
	int err;

	count(&nr_known);
	err = bpf_map_update_elem(&known, key, id, BPF_ANY);
	if (err)
		count(&counters.unknown);
	return err;
}

/* All of an event but the file and its names. */
static __noinline int set_event(struct custody_event *ev, __u32 op, int result, __u32 detail)
{
	if (!ev)
		return 0;
	ev->boot_ns = bpf_ktime_get_boot_ns();
	ev->op = op;
	ev->result = result;
	ev->flags = 0;
	ev->detail = detail;
	set_task(ev);
	return 0;
}

static __always_inline void set_file(struct custody_event *ev, const struct custody_key *key,
				     const struct custody_id *id, const struct inode *inode)
{
	ev->file = *key;
	ev->id = *id;
	__builtin_memset(&ev->other_id, 0, sizeof(ev->other_id));
	if (!BPF_CORE_READ(inode, __i_nlink))
		ev->flags |= CUSTODY_DELETED;
}

/* An event about one file, with one name or two. */
static __always_inline void emit(__u32 op, int result, __u32 detail, const struct custody_key *key,
				 const struct custody_id *id, const struct inode *inode,
				 const struct dentry *dentry, const struct dentry *new_dentry)
{
	struct custody_event *ev;

	if (is_self())
		return;
	ev = bpf_ringbuf_reserve(&ring, sizeof(*ev), 0);
	if (!ev) {
		count(&counters.lost);
		return;
	}
	set_event(ev, op, result, detail);
	set_file(ev, key, id, inode);
	set_path(&ev->path, dentry);
	set_path(&ev->new_path, new_dentry);
	bpf_ringbuf_submit(ev, 0);
	count(&counters.events);
}

/* A number for an open file that has none, or that of another one. */
static __always_inline __u64 number_file(__u64 file)
{
	__u64 serial = __sync_fetch_and_add(&last_serial, 1) + 1;

	bpf_map_update_elem(&serials, &file, &serial, BPF_ANY);
	return serial;
}

/* The first time that this process does this through this open file? */
static __always_inline bool is_first(const struct file *file, __u32 op)
{
	struct seen_key key = { .file = (__u64)file, .op = op };
	__u64 *serial;
	__u8 one = 1;
	int err;

	serial = bpf_map_lookup_elem(&serials, &key.file);
	/* Without one it was opened before the watcher was there, or is long unused. */
	key.serial = serial ? *serial : number_file(key.file);
	key.tgid = bpf_get_current_pid_tgid() >> 32;
	/* Before 6.4 what the verifier calls returns an int: half of the register is anything. */
	err = bpf_map_update_elem(&seen, &key, &one, BPF_NOEXIST);
	/* Under contention there may be no room: then it is told twice. */
	return err != -CUSTODY_EEXIST;
}

SEC("lsm/file_open")
int BPF_PROG(file_open, struct file *file, int ret)
{
	struct inode *inode = file->f_inode;
	const struct custody_id *id;
	struct custody_key key = {};

	if (enrol.on && is_self() && (inode->i_mode & S_IFMT) == S_IFREG) {
		key_of(&key, inode);
		enrol.key = key;
		enrol.result = bpf_map_lookup_elem(&known, &key) ? 2 : 1;
		if (enrol.result == 1) {
			struct custody_id fresh = enrol.id;
			int err = learn(&key, &fresh);

			if (err)
				enrol.result = err;
		}
		return ret;
	}
	id = find(&key, inode);
	if (!id)
		return ret;
	number_file((__u64)file);
	emit(file->f_flags & FMODE_EXEC ? CUSTODY_EXEC : CUSTODY_OPEN, ret, file->f_flags, &key, id,
	     inode, file->f_path.dentry, NULL);
	return ret;
}

/* Reads and writes of every kind: also splice, sendfile, copy_file_range and reflinks. */
SEC("lsm/file_permission")
int BPF_PROG(file_permission, struct file *file, int mask, int ret)
{
	const struct custody_id *id;
	struct custody_key key = {};
	__u32 op = mask & MAY_WRITE ? CUSTODY_WRITE : CUSTODY_READ;

	if (!(mask & (MAY_READ | MAY_WRITE)))
		return ret;
	id = find(&key, file->f_inode);
	if (id && is_first(file, op))
		emit(op, ret, 0, &key, id, file->f_inode, file->f_path.dentry, NULL);
	return ret;
}

SEC("lsm/mmap_file")
int BPF_PROG(mmap_file, struct file *file, unsigned long reqprot, unsigned long prot,
	     unsigned long flags, int ret)
{
	const struct custody_id *id;
	struct custody_key key = {};

	/* Anonymous memory has no file. */
	if (!file)
		return ret;
	id = find(&key, file->f_inode);
	if (id && is_first(file, CUSTODY_MMAP))
		emit(CUSTODY_MMAP, ret, prot, &key, id, file->f_inode, file->f_path.dentry, NULL);
	return ret;
}

/* Note the names of what is about to be renamed or unlinked. */
static __always_inline void begin(__u32 op, const struct dentry *dentry,
				  const struct dentry *new_dentry)
{
	const struct inode *inode = dentry->d_inode;
	const struct custody_id *id, *other = NULL;
	struct custody_key key = {}, other_key = {};
	__u32 found = 0;
	struct begun *b;

	id = find(&key, inode);
	if (id)
		found = 1;
	/* Two pointers must not become one test: the verifier refuses to have them ORed. */
	barrier_var(found);
	if (new_dentry && new_dentry->d_inode)
		other = find(&other_key, new_dentry->d_inode);
	if (other)
		found |= 2;
	barrier_var(found);
	if (!found || is_self())
		return;
	b = bpf_task_storage_get(&begun, bpf_get_current_task_btf(), NULL,
				 BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!b) {
		count(&counters.lost);
		return;
	}
	b->dentry = (__u64)dentry;
	set_event(&b->event, op, 0, 0);
	__builtin_memset(&b->event.id, 0, sizeof(b->event.id));
	__builtin_memset(&b->event.other_id, 0, sizeof(b->event.other_id));
	key_of(&b->event.file, inode);
	if (id)
		b->event.id = *id;
	if (other)
		b->event.other_id = *other;
	set_path(&b->event.path, dentry);
	set_path(&b->event.new_path, new_dentry);
}

/* It was done, or not. Return: whether begin() had noted it. */
static __always_inline bool end(const struct dentry *dentry, int result)
{
	struct begun *b;

	b = bpf_task_storage_get(&begun, bpf_get_current_task_btf(), NULL, 0);
	if (!b || b->dentry != (__u64)dentry)
		return false;
	b->dentry = 0;
	b->event.result = result;
	if (bpf_ringbuf_output(&ring, &b->event, sizeof(b->event), 0))
		count(&counters.lost);
	else
		count(&counters.events);
	return true;
}

SEC("lsm/inode_rename")
int BPF_PROG(inode_rename, struct inode *old_dir, struct dentry *old_dentry, struct inode *new_dir,
	     struct dentry *new_dentry, int ret)
{
	begin(CUSTODY_RENAME, old_dentry, new_dentry);
	return ret;
}

SEC("lsm/inode_unlink")
int BPF_PROG(inode_unlink, struct inode *dir, struct dentry *dentry, int ret)
{
	begin(CUSTODY_UNLINK, dentry, NULL);
	return ret;
}

/* Something came of a name, if it is a known file's. */
static __always_inline void emit_name(__u32 op, int result, __u32 detail,
				      const struct dentry *dentry,
				      const struct dentry *new_dentry)
{
	const struct inode *inode = dentry->d_inode;
	const struct custody_id *id;
	struct custody_key key = {};

	if (!inode)
		return;
	id = find(&key, inode);
	if (id)
		emit(op, result, detail, &key, id, inode, dentry, new_dentry);
}

/* Without a begin() somebody refused it before our hook was asked: the names are the same. */
SEC("fexit/vfs_rename")
int BPF_PROG(rename_done, struct renamedata *rd, int result)
{
	if (!end(rd->old_dentry, result) && result)
		emit_name(CUSTODY_RENAME, result, 0, rd->old_dentry, rd->new_dentry);
	return 0;
}

SEC("fexit/vfs_unlink")
int BPF_PROG(unlink_done, void *idmap, struct inode *dir, struct dentry *dentry,
	     struct inode **delegated, int result)
{
	if (!end(dentry, result) && result)
		emit_name(CUSTODY_UNLINK, result, 0, dentry, NULL);
	return 0;
}

SEC("fexit/vfs_link")
int BPF_PROG(link_done, struct dentry *old_dentry, void *idmap, struct inode *dir,
	     struct dentry *new_dentry, struct inode **delegated, int result)
{
	emit_name(CUSTODY_LINK, result, 0, old_dentry, new_dentry);
	return 0;
}

SEC("fexit/notify_change")
int BPF_PROG(attrib_done, void *idmap, struct dentry *dentry, struct iattr *attr,
	     struct inode **delegated, int result)
{
	emit_name(CUSTODY_ATTRIB, result, attr->ia_valid, dentry, NULL);
	return 0;
}

/* Is it the mark's name? */
static __always_inline bool is_mark(const char *name)
{
	const char mark[] = CUSTODY_ATTR;
	char is[sizeof(mark)];
	__u32 i;

	if (bpf_probe_read_kernel_str(is, sizeof(is), name) != sizeof(mark))
		return false;
	for (i = 0; i < sizeof(mark); i++)
		if (is[i] != mark[i])
			return false;
	return true;
}

SEC("fexit/vfs_setxattr")
int BPF_PROG(setxattr_done, void *idmap, struct dentry *dentry, const char *name,
	     void *value, size_t size, int flags, int result)
{
	struct inode *inode = dentry->d_inode;
	const struct custody_id *id;
	__u64 from = 0;
	struct custody_key key = {};
	struct {
		char prefix[CUSTODY_PREFIX_LEN];
		struct custody_id id;
		char space;
	} to = {};

	if ((inode->i_mode & S_IFMT) != S_IFREG || !is_mark(name))
		return 0;
	key_of(&key, inode);
	/* The verifier takes no argument that points to const void. */
	if (!result && size > sizeof(to) && !bpf_get_func_arg(ctx, 3, &from) &&
	    !bpf_probe_read_kernel(&to, sizeof(to), (const void *)from) &&
	    to.prefix[0] == 'v' && to.prefix[1] == '1' && to.space == ' ') {
		/* The watcher opens what it has marked. */
		if (!is_self())
			learn(&key, &to.id);
		emit(CUSTODY_MARK, result, 0, &key, &to.id, inode, dentry, NULL);
		return 0;
	}
	id = bpf_map_lookup_elem(&known, &key);
	if (id)
		emit(CUSTODY_MARK, result ?: -22 /* EINVAL */, 0, &key, id, inode, dentry, NULL);
	return 0;
}

SEC("fexit/vfs_removexattr")
int BPF_PROG(removexattr_done, void *idmap, struct dentry *dentry, const char *name,
	     int result)
{
	const struct custody_id *id;
	struct custody_key key = {};

	id = find(&key, dentry->d_inode);
	if (!id || !is_mark(name))
		return 0;
	emit(CUSTODY_UNMARK, result, 0, &key, id, dentry->d_inode, dentry, NULL);
	if (!result)
		bpf_map_delete_elem(&known, &key);
	return 0;
}

/* The inode leaves memory. Without a name it leaves the disk, too. */
SEC("lsm/inode_free_security")
int BPF_PROG(inode_freed, struct inode *inode)
{
	struct custody_key key = {};

	if (!nr_known || inode->__i_nlink || (inode->i_mode & S_IFMT) != S_IFREG)
		return 0;
	key_of(&key, inode);
	bpf_map_delete_elem(&known, &key);
	return 0;
}

/* Run once by the loader: who it is in the initial pid namespace. */
SEC("syscall")
int remember_self(void *ctx)
{
	self_tgid = bpf_get_current_pid_tgid() >> 32;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
