// SPDX-License-Identifier: Apache-2.0

//go:build cgo

// What C calls; a file of its own, since one that exports cannot hold C functions.
package main

import "C"
import "sync/atomic"

var callbackCnt int64

//go:noinline
//export goCallback
func goCallback(i C.long) C.long {
	atomic.AddInt64(&callbackCnt, 1)
	return C.long(price(int64(i)) & 3)
}
