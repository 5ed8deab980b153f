/* SPDX-License-Identifier: Apache-2.0 */
/* Foreign text (names out of ELF files, command lines, paths) made fit for a terminal. */
#ifndef TICKSCOPE_BASE_TEXT_H
#define TICKSCOPE_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Replaces, in place, what could steer a terminal or disguise a name by '?': control characters,
 * bytes that are not UTF-8, bidirectional overrides and other invisible characters. The length does
 * not change.
 */
void text_clean(char *text);

/*
 * Columns that clean text takes on a terminal: two for a wide (East Asian, emoji) character, one
 * for any other. Combining marks count too, so that the number is rather too large than too small.
 */
size_t text_columns(const char *text);

/*
 * Copies clean text into `cut`, shortened in its middle by "…" to at most `columns` and to what
 * cut_bytes hold. Always terminated, never in the midst of a character; empty where not even the
 * ellipsis fits.
 */
void text_cut(const char *text, size_t columns, char *cut, size_t cut_bytes);

/* The first byte that belongs to no UTF-8 character; NULL: there is none. */
const char *text_find_invalid(const char *text);

/* Equal, or both NULL. */
bool text_is_same(const char *a, const char *b);

/* Edits between two names, at most `limit`; case aside. For "did you mean". */
size_t text_distance(const char *wanted, const char *name, size_t limit);

#endif
