//! What a user's rules do to groups.

use std::collections::BTreeSet;

use brunt_fingerprint::{ErrorInfo, Occurrence, Role, Rules, frames, group, group_id, matched};

const STACK: &str = "com.acme.shop.StockException: no stock 7
\tat com.acme.base.Ensure.stocked(Ensure.java:9)
\tat com.acme.retry.RetryTemplate.run(RetryTemplate.java:4)
\tat com.acme.stock.Shelf.take(Shelf.java:12)
\tat com.acme.shop.Web.post(Web.java:31)
";

#[expect(clippy::expect_used, reason = "rules of tests are right")]
fn rules(text: &str) -> Rules {
    Rules::parse(&format!("schema = 1\n{text}")).expect("rules")
}

fn of(rules: &Rules) -> ErrorInfo {
    of_stack(STACK, rules)
}

fn of_stack(stack: &str, rules: &Rules) -> ErrorInfo {
    let attributes = [("http.response.status_code", "503")];
    let occurrence = Occurrence {
        stacktrace: Some(stack),
        service: Some("shop"),
        attributes: &attributes,
        ..Occurrence::default()
    };
    let info = group(&occurrence, rules);
    assert_eq!(info.group, group_id(&occurrence, rules));
    info
}

fn culprit(text: &str) -> Option<String> {
    of(&rules(text)).culprit
}

#[test]
fn frames_are_the_apps_helpers_or_nothing_as_the_user_says() {
    assert_eq!(culprit("").as_deref(), Some("com.acme.retry.RetryTemplate.run"));
    let helper = "[[helper]]\nsymbol = \"com.acme.retry.*\"";
    assert_eq!(culprit(helper).as_deref(), Some("com.acme.stock.Shelf.take"));
    let dropped = "[[drop]]\nsymbol = \"*.RetryTemplate.*\"";
    assert_eq!(culprit(dropped).as_deref(), Some("com.acme.stock.Shelf.take"));
    let not_helper = "[[helper]]\nnot_helper = \"com.acme.base.Ensure.*\"";
    assert_eq!(culprit(not_helper).as_deref(), Some("com.acme.base.Ensure.stocked"));
    let excluded =
        "[in_app]\ninclude = [\"java:com.acme.**\"]\nexclude = [\"java:com.acme.retry.**\"]";
    assert_eq!(culprit(excluded).as_deref(), Some("com.acme.stock.Shelf.take"));
    let by_path = "[in_app]\nexclude = [\"path:RetryTemplate.*\", \"path:Shelf.*\"]";
    assert_eq!(culprit(by_path).as_deref(), Some("com.acme.shop.Web.post"));
    let library = "java.lang.Error: x\n\tat org.springframework.web.X.y(X.java:1)\n";
    let included = rules("[in_app]\ninclude = [\"java:org.springframework.**\"]");
    assert_eq!(
        frames(&Occurrence { stacktrace: Some(library), ..Occurrence::default() }, &included)[0]
            .role,
        Role::Culprit
    );
}

#[test]
fn a_type_may_be_called_generic() {
    let generic = rules("[[generic]]\ntype = \"StockException\"");
    let other = STACK.replace("com.acme.base.Ensure.stocked", "com.acme.base.Shelves.stocked");
    let message = |rules: &Rules| {
        of_stack(&other, rules).why.iter().any(|part| part.part == "message" && part.used)
    };
    assert!(message(&generic) && !message(&Rules::default()));
}

#[test]
fn errors_are_expected_by_their_group_or_by_conditions_and_stay_where_they_are() {
    let plain = of(&Rules::default());
    assert!(!plain.is_expected);
    let by_id = format!("[[expected]]\nid = \"{}\"", plain.group);
    let when = "[[expected]]\nwhen = { type = \"*StockException\", service = \"shop\" }";
    for text in [by_id.as_str(), when] {
        let info = of(&rules(text));
        assert_eq!((info.group.as_str(), info.is_expected), (plain.group.as_str(), true), "{text}");
    }
    for text in [
        "[[expected]]\nid = \"e0:otheraaaaaaaaaaaaaaaaaaaaa\"",
        "[[expected]]\nwhen = { type = \"*StockException\", service = \"web\" }",
    ] {
        assert!(!of(&rules(text)).is_expected, "{text}");
    }
    // The id is the one after merges, and the rule is told to have had a say.
    let merged = rules(&format!(
        "[[merge]]\ninto = \"e0:otheraaaaaaaaaaaaaaaaaaaaa\"\nids = [\"{}\"]\n[[expected]]\nid = \"e0:otheraaaaaaaaaaaaaaaaaaaaa\"\n[[expected]]\nid = \"{}\"",
        plain.group, plain.group
    ));
    assert!(of(&merged).is_expected);
    let occurrence =
        Occurrence { stacktrace: Some(STACK), service: Some("shop"), ..Occurrence::default() };
    let named: Vec<String> =
        matched(&occurrence, &merged).iter().map(ToString::to_string).collect();
    assert_eq!(named, ["merge 1", "expected 1"]);
    assert_eq!(merged.places().len(), 3);
    for text in [
        "[[expected]]",
        "[[expected]]\nwhen = {}",
        "[[expected]]\nid = \"e0:aaaaaaaaaaaaaaaaaaaaaaaaaa\"\nwhen = { type = \"A\" }",
    ] {
        assert!(Rules::parse(&format!("schema = 1\n{text}")).is_err(), "{text}");
    }
}

#[test]
fn the_first_rule_that_matches_replaces_or_refines_the_group() {
    let plain = of(&Rules::default());
    let replaced = of(&rules(
        "[[rule]]\nwhen = { type = \"*Nothing*\" }\ngroup = \"other\"\n[[rule]]\nwhen = { type = \"*Stock*\", service = \"sh*\", message = \"no stock*\" }\ngroup = \"stock\"\ntitle = \"Out of stock\"",
    ));
    assert_eq!(replaced.title, "Out of stock");
    assert_ne!(replaced.group, plain.group);
    assert_eq!(replaced.site, replaced.group);
    let used: Vec<_> = replaced.why.iter().filter(|part| part.used).map(|part| part.part).collect();
    assert_eq!(used, ["service", "rule"]);
    let refined = rules(
        "[[rule]]\nwhen = { symbol = \"*.RetryTemplate.*\" }\ngroup = \"{default}|{attr.http.response.status_code}\"",
    );
    let refined = of(&refined);
    assert_ne!(refined.group, plain.group);
    assert_eq!(refined.site, plain.site);
    assert!(refined.why.iter().any(|part| part.part == "rule" && part.value == "{default}|503"));
    let title_only = of(&rules("[[rule]]\nwhen = { type = \"*\" }\ntitle = \"T\""));
    assert_eq!((title_only.title.as_str(), &title_only.group), ("T", &plain.group));
}

/// Two exceptions thrown as one.
const GROUPED: &str = r#"  + Exception Group Traceback (most recent call last):
  |   File "/srv/shop/batch.py", line 20, in run
  |     raise ExceptionGroup("two orders failed", errors)
  | ExceptionGroup: two orders failed (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "/srv/shop/pay.py", line 5, in charge
    |     raise ValueError("card 12")
    | ValueError: card 12
    +---------------- 2 ----------------
    | Traceback (most recent call last):
    |   File "/srv/shop/stock.py", line 7, in reserve
    |     raise KeyError(sku)
    | KeyError: 'sku-9'
    +------------------------------------
"#;

#[test]
fn a_global_rule_lets_services_share_a_group_and_its_site() {
    for stack in [STACK, GROUPED, "StockError: no stock 7"] {
        for group_of in ["", "group = \"stock\"\n", "group = \"{default}|x\"\n"] {
            let of_services = |scope: &str| {
                let when = "[[rule]]\nwhen = { message = \"*\" }\ntitle = \"T\"";
                let rules = rules(&format!("{when}\n{group_of}{scope}"));
                ["a", "b", "c", "d", "e", "f"].map(|service| {
                    let (stacktrace, service) = (Some(stack), Some(service));
                    group(&Occurrence { stacktrace, service, ..Occurrence::default() }, &rules)
                })
            };
            let (global, own) = (of_services("scope = \"global\""), of_services(""));
            let n_groups = |infos: &[ErrorInfo]| {
                infos.iter().map(|info| &info.group).collect::<BTreeSet<_>>().len()
            };
            let n_sites = |infos: &[ErrorInfo]| {
                infos.iter().map(|info| &info.site).collect::<BTreeSet<_>>().len()
            };
            assert_eq!((n_groups(&global), n_sites(&global)), (1, 1), "{group_of}{stack}");
            assert_eq!((n_groups(&own), n_sites(&own)), (6, 6), "{group_of}{stack}");
            assert!(!global[0].why[0].used && own[0].why[0].used);
        }
    }
}

#[test]
fn groups_are_split_and_merged_by_their_ids() {
    let plain = of(&Rules::default()).group;
    let merged = of(&rules(&format!(
        "[[merge]]\ninto = \"e0:thereaaaaaaaaaaaaaaaaaaaaa\"\nids = [\"{plain}\"]\n[[merge]]\ninto = \"e0:endaaaaaaaaaaaaaaaaaaaaaaa\"\nids = [\"e0:thereaaaaaaaaaaaaaaaaaaaaa\"]"
    )));
    assert_eq!(merged.group, "e0:endaaaaaaaaaaaaaaaaaaaaaaa");
    for by in ["template", "caller", "variant", "attr.http.response.status_code"] {
        let split = of(&rules(&format!("[[split]]\nid = \"{plain}\"\nby = \"{by}\"")));
        assert_ne!(split.group, plain, "{by}");
        assert!(split.why.iter().any(|part| part.part == "split"), "{by}");
    }
    let by_caller = rules(&format!("[[split]]\nid = \"{plain}\"\nby = \"caller\""));
    let elsewhere = STACK.replace("com.acme.stock.Shelf.take", "com.acme.stock.Night.take");
    assert_ne!(of(&by_caller).group, of_stack(&elsewhere, &by_caller).group);
    assert_eq!(of(&Rules::default()).group, of_stack(&elsewhere, &Rules::default()).group);
}

#[test]
fn what_cannot_be_meant_is_refused_with_its_place() {
    for (text, want) in [
        ("schema = 1\n[[helper]]\nname = \"x\"", "line 3: "),
        ("schema = 1\n[[helper]]\n", "line 2: helper 1: it has either a symbol or a not_helper"),
        ("schema = 2", "line 1: this version reads schema 1"),
        (
            "schema = 1\n[[rule]]\nwhen = { type = \"x\" }\ngroup = \"{defalt}|{attr.tenant}\"",
            "line 2: rule 1: its group has something in braces that is neither {default} nor {attr.NAME}",
        ),
        (
            "schema = 1\n[[rule]]\nwhen = { type = \"x\" }\ngroup = \"cart-{ default }\"",
            "line 2: rule 1: its group has something in braces",
        ),
        (
            "schema = 1\n[[merge]]\ninto = \"hello\"\nids = []",
            "line 2: merge 1: an id is the whole one of a group",
        ),
        (
            "schema = 1\n[[expected]]\nid = \"e0:herf\"",
            "line 2: expected 1: an id is the whole one of a group",
        ),
        ("schema = 1\n[[rule]]\nwhen = {}\ngroup = \"x\"", "rule 1: \"when\" has no condition"),
        (
            "schema = 1\n[[rule]]\nwhen = { type = \"x\" }",
            "rule 1: it has no group, title or scope",
        ),
        (
            "schema = 1\n[in_app]\ninclude = [\"com.acme\"]",
            "line 3: in_app.include 1: a pattern begins with",
        ),
        (
            "schema = 1\n[[split]]\nid = \"e0:xaaaaaaaaaaaaaaaaaaaaaaaaa\"\nby = \"day\"",
            "split 1: \"by\" is",
        ),
        (
            "schema = 1\n[[merge]]\ninto = \"e0:aaaaaaaaaaaaaaaaaaaaaaaaaa\"\nids = [\"e0:baaaaaaaaaaaaaaaaaaaaaaaaa\"]\n[[merge]]\ninto = \"e0:baaaaaaaaaaaaaaaaaaaaaaaaa\"\nids = [\"e0:aaaaaaaaaaaaaaaaaaaaaaaaaa\"]",
            "ids are merged in a circle",
        ),
        (
            "schema = 1\n[[split]]\nid = \"e0:xaaaaaaaaaaaaaaaaaaaaaaaaa\"\nby = \"caller\"\n[[split]]\nid = \"e0:xaaaaaaaaaaaaaaaaaaaaaaaaa\"\nby = \"template\"",
            "line 5: split 2: an id is split already",
        ),
    ] {
        let error = Rules::parse(text).unwrap_err();
        let error = format!("line {}: {error}", error.line());
        assert!(error.contains(want), "{error}");
    }
}

#[test]
fn rules_that_have_to_do_with_an_error_are_told_from_those_that_have_not() {
    let rules = rules(
        "[in_app]
include = [\"java:com.acme.**\", \"path:/nowhere/**\"]
[[helper]]
symbol = \"com.acme.base.*\"
[[helper]]
symbol = \"com.other.*\"
[[generic]]
type = \"StockException\"
[[rule]]
when = { service = \"sh*\" }
title = \"First\"
[[rule]]
when = { type = \"*Stock*\" }
title = \"Behind the first\"
[[merge]]
into = \"e0:aaaaaaaaaaaaaaaaaaaaaaaaaa\"
ids = [\"e0:baaaaaaaaaaaaaaaaaaaaaaaaa\"]",
    );
    let occurrence =
        Occurrence { stacktrace: Some(STACK), service: Some("shop"), ..Occurrence::default() };
    let matched = matched(&occurrence, &rules);
    let names = |wanted: bool| -> Vec<String> {
        let places = rules.places();
        let places = places.iter().filter(|place| matched.contains(place) == wanted);
        places.map(|place| format!("{}: {place}", place.line)).collect()
    };
    assert_eq!(names(true), ["3: in_app.include 1", "4: helper 1", "8: generic 1", "10: rule 1"]);
    assert_eq!(names(false), ["3: in_app.include 2", "6: helper 2", "13: rule 2", "16: merge 1"]);
}

#[test]
fn the_attributes_that_rules_look_at_are_known() {
    let looking = rules(
        "[[rule]]\nwhen = { type = \"*\" }\ngroup = \"{default}|{attr.tenant.id}|{attr.region}\"\n\
         [[split]]\nid = \"e0:xaaaaaaaaaaaaaaaaaaaaaaaaa\"\nby = \"attr.queue\"",
    );
    assert_eq!(Vec::from_iter(looking.attributes()), ["queue", "region", "tenant.id"]);
    assert!(rules("[[rule]]\nwhen = { type = \"*\" }\ngroup = \"x\"").attributes().is_empty());
}
