/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which machine this is, and who is at it: for attestations.
 */
#ifndef KREDACT_TOOLS_MACHINE_H
#define KREDACT_TOOLS_MACHINE_H

#include "text.h"

#define MACHINE_ID_LEN	32u	/* hexadecimal digits */
#define MACHINE_TEXT	TEXT_ESCAPED(64)

/**
 * struct machine - a machine and a person; texts are escaped, and empty if not known
 * @id:		of the machine: HMAC-SHA-256 with the key /etc/machine-id over an id of kredact's,
 *		as sd_id128_get_machine_app_specific() has it: the same machine has the same, and
 *		nobody learns the machine-id
 * @hostname:	its name
 * @boot_id:	of this boot
 * @kernel:	release of the kernel
 * @uid:	who runs this
 * @login_uid:	who logged in, or (u32)-1
 * @name:	of @uid
 */
struct machine {
	char id[MACHINE_ID_LEN + 1];
	char hostname[MACHINE_TEXT];
	char boot_id[MACHINE_ID_LEN + 1];
	char kernel[MACHINE_TEXT];
	u32 uid;
	u32 login_uid;
	char name[MACHINE_TEXT];
};

void machine_this(struct machine *machine);

#endif /* KREDACT_TOOLS_MACHINE_H */
