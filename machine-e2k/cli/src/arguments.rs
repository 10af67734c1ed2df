//! The options as clap knows them, and how a refusal of clap's becomes one line.

use std::path::PathBuf;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Args, Parser, Subcommand};

use crate::error::Failure;
use crate::say;

/// An e2k guest machine with cycle-aware network interfaces.
#[derive(Debug, Parser)]
#[command(
    name = "elnic",
    version,
    about,
    args_conflicts_with_subcommands = true,
    disable_version_flag = true,
    disable_help_subcommand = true,
    after_help = "Options have one dash or two. -machine, -cpu, -device, -netdev, -object and -d know 'help'."
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) run: RunArguments,
}

/// What is done instead of running a machine.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Assemble e2k sources (gas syntax) into an ELF image
    Asm(AsmArguments),
    /// Print an e2k ELF image as text
    Disasm(DisasmArguments),
    /// Serve our virtio-net to another program (QEMU, DPDK) over vhost-user
    VhostUserNet(VhostUserNetArguments),
    /// Run a guest that holds a conversation over its e1000: DHCP, ARP, ping, TFTP
    Demo(DemoArguments),
}

/// Options of a run, as in qemu-system-e2k.
#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    /// Machine model and its properties: NAME[,quantum=CYCLES][,…]; 'help' lists them
    #[arg(
        short = 'M',
        long = "machine",
        value_name = "NAME[,PROPERTY=VALUE…]",
        overrides_with = "machine"
    )]
    pub(crate) machine: Option<String>,
    /// Processor and its properties: NAME[,tags=on|off][,alignment=perform|trap][,interlocks=on|off]; 'help' lists them
    #[arg(long, value_name = "NAME[,PROPERTY=VALUE…]")]
    pub(crate) cpu: Option<String>,
    /// RAM, in MiB unless K, M, G or T follows
    #[arg(short = 'm', value_name = "SIZE")]
    pub(crate) memory: Option<String>,
    /// Number of processors, at most as many as the part has: [cpus=]N[,sockets=1][,cores=N][,threads=1][,maxcpus=N]
    #[arg(long, value_name = "N")]
    pub(crate) smp: Option<String>,
    /// Raw image for firmware RAM, started at its first byte: a file, or netboot, which fetches what it starts by DHCP and TFTP
    #[arg(long, value_name = "FILE")]
    pub(crate) bios: Option<PathBuf>,
    /// Kernel: an ELF image at its physical addresses, an image.boot, or with -machine entry= a raw image
    #[arg(long, value_name = "FILE")]
    pub(crate) kernel: Option<PathBuf>,
    /// Command line for the kernel, in the boot block whose address is in %r1
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub(crate) append: Option<String>,
    /// Initial RAM disk for the kernel, announced in the boot block
    #[arg(long, value_name = "FILE")]
    pub(crate) initrd: Option<PathBuf>,
    /// Device tree for the kernel, announced in the boot block instead of the board's own
    #[arg(long, value_name = "FILE")]
    pub(crate) dtb: Option<PathBuf>,
    /// What is plugged into the next serial line (channel A, then B): stdio, file:PATH, unix:PATH[,server=on][,wait=off], null or none
    #[arg(long, value_name = "WHAT")]
    pub(crate) serial: Vec<String>,
    /// Add a device; 'help' lists models, 'MODEL,help' properties
    #[arg(long, value_name = "MODEL[,PROPERTY=VALUE…]")]
    pub(crate) device: Vec<String>,
    /// Add a network backend; 'help' lists types
    #[arg(long, value_name = "TYPE,id=ID[,OPTION=VALUE…]")]
    pub(crate) netdev: Vec<String>,
    /// Add a network backend and a network interface in one: TYPE[,model=MODEL][,mac=ADDRESS][,addr=SLOT][,vectors=N][,…], or none
    #[arg(long, value_name = "TYPE[,OPTION=VALUE…]")]
    pub(crate) nic: Vec<String>,
    /// Make a character device for filters or monitors: socket, stdio, file or null; 'socket,help' lists options
    #[arg(long, value_name = "TYPE,id=ID[,OPTION=VALUE…]")]
    pub(crate) chardev: Vec<String>,
    /// Add an object: filter-dump, filter-mirror, net-fault, …
    #[arg(long, value_name = "TYPE,id=ID[,PROPERTY=VALUE…]")]
    pub(crate) object: Vec<String>,
    /// The older way: nic[,model=MODEL][,macaddr=ADDRESS][,…] and TYPE[,…] meet on hub 0
    #[arg(long, value_name = "nic|TYPE[,OPTION=VALUE…]")]
    pub(crate) net: Vec<String>,
    /// Log items, comma-separated; 'help' lists them
    #[arg(short = 'd', value_name = "ITEM,…")]
    pub(crate) log: Option<String>,
    /// Where the log goes instead of standard error
    #[arg(short = 'D', value_name = "FILE")]
    pub(crate) log_file: Option<PathBuf>,
    /// Write every access, frame and interrupt in virtual time to a file
    #[arg(long, value_name = "FILE")]
    pub(crate) trace: Option<PathBuf>,
    /// How virtual time follows the host's: fast (idle time is skipped) or realtime
    #[arg(long, value_name = "PACE", default_value = "fast")]
    pub(crate) pace: String,
    /// Do not start the processor: the machine stands still until a monitor says 'cont'
    #[arg(short = 'S')]
    pub(crate) stopped: bool,
    /// No default devices: without -serial the console leads nowhere instead of to standard output
    #[arg(long)]
    pub(crate) nodefaults: bool,
    /// No display, and Ctrl-C at the terminal goes to the guest: Ctrl-A x ends the emulation
    #[arg(long)]
    pub(crate) nographic: bool,
    /// Display: none
    #[arg(long, value_name = "TYPE")]
    pub(crate) display: Option<String>,
    #[command(flatten)]
    pub(crate) control: ControlArguments,
    /// Print the version
    #[arg(long)]
    pub(crate) version: bool,
}

/// Options about who controls the machine while it runs.
#[derive(Debug, Args)]
pub(crate) struct ControlArguments {
    /// Human monitor: stdio, unix:PATH[,server=on][,wait=off], tcp:HOST:PORT[,…], chardev:ID or none
    #[arg(long, value_name = "WHERE")]
    pub(crate) monitor: Vec<String>,
    /// Monitor for programs (QMP): as -monitor
    #[arg(long, value_name = "WHERE")]
    pub(crate) qmp: Vec<String>,
    /// The same with answers on several lines
    #[arg(long = "qmp-pretty", value_name = "WHERE")]
    pub(crate) qmp_pretty: Vec<String>,
    /// Put a monitor on a character device: [chardev=]ID[,mode=readline|control][,pretty=on|off]
    #[arg(long, value_name = "ID[,…]")]
    pub(crate) mon: Vec<String>,
    /// Let a test drive the machine: as -monitor
    #[arg(long, value_name = "WHERE")]
    pub(crate) qtest: Option<String>,
    /// Where what passes between test and machine is written; /dev/null for nowhere
    #[arg(long = "qtest-log", value_name = "FILE")]
    pub(crate) qtest_log: Option<PathBuf>,
    /// What runs the program: tcg (the interpreter) or qtest (nothing: a test moves the clock)
    #[arg(long, value_name = "NAME")]
    pub(crate) accel: Vec<String>,
    /// Tell of one netdev's connections and disconnections at most once in so many ms
    #[arg(long = "event-interval", value_name = "MS")]
    pub(crate) event_interval: Option<u64>,
    /// Name of the machine
    #[arg(long, value_name = "[guest=]NAME")]
    pub(crate) name: Option<String>,
    /// Sound: none
    #[arg(long, value_name = "TYPE")]
    pub(crate) audio: Option<String>,
    /// What the program does about its surroundings: exit-with-parent=on|off
    #[arg(long = "run-with", value_name = "OPTION=VALUE")]
    pub(crate) run_with: Vec<String>,
}

/// Options of `elnic asm`.
#[derive(Debug, Args)]
pub(crate) struct AsmArguments {
    /// Sources, assembled one after the other as one program
    #[arg(required = true, value_name = "FILE.S")]
    pub(crate) sources: Vec<PathBuf>,
    /// The image
    #[arg(short = 'o', value_name = "FILE.elf")]
    pub(crate) output: PathBuf,
    /// Processor, as gas names it: elbrus-v2 to elbrus-v6, elbrus-8c, …
    #[arg(long, value_name = "CPU", default_value = "elbrus-v4")]
    pub(crate) mcpu: String,
    /// Link address of the first section
    #[arg(short = 'T', value_name = "ADDRESS")]
    pub(crate) address: Option<String>,
    /// Folder searched for included files
    #[arg(short = 'I', value_name = "DIR")]
    pub(crate) include: Vec<PathBuf>,
    /// Preprocessor macro
    #[arg(short = 'D', value_name = "NAME[=VALUE]")]
    pub(crate) define: Vec<String>,
}

/// Options of `elnic disasm`.
#[derive(Debug, Args)]
pub(crate) struct DisasmArguments {
    /// The image
    #[arg(value_name = "FILE.elf")]
    pub(crate) image: PathBuf,
}

/// Options of `elnic vhost-user-net`.
#[derive(Debug, Args)]
pub(crate) struct VhostUserNetArguments {
    /// Socket to listen at for front ends
    #[arg(long = "socket-path", value_name = "PATH")]
    pub(crate) socket_path: Option<PathBuf>,
    /// Connect to the socket instead, and again when the front end goes
    #[arg(long)]
    pub(crate) client: bool,
    /// Number of an open socket, connected or listening, instead of a path
    #[arg(long, value_name = "N")]
    pub(crate) fd: Option<String>,
    /// Print what this back end is and can, as JSON, and end
    #[arg(long = "print-capabilities")]
    pub(crate) print_capabilities: bool,
    /// Network backend behind the interface; 'help' lists types
    #[arg(long, value_name = "TYPE,id=ID[,OPTION=VALUE…]")]
    pub(crate) netdev: Option<String>,
    /// Properties of the interface, as -device virtio-net-pci has them
    #[arg(long, value_name = "PROPERTY=VALUE,…")]
    pub(crate) device: Option<String>,
}

/// Options of `elnic demo`.
#[derive(Debug, Args)]
pub(crate) struct DemoArguments {
    /// Keep the conversation in a pcap file
    #[arg(long, value_name = "FILE")]
    pub(crate) pcap: Option<PathBuf>,
    /// Hardware time the e1000 keeps: off, wire or full
    #[arg(long, value_name = "FIDELITY", default_value = "full")]
    pub(crate) timing: String,
}

/// One line for a refusal of clap's; help is no refusal.
pub(crate) fn refuse(refused: &clap::Error) -> Result<u8, Failure> {
    if refused.kind() == ErrorKind::DisplayHelp {
        say::print(format_args!("{refused}"));
        return Ok(0);
    }
    let text = |kind| match refused.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => Some(texts.join(", ")),
        _ => None,
    };
    // Options are called by the one dash that QEMU's users give them.
    let text = |kind| text(kind).map(|text| text.replace("--", "-"));
    let option = text(ContextKind::InvalidArg).unwrap_or_default();
    let message = match refused.kind() {
        ErrorKind::UnknownArgument | ErrorKind::InvalidSubcommand => {
            let option = text(ContextKind::InvalidSubcommand).unwrap_or(option);
            let nearest =
                text(ContextKind::SuggestedArg).or(text(ContextKind::SuggestedSubcommand));
            let hint = nearest.map(|near| format!("; did you mean '{near}'?")).unwrap_or_default();
            if option.starts_with('-') {
                format!("unknown option '{option}'{hint}")
            } else {
                format!("unexpected '{option}': images are given with -kernel or -bios{hint}")
            }
        }
        ErrorKind::InvalidValue | ErrorKind::NoEquals => format!("option '{option}' needs a value"),
        ErrorKind::MissingRequiredArgument => format!("'{option}' is missing"),
        ErrorKind::ArgumentConflict => {
            let other = text(ContextKind::PriorArg).unwrap_or_default();
            format!("option '{option}' is given twice or does not go with '{other}'")
        }
        _ => {
            let rendered = refused.to_string();
            let line = rendered.lines().next().unwrap_or_default();
            line.strip_prefix("error: ").unwrap_or(line).to_owned()
        }
    };
    Err(Failure::Usage(message))
}
