//! From a received file to the file itself, which appears only if it is the right one.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use isotypic_work::{WorkError, write_atomically};
use sha2::{Digest, Sha256};

use super::RemoteFile;
use crate::DataError;

/// Bytes that are unpacked at a time.
const BLOCK: usize = 1 << 16;

/// Unpacks a file, gzip or not, to its place. `Err` in the inner result: it is not the right one, and the place is as before.
///
/// Memory does not grow with the file, and no more is written than the right one has.
pub(super) fn unpack(
    packed: &Path,
    target: &Path,
    file: &RemoteFile,
) -> Result<Result<(), String>, DataError> {
    let read = |cause| DataError::Read { file: packed.display().to_string(), source: cause };
    let mut stream = BufReader::new(File::open(packed).map_err(read)?);
    let is_gzip = stream.fill_buf().map_err(read)?.starts_with(&[0x1f, 0x8b]);
    let mut stream: Box<dyn Read> =
        if is_gzip { Box::new(MultiGzDecoder::new(stream)) } else { Box::new(stream) };
    let mut wrong = None;
    let written = write_atomically(target, |out| {
        let mut hasher = Sha256::new();
        let (mut block, mut bytes) = (vec![0; BLOCK], 0);
        loop {
            let count = match stream.read(&mut block) {
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(refuse(&mut wrong, format!("corrupt gzip data: {error}"))),
            };
            bytes += count as u64;
            if bytes > file.bytes || (count == 0 && bytes < file.bytes) {
                let got = if bytes > file.bytes { "more".to_owned() } else { bytes.to_string() };
                return Err(refuse(&mut wrong, format!("expected {} bytes, got {got}", file.bytes)));
            }
            if count == 0 {
                break;
            }
            hasher.update(&block[..count]);
            out.write_all(&block[..count])?;
        }
        let got: String = hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        if got != file.sha256 {
            return Err(refuse(&mut wrong, format!("expected sha256 {}, got {got}", file.sha256)));
        }
        Ok(())
    });
    match (written, wrong) {
        (Ok(()), _) => Ok(Ok(())),
        (Err(_), Some(reason)) => Ok(Err(reason)),
        (Err(error), None) => Err(error.into()),
    }
}

/// Ends the writing, after which nothing of it is left, for a reason that is kept.
fn refuse(wrong: &mut Option<String>, reason: String) -> io::Error {
    *wrong = Some(reason);
    io::ErrorKind::InvalidData.into()
}

/// Whether a file has the right content.
pub(super) fn is_right(path: &Path, file: &RemoteFile) -> Result<bool, WorkError> {
    let has_size = path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.len() == file.bytes);
    Ok(has_size && isotypic_work::ContentHash::of_file(path)?.to_string() == file.sha256)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    // printf 'abc' | sha256sum (FIPS 180-4, the example of one block)
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    fn outcome(content: &[u8]) -> (Result<(), String>, Option<Vec<u8>>) {
        let place = tempfile::tempdir().unwrap();
        let (packed, target) = (place.path().join("a.part"), place.path().join("a"));
        std::fs::write(&packed, content).unwrap();
        let file = RemoteFile { name: "a".into(), bytes: 3, sha256: ABC.into() };
        let outcome = unpack(&packed, &target, &file).unwrap();
        let names = std::fs::read_dir(place.path()).unwrap().count();
        assert_eq!(names, 1 + usize::from(target.exists()), "nothing but the two files");
        assert_eq!(is_right(&target, &file).unwrap(), outcome.is_ok());
        (outcome, std::fs::read(&target).ok())
    }

    fn gzip(content: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn the_right_file_appears_packed_or_not() {
        for content in [b"abc".to_vec(), gzip(b"abc")] {
            assert_eq!(outcome(&content), (Ok(()), Some(b"abc".to_vec())));
        }
    }

    #[test]
    fn any_other_file_leaves_nothing_and_says_why() {
        let cut = gzip(b"abc");
        for (content, reason) in [
            (gzip(b"abd"), "expected sha256 ba78"),
            (gzip(b"ab"), "expected 3 bytes, got 2"),
            (gzip(&[0; 1 << 20]), "expected 3 bytes, got more"),
            (cut[..cut.len() - 6].to_vec(), "corrupt gzip data: "),
            (b"<html>".to_vec(), "expected 3 bytes, got more"),
        ] {
            let (outcome, there) = outcome(&content);
            assert!(outcome.clone().is_err_and(|got| got.starts_with(reason)), "{outcome:?}");
            assert_eq!(there, None);
        }
    }
}
