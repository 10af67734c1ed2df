//! The user netdev's options, from the schema's to its own.

use elnic_user::TftpRoot;

use crate::options::{Text, UserOptions};

pub(super) fn options(given: &UserOptions) -> elnic_user::Options {
    let texts = |list: &[Text]| list.iter().map(|text| text.str.clone()).collect();
    let UserOptions {
        hostname,
        restrict,
        ipv4,
        ipv6,
        ip,
        net,
        host,
        tftp,
        bootfile,
        dhcpstart,
        dns,
        dnssearch,
        domainname,
        ipv6_prefix,
        ipv6_prefixlen,
        ipv6_host,
        ipv6_dns,
        smb,
        smbserver,
        hostfwd,
        guestfwd,
        tftp_server_name,
    } = given.clone();
    elnic_user::Options {
        hostname,
        restrict: restrict.unwrap_or(false),
        ipv4,
        ipv6,
        ip,
        net,
        host,
        tftp: tftp.map(|path| TftpRoot::Directory(path.into())),
        bootfile,
        dhcpstart,
        dns,
        dnssearch: texts(&dnssearch),
        domainname,
        ipv6_prefix,
        ipv6_prefixlen,
        ipv6_host,
        ipv6_dns,
        smb,
        smbserver,
        hostfwd: texts(&hostfwd),
        guestfwd: texts(&guestfwd),
        tftp_server_name,
        ..elnic_user::Options::default()
    }
}
