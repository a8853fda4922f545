/* SPDX-License-Identifier: GPL-2.0 */
/* AES key schedules in the forms in which libraries keep them: what a core must not have. */
#ifndef PROGRAMS_AES_H
#define PROGRAMS_AES_H

#include <stddef.h>
#include <stdint.h>

#define AES_SCHEDULE_MAX	240	/* bytes of the longest schedule: 15 round keys */

/**
 * aes_schedule - the round keys of a key, in the order of the standard
 * @key:	16, 24 or 32 bytes
 * @out:	AES_SCHEDULE_MAX bytes
 *
 * Return: bytes of the schedule.
 */
size_t aes_schedule(const uint8_t *key, size_t len, uint8_t *out);

/**
 * aes_inverse - the round keys of the equivalent inverse cipher
 * @schedule:	@len bytes from aes_schedule()
 * @out:	@len bytes: in the order in which decryption uses them
 */
void aes_inverse(const uint8_t *schedule, size_t len, uint8_t *out);

/**
 * aes_swap - reverse the bytes of each word of 32 bits, in place
 *
 * So a little-endian machine keeps a schedule as an array of words.
 */
void aes_swap(uint8_t *schedule, size_t len);

#endif /* PROGRAMS_AES_H */
