//! Frames: where a function that has suspended keeps itself, an ordinary heap object.
//!
//! The beginning is the same for all frames; behind it are the function's results, one after
//! another at their natural alignment, then what was live where it suspended. A frame's
//! descriptor traces `parent`, `child` and whatever of the rest is traced.
//!
//! ```text
//! { header, resume: Ptr, parent: Ref, child: Ref, state: i32, loc: i32, results…, saved values… }
//! ```
//! Must never be looked into beyond the beginning by anybody but the function whose frame it is,
//! and its caller for the results.

use crate::object::{Header, ObjPtr};

/// The code that continues: tail convention, `fn(frame: Ref) -> (I64)`, giving a [`FrameStatus`].
pub const FRAME_RESUME: u32 = 8;
/// The frame to continue when this one is done; null for the body of an actor or task.
pub const FRAME_PARENT: u32 = 16;
/// The frame that this one waits for.
pub const FRAME_CHILD: u32 = 24;
/// Where the function goes on; 0 is its beginning.
pub const FRAME_STATE: u32 = 32;
/// Where it is suspended, as an index into the image's locations; -1 is nowhere.
pub const FRAME_LOC: u32 = 36;
/// Where the results begin.
pub const FRAME_RESULTS: u32 = 40;

/// The beginning of every frame.
#[derive(Debug)]
#[repr(C)]
pub struct Frame {
    pub header: Header,
    pub resume: *const u8,
    pub parent: ObjPtr,
    pub child: ObjPtr,
    pub state: i32,
    pub loc: i32,
}

const _: () = assert!(core::mem::offset_of!(Frame, resume) == FRAME_RESUME as usize);
const _: () = assert!(core::mem::offset_of!(Frame, parent) == FRAME_PARENT as usize);
const _: () = assert!(core::mem::offset_of!(Frame, child) == FRAME_CHILD as usize);
const _: () = assert!(core::mem::offset_of!(Frame, state) == FRAME_STATE as usize);
const _: () = assert!(core::mem::offset_of!(Frame, loc) == FRAME_LOC as usize);
const _: () = assert!(size_of::<Frame>() == FRAME_RESULTS as usize);

/// What resuming a frame came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(i64)]
pub enum FrameStatus {
    /// The results are in the frame.
    Done = 0,
    /// It waits, or something that it called does: `rt_suspend` was told the innermost frame.
    Suspended = 1,
    /// A generator has given a value, which is in the place of the results.
    Yielded = 2,
}

impl FrameStatus {
    /// The status of a number.
    pub const fn from_number(number: i64) -> Option<FrameStatus> {
        match number {
            0 => Some(FrameStatus::Done),
            1 => Some(FrameStatus::Suspended),
            2 => Some(FrameStatus::Yielded),
            _ => None,
        }
    }
}
