//! One pass over the text: checks everything, keeps the outermost members, allocates for names alone.

use std::borrow::Cow;

use super::{
    JsonError, Limits,
    value::{Kind, Member, Object, Value, unescape},
};

pub(super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
    limits: Limits,
    /// Names of the objects that are open, innermost last.
    names: Vec<Cow<'a, str>>,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(bytes: &'a [u8], limits: Limits) -> Result<Self, JsonError> {
        if bytes.len() > limits.bytes_max {
            return Err(JsonError::TooLarge { limit: limits.bytes_max });
        }
        let text = str::from_utf8(bytes).map_err(|_| JsonError::Utf8)?;
        Ok(Self { text, at: 0, limits, names: Vec::new() })
    }

    /// One value and nothing after it.
    pub(super) fn document(mut self) -> Result<Value<'a>, JsonError> {
        self.skip_space();
        let value = self.value(0)?;
        self.end()?;
        Ok(value)
    }

    /// One object and nothing after it.
    pub(super) fn object_document(mut self) -> Result<Object<'a>, JsonError> {
        self.skip_space();
        if self.peek() != Some(b'{') {
            // A text that is no JSON at all is reported as that.
            self.document()?;
            return Err(JsonError::NotAnObject);
        }
        let mut members = Vec::with_capacity(16);
        self.object(1, Some(&mut members))?;
        self.end()?;
        Ok(Object::new(members))
    }

    /// The elements of an array, and nothing after it.
    pub(super) fn array_document(mut self) -> Result<Vec<Value<'a>>, JsonError> {
        self.skip_space();
        let mut elements = Vec::new();
        self.array(1, Some(&mut elements))?;
        self.end()?;
        Ok(elements)
    }

    fn end(&mut self) -> Result<(), JsonError> {
        self.skip_space();
        if self.at == self.text.len() { Ok(()) } else { Err(self.syntax()) }
    }

    fn value(&mut self, depth: usize) -> Result<Value<'a>, JsonError> {
        let start = self.at;
        let kind = match self.peek() {
            Some(b'"') => self.string().map(|_| Kind::String),
            Some(b'{') => self.object(depth + 1, None).map(|()| Kind::Object),
            Some(b'[') => self.array(depth + 1, None).map(|()| Kind::Array),
            Some(b'-' | b'0'..=b'9') => self.number().map(|()| Kind::Number),
            Some(b't') => self.literal("true").map(|()| Kind::Other),
            Some(b'f') => self.literal("false").map(|()| Kind::Other),
            Some(b'n') => self.literal("null").map(|()| Kind::Other),
            _ => Err(self.syntax()),
        }?;
        Ok(Value::new(kind, &self.text[start..self.at]))
    }

    fn object(&mut self, depth: usize, mut members: Option<&mut Vec<Member<'a>>>) -> Result<(), JsonError> {
        self.open(b'{', depth)?;
        let first = self.names.len();
        if !self.take(b'}') {
            loop {
                if self.names.len() - first == self.limits.members_max {
                    return Err(JsonError::TooManyMembers { limit: self.limits.members_max });
                }
                let name = self.string()?;
                self.skip_space();
                self.expect(b':')?;
                self.skip_space();
                if let Some(members) = members.as_deref_mut() {
                    self.names.push(name.clone());
                    let value = self.value(depth)?;
                    members.push(Member { name, value });
                } else {
                    self.names.push(name);
                    self.value(depth)?;
                }
                self.skip_space();
                if self.take(b'}') {
                    break;
                }
                self.expect(b',')?;
                self.skip_space();
            }
        }
        let names = &mut self.names[first..];
        names.sort_unstable();
        if names.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(JsonError::DuplicateMember);
        }
        self.names.truncate(first);
        Ok(())
    }

    fn array(&mut self, depth: usize, mut elements: Option<&mut Vec<Value<'a>>>) -> Result<(), JsonError> {
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

    fn string(&mut self) -> Result<Cow<'a, str>, JsonError> {
        self.expect(b'"')?;
        let (start, mut escaped) = (self.at, false);
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.at += 2; // whatever is escaped, a quote too; `unescape` judges it
                }
                None | Some(0..=0x1f) => return Err(self.syntax()),
                Some(_) => self.at += 1,
            }
        }
        // `get`: an escape may have stepped into the middle of a character.
        let content = self.text.get(start..self.at).ok_or_else(|| self.syntax())?;
        self.at += 1;
        if !escaped {
            return Ok(Cow::Borrowed(content));
        }
        unescape(content).map(Cow::Owned).ok_or(JsonError::Syntax { offset: start })
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
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at > start { Ok(()) } else { Err(self.syntax()) }
    }

    fn literal(&mut self, literal: &str) -> Result<(), JsonError> {
        if self.text.as_bytes()[self.at..].starts_with(literal.as_bytes()) {
            self.at += literal.len();
            return Ok(());
        }
        Err(self.syntax())
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn expect(&mut self, byte: u8) -> Result<(), JsonError> {
        if self.take(byte) { Ok(()) } else { Err(self.syntax()) }
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn syntax(&self) -> JsonError {
        JsonError::Syntax { offset: self.at.min(self.text.len()) }
    }
}
