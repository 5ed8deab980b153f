/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of words, written with a blank between: "session multi perf". */
#ifndef TICKSCOPE_CONFIG_WORDS_H
#define TICKSCOPE_CONFIG_WORDS_H

#include <stddef.h>

#include "base/fault.h"

/* The number of a word, from 1; 0: it is not among them. */
size_t words_find(const char *words, const char *word);

/* `"multy" is none of session, multi, perf; did you mean "multi"?`: returns -EINVAL. */
int words_refuse(const char *words, const char *word, struct fault *why);

/* Edits from which on a name is another one. */
size_t words_far(const char *word);

/* Edits from a word to what was meant, at most `limit`. */
size_t words_distance(const char *word, const char *meant, size_t limit);

#endif
