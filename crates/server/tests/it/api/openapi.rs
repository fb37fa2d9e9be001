//! `GET /api/openapi.json`: the document is whole, its examples hold, and the server is as it says.

use crate::support::TestApp;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "DELETE", "PATCH"];

async fn document(app: &TestApp) -> Value {
    app.get("/api/openapi.json").send().await.assert_status(200).json()
}

/// Every operation with its path and its method.
fn operations(document: &Value) -> Vec<(&str, &str, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    let all = paths.iter().flat_map(|(path, item)| {
        item.as_object().unwrap().iter().map(|(method, operation)| (path.as_str(), method.as_str(), operation))
    });
    all.collect()
}

/// What `{…}` names in a path.
fn variables(path: &str) -> BTreeSet<&str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect()
}

/// Every object of the document, with where it is.
fn walk<'a>(value: &'a Value, at: &str, visit: &mut impl FnMut(&str, &'a Map<String, Value>)) {
    match value {
        Value::Object(object) => {
            visit(at, object);
            object.iter().for_each(|(name, member)| walk(member, &format!("{at}/{name}"), visit));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| walk(item, &format!("{at}/{index}"), visit));
        }
        _ => {}
    }
}

/// What a reference leads to, or the value itself.
fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    value["$ref"].as_str().and_then(|reference| document.pointer(&reference[1..])).unwrap_or(value)
}

/// What is wrong with `value` by `schema`, which may refer to the components of `document`.
fn faults(document: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let whole = json!({ "allOf": [schema], "components": document["components"] });
    let validator = jsonschema::draft202012::options().should_validate_formats(true).build(&whole).unwrap();
    validator.iter_errors(value).map(|error| error.to_string()).collect()
}

#[tokio::test]
async fn the_golden_file_is_what_is_served() {
    let app = TestApp::start().await;
    let mut found = serde_json::to_string_pretty(&document(&app).await).unwrap();
    found.push('\n');
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/openapi.json");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&golden, &found).unwrap();
    }
    let known = std::fs::read_to_string(&golden).unwrap_or_default();
    assert!(
        found == known,
        "tests/golden/openapi.json is old: run `UPDATE=1 cargo test -p countersign-server openapi`"
    );
}

#[tokio::test]
async fn it_is_cached_by_its_entity_tag() {
    let app = TestApp::start().await;
    let whole = app.get("/api/openapi.json").send().await.assert_status(200);
    assert_eq!(whole.header("content-type"), Some("application/json"));
    assert_eq!(whole.header("cache-control"), Some("public, max-age=3600"));
    let etag = whole.header("etag").unwrap().to_owned();
    for known in [etag.clone(), format!("W/{etag}"), format!("\"other\", {etag}"), "*".to_owned()] {
        let same = app.get("/api/openapi.json").header("if-none-match", &known).send().await.assert_status(304);
        assert_eq!(same.header("etag"), Some(etag.as_str()), "{known}");
        assert!(same.body.is_empty());
    }
    let other = app.get("/api/openapi.json").header("if-none-match", "\"other\"").send().await.assert_status(200);
    assert_eq!(other.body, whole.body);
}

#[tokio::test]
async fn every_operation_is_described_whole() {
    let app = TestApp::start().await;
    let document = document(&app).await;
    let tags: BTreeSet<_> = document["tags"].as_array().unwrap().iter().map(|tag| tag["name"].as_str()).collect();
    let mut ids = BTreeSet::new();
    for (path, method, operation) in operations(&document) {
        let at = format!("{method} {path}");
        assert!(ids.insert(operation["operationId"].as_str().unwrap()), "{at}: its id is another's");
        assert!(tags.contains(&operation["tags"][0].as_str()), "{at}");
        assert!(operation["summary"].is_string() && operation["description"].is_string(), "{at}");
        let empty = Vec::new();
        let parameters = operation["parameters"].as_array().unwrap_or(&empty);
        let in_path = parameters.iter().filter(|parameter| parameter["in"] == "path");
        assert_eq!(in_path.map(|one| one["name"].as_str().unwrap()).collect::<BTreeSet<_>>(), variables(path), "{at}");
        let responses = operation["responses"].as_object().unwrap();
        assert!(responses.keys().any(|status| status.starts_with('2')), "{at}: how does it go well?");
        // Whoever refuses a body's type reads a body.
        assert_eq!(responses.contains_key("415"), operation["requestBody"].is_object(), "{at}");
        for (status, response) in responses {
            let response = resolved(&document, response);
            assert!(response["description"].as_str().is_some_and(|text| !text.is_empty()), "{at} {status}");
            assert!(response["headers"]["x-request-id"].is_object(), "{at} {status}");
        }
    }
}

#[tokio::test]
async fn every_reference_leads_to_a_schema_and_every_schema_is_referred_to() {
    let app = TestApp::start().await;
    let document = document(&app).await;
    let mut referred = BTreeSet::new();
    walk(&document, "", &mut |at, object| {
        if let Some(reference) = object.get("$ref").and_then(Value::as_str) {
            assert!(document.pointer(&reference[1..]).is_some(), "{at}: {reference} leads nowhere");
            referred.insert(reference);
        }
    });
    for name in document["components"]["schemas"].as_object().unwrap().keys() {
        assert!(referred.contains(format!("#/components/schemas/{name}").as_str()), "nobody refers to {name}");
    }
}

#[tokio::test]
async fn every_example_is_one_by_its_schema() {
    let app = TestApp::start().await;
    let document = document(&app).await;
    let mut checked = 0;
    walk(&document, "", &mut |at, object| {
        let Some(schema) = object.get("schema") else { return };
        let many = object.get("examples").and_then(Value::as_object).into_iter().flatten();
        let many = many.map(|(_, example)| &example["value"]);
        for example in object.get("example").into_iter().chain(many) {
            checked += 1;
            assert_eq!(faults(&document, schema, example), Vec::<String>::new(), "{at}: {example}");
        }
        // A body without an example leaves the reader alone with the schema.
        let media_type = at.rsplit_once("/content/").is_some_and(|(_, rest)| !rest.contains("schema"));
        assert!(!media_type || object.contains_key("example") || object.contains_key("examples"), "{at}: no example");
    });
    assert!(checked > 100, "only {checked} examples were found");
}

#[tokio::test]
async fn unknown_members_are_refused_as_the_schemas_say() {
    let app = TestApp::start().await;
    let document = document(&app).await;
    for (path, method, operation) in operations(&document) {
        let content = &operation["requestBody"]["content"]["application/json"];
        let Some(reference) = content["schema"]["$ref"].as_str() else { continue };
        let schema = document.pointer(&reference[1..]).unwrap();
        let alternatives = schema["oneOf"].as_array().map_or_else(|| vec![schema], |all| all.iter().collect());
        for one in alternatives {
            if path == "/oauth2/register" {
                // RFC 7591 §2: what the server does not know must be ignored.
                assert_eq!(one["additionalProperties"], Value::Null);
                continue;
            }
            assert_eq!(one["additionalProperties"], false, "{method} {path}: {reference}");
        }
    }
}

#[tokio::test]
async fn the_paths_have_the_methods_that_are_described_and_no_others() {
    let app = TestApp::start().await;
    let document = document(&app).await;
    let mut described: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (path, method, _) in operations(&document) {
        described.entry(path).or_default().insert(method.to_uppercase());
    }
    for (path, methods) in &described {
        let target = path.replace("{id}", "AAECAwQFBgcICQoLDA0ODw").replace("{kid}", "key");
        for method in METHODS {
            let response = app.request(method, &target).send().await;
            if methods.contains(method) {
                assert!(![404, 405].contains(&response.status), "{method} {path}: {}", response.status);
                continue;
            }
            let response = response.assert_status(405);
            let allowed: BTreeSet<_> = response.header("allow").unwrap().split(',').map(str::to_owned).collect();
            let head = methods.contains("GET").then(|| "HEAD".to_owned());
            assert_eq!(allowed, methods.iter().cloned().chain(head).collect(), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn a_name_that_is_no_text_is_not_found() {
    let app = TestApp::start().await;
    let tokens = app.sign_in("ana").await;
    let response = app.request("DELETE", "/api/v1/sessions/%ff").bearer(&tokens.access_token).send().await;
    response.assert_problem(404, "not_found");
}
