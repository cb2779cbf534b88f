//! A person's ids where they stand in the rows of others: as words of a text, as values in JSON.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, ListBuilder, RecordBatch, StringArray, StringBuilder,
};
use arrow::error::ArrowError;
use brunt_model::{ColumnType, Table};
use serde_json::Value;

/// What stands in the place of an id.
const FORGOTTEN: &str = "[forgotten]";

/// Shorter ids are words like others.
const WORD_BYTES_MIN: usize = 4;
/// Shorter numbers are numbers like others.
const NUMBER_BYTES_MIN: usize = 8;

/// The words to be taken out.
#[derive(Debug)]
pub(super) struct Mentions {
    /// All ids, also those that could be other words.
    ids: Vec<String>,
    /// Those that can be nothing else, longest first.
    words: Vec<String>,
}

impl Mentions {
    pub(super) fn of(ids: &BTreeSet<String>) -> Self {
        let mut words: Vec<String> = ids.iter().filter(|id| is_distinctive(id)).cloned().collect();
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        Self { ids: ids.iter().cloned().collect(), words }
    }

    /// Whether all ids are looked for in texts.
    pub(super) fn is_searched(&self) -> bool {
        self.words.len() == self.ids.len()
    }

    /// Whether a text has one of the ids as a word, be it one like others.
    pub(super) fn names(&self, text: &str) -> bool {
        self.ids.iter().any(|id| replaced(text, id).is_some())
    }

    /// The text with the ids taken out; `None` where it has none.
    pub(super) fn replaced(&self, text: &str) -> Option<String> {
        self.words.iter().fold(None, |done: Option<String>, word| {
            replaced(done.as_deref().unwrap_or(text), word).or(done)
        })
    }

    /// The rows without the ids, and which of them had any.
    pub(super) fn taken_out(
        &self,
        table: &Table,
        batch: &RecordBatch,
    ) -> Result<(RecordBatch, Vec<bool>), ArrowError> {
        let mut is_edited = vec![false; batch.num_rows()];
        let mut columns: Vec<ArrayRef> = batch.columns().to_vec();
        for (column, values) in table.columns.iter().zip(&mut columns) {
            // The id of a load is a hash.
            let other = match column.ty {
                _ if column.name == "load_id" => None,
                ColumnType::Text => self.texts(values, &mut is_edited, |text| self.replaced(text)),
                ColumnType::Json => {
                    self.texts(values, &mut is_edited, |text| self.replaced_in_json(text))
                }
                ColumnType::TextArray => self.lists(values, &mut is_edited),
                _ => None,
            };
            if let Some(other) = other {
                *values = other;
            }
        }
        Ok((RecordBatch::try_new(batch.schema(), columns)?, is_edited))
    }

    fn texts(
        &self,
        values: &ArrayRef,
        is_edited: &mut [bool],
        replace: impl Fn(&str) -> Option<String>,
    ) -> Option<ArrayRef> {
        let texts = values.as_string_opt::<i32>().filter(|_| !self.words.is_empty())?;
        let mut any = false;
        let mut others = StringBuilder::with_capacity(texts.len(), texts.value_data().len());
        for (edited, text) in is_edited.iter_mut().zip(texts) {
            let other = text.and_then(&replace);
            *edited |= other.is_some();
            any |= other.is_some();
            others.append_option(other.as_deref().or(text));
        }
        any.then(|| Arc::new(others.finish()) as ArrayRef)
    }

    fn lists(&self, values: &ArrayRef, is_edited: &mut [bool]) -> Option<ArrayRef> {
        let lists = values.as_list_opt::<i32>()?;
        let mut any = false;
        let mut others = ListBuilder::new(StringBuilder::new());
        for (edited, list) in is_edited.iter_mut().zip(lists.iter()) {
            let texts: Option<StringArray> =
                list.as_ref().and_then(|list| list.as_string_opt::<i32>().cloned());
            for text in texts.iter().flatten() {
                let other = text.and_then(|text| self.replaced(text));
                *edited |= other.is_some();
                any |= other.is_some();
                others.values().append_option(other.as_deref().or(text));
            }
            others.append(list.is_some());
        }
        any.then(|| Arc::new(others.finish()) as ArrayRef)
    }

    /// JSON stays JSON: where an id is a number, a text takes its place.
    fn replaced_in_json(&self, text: &str) -> Option<String> {
        let replaced = self.replaced(text)?;
        if serde_json::from_str::<serde::de::IgnoredAny>(&replaced).is_ok() {
            return Some(replaced);
        }
        let Ok(mut value) = serde_json::from_str::<Value>(text) else { return Some(replaced) };
        self.replace_leaves(&mut value);
        Some(value.to_string())
    }

    fn replace_leaves(&self, value: &mut Value) {
        match value {
            Value::String(_) | Value::Number(_) => {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                if let Some(replaced) = self.replaced(&text) {
                    *value = Value::String(replaced);
                }
            }
            Value::Array(values) => values.iter_mut().for_each(|value| self.replace_leaves(value)),
            Value::Object(fields) => {
                *fields = std::mem::take(fields)
                    .into_iter()
                    .map(|(key, mut value)| {
                        self.replace_leaves(&mut value);
                        (self.replaced(&key).unwrap_or(key), value)
                    })
                    .collect();
            }
            Value::Null | Value::Bool(_) => {}
        }
    }
}

/// Whether the word can only mean the person.
fn is_distinctive(word: &str) -> bool {
    let is_number = word.bytes().all(|byte| byte.is_ascii_digit());
    word.len() >= if is_number { NUMBER_BYTES_MIN } else { WORD_BYTES_MIN }
}

/// The text with a word taken out, where neither letter nor digit stands beside it; `None` where it is not there.
fn replaced(text: &str, word: &str) -> Option<String> {
    let joins = |character: char| character.is_alphanumeric();
    let mut other = String::new();
    let (mut n_copied, mut at) = (0, 0);
    while let Some(found) = text.get(at..).and_then(|rest| rest.find(word)) {
        let (start, end) = (at + found, at + found + word.len());
        let before = text.get(..start).and_then(|before| before.chars().next_back());
        let after = text.get(end..).and_then(|after| after.chars().next());
        if !before.is_some_and(joins) && !after.is_some_and(joins) {
            other.push_str(text.get(n_copied..start).unwrap_or_default());
            other.push_str(FORGOTTEN);
            n_copied = end;
        }
        at = end;
    }
    (n_copied > 0).then(|| other + text.get(n_copied..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mentions(ids: &[&str]) -> Mentions {
        Mentions::of(&ids.iter().map(|id| (*id).to_owned()).collect())
    }

    #[test]
    fn an_id_is_taken_out_as_a_word_and_not_as_a_part_of_one() {
        let of = mentions(&["u-42"]);
        for (text, other) in [
            ("cart of u-42 merged", Some("cart of [forgotten] merged")),
            ("/users/u-42?next=u-42", Some("/users/[forgotten]?next=[forgotten]")),
            ("session u-42-7", Some("session [forgotten]-7")),
            ("u-421 and xu-42", None),
            ("", None),
        ] {
            assert_eq!(of.replaced(text).as_deref(), other, "{text}");
        }
        assert!(of.is_searched());
    }

    #[test]
    fn short_ids_are_words_like_others() {
        let of = mentions(&["42", "ann"]);
        assert_eq!(of.replaced("ann tried 42 times"), None);
        assert!(of.names("user 42") && !of.is_searched());
    }

    #[test]
    fn json_stays_json() {
        let of = mentions(&["12345678"]);
        for (text, other) in [
            (r#"{"user":12345678,"n":1}"#, r#"{"n":1,"user":"[forgotten]"}"#),
            (r#"{"user":"12345678"}"#, r#"{"user":"[forgotten]"}"#),
        ] {
            assert_eq!(of.replaced_in_json(text).as_deref(), Some(other), "{text}");
        }
        assert_eq!(of.replaced_in_json(r#"{"user":123456789}"#), None);
    }
}
