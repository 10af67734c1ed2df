//! Places and values in the words of a model's table.

use elnic_contract::{Model, Register};

use crate::error::suggestion;
use crate::number::parse_number;
use crate::token::Token;
use crate::{ParseError, Place};

/// `bar0+CTRL`, `bar0+MTA[5]`, `bar0+CTRL+1`, `bar0+0x38`; `region7+0` for a region without a name.
pub(crate) fn parse_place(token: &Token<'_>, model: &Model) -> Result<Place, ParseError> {
    let Some((region_name, rest)) = token.text.split_once('+') else {
        return Err(token.error(format!(
            "'{}' is no place: REGION+REGISTER or REGION+OFFSET is wanted",
            token.text
        )));
    };
    let region = parse_region(token, region_name, model)?;
    let at = region_name.len().saturating_add(1);
    if let Some(offset) = parse_number(rest) {
        return Ok(Place { region, offset });
    }
    let (name, further) = match rest.split_once('+') {
        Some((name, bytes)) => {
            let column = at.saturating_add(name.len()).saturating_add(1);
            let bytes = parse_number(bytes)
                .ok_or_else(|| token.error_at(column, format!("'{bytes}' is no offset")))?;
            (name, bytes)
        }
        None => (rest, 0),
    };
    let (name, element) = split_element(token, at, name)?;
    let row = find_register(token, at, name, region, model)?;
    let element = element.unwrap_or(0);
    if element >= u64::from(row.count) {
        let what = format!("{name} has {} elements, so there is no [{element}]", row.count);
        return Err(token.error_at(at, what));
    }
    let offset = u64::from(row.offset)
        .saturating_add(element.saturating_mul(u64::from(row.stride)))
        .saturating_add(further);
    Ok(Place { region, offset })
}

fn parse_region(token: &Token<'_>, name: &str, model: &Model) -> Result<u8, ParseError> {
    let by_name = model.regions.iter().position(|region| region.name == name);
    let by_number =
        || name.strip_prefix("region").and_then(parse_number).and_then(|n| usize::try_from(n).ok());
    by_name.or_else(by_number).and_then(|region| u8::try_from(region).ok()).ok_or_else(|| {
        let hint = suggestion(name, model.regions.iter().map(|region| region.name));
        token.error(format!("'{}' has no region '{name}'{hint}", model.name))
    })
}

fn split_element<'a>(
    token: &Token<'_>,
    at: usize,
    name: &'a str,
) -> Result<(&'a str, Option<u64>), ParseError> {
    let Some((name, index)) = name.split_once('[') else { return Ok((name, None)) };
    let index = index.strip_suffix(']').and_then(parse_number).ok_or_else(|| {
        token.error_at(at.saturating_add(name.len()), "an element is wanted, such as [5]")
    })?;
    Ok((name, Some(index)))
}

fn find_register(
    token: &Token<'_>,
    at: usize,
    name: &str,
    region: u8,
    model: &Model,
) -> Result<&'static Register, ParseError> {
    let rows = || model.registers.iter().filter(|row| row.region == region);
    rows().find(|row| row.name == name).ok_or_else(|| {
        let hint = suggestion(name, rows().map(|row| row.name));
        token.error_at(at, format!("'{}' has no register '{name}'{hint}", model.name))
    })
}

/// The register, element and byte in it that stand at a place.
pub(crate) fn register_at(model: &Model, place: Place) -> Option<(&'static Register, u16, u8)> {
    model.registers.iter().filter(|row| row.region == place.region).find_map(|row| {
        let distance = place.offset.checked_sub(u64::from(row.offset))?;
        let stride = u64::from(row.stride);
        let element = u16::try_from(distance.checked_div(stride)?).ok()?;
        let byte = u8::try_from(distance.checked_rem(stride)?).ok()?;
        (element < row.count && byte < row.width).then_some((row, element, byte))
    })
}

/// The place in the table's words where it has any.
pub(crate) fn print_place(model: &Model, place: Place) -> String {
    let region = match model.regions.get(usize::from(place.region)) {
        Some(region) => region.name.to_owned(),
        None => format!("region{}", place.region),
    };
    let Some((row, element, byte)) = register_at(model, place) else {
        return format!("{region}+{:#x}", place.offset);
    };
    let element = if row.count > 1 { format!("[{element}]") } else { String::new() };
    let byte = if byte > 0 { format!("+{byte}") } else { String::new() };
    format!("{region}+{}{element}{byte}", row.name)
}

/// A value and the bits it speaks of: a number (all bits), `value/mask`, or fields. `first` is already taken.
pub(crate) fn parse_value(
    tokens: &mut crate::token::Tokens<'_>,
    first: Token<'_>,
    model: &Model,
    place: Place,
    width: u64,
) -> Result<(u64, u64), ParseError> {
    if !first.text.contains('=') {
        let (value, mask) = match first.text.split_once('/') {
            Some((value, mask)) => {
                let at = value.len().saturating_add(1);
                let mask = parse_number(mask)
                    .ok_or_else(|| first.error_at(at, format!("'{mask}' is no mask")))?;
                (value, mask)
            }
            None => (first.text, width),
        };
        let value = parse_number(value)
            .ok_or_else(|| first.error(format!("'{value}' is neither a number nor FIELD=VALUE")))?;
        if let Some(wide) = [value, mask].into_iter().find(|number| number & !width != 0) {
            return Err(first.error(format!("{wide:#x} is wider than {width:#x}")));
        }
        return Ok((value & mask, mask));
    }
    let mut fields = parse_field(&first, model, place, width)?;
    while let Some(token) = tokens.peek().filter(|token| token.text != "->") {
        tokens.next();
        let (value, mask) = parse_field(&token, model, place, width)?;
        fields = (fields.0 | value, fields.1 | mask);
    }
    Ok(fields)
}

fn parse_field(
    token: &Token<'_>,
    model: &Model,
    place: Place,
    width: u64,
) -> Result<(u64, u64), ParseError> {
    let (name, text) = token
        .text
        .split_once('=')
        .ok_or_else(|| token.error(format!("'{}' is no FIELD=VALUE", token.text)))?;
    let Some((row, _, byte)) = register_at(model, place) else {
        return Err(token.error("fields need a place that is a register of the table"));
    };
    let field = row.field(name).ok_or_else(|| {
        let hint = suggestion(name, row.fields.iter().map(|field| field.name));
        token.error(format!("{} has no field '{name}'{hint}", row.name))
    })?;
    let at = name.len().saturating_add(1);
    let value = parse_number(text)
        .ok_or_else(|| token.error_at(at, format!("'{text}' is no value of {name}")))?;
    let largest = u64::MAX >> 64_u32.saturating_sub(field.bits.into());
    if value > largest {
        let what = format!("{name} cannot be {value:#x}: it takes 0 to {largest:#x}");
        return Err(token.error_at(at, what));
    }
    // To its place in the register, then to where the access finds that byte.
    let shifted = u128::from(value) << field.lo;
    let below = u32::from(byte).saturating_mul(8);
    let (value, mask) = (shifted >> below, u128::from(field.mask()) >> below);
    if mask & !u128::from(width) != 0 || (mask << below) != u128::from(field.mask()) {
        return Err(token.error(format!("the access does not reach all of {name}")));
    }
    let narrow = |wide: u128| u64::try_from(wide).unwrap_or(u64::MAX);
    Ok((narrow(value), narrow(mask)))
}
