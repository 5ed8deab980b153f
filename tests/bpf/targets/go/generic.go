// SPDX-License-Identifier: Apache-2.0

//go:build go1.18

// Generic functions: one copy for each shape of type.
package main

type ordered interface {
	~int | ~float64 | ~string
}

//go:noinline
func Max[T ordered](a, b T) T {
	if a > b {
		return a
	}
	return b
}

func init() {
	modes["generic"] = modeGeneric
}

// N calls with int, 2n with float64, 3n with string.
func modeGeneric(n int64, threads int) report {
	calls := eachThread(threads, func(t *truth) {
		for i := int64(0); i < n; i++ {
			use(int64(Max(int(i), 40)))
			for k := 0; k < 2; k++ {
				use(int64(Max(float64(i), 0.5)))
			}
			for k := 0; k < 3; k++ {
				use(int64(len(Max("bid", "offer"[i%5:]))))
			}
			t.count++
		}
	})
	return report{truth: truth{count: 6 * calls.count}, functions: map[string]truth{
		"main.Max[int]":     calls,
		"main.Max[float64]": {count: 2 * calls.count},
		"main.Max[string]":  {count: 3 * calls.count},
	}}
}
