"""What of the machine a command may see: plain lists, the same for every backend that builds a file system."""

TOP_LEVEL = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
ETC_FILES = (
    "hosts host.conf nsswitch.conf resolv.conf ld.so.cache ld.so.conf localtime timezone mime.types protocols"
    " services shells inputrc bash.bashrc profile ethers networks rpc ca-certificates.conf"
    " debian_version os-release lsb-release login.defs"
).split()
ETC_TREES = (
    "alternatives ssl/certs ssl/openssl.cnf ca-certificates pki/tls/certs pki/ca-trust ld.so.conf.d terminfo"
    " python3 python3.11 python3.12 python3.13 perl java-11-openjdk java-17-openjdk java-21-openjdk fonts"
).split()
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
DEV_LINKS = {
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
    "ptmx": "pts/ptmx",
}
PROC_READ_ONLY = ("sys", "bus", "fs", "irq", "acpi", "scsi", "driver", "tty")
PROC_HIDDEN = (
    "kcore keys key-users sysrq-trigger timer_list kmsg kallsyms latency_stats sched_debug config.gz"
    " kpagecount kpageflags kpagecgroup vmallocinfo slabinfo pagetypeinfo interrupts softirqs"
).split()
