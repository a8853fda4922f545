// SPDX-License-Identifier: GPL-2.0
/*
 * Attestations of whatever a test wants: see forge.h.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <json-c/json.h>

#include "attest/moment.h"
#include "forge.h"
#include "report/report.h"
#include "run.h"

static void must(bool condition, const char *what)
{
	if (condition)
		return;
	printf("Bail out! %s\n", what);
	exit(1);
}

static void digest(const char *path, struct examination *e)
{
	int fd = open(path, O_RDONLY);
	struct digest *digest = digest_new();
	struct complaint why;
	struct input in;

	must(fd >= 0 && digest && !input_open(&in, fd, false, &why) &&
	     !digest_file(digest, &in, e->sha256, &why), path);
	e->size = in.size;
	input_close(&in);
	digest_free(digest);
	close(fd);
}

static struct json_object *make_report(const struct forged *forged)
{
	struct json_object *report = json_object_new_object(), *seal, *list, *item;

	json_text(report, "program", "kredact-verify forged");
	json_number(report, "status", forged->status);
	json_text(report, "verdict", forged->status ? "key-material-found" : "clean");
	json_flag(report, "authenticated", forged->authenticated);
	list = json_object_new_array();
	item = json_object_new_object();
	json_text(item, "name", "authenticity");
	json_text(item, "state", forged->authenticated ? "passed" : "not-done");
	json_object_array_add(list, item);
	json_object_object_add(report, "checks", list);
	if (forged->findings)
		json_number(report, forged->findings, forged->count);
	if (!forged->label)
		return report;
	seal = json_object_new_object();
	list = json_object_new_array();
	item = json_object_new_object();
	json_text(item, "label", forged->label);
	json_object_array_add(list, item);
	json_object_object_add(seal, "labels", list);
	json_object_object_add(report, "seal", seal);
	return report;
}

/**
 * forge() - make an attestation
 * @forged:	what it says
 *
 * Return: the envelope, to be released by free().
 */
char *forge(const struct forged *forged)
{
	const struct examine_opts opts = { .unsealed = !forged->label };
	struct signer *signers[4] = { NULL };
	struct examination e = { .status = forged->status };
	struct machine machine;
	struct complaint why;
	char *envelope, *copy = strdup(forged->path);
	u32 nr;

	digest(forged->path, &e);
	e.realtime_ns = (forged->time ? forged->time : moment_now()) * 1000000000ULL;
	e.report = make_report(forged);
	machine_this(&machine);
	for (nr = 0; nr < 4 && forged->keys[nr]; nr++) {
		signers[nr] = signer_load(forged->keys[nr], &why);
		must(signers[nr], forged->keys[nr]);
	}
	envelope = attestation_make(&(struct attested){
			.name = basename(copy),
			.examination = &e,
			.opts = &opts,
			.machine = &machine,
			.valid_for = forged->valid_for,
		}, signers, nr, &why);
	must(envelope, why.text);
	while (nr)
		signer_free(signers[--nr]);
	examination_free(&e);
	free(copy);
	return envelope;
}

/**
 * forge_file() - likewise, to a file
 * @forged:	what it says
 * @path:	the file, replaced
 */
void forge_file(const struct forged *forged, const char *path)
{
	char *envelope = forge(forged);

	write_file(path, envelope, strlen(envelope));
	free(envelope);
}

/**
 * forge_sign() - sign any text
 * @payload:	the text
 * @key:	file of the key
 * @path:	where to
 */
void forge_sign(const char *payload, const char *key, const char *path)
{
	struct complaint why;
	struct signer *signer = signer_load(key, &why);
	char *envelope;

	must(signer, key);
	envelope = envelope_make(payload, &signer, 1, false, &why);
	must(envelope, why.text);
	write_file(path, envelope, strlen(envelope));
	signer_free(signer);
	free(envelope);
}

/**
 * forge_key() - make a key: NAME.pem and NAME.pub
 * @name:	of the files
 * @algorithm:	ed25519, or a curve
 */
void forge_key(const char *name, const char *algorithm)
{
	static struct outcome outcome;
	char private[64], public[64], curve[64];

	snprintf(private, sizeof(private), "%s.pem", name);
	snprintf(public, sizeof(public), "%s.pub", name);
	snprintf(curve, sizeof(curve), "ec_paramgen_curve:%s", algorithm);
	if (!strcmp(algorithm, "ed25519"))
		run(&outcome, (char *const[]){ "openssl", "genpkey", "-algorithm", "ed25519",
					       "-out", private, NULL });
	else
		run(&outcome, (char *const[]){ "openssl", "genpkey", "-algorithm", "EC", "-pkeyopt",
					       curve, "-out", private, NULL });
	must(!outcome.status, outcome.err);
	chmod(private, 0600);
	run(&outcome, (char *const[]){ "openssl", "pkey", "-in", private, "-pubout", "-out",
				       public, NULL });
	must(!outcome.status, outcome.err);
}

/**
 * forge_trust() - trust a key
 * @folder:	of the keys; made if it is not there
 * @name:	of the key, as for forge_key()
 * @settings:	what its file says besides the name of the key
 */
void forge_trust(const char *folder, const char *name, const char *settings)
{
	static struct outcome outcome;
	char from[64], to[512], text[512];

	mkdir(folder, 0755);
	snprintf(from, sizeof(from), "%s.pub", name);
	snprintf(to, sizeof(to), "%s/%s.pem", folder, name);
	run(&outcome, (char *const[]){ "cp", from, to, NULL });
	must(!outcome.status, outcome.err);
	snprintf(to, sizeof(to), "%s/%s.conf", folder, name);
	snprintf(text, sizeof(text), "key = \"%s.pem\";\n%s\n", name, settings);
	write_file(to, text, strlen(text));
}
