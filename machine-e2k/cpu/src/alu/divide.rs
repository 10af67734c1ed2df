//! Integer division. No quotient, or one that does not fit, is `exc_div` (e2k-opcodes.tsv).

use elnic_isa::Op;

use super::Division;

fn udivs(a: u64, b: u64) -> Option<u64> {
    (a as u32).checked_div(b as u32).map(u64::from)
}

fn udivd(a: u64, b: u64) -> Option<u64> {
    a.checked_div(b)
}

fn sdivs(a: u64, b: u64) -> Option<u64> {
    (a as i32).checked_div(b as i32).map(|quotient| quotient as u64)
}

fn sdivd(a: u64, b: u64) -> Option<u64> {
    (a as i64).checked_div(b as i64).map(|quotient| quotient as u64)
}

fn udivx(a: u64, b: u64) -> Option<u64> {
    let quotient = a.checked_div(b & 0xffff_ffff)?;
    u32::try_from(quotient).ok().map(u64::from)
}

fn umodx(a: u64, b: u64) -> Option<u64> {
    udivx(a, b)?;
    a.checked_rem(b & 0xffff_ffff)
}

fn sdivx(a: u64, b: u64) -> Option<u64> {
    let quotient = (a as i64).checked_div(i64::from(b as i32))?;
    i32::try_from(quotient).ok().map(|quotient| quotient as u64)
}

fn smodx(a: u64, b: u64) -> Option<u64> {
    sdivx(a, b)?;
    (a as i64).checked_rem(i64::from(b as i32)).map(|rest| rest as u64)
}

/// Operations of this class.
pub(crate) fn division(op: Op) -> Option<Division> {
    Some(match op {
        Op::Udivs => udivs,
        Op::Udivd => udivd,
        Op::Sdivs => sdivs,
        Op::Sdivd => sdivd,
        Op::Udivx => udivx,
        Op::Umodx => umodx,
        Op::Sdivx => sdivx,
        Op::Smodx => smodx,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_quotient_has_no_result() {
        assert_eq!(udivs(1, 1 << 32), None);
        assert_eq!(sdivd(i64::MIN as u64, u64::MAX), None);
        assert_eq!(udivx(1 << 32, 1), None);
        assert_eq!(umodx(0xffff_ffff, 1), Some(0));
        assert_eq!(smodx(-7_i64 as u64, 2), Some(u64::MAX));
    }
}
