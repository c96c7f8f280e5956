//! How much memory a computation may use.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use crate::cgroup;

/// A bound on memory, and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemoryLimit {
    bytes: Option<u64>,
    origin: LimitSource,
}

/// Where a memory limit comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LimitSource {
    /// Set by the caller; nothing is kept free.
    Caller,
    /// A file of a control group, version 1 or 2.
    Cgroup(PathBuf),
    /// The limit on the address space of the process (`ulimit -v`).
    AddressSpace,
    /// Memory not in use on this machine when the limit was made.
    Available,
}

impl MemoryLimit {
    /// A limit of exactly `bytes`.
    pub fn bytes(bytes: u64) -> Self {
        Self { bytes: Some(bytes), origin: LimitSource::Caller }
    }

    /// No limit at all.
    pub fn none() -> Self {
        Self { bytes: None, origin: LimitSource::Caller }
    }

    /// The limit of this process now, less a tenth that stays free.
    ///
    /// It is the smallest of: `memory.max` and `memory.high` of the process's control group (version 2) and all its
    /// ancestors, `memory.limit_in_bytes` (version 1) likewise, the limit on the address space, and available memory.
    /// A value beyond the physical memory means no limit. Where the system tells none of these, there is no limit.
    pub fn detect() -> Self {
        Self::detect_in(Path::new("/"))
    }

    /// [`detect`](Self::detect) with the files below `root` in place of `/proc` and `/sys`.
    pub fn detect_in(root: &Path) -> Self {
        let read = |path: &Path| {
            let inside = path.strip_prefix("/").unwrap_or(path);
            fs::read_to_string(root.join(inside)).unwrap_or_default()
        };
        let meminfo = read(Path::new("/proc/meminfo"));
        let physical = parse_meminfo(&meminfo, "MemTotal").unwrap_or(u64::MAX);

        let files = cgroup::limit_files(
            &read(Path::new("/proc/self/cgroup")),
            &read(Path::new("/proc/self/mountinfo")),
        );
        let groups = files.into_iter().filter_map(|file| {
            let bytes = read(&file).trim().parse().ok()?;
            Some((bytes, LimitSource::Cgroup(file)))
        });
        let address_space = parse_address_space(&read(Path::new("/proc/self/limits")))
            .map(|bytes| (bytes, LimitSource::AddressSpace));
        let available = parse_meminfo(&meminfo, "MemAvailable").map(|bytes| (bytes, LimitSource::Available));

        let smallest = groups
            .chain(address_space)
            .chain(available)
            .filter(|(bytes, _)| *bytes <= physical)
            .min_by_key(|(bytes, _)| *bytes);
        match smallest {
            Some((bytes, origin)) => Self { bytes: Some(bytes - bytes / 10), origin },
            None => Self::none(),
        }
    }

    /// Bytes that may be used; `None` without a limit.
    pub fn limit(&self) -> Option<u64> {
        self.bytes
    }

    /// Where the limit comes from.
    pub fn origin(&self) -> &LimitSource {
        &self.origin
    }
}

impl fmt::Display for LimitSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Caller => f.write_str("the given limit"),
            Self::Cgroup(file) => write!(f, "`{}`", file.display()),
            Self::AddressSpace => f.write_str("the address space limit (`ulimit -v`)"),
            Self::Available => f.write_str("the available memory"),
        }
    }
}

/// A line `Name:   123 kB` of `/proc/meminfo`, in bytes.
fn parse_meminfo(text: &str, name: &str) -> Option<u64> {
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    let kibibytes: u64 = value.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

/// The soft limit in the line `Max address space  soft  hard  bytes` of `/proc/self/limits`.
fn parse_address_space(text: &str) -> Option<u64> {
    let values = text.lines().find_map(|line| line.strip_prefix("Max address space"))?;
    values.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meminfo_is_in_kibibytes() {
        let text = "MemTotal:       24689888 kB\nMemAvailable:         2 kB\nHugePages_Total:       0\n";
        assert_eq!(parse_meminfo(text, "MemTotal"), Some(24_689_888 * 1024));
        assert_eq!(parse_meminfo(text, "MemAvailable"), Some(2048));
        assert_eq!(parse_meminfo(text, "Mem"), None);
        assert_eq!(parse_meminfo(text, "HugePages_Total"), None);
    }

    #[test]
    fn the_soft_address_space_limit_counts() {
        let text =
            "Max resident set  1  1  bytes\nMax address space         4096                 8192  bytes\n";
        assert_eq!(parse_address_space(text), Some(4096));
        assert_eq!(parse_address_space("Max address space  unlimited  unlimited  bytes"), None);
    }
}
