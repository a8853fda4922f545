/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Unpacking, by the libraries of gzip, xz, lz4 and zstd: one interface to the four, which
 * sees where a frame (a member, a stream) ends. Each library checks what the frame has for
 * that: CRC32 and length, CRC64, xxHash.
 */
#ifndef KREDACT_TOOLS_CODEC_H
#define KREDACT_TOOLS_CODEC_H

#include "magic.h"
#include "text.h"

struct codec;

/**
 * struct codec_step - what goes in and out
 * @in:		packed bytes; the step moves it on
 * @in_len:	how many are left
 * @out:	room for what is unpacked; the step moves it on
 * @out_len:	bytes of it that are left
 * @ended:	out: the frame is complete
 */
struct codec_step {
	const u8 *in;
	size_t in_len;
	u8 *out;
	size_t out_len;
	bool ended;
};

struct codec *codec_new(enum magic magic, struct complaint *why);
void codec_free(struct codec *codec);
int codec_begin(struct codec *codec, struct complaint *why);
int codec_step(struct codec *codec, struct codec_step *step, struct complaint *why);

#endif /* KREDACT_TOOLS_CODEC_H */
