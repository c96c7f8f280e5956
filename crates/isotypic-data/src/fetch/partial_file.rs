//! One file from one server, received into a partial file that a later attempt goes on with.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use isotypic_work::{ContentHash, Monitor, WorkError};
use ureq::Agent;
use ureq::http::{HeaderMap, StatusCode};

use super::RemoteFile;
use crate::DataError;

/// Bytes that are received between two looks at the monitor.
const BLOCK: usize = 1 << 16;

/// Attempts on one server that bring nothing new before it counts as failed.
const FRUITLESS_ATTEMPTS: usize = 2;

/// A server that is silent for so long has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a packed file may be larger than the file itself.
const PACKING: u64 = 1 << 20;

/// Bytes of a file that arrived so far. No other process writes to it at the same time.
pub(super) struct PartialFile {
    path: PathBuf,
    file: File,
    /// Bytes there before this attempt, which a server may since have replaced.
    kept: u64,
}

/// Why a server did not give a file.
#[derive(Debug)]
pub(super) enum Trouble {
    /// Ask the next one.
    Server(String),
    /// Do not ask any other.
    Here(DataError),
}

impl From<DataError> for Trouble {
    fn from(error: DataError) -> Self {
        Self::Here(error)
    }
}

/// What an attempt brought.
enum Attempt {
    Complete,
    Cut(String),
}

/// A client as servers are asked: no waiting without end, and no statuses in the place of answers.
pub(super) fn client() -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        .timeout_resolve(Some(PATIENCE))
        .timeout_connect(Some(PATIENCE))
        .timeout_per_read(Some(PATIENCE))
        .user_agent(concat!("isotypic/", env!("CARGO_PKG_VERSION")))
        .build()
        .into()
}

impl PartialFile {
    /// The partial file of an address, in a folder that exists.
    pub(super) fn open(folder: &Path, address: &str) -> Result<Self, DataError> {
        // Servers may pack the same file differently, so that bytes of one do not continue those of another.
        let path = folder.join(format!("{}.part", ContentHash::of_bytes(address.as_bytes())));
        let cannot = |cause| DataError::Work(WorkError::CannotWrite { path: path.clone(), cause });
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .map_err(cannot)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(DataError::BeingFetched { folder: folder.into() }),
            // A file system without locks: two processes at once would find the hash wrong and begin anew.
            Err(TryLockError::Error(_)) => {}
        }
        let kept = file.metadata().map_err(cannot)?.len();
        Ok(Self { path, file, kept })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether some of it is from an earlier run.
    pub(super) fn is_continued(&self) -> bool {
        self.kept > 0
    }

    /// Forgets what arrived.
    pub(super) fn clear(&mut self) -> Result<(), DataError> {
        self.file.set_len(0).map_err(|cause| self.cannot_write(cause))?;
        self.kept = 0;
        Ok(())
    }

    /// Removes the file.
    pub(super) fn remove(self) -> Result<(), DataError> {
        let Self { path, file, .. } = self;
        drop(file);
        std::fs::remove_file(&path).map_err(|cause| WorkError::CannotWrite { path, cause }.into())
    }

    /// Receives the rest, in as many attempts as bring something new.
    pub(super) fn receive(
        &mut self,
        client: &Agent,
        address: &str,
        remote: &RemoteFile,
        monitor: &Monitor,
    ) -> Result<(), Trouble> {
        let mut fruitless = 0;
        loop {
            let before = self.length()?;
            let reason = match self.attempt(client, address, remote, monitor)? {
                Attempt::Complete => {
                    return self.file.sync_all().map_err(|cause| self.cannot_write(cause).into());
                }
                Attempt::Cut(reason) => reason,
            };
            fruitless = if self.length()? > before { 0 } else { fruitless + 1 };
            if fruitless == FRUITLESS_ATTEMPTS {
                return Err(Trouble::Server(reason));
            }
        }
    }

    fn attempt(
        &mut self,
        client: &Agent,
        address: &str,
        remote: &RemoteFile,
        monitor: &Monitor,
    ) -> Result<Attempt, Trouble> {
        monitor.check().map_err(DataError::from)?;
        let have = self.length()?;
        let request = client.get(address);
        let request = if have > 0 { request.header("Range", format!("bytes={have}-")) } else { request };
        let response = match request.call() {
            Ok(response) => response,
            Err(error) => return Ok(Attempt::Cut(error.to_string())),
        };
        let range = content_range(response.headers());
        match response.status() {
            StatusCode::OK => self.clear()?,
            StatusCode::PARTIAL_CONTENT if range.is_some_and(|range| range.start == Some(have)) => {}
            StatusCode::PARTIAL_CONTENT => {
                self.clear()?;
                return Ok(Attempt::Cut("sends another part of the file than it was asked for".into()));
            }
            // All of it is here already, or more than there is.
            StatusCode::RANGE_NOT_SATISFIABLE if have > 0 => {
                if range.is_some_and(|range| range.total == Some(have)) {
                    return Ok(Attempt::Complete);
                }
                self.clear()?;
                return Ok(Attempt::Cut("has less of the file than was received before".into()));
            }
            status => return Err(Trouble::Server(format!("HTTP status {}", status.as_u16()))),
        }
        let mut have = self.length()?;
        let total = response.body().content_length().map(|rest| have + rest);
        monitor.stage(&remote.name, total.unwrap_or(remote.bytes) as f64);
        monitor.advance(have as f64);
        self.file.seek(SeekFrom::Start(have)).map_err(|cause| self.cannot_write(cause))?;
        let (_, body) = response.into_parts();
        let (mut reader, mut block) = (body.into_reader(), vec![0; BLOCK]);
        loop {
            monitor.check().map_err(DataError::from)?;
            let count = match reader.read(&mut block) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Ok(Attempt::Cut(error.to_string())),
            };
            have += count as u64;
            if have > remote.bytes + PACKING {
                self.clear()?;
                return Err(Trouble::Server(format!(
                    "sends more than the {} bytes of the unpacked file",
                    remote.bytes
                )));
            }
            self.file.write_all(&block[..count]).map_err(|cause| self.cannot_write(cause))?;
            monitor.advance(count as f64);
        }
        match total {
            Some(total) if have < total => {
                Ok(Attempt::Cut(format!("connection closed after {have} of {total} bytes")))
            }
            _ => Ok(Attempt::Complete),
        }
    }

    fn length(&self) -> Result<u64, DataError> {
        self.file.metadata().map(|metadata| metadata.len()).map_err(|cause| self.cannot_write(cause))
    }

    fn cannot_write(&self, cause: io::Error) -> DataError {
        WorkError::CannotWrite { path: self.path.clone(), cause }.into()
    }
}

/// The header `Content-Range`: where a part begins, and how long the whole is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ContentRange {
    start: Option<u64>,
    total: Option<u64>,
}

fn content_range(headers: &HeaderMap) -> Option<ContentRange> {
    let text = headers.get("content-range")?.to_str().ok()?;
    let (range, total) = text.strip_prefix("bytes ")?.split_once('/')?;
    let start = range.split_once('-').and_then(|(start, _)| start.parse().ok());
    Some(ContentRange { start, total: total.parse().ok() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_servers_write_them() {
        let range = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert("content-range", text.parse().unwrap());
            content_range(&headers)
        };
        assert_eq!(range("bytes 5-9/10"), Some(ContentRange { start: Some(5), total: Some(10) }));
        assert_eq!(range("bytes 5-9/*"), Some(ContentRange { start: Some(5), total: None }));
        assert_eq!(range("bytes */10"), Some(ContentRange { start: None, total: Some(10) }));
        assert_eq!(range("lines 1-2/3"), None);
        assert_eq!(content_range(&HeaderMap::new()), None);
    }

    #[test]
    fn a_partial_file_belongs_to_one_address_and_one_process() {
        let place = tempfile::tempdir().unwrap();
        let first = PartialFile::open(place.path(), "http://a/x.gz").unwrap();
        let other = PartialFile::open(place.path(), "http://b/x.gz").unwrap();
        assert_ne!(first.path(), other.path());
        let again = PartialFile::open(place.path(), "http://a/x.gz");
        assert!(matches!(again, Err(DataError::BeingFetched { .. })));
    }
}
