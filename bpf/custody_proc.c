// SPDX-License-Identifier: GPL-2.0
/* Who a process is: see custody_proc.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "custody_proc.h"
#include "kernel.h"

static FILE *open_file(pid_t pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	return fopen(path, "re");
}

static __u32 read_number(pid_t pid, const char *name)
{
	FILE *file = open_file(pid, name);
	__u32 n = CUSTODY_NOBODY;

	if (!file)
		return n;
	if (fscanf(file, "%u", &n) != 1)
		n = CUSTODY_NOBODY;
	fclose(file);
	return n;
}

/* "mnt:[4026531841]" */
static __u32 read_ns(pid_t pid, const char *name)
{
	char path[64], text[64], *at;
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, name);
	len = readlink(path, text, sizeof(text) - 1);
	if (len < 0)
		return 0;
	text[len] = '\0';
	at = strchr(text, '[');
	return at ? (__u32)strtoul(at + 1, NULL, 10) : 0;
}

static int read_status(struct custody_who *who, pid_t pid)
{
	FILE *file = open_file(pid, "status");
	char *line = NULL, *last;
	size_t room = 0;

	if (!file)
		return -errno;
	while (getline(&line, &room, file) > 0) {
		sscanf(line, "PPid: %u", &who->ppid);
		sscanf(line, "Uid: %u %u", &who->uid, &who->euid);
		sscanf(line, "Gid: %u %u", &who->gid, &who->egid);
		last = strrchr(line, '\t');
		if (last && !strncmp(line, "NSpid:", 6))
			who->ns_pid = (__u32)strtoul(last + 1, NULL, 10);
	}
	free(line);
	fclose(file);
	return 0;
}

static int read_stat(struct custody_who *who, pid_t pid)
{
	struct kernel_process process;
	int err = kernel_process(pid, &process);

	if (err)
		return err;
	_Static_assert(sizeof(who->comm) >= sizeof(process.comm), "a name fits");
	memcpy(who->comm, process.comm, sizeof(process.comm));
	who->kthread = process.kthread;
	who->start_ns = process.start_ns;
	return 0;
}

static void read_cgroup(struct custody_proc *p, pid_t pid)
{
	FILE *file = open_file(pid, "cgroup");
	char *line = NULL;
	size_t room = 0;

	while (file && getline(&line, &room, file) > 0) {
		if (strncmp(line, "0::", 3))
			continue;
		line[strcspn(line, "\n")] = '\0';
		snprintf(p->cgroup, sizeof(p->cgroup), "%s", line + 3);
		p->who.cgroup = p->cgroup;
	}
	free(line);
	if (file)
		fclose(file);
}

static void read_exe(struct custody_proc *p, pid_t pid)
{
	char path[64];
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	len = readlink(path, p->exe, sizeof(p->exe) - 1);
	if (len < 0)
		return;
	p->exe[len] = '\0';
	p->who.exe = p->exe;
}

/* A process of which only its number is known. */
void custody_proc_clear(struct custody_proc *p, pid_t pid)
{
	struct custody_who *who = &p->who;

	memset(who, 0, sizeof(*who));
	who->pid = (__u32)pid;
	who->uid = CUSTODY_NOBODY;
	who->euid = CUSTODY_NOBODY;
	who->gid = CUSTODY_NOBODY;
	who->egid = CUSTODY_NOBODY;
	who->login_uid = CUSTODY_NOBODY;
	who->session = CUSTODY_NOBODY;
}

/* Return: 0, or a negative errno if it is gone. The caller sees to it that it is the same. */
int custody_proc_read(struct custody_proc *p, pid_t pid)
{
	int err;

	custody_proc_clear(p, pid);
	err = read_status(&p->who, pid);
	if (!err)
		err = read_stat(&p->who, pid);
	if (err)
		return err;
	p->who.login_uid = read_number(pid, "loginuid");
	p->who.session = read_number(pid, "sessionid");
	p->who.pid_ns = read_ns(pid, "pid");
	p->who.mnt_ns = read_ns(pid, "mnt");
	read_cgroup(p, pid);
	read_exe(p, pid);
	if (p->who.kthread)
		p->who.unidentified = CUSTODY_IS_KTHREAD;
	else if (!p->who.exe)
		p->who.unidentified = CUSTODY_HAS_NO_EXE;
	return 0;
}
