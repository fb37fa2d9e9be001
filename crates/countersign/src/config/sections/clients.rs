//! `[clients]`

use crate::config::{
    declare::{Fallback::Is, section},
    shapes::Words,
};

/// Which clients may register themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Registration {
    /// All.
    Open,
    /// Those that bring a token for it.
    Token,
    /// None.
    Off,
}

/// Whether documents at their ids describe clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Documents {
    /// They may.
    On,
    /// They may not.
    Off,
}

section! {
    /// Clients that no operator registered. What they get, people are asked for, and they never get more than whoever
    /// is asked may have.
    clients: Clients {
        /// Which clients may register themselves at `/oauth2/register` (RFC 7591): all, as agents and their tools
        /// expect; those that bring a token of an administrator, or of a machine with the scope `clients:register`; or
        /// none. One that nobody uses is forgotten after a day.
        registration: Registration = Is("open"), Words::of(&[
            ("open", Registration::Open), ("token", Registration::Token), ("off", Registration::Off),
        ]);
        /// Whether a client's id may be the URL of a document that says what the client is. The server then fetches
        /// that document: `https`, from public addresses alone, and what `server.outbound_allow` names.
        metadata_documents: Documents = Is("on"), Words::of(&[("on", Documents::On), ("off", Documents::Off)]);
    }
}
