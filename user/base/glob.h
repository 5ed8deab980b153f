/* SPDX-License-Identifier: Apache-2.0 */
/* Globs with '*' and '?' only: brackets are common in C++ names and in command lines. */
#ifndef TICKSCOPE_BASE_GLOB_H
#define TICKSCOPE_BASE_GLOB_H

#include <stdbool.h>

/* Whether the '*' at `star`, inside `glob`, stands for itself. */
typedef bool (*glob_literal_fn)(const char *glob, const char *star);

/* The whole text against the whole glob, '/' being like any other character. is_literal may be
 * NULL. Steps are at most the product of both lengths. */
bool glob_matches(const char *glob, const char *text, glob_literal_fn is_literal);

#endif
