//! Project Wycheproof: signatures and tags that are wrong in every way that somebody once accepted.
//!
//! What it calls valid must hold, what it calls invalid must not. Where it says "acceptable" (a policy), or where our own
//! rules refuse the key, that is listed here.

use countersign_jose::{Algorithm, KeyId, VerifyingKey};
use wycheproof::{TestResult, ecdsa, eddsa, mac, rsa_pkcs1_verify, rsa_pss_verify};

/// What was tried, so that no set is empty unseen.
#[derive(Default)]
struct Tried {
    valid: usize,
    invalid: usize,
}

impl Tried {
    fn check(&mut self, result: TestResult, held: bool, what: &str) {
        match result {
            TestResult::Valid => {
                assert!(held, "{what}: valid, and refused");
                self.valid += 1;
            }
            TestResult::Invalid => {
                assert!(!held, "{what}: invalid, and accepted");
                self.invalid += 1;
            }
            TestResult::Acceptable => {}
        }
    }

    fn assert_many(&self) {
        assert!(self.valid > 0 && self.invalid > 0, "{} valid, {} invalid", self.valid, self.invalid);
    }
}

#[test]
fn ecdsa() {
    for (algorithm, name) in [
        (Algorithm::Es256, ecdsa::TestName::EcdsaSecp256r1Sha256P1363),
        (Algorithm::Es384, ecdsa::TestName::EcdsaSecp384r1Sha384P1363),
        (Algorithm::Es512, ecdsa::TestName::EcdsaSecp521r1Sha512P1363),
    ] {
        let mut tried = Tried::default();
        for group in ecdsa::TestSet::load(name).unwrap().test_groups {
            let key = VerifyingKey::from_spki_der(algorithm, &group.der).unwrap();
            for test in group.tests {
                let held = key.check(&test.msg, &test.sig).is_ok();
                tried.check(test.result, held, &format!("{algorithm} {}", test.tc_id));
            }
        }
        tried.assert_many();
    }
}

#[test]
fn ed25519() {
    let mut tried = Tried::default();
    for group in eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap().test_groups {
        let key = VerifyingKey::from_spki_der(Algorithm::EdDsa, &group.der).unwrap();
        for test in group.tests {
            tried.check(test.result, key.check(&test.msg, &test.sig).is_ok(), &format!("EdDSA {}", test.tc_id));
        }
    }
    tried.assert_many();
}

#[test]
fn hmac() {
    for (algorithm, name, secret_bytes_min) in [
        (Algorithm::Hs256, mac::TestName::HmacSha256, 32),
        (Algorithm::Hs384, mac::TestName::HmacSha384, 48),
        (Algorithm::Hs512, mac::TestName::HmacSha512, 64),
    ] {
        let mut tried = Tried::default();
        for group in mac::TestSet::load(name).unwrap().test_groups {
            for test in group.tests {
                let id = KeyId::new("1").unwrap();
                let Ok(key) = VerifyingKey::from_hmac_secret(algorithm, test.key.to_vec(), id) else {
                    // RFC 7518 section 3.2, and no secret of one repeated byte.
                    let is_repeated = test.key.iter().all(|byte| Some(byte) == test.key.first());
                    assert!(test.key.len() < secret_bytes_min || is_repeated, "{algorithm} {}", test.tc_id);
                    continue;
                };
                let held = key.check(&[], &[]).is_ok() || key.check(&test.msg, &test.tag).is_ok();
                // A tag that is cut short may be right there; it never holds here (row A51).
                let result = if group.tag_size / 8 < secret_bytes_min { TestResult::Invalid } else { test.result };
                tried.check(result, held, &format!("{algorithm} {}", test.tc_id));
            }
        }
        tried.assert_many();
    }
}

#[test]
fn rsa_pkcs1() {
    use rsa_pkcs1_verify::TestName::{
        Rsa2048Sha256, Rsa2048Sha384, Rsa2048Sha512, Rsa3072Sha256, Rsa3072Sha384, Rsa3072Sha512, Rsa4096Sha256,
        Rsa4096Sha384, Rsa4096Sha512, Rsa8192Sha256, Rsa8192Sha384, Rsa8192Sha512,
    };
    for (algorithm, names) in [
        (Algorithm::Rs256, [Rsa2048Sha256, Rsa3072Sha256, Rsa4096Sha256, Rsa8192Sha256]),
        (Algorithm::Rs384, [Rsa2048Sha384, Rsa3072Sha384, Rsa4096Sha384, Rsa8192Sha384]),
        (Algorithm::Rs512, [Rsa2048Sha512, Rsa3072Sha512, Rsa4096Sha512, Rsa8192Sha512]),
    ] {
        for name in names {
            let mut tried = Tried::default();
            for group in rsa_pkcs1_verify::TestSet::load(name).unwrap().test_groups {
                let key = VerifyingKey::from_spki_der(algorithm, &group.der).unwrap();
                for test in group.tests {
                    let held = key.check(&test.msg, &test.sig).is_ok();
                    tried.check(test.result, held, &format!("{algorithm} {name:?} {}", test.tc_id));
                }
            }
            tried.assert_many();
        }
    }
}

#[test]
fn rsa_pss() {
    use rsa_pss_verify::TestName::{
        RsaPss2048Sha256Mgf1SaltLen32, RsaPss2048Sha384Mgf1SaltLen48, RsaPss3072Sha256Mgf1SaltLen32,
        RsaPss4096Sha256Mgf1SaltLen32, RsaPss4096Sha384Mgf1SaltLen48, RsaPss4096Sha512Mgf1SaltLen64,
    };
    for (algorithm, name) in [
        (Algorithm::Ps256, RsaPss2048Sha256Mgf1SaltLen32),
        (Algorithm::Ps256, RsaPss3072Sha256Mgf1SaltLen32),
        (Algorithm::Ps256, RsaPss4096Sha256Mgf1SaltLen32),
        (Algorithm::Ps384, RsaPss2048Sha384Mgf1SaltLen48),
        (Algorithm::Ps384, RsaPss4096Sha384Mgf1SaltLen48),
        (Algorithm::Ps512, RsaPss4096Sha512Mgf1SaltLen64),
    ] {
        let mut tried = Tried::default();
        for group in rsa_pss_verify::TestSet::load(name).unwrap().test_groups {
            let key = VerifyingKey::from_spki_der(algorithm, &group.der).unwrap();
            for test in group.tests {
                let held = key.check(&test.msg, &test.sig).is_ok();
                tried.check(test.result, held, &format!("{algorithm} {name:?} {}", test.tc_id));
            }
        }
        tried.assert_many();
    }
    // The salt is as long as the hash and no other (RFC 7518 section 3.5).
    for group in
        rsa_pss_verify::TestSet::load(rsa_pss_verify::TestName::RsaPss2048Sha256Mgf1SaltLen0).unwrap().test_groups
    {
        let key = VerifyingKey::from_spki_der(Algorithm::Ps256, &group.der).unwrap();
        let mut valid = group.tests.iter().filter(|test| test.result == TestResult::Valid).peekable();
        assert!(valid.peek().is_some() && valid.all(|test| key.check(&test.msg, &test.sig).is_err()));
    }
}
