/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `--error 'ret < 0'`: which return values are errors. Grammar: TERM { && TERM } or TERM { || TERM
 * }, with TERM = [ (CAST) ] ret OP NUMBER, CAST one of i8 i16 i32 i64 u8 u16 u32 u64 bool, OP one
 * of == != < <= > >=, NUMBER decimal or hex, with an optional minus.
 */
#ifndef TICKSCOPE_CONFIG_ERROR_EXPRESSION_H
#define TICKSCOPE_CONFIG_ERROR_EXPRESSION_H

#include <stdbool.h>
#include <stdint.h>

#include <tickscope/abi.h>
#include "base/fault.h"

struct error_term {
	uint8_t compare;     /* enum ts_compare */
	uint8_t width_bytes; /* of the cast; 0: as the function's debug information says */
	bool is_signed;	     /* of the cast */
	bool is_negative;
	uint64_t magnitude; /* of the constant */
};

struct error_expression {
	struct error_term terms[TS_ERROR_TERMS];
	uint32_t term_cnt;
	bool match_any; /* joined by ||, else by && */
};

/* 0, or -EINVAL with the column and the reason. */
int error_expression_parse(const char *text, struct error_expression *ret_expression,
			   struct fault *why);

/* How a function's `ret` is to be read where a term has no cast. */
struct error_type {
	bool is_known;
	uint8_t width_bytes; /* 1, 2, 4 or 8 */
	bool is_signed;
};

/*
 * Fixes the expression for a function. -EINVAL: the type is not known and a term has no cast, or a
 * constant does not fit its type.
 */
int error_expression_compile(const struct error_expression *expression,
			     const struct error_type *type, struct ts_error *ret_error,
			     struct fault *why);

#endif
