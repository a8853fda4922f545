// SPDX-License-Identifier: GPL-2.0
/*
 * Members of JSON objects, for all that is made of JSON: see report.h.
 */
#include <inttypes.h>
#include <stdio.h>

#include <json-c/json.h>

#include "report.h"

/**
 * json_number() - add a number
 * @to:		an object
 * @name:	of the new member
 * @value:	of it
 */
void json_number(struct json_object *to, const char *name, u64 value)
{
	json_object_object_add(to, name, json_object_new_uint64(value));
}

/**
 * json_flag() - add true or false
 * @to:		an object
 * @name:	of the new member
 * @value:	of it
 */
void json_flag(struct json_object *to, const char *name, bool value)
{
	json_object_object_add(to, name, json_object_new_boolean(value));
}

/**
 * json_text() - add a text
 * @to:		an object
 * @name:	of the new member
 * @value:	of it
 */
void json_text(struct json_object *to, const char *name, const char *value)
{
	json_object_object_add(to, name, json_object_new_string(value));
}

/**
 * json_address() - add an address, as a string
 * @to:		an object
 * @name:	of the new member
 * @value:	of it
 */
void json_address(struct json_object *to, const char *name, u64 value)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%" PRIx64, value);
	json_text(to, name, text);
}

/**
 * json_escaped() - add text that comes from a dump
 * @to:		an object
 * @name:	of the new member
 * @value:	text, ended by a NUL or @most
 * @most:	bytes, at most 128
 */
void json_escaped(struct json_object *to, const char *name, const void *value, size_t most)
{
	char text[TEXT_ESCAPED(128)];

	text_escape(text, sizeof(text), value, strnlen(value, most));
	json_text(to, name, text);
}

/**
 * json_hex() - add bytes as hexadecimal digits
 * @to:		an object
 * @name:	of the new member
 * @value:	of it
 * @len:	bytes, at most DIGEST_LEN
 */
void json_hex(struct json_object *to, const char *name, const u8 *value, size_t len)
{
	char text[2 * DIGEST_LEN + 1];

	text_hex(text, value, len);
	json_text(to, name, text);
}
