// SPDX-License-Identifier: Apache-2.0

//go:build cgo

// Calls from Go into C, on the thread's own stack.
package main

// extern long goCallback(long);
//
// __attribute__((noinline, noclone)) long cdesk_price(long i)
// {
//	long fee = i % 2 ? 0 : goCallback(i);
//
//	return i % 7 == 0 ? -i - 1 : i * 3 - fee;
// }
import "C"

func init() {
	modes["cgo"] = modeCgo
}

// Every other call comes back into Go.
func modeCgo(n int64, threads int) report {
	var callbacks truth
	calls := eachThread(threads, func(t *truth) {
		for i := int64(0); i < n; i++ {
			t.add(C.cdesk_price(C.long(i)) < 0)
		}
	})

	callbacks.count = callbackCnt
	return report{truth: calls, functions: map[string]truth{"cdesk_price": calls, "main.goCallback": callbacks}}
}
