//! Operations no emulator has, so that no vectors exist: descriptors, x86 flags, steps of x87 roots, local conditions, array loads.

mod common;

use common::guest::Guest;
use elnic_cpu::{Config, ExceptionKind, IsaVersion, Tags};

fn run(isa: IsaVersion, text: &str) -> Guest {
    let mut guest = start(isa, text);
    assert_eq!(guest.halt(), 1);
    guest
}

fn start(isa: IsaVersion, text: &str) -> Guest {
    Guest::new(
        isa,
        &format!(
            ".globl _start\n_start: {{ setwd wsz=16, nfx=1 }}\n{text}\nHALT(1)\n.align 16\ndata: .dword 0x1122334455667788, 0x99aabbccddeeff00, 0, 0\n"
        ),
    )
}

#[test]
fn globals_are_relative_to_their_descriptor_and_bounded_by_it() {
    let set = "rwd data + (3 << 59), %gd.lo\nrwd 0x10 << 32, %gd.hi\n";
    let guest = run(
        IsaVersion::V4,
        &format!(
            "{set}{{ ldgdw,0 [ 0 + 4 ], %r1 }}\n{{ stgdb,2 %r1, [ 0 + 15 ] }}\n{{ ldgdd,0 [ 0 + 8 ], %dr2 }}"
        ),
    );
    assert_eq!(guest.register(1), 0x1122_3344);
    assert_eq!(guest.register(2), 0x44aa_bbcc_ddee_ff00);
    let mut guest = start(IsaVersion::V4, &format!("{set}{{ ldgdd,0 [ 0 + 9 ], %dr1 }}"));
    assert_eq!(guest.fail().kind, ExceptionKind::ArrayBounds);
    let read_only = "rwd data + (1 << 59), %gd.lo\nrwd 0x10 << 32, %gd.hi\n";
    let mut guest = start(IsaVersion::V4, &format!("{read_only}{{ stgdb,2 %r1, [ 0 + 0 ] }}"));
    assert_eq!(guest.fail().kind, ExceptionKind::AccessRights);
    let guest = run(IsaVersion::V4, "{ ldgdd,0,sm [ 0 + 0 ], %dr1 }");
    assert_eq!(guest.register(1), 0x4afa_fafa_4afa_fafa, "no descriptor, but speculative");
}

#[test]
fn flags_of_x86_feed_its_conditions() {
    let guest = run(
        IsaVersion::V4,
        "{ addd,0 0, 0xff, %dr1 ; addd,1 0, 1, %dr2 }
         { adds_fb,0 %r1, %r2, %r3 }
         { cctope,0 %r3, %pred1 ; cctopb,3 %r3, %pred2 }
         { nop 2 }
         { addd,0 0, 1, %dr4 ? %pred1 ; addd,1 0, 1, %dr5 ? %pred2 }",
    );
    assert_eq!(guest.register(3) as u32, 0x55, "CF, PF, AF, ZF");
    assert_eq!((guest.register(4), guest.register(5)), (1, 1));
}

#[test]
fn a_root_of_80_bits_takes_three_steps() {
    let guest = run(
        IsaVersion::V4,
        "{ addd,0 0, 0x4022000000000000, %dr1 }
         { fxsqrtidx,5 %dr1, %xr2 }
         { fxsqrtudx,5 %dr1, %xr2, %xr2 }
         { fxsqrttdx,5 %dr1, %xr2, %xr3 }
         { fxdivtdd,5 %dr1, %xr3, %dr4 }",
    );
    assert_eq!(guest.register(3), 3 << 62, "3.0, mantissa");
    assert_eq!(guest.register(4), 3.0_f64.to_bits());
}

#[test]
fn local_conditions_are_about_the_same_bundle() {
    // ct ? %MLOCK || %cmp0, and its negation: condition type 9 in SS, the comparison on channel 0.
    for (value, taken) in [(5_u32, true), (6, false)] {
        let mut guest = start(
            IsaVersion::V4,
            &format!(
                "{{ disp %ctpr1, over }}
                 {{ addd,0 0, {value}, %dr1 }}
                 .word 0x04001012, 0xc0000520, 0x2181c540, 0
                 HALT(2)
                 over:"
            ),
        );
        assert_eq!(guest.halt(), if taken { 1 } else { 2 });
    }
}

#[test]
fn a_pair_is_stored_and_loaded_through_an_array_descriptor() {
    let guest = run(
        IsaVersion::V4,
        "{ addd,0 0, data, %dr1 ; addd,1 0, 8, %dr2 }
         { aaurwd,2 %dr1, %aad3 }
         { aaurw,2 %r2, %aasti4 }
         { ldaaw,2 %aad3 [ %aasti4 ], %r5 }",
    );
    assert_eq!(guest.register(5), 0xddee_ff00);
}

#[test]
fn recovery_accesses_carry_tags() {
    let text = "
        .globl _start
        _start: { setwd wsz=16, nfx=1 }
        { addd,0 0, 0, %dr1 ; addd,1 0, data, %dr2 ; addd,3 0, 0x50000000000, %dr3 }
        { udivd,5,sm %dr1, %dr1, %dr4 }
        { strd,2 %dr4, [ %dr2 + %dr3 ] }
        { ldrd,0 [ %dr2 + %dr3 ], %dr5 }
        { gettagd,2 %dr5, %dr6 ; gettagd,5 %dr4, %dr8 }
        { ldd,0 [ %dr2 + 0 ], %dr7 }
        { addd,0 %dr7, 1, %dr7 }
        HALT(1)
        .align 16
        data: .dword 7, 0";
    let mut guest = Guest::with(Config { tags: Tags::On, ..Config::default() }, text);
    assert_eq!(guest.halt(), 1);
    assert_eq!((guest.register(6), guest.register(8)), (5, 5), "diagnostic both");
}

#[test]
fn tags_survive_a_spill() {
    let text = "
        .globl _start
        _start: { setwd wsz=16, nfx=1 ; setbn rsz=3, rbs=12, rcur=0 }
        { addd,0 0, 0, %dr1 ; addd,1 0, 3, %dr2 }
        { udivd,5,sm %dr1, %dr1, %dr4 ; disp %ctpr1, leaf }
        { call %ctpr1, wbs=12 }
        { gettagd,2 %dr4, %dr6 ; gettagd,5 %dr2, %dr8 }
        HALT(1)
        leaf:
        { setwd wsz=4, nfx=1 ; return %ctpr3 }
        { flushr }
        { ct %ctpr3 }";
    let mut guest = Guest::with(Config { tags: Tags::On, ..Config::default() }, text);
    assert_eq!(guest.halt(), 1);
    assert_eq!((guest.register(6), guest.register(8)), (5, 0));
}

#[test]
fn branches_and_calls_to_computed_targets_exist_in_version_6() {
    let guest = run(
        IsaVersion::V6,
        "{ addd,0 0, there, %dr1 }
         { ibranchd,0 %dr1, %dr3 }
         HALT(2)
         there: { addd,0 0, 7, %dr2 }",
    );
    assert_eq!(guest.register(2), 7);
}

#[test]
fn targets_are_not_prepared_under_a_predicate() {
    let mut guest = start(IsaVersion::V4, "{ movtd,0 %dr1, %ctpr1 ? %pred0 }");
    assert_eq!(guest.fail().kind, ExceptionKind::IllegalOpcode);
}
