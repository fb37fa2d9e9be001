//! Server-sent events, as far as the feed uses them (HTML §9.2.6).

use crate::{error::FetchError, limits::EVENT_BYTES_MAX};

/// One event.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) kind: Option<String>,
    pub(super) data: String,
}

/// Bytes in, whole events out.
#[derive(Debug, Default)]
pub(super) struct Events {
    line: Vec<u8>,
    event: Event,
    bytes: usize,
    has_data: bool,
}

impl Events {
    /// Takes what came; gives the events that it completes.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<Vec<Event>, FetchError> {
        let mut events = Vec::new();
        let mut rest = bytes;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let (line, after) = rest.split_at(end);
            self.line.extend_from_slice(line);
            rest = after.get(1..).unwrap_or_default();
            self.end_line(&mut events)?;
        }
        self.line.extend_from_slice(rest);
        if self.bytes.saturating_add(self.line.len()) > EVENT_BYTES_MAX {
            return Err(FetchError::TooLarge { limit: EVENT_BYTES_MAX });
        }
        Ok(events)
    }

    /// Whether an event has begun to come that is not whole yet.
    pub(super) fn is_within_data(&self) -> bool {
        self.has_data || self.line.starts_with(b"data:")
    }

    fn end_line(&mut self, events: &mut Vec<Event>) -> Result<(), FetchError> {
        let line = std::mem::take(&mut self.line);
        let line = std::str::from_utf8(&line).map_err(|_| FetchError::Answer("the feed is not UTF-8"))?;
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line.is_empty() {
            self.bytes = 0;
            let event = std::mem::take(&mut self.event);
            if std::mem::take(&mut self.has_data) || event.kind.is_some() {
                events.push(event);
            }
            return Ok(());
        }
        self.bytes = self.bytes.saturating_add(line.len());
        if self.bytes > EVENT_BYTES_MAX {
            return Err(FetchError::TooLarge { limit: EVENT_BYTES_MAX });
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => self.event.kind = Some(value.to_owned()),
            "data" => {
                if self.has_data {
                    self.event.data.push('\n');
                }
                self.event.data.push_str(value);
                self.has_data = true;
            }
            // `id` is told by the signed object too, `retry` is ours to decide, the rest is a comment.
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: Option<&str>, data: &str) -> Event {
        Event { kind: kind.map(str::to_owned), data: data.to_owned() }
    }

    #[test]
    fn events_are_read_however_they_are_cut() {
        let text = ": hello\n\nid: e:1\ndata: one\n\nid: e:2\r\ndata:two\r\ndata: more\r\n\r\nevent: resume\ndata:\n\n";
        let expected = [event(None, "one"), event(None, "two\nmore"), event(Some("resume"), "")];
        for size in 1..text.len() {
            let mut events = Events::default();
            let read: Vec<Event> = text.as_bytes().chunks(size).flat_map(|chunk| events.push(chunk).unwrap()).collect();
            assert_eq!(read, expected, "{size}");
        }
    }

    #[test]
    fn a_comment_is_no_beginning_of_an_event() {
        let mut events = Events::default();
        for (text, within) in [(": keep", false), ("-alive\n\n", false), ("data: x", true), ("\n", true), ("\n", false)]
        {
            events.push(text.as_bytes()).unwrap();
            assert_eq!(events.is_within_data(), within, "{text:?}");
        }
    }

    #[test]
    fn an_event_without_end_is_given_up() {
        let mut events = Events::default();
        let chunk = vec![b'x'; 64 * 1024];
        assert!((0..100).any(|_| events.push(&chunk).is_err()));
        let mut events = Events::default();
        let line = format!("data: {}\n", "x".repeat(64 * 1024));
        assert!((0..100).any(|_| events.push(line.as_bytes()).is_err()));
    }
}
