//! `-smp [cpus=]N[,sockets=1][,cores=N][,…]`, with the words of QEMU.
//!
//! A board has one part, and a core of it one thread: so sockets, dies, clusters and threads are 1, and cores are what is
//! left of the product.

use elnic_netdev::keyval::{self, Pair};

use crate::error::Failure;

/// Levels of the topology of which there is one.
const SINGLE: &[&str] = &["drawers", "books", "sockets", "dies", "clusters", "modules", "threads"];

/// The number of processors that `text` asks for.
pub(crate) fn parse_smp(text: &str) -> Result<u8, Failure> {
    let refuse = |why: String| Failure::option("smp", text, why);
    let pairs =
        keyval::traditional(text, Some("cpus")).map_err(|error| refuse(error.to_string()))?;
    let (mut cpus, mut cores) = (None, None);
    let mut most = None;
    for Pair { key: name, value } in &pairs {
        let number: u8 = value
            .as_deref()
            .and_then(|value| value.parse().ok())
            .filter(|number| *number > 0)
            .ok_or_else(|| refuse(format!("{name} is a whole number from 1 to 255")))?;
        match name.as_str() {
            "cpus" => cpus = Some(number),
            "cores" => cores = Some(number),
            "maxcpus" => most = Some(number),
            single if SINGLE.contains(&single) => {
                if number != 1 {
                    return Err(refuse(format!("{single} is 1: a board has one part")));
                }
            }
            other => {
                let known = ["cpus", "cores", "maxcpus"].iter().chain(SINGLE).copied();
                let hint = elnic_contract::nearest(other, known)
                    .map(|near| format!("; did you mean '{near}'?"))
                    .unwrap_or_default();
                return Err(refuse(format!("there is no '{other}'{hint}")));
            }
        }
    }
    let count = cpus.or(cores).or(most).unwrap_or(1);
    if cores.is_some_and(|cores| cores != count) {
        return Err(refuse(format!("sockets * cores * threads is not cpus, which is {count}")));
    }
    if most.is_some_and(|most| most != count) {
        return Err(refuse(format!("maxcpus is {count}: no processor is added later")));
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<u8, String> {
        parse_smp(text).map_err(|failure| failure.to_string())
    }

    #[test]
    fn every_way_to_say_it_comes_to_the_same() {
        for text in [
            "4",
            "cpus=4",
            "4,sockets=1,cores=4,threads=1",
            "cores=4",
            "sockets=1,cores=4",
            "maxcpus=4,cpus=4",
        ] {
            assert_eq!(parse(text), Ok(4), "{text}");
        }
        assert_eq!(parse("sockets=1"), Ok(1));
    }

    #[test]
    fn what_no_board_has_is_refused() {
        for (text, wanted) in [
            ("0", "from 1 to 255"),
            ("x", "from 1 to 255"),
            ("4,threads=2", "threads is 1"),
            ("4,sockets=2", "sockets is 1"),
            ("4,cores=2", "is not cpus, which is 4"),
            ("2,maxcpus=4", "maxcpus is 2"),
            ("4,core=4", "did you mean 'cores'"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(wanted) && error.contains("-smp"), "{text}: {error}");
        }
    }
}
