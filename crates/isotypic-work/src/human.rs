//! Numbers as people read them: `8,256`, `12.4 MiB`, `2 min 5 s`.

/// A count with a comma between thousands: `8,256`.
pub fn thousands(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of bytes in binary units with at most one decimal: `512 B`, `12.4 MiB`, `42 GiB`.
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if count < 1024 {
        return format!("{count} B");
    }
    let mut value = count as f64 / 1024.0;
    let mut unit = 0;
    // The bound is that of the printed value, so that 1023.97 KiB reads 1 MiB.
    while value >= 1023.95 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{} {}", one_decimal(value), UNITS[unit])
}

/// A duration in its two largest units: `40 ms`, `3.2 s`, `2 min 5 s`, `3 h 20 min`, `2 d 4 h`.
///
/// `seconds` below zero count as zero; infinite or NaN reads `an unknown time`.
pub fn duration(seconds: f64) -> String {
    if !seconds.is_finite() {
        return "an unknown time".to_owned();
    }
    let seconds = seconds.max(0.0);
    if seconds < 0.0005 {
        return "0 s".to_owned();
    }
    if seconds < 0.0995 {
        return format!("{:.0} ms", seconds * 1e3);
    }
    if seconds < 9.95 {
        return format!("{} s", one_decimal(seconds));
    }
    let two = |whole: u64, unit, rest: u64, rest_unit| match rest {
        0 => format!("{whole} {unit}"),
        _ => format!("{whole} {unit} {rest} {rest_unit}"),
    };
    let whole = seconds.round() as u64;
    let minutes = (seconds / 60.0).round() as u64;
    let hours = (seconds / 3600.0).round() as u64;
    if whole < 60 {
        format!("{whole} s")
    } else if whole < 3600 {
        two(whole / 60, "min", whole % 60, "s")
    } else if minutes < 24 * 60 {
        two(minutes / 60, "h", minutes % 60, "min")
    } else {
        two(hours / 24, "d", hours % 24, "h")
    }
}

fn one_decimal(value: f64) -> String {
    let text = format!("{value:.1}");
    match text.strip_suffix(".0") {
        Some(whole) => whole.to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_separated_by_commas() {
        let cases = [(0, "0"), (999, "999"), (1_000, "1,000"), (8_256, "8,256"), (1_234_567, "1,234,567")];
        for (count, text) in cases {
            assert_eq!(thousands(count), text);
        }
        assert_eq!(thousands(u64::MAX), "18,446,744,073,709,551,615");
    }

    #[test]
    fn bytes_choose_the_unit_of_the_printed_value() {
        let cases = [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1 KiB"),
            (13_002_342, "12.4 MiB"),
            ((1 << 20) - 1, "1 MiB"),
            (42 << 30, "42 GiB"),
            (u64::MAX, "16 EiB"),
        ];
        for (count, text) in cases {
            assert_eq!(bytes(count), text);
        }
    }

    #[test]
    fn durations_carry_into_the_larger_unit() {
        let cases = [
            (-1.0, "0 s"),
            (0.04, "40 ms"),
            (0.0999, "0.1 s"),
            (3.0, "3 s"),
            (3.24, "3.2 s"),
            (9.96, "10 s"),
            (59.7, "1 min"),
            (125.0, "2 min 5 s"),
            (3599.6, "1 h"),
            (12_000.0, "3 h 20 min"),
            (86_399.0, "1 d"),
            (187_200.0, "2 d 4 h"),
            (f64::INFINITY, "an unknown time"),
            (f64::NAN, "an unknown time"),
        ];
        for (seconds, text) in cases {
            assert_eq!(duration(seconds), text);
        }
    }
}
