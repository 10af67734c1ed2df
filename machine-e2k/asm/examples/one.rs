fn main() {
    let a: Vec<String> = std::env::args().collect();
    let mut o = elnic_asm::Options::default();
    if a.len() > 3 {
        o = elnic_asm::Options::new(*elnic_isa::CpuModel::by_name(&a[3]).unwrap());
        o.address = 0x10000;
    }
    match elnic_asm::assemble(&[&a[1]], &o) {
        Ok(r) => {
            for w in &r.warnings {
                eprintln!("{w}");
            }
            std::fs::write(&a[2], &r.elf).unwrap();
            if a.len() > 4 {
                std::fs::write(&a[4], &r.sections[0].bytes).unwrap();
            }
        }
        Err(e) => {
            for m in e {
                eprintln!("{m}");
            }
            std::process::exit(1)
        }
    }
}
