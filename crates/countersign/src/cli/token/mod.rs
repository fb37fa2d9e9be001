//! `countersign token`

mod decode;
mod explain;
mod fetch;
pub(super) mod key_file;
mod presented;
mod sign;
mod verify;

pub(super) use presented::{Presented, PresentedRefresh};

use super::Context;
use crate::failure::Failure;
use crate::output::Output;
use clap::{Args, Subcommand};

/// Make, check and explain tokens, without any server
#[derive(Debug, Args)]
#[command(
    arg_required_else_help = true,
    after_help = "\
Examples:
  countersign token decode eyJhbGciOiJFUzI1NiIs...
  countersign token verify --jwks jwks.json --issuer https://auth.example.com < token.txt
  countersign token sign --key key.pem --issuer https://auth.example.com --audience https://api.example.com

A token is an argument or comes on standard input. Arguments can be read by every process of this machine."
)]
pub(super) struct TokenArgs {
    #[command(subcommand)]
    command: TokenCommand,
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    Sign(Box<sign::SignArgs>),
    Verify(Box<verify::VerifyArgs>),
    Decode(decode::DecodeArgs),
}

impl TokenArgs {
    pub(super) async fn run(self, context: &Context, out: &mut Output) -> Result<(), Failure> {
        match self.command {
            TokenCommand::Sign(args) => args.run(context, out),
            TokenCommand::Verify(args) => args.run(context, out).await,
            TokenCommand::Decode(args) => args.run(context, out),
        }
    }
}
