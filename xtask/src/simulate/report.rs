//! The figures, beside those that the table was designed by.

use super::phone::Use;
use super::thief::Kind;
use super::{Caught, HONEST_SESSIONS, Rule, STOLEN_SESSIONS, caught, ended_within_a_day, rules, to_f64};
use crate::output;

const THIEVES: [(Kind, &str, &str); 6] = [
    (Kind::Polls, "polls every 10 minutes", "20 min"),
    (Kind::Alternates, "takes turns with the owner", "20 min"),
    (Kind::ComesSeldom, "comes every 25 minutes", "-"),
    (Kind::FollowsFromElsewhere, "follows within the grace, from elsewhere", "-"),
    (Kind::FollowsFromHome, "follows within the grace, same network", "never"),
    (Kind::Once, "uses the copy once", "never"),
];

/// Runs the simulation from `seed` and prints it.
pub(crate) fn print(seed: u64) {
    output::line(&format!(
        "Honest phones, always on, 5 % of replies lost, 105 refreshes a day ({HONEST_SESSIONS} sessions a row, seed {seed})\n"
    ));
    output::line(&format!("{:<60} {:>8} {:>19}", "signed out within a day", "share", "designed"));
    for rule in rules() {
        let share = percent(ended_within_a_day(&rule, seed));
        output::line(&format!("  {:<58} {share:>8} {:>19}", rule.name, rule.designed.unwrap_or("-")));
    }
    output::line(&format!(
        "\nA thief beside such a phone: minutes from the first use of the copy to the end, within a week \
         ({STOLEN_SESSIONS} sessions a row)\n"
    ));
    let [rule, daily, ..] = rules();
    thieves(&rule, Use::Often, "105 refreshes a day", seed);
    thieves(&rule, Use::Always, "144 refreshes a day", seed);
    thieves(&daily, Use::Often, "105 refreshes a day", seed);
}

fn thieves(rule: &Rule, used: Use, often: &str, seed: u64) {
    let heading = format!("{}; {often}", rule.name);
    output::line(&format!("{heading:<60} {:>8} {:>9} {:>9} {:>9}", "ended", "median", "p99", "designed"));
    for (kind, name, designed) in THIEVES {
        let caught = caught(rule, used, kind, seed);
        let (share, median, late) = (percent(caught.share()), caught.quantile(0.5), caught.quantile(0.99));
        output::line(&format!("  {name:<58} {share:>8} {median:>9} {late:>9} {designed:>9}"));
    }
    output::line("");
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

impl Caught {
    fn share(&self) -> f64 {
        to_f64(self.minutes.len()) / to_f64(self.sessions)
    }

    /// After how many minutes this share of those that were ended had been.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index into some thousands")]
    fn quantile(&self, share: f64) -> String {
        let at = (share * to_f64(self.minutes.len())) as usize;
        self.minutes.get(at).map_or_else(|| "-".to_owned(), |minutes| format!("{minutes:.0} min"))
    }
}
