//! `countersign resource`

use super::Context;
use crate::bootstrap::{Deployment, actor};
use crate::failure::Failure;
use crate::output::{Answer, Output, Page};
use crate::times::{duration, length, rfc3339};
use clap::{Args, Subcommand};
use countersign_core::ops::{AddResource, RemoveResource};
use countersign_core::resource::{Resource, ResourceUri};
use countersign_core::store::{AddedResource, Page as StorePage, Swap};
use countersign_core::token::{ClaimMapping, InvalidClaim};
use countersign_core::{Span, Time};
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// Register resource servers: what tokens can be for, and who may have which scope
#[derive(Debug, Args)]
#[command(
    arg_required_else_help = true,
    after_help = "\
Examples:
  countersign resource add https://orders.example.com --scope orders:read --scope orders:admin=admin,ops
  countersign resource add https://vault.example.com --scope open --lifetime 1m
  countersign resource add https://crm.example.com --scope read --claim tenant=attribute:tenant

A scope that names roles is granted to accounts that have one of them; any other to every account that asks."
)]
pub(super) struct ResourceArgs {
    #[command(subcommand)]
    command: ResourceCommand,
}

#[derive(Debug, Subcommand)]
enum ResourceCommand {
    Add(AddArgs),
    /// List all resource servers
    List,
    /// Remove a resource server; sessions for it are refused at their next refresh
    Remove {
        /// Its URI
        uri: String,
    },
}

/// Register a resource server
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  countersign resource add https://orders.example.com --scope orders:read --scope orders:admin=admin,ops
  countersign resource add https://vault.example.com --scope open --lifetime 1m
  countersign resource add https://crm.example.com --scope read --claim tenant=attribute:tenant
  countersign resource add https://partner.example.org --scope read --no-claims")]
struct AddArgs {
    /// Its URI: the `aud` of its tokens
    uri: String,
    /// A scope, and the roles of which one is needed for it; may be given again
    #[arg(long = "scope", value_name = "SCOPE[=ROLE,...]")]
    scopes: Vec<String>,
    /// How long its access tokens live, from 1s to 1h, where that differs from tokens.access_lifetime
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    lifetime: Option<Duration>,
    /// A custom claim of its tokens and the account's attribute that it comes from, instead of those of tokens.claims;
    /// may be given again
    #[arg(long = "claim", value_name = "NAME=attribute:NAME")]
    claims: Vec<String>,
    /// No custom claims in its tokens, whatever tokens.claims says
    #[arg(long, conflicts_with = "claims")]
    no_claims: bool,
}

#[derive(Serialize)]
struct ResourceList {
    items: Vec<ResourceView>,
}

#[derive(Serialize)]
struct ResourceView {
    uri: String,
    scopes: Vec<ScopeView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lifetime_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    claims: Option<BTreeMap<String, String>>,
    created_at: String,
    #[serde(skip)]
    created: Time,
}

#[derive(Serialize)]
struct ScopeView {
    scope: String,
    roles: Vec<String>,
}

#[derive(Serialize)]
struct Removed {
    uri: String,
    removed: bool,
}

impl ResourceArgs {
    pub(super) async fn run(self, context: &Context, out: &mut Output) -> Result<(), Failure> {
        match self.command {
            ResourceCommand::Add(args) => args.run(context, out).await,
            ResourceCommand::List => {
                let deployment = Deployment::open(context)?;
                out.answer(&ResourceList::read(&deployment).await?)
            }
            ResourceCommand::Remove { uri } => remove(context, &uri, out).await,
        }
    }
}

impl AddArgs {
    async fn run(self, context: &Context, out: &mut Output) -> Result<(), Failure> {
        let uri = ResourceUri::parse(&self.uri).map_err(Failure::usage)?;
        let (lifetime, scopes) = (self.lifetime.map(Span::from), self.scopes.iter().map(String::as_str));
        let claims = self.own_claims()?;
        let resource = Resource::new(uri, scopes, lifetime, context.now).map_err(Failure::usage)?;
        let resource = Resource { claims, ..resource };
        let deployment = Deployment::open_or_found(context).await?;
        match AddResource(resource.clone()).run(actor(), &*deployment.store).await? {
            AddedResource::Added => out.answer(&ResourceView::of(&resource)),
            AddedResource::UriTaken => Err(Failure::failed(format!("there is a resource server {} already", self.uri))
                .hint(format!("to change it: countersign resource remove {}, then add it", self.uri))),
        }
    }
}

impl AddArgs {
    /// The claims that it has instead of those of the configuration, if that was asked for.
    fn own_claims(&self) -> Result<Option<ClaimMapping>, Failure> {
        let claims = self.claims.iter().map(|text| {
            let refused = |invalid: InvalidClaim| Failure::usage(invalid).about(format!("--claim {text} is refused"));
            ClaimMapping::definition(text).map_err(refused)
        });
        let claims = ClaimMapping::of(claims.collect::<Result<Vec<_>, _>>()?).map_err(Failure::usage)?;
        Ok((self.no_claims || !claims.is_empty()).then_some(claims))
    }
}

async fn remove(context: &Context, uri: &str, out: &mut Output) -> Result<(), Failure> {
    let parsed = ResourceUri::parse(uri).map_err(Failure::usage)?;
    let deployment = Deployment::open(context)?;
    match RemoveResource(parsed).run(actor(), &*deployment.store, context.now).await? {
        Swap::Won => out.answer(&Removed { uri: uri.to_owned(), removed: true }),
        Swap::Lost => Err(Failure::failed(format!("there is no resource server {uri}"))
            .hint("`countersign resource list` tells which there are")),
    }
}

impl ResourceList {
    async fn read(deployment: &Deployment) -> Result<Self, Failure> {
        let (mut items, mut page) = (Vec::new(), StorePage::first());
        loop {
            let resources = deployment.store.resources(page).await?;
            items.extend(resources.items.iter().map(ResourceView::of));
            match resources.next {
                Some(next) => page = StorePage::new(u16::MAX, Some(next)),
                None => return Ok(Self { items }),
            }
        }
    }
}

impl ResourceView {
    fn of(resource: &Resource) -> Self {
        let scopes = resource.scopes.iter().map(|(scope, roles)| ScopeView {
            scope: scope.as_str().to_owned(),
            roles: roles.iter().map(str::to_owned).collect(),
        });
        Self {
            uri: resource.uri.as_str().to_owned(),
            scopes: scopes.collect(),
            lifetime_seconds: resource.lifetime.map(Span::as_seconds),
            claims: resource
                .claims
                .as_ref()
                .map(|claims| claims.iter().map(|(name, source)| (name.to_owned(), source.to_string())).collect()),
            created_at: rfc3339(resource.created_at),
            created: resource.created_at,
        }
    }
}

impl Answer for ResourceList {
    fn show(&self, page: &mut Page) {
        if self.items.is_empty() {
            page.line("No resource server; tokens are for the issuer itself.");
            return page.hint("countersign resource add https://api.example.com --scope read");
        }
        for resource in &self.items {
            resource.show(page);
        }
    }
}

impl Answer for ResourceView {
    fn show(&self, page: &mut Page) {
        page.title(&self.uri);
        for scope in &self.scopes {
            let who = match scope.roles.as_slice() {
                [] => "every account".to_owned(),
                roles => format!("accounts with role {}", roles.join(" or ")),
            };
            page.field("scope", &format!("{}: {who}", scope.scope));
        }
        if let Some(seconds) = self.lifetime_seconds {
            page.field("tokens live", &length(Span::from_seconds(seconds)));
        }
        for (claim, source) in self.claims.iter().flatten() {
            page.field("claim", &format!("{claim}: {source}"));
        }
        if self.claims.as_ref().is_some_and(BTreeMap::is_empty) {
            page.field("claims", "none of tokens.claims");
        }
        page.time("added", self.created);
    }
}

impl Answer for Removed {
    fn show(&self, page: &mut Page) {
        page.good(&format!("removed {}", self.uri));
    }
}
