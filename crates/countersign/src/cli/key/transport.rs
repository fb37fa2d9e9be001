//! `countersign key import|export`: keys that come from elsewhere, or are needed there.

use super::Moved;
use crate::bootstrap::Deployment;
use crate::cli::Context;
use crate::cli::token::key_file;
use crate::data::write_private;
use crate::failure::Failure;
use crate::output::{Answer, Output, Page};
use clap::Args;
use countersign_core::key_ring::OpenKeyRing;
use countersign_core::ops::KeyRingChanged;
use countersign_jose::{Algorithm, JwkSet, KeyId};
use serde::Serialize;
use std::path::PathBuf;

/// Publish a private key from elsewhere as the next one
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem
  countersign key import key.pem
  countersign key import key.jwk --id 2026-07")]
pub(super) struct ImportArgs {
    /// A file with the key: PKCS#8 in PEM, or a private JWK
    file: PathBuf,
    /// The key's id, instead of its `kid` or its RFC 7638 thumbprint
    #[arg(long, value_name = "KID", allow_hyphen_values = true)]
    id: Option<String>,
}

/// Print the published keys, or write the secret of HS256 to a file
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  countersign key export > jwks.json                        as /.well-known/jwks.json has them
  countersign key export --secret-file verifier.jwk         HS256: for the one party that verifies too")]
pub(super) struct ExportArgs {
    /// Write the active HS256 secret to a new file (mode 0600), as a JWK
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
}

#[derive(Serialize)]
struct SecretWritten {
    id: String,
    secret_file: String,
}

/// The published keys: the same document with `--json` and without.
#[derive(Serialize)]
#[serde(transparent)]
struct Published(JwkSet);

impl ImportArgs {
    pub(super) async fn run(self, context: &Context, out: &mut Output) -> Result<(), Failure> {
        let mut key = key_file::signing_key(&self.file, None)?;
        if let Some(id) = self.id {
            key = key.with_id(KeyId::new(id).map_err(Failure::usage)?);
        }
        let deployment = Deployment::open_or_found(context).await?;
        let ring = deployment.store.key_ring().await?;
        let (master, policies) = (deployment.master(&ring)?.key(), deployment.policies().await?);
        match Box::pin(deployment.key_care(&master, &policies).import(&key)).await? {
            KeyRingChanged::Imported(id) => out.answer(&Moved::signing(id.as_str(), "published as the next key")),
            other => Err(super::unexpected(&other)),
        }
    }
}

impl ExportArgs {
    pub(super) async fn run(self, deployment: &Deployment, out: &mut Output) -> Result<(), Failure> {
        let ring = deployment.store.key_ring().await?;
        let storage_key = ring.storage_key(&deployment.master(&ring)?.key())?;
        let opened = OpenKeyRing::open(&ring, &storage_key, &deployment.issuer().await?)?;
        let Some(file) = self.secret_file else { return out.answer(&Published(opened.jwks)) };
        let key = opened.signer.key();
        if key.algorithm() != Algorithm::Hs256 {
            let failure =
                Failure::failed(format!("the active key is of {}: it has no secret to share", key.algorithm()));
            return Err(failure.hint("verifiers need the published keys only: countersign key export"));
        }
        let jwk = key.to_private_jwk().map_err(Failure::failed)?;
        write_private(&file, jwk.as_bytes())
            .map_err(|error| Failure::usage(error).about(format!("{} can't be made", file.display())))?;
        out.answer(&SecretWritten { id: key.id().to_string(), secret_file: file.display().to_string() })
    }
}

impl Answer for SecretWritten {
    fn show(&self, page: &mut Page) {
        page.good(&format!("wrote the secret of key {} to {}", self.id, self.secret_file));
        page.aside("Whoever has it can make tokens: hand it to the one party that verifies, and to nobody else.");
    }
}

impl Answer for Published {
    fn show(&self, page: &mut Page) {
        page.line(&serde_json::to_string_pretty(&self.0).unwrap_or_default());
    }
}
