/* SPDX-License-Identifier: Apache-2.0 */
/* Calls into libtarget.so, linked or loaded at run time. */
#include <dlfcn.h>

#include "target.h"

int main(int argc, char **argv)
{
	long n = argc > 2 ? atol(argv[2]) : 100;
	char path[4096];
	void *library;
	int (*work)(int);

	snprintf(path, sizeof(path), "%s", argv[0]);
	snprintf(strrchr(path, '/') + 1, 32, "libtarget.so");
	library = dlopen(path, RTLD_NOW);
	target_check(library != NULL, "cannot load libtarget.so");
	*(void **)&work = dlsym(library, "library_work");
	target_ready();
	for (long i = 0; i < n; i++)
		target_check(work((int)i) == (int)i + 1, "the library is wrong");
	target_truth(n, 0, 0);
	target_wait();
	return 0;
}
