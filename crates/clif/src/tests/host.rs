//! A runtime for tests: just enough to run compiled code and to see what it asks for.

use sepal_abi::{Ctx, Image, NO_LOC, Object, PanicCode, RtFn, STR_DATA};
use sepal_machine::r#gen::{EntryStatus, abandon_actor, enter_actor};
use sepal_machine::memory::Stack;
use std::fmt::Write;
use std::sync::atomic::AtomicUsize;

/// The context and what the test's functions keep beside it.
#[repr(C)]
pub struct Host {
    ctx: Ctx,
    raised: Option<(PanicCode, u64, u64)>,
    image: *const Image,
    chunks: Vec<Vec<u64>>,
    chunk_words: usize,
    /// What happened, a line each.
    pub log: String,
    pub globals: Vec<u64>,
    pub polls: u32,
    pub poll_raises: bool,
    stack: Stack,
}

impl Host {
    /// A context for the program, with chunks of so many words to allocate from.
    pub fn new(image: &Image, chunk_words: usize) -> Box<Host> {
        let stack = Stack::new(1 << 20).expect("a stack");
        let mut host = Box::new(Host {
            ctx: Ctx {
                limit: AtomicUsize::new(stack.low() + 4096),
                ..Ctx::new(std::ptr::null_mut())
            },
            raised: None,
            image,
            chunks: Vec::new(),
            chunk_words,
            log: String::new(),
            globals: vec![0; image.global_words],
            polls: 0,
            poll_raises: false,
            stack,
        });
        host.ctx.globals = host.globals.as_mut_ptr();
        host
    }

    /// Makes every poll take its slow path, and none yield.
    pub fn poison(&mut self) {
        *self.ctx.limit.get_mut() = sepal_abi::POISONED - 1;
    }

    /// From now on stores of references are told of.
    pub fn begin_marking(&mut self) {
        self.ctx.marking = 1;
    }

    /// Runs the program; `None` after a panic.
    pub fn run(&mut self) -> Option<i64> {
        // SAFETY: the image outlives the host in every test; its entry takes no parameters; the stack
        // is the host's own, and nothing else touches the context meanwhile.
        let result = unsafe {
            let code = (*self.image).entry;
            let ctx = &raw mut self.ctx;
            enter_actor(&raw mut (*ctx).entry_sp, ctx.cast(), code, 0, self.stack.top())
        };
        (result.status == EntryStatus::Returned).then_some(result.value as i64)
    }

    fn allocate(&mut self, header: u64, bytes: usize) -> *mut u64 {
        let words = bytes.div_ceil(8);
        let mut chunk = vec![0u64; words.max(self.chunk_words) + 1];
        let start = chunk.as_mut_ptr();
        self.ctx.alloc_ptr = start as usize + 8 * words;
        self.ctx.alloc_end = start as usize + 8 * words.max(self.chunk_words);
        self.chunks.push(chunk);
        // SAFETY: the chunk has that word.
        unsafe { *start = header };
        let _ = writeln!(self.log, "alloc {bytes}");
        start
    }

    /// The places of the frames, from the innermost.
    fn trace(&self, loc: u64, mut fp: *const usize) -> String {
        // SAFETY: the image outlives the host; frames of compiled code are linked up to the entry's.
        unsafe {
            let image = &*self.image;
            let mut trace = String::new();
            if loc != u64::from(NO_LOC) {
                trace.push_str(&format!("!{loc} "));
            }
            while (*fp) != 0 {
                let back = *fp.add(1);
                let Some((f, entries)) = image.function_at(back - 1) else { break };
                let offset = (back - f.start as usize) as u32;
                match entries.binary_search_by_key(&offset, |entry| entry.offset) {
                    Ok(n) => write!(trace, "!{} ", entries[n].loc).expect("a string"),
                    Err(_) => trace.push_str("!? "),
                }
                fp = *fp as *const usize;
            }
            trace.trim_end().to_owned()
        }
    }
}

unsafe fn host(ctx: *mut Ctx) -> &'static mut Host {
    // SAFETY: every context of these tests is the first field of a host, which nothing else refers to
    // while compiled code runs.
    unsafe { &mut *ctx.cast() }
}

unsafe extern "C" fn alloc(ctx: *mut Ctx, header: u64, size: u64) -> *mut u64 {
    // SAFETY: called by compiled code.
    unsafe { host(ctx) }.allocate(header, size as usize)
}

unsafe extern "C" fn array_new(ctx: *mut Ctx, header: u64, len: u64) -> *mut u64 {
    // SAFETY: called by compiled code.
    let host = unsafe { host(ctx) };
    if len > 1 << 20 {
        host.raised = Some((PanicCode::HeapLimit, 0, 0));
        host.ctx.panic = PanicCode::HeapLimit as u32;
        return std::ptr::null_mut();
    }
    let array = host.allocate(header, 16 + 8 * len as usize);
    // SAFETY: the object has a second word.
    unsafe { *array.add(1) = len };
    array
}

unsafe extern "C" fn poll(ctx: *mut Ctx) {
    // SAFETY: called by compiled code.
    let host = unsafe { host(ctx) };
    host.polls += 1;
    if host.poll_raises {
        host.raised = Some((PanicCode::StackOverflow, 0, 0));
        host.ctx.panic = PanicCode::StackOverflow as u32;
    }
}

unsafe extern "C" fn gc_log(ctx: *mut Ctx, place: *const u64) {
    // SAFETY: called by compiled code with a place in an object.
    let (host, word) = unsafe { (host(ctx), place.read()) };
    let kind = if word == 0 { "null" } else { "object" };
    let _ = writeln!(host.log, "overwrites {kind}");
}

unsafe extern "C" fn raise(ctx: *mut Ctx, code: u64, a: u64, b: u64) {
    // SAFETY: called by compiled code.
    let host = unsafe { host(ctx) };
    host.raised = PanicCode::from_number(code).map(|code| (code, a, b));
    host.ctx.panic = code as u32;
}

unsafe extern "C" fn panic_at(ctx: *mut Ctx, loc: u64, fp: *const usize) -> ! {
    // SAFETY: called by compiled code, which the host entered; this frame owns nothing when it is left.
    unsafe {
        end(host(ctx), loc, fp);
        abandon_actor(&raw mut (*ctx).entry_sp)
    }
}

fn end(host: &mut Host, loc: u64, fp: *const usize) {
    let (code, a, b) = host.raised.take().expect("something was raised");
    host.ctx.panic = 0;
    let operands: Vec<String> = [a, b]
        .iter()
        .zip(code.operands())
        .map(|(&word, kind)| match kind {
            sepal_abi::OperandKind::Int | sepal_abi::OperandKind::Type => {
                format!(" {}", word as i64)
            }
            sepal_abi::OperandKind::Uint => format!(" {word}"),
            sepal_abi::OperandKind::Float => format!(" {:?}", f64::from_bits(word)),
            // SAFETY: the operand is a string of the program.
            sepal_abi::OperandKind::Str => format!(" {:?}", unsafe { text(word as *const Object) }),
        })
        .collect();
    let trace = host.trace(loc, fp);
    let _ = writeln!(host.log, "panic {}{} at {trace}", code.name(), operands.concat());
}

unsafe fn text<'a>(object: *const Object) -> &'a str {
    // SAFETY: the caller passes a string.
    unsafe {
        let data = object.cast::<u8>().add(STR_DATA as usize);
        std::str::from_utf8(std::slice::from_raw_parts(data, (*object).len as usize))
            .expect("UTF-8")
    }
}

unsafe extern "C" fn print(ctx: *mut Ctx, a: *const Object) {
    // SAFETY: called by compiled code with a string.
    unsafe {
        let text = text(a);
        let _ = writeln!(host(ctx).log, "print {text}");
    }
}

/// Narrow arguments are seen as whole registers, to find out whether they were extended.
unsafe extern "C" fn is_upper(_: *mut Ctx, c: u64) -> bool {
    c == u64::from(b'A')
}

#[repr(C)]
struct CharAt(u32, u64);

unsafe extern "C" fn char_at(_: *mut Ctx, a: *const Object, at: u64) -> CharAt {
    // SAFETY: called by compiled code with a string.
    CharAt(u32::from(unsafe { text(a) }.as_bytes()[at as usize]), at + 1)
}

#[repr(C)]
struct IntParse(i64, bool);

unsafe extern "C" fn int_parse(_: *mut Ctx, a: *const Object, _: u64) -> IntParse {
    // SAFETY: called by compiled code with a string.
    let parsed = unsafe { text(a) }.parse();
    IntParse(parsed.clone().unwrap_or(0), parsed.is_ok())
}

#[repr(C)]
struct FloatParse(f64, bool);

unsafe extern "C" fn float_parse(_: *mut Ctx, a: *const Object) -> FloatParse {
    // SAFETY: called by compiled code with a string.
    let parsed = unsafe { text(a) }.parse();
    FloatParse(parsed.clone().unwrap_or(0.0), parsed.is_ok())
}

unsafe extern "C" fn float_pow(_: *mut Ctx, a: f64, b: f64) -> f64 {
    a.powf(b)
}

unsafe extern "C" fn missing(_: *mut Ctx) -> ! {
    panic!("the tests' runtime does not have this function")
}

/// The address table of these functions.
pub fn address(f: RtFn) -> *const u8 {
    match f {
        RtFn::rt_object_alloc => alloc as *const u8,
        RtFn::rt_array_alloc => array_new as *const u8,
        RtFn::rt_poll => poll as *const u8,
        RtFn::rt_gc_log => gc_log as *const u8,
        RtFn::rt_raise => raise as *const u8,
        RtFn::rt_panic_at => panic_at as *const u8,
        RtFn::rt_print => print as *const u8,
        RtFn::rt_char_is_upper => is_upper as *const u8,
        RtFn::rt_str_char_at => char_at as *const u8,
        RtFn::rt_int_parse => int_parse as *const u8,
        RtFn::rt_float_parse => float_parse as *const u8,
        RtFn::rt_float_pow => float_pow as *const u8,
        _ => missing as *const u8,
    }
}
