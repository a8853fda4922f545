// SPDX-License-Identifier: GPL-2.0
/*
 * Reports as JUnit XML, for build servers: a suite for each dump, a case for each check.
 * What was found is a failure, what cannot be verified an error, what nobody asked for is
 * skipped.
 */
#include <inttypes.h>

#include "item.h"
#include "markup.h"

/**
 * struct junit - a case in the making
 * @out:	where to
 * @check:	its check
 */
struct junit {
	FILE *out;
	enum check_name check;
};

static void take(void *arg, const struct item *item)
{
	const struct junit *junit = arg;
	char at[64] = "";

	if (item->check != junit->check)
		return;
	if (item->mapped)
		snprintf(at, sizeof(at), "address 0x%" PRIx64 ", ", item->vaddr);
	markup_put(junit->out, item->title);
	markup_put(junit->out, ": ");
	markup_put(junit->out, item->text);
	fprintf(junit->out, "\n  at %sfile offset 0x%" PRIx64 ", %" PRIu64 " bytes\n  in ", at,
		item->offset, item->len);
	markup_put(junit->out, item->where);
	fputs("\n  do: ", junit->out);
	markup_put(junit->out, item->advice);
	fputc('\n', junit->out);
}

static void print_case(const struct report *report, struct audit *audit, enum check_name name)
{
	static const char *const tags[] = {
		[CHECK_NOT_DONE] = "skipped",
		[CHECK_FOUND] = "failure",
		[CHECK_FAILED] = "error",
	};
	const struct check *check = &audit->checks[name];
	struct junit junit = { report->out, name };
	const char *tag = tags[check->state];

	fputs("    <testcase classname=\"kredact-verify\" name=\"", report->out);
	markup_put(report->out, check_word(name));
	fputs("\">\n", report->out);
	if (check->state == CHECK_PASSED) {
		fputs("      <system-out>", report->out);
		markup_put(report->out, check->text.text);
		fputs("</system-out>\n", report->out);
	} else {
		fprintf(report->out, "      <%s message=\"", tag);
		markup_put(report->out, check->text.text);
		if (check->state != CHECK_NOT_DONE)
			fprintf(report->out, "\" type=\"%s", state_word(check->state));
		fputs("\">", report->out);
		if (check->state == CHECK_FOUND)
			items_visit(report, audit, take, &junit);
		fprintf(report->out, "</%s>\n", tag);
	}
	fputs("    </testcase>\n", report->out);
}

static void begin(FILE *out)
{
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"kredact-verify\">\n",
	      out);
}

static int print(const struct report *report, struct audit *audit)
{
	u32 counts[CHECK_FAILED + 1] = { 0 }, i;

	for (i = 0; i < CHECKS; i++)
		counts[audit->checks[i].state]++;
	fputs("  <testsuite name=\"", report->out);
	markup_put(report->out, report->file);
	fprintf(report->out, "\" tests=\"%u\" failures=\"%u\" errors=\"%u\" skipped=\"%u\">\n",
		CHECKS, counts[CHECK_FOUND], counts[CHECK_FAILED], counts[CHECK_NOT_DONE]);
	for (i = 0; i < CHECKS; i++)
		print_case(report, audit, i);
	fputs("  </testsuite>\n", report->out);
	return 0;
}

static void failed(const struct report *report, const char *text)
{
	fputs("  <testsuite name=\"", report->out);
	markup_put(report->out, report->file);
	fputs("\" tests=\"1\" failures=\"0\" errors=\"1\" skipped=\"0\">\n"
	      "    <testcase classname=\"kredact-verify\" name=\"reading\">\n      <error message=\"",
	      report->out);
	markup_put(report->out, text);
	fputs("\" type=\"failed\"/>\n    </testcase>\n  </testsuite>\n", report->out);
}

static void end(FILE *out)
{
	fputs("</testsuites>\n", out);
}

const struct format format_junit = {
	.name = "junit",
	.text = "JUnit XML, for build servers",
	.begin = begin,
	.print = print,
	.failed = failed,
	.end = end,
};
