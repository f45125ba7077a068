//! Parallel moves in sequence: all sources are read before any is overwritten.
//!
//! Must never know what the registers hold.

/// Calls `emit(to, from)` for moves that together do what `moves` do at once. No register is the target of
/// two; `temp` is none of them.
pub fn sequence(mut moves: Vec<(u32, u32)>, temp: u32, mut emit: impl FnMut(u32, u32)) {
    moves.retain(|(to, from)| to != from);
    while !moves.is_empty() {
        let before = moves.len();
        let mut at = 0;
        while at < moves.len() {
            let (to, from) = moves[at];
            if moves.iter().any(|&(_, other)| other == to) {
                at += 1;
            } else {
                emit(to, from);
                moves.swap_remove(at);
            }
        }
        if moves.len() == before {
            // Only cycles are left: one value steps aside.
            let (_, from) = moves[0];
            emit(temp, from);
            for (_, source) in moves.iter_mut().filter(|(_, source)| *source == from) {
                *source = temp;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(moves: &[(u32, u32)], expected_count: usize) {
        let temp = 99;
        let before: Vec<u32> = (0..100).collect();
        let mut after = before.clone();
        let mut count = 0;
        sequence(moves.to_vec(), temp, |to, from| {
            after[to as usize] = after[from as usize];
            count += 1;
        });
        for &(to, from) in moves {
            assert_eq!(after[to as usize], before[from as usize], "{moves:?}");
        }
        assert_eq!(count, expected_count, "{moves:?}");
    }

    #[test]
    fn chains_cycles_and_copies() {
        check(&[], 0);
        check(&[(1, 1)], 0);
        check(&[(1, 2), (2, 3), (3, 4)], 3);
        check(&[(2, 1), (3, 2), (4, 3)], 3);
        check(&[(1, 2), (2, 1)], 3);
        check(&[(1, 2), (2, 3), (3, 1), (5, 1)], 5);
        check(&[(1, 2), (2, 1), (3, 4), (4, 3), (7, 7)], 6);
        check(&[(1, 0), (2, 0), (0, 3)], 3);
    }
}
