//! Rows 1 to 10: what is decided before the generation counts.

use crate::support::world::{Answer, Case, HOME, HOUR, MINUTE, NOW, SECOND, client, confidential, elsewhere, secret};
use countersign_core::account::AccountStatus;
use countersign_core::client::{Client, ClientId, ClientStatus, RotationPolicy};
use countersign_core::key_ring::MacKeyId;
use countersign_core::resource::{Resource, ResourceUri};
use countersign_core::scope::ScopeSet;
use countersign_core::session::{
    Alarm, End, EndReason, Ended, EpochCause, Generation, Judgement, Proof, Refusal, Row, SecretHash, Verdict,
};
use countersign_core::token::{MacKeys, MacStanding, RefreshTokenError};
use countersign_core::{Epoch, SessionId, Span};
use zeroize::Zeroizing;

fn refused(judgement: &Judgement) -> Option<Refusal> {
    match judgement.verdict {
        Verdict::Refuse(refusal) => Some(refusal),
        _ => None,
    }
}

fn ends(judgement: &Judgement) -> Option<EndReason> {
    match &judgement.verdict {
        Verdict::End(end) => Some(end.reason),
        _ => None,
    }
}

// Row 1 is decided by client authentication, before there is a presentation; what the table adds is its answer.

#[test]
fn row_1_answers_invalid_client() {
    assert_eq!((Row::ClientAuthentication.number(), Refusal::InvalidClient.code()), (1, "invalid_client"));
}

#[test]
fn the_rows_are_numbered_as_in_the_table() {
    let rows = [
        Row::ClientAuthentication,
        Row::NotOurs,
        Row::NoSession,
        Row::NotProven,
        Row::ForeignClient,
        Row::Ended,
        Row::Expired,
        Row::WrongSecret,
        Row::BeyondGrant,
        Row::Proven,
        Row::JustRotated,
        Row::Current,
        Row::RetryKey,
        Row::Repeated,
        Row::Late,
        Row::Reused,
        Row::Ahead,
        Row::Unavailable,
    ];
    assert!(rows.iter().map(|row| row.number()).eq(1..=18));
}

// Row 2

#[test]
fn row_2_a_token_that_is_not_ours_never_becomes_a_presentation() {
    let keys = |secret: u8| {
        let key = (MacKeyId(1), Zeroizing::new([secret; 32]), MacStanding::Trusted);
        MacKeys::new("https://auth.example.com", MacKeyId(1), &[key])
    };
    let token = keys(1).issue(SessionId::from_bytes([4; 16]), &secret(5), Generation(7)).unwrap();
    assert!(keys(1).open(&token).is_ok());
    assert_eq!(keys(2).open(&token).unwrap_err(), RefreshTokenError::WrongMac(MacKeyId(1)));
    assert_eq!(keys(1).open(&token[1..]).unwrap_err(), RefreshTokenError::Form);
    let unknown = MacKeys::new("https://auth.example.com", MacKeyId(2), &[]).open(&token).unwrap_err();
    assert_eq!(unknown, RefreshTokenError::UnknownMacKey(MacKeyId(1)));
}

// Row 3

#[test]
fn row_3_a_token_of_no_session_is_refused_and_nothing_is_written() {
    let (mut world, mut presented) = Case::of(5, 5).into_world();
    presented.token.session = SessionId::from_bytes([8; 16]);
    assert_eq!(world.refresh(presented).unwrap(), Answer::Refused(Row::NoSession, Refusal::InvalidGrant));
    assert!(world.told().is_empty());
}

// Row 4

#[test]
fn row_4_without_the_bound_key_a_token_is_refused_and_nothing_ends() {
    let with = |proof: Proof, generation: u32| {
        Case::of(5, generation).with(|case| {
            case.state.session.jkt = Some("owner".to_owned());
            case.presented.proof = proof;
        })
    };
    for generation in [0, 4, 5, 6] {
        for (proof, refusal) in [
            (Proof::Absent, Refusal::InvalidDpopProof),
            (Proof::Invalid, Refusal::InvalidDpopProof),
            (Proof::Of("thief".to_owned()), Refusal::InvalidDpopProof),
            (Proof::NeedsNonce, Refusal::UseDpopNonce),
        ] {
            let judgement = with(proof.clone(), generation).judge();
            assert_eq!((judgement.row, refused(&judgement)), (Row::NotProven, Some(refusal)), "{proof:?} {generation}");
            assert_eq!(judgement.alarm, None);
        }
    }
    assert_eq!(with(Proof::Of("owner".to_owned()), 5).row(), Row::Current);
}

#[test]
fn row_4_comes_before_5_and_6() {
    let bound = |case: &mut Case| {
        case.state.session.jkt = Some("owner".to_owned());
        case.presented.client = client("other").id;
        case.state.session.ended = Some(Ended { end: End::of(EndReason::SignedOut), at: NOW });
    };
    assert_eq!(Case::of(5, 5).with(bound).row(), Row::NotProven);
}

#[test]
fn a_proof_of_a_session_that_is_not_bound_changes_nothing() {
    assert_eq!(Case::of(5, 5).with(|case| case.presented.proof = Proof::Invalid).row(), Row::Current);
}

// Row 5

fn stolen_by_another_client(own: Client) -> Case {
    Case::at(own, 5, 5).with(|case| case.presented.client = client("other").id)
}

#[test]
fn row_5_another_client_with_a_public_clients_bare_token_ends_the_session() {
    let judgement = stolen_by_another_client(client("app")).judge();
    assert_eq!((judgement.row, ends(&judgement)), (Row::ForeignClient, Some(EndReason::ForeignClient)));
    assert_eq!(judgement.alarm, Some(Alarm::ForeignClient));
    let Verdict::End(end) = judgement.verdict else { unreachable!() };
    assert_eq!(end.by.as_deref(), Some("request request-2 from 192.0.2.7 presented it as client other"));
}

#[test]
fn row_5_of_the_four_conditions_each_one_missing_leaves_the_session_alone() {
    let cases = [
        ("wrong secret", stolen_by_another_client(client("app")).with(|case| case.presented.token.secret = secret(6))),
        (
            "distrusted key",
            stolen_by_another_client(client("app"))
                .with(|case| case.presented.token.standing = MacStanding::Distrusted),
        ),
        ("own client confidential", stolen_by_another_client(confidential("app"))),
        (
            "bound to a key that was shown",
            stolen_by_another_client(client("app")).with(|case| {
                case.state.session.jkt = Some("owner".to_owned());
                case.presented.proof = Proof::Of("owner".to_owned());
            }),
        ),
        ("own client gone", stolen_by_another_client(client("app")).with(|case| case.state.client = None)),
    ];
    for (condition, case) in cases {
        let judgement = case.judge();
        assert_eq!(
            (judgement.row, refused(&judgement), judgement.alarm),
            (Row::ForeignClient, Some(Refusal::InvalidGrant), Some(Alarm::ForeignClient)),
            "{condition}"
        );
    }
}

#[test]
fn row_5_tokens_of_the_built_in_client_are_refused_to_any_other() {
    let judgement = Case::of(5, 5).with(|case| case.presented.client = client("other").id).judge();
    assert_eq!(ends(&judgement), Some(EndReason::ForeignClient));
    let judgement =
        stolen_by_another_client(client("app")).with(|case| case.presented.client = ClientId::first_party()).judge();
    assert_eq!(ends(&judgement), Some(EndReason::ForeignClient));
}

#[test]
fn row_5_the_alarm_is_told_even_if_the_session_had_ended() {
    let (mut world, presented) = stolen_by_another_client(client("app"))
        .with(|case| case.state.session.ended = Some(Ended { end: End::of(EndReason::SignedOut), at: NOW }))
        .into_world();
    assert_eq!(world.refresh(presented).unwrap(), Answer::Refused(Row::ForeignClient, Refusal::InvalidGrant));
    assert_eq!(world.told(), ["alarm.refresh_token_of_another_client"]);
    assert_eq!(world.session().ended.unwrap().end.reason, EndReason::SignedOut);
}

// Row 6

#[test]
fn row_6_an_ended_session_is_refused_whatever_arrives_and_keeps_its_cause() {
    let ended = |case: &mut Case| {
        case.state.session.ended = Some(Ended { end: End::of(EndReason::SignedOut), at: NOW });
    };
    for generation in [0, 4, 5, 6] {
        let judgement = Case::of(5, generation).with(ended).judge();
        assert_eq!((judgement.row, refused(&judgement)), (Row::Ended, Some(Refusal::InvalidGrant)), "{generation}");
        assert_eq!(judgement.alarm, None, "{generation}");
    }
}

#[test]
fn row_6_comes_before_7() {
    let both = |case: &mut Case| {
        case.state.session.ended = Some(Ended { end: End::of(EndReason::SignedOut), at: NOW });
        case.now = case.state.session.absolute_expires_at;
    };
    assert_eq!(Case::of(5, 5).with(both).row(), Row::Ended);
}

// Row 7

#[test]
fn row_7_ends_the_session_with_its_cause() {
    type Change = fn(&mut Case);
    let causes: [(EndReason, Change); 7] = [
        (EndReason::IdleExpired, |case| case.now = case.state.session.idle_expires_at),
        (EndReason::AbsoluteExpired, |case| case.now = case.state.session.absolute_expires_at),
        (EndReason::AccountDisabled, |case| {
            case.state.account.as_mut().unwrap().status = AccountStatus::Disabled;
        }),
        (EndReason::AccountRemoved, |case| case.state.account = None),
        (EndReason::ClientDisabled, |case| case.state.client.as_mut().unwrap().status = ClientStatus::Disabled),
        (EndReason::ClientRemoved, |case| case.state.client = None),
        (EndReason::ClientRemoved, |case| {
            (case.state.client, case.state.session.account, case.state.account) = (None, None, None);
        }),
    ];
    for (reason, change) in causes {
        let judgement = Case::at(client("app"), 5, 5).with(change).judge();
        assert_eq!((judgement.row, ends(&judgement)), (Row::Expired, Some(reason)), "{reason:?}");
        assert_eq!(judgement.alarm, None, "{reason:?}");
    }
}

#[test]
fn row_7_expiry_begins_at_its_very_millisecond() {
    let before = |case: &mut Case| case.now = case.state.session.idle_expires_at - Span::from_millis(1);
    assert_eq!(Case::of(5, 5).with(before).row(), Row::Current);
}

#[test]
fn row_7_the_built_in_client_is_never_gone_and_a_machine_has_no_account() {
    let machine = |case: &mut Case| (case.state.session.account, case.state.account) = (None, None);
    assert_eq!(Case::of(5, 5).with(machine).row(), Row::Current);
}

#[test]
fn row_7_comes_before_8() {
    let both = |case: &mut Case| {
        case.presented.token.secret = secret(6);
        case.now = case.state.session.idle_expires_at;
    };
    assert_eq!(Case::of(5, 5).with(both).row(), Row::Expired);
}

// Row 8

#[test]
fn row_8_another_secret_is_refused_with_an_alarm_about_the_mac_key_and_ends_nothing() {
    for generation in [0, 3, 4, 5, 6, u32::MAX] {
        let judgement = Case::of(5, generation).with(|case| case.presented.token.secret = secret(6)).judge();
        assert_eq!((judgement.row, refused(&judgement)), (Row::WrongSecret, Some(Refusal::InvalidGrant)));
        assert_eq!(judgement.alarm, Some(Alarm::MacKeyLeaked(MacKeyId(1))), "{generation}");
    }
}

#[test]
fn row_8_the_replaced_secret_is_no_alarm() {
    for generation in [0, 4, 5, 6] {
        let replaced = |case: &mut Case| {
            case.state.session.replaced_hash = Some(secret(6).hash());
            case.presented.token.secret = secret(6);
        };
        let judgement = Case::of(5, generation).with(replaced).judge();
        assert_eq!((judgement.row, judgement.alarm), (Row::WrongSecret, None), "{generation}");
    }
}

#[test]
fn row_8_another_secret_under_a_distrusted_key_is_no_alarm() {
    let forged = |case: &mut Case| {
        case.presented.token.secret = secret(6);
        case.presented.token.standing = MacStanding::Distrusted;
    };
    let judgement = Case::of(5, 5).with(forged).judge();
    assert_eq!((judgement.row, judgement.alarm), (Row::WrongSecret, None));
}

#[test]
fn row_8_after_storage_went_back_another_secret_is_no_alarm() {
    let went_back = |case: &mut Case| {
        case.presented.token.secret = secret(6);
        case.state.epoch.id = Epoch::new(2, [2; 10]);
        case.state.epoch.cause = EpochCause::WentBack;
    };
    let judgement = Case::of(5, 5).with(went_back).judge();
    assert_eq!((judgement.row, judgement.alarm), (Row::WrongSecret, None));
    let written_since = |case: &mut Case| case.state.session.storage_epoch = Epoch::new(2, [2; 10]);
    let judgement = Case::of(5, 5).with(went_back).with(written_since).judge();
    assert_eq!(judgement.alarm, Some(Alarm::MacKeyLeaked(MacKeyId(1))));
}

fn distrusted(current: u32, presented: u32) -> Case {
    Case::of(current, presented).with(|case| case.presented.token.standing = MacStanding::Distrusted)
}

#[test]
fn row_8_under_a_distrusted_key_the_current_token_is_taken_and_the_secret_replaced() {
    let judgement = distrusted(5, 5).judge();
    assert_eq!(judgement.verdict, Verdict::Rotate { to: Generation(6), renew_secret: true });
    let judgement = Case::of(5, 5).judge();
    assert_eq!(judgement.verdict, Verdict::Rotate { to: Generation(6), renew_secret: false });
    assert_eq!(distrusted(5, 5).rotated(SECOND).row(), Row::JustRotated);
    assert_eq!(distrusted(0, 0).row(), Row::Current);
}

#[test]
fn row_8_under_a_distrusted_key_the_one_before_is_taken_within_the_grace_period_alone() {
    assert_eq!(distrusted(5, 4).rotated(Span::from_millis(9_999)).row(), Row::Repeated);
    assert_eq!(distrusted(5, 4).rotated(Span::from_seconds(10)).row(), Row::WrongSecret);
    let no_grace = |case: &mut Case| case.policy.grace = Span::ZERO;
    assert_eq!(distrusted(5, 4).rotated(Span::ZERO).with(no_grace).row(), Row::WrongSecret);
    let retry = |case: &mut Case| {
        (case.state.session.retry_hash, case.presented.retry) =
            (Some(SecretHash::of(b"retry")), Some(SecretHash::of(b"retry")));
    };
    assert_eq!(distrusted(5, 4).rotated(MINUTE).with(retry).row(), Row::WrongSecret);
}

#[test]
fn row_8_forged_generations_under_a_distrusted_key_end_nothing_and_alarm_nobody() {
    for generation in [0, 1, 2, 3, 6, 7, 1_005, u32::MAX] {
        let judgement = distrusted(5, generation).rotated(SECOND).judge();
        assert_eq!((judgement.row, refused(&judgement)), (Row::WrongSecret, Some(Refusal::InvalidGrant)));
        assert_eq!(judgement.alarm, None, "{generation}");
    }
}

// Row 9

fn granted_read(case: &mut Case) {
    case.state.session.scope = ScopeSet::parse("orders:read").unwrap();
}

fn asks(scope: &'static str) -> impl FnOnce(&mut Case) {
    move |case| case.presented.scope = Some(ScopeSet::parse(scope).unwrap())
}

fn elsewhere_audience(case: &mut Case) {
    case.presented.resource = Some(ResourceUri::parse("https://orders.example.com").unwrap());
}

#[test]
fn row_9_more_than_the_grant_is_refused_where_a_token_would_be_issued() {
    for case in [Case::of(5, 5), Case::of(5, 5).rotated(SECOND), Case::of(5, 4), Case::of(5, 4).rotated(SECOND)] {
        let judgement = case.with(granted_read).with(asks("orders:read orders:admin")).judge();
        assert_eq!((judgement.row, refused(&judgement)), (Row::BeyondGrant, Some(Refusal::InvalidScope)));
    }
    let judgement = Case::of(5, 5).with(elsewhere_audience).judge();
    assert_eq!((judgement.row, refused(&judgement)), (Row::BeyondGrant, Some(Refusal::InvalidTarget)));
}

#[test]
fn row_9_within_the_grant_changes_nothing() {
    for scope in ["orders:read", ""] {
        assert_eq!(Case::of(5, 5).with(granted_read).with(asks(scope)).row(), Row::Current, "{scope}");
    }
}

#[test]
fn row_9_does_not_hide_reuse_or_a_token_ahead() {
    let beyond = |current, presented| Case::of(current, presented).with(granted_read).with(asks("orders:admin"));
    assert_eq!(beyond(5, 3).row(), Row::Reused);
    assert_eq!(beyond(5, 6).row(), Row::Ahead);
}

#[test]
fn row_9_rotates_and_counts_nothing() {
    for presented in [5, 4] {
        let (mut world, presented) = Case::of(5, presented)
            .with(|case| case.presented.address = elsewhere(1))
            .with(granted_read)
            .with(asks("orders:admin"))
            .into_world();
        let before = world.session();
        assert_eq!(world.refresh(presented).unwrap(), Answer::Refused(Row::BeyondGrant, Refusal::InvalidScope));
        assert_eq!((world.session(), world.told()), (before, vec![]));
    }
}

#[test]
fn row_9_an_audience_that_nobody_serves_any_more_is_refused() {
    let orders = || ResourceUri::parse("https://orders.example.com").unwrap();
    let case = || Case::of(5, 5).with(|case| case.state.session.audience = orders());
    let (mut world, presented) = case().into_world();
    assert_eq!(world.refresh(presented).unwrap(), Answer::Refused(Row::BeyondGrant, Refusal::InvalidTarget));
    let served = |case: &mut Case| case.state.resource = Some(Resource::new(orders(), [], None, NOW).unwrap());
    let (mut world, presented) = case().with(served).into_world();
    assert_eq!(world.refresh(presented).unwrap(), Answer::Token(Row::Current, Generation(6)));
}

// Row 10

#[test]
fn row_10_a_client_that_proves_itself_keeps_its_token_whatever_the_generation() {
    for generation in 0..=5 {
        let judgement = Case::at(confidential("web"), 5, generation).judge();
        assert_eq!(judgement.row, Row::Proven, "{generation}");
        assert_eq!(judgement.verdict, Verdict::Keep { moves_idle: true }, "{generation}");
    }
    assert_eq!(Case::at(confidential("web"), 5, 6).row(), Row::Ahead);
}

#[test]
fn row_10_a_key_bound_session_of_a_public_client_likewise() {
    let unless_proven = || Client { rotation: RotationPolicy::UnlessProven, ..client("app") };
    let bound = |case: &mut Case| {
        case.state.session.jkt = Some("owner".to_owned());
        case.presented.proof = Proof::Of("owner".to_owned());
    };
    assert_eq!(Case::at(unless_proven(), 5, 5).with(bound).row(), Row::Proven);
    assert_eq!(Case::at(unless_proven(), 5, 5).row(), Row::Current, "nothing is proven");
}

#[test]
fn row_10_with_rotation_on_the_proof_changes_nothing() {
    let on = || Client { rotation: RotationPolicy::On, ..confidential("web") };
    assert_eq!(Case::at(on(), 5, 5).row(), Row::Current);
    assert_eq!(Case::at(on(), 5, 3).row(), Row::Reused);
}

#[test]
fn row_10_moves_the_idle_expiry_but_never_beyond_the_absolute_one() {
    let (mut world, presented) = Case::at(confidential("web"), 0, 0).rotated(HOUR).into_world();
    assert_eq!(world.refresh(presented).unwrap(), Answer::Same(Row::Proven));
    assert_eq!(world.session().idle_expires_at, NOW + Span::from_days(14));
    world.now = world.session().absolute_expires_at - MINUTE;
    world.store.kept().sessions.values_mut().for_each(|session| session.idle_expires_at = NOW + Span::from_days(99));
    let presented = Case::at(confidential("web"), 0, 0).presented;
    assert_eq!(presented.address, HOME);
    assert_eq!(world.refresh(presented).unwrap(), Answer::Same(Row::Proven));
    assert_eq!(world.session().idle_expires_at, world.session().absolute_expires_at);
}
