//! One column a line, for rows that are wider than any terminal.

use unicode_width::UnicodeWidthStr;

use super::cell::Grid;
use super::width::wrap;

/// Values are not broken into lines narrower than this.
const WIDTH_MIN: usize = 16;

pub(super) fn draw(grid: &Grid, width_max: Option<usize>) -> String {
    let name_width = grid.columns.iter().map(|column| column.name.width()).max().unwrap_or(0);
    let value_width =
        width_max.map_or(usize::MAX, |width| width.saturating_sub(name_width + 3).max(WIDTH_MIN));
    let mut text = String::new();
    for (row_idx, row) in grid.rows.iter().enumerate() {
        text.push_str(&format!("─[ row {} ]─\n", row_idx + 1));
        for (column, cell) in grid.columns.iter().zip(row) {
            let value = cell.as_deref().unwrap_or_default();
            let lines = value.split('\n').flat_map(|line| wrap(line, value_width));
            for (line_idx, line) in lines.enumerate() {
                let name = if line_idx == 0 { column.name.as_str() } else { "" };
                let padding = " ".repeat(name_width - name.width());
                text.push_str(format!("{name}{padding} │ {line}").trim_end());
                text.push('\n');
            }
        }
    }
    if grid.n_rows > grid.rows.len() || grid.rows.is_empty() {
        text.push_str(&format!("({} rows, {} shown)\n", grid.n_rows, grid.rows.len()));
    }
    text
}
