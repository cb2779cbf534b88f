//! Columns side by side, narrowed until the widest line fits.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::cell::Grid;

const GAP: usize = 2;
/// Columns of prose are not narrowed below this many characters; past that, columns at the right are left out.
const WIDTH_MIN: usize = 16;

pub(super) fn draw(grid: &Grid, width_max: Option<usize>) -> String {
    let flat: Vec<Vec<String>> = grid
        .rows
        .iter()
        .map(|row| {
            row.iter().map(|cell| cell.as_deref().map_or_else(String::new, one_line)).collect()
        })
        .collect();
    let mut widths = natural_widths(grid, &flat);
    let n_shown = width_max.map_or(widths.len(), |width_max| fit(grid, &mut widths, width_max));
    let mut text = String::new();
    let names: Vec<String> = grid.columns.iter().map(|column| column.name.clone()).collect();
    push_line(&mut text, grid, &names, &widths[..n_shown]);
    let rule: Vec<String> = widths[..n_shown].iter().map(|width| "─".repeat(*width)).collect();
    text.push_str(rule.join(&" ".repeat(GAP)).trim_end());
    text.push('\n');
    for row in &flat {
        push_line(&mut text, grid, row, &widths[..n_shown]);
    }
    push_notes(&mut text, grid, n_shown);
    text
}

fn natural_widths(grid: &Grid, rows: &[Vec<String>]) -> Vec<usize> {
    let columns = grid.columns.iter().enumerate();
    columns
        .map(|(column_idx, column)| {
            let cells = rows.iter().filter_map(|row| row.get(column_idx)).map(|cell| cell.width());
            cells.chain([column.name.width(), 1]).max().unwrap_or(1)
        })
        .collect()
}

/// Leaves out columns at the right until the rest can fit, then narrows the widest column of prose again and again;
/// returns how many columns are shown. Ids and times are whole or left out, but for the first column, which is always
/// there.
fn fit(grid: &Grid, widths: &mut [usize], width_max: usize) -> usize {
    let total =
        |widths: &[usize]| widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1);
    let is_prose = |column_idx: usize| grid.columns[column_idx].is_prose;
    let narrow = |(column_idx, width): (usize, &usize)| {
        if is_prose(column_idx) { (*width).min(WIDTH_MIN) } else { *width }
    };
    let narrowest: Vec<usize> = widths.iter().enumerate().map(narrow).collect();
    let mut n_shown = widths.len();
    while n_shown > 1 && total(&narrowest[..n_shown]) > width_max {
        n_shown -= 1;
    }
    let shown = &mut widths[..n_shown];
    while total(shown) > width_max {
        let by_width = |but: Option<usize>| {
            let prose = shown.iter().copied().enumerate();
            prose
                .filter(|(column_idx, _)| is_prose(*column_idx) && Some(*column_idx) != but)
                .max_by_key(|(_, width)| *width)
        };
        let Some((widest, width)) = by_width(None).filter(|(_, width)| *width > WIDTH_MIN) else {
            break;
        };
        let runner_up = by_width(Some(widest)).map_or(0, |(_, width)| width);
        let floor = runner_up.min(width - 1).max(WIDTH_MIN);
        shown[widest] = floor.max(width.saturating_sub(total(shown) - width_max));
    }
    if let [only] = shown {
        *only = (*only).min(width_max);
    }
    n_shown
}

fn push_line(text: &mut String, grid: &Grid, cells: &[String], widths: &[usize]) {
    let mut line = String::new();
    for (column_idx, width) in widths.iter().enumerate() {
        if column_idx > 0 {
            line.push_str(&" ".repeat(GAP));
        }
        let cell = cells.get(column_idx).map_or_else(String::new, |cell| shorten(cell, *width));
        let padding = " ".repeat(width.saturating_sub(cell.width()));
        if grid.columns[column_idx].is_number {
            line.push_str(&padding);
            line.push_str(&cell);
        } else {
            line.push_str(&cell);
            line.push_str(&padding);
        }
    }
    text.push_str(line.trim_end());
    text.push('\n');
}

fn push_notes(text: &mut String, grid: &Grid, n_shown: usize) {
    let rows = match grid.n_rows {
        1 => "1 row".to_owned(),
        n_rows if n_rows > grid.rows.len() => format!("{n_rows} rows, {} shown", grid.rows.len()),
        n_rows => format!("{n_rows} rows"),
    };
    let hidden: Vec<&str> =
        grid.columns[n_shown..].iter().map(|column| column.name.as_str()).collect();
    let columns = if hidden.is_empty() {
        String::new()
    } else {
        format!("; columns that did not fit: {}", hidden.join(", "))
    };
    text.push_str(&format!("({rows}{columns})\n"));
}

/// Line breaks and tabs would break the columns.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Cuts a text to a width in terminal columns, with an ellipsis where something was cut.
fn shorten(text: &str, width_max: usize) -> String {
    if text.width() <= width_max {
        return text.to_owned();
    }
    let mut short = String::new();
    let mut width = 0;
    for c in text.chars() {
        width += c.width().unwrap_or(0);
        if width >= width_max {
            break;
        }
        short.push(c);
    }
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};

    use super::*;

    fn draw_rows(rows: &[(Option<&str>, i64)], width_max: Option<usize>) -> String {
        let titles: ArrayRef = Arc::new(rows.iter().map(|row| row.0).collect::<StringArray>());
        let counts: ArrayRef = Arc::new(rows.iter().map(|row| Some(row.1)).collect::<Int64Array>());
        let batch = RecordBatch::try_from_iter([("title", titles), ("n", counts)]).unwrap();
        draw(&Grid::new(&batch.schema(), &[batch], None).unwrap(), width_max)
    }

    #[test]
    fn numbers_stand_right_and_null_is_empty() {
        let text = draw_rows(&[(Some("payment\ttimed out"), 12), (None, 1_000)], None);
        assert_eq!(
            text,
            "title                 n\n─────────────────  ────\npayment timed out    12\n                   1000\n(2 rows)\n"
        );
    }

    #[test]
    fn wide_text_is_cut_to_the_terminal() {
        let text = draw_rows(&[(Some("a very long title that does not fit"), 5)], Some(20));
        assert_eq!(
            text,
            "title              n\n─────────────────  ─\na very long titl…  5\n(1 row)\n"
        );
    }

    #[test]
    fn columns_that_cannot_fit_are_named() {
        let text = draw_rows(&[(Some("0123456789abcdef"), 123_456_789)], Some(18));
        assert_eq!(
            text,
            "title\n────────────────\n0123456789abcdef\n(1 row; columns that did not fit: n)\n"
        );
    }

    #[test]
    fn an_answer_without_rows_has_its_header() {
        assert_eq!(draw_rows(&[], None), "title  n\n─────  ─\n(0 rows)\n");
    }
}
