// SPDX-License-Identifier: Apache-2.0
// What C++ programs do to stack frames: exceptions through them in every way, virtual calls, overloads, thunks.
#include <pthread.h>
#include <stdexcept>

#include "target.h"

namespace desk
{
static volatile long sink;

TRACED int thrower(int i)
{
	sink += i;
	if (i % 3 == 0)
		throw std::runtime_error("no price");
	return i % 2 ? i : -i;
}

// The traced function neither throws nor catches: the exception only passes through.
TRACED int passed_through(int i)
{
	int got = thrower(i);
	sink += got;
	return got;
}

TRACED int deep(int depth, int i)
{
	int got = depth > 0 ? deep(depth - 1, i) : thrower(i);
	sink += got;
	return got + 1;
}

// Catches inside: every call returns.
TRACED int catcher(int i)
{
	try {
		return passed_through(i);
	} catch (const std::runtime_error &) {
		return -7;
	}
}

TRACED int rethrower(int i)
{
	try {
		return thrower(i);
	} catch (...) {
		sink++;
		throw;
	}
}

struct Guard {
	~Guard() { sink++; }
};

// A destructor runs while the exception passes.
TRACED int guarded(int i)
{
	Guard guard;
	return thrower(i) + 1;
}

struct Priced {
	virtual ~Priced() = default;
	virtual int price(int i) { return i; }
};
struct Sized {
	virtual ~Sized() = default;
	virtual int size(int i) { return i; }
};
struct Order : Priced, Sized {
	TRACED int size(int i) override
	{
		sink += i;
		return i + 1;
	}
};

TRACED int overloaded(int i)
{
	sink += i;
	return i;
}
TRACED int overloaded(double d)
{
	sink += (long)d;
	return (int)d;
}
template <typename T> TRACED int generic(T value)
{
	sink += (long)value;
	return (int)value;
}
} // namespace desk

static long run_catching(int (*fn)(int), long n)
{
	long caught = 0;

	for (long i = 1; i <= n; i++) {
		try {
			fn((int)i);
		} catch (const std::runtime_error &) {
			caught++;
		}
	}
	return caught;
}

static int call_deep(int i) { return desk::deep(5, i); }

static void mode_throw(int (*fn)(int), long n, long per_call, long left_each)
{
	long caught = run_catching(fn, n);

	target_check(caught == n / 3 * (left_each > 0), "exceptions were not caught");
	fn(1); // at the same depth: closes the last span that was left
	target_truth((n - n / 3 * (left_each > 0) + 1) * per_call, n / 3 * left_each, 0);
}

// The last call of the program before it ends throws.
static void mode_last(long n)
{
	long caught = run_catching(desk::thrower, n);

	target_check(caught == n / 3, "exceptions were not caught");
	target_truth(n - n / 3, n / 3 + 1, 0);
	try {
		desk::thrower(3);
	} catch (...) {
		exit(0);
	}
}

static void *throw_in_thread(void *)
{
	try {
		desk::thrower(3);
	} catch (...) {
	}
	return nullptr;
}

static void mode_thread(long n)
{
	for (long i = 0; i < n; i++) {
		pthread_t id;

		pthread_create(&id, nullptr, throw_in_thread, nullptr);
		pthread_join(id, nullptr);
	}
	target_truth(0, n, 0);
}

static void mode_thunk(long n)
{
	desk::Order order;
	desk::Sized *volatile sized = &order;

	for (long i = 0; i < n; i++)
		sized->size((int)i);
	for (long i = 0; i < n; i++)
		order.size((int)i);
	target_truth(2 * n, 0, 0);
}

static void mode_overload(long n)
{
	for (long i = 0; i < n; i++) {
		desk::overloaded((int)i);
		desk::overloaded(1.5);
		desk::overloaded(2.5);
		desk::generic((int)i);
		desk::generic(0.5);
	}
	target_truth(n, 0, 0);
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";
	long n = argc > 2 ? atol(argv[2]) : 300;

	target_ready();
	if (!strcmp(mode, "thrower"))
		mode_throw(desk::thrower, n, 1, 1);
	else if (!strcmp(mode, "passed-through"))
		mode_throw(desk::passed_through, n, 1, 1);
	else if (!strcmp(mode, "deep"))
		mode_throw(call_deep, n, 6, 6);
	else if (!strcmp(mode, "catcher"))
		mode_throw(desk::catcher, n, 1, 0);
	else if (!strcmp(mode, "rethrower"))
		mode_throw(desk::rethrower, n, 1, 1);
	else if (!strcmp(mode, "guarded"))
		mode_throw(desk::guarded, n, 1, 1);
	else if (!strcmp(mode, "last"))
		mode_last(n);
	else if (!strcmp(mode, "thread"))
		mode_thread(n);
	else if (!strcmp(mode, "thunk"))
		mode_thunk(n);
	else if (!strcmp(mode, "overload"))
		mode_overload(n);
	else
		return 2;
	target_wait();
	return 0;
}
