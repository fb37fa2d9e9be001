//! MAC keys that rotate, leak and are distrusted, with a session whose owner never loses a reply: the owner stays signed
//! in, whoever forges what.

use crate::keeper::Keeper;
use crate::policy;
use crate::support::turns::alone;
use crate::support::world::{Case, HOME, World, answer, secret, token};
use countersign_core::Span;
use countersign_core::client::ClientId;
use countersign_core::key_ring::MacKeyState;
use countersign_core::ops::{IssuedRefresh, Refresh, Refreshed};
use countersign_core::session::{Generation, Presentation, SessionSecret};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

#[derive(Debug, Clone)]
enum Move {
    Pass(Span),
    Refresh,
    RotateMac,
    /// Distrusts some MAC key, which had leaked.
    Distrust(usize),
    /// Presents a generation this far from the current one (never the current one itself), under the MAC key of this
    /// number if it is distrusted, with the session's first secret or another.
    Forge {
        away: i64,
        key: usize,
        first_secret: bool,
    },
}

fn any_move() -> impl Strategy<Value = Move> {
    let away = prop_oneof![select(vec![-1_i64, 1]), -5..0_i64, 1..2_000_i64];
    let span = select(vec![1_u64, 5_000, 10_000, 60_000, 3_600_000, 86_400_000]);
    prop_oneof![
        3 => span.prop_map(|millis| Move::Pass(Span::from_millis(millis))),
        3 => Just(Move::Refresh),
        1 => Just(Move::RotateMac),
        1 => any::<usize>().prop_map(Move::Distrust),
        3 => (away, any::<usize>(), any::<bool>())
            .prop_map(|(away, key, first_secret)| Move::Forge { away, key, first_secret }),
    ]
}

struct Game {
    world: World,
    keeper: Keeper,
    owned: String,
}

impl Game {
    fn new() -> Self {
        let days = Span::from_days;
        let mut keeper = Keeper::new(policy(days(30), days(1), Span::from_seconds(600)));
        keeper.keep();
        // As long as a session can be: what ends here must not end by age.
        let ageless = |case: &mut Case| {
            case.policy.idle = case.policy.absolute;
            case.state.session.idle_expires_at = case.state.session.absolute_expires_at;
        };
        let (world, presented) = Case::of(0, 0).with(ageless).into_world();
        let owned = keeper.open().mac_keys.issue(presented.token.session, &secret(5), Generation(0)).unwrap();
        Self { world, keeper, owned: owned.to_string() }
    }

    fn play(&mut self, next: &Move) -> Result<(), TestCaseError> {
        match *next {
            Move::Pass(span) => {
                self.world.now = self.world.now + span;
                self.keeper.pass(span);
                self.keeper.keep();
            }
            Move::RotateMac => drop(self.keeper.rotate_mac()),
            Move::Distrust(number) => self.keeper.distrust(number),
            Move::Refresh => self.refresh()?,
            Move::Forge { away, key, first_secret } => self.forge(away, key, first_secret)?,
        }
        prop_assert!(self.world.session().ended.is_none(), "the session ended after {next:?}");
        Ok(())
    }

    fn present(&mut self, text: &str) -> Option<Refreshed> {
        let opened = self.keeper.open().mac_keys.open(text).ok()?;
        let presented = Presentation { token: opened, address: HOME, ..token(0, ClientId::first_party()) };
        let draw = self.world.draw();
        Some(alone(Refresh { presented }.run(&self.world.store, &self.world.policies, &draw)).unwrap())
    }

    /// The owner's token, whatever key it is under, is taken, and its successor is under a key that is trusted.
    fn refresh(&mut self) -> Result<(), TestCaseError> {
        let owned = self.owned.clone();
        let refreshed = self.present(&owned).expect("its MAC key is kept as long as the session may live");
        let Refreshed::Issued(_, issue) = refreshed else {
            return Err(TestCaseError::fail(format!("{:?}", answer(&refreshed))));
        };
        if let IssuedRefresh::Token { session, secret, generation } = issue.refresh {
            self.owned = self.keeper.open().mac_keys.issue(session, &secret, generation).unwrap().to_string();
        }
        Ok(())
    }

    /// Whoever has a leaked key can make tokens that open; none of them does any harm.
    fn forge(&mut self, away: i64, key: usize, first_secret: bool) -> Result<(), TestCaseError> {
        let session = self.world.session();
        let Ok(generation) = u32::try_from(i64::from(session.generation.0) + away) else { return Ok(()) };
        let ring = self.keeper.ring();
        let leaked: Vec<_> = ring.mac_keys.iter().filter(|key| key.state == MacKeyState::Distrusted).collect();
        if leaked.is_empty() {
            return Ok(());
        }
        let id = leaked[key % leaked.len()].id;
        let secret = if first_secret { secret(5) } else { SessionSecret::from_bytes([0xee; 16]) };
        let forged = self.keeper.forge(id, session.id, &secret, Generation(generation));
        let before = self.world.told();
        self.present(&forged).expect("its MAC holds");
        prop_assert_eq!(self.world.told(), before, "nobody is alarmed about what anybody could have made");
        let after = self.world.session();
        prop_assert_eq!((after.generation, after.secret_hash), (session.generation, session.secret_hash));
        Ok(())
    }
}

proptest! {
    #[test]
    fn rotation_and_distrust_of_mac_keys_sign_nobody_out_and_forgeries_end_nothing(
        moves in vec(any_move(), 1..80),
    ) {
        let mut game = Game::new();
        for next in &moves {
            game.play(next)?;
        }
        game.refresh()?;
    }
}
