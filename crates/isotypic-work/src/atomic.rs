//! Files that appear whole or not at all.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::error::WorkError;

/// Writes a file so that at any moment the path holds the old content, or nothing, or the whole new content.
///
/// The content goes to a temporary file in the same folder, which is synced and renamed; then the folder is synced.
/// A link is followed. On any failure, a panic in `write` included, the temporary file is removed and the target is
/// as before.
///
/// # Errors
/// [`WorkError::MissingFolder`], [`WorkError::NotAFile`] for folders and devices, and [`WorkError::CannotWrite`] with
/// the path and the cause, which may be that of `write`.
///
/// # Examples
///
/// ```
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("numbers.csv");
/// isotypic_work::write_atomically(&path, |file| writeln!(file, "1,2,3"))?;
/// assert_eq!(std::fs::read_to_string(path)?, "1,2,3\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write_atomically(
    path: impl AsRef<Path>,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), WorkError> {
    let path = path.as_ref();
    let target = resolve(path)?;
    let folder = folder_of(&target);
    if !folder.is_dir() {
        return Err(WorkError::MissingFolder { path: path.to_owned(), folder: folder.to_owned() });
    }
    replace(&target, folder, write).map_err(WorkError::cannot_write(path))
}

fn replace(
    target: &Path,
    folder: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".isotypic-").suffix(".part");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // Less the user's mask, as for any other file.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut temporary = builder.tempfile_in(folder)?;
    let mut buffered = BufWriter::new(temporary.as_file_mut());
    write(&mut buffered)?;
    buffered.flush()?;
    drop(buffered);
    temporary.as_file().sync_all()?;
    temporary.persist(target)?;
    sync_folder(folder)
}

/// The file that `path` means, links followed; it need not exist.
fn resolve(path: &Path) -> Result<PathBuf, WorkError> {
    let is_link = path.symlink_metadata().is_ok_and(|metadata| metadata.is_symlink());
    let target = match is_link {
        true => fs::canonicalize(path).map_err(WorkError::cannot_write(path))?,
        false => path.to_owned(),
    };
    if target.file_name().is_none() || target.metadata().is_ok_and(|metadata| !metadata.is_file()) {
        return Err(WorkError::NotAFile { path: path.to_owned() });
    }
    Ok(target)
}

/// The folder a file is in; that of a bare name is the current one.
fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Makes renames in a folder survive a power cut, where the file system can.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(not(unix)) {
        return Ok(());
    }
    match File::open(folder)?.sync_all() {
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => {
            Ok(())
        }
        result => result,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_name_is_in_the_current_folder() {
        assert_eq!(folder_of(Path::new("k.npy")), Path::new("."));
        assert_eq!(folder_of(Path::new("a/k.npy")), Path::new("a"));
    }

    #[test]
    fn an_empty_path_is_not_a_file() {
        assert!(matches!(write_atomically("", |_| Ok(())), Err(WorkError::NotAFile { .. })));
        assert!(matches!(write_atomically("..", |_| Ok(())), Err(WorkError::NotAFile { .. })));
    }
}
