//! A struct of claims straight to strict JSON: what is written needs no second look.
//!
//! Names are compared as they are written, and strings, integers and booleans have one form. Other values are written
//! by `serde_json` and scanned alone. Whatever is no struct is left to the caller: [`NotWritten`].

use std::fmt::Display;

use serde::{
    Serialize,
    ser::{self, Impossible, SerializeStruct, Serializer},
};
use smallvec::SmallVec;

use super::{
    Limits, check,
    scan::{Seen, plain_bytes},
    value::Str,
};

/// Room for most claims sets; larger ones are left to the caller.
pub(crate) const WRITTEN_BYTES_MAX: usize = 1024;

/// Not written here: too large, no struct, or something wrong with it. The general way tells which.
#[derive(Debug)]
pub(crate) struct NotWritten;

/// JSON on the stack.
pub(crate) struct Written {
    bytes: [u8; WRITTEN_BYTES_MAX],
    length: usize,
}

impl Written {
    pub(crate) const fn new() -> Self {
        Self { bytes: [0; WRITTEN_BYTES_MAX], length: 0 }
    }

    /// Writes a struct as one strict JSON object.
    pub(crate) fn write<C: Serialize>(&mut self, claims: &C) -> Result<&[u8], NotWritten> {
        claims.serialize(Outermost(self))?;
        self.bytes.get(..self.length).ok_or(NotWritten)
    }

    #[inline]
    fn push(&mut self, byte: u8) -> Result<(), NotWritten> {
        *self.bytes.get_mut(self.length).ok_or(NotWritten)? = byte;
        self.length = self.length.wrapping_add(1); // it was an index of the array
        Ok(())
    }

    #[inline]
    fn push_all(&mut self, bytes: &[u8]) -> Result<(), NotWritten> {
        let end = self.length.saturating_add(bytes.len());
        self.bytes.get_mut(self.length..end).ok_or(NotWritten)?.copy_from_slice(bytes);
        self.length = end;
        Ok(())
    }

    #[inline]
    fn number(&mut self, mut number: u64) -> Result<(), NotWritten> {
        let mut digits = [0; 20];
        let mut first = digits.len();
        for (at, digit) in digits.iter_mut().enumerate().rev() {
            *digit = b'0' | (number % 10) as u8;
            (number, first) = (number / 10, at);
            if number == 0 {
                break;
            }
        }
        self.push_all(digits.get(first..).unwrap_or_default())
    }

    #[inline]
    fn string(&mut self, text: &str) -> Result<(), NotWritten> {
        if plain_bytes(text.as_bytes()) != text.len() {
            return self.by_serde_json(&text);
        }
        self.push(b'"')?;
        self.push_all(text.as_bytes())?;
        self.push(b'"')
    }

    /// A value of any kind; only what is nested can break the rules of strict JSON, and is scanned.
    fn by_serde_json<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotWritten> {
        let begin = self.length;
        let mut rest = self.bytes.get_mut(begin..).ok_or(NotWritten)?;
        let room = rest.len();
        serde_json::to_writer(&mut rest, value).map_err(|_| NotWritten)?;
        let end = begin.saturating_add(room.saturating_sub(rest.len()));
        let written = self.bytes.get(begin..end).ok_or(NotWritten)?;
        // The claims set around it is one level.
        let limits = Limits { depth_max: Limits::CLAIMS.depth_max.saturating_sub(1), ..Limits::CLAIMS };
        check(written, limits).map_err(|_| NotWritten)?;
        self.length = end;
        Ok(())
    }
}

impl ser::Error for NotWritten {
    fn custom<T: Display>(_: T) -> Self {
        Self
    }
}

impl Display for NotWritten {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("not written")
    }
}

impl std::error::Error for NotWritten {}

/// Writes members of the claims set.
pub(crate) struct Members<'w> {
    out: &'w mut Written,
    seen: Seen,
    names: SmallVec<[&'static str; 32]>,
}

impl SerializeStruct for Members<'_> {
    type Ok = ();
    type Error = NotWritten;

    #[inline]
    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), NotWritten> {
        let plain = |raw| Str { raw, escaped: false };
        // Beyond what is compared, the general way sorts.
        if self.names.len() == self.names.inline_size() {
            return Err(NotWritten);
        }
        self.seen.check(plain(name), self.names.iter().copied().map(plain)).map_err(|_| NotWritten)?;
        self.out.push(if self.names.is_empty() { b'{' } else { b',' })?;
        self.names.push(name);
        self.out.string(name)?;
        self.out.push(b':')?;
        let begin = self.out.length;
        if value.serialize(Scalar(self.out)).is_ok() {
            return Ok(());
        }
        self.out.length = begin;
        self.out.by_serde_json(value)
    }

    fn end(self) -> Result<(), NotWritten> {
        if self.names.is_empty() { Err(NotWritten) } else { self.out.push(b'}') }
    }
}

/// The claims set itself: a struct, or a thin coat around one.
struct Outermost<'w>(&'w mut Written);
/// The value of a member, where it is a string, a number without a fraction, or `true`, `false`, `null`.
struct Scalar<'w>(&'w mut Written);

macro_rules! not_here {
    ($($method:ident($($argument:ty),*) -> $out:ty;)*) => {$(
        fn $method(self, $(_: $argument),*) -> Result<$out, NotWritten> { Err(NotWritten) }
    )*};
}

impl<'w> Serializer for Outermost<'w> {
    type Ok = ();
    type Error = NotWritten;
    type SerializeSeq = Impossible<(), NotWritten>;
    type SerializeTuple = Impossible<(), NotWritten>;
    type SerializeTupleStruct = Impossible<(), NotWritten>;
    type SerializeTupleVariant = Impossible<(), NotWritten>;
    type SerializeMap = Impossible<(), NotWritten>;
    type SerializeStruct = Members<'w>;
    type SerializeStructVariant = Impossible<(), NotWritten>;

    #[inline]
    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Members<'w>, NotWritten> {
        // The types of serde_json with a name of their own (numbers, raw values) are no plain structs.
        if name.starts_with('$') {
            return Err(NotWritten);
        }
        Ok(Members { out: self.0, seen: Seen::default(), names: SmallVec::new() })
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), NotWritten> {
        value.serialize(self)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), NotWritten> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), NotWritten> {
        Err(NotWritten)
    }

    not_here! {
        serialize_bool(bool) -> ();
        serialize_i8(i8) -> ();
        serialize_i16(i16) -> ();
        serialize_i32(i32) -> ();
        serialize_i64(i64) -> ();
        serialize_u8(u8) -> ();
        serialize_u16(u16) -> ();
        serialize_u32(u32) -> ();
        serialize_u64(u64) -> ();
        serialize_f32(f32) -> ();
        serialize_f64(f64) -> ();
        serialize_char(char) -> ();
        serialize_str(&str) -> ();
        serialize_bytes(&[u8]) -> ();
        serialize_none() -> ();
        serialize_unit() -> ();
        serialize_unit_struct(&'static str) -> ();
        serialize_unit_variant(&'static str, u32, &'static str) -> ();
        serialize_seq(Option<usize>) -> Self::SerializeSeq;
        serialize_tuple(usize) -> Self::SerializeTuple;
        serialize_tuple_struct(&'static str, usize) -> Self::SerializeTupleStruct;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Self::SerializeTupleVariant;
        serialize_map(Option<usize>) -> Self::SerializeMap;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Self::SerializeStructVariant;
    }
}

impl Serializer for Scalar<'_> {
    type Ok = ();
    type Error = NotWritten;
    type SerializeSeq = Impossible<(), NotWritten>;
    type SerializeTuple = Impossible<(), NotWritten>;
    type SerializeTupleStruct = Impossible<(), NotWritten>;
    type SerializeTupleVariant = Impossible<(), NotWritten>;
    type SerializeMap = Impossible<(), NotWritten>;
    type SerializeStruct = Impossible<(), NotWritten>;
    type SerializeStructVariant = Impossible<(), NotWritten>;

    #[inline]
    fn serialize_str(self, text: &str) -> Result<(), NotWritten> {
        self.0.string(text)
    }

    #[inline]
    fn serialize_u64(self, number: u64) -> Result<(), NotWritten> {
        self.0.number(number)
    }

    fn serialize_u32(self, number: u32) -> Result<(), NotWritten> {
        self.0.number(number.into())
    }

    fn serialize_bool(self, value: bool) -> Result<(), NotWritten> {
        self.0.push_all(if value { b"true" } else { b"false" })
    }

    fn serialize_none(self) -> Result<(), NotWritten> {
        self.0.push_all(b"null")
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), NotWritten> {
        value.serialize(self)
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), NotWritten> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), NotWritten> {
        Err(NotWritten)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, name: &'static str) -> Result<(), NotWritten> {
        self.0.string(name)
    }

    not_here! {
        serialize_i8(i8) -> ();
        serialize_i16(i16) -> ();
        serialize_i32(i32) -> ();
        serialize_i64(i64) -> ();
        serialize_u8(u8) -> ();
        serialize_u16(u16) -> ();
        serialize_f32(f32) -> ();
        serialize_f64(f64) -> ();
        serialize_char(char) -> ();
        serialize_bytes(&[u8]) -> ();
        serialize_unit() -> ();
        serialize_unit_struct(&'static str) -> ();
        serialize_seq(Option<usize>) -> Self::SerializeSeq;
        serialize_tuple(usize) -> Self::SerializeTuple;
        serialize_tuple_struct(&'static str, usize) -> Self::SerializeTupleStruct;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Self::SerializeTupleVariant;
        serialize_map(Option<usize>) -> Self::SerializeMap;
        serialize_struct(&'static str, usize) -> Self::SerializeStruct;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Self::SerializeStructVariant;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[derive(Serialize)]
    enum Level {
        High,
    }

    #[derive(Serialize)]
    struct Inner {
        level: Level,
    }

    #[derive(Serialize)]
    struct Wrapped(u32);

    #[derive(Serialize)]
    struct All<'a> {
        text: &'a str,
        odd: &'a str,
        #[serde(rename = "na\"me")]
        renamed: u64,
        some: Option<u32>,
        none: Option<u32>,
        #[serde(skip_serializing_if = "Option::is_none")]
        skipped: Option<u32>,
        negative: i64,
        fraction: f64,
        truth: bool,
        level: Level,
        wrapped: Wrapped,
        inner: Inner,
        list: Vec<&'a str>,
        map: BTreeMap<&'a str, u8>,
        unit: (),
        letter: char,
        pair: (u8, &'a str),
    }

    #[test]
    fn it_writes_what_serde_json_writes() {
        for renamed in [0, 9, 10, 1_750_000_000, u64::MAX] {
            let all = All {
                text: "plain \u{e9}",
                odd: "\"\\\u{1}\n",
                renamed,
                some: Some(u32::MAX),
                none: None,
                skipped: None,
                negative: -5,
                fraction: 0.5,
                truth: false,
                level: Level::High,
                wrapped: Wrapped(7),
                inner: Inner { level: Level::High },
                list: vec!["a", "b\""],
                map: BTreeMap::from([("x", 1), ("y", 2)]),
                unit: (),
                letter: '"',
                pair: (1, "z"),
            };
            let mut written = Written::new();
            let ours = written.write(&all).unwrap();
            assert_eq!(String::from_utf8_lossy(ours), serde_json::to_string(&all).unwrap());
            check(ours, Limits::CLAIMS).unwrap();
        }
    }

    #[test]
    fn what_is_no_struct_or_too_large_is_left() {
        let write = |value: &dyn Fn(&mut Written) -> bool| value(&mut Written::new());
        assert!(write(&|out| out.write(&Inner { level: Level::High }).is_ok()));
        assert!(write(&|out| out.write(&Some(Inner { level: Level::High })).is_ok()));
        assert!(write(&|out| out.write(&serde_json::json!({ "a": 1 })).is_err()));
        assert!(write(&|out| out.write(&[1]).is_err()));
        assert!(write(&|out| out.write(&"text").is_err()));
        assert!(write(&|out| out.write(&BTreeMap::from([("a", 1)])).is_err()));
        #[derive(Serialize)]
        struct Long {
            text: String,
        }
        assert!(write(&|out| out.write(&Long { text: "x".repeat(1013) }).is_ok()));
        assert!(write(&|out| out.write(&Long { text: "x".repeat(1014) }).is_err()));
    }

    #[test]
    fn a_name_twice_is_left_and_so_is_one_within() {
        struct Twice;
        impl Serialize for Twice {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut members = serializer.serialize_struct("Twice", 2)?;
                members.serialize_field("a", &1)?;
                members.serialize_field("a", &2)?;
                members.end()
            }
        }
        #[derive(Serialize)]
        struct Outer {
            inner: Twice,
        }
        assert!(Written::new().write(&Twice).is_err());
        assert!(Written::new().write(&Outer { inner: Twice }).is_err());
    }
}
