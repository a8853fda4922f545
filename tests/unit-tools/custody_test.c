// SPDX-License-Identifier: GPL-2.0
/* kredact custody: what the name of a cgroup tells, and the lines of the log. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <json-c/json.h>

#include "custody_log.h"
#include "custody_unit.h"
#include "platform.h"
#include "tap.h"

#define ID	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* The log needs this one of bpf/custody.c, and no kernel. */
const char *custody_op_name(enum custody_op op)
{
	return op == CUSTODY_READ ? "read" : "other";
}

static bool same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static void test_names(void)
{
	static const struct {
		const char *cgroup, *unit, *container;
	} cases[] = {
		{ NULL, NULL, NULL },
		{ "", NULL, NULL },
		{ "/", NULL, NULL },
		{ "/.service", NULL, NULL },
		{ "/system.slice/nginx.service", "nginx.service", NULL },
		{ "/system.slice/nginx.service/worker", "nginx.service", NULL },
		{ "/user.slice/user-1000.slice/session-3.scope", "session-3.scope", NULL },
		{ "/user.slice/user-1.slice/user@1.service/app.slice/a.service", "a.service", NULL },
		{ "/system.slice/docker-" ID ".scope", "docker-" ID ".scope", ID },
		{ "/docker/" ID, NULL, ID },
		{ "/machine.slice/libpod-" ID ".scope/container", "libpod-" ID ".scope", ID },
		{ "/kubepods.slice/cri-containerd-" ID ".scope", "cri-containerd-" ID ".scope", ID },
		{ "/docker/" ID "0", NULL, NULL },
		{ "/docker/0123456789abcdef", NULL, NULL },
		{ "/lxc.payload.web", NULL, "web" },
		{ "/lxc.payload.", NULL, NULL },
		{ "/machine.slice/machine-web.scope", "machine-web.scope", "web" },
	};
	char unit[CUSTODY_UNIT_LEN], container[CUSTODY_UNIT_LEN], *lengthy;
	u32 i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		ok(same(custody_unit(cases[i].cgroup, unit), cases[i].unit), "unit of %s",
		   cases[i].cgroup ? cases[i].cgroup : "nothing");
		ok(same(custody_container(cases[i].cgroup, container), cases[i].container),
		   "container of %s", cases[i].cgroup ? cases[i].cgroup : "nothing");
	}
	if (asprintf(&lengthy, "/%0999d.service", 0) < 0)
		abort();
	ok(custody_unit(lengthy, unit) && strlen(unit) == CUSTODY_UNIT_LEN - 1, "a name that is cut");
	free(lengthy);
}

static char *read_file(const char *path)
{
	char *text = calloc(1, 65536);
	int fd = open(path, O_RDONLY);

	if (!text || fd < 0 || read(fd, text, 65535) < 0)
		abort();
	close(fd);
	return text;
}

static const char *string_of(struct json_object *line, const char *name)
{
	return json_object_get_string(json_object_object_get(line, name));
}

static void test_log(void)
{
	static const char *const blind[] = { "much", NULL };
	const struct custody_about about = { .backend = "bpf", .why = "so", .blind = blind };
	struct custody_record rec = {
		.op = CUSTODY_READ, .realtime_ns = 1700000000123456789, .path = "/a\n\"\x1b[1m\xff",
		.dev = 254 << 20 | 3, .ino = ~0ULL,
		.who = { .pid = 7, .uid = 1, .login_uid = CUSTODY_NOBODY, .session = 3,
			 .comm = "a\tb", .cgroup = "/system.slice/nginx.service" },
	};
	char path[] = "/tmp/custody_test.XXXXXX", *text, *at, *next;
	struct custody_sink sink = {};
	struct json_object *line;
	struct custody_log log;
	struct stat st;
	int fd = mkstemp(path);

	if (fd < 0 || write(fd, "{\"op\":\"to", 9) != 9)
		abort();
	close(fd);
	strcpy(rec.id, "0123456789abcdef0123456789abcdef");
	ok(!custody_log_open(&log, path), "a log is opened");
	custody_log_sink(&log, &sink);
	sink.start(sink.arg, &about);
	sink.record(sink.arg, &rec);
	sink.lost(sink.arg, 0, "who knows");
	custody_log_stop(&log, 15);
	ok(!custody_log_sync(&log) && !log.failed, "and written");
	custody_log_close(&log);

	text = read_file(path);
	at = strchr(text, '\n');
	ok(at && at - text == 9, "a torn line is ended");
	at = at ? at + 1 : text;
	next = strchrnul(at, '\n');
	*next = '\0';
	line = json_tokener_parse(at);
	ok(line && same(string_of(line, "op"), "start") && same(string_of(line, "backend"), "bpf"),
	   "the first line of a watch");
	json_object_put(line);
	at = next + 1;
	next = strchrnul(at, '\n');
	*next = '\0';
	line = json_tokener_parse(at);
	ok(line && same(string_of(line, "path"), "/a\\x0a\"\\x1b[1m\\xff") &&
	   same(string_of(line, "comm"), "a\\x09b"), "hostile names are harmless");
	ok(line && same(string_of(line, "time"), "2023-11-14T22:13:20.123456789Z"), "the time");
	ok(line && same(string_of(line, "dev"), "254:3") &&
	   same(string_of(line, "ino"), "18446744073709551615"), "the file");
	ok(line && !string_of(line, "login_uid") && same(string_of(line, "session"), "3") &&
	   !string_of(line, "result") && !string_of(line, "tid"), "what is not known is null");
	ok(line && same(string_of(line, "unit"), "nginx.service"), "the unit");
	json_object_put(line);
	at = next + 1;
	ok(!strncmp(at, "{\"op\":\"lost\"", 12) && strstr(at, "\"count\":null"), "a loss");
	ok(strstr(at, "{\"op\":\"stop\"") && strstr(at, "\"lost\":1"), "the last line counts it");
	free(text);
	ok(!stat(path, &st) && (st.st_mode & 0777) == 0600, "root only");
	unlink(path);

	ok(!custody_log_open(&log, "/dev/full"), "a device that is full");
	custody_log_sink(&log, &sink);
	sink.record(sink.arg, &rec);
	ok(log.failed == 1, "counts what could not be written");
	custody_log_close(&log);
	ok(custody_log_open(&log, "/nowhere/log") < 0, "no such folder");
}

int main(void)
{
	test_names();
	test_log();
	return tap_end();
}
