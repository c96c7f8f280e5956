//! Architecture documents and ONNX files at random, in turns, for a number of seconds: `ISOTYPIC_FUZZ_SECONDS`, 5 if it is not set.
//!
//! `ISOTYPIC_FUZZ_ONLY=documents` or `onnx` leaves the other out. `ISOTYPIC_FUZZ_CASE=N` runs case N alone and shows its document, and where
//! its file is; `ISOTYPIC_FUZZ_FIRST=N` begins there instead of at 0.

#![allow(clippy::print_stdout, clippy::print_stderr)] // a program for people at a terminal

use std::env;
use std::fs::{self, File};
use std::io::{Seek, Write};
use std::panic;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use isotypic_architecture::Architecture;
use isotypic_conformance::architecture_fuzz::Reached;
use isotypic_conformance::{architecture_fuzz, onnx_fuzz};
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// A case that takes longer is a failure: users wait for messages.
const SLOWEST: Duration = Duration::from_secs(5);

/// Failures after which it is enough.
const MOST_FAILURES: usize = 20;

/// Bytes that reading may hold at its peak for each byte of an ONNX file, and besides: the smallest message takes two bytes and becomes
/// a record of a few hundred, in lists that grow by doubling.
const HELD_PER_BYTE: usize = 512;
const HELD_BESIDES: usize = 256 << 10;

/// What is fuzzed.
#[derive(Clone, Copy, PartialEq)]
enum Subject {
    Documents,
    Onnx,
}

impl Subject {
    fn name(self) -> &'static str {
        match self {
            Self::Documents => "documents",
            Self::Onnx => "onnx",
        }
    }
}

/// What cases are made from.
struct Corpora {
    documents: architecture_fuzz::Corpus,
    onnx: onnx_fuzz::Corpus,
}

fn number(variable: &str) -> Option<u64> {
    env::var(variable).ok()?.parse().ok()
}

/// One case; what is wrong with the code, if anything.
fn run(corpora: &Corpora, subject: Subject, case: u64) -> Result<Reached, String> {
    let (bytes, is_toml) = match subject {
        Subject::Documents => {
            let document = architecture_fuzz::document(&corpora.documents, case);
            (document.text.into_bytes(), document.is_toml)
        }
        Subject::Onnx => (onnx_fuzz::file(&corpora.onnx, case), false),
    };
    let size = bytes.len();
    let start = Instant::now();
    let result = panic::catch_unwind(|| match (subject, String::from_utf8(bytes.clone())) {
        (Subject::Documents, Ok(text)) => {
            architecture_fuzz::examine(&architecture_fuzz::Document { text, is_toml }, case)
        }
        _ => memory_of_reading(&bytes).and_then(|()| onnx_fuzz::examine(bytes, case)),
    });
    let reached = result.map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        format!("panic: {}", text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("of unknown kind"))
    })??;
    let taken = start.elapsed();
    if taken > SLOWEST {
        return Err(format!("{size} bytes took {:.1} s", taken.as_secs_f64()));
    }
    Ok(reached)
}

/// Refuses memory that the file does not justify.
fn memory_of_reading(bytes: &[u8]) -> Result<(), String> {
    let (size, copy) = (bytes.len(), bytes.to_vec());
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let read = Architecture::from_onnx(copy);
    let held = ALLOCATOR.peak_usage().saturating_sub(before);
    drop(read);
    if held > HELD_PER_BYTE * size + HELD_BESIDES {
        return Err(format!("reading {size} bytes held {held} bytes"));
    }
    Ok(())
}

/// Shows a case and what comes of it.
fn show(corpora: &Corpora, subject: Subject, case: u64) {
    match subject {
        Subject::Documents => println!("{}", architecture_fuzz::document(&corpora.documents, case).text),
        Subject::Onnx => {
            let path = env::temp_dir().join(format!("isotypic-fuzz-case-{case}.onnx"));
            match fs::write(&path, onnx_fuzz::file(&corpora.onnx, case)) {
                Ok(()) => println!("`{}`", path.display()),
                Err(error) => eprintln!("cannot write `{}`: {error}", path.display()),
            }
        }
    }
    println!("{}: {:?}", subject.name(), run(corpora, subject, case));
}

fn main() -> ExitCode {
    let corpora = Corpora { documents: architecture_fuzz::Corpus::new(), onnx: onnx_fuzz::Corpus::new() };
    let only = env::var("ISOTYPIC_FUZZ_ONLY").ok();
    let mut subjects = vec![Subject::Documents, Subject::Onnx];
    if let Some(only) = only {
        subjects.retain(|subject| subject.name() == only);
        if subjects.is_empty() {
            eprintln!("fuzz: `ISOTYPIC_FUZZ_ONLY`: expected `documents` or `onnx`, got `{only}`");
            return ExitCode::FAILURE;
        }
    }
    if let Some(case) = number("ISOTYPIC_FUZZ_CASE") {
        subjects.into_iter().for_each(|subject| show(&corpora, subject, case));
        return ExitCode::SUCCESS;
    }
    let seconds = number("ISOTYPIC_FUZZ_SECONDS").unwrap_or(5);
    let first = number("ISOTYPIC_FUZZ_FIRST").unwrap_or(0);
    // A stack overflow or the end of memory ends the process at once; the file then tells which case it was.
    let trace = env::temp_dir().join(format!("isotypic-fuzz-{}", std::process::id()));
    let mut file = File::create(&trace).ok();
    panic::set_hook(Box::new(|_| {}));
    let start = Instant::now();
    let (mut case, mut failures) = (first, 0);
    let mut counts = vec![[0_usize; Reached::COUNT]; subjects.len()];
    while start.elapsed() < Duration::from_secs(seconds) && failures < MOST_FAILURES {
        for (subject, counts) in subjects.iter().zip(&mut counts) {
            if let Some(file) = &mut file {
                _ = file.rewind().and_then(|()| writeln!(file, "{:<9} {case:<20}", subject.name()));
            }
            match run(&corpora, *subject, case) {
                Ok(reached) => counts[reached as usize] += 1,
                Err(what) => {
                    failures += 1;
                    eprintln!("fuzz: {} case {case}: {what}", subject.name());
                }
            }
        }
        case += 1;
    }
    _ = fs::remove_file(&trace);
    println!("fuzz: {} cases of each kind in {:.1} s", case - first, start.elapsed().as_secs_f64());
    for (subject, counts) in subjects.iter().zip(counts) {
        let [unread, unchecked, checked, refused, out_of_range, evaluated] = counts;
        println!(
            "{}: {unread} not read, {unchecked} fit no shape, {checked} checked, {refused} refused for their variances, \
             {out_of_range} with options that are known to be out of range, {evaluated} evaluated",
            subject.name()
        );
    }
    println!("{failures} failures");
    if failures == 0 {
        return ExitCode::SUCCESS;
    }
    eprintln!("hint: `ISOTYPIC_FUZZ_CASE=N cargo test --release --workspace --test fuzz` shows case N");
    ExitCode::FAILURE
}
