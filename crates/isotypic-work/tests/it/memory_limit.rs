//! The memory limit on machines of several kinds, each a folder with the files it would show.

use std::fs;
use std::path::Path;

use isotypic_work::{LimitSource, MemoryLimit};
use tempfile::TempDir;

const GIB: u64 = 1 << 30;
const VERSION_2: &str = "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n";
const VERSION_1: &str = "35 31 0:32 / /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,memory\n";

/// A machine with 16 GiB, of which 12 are available, and the given files besides.
fn machine(files: &[(&str, &str)]) -> TempDir {
    let root = tempfile::tempdir().unwrap();
    let meminfo = format!("MemTotal: {} kB\nMemFree: 1 kB\nMemAvailable: {} kB\n", 16 << 20, 12 << 20);
    write(root.path(), "proc/meminfo", &meminfo);
    for (path, content) in files {
        write(root.path(), path, content);
    }
    root
}

fn write(root: &Path, path: &str, content: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

fn assert_limit(root: &TempDir, bytes: u64, origin: &LimitSource) {
    let limit = MemoryLimit::detect_in(root.path());
    assert_eq!((limit.limit(), limit.origin()), (Some(bytes - bytes / 10), origin));
}

#[test]
fn without_other_limits_available_memory_counts_less_a_tenth() {
    assert_limit(&machine(&[]), 12 * GIB, &LimitSource::Available);
}

#[test]
fn the_smallest_limit_of_all_ancestors_counts_in_version_2() {
    let root = machine(&[
        ("proc/self/cgroup", "0::/jobs/a/task\n"),
        ("proc/self/mountinfo", VERSION_2),
        ("sys/fs/cgroup/jobs/a/task/memory.max", "max\n"),
        ("sys/fs/cgroup/jobs/a/memory.max", "8589934592\n"),
        ("sys/fs/cgroup/jobs/memory.max", "9663676416\n"),
        ("sys/fs/cgroup/jobs/memory.high", "4294967296\n"),
    ]);
    assert_limit(&root, 4 * GIB, &LimitSource::Cgroup("/sys/fs/cgroup/jobs/memory.high".into()));
}

#[test]
fn the_nested_path_counts_in_version_1() {
    let root = machine(&[
        ("proc/self/cgroup", "9:name=systemd:/\n4:memory:/slurm/job_7\n1:cpu:/slurm\n0::/\n"),
        ("proc/self/mountinfo", VERSION_1),
        ("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"),
        ("sys/fs/cgroup/memory/slurm/job_7/memory.limit_in_bytes", "2147483648\n"),
    ]);
    let file = "/sys/fs/cgroup/memory/slurm/job_7/memory.limit_in_bytes";
    assert_limit(&root, 2 * GIB, &LimitSource::Cgroup(file.into()));
}

#[test]
fn a_container_without_a_namespace_of_its_own_finds_its_limit() {
    let root = machine(&[
        ("proc/self/cgroup", "4:memory:/docker/ab12\n"),
        ("proc/self/mountinfo", &VERSION_1.replace("0:32 /", "0:32 /docker/ab12")),
        ("sys/fs/cgroup/memory/memory.limit_in_bytes", "1073741824\n"),
    ]);
    let file = "/sys/fs/cgroup/memory/memory.limit_in_bytes";
    assert_limit(&root, GIB, &LimitSource::Cgroup(file.into()));
}

#[test]
fn a_value_beyond_physical_memory_is_no_limit() {
    let address_space = |bytes| format!("Max address space  {bytes}  unlimited  bytes\n");
    let root = machine(&[
        ("proc/self/cgroup", "0::/job\n"),
        ("proc/self/mountinfo", VERSION_2),
        ("sys/fs/cgroup/job/memory.max", &(17 * GIB).to_string()),
        ("proc/self/limits", &address_space(64 * GIB)),
        // As kernels before 3.14 had it, without the memory that is available.
        ("proc/meminfo", &format!("MemTotal: {} kB\n", 16 << 20)),
    ]);
    assert_eq!(MemoryLimit::detect_in(root.path()), MemoryLimit::none());
    write(root.path(), "proc/self/limits", &address_space(16 * GIB));
    assert_limit(&root, 16 * GIB, &LimitSource::AddressSpace);
}

#[test]
fn the_address_space_limit_counts() {
    let limits = "Limit  Soft Limit  Hard Limit  Units\nMax address space  3221225472  unlimited  bytes\n";
    assert_limit(&machine(&[("proc/self/limits", limits)]), 3 * GIB, &LimitSource::AddressSpace);
}

#[test]
fn a_system_that_tells_nothing_has_no_limit() {
    let empty = tempfile::tempdir().unwrap();
    assert_eq!(MemoryLimit::detect_in(empty.path()), MemoryLimit::none());
}

#[test]
fn malformed_files_are_no_limit() {
    let root = machine(&[
        ("proc/self/cgroup", "\n0\n0:\n::::\n"),
        ("proc/self/mountinfo", " - \n - cgroup2\n1 - cgroup2 x rw\n"),
        ("proc/self/limits", "Max address space"),
    ]);
    assert_limit(&root, 12 * GIB, &LimitSource::Available);
}

#[cfg(target_os = "linux")]
#[test]
fn this_machine_has_a_limit_below_its_memory() {
    let bytes = MemoryLimit::detect().limit().unwrap();
    assert!(bytes > 1 << 20);
}
