//! Every committed input through its target, on stable Rust.

use std::{collections::BTreeSet, fs, path::Path};

use fuzz_bodies::{TARGETS, run};

#[test]
fn every_committed_input_passes_and_every_target_has_some() {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    for (name, _) in TARGETS {
        let mut inputs = 0;
        for entry in fs::read_dir(corpora.join(name)).unwrap() {
            run(name, &fs::read(entry.unwrap().path()).unwrap());
            inputs += 1;
        }
        assert!(inputs >= 5, "{name} has {inputs} inputs");
    }
}

#[test]
fn each_target_has_its_corpus_and_its_fuzzer_and_no_other_has() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
    let names = |folder: &str| -> BTreeSet<String> {
        let entries = fs::read_dir(fuzz.join(folder)).unwrap();
        entries.map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned()).collect()
    };
    let targets: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names("corpus"), targets);
    assert_eq!(names("fuzz_targets"), targets);
}

/// What the fuzzers find is found here too if it is within reach of small changes: each input with each byte left out,
/// doubled, or made another.
#[test]
fn small_changes_of_every_input_pass() {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    for (name, body) in TARGETS {
        // A key that is taken costs a millisecond, and most changes are to numbers.
        let step = if ["jwk", "jwk_set", "pem"].contains(&name) { 37 } else { 3 };
        for entry in fs::read_dir(corpora.join(name)).unwrap() {
            let input = fs::read(entry.unwrap().path()).unwrap();
            for at in (0..input.len()).step_by(step) {
                let (before, after) = input.split_at(at);
                body(&[before, &after[1..]].concat());
                body(&[before, &after[..1], after].concat());
                body(&[before, &[after[0] ^ 1], &after[1..]].concat());
            }
        }
    }
}
