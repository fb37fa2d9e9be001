//! Room for connections: each is a file descriptor, and systems usually grant a process 1,024 before it asks for more.

use countersign_server::limits::{CONNECTIONS_MAX, DESCRIPTORS_BESIDE_CONNECTIONS};

/// Asks for as many descriptors as the server takes connections, or as many as this process may have.
#[cfg(unix)]
pub(crate) fn make_room() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let wanted = (CONNECTIONS_MAX + DESCRIPTORS_BESIDE_CONNECTIONS) as u64;
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    // None stands for no limit.
    let granted = maximum.map_or(wanted, |maximum| maximum.min(wanted));
    let held = current.unwrap_or(u64::MAX);
    let raised = held < granted && setrlimit(Resource::Nofile, Rlimit { current: Some(granted), maximum }).is_ok();
    let descriptors = if raised { granted } else { held };
    if descriptors < wanted {
        tracing::warn!(
            descriptors,
            wanted,
            "fewer connections than the server would take: raise the limit of open files"
        );
    }
}

/// Elsewhere there is no such limit.
#[cfg(not(unix))]
pub(crate) fn make_room() {}
