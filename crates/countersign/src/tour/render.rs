//! The tour for people: a guide to read from top to bottom, 96 columns wide. For programs the same record is JSON.

use super::redaction::{ShownAnswer, ShownRequest};
use super::step::{Check, Event, Server, Step};
use super::{Outcome, decoded::DecodedToken};
use crate::output::{self, Page};
use serde_json::Value;

const COLUMNS: usize = 96;
const STEP_INDENT: &str = "    ";
const WIRE_INDENT: &str = "      ";

/// The fields that the guide is about; `--json` has them all.
const FIELDS: [&str; 6] = ["authorization", "cache-control", "cookie", "origin", "set-cookie", "www-authenticate"];

impl output::Answer for Outcome {
    fn show(&self, page: &mut Page) {
        page.title("Token-based authentication, played");
        prose(page, "", PROLOGUE);
        page.gap();
        page.field("issuer", &self.issuer);
        page.field("orders", &format!("{}, a resource server; its audience is {}", self.orders, self.audience));
        let mut part = None;
        for step in &self.steps {
            if part.replace(step.part) != Some(step.part) {
                page.gap();
                page.title(step.part.title());
            }
            page.gap();
            show_step(page, step);
        }
        page.gap();
        if self.as_expected {
            page.good(&format!("{} steps, each as expected.", self.steps.len()));
        } else {
            let failed = self.steps.iter().filter(|step| !step.ok).count();
            page.bad(&format!("{failed} of {} steps did not behave.", self.steps.len()));
        }
    }
}

const PROLOGUE: &str = "A throw-away issuer and a throw-away resource server talk real HTTP on loopback. Tokens are \
                        shown by their beginning, their number and their length, passwords by their length. One clock \
                        for both stands still until a step moves it.";

fn show_step(page: &mut Page, step: &Step) {
    page.title(&format!("{:>2}  {}", step.number, step.title));
    for event in &step.events {
        match event {
            Event::Exchange { who, server, request, answer } => show_exchange(page, who, *server, request, answer),
            Event::Token { name, decoded } => show_token(page, name, decoded),
            Event::Validation { checked } => {
                for checked in checked {
                    page.line(&format!("{STEP_INDENT}{:<12} {}", checked.what, checked.found));
                }
            }
            Event::ClockMoved { seconds } => page.aside(&format!("{STEP_INDENT}… {seconds} s later")),
        }
    }
    prose(page, STEP_INDENT, step.why);
    step.checks.iter().for_each(|check| show_check(page, check));
    if let Some(why) = &step.interrupted {
        page.bad(&format!("{STEP_INDENT}NO  the tour can't go on: {why}"));
    }
}

fn show_exchange(page: &mut Page, who: &str, server: Server, request: &ShownRequest, answer: &ShownAnswer) {
    let server = server.name();
    page.line(&format!("{STEP_INDENT}{who} > {server}: {} {}", request.method, request.path));
    show_message(page, &request.headers, &request.body);
    page.line(&format!("{STEP_INDENT}{who} < {server}: {}", answer.status));
    show_message(page, &answer.headers, &answer.body);
}

fn show_message(page: &mut Page, headers: &[(String, String)], body: &Value) {
    for (name, value) in headers.iter().filter(|(name, _)| FIELDS.contains(&name.as_str())) {
        wire(page, WIRE_INDENT, &format!("{name}: {value}"));
    }
    if !body.is_null() {
        show_json(page, WIRE_INDENT, "", body, "");
    }
}

fn show_token(page: &mut Page, name: &str, token: &DecodedToken) {
    let DecodedToken { bytes, header_bytes, claims_bytes, signature_bytes, .. } = token;
    page.line(&format!("{STEP_INDENT}{name}, decoded: header, claims, signature"));
    wire(page, WIRE_INDENT, &token.header_text);
    wire(page, WIRE_INDENT, &token.claims_text);
    let parts = format!("{header_bytes} + {claims_bytes} + {signature_bytes}");
    page.line(&format!("{WIRE_INDENT}{parts} characters of base64url and two dots = {bytes} bytes"));
}

fn show_check(page: &mut Page, check: &Check) {
    let Check { what, expected, observed, ok } = check;
    if *ok {
        page.good(&format!("{STEP_INDENT}ok  {what}: {observed}"));
    } else {
        page.bad(&format!("{STEP_INDENT}NO  {what}: expected {expected}, came {observed}"));
    }
}

fn prose(page: &mut Page, indent: &str, text: &str) {
    wrapped(page, [indent, indent], text, &[' ']);
}

/// A field or a value of a message; its further lines are a little further in.
fn wire(page: &mut Page, indent: &str, text: &str) {
    wrapped(page, [indent, &format!("{indent} ")], text, &[',', ';']);
}

/// JSON on one line where it fits; flat, in lines; else a line for each member or item.
fn show_json(page: &mut Page, indent: &str, name: &str, value: &Value, end: &str) {
    let line = format!("{name}{value}{end}");
    let parts: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(name, value)| (format!("\"{name}\":"), value)).collect(),
        Value::Array(items) => items.iter().map(|item| (String::new(), item)).collect(),
        _ => Vec::new(),
    };
    let fits = indent.len() + line.chars().count() <= COLUMNS;
    if fits || parts.iter().all(|(_, value)| is_flat(value)) {
        return wire(page, indent, &line);
    }
    let (open, close) = if value.is_object() { ('{', '}') } else { ('[', ']') };
    page.line(&format!("{indent}{name}{open}"));
    let deeper = format!("{indent}  ");
    for (at, (name, value)) in parts.iter().enumerate() {
        show_json(page, &deeper, name, value, if at + 1 < parts.len() { "," } else { "" });
    }
    page.line(&format!("{indent}{close}{end}"));
}

/// Whether a value reads well within a line: a scalar, or a list of such.
fn is_flat(value: &Value) -> bool {
    match value {
        Value::Object(_) => false,
        Value::Array(items) => items.iter().all(|item| !item.is_object() && !item.is_array()),
        _ => true,
    }
}

/// The text in lines that end after one of `separators`, or at a space where nothing else fits; the first line and the
/// others have an indent each.
fn wrapped(page: &mut Page, [first, others]: [&str; 2], text: &str, separators: &[char]) {
    let room = COLUMNS - others.len();
    let pieces = text.split_inclusive(separators).flat_map(|piece| {
        let fits = piece.chars().count() <= room;
        if fits { vec![piece] } else { piece.split_inclusive(' ').collect() }
    });
    let mut line = first.to_owned();
    for piece in pieces {
        let begun = !line.trim_start().is_empty();
        if begun && line.chars().count() + piece.trim_end().chars().count() > COLUMNS {
            page.line(line.trim_end());
            line = format!("{others}{}", piece.trim_start());
        } else {
            line.push_str(piece);
        }
    }
    page.line(line.trim_end());
}
