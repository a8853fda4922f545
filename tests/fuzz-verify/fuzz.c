// SPDX-License-Identifier: GPL-2.0
/*
 * What the fuzz targets have in common: see fuzz.h.
 */
#include "fuzz.h"

static const u8 *bytes;

static int read_bytes(void *arg, u64 offset, u8 *to, u64 len, struct complaint *why)
{
	(void)arg;
	(void)why;
	memcpy(to, bytes + offset, len);
	return 0;
}

static bool extent(void *arg, u64 offset, u64 *end)
{
	(void)arg;
	(void)offset;
	*end = UINT64_MAX;
	return false;
}

/**
 * fuzz_input() - an input that is in memory
 * @data:	its bytes
 * @len:	how many
 *
 * Return: open, valid until the next call; its buffer is made once.
 */
struct input *fuzz_input(const u8 *data, size_t len)
{
	static const struct input_source source = { read_bytes, extent };
	static struct input in;
	struct complaint why;

	if (!in.buffer)
		must(!input_open_source(&in, &source, NULL, 0, &why));
	bytes = data;
	in.size = len;
	in.have = 0;
	in.extent_end = 0;
	return &in;
}

/**
 * fuzz_machine() - read kredact's note in the dump of a machine
 * @core:	open
 * @notes:	read
 * @kdump:	what @core is of, or NULL
 */
void fuzz_machine(struct core *core, const struct notes *notes, struct kdump *kdump)
{
	static struct digest *digest;
	struct crashed crashed;
	struct complaint why;
	u32 i;

	digest = digest ? digest : digest_new();
	if (!crashed_open(&crashed, core, notes, kdump, &why)) {
		must(crashed.readable && crashed.named);
		crashed_frames(&crashed, digest, &why);
		must(crashed.frames.nr <= crashed.nr_frames && !crashed.frames.unsorted);
		for (i = 0; i < crashed.bytes.nr; i++)
			must(crashed.bytes.at[i].last < core->in->size);
	}
	crashed_close(&crashed);
}

/**
 * fuzz_check_map() - is a map what core.h says?
 * @core:	after core_open_as(), whatever it returned
 */
void fuzz_check_map(const struct core *core)
{
	const struct core_segment *segment, *last;
	u64 total = 0;
	u32 i;

	for (i = 0; i < core->nr_segments; i++) {
		segment = &core->segments[i];
		must(segment->memsz && segment->filesz <= segment->memsz);
		must(segment->memsz - 1 <= UINT64_MAX - segment->vaddr);
		must(!segment->filesz || (segment->offset <= core->in->size &&
					  core->in->size - segment->offset >= segment->filesz));
		must(core_segment_from(core, segment->vaddr) == i);
		if (i)
			must(segment->vaddr - segment[-1].vaddr >= segment[-1].memsz &&
			     segment->vaddr > segment[-1].vaddr);
		total += segment->filesz;
	}
	must(total <= core->in->size * (core->physical ? 1 + CORE_ALIASES_MAX : 1));
	for (i = 0; i < core->nr_by_offset; i++) {
		segment = &core->segments[core->by_offset[i]];
		must(core_segment_of_offset(core, segment->offset) == segment);
		last = i ? &core->segments[core->by_offset[i - 1]] : segment;
		must(!i || segment->offset - last->offset >= last->filesz);
	}
}
