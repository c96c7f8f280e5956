//! The page of an audit in a headless browser: `cargo xtask browser`.
//!
//! Every kind of audit is opened from disk at the width of a phone and of a desk, in the light and in the dark. Names on the
//! command line choose checks. With `ISOTYPIC_SCREENSHOTS=FOLDER` pictures of the whole pages are kept.

#![allow(clippy::print_stdout, clippy::print_stderr)] // a program for people at a terminal
#![allow(clippy::unwrap_used)]

mod pages;
mod use_of_page;
mod view;
mod web_driver;

use std::env;
use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;
use std::time::Instant;

use pages::{PAGES, Workshop};
use web_driver::WebDriver;

/// Set to `1`, the checks may not be skipped.
const REQUIRE_ALL: &str = "ISOTYPIC_REQUIRE_ALL";

/// One fact about the pages.
type Check = fn(&WebDriver, &Workshop);

/// A page as anybody first sees it: nothing in the console, no request, nothing out of place, the verdict of the results.
fn looks_right(browser: &WebDriver, shop: &Workshop, name: &str) {
    for screen in view::SCREENS {
        view::open(browser, &shop.page(name), screen);
        use_of_page::has_the_verdicts_of(browser, &shop.results(name));
        let faults = view::faults(browser);
        view::keep_picture(browser, name, screen);
        assert!(faults.is_empty(), "{} pixels wide:\n  {}", screen.width, faults.join("\n  "));
    }
}

fn main() -> ExitCode {
    let wanted: Vec<String> = env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let count = PAGES.len() + use_of_page::CHECKS.len();
    let Some((browser, driver)) = web_driver::installed() else {
        println!("browser: {count} checks skipped, chromium and chromedriver are not installed");
        println!("0 passed, 0 failed, {count} skipped");
        return ExitCode::from(u8::from(env::var_os(REQUIRE_ALL).is_some_and(|value| value == "1")));
    };
    let shop = Workshop::new();
    for (name, make) in PAGES {
        make(&shop, name);
    }
    let browser = WebDriver::start(&browser, &driver);
    let mut counts = [0, 0];
    let mut run = |name: &str, check: &dyn Fn()| {
        if !wanted.is_empty() && !wanted.iter().any(|word| name.contains(word.as_str())) {
            return;
        }
        let start = Instant::now();
        let passed = panic::catch_unwind(AssertUnwindSafe(check)).is_ok();
        counts[usize::from(!passed)] += 1;
        let word = if passed { "ok" } else { "FAILED" };
        println!("browser: {name} ... {word} ({:.1} s)", start.elapsed().as_secs_f64());
    };
    for (name, _) in PAGES {
        run(&format!("page of {name} looks right"), &|| looks_right(&browser, &shop, name));
    }
    for (name, check) in use_of_page::CHECKS {
        run(name, &|| check(&browser, &shop));
    }
    let [passed, failed] = counts;
    println!("{passed} passed, {failed} failed");
    ExitCode::from(u8::from(failed > 0))
}
