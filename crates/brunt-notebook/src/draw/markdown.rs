//! A Markdown table.

use super::cell::Grid;

pub(super) fn draw(grid: &Grid) -> String {
    let mut text = String::new();
    let names: Vec<&str> = grid.columns.iter().map(|column| column.name.as_str()).collect();
    push_row(&mut text, &names);
    let rule: Vec<&str> =
        grid.columns.iter().map(|column| if column.is_number { "---:" } else { "---" }).collect();
    push_row(&mut text, &rule);
    for row in &grid.rows {
        let cells: Vec<String> =
            row.iter().map(|cell| escape(cell.as_deref().unwrap_or_default())).collect();
        push_row(&mut text, &cells);
    }
    text
}

fn push_row<S: AsRef<str>>(text: &mut String, cells: &[S]) {
    text.push('|');
    for cell in cells {
        text.push_str(&format!(" {} |", cell.as_ref()));
    }
    text.push('\n');
}

fn escape(text: &str) -> String {
    text.replace('|', "\\|").replace(['\n', '\r'], " ")
}
