//! What a user sees of one grouped error: ids that nest, title, culprit, quality, reasons and frames.

use brunt_fingerprint::{ErrorInfo, Frame, Lang, Occurrence, Quality, Role, Rules};

/// Groups without rules.
fn group(occurrence: &Occurrence<'_>) -> ErrorInfo {
    brunt_fingerprint::group(occurrence, &Rules::default())
}

/// Frames without rules.
fn frames(stack: &str) -> Vec<Frame> {
    let occurrence = Occurrence { stacktrace: Some(stack), ..Occurrence::default() };
    brunt_fingerprint::frames(&occurrence, &Rules::default())
}

const CHAINED: &str = "com.acme.shop.CheckoutException: order 1182 failed
\tat com.acme.shop.Checkout.place(Checkout.java:88)
\tat com.acme.shop.Web.post(Web.java:31)
Caused by: java.lang.IllegalStateException: no wallet 7
\tat com.google.common.base.Preconditions.checkState(Preconditions.java:502)
\tat com.acme.base.Check.orFail(Check.java:9)
\tat com.acme.base.Check.failWith(Check.java:14)
\tat com.acme.pay.Wallet.open(Wallet.java:12)
\tat com.acme.shop.Checkout.place(Checkout.java:84)
\t... 1 more
";

fn of(stack: &str) -> ErrorInfo {
    group(&Occurrence { stacktrace: Some(stack), service: Some("shop"), ..Occurrence::default() })
}

#[test]
fn an_error_is_put_down_to_the_root_and_its_culprit() {
    let info = of(&CHAINED.replace("Check.orFail", "Check.throwIt"));
    assert_eq!(info.title, "IllegalStateException: no wallet <*>");
    assert_eq!(info.root_type, "java.lang.IllegalStateException");
    assert_eq!(info.root_template, "no wallet <*>");
    assert_eq!(info.culprit.as_deref(), Some("com.acme.pay.Wallet.open"));
    assert_eq!((info.culprit_file.as_deref(), info.culprit_line), (Some("Wallet.java"), Some(12)));
    assert_eq!(info.thrown_at.as_deref(), Some("com.acme.base.Check.throwIt"));
    assert_eq!((info.lang, info.quality), (Some(Lang::Java), Quality::Full));
}

#[test]
fn every_part_says_whether_and_why_it_counts() {
    let info = of(CHAINED);
    let why: Vec<String> = info
        .why
        .iter()
        .map(|part| format!("{} {} [{}]", part.part, part.value, part.reason))
        .collect();
    assert_eq!(
        why,
        [
            "service shop [used]",
            "lang java [used: language of the frames]",
            "cause com.acme.shop.CheckoutException [ignored: wraps the root]",
            "type java.lang.IllegalStateException [used: root of the chain]",
            "frame com.google.common.base.Preconditions.checkState [ignored: library frame]",
            "culprit com.acme.base.Check.orFail [used: first frame of the app that does the work]",
            "message no wallet <*> [used: generic type]",
        ]
    );
    assert_eq!(info.why.iter().filter(|part| part.used).count(), 5);
}

#[test]
fn the_three_ids_nest() {
    let info = of(CHAINED);
    let other_caller = of(&CHAINED.replace("com.acme.shop.Web.post", "com.acme.shop.Batch.run"));
    assert_eq!((&info.site, &info.group), (&other_caller.site, &other_caller.group));
    assert_ne!(info.variant, other_caller.variant);
    let other_type = of(&CHAINED.replace("IllegalStateException", "ArithmeticException"));
    assert_eq!(info.site, other_type.site);
    assert_ne!(info.group, other_type.group);
    let message_only = group(&Occurrence { message: Some("no wallet 7"), ..Occurrence::default() });
    let other_type = group(&Occurrence {
        exception_type: Some("Oops"),
        message: Some("no wallet 8"),
        ..Occurrence::default()
    });
    assert_eq!(message_only.site, other_type.site);
    assert_ne!(message_only.group, other_type.group);
}

#[test]
fn columns_beside_the_stack_win_over_its_header_but_numbers_do_not() {
    let stack = "Error: request failed\n    at call (/srv/shop/src/rpc.js:3:5)\n";
    let named = group(&Occurrence {
        exception_type: Some("RpcError"),
        message: Some("14 UNAVAILABLE: down"),
        stacktrace: Some(stack),
        ..Occurrence::default()
    });
    assert_eq!(named.title, "RpcError: <*> UNAVAILABLE: down");
    let numbered = group(&Occurrence {
        exception_type: Some("14"),
        message: Some("down"),
        stacktrace: Some(stack),
        ..Occurrence::default()
    });
    assert_eq!(numbered.title, "Error: code 14 down");
    assert_ne!(
        numbered.group,
        group(&Occurrence {
            exception_type: Some("13"),
            message: Some("down"),
            stacktrace: Some(stack),
            ..Occurrence::default()
        })
        .group
    );
}

#[test]
fn a_language_may_be_named_and_the_stack_has_the_last_word() {
    let of_lang = |lang| {
        group(&Occurrence {
            stacktrace: Some(CHAINED),
            service: Some("shop"),
            lang: Some(lang),
            ..Occurrence::default()
        })
    };
    for lang in ["java", "Kotlin", "python", "nonsense", ""] {
        assert_eq!(of_lang(lang), of(CHAINED), "{lang}");
    }
    let message = |lang| {
        group(&Occurrence { message: Some("card 7 declined"), lang, ..Occurrence::default() })
    };
    assert_eq!(message(Some("python")).group, message(None).group);
    // A class is the same class in whatever module, with frames and without.
    let bare = group(&Occurrence {
        exception_type: Some("shop.pay.Declined"),
        lang: Some("python"),
        ..Occurrence::default()
    });
    assert_eq!(bare.root_type, "Declined");
}

#[test]
fn a_stack_without_frames_still_names_the_error() {
    let info = of("Traceback (most recent call last):\nshop.pay.DeclinedError: card 7\n");
    assert_eq!((info.title.as_str(), info.quality), ("DeclinedError: card <*>", Quality::Unparsed));
}

#[test]
fn a_stack_in_the_message_is_read() {
    let in_message = group(&Occurrence {
        message: Some(CHAINED),
        service: Some("shop"),
        ..Occurrence::default()
    });
    assert_eq!(in_message, of(CHAINED));
    let with_both = group(&Occurrence {
        message: Some("no wallet 7\n\tat com.acme.A.b(A.java:1)"),
        stacktrace: Some(CHAINED),
        service: Some("shop"),
        ..Occurrence::default()
    });
    assert_eq!(with_both.group, of(CHAINED).group);
}

#[test]
fn quality_says_what_the_group_rests_on() {
    let quality = |stack: &str| of(stack).quality;
    assert_eq!(quality(CHAINED), Quality::Full);
    assert_eq!(
        quality("java.lang.Error: x\n\tat java.lang.Thread.run(Thread.java:1)\n"),
        Quality::LibraryOnly
    );
    assert_eq!(
        quality("TypeError: x\n    at t (https://a.example/main.js:1:2)\n"),
        Quality::Minified
    );
    assert_eq!(quality("no frame in here"), Quality::Unparsed);
    assert_eq!(quality(""), Quality::MessageOnly);
    assert_eq!(
        quality(
            &CHAINED.replace("\t... 1 more", &"\tat com.acme.Deep.call(Deep.java:1)\n".repeat(600))
        ),
        Quality::Truncated
    );
}

#[test]
fn one_member_stands_for_its_group_of_exceptions() {
    let member = "    | Traceback (most recent call last):\n    |   File \"/srv/pay.py\", line 5, in charge\n    |     raise Declined(n)\n    | shop.Declined: 12\n";
    let of_members = |n: usize| {
        let head = "  + Exception Group Traceback (most recent call last):\n  |   File \"/srv/batch.py\", line 2, in run\n";
        let text = (1..=n).fold(
            format!("{head}  | ExceptionGroup: failed ({n} sub-exceptions)\n"),
            |text, idx| {
                let margin = if idx == 1 { "  +-+---" } else { "    +---" };
                format!("{text}{margin}------------- {idx} ----------------\n{member}")
            },
        );
        of(&format!("{text}    +------------------------------------\n"))
    };
    let alone = of(
        "Traceback (most recent call last):\n  File \"/srv/pay.py\", line 5, in charge\n    raise Declined(n)\nshop.Declined: 12\n",
    );
    assert_eq!(of_members(1).group, alone.group);
    assert_eq!(of_members(3).group, alone.group);
    assert_eq!(of_members(3).culprit.as_deref(), Some("pay.charge"));
}

#[test]
fn frames_come_with_their_roles() {
    let roles: Vec<(String, Role)> =
        frames(CHAINED).into_iter().map(|frame| (frame.function, frame.role)).collect();
    let expect = [
        ("place", Role::App),
        ("post", Role::App),
        ("checkState", Role::Library),
        ("orFail", Role::Culprit),
        ("failWith", Role::ThrowHelper),
        ("open", Role::App),
        ("place", Role::App),
        ("post", Role::App),
    ];
    assert_eq!(roles, expect.map(|(function, role)| (function.to_owned(), role)));
    let reasons: Vec<&str> = frames(CHAINED).iter().map(|frame| frame.reason).collect();
    let outer = ["ignored: not of the root"; 2];
    let root = ["ignored: library frame", "used: culprit"];
    assert_eq!(reasons, [&outer[..], &root, &["ignored: calls the culprit"; 4]].concat());
    assert!(frames("no frame in here").is_empty());
}

/// A group of exceptions thrown by `batch.run`; each member by the function of `pay.py` of its name, which a throw
/// helper, that of the member's number, throws for.
fn group_of_exceptions(members: &[&str]) -> String {
    let head = "  + Exception Group Traceback (most recent call last):\n  |   File \"/srv/batch.py\", line 2, in run\n  | ExceptionGroup: failed\n";
    let text = members.iter().enumerate().fold(head.to_owned(), |text, (idx, function)| {
        let margin = if idx == 0 { "  +-+---" } else { "    +---" };
        format!(
            "{text}{margin}------------- {} ----------------\n    | Traceback (most recent call last):\n    |   File \"/srv/pay.py\", line 5, in {function}\n    |   File \"/srv/pay.py\", line 9, in fail_{function}\n    | shop.Declined: 12\n",
            idx + 1
        )
    });
    format!("{text}    +------------------------------------\n")
}

#[test]
fn frames_of_a_group_of_exceptions_count_as_its_members_do() {
    let seen = |members: &[&str]| -> Vec<(String, &str, &str)> {
        let frames = frames(&group_of_exceptions(members));
        let told = |frame: Frame| {
            assert_eq!(frame.used, frame.reason.starts_with("used"), "{frame:?}");
            (frame.function, frame.role.as_str(), frame.reason)
        };
        frames.into_iter().map(told).collect()
    };
    let used = |function: &str| {
        [
            (format!("fail_{function}"), "throw_helper", "skipped: throw helper"),
            (function.to_owned(), "culprit", "used: culprit"),
        ]
    };
    let ignored = |function: &str, reason| {
        [(format!("fail_{function}"), "throw_helper", reason), (function.to_owned(), "app", reason)]
    };
    let outer = [("run".to_owned(), "app", "ignored: the members are the key")];
    let again = ignored("charge", "ignored: equal to a member above");
    assert_eq!(seen(&["charge"]), [&outer[..], &used("charge")].concat());
    assert_eq!(seen(&["charge"; 2]), [&outer[..], &used("charge"), &again].concat());
    assert_eq!(
        seen(&["charge", "refund", "charge"]),
        [&outer[..], &used("charge"), &used("refund"), &again].concat()
    );
}

#[test]
fn a_frame_is_used_where_another_name_makes_another_group() {
    for members in [&["charge"][..], &["charge", "refund"]] {
        let text = group_of_exceptions(members);
        for frame in frames(&text) {
            let renamed = text.replace(
                &format!("in {}\n", frame.function),
                &format!("in {}_too\n", frame.function),
            );
            assert_ne!(text, renamed);
            assert_eq!(of(&text).group != of(&renamed).group, frame.used, "{frame:?}");
        }
    }
}

#[test]
fn details_below_a_message_do_not_count_and_causes_do() {
    let group = |message: &str| {
        of(&format!("java.lang.RuntimeException: {message}\n\tat com.acme.Pay.run(Pay.java:1)\n"))
            .group
    };
    let twice = |detail: &str| group(&format!("value is there twice\nDETAIL: {detail}"));
    assert_eq!(twice("Key (id)=(5) already exists."), twice("Key (mail)=(a@b.de) was found."));
    let failed = |cause: &str| group(&format!("Command failed: git push origin\nfatal: {cause}"));
    assert_ne!(failed("no such host"), failed("authentication failed"));
}

#[test]
fn a_refused_input_does_not_count_and_what_is_wrong_with_it_does() {
    let group = |message: &str| {
        let header = format!("java.lang.NumberFormatException: {message}");
        of(&format!("{header}\n\tat com.acme.Cart.quantity(Cart.java:7)\n")).group
    };
    // An input that looks like a code is none.
    assert_eq!(group("For input string: \"E10001\""), group("For input string: \"E10002\""));
    assert_eq!(group("For input string: \"ECONNREFUSED\""), group("For input string: \"x\""));
    assert_ne!(group("For input string: \"x\""), group("No input was given at all"));
}

#[test]
fn a_constructor_refuses_for_its_caller_unless_a_library_stands_beside_it() {
    let stack = |frames: &[&str]| {
        let frames: String =
            frames.iter().map(|frame| format!("\tat {frame}(A.java:1)\n")).collect();
        format!("java.lang.IllegalArgumentException: url must not be empty\n{frames}")
    };
    let culprit = |frames: &[&str]| of(&stack(frames)).culprit.unwrap();
    let made = ["com.acme.PayClient.<init>", "com.acme.Shop.start"];
    assert_eq!(culprit(&made), "com.acme.Shop.start");
    let roles: Vec<Role> = frames(&stack(&made)).iter().map(|frame| frame.role).collect();
    assert_eq!(roles, [Role::ThrowHelper, Role::Culprit]);
    // Two faults that a container shows below one caller of the app.
    let by_container = |class: &str| {
        let made = format!("com.acme.{class}.<init>");
        stack(&[
            &made,
            "org.springframework.beans.BeanUtils.instantiateClass",
            "com.acme.Shop.main",
        ])
    };
    assert_ne!(of(&by_container("PayClient")).group, of(&by_container("MailClient")).group);
    let roles: Vec<Role> =
        frames(&by_container("PayClient")).iter().map(|frame| frame.role).collect();
    assert_eq!(roles, [Role::Culprit, Role::Library, Role::App]);
    // A library that the constructor called refused what that gave it.
    let called = ["java.util.Random.nextInt", "com.acme.Dice.<init>", "com.acme.Game.start"];
    assert_eq!(culprit(&called), "com.acme.Dice.<init>");
}

#[test]
fn hostile_stacks_take_linear_time() {
    let units = [
        "\tat a.B.c(B.java:1)\n",
        "Caused by: a.B: x\n",
        "at ",
        "File \"",
        "  | ",
        "  +-+---\n",
        "[errors]: [\n",
        "Suppressed: ",
        "[cause]: E: x\n",
        "\\n",
        "\x1b[",
        "(",
        "x at a.B.c(B.java:1) ",
    ];
    for unit in units {
        let stack = unit.repeat(200_000 / unit.len());
        let started = std::time::Instant::now();
        of(&stack);
        of(&format!("Error: x\n    at f (/a.js:1:2)\n{stack}"));
        assert!(
            started.elapsed() < std::time::Duration::from_secs(3),
            "{unit:?} took {:?}",
            started.elapsed()
        );
    }
}
