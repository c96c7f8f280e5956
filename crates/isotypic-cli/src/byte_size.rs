//! Amounts of memory as people write them: `20GiB`, `512 MiB`, `1.5TiB`, `1000000`.

use isotypic::work::MemoryLimit;

use crate::exit::Failure;

const UNITS: [(&str, f64); 6] = [
    ("", 1.0),
    ("B", 1.0),
    ("KiB", 1024.0),
    ("MiB", 1_048_576.0),
    ("GiB", 1_073_741_824.0),
    ("TiB", 1_099_511_627_776.0),
];

/// The limit that was asked for, or what the system leaves to this process.
pub(crate) fn memory_limit(spec: Option<&str>) -> Result<MemoryLimit, Failure> {
    match spec {
        None => Ok(MemoryLimit::detect()),
        Some(text) => parse(text).map(MemoryLimit::bytes).ok_or_else(|| {
            Failure::error(
                format!("memory limit `{text}`: expected a number with a unit"),
                "units are B, KiB, MiB, GiB and TiB, as in `--memory-limit 20GiB`",
            )
        }),
    }
}

fn parse(text: &str) -> Option<u64> {
    let text = text.trim();
    let end = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let number: f64 = number.parse().ok()?;
    let (_, factor) = UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit.trim()))?;
    // Conversion saturates, and more than all memory there is means no limit.
    Some((number * factor) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_binary() {
        let cases = [
            ("1000000", 1_000_000),
            ("512 MiB", 512 << 20),
            ("20GiB", 20 << 30),
            ("20gib", 20 << 30),
            ("1.5KiB", 1536),
            ("0B", 0),
        ];
        for (text, bytes) in cases {
            assert_eq!(parse(text), Some(bytes), "{text}");
        }
    }

    #[test]
    fn decimal_units_and_nonsense_are_refused() {
        for text in ["20GB", "", "GiB", "-1GiB", "1e9", "NaN", "inf", "1.2.3MiB"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
