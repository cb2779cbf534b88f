//! Whether two engines answered the same: whole numbers and text exactly, others to six digits.

use std::cmp::Ordering;

use serde_json::Value;

const RELATIVE_ERROR_MAX: f64 = 1e-6;

/// The first difference between two answers, in words; `None` where they agree.
///
/// Rows of an answer without an order are sorted first, by what is exact in them.
pub(crate) fn difference(ours: &[Value], theirs: &[Value], is_ordered: bool) -> Option<String> {
    if ours.len() != theirs.len() {
        return Some(format!("{} rows, not {}", theirs.len(), ours.len()));
    }
    let (mut ours, mut theirs): (Vec<&Value>, Vec<&Value>) =
        (ours.iter().collect(), theirs.iter().collect());
    if !is_ordered {
        ours.sort_by(|a, b| order(a, b));
        theirs.sort_by(|a, b| order(a, b));
    }
    ours.iter()
        .zip(theirs)
        .find(|(ours, theirs)| !is_same(ours, theirs))
        .map(|(ours, theirs)| format!("{theirs}, not {ours}"))
}

fn is_same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same(a, b))
        }
        (Value::Number(_), Value::Number(_)) if a.is_i64() && b.is_i64() => a == b,
        (Value::Number(a), Value::Number(b)) => match (a.as_f64(), b.as_f64()) {
            (Some(a), Some(b)) => {
                (a - b).abs() <= RELATIVE_ERROR_MAX * a.abs().max(b.abs()).max(f64::MIN_POSITIVE)
            }
            _ => false,
        },
        _ => a == b,
    }
}

/// An order that engines agree on: by text first, then by numbers, which may differ in their last digits.
fn order(a: &Value, b: &Value) -> Ordering {
    let text = |value: &Value| -> Vec<String> {
        value
            .as_array()
            .into_iter()
            .flatten()
            .filter(|cell| !cell.is_number())
            .map(ToString::to_string)
            .collect()
    };
    let numbers = |value: &Value| -> Vec<f64> {
        value.as_array().into_iter().flatten().filter_map(Value::as_f64).collect()
    };
    text(a)
        .cmp(&text(b))
        .then_with(|| numbers(a).partial_cmp(&numbers(b)).unwrap_or(Ordering::Equal))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn order_matters_only_where_it_was_asked_for() {
        let (ours, theirs) =
            ([json!(["a", 1]), json!(["b", 2])], [json!(["b", 2]), json!(["a", 1])]);
        assert_eq!(difference(&ours, &theirs, false), None);
        assert_eq!(difference(&ours, &theirs, true), Some(r#"["b",2], not ["a",1]"#.to_owned()));
    }

    #[test]
    fn fractions_agree_to_six_digits_and_counts_exactly() {
        assert_eq!(difference(&[json!([0.333_333_3])], &[json!([1.0 / 3.0])], false), None);
        assert!(difference(&[json!([0.333_33])], &[json!([1.0 / 3.0])], false).is_some());
        assert!(difference(&[json!([10_000_000])], &[json!([10_000_001])], false).is_some());
        assert_eq!(difference(&[json!([3.0])], &[json!([3])], false), None);
    }

    #[test]
    fn missing_rows_and_missing_values_are_differences() {
        assert_eq!(difference(&[json!([1])], &[], false), Some("0 rows, not 1".to_owned()));
        assert!(difference(&[json!([null])], &[json!([""])], false).is_some());
        assert!(difference(&[json!([null, "a"])], &[json!(["a", null])], false).is_some());
    }
}
