//! The reference model: what a program may log.
//!
//! Each actor logs its steps in order. What a step logs is known but for three things, of which the model says what
//! is allowed: the messages that receives take, the order of timers, and what is heard of an end that may have come first.
//!
//! A mailbox is right if some order of arrival explains what was received: each sender's messages arrive in
//! their order, and each receive takes the first that has arrived of those that fit. So what it takes has arrived
//! before every other message that fits, is sent at some time, and has not been taken. Such an order exists if these demands
//! have no cycle. Must never know how the runtime works.

use crate::script::{Class, Step};
use std::collections::{HashMap, VecDeque};

/// A message by sender and number.
type Message = (usize, usize);

/// Says what is wrong with a log.
pub fn check(scripts: &[Vec<Step>], log: &str) -> Result<(), String> {
    let mut lines: Vec<VecDeque<&str>> = vec![VecDeque::new(); scripts.len()];
    for line in log.lines() {
        let parts = line.split_once(' ').and_then(|(me, what)| Some((me.parse().ok()?, what)));
        let (me, what): (usize, &str) = parts.ok_or(format!("a strange line: {line}"))?;
        lines.get_mut(me).ok_or(format!("there is no actor {me}"))?.push_back(what);
    }
    for (me, steps) in scripts.iter().enumerate() {
        let mut actor =
            Actor { sent: sent_to(scripts, me), lines: &mut lines[me], taken: Vec::new() };
        for (at, step) in steps.iter().enumerate() {
            actor.step(step).map_err(|problem| format!("actor {me}, step {at}: {problem}"))?;
        }
        explain(&actor.sent, &actor.taken).map_err(|problem| format!("actor {me}: {problem}"))?;
    }
    let mut ended: Vec<&str> = lines[0].drain(..).collect();
    ended.sort_unstable();
    let expected: Vec<String> = (1..scripts.len()).map(|i| format!("ended {i} Normal")).collect();
    if ended != expected {
        return Err(format!("main heard of these ends: {ended:?}"));
    }
    match lines.iter().enumerate().find(|(_, lines)| !lines.is_empty()) {
        Some((me, lines)) => Err(format!("actor {me} says too much: {lines:?}")),
        None => Ok(()),
    }
}

/// All that is ever sent to an actor, with the lengths of the texts.
fn sent_to(scripts: &[Vec<Step>], me: usize) -> HashMap<Message, usize> {
    let sends = scripts.iter().enumerate().flat_map(|(from, steps)| {
        steps.iter().filter_map(move |step| match step {
            Step::Send { to, number, length } if *to == me => Some(((from, *number), *length)),
            _ => None,
        })
    });
    sends.collect()
}

struct Actor<'l, 't> {
    sent: HashMap<Message, usize>,
    lines: &'l mut VecDeque<&'t str>,
    /// What each receive asked for and got.
    taken: Vec<(Class, Message)>,
}

impl Actor<'_, '_> {
    fn line(&mut self) -> Result<String, String> {
        self.lines.pop_front().map(String::from).ok_or("it says nothing".into())
    }

    fn expect(&mut self, allowed: &[&str]) -> Result<(), String> {
        let line = self.line()?;
        let is_allowed = allowed.contains(&line.as_str());
        if is_allowed { Ok(()) } else { Err(format!("`{line}` instead of {allowed:?}")) }
    }

    fn step(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::Send { .. } => Ok(()),
            Step::Receive(class) => self.receive(*class),
            Step::Ask(n) => self.expect(&[&format!("answer {}", 2 * n)]),
            Step::Task(n) => self.expect(&[&format!("sum {}", n * (n + 1) / 2)]),
            Step::Watch(watch, end) => {
                let arm = watch.arm();
                let (own, late) = (format!("{arm} {}", end.reason()), format!("{arm} NoProc"));
                let allowed = [own.as_str(), late.as_str()];
                self.expect(if watch.may_be_late() { &allowed } else { &allowed[..1] })
            }
            Step::Timers(timers) => self.timers(timers),
            Step::Unlink => self.expect(&["quiet"]),
            Step::Chain(_) => self.expect(&["down Custom(value: 9)"]),
            Step::Name(_) => self.expect(&["named"]),
        }
    }

    fn receive(&mut self, class: Class) -> Result<(), String> {
        let line = self.line()?;
        let numbers: Option<Vec<usize>> = line
            .strip_prefix("got ")
            .and_then(|rest| rest.split(' ').map(|n| n.parse().ok()).collect());
        let Some(&[from, number, length]) = numbers.as_deref() else {
            return Err(format!("`{line}` instead of a message"));
        };
        if self.sent.get(&(from, number)) != Some(&length) {
            return Err(format!("`{line}`, which nobody has sent"));
        }
        self.taken.push((class, (from, number)));
        Ok(())
    }

    /// Cancelled timers say so; the others go off, of two the one first that was set first and is not due later.
    fn timers(&mut self, timers: &[(usize, bool)]) -> Result<(), String> {
        let mut left: Vec<usize> = (0..timers.len()).collect();
        for index in (0..timers.len()).filter(|&index| timers[index].1) {
            if self.lines.front() == Some(&format!("cancelled {index}").as_str()) {
                self.lines.pop_front();
                left.retain(|&other| other != index);
            }
        }
        while !left.is_empty() {
            let line = self.line()?;
            let fired = line.strip_prefix("fired ").and_then(|n| n.parse().ok());
            let index: usize = fired.ok_or(format!("`{line}` instead of a timer"))?;
            if !left.contains(&index) {
                return Err(format!("`{line}`, which was cancelled or had gone off"));
            }
            if left.iter().any(|&other| other < index && timers[other].0 <= timers[index].0) {
                return Err(format!("`{line}` before an earlier one of {left:?}"));
            }
            left.retain(|&other| other != index);
        }
        Ok(())
    }
}

/// Finds an order of arrival that explains what was taken.
fn explain(sent: &HashMap<Message, usize>, taken: &[(Class, Message)]) -> Result<(), String> {
    let mut left: Vec<Message> = sent.keys().copied().collect();
    let mut demands: Vec<(Message, Message)> = Vec::new();
    for &(from, number) in sent.keys().filter(|(_, number)| *number > 0) {
        demands.push(((from, number - 1), (from, number)));
    }
    for &(class, message) in taken {
        let at = left.iter().position(|other| *other == message);
        left.swap_remove(at.ok_or(format!("{message:?} was received twice"))?);
        if !class.has(message.0, message.1) {
            return Err(format!("{message:?} does not fit {class:?}"));
        }
        let fitting = left.iter().filter(|other| class.has(other.0, other.1));
        demands.extend(fitting.map(|other| (message, *other)));
    }
    // Takes away whatever nothing must come before, until nothing is left or all of it goes in circles.
    let mut rest: Vec<Message> = sent.keys().copied().collect();
    loop {
        let is_first = |message: &Message| !demands.iter().any(|demand| demand.1 == *message);
        let first: Vec<Message> = rest.iter().copied().filter(is_first).collect();
        if first.is_empty() {
            break;
        }
        rest.retain(|message| !first.contains(message));
        demands.retain(|demand| !first.contains(&demand.0));
    }
    if rest.is_empty() {
        return Ok(());
    }
    rest.sort_unstable();
    Err(format!("no order of arrival explains {taken:?}: these come before each other: {rest:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Main gets two messages from one actor and one from another.
    fn scripts(classes: [Class; 3]) -> Vec<Vec<Step>> {
        let send = |number| Step::Send { to: 0, number, length: 1 };
        vec![classes.map(Step::Receive).to_vec(), vec![send(0), send(1)], vec![send(0)]]
    }

    fn is_legal(classes: [Class; 3], got: [Message; 3]) -> bool {
        let mut log: String =
            got.map(|(from, number)| format!("0 got {from} {number} 1\n")).concat();
        log += "0 ended 2 Normal\n0 ended 1 Normal\n";
        check(&scripts(classes), &log).is_ok()
    }

    #[test]
    fn each_sender_keeps_its_order() {
        let any = [Class::Any; 3];
        assert!(is_legal(any, [(1, 0), (1, 1), (2, 0)]));
        assert!(is_legal(any, [(2, 0), (1, 0), (1, 1)]));
        assert!(!is_legal(any, [(1, 1), (1, 0), (2, 0)]), "the second before the first");
        assert!(!is_legal(any, [(1, 0), (1, 0), (2, 0)]), "twice");
        assert!(!is_legal(any, [(1, 0), (1, 2), (2, 0)]), "never sent");
    }

    #[test]
    fn receives_take_what_fits_first() {
        let (even, odd) = (Class::Number(0), Class::Number(1));
        assert!(is_legal([odd, even, even], [(1, 1), (2, 0), (1, 0)]));
        assert!(is_legal([odd, even, even], [(1, 1), (1, 0), (2, 0)]));
        assert!(!is_legal([even, odd, even], [(1, 1), (1, 0), (2, 0)]), "does not fit");
        // The other's message came before one that came before this sender's: there is no such order.
        let sent = HashMap::from([((1, 0), 1), ((1, 1), 1), ((2, 0), 1), ((2, 1), 1)]);
        let crossed = [(even, (1, 0)), (odd, (2, 1)), (even, (2, 0)), (odd, (1, 1))];
        assert!(explain(&sent, &crossed).is_ok());
        let circle = [(Class::Any, (1, 0)), (Class::Any, (2, 1)), (even, (2, 0)), (odd, (1, 1))];
        assert!(explain(&sent, &circle).is_err());
    }

    #[test]
    fn timers_go_off_in_order() {
        let timers = vec![Step::Timers(vec![(5, false), (5, false), (1, true)])];
        let log = |lines: &[&str]| check(std::slice::from_ref(&timers), &lines.join("\n"));
        assert!(log(&["0 cancelled 2", "0 fired 0", "0 fired 1"]).is_ok());
        assert!(log(&["0 fired 0", "0 fired 2", "0 fired 1"]).is_ok(), "it was set later");
        assert!(log(&["0 cancelled 2", "0 fired 1", "0 fired 0"]).is_err());
        assert!(log(&["0 cancelled 2", "0 fired 0", "0 fired 1", "0 fired 2"]).is_err());
        assert!(log(&["0 cancelled 2", "0 fired 0"]).is_err());
    }
}
