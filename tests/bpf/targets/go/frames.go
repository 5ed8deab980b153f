// SPDX-License-Identifier: Apache-2.0

// What Go does to stack frames while they are open: it moves their stack, stops them on one thread and goes on with
// them on another, and leaves them by panics and Goexit.
package main

import (
	"errors"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

var errNoPrice = errors.New("no price")

const recursionDepth = 100

// Two KiB a frame: the stack of a fresh goroutine moves several times on the way down.
//
//go:noinline
func recurse(depth int64) int64 {
	var frame [2048]byte

	frame[depth%2048] = byte(depth)
	if depth > 1 {
		frame[(depth*7)%2048] += byte(recurse(depth - 1))
	}
	return int64(frame[depth%2048]) + depth
}

//go:noinline
func descend() (moved bool) {
	var here byte
	before := uintptr(unsafe.Pointer(&here))

	use(recurse(recursionDepth))
	return uintptr(unsafe.Pointer(&here)) != before
}

// Fresh goroutines, one after another.
func callRecurse(n int64, t *truth, movedCnt *int64) {
	done := make(chan bool)

	for i := int64(0); i < n; i++ {
		go func() { done <- descend() }()
		if <-done {
			atomic.AddInt64(movedCnt, 1)
		}
		t.count += recursionDepth
	}
}

// N descents on each thread, each of 100 calls.
func modeRecursion(n int64, threads int) report {
	var movedCnt int64
	calls := eachThread(threads, func(t *truth) { callRecurse(n, t, &movedCnt) })

	check(movedCnt > 0, "no stack has moved")
	return report{truth: calls, extra: map[string]int64{"moved": movedCnt}}
}

// True if it went on on another thread.
//
//go:noinline
func parked(wake chan int64) bool {
	before := syscall.Gettid()

	use(<-wake)
	return syscall.Gettid() != before
}

// Who wakes them stays on a thread of its own, so that they cannot simply follow it.
func wakeAll(wakes []chan int64, stop chan bool) {
	runtime.LockOSThread()
	for i := 0; ; i++ {
		select {
		case <-stop:
			return
		case wakes[i%len(wakes)] <- int64(i):
		default:
			runtime.Gosched()
		}
	}
}

// At least n calls on each goroutine, and more until one has changed its thread.
func modePark(n int64, threads int) report {
	var migratedCnt int64
	wakes := make([]chan int64, threads)
	stop := make(chan bool)
	giveUp := time.Now().Add(20 * time.Second)

	for i := range wakes {
		wakes[i] = make(chan int64)
	}
	go wakeAll(wakes, stop)
	next := int64(-1)
	calls := eachThread(threads, func(t *truth) {
		wake := wakes[atomic.AddInt64(&next, 1)]

		for t.count < n || (atomic.LoadInt64(&migratedCnt) == 0 && time.Now().Before(giveUp)) {
			if parked(wake) {
				atomic.AddInt64(&migratedCnt, 1)
			}
			t.count++
		}
	})
	stop <- true
	check(migratedCnt > 0, "no goroutine has changed its thread")
	return report{truth: calls, extra: map[string]int64{"migrated": migratedCnt}}
}

//go:noinline
func thrower(i int64) int64 {
	use(i)
	if i%3 == 0 {
		panic(errNoPrice)
	}
	return i
}

// The panic only passes through.
//
//go:noinline
func passedThrough(i int64) int64 {
	return thrower(i) + 1
}

//go:noinline
func guarded(i int64) (caught bool) {
	defer func() { caught = recover() != nil }()
	use(passedThrough(i))
	return false
}

func modePanic(n int64, threads int) report {
	calls := eachThread(threads, func(t *truth) {
		for i := int64(1); i <= n; i++ {
			if guarded(i) {
				t.unwound++
			} else {
				t.count++
			}
		}
		check(t.unwound == n/3, "panics were not caught")
		guarded(1) // at the same depth: closes the last span that was left
		t.count++
	})
	return report{truth: calls, functions: map[string]truth{
		"main.thrower": calls, "main.passedThrough": calls, "main.guarded": {count: calls.count + calls.unwound},
	}}
}

// Every call of it returns, those that panic by way of the deferred function.
//
//go:noinline
func recoverer(i int64) (result int64) {
	defer func() {
		if recover() != nil {
			result = -1
		}
	}()
	if i%3 == 0 {
		panic(errNoPrice)
	}
	return i
}

func modeRecover(n int64, threads int) report {
	return report{truth: eachThread(threads, func(t *truth) {
		for i := int64(0); i < n; i++ {
			t.add(recoverer(i) < 0)
		}
	})}
}

//go:noinline
func quitter(i int64) int64 {
	use(i)
	if i%3 == 0 {
		runtime.Goexit()
	}
	return i
}

// Each call in a goroutine of its own, one after another.
func modeGoexit(n int64, threads int) report {
	return report{truth: eachThread(threads, func(t *truth) {
		for i := int64(1); i <= n; i++ {
			var own sync.WaitGroup
			returned := false

			own.Add(1)
			go func(i int64) {
				defer own.Done()
				use(quitter(i))
				returned = true
			}(i)
			own.Wait()
			if returned {
				t.count++
			} else {
				t.unwound++
			}
		}
	})}
}

var garbage [2]*[512]byte

// In its first slot it also collects, over and over.
func makeGarbage(slot int, stop *int32, collectionCnt *int64) {
	for atomic.LoadInt32(stop) == 0 {
		garbage[slot] = new([512]byte)
		if slot == 0 {
			runtime.GC()
			atomic.AddInt64(collectionCnt, 1)
		}
	}
}

// Calls and descents in turn while the collector stops the world, scans their stacks and shrinks them: at least once for
// every hundred calls.
func modeGC(n int64, threads int) report {
	var stop int32
	var collectionCnt, movedCnt, descentCallCnt int64

	debug.SetGCPercent(1)
	for slot := range garbage {
		go makeGarbage(slot, &stop, &collectionCnt)
	}
	prices := eachThread(threads, func(t *truth) {
		var descents truth

		for t.count < n {
			for seen := atomic.LoadInt64(&collectionCnt); atomic.LoadInt64(&collectionCnt) == seen; {
				runtime.Gosched()
			}
			callRecurse(1, &descents, &movedCnt)
			if n-t.count > 100 {
				callPrice(100, t)
			} else {
				callPrice(n-t.count, t)
			}
		}
		atomic.AddInt64(&descentCallCnt, descents.count)
	})
	atomic.StoreInt32(&stop, 1)
	return report{
		truth:     prices,
		functions: map[string]truth{"main.price": prices, "main.recurse": {count: descentCallCnt}},
		extra:     map[string]int64{"collections": collectionCnt, "moved": movedCnt},
	}
}

// Defers that the compiler puts at the exits, one of them only sometimes.
//
//go:noinline
func deferrer(i int64) (result int64) {
	defer func() { result++ }()
	if i%2 == 0 {
		defer func() { result = -result }()
	}
	return i + 1
}

// Defers in a loop: the runtime keeps a list of them.
//
//go:noinline
func deferrerLoop(i int64) (result int64) {
	for k := int64(0); k < i%4; k++ {
		defer func() { result++ }()
	}
	return i
}

func modeDeferred(n int64, threads int) report {
	var loops truth
	calls := eachThread(threads, func(t *truth) {
		for i := int64(0); i < n; i++ {
			t.add(deferrer(i) < 0)
			use(deferrerLoop(i))
		}
	})

	loops.count = calls.count
	return report{truth: calls, functions: map[string]truth{"main.deferrer": calls, "main.deferrerLoop": loops}}
}

// A frame for which the stack check is another one, and the stack grows at once.
//
//go:noinline
func huge(i int64) int64 {
	var frame [80 * 1024]byte

	frame[i%int64(len(frame))] = byte(i)
	use(int64(frame[(i*31)%int64(len(frame))]))
	return price(i)
}

func modeHuge(n int64, threads int) report {
	return report{truth: eachThread(threads, func(t *truth) {
		for i := int64(0); i < n; i++ {
			t.add(huge(i) < 0)
		}
	})}
}
