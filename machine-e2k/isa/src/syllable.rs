//! Typed views of the 32- and 16-bit words of a bundle: bit positions and nothing else (ISA notes 1.2, 2, 4, 5).
//!
//! Field names are those of the ISA description. What a value means is said in the types of the crate's root.

use bitfield::bitfield;

bitfield! {
    /// HS, the header: which syllables follow.
    #[derive(Clone, Copy, PartialEq, Eq)]
    pub struct Hs(pub u32);
    impl Debug;
    u8;
    /// Words before the middle, minus one.
    pub mdl, set_mdl: 3, 0;
    /// Length in 8-byte units, minus one.
    pub lng, set_lng: 6, 4;
    /// Idle cycles after the bundle.
    pub nop, set_nop: 9, 7;
    /// Stores obey the loop.
    pub loop_mode, set_loop_mode: 10;
    /// Must be zero.
    pub reserved, _: 11;
    /// SS follows.
    pub ss, set_ss: 12;
    /// Software mark.
    pub set_mark, set_set_mark: 13;
    /// CS0 follows.
    pub cs0, set_cs0: 14;
    /// CS1 follows.
    pub cs1, set_cs1: 15;
    /// Number of CDS words.
    pub cds, set_cds: 17, 16;
    /// Number of PLS words.
    pub pls, set_pls: 19, 18;
    /// ALES presence, bit i is channel i.
    pub ales, set_ales: 25, 20;
    /// ALS presence, bit i is channel i.
    pub als, set_als: 31, 26;
}

bitfield! {
    /// SS, the stub syllable: control transfer condition, rotation, prefetch.
    #[derive(Clone, Copy, PartialEq, Eq)]
    pub struct Ss(pub u32);
    impl Debug;
    /// Condition of the transfer: kind and predicate.
    pub u16, ctcond, set_ctcond: 8, 0;
    u8;
    /// `%ctprN` the transfer goes through, 0 none.
    pub ctop, set_ctop: 11, 10;
    /// `mova` presence, bit i is array channel i.
    pub aas, set_aas: 15, 12;
    /// Loop counters advance when taken.
    pub alct, set_alct: 16;
    /// Loop counters advance when not taken.
    pub alcf, set_alcf: 17;
    /// Predicates rotate when taken.
    pub abpt, set_abpt: 18;
    /// Predicates rotate when not taken.
    pub abpf, set_abpf: 19;
    /// The second form, operations on type-segment descriptors.
    pub sf2, set_sf2: 20;
    /// Based registers rotate when taken.
    pub abnt, set_abnt: 21;
    /// Based registers rotate when not taken.
    pub abnf, set_abnf: 22;
    /// Globals rotate down.
    pub abgd, set_abgd: 23;
    /// Globals rotate up.
    pub abgi, set_abgi: 24;
    /// Recovery point, low bit.
    pub rp_lo, set_rp_lo: 25;
    /// Verify deferred interrupts.
    pub vfdi, set_vfdi: 26;
    /// Recovery point, high bit.
    pub rp_hi, set_rp_hi: 27;
    /// Begin array prefetch.
    pub bap, set_bap: 28;
    /// End array prefetch.
    pub eap, set_eap: 29;
    /// Depth of instruction prefetch.
    pub ipd, set_ipd: 31, 30;
    /// Second form: operation bits 2:1.
    pub ts_opc_hi, set_ts_opc_hi: 29, 28;
    /// Second form: operation bit 0.
    pub ts_opc_lo, set_ts_opc_lo: 26;
}

bitfield! {
    /// ALS, an operation of an arithmetic-logic channel.
    #[derive(Clone, Copy, PartialEq, Eq)]
    pub struct Als(pub u32);
    impl Debug;
    u8;
    /// Destination, store datum, state register or predicate.
    pub dst, set_dst: 7, 0;
    /// Predicate number of a compare.
    pub predicate, set_predicate: 4, 0;
    /// Relation of a compare.
    pub compare, set_compare: 7, 5;
    /// Second source.
    pub src2, set_src2: 15, 8;
    /// First source or sub-opcode.
    pub src1, set_src1: 23, 16;
    /// Opcode.
    pub cop, set_cop: 30, 24;
    /// Speculative.
    pub spec, set_spec: 31;
    /// Array access: literal added, 0 none, n LTS(n-1).
    pub lt, set_lt: 9, 8;
    /// Array access: advance the index.
    pub am, set_am: 10;
    /// Array access: unknown, written as zero.
    pub aas, set_aas_bit: 11;
    /// Array access: increment register.
    pub incr, set_incr: 14, 12;
    /// Array access: index register.
    pub ind, set_ind: 18, 15;
    /// Array access: descriptor.
    pub aad, set_aad: 23, 19;
    /// Register of the array access unit: file.
    pub aau_file, set_aau_file: 14, 10;
    /// Register of the array access unit: unused bits.
    pub aau_unused, set_aau_unused: 9, 8;
}

bitfield! {
    /// ALES, the extension of an ALS.
    #[derive(Clone, Copy, PartialEq, Eq)]
    pub struct Ales(pub u16);
    impl Debug;
    u8;
    /// Third source, literal or sub-opcode.
    pub low, set_low: 7, 0;
    /// Extension table.
    pub opc2, set_opc2: 15, 8;
}

impl Ales {
    /// What ALES2 and ALES5 mean where they have no word of their own (ISA notes 1.4).
    pub const IMPLIED: Self = Self(0x01c0);
}

bitfield! {
    /// CS0: preparation of a transfer, or a transfer without preparation.
    #[derive(Clone, Copy, PartialEq, Eq)]
    pub struct Cs0(pub u32);
    impl Debug;
    /// Displacement and other parameters.
    pub u32, param, set_param: 27, 0;
    /// `done`: finish deferred accesses.
    pub fdam, set_fdam: 26;
    /// `done`: restore trap registers.
    pub trar, set_trar: 27;
    u8;
    /// Operation of its `ctpr`.
    pub opc, set_opc: 29, 28;
    /// `%ctprN`, 0 none.
    pub ctpr, set_ctpr: 31, 30;
    /// `pref`: prefetch register.
    pub ipr, set_ipr: 2, 0;
    /// `pref`: depth.
    pub prefetch_depth, set_prefetch_depth: 3, 3;
    /// `pref`: displacement.
    pub u32, pdisp, set_pdisp: 27, 4;
    /// Kind of return.
    pub u8, return_type, set_return_type: 2, 0;
    /// `sdisp`: entry.
    pub u8, entry, set_entry: 4, 0;
    /// `hcall`: entry.
    pub u8, hdisp, set_hdisp: 4, 1;
}

bitfield! {
    /// CS1: window, rotation, calls, barriers, MAS.
    #[derive(Clone, Copy, PartialEq, Eq)]
    pub struct Cs1(pub u32);
    impl Debug;
    u8;
    /// Operation.
    pub opc, set_opc: 31, 28;
    /// `settr` is meant.
    pub settr, set_settr: 25;
    /// `setbn` is meant.
    pub setbn, set_setbn: 26;
    /// `setbp` is meant (or `setsft`).
    pub setbp, set_setbp: 27;
    /// `setbn`: base in pairs.
    pub rbs, set_rbs: 5, 0;
    /// `setbn`: size in pairs, minus one.
    pub rsz, set_rsz: 11, 6;
    /// `setbn`: rotation in pairs.
    pub rcur, set_rcur: 17, 12;
    /// `setbp`: number of rotating predicates, minus one.
    pub psz, set_psz: 22, 18;
    /// `setei`: value.
    pub eir, set_eir: 7, 0;
    /// `call`: window shift in pairs.
    pub wbs, set_wbs: 6, 0;
    /// `call`: kind.
    pub ctopc, set_ctopc: 9, 7;
    /// MAS of channel 5.
    pub mas5, set_mas5: 6, 0;
    /// MAS of channel 3.
    pub mas3, set_mas3: 13, 7;
    /// MAS of channel 2.
    pub mas2, set_mas2: 20, 14;
    /// MAS of channel 0.
    pub mas0, set_mas0: 27, 21;
    /// `vfbg`: mask of user globals.
    pub umask, set_umask: 7, 0;
    /// `vfbg`: mask of dirty globals.
    pub dmask, set_dmask: 15, 8;
    /// `vfbg`: check all four.
    pub chkm4, set_chkm4: 16;
    /// All but the operation.
    pub u32, param, set_param: 27, 0;
}

bitfield! {
    /// LTS0 as `setwd`, `vfrpsz` and `settr` read it.
    #[derive(Clone, Copy, PartialEq, Eq)]
    pub struct WindowLiteral(pub u32);
    impl Debug;
    /// Version 7.
    pub mcn, set_mcn: 2;
    /// 32-bit results clear the upper half.
    pub dbl, set_dbl: 3;
    /// Register extensions are not saved.
    pub nfx, set_nfx: 4;
    u8;
    /// Window size in register pairs.
    pub wsz, set_wsz: 11, 5;
    /// `vfrpsz`: parameter size, minus one.
    pub rpsz, set_rpsz: 16, 12;
    /// `settr`: type.
    pub u16, tr_type, set_tr_type: 31, 17;
}

bitfield! {
    /// PLS, predicate logic.
    #[derive(Clone, Copy, PartialEq, Eq)]
    pub struct Pls(pub u32);
    impl Debug;
    u8;
    /// First predicate read.
    pub elp0, set_elp0: 30, 24;
    /// Second predicate read.
    pub elp1, set_elp1: 22, 16;
    /// Operation.
    pub opc, set_opc: 15, 14;
    /// First operand negated.
    pub neg0, set_neg0: 13;
    /// First operand.
    pub p0, set_p0: 12, 10;
    /// Second operand negated.
    pub neg1, set_neg1: 9;
    /// Second operand.
    pub p1, set_p1: 8, 6;
    /// The result is written to a predicate.
    pub vdst, set_vdst: 5;
    /// That predicate.
    pub pdst, set_pdst: 4, 0;
    /// The operation as a whole.
    pub u16, clp, set_clp: 15, 0;
}

bitfield! {
    /// Half of a CDS: a qualifying predicate (RLP) or merge condition (MRGC).
    #[derive(Clone, Copy, PartialEq, Eq)]
    pub struct Rlp(pub u16);
    impl Debug;
    u8;
    /// Predicate.
    pub psrc, set_psrc: 6, 0;
    /// Negation per channel of the cluster.
    pub neg, set_neg: 9, 7;
    /// Channels of the cluster.
    pub alc, set_alc: 12, 10;
    /// The array increment is qualified, not the operation.
    pub am, set_am: 13;
    /// Channels 3..=5 instead of 0..=2.
    pub cluster, set_cluster: 14;
    /// Merge condition.
    pub mrgc, set_mrgc: 15;
}

bitfield! {
    /// Half of an AAS2..AAS5: one `mova`.
    #[derive(Clone, Copy, PartialEq, Eq)]
    pub struct Aas(pub u16);
    impl Debug;
    /// The area's pointer advances.
    pub am, set_am: 0;
    u8;
    /// Offset in elements.
    pub ind, set_ind: 5, 1;
    /// Area.
    pub area, set_area: 10, 6;
    /// Unused.
    pub reserved, _: 11;
    /// Width.
    pub opc, set_opc: 14, 12;
    /// Big-endian.
    pub be, set_be: 15;
}

bitfield! {
    /// First word of a slot of an array prefetch instruction.
    #[derive(Clone, Copy, PartialEq, Eq)]
    pub struct ApbWord(pub u32);
    impl Debug;
    u8;
    /// Start of the area.
    pub abs, set_abs: 4, 0;
    /// Size of the area.
    pub asz, set_asz: 7, 5;
    /// Index register.
    pub ind, set_ind: 11, 8;
    /// Increment register.
    pub incr, set_incr: 14, 12;
    /// Other form: area that brings the index.
    pub area, set_area: 12, 8;
    /// Other form: its pointer advances.
    pub am, set_am: 13;
    /// Other form: big-endian.
    pub be, set_be: 14;
    /// Descriptor.
    pub d, set_d: 19, 15;
    /// Bytes at once.
    pub mrng, set_mrng: 24, 20;
    /// Width.
    pub fmt, set_fmt: 27, 25;
    /// Cache levels.
    pub dcd, set_dcd: 29, 28;
    /// The other form.
    pub si, set_si: 30;
    /// `ct` or `dpl`.
    pub flag, set_flag: 31;
}
