//! The nearest of known names to one that is not known: what "did you mean" says.

/// The candidate that is fewest edits away from `name`, letter case aside; `None` where every one needs more edits
/// than a third of the name's letters (at least one, at most three), because then it is no slip of the hand.
///
/// An edit is a letter added, dropped, changed, or swapped with its neighbour (optimal string alignment). A candidate
/// that `name` is the beginning of, or the other way round, counts as two edits away. The first of equals wins.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted: Vec<char> = name.to_lowercase().chars().collect();
    let edits_max = (wanted.len() / 3).clamp(1, 3);
    candidates
        .into_iter()
        .map(|candidate| (distance(&wanted, candidate), candidate))
        .filter(|(edits, _)| *edits <= edits_max)
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, candidate)| candidate)
}

fn distance(wanted: &[char], candidate: &str) -> usize {
    let candidate: Vec<char> = candidate.to_lowercase().chars().collect();
    let edits = edit_distance(wanted, &candidate);
    let shorter = wanted.len().min(candidate.len());
    if shorter >= 4 && (candidate.starts_with(wanted) || wanted.starts_with(&candidate)) {
        edits.min(2)
    } else {
        edits
    }
}

/// Three rows of the matrix are enough: a swap looks back two.
fn edit_distance(from: &[char], to: &[char]) -> usize {
    let mut before_last: Vec<usize> = vec![0; to.len() + 1];
    let mut last: Vec<usize> = (0..=to.len()).collect();
    for (row_idx, from_char) in from.iter().enumerate() {
        let mut row = vec![row_idx + 1];
        for (col_idx, to_char) in to.iter().enumerate() {
            let changed = last[col_idx] + usize::from(from_char != to_char);
            let mut edits = changed.min(last[col_idx + 1] + 1).min(row[col_idx] + 1);
            if row_idx > 0
                && col_idx > 0
                && *from_char == to[col_idx - 1]
                && from[row_idx - 1] == *to_char
            {
                edits = edits.min(before_last[col_idx - 1] + 1);
            }
            row.push(edits);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 5] = ["session_id", "span_id", "service_name", "severity_number", "ts"];

    #[test]
    fn a_slip_finds_the_name_that_was_meant() {
        for (slip, meant) in [
            ("sesion_id", "session_id"),
            ("sessoin_id", "session_id"),
            ("SERVICE_NAME", "service_name"),
            ("spanid", "span_id"),
            ("severity", "severity_number"),
            ("service", "service_name"),
            ("st", "ts"),
        ] {
            assert_eq!(nearest(slip, NAMES), Some(meant), "{slip}");
        }
    }

    #[test]
    fn another_word_finds_nothing() {
        for word in ["colour", "x", "", "account_id_of_the_buyer"] {
            assert_eq!(nearest(word, NAMES), None, "{word}");
        }
    }
}
