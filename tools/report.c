// SPDX-License-Identifier: GPL-2.0
/*
 * The report for a person: see report.h. No line is wider than WIDTH, so that
 * two reports can be read side by side.
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>

#include "report.h"

#define WIDTH		78
#define INDENT		21	/* of text that belongs to a word at its left */
#define MOST		10u	/* of findings and hits; --json has more */

#define RED		"\033[1;31m"
#define GREEN		"\033[1;32m"
#define YELLOW		"\033[1;33m"
#define BOLD		"\033[1m"
#define PLAIN		"\033[0m"

static void colored(const struct report *report, const char *color, const char *text)
{
	if (report->color)
		fprintf(report->out, "%s%s%s", color, text, PLAIN);
	else
		fputs(text, report->out);
}

/* Prints text from column @indent on, broken at blanks or where it must be. */
static void wrapped(const struct report *report, const char *text, int indent)
{
	int room = WIDTH - indent, len, next;

	while ((int)strlen(text) > room) {
		for (len = room; len && text[len] != ' '; len--)
			;
		next = len ? len + 1 : room;
		len = len ? len : room;
		fprintf(report->out, "%.*s\n%*s", len, text, indent, "");
		text += next;
	}
	fprintf(report->out, "%s\n", text);
}

__attribute__((format(printf, 3, 4)))
static void line(const struct report *report, const char *word, const char *format, ...)
{
	char text[1200];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fprintf(report->out, "  %-*s", INDENT - 2, word);
	wrapped(report, text, INDENT);
}

static void print_seal(const struct report *report, const struct seal *seal)
{
	const struct kredact_seal_header *header = &seal->header;
	char comm[TEXT_ESCAPED(sizeof(header->comm))];
	char module[TEXT_ESCAPED(sizeof(header->module))];
	char release[TEXT_ESCAPED(sizeof(header->release))];
	const char *signal = sigabbrev_np(seal->signo);
	char when[32];

	text_escape(comm, sizeof(comm), header->comm,
		    strnlen((const char *)header->comm, sizeof(header->comm)));
	text_escape(module, sizeof(module), header->module,
		    strnlen((const char *)header->module, sizeof(header->module)));
	text_escape(release, sizeof(release), header->release,
		    strnlen((const char *)header->release, sizeof(header->release)));
	text_time(when, sizeof(when), seal->realtime_ns);
	line(report, "process", "%s, pid %u, thread %u, user %u", comm, seal->tgid, seal->tid,
	     seal->uid);
	line(report, "signal", "%u%s%s", seal->signo, signal ? " SIG" : "", signal ? signal : "");
	line(report, "dumped", "%s", when);
	line(report, "by", "Linux %s, kredact %s", release, module);
}

/* Without a seal the core itself tells a little. */
static void print_notes(const struct report *report, const struct notes *notes)
{
	const char *signal = sigabbrev_np(notes->signo);
	char comm[TEXT_ESCAPED(sizeof(notes->comm))];

	text_escape(comm, sizeof(comm), notes->comm, strnlen(notes->comm, sizeof(notes->comm)));
	if (notes->has_process)
		line(report, "process", "%s, pid %u", comm, notes->pid);
	if (notes->threads)
		line(report, "signal", "%u%s%s", notes->signo, signal ? " SIG" : "",
		     signal ? signal : "");
}

static void print_checks(const struct report *report, const struct audit *audit)
{
	static const struct {
		const char *mark;
		const char *color;
	} marks[] = {
		[CHECK_NOT_DONE] = { " -- ", YELLOW },
		[CHECK_PASSED] = { " ok ", GREEN },
		[CHECK_FOUND] = { "KEY!", RED },
		[CHECK_FAILED] = { "FAIL", RED },
	};
	u32 i;

	fputc('\n', report->out);
	for (i = 0; i < CHECKS; i++) {
		const struct check *check = &audit->checks[i];

		fputs("  ", report->out);
		colored(report, marks[check->state].color, marks[check->state].mark);
		fprintf(report->out, "  %-*s", INDENT - 8, check_word(i));
		wrapped(report, check->text.text, INDENT);
	}
}

static void print_label(const struct report *report, const struct seal_label *label)
{
	char text[TEXT_ESCAPED(KREDACT_LABEL_MAX)], size[24];

	if (!label->ranges)
		return;
	text_escape(text, sizeof(text), label->text, label->len);
	text_size(size, sizeof(size), label->bytes);
	line(report, "registered", "%s: %" PRIu64 " range%s, %s", label->len ? text : "(no label)",
	     label->ranges, label->ranges == 1 ? "" : "s", size);
}

static void print_counts(const struct report *report, const struct audit *audit)
{
	const struct seal *seal = &audit->seal;
	char zero[24], absent[24];
	u32 i, listed = 0;

	fputc('\n', report->out);
	for (i = 0; i < seal->nr_labels && listed < MOST; i++) {
		print_label(report, &seal->labels[i]);
		listed += !!seal->labels[i].ranges;
	}
	if (i < seal->nr_labels)
		line(report, "", "and more labels: see --json");
	print_label(report, &seal->unlabelled);
	line(report, "module says", "%" PRIu64 " pages zeroed; %" PRIu64 " copied with %" PRIu64
	     " bytes zeroed", seal->counts.pages_zeroed, seal->counts.pages_copied,
	     seal->counts.bytes_zeroed);
	if (audit->core.sound) {
		text_size(zero, sizeof(zero), audit->zeros.zero);
		text_size(absent, sizeof(absent), audit->zeros.absent);
		line(report, "seen here", "%s zero; %s not in the dump", zero, absent);
	}
	for (i = 0; i < SEAL_REASONS; i++)
		if (seal->left_out[i])
			line(report, "left out", "%" PRIu64 " pages: %s", seal->left_out[i],
			     left_out_reason(i));
	if (seal->counts.left_out_lost)
		line(report, "left out", "%" PRIu64 " pages more, which the seal does not name",
		     seal->counts.left_out_lost);
	if (seal->unknown)
		line(report, "passed over", "%" PRIu64 " records of types that this program does "
		     "not know", seal->unknown);
}

static void print_finding(const struct report *report, const struct finding *finding)
{
	char label[TEXT_ESCAPED(KREDACT_LABEL_MAX)] = "", offsets[24 * AUDIT_OFFSETS] = "";
	const struct seal_range *range = &finding->range;
	size_t at = 0;
	u32 i;

	if (finding->label)
		text_escape(label, sizeof(label), finding->label->text, finding->label->len);
	for (i = 0; i < finding->nr_offsets; i++)
		at += snprintf(offsets + at, sizeof(offsets) - at, " %+" PRId64,
			       finding->offsets[i]);
	fputs("\n  ", report->out);
	colored(report, RED, "not zero");
	fprintf(report->out, "%*s", INDENT - 10, "");
	fprintf(report->out, "%#" PRIx64 " (file offset %#" PRIx64 ")\n", finding->first,
		finding->offset);
	line(report, "  registered", "%#" PRIx64 ", %" PRIu64 " bytes, %s", range->addr,
	     range->last - range->addr + 1,
	     range->flags & KREDACT_EXACT ? "exactly" : "whole pages");
	line(report, "  as", "handle %#" PRIx64 "%s%s", range->handle, *label ? ", " : "", label);
	line(report, "  holds", "%s%" PRIu64 " bytes that are not zero, first at%s",
	     finding->dirty_more ? "at least " : "", finding->dirty, offsets);
	if (*finding->mapping)
		line(report, "  mapping", "%s", finding->mapping);
}

static void print_hit(const struct report *report, const struct listed_hit *listed)
{
	const struct hit *hit = &listed->hit;
	char address[40] = "in no segment";

	if (hit->mapped)
		snprintf(address, sizeof(address), "address %#" PRIx64, hit->vaddr);
	fputs("\n  ", report->out);
	colored(report, RED, "secret");
	fprintf(report->out, "%*s", INDENT - 8, "");
	wrapped(report, report->secrets[hit->secret], INDENT);
	line(report, "  at", "file offset %#" PRIx64 ", %s%s", hit->offset, address,
	     hit->joined ? ", across two segments" : "");
	line(report, "  holds", "bytes %u to %u%s%s", hit->from, hit->from + hit->len - 1,
	     hit->reversed ? " of the reversed secret" : "",
	     listed->registered ? ", in a registered range" : ", in no registered range");
}

static void print_verdict(const struct report *report, const struct audit *audit)
{
	enum verdict verdict = audit_verdict(audit);
	const char *color = verdict == VERDICT_CLEAN ? GREEN :
			    verdict == VERDICT_FOUND ? RED : YELLOW;

	fputs("\n  ", report->out);
	colored(report, color, verdict_word(verdict));
	fputc('\n', report->out);
	if (verdict == VERDICT_FOUND && audit_unverified(audit))
		fputs("  and what else is in this core cannot be verified\n", report->out);
	if (audit->seal.readable && audit->checks[CHECK_AUTHENTICITY].state == CHECK_NOT_DONE)
		fputs("  unauthenticated: anyone could have written this seal\n", report->out);
	if (!report->sandboxed)
		fputs("  read without the sandbox\n", report->out);
}

/**
 * report_print() - print what an audit found
 * @report:	how
 * @audit:	after audit_run()
 *
 * The caller looks for errors of @report->out.
 */
void report_print(const struct report *report, const struct audit *audit)
{
	char size[24];
	u32 i;

	text_size(size, sizeof(size), audit->in.size);
	colored(report, BOLD, "kredact-verify");
	fprintf(report->out, "%*s", INDENT - 14, "");
	wrapped(report, report->file, INDENT);
	line(report, "file", "%s", size);
	if (audit->seal.readable)
		print_seal(report, &audit->seal);
	else if (audit->has_notes)
		print_notes(report, &audit->notes);
	print_checks(report, audit);
	if (audit->seal.readable)
		print_counts(report, audit);
	for (i = 0; i < audit->nr_findings && i < MOST; i++)
		print_finding(report, &audit->findings[i]);
	if (audit->findings_total > i)
		fprintf(report->out, "\n  and %" PRIu64 " more ranges that are not zero\n",
			audit->findings_total - i);
	for (i = 0; i < audit->nr_hits && i < MOST; i++)
		print_hit(report, &audit->hits[i]);
	if (audit->hits_total > i)
		fprintf(report->out, "\n  and %" PRIu64 " more places with secrets\n",
			audit->hits_total - i);
	print_verdict(report, audit);
}
