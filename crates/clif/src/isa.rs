//! The settings of the code generator, in one place.
//!
//! Must never differ between outputs in anything that changes what code computes.

use crate::Error;
use cranelift_codegen::isa::OwnedTargetIsa;
use cranelift_codegen::settings::{self, Configurable};

/// How to compile.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// Whether Cranelift optimises too, with which it takes 1.6 times as long: executables, not code in memory.
    pub optimize: bool,
    /// Whether registers are given out in one pass, in half the time: code that shall be there soon.
    pub single_pass: bool,
    /// Check Cranelift's IR before compiling it.
    pub verify: bool,
    /// How many threads compile; 0 for as many as there are cores, up to four.
    pub threads: usize,
    /// Write `/tmp/perf-PID.map`, so that `perf` names functions in memory.
    pub perf_map: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            optimize: true,
            single_pass: false,
            verify: cfg!(debug_assertions),
            threads: 0,
            perf_map: false,
        }
    }
}

/// Which processor the code is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Target {
    /// This machine, with all that it has; addresses are fixed when the code is placed.
    Here,
    /// Any x86-64-v2 processor (2009 and later: SSE4.2, POPCNT), position-independent. The floor that keeps
    /// rounding and bit counting single instructions; distributions have settled on it too.
    Portable,
}

/// What x86-64-v2 has beyond the base.
const V2: [&str; 5] = ["has_sse3", "has_ssse3", "has_sse41", "has_sse42", "has_popcnt"];

pub(crate) fn isa(target: Target, options: &Options) -> Result<OwnedTargetIsa, Error> {
    let mut flags = settings::builder();
    let flag = |on: bool| if on { "true" } else { "false" };
    let pairs = [
        ("opt_level", if options.optimize { "speed" } else { "none" }),
        ("regalloc_algorithm", if options.single_pass { "single_pass" } else { "backtracking" }),
        ("enable_verifier", flag(options.verify)),
        ("is_pic", flag(target == Target::Portable)),
        ("enable_pinned_reg", "true"),
        ("preserve_frame_pointers", "true"),
        ("unwind_info", flag(target == Target::Portable)),
        // More results than registers go through memory.
        ("enable_multi_ret_implicit_sret", "true"),
        // A frame larger than the guard page is probed, so that it cannot jump over it.
        ("enable_probestack", "true"),
        ("probestack_strategy", "inline"),
        ("use_colocated_libcalls", "false"),
        // A cache line holds few functions; calls land at its fetch blocks.
        ("log2_min_function_alignment", "4"),
    ];
    for (name, value) in pairs {
        flags.set(name, value).expect("the setting exists in this version");
    }
    let mut isa = match target {
        Target::Here => cranelift_native::builder().map_err(Error::Host)?,
        Target::Portable => cranelift_native::builder_with_options(false).map_err(Error::Host)?,
    };
    if target == Target::Portable {
        for name in V2 {
            isa.enable(name).expect("the setting exists in this version");
        }
    }
    isa.finish(settings::Flags::new(flags))
        .map_err(|reason| Error::Function { name: "settings".to_owned(), reason })
}
