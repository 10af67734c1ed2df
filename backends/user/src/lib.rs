//! User-mode network: an own IP stack with DHCP, DNS, TFTP and address translation.
#![forbid(unsafe_code)]
