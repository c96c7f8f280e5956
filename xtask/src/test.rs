//! `cargo xtask test`: everything that must hold before a change goes in.

use crate::Failure;
use crate::command::Cargo;
use crate::stage::{Stage, Tool, run_all};

/// Runs the stages, cheapest first; `quick` leaves out the documentation, the browser, finite networks and the Python package.
pub(crate) fn run(quick: bool) -> Result<(), Failure> {
    let stages: Vec<_> =
        stages().into_iter().filter(|stage| !(quick && SLOW.contains(&stage.name))).collect();
    run_all(&stages)
}

const DOCS: &str = "docs";
const PYTHON: &str = "python";
const BROWSER: &str = "browser";
const TRAIN_LINTS: &str = "train lints";
const TRAIN: &str = "train";

/// What `--quick` leaves out.
const SLOW: [&str; 5] = [DOCS, BROWSER, TRAIN_LINTS, TRAIN, PYTHON];

/// All with the `release` profile, so that dependencies are built once.
fn stages() -> Vec<Stage> {
    vec![
        Stage {
            name: "format",
            command: Cargo::new("fmt --all --check"),
            tool: Some(Tool { name: "rustfmt", probe: Cargo::new("fmt --version") }),
        },
        Stage {
            name: "lints",
            command: Cargo::new("clippy --release --workspace --all-targets -- -D warnings"),
            tool: Some(Tool { name: "clippy", probe: Cargo::new("clippy --version") }),
        },
        Stage {
            name: DOCS,
            command: Cargo::new("doc --release --workspace --no-deps").with("RUSTDOCFLAGS", "-D warnings"),
            tool: None,
        },
        Stage { name: "tests", command: Cargo::new("test --release --workspace"), tool: None },
        // For `ISOTYPIC_FUZZ_SECONDS`, 5 if it is not set.
        Stage { name: "fuzz", command: Cargo::new("test --release --workspace --test fuzz"), tool: None },
        Stage {
            name: BROWSER,
            command: Cargo::new("test --release --workspace --test browser"),
            tool: Some(Tool {
                name: "chromium with chromedriver",
                probe: Cargo::new("xtask browser --probe"),
            }),
        },
        // The training framework is compiled here and nowhere else.
        Stage {
            name: TRAIN_LINTS,
            command: Cargo::new(
                "clippy --release -p isotypic-train -p isotypic -p isotypic-cli --features isotypic-cli/train --all-targets -- -D warnings",
            ),
            tool: Some(Tool { name: "clippy", probe: Cargo::new("clippy --version") }),
        },
        Stage {
            name: TRAIN,
            command: Cargo::new(
                "test --release -p isotypic-train -p isotypic -p isotypic-cli --features isotypic-cli/train",
            ),
            tool: None,
        },
        // After the tests, which compile what the wheel is made of.
        Stage {
            name: PYTHON,
            command: Cargo::new("xtask python"),
            tool: Some(Tool {
                name: "Python from 3.10 on with `venv`",
                probe: Cargo::new("xtask python --probe"),
            }),
        },
    ]
}
