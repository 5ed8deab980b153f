/* SPDX-License-Identifier: Apache-2.0 */
/* Runs code that it made itself: nothing that a probe could sit on. Built without symbols. */
#include <sys/mman.h>

#include "target.h"

int main(void)
{
	static const unsigned char code[] = {0x8d, 0x47, 0x01, 0xc3}; /* lea 1(%rdi),%eax; ret */
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int (*fn)(int);

	memcpy(page, code, sizeof(code));
	*(void **)&fn = page;
	target_ready();
	target_check(fn(1) == 2, "the made code is wrong");
	target_truth(0, 0, 0);
	target_wait();
	return 0;
}
