//! Values that were checked but not read: a kind and the text.

use std::borrow::Cow;

use smallvec::SmallVec;

use super::{JsonError, Limits, scan::Scanner};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    String {
        escaped: bool,
    },
    Number,
    Array,
    Object,
    Null,
    /// `true` or `false`: no member that we read may be one.
    Other,
}

/// One checked value.
#[derive(Clone, Copy)]
pub(crate) struct Value<'a> {
    kind: Kind,
    raw: &'a str,
}

/// The text between two quotes, checked.
#[derive(Clone, Copy)]
pub(super) struct Str<'a> {
    pub(super) raw: &'a str,
    pub(super) escaped: bool,
}

impl<'a> Str<'a> {
    #[inline]
    pub(super) fn to_cow(self) -> Cow<'a, str> {
        if self.escaped {
            // Checked when scanned, so it unescapes.
            return Cow::Owned(unescape(self.raw).unwrap_or_default());
        }
        Cow::Borrowed(self.raw)
    }

    /// Whether both stand for the same text.
    #[inline]
    pub(super) fn is(self, other: Str<'_>) -> bool {
        if self.escaped || other.escaped { self.to_cow() == other.to_cow() } else { self.raw == other.raw }
    }
}

/// What was checked before is only bounded by its own length.
const CHECKED: Limits = Limits { bytes_max: usize::MAX, depth_max: usize::MAX, members_max: usize::MAX };

impl<'a> Value<'a> {
    #[inline]
    pub(super) const fn new(kind: Kind, raw: &'a str) -> Self {
        Self { kind, raw }
    }

    pub(super) const fn kind(self) -> Kind {
        self.kind
    }

    /// The string, if it is one.
    #[inline]
    pub(crate) fn string(self) -> Option<Cow<'a, str>> {
        let Kind::String { escaped } = self.kind else { return None };
        let raw = self.raw.strip_prefix('"')?.strip_suffix('"')?;
        Some(Str { raw, escaped }.to_cow())
    }

    pub(crate) const fn is_string(self) -> bool {
        matches!(self.kind, Kind::String { .. })
    }

    /// The text of the number, if it is one.
    #[inline]
    pub(crate) fn number(self) -> Option<&'a str> {
        (self.kind == Kind::Number).then_some(self.raw)
    }

    /// The elements, if it is an array.
    pub(crate) fn elements(self) -> Option<Elements<'a>> {
        Scanner::new(self.raw.as_bytes(), CHECKED).ok()?.array_document().ok()
    }

    /// The elements, if it is an array of strings and nothing else.
    pub(crate) fn strings(self) -> Option<SmallVec<[Cow<'a, str>; 4]>> {
        self.elements()?.into_iter().map(Self::string).collect()
    }

    /// The text as it was written.
    pub(crate) const fn raw(self) -> &'a str {
        self.raw
    }
}

#[derive(Clone, Copy)]
pub(super) struct Member<'a> {
    pub(super) name: Str<'a>,
    pub(super) value: Value<'a>,
}

/// The elements of an array, in place where they are few: `aud` mostly has one.
pub(crate) type Elements<'a> = SmallVec<[Value<'a>; 4]>;

pub(super) type Members<'a> = SmallVec<[Member<'a>; 16]>;

/// The members of one checked object.
#[derive(Default)]
pub(crate) struct Object<'a> {
    text: &'a str,
    members: Members<'a>,
}

impl<'a> Object<'a> {
    /// Fills an empty object: where it stands, since moving its members costs as much as scanning some of them.
    pub(crate) fn read(&mut self, bytes: &'a [u8], limits: Limits) -> Result<(), JsonError> {
        let mut scanner = Scanner::new(bytes, limits)?;
        self.text = scanner.text();
        scanner.object_document(&mut self.members)
    }

    /// The whole text.
    pub(super) const fn text(&self) -> &'a str {
        self.text
    }

    pub(super) fn members(&self) -> &[Member<'a>] {
        &self.members
    }

    /// Calls `each` with every member whose name has no escapes, and with those that have, unescaped.
    #[inline]
    pub(crate) fn for_each(&self, mut each: impl FnMut(&str, Value<'a>)) {
        for member in &self.members {
            if member.name.escaped {
                each(&member.name.to_cow(), member.value);
            } else {
                each(member.name.raw, member.value);
            }
        }
    }

    /// The member of that name, compared after unescaping.
    pub(crate) fn get(&self, name: &str) -> Option<Value<'a>> {
        let name = Str { raw: name, escaped: false };
        self.members.iter().find(|member| member.name.is(name)).map(|member| member.value)
    }

    /// Whether there is such a member.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }
}

/// The string that `content`, the text between two quotes, stands for. `None` for an unknown escape or half a
/// surrogate pair: the one would be guessed at, the other is no character.
pub(super) fn unescape(content: &str) -> Option<String> {
    let mut string = String::with_capacity(content.len());
    let mut rest = content;
    while let Some((before, after)) = rest.split_once('\\') {
        string.push_str(before);
        let escape = *after.as_bytes().first()?;
        rest = after.get(1..)?;
        let character = match escape {
            b'"' | b'\\' | b'/' => char::from(escape),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let (first, after) = code_unit(rest)?;
                rest = after;
                if (0xd800..0xdc00).contains(&first) {
                    let (second, after) = code_unit(rest.strip_prefix("\\u")?)?;
                    rest = after;
                    char::decode_utf16([first, second]).next()?.ok()?
                } else {
                    char::from_u32(u32::from(first))?
                }
            }
            _ => return None,
        };
        string.push(character);
    }
    string.push_str(rest);
    Some(string)
}

/// The four hexadecimal digits at the start of `text`, and what follows them.
fn code_unit(text: &str) -> Option<(u16, &str)> {
    let (digits, rest) = text.split_at_checked(4)?;
    // `from_str_radix` would take a sign too.
    let unit = digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())?;
    Some((unit?, rest))
}

/// The number that up to 18 digits stand for: most numbers in claims sets are times.
#[inline]
pub(crate) fn whole_number(text: &str) -> Option<u64> {
    if text.len() > 18 {
        return None;
    }
    text.bytes().try_fold(0_u64, |number, byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit <= 9).then(|| number.wrapping_mul(10).wrapping_add(u64::from(digit))) // below 10^18
    })
}
