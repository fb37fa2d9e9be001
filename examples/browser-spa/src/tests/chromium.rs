//! Chromium without a window, told what to do over its DevTools protocol: one WebSocket a tab, one command at a time.

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// A browser; ended when dropped.
pub(super) struct Chromium {
    process: Child,
    /// `ws://address:port`
    address: String,
    control: Devtools,
    _profile: TempDir,
}

/// Whose cookies and storage are nobody else's.
pub(super) struct Profile(Value);

/// A tab that shows a page.
pub(super) struct Tab(Devtools);

struct Devtools {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    commands: u64,
}

// Beyond these a test has failed, however slow the machine is.
const STARTED_WITHIN: Duration = Duration::from_secs(60);
const HAPPENS_WITHIN: Duration = Duration::from_secs(60);

// The first three: as root, in a container, without a screen. The certificate is the test's own. A tab in the
// background is to be as quick as the one in front.
const FLAGS: [&str; 11] = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--headless=new",
    "--disable-gpu",
    "--ignore-certificate-errors",
    "--remote-debugging-port=0",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
];

impl Chromium {
    pub(super) async fn start() -> Self {
        let profile = tempfile::tempdir().unwrap();
        let mut command = Command::new("chromium");
        command.args(FLAGS).arg(format!("--user-data-dir={}", profile.path().display()));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut process = command.spawn().expect("chromium: on Debian, apt-get install chromium");
        let (told, url) = oneshot::channel();
        let log = process.stderr.take().unwrap();
        // To the end: who writes into a full pipe stands still.
        std::thread::spawn(move || tell_url(log, told));
        let url = timeout(STARTED_WITHIN, url).await.unwrap().expect("chromium says where it listens");
        let (address, _) = url.split_once("/devtools/").unwrap();
        let (address, control) = (address.to_owned(), Devtools::open(&url).await);
        Self { process, address, control, _profile: profile }
    }

    pub(super) async fn profile(&mut self) -> Profile {
        let made = self.control.call("Target.createBrowserContext", json!({})).await.unwrap();
        Profile(made["browserContextId"].clone())
    }

    /// A tab that has run `before` ahead of the page's own scripts.
    pub(super) async fn tab(&mut self, profile: &Profile, url: &str, before: &str) -> Tab {
        let blank = json!({ "url": "about:blank", "browserContextId": profile.0 });
        let made = self.control.call("Target.createTarget", blank).await.unwrap();
        let target = made["targetId"].as_str().unwrap();
        let mut tab = Tab(Devtools::open(&format!("{}/devtools/page/{target}", self.address)).await);
        tab.0.call("Page.enable", json!({})).await.unwrap();
        tab.0.call("Page.addScriptToEvaluateOnNewDocument", json!({ "source": before })).await.unwrap();
        tab.0.call("Page.navigate", json!({ "url": url })).await.unwrap();
        tab
    }

    pub(super) async fn cookies(&mut self, profile: &Profile) -> Vec<Value> {
        let found = self.control.call("Storage.getCookies", json!({ "browserContextId": profile.0 })).await.unwrap();
        found["cookies"].as_array().unwrap().clone()
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

impl Tab {
    /// What this expression comes to in the page.
    pub(super) async fn value(&mut self, expression: &str) -> Value {
        timeout(HAPPENS_WITHIN, self.evaluate(expression)).await.unwrap().unwrap()
    }

    pub(super) async fn click(&mut self, selector: &str) {
        self.value(&format!("document.querySelector({selector:?}).click()")).await;
    }

    /// Waits until this expression is true, through navigations too.
    pub(super) async fn until(&mut self, condition: &str) {
        let look = format!(
            "(async () => {{
                for (let times = 0; times < 50; times += 1) {{
                    if ({condition}) return true;
                    await new Promise((later) => setTimeout(later, 20));
                }}
            }})()"
        );
        let mut found = Ok(Value::Null);
        let come_true = async {
            while found != Ok(Value::Bool(true)) {
                found = self.evaluate(&look).await;
            }
        };
        if timeout(HAPPENS_WITHIN, come_true).await.is_err() {
            let page = self.value("document.body.innerText").await;
            panic!("never came true, at last {found:?}: {condition}\nthe page: {page}");
        }
    }

    async fn evaluate(&mut self, expression: &str) -> Result<Value, String> {
        let asked = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let answer = self.0.call("Runtime.evaluate", asked).await?;
        match answer.get("exceptionDetails") {
            Some(exception) => Err(exception.to_string()),
            None => Ok(answer["result"]["value"].clone()),
        }
    }
}

impl Devtools {
    async fn open(url: &str) -> Self {
        let (socket, _) = connect_async(url).await.unwrap();
        Self { socket, commands: 0 }
    }

    /// The command's result, or what the browser says is wrong. Events are let pass.
    async fn call(&mut self, method: &str, params: Value) -> Result<Value, String> {
        self.commands += 1;
        let command = json!({ "id": self.commands, "method": method, "params": params });
        self.socket.send(Message::text(command.to_string())).await.unwrap();
        loop {
            let Message::Text(text) = self.socket.next().await.unwrap().unwrap() else { continue };
            let answer: Value = serde_json::from_str(&text).unwrap();
            if answer["id"] == self.commands {
                return answer.get("result").cloned().ok_or_else(|| answer["error"].to_string());
            }
        }
    }
}

/// Reads what the browser says to its end, and tells the URL at which it is controlled.
fn tell_url(log: ChildStderr, told: oneshot::Sender<String>) {
    let mut told = Some(told);
    for line in BufReader::new(log).lines().map_while(Result::ok) {
        if let Some(url) = line.strip_prefix("DevTools listening on ")
            && let Some(told) = told.take()
        {
            told.send(url.to_owned()).ok();
        }
    }
}
