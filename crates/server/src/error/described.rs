//! The rows of the error table as the description of the API tells them.

use super::{ApiError, Form, Kind, oauth, problem};
use axum::http::StatusCode;
use serde_json::Value;

// What an answer's `request_id` looks like.
const REQUEST_ID: &str = "c29tZSByYW5kb20gYnl0ZQ";

impl Kind {
    /// The status that it is answered with in this form.
    pub(crate) const fn status(self, form: Form) -> StatusCode {
        match form {
            Form::Problem | Form::Page => self.row().0,
            Form::OAuth => oauth::status(self, self.row().0),
        }
    }

    /// What it means.
    pub(crate) const fn title(self) -> &'static str {
        self.row().2
    }

    /// Its own code, whatever the form.
    pub(crate) const fn row_code(self) -> &'static str {
        self.row().1
    }

    /// Its code in this form.
    pub(crate) const fn code(self, form: Form) -> &'static str {
        match form {
            Form::Problem | Form::Page => self.row_code(),
            Form::OAuth => oauth::code(self),
        }
    }

    /// What `WWW-Authenticate` then says.
    pub(crate) const fn challenge(self, form: Form) -> Option<&'static str> {
        match form {
            Form::Problem => problem::challenge(self),
            Form::Page => None,
            Form::OAuth => oauth::challenge(self),
        }
    }

    /// Whether the answer says when to come back.
    pub(crate) const fn says_when_to_retry(self) -> bool {
        matches!(self, Self::RateLimited | Self::Overloaded | Self::Unavailable)
    }

    /// A body as it is answered.
    pub(crate) fn example(self, form: Form) -> Value {
        let error = ApiError::of(self);
        let body = match form {
            // Pages are for people, and not described.
            Form::Problem | Form::Page => problem::document(&error, REQUEST_ID),
            Form::OAuth => oauth::body(&error, self.title()),
        };
        // It was written as JSON just now.
        serde_json::from_slice(&body).unwrap_or_default()
    }
}
