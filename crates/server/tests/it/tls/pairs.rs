//! Certificates and keys: in which forms they are read, and what is told about those that can't be used.

use super::{listen, seen};
use crate::support::certificates::{Authority, Files, Issued, replace};
use countersign_jose::base64url;
use countersign_server::{Tls, TlsFile, TlsProblem};
use rcgen::{KeyPair, PKCS_ECDSA_P384_SHA384, PKCS_ED25519, PKCS_RSA_SHA256, RsaKeySize};
use std::path::Path;

const YEARS: u64 = 4_000_000_000;

fn pem(kind: &str, der: &[u8]) -> String {
    let text = base64url::encode(der).replace('-', "+").replace('_', "/");
    let padding = "=".repeat((4 - text.len() % 4) % 4);
    let lines: Vec<String> =
        (text + &padding).as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line).into_owned()).collect();
    format!("-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n", lines.join("\n"))
}

/// What stands inside a PKCS#8 envelope, from this byte on.
fn inside(key: &KeyPair, from: usize) -> Vec<u8> {
    key.serialize_der()[from..].to_vec()
}

fn problems(files: &Files) -> Vec<TlsProblem> {
    Tls::open(files.clone().into()).err().expect("a refusal")
}

#[track_caller]
fn assert_refused(files: &Files, expected: &[(TlsFile, &str, &str)]) {
    let found: Vec<_> =
        problems(files).iter().map(|problem| (problem.file, problem.to_string(), problem.fault.hint())).collect();
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for ((file, message, hint), (wanted, says, hints)) in found.iter().zip(expected) {
        assert!(file == wanted && message.contains(says) && hint.contains(hints), "{found:?}");
        assert!(!message.contains("MII") && !hint.contains("MII"), "quotes the file: {found:?}");
    }
}

fn put(folder: &Path, certificate: &str, key: &str) -> Files {
    Issued { certificate: certificate.to_owned(), key: key.to_owned() }.put(folder)
}

#[tokio::test]
async fn keys_of_every_kind_and_notation_are_read() {
    let (authority, folder) = (Authority::new(), tempfile::tempdir().unwrap());
    let p256 = KeyPair::generate().unwrap();
    let rsa = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
    let of = |algorithm| KeyPair::generate_for(algorithm).unwrap();
    let parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
    let sec1 = parameters.to_owned() + &pem("EC PRIVATE KEY", &inside(&p256, 29));
    let pkcs1 = pem("RSA PRIVATE KEY", &inside(&rsa, 26));
    let others = [of(&PKCS_ECDSA_P384_SHA384), of(&PKCS_ED25519)];
    let mut notations = vec![(&p256, p256.serialize_pem()), (&p256, sec1), (&rsa, rsa.serialize_pem()), (&rsa, pkcs1)];
    notations.extend(others.iter().map(|key| (key, key.serialize_pem())));
    for (key, notation) in notations {
        let issued = authority.issue_for(key, &["localhost"], 0, YEARS);
        let files = put(folder.path(), &issued.certificate, &notation);
        let opened = Tls::open(files.into());
        let address = listen(opened.unwrap_or_else(|problems| panic!("{problems:?}: {:?}", key.algorithm()))).await;
        seen(address, &authority).await;
    }
}

#[tokio::test]
async fn files_that_hold_something_else_are_refused_both_at_once() {
    let (authority, folder) = (Authority::new(), tempfile::tempdir().unwrap());
    let Issued { certificate, key } = authority.issue(&["localhost"]);
    let at = folder.path();
    let (c, k) = (TlsFile::Certificate, TlsFile::Key);
    assert_refused(
        &put(at, &key, &certificate),
        &[(c, "there is no certificate", "are `server.tls_cert_file` and"), (k, "no private key", "swapped?")],
    );
    assert_refused(&put(at, "", "\n"), &[(c, "no certificate", "a PEM file"), (k, "no private key", "a PEM file")]);
    let damaged = certificate.replacen("\nMII", "\nMI!", 1);
    assert_refused(
        &put(at, &(certificate.clone() + &damaged), &key),
        &[(c, "certificate 2 in the file is damaged", "")],
    );
    let nonsense = pem("CERTIFICATE", b"nonsense");
    assert_refused(&put(at, &nonsense, &key), &[(c, "certificate 1 in the file is damaged", "chain")]);
    assert_refused(
        &put(at, &certificate, &pem("PRIVATE KEY", b"nonsense")),
        &[(k, "damaged, or of a kind", "new key")],
    );
    let encrypted = pem("ENCRYPTED PRIVATE KEY", b"nonsense");
    assert_refused(&put(at, &certificate, &encrypted), &[(k, "encrypted", "openssl pkey")]);
    let files = Files { certificate: at.to_owned(), key: at.join("absent") };
    assert_refused(&files, &[(c, "not a file", ""), (k, "cannot be read: No such file", "that is there")]);
    let large = "#".repeat(1 << 20) + "\n";
    assert_refused(&put(at, &large, &key), &[(c, "larger than 1 MiB", "")]);
}

#[tokio::test]
async fn a_key_of_another_certificate_is_refused_and_one_of_the_chain_is_found() {
    let (authority, folder) = (Authority::new(), tempfile::tempdir().unwrap());
    let (one, other) = (authority.issue(&["localhost"]), authority.issue(&["localhost"]));
    let says = "the key does not belong to the certificate";
    let files = put(folder.path(), &one.certificate, &other.key);
    assert_refused(&files, &[(TlsFile::Key, says, "requested with")]);
    let files = put(folder.path(), &(one.certificate + &other.certificate), &other.key);
    assert_refused(&files, &[(TlsFile::Key, says, "certificate 2 in the file: put that one first")]);
}

#[tokio::test]
async fn a_key_that_others_can_read_is_refused_with_its_mode() {
    let (authority, folder) = (Authority::new(), tempfile::tempdir().unwrap());
    let issued = authority.issue(&["localhost"]);
    let files = issued.put(folder.path());
    for mode in [0o644, 0o604, 0o660, 0o602] {
        replace(&files.key, &issued.key, mode);
        assert_refused(&files, &[(TlsFile::Key, &format!("(mode {mode:04o})"), "chmod 600 ")]);
    }
    for mode in [0o600, 0o400] {
        replace(&files.key, &issued.key, mode);
        assert!(Tls::open(files.clone().into()).is_ok(), "{mode:o}");
    }
}
