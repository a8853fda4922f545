/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Style and script of the HTML report, made by the build from page.css and page.js.
 */
#ifndef KREDACT_TOOLS_PAGE_H
#define KREDACT_TOOLS_PAGE_H

#include "page_digests.h"

extern const char page_css[];
extern const char page_js[];

#endif /* KREDACT_TOOLS_PAGE_H */
