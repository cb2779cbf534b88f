//! Stacks generated in each language from one description, and what may change in them without changing the group.

use std::fmt::Write as _;

use brunt_fingerprint::{ErrorInfo, Occurrence, Rules};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// Groups without rules.
fn group(occurrence: &Occurrence<'_>) -> ErrorInfo {
    brunt_fingerprint::group(occurrence, &Rules::default())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Language {
    Java,
    Python,
    Node,
}

/// An exception with a cause, from which every language prints its own stack. Calls go from the innermost outwards.
#[derive(Debug, Clone)]
struct Shape {
    language: Language,
    wrapper: &'static str,
    root: &'static str,
    message: &'static str,
    /// Library calls above the culprit.
    above: Vec<&'static str>,
    culprit: &'static str,
    callers: Vec<&'static str>,
    /// The framework's calls below the app's.
    tail: Vec<&'static str>,
    line: u32,
}

impl Shape {
    fn of(language: Language) -> Self {
        Self {
            language,
            wrapper: "CheckoutError",
            root: "DeclinedError",
            message: "card 4711 declined",
            above: Vec::new(),
            culprit: "charge",
            callers: vec!["place"],
            tail: vec!["handle"],
            line: 7,
        }
    }

    fn calls(&self) -> impl DoubleEndedIterator<Item = (&'static str, bool)> + '_ {
        let own = std::iter::once(&self.culprit).chain(&self.callers).map(|call| (*call, true));
        let library =
            |calls: &'_ [&'static str]| calls.iter().map(|call| (*call, false)).collect::<Vec<_>>();
        library(&self.above).into_iter().chain(own.collect::<Vec<_>>()).chain(library(&self.tail))
    }

    fn frame(&self, (call, is_own): (&str, bool)) -> String {
        let line = self.line;
        match (self.language, is_own) {
            (Language::Java, true) => {
                format!("\tat com.acme.{call}.Work.{call}(Work.java:{line})\n")
            }
            (Language::Java, false) => {
                format!("\tat org.springframework.{call}.Proxy.{call}(Proxy.java:{line})\n")
            }
            (Language::Python, true) => format!(
                "  File \"/srv/shop/{call}_work.py\", line {line}, in {call}\n    x = {call}()\n"
            ),
            (Language::Python, false) => format!(
                "  File \"/usr/lib/python3.12/site-packages/web/{call}.py\", line {line}, in {call}\n"
            ),
            (Language::Node, true) => {
                format!("    at {call} (/srv/shop/src/{call}Work.js:{line}:5)\n")
            }
            (Language::Node, false) => {
                format!("    at Layer.{call} (/srv/shop/node_modules/web/{call}.js:{line}:9)\n")
            }
        }
    }

    fn print(&self) -> String {
        let frames = |calls: &mut dyn Iterator<Item = (&'static str, bool)>| {
            calls.map(|call| self.frame(call)).collect::<String>()
        };
        let (wrapper, root, message) = (self.wrapper, self.root, self.message);
        let mut out = String::new();
        let _ = match self.language {
            Language::Java => write!(
                out,
                "com.acme.{wrapper}: order 5 failed\n{}Caused by: com.acme.{root}: {message}\n{}",
                frames(&mut self.calls().skip(self.above.len() + 1)),
                frames(&mut self.calls())
            ),
            Language::Python => write!(
                out,
                "Traceback (most recent call last):\n{}shop.{root}: {message}\n\nThe above exception was the direct cause of the following exception:\n\nTraceback (most recent call last):\n{}shop.{wrapper}: order 5 failed\n",
                frames(&mut self.calls().rev()),
                self.frame(("outer", true)),
            ),
            Language::Node => write!(
                out,
                "{wrapper}: order 5 failed\n{} {{\n  [cause]: {root}: {message}\n{}}}\n",
                self.frame(("outer", true)).trim_end(),
                frames(&mut self.calls())
            ),
        };
        out
    }

    fn group(&self) -> ErrorInfo {
        group(&Occurrence {
            stacktrace: Some(&self.print()),
            service: Some("shop"),
            ..Occurrence::default()
        })
    }
}

fn language() -> impl Strategy<Value = Language> {
    prop::sample::select(vec![Language::Java, Language::Python, Language::Node])
}

fn calls(n: std::ops::Range<usize>) -> impl Strategy<Value = Vec<&'static str>> {
    prop::collection::vec(
        prop::sample::select(vec!["dispatch", "resume", "filter", "render", "submit", "advance"]),
        n,
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, rng_seed: RngSeed::Fixed(20_260_302), ..ProptestConfig::default() })]

    #[test]
    fn what_is_around_the_culprit_never_changes_a_group(language in language(), above in calls(0..4), callers in calls(0..6), tail in calls(0..8), line in 1u32..5000) {
        let shape = Shape { above, callers, tail, line, ..Shape::of(language) };
        let (info, want) = (shape.group(), Shape::of(language).group());
        prop_assert_eq!(&info.group, &want.group, "{}\n{:#?}", shape.print(), info.why);
        prop_assert_eq!(&info.site, &want.site);
    }

    #[test]
    fn a_stack_cut_short_keeps_its_group(callers in calls(4..12), keep in 0usize..200) {
        // Java and Node print the culprit before its callers; whatever follows may be missing.
        for language in [Language::Java, Language::Node] {
            let shape = Shape { callers: callers.clone(), ..Shape::of(language) };
            let stack = shape.print();
            let culprit = stack.rfind(&shape.frame(("charge", true))).unwrap_or(0) + shape.frame(("charge", true)).len();
            let cut = stack.get(..(culprit + keep).min(stack.len())).unwrap_or(&stack);
            let info = group(&Occurrence { stacktrace: Some(cut), service: Some("shop"), ..Occurrence::default() });
            prop_assert_eq!(info.group, shape.group().group, "{}", cut);
        }
    }
}

#[test]
fn root_type_culprit_and_helper_change_a_group() {
    for language in [Language::Java, Language::Python, Language::Node] {
        let base = Shape::of(language);
        let same = |changed: &Shape| changed.group().group == base.group().group;
        assert!(
            same(&Shape { wrapper: "OtherError", ..base.clone() }),
            "{language:?}: only the root's type counts"
        );
        assert!(
            same(&Shape { message: "no such wallet", ..base.clone() }),
            "{language:?}: the location says enough"
        );
        assert!(!same(&Shape { root: "ExpiredError", ..base.clone() }), "{language:?}: root type");
        assert!(
            !same(&Shape { culprit: "refund", ..base.clone() }),
            "{language:?}: throwing function"
        );
        let helped =
            |caller| Shape { culprit: "throwDeclined", callers: vec![caller], ..base.clone() };
        assert_ne!(
            helped("charge").group().group,
            helped("refund").group().group,
            "{language:?}: caller of a throw helper"
        );
        let generic = |message| Shape { root: "RuntimeError", message, ..base.clone() };
        assert_ne!(
            generic("card 1 declined").group().group,
            generic("wallet 1 is empty").group().group,
            "{language:?}: generic type"
        );
        assert_eq!(
            generic("card 1 declined").group().group,
            generic("card 2 declined").group().group,
            "{language:?}: generic type"
        );
    }
}
