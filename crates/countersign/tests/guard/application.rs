//! The application behind the proxy: it keeps every request that reaches it, byte for byte.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// Answers 200 to everything, and gives back what comes after an upgrade.
pub(crate) struct Application {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
}

/// A request that came through.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// Method, target and version.
    pub(crate) line: String,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Seen {
    /// All values of a header.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        let named = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str()).collect()
    }

    pub(crate) fn target(&self) -> &str {
        self.line.split(' ').nth(1).unwrap()
    }
}

impl Application {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, seen) = (listener.local_addr().unwrap(), Arc::default());
        let kept = Arc::clone(&seen);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let kept = Arc::clone(&kept);
                thread::spawn(move || answer(stream.unwrap(), &kept));
            }
        });
        Self { address, seen }
    }

    /// What came since the last time.
    pub(crate) fn take(&self) -> Vec<Seen> {
        std::mem::take(&mut self.seen.lock().unwrap())
    }

    /// The only request that came.
    pub(crate) fn one(&self) -> Seen {
        let mut seen = self.take();
        assert_eq!(seen.len(), 1, "{seen:?}");
        seen.remove(0)
    }
}

fn answer(stream: TcpStream, kept: &Mutex<Vec<Seen>>) {
    let mut writer = stream.try_clone().unwrap();
    let mut reader = BufReader::new(stream);
    while let Some(mut seen) = head(&mut reader) {
        let length = seen.all("content-length").first().map_or(0, |length| length.parse().unwrap());
        seen.body = vec![0; length];
        reader.read_exact(&mut seen.body).unwrap();
        let upgrades = !seen.all("upgrade").is_empty();
        kept.lock().unwrap().push(seen);
        if upgrades {
            writer
                .write_all(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n")
                .unwrap();
            let _ = std::io::copy(&mut reader, &mut writer);
            return;
        }
        writer.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello").unwrap();
    }
}

fn head(reader: &mut BufReader<TcpStream>) -> Option<Seen> {
    let mut lines = Vec::new();
    loop {
        let mut line = Vec::new();
        if reader.read_until(b'\n', &mut line).ok()? == 0 {
            return None;
        }
        let line = String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned();
        if line.is_empty() {
            break;
        }
        lines.push(line);
    }
    let mut lines = lines.into_iter();
    let line = lines.next()?;
    let headers =
        lines.filter_map(|line| line.split_once(':').map(|(a, b)| (a.to_owned(), b.trim().to_owned()))).collect();
    Some(Seen { line, headers, body: Vec::new() })
}
