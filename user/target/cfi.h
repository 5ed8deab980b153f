/* SPDX-License-Identifier: Apache-2.0 */
/* What .eh_frame knows about code ranges: where functions (and their moved parts) begin and end,
 * and where exceptions land. */
#ifndef TICKSCOPE_TARGET_CFI_H
#define TICKSCOPE_TARGET_CFI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cfi;
struct image;

/* One frame description entry: a contiguous piece of code. */
struct cfi_range {
	uint64_t start;
	uint64_t end;
	uint64_t lsda; /* address of its language-specific data; 0: none */
};

/* Reads .eh_frame of an opened image; an empty one where there is none. NULL: out of memory. */
struct cfi *cfi_new(const struct image *image);
void cfi_free(struct cfi *cfi);

/* The piece that contains the address; false where none does. */
bool cfi_find(const struct cfi *cfi, uint64_t address, struct cfi_range *ret_range);

#define CFI_LANDING_MAX \
	1024 /* of one piece; a function with more catch blocks and destructors is refused */

/*
 * Addresses where the unwinder enters this piece of code (catch blocks, destructors), at most max.
 * Returns their number, or -EBADMSG for damaged data, -E2BIG for more than max.
 */
int cfi_landing_pads(const struct image *image, const struct cfi_range *range, uint64_t *pads,
		     size_t max);

#endif
