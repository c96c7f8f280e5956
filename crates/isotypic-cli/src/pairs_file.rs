//! Pairs of seeds as a person gives them: how many, or a file that lists them.

use std::fs;
use std::path::Path;

use isotypic::PairSelection;
use isotypic::work::WorkError;

use crate::exit::Failure;

const HEADER: &str = "a,b";

/// Pairs from `--pairs`: a number, or a file with the header `a,b` and two indices a line, whose order is kept.
pub(crate) fn pair_selection(spec: &str) -> Result<PairSelection, Failure> {
    if let Ok(count) = spec.parse() {
        return Ok(PairSelection::Count(count));
    }
    let path = Path::new(spec);
    if !path.exists() && path.extension().is_none() {
        return Err(Failure::error(
            format!("pairs `{spec}`: neither a number nor a file"),
            "pass `--pairs 12`, or a file with the header `a,b` and two indices a line",
        ));
    }
    let text =
        fs::read_to_string(path).map_err(|cause| WorkError::CannotRead { path: path.to_owned(), cause })?;
    parse(spec, &text).map(PairSelection::List)
}

fn parse(file: &str, text: &str) -> Result<Vec<(usize, usize)>, Failure> {
    let mut lines = text.trim_start_matches('\u{feff}').lines().enumerate();
    let wrong = |line: usize, expected: &str, got: &str| {
        Failure::error(
            format!("`{file}`: line {}: expected {expected}, got `{}`", line + 1, shortened(got)),
            "the file has the header `a,b` and then two indices into the dataset a line",
        )
    };
    let header = lines.next().map_or("", |(_, line)| line);
    if without_blanks(header) != HEADER {
        return Err(wrong(0, "the header `a,b`", header));
    }
    lines
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(number, line)| pair(line).ok_or_else(|| wrong(number, "two indices", line)))
        .collect()
}

fn pair(line: &str) -> Option<(usize, usize)> {
    let (a, b) = line.split_once(',')?;
    Some((a.trim().parse().ok()?, b.trim().parse().ok()?))
}

fn without_blanks(line: &str) -> String {
    line.split_whitespace().collect()
}

/// A line of a file that turns out to be something else may be megabytes long.
fn shortened(line: &str) -> String {
    line.chars().filter(|letter| !letter.is_control()).take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> String {
        match parse("p.csv", text) {
            Err(Failure::Error { message, .. }) => message,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_order_of_the_file_is_kept() {
        let pairs = parse("p.csv", "a, b\r\n7,3\r\n\r\n3, 7\n").unwrap();
        assert_eq!(pairs, [(7, 3), (3, 7)]);
        assert_eq!(parse("p.csv", "a,b\n").unwrap(), []);
    }

    #[test]
    fn a_wrong_line_is_named() {
        assert_eq!(message("a,b\n1,2\n3,x\n"), "`p.csv`: line 3: expected two indices, got `3,x`");
        assert_eq!(message("a,b\n1,-2\n"), "`p.csv`: line 2: expected two indices, got `1,-2`");
        assert_eq!(message("a,b\n1,2,3\n"), "`p.csv`: line 2: expected two indices, got `1,2,3`");
        assert_eq!(message("1,2\n"), "`p.csv`: line 1: expected the header `a,b`, got `1,2`");
        assert_eq!(message(""), "`p.csv`: line 1: expected the header `a,b`, got ``");
    }

    #[test]
    fn a_number_is_a_count() {
        assert_eq!(pair_selection("12").unwrap(), PairSelection::Count(12));
        assert!(matches!(pair_selection("twelve"), Err(Failure::Error { .. })));
    }
}
