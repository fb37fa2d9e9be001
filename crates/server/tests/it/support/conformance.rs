//! Every answer that a test gets is held against the description of the API: what the document does not tell fails the
//! test that met it.

use super::client::Response;
use jsonschema::Validator;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../golden/openapi.json")).expect("a golden file of JSON"));
/// By status or name of the response, and the operation.
static VALIDATORS: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);

/// Panics where `response` is none that the operation at `target` is described with.
#[track_caller]
pub(crate) fn check(method: &str, target: &str, response: &Response) {
    let path = target.split('?').next().unwrap_or_default();
    let Some((template, operation)) = operation(method, path) else { return };
    // What is no HTTP never reaches a route; the listener answers it without an id.
    if response.header("x-request-id").is_none() {
        return;
    }
    let at = format!("{method} {template} {}", response.status);
    let described = &operation["responses"][response.status.to_string()];
    assert!(described.is_object(), "{at}: the document does not tell of it: {}", response.text());
    let described = resolved(described);
    for (name, header) in described["headers"].as_object().into_iter().flatten() {
        let always = resolved(header)["required"] == true;
        assert!(!always || response.header(name).is_some(), "{at}: no `{name}`");
    }
    let Some(content) = described["content"].as_object() else {
        assert!(response.body.is_empty(), "{at}: a body where none is told of: {}", response.text());
        return;
    };
    let media_type = response.header("content-type").unwrap_or_default();
    assert!(content.contains_key(media_type), "{at}: `{media_type}` is none of {:?}", content.keys());
    // Of what is no JSON there is an example alone.
    let Some(schema) = content[media_type].get("schema") else { return };
    let body = serde_json::from_slice(&response.body).unwrap_or_default();
    let faults: Vec<_> = validator(&at, schema).iter_errors(&body).map(|e| e.to_string()).collect();
    assert!(faults.is_empty(), "{at}: {faults:?} in {body}");
}

/// The operation, with the path as the route table has it.
fn operation(method: &str, path: &str) -> Option<(&'static str, &'static Value)> {
    let matches = |template: &str| {
        let (wanted, found) = (template.split('/'), path.split('/'));
        wanted.clone().count() == found.clone().count()
            && wanted.zip(found).all(|(wanted, found)| wanted == found || wanted.starts_with('{') && !found.is_empty())
    };
    let (template, item) = DOCUMENT["paths"].as_object()?.iter().find(|(template, _)| matches(template))?;
    Some((template, item.get(method.to_lowercase())?))
}

fn resolved(value: &'static Value) -> &'static Value {
    let reference = value["$ref"].as_str().and_then(|reference| DOCUMENT.pointer(reference.strip_prefix('#')?));
    reference.unwrap_or(value)
}

fn validator(at: &str, schema: &Value) -> Arc<Validator> {
    let mut validators = VALIDATORS.lock().unwrap_or_else(PoisonError::into_inner);
    let build = || {
        let whole = json!({ "allOf": [schema], "components": DOCUMENT["components"] });
        let options = jsonschema::draft202012::options().should_validate_formats(true);
        Arc::new(options.build(&whole).expect("schemas that are schemas"))
    };
    Arc::clone(validators.entry(at.to_owned()).or_insert_with(build))
}
