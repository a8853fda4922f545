// SPDX-License-Identifier: GPL-2.0
/*
 * look OBJECT PIN: attach the BPF program of an object file, until the file PIN is
 * removed.
 */
#include <bpf/libbpf.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	struct bpf_object *object;
	struct bpf_link *link;

	if (argc != 3)
		return 2;
	object = bpf_object__open_file(argv[1], NULL);
	if (!object || bpf_object__load(object))
		goto err;
	link = bpf_program__attach(bpf_object__next_program(object, NULL));
	if (link && !bpf_link__pin(link, argv[2]))
		return 0;
err:
	perror(argv[1]);
	return 1;
}
