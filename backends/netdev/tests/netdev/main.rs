//! Netdevs, NICs and filters as they are written, and what comes of them.

mod filters;
mod making;
mod schema;
mod writing;

use elnic_netdev::{Netdev, NetdevError, Request, parse};

/// What `-netdev TEXT` describes.
fn netdev(text: &str) -> Netdev {
    match parse(text).unwrap_or_else(|error| panic!("{text}: {error}")) {
        Request::Make(netdev) => netdev,
        Request::Help(help) => panic!("{text}: {help}"),
    }
}

/// Why `-netdev TEXT` is refused.
fn refusal(text: &str) -> String {
    error(text).to_string()
}

fn error(text: &str) -> NetdevError {
    match parse(text) {
        Err(error) => error,
        Ok(request) => panic!("{text}: {request:?}"),
    }
}
