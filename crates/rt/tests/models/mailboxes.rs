//! Mailboxes: `sched/arrivals.rs`, and the packs of `message/pack.rs`, `sched/bounds.rs`.

use crate::message::{Message, OpenPack, Pack, blocks};
use crate::sched::arrivals::{Batch, Inbox, Pushed};
use crate::sched::bounds::{Bounds, Limits, Overflow, Refused};
use crate::sched::slot::Pid;
use crate::{Cell, model, model_within};
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

/// A mailbox, what its messages speak of, and what the actor alone may touch.
struct Actor {
    inbox: Inbox,
    /// The number of a message is the index of what its sender wrote before.
    written: [Cell; 3],
    received: Cell,
}

const GENERATION: u32 = 1;

impl Actor {
    fn new() -> Actor {
        let inbox = Inbox::default();
        inbox.open(GENERATION);
        let written = [Cell::new(0), Cell::new(0), Cell::new(0)];
        Actor { inbox, written, received: Cell::new(0) }
    }

    fn push(&self, index: u64) -> Result<Pushed, Message> {
        self.written[index as usize].set(10 + index);
        self.inbox.push(GENERATION, Message::of(index))
    }

    /// The numbers of messages that were taken.
    fn read(&self, batch: Batch) -> Vec<u64> {
        let read = |message: Message| {
            let index = message.word();
            assert_eq!(self.written[index as usize].get(), 10 + index);
            index
        };
        batch.map(read).collect()
    }

    fn look(&self) -> Vec<u64> {
        self.inbox.look(GENERATION).map_or(Vec::new(), |batch| self.read(batch))
    }

    /// Takes turns until the actor rests. Two threads at once would be found at `received`.
    fn run(&self) {
        loop {
            let bits = self.look().iter().map(|index| 1 << index).sum::<u64>();
            self.received.set(self.received.get() + bits);
            if self.inbox.rest(GENERATION) {
                return;
            }
        }
    }
}

#[test]
fn nothing_sent_is_lost_and_no_actor_runs_twice_at_once() {
    model_within(2, || {
        let actor = Arc::new(Actor::new());
        assert!(actor.inbox.rest(GENERATION));
        let send = |index: u64| {
            let actor = actor.clone();
            thread::spawn(move || {
                if actor.push(index).expect("it is open") == Pushed::Woke {
                    actor.run();
                }
            })
        };
        let mut threads = vec![send(0), send(1)];
        let waker = actor.clone();
        threads.push(thread::spawn(move || {
            if waker.inbox.wake() == Pushed::Woke {
                waker.run();
            }
        }));
        threads.into_iter().for_each(|thread| thread.join().expect("no panic"));
        assert!(actor.inbox.is_resting());
        assert_eq!(actor.received.get(), 0b11);
    });
}

#[test]
fn who_is_woken_sees_what_was_done_before() {
    model(|| {
        let actor = Arc::new(Actor::new());
        let question = Arc::new(AtomicUsize::new(0));
        assert!(actor.inbox.rest(GENERATION));
        // A turn that begins with news sees what there is to answer.
        let run = |actor: &Actor, question: &AtomicUsize| {
            loop {
                if actor.inbox.look(GENERATION).is_some() {
                    actor.received.set(question.load(Ordering::Relaxed) as u64);
                }
                if actor.inbox.rest(GENERATION) {
                    return;
                }
            }
        };
        let sender = {
            let (actor, question) = (actor.clone(), question.clone());
            thread::spawn(move || {
                if actor.push(0).expect("it is open") == Pushed::Woke {
                    run(&actor, &question);
                }
            })
        };
        question.store(1, Ordering::Relaxed);
        if actor.inbox.wake() == Pushed::Woke {
            run(&actor, &question);
        }
        sender.join().expect("no panic");
        assert_eq!(actor.received.get(), 1, "nobody has seen the question");
    });
}

#[test]
fn who_looks_at_an_actor_from_outside_has_it_alone() {
    model(|| {
        let actor = Arc::new(Actor::new());
        assert!(actor.inbox.rest(GENERATION));
        let sender = {
            let actor = actor.clone();
            thread::spawn(move || {
                if actor.push(0).expect("it is open") == Pushed::Woke {
                    actor.run();
                }
            })
        };
        if actor.inbox.claim(GENERATION) {
            let before = actor.received.get();
            actor.received.set(before);
            if !actor.inbox.rest(GENERATION) {
                actor.run();
            }
        }
        sender.join().expect("no panic");
        assert_eq!(actor.received.get(), 1);
    });
}

#[test]
fn what_is_pushed_is_taken_once_in_order_or_refused() {
    model(|| {
        let actor = Arc::new(Actor::new());
        let pair = {
            let actor = actor.clone();
            thread::spawn(move || (actor.push(0).is_ok(), actor.push(1).is_ok()))
        };
        let other = {
            let actor = actor.clone();
            thread::spawn(move || actor.push(2).is_ok())
        };
        let mut taken = actor.look();
        // The owner ends: the tag changes, and what is pushed later is refused.
        taken.extend(actor.read(actor.inbox.close(GENERATION)));
        let (first, second) = pair.join().expect("no panic");
        let third = other.join().expect("no panic");
        let accepted = [first, second, third].into_iter().filter(|&accepted| accepted).count();
        assert_eq!(taken.len(), accepted);
        let place = |message| taken.iter().position(|&taken| taken == message);
        assert_eq!((place(0).is_some(), place(1).is_some()), (first, second));
        assert_eq!(place(2).is_some(), third);
        if let (Some(first), Some(second)) = (place(0), place(1)) {
            assert!(first < second, "one sender's messages keep their order");
        }
    });
}

/// Closes and reads a pack, and what its messages speak of.
fn read(mut message: Message, written: &[Cell; 3]) -> Vec<u64> {
    message.touch();
    let pack = message.pack_mut().expect("it is one");
    let count = pack.close();
    let mut read = Vec::new();
    for rest in (0..count).rev() {
        let (message, is_last) = pack.split_first().expect("there is memory");
        assert_eq!(is_last, rest == 0);
        let index = message.word();
        assert_eq!(written[index as usize].get(), 10 + index);
        read.push(index);
    }
    read
}

#[test]
fn what_is_added_to_a_pack_is_read_or_refused_and_one_frees_it() {
    model(|| {
        let written = Arc::new([Cell::new(10), Cell::new(0), Cell::new(0)]);
        let open = OpenPack::NONE;
        let pack = open.begin(Message::of(0), false);
        let memory = pack.address();
        let reader = {
            let written = written.clone();
            thread::spawn(move || read(pack, &written))
        };
        let mut accepted = vec![0];
        for index in [1, 2] {
            written[index as usize].set(10 + index);
            blocks::touch(memory);
            match open.add(Message::of(index)) {
                Ok(()) => accepted.push(index),
                Err(_) => break,
            }
        }
        open.leave(|_| unreachable!("it is no lone one"));
        assert_eq!(reader.join().expect("no panic"), accepted);
        blocks::assert_all_free();
    });
}

#[test]
fn what_is_added_to_a_lone_pack_is_read_or_given_back_in_order() {
    model(|| {
        let written = Arc::new([Cell::new(10), Cell::new(0), Cell::new(0)]);
        let open = OpenPack::NONE;
        let pack = open.begin(Message::of(0), true);
        let memory = pack.address();
        let reader = {
            let written = written.clone();
            thread::spawn(move || read(pack, &written))
        };
        for index in [1, 2] {
            written[index as usize].set(10 + index);
            blocks::touch(memory);
            open.add(Message::of(index)).expect("nobody counts yet");
        }
        let mut again = Vec::new();
        open.leave(|message| again.push(message.word()));
        let mut all = reader.join().expect("no panic");
        assert!(all.len() == 1 || again.is_empty(), "all that follow or none");
        all.extend(again);
        assert_eq!(all, [0, 1, 2]);
        blocks::assert_all_free();
    });
}

#[test]
fn a_pack_in_a_mailbox_that_closes_is_given_up_once() {
    model(|| {
        let actor = Arc::new(Actor::new());
        let owner = {
            let actor = actor.clone();
            thread::spawn(move || {
                let unread = actor.inbox.close(GENERATION);
                unread.map(|message| message.pack().map_or(0, Pack::len)).sum::<usize>()
            })
        };
        let open = OpenPack::NONE;
        let is_queued = actor.inbox.push(GENERATION, open.begin(Message::of(0), false)).is_ok();
        let is_added = is_queued && open.add(Message::of(1)).is_ok();
        open.leave(drop);
        let seen = owner.join().expect("no panic");
        assert!(seen <= usize::from(is_queued) + usize::from(is_added));
        blocks::assert_all_free();
    });
}

const SENDER: Pid = Pid(1);

/// A sender that finds a mailbox full waits, while `meanwhile` is done to that: either it is woken or it does not wait.
fn no_sender_waits_when(meanwhile: impl Fn(&Bounds) -> Vec<Pid> + Sync + Send + 'static) {
    model(move || {
        let bounds = Arc::new(Bounds::default());
        let limits = Limits { max_messages: Some(1), max_bytes: None, overflow: Overflow::Block };
        bounds.open(GENERATION, &limits);
        assert_eq!(bounds.enter(GENERATION, 8), Ok(()));
        let sender = {
            let bounds = bounds.clone();
            thread::spawn(move || {
                let full = Err(Refused::Full(Overflow::Block));
                if bounds.enter(GENERATION, 8) == full {
                    bounds.wait(SENDER);
                    return bounds.enter(GENERATION, 8) == full;
                }
                false
            })
        };
        let woken = meanwhile(&bounds);
        let waits = sender.join().expect("no panic");
        assert!(!waits || woken == [SENDER]);
    });
}

#[test]
fn no_sender_waits_while_there_is_room() {
    no_sender_waits_when(|bounds| {
        bounds.leave(GENERATION, 8);
        bounds.take_waiting()
    });
}

#[test]
fn no_sender_waits_for_who_has_ended() {
    no_sender_waits_when(|bounds| bounds.close(GENERATION));
}
