//! Loads ahead of stores, checked afterwards: what the memory lock table remembers.

use crate::row::{Row, halts};

/// A speculative load, then a store, then the check of the load; `%dr6` says where the check went.
fn checked(store: &str) -> String {
    format!(
        "{{ addd,0 0, cell, %dr4 ; addd,1 0, 0x99, %dr5 }}
         {{ ldd,0,sm [ %dr4 + 0 ], %dr7, mas=0x4 ; addd,1 0, 1, %dr6 }}
         {{ nop 3 }}
         {{ std,2 %dr5, [ %dr4 + {store} ] ; ldd,5 [ %dr4 + 0 ], %dr7, mas=0x3 ; rbranch conflict }}
         ibranch over
         conflict: {{ addd,0 0, 2, %dr6 }}
         over:"
    )
}

pub(crate) fn locks() -> Vec<Row> {
    let data = "cell: .dword 0x77, 0";
    vec![
        halts("a load ahead of a store elsewhere stays good", checked("8")).with(data).finds(&[
            ("r6", 1),
            ("r7", 0x77),
            ("cell+8", 0x99),
        ]),
        halts("a load ahead of a store to its own address is found out", checked("0"))
            .with(data)
            .finds(&[("r6", 2), ("cell", 0x99)]),
    ]
}
