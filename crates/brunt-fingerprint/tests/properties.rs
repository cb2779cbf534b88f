//! What never changes a group and what always does, over generated messages and stacks.

use std::fmt::Write as _;

use brunt_fingerprint::{ErrorInfo, Frame, Occurrence, Rules, template};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// Groups without rules.
fn group(occurrence: &Occurrence<'_>) -> ErrorInfo {
    brunt_fingerprint::group(occurrence, &Rules::default())
}

/// Frames without rules.
fn frames(stack: &str) -> Vec<Frame> {
    let occurrence = Occurrence { stacktrace: Some(stack), ..Occurrence::default() };
    brunt_fingerprint::frames(&occurrence, &Rules::default())
}

/// A word of a message that is no parameter, unit, date, status word or noun.
fn literal() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "order", "cannot", "be", "placed:", "gateway", "said", "no", "retry", "(again)", "while",
        "loading", "card,",
    ])
    .prop_map(str::to_owned)
}

/// A parameter: what differs between two happenings of one error.
fn parameter() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<i64>().prop_map(|n| n.to_string()),
        any::<f64>().prop_filter("finite", |x| x.is_finite()).prop_map(|x| x.to_string()),
        any::<u64>().prop_map(|n| format!("0x{n:x}")),
        any::<u128>().prop_map(|n| {
            let hex = format!("{n:032x}");
            [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
        }),
        any::<[u8; 4]>().prop_map(|[a, b, c, d]| format!("{a}.{b}.{c}.{d}")),
        (any::<[u8; 4]>(), any::<u16>())
            .prop_map(|([a, b, c, d], port)| format!("{a}.{b}.{c}.{d}:{port}")),
        "[a-z]{1,8}\\.[a-z]{1,8}@[a-z]{1,8}\\.com".prop_map(|mail| mail),
        "https?://[a-z]{1,8}\\.example/[a-z0-9/?=&]{0,20}".prop_map(|url| url),
        "/[a-z]{1,8}/[a-z0-9]{1,8}\\.[a-z]{2}".prop_map(|path| path),
        "\"[A-Za-z ]{0,20}\"".prop_map(|quoted| quoted),
        (1u32..28, 0u32..24, 0u32..60)
            .prop_map(|(d, h, m)| format!("2026-03-{d:02}T{h:02}:{m:02}:59.123Z")),
        (1u32..28, 0u32..24).prop_map(|(d, h)| format!("Tue Mar {d:02} {h:02}:15:01 UTC 2026")),
        any::<u16>().prop_map(|n| format!("{n} ms")),
    ]
}

fn sentence() -> impl Strategy<Value = Vec<Option<String>>> {
    prop::collection::vec(prop_oneof![3 => literal().prop_map(Some), 1 => Just(None)], 1..12)
}

/// The words of a sentence with a parameter in each hole.
fn fill(sentence: &[Option<String>], parameters: &[String]) -> String {
    let mut parameters = parameters.iter().cycle();
    let words: Vec<&str> = sentence
        .iter()
        .map(|word| word.as_deref().unwrap_or_else(|| parameters.next().map_or("", String::as_str)))
        .collect();
    words.join(" ")
}

/// Text built from everything that the scanner gives a meaning.
fn tricky() -> impl Strategy<Value = String> {
    let atom = prop::sample::select(vec![
        "a",
        " user ",
        "for user",
        "invalid user bob",
        "from",
        ".",
        "<1",
        "5",
        "'",
        "\"",
        "`",
        " ",
        "=",
        ":",
        "::",
        "//",
        "/",
        "\\",
        "\\n",
        "<*>",
        "<",
        ">",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        ".",
        "-",
        "_",
        "@",
        "#",
        "%",
        "ms",
        "Jan",
        "Mon",
        "UTC",
        "status",
        "code",
        "404",
        "column",
        "http/1",
        "SQLSTATE",
        "42S02",
        "ORA-00942",
        "deadbeef",
        "x.com",
        "://",
        "~/",
        "ä",
        "\n",
        "s",
        "0x",
    ]);
    prop::collection::vec(atom, 0..24).prop_map(|atoms| atoms.concat())
}

fn of_stack(stack: &str) -> Occurrence<'_> {
    Occurrence { stacktrace: Some(stack), service: Some("shop"), ..Occurrence::default() }
}

/// More with `PROPTEST_CASES`.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(512)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, rng_seed: RngSeed::Fixed(20_260_301), ..ProptestConfig::default() })]

    #[test]
    fn a_template_is_its_own_template(message in prop_oneof![tricky(), ".{0,200}", sentence().prop_flat_map(|s| prop::collection::vec(parameter(), 1..4).prop_map(move |p| fill(&s, &p)))]) {
        let once = template(&message);
        prop_assert_eq!(template(&once), once);
    }

    #[test]
    fn parameters_never_change_a_message(sentence in sentence(), a in prop::collection::vec(parameter(), 1..4), b in prop::collection::vec(parameter(), 1..4)) {
        let group_of = |message: &str| group(&Occurrence { exception_type: Some("Oops"), message: Some(message), ..Occurrence::default() }).group;
        prop_assert_eq!(group_of(&fill(&sentence, &a)), group_of(&fill(&sentence, &b)));
    }

    #[test]
    fn another_word_changes_a_group_without_a_stack(sentence in sentence(), at in 0usize..12) {
        let mut other = sentence.clone();
        let at = at % other.len();
        other[at] = Some("otherwise".to_owned());
        let message = fill(&other, &["7".to_owned()]);
        let original = fill(&sentence, &["7".to_owned()]);
        prop_assert_ne!(group(&Occurrence { message: Some(&message), ..Occurrence::default() }).group, group(&Occurrence { message: Some(&original), ..Occurrence::default() }).group);
    }

    #[test]
    fn nothing_panics(bytes in prop::collection::vec(any::<u8>(), 0..400), text in "\\PC{0,200}") {
        let lossy = String::from_utf8_lossy(&bytes);
        for text in [&*lossy, &text] {
            let all = Some(text);
            group(&Occurrence { exception_type: all, message: all, stacktrace: all, service: all, lang: all, client_fingerprint: all, attributes: &[] });
            frames(text);
            template(text);
        }
    }

    #[test]
    fn damaged_stacks_never_panic(stack in prop::sample::select(STACKS.to_vec()), cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20)) {
        let mut bytes = stack.as_bytes().to_vec();
        for (at, byte) in cuts {
            let at = at.index(bytes.len());
            if byte < 64 { bytes.remove(at); } else { bytes[at] = byte; }
            if bytes.is_empty() { break; }
        }
        let text = String::from_utf8_lossy(&bytes);
        group(&of_stack(&text));
        frames(&text);
    }

    #[test]
    fn wrapping_never_changes_a_group(stack in prop::sample::select(STACKS.to_vec()), shift in 1u32..500, minute in 0u32..60) {
        let want = group(&of_stack(stack));
        let lines: Vec<&str> = stack.lines().collect();
        let prefixed = lines.iter().enumerate().fold(String::new(), |prefixed, (n, line)| {
            prefixed + &format!("2026-03-02 10:{minute:02}:{:02},{:03} [worker-{}] ERROR shop : {line}\n", n % 60, n * 7 % 1000, n % 4)
        });
        let coloured = stack.replace("Error", "\x1b[31mError\x1b[0m");
        let escaped = stack.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n").replace('\t', "\\t");
        let shifted = shift_lines(stack, shift);
        let moved = stack.replace("/srv/shop/", &format!("/home/ci{shift}/builds/shop/"));
        for (what, changed) in [("prefix", prefixed), ("crlf", stack.replace('\n', "\r\n")), ("ansi", coloured), ("json", escaped), ("lines", shifted), ("checkout", moved)] {
            let info = group(&of_stack(&changed));
            prop_assert_eq!(&info.group, &want.group, "{}: {}\n{:#?}\n{:#?}", what, changed, info.why, want.why);
            prop_assert_eq!(&info.site, &want.site);
            prop_assert_eq!(&info.variant, &want.variant, "{}", what);
        }
    }

    #[test]
    fn service_type_and_function_change_a_group(stack in prop::sample::select(STACKS.to_vec()), word in "[a-z]{6,12}") {
        let want = group(&of_stack(stack));
        let culprit = want.culprit.as_deref().unwrap_or_default();
        let function = culprit.rsplit('.').next().unwrap_or_default();
        let short = want.root_type.rsplit('.').next().unwrap_or_default();
        let renamed = format!("{word}Q");
        prop_assert_ne!(group(&Occurrence { service: Some(&word), ..of_stack(stack) }).group, want.group.clone());
        prop_assert_ne!(group(&of_stack(&stack.replace(short, &format!("{renamed}Error")))).group, want.group.clone());
        let other = group(&of_stack(&stack.replace(function, &renamed)));
        prop_assert_ne!(&other.group, &want.group);
        prop_assert_ne!(&other.site, &want.site);
    }
}

/// Adds to every line number of every frame.
fn shift_lines(stack: &str, shift: u32) -> String {
    let mut out = String::new();
    for line in stack.lines() {
        let (head, tail) = [".java:", ".js:", ", line "]
            .iter()
            .find_map(|mark| line.rfind(mark).map(|at| line.split_at(at + mark.len())))
            .unwrap_or((line, ""));
        let digits = tail.bytes().take_while(u8::is_ascii_digit).count();
        let number = tail[..digits]
            .parse::<u32>()
            .map_or(String::new(), |number| (number + shift).to_string());
        let _ = writeln!(out, "{head}{number}{}", &tail[digits..]);
    }
    out
}

const STACKS: [&str; 6] = [
    "com.acme.shop.CheckoutError: order 1182 failed\n\tat com.acme.shop.Checkout.place(Checkout.java:88)\n\tat com.acme.shop.Web.post(Web.java:31)\n\tat org.springframework.web.Servlet.service(Servlet.java:897)\nCaused by: com.acme.pay.DeclinedError: card 4711 declined\n\tat com.acme.pay.Gateway.charge(Gateway.java:120)\n\tat com.acme.shop.Checkout.place(Checkout.java:84)\n\t... 2 more\n",
    "java.lang.IllegalStateError: no card 5\n\tat com.acme.base.Check.failWith(Check.java:9)\n\tat com.acme.pay.Wallet.open(Wallet.java:12)\n\tat java.base/java.lang.Thread.run(Thread.java:1583)\n",
    "Traceback (most recent call last):\n  File \"/srv/shop/app.py\", line 9, in main\n    checkout(order)\n  File \"/srv/shop/cart.py\", line 31, in checkout\n    total = order.total\nshop.errors.CartError: order 12 has no total\n",
    "Traceback (most recent call last):\n  File \"/srv/shop/pay.py\", line 5, in charge\n    post(url)\n  File \"/usr/lib/python3.12/site-packages/requests/api.py\", line 61, in post\n    return request(\"post\")\nrequests.exceptions.ConnectError: refused by 10.0.0.1\n\nDuring handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n  File \"/srv/shop/app.py\", line 9, in main\n    charge()\n  File \"/srv/shop/pay.py\", line 8, in charge\n    raise Broken()\nBroken\n",
    "CartError: Cannot read properties of undefined (reading 'total')\n    at totalOf (/srv/shop/src/cart.js:10:5)\n    at /srv/shop/src/server.js:40:3\n    at Layer.handle [as handle_request] (/srv/shop/node_modules/express/lib/router/layer.js:95:5)\n    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)\n",
    "GatewayError: order not placed\n    at async placeOrder (/srv/shop/src/checkout.js:18:11) {\n  [cause]: UrlError: Invalid URL\n      at new URL (node:internal/url:775:36)\n      at Gateway.charge (/srv/shop/src/gateway.js:7:15) {\n    code: 'ERR_INVALID_URL'\n  }\n}\n",
];
