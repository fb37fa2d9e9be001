//! No spelling of a path below a protected prefix passes as public, whatever the application behind the proxy makes of
//! it: paths are drawn from what normalisers differ about, and judged beside an independent, careless normaliser.

use countersign_guard::{Demand, GuardedPath, Rules};
use countersign_verifier::Needs;
use http::Method;
use proptest::prelude::*;

use crate::support::rule;

/// What an application may do to a path.
#[derive(Debug, Clone, Copy)]
struct Careless {
    decodings: u32,
    cuts_parameters: bool,
    turns_backslashes: bool,
    merges_slashes: bool,
    resolves_dots: bool,
    lowers: bool,
    trims: bool,
}

impl Careless {
    /// All of them: each choice, with up to three decodings.
    fn all() -> impl Iterator<Item = Self> {
        (0..4_u32).flat_map(|decodings| {
            (0..64_u32).map(move |bits| {
                let is_set = |bit: u32| bits & (1 << bit) != 0;
                Self {
                    decodings,
                    cuts_parameters: is_set(0),
                    turns_backslashes: is_set(1),
                    merges_slashes: is_set(2),
                    resolves_dots: is_set(3),
                    lowers: is_set(4),
                    trims: is_set(5),
                }
            })
        })
    }

    fn read(self, target: &str) -> String {
        let mut path = target.split(['?', '#']).next().unwrap_or_default().to_owned();
        for _ in 0..self.decodings {
            path = decode(&path);
        }
        // As C does.
        path = path.split('\0').next().unwrap_or_default().to_owned();
        if self.turns_backslashes {
            path = path.replace('\\', "/");
        }
        let mut segments: Vec<String> = path.split('/').map(str::to_owned).collect();
        if self.cuts_parameters {
            segments =
                segments.iter().map(|segment| segment.split(';').next().unwrap_or_default().to_owned()).collect();
        }
        if self.trims {
            segments = segments
                .iter()
                .map(|segment| {
                    let is_dots = segment.trim().chars().all(|c| c == '.');
                    if is_dots { segment.trim().to_owned() } else { segment.trim().trim_end_matches('.').to_owned() }
                })
                .collect();
        }
        if self.merges_slashes {
            segments.retain(|segment| !segment.is_empty());
        }
        if self.resolves_dots {
            let mut resolved: Vec<String> = Vec::new();
            for segment in segments {
                match segment.as_str() {
                    "." => {}
                    ".." => drop(resolved.pop()),
                    _ => resolved.push(segment),
                }
            }
            segments = resolved;
        }
        let path = format!("/{}", segments.join("/").trim_start_matches('/'));
        if self.lowers { path.to_lowercase() } else { path }
    }
}

fn decode(text: &str) -> String {
    let (bytes, mut decoded, mut at) = (text.as_bytes(), Vec::new(), 0);
    while at < bytes.len() {
        let digits = text.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                decoded.push(byte);
                at += 3;
            }
            None => {
                decoded.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

fn is_below(path: &str, top: &str) -> bool {
    path == top || path.starts_with(&format!("{top}/"))
}

/// Pieces of which evil paths are made.
fn target() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        8 => prop::sample::select(vec![
            "/", "/", "/", "admin", "admin", "public", "public", "ADMIN", "Admin", "aDmin", "%61dmin", "%41DMIN",
            "adm%69n", "%2561dmin", "..", "..", ".", "...", "%2e%2e", "%2E", "%252e%252e", "//", "%2f", "%2F", "%252f", "%5c", "\\",
            "%255c", ";", ";x", "%3b", ";/../", "%00", "%0a", "%20", "%09", "%c0%ae", "%c0%af", "%e0%80%af", "%ff", "%",
            "%u002f", "%25", "%2", "x", "a b", "+", "~", "%7e", "?", "#", "%3f", "%23", "*", "%ef%bc%8e", "%ef%bc%8f",
            "%ef%bd%81dmin", "%e2%80%8b", "\u{212a}", "%c4%b0",
        ]).prop_map(str::to_owned),
        1 => "[ -~]{1,3}",
    ];
    let begin = prop::sample::select(vec!["/", "/", "/public", "/public/", "/admin", "/x/"]);
    (begin, prop::collection::vec(piece, 0..5)).prop_map(|(begin, pieces)| format!("{begin}{}", pieces.concat()))
}

fn is_public(rules: &Rules, target: &str) -> bool {
    GuardedPath::read(target).is_ok_and(|path| *rules.demand("app.example", &Method::GET, &path) == Demand::Public)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn what_any_reader_takes_for_protected_is_not_public(target in target()) {
        let protected = Demand::Token(Needs::any_token().role("admin"));
        let rules = Rules::new(vec![rule("/admin/*", protected), rule("/*", Demand::Public)]).unwrap();
        if is_public(&rules, &target) {
            for reader in Careless::all() {
                let path = reader.read(&target);
                prop_assert!(!is_below(&path, "/admin"), "{target:?} is {path:?} to {reader:?}");
            }
        }
    }

    #[test]
    fn what_is_public_is_public_to_every_reader(target in target()) {
        let rules = Rules::new(vec![rule("/public/*", Demand::Public)]).unwrap();
        if is_public(&rules, &target) {
            for reader in Careless::all() {
                let path = reader.read(&target);
                prop_assert!(is_below(&path, "/public"), "{target:?} is {path:?} to {reader:?}");
            }
        }
    }

    #[test]
    fn a_path_that_is_taken_reads_the_same_to_every_reader_but_for_case(target in target()) {
        if let Ok(path) = GuardedPath::read(&target) {
            for reader in Careless::all().filter(|reader| reader.decodings > 0) {
                let read = reader.read(&target);
                let (read, path) = (read.trim_end_matches('/').to_lowercase(), path.as_str().trim_end_matches('/').to_lowercase());
                prop_assert_eq!(read, path);
            }
        }
    }
}

/// Or the tests above would show nothing.
#[test]
fn the_careless_reader_falls_for_what_is_refused() {
    for target in [
        "/public/..%2fadmin",
        "//admin",
        "/admin%00",
        "/ADMIN;x",
        "/public/%2e%2e/admin",
        "/public//../../admin",
        "/admin/.",
        "/%61dmin",
        "/%2561dmin",
        "/public\\..\\admin",
        "/admin.",
        "/admin%20",
    ] {
        assert!(Careless::all().any(|reader| is_below(&reader.read(target), "/admin")), "{target}");
    }
}
