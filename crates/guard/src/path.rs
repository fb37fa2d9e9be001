//! The one reading of a path, or why it has several.

use unicode_normalization::UnicodeNormalization as _;

/// A path that every reader reads alike: percent-encoding decoded once, and nothing in it that a second decoding, the
/// resolution of dots, the merging of slashes, or the cutting of parameters would change. What an application behind the
/// proxy makes of its path is then what the rules were asked about.
///
/// ```
/// use countersign_guard::{GuardedPath, PathFault};
///
/// assert_eq!(GuardedPath::read("/caf%C3%A9/menu?page=2").unwrap().as_str(), "/café/menu");
/// assert_eq!(GuardedPath::read("/public/..%2fadmin").unwrap_err(), PathFault::Separator);
/// assert_eq!(GuardedPath::read("/%2561dmin").unwrap_err(), PathFault::Twice);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuardedPath {
    text: String,
    folded: String,
}

/// Why a path is not judged: two readers could find two paths in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathFault {
    /// It does not begin with a slash.
    #[error("the path does not begin with a slash")]
    Relative,
    /// A percent sign without two hexadecimal digits behind it.
    #[error("a percent sign in the path encodes nothing")]
    Encoding,
    /// Once decoded it has a percent sign: decoded again it would be another path.
    #[error("the path is encoded twice, or holds a percent sign")]
    Twice,
    /// Bytes that are no UTF-8.
    #[error("the path is not UTF-8")]
    Utf8,
    /// Characters that end or change texts elsewhere: NUL, line ends, and all others below the space.
    #[error("the path holds a control character")]
    Control,
    /// An encoded slash, or a backslash.
    #[error("the path holds an encoded slash or a backslash")]
    Separator,
    /// `;`, which begins parameters that some readers cut off.
    #[error("the path holds a semicolon, which some readers cut at")]
    Parameters,
    /// An encoded `?`, or `#`.
    #[error("the path holds an encoded question mark or a number sign")]
    Delimiter,
    /// A segment that is `.` or `..`, or ends with a dot, which file systems drop.
    #[error("a segment of the path ends with a dot")]
    Dots,
    /// A segment that begins or ends with a space, which readers trim.
    #[error("a segment of the path begins or ends with a space")]
    Space,
    /// Two slashes in a row.
    #[error("the path has an empty segment")]
    Empty,
}

impl GuardedPath {
    /// Reads the path of a request target; a query is left out.
    ///
    /// # Errors
    /// [`PathFault`] if there is more than one way to read it.
    pub fn read(target: &str) -> Result<Self, PathFault> {
        let raw = target.split('?').next().unwrap_or_default();
        if !raw.starts_with('/') {
            return Err(PathFault::Relative);
        }
        let text = decode(raw)?;
        check(&text)?;
        if text.is_ascii() {
            let folded = text.to_ascii_lowercase();
            return Ok(Self { text, folded });
        }
        // Readers that compose or simplify characters must find the same segments.
        check(&text.nfkc().collect::<String>())?;
        let folded = fold(&text);
        check(&folded)?;
        Ok(Self { text, folded })
    }

    /// The decoded path.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The same for whoever does not tell upper case from lower, nor one form of a character from another.
    pub(crate) fn folded(&self) -> &str {
        &self.folded
    }
}

/// Case and forms of characters made one, in the widest sense: what any reader might take for the same is the same.
pub(crate) fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.nfkc().collect::<String>().to_uppercase().to_lowercase().nfkc().collect()
}

fn decode(raw: &str) -> Result<String, PathFault> {
    let (mut bytes, mut rest) = (Vec::with_capacity(raw.len()), raw.as_bytes());
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let Some((digits, after)) = rest.split_at_checked(2) else { return Err(PathFault::Encoding) };
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let (Some(high), Some(low)) = (digit(digits[0]), digit(digits[1])) else { return Err(PathFault::Encoding) };
        let byte = high << 4 | low;
        if byte == b'/' {
            return Err(PathFault::Separator);
        }
        bytes.push(byte);
        rest = after;
    }
    String::from_utf8(bytes).map_err(|_| PathFault::Utf8)
}

/// Holds for a decoded path that nobody reads in another way.
pub(crate) fn check(text: &str) -> Result<(), PathFault> {
    for character in text.chars() {
        match character {
            '%' => return Err(PathFault::Twice),
            '\\' => return Err(PathFault::Separator),
            ';' => return Err(PathFault::Parameters),
            '?' | '#' => return Err(PathFault::Delimiter),
            // Signs that are not seen and that some readers drop are control characters too.
            c if c.is_control()
                || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{ad}') =>
            {
                return Err(PathFault::Control);
            }
            _ => {}
        }
    }
    let mut segments = text.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        if segment.is_empty() && segments.peek().is_some() {
            return Err(PathFault::Empty);
        }
        if segment.ends_with('.') {
            return Err(PathFault::Dots);
        }
        if segment.starts_with(char::is_whitespace) || segment.ends_with(char::is_whitespace) {
            return Err(PathFault::Space);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{GuardedPath, PathFault};

    fn fault(target: &str) -> PathFault {
        GuardedPath::read(target).expect_err(target)
    }

    #[test]
    fn one_reading_is_taken_and_decoded_once() {
        for (target, path) in [
            ("/", "/"),
            ("/admin/", "/admin/"),
            ("/%61dmin?next=/../x;y#%00", "/admin"),
            ("/a%20b/c+d", "/a b/c+d"),
            ("/.well-known/x", "/.well-known/x"),
            ("/a..b/v1.2", "/a..b/v1.2"),
            ("/%C3%9Cber", "/Über"),
        ] {
            assert_eq!(GuardedPath::read(target).map(|path| path.as_str().to_owned()).as_deref(), Ok(path));
        }
    }

    #[test]
    fn what_a_second_reader_would_change_is_refused() {
        use PathFault::*;
        for (target, expected) in [
            ("", Relative),
            ("admin", Relative),
            ("*", Relative),
            ("https://app.example/admin", Relative),
            ("/%zz", Encoding),
            ("/%4", Encoding),
            ("/%2561dmin", Twice),
            ("/100%25", Twice),
            ("/%c0%ae%c0%ae/admin", Utf8),
            ("/%ff", Utf8),
            ("/admin%00", Control),
            ("/a%0d%0ab", Control),
            ("/a%7f", Control),
            ("/a%e2%80%8bdmin", Control),
            ("/public/..%2fadmin", Separator),
            ("/public%2Fadmin", Separator),
            ("/public/..%5cadmin", Separator),
            ("/public\\admin", Separator),
            ("/ADMIN;x", Parameters),
            ("/admin%3bx", Parameters),
            ("/admin%3fx", Delimiter),
            ("/admin#x", Delimiter),
            ("/admin%23x", Delimiter),
            ("/public/../admin", Dots),
            ("/public/%2e%2e/admin", Dots),
            ("/admin/.", Dots),
            ("/./admin", Dots),
            ("/admin./x", Dots),
            ("/.../admin", Dots),
            ("/admin%20", Space),
            ("/%20admin", Space),
            ("//admin", Empty),
            ("/public//admin", Empty),
            ("/admin//", Empty),
        ] {
            assert_eq!(fault(target), expected, "{target}");
        }
        // Full-width forms of the same.
        assert_eq!(fault("/public/%ef%bc%8e%ef%bc%8e/admin"), Dots);
        assert_eq!(fault("/public/..%ef%bc%8fadmin"), Dots);
        assert_eq!(fault("/admin%ef%bc%9bx"), Parameters);
    }
}
