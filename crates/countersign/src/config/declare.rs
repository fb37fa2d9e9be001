//! What a key is, and the one form in which keys are declared.

use super::shapes::Describe;

/// A section of the file and its keys.
pub(super) struct Section {
    /// The name in brackets.
    pub(super) name: &'static str,
    /// What it decides, from the doc comment of its struct.
    pub(super) about: &'static str,
    /// In the order in which people read.
    pub(super) keys: &'static [Key],
}

/// All there is to know about one key.
pub(super) struct Key {
    /// `section.key`.
    pub(super) name: &'static str,
    /// What it means, from the doc comment of its field.
    pub(super) doc: &'static str,
    /// What holds where no layer has it.
    pub(super) fallback: Fallback,
    /// What it takes.
    pub(super) shape: &'static dyn Describe,
}

/// What holds where no layer has a key.
pub(super) enum Fallback {
    /// This value, as a variable would give it.
    Is(&'static str),
    /// No value; the words say what happens then.
    Unset(&'static str),
}

impl Key {
    /// The default in the notation of the file, or the words for none.
    pub(super) fn shown_fallback(&self) -> String {
        match self.fallback {
            Fallback::Is(text) => self.shape.notation(text),
            Fallback::Unset(then) => then.to_owned(),
        }
    }

    /// The companion of a secret key, which names a file that holds it.
    pub(super) fn file_name(&self) -> Option<String> {
        self.shape.is_secret().then(|| format!("{}_file", self.name))
    }
}

/// Declares a section: its struct and, beside each field, the default and the shape of its key. The doc comments are
/// the reference page. It gives the struct, its `SECTION`, and `read`.
///
/// ```ignore
/// section! {
///     /// About the section.
///     tokens: Tokens {
///         /// About the key.
///         leeway: Duration = Is("10s"), DurationIn::new(ZERO, MINUTE);
///     }
/// }
/// ```
macro_rules! section {
    (
        $(#[doc = $about:literal])+
        $section:ident: $Section:ident {
            $($(#[doc = $doc:literal])+ $key:ident: $Value:ty = $fallback:expr, $shape:expr;)+
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Debug)]
        pub(crate) struct $Section {
            $($(#[doc = $doc])+ pub(crate) $key: $Value,)+
        }

        impl $Section {
            /// The declaration.
            pub(in crate::config) const SECTION: $crate::config::declare::Section = $crate::config::declare::Section {
                name: stringify!($section),
                about: concat!($($about, "\n"),+),
                keys: &[$(section!(@key $section.$key, [$($doc),+], $fallback, $shape)),+],
            };

            /// Takes every key; one with a problem gets its default, and the problem is kept.
            pub(in crate::config) fn read(reader: &mut $crate::config::reader::Reader<'_>) -> Self {
                Self {
                    $($key: {
                        const KEY: &$crate::config::declare::Key =
                            &section!(@key $section.$key, [$($doc),+], $fallback, $shape);
                        reader.take(KEY, &$shape)
                    },)+
                }
            }
        }
    };
    (@key $section:ident.$key:ident, [$($doc:literal),+], $fallback:expr, $shape:expr) => {
        $crate::config::declare::Key {
            name: concat!(stringify!($section), ".", stringify!($key)),
            doc: concat!($($doc, "\n"),+),
            fallback: $fallback,
            shape: &$shape,
        }
    };
}
pub(super) use section;
