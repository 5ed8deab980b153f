// SPDX-License-Identifier: Apache-2.0

// Calls that return as calls do: results in registers, methods and the wrappers that the compiler makes of them,
// closures, jump tables, functions without a stack check, and some that exist only inlined.
package main

import "errors"

var errRefused = errors.New("the order was refused")

//go:noinline
func price(i int64) int64 {
	if i%7 == 0 {
		return -i - 1
	}
	return i * 3
}

func callPrice(n int64, t *truth) {
	for i := int64(0); i < n; i++ {
		got := price(i)
		t.count++
		if got < 0 {
			t.errors++
		}
	}
}

func modeLeaf(n int64, threads int) report {
	return report{truth: eachThread(threads, func(t *truth) { callPrice(n, t) })}
}

// Results of every kind, of functions with a stack check.

//go:noinline
func execute(i int64) (int64, error) {
	if i%5 == 0 {
		return 0, errRefused
	}
	return price(i), nil
}

//go:noinline
func status(i int64) bool {
	return price(i) >= 0
}

//go:noinline
func both(i int64) (a string, n int32, ok bool) {
	if i%4 == 0 {
		return "", int32(-i), false
	}
	return "filled", int32(price(i)), true
}

//go:noinline
func ratio(i int64) float64 {
	return float64(price(i)) / 8
}

// Too large for registers: it comes back on the stack.
//
//go:noinline
func wide(i int64) [3]int64 {
	return [3]int64{i, price(i), -i}
}

func (t *truth) add(failed bool) {
	t.count++
	if failed {
		t.errors++
	}
}

func modeResults(n int64, threads int) report {
	var executes, statuses, boths, ratios, wides truth

	executes = eachThread(threads, func(t *truth) {
		for i := int64(0); i < n; i++ {
			_, err := execute(i)
			t.add(err != nil)
		}
	})
	statuses = eachThread(threads, func(t *truth) {
		for i := int64(0); i < n; i++ {
			t.add(!status(i))
		}
	})
	boths = eachThread(threads, func(t *truth) {
		for i := int64(0); i < n; i++ {
			a, got, ok := both(i)
			use(int64(len(a)) + int64(got))
			t.add(!ok)
		}
	})
	ratios = eachThread(threads, func(t *truth) {
		for i := int64(0); i < n; i++ {
			t.add(ratio(i) < 0)
		}
	})
	wides = eachThread(threads, func(t *truth) {
		for i := int64(0); i < n; i++ {
			t.add(wide(i)[1] < 0)
		}
	})
	return report{truth: executes, functions: map[string]truth{
		"main.execute": executes, "main.status": statuses, "main.both": boths, "main.ratio": ratios, "main.wide": wides,
	}}
}

type matcher interface {
	Match(i int64) int64
}

type sizer interface {
	Size() int64
}

// Book has what a wrapper has to copy, or to skip.
type Book struct {
	levels [6]int64
}

//go:noinline
func (b *Book) Match(i int64) int64 {
	b.levels[i%6] += price(i)
	return b.levels[i%6]
}

//go:noinline
func (b Book) Size() int64 {
	return price(b.levels[0]&0xff) + b.levels[5]
}

//go:noinline
func makeHandler(b *Book, fee int64) func(int64) int64 {
	return func(i int64) int64 {
		return b.levels[i%6] + price(i) - fee
	}
}

// What the compiler cannot see through.
//
//go:noinline
func asSizer(b *Book) sizer { return b }

//go:noinline
func asMatcher(m matcher) matcher { return m }

//go:noinline
func asHandler(f func(int64) int64) func(int64) int64 { return f }

// N calls of each: the method, the same as a value, the value method by itself and through its wrapper, the closure.
func modeMethod(n int64, threads int) report {
	calls := eachThread(threads, func(t *truth) {
		book := &Book{}
		sized, handler, value := asSizer(book), makeHandler(book, 2), asHandler(book.Match)

		for i := int64(0); i < n; i++ {
			use(book.Match(i) + value(i) + book.Size() + sized.Size() + handler(i))
			t.count++
		}
	})
	twice := truth{count: 2 * calls.count}
	return report{truth: twice, functions: map[string]truth{
		"main.(*Book).Match":     twice,
		"main.(*Book).Match-fm":  calls,
		"main.Book.Size":         twice,
		"main.(*Book).Size":      calls,
		"main.makeHandler.func1": calls,
	}}
}

// Engine gets Match from what it embeds: the compiler's wrapper adds to the receiver and jumps.
type Engine struct {
	number int64
	Book
}

func modeTail(n int64, threads int) report {
	calls := eachThread(threads, func(t *truth) {
		wrapped := asMatcher(&Engine{number: n})

		for i := int64(0); i < n; i++ {
			use(wrapped.Match(i))
			t.count++
		}
	})
	return report{truth: calls, functions: map[string]truth{"main.(*Book).Match": calls, "main.(*Engine).Match": calls}}
}

// Dense, and every case its own: a jump table from Go 1.19 on.
//
//go:noinline
func route(i int64) int64 {
	switch i % 12 {
	case 0:
		return price(i)
	case 1:
		return i ^ 0x55
	case 2:
		return price(i+1) - 2
	case 3:
		return i << 3
	case 4:
		return i*i + 1
	case 5:
		return price(-i) | 1
	case 6:
		return i / 3
	case 7:
		return -i
	case 8:
		return price(i-1) & 0xff
	case 9:
		return i%5 - 2
	case 10:
		return i >> 1
	}
	return 0
}

func modeSwitch(n int64, threads int) report {
	return report{truth: eachThread(threads, func(t *truth) {
		for i := int64(0); i < n; i++ {
			t.add(route(i) < 0)
		}
	})}
}

//go:nosplit
//go:noinline
func tiny(i int64) int64 {
	return i&7 - 3
}

func modeNosplit(n int64, threads int) report {
	return report{truth: eachThread(threads, func(t *truth) {
		for i := int64(0); i < n; i++ {
			t.add(tiny(i) < 0)
		}
	})}
}

func inlinedOnly(i int64) int64 { return i*5 - 2 }

//go:noinline
func usesInlined(i int64) int64 {
	return inlinedOnly(i) + price(i)
}

func modeInlined(n int64, threads int) report {
	return report{truth: eachThread(threads, func(t *truth) {
		for i := int64(0); i < n; i++ {
			t.add(usesInlined(i) < 0)
		}
	})}
}
