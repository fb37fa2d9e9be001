//! How the refresh table treats honest phones and thieves: the real rule on sessions in memory, in virtual time, from a
//! seed. `docs/refresh.md` quotes the figures.

mod generator;
mod phone;
mod report;
mod server;
mod thief;

use countersign_core::policy::SessionPolicy;
use countersign_core::{Span, Time};
use generator::Generator;
use phone::{Phone, Use};
use server::{Detection, Server};
use thief::Thief;

pub(crate) use report::print;

/// Sessions of one cell of the table.
const HONEST_SESSIONS: u32 = 4_000;
const STOLEN_SESSIONS: u32 = 2_000;
const DAY: Span = Span::from_days(1);
const WEEK: Span = Span::from_days(7);
const START: Time = Time::from_millis(1_800_000_000_000);

/// How a deployment tells a lost reply from a thief.
struct Rule {
    name: &'static str,
    policy: SessionPolicy,
    detection: Detection,
    /// The share of honest phones ended within a day that the design of the table was chosen by.
    designed: Option<&'static str>,
}

/// What became of stolen sessions.
struct Caught {
    /// Minutes from the thief's first use to the end, in order; of a session that outlived the week none.
    minutes: Vec<f64>,
    /// How many were stolen.
    sessions: usize,
}

fn rules() -> [Rule; 4] {
    let policy = SessionPolicy::default();
    let strict = SessionPolicy { forgiveness: 0, ..policy };
    let unlimited = SessionPolicy { forgiveness: u32::MAX, ..policy };
    [
        Rule {
            name: "the rule: 2 in a row, 10 s grace",
            policy,
            detection: Detection::ByRule,
            designed: Some("0.2 %"),
        },
        Rule {
            name: "two forgivenesses a day, 10 s grace",
            policy: unlimited,
            detection: Detection::Daily { forgiven: 2 },
            designed: Some("52 %"),
        },
        Rule { name: "no forgiveness, 10 s grace", policy: strict, detection: Detection::ByRule, designed: None },
        Rule {
            name: "strict: no forgiveness, no grace",
            policy: SessionPolicy { grace: Span::ZERO, ..strict },
            detection: Detection::ByRule,
            designed: Some("99.5 %"),
        },
    ]
}

/// The share of honest phones that are signed out within a day.
fn ended_within_a_day(rule: &Rule, seed: u64) -> f64 {
    let ended = (0..HONEST_SESSIONS).filter(|&number| {
        let mut server = Server::new(rule.policy, rule.detection);
        let mut phone = Phone::new(Use::Often, Generator::new(seed, u64::from(number)));
        while server.is_live() && phone.acts_at() < START + DAY {
            phone.act(&mut server);
        }
        !server.is_live()
    });
    to_f64(ended.count()) / f64::from(HONEST_SESSIONS)
}

/// How long a thief of this kind goes on beside a phone that is used so.
fn caught(rule: &Rule, used: Use, kind: thief::Kind, seed: u64) -> Caught {
    let stolen: Vec<_> = (0..STOLEN_SESSIONS).filter_map(|number| stolen(rule, used, kind, seed, number)).collect();
    let mut minutes: Vec<f64> = stolen.iter().filter_map(|minutes| *minutes).collect();
    minutes.sort_by(f64::total_cmp);
    Caught { minutes, sessions: stolen.len() }
}

/// One stolen session: minutes until it ended, `None` if it did not within a week. No session at all where the rule had
/// ended it before there was anything to steal.
fn stolen(rule: &Rule, used: Use, kind: thief::Kind, seed: u64, number: u32) -> Option<Option<f64>> {
    let mut generator = Generator::new(seed, u64::from(number));
    let copied_at = START + generator.between(Span::from_seconds(3_600), Span::from_seconds(2 * 3_600));
    let mut server = Server::new(rule.policy, rule.detection);
    let mut phone = Phone::new(used, generator.split());
    while server.is_live() && phone.acts_at() < copied_at {
        phone.act(&mut server);
    }
    let mut thief = server.is_live().then(|| Thief::new(kind, phone.token(), copied_at, generator))?;
    while server.is_live() {
        let (owner_at, thief_at) = (phone.acts_at(), thief.acts_at());
        if owner_at.min(thief_at) > copied_at + WEEK {
            return Some(None);
        }
        if owner_at <= thief_at {
            phone.act(&mut server);
            thief.sees(&phone, owner_at);
        } else {
            thief.act(&mut server);
        }
    }
    let used_at = thief.used_at().unwrap_or(copied_at);
    Some(server.ended_at().map(|at| to_f64(at.since(used_at).as_seconds()) / 60.0))
}

#[expect(clippy::cast_precision_loss, reason = "counts of sessions and seconds of a week are far below 2^52")]
fn to_f64<T: TryInto<u64>>(count: T) -> f64 {
    count.try_into().unwrap_or(u64::MAX) as f64
}
