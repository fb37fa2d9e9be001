//! Text for people: lines, fields, tables. What comes from elsewhere can't reach the terminal's control codes.

use super::Colour;
use crate::times;
use countersign_core::Time;
use std::fmt::Write as _;

/// A page of text.
pub(crate) struct Page {
    text: String,
    colour: Colour,
    now: Time,
}

/// How a piece of text looks on a terminal (SGR codes of ECMA-48).
#[derive(Clone, Copy)]
enum Style {
    Bold,
    Dim,
    Red,
    Green,
    Yellow,
    Cyan,
}

impl Page {
    pub(super) const fn new(colour: Colour, now: Time) -> Self {
        Self { text: String::new(), colour, now }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// One line.
    pub(crate) fn line(&mut self, text: &str) {
        self.text.push_str(&harmless(text));
        self.text.push('\n');
    }

    /// An empty line.
    pub(crate) fn gap(&mut self) {
        self.text.push('\n');
    }

    /// A line that begins a part.
    pub(crate) fn title(&mut self, text: &str) {
        self.styled(text, Style::Bold);
        self.text.push('\n');
    }

    /// A line that says that something holds.
    pub(crate) fn good(&mut self, text: &str) {
        self.styled(text, Style::Green);
        self.text.push('\n');
    }

    /// A line that says that something does not hold.
    pub(crate) fn bad(&mut self, text: &str) {
        self.styled(text, Style::Red);
        self.text.push('\n');
    }

    /// A line of less weight.
    pub(crate) fn aside(&mut self, text: &str) {
        self.styled(text, Style::Dim);
        self.text.push('\n');
    }

    /// What went wrong.
    pub(crate) fn error(&mut self, text: &str) {
        self.labelled("error:", Style::Red, text);
    }

    /// Why.
    pub(crate) fn cause(&mut self, text: &str) {
        self.labelled("  cause:", Style::Dim, text);
    }

    /// What to do about it.
    pub(crate) fn hint(&mut self, text: &str) {
        self.labelled("hint:", Style::Cyan, text);
    }

    /// Something worth knowing.
    pub(crate) fn note(&mut self, text: &str) {
        self.labelled("note:", Style::Yellow, text);
    }

    /// A name and its value.
    pub(crate) fn field(&mut self, name: &str, value: &str) {
        self.styled(&format!("{name:<12}"), Style::Dim);
        self.text.push(' ');
        self.line(value);
    }

    /// A name and a time: in RFC 3339 and in words.
    pub(crate) fn time(&mut self, name: &str, time: Time) {
        let value = format!("{} ({})", times::rfc3339(time), self.words(time));
        self.field(name, &value);
    }

    /// A time in words, as seen from now.
    pub(crate) fn words(&self, time: Time) -> String {
        times::in_words(time, self.now)
    }

    /// Rows under headings, each column as wide as its widest cell.
    pub(crate) fn table<const N: usize>(&mut self, headings: [&str; N], rows: &[[String; N]]) {
        let mut widths = headings.map(|heading| heading.chars().count());
        let rows: Vec<[String; N]> = rows.iter().map(|row| row.each_ref().map(|cell| harmless(cell))).collect();
        for row in &rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        let line = |cells: [&str; N]| {
            let padded = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
            padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        self.aside(&line(headings));
        for row in &rows {
            self.text.push_str(&line(row.each_ref().map(String::as_str)));
            self.text.push('\n');
        }
    }

    fn labelled(&mut self, label: &str, style: Style, text: &str) {
        self.styled(label, style);
        self.text.push(' ');
        self.line(text);
    }

    fn styled(&mut self, text: &str, style: Style) {
        let text = harmless(text);
        // Writing to a string has no way to fail.
        let _ = match self.colour {
            Colour::On => write!(self.text, "\u{1b}[{}m{text}\u{1b}[0m", style.code()),
            Colour::Off => self.text.write_str(&text),
        };
    }
}

impl Style {
    const fn code(self) -> u8 {
        match self {
            Self::Bold => 1,
            Self::Dim => 2,
            Self::Red => 31,
            Self::Green => 32,
            Self::Yellow => 33,
            Self::Cyan => 36,
        }
    }
}

/// The text with control characters escaped: a claim or a login must not move the cursor.
fn harmless(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() && character != '\n' {
            clean.extend(character.escape_default());
        } else {
            clean.push(character);
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::{Colour, Page};
    use countersign_core::Time;

    fn page(colour: Colour) -> Page {
        Page::new(colour, Time::from_millis(0))
    }

    #[test]
    fn text_from_elsewhere_reaches_no_control_code() {
        let mut page = page(Colour::Off);
        page.field("login", "ana\u{1b}[2J\u{9b}1m");
        page.table(["A"], &[["b\rc".to_owned()]]);
        assert_eq!(page.as_str(), "login        ana\\u{1b}[2J\\u{9b}1m\nA\nb\\rc\n");
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut page = page(Colour::Off);
        page.table(["A", "B"], &[["long".into(), "x".into()], ["é".into(), "y".into()]]);
        assert_eq!(page.as_str(), "A     B\nlong  x\né     y\n");
    }

    #[test]
    fn there_is_colour_only_where_it_was_asked_for() {
        let mut plain = page(Colour::Off);
        plain.error("no");
        assert_eq!(plain.as_str(), "error: no\n");
        let mut coloured = page(Colour::On);
        coloured.error("no");
        assert_eq!(coloured.as_str(), "\u{1b}[31merror:\u{1b}[0m no\n");
    }
}
