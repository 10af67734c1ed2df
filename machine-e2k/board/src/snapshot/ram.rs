//! RAM in a saved machine: the pages that are not zero, ascending.

use elnic_memory::{GuestRam, PAGE, RamLayout};

use super::SnapshotError;

const LENGTH: usize = PAGE as usize;
/// Bytes of a page and its address.
const RECORD: usize = LENGTH + 8;

/// Addresses of all pages.
fn pages(layout: RamLayout) -> impl Iterator<Item = u64> {
    let banks = layout.banks().into_iter();
    banks.flat_map(|(start, length)| (start..start + length).step_by(LENGTH))
}

/// Appends all pages that are not zero.
pub(super) fn save(ram: &GuestRam, bytes: &mut Vec<u8>) {
    let mut page = [0; LENGTH];
    for address in pages(ram.layout()) {
        if ram.copy_out(address, &mut page).is_some() && page != [0; LENGTH] {
            bytes.extend(address.to_le_bytes());
            bytes.extend(page);
        }
    }
}

/// The pages in `bytes`, if they are pages of such RAM and in order.
pub(super) fn check(layout: RamLayout, bytes: &[u8]) -> Result<Vec<(u64, &[u8])>, SnapshotError> {
    let refuse = |why: String| Err(SnapshotError::Malformed(why));
    let records = bytes.chunks_exact(RECORD);
    if !records.remainder().is_empty() {
        return refuse(format!("it ends within a page: {} bytes too many", bytes.len() % RECORD));
    }
    let banks = layout.banks();
    let mut found: Vec<(u64, &[u8])> = Vec::new();
    for record in records {
        let Some((address, page)) = record.split_first_chunk::<8>() else { continue };
        let address = u64::from_le_bytes(*address);
        let inside = banks
            .iter()
            .any(|(start, length)| address.checked_sub(*start).is_some_and(|at| at < *length));
        if !inside || address % PAGE != 0 {
            return refuse(format!("there is no page of RAM at {address:#x}"));
        }
        if found.last().is_some_and(|(before, _)| *before >= address) {
            return refuse(format!("the page at {address:#x} is out of order"));
        }
        found.push((address, page));
    }
    Ok(found)
}

/// Makes RAM what was saved; pages that are so already are not touched.
pub(super) fn restore(ram: &mut GuestRam, saved: &[(u64, &[u8])]) {
    let mut saved = saved.iter().peekable();
    let mut page = [0; LENGTH];
    for address in pages(ram.layout()) {
        let wanted = saved.next_if(|(at, _)| *at == address).map_or(&[0; LENGTH][..], |(_, b)| *b);
        if ram.copy_out(address, &mut page).is_some() && page[..] != *wanted {
            ram.copy_in(address, wanted);
        }
    }
}
