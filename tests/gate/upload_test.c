// SPDX-License-Identifier: GPL-2.0
/*
 * kredact-gated behind nginx, by the site file that is packaged: clients are curl, with
 * certificates that openssl makes. An upload is cut and resumed, also by another kredact-gated;
 * what passes and what does not is the gate's.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "attest/moment.h"
#include "ledger.h"
#include "run.h"
#include "site.h"
#include "tap.h"

static struct outcome outcome;
static char *nginx, *gated, *gateds[2], *site, folder[] = "/dev/shm/upload_test.XXXXXX";
static pid_t web, server;
static int port;
static char location[100];

static const struct forged fine = { .path = "prod/good", .label = SITE_LABEL,
				    .authenticated = true, .keys = { "a.pem" } };

/* A line for the shell. Return: its exit status. */
__attribute__((format(printf, 1, 2)))
static int sh(const char *format, ...)
{
	char line[4096];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	run(&outcome, (char *const[]){ "sh", "-c", line, NULL });
	return outcome.status;
}

/* A request of a client. Return: the status of HTTP, 0 if there was none. */
__attribute__((format(printf, 3, 4)))
static int request(const char *client, const char *path, const char *format, ...)
{
	char options[2048];
	va_list args;
	const char *at;

	va_start(args, format);
	vsnprintf(options, sizeof(options), format, args);
	va_end(args);
	sh("curl -s -i --http1.1 --cacert ca.crt --cert %s.crt --key %s.key -w '\\nstatus=%%{http_code}\\n' "
	   "-H 'Expect:' -H 'Tus-Resumable: 1.0.0' %s https://localhost:%d%s", client, client,
	   options, port, path);
	at = strstr(outcome.out, "\nstatus=");
	return at ? atoi(at + 8) : 0;
}

static bool header_is(const char *name, unsigned long long value)
{
	char line[100];

	snprintf(line, sizeof(line), "\n%s: %llu\r", name, value);
	return strcasestr(outcome.out, line);
}

static u64 offset_of(const char *client)
{
	const char *at;

	if (request(client, location, "-I") != 200)
		return ~0ULL;
	at = strcasestr(outcome.out, "\nUpload-Offset: ");
	return at ? strtoull(at + 16, NULL, 10) : ~0ULL;
}

static u64 size_of(const char *path)
{
	struct stat stat;

	return lstat(path, &stat) ? 0 : stat.st_size;
}

static int create(const char *client, u64 length, const char *name)
{
	char text[512];
	const char *at;
	int status;

	EVP_EncodeBlock((u8 *)text, (const u8 *)name, strlen(name));
	status = request(client, "/files", "-X POST -H 'Upload-Length: %llu' -H 'Upload-Metadata: "
			 "filename %s'", (unsigned long long)length, text);
	at = strcasestr(outcome.out, "\nLocation: ");
	*location = '\0';
	if (at)
		sscanf(at + 11, "%90[^\r\n]", location);
	return status;
}

static int patch(const char *client, const char *path, u64 offset, const char *more)
{
	sh("tail -c +%llu %s >part", (unsigned long long)offset + 1, path);
	return request(client, location, "-X PATCH -H 'Content-Type: application/offset+octet-stream' "
		       "-H 'Upload-Offset: %llu' %s --data-binary @part",
		       (unsigned long long)offset, more);
}

static int put(const char *client, const char *what)
{
	char where[120];

	snprintf(where, sizeof(where), "%s/attestation", location);
	return request(client, where, "-X PUT --data-binary %s", what);
}

static int put_attestation(const char *client, const struct forged *forged)
{
	static u64 nr;
	struct forged one = *forged;

	/* Two of the same dump and the same second are the same attestation. */
	if (!one.time)
		one.time = moment_now() - 60 * ++nr;
	forge_file(&one, "sent.jsonl");
	return put(client, "@sent.jsonl");
}

/* Waits for what the gate says. */
static bool becomes(const char *client, const char *state, const char *text)
{
	char line[64];
	u32 i;

	snprintf(line, sizeof(line), "\"state\":\"%s\"", state);
	for (i = 0; i < 200; i++) {
		if (request(client, location, " ") != 200)
			break;
		if (strstr(outcome.out, line) && strstr(outcome.out, text))
			return true;
		if (strstr(outcome.out, "\"result\""))
			break;
		usleep(50000);
	}
	printf("# %s\n", strstr(outcome.out, "\r\n\r\n") ?: outcome.out);
	return false;
}

static void make_certificates(void)
{
	static const char *const clients[] = { "one", "two", "three" };
	u32 i;

	if (sh("openssl req -x509 -newkey ed25519 -nodes -keyout ca.key -out ca.crt -days 2 -subj /CN=fleet; "
	       "openssl req -x509 -newkey ed25519 -nodes -keyout other.key -out other.crt -days 2 "
	       "-subj /CN=one; "
	       "openssl req -newkey ed25519 -nodes -keyout server.key -out server.csr -subj /CN=localhost; "
	       "echo subjectAltName=DNS:localhost >ext; "
	       "openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 "
	       "-extfile ext -out server.crt"))
		abort();
	for (i = 0; i < 3; i++)
		if (sh("openssl req -newkey ed25519 -nodes -keyout %s.key -out %s.csr -subj /O=Fleet/CN=%s; "
		       "openssl x509 -req -in %s.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 "
		       "-out %s.crt", clients[i], clients[i], clients[i], clients[i], clients[i]))
			abort();
}

static int free_port(void)
{
	struct sockaddr_in name = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(name);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (bind(fd, (struct sockaddr *)&name, len) ||
	    getsockname(fd, (struct sockaddr *)&name, &len))
		abort();
	close(fd);
	return ntohs(name.sin_port);
}

static pid_t start(char *const argv[], const char *log)
{
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(open(log, O_WRONLY | O_CREAT | O_APPEND, 0600), 2);
		dup2(2, 1);
		execv(argv[0], argv);
		_exit(127);
	}
	return pid;
}

static void start_gated(void)
{
	u32 i;

	unlink("gated.sock");
	server = start((char *const[]){ gated, "--config", "gate.conf", "--socket", "gated.sock",
					"--user", "nobody", "--front", "root", NULL }, "gated.log");
	for (i = 0; i < 200 && !exists("gated.sock"); i++)
		usleep(20000);
	usleep(200000);
}

/* What does not end in ten seconds is killed, which is a status of its own. */
static int stop(pid_t pid)
{
	int status;
	u32 i;

	kill(pid, SIGTERM);
	for (i = 0; i < 500 && !waitpid(pid, &status, WNOHANG); i++)
		usleep(20000);
	if (i == 500) {
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

static void start_web(void)
{
	port = free_port();
	if (sh("sed -e 's|listen 8443|listen 127.0.0.1:%d|' -e 's|/run/kredact/gated.sock|%s/gated.sock|' "
	       "-e 's|/etc/kredact/tls/clients-ca.crt|%s/ca.crt|' -e 's|/etc/kredact/tls|%s|' %s >site.conf; "
	       "printf 'daemon off;\\nuser root;\\npid %s/nginx.pid;\\nerror_log %s/nginx.log;\\n"
	       "events { }\\nhttp { access_log off; client_body_temp_path %s/t1; proxy_temp_path %s/t2; "
	       "fastcgi_temp_path %s/t3; uwsgi_temp_path %s/t4; scgi_temp_path %s/t5; "
	       "include %s/site.conf; }\\n' >nginx.conf", port, folder, folder, folder, site, folder,
	       folder, folder, folder, folder, folder, folder, folder))
		abort();
	web = start((char *const[]){ nginx, "-c", "nginx.conf", "-p", folder, "-e", "nginx.log", NULL },
		    "nginx.out");
	usleep(300000);
}

static void test_clients(void)
{
	ok(create("one", 100, "x") == 201 && *location, "a client that may begins an upload");
	ok(offset_of("one") == 0, "and sees it");
	ok(request("two", location, "-I") == 404, "another one does not");
	ok(request("one", location, "-X DELETE") == 204 && request("one", location, "-I") == 404,
	   "it can be given up");
	ok(create("three", 100, "x") == 403, "the policy does not name it: 403");
	ok(request("three", "/files", "-X POST -H 'Upload-Length: 9' -H 'Upload-Metadata: filename eA==' "
		   "-H 'X-Client-Subject: CN=one,O=Fleet' -H 'X-Client-Verify: SUCCESS'") == 403,
	   "what it says to be is no matter: 403");
	ok(create("other", 100, "x") == 400, "a certificate of somebody else's authority: 400 by nginx");
	sh("curl -s -o /dev/null -w '%%{http_code}' --cacert ca.crt https://localhost:%d/files", port);
	ok(!strcmp(outcome.out, "400"), "no certificate: 400 by nginx");
	sh("curl -s -o /dev/null -w '%%{http_code}' --unix-socket gated.sock http://x/files");
	ok(!strcmp(outcome.out, "403"), "past nginx, without its headers: 403");
	ok(request("one", "/files", "-X OPTIONS") == 204 &&
	   strcasestr(outcome.out, "Tus-Extension: creation,checksum,termination"), "what it can do");
}

static void test_forms(void)
{
	static const char patch_as[] = "-X PATCH -H 'Content-Type: %s' -H 'Upload-Offset: %s' --data-binary %s";

	ok(create("one", 100, "a/b") == 400 && create("one", 100, ".x") == 400 &&
	   create("one", 100, "x.intoto.jsonl") == 400, "names that no dump may have: 400");
	ok(create("one", 0, "x") == 400 && create("one", 1ULL << 40, "x") == 413,
	   "no bytes: 400; too many: 413");
	sh("curl -s -o /dev/null -w '%%{http_code}' --cacert ca.crt --cert one.crt --key one.key "
	   "-X POST -H 'Upload-Length: 9' https://localhost:%d/files", port);
	ok(!strcmp(outcome.out, "412"), "another version of the protocol: 412");
	if (create("one", 4, "x") != 201)
		abort();
	ok(request("one", location, patch_as, "text/plain", "0", "abc") == 415, "another type: 415");
	ok(request("one", location, patch_as, "application/offset+octet-stream", "1", "abc") == 409,
	   "another offset: 409");
	ok(request("one", location, patch_as, "application/offset+octet-stream", "0", "abcde") == 413 &&
	   offset_of("one") == 0, "more than was said: 413");
	ok(request("one", location, "-X PATCH -H 'Content-Type: application/offset+octet-stream' "
		   "-H 'Upload-Offset: 0' -H 'Transfer-Encoding: chunked' --data-binary abcde") == 413,
	   "likewise in chunks");
	request("one", location, "-X DELETE");
	if (create("one", 4, "x") != 201)
		abort();
	ok(request("one", location, patch_as, "application/offset+octet-stream", "0",
		   "abc -H 'Upload-Checksum: sha256 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='") == 460 &&
	   offset_of("one") == 0, "another checksum: 460, and the bytes do not count");
	ok(request("one", location, patch_as, "application/offset+octet-stream", "0",
		   "abc -H 'Upload-Checksum: sha256 ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0='") == 204 &&
	   offset_of("one") == 3, "the right one: 204, and they do");
	ok(request("one", location, "-X DELETE") == 204, "given up");
}

static void test_passes(void)
{
	u64 len = size_of("prod/good");

	ok(create("one", len, "dump1") == 201 && patch("one", "prod/good", 0, "") == 204 &&
	   header_is("Upload-Offset", len), "a dump is sent");
	ok(becomes("one", "waiting", "\"attested\":false"), "it waits for its attestation");
	ok(put_attestation("one", &fine) == 204, "which is sent");
	ok(becomes("one", "passed", "\"passed\":true") && same_file("debug/dump1", "prod/good") &&
	   same_file("debug/dump1.intoto.jsonl", "sent.jsonl"), "it passes, with its attestation");
	ok(ledger_count("log", "gate.allowed", "\"person\":{\"name\":\"CN=one,O=Fleet\"}") == 1,
	   "it is logged under the subject of the certificate");
	ok(!system("test -z \"$(ls incoming/*.data incoming/*.attestation 2>/dev/null)\""),
	   "nothing of it stays in the incoming folder but its result");
}

static void test_resumes(void)
{
	u64 len = size_of("prod/good"), cut;

	if (create("one", len, "dump2") != 201 || put_attestation("one", &fine) != 204)
		abort();
	patch("one", "prod/good", 0, "--limit-rate 8k --max-time 2");
	cut = offset_of("one");
	ok(cut && cut < len, "cut off after %llu bytes of %llu", (unsigned long long)cut,
	   (unsigned long long)len);
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	gated = gateds[1];
	start_gated();
	ok(offset_of("one") == cut, "kredact-gated was killed, and the next one knows how far it was");
	patch("one", "prod/good", cut, "--limit-rate 8k --max-time 1 -H 'Upload-Checksum: sha256 "
	      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='");
	ok(offset_of("one") == cut, "cut off again, before its checksum could be told: nothing counts");
	sh("curl -s -o /dev/null -w '%%{http_code}' --unix-socket gated.sock -H 'X-Client-Verify: SUCCESS' "
	   "-H 'X-Client-Subject: CN=one,O=Fleet' -X OPTIONS http://x/files");
	ok(!strcmp(outcome.out, "204"), "control: root is in front");
	sh("setpriv --reuid=65533 --regid=65533 --clear-groups curl -s -o /dev/null -w '%%{http_code}' --unix-socket "
	   "gated.sock -H 'X-Client-Verify: SUCCESS' -H 'X-Client-Subject: CN=one,O=Fleet' "
	   "-X OPTIONS http://x/files");
	ok(!strcmp(outcome.out, "000"), "nobody else can even open the socket");
	chmod("gated.sock", 0666);
	sh("setpriv --reuid=65533 --regid=65533 --clear-groups curl -s -o /dev/null -w '%%{http_code}' --unix-socket "
	   "gated.sock -H 'X-Client-Verify: SUCCESS' -H 'X-Client-Subject: CN=one,O=Fleet' "
	   "-X OPTIONS http://x/files");
	ok(!strcmp(outcome.out, "403"), "nor is it believed if it can: 403");
	ok(patch("one", "prod/good", cut, "") == 204 && becomes("one", "passed", "") &&
	   same_file("debug/dump2", "prod/good"), "the rest is sent, and it passes");
}

/* Sends a whole dump with an attestation. */
static void send_dump(const char *path, const char *name, const struct forged *forged)
{
	if (create("one", size_of(path), name) != 201 || patch("one", path, 0, "") != 204 ||
	    put_attestation("one", forged) != 204)
		printf("# %s", outcome.out);
}

static void test_refused(void)
{
	struct forged planted = fine, again = fine;

	send_dump("prod/forged", "dump3", &fine);
	ok(becomes("one", "refused", "attestation-other-bytes") && !exists("debug/dump3"),
	   "a changed byte");
	planted.path = "prod/planted";
	send_dump("prod/planted", "dump4", &planted);
	ok(becomes("one", "refused", "findings: registered") && !exists("debug/dump4"),
	   "a planted key");
	again.time = 1795600000;
	send_dump("prod/good", "dump5", &again);
	ok(becomes("one", "passed", ""), "control: a dump");
	send_dump("prod/good", "dump6", &again);
	ok(becomes("one", "refused", "attestation-replayed") && !exists("debug/dump6"),
	   "its attestation a second time");
	send_dump("prod/good", "dump5", &fine);
	ok(becomes("one", "refused", "destination: there is a dump5"), "a name that is taken");
	ok(ledger_count("log", "gate.refused", "CN=one,O=Fleet") == 4, "all of that is in the log");
	ok(create("one", 4, "x") == 201 && put("one", "abc") == 400,
	   "what is no attestation is not taken");
	request("one", location, "-X DELETE");
}

static void test_quotas(void)
{
	char first[100];

	ok(create("two", 60000, "q1") == 201, "control: an upload");
	strcpy(first, location);
	ok(create("two", 60000, "q2") == 413, "more bytes at a time than a client may send");
	ok(create("two", 10, "q2") == 201, "fewer");
	ok(create("two", 10, "q3") == 429, "more uploads at a time than it may have");
	ok(create("one", 10, "q3") == 201, "which is nothing to others");
	request("two", first, "-X DELETE");
	ok(create("two", 60000, "q2") == 201, "and again when one is given up");
}

/* Of the half that speaks HTTP, or 0. */
static long peak_kib(void)
{
	char *at;

	sh("cat /proc/$(cat /proc/%d/task/%d/children | tr -d ' ')/status", server, server);
	at = strstr(outcome.out, "VmHWM:");
	return at ? strtol(at + 6, NULL, 10) : 0;
}

/* Whom it is, and what it may do. */
static void test_privileges(void)
{
	char *at;

	sh("cat /proc/$(cat /proc/%d/task/%d/children | tr -d ' ')/status", server, server);
	at = strstr(outcome.out, "Seccomp:\t");
	ok(at && at[9] == '2' && strstr(outcome.out, "Uid:\t65534\t65534\t65534\t65534") &&
	   strstr(outcome.out, "CapEff:\t0000000000000000") &&
	   strstr(outcome.out, "NoNewPrivs:\t1"), "the half that speaks HTTP is nobody, and filtered");
	sh("cat /proc/%d/status", server);
	at = strstr(outcome.out, "Seccomp:\t");
	ok(at && at[9] == '0' && strstr(outcome.out, "Uid:\t0\t0\t0\t0"), "the other one is root");
}

static void test_memory(void)
{
	long before = peak_kib(), after;

	if (sh("head -c 64M /dev/urandom >large") || create("large", 64 << 20, "large") != 201)
		abort();
	ok(patch("large", "large", 0, "") == 204, "64 MiB are sent");
	after = peak_kib();
	ok(before && after - before < 16 << 10, "they took %ld KiB of memory", after - before);
}

int main(void)
{
	pid_t ledger;

	nginx = (char *)beside("../../nginx/usr/sbin/nginx");
	gateds[0] = (char *)beside("kredact-gated");
	gateds[1] = (char *)beside("../../bin/kredact-gated");
	gated = gateds[0];
	site = realpath("packaging/kredact-gated.nginx", NULL);
	if (geteuid()) {
		puts("1..0 # SKIP needs root: it becomes nobody");
		return 0;
	}
	/* The sandbox forbids the process that would trace for leaks. */
	setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
	if (!site || !mkdtemp(folder))
		return 1;
	chmod(folder, 0755);
	site_make(folder);
	make_certificates();
	if (sh("chown nobody incoming") || sh("openssl req -newkey ed25519 -nodes -keyout large.key -out large.csr -subj /CN=large; "
	       "openssl x509 -req -in large.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -out large.crt"))
		abort();
	ledger = ledger_start("log.sock", "log", false);
	sh("printf 'uploads = { incoming = \"%s/incoming\"; destination = \"%s/debug\"; per_client = 2; "
	   "bytes_per_client = 100000000; };\\nmax_bytes = 100000000;\\n'", folder, folder);
	site_policy(outcome.out, "subjects = [ \"CN=one,O=Fleet\", \"CN=two,O=Fleet\", \"CN=large\" ];");
	start_gated();
	start_web();
	test_clients();
	test_forms();
	test_passes();
	test_resumes();
	test_refused();
	test_memory();
	test_privileges();
	ok(!stop(server), "kredact-gated as it is installed ends when it is asked to");
	gated = gateds[0];
	sh("printf 'uploads = { incoming = \"%s/incoming\"; destination = \"%s/debug\"; per_client = 2; "
	   "bytes_per_client = 100000; };\\n'", folder, folder);
	site_policy(outcome.out, "subjects = [ \"CN=one,O=Fleet\", \"CN=two,O=Fleet\" ];");
	start_gated();
	test_quotas();
	stop(web);
	ok(!stop(server), "kredact-gated ends without complaints of the sanitizers");
	sh("grep -c -e Sanitizer -e 'runtime error' gated.log");
	ok(!strcmp(outcome.out, "0\n"), "nor were there any before");
	ledger_stop(ledger, "log.sock");
	if (chdir("/"))
		return 1;
	run(&outcome, (char *const[]){ "rm", "-rf", folder, NULL });
	return tap_end();
}
