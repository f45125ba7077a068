//! Unit tests of `bounds`, whose file is also compiled for the models.

use super::bounds::{Bounds, Limits, Overflow, Refused};

#[test]
fn counts_are_bounded_and_belong_to_one_generation() {
    let bounds = Bounds::default();
    let limits =
        Limits { max_messages: Some(2), max_bytes: Some(100), overflow: Overflow::DropNew };
    bounds.open(5, &limits);
    assert_eq!(bounds.enter(5, 40), Ok(()));
    assert_eq!(bounds.enter(5, 80), Err(Refused::TooLarge));
    assert_eq!(bounds.enter(5, 40), Ok(()));
    assert_eq!(bounds.enter(5, 1), Err(Refused::Full(Overflow::DropNew)));
    assert_eq!(bounds.enter(4, 1), Err(Refused::Gone));
    bounds.leave(4, 40);
    assert_eq!(bounds.enter(5, 1), Err(Refused::Full(Overflow::DropNew)));
    bounds.leave(5, 40);
    assert_eq!(bounds.enter(5, 40), Ok(()));
    bounds.enter_anyway(5, 8);
    assert_eq!(bounds.excess(), 1);
}
