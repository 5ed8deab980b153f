/* SPDX-License-Identifier: Apache-2.0 */
/* Foreign text (names out of ELF files, command lines, paths) made fit for a terminal. */
#ifndef TICKSCOPE_BASE_TEXT_H
#define TICKSCOPE_BASE_TEXT_H

#include <stddef.h>

/*
 * Replaces, in place, what could steer a terminal or disguise a name by '?': control characters,
 * bytes that are not UTF-8, bidirectional overrides and other invisible formatting. The length does
 * not change.
 */
void text_clean(char *text);

/* Columns that clean text takes on a terminal: one for each character (names are not East Asian).
 */
size_t text_columns(const char *text);

/* Copies text into `cut`, shortened in its middle by "…" (or "~") to at most `columns`. Always
 * terminated. */
void text_cut(const char *text, size_t columns, char *cut, size_t cut_bytes);

#endif
