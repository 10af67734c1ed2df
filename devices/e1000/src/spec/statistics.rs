//! Statistics: cleared by a read, saturating; 64-bit pairs are cleared by the read of their upper half (nic-models.md §1.2).

use elnic_contract::{Field, Mode, Register};

const COUNT: &[Field] =
    &[Field::new("COUNT", 0, 32, Mode::Rc, "count since the last read").volatile()];
const LOW: &[Field] =
    &[Field::new("LOW", 0, 32, Mode::Ro, "bits 31 to 0; cleared with the upper half").volatile()];

const fn counter(name: &'static str, offset: u32, about: &'static str) -> Register {
    Register::new(name, offset, 4, COUNT).about(about, "nic-models.md §1.2")
}

const fn low(name: &'static str, offset: u32, about: &'static str) -> Register {
    Register::new(name, offset, 4, LOW).about(about, "nic-models.md §1.2")
}

const fn high(name: &'static str, offset: u32, about: &'static str) -> Register {
    counter(name, offset, about).read_hook()
}

pub(super) const CRCERRS: Register = counter("CRCERRS", 0x04000, "frames with a wrong FCS");
pub(super) const ALGNERRC: Register = counter("ALGNERRC", 0x04004, "alignment errors");
pub(super) const SYMERRS: Register = counter("SYMERRS", 0x04008, "symbol errors; fibre only");
pub(super) const RXERRC: Register = counter("RXERRC", 0x0400c, "frames the PHY marked bad");
pub(super) const MPC: Register = counter("MPC", 0x04010, "frames missed: FIFO full");
pub(super) const SCC: Register = counter("SCC", 0x04014, "single collisions");
pub(super) const ECOL: Register = counter("ECOL", 0x04018, "excessive collisions");
pub(super) const MCC: Register = counter("MCC", 0x0401c, "multiple collisions");
pub(super) const LATECOL: Register = counter("LATECOL", 0x04020, "late collisions");
pub(super) const COLC: Register = counter("COLC", 0x04028, "collisions");
pub(super) const DC: Register = counter("DC", 0x04030, "transmissions deferred");
pub(super) const TNCRS: Register = counter("TNCRS", 0x04034, "sent without carrier sense");
pub(super) const SEC: Register = counter("SEC", 0x04038, "sequence errors; fibre only");
pub(super) const CEXTERR: Register = counter("CEXTERR", 0x0403c, "carrier extension errors");
pub(super) const RLEC: Register = counter("RLEC", 0x04040, "frames too short or too long");
pub(super) const XONRXC: Register = counter("XONRXC", 0x04048, "XON received");
pub(super) const XONTXC: Register = counter("XONTXC", 0x0404c, "XON sent");
pub(super) const XOFFRXC: Register = counter("XOFFRXC", 0x04050, "XOFF received");
pub(super) const XOFFTXC: Register = counter("XOFFTXC", 0x04054, "XOFF sent");
pub(super) const FCRUC: Register = counter("FCRUC", 0x04058, "unsupported flow control received");
pub(super) const PRC64: Register = counter("PRC64", 0x0405c, "frames received of 64 bytes");
pub(super) const PRC127: Register = counter("PRC127", 0x04060, "frames received of 65 to 127");
pub(super) const PRC255: Register = counter("PRC255", 0x04064, "frames received of 128 to 255");
pub(super) const PRC511: Register = counter("PRC511", 0x04068, "frames received of 256 to 511");
pub(super) const PRC1023: Register = counter("PRC1023", 0x0406c, "frames received of 512 to 1023");
pub(super) const PRC1522: Register = counter("PRC1522", 0x04070, "frames received of 1024 or more");
pub(super) const GPRC: Register = counter("GPRC", 0x04074, "good frames received");
pub(super) const BPRC: Register = counter("BPRC", 0x04078, "broadcast frames received");
pub(super) const MPRC: Register = counter("MPRC", 0x0407c, "multicast frames received");
pub(super) const GPTC: Register = counter("GPTC", 0x04080, "good frames sent");
pub(super) const GORCL: Register = low("GORCL", 0x04088, "good octets received");
pub(super) const GORCH: Register = high("GORCH", 0x0408c, "good octets received, bits 63 to 32");
pub(super) const GOTCL: Register = low("GOTCL", 0x04090, "good octets sent");
pub(super) const GOTCH: Register = high("GOTCH", 0x04094, "good octets sent, bits 63 to 32");
pub(super) const RNBC: Register = counter("RNBC", 0x040a0, "frames met no receive buffer");
pub(super) const RUC: Register = counter("RUC", 0x040a4, "undersize frames with a right FCS");
pub(super) const RFC: Register = counter("RFC", 0x040a8, "undersize frames with a wrong FCS");
pub(super) const ROC: Register = counter("ROC", 0x040ac, "oversize frames with a right FCS");
pub(super) const RJC: Register = counter("RJC", 0x040b0, "oversize frames with a wrong FCS");
pub(super) const MGTPRC: Register = counter("MGTPRC", 0x040b4, "management frames received");
pub(super) const MGTPDC: Register = counter("MGTPDC", 0x040b8, "management frames dropped");
pub(super) const MGTPTC: Register = counter("MGTPTC", 0x040bc, "management frames sent");
pub(super) const TORL: Register = low("TORL", 0x040c0, "all octets received");
pub(super) const TORH: Register = high("TORH", 0x040c4, "all octets received, bits 63 to 32");
pub(super) const TOTL: Register = low("TOTL", 0x040c8, "all octets sent");
pub(super) const TOTH: Register = high("TOTH", 0x040cc, "all octets sent, bits 63 to 32");
pub(super) const TPR: Register = counter("TPR", 0x040d0, "all frames received");
pub(super) const TPT: Register = counter("TPT", 0x040d4, "all frames sent");
pub(super) const PTC64: Register = counter("PTC64", 0x040d8, "frames sent of 64 bytes");
pub(super) const PTC127: Register = counter("PTC127", 0x040dc, "frames sent of 65 to 127");
pub(super) const PTC255: Register = counter("PTC255", 0x040e0, "frames sent of 128 to 255");
pub(super) const PTC511: Register = counter("PTC511", 0x040e4, "frames sent of 256 to 511");
pub(super) const PTC1023: Register = counter("PTC1023", 0x040e8, "frames sent of 512 to 1023");
pub(super) const PTC1522: Register = counter("PTC1522", 0x040ec, "frames sent of 1024 or more");
pub(super) const MPTC: Register = counter("MPTC", 0x040f0, "multicast frames sent");
pub(super) const BPTC: Register = counter("BPTC", 0x040f4, "broadcast frames sent");
pub(super) const TSCTC: Register = counter("TSCTC", 0x040f8, "packets segmented");
pub(super) const TSCTFC: Register = counter("TSCTFC", 0x040fc, "segmentations that failed");
