/* SPDX-License-Identifier: Apache-2.0 */
/* Formats the reason of a failure into the caller's buffer. */
#include <stdarg.h>
#include <stdio.h>

#include "base/fault.h"

int fault_set(struct fault *why, int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why->text, sizeof(why->text), format, args);
	va_end(args);
	return err;
}
