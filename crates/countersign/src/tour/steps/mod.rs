//! The guide, one step a file. What a step needs from an earlier one it is given, so the order can't be mixed up.

mod bearer;
mod changed_payload;
mod credentials;
mod cross_site;
mod expired;
mod grace;
mod issuance;
mod missing_scope;
mod other_audience;
mod password_change;
mod refresh;
mod resource;
mod reuse;
mod sign_out;
mod sign_out_elsewhere;
mod storage;
mod validation;

use super::interrupted::Interrupted;
use super::stage::Stage;

/// Plays every step. An expectation that fails is recorded and the tour goes on; it ends early only where a step has
/// nothing to stand on.
pub(super) async fn play(stage: &mut Stage) -> Result<(), Interrupted> {
    let ana = credentials::play(stage).await?;
    let laptop = issuance::play(stage, &ana).await?;
    let browser = storage::play(stage, &ana).await?;
    let before = bearer::play(stage, &laptop).await?;
    validation::play(stage, before);
    resource::play(stage, &laptop).await?;

    let (laptop, spent) = refresh::play(stage, laptop).await?;
    grace::play(stage, &laptop, &spent).await?;
    cross_site::play(stage, browser).await?;

    changed_payload::play(stage, &laptop).await?;
    missing_scope::play(stage, &laptop).await?;
    let phone = other_audience::play(stage, &ana).await?;
    let laptop = expired::play(stage, laptop).await?;

    let phone = reuse::play(stage, laptop, phone).await?;
    sign_out::play(stage, &ana).await?;
    sign_out_elsewhere::play(stage, &ana).await?;
    password_change::play(stage, ana, phone).await
}
