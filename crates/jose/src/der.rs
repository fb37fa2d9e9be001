//! The little DER (X.690) that keys need: a strict reader and a writer, definite minimal lengths only.

use zeroize::Zeroizing;

pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const NULL: u8 = 0x05;
pub(crate) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(crate) const SEQUENCE: u8 = 0x30;
/// `[0]` and `[1]`, constructed.
pub(crate) const CONTEXT_0: u8 = 0xa0;
pub(crate) const CONTEXT_1: u8 = 0xa1;

/// Reads one element after another.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The content of the next element if it has `tag`.
    pub(crate) fn read(&mut self, tag: u8) -> Option<&'a [u8]> {
        let [found, first, rest @ ..] = self.rest else { return None };
        if *found != tag {
            return None;
        }
        let (length, rest) = match first {
            0..=0x7f => (usize::from(*first), rest),
            0x81 => {
                let (&[length], rest) = rest.split_first_chunk()?;
                (usize::from(length), rest)
            }
            0x82 => {
                let (&length, rest) = rest.split_first_chunk()?;
                (usize::from(u16::from_be_bytes(length)), rest)
            }
            _ => return None,
        };
        let minimal = match first {
            0x81 => length > 0x7f,
            0x82 => length > 0xff,
            _ => true,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.rest = rest;
        minimal.then_some(content)
    }

    /// A reader of the next element's content.
    pub(crate) fn enter(&mut self, tag: u8) -> Option<Self> {
        self.read(tag).map(Self::new)
    }

    /// The next element as a non-negative integer, without its sign byte.
    pub(crate) fn unsigned(&mut self) -> Option<&'a [u8]> {
        match self.read(INTEGER)? {
            [0] => Some(&[]),
            [0, rest @ ..] => rest.first().is_some_and(|first| *first >= 0x80).then_some(rest),
            [0x80..=0xff, ..] | [] => None,
            number => Some(number),
        }
    }

    /// The next element as a bit string of whole bytes.
    pub(crate) fn bits(&mut self) -> Option<&'a [u8]> {
        self.read(BIT_STRING)?.strip_prefix(&[0])
    }
}

/// One element: tag, length, the parts of its content one after another. `None` beyond 64 KiB, where no key is.
pub(crate) fn element(tag: u8, content: &[&[u8]]) -> Option<Zeroizing<Vec<u8>>> {
    let length = content.iter().try_fold(0_usize, |sum, part| sum.checked_add(part.len()))?;
    // Sized in advance: a vector that grows would leave copies of a private key behind.
    let mut der = Zeroizing::new(Vec::with_capacity(length.checked_add(4)?));
    der.push(tag);
    match u16::try_from(length).ok()?.to_be_bytes() {
        [0, low @ 0..=0x7f] => der.push(low),
        [0, low] => der.extend([0x81, low]),
        [high, low] => der.extend([0x82, high, low]),
    }
    content.iter().for_each(|part| der.extend_from_slice(part));
    Some(der)
}

/// A non-negative integer, given big-endian without leading zeros.
pub(crate) fn unsigned(number: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let needs_sign = number.first().is_none_or(|first| *first >= 0x80);
    element(INTEGER, &[if needs_sign { &[0] } else { &[] }, number])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_must_be_minimal_and_definite() {
        assert_eq!(Reader::new(&[4, 1, 7]).read(OCTET_STRING), Some(&[7][..]));
        assert_eq!(Reader::new(&[4, 0x81, 1, 7]).read(OCTET_STRING), None);
        assert_eq!(Reader::new(&[4, 0x80, 7, 0, 0]).read(OCTET_STRING), None);
        assert_eq!(Reader::new(&[4, 2, 7]).read(OCTET_STRING), None);
        assert_eq!(Reader::new(&[4]).read(OCTET_STRING), None);
    }

    #[test]
    fn integers_are_minimal_and_not_negative() {
        assert_eq!(Reader::new(&[2, 1, 0]).unsigned(), Some(&[][..]));
        assert_eq!(Reader::new(&[2, 2, 0, 0x80]).unsigned(), Some(&[0x80][..]));
        assert_eq!(Reader::new(&[2, 2, 0, 0x7f]).unsigned(), None);
        assert_eq!(Reader::new(&[2, 1, 0x80]).unsigned(), None);
        assert_eq!(Reader::new(&[2, 0]).unsigned(), None);
    }

    #[test]
    fn what_is_written_is_read_at_each_form_of_length() {
        for length in [0, 1, 0x7f, 0x80, 0xff, 0x100, 0xffff] {
            let content = vec![7; length];
            let der = element(OCTET_STRING, &[&content[..length / 2], &content[length / 2..]]).unwrap();
            let mut reader = Reader::new(&der);
            assert_eq!(reader.read(OCTET_STRING), Some(&content[..]));
            assert!(reader.is_empty());
        }
        assert!(element(OCTET_STRING, &[&[0; 0x1_0000]]).is_none());
        for number in [&[][..], &[1], &[0x80], &[0xff, 0]] {
            assert_eq!(Reader::new(&unsigned(number).unwrap()).unsigned(), Some(number));
        }
    }
}
