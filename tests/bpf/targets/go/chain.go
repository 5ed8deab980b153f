// SPDX-License-Identifier: Apache-2.0

// What is under way on a goroutine, which parks between its stages and goes on on another thread: from function to
// function, and from a socket that the runtime's poller reads to one that it writes.
package main

import (
	"os"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"
)

//go:noinline
func chainBegin(i int64) int64 { return price(i) }

//go:noinline
func chainMiddle(i int64) int64 { return price(i) + 1 }

//go:noinline
func chainEnd(i int64) int64 { return price(i) + 2 }

// ChainTimes brackets what a tracer can say: from behind the first stage to before the last one, and from before the
// first one to behind the last one.
type chainTimes struct {
	lock                            sync.Mutex
	innerNs, outerNs, cnt, movedCnt int64
}

func (t *chainTimes) add(outer, inner, innerEnd time.Time, moved bool) {
	t.lock.Lock()
	defer t.lock.Unlock()
	t.cnt++
	t.innerNs += innerEnd.Sub(inner).Nanoseconds()
	t.outerNs += time.Since(outer).Nanoseconds()
	if moved {
		t.movedCnt++
	}
}

func (t *chainTimes) report() report {
	return report{truth: truth{count: t.cnt}, extra: map[string]int64{
		"begun": t.cnt, "completed": t.cnt, "overtaken": 0, "timed_out": 0, "lost": 0, "open": 0, "spin_ns": 0,
		"inner_ns": t.innerNs, "outer_ns": t.outerNs, "moved": t.movedCnt}}
}

func passStages(i int64, wake chan int64, times *chainTimes) bool {
	outer, before := time.Now(), syscall.Gettid()

	use(chainBegin(i))
	inner := time.Now()
	use(<-wake)
	use(chainMiddle(i))
	use(<-wake)
	moved := syscall.Gettid() != before
	innerEnd := time.Now()
	use(chainEnd(i))
	times.add(outer, inner, innerEnd, moved)
	return moved
}

// At least n chains on each goroutine, and more until one has changed its thread.
func modeChain(n int64, threads int) report {
	var times chainTimes
	var all sync.WaitGroup
	wakes := make([]chan int64, threads)
	stop := make(chan bool)
	giveUp := time.Now().Add(20 * time.Second)

	for i := range wakes {
		wakes[i] = make(chan int64)
		all.Add(1)
		go func(wake chan int64) {
			defer all.Done()
			for i, moved := int64(0), false; i < n || !moved; i++ {
				moved = passStages(i, wake, &times) || moved
				check(time.Now().Before(giveUp), "no goroutine has changed its thread")
			}
		}(wakes[i])
	}
	go wakeAll(wakes, stop)
	all.Wait()
	close(stop)
	return times.report()
}

var loopback = [4]byte{127, 0, 0, 1}

// The descriptor that the other side gets.
const peerListener = 3

func listenOn() (fd, port int) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	check(err == nil, "no socket")
	check(syscall.Bind(fd, &syscall.SockaddrInet4{Addr: loopback}) == nil && syscall.Listen(fd, 64) == nil, "no port")
	name, err := syscall.Getsockname(fd)
	check(err == nil, "no name")
	return fd, name.(*syscall.SockaddrInet4).Port
}

// As package net has it: reads that find nothing park the goroutine until the poller wakes it.
func polled(fd int) *os.File {
	check(syscall.SetNonblock(fd, true) == nil, "blocks")
	return os.NewFile(uintptr(fd), "connection")
}

// The other side, a process of its own: asks n times on each of the connections that it is given.
func modePeer(n int64, threads int) report {
	return report{truth: eachThread(threads, func(t *truth) {
		var word [1]byte
		fd, _, err := syscall.Accept(peerListener)
		check(err == nil, "no connection")
		file := polled(fd)
		for i := int64(0); i < n; i++ {
			_, err = file.Write(word[:])
			check(err == nil, "cannot ask")
			_, err = file.Read(word[:])
			check(err == nil, "no answer")
			t.count++
		}
	})}
}

func serveChains(file *os.File, n int64, times *chainTimes) {
	var word [1]byte

	for i := int64(0); i < n; i++ {
		outer := time.Now()
		_, err := file.Read(word[:])
		check(err == nil, "nothing to read")
		inner, before := time.Now(), syscall.Gettid()
		use(chainBegin(i))
		runtime.Gosched()
		innerEnd := time.Now()
		moved := syscall.Gettid() != before
		_, err = file.Write(word[:])
		check(err == nil, "cannot answer")
		times.add(outer, inner, innerEnd, moved)
	}
}

// Receive, decide, send: each of n on each connection.
func modeChainNet(n int64, threads int) report {
	var times chainTimes
	listener, port := listenOn()
	self, err := os.Executable()
	check(err == nil, "no name")
	// What it waits for, and nobody reads what it says.
	word, words, err := os.Pipe()
	check(err == nil, "no pipe")
	quiet, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	check(err == nil, "no null device")
	words.WriteString("\n")
	attributes := &syscall.ProcAttr{Env: os.Environ(), Files: []uintptr{word.Fd(), quiet.Fd(), 2, uintptr(listener)}}
	arguments := []string{self, "peer", strconv.FormatInt(n, 10), strconv.Itoa(threads)}
	child, err := syscall.ForkExec(self, arguments, attributes)
	check(err == nil, "no other side")
	words.Close()
	eachThread(threads, func(t *truth) {
		fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
		check(err == nil && syscall.Connect(fd, &syscall.SockaddrInet4{Addr: loopback, Port: port}) == nil, "no connection")
		serveChains(polled(fd), n, &times)
	})
	_, err = syscall.Wait4(child, nil, 0, nil)
	check(err == nil, "no end")
	return times.report()
}
