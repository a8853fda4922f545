// SPDX-License-Identifier: GPL-2.0
/* A program that has the loader, but not OpenSSL, for preload_test. */
int main(void)
{
	return 0;
}
