//! `[server]`

use crate::config::{
    declare::{
        Fallback::{Is, Unset},
        section,
    },
    error::Fault,
    reader::Reader,
    shapes::{List, Optional},
    values::{AddressRange, Issuer, LISTEN, PATH, WebOrigin, absolute},
};
use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

section! {
    /// Where the server is, what it is called, and whom it believes.
    server: Server {
        /// The address and port to listen on; port 0 takes any that is free. Plain HTTP is served on loopback only,
        /// unless `server.behind_proxy` names the proxies that speak TLS for it.
        listen: SocketAddr = Is("127.0.0.1:8420"), LISTEN;
        /// The URL that clients know the server by, and that every token names as `iss`: `https`, or `http` on
        /// loopback, without trailing slash, query and fragment. It is kept in the database at the first start;
        /// changing it later ends all sessions.
        issuer: Option<Issuer> = Unset("http://localhost:PORT, with the port of `server.listen`"), Optional(Issuer::SHAPE);
        /// The folder of database and keys, made at the first start. A relative path is relative to the current
        /// directory, not to the file that says so.
        data_dir: PathBuf = Is("./countersign-data"), PATH;
        /// Origins whose pages may use the cookies of this server: requests from them may change state and carry
        /// credentials. The issuer's own origin is always one.
        trusted_origins: Vec<WebOrigin> = Is(""), List(WebOrigin::SHAPE);
        /// Origins whose scripts may call the JSON API with tokens of their own (CORS without credentials).
        cors_origins: Vec<WebOrigin> = Is(""), List(WebOrigin::SHAPE);
        /// The proxies whose `Forwarded` and `X-Forwarded-*` are believed. Whoever is in one of these ranges can
        /// claim any client address, so name the proxies and nothing wider.
        behind_proxy: Vec<AddressRange> = Is(""), List(AddressRange::SHAPE);
    }
}

impl Server {
    /// The issuer, once it is known which port was bound.
    pub(crate) fn issuer_at(&self, port: u16) -> Issuer {
        self.issuer.clone().unwrap_or_else(|| Issuer::of_loopback(port))
    }

    /// What no key can say alone: who may hear plain HTTP.
    pub(in crate::config) fn settle(&mut self, reader: &mut Reader<'_>) {
        self.data_dir = absolute(reader.cwd(), &self.data_dir);
        if self.issuer.is_none() && self.listen.port() != 0 && reader.is_sound("server.listen") {
            reader.derive("server.issuer", self.issuer_at(self.listen.port()).as_str());
        }
        if !reader.is_sound("server.listen") || self.listen.ip().to_canonical().is_loopback() {
            return;
        }
        if self.behind_proxy.is_empty() && reader.is_sound("server.behind_proxy") {
            let fault =
                Fault::new("plain HTTP is served on loopback only: tokens would cross the network in the clear");
            let loopback = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), self.listen.port());
            reader.refuse("server.listen", fault.hint(format!(
                "use \"{loopback}\", or name the proxy that speaks TLS in `server.behind_proxy`, and its URL in `server.issuer`",
            )));
        } else if self.issuer.is_none() && reader.is_sound("server.issuer") {
            let fault = Fault::new("a server that others can reach needs an https issuer");
            reader.refuse("server.listen", fault.hint("set `server.issuer` to the URL of the proxy"));
        }
        if self.issuer.as_ref().is_some_and(|issuer| !issuer.is_https()) {
            let fault = Fault::new("a server that others can reach needs an https issuer");
            reader.refuse("server.issuer", fault.hint("use the URL of the proxy, as in \"https://auth.example.com\""));
        }
    }
}
