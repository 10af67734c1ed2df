//! Netdevs by their text.

use elnic_netclient::NetClient;
use elnic_netdev::Request;
use elnic_nettest::Bench;
pub(crate) use elnic_tests::process::{Process, free_port, program, skip, wait_for};

/// What `-netdev TEXT` makes.
pub(crate) fn client(text: &str) -> Box<dyn NetClient> {
    match elnic_netdev::parse(text) {
        Ok(Request::Make(netdev)) => {
            elnic_netdev::create(&netdev).unwrap_or_else(|error| panic!("{text}: {error}"))
        }
        other => panic!("{text}: {other:?}"),
    }
}

/// The same, on a bench.
pub(crate) fn bench(text: &str) -> Bench<dyn NetClient> {
    Bench::new(client(text))
}
