//! Why a client's metadata document is not taken.

use crate::error::ApiError;
use crate::outbound::OutboundError;
use axum::http::StatusCode;
use countersign_core::Span;
use countersign_core::client::InvalidMetadata;

/// What is wrong with a document, or with getting it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DocumentError {
    /// It could not be fetched, or must not be.
    #[error(transparent)]
    Fetch(#[from] OutboundError),
    /// It is not there.
    #[error("answered with status {0}, expected 200")]
    Status(StatusCode),
    /// Not JSON by its type.
    #[error("not of type application/json, or a type that ends in +json")]
    MediaType,
    /// It makes no client.
    #[error(transparent)]
    Metadata(#[from] InvalidMetadata),
    /// Too much is fetched on behalf of one address, or from one host.
    #[error("too many fetches: wait {} s", .0.as_seconds())]
    Throttled(Span),
}

impl DocumentError {
    /// Whether it says nothing about the document: then what was known of it still holds.
    pub(super) const fn is_passing(&self) -> bool {
        match self {
            Self::Throttled(_) => true,
            Self::Status(status) => status.as_u16() >= 500 || status.as_u16() == 429,
            Self::Fetch(error) => matches!(
                error,
                OutboundError::LookUp { .. }
                    | OutboundError::NoAddress { .. }
                    | OutboundError::Connect { .. }
                    | OutboundError::Http { .. }
                    | OutboundError::Timeout
                    | OutboundError::Busy
            ),
            Self::MediaType | Self::Metadata(_) => false,
        }
    }

    /// As whoever is at the browser is told. What a document says is its own affair; where its host is, and what answers
    /// there, is for the log.
    pub(super) fn told(&self) -> ApiError {
        let why = match self {
            Self::Throttled(after) => return ApiError::rate_limited(*after),
            Self::Metadata(invalid) => format!("can't be used: {invalid}"),
            Self::Status(_) | Self::MediaType => format!("can't be used: it was {self}"),
            Self::Fetch(OutboundError::TooLarge { .. }) => "is too large".to_owned(),
            Self::Fetch(OutboundError::Redirect { .. }) => "redirects elsewhere, which is not followed".to_owned(),
            Self::Fetch(_) => "could not be fetched".to_owned(),
        };
        ApiError::invalid_request(format!("the document at `client_id` that says what the application is {why}"))
    }
}
