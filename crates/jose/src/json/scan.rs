//! One pass over the text: checks everything and keeps the outermost members. It allocates nothing for objects of up to
//! 16 members without escapes.
//!
//! Positions move by `wrapping_add`: each step is over bytes that were seen, so `at` stays within the text, and a text
//! is shorter than `usize::MAX`. Bytes and text are read by `get`, so that a mistake here would be an error, no panic.

use smallvec::SmallVec;

use super::{
    JsonError, Limits,
    value::{Elements, Kind, Member, Members, Str, Value, unescape},
};

/// Up to here each name is compared with those before it; larger objects are sorted.
const COMPARED_MAX: usize = 32;

pub(super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
    limits: Limits,
    /// Names of the nested objects that are open, innermost last.
    names: SmallVec<[Str<'a>; COMPARED_MAX]>,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(bytes: &'a [u8], limits: Limits) -> Result<Self, JsonError> {
        if bytes.len() > limits.bytes_max {
            return Err(JsonError::TooLarge { limit: limits.bytes_max });
        }
        let text = str::from_utf8(bytes).map_err(|_| JsonError::Utf8)?;
        Ok(Self { text, at: 0, limits, names: SmallVec::new() })
    }

    pub(super) const fn text(&self) -> &'a str {
        self.text
    }

    /// One value and nothing after it.
    pub(super) fn document(&mut self) -> Result<Value<'a>, JsonError> {
        self.skip_space();
        let value = self.value(0)?;
        self.end()?;
        Ok(value)
    }

    /// One object and nothing after it.
    pub(super) fn object_document(&mut self, members: &mut Members<'a>) -> Result<(), JsonError> {
        self.skip_space();
        if self.peek() != Some(b'{') {
            // A text that is no JSON at all is reported as that.
            self.document()?;
            return Err(JsonError::NotAnObject);
        }
        self.outermost(members)?;
        self.end()
    }

    /// As `object`, keeping the members: their names are compared where they are kept.
    fn outermost(&mut self, members: &mut Members<'a>) -> Result<(), JsonError> {
        self.open(b'{', 1)?;
        let mut seen = Seen::default();
        if self.take(b'}') {
            return Ok(());
        }
        loop {
            if members.len() == self.limits.members_max {
                return Err(JsonError::TooManyMembers { limit: self.limits.members_max });
            }
            let name = self.name()?;
            seen.check(name, members.iter().map(|member| member.name))?;
            let value = self.value(1)?;
            members.push(Member { name, value });
            self.skip_space();
            if self.take(b',') {
                self.skip_space();
                continue;
            }
            self.expect(b'}')?;
            return check_sorted(members.iter().map(|member| member.name));
        }
    }

    /// The elements of an array, and nothing after it.
    pub(super) fn array_document(&mut self) -> Result<Elements<'a>, JsonError> {
        self.skip_space();
        let mut elements = Elements::new();
        self.array(1, Some(&mut elements))?;
        self.end()?;
        Ok(elements)
    }

    fn end(&mut self) -> Result<(), JsonError> {
        self.skip_space();
        if self.at == self.text.len() { Ok(()) } else { Err(self.syntax()) }
    }

    #[inline]
    fn value(&mut self, depth: usize) -> Result<Value<'a>, JsonError> {
        let start = self.at;
        if self.peek() != Some(b'"') {
            return self.other_value(depth);
        }
        let string = self.string()?;
        let raw = self.text.get(start..self.at).ok_or_else(|| self.syntax())?;
        Ok(Value::new(Kind::String { escaped: string.escaped }, raw))
    }

    fn other_value(&mut self, depth: usize) -> Result<Value<'a>, JsonError> {
        let start = self.at;
        let kind = match self.peek() {
            Some(b'{') => self.object(depth.saturating_add(1)).map(|()| Kind::Object),
            Some(b'[') => self.array(depth.saturating_add(1), None).map(|()| Kind::Array),
            Some(b'-' | b'0'..=b'9') => self.number().map(|()| Kind::Number),
            Some(b't') => self.literal("true").map(|()| Kind::Other),
            Some(b'f') => self.literal("false").map(|()| Kind::Other),
            Some(b'n') => self.literal("null").map(|()| Kind::Null),
            _ => Err(self.syntax()),
        }?;
        let raw = self.text.get(start..self.at).ok_or_else(|| self.syntax())?;
        Ok(Value::new(kind, raw))
    }

    /// A name, its colon, and the space around it.
    #[inline]
    fn name(&mut self) -> Result<Str<'a>, JsonError> {
        let name = self.string()?;
        self.skip_space();
        self.expect(b':')?;
        self.skip_space();
        Ok(name)
    }

    fn object(&mut self, depth: usize) -> Result<(), JsonError> {
        self.open(b'{', depth)?;
        let first = self.names.len();
        let mut seen = Seen::default();
        if !self.take(b'}') {
            loop {
                if self.names.len().saturating_sub(first) == self.limits.members_max {
                    return Err(JsonError::TooManyMembers { limit: self.limits.members_max });
                }
                let name = self.name()?;
                seen.check(name, self.names.iter().skip(first).copied())?;
                self.names.push(name);
                self.value(depth)?;
                self.skip_space();
                if self.take(b'}') {
                    break;
                }
                self.expect(b',')?;
                self.skip_space();
            }
        }
        check_sorted(self.names.iter().skip(first).copied())?;
        self.names.truncate(first);
        Ok(())
    }

    fn array(&mut self, depth: usize, mut elements: Option<&mut Elements<'a>>) -> Result<(), JsonError> {
        self.open(b'[', depth)?;
        if self.take(b']') {
            return Ok(());
        }
        loop {
            let value = self.value(depth)?;
            if let Some(elements) = elements.as_deref_mut() {
                elements.push(value);
            }
            self.skip_space();
            if self.take(b']') {
                return Ok(());
            }
            self.expect(b',')?;
            self.skip_space();
        }
    }

    /// Steps into an array or object; the depth bounds the recursion.
    fn open(&mut self, bracket: u8, depth: usize) -> Result<(), JsonError> {
        self.expect(bracket)?;
        self.skip_space();
        if depth > self.limits.depth_max { Err(JsonError::TooDeep { limit: self.limits.depth_max }) } else { Ok(()) }
    }

    #[inline]
    fn string(&mut self) -> Result<Str<'a>, JsonError> {
        let Some((b'"', content)) = self.rest().split_first() else { return Err(self.syntax()) };
        let start = self.at.wrapping_add(1);
        let plain = plain_bytes(content);
        self.at = start.wrapping_add(plain);
        if content.get(plain) == Some(&b'"')
            && let Some(raw) = self.text.get(start..self.at)
        {
            self.step();
            return Ok(Str { raw, escaped: false });
        }
        self.string_with_escapes(start)
    }

    /// Goes on at the first byte that is not plain.
    #[cold]
    fn string_with_escapes(&mut self, start: usize) -> Result<Str<'a>, JsonError> {
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    // Whatever is escaped, a quote too; `unescape` judges it.
                    self.step();
                    self.step();
                }
                None | Some(0..=0x1f) => return Err(self.syntax()),
                Some(_) => self.step(),
            }
        }
        // `get`: an escape may have stepped into the middle of a character.
        let raw = self.text.get(start..self.at).ok_or_else(|| self.syntax())?;
        self.step();
        unescape(raw).map(|_| Str { raw, escaped: true }).ok_or(JsonError::Syntax { offset: start })
    }

    fn number(&mut self) -> Result<(), JsonError> {
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.step();
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.step();
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        let digits = self.rest().iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at = self.at.wrapping_add(digits);
        if digits > 0 { Ok(()) } else { Err(self.syntax()) }
    }

    fn literal(&mut self, literal: &str) -> Result<(), JsonError> {
        if self.rest().starts_with(literal.as_bytes()) {
            self.at = self.at.wrapping_add(literal.len());
            return Ok(());
        }
        Err(self.syntax())
    }

    #[inline]
    fn skip_space(&mut self) {
        if self.peek().is_some_and(|byte| byte <= b' ') {
            self.skip_spaces();
        }
    }

    #[cold]
    fn skip_spaces(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.step();
        }
    }

    #[inline]
    fn expect(&mut self, byte: u8) -> Result<(), JsonError> {
        if self.take(byte) { Ok(()) } else { Err(self.syntax()) }
    }

    #[inline]
    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at = self.at.wrapping_add(usize::from(found));
        found
    }

    #[inline]
    const fn step(&mut self) {
        self.at = self.at.wrapping_add(1);
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    #[inline]
    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    #[cold]
    fn syntax(&self) -> JsonError {
        JsonError::Syntax { offset: self.at.min(self.text.len()) }
    }
}

/// Which names an object had so far, as one bit each: a bit that is not set saves the comparisons.
#[derive(Default)]
pub(super) struct Seen(u64);

impl Seen {
    #[inline]
    pub(super) fn check<'a>(
        &mut self,
        name: Str<'_>,
        mut before: impl ExactSizeIterator<Item = Str<'a>>,
    ) -> Result<(), JsonError> {
        if before.len() >= COMPARED_MAX {
            return Ok(()); // sorted at the end
        }
        let bit = if name.escaped { u64::MAX } else { one_bit(name.raw) };
        if self.0 & bit != 0 && before.any(|other| other.is(name)) {
            return Err(JsonError::DuplicateMember);
        }
        self.0 |= bit;
        Ok(())
    }
}

/// The bit of a name: by its length and its outermost characters.
#[inline]
fn one_bit(name: &str) -> u64 {
    let byte = |byte: Option<&u8>| byte.map_or(0, |byte| usize::from(*byte));
    let bytes = name.as_bytes();
    let mixed = byte(bytes.first()).wrapping_mul(5).wrapping_add(byte(bytes.last())).wrapping_add(bytes.len());
    1_u64.wrapping_shl((mixed % 64) as u32)
}

/// Duplicates of an object that is too large to compare each name with each.
#[inline]
fn check_sorted<'a>(names: impl ExactSizeIterator<Item = Str<'a>>) -> Result<(), JsonError> {
    if names.len() <= COMPARED_MAX {
        return Ok(());
    }
    let mut names: Vec<_> = names.map(Str::to_cow).collect();
    names.sort_unstable();
    if names.array_windows().any(|[a, b]| a == b) { Err(JsonError::DuplicateMember) } else { Ok(()) }
}

/// Length of the text before the first quote, backslash or control character.
#[inline]
pub(super) fn plain_bytes(bytes: &[u8]) -> usize {
    const fn each(byte: u8) -> u64 {
        u64::from_ne_bytes([byte; 8])
    }
    let mut plain = 0_usize;
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        let word = u64::from_le_bytes(*word);
        // The highest bit of each byte that a subtraction takes below zero; of those the first is exact, since what
        // borrows from its neighbours comes later. Bytes beyond ASCII have that bit of their own, and are plain.
        let control = word.wrapping_sub(each(0x20));
        let quote = (word ^ each(b'"')).wrapping_sub(each(1));
        let backslash = (word ^ each(b'\\')).wrapping_sub(each(1));
        let special = (control | quote | backslash) & !word & each(0x80);
        if special != 0 {
            return plain.wrapping_add((special.trailing_zeros() / 8) as usize);
        }
        plain = plain.wrapping_add(8);
    }
    plain.wrapping_add(rest.iter().take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..=0x1f)).count())
}

#[cfg(test)]
mod tests {
    use super::plain_bytes;

    #[test]
    fn the_first_special_byte_is_found_at_every_place_among_all_bytes() {
        for length in 0..24 {
            for at in 0..length {
                for byte in 0..=255_u8 {
                    let mut bytes = vec![b'a'; length];
                    bytes[at] = byte;
                    let is_special = matches!(byte, b'"' | b'\\' | 0..=0x1f);
                    assert_eq!(plain_bytes(&bytes), if is_special { at } else { length }, "{byte} at {at}");
                    // Another special byte after it changes nothing.
                    if let Some(next) = bytes.get_mut(at + 1) {
                        *next = b'!';
                        assert_eq!(plain_bytes(&bytes), if is_special { at } else { length });
                        bytes[at + 1] = 0x1f;
                        assert_eq!(plain_bytes(&bytes), if is_special { at } else { at + 1 });
                    }
                }
            }
        }
    }
}
