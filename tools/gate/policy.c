// SPDX-License-Identifier: GPL-2.0
/*
 * The policy of the gate: see policy.h. A name that is not known is an error, since it may be
 * that of a rule.
 */
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>

#include "../bpf/conf.h"
#include "attest/trust.h"
#include "gate/policy.h"

#define ROOT_HAS	"there are destinations, quarantines, trust, threshold, state, log, seal_key, " \
			"certs, verifier, who, labels, checks, max_age_hours, max_bytes, mode, " \
			"findings, exceptions, uploads"
#define YEAR_HOURS	(366 * 24)

static void read_texts(struct conf *c, const config_setting_t *list, struct texts *to)
{
	if (list)
		to->nr = conf_take_texts(c, list, to->at, POLICY_MOST);
}

/* A folder is compared with others, and so has one form. */
static void check_folders(struct conf *c, const config_setting_t *at, const struct texts *texts)
{
	u32 i;

	for (i = 0; i < texts->nr; i++)
		if (texts->at[i][0] != '/' || texts->at[i][strlen(texts->at[i]) - 1] == '/' ||
		    strstr(texts->at[i], "//") || strstr(texts->at[i], "/."))
			conf_complain(c, at, "\"%s\" is no absolute path without a / at its end",
				      texts->at[i]);
}

static u64 read_number(struct conf *c, const config_setting_t *setting, u64 least, u64 most,
		       u64 otherwise)
{
	conf_take_number(c, setting, least, most, &otherwise);
	return otherwise;
}

static u32 read_mode(struct conf *c, const config_setting_t *setting)
{
	const char *text = setting ? conf_text(c, setting) : "0640";
	char *end = NULL;
	unsigned long mode = text ? strtoul(text, &end, 8) : 0;

	if (text && (*end || mode & ~0664UL || !(mode & 0400)))
		conf_complain(c, setting, "mode is a text such as \"0640\"");
	return mode;
}

static void read_who(struct conf *c, const config_setting_t *group, struct policy *policy)
{
	const config_setting_t *users, *groups, *subjects;
	const struct conf_known known[] = {
		{ "users", &users }, { "groups", &groups }, { "subjects", &subjects },
		{ NULL, NULL }
	};
	u32 i;

	if (!conf_sort(c, group, known, "who has users, groups, subjects"))
		return;
	read_texts(c, users, &policy->users);
	read_texts(c, groups, &policy->groups);
	read_texts(c, subjects, &policy->subjects);
	for (i = 0; i < policy->users.nr; i++)
		if (!getpwnam(policy->users.at[i]))
			conf_complain(c, users, "there is no user %s", policy->users.at[i]);
	for (i = 0; i < policy->groups.nr; i++)
		if (!getgrnam(policy->groups.at[i]))
			conf_complain(c, groups, "there is no group %s", policy->groups.at[i]);
}

static void read_labels(struct conf *c, const config_setting_t *group, struct policy *policy)
{
	const config_setting_t *allowed, *forbidden;
	const struct conf_known known[] = {
		{ "allowed", &allowed }, { "forbidden", &forbidden }, { NULL, NULL }
	};

	if (!conf_sort(c, group, known, "labels has allowed, forbidden"))
		return;
	read_texts(c, allowed, &policy->allowed);
	read_texts(c, forbidden, &policy->forbidden);
}

static void read_limit(struct conf *c, const config_setting_t *group, struct policy *policy)
{
	const config_setting_t *kind, *most;
	const struct conf_known known[] = { { "kind", &kind }, { "most", &most }, { NULL, NULL } };
	struct limit *limit = &policy->limits[policy->nr_limits];

	if (!conf_is_group(c, group))
		return;
	if (policy->nr_limits == POLICY_MOST) {
		conf_complain(c, group, "more than %u findings", POLICY_MOST);
		return;
	}
	if (!conf_sort(c, group, known, "a finding has kind, most"))
		return;
	if (!kind || !most) {
		conf_complain(c, group, "a finding needs kind and most");
		return;
	}
	limit->kind = conf_text(c, kind);
	limit->most = read_number(c, most, 0, UINT32_MAX, 0);
	policy->nr_limits += !!limit->kind;
}

static void read_limits(struct conf *c, const config_setting_t *list, struct policy *policy)
{
	int i;

	if (!config_setting_is_list(list))
		conf_complain(c, list, "findings is a list, in ( )");
	else
		for (i = 0; i < config_setting_length(list); i++)
			read_limit(c, config_setting_get_elem(list, i), policy);
}

static void read_exceptions(struct conf *c, const config_setting_t *group, struct policy *policy)
{
	const config_setting_t *names, *persons;
	const struct conf_known known[] = {
		{ "rules", &names }, { "persons", &persons }, { NULL, NULL }
	};
	struct texts words = { 0 };
	enum gate_rule rule;
	u32 i;

	if (!conf_sort(c, group, known, "exceptions has rules, persons"))
		return;
	read_texts(c, names, &words);
	for (i = 0; i < words.nr; i++) {
		if (!rule_of_word(words.at[i], &rule))
			conf_complain(c, names, "there is no rule %s", words.at[i]);
		else if (!rule_can_be_excepted(rule))
			conf_complain(c, names, "nobody can set aside %s", words.at[i]);
		else
			policy->excepted[rule] = true;
	}
	policy->persons = read_number(c, persons, 2, 16, 2);
}

static void read_verifier(struct conf *c, const config_setting_t *group, struct policy *policy)
{
	const config_setting_t *program, *user, *seconds;
	const struct conf_known known[] = {
		{ "program", &program }, { "user", &user }, { "seconds", &seconds }, { NULL, NULL }
	};
	const char *name = NULL;
	struct passwd *entry;

	if (!conf_sort(c, group, known, "verifier has program, user, seconds"))
		return;
	conf_take_text(c, program, &policy->verifier);
	policy->seconds = read_number(c, seconds, 1, 7 * 86400, policy->seconds);
	conf_take_text(c, user, &name);
	entry = name ? getpwnam(name) : NULL;
	if (name && !entry)
		conf_complain(c, user, "there is no user %s", name);
	if (!entry)
		return;
	policy->become = true;
	policy->uid = entry->pw_uid;
	policy->gid = entry->pw_gid;
}

static void read_uploads(struct conf *c, const config_setting_t *group, struct policy *policy)
{
	const config_setting_t *incoming, *destination, *per_client, *bytes, *uploads, *keep;
	const struct conf_known known[] = {
		{ "incoming", &incoming }, { "destination", &destination },
		{ "per_client", &per_client }, { "bytes_per_client", &bytes },
		{ "uploads", &uploads }, { "keep_hours", &keep }, { NULL, NULL }
	};
	struct uploads *to = &policy->uploads;

	if (!conf_sort(c, group, known, "uploads has incoming, destination, per_client, "
		       "bytes_per_client, uploads, keep_hours"))
		return;
	to->incoming = POLICY_INCOMING;
	conf_take_text(c, incoming, &to->incoming);
	conf_take_text(c, destination, &to->destination);
	if (!to->destination)
		conf_complain(c, group, "uploads needs a destination");
	to->per_client = read_number(c, per_client, 1, 1000, 4);
	to->bytes_per_client = read_number(c, bytes, 1, 1ULL << 50, 1ULL << 38);
	to->uploads = read_number(c, uploads, 1, 10000, 64);
	to->keep = read_number(c, keep, 1, YEAR_HOURS, 24) * 3600;
}

/* What a gate is that says nothing of it. */
static void set_defaults(struct policy *policy)
{
	static const struct texts checks = {
		{ "structure", "seal", "match", "authenticity", "ranges", "copies", "keys" }, 7
	};

	policy->checks = checks;
	policy->trust = TRUST_DIR;
	policy->state = POLICY_STATE;
	policy->seconds = 3600;
	policy->persons = 2;
	policy->quarantines.at[0] = "/var/lib/kredact/quarantine";
	policy->quarantines.nr = 1;
}

static void read_root(struct conf *c, const config_setting_t *root, struct policy *policy)
{
	const config_setting_t *destinations, *quarantines, *trust, *threshold, *state, *log, *key,
		*certs, *verifier, *who, *labels, *checks, *age, *bytes, *mode, *findings,
		*exceptions, *uploads;
	const struct conf_known known[] = {
		{ "destinations", &destinations }, { "quarantines", &quarantines },
		{ "trust", &trust }, { "threshold", &threshold }, { "state", &state },
		{ "log", &log }, { "seal_key", &key }, { "certs", &certs },
		{ "verifier", &verifier }, { "who", &who }, { "labels", &labels },
		{ "checks", &checks }, { "max_age_hours", &age }, { "max_bytes", &bytes },
		{ "mode", &mode }, { "findings", &findings }, { "exceptions", &exceptions },
		{ "uploads", &uploads }, { NULL, NULL }
	};

	if (!conf_sort(c, root, known, ROOT_HAS))
		return;
	set_defaults(policy);
	if (!destinations || !who)
		conf_complain(c, NULL, "a gate needs destinations and who");
	read_texts(c, destinations, &policy->destinations);
	check_folders(c, destinations, &policy->destinations);
	read_texts(c, quarantines, &policy->quarantines);
	check_folders(c, quarantines, &policy->quarantines);
	conf_take_text(c, trust, &policy->trust);
	policy->threshold = read_number(c, threshold, 1, ENVELOPE_SIGNATURES, 1);
	conf_take_text(c, state, &policy->state);
	conf_take_text(c, log, &policy->log);
	conf_take_text(c, key, &policy->seal_key);
	read_texts(c, certs, &policy->certs);
	read_texts(c, checks, &policy->checks);
	policy->max_age = read_number(c, age, 1, 100 * YEAR_HOURS, 30 * 24) * 3600;
	policy->max_bytes = read_number(c, bytes, 1, 1ULL << 50, 1ULL << 38);
	policy->mode = read_mode(c, mode);
	if (verifier)
		read_verifier(c, verifier, policy);
	if (who)
		read_who(c, who, policy);
	if (labels)
		read_labels(c, labels, policy);
	if (findings)
		read_limits(c, findings, policy);
	if (exceptions)
		read_exceptions(c, exceptions, policy);
	if (uploads)
		read_uploads(c, uploads, policy);
	if (!c->failed && policy->uploads.destination &&
	    !texts_have(&policy->destinations, policy->uploads.destination))
		conf_complain(c, uploads, "their destination is none of destinations");
	if (!policy->seal_key && texts_have(&policy->checks, "authenticity"))
		conf_complain(c, checks, "the check authenticity needs seal_key");
}

/**
 * policy_load() - read a policy
 * @path:	file
 * @errors:	where to say what is wrong, with the file and the line
 *
 * Return: to be released by policy_free(), or NULL if something is wrong.
 */
struct policy *policy_load(const char *path, FILE *errors)
{
	struct policy *policy = calloc(1, sizeof(*policy));
	struct conf c = { .path = path, .errors = errors };
	const config_setting_t *root;

	if (!policy) {
		fprintf(errors, "%s: not enough memory\n", path);
		return NULL;
	}
	root = conf_read(&c, &policy->file);
	if (root)
		read_root(&c, root, policy);
	if (!c.failed)
		return policy;
	policy_free(policy);
	return NULL;
}

/**
 * policy_free() - release a policy
 * @policy:	from policy_load(), or NULL
 */
void policy_free(struct policy *policy)
{
	if (policy)
		config_destroy(&policy->file);
	free(policy);
}

/**
 * texts_have() - is a text in a list?
 * @texts:	the list
 * @text:	the text
 *
 * Return: true if it is.
 */
bool texts_have(const struct texts *texts, const char *text)
{
	u32 i;

	for (i = 0; i < texts->nr; i++)
		if (!strcmp(texts->at[i], text))
			return true;
	return false;
}
