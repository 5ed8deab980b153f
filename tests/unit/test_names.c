/* SPDX-License-Identifier: Apache-2.0 */
/* From symbols to the names that their programmers know, and which of them a pattern means. Symbols
 * are as GCC 12, rustc 1.95 and Go 1.17 to 1.27 write them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "target/match.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

struct pair {
	const char *text;
	const char *expected;
};

static void check_plain(const struct pair *rows, size_t cnt, bool is_go)
{
	for (size_t i = 0; i < cnt; i++) {
		char *plain = name_without_generics(rows[i].text, is_go);

		assert_non_null(plain);
		if (strcmp(plain, rows[i].expected) != 0)
			fail_msg("\"%s\": \"%s\"", rows[i].text, plain);
		free(plain);
	}
}

static void test_plain_cpp(void **state)
{
	static const struct pair rows[] = {
		{"desk::Book<double>::insert", "desk::Book::insert"},
		{"desk::Book<desk::Pair<int, int> >::~Book", "desk::Book::~Book"},
		{"desk::max<int>", "desk::max"},
		{"desk::Book<(desk::Side)1>::insert", "desk::Book::insert"},
		{"desk::Book<((3)>(2))>::insert", "desk::Book::insert"},
		{"desk::apply<void (*)(std::vector<int>)>", "desk::apply"},
		{"desk::Ops::operator()<int>", "desk::Ops::operator()"},
		{"desk::Ops::operator[]<int>", "desk::Ops::operator[]"},
		{"desk::Ops::operator->*<int>", "desk::Ops::operator->*"},
		{"desk::Ptr<int>::operator->", "desk::Ptr::operator->"},
		{"desk::Level::operator<", "desk::Level::operator<"},
		{"desk::Level::operator<<", "desk::Level::operator<<"},
		{"desk::Level::operator<=>", "desk::Level::operator<=>"},
		{"desk::operator< <int>", "desk::operator<"},
		{"desk::operator<< <int>", "desk::operator<<"},
		{"desk::operator>><int>", "desk::operator>>"},
		{"desk::operator==<int>", "desk::operator=="},
		{"desk::operator-<int>", "desk::operator-"},
		{"desk::operator,<int>", "desk::operator,"},
		{"desk::operator<=><int>", "desk::operator<=>"},
		{"desk::my_operator<int>", "desk::my_operator"},
		{"operator new", "operator new"},
		{"desk::call<&desk::Level::operator-> >", "desk::call"},
		{"desk::call<&(desk::Level::operator<(desk::Level const&) const)>", "desk::call"},
		{"desk::call<&(desk::Level::operator>(desk::Level const&) const)>", "desk::call"},
		{"desk::run<int>::{lambda(auto:1)#2}::operator()<int>",
		 "desk::run::{lambda(auto:1)#2}::operator()"},
		{"(anonymous namespace)::f<int>", "(anonymous namespace)::f"},
		{"desk::name[abi:cxx11]", "desk::name"},
		{"desk::tagged[abi:v2]<int>", "desk::tagged"},
		{"<", "<"},
		{"a<", "a<"},
		{"a<b", "a<b"},
		{"a<b>>", "a>"},
		{"a<(b>", "a<(b>"},
		{"a)<b>", "a)"},
		{"[abi:", "[abi:"},
	};

	(void)state;
	check_plain(rows, COUNT(rows), false);
}

static void test_plain_rust(void **state)
{
	static const struct pair rows[] = {
		{"desk::sum::<u64>", "desk::sum"},
		{"<desk::Book<f64>>::insert", "desk::Book::insert"},
		{"<desk::Book<f64>>::with::<u8>", "desk::Book::with"},
		{"desk::Book<T>::with", "desk::Book::with"},
		{"<desk::Level>::cancel", "desk::Level::cancel"},
		{"<desk::Book<f64> as desk::Sink>::push", "<desk::Book as desk::Sink>::push"},
		{"<desk::Book<f64> as desk::Sink2<u8>>::push::<u16>",
		 "<desk::Book as desk::Sink2>::push"},
		{"<&desk::Level as desk::Sink>::push", "<&desk::Level as desk::Sink>::push"},
		{"<(A, B) as desk::Sink>::push", "<(A, B) as desk::Sink>::push"},
		{"<[desk::Book<f64>; 3]>::len", "[desk::Book; 3]::len"},
		{"desk::feed::<impl desk::Level>::cancel", "desk::Level::cancel"},
		{"desk::feed::<impl desk::Book<T>>::drain", "desk::Book::drain"},
		{"desk::feed::<impl desk::Sink<u8> for desk::Book<T>>::push",
		 "<desk::Book as desk::Sink>::push"},
		{"core::num::<impl u64>::rotate_left", "u64::rotate_left"},
		{"desk::go::{{closure}}", "desk::go::{{closure}}"},
		{"desk::go::<u64>::{closure#0}", "desk::go::{closure#0}"},
		{"<desk::Book<f64>>::walk::<u8>::{closure#1}::{closure#0}",
		 "desk::Book::walk::{closure#1}::{closure#0}"},
		{"desk::apply::<fn(u64) -> u64>", "desk::apply"},
		{"desk::apply::<alloc::boxed::Box<dyn Fn(A) -> B>>", "desk::apply"},
		{"desk::apply::<dyn desk::Fold<Out = fn(A) -> B> + Send>", "desk::apply"},
		{"<alloc::boxed::Box<dyn Fn(A) -> B>>::call", "alloc::boxed::Box::call"},
		{"<fn(u64) -> u64 as desk::Sink>::push", "<fn(u64) -> u64 as desk::Sink>::push"},
		{"<fn(u64) .> u64 as desk::Sink>::push", "<fn(u64) .> u64 as desk::Sink>::push"},
		{"core::ptr::drop_in_place<alloc::vec::Vec<u8>>", "core::ptr::drop_in_place"},
		{"<<desk::A as desk::B>::C as desk::D>::e",
		 "<<desk::A as desk::B>::C as desk::D>::e"},
		{"<>::f", "<>::f"},
		{"<desk::Book", "<desk::Book"},
		{"<impl ", "<impl "},
		{"<impl >::f", "<>::f"},
		{"<impl  for >::f", "<>::f"},
	};

	(void)state;
	check_plain(rows, COUNT(rows), false);
}

static void test_plain_go(void **state)
{
	static const struct pair rows[] = {
		{"main.Max[...]", "main.Max"},
		{"main.Max[go.shape.int]", "main.Max"},
		{"main.(*Book[go.shape.int]).Match", "main.(*Book).Match"},
		{"main.(*Book[...]).Match.func1", "main.(*Book).Match.func1"},
		{"main.Max[go.shape.[]int]", "main.Max"},
		{"main.Max[map[string]int]", "main.Max"},
		{"main.Book[go.shape.struct { A []int; F func(int) bool }].Match",
		 "main.Book.Match"},
		{"type:.eq.[2]string", "type:.eq.[2]string"},
		{"main.f[", "main.f["},
		{"main.operator[int]", "main.operator"},
	};

	(void)state;
	check_plain(rows, COUNT(rows), true);
}

static struct symbol symbol_of(const char *raw, bool is_go)
{
	struct symbol symbol = {.raw = raw, .flags = is_go ? SYMBOL_IS_GO : 0};

	symbol_classify(&symbol);
	return symbol;
}

static void test_instance_names(void **state)
{
	static const struct pair rows[] = {
		{"_ZN4desk3sum17h8198d40ca3b8692aE", "desk::sum::h8198d40ca3b8692a"},
		{"_ZN4desk13Book$LT$T$GT$4with17haaaa67ee13f2aa40E",
		 "desk::Book<T>::with::haaaa67ee13f2aa40"},
		{"_ZN4desk3sum17h8198d40ca3b8692aE.llvm.123", "desk::sum::h8198d40ca3b8692a"},
		{"_RINvCsktMcTysi9HZ_4desk3sumhEB2_", NULL},
		{"_ZN4desk3sumEv", NULL},
		{"_ZN4desk3sum17h8198d40ca3b8692aEv", NULL},
		{"17h8198d40ca3b8692aE", NULL},
		{"sum", NULL},
		{"", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct symbol symbol = symbol_of(rows[i].text, false);
		char *full = symbol_demangle(&symbol, true);
		char *name = symbol_instance_name(&symbol, full);

		if (!name != !rows[i].expected || (name && strcmp(name, rows[i].expected) != 0))
			fail_msg("\"%s\": %s", rows[i].text, name ? name : "none");
		free(full);
		free(name);
	}
}

static void test_go_escapes(void **state)
{
	static const struct pair rows[] = {
		{"gopkg.in/yaml%2ev3.(*Decoder).Decode", "gopkg.in/yaml.v3.(*Decoder).Decode"},
		{"example.com/a%25b%2ec.F", "example.com/a%b.c.F"},
		{"main.F%", "main.F%"},
		{"main.F%2", "main.F%2"},
		{"main.F%zz", "main.F%zz"},
		{"main.F%1b[31m", "main.F?[31m"}, /* no control characters on a terminal */
		{"main.(*Book).Match-fm", "main.(*Book).Match-fm"},
		{"_ZN4desk5priceEv", "_ZN4desk5priceEv"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct symbol symbol = symbol_of(rows[i].text, true);
		char *name = symbol_demangle(&symbol, true);

		assert_string_equal(name, rows[i].expected);
		free(name);
	}
}

struct match_row {
	const char *raw;
	const char *pattern;
	const char *name; /* NULL: it does not mean this one */
};

static void check_matches(const struct match_row *rows, size_t cnt, bool is_go)
{
	static struct pattern pattern;
	struct fault why;

	for (size_t i = 0; i < cnt; i++) {
		const struct match_row *row = &rows[i];
		struct symbol symbol = symbol_of(row->raw, is_go);
		char *name;

		assert_int_equal(pattern_parse(row->pattern, &pattern, &why), 0);
		assert_int_equal(pattern.library[0], '\0');
		name = match_name(&pattern, &symbol);
		if (!name != !row->name || (name && strcmp(name, row->name) != 0))
			fail_msg("\"%s\" for %s: %s", row->pattern, row->raw, name ? name : "no");
		free(name);
	}
}

#define CHECK_MATCHES(rows, is_go) check_matches(rows, COUNT(rows), is_go)

static void test_match_cpp(void **state)
{
	static const struct match_row rows[] = {
		{"_Z5pricei", "price", "price(int)"},
		{"_Z5pricei", "price(int)", "price(int)"},
		{"_Z5pricei", "_Z5pricei", "price(int)"},
		{"_Z5pricei", "pric", NULL},
		{"_Z5pricei.cold", "price", NULL},
		{"_ZN4desk3maxIiEET_S1_S1_", "desk::max", "desk::max"},
		{"_ZN4desk3maxIiEET_S1_S1_", "desk::max<int>", "desk::max<int>(int, int)"},
		{"_ZN4desk3maxIiEET_S1_S1_", "desk::max<long>", NULL},
		{"_ZN4desk3maxIiEET_S1_S1_", "desk::*", "desk::max<int>(int, int)"},
		{"_ZN4desk4BookIdE6insertEd", "desk::Book::insert", "desk::Book::insert"},
		{"_ZN4desk4BookIdE6insertEd", "desk::Book::*",
		 "desk::Book<double>::insert(double)"},
		{"_ZN4desk4BookIdE6insertEd", "desk::Level::*", NULL},
		{"_ZN4desk11my_operatorIiEET_S1_", "desk::my_operator", "desk::my_operator"},
		{"_ZN4deskltIiEEbRKNS_3BoxIT_EES5_", "desk::operator<", "desk::operator<"},
		{"_ZN4desklsIiEERNS_3BoxIT_EES4_S2_", "desk::operator<<", "desk::operator<<"},
		{"_ZN4desklsIiEERNS_3BoxIT_EES4_S2_", "desk::operator<", NULL},
		{"_ZN4deskssIiEEDaRKNS_3BoxIT_EES5_", "desk::operator<=>", "desk::operator<=>"},
		{"_ZN4desk5LevelptEv", "desk::Level::operator->", "desk::Level::operator->()"},
		{"_ZN4desk5LevelcviEv", "desk::Level::operator int", "desk::Level::operator int()"},
		{"_ZNK4desk5LevelcvbEv", "desk::*bool*", "desk::Level::operator bool() const"},
		{"_Znwm", "operator new", "operator new(unsigned long)"},
		{"_ZN4desk4nameB5cxx11Ei", "desk::name", "desk::name"},
		{"_ZN4desk4nameB5cxx11Ei", "desk::name[abi:cxx11]", "desk::name[abi:cxx11](int)"},
		{"_ZNSs6appendEc", "std::string::*", "std::string::append(char)"},
		{"_ZNSi4readEPcl", "std::istream::read", "std::istream::read(char*, long)"},
		{"_ZZ4mainENKUlT_E0_clIiEEDaS_", "main::{lambda(auto:1)#2}::operator()",
		 "main::{lambda(auto:1)#2}::operator()"},
		{"_ZThn8_N4desk4Book6insertEv", "*insert*", NULL}, /* a thunk */
	};

	(void)state;
	CHECK_MATCHES(rows, false);
}

static void test_match_rust(void **state)
{
	static const struct match_row rows[] = {
		{"_ZN4desk3sum17h8198d40ca3b8692aE", "desk::sum", "desk::sum"},
		{"_ZN4desk3sum17h8198d40ca3b8692aE", "desk::sum::h8198d40ca3b8692a",
		 "desk::sum::h8198d40ca3b8692a"},
		{"_ZN4desk3sum17h8198d40ca3b8692aE", "desk::sum::he1795756a2b37ae5", NULL},
		{"_ZN4desk3sum17h8198d40ca3b8692aE", "_ZN4desk3sum17h8198d40ca3b8692aE",
		 "desk::sum::h8198d40ca3b8692a"},
		{"_ZN4desk3sum17h8198d40ca3b8692aE", "desk::s?m", "desk::sum"},
		{"_ZN4desk3sum17h8198d40ca3b8692aE", "desk2::*", NULL},
		{"_RINvCsktMcTysi9HZ_4desk3sumhEB2_", "desk::sum", "desk::sum"},
		{"_RINvCsktMcTysi9HZ_4desk3sumhEB2_", "desk::sum::<u8>", "desk::sum::<u8>"},
		{"_RINvCsktMcTysi9HZ_4desk3sumhEB2_", "desk::sum::<u32>", NULL},
		{"_RINvCsktMcTysi9HZ_4desk3sumhEB2_", "desk::*", "desk::sum::<u8>"},
		{"_ZN4desk13Book$LT$T$GT$6insert17hd3f87559ec8bd71fE", "desk::Book::insert",
		 "desk::Book::insert"},
		{"_ZN4desk13Book$LT$T$GT$6insert17hd3f87559ec8bd71fE", "desk::Book<T>::insert",
		 "desk::Book<T>::insert"},
		{"_RNvMCsktMcTysi9HZ_4deskINtB2_4BookdE6insertB2_", "desk::Book::insert",
		 "desk::Book::insert"},
		{"_RNvMCsktMcTysi9HZ_4deskINtB2_4BookdE6insertB2_", "<desk::Book<f64>>::insert",
		 "<desk::Book<f64>>::insert"},
		{"_RNvMCsktMcTysi9HZ_4deskINtB2_4BookdE6insertB2_", "desk::*",
		 "<desk::Book<f64>>::insert"},
		{"_RNvMNtCsktMcTysi9HZ_4desk4feedNtB4_5Level6cancel", "desk::Level::cancel",
		 "desk::Level::cancel"},
		{"_ZN4desk4feed29_$LT$impl$u20$desk..Level$GT$6cancel17h494f3de646daaa4dE",
		 "desk::Level::cancel", "desk::Level::cancel"},
		{"_ZN4desk4feed29_$LT$impl$u20$desk..Level$GT$6cancel17h494f3de646daaa4dE",
		 "desk::Level::*", "desk::feed::<impl desk::Level>::cancel"},
		{"_ZN4desk4feed29_$LT$impl$u20$desk..Level$GT$6cancel17h494f3de646daaa4dE",
		 "desk::feed::cancel", NULL},
		{"_ZN52_$LT$desk..Book$LT$f64$GT$$u20$as$u20$desk..Sink$GT$"
		 "4push17h08ef792fa031dcefE",
		 "desk::Book::push", "<desk::Book as desk::Sink>::push"},
		{"_RNvXs_CsktMcTysi9HZ_4deskINtB4_4BookdENtB4_4Sink4push", "desk::Book::push",
		 "<desk::Book as desk::Sink>::push"},
		{"_RNvXs_CsktMcTysi9HZ_4deskINtB4_4BookdENtB4_4Sink4push",
		 "<desk::Book as desk::Sink>::push", "<desk::Book as desk::Sink>::push"},
		{"_RNvXs_CsktMcTysi9HZ_4deskINtB4_4BookdENtB4_4Sink4push", "desk::Book::p*",
		 "<desk::Book<f64> as desk::Sink>::push"},
		{"_RNvXs_CsktMcTysi9HZ_4deskINtB4_4BookdENtB4_4Sink4push", "desk::Sink::push",
		 NULL},
		{"_RNvXs2_CsktMcTysi9HZ_4deskRNtB5_5LevelNtB5_4Sink4push", "desk::Level::push",
		 NULL},
		{"_RNvXs3_CsktMcTysi9HZ_4deskyNtB5_4Sink4push", "u64::push",
		 "<u64 as desk::Sink>::push"},
		{"_RNvXs3_CsktMcTysi9HZ_4deskyNtB5_4Sink4push", "u64::*",
		 "<u64 as desk::Sink>::push"},
		{"_RNCNvCsktMcTysi9HZ_4desk2go0B3_", "desk::go::{closure#0}",
		 "desk::go::{closure#0}"},
		{"_ZN4desk2go28_$u7b$$u7b$closure$u7d$$u7d$17hf50ef485b6dfa446E",
		 "desk::go::{{closure}}", "desk::go::{{closure}}"},
	};

	(void)state;
	CHECK_MATCHES(rows, false);
}

static void test_match_go(void **state)
{
	static const struct match_row rows[] = {
		{"main.(*Book).Match", "main.(*Book).Match", "main.(*Book).Match"},
		{"main.(*OrderBook).Match", "main.(*Book).Match", NULL},
		{"main.(*OrderBook).Match", "main.(*Book).M*", NULL},
		{"main.(*Book).Match", "main.(*Book).M*", "main.(*Book).Match"},
		{"main.(*Book).Match", "main.*", "main.(*Book).Match"},
		{"main.(*Book).Match", "*.Match", "main.(*Book).Match"},
		{"main.Book.Size", "main.(*Book).Size", NULL},
		{"main.Max[go.shape.int]", "main.Max", "main.Max"},
		{"main.Max[go.shape.int]", "main.Max[go.shape.int]", "main.Max[go.shape.int]"},
		{"main.Max[go.shape.int]", "main.M*", "main.Max[go.shape.int]"},
		{"main.Max[...]", "main.Max[...]", "main.Max[...]"},
		{"main.Max[...]", "main.Max", "main.Max"},
		{"main.(*Book[go.shape.int]).Match", "main.(*Book).Match", "main.(*Book).Match"},
		{"main.(*Book[go.shape.int]).Match", "main.(*Book).*",
		 "main.(*Book[go.shape.int]).Match"},
		{"main.(*Book[go.shape.int]).Match", "main.(*Book[go.shape.int]).Match",
		 "main.(*Book[go.shape.int]).Match"},
		{"main.(*OrderBook[go.shape.int]).Match", "main.(*Book[go.shape.int]).Match", NULL},
		{"main.(*OrderBook[...]).Match", "main.(*Book[...]).M*", NULL},
		{"gopkg.in/yaml%2ev3.Decode", "gopkg.in/yaml.v3.Decode", "gopkg.in/yaml.v3.Decode"},
		{"main.price", "price", NULL},
	};

	(void)state;
	CHECK_MATCHES(rows, true);
}

/* What names a file, what a function in one. */
static void test_libraries(void **state)
{
	static const struct {
		const char *text;
		const char *library;
		const char *function;
	} rows[] = {
		{"libssl:SSL_read", "libssl", "SSL_read"},
		{"libssl.so.3:SSL_*", "libssl.so.3", "SSL_*"},
		{"libdesk.so:desk::Book<int>::insert", "libdesk.so", "desk::Book<int>::insert"},
		{"libdesk:main::{lambda(auto:1)#2}::operator()", "libdesk",
		 "main::{lambda(auto:1)#2}::operator()"},
		{"desk::name[abi:cxx11]", "", "desk::name[abi:cxx11]"},
		{"main::{lambda(auto:1)#2}::operator()", "",
		 "main::{lambda(auto:1)#2}::operator()"},
		{"desk::price", "", "desk::price"},
	};
	static struct pattern pattern;
	struct fault why;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(pattern_parse(rows[i].text, &pattern, &why), 0);
		assert_string_equal(pattern.library, rows[i].library);
		assert_string_equal(pattern.function, rows[i].function);
	}
	assert_int_equal(pattern_parse(":f", &pattern, &why), -EINVAL);
	assert_int_equal(pattern_parse("lib:", &pattern, &why), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain_cpp),  cmocka_unit_test(test_plain_rust),
		cmocka_unit_test(test_plain_go),   cmocka_unit_test(test_instance_names),
		cmocka_unit_test(test_go_escapes), cmocka_unit_test(test_match_cpp),
		cmocka_unit_test(test_match_rust), cmocka_unit_test(test_match_go),
		cmocka_unit_test(test_libraries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
