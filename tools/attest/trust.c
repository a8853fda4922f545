// SPDX-License-Identifier: GPL-2.0
/*
 * Whose signatures count: see trust.h.
 *
 * A file NAME.conf says what a key may do and when, and names the file of its public half. The
 * folder is read whole or not at all: a file that is not understood may be a revocation.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "../bpf/conf.h"
#include "attest/moment.h"
#include "attest/trust.h"

#define PEM_MAX	16384
#define SUFFIX	".conf"
#define KEY_HAS	"a key has key, roles, not_before, not_after, revoked_at"

static void read_moment(struct conf *c, const config_setting_t *setting, u64 *to)
{
	const char *text = setting ? conf_text(c, setting) : NULL;

	if (text && !moment_parse(text, to))
		conf_complain(c, setting, "%s is no moment such as \"2026-11-26T12:00:00Z\"",
			      config_setting_name(setting));
}

static void read_role(struct conf *c, const config_setting_t *setting, u32 *roles)
{
	const char *word = conf_text(c, setting);

	if (word && !strcmp(word, "attest"))
		*roles |= TRUST_ATTEST;
	else if (word && !strcmp(word, "approve"))
		*roles |= TRUST_APPROVE;
	else if (word)
		conf_complain(c, setting, "a role is attest or approve");
}

static void read_roles(struct conf *c, const config_setting_t *setting, u32 *roles)
{
	int i;

	if (!config_setting_is_aggregate(setting)) {
		read_role(c, setting, roles);
		return;
	}
	for (i = 0; i < config_setting_length(setting); i++)
		read_role(c, config_setting_get_elem(setting, i), roles);
}

static EVP_PKEY *read_pem(const char *path)
{
	BIO *bio = BIO_new_file(path, "r");
	EVP_PKEY *key = NULL;
	struct stat stat;

	if (bio && !lstat(path, &stat) && S_ISREG(stat.st_mode) && stat.st_size <= PEM_MAX)
		key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
	BIO_free(bio);
	ERR_clear_error();
	return key;
}

static void read_key(struct conf *c, const config_setting_t *setting, const char *folder,
		     struct trusted *trusted)
{
	const char *name = conf_text(c, setting);
	char *path = NULL;
	u8 *der = NULL;
	int len;

	if (!name)
		return;
	if (strchr(name, '/') || asprintf(&path, "%s/%s", folder, name) < 0) {
		conf_complain(c, setting, "key is a file in the same folder");
		return;
	}
	trusted->key = read_pem(path);
	free(path);
	if (!trusted->key || (!EVP_PKEY_is_a(trusted->key, "EC") &&
			      !EVP_PKEY_is_a(trusted->key, "ED25519"))) {
		conf_complain(c, setting, "%s is no public key (PEM; Ed25519 or EC)", name);
		return;
	}
	len = i2d_PUBKEY(trusted->key, &der);
	if (len <= 0 || !EVP_Digest(der, len, trusted->id, NULL, EVP_sha256(), NULL))
		conf_complain(c, setting, "OpenSSL cannot write it");
	OPENSSL_free(der);
}

static void read_trusted(struct conf *c, const config_setting_t *root, const char *folder,
			 struct trusted *to)
{
	const config_setting_t *key, *roles, *before, *after, *revoked;
	const struct conf_known known[] = {
		{ "key", &key }, { "roles", &roles }, { "not_before", &before },
		{ "not_after", &after }, { "revoked_at", &revoked }, { NULL, NULL }
	};

	if (!conf_sort(c, root, known, KEY_HAS))
		return;
	if (!key || !roles) {
		conf_complain(c, NULL, "a key needs key and roles");
		return;
	}
	to->not_after = UINT64_MAX;
	read_key(c, key, folder, to);
	read_roles(c, roles, &to->roles);
	read_moment(c, before, &to->not_before);
	read_moment(c, after, &to->not_after);
	read_moment(c, revoked, &to->revoked_at);
	if (!c->failed && to->not_after < to->not_before)
		conf_complain(c, after, "not_after is before not_before");
}

/* May anybody else than root, or who runs this, write it? */
static bool is_safe(const char *path, FILE *errors)
{
	struct stat stat;

	if (lstat(path, &stat)) {
		fprintf(errors, "%s: %s\n", path, strerror(errno));
		return false;
	}
	if ((stat.st_uid && stat.st_uid != geteuid()) || stat.st_mode & 022 ||
	    S_ISLNK(stat.st_mode)) {
		fprintf(errors, "%s: others may change it (owner %u, mode %04o)\n", path,
			stat.st_uid, stat.st_mode & 07777);
		return false;
	}
	return true;
}

static bool add_file(struct trust *trust, const char *folder, const char *name, FILE *errors)
{
	struct trusted *to = &trust->keys[trust->nr];
	struct conf c = { .errors = errors };
	size_t len = strlen(name) - strlen(SUFFIX);
	const config_setting_t *root;
	config_t config;
	char *path;
	u32 i;

	if (trust->nr == TRUST_KEYS || len >= sizeof(to->name)) {
		fprintf(errors, "%s/%s: too many keys, or too long a name\n", folder, name);
		return false;
	}
	if (asprintf(&path, "%s/%s", folder, name) < 0)
		return false;
	if (!is_safe(path, errors)) {
		free(path);
		return false;
	}
	c.path = path;
	memcpy(to->name, name, len);
	trust->nr++;
	root = conf_read(&c, &config);
	if (root)
		read_trusted(&c, root, folder, to);
	for (i = 0; !c.failed && i + 1 < trust->nr; i++)
		if (!memcmp(trust->keys[i].id, to->id, DIGEST_LEN))
			conf_complain(&c, NULL, "%s is the same key", trust->keys[i].name);
	config_destroy(&config);
	free(path);
	return !c.failed;
}

static int is_conf(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return *entry->d_name != '.' && len > strlen(SUFFIX) &&
	       !strcmp(entry->d_name + len - strlen(SUFFIX), SUFFIX);
}

/**
 * trust_load() - read a folder of keys
 * @path:	the folder
 * @errors:	where to say what is wrong, with file and line
 *
 * Return: to be released by trust_free(), or NULL if something is wrong. A folder without keys
 * is good: nobody is trusted.
 */
struct trust *trust_load(const char *path, FILE *errors)
{
	struct trust *trust = calloc(1, sizeof(*trust));
	struct dirent **entries = NULL;
	int nr, i;
	bool good;

	if (!trust)
		return NULL;
	nr = scandir(path, &entries, is_conf, alphasort);
	if (nr < 0)
		fprintf(errors, "%s: %s\n", path, strerror(errno));
	good = nr >= 0 && is_safe(path, errors);
	for (i = 0; i < nr; i++) {
		good = good && add_file(trust, path, entries[i]->d_name, errors);
		free(entries[i]);
	}
	free(entries);
	if (good)
		return trust;
	trust_free(trust);
	return NULL;
}

/**
 * trust_free() - release the keys
 * @trust:	from trust_load(), or NULL
 */
void trust_free(struct trust *trust)
{
	u32 i;

	for (i = 0; trust && i < trust->nr; i++)
		EVP_PKEY_free(trust->keys[i].key);
	free(trust);
}

static bool fits(const struct trusted *key, const struct envelope_signature *signature,
		 const char *encoded, size_t len)
{
	const EVP_MD *hash = EVP_PKEY_is_a(key->key, "EC") ? EVP_sha256() : NULL;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool good = context &&
		    EVP_DigestVerifyInit(context, NULL, hash, NULL, key->key) > 0 &&
		    EVP_DigestVerify(context, signature->bytes, signature->len, (const u8 *)encoded,
				     len) > 0;

	EVP_MD_CTX_free(context);
	ERR_clear_error();
	return good;
}

/* A name of a key in an envelope is a hint that nobody signed. */
static bool has_signed(const struct trusted *key, const struct envelope *envelope,
		       const char *encoded, size_t len)
{
	u32 i;

	for (i = 0; i < envelope->nr; i++)
		if (fits(key, &envelope->signatures[i], encoded, len))
			return true;
	return false;
}

static enum trust_verdict worth(const struct trusted *key, u32 role, u64 time)
{
	if (key->revoked_at && key->revoked_at <= moment_now())
		return TRUST_REVOKED;
	if (!(key->roles & role))
		return TRUST_ROLE;
	if (time < key->not_before || time > key->not_after)
		return TRUST_TIME;
	return TRUST_GOOD;
}

/**
 * trust_check() - what the signatures of an envelope are worth
 * @trust:	the keys
 * @envelope:	has the signatures
 * @role:	what is signed
 * @time:	when, as the payload says: seconds since 1970
 * @threshold:	different keys that are needed, at least 1
 * @result:	takes it
 */
void trust_check(const struct trust *trust, const struct envelope *envelope, u32 role, u64 time,
		 u32 threshold, struct trust_result *result)
{
	enum trust_verdict verdict;
	size_t len = 0;
	char *encoded = envelope_encoded(envelope->payload, envelope->len, &len);
	u32 i;

	*result = (struct trust_result){ .verdict = TRUST_UNKNOWN };
	for (i = 0; encoded && i < trust->nr; i++) {
		const struct trusted *key = &trust->keys[i];

		if (!has_signed(key, envelope, encoded, len))
			continue;
		verdict = worth(key, role, time);
		if (verdict == TRUST_GOOD && result->nr < ENVELOPE_SIGNATURES)
			result->signers[result->nr++] = key;
		if (verdict == TRUST_GOOD && result->nr < threshold)
			verdict = TRUST_FEW;
		result->verdict = max(result->verdict, verdict);
	}
	free(encoded);
}

/**
 * trust_text() - why signatures do not count
 * @verdict:	what trust_check() said
 *
 * Return: a line for people.
 */
const char *trust_text(enum trust_verdict verdict)
{
	static const char *const texts[TRUST_VERDICTS] = {
		[TRUST_UNKNOWN] = "no signature is that of a trusted key over these bytes",
		[TRUST_REVOKED] = "the key that signed it is revoked",
		[TRUST_ROLE] = "the key that signed it may not sign this",
		[TRUST_TIME] = "the key that signed it was not valid at that time",
		[TRUST_FEW] = "too few trusted keys have signed it",
		[TRUST_GOOD] = "signed by trusted keys",
	};

	return texts[verdict];
}
