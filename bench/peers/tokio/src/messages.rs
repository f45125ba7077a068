//! Actors that talk: tasks with an unbounded channel as mailbox. Must not time what is not in Sepal's program too.

use crate::{report, tell};
use std::time::Instant;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

enum Ball {
    Ping(UnboundedSender<Ball>, usize),
    Pong(usize),
}

pub async fn ping_pong(rounds: usize) {
    let start = Instant::now();
    let (other, mut mailbox) = unbounded_channel();
    tokio::spawn(async move {
        while let Some(ball) = mailbox.recv().await {
            match ball {
                Ball::Ping(from, n) => tell(&from, Ball::Pong(n)),
                Ball::Pong(_) => panic!("only pings come here"),
            }
        }
    });
    let (me, mut mailbox) = unbounded_channel();
    let mut sum = 0;
    for n in 0..rounds {
        tell(&other, Ball::Ping(me.clone(), n));
        match mailbox.recv().await {
            Some(Ball::Pong(answer)) => sum += answer,
            Some(Ball::Ping(..)) | None => panic!("only pongs come here"),
        }
    }
    assert_eq!(sum, rounds * (rounds - 1) / 2, "lost or doubled");
    report(format!("{rounds} rounds: {sum}"), 2 * rounds, start);
}

pub async fn thread_ring(passes: usize) {
    const RING: usize = 503;
    let start = Instant::now();
    let (last, mut mailbox) = unbounded_channel();
    let (senders, receivers): (Vec<_>, Vec<_>) =
        (0..RING).map(|_| unbounded_channel::<usize>()).unzip();
    for (i, mut mailbox) in receivers.into_iter().enumerate() {
        let (next, last) = (senders[(i + 1) % RING].clone(), last.clone());
        tokio::spawn(async move {
            while let Some(n) = mailbox.recv().await {
                match n {
                    0 => tell(&last, i + 1),
                    n => tell(&next, n - 1),
                }
            }
        });
    }
    tell(&senders[0], passes);
    let number = mailbox.recv().await.expect("the token ends");
    assert_eq!(number, passes % RING + 1, "the token ended elsewhere");
    report(format!("{passes} passes: {number}"), passes, start);
}

pub async fn fan_in(messages: usize) {
    const SENDERS: usize = 100;
    let start = Instant::now();
    let (me, mut mailbox) = unbounded_channel();
    for _ in 0..SENDERS {
        let to = me.clone();
        tokio::spawn(async move {
            for n in 0..messages {
                tell(&to, n);
            }
        });
    }
    let all = SENDERS * messages;
    let mut sum = 0;
    for _ in 0..all {
        sum += mailbox.recv().await.expect("this task holds a sender");
    }
    assert_eq!(sum, SENDERS * (messages * (messages - 1) / 2), "lost or doubled");
    report(format!("{all} messages: {sum}"), all, start);
}

enum Big {
    Ping(UnboundedSender<Big>, usize),
    Pong(usize),
}

pub async fn big(pings: usize) {
    const ACTORS: usize = 120;
    let start = Instant::now();
    let (sink, mut done) = unbounded_channel();
    let (senders, receivers): (Vec<_>, Vec<_>) = (0..ACTORS).map(|_| unbounded_channel()).unzip();
    for (number, mut mailbox) in receivers.into_iter().enumerate() {
        let (others, sink) = (senders.clone(), sink.clone());
        tokio::spawn(async move {
            let mut random = Random::new(number);
            let me = others[number].clone();
            let mut answered = 0;
            tell(&others[random.below(ACTORS)], Big::Ping(me.clone(), 0));
            while let Some(message) = mailbox.recv().await {
                match message {
                    Big::Ping(from, n) => tell(&from, Big::Pong(n)),
                    Big::Pong(n) => {
                        assert_eq!(n, answered, "an answer to another question");
                        answered += 1;
                        if answered < pings {
                            let to = &others[random.below(ACTORS)];
                            tell(&to, Big::Ping(me.clone(), answered));
                        } else {
                            tell(&sink, answered);
                        }
                    }
                }
            }
        });
    }
    let mut answers = 0;
    for _ in 0..ACTORS {
        answers += done.recv().await.expect("this task holds a sender");
    }
    assert_eq!(answers, ACTORS * pings, "lost or doubled");
    report(format!("{ACTORS} actors: {answers} answers"), 2 * answers, start);
}

/// A small random number generator, xorshift64*.
struct Random(u64);

impl Random {
    fn new(seed: usize) -> Random {
        Random((seed as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) + 1)
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % bound
    }
}

pub async fn copy(messages: usize) {
    const LENGTH: usize = 1000;
    let start = Instant::now();
    let (me, mut mailbox) = unbounded_channel();
    let mut numbers: Vec<usize> = (0..LENGTH).collect();
    let mut sum = 0;
    for n in 0..messages {
        numbers[n % LENGTH] += 1;
        tell(&me, numbers.clone());
        let copied = mailbox.recv().await.expect("this task holds a sender");
        sum += copied[n % LENGTH] - n % LENGTH;
    }
    let (rounds, rest) = (messages / LENGTH, messages % LENGTH);
    let expected = LENGTH * (rounds * (rounds + 1) / 2) + rest * (rounds + 1);
    assert_eq!(sum, expected, "not a copy");
    report(format!("{messages} copies: {sum}"), messages, start);
}
