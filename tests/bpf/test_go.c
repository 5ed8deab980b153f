/* SPDX-License-Identifier: Apache-2.0 */
/* What only Go programs do with their frames, in four versions of Go, and the names that they go
 * by. */
#include "scenario.h"

#define GO (SAFE_ONLY | TWO_LEVELS)

static const struct scenario scenarios[] = {
	{"godesk", "leaf", "500", "4", "main.price", "ret < 0", GO | HAS_ERRORS, NULL},
	{"godesk", "recursion", "5", "2", "main.recurse", NULL, GO, NULL},
	{"godesk", "park", "200", "4", "main.parked", NULL, GO, NULL},
	{"godesk", "panic", "60", "2", "main.thrower", NULL, GO, NULL},
	{"godesk", "panic", "60", "2", "main.passedThrough", NULL, GO, NULL},
	{"godesk", "panic", "60", "2", "main.guarded", NULL, GO, NULL},
	{"godesk", "recover", "100", "2", "main.recoverer", NULL, GO, NULL},
	{"godesk", "goexit", "60", "2", "main.quitter", NULL, GO | ENDS_FIRST, NULL},
	{"godesk", "gc", "300", "2", "main.price", "ret < 0", GO | HAS_ERRORS, NULL},
	{"godesk", "gc", "50", "2", "main.recurse", NULL, GO, NULL},
	{"godesk", "deferred", "200", "2", "main.deferrer", NULL, GO | NOT_BRIEF, NULL},
	{"godesk", "deferred", "200", "2", "main.deferrerLoop", NULL, GO | NOT_BRIEF, NULL},
	{"godesk", "results", "200", "1", "main.execute", "ret2 != nil",
	 GO | NOT_BRIEF | HAS_ERRORS, NULL},
	{"godesk", "results", "200", "1", "main.status", "ret == false",
	 GO | NOT_BRIEF | HAS_ERRORS, NULL},
	{"godesk", "results", "200", "1", "main.both", "ret3 == false", GO | NOT_BRIEF | HAS_ERRORS,
	 NULL},
	{"godesk", "switch", "300", "1", "main.route", NULL, GO | NOT_BRIEF, NULL},
	{"godesk", "nosplit", "300", "1", "main.tiny", NULL, GO | NOT_BRIEF, NULL},
	{"godesk", "huge", "50", "2", "main.huge", NULL, GO, NULL},
	{"godesk", "method", "100", "1", "main.(*Book).Match", NULL, GO | NOT_BRIEF, NULL},
	{"godesk", "method", "100", "1", "main.Book.Size", NULL, GO | NOT_BRIEF, NULL},
	{"godesk", "method", "100", "1", "main.(*Book).Size", NULL, GO | NOT_BRIEF, NULL},
	{"godesk", "method", "100", "1", "main.makeHandler.func1", NULL, GO | NOT_BRIEF, NULL},
	{"godesk", "tail", "100", "1", "main.(*Engine).Match", NULL, GO | NOT_BRIEF, NULL},
	{"godesk", "tail", "100", "1", "main.(*Book).Match", NULL, GO | NOT_BRIEF, NULL},
	{"godesk", "inlined", "100", "1", "main.usesInlined", NULL, GO | NOT_BRIEF, NULL},
	{"godesk", "generic", "50", "1", "main.Max", NULL, GO | NOT_BRIEF, NULL},
	{"godesk", "generic", "50", "1", "main.Max[go.shape.int]", NULL, GO | NOT_BRIEF,
	 "main.Max[int]"},
	{"godesk-stripped", "generic", "50", "1", "main.Max", NULL, GO | NOT_BRIEF, NULL},
	{"godesk-stripped", "park", "200", "4", "main.parked", NULL, GO | NOT_BRIEF, NULL},
	{"godesk-stripped", "results", "200", "1", "main.execute", "(u64)ret2 != 0",
	 GO | NOT_BRIEF | HAS_ERRORS, NULL},
	{"godesk-pie", "gc", "50", "2", "main.recurse", NULL, GO | NOT_BRIEF, NULL},
	{"godesk-1.17", "park", "200", "4", "main.parked", NULL, GO, NULL},
	{"godesk-1.17", "results", "200", "1", "main.execute", "(u64)ret2 != 0",
	 GO | NOT_BRIEF | HAS_ERRORS, NULL},
	{"godesk-1.17-stripped", "gc", "50", "2", "main.recurse", NULL, GO, NULL},
	{"godesk-1.17-stripped", "panic", "60", "2", "main.thrower", NULL, GO, NULL},
	{"godesk-1.20", "gc", "50", "2", "main.recurse", NULL, GO | NOT_BRIEF, NULL},
	{"godesk-1.20", "panic", "60", "2", "main.thrower", NULL, GO | NOT_BRIEF, NULL},
	{"godesk-1.20", "tail", "100", "1", "main.(*Book).Match", NULL, GO | NOT_BRIEF, NULL},
	{"godesk-1.26-stripped", "recursion", "5", "2", "main.recurse", NULL, GO | NOT_BRIEF, NULL},
	{"godesk-1.27", "results", "200", "1", "main.execute", "ret2 != nil",
	 GO | NOT_BRIEF | HAS_ERRORS, NULL},
	{"godesk-1.27-stripped", "park", "200", "4", "main.parked", NULL, GO, NULL},
	{"godesk-1.27-stripped", "gc", "50", "2", "main.recurse", NULL, GO, NULL},
	{"godesk-1.27-stripped", "panic", "60", "2", "main.thrower", NULL, GO, NULL},
	{"godesk-cgo", "cgo", "200", "2", "cdesk_price", "ret < 0", GO | HAS_ERRORS, NULL},
	{"godesk-cgo", "cgo", "200", "2", "main.goCallback", NULL, GO, NULL},
	{"godesk-cgo", "gc", "50", "2", "main.recurse", NULL, GO, NULL},
};

int main(int argc, char **argv)
{
	return scenarios_run("go", scenarios, sizeof(scenarios) / sizeof(scenarios[0]), argc, argv);
}
