/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Keys of chains that are reached from a function's arguments. */
#ifndef TICKSCOPE_BPF_CHAIN_KEY_H
#define TICKSCOPE_BPF_CHAIN_KEY_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#include <tickscope/abi_chain.h>
#include "result.h"

#define TEXT_BUFFER_BYTES (2 * TS_KEY_TEXT_BYTES) /* a masked length fits */

static __always_inline __u64 hash_text(const char *text, __u64 bytes)
{
	__u64 hash = TS_HASH_SEED;

	for (__u32 i = 0; i < TS_KEY_TEXT_BYTES; i++) {
		if (i >= bytes)
			break;
		hash = (hash ^ (__u8)text[i]) * TS_HASH_PRIME;
	}
	return hash;
}

/* The hash of a text of so many bytes. False: it cannot be read. */
static __always_inline bool read_sized_text(__u64 base, __u64 bytes, __u64 *value)
{
	char text[TEXT_BUFFER_BYTES] = {};

	if (bytes > TS_KEY_TEXT_BYTES)
		bytes = TS_KEY_TEXT_BYTES;
	asm volatile("%0 &= 127" : "+r"(bytes));
	if (bpf_probe_read_user(text, bytes, (void *)base))
		return false;
	*value = hash_text(text, bytes);
	return true;
}

static __always_inline bool read_text(__u64 base, __u64 *value)
{
	char text[TEXT_BUFFER_BYTES] = {};
	long bytes = bpf_probe_read_user_str(text, TS_KEY_TEXT_BYTES + 1, (void *)base);

	if (bytes < 1)
		return false;
	*value = hash_text(text, bytes - 1);
	return true;
}

struct user_string {
	__u64 data;
	__u64 length;
};

/* A pointer as it leads on, a number as wide as it is. */
static __always_inline bool follow(const struct ts_key *key, __u64 *value)
{
	__u64 at = *value + key->offsets[0];

	for (__u32 i = 0; i < TS_KEY_LOAD_MAX; i++) {
		__u64 loaded = 0;
		__u32 bytes = sizeof(loaded);

		if (i >= key->load_cnt)
			break;
		if (key->kind == TS_KEY_VALUE && i + 1 == key->load_cnt)
			bytes = key->width_bytes;
		asm volatile("%0 &= 15" : "+r"(bytes));
		if (bytes > sizeof(loaded) || bpf_probe_read_user(&loaded, bytes, (void *)at))
			return false;
		at = loaded + key->offsets[i + 1];
	}
	*value = at;
	return true;
}

/* The second register of a pair, in the order in which Go uses them. */
static __always_inline __u64 next_register(struct pt_regs *ctx, __u8 source)
{
	return register_read(ctx, source + 1);
}

/* The key of this call. False: it cannot be read. */
static __noinline bool key_read(struct pt_regs *ctx, const struct ts_key *key, __u64 *value)
{
	struct user_string string;
	__u64 bits;

	switch (key->kind) {
	case TS_KEY_THREAD:
		*value = (__u32)bpf_get_current_pid_tgid();
		return true;
	case TS_KEY_GOROUTINE:
		*value = ctx->r14;
		return true;
	}
	*value = register_read(ctx, key->source);
	if (!follow(key, value))
		return false;
	switch (key->kind) {
	case TS_KEY_VALUE:
		bits = 8 * (key->width_bytes & 7);
		if (bits && !key->load_cnt)
			*value &= (1ULL << bits) - 1;
		return true;
	case TS_KEY_TEXT:
		return read_text(*value, value);
	case TS_KEY_STDSTRING:
		return !bpf_probe_read_user(&string, sizeof(string), (void *)*value) &&
		       read_sized_text(string.data, string.length, value);
	case TS_KEY_GOSTRING:
		if (!key->load_cnt && !key->offsets[0])
			return read_sized_text(*value, next_register(ctx, key->source), value);
		return !bpf_probe_read_user(&string, sizeof(string), (void *)*value) &&
		       read_sized_text(string.data, string.length, value);
	}
	return false;
}

#endif
