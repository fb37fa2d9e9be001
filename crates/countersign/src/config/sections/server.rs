//! `[server]`

use crate::config::{
    declare::{
        Fallback::{Is, Unset},
        section,
    },
    error::Fault,
    reader::Reader,
    shapes::{List, Optional},
    values::{AddressRange, HOST_AND_PORT, Issuer, LISTEN, PATH, WebOrigin, absolute},
};
use countersign_server::outbound::{ExtraRoots, HostPort};
use countersign_server::{Tls, TlsFile, TlsFiles};
use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

const CERTIFICATE: &str = "server.tls_cert_file";
const KEY: &str = "server.tls_key_file";
const AUTHORITIES: &str = "server.outbound_ca_file";

section! {
    /// Where the server is, what it is called, and whom it believes.
    server: Server {
        /// The address and port to listen on; port 0 takes any that is free. Plain HTTP is served on loopback only,
        /// unless `server.behind_proxy` names the proxies that speak TLS for it; with `server.tls_cert_file`, any
        /// address will do.
        listen: SocketAddr = Is("127.0.0.1:8420"), LISTEN;
        /// The URL that clients know the server by, and that every token names as `iss`: `https`, or `http` on
        /// loopback, without trailing slash, query and fragment. It is kept in the database at the first start;
        /// changing it later ends all sessions.
        issuer: Option<Issuer> = Unset("http://localhost:PORT, with the port of `server.listen`; https with `server.tls_cert_file`"), Optional(Issuer::SHAPE);
        /// The folder of database and keys, made at the first start. A relative path is relative to the current
        /// directory, not to the file that says so.
        data_dir: PathBuf = Is("./countersign-data"), PATH;
        /// The certificate for TLS, in a PEM file: the server's own first, then the chain. With it, the server speaks
        /// TLS 1.3 and 1.2, and nothing else. When this file or the key's changes, the new pair is taken up without
        /// a restart; one that is no pair is refused, and the one before stays.
        tls_cert_file: Option<PathBuf> = Unset("no TLS"), Optional(PATH);
        /// The certificate's private key, in a PEM file (PKCS#8, SEC1 or PKCS#1) that nobody else can read: mode
        /// 0600, or 0640 where it is root's.
        tls_key_file: Option<PathBuf> = Unset("no TLS"), Optional(PATH);
        /// Origins whose pages may use the cookies of this server: requests from them may change state and carry
        /// credentials. The issuer's own origin is always one.
        trusted_origins: Vec<WebOrigin> = Is(""), List(WebOrigin::SHAPE);
        /// Origins whose scripts may call the JSON API with tokens of their own (CORS without credentials). Metadata and the
        /// OAuth endpoints for clients are open to every origin.
        cors_origins: Vec<WebOrigin> = Is(""), List(WebOrigin::SHAPE);
        /// The proxies whose `Forwarded` and `X-Forwarded-*` are believed. Whoever is in one of these ranges can
        /// claim any client address, so name the proxies and nothing wider.
        behind_proxy: Vec<AddressRange> = Is(""), List(AddressRange::SHAPE);
        /// Hosts, each with its port, that the server may ask although their addresses are not public, or over plain
        /// HTTP. Everything else that it fetches or notifies (clients' metadata documents, for one) is `https`, at
        /// public addresses alone.
        outbound_allow: Vec<HostPort> = Is(""), List(HOST_AND_PORT);
        /// A PEM file of certificate authorities that are believed beside those of the system when the server asks
        /// others.
        outbound_ca_file: Option<PathBuf> = Unset("the system's authorities alone"), Optional(PATH);
    }
}

impl Server {
    /// The issuer, once it is known which port was bound.
    pub(crate) fn issuer_at(&self, port: u16) -> Issuer {
        let scheme = if self.tls_files().is_some() { "https" } else { "http" };
        self.issuer.clone().unwrap_or_else(|| Issuer::of_loopback(scheme, port))
    }

    /// Certificate and key, if the server speaks TLS itself.
    pub(crate) fn tls_files(&self) -> Option<TlsFiles> {
        let (certificate, key) = (self.tls_cert_file.clone()?, self.tls_key_file.clone()?);
        Some(TlsFiles { certificate, key })
    }

    /// What no key can say alone: both files of TLS or none, and who may hear plain HTTP.
    pub(in crate::config) fn settle(&mut self, reader: &mut Reader<'_>) {
        self.data_dir = absolute(reader.cwd(), &self.data_dir);
        let files = [&mut self.tls_cert_file, &mut self.tls_key_file, &mut self.outbound_ca_file];
        for file in files.into_iter().flatten() {
            *file = absolute(reader.cwd(), file);
        }
        let tls = self.settle_tls(reader);
        if self.issuer.is_none() && self.listen.port() != 0 && reader.is_sound("server.listen") {
            reader.derive("server.issuer", self.issuer_at(self.listen.port()).as_str());
        }
        if tls || !reader.is_sound("server.listen") || self.listen.ip().to_canonical().is_loopback() {
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

    /// Whether certificate and key are as they should be: what the server opens, and other commands do not.
    pub(in crate::config) fn open_files(&self, reader: &mut Reader<'_>) {
        if let Some(Err(problem)) = self.outbound_ca_file.as_deref().map(ExtraRoots::open) {
            let hint =
                "name a PEM file of certificate authorities; a relative path is relative to the current directory";
            reader.refuse(AUTHORITIES, Fault::new(problem.to_string()).hint(hint));
        }
        let Some(Err(problems)) = self.tls_files().map(Tls::open) else { return };
        for problem in problems {
            let key = match problem.file {
                TlsFile::Certificate => CERTIFICATE,
                TlsFile::Key => KEY,
            };
            reader.refuse(key, Fault::new(problem.to_string()).hint(problem.fault.hint()));
        }
    }

    /// Whether TLS was asked for; if so, both files must be named, and the issuer be `https`.
    fn settle_tls(&self, reader: &mut Reader<'_>) -> bool {
        let sound = reader.is_sound(CERTIFICATE) && reader.is_sound(KEY);
        let (named, missing) = match (&self.tls_cert_file, &self.tls_key_file) {
            (None, None) => return !sound,
            (Some(_), Some(_)) => {
                if let Some(issuer) = self.issuer.as_ref().filter(|issuer| !issuer.is_https()) {
                    let fault = Fault::new("the server speaks TLS: clients reach it over https alone");
                    let https = issuer.as_str().replacen("http:", "https:", 1);
                    reader.refuse("server.issuer", fault.hint(format!("use \"{https}\"")));
                }
                return true;
            }
            (Some(_), None) => (CERTIFICATE, KEY),
            (None, Some(_)) => (KEY, CERTIFICATE),
        };
        if sound {
            let fault = Fault::new(format!("TLS needs `{missing}` as well"));
            reader.refuse(named, fault.hint("name both files, or none for plain HTTP"));
        }
        true
    }
}
