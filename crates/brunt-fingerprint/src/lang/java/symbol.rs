//! Names that the JVM's compilers and proxies generate, folded into the method that a person wrote.

use std::borrow::Cow;

use crate::lang::{Naming, Symbol};
use crate::text::{after, before, byte, find, rsplit_byte, split_at};

/// What proxy makers put after the name of the class that they extend.
const PROXY_MARKS: [&str; 8] = [
    "$Proxy",
    "$HibernateProxy",
    "$MockitoMock",
    "$ByteBuddy",
    "$auxiliary",
    "_ClientProxy",
    "_Subclass",
    "_WeldClientProxy",
];

/// The class without class loader and module: `app//java.base@21/java.lang.Thread` is `java.lang.Thread`.
pub(crate) fn without_loader(class: &str) -> &str {
    // The name of a lambda's class holds a slash of its own.
    let own_end = if class.contains('$') {
        find(class, "$$Lambda").unwrap_or(class.len())
    } else {
        class.len()
    };
    memchr::memrchr(b'/', before(class, own_end).as_bytes())
        .map_or(class, |slash| after(class, slash + 1))
}

/// Class and method as they were written.
pub(crate) fn fold<'a>(class: &'a str, method: &'a str) -> Symbol<'a> {
    if !class.contains('$')
        && !method.contains(['$', '-'])
        && !class.ends_with("_ClientProxy")
        && !class.ends_with("_Subclass")
    {
        return Symbol { module: Cow::Borrowed(class), function: method, naming: Naming::Named };
    }
    // Android's compilers once wrote `com.acme.-$$Lambda$Cart$xYz12`.
    let lambda =
        split_at(class, "-$$Lambda$").map(|(package, rest)| (package, rsplit_byte(rest, b'$')));
    if let Some((package, Some((class, _)))) = lambda {
        let module = Cow::Owned([package, class].concat());
        return Symbol { module, function: "", naming: Naming::Anonymous };
    }
    let (module, owner) = fold_class(class);
    let is_lambda_class = find(class, "$$Lambda").is_some() || find(class, "$$FastClass").is_some();
    let function = owner.unwrap_or_else(|| fold_method(method));
    let naming = if function.is_empty() || (owner.is_none() && is_lambda_class) {
        Naming::Anonymous
    } else {
        Naming::Named
    };
    Symbol { module: Cow::Borrowed(module), function, naming }
}

/// The class up to its first generated part, and the method in which an anonymous class or closure was written.
fn fold_class(class: &str) -> (&str, Option<&str>) {
    if let Some(cut) = find(class, "$$").filter(|cut| *cut > 0) {
        // Scala writes `Cart$$anonfun$total$1`.
        let owner =
            after(class, cut + 2).strip_prefix("anonfun$").and_then(|rest| rest.split('$').next());
        let module = fold_class_parts(before(class, cut).trim_end_matches('_')).0;
        return (module, owner.filter(|owner| is_method(owner)));
    }
    let cut = PROXY_MARKS.iter().filter_map(|mark| find(class, mark)).filter(|cut| *cut > 0).min();
    fold_class_parts(before(class, cut.unwrap_or(class.len())))
}

/// Cuts `Outer$Inner$method$1` before the first part that is a number, a method or a closure.
fn fold_class_parts(class: &str) -> (&str, Option<&str>) {
    let mut end = class.find('$').unwrap_or(class.len());
    if end == 0 {
        return (class, None);
    }
    while end < class.len() {
        let rest = after(class, end + 1);
        let part = rest.split('$').next().unwrap_or("");
        let next = after(rest, part.len() + 1);
        let module = before(class, end);
        if part.bytes().all(|b| b.is_ascii_digit()) {
            return (module, None);
        }
        if let Some(owner) = groovy_closure(part).or_else(|| clojure_function(part, next)) {
            return (module, Some(owner).filter(|owner| owner.is_empty() || is_method(owner)));
        }
        // Kotlin writes `Cart$total$1` for a lambda in `total`.
        if is_method(part) && next.starts_with(|c: char| c.is_ascii_digit()) {
            return (module, Some(part));
        }
        end += 1 + part.len();
    }
    (class, None)
}

/// `_total_closure1` is in `total`.
fn groovy_closure(part: &str) -> Option<&str> {
    let (owner, ordinal) = part.strip_prefix('_')?.rsplit_once("_closure")?;
    ordinal.bytes().all(|b| b.is_ascii_digit()).then_some(owner)
}

/// A Clojure function is a class in lower case; an anonymous one is `fn__123`, an evaluated one `eval123`.
fn clojure_function<'a>(part: &'a str, next: &str) -> Option<&'a str> {
    let is_last = next.is_empty() || next.starts_with("fn__") || next.starts_with("reify__");
    if !is_last || !byte(part, 0).is_some_and(|b| b.is_ascii_lowercase()) {
        return None;
    }
    let is_generated =
        part.starts_with("fn__") || part.starts_with("eval") || part.starts_with("reify__");
    Some(if is_generated { "" } else { part })
}

fn is_method(part: &str) -> bool {
    byte(part, 0).is_some_and(|b| b.is_ascii_lowercase() || b == b'_' || b >= 0x80)
}

/// What R8 puts before the name of a member for which it made a method that other classes may call: a method or a
/// field to get or put, each of an object or of the class.
const NEST_KINDS: [&str; 6] = ["sfget", "sfput", "fget", "fput", "sm", "m"];

/// The method in which a synthetic one was written; empty if its name tells nothing.
fn fold_method(method: &str) -> &str {
    if method.starts_with("$r8$lambda$") {
        return "";
    }
    if let Some(member) = method.strip_prefix("-$$Nest$") {
        return NEST_KINDS.iter().find_map(|kind| member.strip_prefix(kind)).unwrap_or(member);
    }
    let inner = method
        .strip_prefix("lambda$")
        .or_else(|| method.strip_prefix("$anonfun$"))
        .or_else(|| method.strip_prefix("CGLIB$"));
    if let Some(inner) = inner.or_else(|| method.strip_prefix("access$")) {
        return match inner.split('$').next().unwrap_or("") {
            "null" | "adapted" => "",
            "new" | "_init_" => "<init>",
            "static" | "_clinit_" => "<clinit>",
            digits if digits.bytes().all(|b| b.is_ascii_digit()) => "",
            name => name,
        };
    }
    let name = method.split('$').next().filter(|name| !name.is_empty()).unwrap_or(method);
    // Kotlin mangles methods with inline classes: `charge-Xy12abc`, `charge-impl`.
    match name.split('-').next().filter(|name| !name.is_empty()).unwrap_or(name) {
        "lambda" => "",
        "_init_" => "<init>",
        name => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_names_fold_into_the_method_that_was_written() {
        for (class, method, symbol) in [
            ("com.acme.Pay", "charge", "com.acme.Pay.charge"),
            ("com.acme.Pay", "lambda$charge$3", "com.acme.Pay.charge"),
            ("com.acme.Pay", "lambda$new$0", "com.acme.Pay.<init>"),
            ("com.acme.Pay", "lambda$null$0", "com.acme.Pay"),
            ("com.acme.Pay", "access$000", "com.acme.Pay"),
            ("com.acme.Pay", "access$charge", "com.acme.Pay.charge"),
            ("com.acme.Pay$$Lambda$14/0x00000008000c", "run", "com.acme.Pay"),
            ("com.acme.Pay$$Lambda/0x00000008000c", "run", "com.acme.Pay"),
            ("com.acme.Pay$$EnhancerBySpringCGLIB$$9f", "charge", "com.acme.Pay.charge"),
            ("com.acme.Pay$$SpringCGLIB$$0", "charge", "com.acme.Pay.charge"),
            ("com.acme.Pay_$$_jvst1f_4", "charge", "com.acme.Pay.charge"),
            ("com.acme.Pay$HibernateProxy$x1", "charge", "com.acme.Pay.charge"),
            ("com.acme.Pay", "CGLIB$charge$0", "com.acme.Pay.charge"),
            ("com.acme.Pay$1", "run", "com.acme.Pay.run"),
            ("com.acme.Pay$Inner", "run", "com.acme.Pay$Inner.run"),
            ("com.acme.Pay$Inner$2", "run", "com.acme.Pay$Inner.run"),
            ("com.acme.Pay$charge$1", "invokeSuspend", "com.acme.Pay.charge"),
            ("com.acme.PayKt$charge$2$1", "invoke", "com.acme.PayKt.charge"),
            ("com.acme.PayKt", "charge$lambda-0", "com.acme.PayKt.charge"),
            ("com.acme.PayKt", "charge$default", "com.acme.PayKt.charge"),
            ("com.acme.PayKt", "charge-Xy12abc", "com.acme.PayKt.charge"),
            ("com.acme.Pay", "$r8$lambda$xYz12AbCdEf-ghIjKlMnOp", "com.acme.Pay"),
            ("com.acme.Pay", "-$$Nest$mcharge", "com.acme.Pay.charge"),
            ("com.acme.Pay", "-$$Nest$smcharge", "com.acme.Pay.charge"),
            ("com.acme.Pay", "-$$Nest$fgetcard", "com.acme.Pay.card"),
            ("com.acme.Pay", "-$$Nest$sfputcard", "com.acme.Pay.card"),
            ("com.acme.Pay$$ExternalSyntheticLambda0", "onClick", "com.acme.Pay.onClick"),
            ("com.acme.-$$Lambda$Pay$xYz12_AbC-dEf", "onClick", "com.acme.Pay"),
            ("com.acme.-$$Lambda$Pay$Card$xYz12", "onClick", "com.acme.Pay$Card"),
            ("com.acme.Pay$", "charge", "com.acme.Pay.charge"),
            ("com.acme.Pay$$anonfun$charge$1", "apply", "com.acme.Pay.charge"),
            ("com.acme.Pay$", "$anonfun$charge$1", "com.acme.Pay.charge"),
            ("com.acme.Pay$_charge_closure1", "doCall", "com.acme.Pay.charge"),
            ("acme.pay$charge_card", "invokeStatic", "acme.pay.charge_card"),
            ("acme.pay$charge_card$fn__1234", "invoke", "acme.pay.charge_card"),
            ("acme.pay$fn__99", "invoke", "acme.pay"),
        ] {
            assert_eq!(fold(class, method).text(), symbol, "{class}.{method}");
        }
    }

    #[test]
    fn loaders_and_modules_go() {
        assert_eq!(without_loader("app//com.acme.Pay"), "com.acme.Pay");
        assert_eq!(without_loader("java.base@21.0.1/java.lang.Thread"), "java.lang.Thread");
        assert_eq!(
            without_loader("x//com.acme.Pay$$Lambda$14/0x0001"),
            "com.acme.Pay$$Lambda$14/0x0001"
        );
    }
}
