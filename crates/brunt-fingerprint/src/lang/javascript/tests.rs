//! Stacks as they come.

use super::*;
use crate::chain::{root, walk};
use crate::reader::Reader;

const CAUSED: &str = r"/srv/shop/src/checkout.js:18
    throw new CheckoutError('order 1182 not placed', { cause: error });
          ^

CheckoutError: order 1182 not placed
    at placeOrder (/srv/shop/src/checkout.js:18:11)
    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)
    at async Promise.all (index 0)
    at async /srv/shop/src/server.js:40:3 {
  orderId: 1182,
  [cause]: TypeError [ERR_INVALID_URL]: Invalid URL
      at new URL (node:internal/url:775:36)
      at Gateway.charge (/srv/shop/src/gateway.js:7:15)
      at async placeOrder (/srv/shop/src/checkout.js:15:5) {
    code: 'ERR_INVALID_URL',
    [cause]: [Error: no protocol]
  }
}

Node.js v20.11.0
";

const AGGREGATE: &str = r"AggregateError: All promises were rejected
    at async first (/srv/shop/src/mirror.js:3:9) {
  [errors]: [
    Error: connect ECONNREFUSED 10.0.0.1:443
        at connect (/srv/shop/src/net.js:5:9)
        at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1494:16) {
      code: 'ECONNREFUSED'
    },
    FetchError: timeout: 5000
        at fetchIt (/srv/shop/src/fetch.js:9:1),
    [TypeError: no stack]
  ]
}
";

fn outline(chain: &[Exception<'_>]) -> Vec<(String, String, usize)> {
    let n_frames = |at| walk(chain, at, Reader::plain(&JavaScript)).count();
    let exceptions = chain.iter().enumerate();
    exceptions
        .map(|(at, e)| (e.type_name.to_owned(), e.message.to_string(), n_frames(at)))
        .collect()
}

fn row(type_name: &str, message: &str, n_frames: usize) -> (String, String, usize) {
    (type_name.to_owned(), message.to_owned(), n_frames)
}

#[test]
fn a_chain_goes_over_causes_that_the_inspector_prints() {
    let stack = JavaScript.parse(CAUSED);
    assert_eq!(
        outline(&stack.chain),
        [
            row("CheckoutError", "order 1182 not placed", 4),
            row("TypeError", "Invalid URL", 3),
            row("Error", "no protocol", 0)
        ]
    );
    assert_eq!(root(&stack.chain, Some(Reader::plain(&JavaScript))), 1);
    let charge = walk(&stack.chain, 1, Reader::plain(&JavaScript)).nth(1).unwrap();
    assert_eq!(
        (charge.function, charge.file, charge.line, charge.col),
        ("Gateway.charge", "/srv/shop/src/gateway.js", Some(7), Some(15))
    );
}

#[test]
fn members_of_an_aggregate_are_read() {
    let stack = JavaScript.parse(AGGREGATE);
    assert_eq!(outline(&stack.chain), [row("AggregateError", "All promises were rejected", 1)]);
    let members: Vec<_> = stack.children.iter().flat_map(|chain| outline(chain)).collect();
    assert_eq!(
        members,
        [
            row("Error", "connect ECONNREFUSED 10.0.0.1:443", 2),
            row("FetchError", "timeout: 5000", 1),
            row("TypeError", "no stack", 0)
        ]
    );
}

#[test]
fn headers_of_all_kinds_are_read() {
    for (header, type_name, message) in [
        ("TypeError: x is not a function", "TypeError", "x is not a function"),
        ("Uncaught TypeError: x", "TypeError", "x"),
        ("Uncaught (in promise) AxiosError: Request failed", "AxiosError", "Request failed"),
        ("ERROR TypeError: x", "TypeError", "x"),
        ("Error: ERROR TypeError: x", "TypeError", "x"),
        ("ERROR Error: Uncaught (in promise): TypeError: x\nTypeError: x", "TypeError", "x"),
        ("Error: Uncaught (in promise): TypeError: x\ny", "TypeError", "x\ny"),
        ("Error: Uncaught (in promise): 404", "Error", "Uncaught (in promise): 404"),
        ("ERROR in main: x", "", "ERROR in main: x"),
        ("Error: x\nError: x", "Error", "x\nError: x"),
        ("Error", "Error", ""),
        ("Error: two\nlines", "Error", "two\nlines"),
        ("/srv/a.js:7\n  pay(cart)\n  ^\n\nTypeError: x", "TypeError", "x"),
        (
            "ParseError: keys must be unique\n\na: 1\n^\n",
            "ParseError",
            "keys must be unique\n\na: 1\n^",
        ),
        ("RangeError [ERR_OUT_OF_RANGE]: y", "RangeError", "y"),
        ("plain text: no type", "", "plain text: no type"),
    ] {
        let text = format!("{header}\n    at f (/srv/a.js:1:2)\n");
        assert_eq!(
            outline(&JavaScript.parse(&text).chain),
            [row(type_name, message, 1)],
            "{header}"
        );
    }
}

#[test]
fn frames_of_all_forms_are_read() {
    for (line, function, file, place) in [
        ("    at f (/srv/a.js:1:2)", "f", "/srv/a.js", (Some(1), Some(2))),
        ("at /srv/a.js:1:2", "", "/srv/a.js", (Some(1), Some(2))),
        (
            "at async Cart.add (file:///srv/a.mjs:1:2) {",
            "Cart.add",
            "file:///srv/a.mjs",
            (Some(1), Some(2)),
        ),
        (
            "at f (C:\\Program Files (x86)\\a.js:1:2)",
            "f",
            "C:\\Program Files (x86)\\a.js",
            (Some(1), Some(2)),
        ),
        (
            "at https://shop.example/main.js:1:20345",
            "",
            "https://shop.example/main.js",
            (Some(1), Some(20345)),
        ),
        (
            "at eval (eval at f (/srv/a.js:1:2), <anonymous>:3:4)",
            "eval",
            "/srv/a.js",
            (Some(1), Some(2)),
        ),
        (
            "at eval (webpack-internal:///./src/a.js?:1:2)",
            "eval",
            "webpack-internal:///./src/a.js?",
            (Some(1), Some(2)),
        ),
        ("at Array.map (<anonymous>)", "Array.map", "<anonymous>", (None, None)),
        ("at async Promise.all (index 0)", "Promise.all", "index 0", (None, None)),
        (
            "at f (address at index.android.bundle:1:200)",
            "f",
            "index.android.bundle",
            (Some(1), Some(200)),
        ),
        (
            "at Cart.add [as addItem] (a.js:1:2),",
            "Cart.add [as addItem]",
            "a.js",
            (Some(1), Some(2)),
        ),
    ] {
        let frame = frame(line).unwrap_or_else(|| panic!("{line}"));
        assert_eq!(
            (frame.function, frame.file, (frame.line, frame.col)),
            (function, file, place),
            "{line}"
        );
    }
    for line in [
        "at com.acme.A.b(A.java:1)",
        "   at A.B(String c) in C:\\a.cs:line 12",
        "at 12:30:45",
        "at noon",
        "at 2026-01-02 12:30:45",
        "at",
    ] {
        assert!(frame(line).is_none(), "{line}");
    }
}

#[test]
fn a_minifiers_names_are_no_part_of_a_group() {
    let group = |message: &str, function: &str| {
        let stack = format!(
            "TypeError: {message}\n    at {function} (https://shop.example/app.js:1:20345)\n"
        );
        let occurrence =
            crate::Occurrence { stacktrace: Some(&stack), ..crate::Occurrence::default() };
        crate::group_id(&occurrence, &crate::Rules::default())
    };
    for (one, other) in [
        ("n is not a function", "r is not a function"),
        ("e.map is not a function", "t.map is not a function"),
        (
            "undefined is not an object (evaluating 't.price')",
            "undefined is not an object (evaluating 'e.price')",
        ),
    ] {
        assert_eq!(group(one, "t"), group(other, "e"), "{one}");
    }
    for (one, other) in [
        ("e.map is not a function", "e.filter is not a function"),
        ("n is not a function", "n is not defined"),
        ("n is not a function", "e.map is not a function"),
    ] {
        assert_ne!(group(one, "t"), group(other, "t"), "{one}");
    }
    // Where names were not shortened, the type and the place say enough.
    assert_eq!(group("n is not a function", "total"), group("no", "total"));
}
