//! The text form of a notebook: front matter, prose, and named SQL cells.

use crate::error::Error;

/// A notebook as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notebook {
    /// The name that it is run by: its file name without the ending.
    pub name: String,
    /// From the front matter, else the name.
    pub title: String,
    /// In the order of the front matter.
    pub parameters: Vec<Parameter>,
    pub cells: Vec<Cell>,
}

/// A parameter with its default, both as text; cells refer to it as `$name`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    pub name: String,
    pub default: String,
}

/// A piece of a notebook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Markdown, as written.
    Prose(String),
    /// A query; later cells may read it as a view of its name.
    Query { name: String, sql: String, line: usize },
}

impl Notebook {
    /// Parses a notebook.
    ///
    /// ````text
    /// ---
    /// title: Which errors cost the most
    /// parameters:
    ///   journey: checkout
    /// ---
    /// Prose in Markdown.
    ///
    /// ```sql worst
    /// SELECT * FROM error_impact(journey => $journey) LIMIT 5
    /// ```
    /// ````
    ///
    /// # Errors
    /// [`Error::Malformed`] with the line for a front matter or fence that is not closed, a line of the front matter
    /// that is neither `title` nor a parameter, a cell without a name, and two cells of one name.
    pub fn parse(name: &str, text: &str) -> Result<Self, Error> {
        let mut notebook = Self {
            name: name.to_owned(),
            title: name.to_owned(),
            parameters: Vec::new(),
            cells: Vec::new(),
        };
        let lines: Vec<&str> = text.lines().collect();
        let body_start = if lines.first() == Some(&"---") {
            read_front_matter(&mut notebook, &lines)?
        } else {
            0
        };
        read_cells(&mut notebook, &lines, body_start)?;
        Ok(notebook)
    }
}

/// Reads up to the closing `---` and returns the index of the line after it.
fn read_front_matter(notebook: &mut Notebook, lines: &[&str]) -> Result<usize, Error> {
    let mut in_parameters = false;
    for (line_idx, line) in lines.iter().enumerate().skip(1) {
        if *line == "---" {
            return Ok(line_idx + 1);
        }
        let wrong = |reason: &str| malformed(notebook, line_idx, reason);
        if line.trim().is_empty() || line.trim_start().starts_with('#') {
            continue;
        }
        let (key, value) = line.split_once(':').ok_or_else(|| wrong("expected `key: value`"))?;
        let value = value.trim().trim_matches('"').to_owned();
        if key.starts_with(' ') && in_parameters {
            notebook.parameters.push(Parameter { name: key.trim().to_owned(), default: value });
        } else if key == "title" {
            notebook.title = value;
        } else if key == "parameters" {
            in_parameters = true;
        } else {
            return Err(wrong("the front matter holds `title` and `parameters` only"));
        }
    }
    Err(malformed(notebook, 0, "the front matter is not closed by `---`"))
}

fn read_cells(notebook: &mut Notebook, lines: &[&str], start: usize) -> Result<(), Error> {
    let mut prose: Vec<&str> = Vec::new();
    let mut line_idx = start;
    while let Some(line) = lines.get(line_idx) {
        let Some(name) = line.strip_prefix("```sql") else {
            prose.push(line);
            line_idx += 1;
            continue;
        };
        let name = name.trim();
        if name.is_empty() || name.contains(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
            return Err(malformed(
                notebook,
                line_idx,
                "a cell needs a name of letters, digits and _: ```sql NAME",
            ));
        }
        let is_taken =
            |cell: &Cell| matches!(cell, Cell::Query { name: other, .. } if other == name);
        if notebook.cells.iter().any(is_taken) {
            return Err(malformed(notebook, line_idx, "a cell of this name stands above"));
        }
        let n_lines = lines[line_idx + 1..]
            .iter()
            .position(|line| line.trim_end() == "```")
            .ok_or_else(|| malformed(notebook, line_idx, "the cell is not closed by ```"))?;
        push_prose(notebook, &mut prose);
        let sql = lines[line_idx + 1..=line_idx + n_lines].join("\n");
        notebook.cells.push(Cell::Query { name: name.to_owned(), sql, line: line_idx + 2 });
        line_idx += n_lines + 2;
    }
    push_prose(notebook, &mut prose);
    Ok(())
}

fn push_prose(notebook: &mut Notebook, prose: &mut Vec<&str>) {
    let text = prose.join("\n").trim().to_owned();
    if !text.is_empty() {
        notebook.cells.push(Cell::Prose(text));
    }
    prose.clear();
}

fn malformed(notebook: &Notebook, line_idx: usize, reason: &str) -> Error {
    Error::Malformed {
        notebook: notebook.name.clone(),
        line: line_idx + 1,
        reason: reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_and_cells_are_read_in_order() {
        let text = "---\ntitle: \"Costs\"\nparameters:\n  journey: checkout\n---\n# One\n\n```sql a\nSELECT 1\n```\nTwo\n```sql b\nSELECT 2\n```\n";
        let notebook = Notebook::parse("costs", text).unwrap();
        assert_eq!(notebook.title, "Costs");
        assert_eq!(
            notebook.parameters,
            [Parameter { name: "journey".into(), default: "checkout".into() }]
        );
        assert_eq!(
            notebook.cells,
            [
                Cell::Prose("# One".into()),
                Cell::Query { name: "a".into(), sql: "SELECT 1".into(), line: 9 },
                Cell::Prose("Two".into()),
                Cell::Query { name: "b".into(), sql: "SELECT 2".into(), line: 13 },
            ]
        );
    }

    #[test]
    fn other_fences_are_prose() {
        let notebook = Notebook::parse("n", "```sh\nls\n```\n").unwrap();
        assert_eq!(notebook.cells, [Cell::Prose("```sh\nls\n```".into())]);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        for (text, message) in [
            (
                "a\n```sql\nSELECT 1\n```",
                "notebook \"n\", line 2: a cell needs a name of letters, digits and _: ```sql NAME",
            ),
            ("```sql a\nSELECT 1", "notebook \"n\", line 1: the cell is not closed by ```"),
            (
                "```sql a\n```\n```sql a\n```",
                "notebook \"n\", line 3: a cell of this name stands above",
            ),
            ("---\ntitle: x", "notebook \"n\", line 1: the front matter is not closed by `---`"),
            (
                "---\nauthor: x\n---",
                "notebook \"n\", line 2: the front matter holds `title` and `parameters` only",
            ),
        ] {
            assert_eq!(Notebook::parse("n", text).unwrap_err().to_string(), message);
        }
    }
}
