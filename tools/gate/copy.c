// SPDX-License-Identifier: GPL-2.0
/*
 * The private copy of a dump: see passage.h.
 *
 * From here on only the copy counts: it has no name, nobody else has it open, and what is
 * verified is what gets the name. The source is read once, under a watch.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "attest/publish.h"
#include "attest/still.h"
#include "gate/passage.h"

#define PIECE	(1u << 18)

static bool is_zero(const u8 *bytes, size_t len)
{
	return !bytes[0] && !memcmp(bytes, bytes + 1, len - 1);
}

/* Pieces of zeros become holes. */
static int put(int to, u64 at, const u8 *bytes, size_t len, struct complaint *why)
{
	if (is_zero(bytes, len))
		return 0;
	if (lseek(to, at, SEEK_SET) < 0)
		return complain(why, -errno, "%s", strerror(errno));
	return publish_write(to, bytes, len, why);
}

static int copy_bytes(struct passage *p, int to, EVP_MD_CTX *digest, u8 *piece,
		      struct complaint *why)
{
	int error = 0;
	ssize_t got;

	while (!error) {
		got = pread(p->fd, piece, PIECE, p->bytes);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return complain(why, -EIO, "%s", strerror(errno));
		if (!got)
			break;
		if (!EVP_DigestUpdate(digest, piece, got))
			return complain(why, -EIO, "OpenSSL cannot compute SHA-256");
		/* A file that grows without end must not fill the disk. */
		if ((u64)got > p->policy->max_bytes - min(p->bytes, p->policy->max_bytes) &&
		    !p->policy->excepted[GATE_SIZE])
			return complain(why, -EFBIG, "it grew beyond %llu bytes",
					(unsigned long long)p->policy->max_bytes);
		error = put(to, p->bytes, piece, got, why);
		p->bytes += got;
	}
	if (!error && ftruncate(to, p->bytes))
		error = complain(why, -errno, "%s", strerror(errno));
	return error;
}

/* Opens what fd has once more, for reading only, and gives the other one up. */
static int reopen(int *fd, struct complaint *why)
{
	char self[32];
	int again;

	snprintf(self, sizeof(self), "/proc/self/fd/%d", *fd);
	again = open(self, O_RDONLY | O_CLOEXEC);
	if (again < 0)
		return complain(why, -errno, "%s", strerror(errno));
	close(*fd);
	*fd = again;
	return 0;
}

static int copy_file(struct passage *p, struct complaint *why)
{
	EVP_MD_CTX *digest = EVP_MD_CTX_new();
	u8 *piece = malloc(PIECE);
	int error = -ENOMEM;

	complaint_set(why, "out of memory");
	if (digest && piece && EVP_DigestInit_ex2(digest, EVP_sha256(), NULL))
		error = copy_bytes(p, p->copy, digest, piece, why);
	if (!error && !EVP_DigestFinal_ex(digest, p->sha256, NULL))
		error = complain(why, -EIO, "OpenSSL cannot compute SHA-256");
	if (!error && fsync(p->copy))
		error = complain(why, -errno, "%s", strerror(errno));
	if (!error)
		error = reopen(&p->copy, why);
	free(piece);
	EVP_MD_CTX_free(digest);
	return error;
}

/**
 * copy_make() - copy the dump into a file without a name, in the folder where it is to go
 * @p:		the passage; takes @copy, @sha256 and @bytes
 *
 * Return: 0, or a negative errno if there is no copy; why is in the decision.
 */
int copy_make(struct passage *p)
{
	struct complaint why, change;
	struct still still;
	int error;

	error = still_begin(&still, p->fd, false, &why);
	if (error) {
		rule_fail(&p->decision, error == -ETXTBSY ? GATE_CHANGED : GATE_SOURCE, "%s",
			  why.text);
		return error;
	}
	error = publish_file(p->dir, &p->copy, p->policy->mode, &why);
	if (!error)
		error = copy_file(p, &why);
	if (!still_end(&still, &change)) {
		rule_fail(&p->decision, GATE_CHANGED, "%s", change.text);
		return -EBUSY;
	}
	rule_pass(&p->decision, GATE_CHANGED);
	if (error)
		rule_fail(&p->decision, error == -EFBIG ? GATE_SIZE : GATE_DESTINATION,
			  "it cannot be copied: %s", why.text);
	return error;
}
