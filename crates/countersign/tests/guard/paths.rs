//! Paths that are written to mean one thing to the proxy and another to the application. What counts is what arrives.

use crate::stage::Stage;

const EVIL: [&str; 34] = [
    "/public/..%2fadmin",
    "//admin",
    "/admin%00",
    "/ADMIN;x",
    "/public/%2e%2e/admin",
    "/public//../admin",
    "/admin/.",
    "/%61dmin",
    "/public/../admin",
    "/public/..;/admin",
    "/public/..%5cadmin",
    "/public\\..\\admin",
    "/public/%252e%252e/admin",
    "/public/..%252fadmin",
    "/./admin",
    "/admin/",
    "/Admin",
    "/aDMIN/x",
    "/admin%20",
    "/admin%09",
    "/admin?/public/",
    "/admin#/public/",
    "/admin%3f/public/",
    "/public/%c0%ae%c0%ae/admin",
    "/public/..%c0%afadmin",
    "/public/%ef%bc%8e%ef%bc%8e/admin",
    "/%ef%bd%81dmin",
    "/admin;/../public/x",
    "/public/x/../../admin",
    "/public/%2e%2e%2fadmin",
    "http://app.example.com/admin",
    "/public%2f..%2fadmin",
    "///admin",
    "/public/.%00./admin",
];

/// As careless as an application may be: decoded again and again, dots resolved, parameters cut, case ignored.
fn is_protected(target: &str) -> bool {
    let mut path = target.trim_start_matches("http://app.example.com").split(['?', '#']).next().unwrap().to_lowercase();
    for _ in 0..3 {
        for (from, to) in [
            ("%2f", "/"),
            ("%5c", "/"),
            ("%2e", "."),
            ("%61", "a"),
            ("%25", "%"),
            ("%00", ""),
            ("\\", "/"),
            ("%c0%ae", "."),
            ("%c0%af", "/"),
            ("%ef%bc%8e", "."),
            ("%ef%bd%81", "a"),
            ("%20", ""),
            ("%09", ""),
            ("%3b", ";"),
            ("%3f", "?"),
        ] {
            path = path.replace(from, to);
        }
    }
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/').map(|segment| segment.split([';', '?']).next().unwrap()) {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            segment => segments.push(segment),
        }
    }
    segments.first() == Some(&"admin")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_spelling_of_a_path_opens_a_protected_route() {
    let stage = Stage::start("").await;
    let clerk = stage.mint(&[], &["clerk"]);
    let mut protected = 0;
    for target in EVIL {
        protected += usize::from(is_protected(target));
        for method in ["GET", "POST", "HEAD", "OPTIONS", "PROPFIND"] {
            let line = format!("{method} {target}");
            for status in [stage.ask(&line, &[]).status, stage.ask_with(&line, &clerk).status] {
                // 400 and 405 are nginx's own.
                assert!([200, 400, 401, 403, 405].contains(&status), "{line}: {status}");
            }
        }
        // A clerk may see what is neither public nor the administrators'.
        for seen in stage.application.take() {
            assert!(!is_protected(seen.target()), "{target} arrived as {}", seen.line);
        }
    }
    // The careless reader would have been fooled, so that what is shown is shown.
    assert!(protected >= 28, "{protected}");
    let admin = stage.mint(&[], &["admin"]);
    assert_eq!(stage.ask_with("GET /%61dmin/x", &admin).status, 200);
    assert_eq!(stage.application.one().target(), "/%61dmin/x");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_application_gets_is_what_was_judged() {
    let stage = Stage::start("").await;
    for target in ["/public/a%20b?x=/../%2e", "/public/%C3%BC", "/public/a+b~c"] {
        assert_eq!(stage.ask(&format!("GET {target}"), &[]).status, 200, "{target}");
        assert_eq!(stage.application.one().target(), target);
    }
}
