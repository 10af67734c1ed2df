//! Plugging and unplugging devices.

use elnic_board::DeviceOptions;
use elnic_contract::PropertySpec;
use elnic_qapi::types::ObjectPropertyInfo;
use serde_json::{Map, Value};

use super::{Answer, Context};
use crate::error::CommandError;
use crate::tree;

impl Context<'_> {
    /// `device_add`, from JSON.
    pub(super) fn plug(&mut self, arguments: Map<String, Value>) -> Answer<()> {
        let mut model = String::new();
        let mut properties = Vec::new();
        for (name, value) in arguments {
            let value = property_text(&name, value)?;
            if name == "driver" {
                model = value;
            } else {
                properties.push((name, value));
            }
        }
        self.plug_device(DeviceOptions { model, properties })
    }

    /// `device_add`, from names and texts.
    pub(crate) fn plug_device(&mut self, mut options: DeviceOptions) -> Answer<()> {
        self.state.complete(&mut options);
        self.machine.plug(&options)?;
        Ok(())
    }

    /// `device_del`.
    pub(super) fn unplug(&mut self, name: &str) -> Answer<()> {
        Ok(self.machine.unplug(name)?)
    }
}

/// A property's value as the command line would write it.
fn property_text(name: &str, value: Value) -> Answer<String> {
    match (name, value) {
        (_, Value::String(text)) => Ok(text),
        (_, Value::Bool(switch)) => Ok(if switch { "on" } else { "off" }.to_owned()),
        // As in QEMU a number is slot and function in one.
        ("addr", Value::Number(number)) => match number.as_u64() {
            Some(both @ 0..=255) => Ok(format!("{:x}.{:x}", both >> 3, both & 7)),
            _ => Err(CommandError::generic("Parameter 'addr' expects a value between 0 and 255")),
        },
        (_, Value::Number(number)) => Ok(number.to_string()),
        (name, Value::Null | Value::Array(_) | Value::Object(_)) => {
            let text = format!("Invalid parameter type for '{name}', expected: string");
            Err(CommandError::generic(text))
        }
    }
}

/// `device-list-properties`.
pub(super) fn list_properties(model: &str) -> Answer<Vec<ObjectPropertyInfo>> {
    let entry = elnic_catalogue::find(model).map_err(|_| CommandError::no_device(model))?;
    Ok(tree::specs(entry).map(describe).collect())
}

fn describe(spec: &PropertySpec) -> ObjectPropertyInfo {
    ObjectPropertyInfo {
        name: spec.name.to_owned(),
        r#type: tree::kind_name(&spec.kind).to_owned(),
        description: Some(spec.about.to_owned()),
        default_value: spec.default.map(|text| tree::typed(&spec.kind, text)),
    }
}
