/* SPDX-License-Identifier: Apache-2.0 */
/* A thousand small functions, series_000 … series_199 and bulk_200 … bulk_999, with two exits each.
 */
#include "work.h"

/* F(prefix, number) for ten, a hundred numbers; a leading 1 keeps 008 from being octal. */
/* clang-format off */
#define TEN(F, p, n)                                                                               \
	F(p, n##0) F(p, n##1) F(p, n##2) F(p, n##3) F(p, n##4)                                     \
	F(p, n##5) F(p, n##6) F(p, n##7) F(p, n##8) F(p, n##9)
#define HUNDRED(F, p, n)                                                                           \
	TEN(F, p, n##0) TEN(F, p, n##1) TEN(F, p, n##2) TEN(F, p, n##3) TEN(F, p, n##4)            \
	TEN(F, p, n##5) TEN(F, p, n##6) TEN(F, p, n##7) TEN(F, p, n##8) TEN(F, p, n##9)
#define ALL(F)                                                                                     \
	HUNDRED(F, series_, 0) HUNDRED(F, series_, 1) HUNDRED(F, bulk_, 2) HUNDRED(F, bulk_, 3)    \
	HUNDRED(F, bulk_, 4) HUNDRED(F, bulk_, 5) HUNDRED(F, bulk_, 6) HUNDRED(F, bulk_, 7)        \
	HUNDRED(F, bulk_, 8) HUNDRED(F, bulk_, 9)
/* clang-format on */

static inline uint64_t result(uint32_t idx, uint64_t x)
{
	uint64_t mixed = (x ^ idx) * 0x9e3779b97f4a7c15U;

	return x & 1 ? x / (idx + 3) + idx : mixed ^ mixed >> 31;
}

#define DECLARE(p, n) uint64_t p##n(uint64_t x);
#define DEFINE(p, n)                           \
	uint64_t p##n(uint64_t x)              \
	{                                      \
		return result(1##n - 1000, x); \
	}
#define ENTRY(p, n) p##n,

/* clang-format off */
ALL(DECLARE)
ALL(DEFINE)
/* clang-format on */

const work_fn many_functions[MANY_CNT] = {ALL(ENTRY)};

uint64_t many_expected(uint32_t idx, uint64_t x)
{
	return result(idx, x);
}
