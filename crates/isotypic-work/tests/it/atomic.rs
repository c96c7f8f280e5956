//! A failed write leaves no trace.

use std::fs;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use isotypic_work::{WorkError, write_atomically};

use crate::names;

#[test]
fn a_written_file_is_alone_in_its_folder_and_replaces_the_old() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("k.npy");
    for content in [&b"first"[..], b"second"] {
        write_atomically(&path, |file| file.write_all(content)).unwrap();
        assert_eq!(fs::read(&path).unwrap(), content);
    }
    assert_eq!(names(folder.path()), ["k.npy"]);
}

#[test]
fn a_failing_writer_leaves_nothing_and_its_reason_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("k.npy");
    let error = write_atomically(&path, |file| {
        file.write_all(&[0; 100_000])?;
        Err(io::Error::other("Row 3 is not finite"))
    })
    .unwrap_err();
    assert_eq!(error.to_string(), format!("cannot write `{}`: row 3 is not finite", path.display()));
    assert!(names(folder.path()).is_empty());
}

#[test]
fn a_failing_or_panicking_writer_keeps_the_old_content() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("k.npy");
    fs::write(&path, "old").unwrap();
    assert!(write_atomically(&path, |_| Err(io::Error::other("no"))).is_err());
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        write_atomically(&path, |file| {
            file.write_all(b"half")?;
            panic!("in the middle")
        })
    }));
    assert!(panicked.is_err());
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(names(folder.path()), ["k.npy"]);
}

#[test]
fn a_missing_folder_is_named_with_the_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("a/b");
    let error = write_atomically(missing.join("k.npy"), |_| Ok(())).unwrap_err();
    assert!(matches!(&error, WorkError::MissingFolder { folder, .. } if *folder == missing));
    assert_eq!(error.hint(), Some(format!("create it first: `mkdir -p {}`", missing.display())));
    assert!(names(folder.path()).is_empty());
}

#[test]
fn folders_are_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let error = write_atomically(folder.path(), |_| Ok(())).unwrap_err();
    assert!(matches!(error, WorkError::NotAFile { .. }), "{error}");
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn devices_are_not_replaced() {
        let error = write_atomically("/dev/null", |_| Ok(())).unwrap_err();
        assert!(matches!(error, WorkError::NotAFile { .. }), "{error}");
    }

    #[test]
    fn links_are_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        fs::write(&real, "old").unwrap();
        symlink("real", &link).unwrap();
        write_atomically(&link, |file| file.write_all(b"new")).unwrap();
        assert_eq!(fs::read(&real).unwrap(), b"new");
        assert!(link.symlink_metadata().unwrap().is_symlink());
    }

    #[test]
    fn permissions_are_those_of_any_new_file() {
        let folder = tempfile::tempdir().unwrap();
        let (ours, plain) = (folder.path().join("ours"), folder.path().join("plain"));
        write_atomically(&ours, |_| Ok(())).unwrap();
        fs::write(&plain, "").unwrap();
        let mode = |path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(ours), mode(plain));
    }
}
