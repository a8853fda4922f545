// SPDX-License-Identifier: GPL-2.0
/* Who a process is: see custody_proc.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "custody_proc.h"

#define PF_KTHREAD	0x00200000
#define SECOND		1000000000ULL

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
	FILE *file = open_file(pid, "stat");
	unsigned long long start;
	unsigned int flags;
	char text[1024], *open, *close;
	size_t len;

	if (!file)
		return -errno;
	len = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[len] = '\0';
	/* The name may hold anything, also brackets. */
	open = strchr(text, '(');
	close = strrchr(text, ')');
	if (!open || !close || close < open ||
	    sscanf(close + 1, " %*c %*d %*d %*d %*d %*d %u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d "
		   "%*d %*d %llu", &flags, &start) != 2)
		return -ESRCH;
	len = (size_t)(close - open - 1);
	if (len > CUSTODY_COMM_LEN)
		len = CUSTODY_COMM_LEN;
	memcpy(who->comm, open + 1, len);
	who->comm[len] = '\0';
	who->kthread = flags & PF_KTHREAD;
	who->start_ns = start * (SECOND / (unsigned long long)sysconf(_SC_CLK_TCK));
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
