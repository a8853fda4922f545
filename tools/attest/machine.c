// SPDX-License-Identifier: GPL-2.0
/*
 * Which machine this is: see machine.h.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "attest/machine.h"

/* 6b7265646163742d6174746573743031: of no other program. */
static const u8 application[16] = "kredact-attest01";

static size_t read_text(const char *path, char *text, size_t room)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t got = fd < 0 ? 0 : read(fd, text, room - 1);

	if (fd >= 0)
		close(fd);
	text[max(got, (ssize_t)0)] = '\0';
	return max(got, (ssize_t)0);
}

/* 32 digits, with hyphens between them or not. */
static bool read_id(const char *path, char *id)
{
	char text[64];
	u32 nr = 0;
	char *c;

	read_text(path, text, sizeof(text));
	for (c = text; *c && *c != '\n'; c++) {
		if (*c == '-')
			continue;
		if (!isxdigit((unsigned char)*c) || nr == MACHINE_ID_LEN)
			break;
		id[nr++] = tolower((unsigned char)*c);
	}
	if (nr < MACHINE_ID_LEN || (*c && *c != '\n'))
		nr = 0;
	id[nr] = '\0';
	return nr;
}

static void key_id(char *id)
{
	u8 key[MACHINE_ID_LEN / 2], mac[EVP_MAX_MD_SIZE];
	size_t len = 0;

	if (!OPENSSL_hexstr2buf_ex(key, sizeof(key), &len, id, '\0') || len != sizeof(key) ||
	    !HMAC(EVP_sha256(), key, sizeof(key), application, sizeof(application), mac, NULL)) {
		id[0] = '\0';
		return;
	}
	/* The form of a random UUID (RFC 9562, version 4). */
	mac[6] = (mac[6] & 0x0f) | 0x40;
	mac[8] = (mac[8] & 0x3f) | 0x80;
	text_hex(id, mac, sizeof(key));
}

static void escape(char *to, const char *from)
{
	text_escape(to, MACHINE_TEXT, from, strnlen(from, 64));
}

/**
 * machine_this() - the machine that this process is on
 * @machine:	takes it
 */
void machine_this(struct machine *machine)
{
	struct utsname name;
	struct passwd *user;
	char text[16];

	*machine = (struct machine){ .uid = getuid(), .login_uid = (u32)-1 };
	if (read_id("/etc/machine-id", machine->id))
		key_id(machine->id);
	read_id("/proc/sys/kernel/random/boot_id", machine->boot_id);
	if (!uname(&name)) {
		escape(machine->hostname, name.nodename);
		escape(machine->kernel, name.release);
	}
	if (read_text("/proc/self/loginuid", text, sizeof(text)))
		machine->login_uid = strtoul(text, NULL, 10);
	user = getpwuid(machine->uid);
	if (user)
		escape(machine->name, user->pw_name);
}
