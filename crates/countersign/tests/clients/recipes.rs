//! The recipes of docs/integrating: the command that a page begins with and the code that it shows are what runs here.

use super::{LOGIN, Place, free_port, packages, python, until_it_listens};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

const WEB_APP: &str = include_str!("../../../../docs/integrating/web-app.md");
const SPA: &str = include_str!("../../../../docs/integrating/spa.md");
const NATIVE: &str = include_str!("../../../../docs/integrating/native.md");
const MACHINE: &str = include_str!("../../../../docs/integrating/machine.md");
/// What runs of it is in `main.rs`.
const APACHE: &str = include_str!("../../../../docs/integrating/apache.md");
/// What runs.
const SOURCES: [&str; 7] = [
    include_str!("recipes/node/web-app.mjs"),
    include_str!("recipes/python/web_app.py"),
    include_str!("recipes/spa/index.html"),
    include_str!("recipes/spa/app.js"),
    include_str!("recipes/python/native.py"),
    include_str!("recipes/node/machine.mjs"),
    include_str!("apache/httpd.conf"),
];
/// The port that the pages show.
const PORT_SHOWN: &str = "3000";

#[test]
fn each_block_of_a_recipe_is_a_part_of_what_runs() {
    for (page, blocks_min) in [(WEB_APP, 3), (SPA, 3), (NATIVE, 2), (MACHINE, 1), (APACHE, 1)] {
        let mut blocks = 0;
        for block in page.split("```").skip(1).step_by(2) {
            let (language, code) = block.split_once('\n').unwrap();
            if language != "sh" {
                assert!(SOURCES.iter().any(|source| source.contains(code)), "runs nowhere:\n{code}");
                blocks += 1;
            }
        }
        assert!(blocks >= blocks_min, "{blocks} blocks of {blocks_min}");
    }
}

/// A program of a recipe that goes on running; ended when dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

impl Place {
    /// Registers the client of a page by the page's own command.
    fn register(&mut self, page: &str, port: u16) {
        let command = page.lines().find_map(|line| line.strip_prefix("countersign client add ")).unwrap();
        let command = command.replace(PORT_SHOWN, &port.to_string());
        let (id, options) = command.split_once(' ').unwrap();
        self.add_client("CLIENT_SECRET", id, &options.split(' ').collect::<Vec<_>>());
        self.environment.push(("CLIENT_ID", id.to_owned()));
        self.environment.push(("PORT", port.to_string()));
    }

    /// A folder with the sources and the packages of Node beside them.
    fn folder_with(&self, sources: &str, packages: &Path) -> PathBuf {
        let folder = self.folder.path().join("application");
        fs::create_dir(&folder).unwrap();
        super::copied(sources, &folder);
        symlink(packages.join("node_modules"), folder.join("node_modules")).unwrap();
        folder
    }
}

/// Somebody signs in at the web application that `command` starts.
fn web_application(place: &mut Place, port: u16, command: &mut Command, packages: &Path) {
    let child = place.knowing(command).stdout(Stdio::null()).spawn();
    let mut application = Running(child.unwrap_or_else(|error| panic!("{command:?} can't be run: {error}")));
    assert!(until_it_listens(&mut application.0, port), "{command:?} does not listen");
    let (url, hello) = (format!("http://localhost:{port}/"), format!("hello {LOGIN}"));
    place.client_runs(python("visit.py", packages).args([url, hello]));
}

#[test]
fn a_web_application_with_openid_client() {
    let (Some(node), Some(packages)) = (packages("node"), packages("python")) else { return };
    let (mut place, port) = (Place::new(), free_port());
    place.register(WEB_APP, port);
    let _server = place.serve();
    let folder = place.folder_with("recipes/node", &node);
    web_application(&mut place, port, Command::new("node").arg("web-app.mjs").current_dir(folder), &packages);
}

#[test]
fn a_web_application_with_authlib() {
    let Some(packages) = packages("python") else { return };
    let (mut place, port) = (Place::new(), free_port());
    place.register(WEB_APP, port);
    let _server = place.serve();
    web_application(&mut place, port, &mut python("../recipes/python/web_app.py", &packages), &packages);
}

#[test]
fn a_page_in_a_browser_with_openid_client_and_dpop() {
    let Some(node) = packages("node") else { return };
    let (mut place, port) = (Place::new(), free_port());
    place.register(SPA, port);
    let _server = place.serve();
    let folder = place.folder_with("recipes/spa", &node);
    super::copied("node", &folder);
    place.environment.push(("PROFILE", place.folder.path().join("profile").display().to_string()));
    place.client_runs(Command::new("node").arg("spa.mjs").current_dir(folder));
}

#[test]
fn an_app_on_a_device_with_a_port_of_its_own() {
    let Some(packages) = packages("python") else { return };
    let mut place = Place::new();
    place.register(NATIVE, 0);
    let _server = place.serve();
    let browser = python("opened.py", &packages).get_args().next().unwrap().to_owned();
    let mut app = python("../recipes/python/native.py", &packages);
    // In the background: the app answers while its browser still waits.
    app.env("BROWSER", format!("python3 {} %s &", browser.display()));
    place.client_runs(&mut app);
}

#[test]
fn a_machine_with_openid_client() {
    let Some(node) = packages("node") else { return };
    let mut place = Place::new();
    place.register(MACHINE, 0);
    place.environment.push(("SCOPE", "feed:read".to_owned()));
    let _server = place.serve();
    let folder = place.folder_with("recipes/node", &node);
    place.client_runs(Command::new("node").arg("machine.mjs").current_dir(folder));
}
