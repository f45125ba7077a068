//! The descriptors of a program as the heaps of all its actors use them: one table, made once.
//!
//! Must never change after it is made: every thread reads it.

use sepal_abi::{
    ARRAY_DATA, DescId, DescKind, OBJECT_ALIGN, ObjPtr, TypeDesc, is_traced_pointer, object_size,
};

/// See the module's head.
#[derive(Debug)]
pub struct Descs {
    descs: Vec<TypeDesc>,
    /// The same, as tracing wants them.
    shapes: Vec<Shape>,
}

/// What tracing needs of a descriptor, compact: small objects are nearly all there is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// The bytes of a fixed object of at most 64 words; 0 for any other: see the descriptor.
    pub(crate) size: u32,
    /// No object has traced words.
    is_plain: bool,
    /// No message may hold such an object.
    pub(crate) is_local: bool,
    /// One bit for each traced word.
    pub(crate) words: u64,
}

impl Shape {
    fn of(desc: &TypeDesc) -> Shape {
        let is_plain = desc.traced.as_slice().is_empty();
        let is_local = desc.local != 0;
        let is_small = desc.kind == DescKind::Fixed && desc.size <= 64 * 8;
        if !is_small {
            return Shape { size: 0, is_plain, is_local, words: 0 };
        }
        let words =
            desc.traced.as_slice().iter().fold(0, |words, offset| words | 1 << (offset / 8));
        Shape { size: desc.size.next_multiple_of(OBJECT_ALIGN), is_plain, is_local, words }
    }
}

impl Descs {
    /// The table for a program with these descriptors of its own.
    pub fn new(own: &[TypeDesc]) -> Descs {
        let builtin = (0..DescId::FIRST_OWN.0).map(|id| {
            let unused = TypeDesc::new(DescKind::Fixed, 16, 0, &[], "unused");
            TypeDesc::builtin(DescId(id)).copied().unwrap_or(unused)
        });
        let descs: Vec<TypeDesc> = builtin.chain(own.iter().copied()).collect();
        Descs { shapes: descs.iter().map(Shape::of).collect(), descs }
    }

    /// The descriptor of an object.
    #[inline(always)]
    pub fn get(&self, id: DescId) -> &TypeDesc {
        &self.descs[id.0 as usize]
    }

    #[inline(always)]
    pub(crate) fn shape(&self, id: DescId) -> Shape {
        self.shapes[id.0 as usize]
    }

    /// Whether an object never refers to anything, whatever is in it.
    ///
    /// # Safety
    /// As [`size_of`](Descs::size_of).
    #[inline(always)]
    pub(crate) unsafe fn is_plain(&self, object: ObjPtr) -> bool {
        // SAFETY: the caller vouches for the object.
        self.shape(unsafe { (*object).header }.desc()).is_plain
    }

    /// The words of a small object that refers to nothing, or to what is static; `None` for any other.
    ///
    /// # Safety
    /// `object` must be an object with a descriptor of this table, which nobody changes while the result is used.
    #[inline]
    pub(crate) unsafe fn flat<'o>(&self, object: ObjPtr) -> Option<&'o [u64]> {
        // SAFETY: the caller vouches for the object.
        let shape = self.shape(unsafe { (*object).header }.desc());
        if shape.size == 0 {
            return None;
        }
        // SAFETY: as above.
        let all = unsafe { std::slice::from_raw_parts(object.cast(), shape.size as usize / 8) };
        let mut traced = shape.words;
        while traced != 0 {
            let word: u64 = all[traced.trailing_zeros() as usize];
            traced &= traced - 1;
            // SAFETY: a traced word that is a pointer leads to an object.
            if is_traced_pointer(word) && !unsafe { (*(word as ObjPtr)).header }.is_static() {
                return None;
            }
        }
        Some(all)
    }

    /// The bytes an object takes.
    ///
    /// # Safety
    /// `object` must be an object with a descriptor of this table.
    #[inline(always)]
    pub unsafe fn size_of(&self, object: ObjPtr) -> usize {
        // SAFETY: the caller vouches for the object.
        let header = unsafe { (*object).header };
        let shape = self.shape(header.desc());
        if shape.size != 0 {
            return shape.size as usize;
        }
        // SAFETY: as above.
        let len = unsafe { (*object).len };
        object_size(self.get(header.desc()), len).unwrap_or(usize::MAX)
    }

    /// Calls `visit` with the place of every traced word that points to an object, and gives the object's size.
    ///
    /// # Safety
    /// `object` must be an object with a descriptor of this table, to whose words nobody holds a reference.
    #[inline(always)]
    pub unsafe fn visit_pointers(&self, object: ObjPtr, mut visit: impl FnMut(&mut u64)) -> usize {
        // SAFETY: the caller vouches for the object.
        let header = unsafe { (*object).header };
        let shape = self.shape(header.desc());
        if shape.size == 0 {
            // SAFETY: as above.
            return unsafe { self.visit_other(object, visit) };
        }
        let mut words = shape.words;
        while words != 0 {
            let index = words.trailing_zeros() as usize;
            words &= words - 1;
            // SAFETY: the descriptor says where the traced words are.
            let word = unsafe { &mut *object.cast::<u64>().add(index) };
            if is_traced_pointer(*word) {
                visit(word);
            }
        }
        shape.size as usize
    }

    /// The same for arrays, data and very large fixed objects.
    #[inline(never)]
    unsafe fn visit_other(&self, object: ObjPtr, mut visit: impl FnMut(&mut u64)) -> usize {
        // SAFETY: the caller vouches for the object.
        let (header, len) = unsafe { ((*object).header, (*object).len) };
        let desc = self.get(header.desc());
        let traced = desc.traced.as_slice();
        let (first, step, count) = match desc.kind {
            DescKind::Fixed => (0, 0, 1),
            DescKind::Bytes => (0, 0, 0),
            DescKind::Array if traced.is_empty() => (0, 0, 0),
            DescKind::Array => (ARRAY_DATA as usize, desc.stride as usize, len as usize),
        };
        for index in 0..count {
            for &offset in traced {
                let place = first + index * step + offset as usize;
                // SAFETY: the descriptor says where the traced words are; the index is below the length.
                let word = unsafe { &mut *object.byte_add(place).cast::<u64>() };
                if is_traced_pointer(*word) {
                    visit(word);
                }
            }
        }
        object_size(desc, len).unwrap_or(usize::MAX)
    }
}
