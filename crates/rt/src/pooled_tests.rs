//! Unit tests of `pooled`, whose file is also compiled for the models.

use crate::pooled::Counted;
use std::sync::Arc;

#[test]
fn the_last_count_drops_the_value_once() {
    let value = Arc::new(());
    let (first, second) = Counted::pair(value.clone());
    drop(second);
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let counted = first.clone();
            std::thread::spawn(move || {
                for _ in 0..1_000 {
                    let address = counted.clone().into_address();
                    // SAFETY: made from a count just now.
                    drop(unsafe { Counted::<Arc<()>>::from_address(address) });
                }
            })
        })
        .collect();
    drop(first);
    threads.into_iter().for_each(|thread| thread.join().expect("no panic"));
    assert_eq!(Arc::strong_count(&value), 1);
}
