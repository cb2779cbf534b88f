//! Stacks as they come.

use super::*;
use crate::chain::walk;
use crate::reader::Reader;

const PANIC: &str = "thread 'main' panicked at src/cart.rs:42:13:
index out of bounds: the len is 3 but the index is 5
stack backtrace:
   0: rust_begin_unwind
             at /rustc/79e9716c980570bfd1f666e3b16ac583f0168962/library/std/src/panicking.rs:597:5
   1: core::panicking::panic_fmt
             at /rustc/79e9716c980570bfd1f666e3b16ac583f0168962/library/core/src/panicking.rs:72:14
   2: shop::cart::Cart::total::{{closure}}
             at ./src/cart.rs:42:13
   3: shop::main
             at ./src/main.rs:7:5
note: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace.
";

const ANYHOW: &str = "Error: order 1182 not placed

Caused by:
    0: cannot charge card
    1: connection refused (os error 111)

Stack backtrace:
   0: anyhow::error::<impl core::convert::From<E> for anyhow::Error>::from
   1: shop::pay::charge
             at ./src/pay.rs:12:9
";

fn outline(text: &str) -> Vec<(String, String, Vec<String>)> {
    let stack = Rust.parse(text);
    let reader = Reader::plain(&Rust);
    let symbols = |at| {
        let own = walk(&stack.chain, at, reader).filter(|frame| reader.is_app(frame));
        own.map(|frame| Rust.symbol(&frame).text()).collect()
    };
    let exceptions = stack.chain.iter().enumerate();
    exceptions.map(|(at, e)| (e.type_name.to_owned(), e.message.to_string(), symbols(at))).collect()
}

fn row(type_name: &str, message: &str, symbols: &[&str]) -> (String, String, Vec<String>) {
    let symbols = symbols.iter().map(|&symbol| symbol.to_owned()).collect();
    (type_name.to_owned(), message.to_owned(), symbols)
}

#[test]
fn panics_of_all_ages_are_read() {
    let message = "index out of bounds: the len is 3 but the index is 5";
    assert_eq!(outline(PANIC), [row("panic", message, &["shop::cart::Cart.total", "shop.main"])]);
    let old =
        "thread 'main' panicked at 'no card', src/pay.rs:3:5\nnote: run with `RUST_BACKTRACE=1`\n";
    assert_eq!(outline(old), [row("panic", "no card", &["pay"])]);
    let new = "\nthread 'main' (4711) panicked at src/pay.rs:3:5:\nno card\nnote: run with `RUST_BACKTRACE=1`\n";
    assert_eq!(outline(new), [row("panic", "no card", &["pay"])]);
}

#[test]
fn causes_come_below_the_error_and_the_backtrace_is_the_roots() {
    assert_eq!(
        outline(ANYHOW),
        [
            row("Error", "order 1182 not placed", &[]),
            row("", "cannot charge card", &[]),
            row("", "connection refused (os error 111)", &["shop::pay.charge"]),
        ]
    );
}
