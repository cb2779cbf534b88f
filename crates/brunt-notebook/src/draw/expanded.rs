//! One column a line, for rows that are wider than any terminal.

use unicode_width::UnicodeWidthStr;

use super::cell::Grid;

pub(super) fn draw(grid: &Grid) -> String {
    let name_width = grid.columns.iter().map(|column| column.name.width()).max().unwrap_or(0);
    let mut text = String::new();
    for (row_idx, row) in grid.rows.iter().enumerate() {
        text.push_str(&format!("─[ row {} ]─\n", row_idx + 1));
        for (column, cell) in grid.columns.iter().zip(row) {
            let padding = " ".repeat(name_width - column.name.width());
            let value = cell.as_deref().unwrap_or_default();
            let value = value.replace('\n', &format!("\n{} │ ", " ".repeat(name_width)));
            text.push_str(format!("{}{padding} │ {value}", column.name).trim_end());
            text.push('\n');
        }
    }
    if grid.n_rows > grid.rows.len() || grid.rows.is_empty() {
        text.push_str(&format!("({} rows, {} shown)\n", grid.n_rows, grid.rows.len()));
    }
    text
}
