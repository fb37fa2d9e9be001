//! The revoked set: three ids that miss, and memory, by size and by what it holds.

use crate::Random;
use countersign_benches::Series;
use countersign_jose::base64url;
use countersign_revocation::{Kind, NewEntry, RevokedSet, Sequence, Subjects};
use std::hint::black_box;
use std::time::Instant;

const ROUNDS: usize = 9;
const LOOK_UPS: u64 = 400_000;
const SIZES: [(usize, &str, &str); 3] = [
    (1_000, "10^3, sessions", "10^3, all kinds"),
    (1_000_000, "10^6, sessions", "10^6, all kinds"),
    (10_000_000, "10^7, sessions", "10^7, all kinds"),
];

pub fn run() {
    println!("\nthree ids that miss, in sets of sessions only and of sessions, tokens and clients in equal parts");
    let mut random = Random(2);
    let mut sets = Vec::new();
    for (size, sessions, all) in SIZES {
        sets.push((filled(size, &[Kind::Session], &mut random), Series::new(sessions, "ns"), size));
        sets.push((filled(size, &Kind::ALL[..3], &mut random), Series::new(all, "ns"), size));
    }
    let mut made = Series::new("(making three ids, taken off below)", "ns");
    for _ in 0..ROUNDS {
        let making = each(&mut random, |subjects| black_box(subjects.session).is_none());
        made.add(making);
        for (set, series, _) in &mut sets {
            series.add(each(&mut random, |subjects| set.look_up(black_box(subjects)).is_some()) - making);
        }
    }
    made.print();
    for (set, series, size) in &sets {
        series.print();
        println!("{:<44} {:>12.1} bytes an entry", "", set.bytes() as f64 / *size as f64);
    }
    println!("asked: 19 ns at 10^3, 63 ns at 10^6, 36 bytes an entry");
}

/// Ends spread over ten minutes, as those of ten-minute tokens are.
fn filled(size: usize, kinds: &[Kind], random: &mut Random) -> RevokedSet {
    let set = RevokedSet::new();
    for (number, kind) in (1..=size).zip(kinds.iter().cycle()) {
        let until = 1_764_000_000 + random.next() % 600;
        let id = random.id();
        // A client is held under a hash of its name.
        let entry = match kind {
            Kind::Client => NewEntry::client(&base64url::encode(&id), until),
            kind => NewEntry::new(*kind, &base64url::encode(&id), until, None),
        };
        set.insert(&entry.expect("a good entry").numbered(Sequence(number as u64)));
    }
    assert_eq!(set.len(), size);
    set
}

/// Nanoseconds for each look-up; none may hit.
fn each(random: &mut Random, look_up: impl Fn(&Subjects) -> bool) -> f64 {
    let started = Instant::now();
    let mut hits: u64 = 0;
    for _ in 0..LOOK_UPS {
        let subjects = Subjects { session: Some(random.id()), token: Some(random.id()), client: Some(random.id()) };
        hits += u64::from(look_up(&subjects));
    }
    assert_eq!(hits, 0);
    started.elapsed().as_nanos() as f64 / LOOK_UPS as f64
}
