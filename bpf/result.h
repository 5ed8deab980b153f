/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whether what a function returns is an error. */
#ifndef TICKSCOPE_BPF_RESULT_H
#define TICKSCOPE_BPF_RESULT_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#include <tickscope/abi.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* set before load */
	__type(key, __u32);
	__type(value, struct ts_error);
} errors SEC(".maps");

static __always_inline bool compare_holds(const struct ts_error_term *term, __u64 raw)
{
	__u32 shift = 64 - 8 * (term->width_bytes & 15);
	__u64 value, limit = term->value;
	bool less;

	shift &= 63; /* 8 bytes: no shift */
	value = raw << shift;
	if (term->is_signed) {
		value = (__s64)value >> shift;
		less = (__s64)value < (__s64)limit;
	} else {
		value >>= shift;
		less = value < limit;
	}
	switch (term->compare) {
	case TS_COMPARE_EQ:
		return value == limit;
	case TS_COMPARE_NE:
		return value != limit;
	case TS_COMPARE_LT:
		return less;
	case TS_COMPARE_LE:
		return less || value == limit;
	case TS_COMPARE_GT:
		return !less && value != limit;
	case TS_COMPARE_GE:
		return !less;
	}
	return false;
}

/* The verifier takes no computed offset into the registers, which is what a compiler makes of a
 * switch over them unless each read stands for itself. */
#define READ_REGISTER(field)                    \
	do {                                    \
		value = ctx->field;             \
		asm volatile("" : "+r"(value)); \
	} while (0)

static __always_inline __u64 register_read(struct pt_regs *ctx, __u8 source)
{
	__u64 value = 0;

	switch (source) {
	case TS_SOURCE_AX:
		READ_REGISTER(ax);
		break;
	case TS_SOURCE_BX:
		READ_REGISTER(bx);
		break;
	case TS_SOURCE_CX:
		READ_REGISTER(cx);
		break;
	case TS_SOURCE_DI:
		READ_REGISTER(di);
		break;
	case TS_SOURCE_SI:
		READ_REGISTER(si);
		break;
	case TS_SOURCE_R8:
		READ_REGISTER(r8);
		break;
	case TS_SOURCE_R9:
		READ_REGISTER(r9);
		break;
	case TS_SOURCE_R10:
		READ_REGISTER(r10);
		break;
	case TS_SOURCE_R11:
		READ_REGISTER(r11);
		break;
	case TS_SOURCE_DX:
		READ_REGISTER(dx);
		break;
	}
	return value;
}

/* The result at a return; false where it cannot be read. */
static __always_inline bool result_read(const struct ts_error_term *term, struct pt_regs *ctx,
					__u64 result, __u64 *raw)
{
	if (term->source != TS_SOURCE_MEMORY) {
		*raw = register_read(ctx, term->source);
		return true;
	}
	*raw = 0;
	return !bpf_probe_read_user(raw, term->width_bytes & 15,
				    (void *)(result + term->offset_bytes));
}

/*
 * Whether what a function returns is an error by the expression `errors[idx]`; `result` is where it
 * was told to put what fits no register. A result that cannot be read is none.
 */
static __always_inline bool is_error(__u32 idx, struct pt_regs *ctx, __u64 result)
{
	const struct ts_error *e = bpf_map_lookup_elem(&errors, &idx);
	__u64 raw;

	if (!e)
		return false;
	for (__u32 i = 0; i < TS_ERROR_TERMS && i < e->term_cnt; i++) {
		bool holds;

		if (!result_read(&e->terms[i], ctx, result, &raw))
			return false;
		holds = compare_holds(&e->terms[i], raw);
		if (holds == !!e->match_any)
			return holds;
	}
	return !e->match_any;
}

#endif
