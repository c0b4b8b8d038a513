//! Open files: each connection is one, and so is what the store, the documents and the logs need. Where connections took all of
//! them, nothing could be stored any more, and nobody answered.
//!
//! A process often begins with far fewer than it may have (256 on macOS, 1024 on Linux).

use super::TUNNEL_LIMITS;
use crate::receiver::server::ServerLimits;

/// Enough for all connections at once, and for everything else.
const WANTED: u64 = 8192;

/// Kept for the store's readers, documents, search, logs and outgoing connections.
const RESERVED: u64 = 160;

/// Between how many servers the connections are shared: the receiver, the control API, the tunnel.
const SERVERS: u64 = 3;

/// The most connections that one server takes at once, once as many files as are wanted, or as many as the system gives, are
/// allowed.
pub(super) fn connections() -> usize {
    connections_of(allow())
}

/// The bounds of a server on a port of its own, and of the one behind the tunnel, with at most so many connections.
pub(super) fn within(connections: usize) -> [ServerLimits; 2] {
    [ServerLimits::DEFAULT, TUNNEL_LIMITS]
        .map(|limits| ServerLimits { connections: limits.connections.min(connections), ..limits })
}

fn connections_of(files: Option<u64>) -> usize {
    let most = ServerLimits::DEFAULT.connections;
    files.map_or(most, |files| {
        let share = files.saturating_sub(RESERVED) / SERVERS;
        // A server that takes nobody is none: with so few files it is tried all the same.
        usize::try_from(share).map_or(most, |share| share.clamp(8, most))
    })
}

/// How many files may be open from now on; `None` where there is no limit.
#[cfg(unix)]
fn allow() -> Option<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let now = current?;
    let possible = maximum.map_or(WANTED, |most| most.min(WANTED));
    if now >= possible {
        return Some(now);
    }
    match setrlimit(Resource::Nofile, Rlimit { current: Some(possible), maximum }) {
        Ok(()) => Some(possible),
        Err(error) => {
            tracing::warn!(%error, open_files = now, "no more open files are allowed; fewer connections are taken");
            Some(now)
        }
    }
}

#[cfg(not(unix))]
fn allow() -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_never_take_all_files() {
        assert_eq!(connections_of(None), 2048);
        for (files, expected) in [(WANTED, 2048), (1024, 288), (256, 32), (100, 8), (0, 8)] {
            assert_eq!(connections_of(Some(files)), expected, "{files}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn as_many_files_are_allowed_as_are_wanted_or_may_be() {
        let allowed = allow();
        let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
        assert_eq!(allowed, limit.current);
        let enough = limit.maximum.map_or(WANTED, |most| most.min(WANTED));
        assert!(allowed.is_none_or(|allowed| allowed >= enough), "{allowed:?}");
    }
}
