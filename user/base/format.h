/* SPDX-License-Identifier: Apache-2.0 */
/* printf into a bounded text, for rooms that do no input and output and so have no stdio. */
#ifndef TICKSCOPE_BASE_FORMAT_H
#define TICKSCOPE_BASE_FORMAT_H

#include <stddef.h>

/* Always terminated; what does not fit is cut, never in the midst of a character of UTF-8. Returns
 * the bytes written, without the 0. */
size_t format_text(char *text, size_t room, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
