//! Writes SVG: elements as text, numbers short, everything from users escaped.
//!
//! Colours are classes, defined in `figure.css`: a figure inside a page takes the page's light or dark colours, one in a file of
//! its own carries the style sheet. Each mark holds its value as a `<title>`, which needs no script.

use std::fmt::{Display, Write};

use super::scale::Scale;

/// The style sheet of figures, part of each standalone file.
pub(crate) const FIGURE_CSS: &str = include_str!("figure.css");

/// A figure being written, in a box of `width × height` user units.
pub(crate) struct Svg {
    width: f64,
    height: f64,
    body: String,
}

impl Svg {
    pub(crate) fn new(width: f64, height: f64) -> Self {
        Self { width, height, body: String::new() }
    }

    /// An element without content; `attributes` are written as they are.
    pub(crate) fn element(&mut self, name: &str, attributes: impl Display) {
        // Writing to a string does not fail.
        let _ = writeln!(self.body, "<{name} {attributes}/>");
    }

    /// A mark with its value in words, which a browser shows when it is pointed at.
    pub(crate) fn mark(&mut self, name: &str, attributes: impl Display, tip: &str) {
        let _ = writeln!(self.body, "<{name} {attributes}><title>{}</title></{name}>", escape(tip));
    }

    /// What follows belongs to the architecture with this place, so that a page can show it alone.
    pub(crate) fn open_group(&mut self, architecture: usize) {
        self.raw(&format!("<g data-arch=\"{architecture}\">\n"));
    }

    /// Ends what [`open_group`](Self::open_group) began.
    pub(crate) fn close_group(&mut self) {
        self.raw("</g>\n");
    }

    /// Markup that is known to be safe.
    pub(crate) fn raw(&mut self, markup: &str) {
        self.body.push_str(markup);
    }

    /// Text with the anchor `start`, `middle` or `end`.
    pub(crate) fn text(&mut self, x: f64, y: f64, anchor: &str, class: &str, text: &str) {
        let (x, y) = (short(x), short(y));
        let _ = writeln!(
            self.body,
            "<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\" class=\"{class}\">{}</text>",
            escape(text)
        );
    }

    /// Text that runs upwards, centred.
    pub(crate) fn upright_text(&mut self, x: f64, y: f64, class: &str, text: &str) {
        let (x, y) = (short(x), short(y));
        let _ = writeln!(
            self.body,
            "<text transform=\"translate({x} {y}) rotate(-90)\" text-anchor=\"middle\" class=\"{class}\">{}</text>",
            escape(text)
        );
    }

    pub(crate) fn line(&mut self, from: (f64, f64), to: (f64, f64), class: &str) {
        let [x1, y1, x2, y2] = [from.0, from.1, to.0, to.1].map(short);
        self.element(
            "line",
            format_args!("x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\" class=\"{class}\""),
        );
    }

    /// Lines and labels at about `count` ticks of a vertical scale, between two edges.
    pub(crate) fn horizontal_grid(&mut self, scale: &Scale, count: usize, (left, right): (f64, f64)) {
        for (value, label) in scale.fine_ticks(count) {
            let y = scale.at(value);
            self.line((left, y), (right, y), "grid");
            self.text(left - 8.0, y + 4.0, "end", "tick", &label);
        }
    }

    /// The figure as an `<svg>` element with a title and a description for those who do not see it.
    pub(crate) fn finish(self, title: &str, description: &str) -> String {
        let (width, height) = (short(self.width), short(self.height));
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"figure\" viewBox=\"0 0 {width} {height}\" role=\"img\">\n\
             <title>{}</title>\n<desc>{}</desc>\n{}</svg>",
            escape(title),
            escape(description),
            self.body
        )
    }
}

/// An `<svg>` element as a file of its own, with the style sheet.
pub(crate) fn standalone(svg: &str) -> String {
    let style =
        format!("<style>\n{FIGURE_CSS}</style>\n<rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n");
    let at = svg.find("</desc>\n").map_or(svg.len(), |at| at + "</desc>\n".len());
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}{style}{}\n", &svg[..at], &svg[at..])
}

/// Text that is safe between tags and inside quotes; control characters, which XML forbids, become `?`.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            letter if letter.is_control() || matches!(letter, '\u{fffe}' | '\u{ffff}') => escaped.push('?'),
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// A coordinate with at most two decimals.
pub(crate) fn short(value: f64) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_are_short() {
        assert_eq!([1.0, 0.125, -0.001, 10.5, 100.0].map(short), ["1", "0.12", "0", "10.5", "100"]);
    }

    #[test]
    fn nothing_from_users_is_markup() {
        assert_eq!(escape("<script>&\"'\u{1b}"), "&lt;script&gt;&amp;&quot;&#39;?");
        let mut svg = Svg::new(1.0, 1.0);
        svg.text(0.0, 0.0, "start", "label", "</text><script>");
        svg.mark("circle", "r=\"1\"", "<b>");
        assert!(!svg.finish("</title>", "</desc>").contains("<script>"));
    }

    #[test]
    fn a_file_of_its_own_has_the_style() {
        let file = standalone(&Svg::new(2.0, 3.0).finish("t", "d"));
        assert!(
            file.starts_with("<?xml") && file.contains("prefers-color-scheme") && file.ends_with("</svg>\n")
        );
    }
}
