// The programs of bench/actors in Go: goroutines and channels. Must do the same work as they do, and print the same.
// Usage: peers PROGRAM [SIZE]
package main

import (
	"fmt"
	"os"
	"strconv"
	"time"
)

// A program takes its size.
type program struct {
	run  func(int)
	size int
}

var programs = map[string]program{
	"big":         {big, 20_000},
	"copy":        {copyList, 1_000_000},
	"crash":       {crash, 500_000},
	"fan_in":      {fanIn, 50_000},
	"future":      {future, 2_000_000},
	"idle":        {idle, 1_000_000},
	"ping_pong":   {pingPong, 1_000_000},
	"spawn":       {spawn, 1_000_000},
	"thread_ring": {threadRing, 5_000_000},
	"tick":        {tick, 3},
}

func main() {
	if len(os.Args) < 2 {
		fail("usage: peers PROGRAM [SIZE]")
	}
	program, known := programs[os.Args[1]]
	if !known {
		fail("no program " + os.Args[1])
	}
	size := program.size
	if len(os.Args) > 2 {
		number, err := strconv.Atoi(os.Args[2])
		if err != nil {
			fail("the size is no number")
		}
		size = number
	}
	program.run(size)
}

func fail(why string) {
	fmt.Fprintln(os.Stderr, why)
	os.Exit(1)
}

func check(holds bool, why string) {
	if !holds {
		fail(why)
	}
}

// report prints what took how long since start.
func report(operations int, took time.Duration) {
	fmt.Printf("ops %d ns %d\n", operations, took.Nanoseconds())
}
