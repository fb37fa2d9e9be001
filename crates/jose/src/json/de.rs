//! A checked object to a type of the caller's, without a second scan of names and strings.
//!
//! Strings without escapes are lent from the text. Everything else of a value is read by `serde_json` from the value's
//! own text, so that numbers, enums and nested values mean what they mean there.

use std::iter::Peekable;

use serde::{
    Deserialize,
    de::{
        DeserializeSeed, Deserializer, Error as _, MapAccess, Visitor,
        value::{BorrowedStrDeserializer, CowStrDeserializer},
    },
    forward_to_deserialize_any,
};
use serde_json::Error;

use super::value::{Kind, Member, Object, Value, whole_number};

/// `serde_json` hands out unread text under this name.
const RAW_VALUE: &str = "$serde_json::private::RawValue";

impl<'a> Object<'a> {
    /// Reads the object as `C`; the error is the place where that failed, in bytes from one.
    pub(crate) fn to_claims<C: Deserialize<'a>>(&self) -> Result<C, usize> {
        let mut place = self.text().len();
        C::deserialize(ObjectReader { object: self, place: &mut place }).map_err(|_| place)
    }
}

struct ObjectReader<'o, 'a> {
    object: &'o Object<'a>,
    place: &'o mut usize,
}

impl<'a> ObjectReader<'_, 'a> {
    fn whole(&self) -> serde_json::Deserializer<serde_json::de::StrRead<'a>> {
        serde_json::Deserializer::from_str(self.object.text())
    }
}

impl<'a> Deserializer<'a> for ObjectReader<'_, 'a> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        let members = self.object.members().iter().peekable();
        visitor.visit_map(Walk { text: self.object.text(), members, place: self.place })
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(self, name: &'static str, visitor: V) -> Result<V::Value, Error> {
        if name == RAW_VALUE {
            return self.whole().deserialize_newtype_struct(name, visitor);
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'a>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.whole().deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        <V: Visitor<'a>>
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

/// One member after another. The walk is told the place where it was last, for the error.
struct Walk<'o, 'a> {
    text: &'a str,
    members: Peekable<std::slice::Iter<'o, Member<'a>>>,
    place: &'o mut usize,
}

impl<'a> MapAccess<'a> for Walk<'_, 'a> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let Some(member) = self.members.peek() else { return Ok(None) };
        if member.name.escaped {
            return seed.deserialize(CowStrDeserializer::new(member.name.to_cow())).map(Some);
        }
        seed.deserialize(BorrowedStrDeserializer::new(member.name.raw)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'a>>(&mut self, seed: S) -> Result<S::Value, Error> {
        let member = self.members.next().ok_or_else(|| Error::custom("a value without a name"))?;
        seed.deserialize(ValueReader(member.value)).inspect_err(|_| {
            // Where the value begins; both are in one allocation.
            let start = member.value.raw().as_ptr().addr().saturating_sub(self.text.as_ptr().addr());
            *self.place = start.saturating_add(1);
        })
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.members.len())
    }
}

struct ValueReader<'a>(Value<'a>);

impl<'a> ValueReader<'a> {
    fn text(&self) -> serde_json::Deserializer<serde_json::de::StrRead<'a>> {
        serde_json::Deserializer::from_str(self.0.raw())
    }

    /// The string between the quotes, if it has no escapes.
    fn plain(&self) -> Option<&'a str> {
        match self.0.kind() {
            Kind::String { escaped: false } => self.0.raw().strip_prefix('"')?.strip_suffix('"'),
            _ => None,
        }
    }
}

macro_rules! read_by_serde_json {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
            self.text().$method(visitor)
        }
    )*};
}

macro_rules! lend_plain_strings {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
            match self.plain() {
                Some(plain) => visitor.visit_borrowed_str(plain),
                None => self.text().$method(visitor),
            }
        }
    )*};
}

impl<'a> Deserializer<'a> for ValueReader<'a> {
    type Error = Error;

    lend_plain_strings! { deserialize_any deserialize_str deserialize_string deserialize_identifier }

    #[inline]
    fn deserialize_u64<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0.number().and_then(whole_number) {
            Some(number) => visitor.visit_u64(number),
            None => self.text().deserialize_u64(visitor),
        }
    }

    read_by_serde_json! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128 deserialize_u8
        deserialize_u16 deserialize_u32 deserialize_u128 deserialize_f32 deserialize_f64
        deserialize_char deserialize_bytes deserialize_byte_buf deserialize_unit deserialize_seq deserialize_map
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.0.kind() == Kind::Null { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(self, name: &'static str, visitor: V) -> Result<V::Value, Error> {
        if name == RAW_VALUE {
            return self.text().deserialize_newtype_struct(name, visitor);
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_unit_struct<V: Visitor<'a>>(self, name: &'static str, visitor: V) -> Result<V::Value, Error> {
        self.text().deserialize_unit_struct(name, visitor)
    }

    fn deserialize_tuple<V: Visitor<'a>>(self, len: usize, visitor: V) -> Result<V::Value, Error> {
        self.text().deserialize_tuple(len, visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'a>>(
        self,
        name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.text().deserialize_tuple_struct(name, len, visitor)
    }

    fn deserialize_struct<V: Visitor<'a>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.text().deserialize_struct(name, fields, visitor)
    }

    fn deserialize_enum<V: Visitor<'a>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.text().deserialize_enum(name, variants, visitor)
    }

    /// It was checked when it was scanned.
    fn deserialize_ignored_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }
}
