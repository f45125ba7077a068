//! Signals: everything that one actor may tell another, and why actors end.
//!
//! A signal is a message; its envelope's `kind` says of what sort. All but ordinary messages have a signal object
//! for a root, so that what a program receives is made by no second step. Must never be looked at by anybody but who
//! holds it.

use super::slot::Pid;
use crate::heap::descs::Descs;
use crate::message::Message;
use crate::pooled::Counted;
use sepal_abi::{DescId, Header, ObjPtr, any_nil};

/// What a message is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub(crate) enum Kind {
    /// What a program sends.
    Message = 0,
    /// A monitored actor has ended; the note is the monitor.
    Down = 1,
    /// Somebody wants the actor to end.
    Exit = 2,
    /// A linked actor has ended.
    LinkExit = 3,
    Link = 4,
    Unlink = 5,
    /// The note is the monitor.
    Monitor = 6,
    Demonitor = 7,
    /// The mailbox exceeds the heap limit: the end, trapped or not.
    Overrun = 8,
    /// The program ends: the end, trapped or not.
    Stop = 9,
}

impl Kind {
    const ALL: [Kind; 10] = [
        Kind::Message,
        Kind::Down,
        Kind::Exit,
        Kind::LinkExit,
        Kind::Link,
        Kind::Unlink,
        Kind::Monitor,
        Kind::Demonitor,
        Kind::Overrun,
        Kind::Stop,
    ];

    #[inline(always)]
    pub(crate) fn of(message: &Message) -> Kind {
        Kind::ALL[message.envelope().kind as usize]
    }
}

/// The variants of `ExitReason`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(i64)]
pub enum ExitTag {
    Normal = 0,
    Shutdown = 1,
    Killed = 2,
    NoProc = 3,
    Panic = 4,
    Custom = 5,
}

impl ExitTag {
    const ALL: [ExitTag; 6] = [
        ExitTag::Normal,
        ExitTag::Shutdown,
        ExitTag::Killed,
        ExitTag::NoProc,
        ExitTag::Panic,
        ExitTag::Custom,
    ];

    /// The tag of a variant.
    pub fn from_number(number: i64) -> Option<ExitTag> {
        ExitTag::ALL.into_iter().find(|&tag| tag as i64 == number)
    }
}

/// Why an actor ends.
#[derive(Clone, Debug)]
pub(crate) enum Reason {
    /// A variant without fields.
    Plain(ExitTag),
    /// A signal object with the variant's field.
    Full(ExitTag, Counted<Message>),
}

/// The words of a signal object behind its header.
const PID: usize = 0;
const TAG: usize = 1;

impl Reason {
    pub(crate) const NORMAL: Reason = Reason::Plain(ExitTag::Normal);
    pub(crate) const SHUTDOWN: Reason = Reason::Plain(ExitTag::Shutdown);
    pub(crate) const KILLED: Reason = Reason::Plain(ExitTag::Killed);
    pub(crate) const NO_PROC: Reason = Reason::Plain(ExitTag::NoProc);

    /// A panic with its message. Without memory even for that, its reason is `Killed`.
    pub(crate) fn panic(text: &str) -> Reason {
        let signal = Message::signal(0, ExitTag::Panic as i64, Some(text), any_nil());
        signal.map_or(Reason::KILLED, |signal| Reason::Full(ExitTag::Panic, Counted::new(signal)))
    }

    /// What a program says: a variant, and its field in one of the two words.
    ///
    /// # Safety
    /// The words must be a string or null, and a tagged word, of a heap of this thread with these descriptors.
    pub(crate) unsafe fn from_words(descs: &Descs, tag: i64, text: ObjPtr, custom: u64) -> Reason {
        let tag = ExitTag::from_number(tag).expect("the variants of an enum of std");
        match tag {
            ExitTag::Normal | ExitTag::Shutdown | ExitTag::Killed | ExitTag::NoProc => {
                Reason::Plain(tag)
            }
            ExitTag::Panic | ExitTag::Custom => {
                let words = [0, tag as u64, text as u64, custom];
                // SAFETY: the caller vouches for the words.
                let copy = unsafe { Message::copy(descs, Header::new(DescId::SIGNAL), words) };
                copy.map_or(Reason::KILLED, |copy| Reason::Full(tag, Counted::new(copy)))
            }
        }
    }

    /// The reason in a signal.
    pub(crate) fn of(signal: &Message, descs: &Descs) -> Reason {
        let tag = ExitTag::from_number(signal.word(TAG) as i64).unwrap_or(ExitTag::Killed);
        match tag {
            ExitTag::Normal | ExitTag::Shutdown | ExitTag::Killed | ExitTag::NoProc => {
                Reason::Plain(tag)
            }
            ExitTag::Panic | ExitTag::Custom => {
                let copy = signal.try_clone(descs);
                copy.map_or(Reason::KILLED, |copy| Reason::Full(tag, Counted::new(copy)))
            }
        }
    }

    pub(crate) fn tag(&self) -> ExitTag {
        match self {
            Reason::Plain(tag) | Reason::Full(tag, _) => *tag,
        }
    }

    /// A signal about `pid` that says this.
    pub(crate) fn signal(
        &self,
        descs: &Descs,
        pid: Option<Pid>,
        kind: Kind,
        note: u64,
    ) -> Option<Message> {
        let signal = match self {
            Reason::Plain(tag) => Message::signal(0, *tag as i64, None, any_nil()),
            Reason::Full(_, signal) => signal.try_clone(descs),
        }?;
        Some(addressed(signal, pid, kind, note))
    }

    /// The same where nobody else needs the reason: then nothing is copied, if nobody else has it.
    pub(crate) fn into_signal(
        self,
        descs: &Descs,
        pid: Option<Pid>,
        kind: Kind,
        note: u64,
    ) -> Option<Message> {
        let (tag, shared) = match self {
            Reason::Plain(_) => return self.signal(descs, pid, kind, note),
            Reason::Full(tag, shared) => (tag, shared),
        };
        match shared.into_value() {
            Ok(signal) => Some(addressed(signal, pid, kind, note)),
            Err(shared) => Reason::Full(tag, shared).signal(descs, pid, kind, note),
        }
    }
}

/// A signal object about somebody, of a kind.
fn addressed(mut signal: Message, pid: Option<Pid>, kind: Kind, note: u64) -> Message {
    signal.set_word(PID, pid.map_or(0, Pid::number) as u64);
    (signal.envelope_mut().kind, signal.envelope_mut().note) = (kind as u32, note);
    signal
}

/// A signal without a reason.
pub(crate) fn plain(from: Pid, kind: Kind, note: u64) -> Option<Message> {
    let mut signal = Message::signal(from.number(), ExitTag::Normal as i64, None, any_nil())?;
    (signal.envelope_mut().kind, signal.envelope_mut().note) = (kind as u32, note);
    Some(signal)
}

/// Who a signal is about.
pub(crate) fn about(signal: &Message) -> Option<Pid> {
    Pid::from_number(signal.word(PID) as i64)
}
