package main

import (
	"bufio"
	"fmt"
	"os"
	"sort"
	"time"
)

// How many are started at a time.
const batch = 1000

func spawn(actors int) {
	start := time.Now()
	me := make(chan int, batch)
	sum := 0
	for made := 0; made < actors; made += batch {
		count := batch
		if actors-made < batch {
			count = actors - made
		}
		for n := 0; n < count; n++ {
			mailbox := make(chan int, 1)
			go func() { me <- <-mailbox + 1 }()
			mailbox <- made + n
		}
		for n := 0; n < count; n++ {
			sum += <-me
		}
	}
	took := time.Since(start)
	check(sum == actors*(actors+1)/2, "lost or doubled")
	fmt.Printf("%d actors: %d\n", actors, sum)
	report(actors, took)
}

func crash(crashes int) {
	start := time.Now()
	down := make(chan int)
	sum := 0
	for n := 0; n < crashes; n++ {
		go func(n int) {
			defer func() { down <- recover().(int) }()
			panic(n)
		}(n)
		sum += <-down
	}
	took := time.Since(start)
	check(sum == crashes*(crashes-1)/2, "lost or doubled")
	fmt.Printf("%d crashes: %d\n", crashes, sum)
	report(crashes, took)
}

func future(futures int) {
	start := time.Now()
	sum := 0
	for n := 0; n < futures; n++ {
		result := make(chan int, 1)
		go func(n int) { result <- n + 1 }(n)
		sum += <-result
	}
	took := time.Since(start)
	check(sum == futures*(futures+1)/2, "lost or doubled")
	fmt.Printf("%d futures: %d\n", futures, sum)
	report(futures, took)
}

func idle(actors int) {
	input := bufio.NewReader(os.Stdin)
	// Lets somebody look.
	stopHere := func() {
		fmt.Println("ready")
		input.ReadString('\n')
	}
	stopHere()
	me := make(chan int, batch)
	mailboxes := make([]chan int, 0, actors)
	sum := 0
	for len(mailboxes) < actors {
		count := batch
		if actors-len(mailboxes) < batch {
			count = actors - len(mailboxes)
		}
		for i := 0; i < count; i++ {
			mailbox := make(chan int, 1)
			go func(n int) {
				me <- 1
				me <- n + <-mailbox
			}(len(mailboxes))
			mailboxes = append(mailboxes, mailbox)
		}
		for i := 0; i < count; i++ {
			sum += <-me
		}
	}
	check(sum == actors, "lost or doubled")
	stopHere()
	go func() {
		for _, mailbox := range mailboxes {
			mailbox <- 1
		}
	}()
	sum = 0
	for range mailboxes {
		sum += <-me
	}
	check(sum == actors*(actors+1)/2, "lost or doubled")
	fmt.Printf("%d idle: %d\n", actors, sum)
}

func tick(seconds int) {
	const hogs = 8
	done := make(chan []int)
	until := time.Now().Add(time.Duration(seconds) * time.Second)
	go func() {
		var late []int
		for time.Now().Before(until) {
			start := time.Now()
			time.Sleep(time.Millisecond)
			late = append(late, int((time.Since(start) - time.Millisecond).Nanoseconds()))
		}
		done <- late
	}()
	for i := 0; i < hogs; i++ {
		go func() {
			x := uint64(1)
			for {
				x = x*6364136223846793005 + 1442695040888963407
			}
		}()
	}
	late := <-done
	sort.Ints(late)
	check(late[0] >= 0, "a tick came too early")
	fmt.Printf("%d hogs\n", hogs)
	fmt.Printf("ops %d ns %d\n", len(late), late[len(late)*99/100])
}
