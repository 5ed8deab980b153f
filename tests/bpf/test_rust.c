/* SPDX-License-Identifier: Apache-2.0 */
/* What only Rust programs do with their frames, with both kinds of names. */
#include "scenario.h"

#define RUST TWO_LEVELS

static const struct scenario scenarios[] = {
	{"rdesk", "leaf", "500", "4", "rdesk::price", "ret < 0", RUST | HAS_ERRORS, NULL},
	{"rdesk", "threads", "20", "2", "rdesk::price", NULL, RUST, NULL},
	{"rdesk", "generic", "50", "1", "rdesk::sum", NULL, RUST | NOT_BRIEF, NULL},
	{"rdesk", "recursion", "5", "1", "rdesk::recurse", NULL, RUST | SAFE_ONLY, NULL},
	{"rdesk", "panic", "90", "2", "rdesk::thrower", NULL, RUST | SAFE_ONLY, NULL},
	{"rdesk", "panic", "90", "2", "rdesk::passed_through", NULL, RUST | SAFE_ONLY, NULL},
	{"rdesk", "thread-panic", "30", "1", "rdesk::thrower", NULL, RUST | SAFE_ONLY, NULL},
	{"rdesk", "result-execute", "200", "1", "rdesk::execute", "ret == Err", RUST | HAS_ERRORS,
	 NULL},
	{"rdesk", "result-small", "200", "1", "rdesk::small", "ret == Err",
	 RUST | NOT_BRIEF | HAS_ERRORS, NULL},
	{"rdesk", "result-unit", "200", "1", "rdesk::unit", "ret != Ok",
	 RUST | NOT_BRIEF | HAS_ERRORS, NULL},
	{"rdesk", "result-boxed", "200", "1", "rdesk::boxed", "ret == Err",
	 RUST | NOT_BRIEF | HAS_ERRORS, NULL},
	{"rdesk", "result-option", "200", "1", "rdesk::option", "ret == None",
	 RUST | NOT_BRIEF | HAS_ERRORS, NULL},
	{"rdesk", "result-reference", "200", "1", "rdesk::reference", "ret == Option::None",
	 RUST | NOT_BRIEF | HAS_ERRORS, NULL},
	{"rdesk", "result-string", "200", "1", "rdesk::string", "ret == Err",
	 RUST | NOT_BRIEF | HAS_ERRORS | SAFE_ONLY, NULL},
	{"rdesk", "method", "100", "1", "rdesk::Book::insert", NULL, RUST | NOT_BRIEF,
	 "rdesk::Book<T>::insert"},
	{"rdesk", "method", "100", "1", "rdesk::Market::push", NULL, RUST | NOT_BRIEF,
	 "<rdesk::Market as rdesk::Sink>::push"},
	{"rdesk", "closure", "100", "1", "rdesk::make_handler::{{closure}}", NULL, RUST, NULL},
	{"rdesk", "folded", "100", "1", "rdesk::folded_b*", NULL, RUST, NULL},
	{"rdesk", "inlined", "100", "1", "rdesk::uses_inlined", NULL, RUST | NOT_BRIEF, NULL},
	{"rdesk-v0", "generic", "50", "1", "rdesk::sum", NULL, RUST | NOT_BRIEF, NULL},
	{"rdesk-v0", "panic", "90", "2", "rdesk::thrower", NULL, RUST | NOT_BRIEF | SAFE_ONLY,
	 NULL},
	{"rdesk-v0", "method", "100", "1", "rdesk::Book::insert", NULL, RUST | NOT_BRIEF,
	 "rdesk::Book<T>::insert"},
	{"rdesk-v0", "closure", "100", "1", "rdesk::make_handler::{closure#0}", NULL, RUST, NULL},
	{"rdesk-v0", "result-execute", "200", "1", "rdesk::execute", "ret == Err",
	 RUST | NOT_BRIEF | HAS_ERRORS, NULL},
	{"rdesk-abort", "abort", "200", "1", "rdesk::passed_through", NULL, RUST | NOT_BRIEF, NULL},
	{"rdesk-stripped", "panic", "90", "2", "rdesk::thrower", NULL, RUST | SAFE_ONLY, NULL},
	{"rdesk-stripped", "result-execute", "200", "1", "rdesk::execute", "ret == Err",
	 RUST | HAS_ERRORS, NULL},
};

int main(int argc, char **argv)
{
	return scenarios_run("rust", scenarios, sizeof(scenarios) / sizeof(scenarios[0]), argc,
			     argv);
}
