// SPDX-License-Identifier: GPL-2.0
/*
 * Where a dump comes from and where it goes: see passage.h.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <grp.h>
#include <linux/openat2.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "gate/passage.h"

#define QUARANTINE_ATTR	"user.kredact.quarantine"

static int open_plain(const char *path, u64 flags)
{
	struct open_how how = {
		.flags = flags | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY,
		.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};

	return syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
}

/**
 * source_open() - open a dump, once
 * @path:	its path, of which no part may be a symbolic link
 * @decision:	takes why it cannot be
 *
 * Return: a descriptor, or -1.
 */
int source_open(const char *path, struct decision *decision)
{
	int fd = open_plain(path, O_RDONLY | O_NONBLOCK);

	if (fd < 0)
		rule_fail(decision, GATE_SOURCE, "%s", errno == ELOOP ?
			  "a symbolic link is in its path" : strerror(errno));
	return fd;
}

/* Is this user one of the policy's, or in one of its groups? */
static bool user_may(const struct policy *policy, const char **name)
{
	struct passwd *user = getpwuid(getuid());
	gid_t groups[256];
	struct group *group;
	int nr, i;

	*name = user ? user->pw_name : "?";
	if (user && texts_have(&policy->users, user->pw_name))
		return true;
	nr = getgroups(sizeof(groups) / sizeof(*groups), groups);
	for (i = -1; i < nr; i++) {
		group = getgrgid(i < 0 ? getgid() : groups[i]);
		if (group && texts_have(&policy->groups, group->gr_name))
			return true;
	}
	return false;
}

static void check_user(struct passage *p)
{
	const struct policy *policy = p->policy;
	const char *name = p->asker->subject;

	if (name ? texts_have(&policy->subjects, name) : user_may(policy, &name))
		rule_pass(&p->decision, GATE_USER);
	else
		rule_fail(&p->decision, GATE_USER, "%s may not let dumps pass", name);
}

static bool is_below(const char *path, const char *folder)
{
	size_t len = strlen(folder);

	return !strncmp(path, folder, len) && (path[len] == '/' || !path[len]);
}

/* By where the open file is, not by the name that it was opened by. */
static void check_quarantine(struct passage *p)
{
	const struct texts *folders = &p->policy->quarantines;
	char self[32], path[4097];
	ssize_t len;
	u32 i;

	snprintf(self, sizeof(self), "/proc/self/fd/%d", p->fd);
	len = readlink(self, path, sizeof(path) - 1);
	if (len < 0) {
		rule_fail(&p->decision, GATE_QUARANTINE, "where it is cannot be told");
		return;
	}
	path[len] = '\0';
	for (i = 0; i < folders->nr; i++)
		if (is_below(path, folders->at[i]))
			rule_fail(&p->decision, GATE_QUARANTINE, "it is in the quarantine %s",
				  folders->at[i]);
	if (fgetxattr(p->fd, QUARANTINE_ATTR, NULL, 0) >= 0)
		rule_fail(&p->decision, GATE_QUARANTINE, "it is marked (" QUARANTINE_ATTR ")");
	rule_pass(&p->decision, GATE_QUARANTINE);
}

/**
 * source_check() - the rules about who asks, and about the file before it is read
 * @p:		the passage; its decision takes them
 */
void source_check(struct passage *p)
{
	struct stat stat;

	check_user(p);
	if (fstat(p->fd, &stat)) {
		rule_fail(&p->decision, GATE_SOURCE, "%s", strerror(errno));
		return;
	}
	if (!S_ISREG(stat.st_mode))
		rule_fail(&p->decision, GATE_SOURCE, "not a regular file");
	else if (stat.st_nlink > 1)
		rule_fail(&p->decision, GATE_SOURCE, "it has %lu names: one may be in a quarantine",
			  (unsigned long)stat.st_nlink);
	else
		rule_pass(&p->decision, GATE_SOURCE);
	check_quarantine(p);
	if ((u64)stat.st_size > p->policy->max_bytes)
		rule_fail(&p->decision, GATE_SIZE, "it has %lld bytes, more than %llu",
			  (long long)stat.st_size, (unsigned long long)p->policy->max_bytes);
	else
		rule_pass(&p->decision, GATE_SIZE);
}

/**
 * source_name_is_good() - may a dump have this name?
 * @name:	without folders
 *
 * Return: true for printable ASCII without a slash, that neither begins with a dot nor is that
 * of an attestation.
 */
bool source_name_is_good(const char *name)
{
	size_t len = strlen(name), suffix = strlen(ATTESTATION_SUFFIX), i;

	for (i = 0; i < len; i++)
		if (name[i] <= ' ' || name[i] > '~' || name[i] == '/')
			return false;
	return len && len <= PASSAGE_NAME && name[0] != '.' &&
	       !(len >= suffix && !strcmp(name + len - suffix, ATTESTATION_SUFFIX));
}

/**
 * source_destination() - the rule about where it goes
 * @p:		the passage; its decision takes it, and @dir is opened
 */
void source_destination(struct passage *p)
{
	struct stat stat;

	if (!texts_have(&p->policy->destinations, p->destination)) {
		rule_fail(&p->decision, GATE_DESTINATION, "%s is none of the policy's",
			  p->destination);
		return;
	}
	if (!source_name_is_good(p->name)) {
		rule_fail(&p->decision, GATE_DESTINATION, "a dump cannot have that name");
		return;
	}
	p->dir = open_plain(p->destination, O_RDONLY | O_DIRECTORY);
	if (p->dir < 0)
		rule_fail(&p->decision, GATE_DESTINATION, "%s: %s", p->destination, errno == ELOOP ?
			  "a symbolic link is in its path" : strerror(errno));
	else if (!fstatat(p->dir, p->name, &stat, AT_SYMLINK_NOFOLLOW))
		rule_fail(&p->decision, GATE_DESTINATION, "there is a %s already", p->name);
	else
		rule_pass(&p->decision, GATE_DESTINATION);
}
