//! Source places of frames: from return addresses through the image's tables to the lines of a report.
//!
//! Every engine prints through [`push_lines`], so the same panic reads the same everywhere. Must never
//! trust a frame pointer that is not on the actor's stack.

use sepal_abi::{Image, LocEntry, NO_LOC};
use std::fmt::Write;
use std::ops::Range;

/// A report shows so many lines of places.
pub const MAX_LINES: usize = 32;

/// Appends a line for each place, with the places it was inlined into. Those in functions without a name, which are
/// the standard library's, are left out: the user's line that called them follows.
pub fn push_lines(report: &mut String, image: &Image, locs: impl Iterator<Item = u32>) {
    // One more than is shown, to know whether there is more; a chain cannot be longer than the table.
    let named =
        locs.flat_map(|loc| inlined_chain(image, loc)).filter(|entry| entry.function.len > 0);
    for (count, entry) in named.take(MAX_LINES + 1).enumerate() {
        if count == MAX_LINES {
            report.push_str("  …\n");
            return;
        }
        let (file, function) = (image.text(entry.file), image.text(entry.function));
        let (line, col) = (entry.line, entry.col);
        // Writing into a string does not fail.
        let _ = writeln!(report, "  at {file}:{line}:{col} in {function}");
    }
}

/// The innermost of the places that is the user's, as `file:line in function`.
pub fn first_place(image: &Image, mut locs: impl Iterator<Item = u32>) -> Option<String> {
    let entry = locs.find_map(|loc| inlined_chain(image, loc).find(|entry| entry.function.len > 0));
    let place = |entry: &LocEntry| {
        let (file, function) = (image.text(entry.file), image.text(entry.function));
        format!("{file}:{} in {function}", entry.line)
    };
    entry.map(place)
}

/// A place, then those that it was inlined into.
fn inlined_chain(image: &Image, loc: u32) -> impl Iterator<Item = &LocEntry> {
    std::iter::successors(image.loc(loc), |entry| {
        (entry.parent != NO_LOC).then(|| image.loc(entry.parent)).flatten()
    })
}

/// The places of native frames: `loc` for the innermost, then the callers of the frame `fp`, found through the
/// frame-pointer chain, until a return address is no compiled code's.
pub fn frames(
    image: &Image,
    loc: u32,
    fp: usize,
    stack: Range<usize>,
) -> impl Iterator<Item = u32> {
    let callers = std::iter::successors(frame_at(fp, &stack), move |frame| {
        // The stack grows down, so callers' frames lie higher.
        frame_at(frame.caller, &stack).filter(|caller| caller.address > frame.address)
    });
    let callers = callers.map_while(|frame| place_of(image, frame.return_address));
    std::iter::once(loc).chain(callers).filter(|&loc| loc != NO_LOC)
}

/// The place of the last call at or before an instruction, else of the first one: near enough for a fault.
pub fn place_near(image: &Image, pc: usize) -> u32 {
    let Some((function, entries)) = image.function_at(pc) else { return NO_LOC };
    let offset = pc - function.start as usize;
    let later = entries.partition_point(|entry| entry.offset as usize <= offset);
    entries.get(later.max(1) - 1).map_or(NO_LOC, |entry| entry.loc)
}

/// The place that a return address belongs to. `None` if it is not one of compiled code.
fn place_of(image: &Image, return_address: usize) -> Option<u32> {
    // A return address may be one past its function: the call is before it.
    let (function, entries) = image.function_at(return_address.wrapping_sub(1))?;
    let offset = return_address - function.start as usize;
    let index = entries.binary_search_by_key(&offset, |entry| entry.offset as usize).ok();
    // A call that cannot panic may have no place; its caller still has one.
    Some(index.map_or(NO_LOC, |index| entries[index].loc))
}

#[derive(Clone, Copy)]
struct Frame {
    address: usize,
    /// The caller's frame pointer.
    caller: usize,
    return_address: usize,
}

/// Reads the frame at an address, if it lies on the stack.
fn frame_at(fp: usize, stack: &Range<usize>) -> Option<Frame> {
    let fits = fp.is_multiple_of(8) && fp >= stack.start && fp.checked_add(16)? <= stack.end;
    if !fits {
        return None;
    }
    let words = fp as *const usize;
    // SAFETY: both words are on the actor's stack, which is mapped; the guard page holds no live frame.
    let (caller, return_address) = unsafe { (words.read(), words.add(1).read()) };
    Some(Frame { address: fp, caller, return_address })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{image_with_locs, leak};
    use sepal_abi::{CodeLoc, FnMap, MoreCode, Table};
    use std::sync::atomic::AtomicPtr;

    fn check(image: &Image, locs: &[u32], expected: &str) {
        let mut report = String::new();
        push_lines(&mut report, image, locs.iter().copied());
        assert_eq!(report, expected);
    }

    #[test]
    fn lines_show_inlined_frames_and_stop_at_the_most() {
        // Places: 0 in a (inlined at 1), 1 in b, 2 in c.
        let image = image_with_locs(&[("a", 3, 1), ("b", 5, NO_LOC), ("c", 7, NO_LOC)]);
        check(&image, &[0, 2], "  at f.spl:3:1 in a\n  at f.spl:5:1 in b\n  at f.spl:7:1 in c\n");
        check(&image, &[], "");
        check(&image, &[99], "");
        let line = "  at f.spl:7:1 in c\n";
        check(&image, &[2; MAX_LINES], &line.repeat(MAX_LINES));
        check(&image, &[2; 100], &(line.repeat(MAX_LINES) + "  …\n"));
    }

    #[test]
    fn frames_follow_the_chain_while_it_is_compiled_code() {
        let mut image = image_with_locs(&[("a", 1, NO_LOC), ("b", 2, NO_LOC)]);
        let map =
            FnMap { start: 0x1000 as *const u8, size: 0x100, first: 0, count: 2, reserved: 0 };
        image.functions = Table::new(leak(vec![map]));
        let entries = vec![CodeLoc { offset: 0x10, loc: 1 }, CodeLoc { offset: 0x100, loc: 0 }];
        image.code_locs = Table::new(leak(entries));
        let stack = vec![0usize; 8].leak();
        let base = stack.as_ptr() as usize;
        // Three frames: returning into place 1, to an unknown place, and to the function's very end.
        stack[0] = base + 16;
        stack[1] = 0x1010;
        stack[2] = base + 32;
        stack[3] = 0x1020;
        stack[4] = base; // not upwards: the chain ends
        stack[5] = 0x1100;
        let found: Vec<u32> = frames(&image, 0, base, base..base + 64).collect();
        assert_eq!(found, [0, 1, 0]);
        let found: Vec<u32> = frames(&image, 0, base, 0..0).collect();
        assert_eq!(found, [0], "a frame off the stack is not read");
        assert_eq!(place_near(&image, 0x1018), 1);
        assert_eq!(place_near(&image, 0x1001), 1);
        assert_eq!(place_near(&image, 0x2000), NO_LOC);
    }
    #[test]
    fn code_that_came_later_is_found() {
        let mut image = image_with_locs(&[("a", 1, NO_LOC)]);
        let text = image.locs.as_slice()[0];
        let code = |start: usize, loc: u32| {
            let start = start as *const u8;
            let map = FnMap { start, size: 0x100, first: 0, count: 1, reserved: 0 };
            let entry = CodeLoc { offset: 0x10, loc };
            (Table::new(leak(vec![map])), Table::new(leak(vec![entry])))
        };
        let piece = |before: *const MoreCode, first_loc: u32, start: usize| {
            let (functions, code_locs) = code(start, first_loc);
            let line = first_loc * 10;
            let locs = Table::new(leak(vec![sepal_abi::LocEntry { line, ..text }]));
            &leak(vec![MoreCode { before, first_loc, locs, functions, code_locs }])[0]
        };
        let first = piece(std::ptr::null(), 1, 0x1000);
        let second = piece(first, 2, 0x2000);
        let last = AtomicPtr::new(std::ptr::from_ref(second).cast_mut());
        image.more = &raw const last;
        assert_eq!(place_of(&image, 0x1010), Some(1));
        assert_eq!(place_of(&image, 0x2010), Some(2));
        assert_eq!(place_of(&image, 0x3010), None);
        let lines = |loc| image.loc(loc).map(|entry| entry.line);
        assert_eq!([lines(0), lines(1), lines(2), lines(3)], [Some(1), Some(10), Some(20), None]);
    }
}
