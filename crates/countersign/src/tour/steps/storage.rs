//! Storage: where a client keeps its tokens, and what keeps them from whom.

use crate::tour::cast::Ana;
use crate::tour::http::Answer;
use crate::tour::interrupted::Interrupted;
use crate::tour::stage::Stage;
use crate::tour::step::{About, Part};
use hyper::header::{CACHE_CONTROL, ORIGIN};
use serde_json::json;

const ABOUT: About = About {
    part: Part::SixSteps,
    name: "storage",
    title: "Storage: an application got its tokens in the body, a browser gets them in cookies",
    why: "An application keeps tokens in memory or in the system's key store; in a browser every script of the page \
          could read them there, so they come in cookies that are HttpOnly (no script sees them) and SameSite=Lax \
          (other sites' forms do not carry them). Over https they are also Secure and named __Host-: on plain-HTTP \
          loopback a browser would drop such cookies, so here, and only here, both are left out.",
};

/// The cookies that a browser keeps.
pub(super) struct Browser {
    pub(super) cookies: Vec<(String, String)>,
}

pub(super) async fn play(stage: &mut Stage, ana: &Ana) -> Result<Browser, Interrupted> {
    stage.begin(&ABOUT);
    let own = stage.world().issuer("");
    let answer =
        stage.send("browser", ana.sign_in(stage.world(), json!({ "delivery": "cookie" })).header(ORIGIN, own)).await?;
    stage.expect("sign-in with delivery by cookie", "200", answer.told());
    stage.expect("tokens in the body", "none", in_body(&answer));
    stage.expect("cookies set", "countersign, countersign-refresh", names(&answer));
    stage.expect("both HttpOnly and SameSite=Lax", true, answer.set_cookies().all(guarded));
    stage.expect("caches may keep the answer", "no-store", answer.field(CACHE_CONTROL));
    Ok(Browser { cookies: answer.cookies() })
}

fn in_body(answer: &Answer) -> &'static str {
    let tokens = ["access_token", "refresh_token"].map(|member| answer.body.get(member).is_some());
    if tokens == [false, false] { "none" } else { "some" }
}

fn names(answer: &Answer) -> String {
    let mut names: Vec<String> = answer.cookies().into_iter().map(|(name, _)| name).collect();
    names.sort_unstable();
    names.join(", ")
}

fn guarded(cookie: &str) -> bool {
    let has = |attribute| cookie.split("; ").skip(1).any(|found| found.eq_ignore_ascii_case(attribute));
    has("HttpOnly") && has("SameSite=Lax")
}
