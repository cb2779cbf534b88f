//! Stacks as they come.

use super::*;
use crate::chain::walk;
use crate::reader::Reader;

type Row = (String, String, Vec<String>);

fn outline(text: &str) -> Row {
    let stack = Native.parse(text);
    let reader = Reader::plain(&Native);
    let own = walk(&stack.chain, 0, reader).filter(|frame| reader.is_app(frame));
    let symbols = own.map(|frame| Native.symbol(&frame).text()).collect();
    let root = &stack.chain[0];
    (root.type_name.to_owned(), root.message.to_string(), symbols)
}

#[track_caller]
fn reads(text: &str, type_name: &str, message: &str, symbols: &[&str]) {
    let symbols = symbols.iter().map(|&symbol| symbol.to_owned()).collect();
    assert_eq!(outline(text), (type_name.to_owned(), message.to_owned(), symbols));
}

#[test]
fn apples_reports_are_read() {
    reads(
        "*** Terminating app due to uncaught exception 'NSInvalidArgumentException', reason: '-[Cart total]: unrecognized selector sent to instance 0x1'
*** First throw call stack:
0   CoreFoundation                      0x00000001804658a8 __exceptionPreprocess + 172
1   libobjc.A.dylib                     0x000000018005c09c objc_exception_throw + 72
2   Shop                                0x0000000104a8c1d4 -[Checkout place:] + 96
3   Shop                                0x0000000104a8c2a0 main + 120
",
        "NSInvalidArgumentException",
        "-[Cart total]: unrecognized selector sent to instance 0x1",
        &["Checkout.place:", "Shop.main"],
    );
    reads(
        "Exception Type:  EXC_BREAKPOINT (SIGTRAP)\nThread 1:\n0   libsystem_kernel.dylib 0x0000000180465800 wait + 4\n\nThread 0 Crashed:\n0   libswiftCore.dylib            \t0x00000001a2b3c4d5 _assertionFailure + 300\n1   Shop                          \t0x0000000104a8c1d4 closure #1 in Cart.total() + 96 (Cart.swift:42)\n\nThread 2:\n0   Shop 0x0000000104a8c1d4 other + 4\n",
        "SIGTRAP",
        "",
        &["Cart.total"],
    );
    reads(
        "Shop/Cart.swift:42: Fatal error: Index out of range\n0 0x0000555555556f24 _assertionFailure + 12 in libswiftCore.so at /src/Assert.swift:1:1\n1 [ra] 0x0000555555556f24 Cart.total() + 12 in shop at /src/Cart.swift:42:5\n",
        "FatalError",
        "Index out of range",
        &["Cart.total"],
    );
}

#[test]
fn tombstones_and_debuggers_are_read() {
    reads(
        "signal 11 (SIGSEGV), code 1 (SEGV_MAPERR), fault addr 0x0
backtrace:
      #00 pc 000000000004f8a0  /apex/com.android.runtime/lib64/bionic/libc.so (abort+164) (BuildId: 1f)
      #01 pc 00000000000123a4  /data/app/com.acme/lib/arm64/libshop.so (acme::Cart::total(int)+120) (BuildId: 2e)
      #02 pc 00000000000123f4  /data/app/com.acme/lib/arm64/libshop.so (BuildId: 2e)
",
        "SIGSEGV",
        "",
        &["acme::Cart.total", "libshop"],
    );
    reads(
        "==4711==ERROR: AddressSanitizer: heap-use-after-free on address 0x602000000010\n    #0 0x7f in __interceptor_free (/usr/lib/libasan.so+0x1)\n    #1 0x55 in acme::Cart::total(int) /src/cart.cc:42:5\n    #2 0x56 in main /src/main.cc:3\n\nfreed by thread T0 here:\n    #0 0x7f in other /src/o.cc:1\n",
        "heap-use-after-free",
        "",
        &["acme::Cart.total", "main.main"],
    );
    reads(
        "Program received signal SIGSEGV, Segmentation fault.\n#0  0x00007ffff in raise () from /lib/x86_64-linux-gnu/libc.so.6\n#1  total (cart=0x0) at cart.c:42\n#2  0x0000555 in main () at main.c:7\n",
        "SIGSEGV",
        "",
        &["cart.total", "main.main"],
    );
    reads(
        "terminate called after throwing an instance of 'acme::Declined'\n  what():  card 7\n/lib/libc.so.6(abort+0x12) [0x7f1]\n/srv/shop(total+0x12) [0x400a2f]\n",
        "acme::Declined",
        "card 7",
        &["shop.total"],
    );
}

#[test]
fn what_abort_was_told_keeps_its_own_quotes() {
    reads(
        "signal 6 (SIGABRT), code -1\nAbort message: 'session of \"Ali 7\"'\n#00 pc 0012  /data/app/libshop.so (total+1)\n",
        "SIGABRT",
        "session of \"Ali 7\"",
        &["libshop.total"],
    );
}

#[test]
fn frames_of_which_a_recorder_kept_less_are_read() {
    reads(
        "SIGSEGV: Segfault
#0 kill (/apex/com.android.runtime/lib64/bionic/libc.so)
#1 RtlpWaitOnAddress (C:\\WINDOWS\\SYSTEM32\\ntdll.dll)
#2 stripped_application_code
#3 acme::Cart::total(int, int) (/srv/shop/cart.cc:42)
#4 -[UIView(Layout) _switch:] (UIKitCore)
#5 0x10da79b0b in acme::Cart::place (/srv/shop/order.cc:7)
",
        "SIGSEGV",
        "",
        &["", "acme::Cart.total", "acme::Cart.place"],
    );
    let at = |line| frame(line).map(|frame| (frame.function, frame.file, frame.line));
    assert_eq!(at("#5 0x10 in total (/srv/cart.cc:7)"), Some(("total", "/srv/cart.cc", Some(7))));
    assert_eq!(at("#1 total (/srv/cart.cc:7)"), Some(("total", "/srv/cart.cc", Some(7))));
    for prose in ["#1 fixed the cart (again)", "#1  <signal handler called>", "#1 ", "#one two"] {
        assert_eq!(at(prose), None, "{prose}");
    }
    assert!(Native.is_frame("#0 total") && !Native.is_frame("#4711 total"));
}
