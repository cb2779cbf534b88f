//! Columns side by side, narrowed until the widest line fits.

use unicode_width::UnicodeWidthStr;

use super::cell::Grid;
use super::width::{shorten, wrap};

const GAP: usize = 2;
/// Columns of prose are not narrowed below this many characters; past that, columns are left out.
const WIDTH_MIN: usize = 16;

pub(super) fn draw(grid: &Grid, width_max: Option<usize>) -> String {
    let flat: Vec<Vec<String>> = grid
        .rows
        .iter()
        .map(|row| {
            row.iter().map(|cell| cell.as_deref().map_or_else(String::new, one_line)).collect()
        })
        .collect();
    let natural = natural_widths(grid, &flat);
    let shown = match width_max {
        Some(width_max) => fit(grid, &natural, width_max),
        None => natural.into_iter().enumerate().collect(),
    };
    let mut text = String::new();
    let names: Vec<String> = grid.columns.iter().map(|column| column.name.clone()).collect();
    push_line(&mut text, grid, &names, &shown);
    let rule: Vec<String> = shown.iter().map(|(_, width)| "─".repeat(*width)).collect();
    text.push_str(rule.join(&" ".repeat(GAP)).trim_end());
    text.push('\n');
    for row in &flat {
        push_line(&mut text, grid, row, &shown);
    }
    push_notes(&mut text, grid, &shown, width_max);
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

/// The columns to show, each with its width: leaves out ids, then others, each time the one at the right, until the rest
/// can fit; then narrows the widest column of prose again and again. Ids and times are whole or left out, but for the
/// first column, which is always there.
fn fit(grid: &Grid, natural: &[usize], width_max: usize) -> Vec<(usize, usize)> {
    let is_prose = |column_idx: usize| grid.columns[column_idx].is_prose;
    let narrowest = |(column_idx, width): (usize, usize)| {
        if is_prose(column_idx) { width.min(WIDTH_MIN) } else { width }
    };
    let mut shown: Vec<(usize, usize)> = natural.iter().copied().enumerate().collect();
    while shown.len() > 1 && total(shown.iter().map(|column| narrowest(*column))) > width_max {
        let is_id = |(column_idx, _): &(usize, usize)| grid.columns[*column_idx].is_id();
        let last_id = shown.iter().skip(1).rposition(is_id).map(|place| place + 1);
        shown.remove(last_id.unwrap_or(shown.len() - 1));
    }
    loop {
        let excess = total(shown.iter().map(|(_, width)| *width)).saturating_sub(width_max);
        let mut prose: Vec<&mut usize> = shown
            .iter_mut()
            .filter(|(column_idx, width)| is_prose(*column_idx) && *width > WIDTH_MIN)
            .map(|(_, width)| width)
            .collect();
        prose.sort();
        let Some(widest) = prose.pop().filter(|_| excess > 0) else { break };
        let runner_up = prose.pop().map_or(WIDTH_MIN, |width| *width);
        *widest = widest.saturating_sub(excess).max(runner_up.min(*widest - 1));
    }
    if let [(_, only)] = shown.as_mut_slice() {
        *only = (*only).min(width_max);
    }
    shown
}

fn total(widths: impl ExactSizeIterator<Item = usize>) -> usize {
    let gaps = GAP * widths.len().saturating_sub(1);
    widths.sum::<usize>() + gaps
}

fn push_line(text: &mut String, grid: &Grid, cells: &[String], shown: &[(usize, usize)]) {
    let mut line = String::new();
    for (place, (column_idx, width)) in shown.iter().enumerate() {
        if place > 0 {
            line.push_str(&" ".repeat(GAP));
        }
        let cell = cells.get(*column_idx).map_or_else(String::new, |cell| shorten(cell, *width));
        let padding = " ".repeat(width.saturating_sub(cell.width()));
        if grid.columns[*column_idx].is_number {
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

fn push_notes(text: &mut String, grid: &Grid, shown: &[(usize, usize)], width_max: Option<usize>) {
    let rows = match grid.n_rows {
        1 => "1 row".to_owned(),
        n_rows if n_rows > grid.rows.len() => format!("{n_rows} rows, {} shown", grid.rows.len()),
        n_rows => format!("{n_rows} rows"),
    };
    let hidden: Vec<&str> = (0..grid.columns.len())
        .filter(|column_idx| shown.iter().all(|(shown_idx, _)| shown_idx != column_idx))
        .map(|column_idx| grid.columns[column_idx].name.as_str())
        .collect();
    let columns = if hidden.is_empty() {
        String::new()
    } else {
        format!("; columns that did not fit: {}", hidden.join(", "))
    };
    for line in wrap(&format!("({rows}{columns})"), width_max.unwrap_or(usize::MAX)) {
        text.push_str(&line);
        text.push('\n');
    }
}

/// Line breaks and tabs would break the columns.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
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
            "title\n────────────────\n0123456789abcdef\n(1 row; columns\n that did not fit:\n n)\n"
        );
    }

    fn draw_columns(columns: &[(&str, &str)], width_max: usize) -> String {
        let column = |(name, cell): &(&str, &str)| {
            (name.to_string(), Arc::new(StringArray::from(vec![cell.to_string()])) as ArrayRef)
        };
        let batch = RecordBatch::try_from_iter(columns.iter().map(column)).unwrap();
        draw(&Grid::new(&batch.schema(), &[batch], None).unwrap(), Some(width_max))
    }

    #[test]
    fn ids_are_left_out_before_what_they_identify() {
        let columns = [
            ("load_id", "l-01"),
            ("trace_id", "0123456789abcdef"),
            ("revenue", "12.50"),
            ("session_id", "s-0001"),
            ("accused", "true"),
        ];
        assert_eq!(
            draw_columns(&columns, 26),
            "load_id  revenue  accused\n───────  ───────  ───────\nl-01     12.50    true\n\
             (1 row; columns that did\n not fit: trace_id,\n session_id)\n"
        );
        assert!(draw_columns(&columns, 17).contains("\nl-01     12.50\n"));
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        let names: Vec<String> = (0..60).map(|n| format!("column_{n}")).collect();
        let columns: Vec<(&str, &str)> =
            names.iter().map(|name| (name.as_str(), "a text of several words")).collect();
        for width_max in [20, 40, 80] {
            let text = draw_columns(&columns, width_max);
            assert!(text.lines().all(|line| line.width() <= width_max), "{text}");
            assert!(text.contains("column_59"), "{text}");
        }
    }

    #[test]
    fn an_answer_without_rows_has_its_header() {
        assert_eq!(draw_rows(&[], None), "title  n\n─────  ─\n(0 rows)\n");
    }
}
