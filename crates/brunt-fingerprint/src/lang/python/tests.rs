//! Stacks as they come.

use super::*;
use crate::chain::{FRAMES_MAX, is_deep, root, walk};
use crate::reader::Reader;

const CHAINED: &str = r#"Traceback (most recent call last):
  File "/srv/shop/pay/gateway.py", line 41, in charge
    return self.session.post(url, json=body)
           ~~~~~~~~~~~~~~~~~^^^^^^^^^^^^^^^^
  File "/usr/lib/python3.12/site-packages/requests/sessions.py", line 637, in post
    return self.request("POST", url, data=data, json=json, **kwargs)
requests.exceptions.ConnectionError: connection refused

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/srv/shop/checkout.py", line 18, in place
    gateway.charge(order)
  File "/srv/shop/pay/gateway.py", line 44, in charge
    raise PaymentError(f"order {order.id} not paid") from error
shop.pay.errors.PaymentError: order 1182 not paid

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/srv/shop/app.py", line 9, in <module>
    main()
  File "/srv/shop/checkout.py", line 22, in place
    audit(order.user.name)
AttributeError: 'NoneType' object has no attribute 'name'. Did you mean: 'title'?
"#;

const GROUPED: &str = r#"  + Exception Group Traceback (most recent call last):
  |   File "/srv/shop/batch.py", line 20, in run
  |     raise ExceptionGroup("two orders failed", errors)
  | ExceptionGroup: two orders failed (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "/srv/shop/pay.py", line 5, in charge
    |     raise ValueError("card 12")
    | ValueError: card 12
    |
    | During handling of the above exception, another exception occurred:
    |
    | Traceback (most recent call last):
    |   File "/srv/shop/batch.py", line 12, in one
    |     charge(order)
    | RuntimeError: order failed
    +---------------- 2 ----------------
    | Exception Group Traceback (most recent call last):
    |   File "/srv/shop/batch.py", line 14, in nested
    |     raise ExceptionGroup("more", errors)
    | ExceptionGroup: more (1 sub-exception)
    +-+---------------- 1 ----------------
      | Traceback (most recent call last):
      |   File "/srv/shop/stock.py", line 7, in reserve
      |     raise KeyError(sku)
      | KeyError: 'sku-9'
      +------------------------------------
"#;

fn outline(chain: &[Exception<'_>]) -> Vec<(String, String, Vec<String>)> {
    let frames =
        |at| walk(chain, at, Reader::plain(&Python)).map(|f| Python.symbol(&f).text()).collect();
    let exceptions = chain.iter().enumerate();
    exceptions.map(|(at, e)| (e.type_name.to_owned(), e.message.to_string(), frames(at))).collect()
}

fn row(type_name: &str, message: &str, frames: &[&str]) -> (String, String, Vec<String>) {
    (
        type_name.to_owned(),
        message.to_owned(),
        frames.iter().map(|&frame| frame.to_owned()).collect(),
    )
}

#[test]
fn a_chain_goes_from_the_last_exception_to_the_first() {
    let stack = Python.parse(CHAINED);
    assert_eq!(
        outline(&stack.chain),
        [
            row(
                "AttributeError",
                "'NoneType' object has no attribute 'name'. Did you mean: 'title'?",
                &["checkout.place", "app"]
            ),
            row(
                "shop.pay.errors.PaymentError",
                "order 1182 not paid",
                &["gateway.charge", "checkout.place"]
            ),
            row(
                "requests.exceptions.ConnectionError",
                "connection refused",
                &["sessions.post", "gateway.charge"]
            ),
        ]
    );
    // What was being handled is no cause.
    assert_eq!(stack.chain.iter().map(|e| e.is_handled).collect::<Vec<_>>(), [false, true, false]);
    assert_eq!(root(&stack.chain, Some(Reader::plain(&Python))), 0);
    let in_app: Vec<_> = walk(&stack.chain, 2, Reader::plain(&Python))
        .map(|frame| !Python.is_library(&frame))
        .collect();
    assert_eq!(in_app, [false, true]);
}

#[test]
fn members_of_a_group_are_its_leaves() {
    let stack = Python.parse(GROUPED);
    assert_eq!(
        outline(&stack.chain),
        [row("ExceptionGroup", "two orders failed (2 sub-exceptions)", &["batch.run"])]
    );
    let members: Vec<_> = stack.children.iter().map(|chain| outline(chain)).collect();
    assert_eq!(
        members,
        [
            vec![
                row("RuntimeError", "order failed", &["batch.one"]),
                row("ValueError", "card 12", &["pay.charge"])
            ],
            vec![row("KeyError", "'sku-9'", &["stock.reserve"])],
        ]
    );
}

#[test]
fn what_a_group_led_to_is_not_its_member() {
    let text = format!(
        "{GROUPED}\nThe above exception was the direct cause of the following exception:\n\nTraceback (most recent call last):\n  File \"a.py\", line 1, in f\n    g()\nOSError: no\n"
    );
    let stack = Python.parse(&text);
    assert_eq!(stack.children.len(), 2);
    assert_eq!(
        stack.chain.iter().map(|e| e.type_name).collect::<Vec<_>>(),
        ["OSError", "ExceptionGroup"]
    );
    let text = text.replace(CAUSED, HANDLING);
    let handled = Python.parse(&text);
    assert_eq!((handled.children.len(), handled.chain.len()), (0, 2));
    assert_eq!(root(&handled.chain, Some(Reader::plain(&Python))), 0);
}

#[test]
fn repeats_notes_and_syntax_errors_are_read() {
    let recursive = "Traceback (most recent call last):\n  File \"a.py\", line 3, in f\n    f()\n    ~^^\n  [Previous line repeated 996 more times]\nRecursionError: maximum recursion depth exceeded\n";
    let stack = Python.parse(recursive);
    assert_eq!(
        (
            walk(&stack.chain, 0, Reader::plain(&Python)).next().unwrap().n_repeats,
            stack.chain[0].type_name
        ),
        (996, "RecursionError")
    );
    let noted = Python.parse("Traceback (most recent call last):\n  File \"a.py\", line 3, in f\n    g()\nValueError: no\nwhile loading x.csv\n");
    assert_eq!(noted.chain[0].message, "no\nwhile loading x.csv");
    let syntax = Python.parse(
        "  File \"a.py\", line 3\n    def f(\n         ^\nSyntaxError: '(' was never closed\n",
    );
    assert_eq!(
        (syntax.chain[0].type_name, walk(&syntax.chain, 0, Reader::plain(&Python)).count()),
        ("SyntaxError", 1)
    );
}

#[test]
fn a_line_of_source_is_no_header() {
    let text = "Traceback (most recent call last):\n  File \"a.py\", line 3, in f\n    fail\n  File \"b.py\", line 4, in g\n    Error: int = 3\nKeyboardInterrupt\n";
    assert_eq!(outline(&Python.parse(text).chain), [row("KeyboardInterrupt", "", &["b.g", "a.f"])]);
}

#[test]
fn a_logger_may_have_the_header_above_the_frames() {
    let frames = "Traceback (most recent call last):\n  File \"/var/task/app.py\", line 12, in handle\n    for r in event['id']:\n";
    for (above, type_name, message) in [
        ("[ERROR] KeyError: 'id'", "KeyError", "'id'"),
        ("[ERROR] shop.Declined: card 7\nis blocked", "shop.Declined", "card 7\nis blocked"),
        ("[ERROR] KeyError: 'id'\n[ERROR] ValueError: no", "ValueError", "no"),
        ("[ERROR] order failed", "", ""),
        ("order: failed", "", ""),
    ] {
        let text = format!("{above}\n{frames}");
        let want = [row(type_name, message, &["app.handle"])];
        assert_eq!(outline(&Python.parse(&text).chain), want, "{above}");
        // What stands below the frames is nearer.
        let text = format!("{text}TypeError: it is None\n");
        let want = [row("TypeError", "it is None", &["app.handle"])];
        assert_eq!(outline(&Python.parse(&text).chain), want, "{above}");
    }
}

#[test]
fn modules_are_files_and_packages() {
    for (path, name) in [
        ("/srv/shop/pay/gateway.py", "gateway"),
        ("C:\\shop\\pay\\gateway.py", "gateway"),
        ("/srv/shop/pay/__init__.py", "pay"),
        ("<ipython-input-12-0a1b>", "ipython"),
        ("<string>", "string"),
        ("", ""),
    ] {
        assert_eq!(module(path), name);
    }
    assert_eq!(Python.fold_type("shop.pay.errors.PaymentError"), "PaymentError");
    assert_eq!(Python.fold_type("tests.f.<locals>.LocalError"), "LocalError");
}

#[test]
fn installed_and_standard_code_is_library() {
    for path in [
        "/srv/venv/lib/python3.12/site-packages/flask/app.py",
        "/usr/lib/python3/dist-packages/six.py",
        "/usr/local/lib/python3.11/json/decoder.py",
        "C:\\Python311\\Lib\\json\\decoder.py",
        "<frozen importlib._bootstrap>",
        "pandas/_libs/index.pyx",
    ] {
        assert!(is_library_path(path), "{path}");
    }
    for path in [
        "/srv/shop/pay.py",
        "pay.py",
        "/home/python/shop/pay.py",
        "<stdin>",
        "C:\\shop\\lib\\pay.py",
        "",
    ] {
        assert!(!is_library_path(path), "{path}");
    }
}

#[test]
fn limits_keep_the_innermost_frames() {
    let deep = (0..3000)
        .fold(String::new(), |deep, n| deep + &format!("  File \"a.py\", line {n}, in f{n}\n"));
    let text = format!("Traceback (most recent call last):\n{deep}ValueError: no\n");
    let stack = Python.parse(&text);
    let frames: Vec<_> = walk(&stack.chain, 0, Reader::plain(&Python)).collect();
    assert!(is_deep(&stack.chain, 0, Reader::plain(&Python)));
    assert_eq!((frames.len(), frames[0].function), (FRAMES_MAX, "f2999"));
}
