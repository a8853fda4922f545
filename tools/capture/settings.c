// SPDX-License-Identifier: GPL-2.0
/*
 * What capture.conf says: see settings.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../bpf/conf.h"
#include "settings.h"

#define ROOT_HAS	"there are store, quarantine, sign, key, certs, verify, log, user, most, " \
			"level, tee, tee_patience, silence, unclean"
#define STORE_HAS	"a store has folder, bytes, files, keep_free, age"

/* The suffixes of sizes, each 1024 times the one before; and of times. */
static const char sizes[] = "KMGT";
static const struct {
	char letter;
	u64 seconds;
} times[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 }, { 'w', 604800 } };

static bool unit_of(const char *unit, bool is_time, u64 *factor)
{
	const char *size;
	size_t i;

	*factor = 1;
	if (!*unit)
		return true;
	if (unit[1])
		return false;
	if (!is_time) {
		size = strchr(sizes, *unit);
		if (size)
			*factor = 1ULL << (10 * (size - sizes + 1));
		return size;
	}
	for (i = 0; i < sizeof(times) / sizeof(*times); i++)
		if (times[i].letter == *unit) {
			*factor = times[i].seconds;
			return true;
		}
	return false;
}

/* A number, or a text of a number and a unit. */
static void read_amount(struct conf *c, const config_setting_t *setting, bool is_time, u64 *to)
{
	const char *text;
	char *end = NULL;
	u64 value, factor;

	if (!setting)
		return;
	if (config_setting_is_number(setting) && config_setting_get_int64(setting) >= 0 &&
	    config_setting_type(setting) != CONFIG_TYPE_FLOAT) {
		*to = config_setting_get_int64(setting);
		return;
	}
	text = config_setting_get_string(setting);
	errno = 0;
	value = text && *text >= '0' && *text <= '9' ? strtoull(text, &end, 10) : 0;
	if (!end || errno || !unit_of(end, is_time, &factor) || value > (u64)INT64_MAX / factor) {
		conf_complain(c, setting, "%s is a number, or one with %s in quotation marks",
			      config_setting_name(setting),
			      is_time ? "s, m, h, d or w" : "K, M, G or T");
		return;
	}
	*to = value * factor;
}

static void read_words(struct conf *c, const config_setting_t *list, const char **to)
{
	if (list)
		conf_take_texts(c, list, to, CAPTURE_WORDS);
}

static void read_store(struct conf *c, const config_setting_t *group, const char **folder,
		       struct quota *quota)
{
	const config_setting_t *where, *bytes, *files, *keep_free, *age;
	const struct conf_known known[] = {
		{ "folder", &where }, { "bytes", &bytes }, { "files", &files },
		{ "keep_free", &keep_free }, { "age", &age }, { NULL, NULL }
	};

	if (!group || !conf_is_group(c, group) || !conf_sort(c, group, known, STORE_HAS))
		return;
	conf_take_path(c, where, folder);
	read_amount(c, bytes, false, &quota->bytes);
	read_amount(c, files, false, &quota->files);
	read_amount(c, keep_free, false, &quota->keep_free);
	read_amount(c, age, true, &quota->age);
}

static void read_unclean(struct conf *c, const config_setting_t *setting, bool *move)
{
	const char *word = setting ? conf_text(c, setting) : NULL;

	if (!word)
		return;
	*move = !strcmp(word, "move");
	if (!*move && strcmp(word, "mark"))
		conf_complain(c, setting, "unclean is \"move\" or \"mark\"");
}

static void read_root(struct conf *c, const config_setting_t *root, struct settings *to)
{
	const config_setting_t *store, *quarantine, *sign, *key, *certs, *verify, *log, *user;
	const config_setting_t *most, *level, *tee, *tee_patience, *silence, *unclean;
	const struct conf_known known[] = {
		{ "store", &store }, { "quarantine", &quarantine }, { "sign", &sign },
		{ "key", &key }, { "certs", &certs }, { "verify", &verify }, { "log", &log },
		{ "user", &user }, { "most", &most }, { "level", &level }, { "tee", &tee },
		{ "tee_patience", &tee_patience }, { "silence", &silence },
		{ "unclean", &unclean }, { NULL, NULL }
	};

	if (!conf_sort(c, root, known, ROOT_HAS))
		return;
	read_store(c, store, &to->store, &to->store_quota);
	read_store(c, quarantine, &to->quarantine, &to->quarantine_quota);
	conf_take_text(c, sign, &to->sign);
	conf_take_path(c, key, &to->key);
	read_words(c, certs, to->certs);
	read_words(c, verify, to->verify);
	conf_take_path(c, log, &to->log);
	conf_take_text(c, user, &to->user);
	read_amount(c, most, false, &to->most);
	/* Above, zstd takes more memory than the sandbox has. */
	conf_take_number(c, level, 1, 12, &to->level);
	read_words(c, tee, to->tee);
	read_amount(c, tee_patience, true, &to->tee_patience);
	read_amount(c, silence, true, &to->silence);
	read_unclean(c, unclean, &to->move);
	if (tee && to->tee[0] && to->tee[0][0] != '/')
		conf_complain(c, tee, "tee begins with an absolute path");
}

/**
 * settings_default() - what holds without a file
 *
 * There is no key to sign with, so that all dumps go to the quarantine.
 *
 * Return: to be released by settings_free(), or NULL if there is no memory.
 */
struct settings *settings_default(void)
{
	struct settings *settings = calloc(1, sizeof(*settings));

	if (!settings)
		return NULL;
	settings->store = "/var/lib/kredact/store";
	settings->quarantine = "/var/lib/kredact/quarantine";
	settings->store_quota = (struct quota){ 20ULL << 30, 1000, 1ULL << 30, 30 * 86400 };
	settings->quarantine_quota = (struct quota){ 20ULL << 30, 1000, 1ULL << 30, 400 * 86400 };
	settings->user = "kredact-capture";
	settings->most = 64ULL << 30;
	settings->level = 3;
	settings->tee_patience = 60;
	settings->silence = 60;
	settings->move = true;
	config_init(&settings->file);
	return settings;
}

/**
 * settings_load() - read capture.conf
 * @path:	of it
 * @errors:	where to say what is wrong, with the file and the line
 *
 * Return: to be released by settings_free(), or NULL if something is wrong.
 */
struct settings *settings_load(const char *path, FILE *errors)
{
	struct settings *settings = settings_default();
	struct conf c = { .path = path, .errors = errors };
	const config_setting_t *root;

	if (!settings) {
		fprintf(errors, "%s: out of memory\n", path);
		return NULL;
	}
	/* It is begun anew. */
	config_destroy(&settings->file);
	root = conf_read(&c, &settings->file);
	if (root)
		read_root(&c, root, settings);
	if (!c.failed)
		return settings;
	settings_free(settings);
	return NULL;
}

/**
 * settings_free() - release settings
 * @settings:	from settings_load() or settings_default(), or NULL
 */
void settings_free(struct settings *settings)
{
	if (settings)
		config_destroy(&settings->file);
	free(settings);
}
