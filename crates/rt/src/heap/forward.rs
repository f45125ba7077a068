//! What headers say for a while: where the copy of an object is, while a graph is copied.
//!
//! A descriptor's number is below 2^31, so bit 31 tells a forwarded header from others.
//! Must never be seen outside a running copy.

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
