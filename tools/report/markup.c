// SPDX-License-Identifier: GPL-2.0
/*
 * Text made harmless for XML and HTML: see markup.h.
 */
#include "markup.h"
#include "platform.h"

/**
 * markup_put() - print text, in an element or in an attribute between double quotes
 * @out:	where to
 * @text:	anything; it may come from a dump
 *
 * XML has no way to write most control characters: all that is not printable ASCII is
 * shown as \xNN, as elsewhere.
 */
void markup_put(FILE *out, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		case '\'':
			fputs("&#39;", out);
			break;
		default:
			if (*text >= ' ' && *text <= '~')
				fputc(*text, out);
			else
				fprintf(out, "\\x%02x", (u8)*text);
		}
	}
}
