/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tags by way of a daemon: where BPF programs cannot call the module, they say in a ring
 * what there is to tag, and this calls the module.
 */
#ifndef KREDACT_BPF_EVENTS_H
#define KREDACT_BPF_EVENTS_H

#include "tag.h"

struct events;

/**
 * events_open - begin
 * @ring_fd:	of the map, the caller's
 *
 * Return: for the caller to events_close(), or NULL with errno set.
 */
struct events *events_open(int ring_fd);

/**
 * events_fd - readable when events_poll() is to be called
 */
int events_fd(const struct events *e);

/**
 * events_poll - make and end the tags that the ring tells of
 */
void events_poll(struct events *e);

/**
 * events_add_counters - add what was done so far
 */
void events_add_counters(const struct events *e, struct tag_counters *to);

/**
 * events_close - forget it all; tags stay
 * @e:	from events_open(), or NULL
 */
void events_close(struct events *e);

#endif /* KREDACT_BPF_EVENTS_H */
