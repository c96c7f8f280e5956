//! A folder of results that is complete or as it was before.
//!
//! Files are first written to a hidden folder inside the target. Only [`OutputDirectory::finish`] moves them into
//! place, `results.json` last: a folder with `results.json` is complete and of one run.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};

use tempfile::TempDir;

use crate::atomic::sync_folder;
use crate::error::WorkError;

const RESULTS: &str = "results.json";

/// A folder that receives the files of one run.
///
/// Dropped without [`finish`](Self::finish) it leaves nothing: files written are removed, and so are folders that
/// [`create`](Self::create) made, if empty. Files of an earlier run stay until then.
///
/// # Examples
///
/// ```
/// use isotypic_work::OutputDirectory;
///
/// let place = tempfile::tempdir()?;
/// let path = place.path().join("run");
/// let mut output = OutputDirectory::create(&path, false)?;
/// output.write("results.csv", b"a,b\n")?;
/// assert!(!path.join("results.csv").exists());
/// output.finish(b"{}")?;
/// assert!(path.join("results.csv").exists() && path.join("results.json").exists());
/// assert!(OutputDirectory::create(&path, false).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct OutputDirectory {
    path: PathBuf,
    /// Folders that did not exist before, innermost last.
    created: Vec<PathBuf>,
    /// Where files are until the end; made with the first file.
    staging: Option<TempDir>,
    names: Vec<String>,
    /// Files of an earlier run that go when this one is finished.
    outdated: Vec<String>,
    /// Files already in place, to be taken back should the run still fail.
    moved: Vec<PathBuf>,
}

impl OutputDirectory {
    /// Takes a folder, made if missing with its parents, after checking that it can be written.
    ///
    /// To be called before computing, so that nothing is computed in vain.
    ///
    /// # Errors
    /// [`WorkError::AlreadyComplete`] when the folder holds `results.json` and `force` is false;
    /// [`WorkError::NotAFolder`]; [`WorkError::CannotWrite`].
    pub fn create(path: impl AsRef<Path>, force: bool) -> Result<Self, WorkError> {
        let path = path.as_ref().to_owned();
        let mut output = Self {
            path,
            created: Vec::new(),
            staging: None,
            names: Vec::new(),
            outdated: Vec::new(),
            moved: Vec::new(),
        };
        output.create_missing_folders()?;
        if !output.path.is_dir() {
            return Err(WorkError::NotAFolder { path: output.path.clone() });
        }
        if !force && output.path.join(RESULTS).symlink_metadata().is_ok() {
            return Err(WorkError::AlreadyComplete { path: output.path.clone() });
        }
        tempfile::tempfile_in(&output.path).map_err(WorkError::cannot_write(&output.path))?;
        Ok(output)
    }

    fn create_missing_folders(&mut self) -> Result<(), WorkError> {
        let exists = |folder: &&Path| folder.as_os_str().is_empty() || folder.symlink_metadata().is_ok();
        let missing: Vec<_> =
            self.path.ancestors().take_while(|folder| !exists(folder)).map(Path::to_owned).collect();
        for folder in missing.into_iter().rev() {
            match fs::create_dir(&folder) {
                Ok(()) => self.created.push(folder),
                // Made in the meantime by somebody else, or a name such as `a/.`: not ours to remove.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(cause) => return Err(WorkError::CannotWrite { path: self.path.clone(), cause }),
            }
        }
        Ok(())
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Keeps one file for the end of the run. Writing a name again replaces its content. `name` may be in a folder, as in
    /// `figures/errors.svg`; other files in that folder stay.
    ///
    /// # Errors
    /// [`WorkError::InvalidFileName`] when `name` is not one plain component, or two, or is `results.json`;
    /// [`WorkError::NotAFile`] when a folder or device of that name is in the way; [`WorkError::CannotWrite`].
    pub fn write(&mut self, name: &str, content: &[u8]) -> Result<(), WorkError> {
        let parts: Vec<&str> = name.split('/').collect();
        let is_plain = |part: &&str| {
            let mut components = Path::new(part).components();
            matches!((components.next(), components.next()), (Some(Component::Normal(only)), None) if only == *part)
        };
        if parts.len() > 2 || !parts.iter().all(is_plain) || name == RESULTS {
            return Err(WorkError::InvalidFileName { name: name.to_owned() });
        }
        self.stage(name, content)?;
        if !self.names.iter().any(|known| known == name) {
            self.names.push(name.to_owned());
        }
        Ok(())
    }

    /// Marks files that an earlier run has left in a folder within this one: those whose names `is_ours` accepts are removed at the end
    /// of the run, unless it has written them again.
    ///
    /// # Errors
    /// [`WorkError::CannotWrite`] when the folder cannot be read.
    pub fn replace_earlier(&mut self, folder: &str, is_ours: impl Fn(&str) -> bool) -> Result<(), WorkError> {
        let place = self.path.join(folder);
        let entries = match fs::read_dir(&place) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries.map_err(WorkError::cannot_write(&place))?,
        };
        for entry in entries {
            let entry = entry.map_err(WorkError::cannot_write(&place))?;
            let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
            if let Some(name) = entry.file_name().to_str().filter(|name| is_file && is_ours(name)) {
                self.outdated.push(format!("{folder}/{name}"));
            }
        }
        Ok(())
    }

    fn stage(&mut self, name: &str, content: &[u8]) -> Result<(), WorkError> {
        let target = self.path.join(name);
        if target.symlink_metadata().is_ok_and(|metadata| metadata.is_dir()) {
            return Err(WorkError::NotAFile { path: target });
        }
        self.write_staged(name, content).map_err(WorkError::cannot_write(target))
    }

    fn write_staged(&mut self, name: &str, content: &[u8]) -> io::Result<()> {
        let staging = match self.staging.take() {
            Some(staging) => staging,
            None => tempfile::Builder::new().prefix(".isotypic-").tempdir_in(&self.path)?,
        };
        let path = self.staging.insert(staging).path().join(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut file = File::create(path)?;
        file.write_all(content)?;
        file.sync_all()
    }

    /// Puts all files in place, `results.json` with the given content last.
    ///
    /// # Errors
    /// [`WorkError::CannotWrite`]; then none of the files of this run stays.
    pub fn finish(mut self, results: &[u8]) -> Result<(), WorkError> {
        self.stage(RESULTS, results)?;
        let path = self.path.clone();
        self.move_into_place().map_err(WorkError::cannot_write(path))?;
        self.moved.clear();
        self.created.clear();
        Ok(())
    }

    fn move_into_place(&mut self) -> io::Result<()> {
        let Some(staging) = self.staging.take() else { return Ok(()) };
        // From here until the last rename the folder does not count as complete.
        match fs::remove_file(self.path.join(RESULTS)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => sync_folder(&self.path)?,
        }
        for name in self.outdated.iter().filter(|name| !self.names.contains(name)) {
            fs::remove_file(self.path.join(name))?;
        }
        for name in &self.names {
            let target = self.path.join(name);
            if let Some(folder) = target.parent().filter(|folder| !folder.exists()) {
                fs::create_dir(folder)?;
                self.created.push(folder.to_owned());
            }
            fs::rename(staging.path().join(name), &target)?;
            self.moved.push(target);
        }
        sync_folder(&self.path)?;
        let results = self.path.join(RESULTS);
        fs::rename(staging.path().join(RESULTS), &results)?;
        self.moved.push(results);
        sync_folder(&self.path)
    }
}

impl Drop for OutputDirectory {
    /// Takes back what an unfinished run has done. What cannot be removed stays: the run's own error matters more.
    fn drop(&mut self) {
        self.staging.take();
        // `results.json` goes first, so that the folder never looks complete while it is emptied.
        for file in self.moved.iter().rev() {
            let _ = fs::remove_file(file);
        }
        for folder in self.created.iter().rev() {
            let _ = fs::remove_dir(folder);
        }
    }
}
