/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reason behind a -errno, in words for a person. A function that can fail in ways a number does
 * not explain takes one, fills it where the failure is understood, and leaves it alone on success;
 * whoever logs prints it once.
 */
#ifndef TICKSCOPE_BASE_FAULT_H
#define TICKSCOPE_BASE_FAULT_H

#define FAULT_TEXT_BYTES 1024 /* one line with two long C++ names in it; longer text is cut */

struct fault {
	char text[FAULT_TEXT_BYTES];
};

/* Stores the message and returns err (a -errno), so that `return fault_set(why, -EINVAL, "…")`
 * reads as one. */
int fault_set(struct fault *why, int err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
