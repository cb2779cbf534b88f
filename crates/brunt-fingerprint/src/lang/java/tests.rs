//! Stacks as they come.

use super::*;
use crate::chain::{FRAMES_MAX, is_deep, root, walk};
use crate::reader::Reader;

const CHAINED: &str = r#"Exception in thread "http-nio-8080-exec-4" com.acme.shop.CheckoutException: order 1182 could not be placed
	at com.acme.shop.Checkout.place(Checkout.java:88)
	at com.acme.shop.CheckoutController.post(CheckoutController.java:31)
	at org.springframework.web.servlet.FrameworkServlet.service(FrameworkServlet.java:897) ~[spring-web-6.1.4.jar!/:6.1.4]
	at java.base/java.lang.Thread.run(Thread.java:1583)
	Suppressed: java.io.IOException: stream closed
		at com.acme.shop.Receipt.close(Receipt.java:19)
		... 3 more
	Caused by: java.lang.IllegalStateException: already closed
		at com.acme.shop.Receipt.flush(Receipt.java:11)
		... 4 more
Caused by: com.acme.pay.PaymentException: gateway said no
	at com.acme.pay.Gateway.charge(Gateway.java:120)
	at com.acme.shop.Checkout.place(Checkout.java:84)
	... 3 more
Caused by: java.net.SocketTimeoutException: Read timed out
	at java.base/sun.nio.ch.NioSocketImpl.timedRead(NioSocketImpl.java:288)
	at java.base/java.net.Socket$SocketInputStream.read(Socket.java:1109)
	... 4 more
"#;

fn parse(text: &str) -> Stack<'_> {
    Java.parse(text)
}

fn outline<'a>(stack: &Stack<'a>) -> Vec<(&'a str, String, usize)> {
    let n_frames = |at| walk(&stack.chain, at, Reader::plain(&Java)).count();
    let chain = stack.chain.iter().enumerate();
    chain.map(|(at, e)| (e.type_name, e.message.to_string(), n_frames(at))).collect()
}

#[test]
fn a_chain_keeps_its_causes_and_not_what_was_suppressed() {
    let stack = parse(CHAINED);
    assert_eq!(
        outline(&stack),
        [
            ("com.acme.shop.CheckoutException", "order 1182 could not be placed".into(), 4),
            ("com.acme.pay.PaymentException", "gateway said no".into(), 5),
            ("java.net.SocketTimeoutException", "Read timed out".into(), 6),
        ]
    );
    // The frames that were left out are those of the exception around it, as if they had been printed.
    let last: Vec<_> = walk(&stack.chain, 2, Reader::plain(&Java)).collect();
    assert_eq!((last[2].module, last[2].function), ("com.acme.shop.Checkout", "place"));
    assert_eq!(last[5].module, "java.lang.Thread");
    assert_eq!(root(&stack.chain, Some(Reader::plain(&Java))), 2);
}

#[test]
fn a_suppressed_exception_may_be_followed_by_frames_of_nobody() {
    let stack =
        parse("a.B: x\n\tat a.C.d(C.java:1)\n\tSuppressed: a.E: y\n\t\tat a.F.g(F.java:2)\n");
    assert_eq!(outline(&stack), [("a.B", "x".into(), 1)]);
}

#[test]
fn the_root_may_be_printed_first() {
    let text = "java.io.IOException: no route\n\tat com.acme.Net.open(Net.java:5)\n\tat com.acme.Main.main(Main.java:9)\n\
                Wrapped by: com.acme.NetException: cannot connect\n\tat com.acme.Net.connect(Net.java:8)\n\t... 1 common frames omitted\n";
    let names: Vec<_> = parse(text).chain.iter().map(|e| e.type_name).collect();
    assert_eq!(names, ["com.acme.NetException", "java.io.IOException"]);
}

#[test]
fn headers_come_after_log_lines_and_over_many_lines() {
    for (header, type_name, message) in [
        ("java.lang.Error", "java.lang.Error", ""),
        ("java.lang.Error: two\nlines: of text", "java.lang.Error", "two\nlines: of text"),
        (
            "2026-01-02 10:11:12,345 ERROR [main] c.a.Pay - charge failed: com.acme.PayException: no",
            "com.acme.PayException",
            "no",
        ),
        (
            "FATAL EXCEPTION: main\nProcess: com.acme.app, PID: 4711\njava.lang.Error: x",
            "java.lang.Error",
            "x",
        ),
        ("MyException: x", "MyException", "x"),
        (
            "10:00 ERROR failed [a.b.FirstException: x] with root cause\n\njava.lang.Error: y",
            "java.lang.Error",
            "y",
        ),
        ("only words here", "", "only words here"),
        ("Exception in thread \"main\" java.lang.Error", "java.lang.Error", ""),
        ("Exception in thread \"main\" com.acme.pay.Declined: x", "com.acme.pay.Declined", "x"),
        ("12:00 Exception in thread \"main\" java.lang.Error: x", "java.lang.Error", "x"),
        ("Exception in thread \"main\" Declined", "Declined", ""),
    ] {
        let text = format!("{header}\n\tat com.acme.A.b(A.java:1)\n");
        assert_eq!(outline(&parse(&text)), [(type_name, message.to_owned(), 1)], "{header}");
    }
}

#[test]
fn a_circle_ends_the_chain() {
    let text = "a.B: x\n\tat a.C.d(C.java:1)\nCaused by: a.E: y\n\tat a.F.g(F.java:2)\nCaused by: [CIRCULAR REFERENCE: a.B: x]\n";
    assert_eq!(parse(text).chain.len(), 2);
}

#[test]
fn frames_of_all_dialects_are_read() {
    for (line, module, function, file, number) in [
        ("\tat com.acme.A.b(A.java:12)", "com.acme.A", "b", "A.java", Some(12)),
        (
            "at java.base@21.0.1/java.lang.Thread.run(Thread.java:1583)",
            "java.lang.Thread",
            "run",
            "Thread.java",
            Some(1583),
        ),
        ("at app//com.acme.A.b(A.kt)", "com.acme.A", "b", "A.kt", None),
        ("at com.acme.A.b(Native Method)", "com.acme.A", "b", "Native Method", None),
        ("at com.acme.A.b(Unknown Source:7)", "com.acme.A", "b", "Unknown Source", Some(7)),
        (
            "at com.acme.A$$FastClassBySpringCGLIB$$1f.invoke(<generated>)",
            "com.acme.A$$FastClassBySpringCGLIB$$1f",
            "invoke",
            "<generated>",
            None,
        ),
        (
            "at com.acme.A$$Lambda$14/0x0000000800c3.run(Unknown Source)",
            "com.acme.A$$Lambda$14/0x0000000800c3",
            "run",
            "Unknown Source",
            None,
        ),
        (
            "at com.acme.ATest.pays with a card(ATest.kt:3)",
            "com.acme.ATest",
            "pays with a card",
            "ATest.kt",
            Some(3),
        ),
        ("at a.b.c(SourceFile:99)", "a.b", "c", "SourceFile", Some(99)),
        ("at com.acme.A.<init>(A.java:3) [app.jar:?]", "com.acme.A", "<init>", "A.java", Some(3)),
    ] {
        let frame = frame(line).unwrap_or_else(|| panic!("{line}"));
        assert_eq!(
            (frame.module, frame.function, frame.file, frame.line),
            (module, function, file, number),
            "{line}"
        );
    }
}

#[test]
fn frames_of_other_languages_are_not() {
    for line in [
        "    at checkout (/srv/app/cart.js:10:5)",
        "    at /srv/app/cart.js:10:5",
        "   at Acme.Pay.Charge(String card) in C:\\src\\Pay.cs:line 12",
        "   at Acme.Pay.Charge()",
        "  File \"pay.py\", line 3, in charge",
        "meet me at com.acme (noon)",
        "at",
        "at (",
        "at a.b(",
    ] {
        assert!(frame(line).is_none(), "{line}");
    }
}

#[test]
fn limits_hold() {
    let deep = format!("a.B: x\n{}", "\tat a.C.d(C.java:1)\n".repeat(2000));
    let stack = parse(&deep);
    assert!(is_deep(&stack.chain, 0, Reader::plain(&Java)));
    assert_eq!(walk(&stack.chain, 0, Reader::plain(&Java)).count(), FRAMES_MAX);
    let long = format!("a.B: x\n{}", "Caused by: a.C: y\n".repeat(100) + "Caused by: a.Root: z\n");
    let stack = parse(&long);
    assert!(
        stack.is_cut
            && stack.chain.len() == CAUSES_MAX
            && stack.chain.last().unwrap().type_name == "a.Root"
    );
}
