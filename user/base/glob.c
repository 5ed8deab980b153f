/* SPDX-License-Identifier: Apache-2.0 */
/* Only the last '*' is ever tried again, which makes it linear in practice. */
#include <stddef.h>

#include "base/glob.h"

bool glob_matches(const char *glob, const char *text, glob_literal_fn is_literal)
{
	const char *star = NULL, *resume = NULL, *start = glob;

	while (*text) {
		if (*glob == '*' && !(is_literal && is_literal(start, glob))) {
			star = glob++;
			resume = text;
		} else if (*glob == '?' || *glob == *text) {
			glob++;
			text++;
		} else if (star) {
			glob = star + 1;
			text = ++resume;
		} else {
			return false;
		}
	}
	while (*glob == '*')
		glob++;
	return !*glob;
}
