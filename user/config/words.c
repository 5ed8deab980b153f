/* SPDX-License-Identifier: Apache-2.0 */
/* Walks a set word by word. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "config/words.h"

#define WORD_BYTES 64

/* Copies the next word and steps behind it; false at the end. */
static bool next_word(const char **at, char word[static WORD_BYTES])
{
	size_t length = strcspn(*at, " ");

	if (!length || length >= WORD_BYTES)
		return false;
	memcpy(word, *at, length);
	word[length] = '\0';
	*at += length + strspn(*at + length, " ");
	return true;
}

size_t words_find(const char *words, const char *word)
{
	char other[WORD_BYTES];

	for (size_t number = 1; next_word(&words, other); number++) {
		if (strcmp(other, word) == 0)
			return number;
	}
	return 0;
}

size_t words_far(const char *word)
{
	size_t length = strlen(word);

	/* Of one or two letters every other word is near. */
	return length < 3 ? 1 : length < 6 ? 2 : length / 3 + 1;
}

size_t words_distance(const char *word, const char *meant, size_t limit)
{
	size_t length = strlen(word);

	/* "warn" for "warning": what was left off counts as one. */
	if (length > 2 && strncmp(word, meant, length) == 0 && limit > 1)
		return 1;
	return text_distance(word, meant, limit);
}

/* Empty where no word is near enough to be meant. */
static void find_nearest(const char *words, const char *word, char near[static WORD_BYTES])
{
	size_t best = words_far(word);
	char other[WORD_BYTES];

	near[0] = '\0';
	while (next_word(&words, other)) {
		size_t distance = words_distance(word, other, best);

		if (distance < best) {
			best = distance;
			memcpy(near, other, WORD_BYTES);
		}
	}
}

int words_refuse(const char *words, const char *word, struct fault *why)
{
	char near[WORD_BYTES], other[WORD_BYTES], all[FAULT_TEXT_BYTES / 4] = "";
	size_t length = 0;

	find_nearest(words, word, near);
	while (next_word(&words, other) && length < sizeof(all))
		length += (size_t)snprintf(all + length, sizeof(all) - length, "%s%s",
					   length ? ", " : "", other);
	if (near[0])
		return fault_set(why, -EINVAL, "\"%s\" is none of %s; did you mean \"%s\"?", word,
				 all, near);
	return fault_set(why, -EINVAL, "\"%s\" is none of %s", word, all);
}
