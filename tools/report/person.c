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

#include "item.h"
#include "summary.h"
#include "setting.h"

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
	if (seal->beside) {
		line(report, "by", "Linux %s; the seal by a daemon, %s", release, module);
		line(report, "seal", "%s", report->seal);
	} else {
		line(report, "by", "Linux %s, kredact %s", release, module);
	}
}

/* A kernel that crashed has no process, and no list. */
static void print_machine(const struct report *report, const struct crashed *crashed)
{
	const struct kredact_panic_note *note = &crashed->note;

	line(report, "crashed kernel", "%" PRIu64 " pinned frames zeroed and %" PRIu64 " others, of %"
	     PRIu64 " ranges in %" PRIu64 " address spaces, in %" PRIu64 ".%03" PRIu64 " ms",
	     le64toh(note->frames), le64toh(note->walked), le64toh(note->ranges),
	     le64toh(note->mms), le64toh(note->time_ns) / 1000000,
	     le64toh(note->time_ns) / 1000 % 1000);
	line(report, "registers", "of %" PRIu64 " threads zeroed", le64toh(note->threads));
	if (note->poisoned || note->foreign || note->faults)
		line(report, "not zeroed", "%" PRIu64 " frames that the hardware had found bad, %" PRIu64
		     " of devices, %" PRIu64 " that could not be written to",
		     le64toh(note->poisoned), le64toh(note->foreign), le64toh(note->faults));
	if (note->absent)
		line(report, "not found", "%" PRIu64 " pages, in swap or on their way",
		     le64toh(note->absent));
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
	char text[TEXT_ESCAPED(KREDACT_LABEL_MAX)], size[24], copies[32];

	if (!label->ranges)
		return;
	text_escape(text, sizeof(text), label->text, label->len);
	text_size(size, sizeof(size), label->bytes);
	snprintf(copies, sizeof(copies), "; %" PRIu64 " cop%s", label->copies,
		 label->copies == 1 ? "y" : "ies");
	line(report, "registered", "%s: %" PRIu64 " range%s, %s%s", label->len ? text : "(no label)",
	     label->ranges, label->ranges == 1 ? "" : "s", size, label->copies ? copies : "");
}

static void print_policy(const struct report *report, const struct seal_policy *policy)
{
	line(report, "policy", "hunt %s, runs of %u bytes or more; registers %s; unhunted %s; "
	     "strict %s", setting_word(SETTING_HUNT, policy->hunt), policy->run,
	     setting_word(SETTING_REGISTERS, policy->registers),
	     setting_word(SETTING_UNHUNTED, policy->unhunted),
	     setting_word(SETTING_STRICT, policy->strict));
}

static void print_rules(const struct report *report, const struct seal_rules *rules)
{
	char text[256];

	seal_rules_text(text, sizeof(text), rules);
	line(report, "programs", "%s", text);
}

static void print_hunt(const struct report *report, const struct audit *audit)
{
	const struct seal_hunt *hunt = &audit->seal.hunt;
	char size[24];

	text_size(size, sizeof(size), hunt->bytes);
	if (hunt->unindexed)
		line(report, "not hunted", "%s: %s", unindexed_reason(hunt->unindexed),
		     unhunted_consequence(audit->seal.policy.unhunted));
	else
		line(report, "hunted", "%s of %" PRIu64 " ranges; %" PRIu64 " bytes were not: too "
		     "plain, or too few", size, hunt->ranges, hunt->bytes_plain);
	if (audit->seal.nr_nohunt) {
		text_size(size, sizeof(size), audit->seal.nohunt_bytes);
		line(report, "not hunted", "%s of %" PRIu64 " ranges, which asked for that: what is "
		     "in them may be elsewhere", size, audit->seal.nr_nohunt);
	}
	if (hunt->copies)
		line(report, "copies", "%" PRIu64 " of %" PRIu64 " bytes zeroed, %" PRIu64
		     " of them not named, %" PRIu64 " of what other processes have registered",
		     hunt->copies, hunt->copy_bytes, hunt->copies_lost, audit->copies.of_others);
	line(report, "registers", "%" PRIu64 " bytes zeroed in notes, %" PRIu64 " in %" PRIu64
	     " signal frames", hunt->register_bytes, hunt->frame_bytes, hunt->frames);
	text_size(size, sizeof(size), hunt->strict_bytes);
	if (audit->seal.policy.strict)
		line(report, "strict", "%s zeroed that stack walking does not need", size);
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
	if (seal->beside)
		line(report, "daemon says", "%" PRIu64 " pages zeroed", seal->counts.pages_zeroed);
	else
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
	if (seal->has_hunt) {
		print_policy(report, &seal->policy);
		print_hunt(report, audit);
	}
	if (seal->has_rules)
		print_rules(report, &seal->rules);
	if (seal->unknown)
		line(report, "passed over", "%" PRIu64 " records of types that this program does "
		     "not know", seal->unknown);
}

/* Handle, label and how, of a range or of a copy. */
static void print_owner(const struct report *report, const char *word, u64 handle,
			const struct seal_label *label, u32 copy_flags)
{
	char text[TEXT_ESCAPED(KREDACT_LABEL_MAX)] = "";

	if (label)
		text_escape(text, sizeof(text), label->text, label->len);
	line(report, word, "handle %#" PRIx64 "%s%s%s%s", handle,
	     copy_flags & KREDACT_COPY_OTHERS ? " of another process" : "", *text ? ", " : "", text,
	     copy_flags & KREDACT_COPY_REVERSED ? "; in reverse order" : "");
}

/* Where it is, and what to do about it. */
static void print_item(const struct report *report, const struct item *item)
{
	line(report, "  in", "%s", item->where);
	line(report, "  do", "%s", item->advice);
}

static void print_finding(const struct report *report, struct audit *audit,
			  const struct finding *finding, bool copy)
{
	char offsets[24 * FINDING_OFFSETS] = "";
	const struct seal_range *range = &finding->range;
	bool note = finding->copy_flags & KREDACT_COPY_NOTE;
	u64 len = range->last - range->addr + 1;
	struct item item;
	size_t at = 0;
	u32 i;

	for (i = 0; i < finding->nr_offsets; i++)
		at += snprintf(offsets + at, sizeof(offsets) - at, " %+" PRId64,
			       finding->offsets[i]);
	fputs("\n  ", report->out);
	colored(report, RED, "not zero");
	fprintf(report->out, "%*s", INDENT - 10, "");
	if (finding->frame)
		fprintf(report->out, "physical address %#" PRIx64 " (file offset %#" PRIx64 ")\n",
			finding->first, finding->offset);
	else if (note)
		fprintf(report->out, "in a note (file offset %#" PRIx64 ")\n", finding->offset);
	else
		fprintf(report->out, "%#" PRIx64 " (file offset %#" PRIx64 ")\n", finding->first,
			finding->offset);
	if (finding->frame)
		line(report, "  frames", "%#" PRIx64 ", %" PRIu64 " bytes, pinned when the kernel "
		     "crashed", range->addr, len);
	else if (copy)
		line(report, "  copy at", "%s%#" PRIx64 ", %" PRIu64 " bytes",
		     note ? "file offset " : "", range->addr, len);
	else
		line(report, "  registered", "%#" PRIx64 ", %" PRIu64 " bytes, %s", range->addr, len,
		     range->flags & KREDACT_EXACT ? "exactly" : "whole pages");
	if (!finding->frame)
		print_owner(report, copy ? "  of" : "  as", range->handle, finding->label,
			    finding->copy_flags);
	line(report, "  holds", "%s%" PRIu64 " bytes that are not zero, first at%s",
	     finding->dirty_more ? "at least " : "", finding->dirty, offsets);
	item_of_finding(audit, finding, copy, &item);
	print_item(report, &item);
}

static void print_findings(const struct report *report, struct audit *audit, bool copies)
{
	const struct finding *findings = copies ? audit->copy_findings : audit->findings;
	u64 total = copies ? audit->copy_findings_total : audit->findings_total;
	u32 nr = copies ? audit->nr_copy_findings : audit->nr_findings;
	u32 i;

	for (i = 0; i < nr && i < MOST; i++)
		print_finding(report, audit, &findings[i], copies);
	if (total > i)
		fprintf(report->out, "\n  and %" PRIu64 " more %s that are not zero\n", total - i,
			copies ? "copies" : "ranges");
}

/* Copies that are gone: where they were. */
static void print_copies(const struct report *report, struct audit *audit)
{
	const struct copies *copies = &audit->copies;
	u32 i;

	if (copies->nr_listed)
		fputc('\n', report->out);
	for (i = 0; i < copies->nr_listed && i < MOST; i++) {
		const struct seal_copy *copy = &copies->listed[i];
		u32 id = copies_label(copies, copy);

		line(report, "copy", "%s%#" PRIx64 ", %" PRIu64 " bytes",
		     copy->flags & KREDACT_COPY_NOTE ? "in a note, file offset " : "", copy->addr,
		     copy->last - copy->addr + 1);
		print_owner(report, "  of", copy->handle, id ? seal_label(&audit->seal, id) : NULL,
			    copy->flags);
	}
	if (audit->seal.nr_copies > i)
		line(report, "", "and %" PRIu64 " more copies%s", audit->seal.nr_copies - i,
		     copies->nr_listed > i ? ": see --json" : "");
}

static void print_print(const struct report *report, const struct listed_print *listed)
{
	const struct print_hit *hit = &listed->hit;
	char address[40] = "in no segment";

	if (hit->mapped)
		snprintf(address, sizeof(address), "address %#" PRIx64, hit->vaddr);
	fputs("\n  ", report->out);
	colored(report, RED, "copy");
	fprintf(report->out, "%*s%" PRIu64 " bytes or more, by fingerprint\n", INDENT - 6, "",
		hit->len);
	line(report, "  at", "file offset %#" PRIx64 ", %s%s", hit->offset, address,
	     hit->joined ? ", across two segments" : "");
	print_owner(report, "  of", hit->handle, listed->label,
		    hit->others ? KREDACT_COPY_OTHERS : 0);
}

static void print_hit(const struct report *report, struct audit *audit,
		      const struct listed_hit *listed)
{
	const struct hit *hit = &listed->hit;
	char address[40] = "in no segment";
	struct item item;

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
	item_of_hit(report, audit, listed, &item);
	print_item(report, &item);
}

static void print_sighting(const struct report *report, struct audit *audit,
			   const struct sighting *sighting)
{
	char address[40] = "in no segment", digest[2 * SIGHTING_DIGEST_LEN + 1];
	char title[700];
	struct item item;

	if (sighting->mapped)
		snprintf(address, sizeof(address), "address %#" PRIx64, sighting->vaddr);
	text_hex(digest, sighting->digest, sizeof(sighting->digest));
	fputs("\n  ", report->out);
	colored(report, sighting->kind->weight == WEIGHT_KEY ? RED : YELLOW, "seen");
	fprintf(report->out, "%*s", INDENT - 6, "");
	item_of_sighting(audit, sighting, &item);
	snprintf(title, sizeof(title), "%s: %s", sighting->kind->text, item.text);
	wrapped(report, title, INDENT);
	line(report, "  at", "file offset %#" PRIx64 ", %s, %u bytes%s", sighting->offset, address,
	     sighting->len, sighting->joined ? ", across two segments" : "");
	line(report, "  sure", sighting->proven ? "proven by arithmetic" : "by its structure");
	line(report, "  digest", "%s", digest);
	print_item(report, &item);
}

/* Keys first, then what is worth a line only. */
static void print_sightings(const struct report *report, struct audit *audit)
{
	const struct sightings *all = scan_sightings(audit->scan);
	enum weight weight;
	u32 i, listed;

	for (weight = WEIGHT_KEY; weight <= WEIGHT_NOTE; weight++) {
		u64 total = weight == WEIGHT_KEY ? all->keys : all->notes;

		for (i = 0, listed = 0; i < all->nr && listed < MOST; i++) {
			if (all->list[i].kind->weight != weight)
				continue;
			print_sighting(report, audit, &all->list[i]);
			listed++;
		}
		if (total > listed)
			fprintf(report->out, "\n  and %" PRIu64 " more %s\n", total - listed,
				weight == WEIGHT_KEY ? "pieces of key material" : "notes");
	}
}

static void print_redaction(const struct report *report, const struct redact *redact)
{
	char size[24];

	text_size(size, sizeof(size), redact->zeroed);
	if (redact->done)
		line(report, "cleaned copy", "%s zeroed, in %" PRIu64 " place%s", size,
		     redact->places, redact->places == 1 ? "" : "s");
	else
		line(report, "no clean copy", "%s", redact->why.text);
}

/* The keys of --cert; those that were found first, since a list of logs is long. */
static void print_certs(const struct report *report, const struct questions *all)
{
	u32 i, pass, listed = 0, given = questions_given(all);
	char id[2 * QUESTION_ID_LEN + 1];

	for (pass = 0; pass < 2; pass++) {
		for (i = 0; i < given && listed < MOST; i++) {
			const struct question *question = questions_get(all, i);

			if ((question->nr_parts ? 0 : 1) != pass)
				continue;
			text_hex(id, question->id, sizeof(question->id));
			fputs("\n  ", report->out);
			colored(report, pass ? GREEN : RED, "cert");
			fprintf(report->out, "%*s%s\n", INDENT - 6, "", question->source);
			line(report, "  key", "%s", question->text);
			line(report, "  SPKI SHA-256", "%s", id);
			if (pass)
				line(report, "  private half", "not found");
			else
				line(report, "  private half", "found, in %" PRIu64 " places",
				     question->places);
			listed++;
		}
	}
	if (given > listed)
		fprintf(report->out, "\n  and %u more public keys\n", given - listed);
}

static void print_verdict(const struct report *report, const struct audit *audit)
{
	enum verdict verdict = audit_verdict(audit);
	const char *color = verdict == VERDICT_CLEAN ? GREEN :
			    verdict == VERDICT_FOUND ? RED : YELLOW;

	char counts[256];

	fputs("  ", report->out);
	colored(report, color, verdict_word(verdict));
	fprintf(report->out, "%*s", INDENT - 2 - (int)strlen(verdict_word(verdict)), " ");
	items_count(audit, counts, sizeof(counts));
	wrapped(report, counts, INDENT);
	if (verdict == VERDICT_FOUND && audit_unverified(audit))
		fputs("  and what else is in this core cannot be verified\n", report->out);
	if (audit->seal.readable && audit->checks[CHECK_AUTHENTICITY].state == CHECK_NOT_DONE)
		fputs("  unauthenticated: anyone could have written this seal\n", report->out);
	if (audit->crashed.readable && audit->checks[CHECK_AUTHENTICITY].state == CHECK_NOT_DONE)
		fputs("  unauthenticated: anyone could have written this note\n", report->out);
	if (audit->crashed.readable)
		fputs("  of a whole machine: copies that nobody registered were not hunted\n",
		      report->out);
	if (audit->seal.readable && audit->seal.has_hunt && audit->seal.hunt.unindexed &&
	    audit->seal.policy.unhunted != KREDACT_UNHUNTED_WRITABLE)
		fputs("  copies were not hunted: they may be in this core\n", report->out);
	if (audit->seal.readable && audit->seal.beside)
		fputs("  sealed by a daemon, not by the kernel: that does not vouch for registers,\n"
		      "  for copies, nor for the time between the dump and the seal, in which the\n"
		      "  core could be changed\n", report->out);
	if (audit->without_seal && verdict != VERDICT_FOUND)
		fputs("  no seal vouches for registered ranges: only what was looked for is not "
		      "there\n", report->out);
	if (!report->sandboxed)
		fputs("  read without the sandbox\n", report->out);
	if (report->redact)
		print_redaction(report, report->redact);
}

/* The verdict comes first, then what it rests on, then what was found. */
static int print(const struct report *report, struct audit *audit)
{
	char size[24];
	u32 i;

	if (report->brief) {
		summary_line(report, audit);
		return 0;
	}
	text_size(size, sizeof(size), audit->in.size);
	if (report->number)
		fputs("\n\n", report->out);
	colored(report, BOLD, "kredact-verify");
	fprintf(report->out, "%*s", INDENT - 14, "");
	wrapped(report, report->file, INDENT);
	print_verdict(report, audit);
	fputc('\n', report->out);
	if (audit->packed)
		line(report, "file", "%s, unpacked (%s)", size, magic_word(audit->packed));
	else
		line(report, "file", "%s", size);
	if (audit->crashed.readable)
		print_machine(report, &audit->crashed);
	else if (audit->seal.readable)
		print_seal(report, &audit->seal);
	else if (audit->has_notes)
		print_notes(report, &audit->notes);
	print_checks(report, audit);
	if (audit->seal.readable)
		print_counts(report, audit);
	if (audit->seal.readable)
		print_copies(report, audit);
	print_findings(report, audit, false);
	print_findings(report, audit, true);
	for (i = 0; i < audit->nr_print_hits && i < MOST; i++)
		print_print(report, &audit->print_hits[i]);
	if (audit->print_hits_total > i)
		fprintf(report->out, "\n  and %" PRIu64 " more copies by fingerprint\n",
			audit->print_hits_total - i);
	for (i = 0; i < audit->nr_hits && i < MOST; i++)
		print_hit(report, audit, &audit->hits[i]);
	if (audit->hits_total > i)
		fprintf(report->out, "\n  and %" PRIu64 " more places with secrets\n",
			audit->hits_total - i);
	if (audit->scan)
		print_sightings(report, audit);
	if (audit->scan)
		print_certs(report, scan_questions(audit->scan));
	return 0;
}

const struct format format_person = {
	.name = "text",
	.text = "for people (the default)",
	.print = print,
	.failed = summary_failed,
};
