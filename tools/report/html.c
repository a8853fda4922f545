// SPDX-License-Identifier: GPL-2.0
/*
 * Reports as one HTML page that needs nothing else: style and script are in it, named by
 * their digests in its content security policy, and nothing can be loaded or sent.
 *
 * All that counts is plain HTML, so it can be read without the script, which draws the map
 * (page.js). Style and script are built in from page.css and page.js.
 */
#include <inttypes.h>

#include <json-c/json.h>

#include "html_map.h"
#include "item.h"
#include "markup.h"
#include "page.h"

/**
 * struct html - a table in the making
 * @out:	where to
 * @number:	of the dump
 * @rows:	rows so far
 * @items:	the same, for the map
 */
struct html {
	FILE *out;
	u32 number;
	u32 rows;
	struct json_object *items;
};

static void begin(FILE *out)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	      "style-src 'sha256-" PAGE_CSS_SHA256 "'; script-src 'sha256-" PAGE_JS_SHA256
	      "'; base-uri 'none'; form-action 'none'\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	      "<meta name=\"color-scheme\" content=\"light dark\">\n"
	      "<meta name=\"referrer\" content=\"no-referrer\">\n"
	      "<title>kredact-verify</title>\n<style>", out);
	fputs(page_css, out);
	fputs("</style>\n</head>\n<body>\n<main>\n", out);
}

static void cell(FILE *out, const char *label, const char *class, const char *text)
{
	fprintf(out, "<td data-label=\"%s\"%s%s%s>", label, *class ? " class=\"" : "", class,
		*class ? "\"" : "");
	markup_put(out, text);
	fputs("</td>", out);
}

/* A row of the table, and a mark of the map that knows its row. */
static void take(void *arg, const struct item *item)
{
	struct json_object *mark = json_object_new_object();
	char text[700], digest[2 * SIGHTING_DIGEST_LEN + 1] = "";
	struct html *html = arg;
	FILE *out = html->out;

	fprintf(out, "<tr id=\"f%u-%u\" class=\"%s\">", html->number, html->rows,
		item->key ? "key" : "note");
	fprintf(out, "<td data-label=\"No.\" class=\"number\">%u</td>", html->rows + 1);
	fputs("<td data-label=\"What\"><strong>", out);
	markup_put(out, item->title);
	fputs("</strong><span>", out);
	markup_put(out, item->text);
	fputs("</span></td>", out);
	cell(out, "Where", "", item->where);
	if (item->mapped)
		snprintf(text, sizeof(text), "0x%" PRIx64, item->vaddr);
	else
		snprintf(text, sizeof(text), "file offset 0x%" PRIx64, item->offset);
	cell(out, "Address", "code", text);
	snprintf(text, sizeof(text), "%" PRIu64, item->len);
	cell(out, "Bytes", "number", text);
	cell(out, "Sure", "short", item->proven ? "proven" : "by structure");
	if (item->digest)
		text_hex(digest, item->digest, SIGHTING_DIGEST_LEN);
	fputs("<td data-label=\"What to do\">", out);
	markup_put(out, item->advice);
	if (*digest)
		fprintf(out, "<span class=\"code\">%s</span>", digest);
	fputs("</td></tr>\n", out);

	if (item->mapped)
		json_address(mark, "start", item->vaddr);
	json_number(mark, "size", item->len);
	json_flag(mark, "key", item->key);
	json_text(mark, "title", item->title);
	json_text(mark, "where", item->where);
	json_object_array_add(html->items, mark);
	html->rows++;
}

static void print_checks(FILE *out, const struct audit *audit)
{
	static const char *const marks[] = {
		[CHECK_NOT_DONE] = "not done",
		[CHECK_PASSED] = "passed",
		[CHECK_FOUND] = "key material",
		[CHECK_FAILED] = "failed",
	};
	u32 i;

	fputs("<h2>Checks</h2>\n<table class=\"checks\"><thead><tr><th>Check</th><th>Outcome</th>"
	      "<th>Because</th></tr></thead><tbody>\n", out);
	for (i = 0; i < CHECKS; i++) {
		fprintf(out, "<tr class=\"%s\">", state_word(audit->checks[i].state));
		cell(out, "Check", "", check_word(i));
		cell(out, "Outcome", "outcome", marks[audit->checks[i].state]);
		cell(out, "Because", "", audit->checks[i].text.text);
		fputs("</tr>\n", out);
	}
	fputs("</tbody></table>\n", out);
}

static void fact(FILE *out, const char *name, const char *value)
{
	fprintf(out, "<div><dt>%s</dt><dd>", name);
	markup_put(out, value);
	fputs("</dd></div>\n", out);
}

static void print_facts(const struct report *report, const struct audit *audit)
{
	const struct seal *seal = &audit->seal;
	char text[256], size[24];
	FILE *out = report->out;

	fputs("<dl>\n", out);
	text_size(size, sizeof(size), audit->in.size);
	fact(out, "size", size);
	if (audit->has_notes && audit->notes.has_process) {
		text_escape(text, sizeof(text), audit->notes.comm,
			    strnlen(audit->notes.comm, sizeof(audit->notes.comm)));
		fact(out, "process", text);
		snprintf(text, sizeof(text), "%u", audit->notes.pid);
		fact(out, "pid", text);
	}
	if (audit->has_notes) {
		snprintf(text, sizeof(text), "%" PRIu64, audit->notes.threads);
		fact(out, "threads", text);
		snprintf(text, sizeof(text), "%u", audit->notes.signo);
		fact(out, "signal", text);
	}
	if (seal->readable) {
		text_time(text, sizeof(text), seal->realtime_ns);
		fact(out, "dumped", text);
		snprintf(text, sizeof(text), "%" PRIu64 " ranges", seal->nr_ranges);
		fact(out, "registered", text);
		text_size(text, sizeof(text), audit->zeros.zero);
		fact(out, "seen zero", text);
		fact(out, "sealed by", seal->beside ? "a daemon" : "the kernel");
	} else if (audit->crashed.readable) {
		snprintf(text, sizeof(text), "%" PRIu64 " pinned frames, %" PRIu64 " others",
			 le64toh(audit->crashed.note.frames), le64toh(audit->crashed.note.walked));
		fact(out, "zeroed", text);
		text_size(text, sizeof(text), audit->zeros.zero);
		fact(out, "seen zero", text);
		fact(out, "sealed by", "a kernel that crashed, in its note");
	} else {
		fact(out, "sealed by", "nobody, or unreadably");
	}
	if (!report->sandboxed)
		fact(out, "sandbox", "none");
	if (report->redact && report->redact->done) {
		snprintf(text, sizeof(text), "%" PRIu64 " bytes zeroed in %" PRIu64 " places",
			 report->redact->zeroed, report->redact->places);
		fact(out, "cleaned copy", text);
	}
	fputs("</dl>\n", out);
}

static void print_head(const struct report *report, struct audit *audit)
{
	static const char *const classes[] = { "clean", "found", "unverified" };
	enum verdict verdict = audit_verdict(audit);
	FILE *out = report->out;
	char counts[256];

	fprintf(out, "<article class=\"dump %s\">\n<header><p class=\"program\">kredact-verify "
		KREDACT_VERSION "</p>\n<h1>", classes[verdict]);
	markup_put(out, report->file);
	fputs("</h1>\n<p class=\"verdict\">", out);
	markup_put(out, verdict_word(verdict));
	fputs("</p>\n<p>", out);
	items_count(audit, counts, sizeof(counts));
	markup_put(out, *counts ? counts : "nothing was found");
	fputs("</p>\n", out);
	if (verdict == VERDICT_FOUND && audit_unverified(audit))
		fputs("<p>What else is in this dump cannot be verified.</p>\n", out);
	if (audit->seal.readable && audit->checks[CHECK_AUTHENTICITY].state == CHECK_NOT_DONE)
		fputs("<p>Unauthenticated: anyone could have written this seal.</p>\n", out);
	if (audit->crashed.readable && audit->checks[CHECK_AUTHENTICITY].state == CHECK_NOT_DONE)
		fputs("<p>Unauthenticated: anyone could have written this note.</p>\n", out);
	fputs("</header>\n", out);
}

static int print(const struct report *report, struct audit *audit)
{
	const struct sightings *all = audit->scan ? scan_sightings(audit->scan) : NULL;
	u64 total = audit->findings_total + audit->copy_findings_total + audit->hits_total;
	struct html html = { report->out, report->number, 0, json_object_new_array() };
	struct json_object *data = html_map(audit);
	FILE *out = report->out;

	if (all)
		total += all->keys + all->notes;
	print_head(report, audit);
	print_facts(report, audit);
	fprintf(out, "<section class=\"map\" hidden></section>\n<h2>Findings <span "
		"class=\"count\">%" PRIu64 "</span></h2>\n", total);
	if (total)
		fputs("<div class=\"wide\"><table class=\"findings\"><thead><tr><th>No.</th><th>What</th>"
		      "<th>Where</th><th>Address</th><th>Bytes</th><th>Sure</th><th>What to do</th>"
		      "</tr></thead><tbody>\n", out);
	items_visit(report, audit, take, &html);
	if (total)
		fputs("</tbody></table></div>\n", out);
	else
		fputs("<p>None.</p>\n", out);
	if (total > html.rows)
		fprintf(out, "<p>And %" PRIu64 " more, which are not listed.</p>\n",
			total - html.rows);
	print_checks(out, audit);
	json_number(data, "number", report->number);
	json_object_object_add(data, "items", html.items);
	fputs("<script type=\"application/json\" class=\"data\">", out);
	html_data(out, data);
	fputs("</script>\n</article>\n", out);
	json_object_put(data);
	return 0;
}

static void failed(const struct report *report, const char *text)
{
	fputs("<article class=\"dump unverified\">\n<header><p class=\"program\">kredact-verify "
	      KREDACT_VERSION "</p>\n<h1>", report->out);
	markup_put(report->out, report->file);
	fputs("</h1>\n<p class=\"verdict\">", report->out);
	markup_put(report->out, verdict_word(VERDICT_UNVERIFIED));
	fputs("</p>\n<p>", report->out);
	markup_put(report->out, text);
	fputs("</p>\n</header>\n</article>\n", report->out);
}

static void end(FILE *out)
{
	fputs("</main>\n<script>", out);
	fputs(page_js, out);
	fputs("</script>\n</body>\n</html>\n", out);
}

const struct format format_html = {
	.name = "html",
	.text = "a page with a map of the address space, for a browser",
	.begin = begin,
	.print = print,
	.failed = failed,
	.end = end,
};
