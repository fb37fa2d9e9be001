//! What ends, by what cause, and which other token tells that it has.

use crate::cast::{PASSWORD, Stage};
use serde_json::{Value, json};

/// Why something ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    SignOut,
    SignOutEverywhere,
    Reuse,
    PasswordChange,
    RoleTaken,
    AccountDisabled,
    Administrator,
    CommandLine,
    ClientDisabled,
    TokenRevoked,
}

/// One ending that is about to be.
pub struct Ending {
    pub cause: Cause,
    /// An access token that it takes back, and that takes no part in it.
    pub watched: String,
    pub how: How,
}

/// By what it ends.
pub enum How {
    Request {
        line: String,
        authorization: Option<String>,
        body: Value,
        status: u16,
    },
    /// Arguments of the binary, in a process of its own.
    Command(Vec<String>),
}

impl Cause {
    pub const ALL: [Self; 10] = [
        Self::SignOut,
        Self::SignOutEverywhere,
        Self::Reuse,
        Self::PasswordChange,
        Self::RoleTaken,
        Self::AccountDisabled,
        Self::Administrator,
        Self::CommandLine,
        Self::ClientDisabled,
        Self::TokenRevoked,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::SignOut => "sign-out",
            Self::SignOutEverywhere => "sign-out everywhere",
            Self::Reuse => "reused refresh token",
            Self::PasswordChange => "password changed",
            Self::RoleTaken => "role taken away (command)",
            Self::AccountDisabled => "account disabled (command)",
            Self::Administrator => "session, by the admin API",
            Self::CommandLine => "session, by `countersign revoke`",
            Self::ClientDisabled => "client disabled",
            Self::TokenRevoked => "token, by the admin API",
        }
    }

    /// Makes what is to end.
    pub async fn prepare(self, stage: &mut Stage, number: usize) -> Ending {
        let (watched, how) = match self {
            Self::SignOut | Self::Reuse | Self::Administrator | Self::CommandLine | Self::TokenRevoked => {
                self.of_session(stage).await
            }
            Self::SignOutEverywhere | Self::PasswordChange | Self::RoleTaken | Self::AccountDisabled => {
                self.of_account(stage, &format!("account-{number}")).await
            }
            Self::ClientDisabled => {
                let (id, secret) = stage.client(&format!("client-{number}"));
                let watched = stage.machine_token(&id, &secret);
                let line = format!("POST /api/v1/admin/clients/{id}/disable");
                (watched, request(&line, Some(stage.administrator()), Value::Null, 200))
            }
        };
        Ending { cause: self, watched, how }
    }

    async fn of_session(self, stage: &mut Stage) -> (String, How) {
        let held = stage.session().await;
        let [watched, other] = held.access;
        let how = match self {
            Self::SignOut => request("POST /api/v1/sign-out", Some(format!("Bearer {other}")), Value::Null, 204),
            Self::Reuse => request("POST /api/v1/refresh", None, json!({ "refresh_token": held.used }), 401),
            Self::CommandLine => command(&["revoke", "--session", &held.session]),
            _ => {
                let is_token = self == Self::TokenRevoked;
                let (kind, id) = if is_token { ("token", id_of(&watched)) } else { ("session", held.session) };
                let body = json!({ "kind": kind, "id": id });
                request("POST /api/v1/admin/revocations", Some(stage.administrator()), body, 201)
            }
        };
        (watched, how)
    }

    /// Two sessions of one account: the second does it, if an owner does, and the first is watched.
    async fn of_account(self, stage: &mut Stage, login: &str) -> (String, How) {
        if self == Self::PasswordChange {
            stage.sign_up(login);
        } else {
            stage.account(login, "ops").await;
        }
        let (watched, other) = (stage.session_of(login).await, stage.session_of(login).await);
        let how = match self {
            Self::SignOutEverywhere => {
                let body = json!({ "refresh_token": other.refresh, "everywhere": true });
                request("POST /api/v1/sign-out", None, body, 204)
            }
            Self::PasswordChange => {
                let body = json!({ "current_password": PASSWORD, "new_password": "another phrase that is long" });
                request("PUT /api/v1/me/password", Some(format!("Bearer {}", other.access[1])), body, 200)
            }
            Self::RoleTaken => command(&["account", "role", login, "remove", "ops"]),
            _ => command(&["account", "disable", login]),
        };
        (watched.access[0].clone(), how)
    }
}

fn request(line: &str, authorization: Option<String>, body: Value, status: u16) -> How {
    How::Request { line: line.to_owned(), authorization, body, status }
}

fn command(arguments: &[&str]) -> How {
    How::Command(arguments.iter().map(|argument| (*argument).to_owned()).collect())
}

/// `jti`.
fn id_of(token: &str) -> String {
    let payload = token.split('.').nth(1).expect("a compact JWS");
    let payload = countersign_jose::base64url::decode(payload).expect("base64url");
    let claims: Value = serde_json::from_slice(&payload).expect("JSON");
    claims["jti"].as_str().expect("a `jti`").to_owned()
}
