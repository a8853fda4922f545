// SPDX-License-Identifier: GPL-2.0
/*
 * kredact rules: load, list and unload BPF programs that decide about dumps.
 *
 * A program stays attached for as long as its link is pinned, in a folder for each
 * object file below RULES_DIR; so nothing has to run meanwhile.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "../bpf/cgroup.h"
#include "../bpf/kernel.h"
#include "../bpf/log.h"
#include "commands.h"

#define RULES_DIR	"/sys/fs/bpf/kredact"
#define HOOK_PREFIX	"kredact_policy_"

#define NAME_LEN	64
#define FOLDER_LEN	(sizeof(RULES_DIR) + NAME_LEN + 1)

static bool verbose;

static void usage(FILE *to)
{
	fputs("usage: kredact rules load [--name NAME] [--verbose] OBJECT [SETTING=VALUE]...\n"
	      "       kredact rules unload NAME\n"
	      "       kredact rules [list]\n"
	      "Loads the BPF programs of an object file that decide about dumps, and attaches them.\n"
	      "  --name NAME     what to call them (default: the file's, up to its first dot)\n"
	      "  --verbose       libbpf's messages and the verifier's, too\n"
	      "  SETTING=VALUE   a constant of the programs: a number, a list of numbers, a text,\n"
	      "                  or the path of a cgroup's folder, for its id\n"
	      "Exit code 0, 1 on an error, 2 if this kernel or its kredact.ko cannot do it, 3 for\n"
	      "wrong usage.\n", to);
}

static int fail(const char *what)
{
	fprintf(stderr, "kredact rules: %s: %s\n", what, strerror(errno));
	return EXIT_FAILED;
}

/* A name is a folder's, so it may not lead anywhere else. */
static bool name_is_good(const char *name)
{
	size_t i, len = strlen(name);

	for (i = 0; i < len; i++)
		if (!isalnum((unsigned char)name[i]) && !strchr("_-", name[i]))
			return false;
	return len && len < NAME_LEN;
}

/* Why there can be no programs here, or NULL. */
static const char *cannot(void)
{
	if (access(KERNEL_MODULE_DIR, F_OK))
		return "kredact.ko is not in the kernel";
	if (!kernel_module_has(HOOK_PREFIX "dump"))
		return "this kernel's kredact.ko has no hooks for BPF programs";
	return NULL;
}

/* One number; the path of a cgroup stands for its id. */
static bool parse_number(const char *text, size_t len, uint64_t *value)
{
	char copy[PATH_MAX], *end;

	if (!len || len >= sizeof(copy))
		return false;
	memcpy(copy, text, len);
	copy[len] = 0;
	if (*copy == '/') {
		*value = cgroup_id(copy);
		return *value;
	}
	errno = 0;
	*value = strtoull(copy, &end, 0);
	return !errno && !*end && isdigit((unsigned char)*copy);
}

static bool store(uint8_t *to, uint32_t size, uint64_t value)
{
	if (size < sizeof(value) && value >> 8 * size)
		return false;
	/* This machine is little-endian, as the program is. */
	memcpy(to, &value, size);
	return true;
}

/* A list of numbers; what it does not reach stays as it is. */
static bool store_list(uint8_t *to, uint32_t size, uint32_t room, const char *text)
{
	uint64_t value;
	size_t len;

	for (;; text += len + 1) {
		len = strcspn(text, ",");
		if (!room-- || !parse_number(text, len, &value) || !store(to, size, value))
			return false;
		if (!text[len])
			return true;
		to += size;
	}
}

static const struct btf_type *plain_type(const struct btf *btf, uint32_t id)
{
	const struct btf_type *type = btf__type_by_id(btf, id);

	while (type && (btf_is_mod(type) || btf_is_typedef(type)))
		type = btf__type_by_id(btf, type->type);
	return type;
}

/* By the type of the setting in the program. */
static bool store_text(const struct btf *btf, uint32_t id, uint8_t *to, const char *text)
{
	const struct btf_type *type = plain_type(btf, id), *element;
	const struct btf_array *array;

	if (type && btf_is_int(type) && type->size <= sizeof(uint64_t))
		return store_list(to, type->size, 1, text);
	if (!type || !btf_is_array(type))
		return false;
	array = btf_array(type);
	element = plain_type(btf, array->type);
	if (!element || !btf_is_int(element) || element->size > sizeof(uint64_t))
		return false;
	if (element->size > 1)
		return store_list(to, element->size, array->nelems, text);
	if (strlen(text) > array->nelems)
		return false;
	memset(to, 0, array->nelems);
	memcpy(to, text, strlen(text));
	return true;
}

/* The map of the constants, and what BTF says of it. */
static struct bpf_map *constants(const struct bpf_object *object)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object)
		if (bpf_map__is_internal(map) && bpf_map__btf_value_type_id(map) &&
		    strstr(bpf_map__name(map), ".rodata"))
			return map;
	return NULL;
}

static int set(const struct bpf_object *object, const char *setting)
{
	const struct btf *btf = bpf_object__btf(object);
	const char *value = strchr(setting, '=') + 1;
	const struct btf_type *section = NULL;
	struct bpf_map *map = constants(object);
	const void *initial = NULL;
	uint8_t *bytes;
	bool done;
	size_t size;
	int i;

	if (map) {
		initial = bpf_map__initial_value(map, &size);
		section = btf__type_by_id(btf, bpf_map__btf_value_type_id(map));
	}
	for (i = 0; initial && section && i < btf_vlen(section); i++) {
		const struct btf_var_secinfo *var = btf_var_secinfos(section) + i;
		const struct btf_type *type = btf__type_by_id(btf, var->type);
		const char *name = btf__name_by_offset(btf, type->name_off);

		if (strncmp(name, setting, value - setting - 1) || name[value - setting - 1])
			continue;
		bytes = malloc(size);
		if (!bytes)
			return fail(setting);
		memcpy(bytes, initial, size);
		done = (size_t)var->offset + var->size <= size &&
		       store_text(btf, type->type, bytes + var->offset, value) &&
		       !bpf_map__set_initial_value(map, bytes, size);
		free(bytes);
		if (done)
			return 0;
		fprintf(stderr, "kredact rules: %s: no value for this setting\n", setting);
		return EXIT_FAILED;
	}
	fprintf(stderr, "kredact rules: %s: the programs have no such setting\n", setting);
	return EXIT_FAILED;
}

/* Anything else than a rule has no business here. */
static bool all_are_rules(const struct bpf_object *object)
{
	struct bpf_program *program;
	bool any = false;

	bpf_object__for_each_program(program, object) {
		const char *section = bpf_program__section_name(program), *hook;

		hook = strchr(section, '/');
		if (strncmp(section, "fmod_ret", strlen("fmod_ret")) || !hook ||
		    strncmp(hook + 1, HOOK_PREFIX, strlen(HOOK_PREFIX)))
			return false;
		any = true;
	}
	return any;
}

static int remove_folder(const char *folder)
{
	struct dirent *entry;
	DIR *dir = opendir(folder);
	int ret = 0;

	if (!dir)
		return -1;
	while (!ret && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			ret = unlinkat(dirfd(dir), entry->d_name, 0);
	closedir(dir);
	return ret ? ret : rmdir(folder);
}

static int attach(const struct bpf_object *object, const char *folder)
{
	struct bpf_program *program;
	char path[PATH_MAX];

	bpf_object__for_each_program(program, object) {
		struct bpf_link *link = bpf_program__attach(program);
		int ret;

		if (!link)
			return fail(bpf_program__name(program));
		snprintf(path, sizeof(path), "%s/%s", folder, bpf_program__name(program));
		ret = bpf_link__pin(link, path);
		/* A link that is pinned goes on. */
		bpf_link__destroy(link);
		if (ret)
			return fail(path);
	}
	return 0;
}

/* All programs of an object or none. */
static int load(const char *file, const char *name, char **settings)
{
	char folder[FOLDER_LEN];
	struct bpf_object *object;
	int status = 0;

	object = bpf_object__open_file(file, NULL);
	if (!object)
		return fail(file);
	if (!all_are_rules(object)) {
		fprintf(stderr, "kredact rules: %s: not only programs for hooks of kredact\n", file);
		status = EXIT_FAILED;
	}
	for (; *settings && !status; settings++)
		status = set(object, *settings);
	if (!status && bpf_object__load(object)) {
		fail(file);
		fputs(verbose ? "" : "kredact rules: --verbose shows why\n", stderr);
		status = EXIT_FAILED;
	}
	if (status)
		goto close;
	snprintf(folder, sizeof(folder), "%s/%s", RULES_DIR, name);
	if ((mkdir(RULES_DIR, 0700) && errno != EEXIST) || mkdir(folder, 0700)) {
		status = fail(folder);
		goto close;
	}
	status = attach(object, folder);
	if (status)
		remove_folder(folder);
	else
		printf("%s is loaded\n", name);
close:
	bpf_object__close(object);
	return status;
}

static int cmd_load(int argc, char **argv)
{
	static const struct option options[] = {
		{ "name", required_argument, NULL, 'n' },
		{ "verbose", no_argument, NULL, 'v' },
		{ NULL, 0, NULL, 0 }
	};
	char name[NAME_LEN] = "";
	const char *why, *given = NULL, *base;
	int opt, i;

	optind = 1;
	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == 'n') {
			given = optarg;
		} else if (opt == 'v') {
			verbose = true;
			bpf_log_to(stderr);
		} else {
			usage(stderr);
			return EXIT_USAGE;
		}
	}
	for (i = optind + 1; i < argc; i++)
		if (!strchr(argv[i], '='))
			break;
	if (optind >= argc || i < argc) {
		usage(stderr);
		return EXIT_USAGE;
	}
	base = strrchr(argv[optind], '/') ? strrchr(argv[optind], '/') + 1 : argv[optind];
	if (strcspn(base, ".") < sizeof(name))
		memcpy(name, base, strcspn(base, "."));
	given = given ? given : name;
	if (!name_is_good(given)) {
		fprintf(stderr, "kredact rules: a name has up to %d letters, digits, _ and -\n",
			NAME_LEN - 1);
		return EXIT_USAGE;
	}
	why = cannot();
	if (why) {
		fprintf(stderr, "kredact rules: %s.\n"
			"This needs Linux 6.12 or later with BTF, and kredact.ko built for it.\n", why);
		return EXIT_CANNOT;
	}
	return load(argv[optind], given, argv + optind + 1);
}

/* The program of a pinned link, or 0. */
static uint32_t program_of(const char *path)
{
	struct bpf_link_info link = { };
	uint32_t len = sizeof(link);
	int fd = bpf_obj_get(path), ret;

	if (fd < 0)
		return 0;
	ret = bpf_obj_get_info_by_fd(fd, &link, &len);
	close(fd);
	return ret ? 0 : link.prog_id;
}

/* The kernel detaches later: when the program has gone, that is over. */
static bool wait_for_end(uint32_t id)
{
	int tries, fd;

	for (tries = 0; tries < 500; tries++) {
		fd = bpf_prog_get_fd_by_id(id);
		if (fd < 0)
			return errno == ENOENT;
		close(fd);
		usleep(10000);
	}
	return false;
}

static int cmd_unload(int argc, char **argv)
{
	uint32_t ids[NAME_LEN], nr = 0;
	char folder[FOLDER_LEN], path[PATH_MAX];
	struct dirent *entry;
	int status = 0;
	DIR *dir;

	if (argc != 2 || !name_is_good(argv[1])) {
		usage(stderr);
		return EXIT_USAGE;
	}
	snprintf(folder, sizeof(folder), "%s/%s", RULES_DIR, argv[1]);
	dir = opendir(folder);
	if (!dir)
		return fail(folder);
	while (nr < NAME_LEN && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		ids[nr] = entry->d_name[0] == '.' ? 0 : program_of(path);
		nr += !!ids[nr];
	}
	closedir(dir);
	if (remove_folder(folder))
		return fail(folder);
	while (nr--) {
		if (wait_for_end(ids[nr]))
			continue;
		fprintf(stderr, "kredact rules: program %u is not loaded by this name any more, "
			"but in use\n", ids[nr]);
		status = EXIT_FAILED;
	}
	return status;
}

/* What the kernel knows of a pinned link. */
static void list_link(const char *name, const char *path, const char *program)
{
	struct bpf_prog_info prog = { };
	uint32_t len = sizeof(prog), id = program_of(path);
	int fd = id ? bpf_prog_get_fd_by_id(id) : -1;

	if (fd >= 0 && !bpf_obj_get_info_by_fd(fd, &prog, &len))
		printf("%-16s %-16s program %u of user %u, %u instructions verified\n", name,
		       program, prog.id, prog.created_by_uid, prog.verified_insns);
	else
		printf("%-16s %-16s cannot be read: %s\n", name, program, strerror(errno));
	if (fd >= 0)
		close(fd);
}

static int cmd_list(void)
{
	struct dirent *rule, *entry;
	DIR *rules = opendir(RULES_DIR), *dir;
	char folder[FOLDER_LEN], path[PATH_MAX];

	if (!rules)
		return errno == ENOENT ? 0 : fail(RULES_DIR);
	while ((rule = readdir(rules))) {
		if (!name_is_good(rule->d_name))
			continue;
		snprintf(folder, sizeof(folder), "%s/%.*s", RULES_DIR, NAME_LEN, rule->d_name);
		dir = opendir(folder);
		while (dir && (entry = readdir(dir))) {
			if (entry->d_name[0] == '.')
				continue;
			snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
			list_link(rule->d_name, path, entry->d_name);
		}
		if (dir)
			closedir(dir);
	}
	closedir(rules);
	return 0;
}

int cmd_rules(int argc, char **argv)
{
	bpf_log_to(NULL);
	if (argc < 2 || (argc == 2 && !strcmp(argv[1], "list")))
		return cmd_list();
	if (!strcmp(argv[1], "load"))
		return cmd_load(argc - 1, argv + 1);
	if (!strcmp(argv[1], "unload"))
		return cmd_unload(argc - 1, argv + 1);
	if (!strcmp(argv[1], "--help")) {
		usage(stdout);
		return 0;
	}
	usage(stderr);
	return EXIT_USAGE;
}
