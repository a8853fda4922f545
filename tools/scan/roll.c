// SPDX-License-Identifier: GPL-2.0
/*
 * Scalars at every byte: see roll.h.
 *
 * All is affine, and of all stretches the same digit is added at the same time, so that
 * they share one division and a table of 16 KiB. What is in the dump cannot make a sum
 * meet infinity or a point twice: each entry has a point added that nobody can guess.
 */
#include <stdlib.h>

#include <openssl/crypto.h>

#include "roll.h"

#define PORTABLE_LANES	512u

/**
 * roll_new() - begin with a curve
 * @curve:	which
 * @targets:	points that are to come, at most
 *
 * To be called before the sandbox closes.
 *
 * Return: to be released by roll_free(), or NULL if there is no memory.
 */
struct roll *roll_new(const struct curve *curve, u32 targets)
{
	struct roll *roll = calloc(1, sizeof(*roll));

	if (!roll)
		return NULL;
	pthread_mutex_init(&roll->lock, NULL);
	roll->curve = curve;
	roll->len = curve->bytes;
	roll->comb = comb_new(curve->group, ROLL_BITS, ROLL_LENGTH);
	roll->targets = calloc(targets, sizeof(*roll->targets));
	if (roll->comb && roll->targets)
		return roll;
	roll_free(roll);
	return NULL;
}

/* Of one of two passes; a multiple of 64. */
static size_t room_size(const struct roll *roll)
{
	return roll->ifma ? roll_ifma_room(roll) :
	       ((size_t)PORTABLE_LANES * 8 * roll->comb->field.limbs) * (2 * (roll->len + 1) + 2);
}

/**
 * roll_free() - release it
 * @roll:	from roll_new(), or NULL
 */
void roll_free(struct roll *roll)
{
	void *room;

	if (!roll)
		return;
	while ((room = roll->rooms)) {
		memcpy(&roll->rooms, room, sizeof(void *));
		OPENSSL_cleanse(room, 2 * room_size(roll));
		free(room);
	}
	while (roll->nr)
		free(roll->targets[--roll->nr].points);
	free(roll->targets);
	comb_free(roll->comb);
	free(roll->ifma);
	pthread_mutex_destroy(&roll->lock);
	free(roll);
}

/* The sum of what the table adds for @len digits, from the first one on. */
static bool first_shift(const struct roll *roll, u64 *sum)
{
	u32 limbs = roll->comb->field.limbs, i;
	bool done = true;

	memcpy(sum, comb_entry(roll->comb, 0, 0), 16 * limbs);
	for (i = 1; i < roll->len && done; i++)
		done = comb_add(roll->comb, sum, comb_entry(roll->comb, i, 0), sum);
	return done;
}

/* Moves that sum on by a digit, from @j. */
static bool next_shift(const struct roll *roll, u64 *sum, u32 j)
{
	const struct field *field = &roll->comb->field;
	u64 negative[2 * FIELD_LIMBS], zero[FIELD_LIMBS] = { 0 };
	u32 limbs = field->limbs;

	memcpy(negative, comb_entry(roll->comb, j, 0), 16 * limbs);
	field_sub(field, negative + limbs, zero, negative + limbs);
	return comb_add(roll->comb, sum, comb_entry(roll->comb, j + roll->len, 0), sum) &&
	       comb_add(roll->comb, sum, negative, sum);
}

/**
 * roll_add() - add a point
 * @roll:	before roll_prepare()
 * @question:	whose; lives as long as @roll
 *
 * Return: false if there is no memory.
 */
bool roll_add(struct roll *roll, struct question *question)
{
	struct roll_target *target = &roll->targets[roll->nr];
	const struct field *field = &roll->comb->field;
	u32 limbs = field->limbs, len = roll->len, nr = ROLL_LENGTH - len + 1, j, i;
	BIGNUM *x = BN_bin2bn(question->point + 1, len, NULL);
	BIGNUM *y = BN_bin2bn(question->point + 1 + len, len, NULL);
	u64 point[2 * FIELD_LIMBS], sum[2 * FIELD_LIMBS];
	bool done;

	target->question = question;
	target->points = aligned_alloc(64, ((size_t)nr * 16 * limbs + 63) & ~63ul);
	done = x && y && target->points && field_import(field, point, x) &&
	       field_import(field, point + limbs, y) && first_shift(roll, sum);
	roll->nr++;
	for (j = 0; j < nr && done; j++) {
		done = comb_add(roll->comb, point, sum, target->points + 2 * limbs * j);
		if (j + 1 < nr)
			done = done && next_shift(roll, sum, j);
		for (i = 0; i < ROLL_BITS; i++)
			comb_double(roll->comb, point);
	}
	BN_free(x);
	BN_free(y);
	return done;
}

/**
 * roll_prepare() - make ready
 * @roll:	with all points
 *
 * Return: false if there is no memory.
 */
bool roll_prepare(struct roll *roll)
{
	if (roll_ifma_fits(roll)) {
		roll->ifma = roll_ifma_new(roll);
		return roll->ifma;
	}
	return true;
}

static u64 *slot(const struct roll_pass *pass, u32 t)
{
	u32 limbs = pass->roll->comb->field.limbs;

	return (u64 *)pass->room + (size_t)(t % (pass->roll->len + 1)) * PORTABLE_LANES * 2 * limbs;
}

/* Is new = old + target? Its x is slope^2 - x of both. */
static bool fits(const struct field *field, const u64 *new, const u64 *old, const u64 *target)
{
	u64 rise[FIELD_LIMBS], run[FIELD_LIMBS], sum[FIELD_LIMBS] = { 0 };
	u32 limbs = field->limbs;

	field_sub(field, rise, target + limbs, old + limbs);
	field_mul(field, rise, rise, rise);
	field_sub(field, run, target, old);
	field_mul(field, run, run, run);
	field_sub(field, sum, sum, target);
	field_sub(field, sum, sum, old);
	field_sub(field, sum, new, sum);
	field_mul(field, sum, sum, run);
	return !memcmp(sum, rise, 8 * limbs);
}

static void compare(const struct roll_pass *pass, u32 t, u32 active)
{
	const struct roll *roll = pass->roll;
	const struct field *field = &roll->comb->field;
	u32 limbs = field->limbs, first = t + 1 - roll->len, i, j;
	const u64 *new = slot(pass, t + 1), *old = slot(pass, first);

	for (j = 0; j < roll->nr; j++) {
		const u64 *target = roll->targets[j].points + 2 * limbs * roll_power(pass, t);

		for (i = 0; i < active; i++)
			if (fits(field, new + 2 * limbs * i, old + 2 * limbs * i, target))
				pass->hit(pass->arg, &pass->stretches[i], first, pass->reversed,
					  roll->targets[j].question);
	}
}

static void run_portable(const struct roll_pass *pass)
{
	const struct roll *roll = pass->roll;
	const struct field *field = &roll->comb->field;
	u32 limbs = field->limbs, active = pass->nr, t, i;
	u64 *run = slot(pass, roll->len) + (size_t)PORTABLE_LANES * 2 * limbs;
	const u64 *part;

	for (i = 0; i < active; i++)
		memcpy(slot(pass, 0) + 2 * limbs * i, roll->comb->shift, 16 * limbs);
	for (t = 0; (active = roll_active(pass, t, active)); t++) {
		const u64 *table = comb_entry(roll->comb, roll_digit(pass, t), 0);
		u64 *old = slot(pass, t), *new = slot(pass, t + 1);

		for (i = 0; i < active; i++) {
			part = table + 2 * limbs * roll_byte(&pass->stretches[i], t);
			field_sub(field, run + i * limbs, part, old + 2 * limbs * i);
			/* cannot be hit on purpose, and must not spoil the others */
			if (field_is_zero(field, run + i * limbs))
				memcpy(run + i * limbs, field->one, 8 * limbs);
		}
		field_invert_all(field, run, run + (size_t)PORTABLE_LANES * limbs, active);
		for (i = 0; i < active; i++) {
			part = table + 2 * limbs * roll_byte(&pass->stretches[i], t);
			comb_add_by(field, new + 2 * limbs * i, new + 2 * limbs * i + limbs,
				    old + 2 * limbs * i, old + 2 * limbs * i + limbs, part,
				    part + limbs, run + i * limbs);
		}
		if (t + 1 >= roll->len)
			compare(pass, t, active);
	}
}

static void *take_room(struct roll *roll)
{
	void *room;

	pthread_mutex_lock(&roll->lock);
	room = roll->rooms;
	if (room)
		memcpy(&roll->rooms, room, sizeof(void *));
	pthread_mutex_unlock(&roll->lock);
	return room ? room : aligned_alloc(64, 2 * room_size(roll));
}

static void put_room(struct roll *roll, void *room)
{
	pthread_mutex_lock(&roll->lock);
	memcpy(room, &roll->rooms, sizeof(void *));
	roll->rooms = room;
	pthread_mutex_unlock(&roll->lock);
}

/* The longest first, by their lengths: there are few. */
static void sort(struct stretch *stretches, u32 nr)
{
	u32 begin[ROLL_LENGTH + 2] = { 0 }, i;
	struct stretch sorted[ROLL_LANES];

	for (i = 0; i < nr; i++)
		begin[ROLL_LENGTH - stretches[i].len + 1]++;
	for (i = 1; i < ROLL_LENGTH + 2; i++)
		begin[i] += begin[i - 1];
	for (i = 0; i < nr; i++)
		sorted[begin[ROLL_LENGTH - stretches[i].len]++] = stretches[i];
	memcpy(stretches, sorted, nr * sizeof(*sorted));
}

/**
 * roll_run() - look for scalars of all points in stretches, in either order of bytes
 * @roll:	prepared
 * @stretches:	at most ROLL_LANES, of @roll->len to ROLL_LENGTH bytes; they are sorted
 * @nr:		how many
 * @hit:	is called for each
 * @arg:	its first argument
 *
 * For any thread.
 *
 * Return: false if there is no memory.
 */
bool roll_run(struct roll *roll, struct stretch *stretches, u32 nr, roll_hit_fn hit, void *arg)
{
	u32 most = roll->ifma ? ROLL_LANES : PORTABLE_LANES, i, part;
	struct roll_pass pass[2];
	u8 *room;

	if (!nr)
		return true;
	room = take_room(roll);
	if (!room)
		return false;
	sort(stretches, nr);
	for (; nr; stretches += part, nr -= part) {
		part = min(nr, most);
		for (i = 0; i < 2; i++)
			pass[i] = (struct roll_pass){
				.roll = roll,
				.room = room + i * room_size(roll),
				.stretches = stretches,
				.nr = part,
				.reversed = i,
				.hit = hit,
				.arg = arg,
			};
		if (roll->ifma) {
			roll_ifma_run(pass);
		} else {
			run_portable(&pass[0]);
			run_portable(&pass[1]);
		}
	}
	put_room(roll, room);
	return true;
}
