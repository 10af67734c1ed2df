//! `-cpu NAME[,PROPERTY=VALUE…]`.

use elnic_board::{Alignment, CpuModel, CpuOptions, Tags};
use elnic_contract::{Properties, PropertyKind, PropertySpec};

use super::KeyValues;
use crate::error::Failure;

/// Properties of every processor.
pub(crate) const CPU_PROPERTIES: &[PropertySpec] = &[
    PropertySpec {
        name: "tags",
        kind: PropertyKind::Switch,
        default: Some("off"),
        about: "register tags are kept and diagnostic values trap",
    },
    PropertySpec {
        name: "alignment",
        kind: PropertyKind::Choice(&["perform", "trap"]),
        default: Some("perform"),
        about: "what becomes of misaligned accesses",
    },
    PropertySpec {
        name: "interlocks",
        kind: PropertyKind::Switch,
        default: Some("off"),
        about: "bundles wait until their operands are ready (documented latencies)",
    },
];

/// The processor that `text` names, and how it is to behave.
pub(crate) fn parse_cpu(text: &str) -> Result<(&'static CpuModel, CpuOptions), Failure> {
    let KeyValues { first, rest } = KeyValues::parse("cpu", "model", text)?;
    let model = CpuModel::named(&first)?;
    let given = rest.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let properties = Properties::parse(model.name, CPU_PROPERTIES, given)?;
    let trap = properties.choice("alignment") == Some("trap");
    let options = CpuOptions {
        tags: if properties.switch("tags") { Tags::On } else { Tags::Off },
        alignment: if trap { Alignment::Trap } else { Alignment::Perform },
        interlocks: properties.switch("interlocks"),
    };
    Ok((model, options))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_follow_the_name() {
        let (model, options) = parse_cpu("e8c2,alignment=trap,tags=on").unwrap();
        assert_eq!(model.name, "e8c2");
        let wanted = CpuOptions { tags: Tags::On, alignment: Alignment::Trap, interlocks: false };
        assert_eq!(options, wanted);
    }

    #[test]
    fn an_unknown_property_gets_the_nearest_one() {
        let error = parse_cpu("e8c,tag=on").unwrap_err().to_string();
        assert_eq!(error, "'e8c' has no property 'tag'; did you mean 'tags'?");
    }
}
