/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `--error 'ret < 0'`: which results are errors. Grammar: TERM { && TERM } or TERM { || TERM },
 * with TERM = [ (CAST) ] ret[N] OP CONSTANT, CAST one of i8 i16 i32 i64 u8 u16 u32 u64 bool, OP one
 * of
 * == != < <= > >=, CONSTANT a number (decimal or hex, with an optional minus), nil, true, false, or
 * the name of a value of ret's type (`ret == Err`, `ret != FILLED`). ret2 … are Go's further
 * results.
 */
#ifndef TICKSCOPE_CONFIG_ERROR_EXPRESSION_H
#define TICKSCOPE_CONFIG_ERROR_EXPRESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tickscope/abi.h>
#include "base/fault.h"

#define ERROR_NAME_BYTES 64
#define ERROR_VALUE_MAX	 9 /* results in Go's integer registers */

struct error_term {
	uint8_t compare;     /* enum ts_compare */
	uint8_t value_idx;   /* 0: ret, 1: ret2 … */
	uint8_t width_bytes; /* of the cast; 0: as the function's debug information says */
	bool is_signed;	     /* of the cast */
	bool is_negative;
	uint64_t magnitude;	     /* of the constant … */
	char name[ERROR_NAME_BYTES]; /* … or its name; empty: it is a number */
};

struct error_expression {
	struct error_term terms[TS_ERROR_TERMS];
	uint32_t term_cnt;
	bool match_any; /* joined by ||, else by && */
};

/* 0, or -EINVAL: the reason is in why, the column of it (from 1, in bytes) in *ret_column. */
int error_expression_parse(const char *text, struct error_expression *ret_expression,
			   size_t *ret_column, struct fault *why);

/* What a name in the expression stands for in the type of a result. */
struct error_constant {
	uint64_t values[TS_ERROR_TERMS];
	uint32_t value_cnt; /* 0: the type has no value of this name; more than TS_ERROR_TERMS: too
			       many */
	bool is_complement; /* all values but these */
};

/* How a result of a function is to be read. */
struct error_value {
	bool is_known;	     /* width and sign; the place always is */
	uint8_t width_bytes; /* 1, 2, 4 or 8 */
	bool is_signed;
	uint8_t source;					 /* enum ts_source */
	uint32_t offset_bytes;				 /* into memory */
	struct error_constant constants[TS_ERROR_TERMS]; /* for each term: of its name */
};

/*
 * Fixes the expression for a function with these results. -EINVAL: there are fewer, the type of one
 * is not known and a term has no cast, or a constant does not fit its type.
 */
int error_expression_compile(const struct error_expression *expression,
			     const struct error_value *values, size_t value_cnt,
			     struct ts_error *ret_error, struct fault *why);

#endif
