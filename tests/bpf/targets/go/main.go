// SPDX-License-Identifier: Apache-2.0

// Godesk does what only Go programs do, for tests of the probes: godesk MODE COUNT THREADS. It says that it is ready,
// waits for a line, makes COUNT calls on each of THREADS goroutines, tells its own truth as one line of JSON, and waits
// for another line. No part of it needs fmt: it has to build fast with every version of Go.
package main

import (
	"bufio"
	"os"
	"runtime"
	"sort"
	"strconv"
	"sync"
	"sync/atomic"
)

// Truth is what tickscope has to show for one function.
type truth struct {
	count, unwound, errors int64
}

// Report is what a mode tells: the function that it is about, others by name, and further numbers.
type report struct {
	truth
	functions map[string]truth
	extra     map[string]int64
}

var modes = map[string]func(n int64, threads int) report{
	"leaf":      modeLeaf,
	"recursion": modeRecursion,
	"park":      modePark,
	"chain":     modeChain,
	"chain-net": modeChainNet,
	"peer":      modePeer,
	"panic":     modePanic,
	"recover":   modeRecover,
	"goexit":    modeGoexit,
	"gc":        modeGC,
	"deferred":  modeDeferred,
	"results":   modeResults,
	"method":    modeMethod,
	"switch":    modeSwitch,
	"nosplit":   modeNosplit,
	"inlined":   modeInlined,
	"huge":      modeHuge,
	"tail":      modeTail,
}

func fail(status int, why string) {
	os.Stderr.WriteString("godesk: " + why + "\n")
	os.Exit(status)
}

func check(holds bool, why string) {
	if !holds {
		fail(3, why)
	}
}

// Sink keeps results alive; one for all, so it is written atomically.
var sink int64

func use(v int64) { atomic.AddInt64(&sink, v) }

// EachThread runs the body on as many goroutines at once, and adds up what they tell.
func eachThread(threads int, body func(t *truth)) truth {
	var sum truth
	var lock sync.Mutex
	var all sync.WaitGroup

	for i := 0; i < threads; i++ {
		all.Add(1)
		go func() {
			var own truth

			defer all.Done()
			body(&own)
			lock.Lock()
			sum.count += own.count
			sum.unwound += own.unwound
			sum.errors += own.errors
			lock.Unlock()
		}()
	}
	all.Wait()
	return sum
}

func (t truth) appendTo(text []byte) []byte {
	text = append(text, `"count":`...)
	text = strconv.AppendInt(text, t.count, 10)
	text = append(text, `,"unwound":`...)
	text = strconv.AppendInt(text, t.unwound, 10)
	text = append(text, `,"errors":`...)
	return strconv.AppendInt(text, t.errors, 10)
}

func (r report) print() {
	text := r.truth.appendTo([]byte("{"))
	var names []string

	for name := range r.extra {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		text = append(text, `,"`+name+`":`...)
		text = strconv.AppendInt(text, r.extra[name], 10)
	}
	names = nil
	for name := range r.functions {
		names = append(names, name)
	}
	sort.Strings(names)
	for i, name := range names {
		text = append(text, map[bool]string{true: `,"functions":{`, false: `,`}[i == 0]...)
		text = r.functions[name].appendTo(append(text, `"`+name+`":{`...))
		text = append(text, '}')
	}
	if len(names) > 0 {
		text = append(text, '}')
	}
	os.Stdout.Write(append(text, "}\n"...))
}

func argument(i int, otherwise int64) int64 {
	if len(os.Args) <= i {
		return otherwise
	}
	n, err := strconv.ParseInt(os.Args[i], 10, 32)
	if err != nil || n <= 0 {
		fail(2, os.Args[i]+" is not a count")
	}
	return n
}

func main() {
	in := bufio.NewReader(os.Stdin)
	wait := func() {
		if _, err := in.ReadString('\n'); err != nil {
			os.Exit(0)
		}
	}
	n, threads := argument(2, 300), argument(3, 1)
	var mode func(int64, int) report

	if len(os.Args) > 1 {
		mode = modes[os.Args[1]]
	}
	if mode == nil {
		// 3 for those that another build of this program has.
		status := map[bool]int{true: 3, false: 2}[len(os.Args) > 1 && (os.Args[1] == "generic" || os.Args[1] == "cgo")]
		fail(status, "there is no such mode in this build by "+runtime.Version())
	}
	// Goroutines that wait have to have another thread to go on with.
	if runtime.GOMAXPROCS(0) < 2 {
		runtime.GOMAXPROCS(2)
	}
	os.Stdout.WriteString("ready\n")
	wait()
	mode(n, int(threads)).print()
	wait()
}
