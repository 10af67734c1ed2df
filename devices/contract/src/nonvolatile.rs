//! Memory that keeps its contents without power: an EEPROM that a controller loads itself from.
//!
//! A device is a value and opens no file. The machine may keep the contents between two runs: it puts an image into a
//! device before power is applied ([`crate::Device::insert_image`]), hears of changes ([`crate::Effect::ImageChanged`])
//! and asks for the image again ([`crate::Device::image`]). A model that has such memory has a property of kind
//! [`crate::PropertyKind::Image`], which names the file and which the model itself does not look at.

/// Why an image was not put into a device.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// The device has no memory that keeps its contents.
    #[error("'{0}' has no nonvolatile memory")]
    None(&'static str),
    /// No such chip fits.
    #[error("the image has {found} bytes; {}", in_words(.allowed))]
    Size {
        /// Length of the image.
        found: usize,
        /// Lengths that fit.
        allowed: &'static [usize],
    },
}

/// "it takes 128 or 512 bytes".
fn in_words(allowed: &[usize]) -> String {
    format!("it takes {} bytes", one_of(allowed))
}

/// "128 or 512".
pub(crate) fn one_of(lengths: &[usize]) -> String {
    let lengths: Vec<String> = lengths.iter().map(usize::to_string).collect();
    lengths.join(" or ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_say_what_fits() {
        let error = ImageError::Size { found: 7, allowed: &[128, 512] };
        assert_eq!(error.to_string(), "the image has 7 bytes; it takes 128 or 512 bytes");
    }
}
