//! `[[issuer]]`, and the issuer that flags name.

use super::{
    GuardFlags,
    keys::{self, ForeignType},
    table::{Listed, Place, Table},
};
use crate::config::{
    error::{Fault, Problem},
    secret_file,
    values::absolute,
};
use std::{path::Path, time::Duration};
use zeroize::Zeroizing;

/// An issuer whose tokens are judged.
#[derive(PartialEq)]
pub(crate) struct GuardIssuer {
    pub(crate) url: String,
    pub(crate) audience: String,
    /// Id and secret.
    pub(crate) client: Option<(String, Zeroizing<String>)>,
    pub(crate) token_type: ForeignType,
    pub(crate) token_lifetime: Duration,
}

/// Those of the file, and before them the one of the flags, which takes the place of the file's with the same URL.
pub(super) fn read(
    place: &Place,
    listed: &[Listed<'_>],
    flags: &GuardFlags,
    cwd: &Path,
    problems: &mut Vec<Problem>,
) -> Vec<GuardIssuer> {
    let mut issuers: Vec<GuardIssuer> = Vec::new();
    let nowhere = Place::nowhere();
    if flags.issuer.is_some() {
        let mut table = Table::new(&nowhere, "issuer", &[], keys::ISSUER, &[], problems);
        table.flag("url", "--issuer", flags.issuer.as_deref());
        table.flag("audience", "--audience", flags.audience.as_deref());
        table.flag("client_id", "--client-id", flags.client_id.as_deref());
        table.flag("secret_file", "--secret-file", flags.secret_file.as_deref());
        issuers.extend(one(&mut table, 0, cwd));
    }
    let of_flags = issuers.len();
    for Listed { name, line, members } in listed {
        let mut table = Table::new(place, name, members, keys::ISSUER, &[], problems);
        let Some(issuer) = one(&mut table, *line, cwd) else { continue };
        match issuers.iter().position(|known| known.url == issuer.url) {
            None => issuers.push(issuer),
            Some(index) if index < of_flags => {}
            Some(_) => table.refuse("url", Fault::new("this issuer is named above already: one [[issuer]] each")),
        }
    }
    issuers
}

fn one(table: &mut Table<'_, '_>, line: usize, cwd: &Path) -> Option<GuardIssuer> {
    let (url, audience) = (table.read("url", &keys::URL), table.read("audience", &keys::AUDIENCE));
    for (name, hint) in
        [("url", "url = \"https://auth.example.com\""), ("audience", "audience = \"https://app.example.com\"")]
    {
        if !table.has(name) {
            table.refuse_missing(line, name, Fault::new("it must be given").hint(hint));
        }
    }
    let client_id = table.read("client_id", &keys::CLIENT_ID);
    let read = if table.is_flag("secret_file") { secret_file::read_named } else { secret_file::read };
    let secret = table.read("secret_file", &keys::SECRET_FILE).and_then(|path| {
        match read(&absolute(cwd, &path)).and_then(|raw| raw.text().map(|text| text.trim().to_owned())) {
            Ok(secret) if secret.is_empty() => {
                table.refuse("secret_file", Fault::new("the file is empty"));
                None
            }
            Ok(secret) => Some(Zeroizing::new(secret)),
            Err(fault) => {
                table.refuse("secret_file", fault);
                None
            }
        }
    });
    for (name, other) in [("client_id", "secret_file"), ("secret_file", "client_id")] {
        if table.has(name) && !table.has(other) {
            table.refuse(name, Fault::new(format!("`{other}` is not given: a client needs both")));
        }
    }
    let token_type = table.take("token_type", &keys::TOKEN_TYPE);
    let token_lifetime = table.take("token_lifetime", &keys::TOKEN_LIFETIME);
    Some(GuardIssuer { url: url?, audience: audience?, client: client_id.zip(secret), token_type, token_lifetime })
}
