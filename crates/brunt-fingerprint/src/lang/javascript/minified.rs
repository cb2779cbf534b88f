//! What engines say of a value, without the names that a minifier gave.

use std::borrow::Cow;

use crate::text::{after, before, byte, find, has_only, rfind};

/// What V8, Firefox and Safari say behind the expression whose value is not as it must be.
const SAID: [&str; 8] = [
    " is not a function",
    " is not a constructor",
    " is not defined",
    " is not iterable",
    " is not async iterable",
    " is not an object",
    " is undefined",
    " is null",
];
/// What Firefox says before such an expression.
const ACCESS: &str = "can't access property ";
/// How a bundler calls what another module exports; the object is none that the function is called on.
const DETACHED: [&str; 2] = ["(0 , ", "(0, "];

/// `.map is not a function` of `e.map is not a function`: a name of one or two characters that no full stop stands before
/// is a variable that another build calls otherwise. Only the expression of a sentence of [`SAID`] at the message's
/// start, or behind [`ACCESS`], is looked at; what a person wrote stays.
pub(crate) fn without_variables(message: &str) -> Cow<'_, str> {
    let Some(end) = SAID.iter().filter_map(|said| find(message, said)).min() else {
        return Cow::Borrowed(message);
    };
    let said_of = before(message, end);
    let access = said_of.starts_with(ACCESS).then(|| rfind(said_of, "\", ")).flatten();
    let start = access.map_or(0, |quote| quote + 3);
    let whole = after(said_of, start);
    let expression = DETACHED.iter().find_map(|call| whole.strip_prefix(call)).unwrap_or(whole);
    let is_code =
        has_only(expression, |b| is_in_name(b) || matches!(b, b'.' | b'(' | b')' | b'[' | b']'));
    if !is_code || expression.is_empty() {
        return Cow::Borrowed(message);
    }
    let mut out = before(message, start).to_owned();
    let mut at = 0;
    while let Some(b) = byte(expression, at) {
        let len = after(expression, at).bytes().take_while(|b| is_in_name(*b)).count();
        let is_member = at.checked_sub(1).and_then(|dot| byte(expression, dot)) == Some(b'.');
        let is_variable = matches!(len, 1 | 2) && !is_member && !b.is_ascii_digit();
        let next = at + len.max(1);
        if !is_variable {
            out.push_str(expression.get(at..next).unwrap_or(""));
        }
        at = next;
    }
    out.push_str(after(message, end));
    Cow::Owned(out)
}

fn is_in_name(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'$') || b >= 0x80
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minifiers_variables_go_and_written_names_stay() {
        for (message, kept) in [
            ("n is not a function", " is not a function"),
            ("$t is not defined", " is not defined"),
            ("e.map is not a function", ".map is not a function"),
            ("e.id.map is not a function", ".id.map is not a function"),
            ("e[n].map(...).x is not iterable", "[].map(...).x is not iterable"),
            ("(0 , r.useCart) is not a function", ".useCart) is not a function"),
            ("(0, ab.useCart) is not a function", ".useCart) is not a function"),
            ("e is undefined", " is undefined"),
            (
                "can't access property \"id\", e.cart is undefined",
                "can't access property \"id\", .cart is undefined",
            ),
            ("(void 0) is not a function", "(void 0) is not a function"),
            ("cart.map is not a function", "cart.map is not a function"),
            ("this.e is not a function", "this.e is not a function"),
            (
                "undefined is not an object (evaluating 't.price')",
                "undefined is not an object (evaluating 't.price')",
            ),
            ("Cannot read property 'x' of undefined", "Cannot read property 'x' of undefined"),
            ("no card: it is not defined", "no card: it is not defined"),
            ("ID is not valid", "ID is not valid"),
            (" is null", " is null"),
            ("", ""),
        ] {
            assert_eq!(without_variables(message), kept, "{message}");
        }
    }
}
