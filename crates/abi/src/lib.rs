//! What compiled code, the interpreter and the runtime agree on: objects, descriptors, the context,
//! tagged words, panic codes, the table of runtime functions, and the image of a program.
//!
//! Definitions only, and `no_std`: nothing here allocates, does input or output, or knows an
//! operating system. Must never grow a second list of something that one of its tables holds.

#![no_std]

#[cfg(test)]
extern crate std;

mod any;
mod ctx;
mod desc;
mod effects;
mod format_spec;
mod frame;
mod image;
mod object;
mod panics;
mod rt_fns;
mod scalar;
mod table;
mod task;

pub use any::{Tag, any_bool, any_float, any_heap, any_int, any_nil, any_tag, any_to_bool};
pub use any::{any_to_float_bits, any_to_heap, any_to_int, is_traced_pointer};
pub use ctx::{Ctx, CtxField, POISONED};
pub use desc::{DescId, DescKind, TypeDesc};
pub use effects::Effects;
pub use format_spec::{Align, FormatSpec, Grouping, Presentation, Sign};
pub use frame::{
    FRAME_CHILD, FRAME_LOC, FRAME_PARENT, FRAME_RESULTS, FRAME_RESUME, FRAME_STATE, Frame,
    FrameStatus,
};
pub use image::{CodeLoc, FnMap, Image, LocEntry, MoreCode, NO_LOC, TextRange};
pub use object::{ARRAY_DATA, ARRAY_LEN, BOX_PAYLOAD, BOX_VTABLE, CLOSURE_CAPTURES, CLOSURE_CODE};
pub use object::{
    HEADER_SIZE, Header, OBJECT_ALIGN, ObjPtr, Object, STR_DATA, STR_LEN, object_size,
};
pub use panics::{OperandKind, PanicCode};
pub use rt_fns::RtFn;
pub use scalar::{NumType, Scalar};
pub use table::Table;
pub use task::{ActorState, Connection, InfoItem, Received, SpawnSetting};

/// Goes up with every change of a layout in this crate; an image of another version is refused.
pub const ABI_VERSION: u32 = 4;
