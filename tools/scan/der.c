// SPDX-License-Identifier: GPL-2.0
/*
 * Walks DER: see der.h.
 */
#include "der.h"

/**
 * der_next() - read one element
 * @from:	is moved behind it; stays where it is if it is not there
 * @tag:	that it must have
 * @content:	takes its bytes
 *
 * Lengths are definite and as short as can be, up to 65535.
 *
 * Return: true if the element is there, whole.
 */
bool der_next(struct der *from, u8 tag, struct der *content)
{
	const u8 *at = from->at;
	u32 room = der_len(from), header = 2, len;

	if (room < 2 || at[0] != tag)
		return false;
	len = at[1];
	if (len == 0x81 && room >= 3 && at[2] >= 0x80) {
		len = at[2];
		header = 3;
	} else if (len == 0x82 && room >= 4 && at[2]) {
		len = at[2] << 8 | at[3];
		header = 4;
	} else if (len >= 0x80) {
		return false;
	}
	if (room - header < len)
		return false;
	content->at = at + header;
	content->end = content->at + len;
	from->at = content->end;
	return true;
}

/**
 * der_number() - read an INTEGER that is not negative
 * @from:	is moved behind it
 * @number:	takes its magnitude, without leading zeros; empty for 0
 *
 * Return: true if it is there, whole and minimal.
 */
bool der_number(struct der *from, struct der *number)
{
	struct der rest = *from;

	if (!der_next(&rest, DER_INTEGER, number) || !der_len(number) || number->at[0] & 0x80)
		return false;
	if (!number->at[0]) {
		number->at++;
		if (der_len(number) && !(number->at[0] & 0x80))
			return false;
	}
	*from = rest;
	return true;
}

/**
 * der_begins() - the sequence whose first element is at a place
 * @bytes:	of a window
 * @at:		index of its first element
 * @len:	bytes in the window
 * @sequence:	takes its content
 *
 * Return: bytes of the header of a sequence before @at, which is in its shortest form;
 * 0 if there is none. What the window does not have of its content is cut off.
 */
u32 der_begins(const u8 *bytes, u64 at, u64 len, struct der *sequence)
{
	u32 header = 2;
	u64 content;

	if (at >= 4 && bytes[at - 4] == DER_SEQUENCE && bytes[at - 3] == 0x82 && bytes[at - 2]) {
		content = bytes[at - 2] << 8 | bytes[at - 1];
		header = 4;
	} else if (at >= 3 && bytes[at - 3] == DER_SEQUENCE && bytes[at - 2] == 0x81 &&
		   bytes[at - 1] >= 0x80) {
		content = bytes[at - 1];
		header = 3;
	} else if (at >= 2 && bytes[at - 2] == DER_SEQUENCE && bytes[at - 1] < 0x80) {
		content = bytes[at - 1];
	} else {
		return 0;
	}
	sequence->at = bytes + at;
	sequence->end = bytes + at + min(content, len - at);
	return header;
}
