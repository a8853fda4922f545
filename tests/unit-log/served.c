// SPDX-License-Identifier: GPL-2.0
/* A kredact-logd as a process: see served.h. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <json-c/json.h>

#include "log/client.h"
#include "served.h"

struct made made;
char socket_path[160];
pid_t logd_pid;

static char build[4096], conf_path[160];

void configure(const char *format, ...)
{
	FILE *file = fopen(conf_path, "we");
	va_list args;

	fprintf(file, "dir = \"%s\";\nsocket = \"%s\";\nkey = \"%s\";\n", made.path, socket_path,
		made.key);
	va_start(args, format);
	vfprintf(file, format, args);
	va_end(args);
	fclose(file);
}

bool reachable(void)
{
	struct log_client *client;
	struct complaint why;
	int i;

	for (i = 0; i < 500; i++) {
		if (!log_open(&client, socket_path, &why)) {
			log_close(client);
			return true;
		}
		usleep(20000);
	}
	return false;
}

bool start(rlim_t file_size)
{
	struct rlimit limit = { file_size, file_size };
	char path[4200];

	snprintf(path, sizeof(path), "%s/kredact-logd-san", build);
	unlink(socket_path);
	logd_pid = fork();
	if (!logd_pid) {
		if (file_size)
			setrlimit(RLIMIT_FSIZE, &limit);
		execl(path, path, "--config", conf_path, NULL);
		_exit(127);
	}
	return reachable();
}

int stop(int sig)
{
	int status;

	kill(logd_pid, sig);
	waitpid(logd_pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

struct json_object *data_of(unsigned int n)
{
	struct json_object *data = json_object_new_object();

	json_object_object_add(data, "n", json_object_new_int((int)n));
	return data;
}

void clear_log(void)
{
	char command[256], out[16];

	snprintf(command, sizeof(command), "rm -f %s/*", made.path);
	made_run(command, out, sizeof(out));
}

void served_init(const char *program)
{
	char *slash;

	snprintf(build, sizeof(build), "%s", program);
	slash = strrchr(build, '/');
	if (slash)
		*slash = '\0';
	made_init(&made);
	snprintf(socket_path, sizeof(socket_path), "%s.sock", made.path);
	snprintf(conf_path, sizeof(conf_path), "%s.conf", made.path);
}

void served_free(void)
{
	unlink(socket_path);
	unlink(conf_path);
	made_free(&made);
}
