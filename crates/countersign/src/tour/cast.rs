//! Who plays: Ana and her password, and what her devices keep.

use super::http::{Answer, Request};
use super::interrupted::Interrupted;
use super::world::World;
use serde_json::{Value, json};
use zeroize::Zeroizing;

/// The account of the tour.
pub(super) struct Ana {
    pub(super) password: Zeroizing<String>,
}

/// What a device keeps that gets its tokens in the body.
pub(super) struct Tokens {
    pub(super) access: Zeroizing<String>,
    pub(super) refresh: Zeroizing<String>,
    pub(super) session: String,
}

impl Ana {
    pub(super) const LOGIN: &'static str = "ana@example.com";

    /// Her sign-in. `asked` is what it asks for beside: `audience`, `scope`, `delivery`.
    pub(super) fn sign_in(&self, world: &World, asked: Value) -> Request {
        let mut body = json!({ "login": Self::LOGIN, "password": *self.password });
        if let (Value::Object(body), Value::Object(asked)) = (&mut body, asked) {
            body.extend(asked);
        }
        Request::post(world.issuer("/api/v1/sign-in")).json(body)
    }
}

impl Tokens {
    /// From the answer to a sign-in, a refresh or a password change.
    pub(super) fn of(answer: &Answer) -> Result<Self, Interrupted> {
        Ok(Self {
            access: answer.text("access_token")?.into(),
            refresh: answer.text("refresh_token")?.into(),
            session: answer.text("session_id")?,
        })
    }

    /// The request that trades the refresh token.
    pub(super) fn refresh(&self, world: &World) -> Request {
        Request::post(world.issuer("/api/v1/refresh")).json(json!({ "refresh_token": *self.refresh }))
    }

    /// A request of the issuer's own API.
    pub(super) fn me(&self, world: &World) -> Request {
        Request::get(world.issuer("/api/v1/me")).bearer(&self.access)
    }

    /// A request of the resource server.
    pub(super) fn orders(&self, world: &World) -> Request {
        Request::get(world.orders("/orders")).bearer(&self.access)
    }
}
