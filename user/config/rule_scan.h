/* SPDX-License-Identifier: Apache-2.0 */
/* The words of rule expressions: names, texts in quotes, numbers with units. The grammar is left to
 * rule_expression.c. */
#ifndef TICKSCOPE_CONFIG_RULE_SCAN_H
#define TICKSCOPE_CONFIG_RULE_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "config/rule_expression.h"

struct rule_scan {
	const char *text;
	size_t at;
	char *strings; /* room for copies, as in struct rule_expression */
	size_t *ret_column;
	struct fault *why;
};

/* Sets the column of the byte `at` and the reason; -EINVAL. */
int rule_scan_fail(struct rule_scan *scan, size_t at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The same at the next word: `expected <what>, not "…"`. */
int rule_scan_expected(struct rule_scan *scan, const char *what);

void rule_scan_skip_blanks(struct rule_scan *scan);
/* Takes this sign or word, if it is the next one. A word must end there. */
bool rule_scan_take(struct rule_scan *scan, const char *token);
bool rule_scan_is_digit(char c);
/* Whether a name, or a text in quotes, stands here. */
bool rule_scan_has_name(const struct rule_scan *scan);

/* An identifier of plain letters, digits and _, of fewer than `room` bytes; `what` says in messages
 * what it is. -EINVAL, -E… as rule_scan_fail. */
int rule_scan_word(struct rule_scan *scan, const char *what, size_t room, const char **ret_word);
/* A name of the grammar above, or a text in quotes. */
int rule_scan_name(struct rule_scan *scan, const char **ret_name);
/* A text in quotes, with \" \\ and \n in it, of fewer than `room` bytes. */
int rule_scan_quoted(struct rule_scan *scan, size_t room, const char **ret_text);
/* Digits, a fraction, an exponent, a unit. The number is in ns, bytes or 1. */
int rule_scan_number(struct rule_scan *scan, double *ret_number, enum rule_unit *ret_unit);
/* "[5m]", brackets too; 0 ns where none is there. */
int rule_scan_span(struct rule_scan *scan, uint64_t *ret_span_ns);

#endif
