//! Text broken at blanks into lines of a given width.

/// Lines of at most `width` characters; a longer word has a line of its own. Never empty.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split_whitespace() {
        let word = printable(word);
        let length = word.chars().count();
        if used > 0 && used + 1 + length > width {
            lines.push(String::new());
            used = 0;
        }
        let line = lines.last_mut().expect("there is always a line");
        if used > 0 {
            line.push(' ');
            used += 1;
        }
        line.push_str(&word);
        used += length;
    }
    lines
}

/// A paragraph whose first line begins with `first` and whose other lines are indented as far.
pub(super) fn paragraph(first: &str, text: &str, width: usize) -> String {
    let indent = first.chars().count();
    let mut paragraph = String::new();
    for (i, line) in wrap(text, width.saturating_sub(indent)).iter().enumerate() {
        match i {
            0 => paragraph.push_str(first),
            _ => paragraph.extend(std::iter::repeat_n(' ', indent)),
        }
        paragraph.push_str(line);
        paragraph.push('\n');
    }
    paragraph
}

/// The text with control characters replaced, so that a file name cannot steer the terminal.
pub(super) fn printable(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { '?' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_full_but_not_longer_than_the_width() {
        assert_eq!(wrap("one two  three\nfour", 9), ["one two", "three", "four"]);
        assert_eq!(wrap("one two", 7), ["one two"]);
        assert_eq!(wrap("a extraordinarily b", 5), ["a", "extraordinarily", "b"]);
        assert_eq!(wrap("", 5), [""]);
    }

    #[test]
    fn letters_count_not_bytes() {
        assert_eq!(wrap("λ² × λ²", 7), ["λ² × λ²"]);
    }

    #[test]
    fn a_paragraph_hangs_below_its_first_word() {
        assert_eq!(paragraph("- ", "one two three", 8), "- one\n  two\n  three\n");
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(wrap("a\u{1b}[2Jb", 20), ["a?[2Jb"]);
    }
}
