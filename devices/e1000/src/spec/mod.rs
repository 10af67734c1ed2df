//! The register table: every register of the 82540EM, 82544GC and 82545EM that its manual names, with fields, modes and reset values.
//!
//! Source: *PCI/PCI-X Family of Gigabit Ethernet Controllers Software Developer's Manual* (317453-006), called SDM
//! throughout; where the manual leaves a value to the EEPROM, the value is that of the EEPROM QEMU serves.
//!
//! Not in the table, because this chip has not got them: PBS, ERT, RFCTL, SWSM and the second queues of later parts.
//!
//! The copy of CTRL at 0004 and the 82542's places of RA, MTA and VFTA stand in the table for decoding and documentation;
//! accesses to them go to the registers themselves: [`canonical`].

mod filter;
mod general;
mod receive;
mod ring;
mod statistics;
mod transmit;
pub(crate) mod views;

use elnic_contract::Register;

/// CTRL after reset: SLU, 1000 Mb/s, SDP0 high and wake-up from D3cold advertised, as the EEPROM says.
pub(crate) const CTRL_DEFAULT: u64 = 0x0014_0240;
/// STATUS after reset with a link partner: 1000 Mb/s full duplex, link up, 33 MHz 32-bit PCI.
pub(crate) const STATUS_DEFAULT: u64 = 0x0000_0383;

/// Bits of STATUS in a 64-bit, 66 MHz slot: BUS64, PCI66.
pub(crate) const BUS_64_66: u64 = 0x1800;
/// EECD after reset: an EEPROM is there, and its output high.
pub(crate) const EECD_DEFAULT: u64 = 0x108;
/// GNT of EECD.
pub(crate) const EECD_GRANT: u64 = 0x80;

const ROWS: usize = <Reg as elnic_registers::RegisterFile>::TABLE.len();

/// The table with the reset values of another part.
#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "evaluated at compile time, where a mistake does not compile"
)]
const fn table_with(status: u64, eecd: u64) -> [Register; ROWS] {
    let mut table = [general::STATUS; ROWS];
    let mut row = 0;
    while row < ROWS {
        table[row] = <Reg as elnic_registers::RegisterFile>::TABLE[row];
        row += 1;
    }
    table[Reg::STATUS as usize] = general::STATUS.reset(status);
    table[Reg::EECD as usize] = general::EECD.reset(eecd);
    table
}

/// The registers of the 82544GC.
pub(crate) const TABLE_82544GC: &[Register] =
    &table_with(STATUS_DEFAULT | BUS_64_66, EECD_DEFAULT | EECD_GRANT);
/// The registers of the 82545EM.
pub(crate) const TABLE_82545EM: &[Register] = &table_with(STATUS_DEFAULT | BUS_64_66, EECD_DEFAULT);

/// Length of the CSR window in bytes.
pub(crate) const WINDOW: u64 = 0x20000;

/// The offset at which the register reached through `offset` stands in the table.
pub(crate) const fn canonical(offset: u64) -> u64 {
    match offset {
        0x0004..=0x0007 => offset & 0x3,
        0x0040..=0x00bf => 0x5400_u64.wrapping_add(offset.wrapping_sub(0x0040)),
        0x0200..=0x03ff => 0x5200_u64.wrapping_add(offset.wrapping_sub(0x0200)),
        0x0600..=0x07ff => 0x5600_u64.wrapping_add(offset.wrapping_sub(0x0600)),
        _ => offset,
    }
}

elnic_registers::register_file! {
    /// The registers of the family, with the reset values of the 82540EM.
    pub(crate) enum Reg {
        CTRL = general::CTRL,
        CTRL_DUP = general::CTRL_DUP,
        STATUS = general::STATUS,
        EECD = general::EECD,
        EERD = general::EERD,
        CTRL_EXT = general::CTRL_EXT,
        FLA = general::FLA,
        MDIC = general::MDIC,
        FCAL = general::FCAL,
        FCAH = general::FCAH,
        FCT = general::FCT,
        VET = general::VET,
        RAL_A = filter::RAL_A,
        RAH_A = filter::RAH_A,
        ICR = general::ICR,
        ITR = general::ITR,
        ICS = general::ICS,
        IMS = general::IMS,
        IMC = general::IMC,
        RCTL = receive::RCTL,
        FCTTV = general::FCTTV,
        TXCW = general::TXCW,
        RXCW = general::RXCW,
        MTA_A = filter::MTA_A,
        TCTL = transmit::TCTL,
        TIPG = transmit::TIPG,
        TBT = transmit::TBT,
        AIT = transmit::AIT,
        VFTA_A = filter::VFTA_A,
        LEDCTL = general::LEDCTL,
        PBA = general::PBA,
        FCRTL = receive::FCRTL,
        FCRTH = receive::FCRTH,
        RDFH = receive::RDFH,
        RDFT = receive::RDFT,
        RDFHS = receive::RDFHS,
        RDFTS = receive::RDFTS,
        RDFPC = receive::RDFPC,
        RDBAL = ring::RDBAL,
        RDBAH = ring::RDBAH,
        RDLEN = ring::RDLEN,
        RDH = ring::RDH,
        RDT = ring::RDT,
        RDTR = receive::RDTR,
        RXDCTL = receive::RXDCTL,
        RADV = receive::RADV,
        RSRPD = receive::RSRPD,
        TXDMAC = transmit::TXDMAC,
        TDFH = transmit::TDFH,
        TDFT = transmit::TDFT,
        TDFHS = transmit::TDFHS,
        TDFTS = transmit::TDFTS,
        TDFPC = transmit::TDFPC,
        TDBAL = ring::TDBAL,
        TDBAH = ring::TDBAH,
        TDLEN = ring::TDLEN,
        TDH = ring::TDH,
        TDT = ring::TDT,
        TIDV = transmit::TIDV,
        TXDCTL = transmit::TXDCTL,
        TADV = transmit::TADV,
        TSPMT = transmit::TSPMT,
        CRCERRS = statistics::CRCERRS,
        ALGNERRC = statistics::ALGNERRC,
        SYMERRS = statistics::SYMERRS,
        RXERRC = statistics::RXERRC,
        MPC = statistics::MPC,
        SCC = statistics::SCC,
        ECOL = statistics::ECOL,
        MCC = statistics::MCC,
        LATECOL = statistics::LATECOL,
        COLC = statistics::COLC,
        DC = statistics::DC,
        TNCRS = statistics::TNCRS,
        SEC = statistics::SEC,
        CEXTERR = statistics::CEXTERR,
        RLEC = statistics::RLEC,
        XONRXC = statistics::XONRXC,
        XONTXC = statistics::XONTXC,
        XOFFRXC = statistics::XOFFRXC,
        XOFFTXC = statistics::XOFFTXC,
        FCRUC = statistics::FCRUC,
        PRC64 = statistics::PRC64,
        PRC127 = statistics::PRC127,
        PRC255 = statistics::PRC255,
        PRC511 = statistics::PRC511,
        PRC1023 = statistics::PRC1023,
        PRC1522 = statistics::PRC1522,
        GPRC = statistics::GPRC,
        BPRC = statistics::BPRC,
        MPRC = statistics::MPRC,
        GPTC = statistics::GPTC,
        GORCL = statistics::GORCL,
        GORCH = statistics::GORCH,
        GOTCL = statistics::GOTCL,
        GOTCH = statistics::GOTCH,
        RNBC = statistics::RNBC,
        RUC = statistics::RUC,
        RFC = statistics::RFC,
        ROC = statistics::ROC,
        RJC = statistics::RJC,
        MGTPRC = statistics::MGTPRC,
        MGTPDC = statistics::MGTPDC,
        MGTPTC = statistics::MGTPTC,
        TORL = statistics::TORL,
        TORH = statistics::TORH,
        TOTL = statistics::TOTL,
        TOTH = statistics::TOTH,
        TPR = statistics::TPR,
        TPT = statistics::TPT,
        PTC64 = statistics::PTC64,
        PTC127 = statistics::PTC127,
        PTC255 = statistics::PTC255,
        PTC511 = statistics::PTC511,
        PTC1023 = statistics::PTC1023,
        PTC1522 = statistics::PTC1522,
        MPTC = statistics::MPTC,
        BPTC = statistics::BPTC,
        TSCTC = statistics::TSCTC,
        TSCTFC = statistics::TSCTFC,
        RXCSUM = receive::RXCSUM,
        MTA = filter::MTA,
        RAL = filter::RAL,
        RAH = filter::RAH,
        VFTA = filter::VFTA,
        WUC = filter::WUC,
        WUFC = filter::WUFC,
        WUS = filter::WUS,
        MANC = filter::MANC,
        IPAV = filter::IPAV,
        IP4AT = filter::IP4AT,
        IP6AT = filter::IP6AT,
        WUPL = filter::WUPL,
        WUPM = filter::WUPM,
        FFLT = filter::FFLT,
        FFMT = filter::FFMT,
        FFVT = filter::FFVT,
        PBM = filter::PBM,
        IOADDR = filter::IOADDR,
        IODATA = filter::IODATA,
    }
}
