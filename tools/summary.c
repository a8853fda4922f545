// SPDX-License-Identifier: GPL-2.0
/*
 * Several dumps: see summary.h.
 */
#include <inttypes.h>

#include "summary.h"

#define WORDS	20

static void line(const struct report *report, enum verdict verdict, const char *reason)
{
	fprintf(report->out, "%-*s%s%s%s\n", WORDS, verdict_word(verdict), report->file,
		*reason ? ": " : "", reason);
}

/**
 * summary_line() - what an audit found, in one line
 * @report:	how
 * @audit:	after audit_run()
 */
void summary_line(const struct report *report, struct audit *audit)
{
	enum verdict verdict = audit_verdict(audit);
	enum check_state wanted = verdict == VERDICT_FOUND ? CHECK_FOUND : CHECK_FAILED;
	char reason[sizeof(struct complaint) + 40] = "";
	u32 i;

	for (i = 0; i < CHECKS && verdict != VERDICT_CLEAN; i++) {
		if (audit->checks[i].state != wanted)
			continue;
		snprintf(reason, sizeof(reason), "%s: %s", check_word(i),
			 audit->checks[i].text.text);
		break;
	}
	line(report, verdict, reason);
}

/**
 * summary_failed() - a dump that could not be audited at all, in one line
 * @report:	how
 * @text:	why
 */
void summary_failed(const struct report *report, const char *text)
{
	line(report, VERDICT_UNVERIFIED, text);
}

/**
 * summary_count() - count a dump
 * @summary:	zeroed before its first use
 * @verdict:	of it
 */
void summary_count(struct summary *summary, enum verdict verdict)
{
	summary->verdicts[verdict]++;
}

static void print_sums(const u64 *nr, const struct report *report, u64 passed_over)
{
	u64 all = nr[VERDICT_CLEAN] + nr[VERDICT_FOUND] + nr[VERDICT_UNVERIFIED];

	fprintf(report->out, "\n%" PRIu64 " dump%s: %" PRIu64 " clean, %" PRIu64
		" with key material, %" PRIu64 " that cannot be verified", all, all == 1 ? "" : "s",
		nr[VERDICT_CLEAN], nr[VERDICT_FOUND], nr[VERDICT_UNVERIFIED]);
	if (passed_over)
		fprintf(report->out, "; %" PRIu64 " other file%s passed over", passed_over,
			passed_over == 1 ? "" : "s");
	fputc('\n', report->out);
}

/**
 * summary_print() - print the sums, in the formats that have a place for them
 * @summary:	counted
 * @outputs:	where to
 * @report:	how; @out is set here
 * @passed_over: files that were no dumps
 */
void summary_print(const struct summary *summary, struct outputs *outputs, struct report *report,
		   u64 passed_over)
{
	u32 i;

	for (i = 0; i < outputs->nr; i++) {
		report->out = outputs->at[i].out;
		if (outputs->at[i].format == &format_json)
			json_summary(report, summary->verdicts, passed_over);
		else if (outputs->at[i].format == &format_person)
			print_sums(summary->verdicts, report, passed_over);
	}
}

/**
 * summary_verdict() - the verdict over all
 * @summary:	counted
 *
 * Return: the worst one: what was found outweighs what could not be checked.
 */
enum verdict summary_verdict(const struct summary *summary)
{
	if (summary->verdicts[VERDICT_FOUND])
		return VERDICT_FOUND;
	return summary->verdicts[VERDICT_UNVERIFIED] || !summary->verdicts[VERDICT_CLEAN] ?
	       VERDICT_UNVERIFIED : VERDICT_CLEAN;
}
