//! Where the memory limits of this process's control groups stand.
//!
//! Version 2 keeps `memory.max` and `memory.high` in every group on the way to the root, version 1
//! `memory.limit_in_bytes`. What a group is called (`/proc/self/cgroup`) and where it is visible
//! (`/proc/self/mountinfo`) differ in containers: a mount may show only a subtree, whose root is its fourth field.

use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

/// The version of a hierarchy, with its mount or membership.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    One,
    Two,
}

impl Version {
    fn limit_files(self) -> &'static [&'static str] {
        match self {
            Self::One => &["memory.limit_in_bytes"],
            Self::Two => &["memory.max", "memory.high"],
        }
    }
}

/// All files that may hold a memory limit of the process, innermost group first. They need not exist.
///
/// `membership` is the text of `/proc/self/cgroup`, `mounts` that of `/proc/self/mountinfo`.
pub(crate) fn limit_files(membership: &str, mounts: &str) -> Vec<PathBuf> {
    let groups: Vec<_> = membership.lines().filter_map(parse_membership).collect();
    let mut files = Vec::new();
    for (mounted, subtree, point) in mounts.lines().filter_map(parse_mount) {
        for (_, group) in groups.iter().filter(|(version, _)| *version == mounted) {
            let inside = visible_part(group, &subtree);
            for level in inside.ancestors() {
                files.extend(mounted.limit_files().iter().map(|name| point.join(level).join(name)));
            }
        }
    }
    files
}

/// The path of `group` below the mount point of a mount that shows `subtree`; empty when the group is not visible there.
fn visible_part(group: &Path, subtree: &Path) -> PathBuf {
    match group.strip_prefix(subtree) {
        Ok(inside) if !inside.components().any(|part| part == Component::ParentDir) => inside.to_owned(),
        _ => PathBuf::new(),
    }
}

/// `0::/user.slice` or `4:memory:/jobs/17`; other controllers are of no interest.
fn parse_membership(line: &str) -> Option<(Version, PathBuf)> {
    let mut fields = line.splitn(3, ':');
    let (id, controllers, group) = (fields.next()?, fields.next()?, fields.next()?);
    let version = match (id, controllers) {
        ("0", "") => Version::Two,
        _ if controllers.split(',').any(|name| name == "memory") => Version::One,
        _ => return None,
    };
    Some((version, PathBuf::from(group)))
}

/// `35 31 0:32 /subtree /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory`: version, subtree and mount point.
fn parse_mount(line: &str) -> Option<(Version, PathBuf, PathBuf)> {
    let (place, kind) = line.split_once(" - ")?;
    let mut kind = kind.split(' ');
    let (file_system, options) = (kind.next()?, kind.nth(1)?);
    let version = match file_system {
        "cgroup2" => Version::Two,
        "cgroup" if options.split(',').any(|option| option == "memory") => Version::One,
        _ => return None,
    };
    let mut place = place.split(' ').skip(3);
    Some((version, unescape(place.next()?), unescape(place.next()?)))
}

/// Undoes the octal escapes of blanks and backslashes in `mountinfo`.
fn unescape(field: &str) -> PathBuf {
    let mut text = OsString::new();
    let mut parts = field.split('\\');
    text.push(parts.next().unwrap_or_default());
    for part in parts {
        let code = part.get(..3).and_then(|digits| u8::from_str_radix(digits, 8).ok());
        match code {
            Some(code) if code.is_ascii() => {
                text.push(char::from(code).to_string());
                text.push(&part[3..]);
            }
            _ => {
                text.push("\\");
                text.push(part);
            }
        }
    }
    PathBuf::from(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(files: Vec<PathBuf>) -> Vec<String> {
        files.into_iter().map(|file| file.display().to_string()).collect()
    }

    #[test]
    fn version_2_looks_at_every_ancestor() {
        let files =
            limit_files("0::/user.slice/job\n", "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
        assert_eq!(
            strings(files),
            [
                "/sys/fs/cgroup/user.slice/job/memory.max",
                "/sys/fs/cgroup/user.slice/job/memory.high",
                "/sys/fs/cgroup/user.slice/memory.max",
                "/sys/fs/cgroup/user.slice/memory.high",
                "/sys/fs/cgroup/memory.max",
                "/sys/fs/cgroup/memory.high",
            ]
        );
    }

    #[test]
    fn a_container_that_sees_only_its_subtree_finds_its_group_at_the_mount_point() {
        let mounts = "9 8 0:2 /docker/ab /sys/fs/cgroup/memory rw master:1 - cgroup cgroup rw,memory";
        assert_eq!(
            strings(limit_files("4:cpu,memory:/docker/ab/inner", mounts)),
            [
                "/sys/fs/cgroup/memory/inner/memory.limit_in_bytes",
                "/sys/fs/cgroup/memory/memory.limit_in_bytes"
            ]
        );
        for outside in ["4:memory:/docker/other", "4:memory:/docker/ab/../cd"] {
            assert_eq!(
                strings(limit_files(outside, mounts)),
                ["/sys/fs/cgroup/memory/memory.limit_in_bytes"]
            );
        }
    }

    #[test]
    fn mount_points_with_blanks_are_unescaped() {
        assert_eq!(unescape(r"/a\040b\134c"), PathBuf::from(r"/a b\c"));
        assert_eq!(unescape(r"/a\9"), PathBuf::from(r"/a\9"));
    }

    #[test]
    fn other_controllers_other_file_systems_and_nonsense_are_passed_over() {
        let mounts =
            "1 2 0:3 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n1 2 0:3 / /tmp rw - tmpfs tmpfs rw\n-\n";
        assert!(limit_files("1:cpu:/\n0::/\n\nnonsense", mounts).is_empty());
    }
}
