/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench-target: the program that is traced. It reads one command a line, does it on its only
 * thread, and answers in one line; between commands it sleeps, so that bench.py can take turns
 * among many of them.
 *
 *   batch FUNCTION CALLS      -> ns that all calls took together, times it was preempted in them
 *   spin FUNCTION CALLS FILE  -> calls; FILE gets their durations as native u64 of ns: all as the
 *                                function itself saw them, then all as its caller did
 *   pace CALLS_PER_S MS       -> calls made of series_*, in turn; 0 calls per s: no pause between
 *   steady MS                 -> calls made of all functions, wrong results, longest pause in ns
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "work.h"

#define NS_PER_S      1000000000U
#define NS_PER_MS     1000000U
#define CALLS_MAX     100000000U /* of one command */
#define MS_MAX	      60000U
#define STEADY_CHUNK  32 /* calls between two looks at the clock: short beside any pause */
#define COMMAND_BYTES 512

/* --- numbers
 * ------------------------------------------------------------------------------------------- */

static bool parse_count(const char *text, uint64_t max, uint64_t *ret_value)
{
	char *end;
	uint64_t value;

	if (!text || *text < '0' || *text > '9')
		return false;
	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno || *end || value > max)
		return false;
	*ret_value = value;
	return true;
}

/* xorshift64*; a fixed seed, so that every run asks for the same durations. */
static double next_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return (double)((*state * 0x2545f4914f6cdd1dU) >> 11) * 0x1p-53;
}

/* --- batch
 * --------------------------------------------------------------------------------------------- */

static work_fn find_work(const char *name)
{
	static const struct {
		const char *name;
		work_fn fn;
	} works[] = {{"work_cet", work_cet}, {"work_push", work_push}, {"work_nop5", work_nop5}};

	for (size_t i = 0; name && i < sizeof(works) / sizeof(works[0]); i++) {
		if (strcmp(works[i].name, name) == 0)
			return works[i].fn;
	}
	return NULL;
}

static long preempted_cnt(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_nivcsw;
}

static bool batch(const char *name, const char *calls_text)
{
	work_fn fn = find_work(name);
	uint64_t calls, x = 1, start_ns, took_ns;
	long preempted;

	if (!fn || !parse_count(calls_text, CALLS_MAX, &calls))
		return false;
	preempted = preempted_cnt();
	start_ns = mono_ns();
	for (uint64_t i = 0; i < calls; i++)
		x = fn(x + i);
	took_ns = mono_ns() - start_ns;
	__asm__ volatile("" : : "r"(x)); /* the results are used */
	printf("%" PRIu64 " %ld\n", took_ns, preempted_cnt() - preempted);
	return true;
}

/* --- spin
 * ---------------------------------------------------------------------------------------------- */

static uint64_t constant_ns(double random)
{
	(void)random;
	return 10000;
}

static uint64_t uniform_ns(double random)
{
	return (uint64_t)(1000 + random * 49000);
}

/* Log-uniform over 300 ns … 900 us: every octave of a histogram is used alike. */
static uint64_t skewed_ns(double random)
{
	return (uint64_t)(300 * pow(3000, random));
}

/* A fast path, and a slow one for three calls in a hundred: no percentile that is shown lies
 * between them. */
static uint64_t bimodal_ns(double random)
{
	return random < 0.97 ? (uint64_t)(2000 + random * 500) : (uint64_t)(random * 500000);
}

struct spinner {
	const char *name;
	spin_fn fn;
	uint64_t (*duration_ns)(double random);
};

static const struct spinner *find_spinner(const char *name)
{
	static const struct spinner spinners[] = {
		{"spin_constant", spin_constant, constant_ns},
		{"spin_uniform", spin_uniform, uniform_ns},
		{"spin_skewed", spin_skewed, skewed_ns},
		{"spin_bimodal", spin_bimodal, bimodal_ns},
	};

	for (size_t i = 0; name && i < sizeof(spinners) / sizeof(spinners[0]); i++) {
		if (strcmp(spinners[i].name, name) == 0)
			return &spinners[i];
	}
	return NULL;
}

static bool write_all(const char *path, const uint64_t *values, size_t cnt)
{
	FILE *out = fopen(path, "wb");
	bool is_written;

	if (!out)
		return false;
	is_written = fwrite(values, sizeof(*values), cnt, out) == cnt;
	return fclose(out) == 0 && is_written;
}

static bool spin(const char *name, const char *calls_text, const char *path)
{
	const struct spinner *s = find_spinner(name);
	uint64_t calls, *inside_ns, *outside_ns, random = 88172645463325252U;
	bool is_written;

	if (!s || !parse_count(calls_text, CALLS_MAX, &calls) || !path)
		return false;
	inside_ns = calloc(calls + 1, 2 * sizeof(*inside_ns));
	if (!inside_ns)
		return false;
	outside_ns = inside_ns + calls;
	for (uint64_t i = 0; i < calls; i++) {
		uint64_t wanted_ns = s->duration_ns(next_random(&random)), start_ns = mono_ns();

		inside_ns[i] = s->fn(wanted_ns);
		outside_ns[i] = mono_ns() - start_ns;
	}
	is_written = write_all(path, inside_ns, 2 * calls);
	free(inside_ns);
	printf("%" PRIu64 "\n", calls);
	return is_written;
}

/* --- pace and steady
 * ----------------------------------------------------------------------------------- */

static void sleep_until(uint64_t due_ns)
{
	struct timespec due = {
		.tv_sec = (time_t)(due_ns / NS_PER_S),
		.tv_nsec = (long)(due_ns % NS_PER_S),
	};

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
}

static bool pace(const char *rate_text, const char *ms_text)
{
	uint64_t rate, ms, calls = 0, x = 1, start_ns = mono_ns(), end_ns;

	if (!parse_count(rate_text, NS_PER_S, &rate) || !parse_count(ms_text, MS_MAX, &ms))
		return false;
	end_ns = start_ns + ms * NS_PER_MS;
	while (mono_ns() < end_ns) {
		if (rate)
			sleep_until(start_ns + calls * NS_PER_S / rate);
		x = many_functions[calls % SERIES_CNT](x);
		calls++;
	}
	printf("%" PRIu64 "\n", calls);
	return true;
}

static bool steady(const char *ms_text)
{
	uint64_t ms, calls = 0, wrong = 0, x = 1, pause_ns = 0, last_ns = mono_ns(), end_ns, now_ns;

	if (!parse_count(ms_text, MS_MAX, &ms))
		return false;
	end_ns = last_ns + ms * NS_PER_MS;
	do {
		for (int i = 0; i < STEADY_CHUNK; i++, calls++) {
			uint32_t idx = calls % MANY_CNT;
			uint64_t expected = many_expected(idx, x);

			x = many_functions[idx](x);
			wrong += x != expected;
		}
		now_ns = mono_ns();
		if (now_ns - last_ns > pause_ns)
			pause_ns = now_ns - last_ns;
		last_ns = now_ns;
	} while (now_ns < end_ns);
	printf("%" PRIu64 " %" PRIu64 " %" PRIu64 "\n", calls, wrong, pause_ns);
	return true;
}

static bool run(char *line)
{
	char *rest, *words[4];
	const char *verb;

	words[0] = strtok_r(line, " \n", &rest);
	for (int i = 1; i < 4; i++)
		words[i] = strtok_r(NULL, " \n", &rest);
	verb = words[0] ? words[0] : "";
	if (strcmp(verb, "batch") == 0)
		return batch(words[1], words[2]);
	if (strcmp(verb, "spin") == 0)
		return spin(words[1], words[2], words[3]);
	if (strcmp(verb, "pace") == 0)
		return pace(words[1], words[2]);
	if (strcmp(verb, "steady") == 0)
		return steady(words[1]);
	return false;
}

int main(void)
{
	char line[COMMAND_BYTES];

	setvbuf(stdout, NULL, _IOLBF, 0);
	while (fgets(line, sizeof(line), stdin)) {
		if (!run(line)) {
			fputs("bench-target: a command it does not know, or that failed\n", stderr);
			return 1;
		}
	}
	return 0;
}
