//! Better code for a running program: one thread that makes what quick code asks for and puts it in the slots.
//!
//! The thread begins with the first question and ends with the program; nobody waits for it. Must never change code
//! that runs, nor free any while the program lives: quick code stays where it is, and what it has read stays true.

use crate::Error;
use crate::compile::{Compiled, Worker, compile_functions, thread_count};
use crate::decls::Decls;
use crate::isa::{Options, Target, isa};
use crate::slots::{Slot, Slots, Tiering};
use cranelift_jit::JITModule;
use cranelift_module::FuncId as ClFunc;
use rustc_hash::FxHashMap;
use sepal_abi::{CodeLoc, FnMap, Image, LocEntry, MoreCode, NO_LOC, Table, TextRange};
use sepal_mir::tier::Better;
use sepal_mir::{self as mir, FileIdx, FuncId, Function, LocId};
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};

/// The tiers of one program.
pub(crate) struct Tiers {
    shared: Arc<Shared>,
}

/// What the program and the thread share.
struct Shared {
    slots: Slots,
    more: AtomicPtr<MoreCode>,
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Default)]
struct Queue {
    /// The slots that have asked.
    asked: Vec<u32>,
    /// What the thread will need, until it begins.
    work: Option<Box<Work>>,
    /// There will be no more better code.
    has_ended: bool,
}

impl Tiers {
    pub fn new(mir: &mir::Module, tiering: Tiering, asker: ClFunc) -> Tiers {
        let shared = Arc::new_cyclic(|shared: &Weak<Shared>| Shared {
            slots: Slots::new(mir, tiering, (ask, shared.as_ptr().cast()), asker),
            more: AtomicPtr::default(),
            queue: Mutex::default(),
            changed: Condvar::new(),
        });
        Tiers { shared }
    }

    pub fn slots(&self) -> &Slots {
        &self.shared.slots
    }

    /// Where the runtime finds the tables of better code.
    pub fn more(&self) -> &AtomicPtr<MoreCode> {
        &self.shared.more
    }

    /// From now on questions are answered.
    pub fn begin(
        &self,
        module: JITModule,
        mir: mir::Module,
        decls: Decls,
        image: *const Image,
        options: Options,
    ) {
        let work = Work { module, quick: mir, decls, image, options, pieces: Vec::new() };
        self.shared.lock().work = Some(Box::new(work));
    }

    /// Frees everything, now or when the thread is done with what it is doing.
    ///
    /// # Safety
    /// None of the program's code runs, now or later.
    pub unsafe fn end(&self) {
        let mut queue = self.shared.lock();
        queue.has_ended = true;
        let work = queue.work.take();
        drop(queue);
        self.shared.changed.notify_all();
        if let Some(work) = work {
            // SAFETY: the caller says so.
            unsafe { work.module.free_memory() };
        }
    }
}

/// Quick code has passed a place too often.
///
/// # Safety
/// `shared` is the program's `Shared`, which is alive; `slot` is one of its slots.
unsafe extern "C" fn ask(shared: *const u8, slot: *const Slot) -> *const u8 {
    let shared: *const Shared = shared.cast();
    // SAFETY: the caller says so.
    let (this, slot) = unsafe { (&*shared, &*slot) };
    let Tiering { threshold, waits, .. } = this.slots.tiering;
    if !slot.code().is_null() {
        return slot.code();
    }
    if slot.ask(threshold) {
        let mut queue = this.lock();
        queue.asked.push(this.slots.number_of(slot));
        if let Some(work) = queue.work.take() {
            // SAFETY: it came from an `Arc` that is alive.
            let thread = unsafe {
                Arc::increment_strong_count(shared);
                Arc::from_raw(shared)
            };
            let started = std::thread::Builder::new().name("tiers".to_owned()).spawn(|| {
                run(thread, work);
            });
            queue.has_ended |= started.is_err();
        }
        drop(queue);
        this.changed.notify_all();
    }
    if waits {
        let mut queue = this.lock();
        while slot.code().is_null() && !queue.has_ended {
            queue = this.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }
    slot.code()
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next slots to be filled; `None` at the end of the program.
    fn next(&self) -> Option<Vec<u32>> {
        let mut queue = self.lock();
        loop {
            if queue.has_ended {
                return None;
            }
            if !queue.asked.is_empty() {
                return Some(std::mem::take(&mut queue.asked));
            }
            queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// The thread.
fn run(shared: Arc<Shared>, mut work: Box<Work>) {
    if let Err(_beyond_limits) = work.serve(&shared) {
        // Quick code does the same: nothing is lost but time.
        shared.lock().has_ended = true;
        shared.changed.notify_all();
        // The program may run still.
        std::mem::forget(work);
        return;
    }
    // SAFETY: the questions ended with the program.
    unsafe { work.module.free_memory() };
}

/// What the thread works with.
struct Work {
    module: JITModule,
    quick: mir::Module,
    decls: Decls,
    image: *const Image,
    options: Options,
    pieces: Vec<Box<Piece>>,
}

// SAFETY: the image is read-only and lives as long as the module.
unsafe impl Send for Work {}

/// The tables of code that came together.
struct Piece {
    tables: MoreCode,
    _functions: Vec<FnMap>,
    _code_locs: Vec<CodeLoc>,
    _locs: Vec<LocEntry>,
}

impl Work {
    /// Answers questions to the program's end.
    fn serve(&mut self, shared: &Shared) -> Result<(), Error> {
        let mut better = Better::new(&self.quick);
        let mut decls = self.decls.without_functions();
        let texts = self.texts();
        let mut known_locs = self.quick.locs.len();
        while let Some(asked) = shared.next() {
            let roots: Vec<FuncId> =
                asked.iter().map(|&number| self.root(&mut better, shared, number)).collect();
            // Whoever enters the function again enters the better one.
            let whole = asked.iter().map(|&number| shared.slots.place(number).0);
            let all: Vec<FuncId> = roots.iter().copied().chain(whole).collect();
            let finished = better.finish(&all);
            decls.declare_more(&mut self.module, &better.module, &finished.ids)?;
            let code = self.compile(&better.module, &decls, &finished.ids)?;
            let locs = entries(&better.module, known_locs, &texts);
            self.tell(shared, &decls, &finished.ids, &code, known_locs, locs);
            known_locs = better.module.locs.len();
            self.publish(shared, &decls, &finished.ids);
            for (&number, &root) in asked.iter().zip(&roots) {
                let code = self.module.get_finalized_function(decls.callee(root));
                shared.slots.slot(number).publish(code);
            }
            better.put_back(finished);
            // Whoever waits looks with the lock held.
            drop(shared.lock());
            shared.changed.notify_all();
        }
        Ok(())
    }

    /// The function that goes on at the place of a slot.
    fn root(&self, better: &mut Better, shared: &Shared, number: u32) -> FuncId {
        let (id, block) = shared.slots.place(number);
        if block == Function::ENTRY { id } else { better.entry(&self.quick, id, block) }
    }

    fn compile(
        &mut self,
        mir: &mir::Module,
        decls: &Decls,
        ids: &[FuncId],
    ) -> Result<Vec<Compiled>, Error> {
        let isa = isa(Target::Here, &self.options)?;
        let threads = thread_count(self.options.threads, ids.len());
        let code = compile_functions(ids, threads, &|| Worker::new(mir, decls, &*isa, None))?;
        for (&id, code) in ids.iter().zip(&code) {
            code.define(&mut self.module, decls.callee(id))?;
        }
        self.module.finalize_definitions()?;
        Ok(code)
    }

    /// Puts the tables of new code where the runtime finds them.
    fn tell(
        &mut self,
        shared: &Shared,
        decls: &Decls,
        ids: &[FuncId],
        code: &[Compiled],
        first_loc: usize,
        locs: Vec<LocEntry>,
    ) {
        let mut functions = Vec::with_capacity(code.len());
        let mut code_locs: Vec<CodeLoc> = Vec::new();
        for (&id, code) in ids.iter().zip(code) {
            functions.push(FnMap {
                start: self.module.get_finalized_function(decls.callee(id)),
                size: code.code.len() as u32,
                first: code_locs.len() as u32,
                count: code.code_locs.len() as u32,
                reserved: 0,
            });
            code_locs.extend(&code.code_locs);
        }
        let tables = MoreCode {
            before: shared.more.load(Ordering::Relaxed),
            first_loc: first_loc as u32,
            // SAFETY: the vectors stay unchanged in the piece, which lives as long as the program.
            locs: unsafe { Table::from_raw(locs.as_ptr(), locs.len()) },
            // SAFETY: as above.
            functions: unsafe { Table::from_raw(functions.as_ptr(), functions.len()) },
            // SAFETY: as above.
            code_locs: unsafe { Table::from_raw(code_locs.as_ptr(), code_locs.len()) },
        };
        let piece = Piece { tables, _functions: functions, _code_locs: code_locs, _locs: locs };
        self.pieces.push(Box::new(piece));
        let last = self.pieces.last().map_or(std::ptr::null(), |piece| &raw const piece.tables);
        shared.more.store(last.cast_mut(), Ordering::Release);
    }

    /// Lets entries of functions go over, and vtables and constant closures name the better code.
    fn publish(&self, shared: &Shared, decls: &Decls, ids: &[FuncId]) {
        if !shared.slots.tiering.at_entries {
            return;
        }
        let mut code = FxHashMap::default();
        for &id in ids.iter().filter(|id| (id.0 as usize) < self.quick.functions.len()) {
            let address = self.module.get_finalized_function(decls.callee(id));
            shared.slots.slot(shared.slots.number(id, Function::ENTRY)).publish(address);
            code.insert(id, address);
        }
        let (objects, _) = self.module.get_finalized_data(self.decls.constants.objects());
        for (id, offset) in self.decls.constants.code_words(&self.quick) {
            let Some(&address) = code.get(&id) else { continue };
            // SAFETY: the words lie in the data object, aligned; it is writable, and whoever reads a word finds one
            // or the other code.
            let word =
                unsafe { AtomicU64::from_ptr(objects.add(offset as usize).cast_mut().cast()) };
            word.store(address.addr() as u64, Ordering::Release);
        }
    }

    /// Where the image has the names of files and functions.
    fn texts(&self) -> Texts {
        // SAFETY: the image lives as long as the module.
        let image = unsafe { &*self.image };
        let locs = self.quick.locs.iter().zip(image.locs.as_slice());
        locs.map(|((_, loc), entry)| {
            ((loc.file, loc.function.as_str()), (entry.file, entry.function))
        })
        .collect()
    }
}

/// Texts of places, by file and function.
type Texts = FxHashMap<(FileIdx, &'static str), (TextRange, TextRange)>;

/// The places that inlining has added. They repeat others at other calls, whose names the image has.
fn entries(mir: &mir::Module, known: usize, texts: &Texts) -> Vec<LocEntry> {
    let added = mir.locs.iter().skip(known);
    let entry = |(_, loc): (LocId, &mir::Loc)| {
        let (file, function) = texts[&(loc.file, loc.function.as_str())];
        let parent = if loc.inlined_at.is_some() { loc.inlined_at.0 } else { NO_LOC };
        LocEntry { file, function, line: loc.line, col: loc.col, parent }
    };
    added.map(entry).collect()
}
