//! Unit tests of `pack`, whose file is also compiled for the models.

use super::pack::{HEAD, OpenPack, Pack, SIZE};
use super::{Message, ROOM_FOR_WORDS};
use sepal_abi::{DescId, Header};

fn flat(word: u64) -> Message {
    let header = Header::new(DescId::SIGNAL);
    Message::new_flat(24, header, [word, 2 * word, 0, 0]).expect("memory")
}

fn read(pack: &mut Message) -> (u64, bool) {
    let (message, is_last) =
        pack.pack_mut().and_then(Pack::split_first).expect("memory for a closed pack's");
    assert_eq!(message.flat().expect("flat")[2], 2 * message.word(0));
    (message.word(0), is_last)
}

#[test]
fn what_was_added_before_the_end_is_read_in_order() {
    let open = OpenPack::NONE;
    let mut pack = open.begin(flat(0), false);
    let fit = (1..).take_while(|&word| open.add(flat(word)).is_ok()).count() as u64;
    assert_eq!(fit + 1, (SIZE - HEAD - ROOM_FOR_WORDS) as u64 / 24 + 1);
    assert_eq!((open.len() as u64, pack.pack().map(Pack::len)), (fit + 1, Some(open.len())));
    open.leave(|_| unreachable!());
    assert_eq!(pack.pack_mut().map(Pack::close), Some(fit as u32 + 1));
    for word in 0..=fit {
        assert_eq!(read(&mut pack), (word, word == fit));
    }
}

#[test]
fn a_closed_pack_takes_no_more_whoever_gives_it_up_first() {
    for reads_first in [false, true] {
        let open = OpenPack::NONE;
        let mut pack = open.begin(flat(1), false);
        open.add(flat(2)).expect("room");
        assert_eq!(pack.pack_mut().map(Pack::close), Some(2));
        let refused = open.add(flat(3)).expect_err("it is closed");
        assert_eq!(refused.word(0), 3);
        assert_eq!(pack.pack().map(Pack::len), Some(2));
        assert_eq!((read(&mut pack), read(&mut pack)), ((1, false), (2, true)));
        if !reads_first {
            open.leave(|_| unreachable!());
            drop(pack);
        } else {
            drop(pack);
            open.leave(|_| unreachable!());
        }
    }
}

#[test]
fn a_lone_pack_is_counted_when_it_is_left() {
    let open = OpenPack::NONE;
    let mut pack = open.begin(flat(0), true);
    (1..4).for_each(|word| open.add(flat(word)).expect("room"));
    assert_eq!((open.len(), pack.pack().map(Pack::len)), (4, Some(1)));
    open.leave(|_| unreachable!());
    assert_eq!(pack.pack_mut().map(Pack::close), Some(4));
    for word in 0..4 {
        assert_eq!(read(&mut pack), (word, word == 3));
    }
}

#[test]
fn what_a_closed_lone_pack_has_more_is_given_back() {
    for reads_first in [false, true] {
        let open = OpenPack::NONE;
        let mut pack = open.begin(flat(0), true);
        open.add(flat(1)).expect("room");
        assert_eq!(pack.pack_mut().map(Pack::close), Some(1));
        open.add(flat(2)).expect("nobody has looked");
        assert_eq!(read(&mut pack), (0, true));
        let mut pack = Some(pack);
        if reads_first {
            pack.take();
        }
        let mut again = Vec::new();
        open.leave(|message| again.push((message.word(0), message.flat().expect("flat")[2])));
        assert_eq!(again, [(1, 2), (2, 4)]);
    }
}
