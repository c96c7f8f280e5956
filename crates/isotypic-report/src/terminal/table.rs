//! Columns of text, aligned.

use super::wrap::printable;

/// Between columns.
pub(super) const GAP: &str = "  ";

/// How the cells of a column stand in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Right,
}

/// A table whose columns are as wide as their widest cell. Headings may have several lines.
#[derive(Debug)]
pub(super) struct Table {
    columns: Vec<(String, Align)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(super) fn new(columns: &[(&str, Align)]) -> Self {
        let columns = columns.iter().map(|&(heading, align)| (heading.to_owned(), align)).collect();
        Self { columns, rows: Vec::new() }
    }

    /// Appends a row; missing cells are empty.
    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let mut row: Vec<_> = cells.into_iter().map(|cell| printable(&cell)).collect();
        row.resize(self.columns.len(), String::new());
        self.rows.push(row);
    }

    /// The characters a line takes.
    pub(super) fn width(&self) -> usize {
        let widths = self.widths();
        widths.iter().sum::<usize>() + GAP.len() * widths.len().saturating_sub(1)
    }

    /// The lines: headings, a rule, then the rows.
    pub(super) fn lines(&self) -> Vec<String> {
        let widths = self.widths();
        let mut lines = self.heading_lines(&widths);
        lines.push(line(widths.iter().map(|&width| "-".repeat(width))));
        lines.extend(self.rows.iter().map(|row| self.align(row, &widths)));
        lines
    }

    fn heading_lines(&self, widths: &[usize]) -> Vec<String> {
        let headings: Vec<Vec<_>> =
            self.columns.iter().map(|(heading, _)| heading.lines().collect()).collect();
        let height = headings.iter().map(Vec::len).max().unwrap_or(0);
        let at = |heading: &Vec<&str>, level: usize| {
            // Short headings stand at the bottom, next to their column.
            let skipped = height - heading.len();
            level.checked_sub(skipped).map_or(String::new(), |own| heading[own].to_owned())
        };
        (0..height)
            .map(|level| {
                let row: Vec<_> = headings.iter().map(|heading| at(heading, level)).collect();
                self.align(&row, widths)
            })
            .collect()
    }

    fn widths(&self) -> Vec<usize> {
        let heading = |column: usize| self.columns[column].0.lines().map(length).max().unwrap_or(0);
        let cells = |column: usize| self.rows.iter().map(|row| length(&row[column])).max().unwrap_or(0);
        (0..self.columns.len()).map(|column| heading(column).max(cells(column))).collect()
    }

    fn align(&self, row: &[String], widths: &[usize]) -> String {
        let cells = self.columns.iter().zip(row).zip(widths);
        line(cells.map(|(((_, align), cell), &width)| {
            let blanks = " ".repeat(width - length(cell));
            match align {
                Align::Left => format!("{cell}{blanks}"),
                Align::Right => format!("{blanks}{cell}"),
            }
        }))
    }
}

fn line(cells: impl Iterator<Item = String>) -> String {
    cells.collect::<Vec<_>>().join(GAP).trim_end().to_owned()
}

fn length(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(cells: &[&str]) -> Vec<String> {
        cells.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_or_heading() {
        let mut table = Table::new(&[("network", Align::Left), ("exact\nerror", Align::Right)]);
        table.row(strings(&["λ²", "0.500"]));
        table.row(strings(&["a-long-name", "-12.000"]));
        let expected = [
            "               exact",
            "network        error",
            "-----------  -------",
            "λ²             0.500",
            "a-long-name  -12.000",
        ];
        assert_eq!(table.lines(), expected);
        assert_eq!(table.width(), 20);
    }

    #[test]
    fn missing_cells_are_empty_and_lines_end_in_no_blank() {
        let mut table = Table::new(&[("a", Align::Left), ("b", Align::Left)]);
        table.row(strings(&["long"]));
        assert_eq!(table.lines(), ["a     b", "----  -", "long"]);
    }
}
