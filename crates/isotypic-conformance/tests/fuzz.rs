//! Architecture documents at random, for a number of seconds: `ISOTYPIC_FUZZ_SECONDS`, 5 if it is not set.
//!
//! `ISOTYPIC_FUZZ_CASE=N` runs case N alone and prints its document; `ISOTYPIC_FUZZ_FIRST=N` begins there instead of at 0.

#![allow(clippy::print_stdout, clippy::print_stderr)] // a program for people at a terminal

use std::env;
use std::fs::File;
use std::io::{Seek, Write};
use std::panic;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use isotypic_conformance::architecture_fuzz::{Corpus, Reached, document, examine};

/// A case that takes longer is a failure: users wait for messages.
const SLOWEST: Duration = Duration::from_secs(5);

/// Failures after which it is enough.
const MOST_FAILURES: usize = 20;

fn number(variable: &str) -> Option<u64> {
    env::var(variable).ok()?.parse().ok()
}

/// One case; what is wrong with the code, if anything.
fn run(corpus: &Corpus, case: u64) -> Result<Reached, String> {
    let start = Instant::now();
    let document = document(corpus, case);
    let result = panic::catch_unwind(|| examine(&document, case));
    let reached = result.map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        format!("panic: {}", text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("of unknown kind"))
    })??;
    let taken = start.elapsed();
    if taken > SLOWEST {
        return Err(format!("{} bytes took {:.1} s", document.text.len(), taken.as_secs_f64()));
    }
    Ok(reached)
}

fn main() -> ExitCode {
    let corpus = Corpus::new();
    if let Some(case) = number("ISOTYPIC_FUZZ_CASE") {
        println!("{}", document(&corpus, case).text);
        println!("{:?}", run(&corpus, case));
        return ExitCode::SUCCESS;
    }
    let seconds = number("ISOTYPIC_FUZZ_SECONDS").unwrap_or(5);
    let first = number("ISOTYPIC_FUZZ_FIRST").unwrap_or(0);
    // A stack overflow or the end of memory ends the process at once; the file then tells which case it was.
    let trace = env::temp_dir().join(format!("isotypic-fuzz-{}", std::process::id()));
    let mut file = File::create(&trace).ok();
    panic::set_hook(Box::new(|_| {}));
    let start = Instant::now();
    let (mut case, mut counts, mut failures) = (first, [0_usize; Reached::COUNT], 0);
    while start.elapsed() < Duration::from_secs(seconds) && failures < MOST_FAILURES {
        if let Some(file) = &mut file {
            _ = file.rewind().and_then(|()| writeln!(file, "{case:<20}"));
        }
        match run(&corpus, case) {
            Ok(reached) => counts[reached as usize] += 1,
            Err(what) => {
                failures += 1;
                eprintln!("fuzz: case {case}: {what}");
            }
        }
        case += 1;
    }
    _ = std::fs::remove_file(&trace);
    let [unread, unchecked, checked, refused, out_of_range, evaluated] = counts;
    println!(
        "fuzz: {} cases in {:.1} s: {unread} not read, {unchecked} fit no shape, {checked} checked, {refused} refused for their \
         variances, {out_of_range} with options that are known to be out of range, {evaluated} evaluated; {failures} failures",
        case - first,
        start.elapsed().as_secs_f64()
    );
    if failures == 0 {
        return ExitCode::SUCCESS;
    }
    eprintln!(
        "hint: `ISOTYPIC_FUZZ_CASE=N cargo test --release --workspace --test fuzz` prints the document of case N"
    );
    ExitCode::FAILURE
}
