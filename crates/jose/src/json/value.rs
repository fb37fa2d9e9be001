//! Values that were checked but not read: a kind and the text.

use std::borrow::Cow;

use super::{Limits, scan::Scanner};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    String,
    Number,
    Array,
    Object,
    /// `true`, `false` or `null`: no member that we read may be one.
    Other,
}

/// One checked value.
#[derive(Clone, Copy)]
pub(crate) struct Value<'a> {
    kind: Kind,
    raw: &'a str,
}

/// What was checked before is only bounded by its own length.
const CHECKED: Limits = Limits { bytes_max: usize::MAX, depth_max: usize::MAX, members_max: usize::MAX };

impl<'a> Value<'a> {
    pub(super) const fn new(kind: Kind, raw: &'a str) -> Self {
        Self { kind, raw }
    }

    /// The string, if it is one.
    pub(crate) fn string(self) -> Option<Cow<'a, str>> {
        if self.kind != Kind::String {
            return None;
        }
        let content = self.raw.get(1..self.raw.len() - 1)?;
        if content.contains('\\') { unescape(content).map(Cow::Owned) } else { Some(Cow::Borrowed(content)) }
    }

    /// The text of the number, if it is one.
    pub(crate) fn number(self) -> Option<&'a str> {
        (self.kind == Kind::Number).then_some(self.raw)
    }

    /// The elements, if it is an array.
    pub(crate) fn elements(self) -> Option<Vec<Self>> {
        Scanner::new(self.raw.as_bytes(), CHECKED).ok()?.array_document().ok()
    }

    /// The elements, if it is an array of strings and nothing else.
    pub(crate) fn strings(self) -> Option<Vec<Cow<'a, str>>> {
        self.elements()?.into_iter().map(Self::string).collect()
    }

    /// The text as it was written.
    pub(crate) const fn raw(self) -> &'a str {
        self.raw
    }
}

pub(super) struct Member<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) value: Value<'a>,
}

/// The members of one checked object.
pub(crate) struct Object<'a> {
    members: Vec<Member<'a>>,
}

impl<'a> Object<'a> {
    pub(super) const fn new(members: Vec<Member<'a>>) -> Self {
        Self { members }
    }

    /// The member of that name, compared after unescaping.
    pub(crate) fn get(&self, name: &str) -> Option<Value<'a>> {
        self.members.iter().find(|member| member.name == name).map(|member| member.value)
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
                let first = code_unit(rest)?;
                rest = &rest[4..];
                if (0xd800..0xdc00).contains(&first) {
                    let pair = rest.strip_prefix("\\u")?;
                    let second = code_unit(pair)?;
                    rest = &pair[4..];
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

/// The four hexadecimal digits at the start of `text`.
fn code_unit(text: &str) -> Option<u16> {
    let digits = text.get(..4)?;
    // `from_str_radix` would take a sign too.
    digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())?
}
