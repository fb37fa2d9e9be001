//! The store: rotations a second with 64 waiting, group commit against one transaction each and against the rate at
//! which the disk takes `fdatasync`. `synchronous = FULL` throughout.
//!
//! `cargo run --release --manifest-path benches/Cargo.toml --bin store`

use countersign_benches::{Series, Sessions, disk, print_machine};
use countersign_store_sqlite::{BatchLimit, Options, SqliteStore};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

const WAITING: usize = 64;
const ROUNDS: usize = 7;
const ROUND: Duration = Duration::from_secs(3);

#[tokio::main]
async fn main() {
    print_machine();
    let folder = disk();
    let open = |name: &str, batch_max| {
        let options = Options { batch_max, ..Options::at(folder.path().join(name)) };
        Arc::new(SqliteStore::open(&options).expect("a new database"))
    };
    let mut grouped = Sessions::open(open("grouped.db", BatchLimit::default()), WAITING).await;
    let mut single = Sessions::open(open("single.db", BatchLimit::ONE), WAITING).await;
    let mut group = Series::new("group commit", "1/s");
    let mut each = Series::new("one transaction each", "1/s");
    let mut sync = Series::new("fdatasync of 4 KiB", "1/s");
    for _ in 0..ROUNDS {
        group.add(grouped.rotate_for(ROUND).await);
        each.add(single.rotate_for(ROUND).await);
        sync.add(sync_for(folder.path()));
    }
    group.print();
    each.print();
    sync.print();
    group.print_ratio(&each, "at least 8");
    group.print_ratio(&sync, "at least 5");
}

/// Writes into a file that has its length already, as the database's log does, and waits for the disk each time.
fn sync_for(folder: &Path) -> f64 {
    let mut file = std::fs::File::create(folder.join("sync")).expect("writable");
    file.write_all(&vec![0; 1 << 22]).expect("space");
    file.sync_all().expect("a disk");
    let page = [7; 4096];
    let started = Instant::now();
    let mut done: u64 = 0;
    while started.elapsed() < ROUND {
        file.write_all_at(&page, (done % 1024) * 4096).expect("space");
        file.sync_data().expect("a disk");
        done += 1;
    }
    done as f64 / started.elapsed().as_secs_f64()
}
