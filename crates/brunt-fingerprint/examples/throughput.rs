//! Measures grouping of stacks of about 4 KB that no cache has seen.
//!
//! `cargo run -p brunt-fingerprint --example throughput`
#![expect(clippy::print_stdout, reason = "an example prints its answer")]

use std::fmt::Write;
use std::hint::black_box;
use std::time::Instant;

use brunt_fingerprint::{Occurrence, group, template};

const N_STACKS: usize = 2000;
const BYTES: usize = 4096;

fn main() {
    let stacks = |print: fn(usize) -> String| -> Vec<String> { (0..N_STACKS).map(print).collect() };
    measure("java", &stacks(java), |stack| {
        black_box(group(&Occurrence { stacktrace: Some(stack), ..Occurrence::default() }))
            .group
            .len()
    });
    measure("python", &stacks(python), |stack| {
        black_box(group(&Occurrence { stacktrace: Some(stack), ..Occurrence::default() }))
            .group
            .len()
    });
    measure("javascript", &stacks(javascript), |stack| {
        black_box(group(&Occurrence { stacktrace: Some(stack), ..Occurrence::default() }))
            .group
            .len()
    });
    let message = |n| {
        format!(
            "order {n} of user {n}@example.com could not be placed at https://pay.example.com/v1/charges/{n} after {n} ms"
        )
    };
    measure("message", &stacks(message), |message| {
        black_box(group(&Occurrence { message: Some(message), ..Occurrence::default() }))
            .group
            .len()
    });
    measure("template", &stacks(message), |message| black_box(template(message)).len());
}

fn measure(name: &str, texts: &[String], run: impl Fn(&str) -> usize) {
    let n_bytes: usize = texts.iter().map(String::len).sum();
    let mut seconds: Vec<f64> = (0..5)
        .map(|_| {
            let started = Instant::now();
            black_box(texts.iter().map(|text| run(text)).sum::<usize>());
            started.elapsed().as_secs_f64()
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    let median = seconds.get(2).copied().unwrap_or(1.0);
    println!(
        "{name:<11} {:>9.0} a second, {:>7.1} MB a second",
        texts.len() as f64 / median,
        n_bytes as f64 / median / 1e6
    );
}

/// Appends frames until the text has its size; `frame` gets the number of the frame.
fn fill(mut text: String, frame: impl Fn(&mut String, usize) -> std::fmt::Result) -> String {
    let mut n = 0;
    while text.len() < BYTES && frame(&mut text, n).is_ok() {
        n += 1;
    }
    text
}

fn java(n: usize) -> String {
    let own = format!(
        "com.acme.shop.OrderException: order {n} failed\n\tat com.acme.shop.Checkout{n}.place(Checkout.java:{n})\n"
    );
    let body = fill(own, |text, at| {
        writeln!(
            text,
            "\tat org.springframework.web.servlet.FrameworkServlet{at}.service(FrameworkServlet.java:{at})"
        )
    });
    body + &format!(
        "Caused by: java.lang.IllegalStateException: no wallet {n}\n\tat java.base/java.util.Objects.requireNonNull(Objects.java:233)\n\tat com.acme.pay.Wallet{n}.open(Wallet.java:12)\n\t... 40 more\n"
    )
}

fn python(n: usize) -> String {
    let body = fill("Traceback (most recent call last):\n".to_owned(), |text, at| {
        writeln!(
            text,
            "  File \"/usr/lib/python3.12/site-packages/django/core/handlers/base{at}.py\", line {at}, in get_response\n    response = wrapped(request, *args, **kwargs)"
        )
    });
    body + &format!(
        "  File \"/srv/shop/cart{n}.py\", line {n}, in checkout\n    total = order.total\nshop.CartError: order {n} has no total\n"
    )
}

fn javascript(n: usize) -> String {
    let own = format!(
        "TypeError: Cannot read properties of undefined (reading 'total')\n    at totalOf (/srv/shop/src/cart{n}.js:{n}:5)\n"
    );
    fill(own, |text, at| {
        writeln!(
            text,
            "    at Layer.handle [as handle_request] (/srv/shop/node_modules/express/lib/router/layer.js:{at}:5)"
        )
    })
}
