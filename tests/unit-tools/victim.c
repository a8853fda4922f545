// SPDX-License-Identifier: GPL-2.0
/*
 * A program for tests that has AES key schedules wherever a program can have them, writes
 * a line, and waits to be dumped. Its names are what reports are to say.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/aes.h>

AES_KEY victim_static_key;			/* .bss */
AES_KEY victim_data_key = { .rounds = 1 };	/* .data */

static pthread_barrier_t ready;
static void *volatile after;		/* keeps what is before it from the rest of the heap */

static void make_key(AES_KEY *key, unsigned char byte)
{
	unsigned char secret[16];
	unsigned int i;

	for (i = 0; i < sizeof(secret); i++)
		secret[i] = byte + 41 * i;
	AES_set_encrypt_key(secret, 128, key);
}

void victim_wait(volatile AES_KEY *key);
void *victim_thread(void *arg);

__attribute__((noinline)) void victim_wait(volatile AES_KEY *key)
{
	pthread_barrier_wait(&ready);
	for (;;)
		pause();
	key->rounds = 0;
}

void *victim_thread(void *arg)
{
	AES_KEY key;

	(void)arg;
	make_key(&key, 1);
	victim_wait(&key);
	return NULL;
}

/* What is large is in no cache of a thread when it is freed. */
static void fill_heap(void)
{
	AES_KEY *used = malloc(sizeof(*used)), *freed;
	char *large = malloc(1 << 16);

	make_key(used, 2);
	freed = (AES_KEY *)(large + 40000);
	make_key(freed, 3);
	after = malloc(8192);
	free(large);
}

int main(void)
{
	AES_KEY *pages = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			      -1, 0);
	pthread_t thread;

	pthread_barrier_init(&ready, NULL, 2);
	fill_heap();
	make_key(&victim_static_key, 4);
	make_key(&victim_data_key, 5);
	make_key(pages, 6);
	if (pages == MAP_FAILED || pthread_create(&thread, NULL, victim_thread, NULL))
		return 1;
	pthread_barrier_wait(&ready);
	printf("ready %p %p\n", (void *)&victim_static_key, (void *)pages);
	fflush(stdout);
	for (;;)
		pause();
}
