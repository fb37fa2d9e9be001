//! Cross-site: a browser sends cookies by itself, so a request that changes something must show where it came from.

use super::storage::Browser;
use crate::tour::http::Request;
use crate::tour::interrupted::Interrupted;
use crate::tour::stage::Stage;
use crate::tour::step::{About, Part};
use hyper::header::ORIGIN;

const ABOUT: About = About {
    part: Part::Refresh,
    name: "cross-site",
    title: "Refresh by cookie: from the own pages yes, from another site no",
    why: "The browser adds the cookies whoever started the request, but says in `Origin` who it was. What changes \
          state with a cookie is refused unless it comes from the issuer's own origin or one that the operator \
          trusts.",
};

pub(super) async fn play(stage: &mut Stage, browser: Browser) -> Result<(), Interrupted> {
    stage.begin(&ABOUT);
    let refresh = |stage: &Stage, origin: String| {
        Request::post(stage.world().issuer("/api/v1/refresh")).cookies(&browser.cookies).header(ORIGIN, origin)
    };
    let foreign = stage.send("browser", refresh(stage, "https://elsewhere.example".to_owned())).await?;
    stage.expect("refresh from another site", "403 cross_site", foreign.told());

    let own = stage.send("browser", refresh(stage, stage.world().issuer(""))).await?;
    stage.expect("refresh from the own origin", "200", own.told());
    stage.expect("cookies replaced", 2, own.cookies().len());
    Ok(())
}
