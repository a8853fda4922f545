/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the process that parses says to the one that waits for it, over a socket that
 * keeps messages apart. To the parent all of it is hostile: bounded, checked, and escaped
 * before it is shown. A message that is none ends the child.
 */
#ifndef KREDACT_TOOLS_BROKER_H
#define KREDACT_TOOLS_BROKER_H

#include "text.h"

enum broker_type {
	BROKER_PROGRESS = 1,	/* struct broker_progress; may get lost */
	BROKER_COMPLAINT = 2,	/* text for standard error */
	BROKER_VERDICT = 3,	/* struct broker_verdict; the last message */
};

/* What the child is doing. */
enum broker_stage {
	BROKER_UNPACKING,
	BROKER_SEARCHING,
	BROKER_STAGES,
};

/**
 * struct broker_progress - how far it is
 * @stage:	enum broker_stage
 * @reserved:	0
 * @done:	bytes
 * @total:	bytes, or 0 if unknown
 */
struct broker_progress {
	u32 stage;
	u32 reserved;
	u64 done;
	u64 total;
};

/**
 * struct broker_verdict - what the report says
 * @status:	enum verdict
 */
struct broker_verdict {
	u32 status;
};

/**
 * struct broker_message - a message
 * @type:	enum broker_type
 * @len:	bytes of what follows
 * @progress, @verdict, @text: it
 */
struct broker_message {
	u32 type;
	u32 len;
	union {
		struct broker_progress progress;
		struct broker_verdict verdict;
		char text[256];
	};
};

void broker_use(int fd);
void broker_progress(enum broker_stage stage, u64 done, u64 total);
void broker_complain(const char *text);
bool broker_conclude(u32 status);

int broker_receive(int fd, struct broker_message *message);

#endif /* KREDACT_TOOLS_BROKER_H */
