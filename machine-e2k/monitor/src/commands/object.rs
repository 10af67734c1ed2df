//! Objects: the tree of paths, and those that users make (filters).

use elnic_contract::parse_switch;
use elnic_qapi::types::{ObjectPropertyInfo, ObjectTypeInfo};
use serde_json::{Map, Value};

use super::{Answer, Context, device};
use crate::error::CommandError;
use crate::tree::{self, Node};

fn info(name: &str, kind: &str) -> ObjectPropertyInfo {
    ObjectPropertyInfo {
        name: name.to_owned(),
        r#type: kind.to_owned(),
        description: None,
        default_value: None,
    }
}

impl Context<'_> {
    pub(crate) fn tree(&self) -> Node {
        tree::root(self.machine, self.state)
    }

    pub(super) fn list_object(&self, path: &str) -> Answer<Vec<ObjectPropertyInfo>> {
        let tree = self.tree();
        let node = tree.resolve(path)?;
        let properties = node.properties.iter().map(|own| info(&own.name, own.kind));
        let children =
            node.children.iter().map(|child| info(&child.name, &format!("child<{}>", child.kind)));
        Ok(properties.chain(children).collect())
    }

    pub(super) fn get_property(&self, path: &str, property: &str) -> Answer<Value> {
        let tree = self.tree();
        let node = tree.resolve(path)?;
        if let Some(child) = node.children.iter().find(|child| child.name == property) {
            return Ok(format!("{}/{}", path.trim_end_matches('/'), child.name).into());
        }
        Ok(node.property(property)?.value.clone())
    }

    /// A filter can be switched on and off; all other properties stay as they were given.
    pub(super) fn set_property(&mut self, path: &str, property: &str, value: &Value) -> Answer<()> {
        let tree = self.tree();
        let node = tree.resolve(path)?;
        let is_filter = self.state.objects.iter().any(|object| object.id == node.name);
        if !(is_filter && property == "status") {
            node.property(property)?;
            let text = match node.device() {
                Some(id) => format!(
                    "Attempt to set property '{property}' on device '{id}' (type '{}') after it was realized",
                    node.kind
                ),
                None => "Insufficient permission to perform this operation".to_owned(),
            };
            return Err(CommandError::generic(text));
        }
        let status = value.as_str().and_then(parse_switch);
        let text = "Invalid value for netfilter status, should be 'on' or 'off'";
        let active = status.ok_or_else(|| CommandError::generic(text))?;
        Ok(self.machine.net().set_filter(&node.name, active)?)
    }

    /// `object-add`: filters.
    pub(crate) fn add_object(&mut self, mut arguments: Map<String, Value>) -> Answer<()> {
        if let Some(Value::String(file)) = arguments.get_mut("file") {
            *file = self.state.sets.path(file);
        }
        let filter = elnic_netdev::filter_from_json(arguments)?;
        let id = filter.options.id.clone();
        if self.state.objects.iter().any(|known| known.id == id) {
            let text =
                format!("attempt to add duplicate property '{id}' to object (type 'container')");
            return Err(CommandError::generic(text));
        }
        let now = self.machine.now();
        Ok(self.state.add_filter(filter, self.machine.net(), now)?)
    }

    pub(super) fn remove_object(&mut self, id: &str) -> Answer<()> {
        if !self.state.objects.iter().any(|known| known.id == id) {
            return Err(CommandError::generic(format!("object '{id}' not found")));
        }
        self.machine.net().remove_filter(id)?;
        self.state.forget_filters(self.machine.net());
        Ok(())
    }
}

pub(super) fn list_types(implements: Option<&str>, with_abstract: bool) -> Vec<ObjectTypeInfo> {
    let types = tree::types();
    let is_meant = |kind: &&tree::ObjectType| {
        let of = implements.is_none_or(|ancestor| tree::is_kind_of(&types, &kind.name, ancestor));
        of && (with_abstract || !kind.is_abstract)
    };
    let describe = |kind: &tree::ObjectType| ObjectTypeInfo {
        name: kind.name.clone(),
        r#abstract: kind.is_abstract.then_some(true),
        parent: kind.parent.map(str::to_owned),
    };
    types.iter().filter(is_meant).map(describe).collect()
}

pub(super) fn list_type(name: &str) -> Answer<Vec<ObjectPropertyInfo>> {
    if !tree::types().iter().any(|kind| kind.name == name) {
        let text = format!("Class '{name}' not found");
        return Err(CommandError { text, ..CommandError::no_device(name) });
    }
    let mut properties = vec![info("type", "string")];
    properties.extend(device::list_properties(name).unwrap_or_default());
    Ok(properties)
}
