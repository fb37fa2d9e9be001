//! 5,000 verifiers on one node: the real binary in a process of its own, subscribers that each keep a token and a stream
//! as the verifier does, and a bare `tokio::sync::broadcast` behind a bare axum body in another process.
//!
//! Measured: what 5,000 idle streams hold and take; one event to all of them, in turn with the same bytes on the bare
//! side; and their return after a restart, with sign-ins going on.
//!
//! ```console
//! $ cargo build --release
//! $ cargo run --release --manifest-path benches/Cargo.toml --bin subscribers
//! ```
//! `SUBSCRIBERS` is another number of them.

mod bare;
mod crowd;
mod restart;
mod sign_ins;
mod site;

use bare::Bare;
use countersign_benches::{Series, disk, memory_of, print_machine, processor_time_of, quantiles, shared_clock};
use crowd::Crowd;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use sign_ins::SignIns;
use site::Site;
use std::time::Duration;

const EVENTS: usize = 60;
const BETWEEN: Duration = Duration::from_millis(300);
const IDLE: Duration = Duration::from_secs(15);

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let subscribers = std::env::var("SUBSCRIBERS").map_or(5_000, |count| count.parse().expect("a number"));
    raise_descriptors(3 * subscribers as u64 + 512);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    if arguments.first().map(String::as_str) == Some("bare") {
        return runtime.block_on(bare::serve());
    }
    print_machine();
    runtime.block_on(compare(subscribers));
}

/// A stream to either side for each subscriber, and a connection by which it reports.
fn raise_descriptors(wanted: u64) {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_some_and(|current| current < wanted) {
        let raised = maximum.is_none_or(|maximum| maximum >= wanted)
            && setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum }).is_ok();
        assert!(
            raised,
            "this needs {wanted} open files and may have {maximum:?}: raise it, as by `ulimit -Hn {wanted}`"
        );
    }
}

async fn compare(subscribers: usize) {
    let folder = disk();
    let mut site = Site::start(folder.path());
    let empty = resident_megabytes(site.process());
    let tokens = site.tokens(subscribers);
    let warm = resident_megabytes(site.process());
    let ours = Crowd::gather(site.address, "/revocations/feed", tokens).await;
    ours.all_connected().await;
    let held = resident_megabytes(site.process());
    println!(
        "resident before anybody came {empty:.1} MB, after {subscribers} tokens {warm:.1} MB, with {subscribers} streams {held:.1} MB"
    );
    println!("a stream: {:.1} kB", (held - warm) * 1e3 / subscribers as f64);
    idle(&site, "a head a second").await;
    let mut bare = Bare::start();
    let theirs = Crowd::gather(bare.address, "/feed", vec![String::new(); ours.len()]).await;
    theirs.all_connected().await;
    events(&mut site, &ours, &mut bare, &theirs).await;
    ours.report().await;
    println!("now each reports how far it is");
    println!("resident: {:.1} MB", resident_megabytes(site.process()));
    idle(&site, "heads and reports").await;
    events(&mut site, &ours, &mut bare, &theirs).await;
    site.connect();
    site.publish_and_wait();
    let calm = SignIns::during(site.address, tokio::time::sleep(Duration::from_secs(20))).await.0;
    calm.print("sign-ins while nothing else happens");
    for stop in [restart::Stop::Asked, restart::Stop::Killed] {
        restart::measure(&mut site, &ours, stop, &calm).await;
    }
}

async fn idle(site: &Site, what: &str) {
    let before = processor_time_of(site.process());
    tokio::time::sleep(IDLE).await;
    let share = (processor_time_of(site.process()) - before) / IDLE.as_secs_f64();
    println!("processor time while nothing happens but {what}: {:.1} % of a core", share * 100.0);
}

/// One event to all, in turn with the bare side.
async fn events(site: &mut Site, ours: &Crowd, bare: &mut Bare, theirs: &Crowd) {
    let mut last_ours = Series::new("the real server, request to last", "ms");
    let mut last_theirs = Series::new("bare broadcast, request to last", "ms");
    let mut cost_ours = Series::new("the real server, processor time of an event", "ms");
    let mut cost_theirs = Series::new("bare broadcast, processor time of an event", "ms");
    let (mut all_ours, mut all_theirs) = (Vec::new(), Vec::new());
    for _ in 0..EVENTS {
        // The server closes what said nothing for long.
        site.connect();
        let (busy, began) = (processor_time_of(site.process()), shared_clock());
        let number = site.publish();
        let took = ours.all_heard(number, began).await;
        last_ours.add(took);
        all_ours.push(took);
        tokio::time::sleep(BETWEEN).await;
        cost_ours.add((processor_time_of(site.process()) - busy) * 1e3);
        let (busy, began) = (processor_time_of(bare.process()), shared_clock());
        bare.publish(&ours.newest());
        let took = theirs.all_heard(number, began).await;
        last_theirs.add(took);
        all_theirs.push(took);
        tokio::time::sleep(BETWEEN).await;
        cost_theirs.add((processor_time_of(bare.process()) - busy) * 1e3);
    }
    for series in [&last_ours, &last_theirs, &cost_ours, &cost_theirs] {
        series.print();
    }
    let [median, high] = quantiles(&all_ours, [0.5, 0.99]);
    let [bare_median, bare_high] = quantiles(&all_theirs, [0.5, 0.99]);
    println!("p50 {median:.1} / {bare_median:.1} ms: {:.2}", median / bare_median);
    println!("p99 {high:.1} / {bare_high:.1} ms: {:.2}, asked: at most 2", high / bare_high);
}

fn resident_megabytes(process: u32) -> f64 {
    memory_of(process, "VmRSS:")
}
