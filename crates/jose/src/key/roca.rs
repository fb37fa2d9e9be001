//! The fingerprint of keys made by a broken generator (ROCA, CVE-2017-15361): they factor in practice.
//!
//! That generator made primes of the form k M + (65537^a mod M), M a product of the first primes. So the modulus is a
//! power of 65537 modulo each of them; a sound modulus is that for all 38 with a chance below 2^-27.

/// The odd primes up to 167, those in M at every key size (Nemec et al., "The Return of Coppersmith's Attack", §3).
const PRIMES: [u32; 38] = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109,
    113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];

/// Whether a modulus, big-endian, has the fingerprint.
pub(super) fn has_fingerprint(n: &[u8]) -> bool {
    PRIMES.into_iter().all(|prime| is_power_of_65537(n, prime))
}

#[expect(clippy::arithmetic_side_effects, reason = "the prime is at most 167, so each product is below 2^24")]
fn is_power_of_65537(n: &[u8], prime: u32) -> bool {
    let residue = n.iter().fold(0, |residue, byte| (residue * 256 + u32::from(*byte)) % prime);
    let generator = 65_537 % prime;
    // The powers return to 1 after at most `prime - 1` steps.
    let mut power = 1;
    (1..prime).any(|_| {
        power = power * generator % prime;
        power == residue
    })
}
