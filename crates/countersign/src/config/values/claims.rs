//! Custom claims of access tokens.

use crate::config::{
    error::{Fault, Faults},
    notation::{self, quoted},
    raw::Raw,
    shapes::{Describe, Shape},
};
use countersign_core::token::{ClaimMapping, ClaimName, ClaimSource, InvalidClaim};

/// A table in the file, `NAME=SOURCE` and commas in a variable.
pub(in crate::config) struct Claims;

type Definition = Result<(ClaimName, ClaimSource), Fault>;

impl Describe for Claims {
    fn describe(&self) -> String {
        "table, each claim with its source, `\"attribute:NAME\"`; in a variable `NAME=attribute:NAME,…`".to_owned()
    }

    fn notation(&self, text: &str) -> String {
        let claims = text.split(',').filter_map(|claim| claim.trim().rsplit_once('='));
        let claims: Vec<String> =
            claims.map(|(name, source)| format!("{} = {}", notation::name(name), quoted(source))).collect();
        if claims.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", claims.join(", ")) }
    }
}

impl Shape for Claims {
    type Value = ClaimMapping;

    /// Reads every claim, so that all that are bad are told at once.
    fn read(&self, raw: &Raw) -> Result<ClaimMapping, Faults> {
        let (mut claims, mut faults) = (Vec::new(), Vec::new());
        for (index, claim) in definitions(raw)?.into_iter().enumerate() {
            match claim {
                Ok(claim) => claims.push(claim),
                Err(fault) => faults.push(fault.in_item(index)),
            }
        }
        if !faults.is_empty() {
            return Err(Faults(faults));
        }
        Ok(ClaimMapping::of(claims).map_err(|invalid| fault(&invalid, ""))?)
    }
}

/// Each claim alone.
fn definitions(raw: &Raw) -> Result<Vec<Definition>, Fault> {
    if let Raw::Untyped(_) = raw {
        let claims = raw.texts()?.into_iter();
        return Ok(claims
            .map(|text| text.and_then(|text| ClaimMapping::definition(text).map_err(|invalid| fault(&invalid, text))))
            .collect());
    }
    let claim = |(name, source): (&str, &Raw)| {
        let name = ClaimName::parse(name).map_err(|invalid| fault(&invalid, name))?;
        if let Raw::Table(_) = source {
            let fault = Fault::new("expected text, found a table");
            return Err(
                fault.hint("a name that has dots stands in quotes: \"com.example.tenant\" = \"attribute:tenant\"")
            );
        }
        let source = source.text()?;
        Ok((name, ClaimSource::parse(source).map_err(|invalid| fault(&invalid, source))?))
    };
    Ok(raw.members()?.map(claim).collect())
}

fn fault(invalid: &InvalidClaim, text: &str) -> Fault {
    let fault = Fault::new(invalid.to_string());
    match invalid {
        InvalidClaim::Registered(name) => {
            fault.hint(format!("use another word, or a URI of yours, as in \"https://example.com/{name}\""))
        }
        InvalidClaim::Name => fault.hint("as in \"tenant\" or \"https://example.com/tenant\""),
        InvalidClaim::Source => {
            // What stands behind the last separator was most likely meant.
            let attribute = text.rsplit(['=', ':', '.']).next().unwrap_or_default();
            let meant = format!("attribute:{attribute}");
            let known = ClaimSource::parse(&meant).is_ok();
            fault.hint(format!("use \"{}\"", if known { &meant } else { "attribute:tenant" }))
        }
        InvalidClaim::TooMany | InvalidClaim::NamesTooLong => fault.hint("take some away, or give them shorter names"),
        _ => fault,
    }
}
