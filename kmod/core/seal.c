// SPDX-License-Identifier: GPL-2.0
/*
 * The encoder of seals: see seal.h, and Documentation/seal-format.rst.
 */
#include "seal.h"

_Static_assert(sizeof(struct kredact_seal_header) == KREDACT_SEAL_HEADER_LEN, "seal header");
_Static_assert(sizeof(struct kredact_seal_trailer) == KREDACT_SEAL_TRAILER_LEN, "seal trailer");
_Static_assert(sizeof(struct kredact_seal_record) == 16, "seal record");
_Static_assert(sizeof(struct kredact_seal_range) == 32, "seal range");
_Static_assert(sizeof(struct kredact_seal_left_out) == 24, "seal left out");
_Static_assert(sizeof(struct kredact_seal_counts) == 64, "seal counts");
_Static_assert(sizeof(struct kredact_seal_policy) == 32, "seal policy");
_Static_assert(sizeof(struct kredact_seal_copy) == 32, "seal copy");
_Static_assert(sizeof(struct kredact_seal_hunt) == 104, "seal hunt");
_Static_assert(sizeof(struct kredact_seal_rules) == 16, "seal rules");
_Static_assert(sizeof(struct kredact_seal_sidecar) == 40, "seal sidecar");
_Static_assert(sizeof(struct kredact_seal_prints) == 64, "seal fingerprints");
_Static_assert(sizeof(struct kredact_seal_print) == 16, "seal fingerprint");

static void kr_seal_put(struct kr_seal *seal, const void *data, u32 len)
{
	if (seal->failed || !len)
		return;
	seal->failed = !seal->write(seal->arg, data, len);
	seal->len += len;
}

static void kr_seal_record(struct kr_seal *seal, u32 type, u32 len)
{
	struct kredact_seal_record record = {
		.type = cpu_to_le32(type),
		.len = cpu_to_le64(len),
	};

	kr_seal_put(seal, &record, sizeof(record));
	seal->records++;
}

/**
 * kr_seal_begin() - write the header
 * @seal:	@write, @arg and @core_len set, the rest zero
 * @header:	who was dumped; magic, version and lengths are filled in here
 */
void kr_seal_begin(struct kr_seal *seal, struct kredact_seal_header *header)
{
	memcpy(header->magic, KREDACT_SEAL_MAGIC, sizeof(header->magic));
	header->version = cpu_to_le16(KREDACT_SEAL_VERSION);
	header->header_len = cpu_to_le16(sizeof(*header));
	header->core_len = cpu_to_le64(seal->core_len);
	kr_seal_put(seal, header, sizeof(*header));
}

/**
 * kr_seal_label() - write one label
 * @seal:	after kr_seal_begin()
 * @id:		number by which ranges name it
 * @text:	@len bytes
 * @len:	1 to KREDACT_LABEL_MAX
 */
void kr_seal_label(struct kr_seal *seal, u32 id, const void *text, u32 len)
{
	static const u8 zeros[KREDACT_SEAL_ALIGN];
	struct kredact_seal_label label = {
		.id = cpu_to_le32(id),
		.len = cpu_to_le32(len),
	};

	kr_seal_record(seal, KREDACT_SEAL_LABEL, sizeof(label) + len);
	kr_seal_put(seal, &label, sizeof(label));
	kr_seal_put(seal, text, len);
	kr_seal_put(seal, zeros, -len % KREDACT_SEAL_ALIGN);
}

/**
 * kr_seal_ranges() - write some of the ranges
 * @seal:	after kr_seal_begin(), and after the labels that @ranges name
 * @ranges:	already little-endian
 * @nr:		how many
 */
void kr_seal_ranges(struct kr_seal *seal, const struct kredact_seal_range *ranges, u32 nr)
{
	kr_seal_record(seal, KREDACT_SEAL_RANGES, nr * sizeof(*ranges));
	kr_seal_put(seal, ranges, nr * sizeof(*ranges));
}

/**
 * kr_seal_left_out() - write what was left out since something failed
 * @seal:	after kr_seal_begin()
 * @entries:	already little-endian
 * @nr:		how many
 */
void kr_seal_left_out(struct kr_seal *seal, const struct kredact_seal_left_out *entries, u32 nr)
{
	kr_seal_record(seal, KREDACT_SEAL_LEFT_OUT, nr * sizeof(*entries));
	kr_seal_put(seal, entries, nr * sizeof(*entries));
}

/**
 * kr_seal_policy() - write what the dump was written by
 * @seal:	after kr_seal_begin(); once, and kr_seal_hunt() as well
 * @policy:	already little-endian
 */
void kr_seal_policy(struct kr_seal *seal, const struct kredact_seal_policy *policy)
{
	kr_seal_record(seal, KREDACT_SEAL_POLICY, sizeof(*policy));
	kr_seal_put(seal, policy, sizeof(*policy));
}

/**
 * kr_seal_copies() - write some of the copies that were found
 * @seal:	after kr_seal_begin()
 * @copies:	already little-endian
 * @nr:		how many
 */
void kr_seal_copies(struct kr_seal *seal, const struct kredact_seal_copy *copies, u32 nr)
{
	kr_seal_record(seal, KREDACT_SEAL_COPIES, nr * sizeof(*copies));
	kr_seal_put(seal, copies, nr * sizeof(*copies));
}

/**
 * kr_seal_hunt() - write the sums over the hunt
 * @seal:	after kr_seal_begin(); once, and kr_seal_policy() as well
 * @hunt:	already little-endian
 */
void kr_seal_hunt(struct kr_seal *seal, const struct kredact_seal_hunt *hunt)
{
	kr_seal_record(seal, KREDACT_SEAL_HUNT, sizeof(*hunt));
	kr_seal_put(seal, hunt, sizeof(*hunt));
}

/**
 * kr_seal_rules() - write what policy programs decided
 * @seal:	after kr_seal_begin(); once
 * @rules:	already little-endian
 */
void kr_seal_rules(struct kr_seal *seal, const struct kredact_seal_rules *rules)
{
	kr_seal_record(seal, KREDACT_SEAL_RULES, sizeof(*rules));
	kr_seal_put(seal, rules, sizeof(*rules));
}

/**
 * kr_seal_prints() - write the fingerprints of what is registered
 * @seal:	after kr_seal_begin(); once
 * @head:	already little-endian
 * @prints:	of pieces, then of blocks; likewise
 * @nr:		how many
 * @bitmap:	tells where pieces may be
 * @len:	its bytes, a multiple of KREDACT_SEAL_ALIGN
 */
void kr_seal_prints(struct kr_seal *seal, const struct kredact_seal_prints *head,
		    const struct kredact_seal_print *prints, u32 nr, const u8 *bitmap, u32 len)
{
	kr_seal_record(seal, KREDACT_SEAL_FINGERPRINTS, sizeof(*head) + nr * sizeof(*prints) + len);
	kr_seal_put(seal, head, sizeof(*head));
	kr_seal_put(seal, prints, nr * sizeof(*prints));
	kr_seal_put(seal, bitmap, len);
}

/**
 * kr_seal_sidecar() - write what a daemon knows of the core
 * @seal:	after kr_seal_begin(); once
 * @sidecar:	already little-endian
 *
 * Not for the kernel, whose seals are no sidecars.
 */
void kr_seal_sidecar(struct kr_seal *seal, const struct kredact_seal_sidecar *sidecar)
{
	kr_seal_record(seal, KREDACT_SEAL_SIDECAR, sizeof(*sidecar));
	kr_seal_put(seal, sidecar, sizeof(*sidecar));
}

/**
 * kr_seal_counts() - write the sums, the last record
 * @seal:	after all other records
 * @counts:	already little-endian
 */
void kr_seal_counts(struct kr_seal *seal, const struct kredact_seal_counts *counts)
{
	kr_seal_record(seal, KREDACT_SEAL_COUNTS, sizeof(*counts));
	kr_seal_put(seal, counts, sizeof(*counts));
}

/**
 * kr_seal_end() - write the trailer up to the HMAC
 * @seal:	after kr_seal_counts()
 *
 * Return: true if all was written; the caller then appends the HMAC, which
 * covers every byte that @write has seen.
 */
bool kr_seal_end(struct kr_seal *seal)
{
	struct kredact_seal_trailer trailer = {
		.seal_len = cpu_to_le64(seal->len + sizeof(trailer)),
		.core_len = cpu_to_le64(seal->core_len),
		.version = cpu_to_le32(KREDACT_SEAL_VERSION),
		.records = cpu_to_le32(seal->records),
	};

	memcpy(trailer.magic, KREDACT_SEAL_END, sizeof(trailer.magic));
	kr_seal_put(seal, &trailer, sizeof(trailer) - sizeof(trailer.hmac));
	return !seal->failed;
}
