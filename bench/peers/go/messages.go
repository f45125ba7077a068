package main

import (
	"fmt"
	"time"
)

type ping struct {
	from chan int
	n    int
}

func pingPong(rounds int) {
	start := time.Now()
	other, me := make(chan ping), make(chan int)
	go func() {
		for p := range other {
			p.from <- p.n
		}
	}()
	sum := 0
	for n := 0; n < rounds; n++ {
		other <- ping{me, n}
		sum += <-me
	}
	took := time.Since(start)
	check(sum == rounds*(rounds-1)/2, "lost or doubled")
	fmt.Printf("%d rounds: %d\n", rounds, sum)
	report(2*rounds, took)
}

func threadRing(passes int) {
	const ring = 503
	start := time.Now()
	last := make(chan int)
	channels := make([]chan int, ring)
	for i := range channels {
		channels[i] = make(chan int)
	}
	for i := range channels {
		go func(number int, in, next chan int) {
			for n := range in {
				if n == 0 {
					last <- number
				} else {
					next <- n - 1
				}
			}
		}(i+1, channels[i], channels[(i+1)%ring])
	}
	channels[0] <- passes
	number := <-last
	took := time.Since(start)
	check(number == passes%ring+1, "the token ended elsewhere")
	fmt.Printf("%d passes: %d\n", passes, number)
	report(passes, took)
}

func fanIn(messages int) {
	const senders = 100
	start := time.Now()
	me := make(chan int, 1024)
	for i := 0; i < senders; i++ {
		go func() {
			for n := 0; n < messages; n++ {
				me <- n
			}
		}()
	}
	sum := 0
	for i := 0; i < senders*messages; i++ {
		sum += <-me
	}
	took := time.Since(start)
	check(sum == senders*(messages*(messages-1)/2), "lost or doubled")
	fmt.Printf("%d messages: %d\n", senders*messages, sum)
	report(senders*messages, took)
}

// What the members of big say to each other; a pong has no sender.
type bigMessage struct {
	from chan bigMessage
	n    int
}

func big(pings int) {
	const actors = 120
	start := time.Now()
	members := make([]chan bigMessage, actors)
	for i := range members {
		// Each of the others asks at most one question at a time: no send ever blocks.
		members[i] = make(chan bigMessage, actors+1)
	}
	sink := make(chan int)
	for i := range members {
		go func(number int) {
			random := newRandom(number)
			me, answered := members[number], 0
			members[random.below(actors)] <- bigMessage{me, 0}
			for message := range me {
				if message.from != nil {
					message.from <- bigMessage{nil, message.n}
					continue
				}
				check(message.n == answered, "an answer to another question")
				answered++
				if answered < pings {
					members[random.below(actors)] <- bigMessage{me, answered}
				} else {
					sink <- answered
				}
			}
		}(i)
	}
	answers := 0
	for range members {
		answers += <-sink
	}
	took := time.Since(start)
	check(answers == actors*pings, "lost or doubled")
	fmt.Printf("%d actors: %d answers\n", actors, answers)
	report(2*answers, took)
}

// A small random number generator, xorshift64*.
type random struct{ state uint64 }

func newRandom(seed int) *random {
	return &random{uint64(seed)*0x9E3779B97F4A7C15 + 1}
}

func (r *random) below(bound uint64) uint64 {
	r.state ^= r.state >> 12
	r.state ^= r.state << 25
	r.state ^= r.state >> 27
	return (r.state * 0x2545F4914F6CDD1D >> 33) % bound
}

func copyList(messages int) {
	const length = 1000
	start := time.Now()
	numbers := make([]int, length)
	for i := range numbers {
		numbers[i] = i
	}
	me := make(chan []int, 1)
	sum := 0
	for n := 0; n < messages; n++ {
		numbers[n%length]++
		copied := make([]int, length)
		copy(copied, numbers)
		me <- copied
		received := <-me
		sum += received[n%length] - n%length
	}
	took := time.Since(start)
	rounds, rest := messages/length, messages%length
	check(sum == length*(rounds*(rounds+1)/2)+rest*(rounds+1), "not a copy")
	fmt.Printf("%d copies: %d\n", messages, sum)
	report(messages, took)
}
