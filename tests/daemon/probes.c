// SPDX-License-Identifier: GPL-2.0
/*
 * How many links and programs of those that tag the kernel has, whoever made them and whether
 * they have a name: two numbers.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

/* Does the program tag? It is closed. */
static bool tags(int fd)
{
	struct bpf_prog_info info = { 0 };
	__u32 len = sizeof(info);
	bool known = fd >= 0 && !bpf_obj_get_info_by_fd(fd, &info, &len);

	if (fd >= 0)
		close(fd);
	return known && (!strcmp(info.name, "enter") || !strcmp(info.name, "leave"));
}

static bool links_to_one(int fd)
{
	struct bpf_link_info info = { 0 };
	__u32 len = sizeof(info);
	bool known = fd >= 0 && !bpf_obj_get_info_by_fd(fd, &info, &len);

	if (fd >= 0)
		close(fd);
	return known && tags(bpf_prog_get_fd_by_id(info.prog_id));
}

int main(void)
{
	unsigned int links = 0, programs = 0;
	__u32 id;

	for (id = 0; !bpf_link_get_next_id(id, &id); )
		links += links_to_one(bpf_link_get_fd_by_id(id));
	for (id = 0; !bpf_prog_get_next_id(id, &id); )
		programs += tags(bpf_prog_get_fd_by_id(id));
	printf("%u %u\n", links, programs);
	return 0;
}
