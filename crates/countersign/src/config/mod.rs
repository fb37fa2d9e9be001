//! What the operator decided, and where each decision came from.
//!
//! Defaults < `countersign.toml` < `COUNTERSIGN_SECTION__KEY` < flags. A key is declared once, in `sections/`: its
//! name, meaning, default and shape. Parsing, the names of variables, `config show`, the nearest right name and
//! `docs/reference/config.md` all come from that declaration.
//!
//! - `sections/`: the keys, and what keys must be together
//! - `shapes/`: kinds of values (durations, words, lists); `values/`: the types that are this product's own
//! - `layers/`: the file, the variables and the flags, each a map from key to what was given and where
//! - [`Reader`](reader::Reader): takes each key from the highest layer that has it, and gathers every problem
//! - `declare`: what a key is; `names`: which there are; `reference`, `show`: told to people

mod declare;
mod error;
mod guard;
mod layers;
mod load;
mod names;
mod notation;
mod origin;
mod raw;
mod reader;
mod reference;
mod secret_file;
mod sections;
mod shapes;
mod show;
#[cfg(test)]
mod tests;
mod values;

pub(crate) use error::{ConfigErrors, Problem};
pub(crate) use guard::{
    ForeignType, GuardConfig, GuardFlags, GuardIssuer, reference_markdown as guard_reference_markdown,
};
pub(crate) use layers::{Environment, Flags};
pub(crate) use load::{Config, Purpose, load, load_for};
pub(crate) use origin::Origin;
pub(crate) use reference::reference_markdown;
pub(crate) use sections::{
    Accounts, Algorithm, Clients, Documents, Feed, FeedAccess, Keys, Limits, LogFormat, MetricsAccess, Registration,
    Server, Sessions, SignUp, Store, Telemetry, Tokens,
};
pub(crate) use show::Entry;
pub(crate) use values::{AddressRange, Issuer, LogFilter, MasterKey, StoreUrl, WebOrigin};
