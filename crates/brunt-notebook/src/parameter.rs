//! Puts the values of parameters into a cell's SQL, as literals.

/// Replaces each `$name` and `:name` of a known parameter by a quoted literal.
///
/// Quoted text, comments, casts (`::`) and names that are not among the parameters stay as they are,
/// and the value is quoted, so that no value can change the shape of the query.
pub(crate) fn bind(sql: &str, values: &[(String, String)]) -> String {
    let mut bound = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let n_opaque = opaque_len(rest);
        if n_opaque > 0 {
            bound.push_str(&rest[..n_opaque]);
            rest = &rest[n_opaque..];
        } else if let Some((name, value)) = parameter_at(rest, values) {
            bound.push_str(&format!("'{}'", value.replace('\'', "''")));
            rest = &rest[1 + name.len()..];
        } else {
            bound.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    bound
}

/// The length of a quoted text, comment or cast mark that the text begins with; 0 for anything else.
fn opaque_len(text: &str) -> usize {
    let until = |open: usize, close: &str| {
        text[open..].find(close).map_or(text.len(), |at| open + at + close.len())
    };
    match text.as_bytes() {
        [b'\'', ..] => until(1, "'"),
        [b'"', ..] => until(1, "\""),
        [b'-', b'-', ..] => until(2, "\n"),
        [b'/', b'*', ..] => until(2, "*/"),
        [b':', b':', ..] => 2,
        _ => 0,
    }
}

fn parameter_at<'v>(text: &str, values: &'v [(String, String)]) -> Option<&'v (String, String)> {
    let name = text.strip_prefix(['$', ':'])?;
    let n_name = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(name.len());
    values.iter().find(|(declared, _)| *declared == name[..n_name])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bind_checkout(sql: &str) -> String {
        bind(sql, &[("journey".into(), "check'out".into()), ("n".into(), "5".into())])
    }

    #[test]
    fn parameters_become_quoted_literals() {
        assert_eq!(bind_checkout("f(j => $journey, n => :n)"), "f(j => 'check''out', n => '5')");
    }

    #[test]
    fn quoted_text_comments_and_casts_stay() {
        for sql in [
            "SELECT '$journey'",
            "SELECT \"$n\"",
            "-- $n\n",
            "/* $n */",
            "x::n",
            "$1",
            "$nn",
            "a:b",
            "'it''s $n'",
            "'open $n",
        ] {
            assert_eq!(bind_checkout(sql), sql);
        }
    }
}
