// SPDX-License-Identifier: GPL-2.0
/*
 * The table of probes: values, files and what is said of wrong ones, folders of the
 * package and of the administrator, symbols. With the table that is installed.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <linux/kredact.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "symbol.h"
#include "table.h"
#include "tap.h"
#include "value.h"

#define OURS	"bpf/probes"
#define HEAD	"library = \"libx.so.1\";\nprobes = (\n"
#define TAIL	");\n"
#define SIXTEEN	"00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f"

static char dir[] = "/tmp/kredact-table.XXXXXX";

/* What a value is, in words that are easily compared. */
static const char *show(const char *text, bool masked)
{
	static char shown[160];
	struct probe_value v;
	const char *why;
	__u64 mask = 0;
	size_t used;
	int bad, i;

	bad = value_parse(text, &v, masked ? &mask : NULL, &why);
	if (bad) {
		snprintf(shown, sizeof(shown), "%d: %s", bad - 1, why);
		return shown;
	}
	used = snprintf(shown, sizeof(shown), "%d", v.base);
	for (i = 0; i < v.nr_reads; i++)
		used += snprintf(shown + used, sizeof(shown) - used, " %+d:%d", v.add[i], v.size[i]);
	used += snprintf(shown + used, sizeof(shown) - used, " *%u", v.times);
	if (v.by)
		used += snprintf(shown + used, sizeof(shown) - used, " *arg%u", v.by);
	used += snprintf(shown + used, sizeof(shown) - used, " %+d", v.add[PROBE_READS]);
	if (masked)
		snprintf(shown + used, sizeof(shown) - used, " &%llx", mask);
	return shown;
}

static void test_values(void)
{
	static const struct {
		const char *text, *shown;
		bool masked;
	} cases[] = {
		{ "arg1", "1 *1 +0", false },
		{ " result ", "7 *1 +0", false },
		{ "244", "0 *1 +244", false },
		{ "0x10", "0 *1 +16", false },
		{ "arg2 * 8 - 4", "2 *8 -4", false },
		{ "arg1 * arg2", "1 *1 *arg2 +0", false },
		{ "[arg4]", "4 +0:8 *1 +0", false },
		{ "[arg1 + 20]:4 * 8", "1 +20:4 *8 +0", false },
		{ "[[arg1 - 8] + 2]:2", "1 -8:8 +2:2 *1 +0", false },
		{ "[[[result]:8+1]+2]:1+3", "7 +0:8 +1:8 +2:1 *1 +3", false },
		{ "[arg2+20]:4 & 0xc", "2 +20:4 *1 +0 &c", true },
		{ "", "0: arg1 to arg6, result or [place] is missing", false },
		{ "arg0", "3: arguments are arg1 to arg6", false },
		{ "arg7", "3: arguments are arg1 to arg6", false },
		{ "arg12", "3: arguments are arg1 to arg6", false },
		{ "[arg1", "5: ] is missing", false },
		{ "[12]", "1: arg1 to arg6, result or [place] is missing", false },
		{ "[[[[arg1]]]]", "4: more than 3 reads in one value", false },
		{ "[arg1]:3", "8: a size is 1, 2, 4 or 8", false },
		{ "[arg1]:0", "8: a size is 1, 2, 4 or 8", false },
		{ "arg1 + ", "7: a number is missing", false },
		{ "arg1 * -1", "7: a number is missing", false },
		{ "arg1 + 99999999999", "7: the number is too large", false },
		{ "99999999999999999999999", "0: the number is too large", false },
		{ "arg1 arg2", "5: what follows is not understood", false },
		{ "arg1", "4: & and a mask are missing", true },
		{ "arg1 & 0", "8: a mask of 0 is never met", true },
		{ "arg1 & 4", "5: what follows is not understood", false },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *shown = show(cases[i].text, cases[i].masked);

		ok(!strcmp(shown, cases[i].shown), "value \"%s\" is %s", cases[i].text, shown);
	}
}

static void write_file(const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "w");
	if (!file || fputs(text, file) < 0 || fclose(file)) {
		perror(path);
		exit(1);
	}
}

/* What is said of a file, without its folder; "" if it is good. */
static const char *said_of(const char *text, struct table *t)
{
	static char said[4096];
	char path[256];
	FILE *errors = fmemopen(said, sizeof(said), "w");
	struct table own = { 0 };
	int ret;

	memset(said, 0, sizeof(said));
	write_file("one.conf", text);
	snprintf(path, sizeof(path), "%s/one.conf", dir);
	ret = table_read_file(t ?: &own, path, errors);
	fclose(errors);
	table_free(&own);
	if (!ret != !*said)
		return "the outcome and what is said of it differ";
	return *said ? said + strlen(dir) + 1 : said;
}

#define BAD(probes, what) do {						\
	const char *said = said_of(HEAD probes "\n" TAIL, NULL);		\
									\
	ok(!strncmp(said, what, strlen(what)), "%s", said[0] ? strtok((char *)said, "\n") : what); \
} while (0)

static void test_files(void)
{
	struct table t = { 0 };

	ok(!*said_of(HEAD "{ function = \"a\"; tag = \"result\"; bytes = \"arg1\"; },\n"
		     "{ function = \"a\"; tag = \"arg2\"; bytes = \"8\"; most = 16; hunt = false; },\n"
		     "{ function = \"b\"; release = \"[arg1]\"; optional = true; }\n" TAIL, &t),
	   "a file is read");
	ok(t.nr_libraries == 1 && t.nr_functions == 2 && t.nr_probes == 3, "all of it");
	ok(t.functions[0].nr == 2 && t.functions[0].returns && t.functions[1].first == 2 &&
	   !t.functions[1].returns && t.functions[1].optional, "functions have their probes");
	ok(t.probes[0].at_return && !t.probes[1].at_return && t.probes[1].most == 16 &&
	   t.probes[0].most == 1 << 20 && t.probes[2].action == PROBE_RELEASE, "probes are right");
	ok(!t.probes[0].flags && t.probes[1].flags == KREDACT_NOHUNT, "of one nothing is hunted");
	ok(!strcmp(t.probes[1].label, "libx.so.1 a") && !strcmp(t.probes[2].label, "libx.so.1 b"),
	   "tags are called by library and function");
	table_free(&t);
	ok(!*said_of("library = \"/usr/bin/some-program\"; probes = (\n"
		     "{ function = \"_ZN9a_function_with_a_long_name_as_compilers_make_them_for_cpp1aEv\";"
		     "  release = \"arg1\"; }" TAIL, &t) &&
	   !strcmp(t.probes[0].label, "some-program "
		   "_ZN9a_function_with_a_long_name_as_compilers_make_"),
	   "a program by its name, and what is too long is cut off");
	table_free(&t);

	BAD("{ function = \"a\"; tag = \"arg7\"; bytes = \"1\"; }", "one.conf:3: tag = \"arg7\": ");
	BAD("\n{ function = \"a\"; tag = \"arg1\"; }", "one.conf:4: tag without bytes");
	BAD("{ function = \"a\"; }", "one.conf:3: a probe has a function, and tag or release");
	BAD("{ tag = \"arg1\"; bytes = \"1\"; }", "one.conf:3: a probe has a function");
	BAD("{ function = \"a\"; tag = \"arg1\"; bytes = \"1\"; release = \"arg1\"; }",
	    "one.conf:3: a probe has a function, and tag or release");
	BAD("{ function = \"a\"; release = \"result\"; }", "one.conf:3: what is released");
	BAD("{ function = \"a\"; release = \"arg1\"; most = 1; }", "one.conf:3: release goes with");
	BAD("{ function = \"a\"; tag = \"result\"; bytes = \"1\"; at = \"entry\"; }",
	    "one.conf:3: there is no result at the entry");
	BAD("{ function = \"a\"; tag = \"arg1\"; bytes = \"1\"; at = \"once\"; }",
	    "one.conf:3: at is \"entry\" or \"return\"");
	BAD("{ function = \"a\"; tag = \"arg1\"; bytes = \"1\"; most = 0; }", "one.conf:3: most is");
	BAD("{ function = \"a\"; tag = \"arg1\"; bytes = \"1\"; hunt = 0; }",
	    "one.conf:3: hunt is true or false");
	BAD("{ function = \"a\"; tag = \"arg1\"; bytes = \"1\"; optional = \"yes\"; }",
	    "one.conf:3: optional is true or false");
	BAD("{ function = \"a\"; release = \"arg1\"; hunt = false; }",
	    "one.conf:3: release goes with");
	BAD("{ function = 3; tag = \"arg1\"; bytes = \"1\"; }", "one.conf:3: function is not a text");
	BAD("{ function = \"a\"; tag = \"arg1\"; bytes = \"1\"; colour = 1; }",
	    "one.conf:3: colour is not known");
	BAD("{ function = \"a\"; release = \"arg1\"; },\n{ function = \"b\"; release = \"arg1\"; },\n"
	    "{ function = \"a\"; release = \"arg2\"; }", "one.conf:5: the probes of a are not");
	BAD("{ function = \"a\"; release = \"arg1\"; pattern = \"55 5\"; }",
	    "one.conf:3: a pattern of a: a byte is two hexadecimal digits, or ??, at \"5\"");
	BAD("{ function = \"a\"; release = \"arg1\"; pattern = ( \"" SIXTEEN "\",\n\"55\" ); }",
	    "one.conf:4: a pattern of a: fewer than 16 bytes are given");
	BAD("{ function = \"a\"; release = \"arg1\"; pattern = ( 55 ); }",
	    "one.conf:3: something in a list is not a text");
	BAD("{ function = \"a\"; release = \"arg1\"; },\n"
	    "{ function = \"a\"; release = \"arg2\"; pattern = \"" SIXTEEN "\"; }",
	    "one.conf:4: a pattern goes with the first probe of a function");
	BAD("7", "one.conf:3: each of a list is a group");
	BAD("", "one.conf:2: no probes");
	ok(strstr(said_of("library = ", NULL), "one.conf:"), "a syntax error has its file");
	ok(strstr(said_of("library = \"a/b\"; probes = ( 1 );", NULL), "without a slash"),
	   "a library is no relative path");
	ok(strstr(said_of("library = \"a\"; probes = ( ); more = 1;", NULL), "more is not known"),
	   "a setting that is not known");
	ok(strstr(said_of("probes = ( 1 );", NULL), "library = "), "no library");
	ok(strstr(said_of("has = 1;\n" HEAD TAIL, NULL), "one.conf:1: has is not a text"),
	   "a version is told by the name of a function");
}

static bool is_for(const char *settings)
{
	static const char probe[] = HEAD "{ function = \"a\"; release = \"arg1\"; }" TAIL;
	char *path = symbol_library("libcrypto.so.3"), text[256];
	struct table t = { 0 };
	bool yes;

	snprintf(text, sizeof(text), "%s%s", settings, probe);
	yes = !*said_of(text, &t) && t.nr_libraries == 1 && table_is_for(t.libraries, path);
	table_free(&t);
	free(path);
	return yes;
}

static void test_versions(void)
{
	ok(is_for(""), "a file of the table for each version of a library");
	ok(is_for("has = \"EVP_CipherInit_ex\";") && !is_for("has = \"EVP_nothing\";"),
	   "one for those that have a function");
	ok(is_for("lacks = \"EVP_nothing\";") && !is_for("lacks = \"EVP_CipherInit_ex\";"),
	   "one for those that lack a function");
	ok(is_for("has = \"EVP_CipherInit_ex\"; lacks = \"EVP_nothing\";") &&
	   !is_for("has = \"EVP_CipherInit_ex\"; lacks = \"EVP_CipherInit_ex\";"),
	   "one for versions in between");
}

static void test_folders(void)
{
	char admin[256], path[300];
	struct table t = { 0 };
	unsigned int ours;

	ok(!table_read_dirs(&t, OURS, "/nonexistent", stderr), "the package's own table is good");
	ours = t.nr_functions;
	table_free(&t);

	snprintf(admin, sizeof(admin), "%s/admin", dir);
	mkdir(admin, 0700);
	write_file("admin/sodium.conf", HEAD "{ function = \"a\"; release = \"arg1\"; }" TAIL);
	write_file("admin/new.conf", HEAD "{ function = \"b\"; release = \"arg1\"; }" TAIL);
	write_file("admin/new.conf.dpkg-old", "nonsense");
	ok(!table_read_dirs(&t, OURS, admin, stderr), "an administrator's files are read");
	ok(t.nr_functions < ours && t.nr_libraries > 3 &&
	   !strcmp(t.functions[t.nr_functions - 1].name, "a"), "one stands for that of its name");
	table_free(&t);

	ok(table_read_dirs(&t, "/nonexistent", admin, fopen("/dev/null", "w")),
	   "without the package's table it fails");
	table_free(&t);
	snprintf(path, sizeof(path), "rm -rf %s", dir);
	ok(!system(path), "clean up");
}

__attribute__((noinline, used)) static int here(int a)
{
	return a + 1;
}

static void test_symbols(void)
{
	struct symbol symbols[] = {
		{ .name = "CRYPTO_secure_malloc" }, { .name = "CRYPTO_nothing" },
	}, local[] = { { .name = "here" } };
	char *path = symbol_library("libcrypto.so.3");

	ok(path && path[0] == '/', "a library is found by its name");
	ok(path && !symbol_find(path, symbols, 2) && symbols[0].nr == 1 && symbols[0].offset[0] &&
	   !symbols[1].nr, "and in it what it has, and nothing else");
	free(path);
	ok(!symbol_find("/proc/self/exe", local, 1) && local[0].nr == 1,
	   "a function that is not exported, in a program (%d)", here(1));
	ok(symbol_find("/etc/passwd", symbols, 2) && symbol_find("/nonexistent", symbols, 2),
	   "what is no ELF file is an error");
	ok(!symbol_library("libnone.so.9"), "a library that is not there");
}

static void test_pattern_texts(void)
{
	static const struct {
		const char *text, *why;
		int bad;
	} cases[] = {
		{ SIXTEEN, NULL, 0 },
		{ "  " SIXTEEN "  ?? F0 ", NULL, 0 },
		{ "", "fewer than 16 bytes are given", 1 },
		{ "?? ?? ?? ?? ?? ?? ?? ?? ?? ?? ?? ?? ?? ?? ?? ??", "fewer than 16 bytes are given", 48 },
		{ "00 0g", "a byte is two hexadecimal digits, or ??", 4 },
		{ "00 ?1", "a byte is two hexadecimal digits, or ??", 4 },
		{ "000", "a byte is two hexadecimal digits, or ??", 1 },
		{ "00 0", "a byte is two hexadecimal digits, or ??", 4 },
	};
	char longest[3 * PATTERN_MOST + 4] = "";
	struct pattern p;
	const char *why;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int bad = pattern_parse(cases[i].text, &p, &why);

		ok(bad == cases[i].bad && (!bad || !strcmp(why, cases[i].why)),
		   "pattern \"%s\": %s", cases[i].text, bad ? why : "good");
	}
	for (i = 0; i < PATTERN_MOST; i++)
		memcpy(longest + 3 * i, "90 ", 4);
	ok(!pattern_parse(longest, &p, &why) && p.len == PATTERN_MOST, "a pattern of 128 bytes");
	memcpy(longest + 3 * i, "90", 3);
	ok(pattern_parse(longest, &p, &why) == 1 + 3 * PATTERN_MOST, "and none of more");
}

#define CODE		0x1000		/* where the code of the file is, in it */
#define MEMORY		0x401000	/* and in memory */
#define CODE_SIZE	0x100

/* A library without symbols, and with this code. */
static void write_code(const char *path, const unsigned char code[CODE_SIZE])
{
	static const char names[] = "\0.text\0.shstrtab";
	struct {
		Elf64_Ehdr ehdr;
		Elf64_Phdr phdr;
		Elf64_Shdr shdr[3];
		char names[sizeof(names)];
	} head = {
		.ehdr = {
			.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
				     EV_CURRENT },
			.e_type = ET_DYN, .e_machine = EM_X86_64, .e_version = EV_CURRENT,
			.e_phoff = offsetof(__typeof__(head), phdr), .e_phnum = 1,
			.e_shoff = offsetof(__typeof__(head), shdr), .e_shnum = 3, .e_shstrndx = 2,
			.e_ehsize = sizeof(Elf64_Ehdr), .e_phentsize = sizeof(Elf64_Phdr),
			.e_shentsize = sizeof(Elf64_Shdr),
		},
		.phdr = { .p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_offset = CODE,
			  .p_vaddr = MEMORY, .p_filesz = CODE_SIZE, .p_memsz = CODE_SIZE },
		.shdr = {
			[1] = { .sh_name = 1, .sh_type = SHT_PROGBITS, .sh_size = CODE_SIZE,
				.sh_flags = SHF_ALLOC | SHF_EXECINSTR, .sh_offset = CODE,
				.sh_addr = MEMORY },
			[2] = { .sh_name = 7, .sh_type = SHT_STRTAB, .sh_size = sizeof(names),
				.sh_offset = offsetof(__typeof__(head), names) },
		},
	};
	FILE *file = fopen(path, "w");

	memcpy(head.names, names, sizeof(names));
	if (!file || fwrite(&head, sizeof(head), 1, file) != 1 || fseek(file, CODE, SEEK_SET) ||
	    fwrite(code, CODE_SIZE, 1, file) != 1 || fclose(file)) {
		perror(path);
		exit(1);
	}
}

static void test_patterns(void)
{
	static const unsigned char function[] = {
		0x55, 0x48, 0x89, 0xe5, 0xe8, 1, 2, 3, 4, 0x48, 0x85, 0xc0, 0x74, 9, 0x48, 0x89,
		0xdf, 0x5b, 0x5d, 0xc3, 0x90,
	};
	static const char text[] = "55 48 89 e5 e8 ?? ?? ?? ?? 48 85 c0 74 ?? 48 89 df 5b 5d c3 90";
	static const char other[] = "54 48 89 e5 e8 ?? ?? ?? ?? 48 85 c0 74 ?? 48 89 df 5b 5d c3 90";
	unsigned char code[CODE_SIZE] = { 0 };
	struct symbol symbol = { .name = "f" };
	struct pattern p[2];
	char path[256];
	const char *why;

	snprintf(path, sizeof(path), "%s/libcode.so", dir);
	ok(!pattern_parse(other, &p[0], &why) && !pattern_parse(text, &p[1], &why), "two patterns");
	symbol.patterns = p;
	symbol.nr_patterns = 2;

	memcpy(code + 0x40, function, sizeof(function));
	memcpy(code + 0x88, function, sizeof(function));
	write_code(path, code);
	ok(!symbol_find(path, &symbol, 1) && symbol.nr == 1 && !symbol.ambiguous &&
	   symbol.offset[0] == CODE + 0x40, "a function is found by one of its patterns, "
	   "where functions may begin");
	symbol.nr_patterns = 1;
	ok(!symbol_find(path, &symbol, 1) && !symbol.nr && !symbol.ambiguous,
	   "and not by another one");
	symbol.nr_patterns = 2;
	memcpy(code + 0xc0, function, sizeof(function));
	code[0xc0 + 5] = 77;
	write_code(path, code);
	ok(!symbol_find(path, &symbol, 1) && !symbol.nr && symbol.ambiguous,
	   "none of two that look like it");
	memset(code, 0, sizeof(code));
	memcpy(code + CODE_SIZE - 16, function, 16);
	write_code(path, code);
	ok(!symbol_find(path, &symbol, 1) && !symbol.nr, "none of which the end is missing");
	unlink(path);
}

int main(void)
{
	if (!mkdtemp(dir))
		return 1;
	test_values();
	test_files();
	test_versions();
	test_pattern_texts();
	test_patterns();
	test_folders();
	test_symbols();
	return tap_end();
}
