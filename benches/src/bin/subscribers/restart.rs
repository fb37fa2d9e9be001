//! The server is gone and back: all subscribers return, and people sign in meanwhile.

use crate::crowd::Crowd;
use crate::sign_ins::SignIns;
use crate::site::Site;
use countersign_benches::{ServerProcess, memory_of, processor_time_of, shared_clock};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

const DOWN: Duration = Duration::from_secs(1);
const WINDOW: Duration = Duration::from_millis(250);
const AFTERWARDS: Duration = Duration::from_secs(5);

/// How the server ends.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stop {
    /// SIGTERM: every stream is told to come again.
    Asked,
    /// SIGKILL.
    Killed,
}

pub(crate) async fn measure(site: &mut Site, crowd: &Crowd, stop: Stop, calm: &SignIns) {
    let (refused, gaps) = crowd.faults();
    let end = |server: ServerProcess| match stop {
        Stop::Asked => server.stop(),
        Stop::Killed => drop(server),
    };
    let stopped = shared_clock();
    let number = tokio::task::block_in_place(|| site.stop(end, DOWN));
    tokio::task::block_in_place(|| site.start_again());
    let (ready, load) = (shared_clock(), Load::watch(site.process()));
    let address = site.address;
    let returned = async {
        let took = crowd.all_heard(number, ready).await;
        crowd.all_connected().await;
        tokio::time::sleep(AFTERWARDS).await;
        took
    };
    let (sign_ins, took) = SignIns::during(address, returned).await;
    let (peak, spent) = load.end();
    let down = (ready - stopped) as f64 / 1e6;
    println!("restart, {stop:?}: down for {down:.0} ms; from ready to the last that is followed up: {took:.0} ms");
    println!("  processor time {spent:.2} s in all, at most {:.0} % of a core in {WINDOW:?}", peak * 100.0);
    println!("  peak memory {:.1} MB", memory_of(site.process(), "VmHWM:"));
    let (refused_now, gaps_now) = crowd.faults();
    println!("  refused {}, numbers left out {}", refused_now - refused, gaps_now - gaps);
    let storm = sign_ins.between(ready, ready + (took * 1e6) as u64);
    storm.print("  sign-ins while they came back");
    sign_ins.print("  sign-ins until 5 s later");
    let ([_, calm_high, _], [_, _, most]) = (calm.quantiles(), sign_ins.quantiles());
    println!("  slowest / p99 of the calm: {:.2}, asked: at most 3", most / calm_high);
    site.connect();
}

/// What the server takes from now on.
struct Load {
    ended: Arc<AtomicBool>,
    watching: JoinHandle<f64>,
    process: u32,
}

impl Load {
    fn watch(process: u32) -> Self {
        let ended = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&ended);
        let watching = std::thread::spawn(move || {
            let (mut peak, mut before, mut at) = (0.0_f64, processor_time_of(process), shared_clock());
            while !flag.load(Ordering::SeqCst) {
                std::thread::sleep(WINDOW);
                let (now, spent) = (shared_clock(), processor_time_of(process));
                peak = peak.max((spent - before) / ((now - at) as f64 / 1e9));
                (before, at) = (spent, now);
            }
            peak
        });
        Self { ended, watching, process }
    }

    /// The greatest share of a core, and the seconds in all since the process began.
    fn end(self) -> (f64, f64) {
        self.ended.store(true, Ordering::SeqCst);
        (self.watching.join().expect("no panic"), processor_time_of(self.process))
    }
}
