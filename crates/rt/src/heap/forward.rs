//! What headers say for a while: where the copy of an object is, while a graph is copied. And what those of shared
//! strings say for good: that others hold them too.
//!
//! A descriptor's number is below 2^31, so bit 31 tells a forwarded header from others; the other is among the flags.
//! The first must never be seen outside a running copy.

use sepal_abi::Header;

const FORWARDED: u64 = 1 << 31;
const LOW: u64 = FORWARDED - 1;

/// The header of an object whose copy is at an address.
#[inline(always)]
pub(crate) const fn forward_header(copy: usize) -> Header {
    // An object's address is a multiple of 8 below 2^47.
    let units = copy as u64 >> 3;
    Header(units & LOW | FORWARDED | (units & !LOW) << 1)
}

/// Where the copy of an object with this header is, if it has been copied.
#[inline(always)]
pub(crate) const fn forwarded(header: Header) -> Option<usize> {
    if header.0 & FORWARDED == 0 {
        return None;
    }
    let units = header.0 & LOW | (header.0 >> 32) << 31;
    Some((units << 3) as usize)
}

const SHARED: u64 = 1 << 34;
const _: () = assert!(SHARED != Header::STATIC);

/// The header of a large string or byte string that several heaps and messages may hold.
pub(crate) const fn shared(header: Header) -> Header {
    Header(header.0 | SHARED)
}

/// The header of an object of one heap or message.
pub(crate) const fn unshared(header: Header) -> Header {
    Header(header.0 & !SHARED)
}

pub(crate) const fn is_shared(header: Header) -> bool {
    header.0 & SHARED != 0
}

/// Whether the object is never copied: a static or shared one.
#[inline(always)]
pub(crate) const fn stays(header: Header) -> bool {
    header.0 & (Header::STATIC | SHARED) != 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use sepal_abi::DescId;

    #[test]
    fn addresses_come_back() {
        for address in [8, 1 << 33, 1 << 34, 0x7fff_ffff_fff8, 0x5555_5555_5558] {
            assert_eq!(forwarded(forward_header(address)), Some(address));
        }
        let header = Header::with_variant(DescId(u32::MAX >> 1), Header::MAX_VARIANT).immortal();
        assert_eq!(forwarded(header), None);
    }
}
