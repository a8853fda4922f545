// SPDX-License-Identifier: GPL-2.0
/* Custody by BPF: loads kredact_custody.bpf.c, and makes records of its events. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "custody_backend.h"
#include "kernel.h"
#include "log.h"
#include "kredact_custody.skel.h"	/* has the types of custody_shared.h */

#define LSM_LIST	"/sys/kernel/security/lsm"

struct state {
	struct kredact_custody_bpf *skel;
	struct ring_buffer *ring;
	__u64 lost, unknown;	/* that the sink was told of */
	int given;
};

static const char *const blind[] = {
	"what was refused before the LSM bpf was asked to open, read or map",
	"reads through a mapping, after the mapping",
	"reads and writes of a process through an open file after its first",
	"the file system's device, read without the file system",
	"marked files outside the folders, until they are marked anew",
	NULL
};

/* Is bpf among the active modules? Without securityfs, the trial below has to tell. */
static bool is_active(void)
{
	char line[256] = "", *word, *rest = line;
	FILE *file = fopen(LSM_LIST, "re");
	bool found = false;

	if (!file)
		return true;
	if (!fgets(line, sizeof(line), file))
		line[0] = '\0';
	fclose(file);
	while (!found && (word = strsep(&rest, ",\n")))
		found = !strcmp(word, "bpf");
	return found;
}

/* Open @path_fd anew in order that the program sees it. Return: see enrol.result. */
static int enrol(struct state *s, int path_fd, const char *id)
{
	struct custody_enrol *e = &s->skel->bss->enrol;
	char name[CUSTODY_FD_NAME];
	int fd, err = 0;

	memcpy(e->id.hex, id, CUSTODY_ID_LEN);
	e->result = 0;
	__atomic_store_n(&e->on, 1, __ATOMIC_SEQ_CST);
	fd = open(custody_fd_name(path_fd, name), O_RDONLY | O_NONBLOCK | O_NOATIME | O_CLOEXEC);
	if (fd < 0)
		err = -errno;
	__atomic_store_n(&e->on, 0, __ATOMIC_SEQ_CST);
	if (fd >= 0)
		close(fd);
	return e->result ?: err;
}

/* A hook that is loaded need not be asked: see that it is, with a file of no name. */
static int try_out(struct state *s)
{
	static const char none[CUSTODY_ID_LEN + 1] = "00000000000000000000000000000000";
	int fd = memfd_create("kredact-custody", MFD_CLOEXEC);
	int got;

	if (fd < 0)
		return -errno;
	got = enrol(s, fd, none);
	if (got == 1) {
		bpf_map_delete_elem(bpf_map__fd(s->skel->maps.known), &s->skel->bss->enrol.key);
		/* Somebody may be marking a file at this moment. */
		__atomic_fetch_sub(&s->skel->bss->nr_known, 1, __ATOMIC_SEQ_CST);
	}
	close(fd);
	return got == 1 ? 0 : got < 0 ? got : -EOPNOTSUPP;
}

/* Return: its path in @room, or NULL. */
static const char *path_of(struct custody *c, const struct custody_path *from, char *room)
{
	return custody_mounts_path(c->mounts, from, room, 2 * PATH_MAX);
}

static void set_who(struct custody *c, struct custody_who *who, const struct custody_event *ev,
		    char *exe, char *cgroup)
{
	who->start_ns = ev->start_ns;
	who->pid = ev->pid;
	who->tid = ev->tid;
	who->ppid = ev->ppid;
	who->ns_pid = ev->ns_pid;
	who->uid = ev->uid;
	who->euid = ev->euid;
	who->gid = ev->gid;
	who->egid = ev->egid;
	who->login_uid = ev->login_uid;
	who->session = ev->session;
	who->pid_ns = ev->pid_ns;
	who->mnt_ns = ev->mnt_ns;
	who->kthread = ev->flags & CUSTODY_KTHREAD;
	memcpy(who->comm, ev->comm, CUSTODY_COMM_LEN);
	if (!(ev->flags & CUSTODY_NO_EXE))
		who->exe = path_of(c, &ev->exe, exe);
	who->cgroup = custody_join(&ev->cgroup, cgroup, PATH_MAX);
	if (who->kthread)
		who->unidentified = CUSTODY_IS_KTHREAD;
	else if (ev->flags & CUSTODY_NO_NS)
		who->unidentified = "the process is ending: no namespaces";
	else if (ev->flags & CUSTODY_NO_EXE)
		who->unidentified = CUSTODY_HAS_NO_EXE;
}

static int on_event(void *arg, void *data, size_t size)
{
	char path[2 * PATH_MAX], new_path[2 * PATH_MAX], exe[2 * PATH_MAX], cgroup[PATH_MAX];
	const struct custody_event *ev = data;
	struct custody_record rec = {};
	struct custody *c = arg;
	struct state *s = c->state;

	if (size != sizeof(*ev))
		return 0;
	rec.op = ev->op;
	rec.boot_ns = ev->boot_ns;
	rec.realtime_ns = custody_realtime(ev->boot_ns);
	memcpy(rec.id, ev->id.hex, CUSTODY_ID_LEN);
	memcpy(rec.other_id, ev->other_id.hex, CUSTODY_ID_LEN);
	rec.path = path_of(c, &ev->path, path);
	rec.new_path = path_of(c, &ev->new_path, new_path);
	rec.dev = ev->file.dev;
	rec.ino = ev->file.ino;
	/* Where the LSM is asked nobody knows yet what comes of it, unless it refuses. */
	rec.has_result = ev->op >= CUSTODY_RENAME || ev->result;
	rec.result = ev->result;
	rec.detail = ev->detail;
	rec.deleted = ev->flags & CUSTODY_DELETED;
	set_who(c, &rec.who, ev, exe, cgroup);
	c->sink.record(c->sink.arg, &rec);
	s->given++;
	return 0;
}

static int load(struct custody *c, const struct custody_opts *opts, char *why)
{
	LIBBPF_OPTS(bpf_test_run_opts, run);
	struct state *s = c->state;
	int err;

	s->skel = kredact_custody_bpf__open();
	if (!s->skel)
		return -ENOMEM;
	if (opts->ring_kib)
		bpf_map__set_max_entries(s->skel->maps.ring, opts->ring_kib * 1024);
	err = kredact_custody_bpf__load(s->skel);
	if (err) {
		snprintf(why, CUSTODY_WHY, "the kernel refused the programs: %s", strerror(-err));
		return err == -EPERM ? err : -EOPNOTSUPP;
	}
	err = bpf_prog_test_run_opts(bpf_program__fd(s->skel->progs.remember_self), &run);
	bpf_program__set_autoattach(s->skel->progs.remember_self, false);
	if (!err)
		err = kredact_custody_bpf__attach(s->skel);
	if (err) {
		snprintf(why, CUSTODY_WHY, "a program could not be attached: %s", strerror(-err));
		return -EOPNOTSUPP;
	}
	return 0;
}

static int bpf_backend_open(struct custody *c, const struct custody_opts *opts, char *why)
{
	struct state *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return -ENOMEM;
	c->state = s;
	bpf_log_to(opts->log);
	if (access(KERNEL_BTF, R_OK)) {
		snprintf(why, CUSTODY_WHY, "this kernel has no BTF");
		return -EOPNOTSUPP;
	}
	if (!is_active()) {
		snprintf(why, CUSTODY_WHY, "bpf is not among the active security modules, see "
			 LSM_LIST);
		return -EOPNOTSUPP;
	}
	err = load(c, opts, why);
	if (err)
		return err;
	err = try_out(s);
	if (err) {
		snprintf(why, CUSTODY_WHY, "the kernel does not ask the program: is bpf among the "
			 "active security modules?");
		return err;
	}
	s->ring = ring_buffer__new(bpf_map__fd(s->skel->maps.ring), on_event, c, NULL);
	if (!s->ring)
		return -ENOMEM;
	return custody_wait_for(c, ring_buffer__epoll_fd(s->ring));
}

static int bpf_backend_know(struct custody *c, int path_fd, const struct custody_mark *mark)
{
	int got = enrol(c->state, path_fd, mark->id);

	if (!got)
		return -EIO;
	return got == 2 ? 0 : got;
}

static int bpf_backend_poll(struct custody *c)
{
	struct state *s = c->state;
	const volatile struct custody_counters *n = &s->skel->bss->counters;
	__u64 lost, unknown;
	int err;

	s->given = 0;
	err = ring_buffer__consume(s->ring);
	lost = n->lost;
	if (lost != s->lost)
		c->sink.lost(c->sink.arg, lost - s->lost, "the ring was full");
	s->lost = lost;
	unknown = n->unknown;
	if (unknown != s->unknown)
		custody_note(c, "error", NULL, NULL,
			     "%llu files were marked and are not watched: too many",
			     (unsigned long long)(unknown - s->unknown));
	s->unknown = unknown;
	return err < 0 ? err : s->given;
}

static void bpf_backend_close(struct custody *c)
{
	struct state *s = c->state;

	c->state = NULL;
	if (!s)
		return;
	ring_buffer__free(s->ring);
	kredact_custody_bpf__destroy(s->skel);
	free(s);
	bpf_log_to(NULL);
}

const struct custody_backend custody_bpf = {
	.name = "bpf",
	.blind = blind,
	.open = bpf_backend_open,
	.know = bpf_backend_know,
	.poll = bpf_backend_poll,
	.close = bpf_backend_close,
};
