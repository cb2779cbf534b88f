//! Names that .NET's compilers generate, folded into the method that a person wrote.

use std::borrow::Cow;

use crate::lang::{Naming, Symbol};
use crate::text::{after, before, between, find};
use crate::words::Beginnings;

/// Beginnings of namespaces that are libraries.
static LIBRARIES: Beginnings<62> = Beginnings::new([
    "(wrapper",
    "Amazon.",
    "AutoMapper.",
    "Autofac.",
    "Azure.",
    "BenchmarkDotNet.",
    "Castle.",
    "Confluent.",
    "Dapper.",
    "DnsClient.",
    "Elastic.",
    "Elasticsearch.",
    "EntityFramework.",
    "FluentAssertions.",
    "FluentValidation.",
    "Google.",
    "Grpc.",
    "Hangfire.",
    "HotChocolate.",
    "IdentityModel.",
    "IdentityServer4.",
    "Internal.",
    "Interop.",
    "MS.",
    "Marten.",
    "MassTransit.",
    "MediatR.",
    "Microsoft.",
    "MongoDB.",
    "Mono.",
    "Moq.",
    "MySql.",
    "MySqlConnector.",
    "NHibernate.",
    "NLog.",
    "NServiceBus.",
    "NUnit.",
    "Nancy.",
    "Nest.",
    "Newtonsoft.",
    "Ninject.",
    "Npgsql.",
    "Ocelot.",
    "OpenTelemetry.",
    "Oracle.",
    "Orleans.",
    "Polly.",
    "Quartz.",
    "RabbitMQ.",
    "Rebus.",
    "Refit.",
    "RestSharp.",
    "Sentry.",
    "Serilog.",
    "ServiceStack.",
    "StackExchange.",
    "Swashbuckle.",
    "System.",
    "UnityEditor.",
    "UnityEngine.",
    "Xunit.",
    "log4net.",
]);

pub(crate) fn is_library(name: &str) -> bool {
    LIBRARIES.begin(name) || name.starts_with("lambda_method")
}

/// Class and method as they were written: `Cart.<PlaceAsync>d__5.MoveNext` is `Cart.PlaceAsync`.
pub(crate) fn fold(name: &str) -> Symbol<'_> {
    if let Some((module, owner)) = owner(name) {
        let naming = if owner.is_empty() { Naming::Anonymous } else { Naming::Named };
        return Symbol { module: without_parameters(module), function: owner, naming };
    }
    let end = parameters_start(name);
    // Constructors are called `.ctor` and `.cctor`. Unity's console may have a colon before the method.
    let dot = before(name, end).rfind(['.', ':']).unwrap_or(0);
    let dot = if before(name, dot).ends_with('.') { dot - 1 } else { dot };
    let function = between(name, dot + 1, end).split('`').next().unwrap_or("");
    // F# puts a closure into a class called `place@12-1`.
    let class = before(name, dot);
    if let Some((outer, closure)) =
        class.rsplit_once(['.', '+']).filter(|(_, last)| last.contains('@'))
    {
        let function = closure.split('@').next().unwrap_or(closure);
        return Symbol { module: without_parameters(outer), function, naming: Naming::Named };
    }
    let naming = if function.is_empty() { Naming::Anonymous } else { Naming::Named };
    Symbol { module: without_parameters(class), function, naming }
}

/// The class and the method around a state machine, a closure or a local function.
fn owner(name: &str) -> Option<(&str, &str)> {
    let first = [".<", "+<", "/<"].iter().find_map(|start| find(name, start))?;
    let class = before(name, first);
    // The innermost angle brackets with a name in them.
    let mut owner = "";
    let mut rest = after(name, first);
    while let Some(open) = rest.find('<') {
        let inner = after(rest, open + 1);
        let end = inner.find(['<', '>']).unwrap_or(inner.len());
        let is_closed = after(inner, end).starts_with('>');
        if is_closed && end > 0 {
            owner = before(inner, end);
            break;
        }
        rest = after(inner, if is_closed { end + 1 } else { end });
    }
    let is_generated = after(name, first + 1).starts_with("<>") || !owner.is_empty();
    is_generated.then_some((class, owner))
}

/// Where the method's type parameters begin: `[T]`, `<T>`.
fn parameters_start(name: &str) -> usize {
    let trimmed = name.trim_end_matches([']', '>']);
    if trimmed.len() == name.len() {
        return name.len();
    }
    let last = name.rfind('.').unwrap_or(0);
    let open = if name.ends_with(']') { name.find('[') } else { name.find('<') };
    // The parameters of a class before the method are not the method's.
    let method = name.rfind(['[', '<']).filter(|at| *at > last);
    method.or(open).unwrap_or(name.len())
}

/// A class without `` `2``, `[…]` and `<…>`, and with its nested classes after full stops.
fn without_parameters(class: &str) -> Cow<'_, str> {
    if !class.contains(['`', '[', '<', '+', '/']) {
        return Cow::Borrowed(class);
    }
    let mut out = String::with_capacity(class.len());
    let mut depth = 0_u32;
    let mut in_arity = false;
    for c in class.chars() {
        in_arity = c == '`' || (in_arity && c.is_ascii_digit());
        match c {
            '[' | '<' => depth += 1,
            ']' | '>' => depth = depth.saturating_sub(1),
            '+' | '/' if depth == 0 => out.push('.'),
            c if depth == 0 && !in_arity => out.push(c),
            _ => {}
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_can_be_searched() {
        LIBRARIES.assert_searchable();
    }

    #[test]
    fn generated_names_fold_into_the_method_that_was_written() {
        for (name, symbol) in [
            ("Acme.Shop.Cart.Total", "Acme.Shop.Cart.Total"),
            ("Acme.Shop.Cart..ctor", "Acme.Shop.Cart..ctor"),
            ("Acme.Shop.Cart.<PlaceAsync>d__5.MoveNext", "Acme.Shop.Cart.PlaceAsync"),
            ("Acme.Shop.Cart.<>c.<Place>b__3_0", "Acme.Shop.Cart.Place"),
            ("Acme.Shop.Cart.<>c__DisplayClass3_0.<Place>b__0", "Acme.Shop.Cart.Place"),
            ("Acme.Shop.Cart.<>c__DisplayClass3_0.<<Place>b__0>d.MoveNext", "Acme.Shop.Cart.Place"),
            ("Acme.Shop.Cart+<Place>d__5.MoveNext", "Acme.Shop.Cart.Place"),
            ("Acme.Shop.Cart.<Place>g__Inner|5_0", "Acme.Shop.Cart.Place"),
            ("Acme.Shop.Cache`1.Get", "Acme.Shop.Cache.Get"),
            ("Acme.Shop.Cache`1[T].Get[TKey]", "Acme.Shop.Cache.Get"),
            ("Acme.Shop.Cache<T>.Get", "Acme.Shop.Cache.Get"),
            ("Acme.Shop.Outer+Inner.Run", "Acme.Shop.Outer.Inner.Run"),
            ("Acme.Shop.Cart:Total", "Acme.Shop.Cart.Total"),
            ("Cart/<Load>d__3:MoveNext", "Cart.Load"),
            ("Acme.Outer/Inner:Run", "Acme.Outer.Inner.Run"),
            ("Program.<Main>$", "Program.Main"),
            ("Acme.Shop.place@12-1.Invoke", "Acme.Shop.place"),
        ] {
            assert_eq!(fold(name).text(), symbol, "{name}");
        }
    }
}
