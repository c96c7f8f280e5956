//! The folder of an experiment: a checkpoint for every run, and the losses as lines while they come.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use isotypic_work::{ContentHash, WorkError};

use crate::{EpochMetrics, TrainError};

const CHECKPOINTS: &str = "checkpoints";
const METRICS: &str = "metrics.csv";
const HEADER: &str = "run,epoch,loss,seconds\n";

/// Checkpoints in `checkpoints/RUN.safetensors` and a line of `metrics.csv` for every epoch of every run.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    metrics: File,
}

impl RunFolder {
    /// Opens a folder, made if missing. Without `resume` it must hold no checkpoints.
    ///
    /// # Errors
    /// [`TrainError::CheckpointsThere`], and [`TrainError::Work`] where the folder cannot be written.
    pub fn open(path: &Path, resume: bool) -> Result<Self, TrainError> {
        let checkpoints = path.join(CHECKPOINTS);
        if !resume && checkpoints.read_dir().is_ok_and(|mut entries| entries.next().is_some()) {
            return Err(TrainError::CheckpointsThere { path: path.to_owned() });
        }
        fs::create_dir_all(&checkpoints).map_err(cannot_write(&checkpoints))?;
        let file = path.join(METRICS);
        let open = || {
            let mut metrics =
                OpenOptions::new().create(true).write(true).append(resume).truncate(!resume).open(&file)?;
            if metrics.metadata()?.len() == 0 {
                metrics.write_all(HEADER.as_bytes())?;
            }
            Ok(metrics)
        };
        let metrics = open().map_err(cannot_write(&file))?;
        Ok(Self { path: path.to_owned(), metrics })
    }

    /// Removes the checkpoints of an earlier experiment, if there are any, and nothing else.
    ///
    /// # Errors
    /// [`TrainError::Work`].
    pub fn clear(path: &Path) -> Result<(), TrainError> {
        let checkpoints = path.join(CHECKPOINTS);
        match fs::remove_dir_all(&checkpoints) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(cannot_write(&checkpoints)(error)),
            _ => Ok(()),
        }
    }

    /// The checkpoint of a run. Different runs have different files.
    pub fn checkpoint(&self, run: &str) -> PathBuf {
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "-.:".contains(letter);
        let mut name: String =
            run.chars().map(|letter| if plain(letter) { letter } else { '_' }).take(120).collect();
        if name.len() != run.len() || run.contains(|letter: char| !plain(letter) && letter != ' ') {
            // Other letters may have become the same; the hash has not.
            name = format!("{name}-{}", &ContentHash::of_bytes(run.as_bytes()).to_string()[..12]);
        }
        self.path.join(CHECKPOINTS).join(name + ".safetensors")
    }

    /// Appends one line.
    ///
    /// # Errors
    /// [`TrainError::Work`].
    pub fn record(&mut self, run: &str, metrics: EpochMetrics, seconds: f64) -> Result<(), TrainError> {
        let line =
            format!("\"{}\",{},{:?},{seconds:.3}\n", run.replace('"', "\"\""), metrics.epoch, metrics.loss);
        let written = self.metrics.write_all(line.as_bytes());
        written.map_err(cannot_write(&self.path.join(METRICS)))
    }
}

fn cannot_write(path: &Path) -> impl FnOnce(io::Error) -> TrainError {
    let path = path.to_owned();
    move |cause| TrainError::Work(WorkError::CannotWrite { path, cause })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_have_files_of_their_own() {
        let place = tempfile::tempdir().unwrap();
        let folder = RunFolder::open(place.path(), false).unwrap();
        let names: std::collections::BTreeSet<_> =
            ["a/b 1", "a_b 1", "a b 1", "a\u{e9}b 1"].map(|run| folder.checkpoint(run)).into_iter().collect();
        assert_eq!(names.len(), 4, "{names:?}");
        assert!(names.iter().all(|name| name.parent() == Some(&place.path().join("checkpoints"))));
    }

    #[test]
    fn lines_are_appended_and_an_earlier_experiment_is_told() {
        let place = tempfile::tempdir().unwrap();
        let metrics = |epoch| EpochMetrics { epoch, loss: 0.1 + 0.2 };
        let mut folder = RunFolder::open(place.path(), false).unwrap();
        folder.record("one, two", metrics(1), 0.25).unwrap();
        fs::write(folder.checkpoint("one, two"), "x").unwrap();
        let error = RunFolder::open(place.path(), false).unwrap_err();
        assert!(matches!(error, TrainError::CheckpointsThere { .. }), "{error}");
        RunFolder::open(place.path(), true).unwrap().record("one, two", metrics(2), 1.0).unwrap();
        let text = fs::read_to_string(place.path().join(METRICS)).unwrap();
        let expected = "run,epoch,loss,seconds\n\"one, two\",1,0.30000000000000004,0.250\n\"one, two\",2,0.30000000000000004,1.000\n";
        assert_eq!(text, expected);
        RunFolder::clear(place.path()).unwrap();
        RunFolder::open(place.path(), false).unwrap();
    }
}
