// SPDX-License-Identifier: GPL-2.0
/*
 * The half of kredact-gated that decides: see gated_decide.h.
 *
 * It does what "kredact gate" does, in a process for each dump. Policy and keys are read for
 * each, so that a revocation counts from the moment that it is written. What the other half
 * says is not believed further than it must be: who the client is, and which upload.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <json-c/json.h>

#include "gate/gated_decide.h"
#include "gate/passage.h"

/**
 * struct worker - a process that decides
 * @pid:	of it; 0: none
 * @id:		the upload
 */
struct worker {
	pid_t pid;
	char id[UPLOAD_ID + 1];
};

#define WORKERS	4u

static void send_decision(int fd, const char *id, bool passed, const char *text)
{
	struct decided decided = { .passed = passed };

	memcpy(decided.id, id, UPLOAD_ID);
	if (strlen(text) < sizeof(decided.text))
		strcpy(decided.text, text);
	else
		strcpy(decided.text, "{\"passed\":false,\"reason\":\"too long\"}");
	while (send(fd, &decided, sizeof(decided), MSG_NOSIGNAL) < 0 && errno == EINTR)
		;
}

static void tell(int fd, const char *id, const struct passage *p, bool passed)
{
	struct json_object *root = json_object_new_object(), *rules = json_object_new_array();
	struct json_object *all = decision_json(&p->decision), *item;
	const int layout = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE;
	char text[1024];
	size_t i;

	decision_text(&p->decision, text, sizeof(text));
	json_object_object_add(root, "passed", json_object_new_boolean(passed));
	json_object_object_add(root, "reason", json_object_new_string(text));
	for (i = 0; i < json_object_array_length(all); i++) {
		item = json_object_array_get_idx(all, i);
		if (!json_object_get_boolean(json_object_object_get(item, "passed")))
			json_object_array_add(rules, json_object_get(item));
	}
	json_object_object_add(root, "rules", rules);
	send_decision(fd, id, passed, json_object_to_json_string_ext(root, layout));
	json_object_put(all);
	json_object_put(root);
}

/* In a process of its own. Returns its exit status: 0 if the other half was told. */
static int decide(int fd, const char *config, const struct wanted *wanted)
{
	struct policy *policy = policy_load(config, stderr);
	struct trust *trust = policy ? trust_load(policy->trust, stderr) : NULL;
	const struct asker asker = { .subject = wanted->subject };
	struct passage *p = calloc(1, sizeof(*p));
	char *source = NULL, *attestation = NULL;
	int status = 1;

	if (!trust || !p || !policy->uploads.incoming ||
	    asprintf(&source, "%s/%s.data", policy->uploads.incoming, wanted->id) < 0 ||
	    asprintf(&attestation, "%s/%s.attestation", policy->uploads.incoming, wanted->id) < 0)
		goto out;
	p->policy = policy;
	p->trust = trust;
	p->asker = &asker;
	p->source = source;
	p->attestation_dir = AT_FDCWD;
	p->attestation = attestation;
	p->destination = policy->uploads.destination;
	p->name = wanted->name;
	p->fd = source_open(source, &p->decision);
	tell(fd, wanted->id, p, passage_run(p));
	if (p->fd >= 0)
		close(p->fd);
	passage_close(p);
	status = 0;
out:
	free(source);
	free(attestation);
	free(p);
	trust_free(trust);
	policy_free(policy);
	return status;
}

static bool is_sane(const struct wanted *wanted)
{
	return wanted->id[UPLOAD_ID] == '\0' && strlen(wanted->id) == UPLOAD_ID &&
	       strspn(wanted->id, "0123456789abcdef") == UPLOAD_ID &&
	       memchr(wanted->subject, '\0', sizeof(wanted->subject)) &&
	       memchr(wanted->name, '\0', sizeof(wanted->name)) && *wanted->subject;
}

static void start(int fd, const char *config, struct worker *workers, const struct wanted *wanted)
{
	u32 i;

	for (i = 0; i < WORKERS && workers[i].pid; i++)
		;
	if (i < WORKERS)
		workers[i].pid = fork();
	if (i < WORKERS && !workers[i].pid) {
		sigset_t none;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		_exit(decide(fd, config, wanted));
	}
	if (i < WORKERS && workers[i].pid > 0) {
		memcpy(workers[i].id, wanted->id, sizeof(workers[i].id));
		return;
	}
	if (i < WORKERS)
		workers[i].pid = 0;
	send_decision(fd, wanted->id, false, "{\"passed\":false,\"reason\":\"the gate is busy\"}");
}

/* Returns true if the other half has ended. */
static bool reap(int fd, struct worker *workers, pid_t other, int *status)
{
	int how;
	pid_t pid;
	u32 i;

	while ((pid = waitpid(-1, &how, WNOHANG)) > 0) {
		if (pid == other) {
			*status = WIFEXITED(how) ? WEXITSTATUS(how) : 1;
			return true;
		}
		for (i = 0; i < WORKERS; i++) {
			if (workers[i].pid != pid)
				continue;
			workers[i].pid = 0;
			if (!WIFEXITED(how) || WEXITSTATUS(how))
				send_decision(fd, workers[i].id, false,
					      "{\"passed\":false,\"reason\":\"the gate failed\"}");
		}
	}
	return false;
}

/**
 * decide_serve() - decide until the other half ends
 * @fd:		socket to it
 * @config:	file of the policy
 * @other:	its process
 *
 * SIGTERM and SIGINT end both: the other half may be another user, and is not killed.
 *
 * Return: exit status.
 */
int decide_serve(int fd, const char *config, pid_t other)
{
	struct worker workers[WORKERS] = { 0 };
	struct signalfd_siginfo info;
	struct wanted wanted;
	int status = 1, signals;
	sigset_t set;
	bool done = false;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return 1;
	signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	while (signals >= 0 && !done) {
		struct pollfd polled[2] = { { .fd = fd, .events = POLLIN },
					    { .fd = signals, .events = POLLIN } };

		if (poll(polled, 2, -1) < 0 && errno != EINTR)
			break;
		while (read(signals, &info, sizeof(info)) == sizeof(info))
			if (info.ssi_signo != SIGCHLD)
				shutdown(fd, SHUT_RDWR);	/* which ends the other half */
		done = reap(fd, workers, other, &status);
		if (!done && polled[0].revents & POLLIN &&
		    recv(fd, &wanted, sizeof(wanted), MSG_DONTWAIT) == sizeof(wanted) &&
		    is_sane(&wanted))
			start(fd, config, workers, &wanted);
		else if (polled[0].revents & POLLHUP)
			poll(NULL, 0, 10);	/* its end is near */
	}
	if (signals >= 0)
		close(signals);
	return status;
}
