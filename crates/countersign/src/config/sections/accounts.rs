//! `[accounts]`

use crate::config::{
    declare::{
        Fallback::{Is, Unset},
        section,
    },
    error::Fault,
    reader::Reader,
    shapes::{Optional, Words},
    values::{PATH, absolute},
};
use std::path::PathBuf;

/// Who may make an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SignUp {
    /// Administrators only.
    Closed,
    /// Anybody.
    Open,
}

section! {
    /// Who may have an account, and with which password.
    accounts: Accounts {
        /// Who may make an account: administrators only, or anybody.
        sign_up: SignUp = Is("closed"), Words::of(&[("closed", SignUp::Closed), ("open", SignUp::Open)]);
        /// A text file of passwords that nobody may choose, one a line, beside the common ones that are always
        /// refused.
        password_blocklist_file: Option<PathBuf> = Unset("the built-in list only"), Optional(PATH);
    }
}

impl Accounts {
    /// What no key can say alone: whether the file is there.
    pub(in crate::config) fn settle(&mut self, reader: &mut Reader<'_>) {
        let Some(path) = &mut self.password_blocklist_file else { return };
        *path = absolute(reader.cwd(), path);
        let refused = match std::fs::metadata(&path) {
            Ok(found) if found.is_file() => return,
            Ok(_) => "not a file".to_owned(),
            Err(error) => format!("cannot be read: {error}"),
        };
        reader.refuse("accounts.password_blocklist_file", Fault::new(refused));
    }

    /// Whether the file can be read as text: what the server opens.
    pub(in crate::config) fn open_files(&self, reader: &mut Reader<'_>) {
        const KEY: &str = "accounts.password_blocklist_file";
        let Some(path) = self.password_blocklist_file.as_ref().filter(|_| reader.is_sound(KEY)) else { return };
        let refused = match std::fs::read_to_string(path) {
            Ok(_) => return,
            Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
                Fault::new("what stands in the file is not UTF-8").hint("save the file as UTF-8, a password a line")
            }
            Err(error) => Fault::new(format!("cannot be read: {error}")),
        };
        reader.refuse(KEY, refused);
    }
}
