//! Source places of frames: from return addresses through the image's tables to the lines of a report.
//!
//! Every engine prints through [`push_lines`], so the same panic reads the same everywhere. Must never
//! trust a frame pointer that is not on the actor's stack.

use sepal_abi::{FnMap, Image, LocEntry, NO_LOC};
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
    let locations = image.locs.as_slice();
    std::iter::successors(locations.get(loc as usize), |entry| {
        (entry.parent != NO_LOC).then(|| locations.get(entry.parent as usize)).flatten()
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

/// The function whose code an address lies in.
pub fn function_at(image: &Image, pc: usize) -> Option<&FnMap> {
    let contains = |f: &&FnMap| pc.wrapping_sub(f.start as usize) < f.size as usize;
    image.functions.as_slice().iter().find(contains)
}

/// The place of the last call at or before an instruction, else of the first one: near enough for a fault.
pub fn place_near(image: &Image, pc: usize) -> u32 {
    let Some(function) = function_at(image, pc) else { return NO_LOC };
    let entries = entries(image, function);
    let later = entries.partition_point(|entry| entry.0 <= pc - function.start as usize);
    entries.get(later.max(1) - 1).map_or(NO_LOC, |entry| entry.1)
}

/// The place that a return address belongs to. `None` if it is not one of compiled code.
fn place_of(image: &Image, return_address: usize) -> Option<u32> {
    // A return address may be one past its function: the call is before it.
    let function = function_at(image, return_address.wrapping_sub(1))?;
    let offset = return_address - function.start as usize;
    let entries = entries(image, function);
    let index = entries.binary_search_by_key(&offset, |entry| entry.0).ok();
    // A call that cannot panic may have no place; its caller still has one.
    Some(index.map_or(NO_LOC, |index| entries[index].1))
}

/// The function's return addresses, as offsets, and places.
fn entries(image: &Image, function: &FnMap) -> Vec<(usize, u32)> {
    let range = function.first as usize..function.first as usize + function.count as usize;
    let entries = image.code_locs.as_slice().get(range).unwrap_or(&[]);
    entries.iter().map(|entry| (entry.offset as usize, entry.loc)).collect()
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
    use sepal_abi::{CodeLoc, Table};

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
}
