/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What stays in the kernel when its process ends: maps and probes, pinned in a folder of
 * a BPF file system. The next process takes the maps as they are, sets its own probes, and
 * only then takes those of the one before away: at no moment is there none.
 *
 * The folder has maps/NAME, and KIND/START/N for the probes that one process has set.
 */
#ifndef KREDACT_BPF_PINS_H
#define KREDACT_BPF_PINS_H

#include <stdbool.h>

struct bpf_object;

#define PINS_DIR	"/sys/fs/bpf/kredactd"

/* Kinds of probes: those that tag, and those that redact without the module. */
#define PINS_PROBES	"probes"
#define PINS_REDACTION	"redaction"

/**
 * pins_begin - make the folder
 * @pins:	its path. If /sys/fs/bpf is no BPF file system yet, one is mounted there
 *
 * Return: 0, or -errno; -ENOTSUP: it is not in a BPF file system.
 */
int pins_begin(const char *pins);

/**
 * pins_share - have an object use the maps that are pinned, and pin those that are not
 * @pins:	folder
 * @object:	opened, and not yet loaded
 * @names:	of the maps, up to a NULL; those that the object has not do not matter
 *
 * bpf_object__load() fails with EINVAL if a pinned map is not what the object needs.
 *
 * Return: 0, or -errno.
 */
int pins_share(const char *pins, struct bpf_object *object, const char *const *names);

/**
 * pins_keep - pin probes, and take those of the same kind away that were there before
 * @pins:	folder
 * @kind:	PINS_PROBES or PINS_REDACTION
 * @links:	descriptors of the probes, the caller's
 * @nr:		how many
 *
 * Return: 0, or -errno; then those before are still there.
 */
int pins_keep(const char *pins, const char *kind, const int *links, unsigned int nr);

/**
 * pins_count - how many probes of a kind are pinned
 */
unsigned int pins_count(const char *pins, const char *kind);

/**
 * pins_drop - take all probes of a kind away, without others in their place
 * @pins:	folder
 * @kind:	PINS_PROBES or PINS_REDACTION; there need be none
 *
 * The kernel ends them some time after this has returned. The maps stay.
 *
 * Return: 0, or -errno of what could not be removed.
 */
int pins_drop(const char *pins, const char *kind);

/**
 * pins_end - take everything away
 * @pins:	folder, need not be there
 *
 * Waits until the programs are gone.
 *
 * Return: 0, or -errno of what could not be removed; -ETIMEDOUT: a program is still there,
 * perhaps since somebody else has it, too.
 */
int pins_end(const char *pins);

#endif /* KREDACT_BPF_PINS_H */
