// SPDX-License-Identifier: GPL-2.0
/*
 * Labels: short names that registrations carry into the seal, so that "was
 * this key ever in a dump?" can be asked by name.
 *
 * A table holds each text once and is shared by a process and the children
 * forked from it, since labels are only ever added.
 */
#include <linux/kref.h>
#include <linux/rhashtable.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "kredact.h"

#define LABELS_MAX	65536

/* What a label is charged as: its memory is about that of three ranges. */
#define LABEL_CHARGE	3

struct kredact_label {
	struct rhash_head node;
	u32 id;
	struct label_text {
		u32 len;
		char bytes[KREDACT_LABEL_MAX];
	} text;
};

struct kredact_labels {
	struct kref ref;
	struct kredact_user *user;
	u32 nr;
	struct mutex lock;	/* for whoever adds */
	struct rhashtable by_text;
	struct xarray by_id;
};

static const struct rhashtable_params label_params = {
	.key_len = sizeof(struct label_text),
	.key_offset = offsetof(struct kredact_label, text),
	.head_offset = offsetof(struct kredact_label, node),
	.automatic_shrinking = true,
};

/**
 * kredact_labels_new() - an empty table
 * @user:	who is charged for its labels; held by the caller
 *
 * Return: with one reference, or NULL when there is no memory.
 */
struct kredact_labels *kredact_labels_new(struct kredact_user *user)
{
	struct kredact_labels *labels = kzalloc(sizeof(*labels), GFP_KERNEL_ACCOUNT);

	if (!labels)
		return NULL;
	if (rhashtable_init(&labels->by_text, &label_params)) {
		kfree(labels);
		return NULL;
	}
	kref_init(&labels->ref);
	labels->user = kredact_user_hold(user);
	mutex_init(&labels->lock);
	xa_init_flags(&labels->by_id, XA_FLAGS_ALLOC1);
	return labels;
}

struct kredact_labels *kredact_labels_get(struct kredact_labels *labels)
{
	kref_get(&labels->ref);
	return labels;
}

/**
 * kredact_labels_shared() - has more than one process the table?
 * @labels:	held by the caller
 */
bool kredact_labels_shared(struct kredact_labels *labels)
{
	return kref_read(&labels->ref) > 1;
}

/**
 * kredact_labels_nr() - how many there are
 * @labels:	held by the caller
 */
u32 kredact_labels_nr(struct kredact_labels *labels)
{
	return READ_ONCE(labels->nr);
}

static void kredact_labels_free(struct kref *ref)
{
	struct kredact_labels *labels = container_of(ref, struct kredact_labels, ref);
	struct kredact_label *label;
	unsigned long id;

	xa_for_each(&labels->by_id, id, label)
		kfree(label);
	xa_destroy(&labels->by_id);
	rhashtable_destroy(&labels->by_text);
	kredact_user_adjust(labels->user, -(s64)labels->nr * LABEL_CHARGE);
	kredact_user_put(labels->user);
	kfree(labels);
}

/**
 * kredact_labels_put() - give a reference back
 * @labels:	may be NULL
 *
 * May sleep.
 */
void kredact_labels_put(struct kredact_labels *labels)
{
	if (labels)
		kref_put(&labels->ref, kredact_labels_free);
}

/**
 * kredact_label_id() - the number of a label, new or known
 * @labels:	held by the caller
 * @text:	@len bytes without NUL
 * @len:	1 to KREDACT_LABEL_MAX
 * @id:		out: from 1
 *
 * May sleep. Return: 0, -ENOMEM, -EDQUOT, or -ENOSPC when the table is full.
 */
int kredact_label_id(struct kredact_labels *labels, const char *text, u32 len, u32 *id)
{
	struct label_text key = { .len = len };
	struct kredact_label *label, *known;
	int ret;

	memcpy(key.bytes, text, len);
	/* Mostly it is known; it stays as long as the table. */
	known = rhashtable_lookup_fast(&labels->by_text, &key, label_params);
	if (known) {
		*id = known->id;
		return 0;
	}
	label = kzalloc(sizeof(*label), GFP_KERNEL_ACCOUNT);
	if (!label)
		return -ENOMEM;
	label->text = key;

	mutex_lock(&labels->lock);
	known = rhashtable_lookup_fast(&labels->by_text, &key, label_params);
	if (known) {
		*id = known->id;
		ret = 0;
		goto free;
	}
	ret = kredact_user_charge(labels->user, LABEL_CHARGE);
	if (ret)
		goto free;
	ret = xa_alloc(&labels->by_id, &label->id, label, XA_LIMIT(1, LABELS_MAX),
		       GFP_KERNEL_ACCOUNT);
	if (ret) {
		ret = ret == -EBUSY ? -ENOSPC : ret;
		goto uncharge;
	}
	ret = rhashtable_insert_fast(&labels->by_text, &label->node, label_params);
	if (ret) {
		xa_erase(&labels->by_id, label->id);
		ret = -ENOMEM;
		goto uncharge;
	}
	*id = label->id;
	labels->nr++;
	label = NULL;
	goto free;
uncharge:
	kredact_user_adjust(labels->user, -LABEL_CHARGE);
free:
	mutex_unlock(&labels->lock);
	kfree(label);
	return ret;
}

/**
 * kredact_label_text() - a label by its number
 * @labels:	held by the caller
 * @id:		of kredact_label_id()
 * @len:	out: bytes
 *
 * Return: the text, valid as long as @labels, or NULL if there is none.
 */
const char *kredact_label_text(struct kredact_labels *labels, u32 id, u32 *len)
{
	struct kredact_label *label = xa_load(&labels->by_id, id);

	if (!label)
		return NULL;
	*len = label->text.len;
	return label->text.bytes;
}

/**
 * kredact_label_next() - step through the labels
 * @labels:	held by the caller
 * @id:		0 at first, then the number of the label returned before
 * @len:	out: bytes
 *
 * Return: the text, valid as long as @labels, or NULL at the end.
 */
const char *kredact_label_next(struct kredact_labels *labels, unsigned long *id, u32 *len)
{
	struct kredact_label *label;

	label = xa_find_after(&labels->by_id, id, ULONG_MAX, XA_PRESENT);
	if (!label)
		return NULL;
	*len = label->text.len;
	return label->text.bytes;
}
