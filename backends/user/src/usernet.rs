//! What `info usernet` prints: QEMU's table of connections, column by column.

use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};

use elnic_contract::VTime;

use crate::options::ForwardProtocol;
use crate::stack::Protocols;

const HEADING: &str =
    "  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ\n";

/// One line of the table.
struct Line {
    label: String,
    fd: i32,
    source: SocketAddr,
    destination: SocketAddr,
    /// Whether the protocol has ports.
    ports: bool,
    /// Bytes that wait for the guest and for the host.
    queues: (usize, usize),
}

/// The table of all connections.
pub(crate) fn table(protocols: &Protocols, now: VTime) -> String {
    let seconds = |ends: VTime| ends.since(now).as_nanos() / 1_000_000_000;
    let mut lines = forwards(protocols, ForwardProtocol::Tcp);
    lines.extend(protocols.tcp.flows().map(|flow| {
        let (source, destination) = match flow.forwarded {
            Some(local) => (local, flow.guest),
            None => (flow.guest, flow.remote),
        };
        let label = format!("TCP[{}]", flow.state);
        let queues = (flow.to_guest, flow.to_host);
        Line { label, fd: flow.fd, source, destination, ports: true, queues }
    }));
    lines.extend(forwards(protocols, ForwardProtocol::Udp));
    for flow in protocols.udp.flows().filter(|flow| flow.forwarded.is_none()) {
        let unknown = SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED), 0);
        lines.push(Line {
            label: format!("UDP[{} sec]", seconds(flow.ends)),
            fd: flow.fd,
            source: flow.guest,
            destination: flow.peer.unwrap_or(unknown),
            ports: true,
            queues: (0, 0),
        });
    }
    lines.extend(protocols.pings.flows().map(|ping| Line {
        label: format!("ICMP[{} sec]", seconds(ping.ends)),
        fd: ping.fd,
        source: SocketAddr::new(ping.guest.into(), 0),
        destination: SocketAddr::new(ping.destination.into(), 0),
        ports: false,
        queues: (0, 0),
    }));
    let mut table = HEADING.to_owned();
    for line in &lines {
        line.print(&mut table);
    }
    table
}

fn forwards(protocols: &Protocols, protocol: ForwardProtocol) -> Vec<Line> {
    let name = match protocol {
        ForwardProtocol::Tcp => "TCP",
        ForwardProtocol::Udp => "UDP",
    };
    let rules = protocols.forwards.rules().iter();
    let rules = rules.filter(|rule| rule.forward.key.protocol == protocol);
    let lines = rules.map(|rule| Line {
        label: format!("{name}[HOST_FORWARD]"),
        fd: rule.fd,
        source: rule.local,
        destination: rule.forward.guest,
        ports: true,
        queues: (0, 0),
    });
    lines.collect()
}

impl Line {
    fn print(&self, table: &mut String) {
        let Self { label, fd, source, destination, ports, queues: (to_guest, to_host) } = self;
        let any = source.ip().is_unspecified() && *ports;
        let from = if any { "*".to_owned() } else { source.ip().to_string() };
        let to = destination.ip().to_string();
        let port = |address: &SocketAddr| {
            if *ports { format!("{:5}", address.port()) } else { " -   ".to_owned() }
        };
        let (from_port, to_port) = (port(source), port(destination));
        let written = writeln!(
            table,
            "  {label:<17} {fd:3} {from:>15} {from_port} {to:>15} {to_port} {to_guest:5} {to_host:5}"
        );
        debug_assert!(written.is_ok(), "a string takes all that is written to it");
    }
}
