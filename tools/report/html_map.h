/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The address space of a dump as data for the map of the HTML report.
 */
#ifndef KREDACT_TOOLS_HTML_MAP_H
#define KREDACT_TOOLS_HTML_MAP_H

#include "report.h"

struct json_object *html_map(struct audit *audit);
void html_data(FILE *out, struct json_object *object);

#endif /* KREDACT_TOOLS_HTML_MAP_H */
