//! The machine as a tree of objects: what `qom-list`, `qom-get` and `info qom-tree` walk.
//!
//! It is made when asked for, from the board's own list of devices, whose paths it keeps; there is no second tree that
//! could differ.

use elnic_board::{
    DeviceInfo, MACHINES, Machine, PERIPHERAL, PERIPHERAL_ANON, Profile, UNATTACHED,
};
use elnic_contract::{Entry, PropertyKind, PropertySpec};
use serde_json::Value;

use crate::error::CommandError;
use crate::state::State;

/// A property of an object.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Property {
    pub(crate) name: String,
    /// Its type as QEMU calls it.
    pub(crate) kind: &'static str,
    pub(crate) value: Value,
}

/// An object.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) properties: Vec<Property>,
    pub(crate) children: Vec<Node>,
}

impl Node {
    fn new(name: &str, kind: &str, children: Vec<Self>) -> Self {
        let (name, kind) = (name.to_owned(), kind.to_owned());
        let of = Property { name: "type".to_owned(), kind: "string", value: kind.as_str().into() };
        Self { name, kind, properties: vec![of], children }
    }

    fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The object at `path`: from the root if it begins with a slash, else the only one anywhere whose path ends so.
    pub(crate) fn resolve(&self, path: &str) -> Result<&Self, CommandError> {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        if path.starts_with('/') {
            return self.descend(&parts).ok_or_else(|| CommandError::no_device(path));
        }
        let mut found = Vec::new();
        self.search(&parts, &mut found);
        match found[..] {
            [one] => Ok(one),
            [] => Err(CommandError::no_device(path)),
            _ => Err(CommandError::generic(format!("Path '{path}' is ambiguous"))),
        }
    }

    fn descend(&self, parts: &[&str]) -> Option<&Self> {
        parts.iter().try_fold(self, |node, part| node.child(part))
    }

    fn search<'a>(&'a self, parts: &[&str], found: &mut Vec<&'a Self>) {
        found.extend(self.descend(parts).filter(|_| !parts.is_empty()));
        for child in &self.children {
            child.search(parts, found);
        }
    }

    /// The device's name, if this is one.
    pub(crate) fn device(&self) -> Option<&str> {
        let is_device = self.properties.iter().any(|property| property.name == "realized");
        is_device.then_some(self.name.as_str())
    }

    pub(crate) fn property(&self, name: &str) -> Result<&Property, CommandError> {
        let found = self.properties.iter().find(|property| property.name == name);
        found.ok_or_else(|| {
            CommandError::generic(format!("Property '{}.{name}' not found", self.kind))
        })
    }
}

/// Type of the machine's object.
pub(crate) fn machine_type(machine: &Machine) -> String {
    format!("{}-machine", machine.model().name)
}

/// All objects of a machine and its monitors.
pub(crate) fn root(machine: &Machine, state: &State) -> Node {
    let devices = machine.devices();
    let below = |container: &str| -> Vec<Node> {
        let prefix = format!("{container}/");
        let inside = devices.iter().filter_map(|device| {
            let name = device.path.strip_prefix(&prefix)?;
            Some(device_node(name, device))
        });
        inside.collect()
    };
    let mut unattached = below(UNATTACHED);
    if machine.model().profile == Profile::Elbrus {
        let cpu = |number| Node::new(&format!("device[{number}]"), "e2k-cpu", Vec::new());
        unattached.splice(0..0, (0..machine.processors()).map(cpu));
    }
    let container = |path: &str, children| {
        let name = path.rsplit('/').next().unwrap_or_default();
        Node::new(name, "container", children)
    };
    let board = vec![
        container(PERIPHERAL, below(PERIPHERAL)),
        container(PERIPHERAL_ANON, below(PERIPHERAL_ANON)),
        container(UNATTACHED, unattached),
    ];
    let objects = state.objects.iter().map(|object| {
        let mut node = Node::new(&object.id, object.kind, Vec::new());
        let properties = machine.net_core().filter_properties(&object.id).unwrap_or_default();
        node.properties
            .extend(properties.into_iter().map(|(name, text)| filter_property(name, text)));
        node
    });
    let chardevs = state.chardevs.list();
    let chardevs = chardevs.iter().map(|info| Node::new(&info.label, "chardev", Vec::new()));
    let children = vec![
        Node::new("machine", &machine_type(machine), board),
        container("objects", objects.collect()),
        container("chardevs", chardevs.collect()),
    ];
    Node::new("", "container", children)
}

/// A filter's property: its text, or the number that it says.
fn filter_property(name: &str, text: String) -> Property {
    let name = name.to_owned();
    match (name.as_str(), text.parse::<u64>()) {
        ("queue", _) => Property { name, kind: "NetFilterDirection", value: text.into() },
        ("vnet_hdr_support", _) => Property { name, kind: "bool", value: (text == "true").into() },
        ("interval" | "maxlen" | "missed", Ok(number)) => {
            Property { name, kind: "uint32", value: number.into() }
        }
        _ => Property { name, kind: "string", value: text.into() },
    }
}

fn device_node(name: &str, device: &DeviceInfo) -> Node {
    let virtio = device.backend_path() != device.path;
    let children = match virtio {
        true => vec![Node::new("virtio-backend", "virtio-net-device", Vec::new())],
        false => Vec::new(),
    };
    let mut node = Node::new(name, device.model, children);
    let mut add = |name: &str, kind, value| {
        node.properties.push(Property { name: name.to_owned(), kind, value });
    };
    add("realized", "bool", true.into());
    add("hotpluggable", "bool", device.is_users().into());
    for (spec, value) in properties(device) {
        let value = value.map_or(Value::Null, |text| typed(&spec.kind, &text));
        add(spec.name, kind_name(&spec.kind), value);
    }
    node
}

/// The properties of a device: each, and the text it was given or has by default.
pub(crate) fn properties(device: &DeviceInfo) -> Vec<(PropertySpec, Option<String>)> {
    let Ok(entry) = elnic_catalogue::find(device.model) else { return Vec::new() };
    if !device.is_users() {
        return Vec::new();
    }
    let given = |name: &str| {
        let mut given = device.properties.iter();
        given.find(|(given, _)| given == name).map(|(_, value)| value.clone())
    };
    let value = |spec: &PropertySpec| match spec.name {
        "addr" => device.place.map(|(_, place)| place.to_string()),
        name => given(name).or_else(|| spec.default.map(str::to_owned)),
    };
    specs(entry).map(|spec| (*spec, value(spec))).collect()
}

/// All properties a device of that model has on this machine, but for its id.
pub(crate) fn specs(entry: &'static Entry) -> impl Iterator<Item = &'static PropertySpec> {
    let of_machine = elnic_board::machine_properties(entry).filter(|spec| spec.name != "id");
    entry.properties.iter().chain(of_machine)
}

/// A property's type as QEMU calls it.
pub(crate) const fn kind_name(kind: &PropertyKind) -> &'static str {
    match kind {
        PropertyKind::Switch => "bool",
        PropertyKind::Number { max, .. } if *max <= u32::MAX as u64 => "uint32",
        PropertyKind::Number { .. } => "uint64",
        PropertyKind::Choice(_)
        | PropertyKind::Mac
        | PropertyKind::Text
        | PropertyKind::Image { .. } => "str",
    }
}

/// A property's text as a value.
pub(crate) fn typed(kind: &PropertyKind, text: &str) -> Value {
    match kind {
        PropertyKind::Switch => elnic_contract::parse_switch(text).map_or(Value::Null, Value::from),
        PropertyKind::Number { .. } => {
            let hex = text.strip_prefix("0x").map(|digits| u64::from_str_radix(digits, 16));
            hex.unwrap_or_else(|| text.parse()).map_or(Value::Null, Value::from)
        }
        PropertyKind::Choice(_)
        | PropertyKind::Mac
        | PropertyKind::Text
        | PropertyKind::Image { .. } => text.into(),
    }
}

/// A type of object: its name, what it is a kind of, and whether there are objects of just that type.
pub(crate) struct ObjectType {
    pub(crate) name: String,
    pub(crate) parent: Option<&'static str>,
    pub(crate) is_abstract: bool,
}

/// All types of objects, each after what it is a kind of.
pub(crate) fn types() -> Vec<ObjectType> {
    let kind =
        |name: &str, parent, is_abstract| ObjectType { name: name.to_owned(), parent, is_abstract };
    let mut types = vec![
        kind("object", None, true),
        kind("container", Some("object"), false),
        kind("device", Some("object"), true),
        kind("pci-device", Some("device"), true),
        kind("cpu", Some("device"), true),
        kind("e2k-cpu", Some("cpu"), false),
        kind("machine", Some("object"), true),
        kind("chardev", Some("object"), true),
        kind("netfilter", Some("object"), true),
    ];
    types.extend(
        MACHINES
            .iter()
            .map(|machine| kind(&format!("{}-machine", machine.name), Some("machine"), false)),
    );
    let filters =
        ["filter-buffer", "filter-dump", "filter-mirror", "filter-redirector", "net-fault"];
    types.extend(filters.map(|name| kind(name, Some("netfilter"), false)));
    for entry in elnic_catalogue::MODELS {
        let parent = if entry.model.pci.is_some() { "pci-device" } else { "device" };
        types.push(kind(entry.model.name, Some(parent), false));
    }
    types
}

/// Whether `kind` is `ancestor` or a kind of it.
pub(crate) fn is_kind_of(types: &[ObjectType], kind: &str, ancestor: &str) -> bool {
    let mut at = Some(kind);
    while let Some(name) = at {
        if name == ancestor {
            return true;
        }
        at = types.iter().find(|found| found.name == name).and_then(|found| found.parent);
    }
    false
}
