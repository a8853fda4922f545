// SPDX-License-Identifier: GPL-2.0
/*
 * Who sends to the log: see sender.h.
 *
 * The policy goes by the credentials of the connection (SO_PEERCRED, SO_PEERGROUPS). A line
 * names the process that sent the message (SCM_CREDENTIALS), and what /proc has of it; the
 * name and the unit are for people, since a process chooses its own name.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <json-c/json.h>

#include "../custody_unit.h"
#include "sender.h"

#define GROUPS_MAX	65536u

/**
 * sender_init() - learn who is at the other end
 * @sender:	takes it, for sender_free(), also on an error
 * @fd:		the connection
 *
 * Return: false if the kernel does not say.
 */
bool sender_init(struct sender *sender, int fd)
{
	socklen_t len = sizeof(struct ucred);
	struct ucred peer;

	memset(sender, 0, sizeof(*sender));
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len))
		return false;
	sender->uid = peer.uid;
	len = 0;
	if (!getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &len))
		len = 0;
	else if (errno != ERANGE)
		return false;
	if (len > GROUPS_MAX * sizeof(gid_t))
		return false;
	sender->groups = malloc(len + sizeof(gid_t));
	if (!sender->groups ||
	    (len && getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, sender->groups, &len)))
		return false;
	sender->nr_groups = len / sizeof(gid_t);
	sender->groups[sender->nr_groups++] = peer.gid;
	return true;
}

/**
 * sender_free() - forget it
 * @sender:	from sender_init()
 */
void sender_free(struct sender *sender)
{
	free(sender->groups);
	sender->groups = NULL;
}

static bool is_one(const struct sender *sender, const struct logd_senders *senders)
{
	unsigned int i, j;

	for (i = 0; i < senders->nr_uids; i++)
		if (senders->uids[i] == sender->uid)
			return true;
	for (i = 0; i < senders->nr_gids; i++)
		for (j = 0; j < sender->nr_groups; j++)
			if (senders->gids[i] == sender->groups[j])
				return true;
	return false;
}

/**
 * sender_may() - may it send such an event
 * @sender:	from sender_init()
 * @conf:	has the policy
 * @event:	its name
 *
 * What the log says of itself nobody else may say, but that something was lost.
 *
 * Return: true if it may.
 */
bool sender_may(const struct sender *sender, const struct logd_conf *conf, const char *event)
{
	unsigned int i;

	if (!strncmp(event, "log.", 4) && strcmp(event, "log.lost"))
		return false;
	for (i = 0; i < conf->nr_senders; i++)
		if (logd_events_have(&conf->senders[i].events, event, strlen(event)) &&
		    is_one(sender, &conf->senders[i]))
			return true;
	return false;
}

static size_t read_proc(pid_t pid, const char *name, char *to, size_t room)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, to, room - 1);
	if (fd >= 0)
		close(fd);
	n = n < 0 ? 0 : n;
	to[n] = '\0';
	return (size_t)n;
}

static void add_text(struct json_object *to, const char *name, const char *text)
{
	char escaped[TEXT_ESCAPED(CUSTODY_UNIT_LEN)];

	text_escape(escaped, sizeof(escaped), text, strlen(text));
	json_object_object_add(to, name, json_object_new_string(escaped));
}

/* The line of cgroup v2: "0::/system.slice/x.service". */
static void add_unit(struct json_object *to, pid_t pid)
{
	char text[4096], unit[CUSTODY_UNIT_LEN], *at, *end;
	const char *name;

	read_proc(pid, "cgroup", text, sizeof(text));
	at = !strncmp(text, "0::", 3) ? text : strstr(text, "\n0::");
	if (!at)
		return;
	at = strchr(at, '/');
	end = at ? strchr(at, '\n') : NULL;
	if (!end)
		return;
	*end = '\0';
	name = custody_unit(at, unit);
	if (name)
		add_text(to, "unit", name);
}

/**
 * sender_json() - what a line says of its sender
 * @sender:	from sender_init()
 * @who:	that came with the message
 *
 * Return: JSON, or NULL if the message is somebody else's, or there is no memory.
 */
const char *sender_json(struct sender *sender, const struct ucred *who)
{
	struct json_object *json;
	const char *text;
	char comm[64];
	size_t len;

	if (who->uid != sender->uid)
		return NULL;
	if (sender->pid == who->pid && *sender->json)
		return sender->json;
	json = json_object_new_object();
	if (!json)
		return NULL;
	json_object_object_add(json, "pid", json_object_new_int64(who->pid));
	json_object_object_add(json, "uid", json_object_new_int64(who->uid));
	json_object_object_add(json, "gid", json_object_new_int64(who->gid));
	len = read_proc(who->pid, "comm", comm, sizeof(comm));
	if (len) {
		comm[len - 1] = '\0';
		add_text(json, "comm", comm);
	}
	add_unit(json, who->pid);
	text = json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN |
					      JSON_C_TO_STRING_NOSLASHESCAPE);
	*sender->json = '\0';
	if (text && strlen(text) < sizeof(sender->json)) {
		strcpy(sender->json, text);
		sender->pid = who->pid;
	}
	json_object_put(json);
	return *sender->json ? sender->json : NULL;
}
