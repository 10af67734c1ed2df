//! The transceiver: media status, the MII registers and the analogue parameters.

use elnic_contract::Mode::{Rc, Ro, Rw, Sc};
use elnic_contract::{Mode, Register};

use super::general::f;

pub(super) const MSR: Register = Register::new(
    "MSR",
    0x58,
    1,
    &[
        f("RXPF", 0, 1, Ro, "a received PAUSE holds the transmitter").volatile(),
        f("TXPF", 1, 1, Ro, "a PAUSE was sent and its end was not").volatile(),
        f("LINKB", 2, 1, Ro, "0: the link is up").volatile(),
        f("SPEED_10", 3, 1, Ro, "1: 10 Mb/s, 0: 100 Mb/s").volatile(),
        f("AUX", 4, 1, Ro, "auxiliary power is there"),
        f("RXFCE", 6, 1, Ro, "received PAUSE frames are obeyed, as negotiated").volatile(),
        f("TXFCE", 7, 1, Ro, "PAUSE frames may be sent, as negotiated").volatile(),
    ],
)
.reset(0xd0)
.about("media status", "DS MSR");

pub(super) const BMCR: Register = Register::new(
    "BMCR",
    0x62,
    2,
    &[
        f("DUPLEX", 8, 1, Rw, "full duplex, without negotiation; locked").volatile(),
        f("RESTART", 9, 1, Sc, "negotiate again").volatile(),
        f("ANE", 12, 1, Rw, "negotiate; locked").volatile(),
        f("SPD", 13, 1, Rw, "100 Mb/s, without negotiation; locked").volatile(),
        f("RESET", 15, 1, Sc, "reset the MII registers").volatile(),
    ],
)
.reset(0x1000)
.about("basic mode control", "DS BMCR; IEEE 802.3 §22.2.4.1");

pub(super) const BMSR: Register = Register::new(
    "BMSR",
    0x64,
    2,
    &[
        f("EXTENDED", 0, 1, Ro, "there are extended registers"),
        f("JABBER", 1, 1, Ro, "jabber at 10 Mb/s; there is none"),
        f("LINK", 2, 1, Ro, "the link is up, and was since the last read").volatile(),
        f("AN_ABILITY", 3, 1, Ro, "can negotiate"),
        f("REMOTE_FAULT", 4, 1, Ro, "the partner reports a fault; it never does"),
        f("AN_COMPLETE", 5, 1, Ro, "negotiation is complete").volatile(),
        f("HD10", 11, 1, Ro, "10 Mb/s half duplex"),
        f("FD10", 12, 1, Ro, "10 Mb/s full duplex"),
        f("HD100", 13, 1, Ro, "100 Mb/s half duplex"),
        f("FD100", 14, 1, Ro, "100 Mb/s full duplex"),
        f("T4", 15, 1, Ro, "100BASE-T4, which it has not"),
    ],
)
.reset(0x782d)
.read_hook()
.about("basic mode status", "DS BMSR; IEEE 802.3 §22.2.4.2");

pub(super) const ANAR: Register = Register::new(
    "ANAR",
    0x66,
    2,
    &[
        f("SELECTOR", 0, 5, Rw, "1: IEEE 802.3"),
        f("HD10", 5, 1, Rw, "10 Mb/s half duplex"),
        f("FD10", 6, 1, Rw, "10 Mb/s full duplex"),
        f("HD100", 7, 1, Rw, "100 Mb/s half duplex"),
        f("FD100", 8, 1, Rw, "100 Mb/s full duplex"),
        f("T4", 9, 1, Rw, "100BASE-T4; no partner has it"),
        f("PAUSE", 10, 1, Rw, "flow control"),
        f("TECHNOLOGY", 11, 2, Rw, "further abilities; no partner has them"),
        f("RF", 13, 1, Rw, "report a fault; no partner asks"),
        f("ACK", 14, 1, Rw, "the partner's word was received"),
        f("NP", 15, 1, Rw, "there are further pages"),
    ],
)
.reset(0x05e1)
.about("auto-negotiation advertisement", "DS ANAR; IEEE 802.3 §28.2.4.1.3");

pub(super) const ANLPAR: Register = Register::new(
    "ANLPAR",
    0x68,
    2,
    &[f("ABILITIES", 0, 16, Ro, "what the partner advertised, as in ANAR").volatile()],
)
.reset(0x05e1)
.about("link partner ability", "DS ANLPAR; IEEE 802.3 §28.2.4.1.4");

pub(super) const ANER: Register = Register::new(
    "ANER",
    0x6a,
    2,
    &[
        f("LP_NW_ABLE", 0, 1, Ro, "the partner can negotiate").volatile(),
        f("PAGE_RX", 1, 1, Ro, "a further page was received"),
        f("NP_ABLE", 2, 1, Ro, "can send further pages"),
        f("LP_NP_ABLE", 3, 1, Ro, "the partner can send further pages"),
        f("MLF", 4, 1, Ro, "more than one technology found a link"),
    ],
)
.reset(0x0001)
.about("auto-negotiation expansion", "DS ANER; IEEE 802.3 §28.2.4.1.5");

pub(super) const DIS: Register = Register::new(
    "DIS",
    0x6c,
    2,
    &[f("DIS", 0, 16, Rc, "how often the link went down; read to clear").volatile()],
)
.about("disconnect counter", "DS DIS");

pub(super) const FCSC: Register = Register::new(
    "FCSC",
    0x6e,
    2,
    &[f("FCSC", 0, 16, Rc, "false carriers; there are none").volatile()],
)
.about("false carrier sense counter", "DS FCSC");

pub(super) const NWAYTR: Register = Register::new(
    "NWAYTR",
    0x70,
    2,
    &[
        f("FLAGS", 0, 4, Ro, "internal state of negotiation"),
        f("NWLPBK", 7, 1, Mode::NotModelled, "negotiation with itself"),
    ],
)
.about("N-way test", "DS NWAYTR");

pub(super) const REC: Register = Register::new(
    "REC",
    0x72,
    2,
    &[f("REC", 0, 16, Rc, "frames with symbol errors; read to clear").volatile()],
)
.about("receive error counter", "DS REC");

pub(super) const CSCR: Register = Register::new(
    "CSCR",
    0x74,
    2,
    &[
        f("PASS_SCR", 0, 1, Mode::NotModelled, "bypass the scrambler"),
        f("CON_STATUS_EN", 2, 1, Rw, "show CON_STATUS"),
        f("CON_STATUS", 3, 1, Ro, "a cable is connected").volatile(),
        f("F_CONNECT", 5, 1, Mode::NotModelled, "bypass the disconnect function"),
        f("F_LINK_100", 6, 1, Rw, "force a good link at 100 Mb/s, for diagnosis"),
        f("JBEN", 7, 1, Rw, "jabber function"),
        f("HEART_BEAT", 8, 1, Rw, "heart beat function"),
        f("LD", 9, 1, Rw, "link pulses"),
        f("TESTFUN", 15, 1, Mode::NotModelled, "speed up internal timers"),
    ],
)
.reset(0x0340)
.about("CS configuration", "DS CSCR");

pub(super) const PHY1_PARM: Register =
    Register::new("PHY1_PARM", 0x78, 4, &[f("PARAMETER", 0, 32, Rw, "analogue; without effect")])
        .about("PHY parameter 1", "DS PHY1_PARM");

pub(super) const TW_PARM: Register =
    Register::new("TW_PARM", 0x7c, 4, &[f("PARAMETER", 0, 32, Rw, "analogue; without effect")])
        .about("twister parameter", "DS TW_PARM");

pub(super) const PHY2_PARM: Register =
    Register::new("PHY2_PARM", 0x80, 1, &[f("PARAMETER", 0, 8, Rw, "analogue; without effect")])
        .about("PHY parameter 2", "DS PHY2_PARM");
