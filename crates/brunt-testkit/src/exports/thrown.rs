//! What a bug throws: type, message and a stack as its language prints it. Ids, lines and tails vary from one time
//! to the next and from version to version, as they do in real life; what identifies the bug does not.

use std::fmt::Write;

use crate::bugs::Bug;
use crate::draws::Stream;
use crate::people::VERSIONS;

/// An exception as telemetry records it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Thrown {
    pub(crate) exception_type: &'static str,
    pub(crate) message: String,
    pub(crate) stacktrace: String,
}

/// A frame: function, file, line in the first version.
type Frame = (&'static str, &'static str, u64);

enum Language {
    /// Frames innermost first, and the cause: its header and its frames.
    Java(Option<(&'static str, &'static [Frame])>),
    /// Frames innermost last.
    Python,
    /// Server side: files on disk.
    Node,
    /// Client side: files of a bundle whose hash changes with the version.
    Browser,
}

struct Site {
    language: Language,
    frames: &'static [Frame],
    /// Frames of the framework around; a varying part of them is printed.
    tail: &'static [Frame],
}

/// What `bug` throws at the activity of `stream` while the client runs `version`.
pub(crate) fn throw(bug: Bug, stream: Stream, version: u8) -> Thrown {
    let exception_type = bug.facts().look.exception_type;
    let draw = stream.named(bug.name());
    let message = message(bug, draw);
    let site = site(bug);
    let n_tail = crate::draws::index(1 + draw.below("tail", site.tail.len() as u64));
    let frames: Vec<Frame> = site.frames.iter().chain(&site.tail[..n_tail]).copied().collect();
    // Each release moves lines; a deploy of a server during the days of data does too.
    let moved = 3 * u64::from(version) + 11 * draw.below("deployed", 2);
    let stacktrace = match site.language {
        Language::Java(cause) => java(exception_type, &message, &frames, cause, moved, draw),
        Language::Python => python(exception_type, &message, &frames, moved),
        Language::Node => node(exception_type, &message, &frames, moved),
        Language::Browser => browser(exception_type, &message, &frames, moved, version),
    };
    Thrown { exception_type, message, stacktrace }
}

fn message(bug: Bug, draw: Stream) -> String {
    let id = |name: &str| draw.bits(name) & 0xff_ffff;
    let n = |name: &str, below: u64| draw.below(name, below);
    let prefix = bug.facts().look.message_prefix;
    match bug {
        Bug::LogoutNoise => format!("{prefix}: token tok_{:06x} already revoked", id("token")),
        Bug::PaymentTimeout => {
            format!(
                "{prefix} after {} ms for order ord_{:06x} (attempt {})",
                8_000 + n("ms", 90),
                id("order"),
                1 + n("try", 3)
            )
        }
        Bug::GatewayRetry => {
            format!("{prefix}: {} attempts in {} ms", 3 + n("tries", 2), 7_900 + n("ms", 200))
        }
        Bug::PaymentProbe => format!(
            "{prefix} for terminal {}: lease held by worker-{}",
            1_000 + n("terminal", 900),
            n("worker", 64)
        ),
        Bug::ShippingQuote => {
            format!("{prefix} {:05} (carrier request {:08x})", n("postal", 99_999), id("request"))
        }
        Bug::MobileCart => format!(
            "{prefix}: client has {}, server has {}",
            2 + n("client", 40),
            50 + n("server", 40)
        ),
        Bug::RecsFallback => {
            format!("{prefix} slot-{} after {} ms", n("slot", 12), 200 + n("ms", 300))
        }
        Bug::StalePrice => {
            let cents = 500 + n("cents", 9_000);
            format!(
                "{prefix}: {}.{:02} for sku SKU-{:06}",
                cents / 100,
                cents % 100,
                n("sku", 900_000)
            )
        }
        Bug::SearchSlow => {
            format!("{prefix}: shard {} after {} ms", n("shard", 24), 3_000 + n("ms", 120))
        }
        Bug::VersionCrash | Bug::LocaleFallback => prefix.to_owned(),
        Bug::AccountLimit => format!(
            "{prefix} acct-{:06x}: {} of {} orders used",
            id("account"),
            51 + n("used", 20),
            50
        ),
        Bug::RareCoupon => {
            format!("{prefix}: coupon {:06X} is in state {}", id("coupon"), 3 + n("state", 4))
        }
        Bug::PlanBanner => format!("{prefix} (campaign {})", 100 + n("campaign", 50)),
        Bug::InventoryRace => {
            format!("{prefix} SKU-{:06}: version {} is gone", n("sku", 900_000), n("version", 90))
        }
        Bug::AvatarMissing => format!("{prefix} {:08x}", id("avatar")),
        Bug::AddressAutocomplete => format!("{prefix} after {} ms", 40 + n("ms", 900)),
        Bug::ReviewImage => format!("{prefix} {:06x}.webp", id("image")),
    }
}

#[expect(clippy::too_many_lines, reason = "a table of code places, one a bug")]
fn site(bug: Bug) -> Site {
    let browser =
        |frames: &'static [Frame]| Site { language: Language::Browser, frames, tail: BROWSER_TAIL };
    let python =
        |frames: &'static [Frame]| Site { language: Language::Python, frames, tail: PYTHON_TAIL };
    let java = |frames: &'static [Frame], cause| Site {
        language: Language::Java(cause),
        frames,
        tail: JAVA_TAIL,
    };
    let node =
        |frames: &'static [Frame]| Site { language: Language::Node, frames, tail: NODE_TAIL };
    match bug {
        Bug::LogoutNoise => browser(&[
            ("SessionWatcher.clearSession", "session/watcher.ts", 88),
            ("SessionWatcher.onIdle", "session/watcher.ts", 54),
        ]),
        Bug::PaymentTimeout => java(
            &[
                ("com.shop.payment.bank.BankClient.authorize", "BankClient.java", 118),
                ("com.shop.payment.ChargeService.charge", "ChargeService.java", 74),
                ("com.shop.payment.ChargeController.create", "ChargeController.java", 41),
            ],
            None,
        ),
        Bug::GatewayRetry => node(&[
            ("UpstreamPool.retry", "upstream/pool.js", 171),
            ("UpstreamPool.forward", "upstream/pool.js", 96),
            ("handlePayment", "routes/payment.js", 33),
        ]),
        Bug::PaymentProbe => java(
            &[
                ("com.shop.payment.probe.BankProbe.lease", "BankProbe.java", 66),
                ("com.shop.payment.probe.BankProbe.tick", "BankProbe.java", 39),
            ],
            None,
        ),
        Bug::ShippingQuote => python(&[
            ("create_quote", "shop/shipping/api.py", 57),
            ("cheapest", "shop/shipping/quotes.py", 121),
            ("fetch_quote", "shop/shipping/carriers.py", 208),
        ]),
        Bug::MobileCart => {
            node(&[("CartStore.merge", "cart/store.js", 142), ("addItem", "cart/items.js", 61)])
        }
        Bug::RecsFallback => browser(&[
            ("RecsSlot.fill", "recs/slot.tsx", 47),
            ("RecsSlot.render", "recs/slot.tsx", 21),
        ]),
        Bug::StalePrice => browser(&[
            ("comparePrices", "cart/prices.ts", 34),
            ("CartPanel.refresh", "cart/panel.tsx", 129),
        ]),
        Bug::SearchSlow => python(&[
            ("query", "shop/search/api.py", 44),
            ("scatter", "shop/search/cluster.py", 97),
            ("await_shard", "shop/search/cluster.py", 133),
        ]),
        Bug::VersionCrash => browser(&[
            ("VariantPicker.pick", "product/variants.tsx", 73),
            ("ProductPage.hydrate", "product/page.tsx", 58),
        ]),
        Bug::AccountLimit => java(
            &[
                ("com.shop.checkout.limits.AccountLimits.consume", "AccountLimits.java", 91),
                ("com.shop.checkout.CheckoutService.open", "CheckoutService.java", 133),
                ("com.shop.checkout.CheckoutController.create", "CheckoutController.java", 52),
            ],
            None,
        ),
        Bug::RareCoupon => python(&[
            ("apply", "shop/pricing/api.py", 81),
            ("redeem", "shop/pricing/coupons.py", 164),
        ]),
        Bug::PlanBanner => browser(&[
            ("UpgradeBanner.aim", "banner/upgrade.tsx", 29),
            ("BannerHost.mount", "banner/host.tsx", 64),
        ]),
        Bug::InventoryRace => java(
            &[
                ("com.shop.inventory.StockLedger.reserve", "StockLedger.java", 147),
                (
                    "com.shop.inventory.ReservationController.create",
                    "ReservationController.java",
                    38,
                ),
            ],
            Some((
                "org.postgresql.util.PSQLException: ERROR: could not serialize access due to concurrent update",
                &[
                    (
                        "org.postgresql.core.v3.QueryExecutorImpl.execute",
                        "QueryExecutorImpl.java",
                        372,
                    ),
                    ("org.postgresql.jdbc.PgStatement.executeInternal", "PgStatement.java", 518),
                    ("com.shop.inventory.StockLedger.reserve", "StockLedger.java", 139),
                ],
            )),
        ),
        Bug::AvatarMissing => python(&[
            ("login", "shop/auth/api.py", 39),
            ("load_avatar", "shop/auth/profile.py", 118),
        ]),
        Bug::LocaleFallback => browser(&[
            ("formatGreeting", "home/greeting.ts", 17),
            ("HomePage.render", "home/page.tsx", 42),
        ]),
        Bug::AddressAutocomplete => browser(&[
            ("AddressBox.suggest", "address/box.tsx", 83),
            ("AddressBox.onInput", "address/box.tsx", 51),
        ]),
        Bug::ReviewImage => browser(&[
            ("ReviewGallery.decode", "reviews/gallery.tsx", 37),
            ("ReviewGallery.open", "reviews/gallery.tsx", 19),
        ]),
    }
}

const BROWSER_TAIL: &[Frame] = &[("invokeTask", "node_modules/zone.js/dist/zone.js", 421)];

const NODE_TAIL: &[Frame] = &[
    ("Layer.handle", "node_modules/express/lib/router/layer.js", 95),
    ("next", "node_modules/express/lib/router/route.js", 149),
    ("process.processTicksAndRejections", "node:internal/process/task_queues", 95),
];

/// Outermost first, as Python prints them.
const PYTHON_TAIL: &[Frame] = &[
    ("dispatch", "site-packages/starlette/routing.py", 288),
    ("run_endpoint", "site-packages/fastapi/routing.py", 212),
    ("wrapped_app", "site-packages/starlette/_exception_handler.py", 42),
];

const JAVA_TAIL: &[Frame] = &[
    ("java.base/java.lang.reflect.Method.invoke", "Method.java", 580),
    ("org.springframework.web.servlet.FrameworkServlet.service", "FrameworkServlet.java", 897),
    (
        "org.apache.catalina.core.ApplicationFilterChain.doFilter",
        "ApplicationFilterChain.java",
        166,
    ),
    ("java.base/java.lang.Thread.run", "Thread.java", 1583),
];

fn java(
    exception_type: &str,
    message: &str,
    frames: &[Frame],
    cause: Option<(&str, &[Frame])>,
    moved: u64,
    draw: Stream,
) -> String {
    let mut out = format!("{exception_type}: {message}");
    let push = |out: &mut String, (symbol, file, line): Frame| {
        let line = if symbol.starts_with("com.shop.") { line + moved } else { line };
        let _ = write!(out, "\n\tat {symbol}({file}:{line})");
    };
    let mut n_more = frames.len() - 1;
    for (idx, frame) in frames.iter().enumerate() {
        push(&mut out, *frame);
        if idx == 1 && draw.uniform("proxied") < 0.5 {
            // A generated class between two of ours: its number is the process's.
            let (class, _) = frame.0.rsplit_once('.').unwrap_or((frame.0, ""));
            let hex = draw.bits("lambda") & 0xffff_ffff;
            let _ = write!(
                out,
                "\n\tat {class}$$Lambda$1{:03}/0x00007f{hex:08x}.get(Unknown Source)",
                hex % 1_000
            );
            n_more += 1;
        }
    }
    if let Some((header, causes)) = cause {
        let _ = write!(out, "\nCaused by: {header}");
        for frame in causes {
            push(&mut out, *frame);
        }
        // The frames that the cause has in common with what is above it: all but its own first of ours.
        let _ = write!(out, "\n\t... {n_more} more");
    }
    out
}

fn python(exception_type: &str, message: &str, frames: &[Frame], moved: u64) -> String {
    let mut out = String::from("Traceback (most recent call last):");
    let (library, ours): (Vec<Frame>, Vec<Frame>) =
        frames.iter().partition(|frame| frame.1.starts_with("site-packages"));
    for (function, file, line) in library {
        let _ = write!(
            out,
            "\n  File \"/usr/lib/python3.12/{file}\", line {line}, in {function}\n    return await call(request)"
        );
    }
    for (idx, (function, file, line)) in ours.iter().enumerate() {
        let _ = write!(out, "\n  File \"/srv/app/{file}\", line {}, in {function}", line + moved);
        let code = ours.get(idx + 1).map_or_else(
            || {
                format!(
                    "raise {}(detail)",
                    exception_type.rsplit('.').next().unwrap_or(exception_type)
                )
            },
            |(callee, ..)| format!("result = await {callee}(request)"),
        );
        let _ = write!(out, "\n    {code}");
    }
    let _ = write!(out, "\n{exception_type}: {message}");
    out
}

fn node(exception_type: &str, message: &str, frames: &[Frame], moved: u64) -> String {
    let mut out = format!("{exception_type}: {message}");
    for (idx, (function, file, line)) in frames.iter().enumerate() {
        let awaited = if idx == 1 { "async " } else { "" };
        if file.starts_with("node:") {
            let _ = write!(out, "\n    at {awaited}{function} ({file}:{line}:5)");
        } else {
            let (root, line) = if file.starts_with("node_modules") {
                ("/app/", *line)
            } else {
                ("/app/src/", line + moved)
            };
            let _ =
                write!(out, "\n    at {awaited}{function} ({root}{file}:{line}:{})", 7 + line % 30);
        }
    }
    out
}

fn browser(
    exception_type: &str,
    message: &str,
    frames: &[Frame],
    moved: u64,
    version: u8,
) -> String {
    let mut out = format!("{exception_type}: {message}");
    let release = VERSIONS[usize::from(version)];
    for (function, file, line) in frames {
        let line = if file.starts_with("node_modules") { *line } else { line + moved };
        let _ = write!(
            out,
            "\n    at {function} (https://shop.example/assets/{release}/{file}:{line}:{})",
            5 + line % 40
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_thrown_looks_as_the_bug_says() {
        for bug in Bug::all() {
            let look = bug.facts().look;
            let thrown = throw(bug, Stream::new(1), 2);
            assert_eq!(thrown.exception_type, look.exception_type);
            assert!(thrown.message.starts_with(look.message_prefix), "{}", thrown.message);
            assert!(
                thrown
                    .stacktrace
                    .contains(&format!("{}: {}", thrown.exception_type, thrown.message))
            );
        }
    }

    #[test]
    fn messages_and_lines_vary() {
        for bug in [Bug::PaymentTimeout, Bug::ShippingQuote, Bug::MobileCart, Bug::LogoutNoise] {
            let (one, other) = (throw(bug, Stream::new(1), 0), throw(bug, Stream::new(2), 2));
            assert_ne!(one.message, other.message);
            assert_ne!(one.stacktrace, other.stacktrace);
        }
    }

    #[test]
    fn stacks_read_as_their_languages_print_them() {
        let java = throw(Bug::PaymentTimeout, Stream::new(3), 0).stacktrace;
        assert!(
            java.contains("\n\tat com.shop.payment.bank.BankClient.authorize(BankClient.java:")
        );
        let caused = throw(Bug::InventoryRace, Stream::new(3), 0).stacktrace;
        assert!(
            caused.contains("\nCaused by: org.postgresql.util.PSQLException: ERROR: could not")
        );
        let n_above = caused.lines().take_while(|line| !line.starts_with("Caused by")).count() - 1;
        assert!(caused.ends_with(&format!("\n\t... {} more", n_above - 1)));
        let python = throw(Bug::ShippingQuote, Stream::new(3), 0).stacktrace;
        assert!(python.starts_with(
            "Traceback (most recent call last):\n  File \"/usr/lib/python3.12/site-packages/"
        ));
        assert!(
            python
                .lines()
                .last()
                .unwrap()
                .starts_with("shop.shipping.QuoteUnavailable: No carrier quote")
        );
        let browser = throw(Bug::VersionCrash, Stream::new(3), 2).stacktrace;
        assert!(
            browser
                .lines()
                .nth(1)
                .unwrap()
                .starts_with("    at VariantPicker.pick (https://shop.example/assets/5.3.1/")
        );
    }
}
