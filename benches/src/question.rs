//! A question: SQL in a shared dialect, and an engine's own where that says it better.
//!
//! `NAME.sql` opens with comments: what is asked, then `-- ordered` where rows have an order, `-- only ENGINE` where one
//! engine alone can answer, and `-- let NAME = QUERY` for each `{NAME}` that stands in its texts. `NAME.DIALECT.sql` is
//! asked in its place where the engine speaks that dialect.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::error::Error;

/// One of the product's own questions.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Question {
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) is_ordered: bool,
    /// The one engine that can answer.
    pub(crate) only: Option<String>,
    /// Names and the queries whose first value they stand for.
    pub(crate) lets: Vec<(String, String)>,
    shared: String,
    by_dialect: BTreeMap<String, String>,
}

impl Question {
    /// The text for engines of a dialect.
    pub(crate) fn text(&self, dialect: &str) -> &str {
        self.by_dialect.get(dialect).unwrap_or(&self.shared)
    }

    /// Puts a value where its name stands, in all texts.
    pub(crate) fn bind(&mut self, name: &str, value: &str) {
        let placeholder = format!("{{{name}}}");
        for text in self.by_dialect.values_mut().chain([&mut self.shared]) {
            *text = text.replace(&placeholder, value);
        }
    }

    fn parse(name: &str, text: &str) -> Self {
        let mut question =
            Self { name: name.to_owned(), shared: text.to_owned(), ..Self::default() };
        for line in text.lines().map_while(|line| line.strip_prefix("-- ")) {
            if line == "ordered" {
                question.is_ordered = true;
            } else if let Some(engine) = line.strip_prefix("only ") {
                question.only = Some(engine.to_owned());
            } else if let Some((name, query)) =
                line.strip_prefix("let ").and_then(|line| line.split_once(" = "))
            {
                question.lets.push((name.to_owned(), query.to_owned()));
            } else if question.title.is_empty() {
                line.trim_end_matches('.').clone_into(&mut question.title);
            }
        }
        question
    }
}

/// All questions of a folder, by name.
///
/// # Errors
/// Where the folder cannot be read, or a dialect's text has no shared one beside it.
pub(crate) fn read_all(folder: &Path) -> Result<Vec<Question>, Error> {
    let mut texts = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(Error::io("read", folder))? {
        let path = entry.map_err(Error::io("read", folder))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if let Some(stem) = name.strip_suffix(".sql") {
            texts.insert(
                stem.to_owned(),
                fs::read_to_string(&path).map_err(Error::io("read", &path))?,
            );
        }
    }
    let mut questions: BTreeMap<&str, Question> = BTreeMap::new();
    for (stem, text) in &texts {
        match stem.split_once('.') {
            None => {
                questions.insert(stem, Question::parse(stem, text));
            }
            Some((name, dialect)) => {
                let alone = || Error::Question {
                    file: format!("{stem}.sql"),
                    reason: format!("{name}.sql is missing"),
                };
                let question = questions.get_mut(name).ok_or_else(alone)?;
                question.by_dialect.insert(dialect.to_owned(), text.clone());
            }
        }
    }
    Ok(questions.into_values().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_say_how_a_question_is_asked() {
        let text = "-- What is it?\n-- ordered\n-- let id = SELECT min(id) FROM t\nSELECT '{id}'\n-- only a comment";
        let mut question = Question::parse("it", text);
        assert_eq!(
            (question.title.as_str(), question.is_ordered, &question.only),
            ("What is it?", true, &None)
        );
        assert_eq!(question.lets, [("id".to_owned(), "SELECT min(id) FROM t".to_owned())]);
        question.bind("id", "x");
        assert!(question.text("any").contains("SELECT 'x'"));
    }

    #[test]
    fn every_question_has_a_title_and_binds_what_it_names() {
        let questions = read_all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("questions"))
            .expect("the folder is there");
        assert!(questions.len() >= 13);
        for mut question in questions {
            assert!(!question.title.is_empty(), "{}", question.name);
            for (name, _) in question.lets.clone() {
                question.bind(&name, "value");
            }
            for dialect in ["brunt", "duckdb", "chdb"] {
                let sql: String =
                    question.text(dialect).lines().filter(|line| !line.starts_with("--")).collect();
                assert!(!sql.contains('{'), "{} for {dialect}", question.name);
            }
        }
    }
}
