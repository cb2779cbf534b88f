//! Stacks of compiled languages: Go, Rust, Swift, C++.

use std::fmt::Write as _;

use crate::print::{Dialect, Printed, fault_name, lines};
use crate::story::{Call, FaultKind, Story};

pub(crate) static GO: Dialect = Dialect {
    above: &[
        "encoding/json.(*Decoder).Decode(0xc{a}, {0x1, 0xc{a}})\n\t/usr/local/go/src/encoding/json/stream.go:{l} +0x1a",
        "github.com/jackc/pgx/v5.(*Conn).Exec(0xc{a})\n\t/root/go/pkg/mod/github.com/jackc/pgx/v5@v5.{n}.0/conn.go:{l} +0x2b",
    ],
    tail: &[
        "net/http.HandlerFunc.ServeHTTP(0xc{a}, {0x1, 0x2})\n\t/usr/local/go/src/net/http/server.go:{l} +0x2f",
        "github.com/gin-gonic/gin.(*Context).Next(0xc{a})\n\t/root/go/pkg/mod/github.com/gin-gonic/gin@v1.9.{n}/context.go:{l} +0x39",
        "created by net/http.(*Server).Serve in goroutine {n}\n\t/usr/local/go/src/net/http/server.go:{l} +0x5ed",
    ],
    resume: &[
        "golang.org/x/sync/errgroup.(*Group).Go.func1()\n\t/root/go/pkg/mod/golang.org/x/sync@v0.{n}.0/errgroup/errgroup.go:{l} +0x56",
    ],
    own: go_frame,
    print: go,
};

fn go_frame(story: &Story, call: Call, line: u32) -> String {
    let (package, class, function) = (call.module.0, call.module.pascal(), call.function.camel());
    let closure = if call.is_closure { format!(".func{}", story.ordinal) } else { String::new() };
    let file = call.module.snake();
    format!(
        "github.com/acme/shop/{package}.(*{class}).{function}{closure}(0xc{{a}}, {{0xc{{a}}, 0x{:x}}})\n\t{}/{package}/{file}.go:{line} +0x{:x}\n",
        story.ordinal,
        story.checkout,
        story.ordinal + 16
    )
}

fn go(story: &Story) -> Printed {
    let goroutine = format!("goroutine {} [running]:\n", story.ordinal);
    let frames = lines(story).concat();
    let text = story.root.message.text();
    match story.root.kind {
        // Errors are recorded with the stack of whoever records them.
        FaultKind::Specific(name) => Printed {
            stack: format!(
                "{goroutine}runtime/debug.Stack()\n\t/usr/local/go/src/runtime/debug/stack.go:24 +0x5e\n{frames}"
            ),
            type_name: Some(format!("*errs.{}", name.pascal())),
            message: Some(text),
        },
        FaultKind::Generic => Printed::text(format!(
            "panic: {text}\n\n{goroutine}panic({{0x{:x}, 0xc000}})\n\t/usr/local/go/src/runtime/panic.go:884 +0x212\n{frames}",
            story.address & 0xff_ffff
        )),
        FaultKind::Recursion => Printed::text(format!(
            "runtime: goroutine stack exceeds 1000000000-byte limit\nfatal error: stack overflow\n\n{goroutine}{frames}"
        )),
    }
}

pub(crate) static RUST: Dialect = Dialect {
    above: &[
        "{n}: core::option::expect_failed\n             at /rustc/79e9716c9805/library/core/src/option.rs:{l}:5",
        "{n}: serde_json::de::from_str\n             at /root/.cargo/registry/src/index-1/serde_json-1.0.{n}/src/de.rs:{l}:5",
    ],
    tail: &[
        "{n}: tokio::runtime::task::core::Core<T,S>::poll\n             at /root/.cargo/registry/src/index-1/tokio-1.{n}.0/src/runtime/task/core.rs:{l}:9",
        "{n}: std::panicking::try\n             at /rustc/79e9716c9805/library/std/src/panicking.rs:{l}:19",
        "{n}: __libc_start_call_main",
    ],
    resume: &[
        "{n}: <core::future::from_generator::GenFuture<T> as core::future::future::Future>::poll\n             at /rustc/79e9716c9805/library/core/src/future/mod.rs:{l}:19",
    ],
    own: rust_frame,
    print: rust,
};

fn rust_frame(story: &Story, call: Call, line: u32) -> String {
    let (module, class, function) = (call.module.0, call.module.pascal(), call.function.snake());
    let closure = if call.is_closure { "::{{closure}}" } else { "" };
    let hash =
        if story.markers & 1 == 1 { format!("::h{:016x}", story.address) } else { String::new() };
    let file = call.module.snake();
    let root = if story.markers & 2 == 2 { "." } else { story.checkout };
    format!(
        "  {{n}}: shop::{module}::{class}::{function}{closure}{hash}\n             at {root}/src/{module}/{file}.rs:{line}:9\n"
    )
}

fn rust(story: &Story) -> Printed {
    let frames = lines(story).concat();
    let text = story.root.message.text();
    match story.root.kind {
        FaultKind::Specific(name) => Printed {
            stack: format!("stack backtrace:\n{frames}"),
            type_name: Some(format!("shop::errors::{}", name.pascal())),
            message: Some(text),
        },
        _ => Printed::text(format!(
            "thread 'tokio-runtime-worker' panicked at {}/src/lib.rs:{}:9:\n{text}\nstack backtrace:\n   0: rust_begin_unwind\n             at /rustc/79e9716c9805/library/std/src/panicking.rs:645:5\n{frames}note: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace.\n",
            story.checkout, story.line
        )),
    }
}

pub(crate) static SWIFT: Dialect = Dialect {
    above: &[
        "{n}   CoreFoundation                      0x0000{a} __exceptionPreprocess + {l}",
        "{n}   libobjc.A.dylib                     0x0000{a} objc_exception_throw + {l}",
        "{n}   Foundation                          0x0000{a} -[NSConcreteMutableData initWithLength:] + {l}",
    ],
    tail: &[
        "{n}   UIKitCore                           0x0000{a} -[UIApplication sendAction:to:from:forEvent:] + {l}",
        "{n}   CoreFoundation                      0x0000{a} __CFRunLoopDoSource0 + {l}",
        "{n}   libdyld.dylib                       0x0000{a} start + {l}",
    ],
    resume: &[
        "{n}   libswift_Concurrency.dylib          0x0000{a} swift::runJobInEstablishedExecutorContext(swift::Job*) + {l}",
    ],
    own: swift_frame,
    print: swift,
};

fn swift_frame(story: &Story, call: Call, line: u32) -> String {
    let (class, function) = (call.module.pascal(), call.function.camel());
    let closure =
        if call.is_closure { format!("closure #{} in ", story.ordinal) } else { String::new() };
    let place =
        if story.markers & 1 == 1 { format!(" ({class}.swift:{line})") } else { String::new() };
    format!(
        "{{n}}   Shop                                0x0000{{a}} {closure}{class}.{function}(of:count:) + {line}{place}\n"
    )
}

fn swift(story: &Story) -> Printed {
    let text = story.root.message.text();
    let frames = lines(story).concat();
    Printed::text(match story.root.kind {
        FaultKind::Specific(name) => format!(
            "*** Terminating app due to uncaught exception '{}', reason: '{text}'\n*** First throw call stack:\n{frames}",
            name.pascal()
        ),
        _ => format!("Shop/Main.swift:{}: Fatal error: {text}\n{frames}", story.line),
    })
}

pub(crate) static NATIVE: Dialect = Dialect {
    above: &[
        "      #{n} pc 000{a}  /apex/com.android.runtime/lib64/bionic/libc.so (abort+{l}) (BuildId: 1f2e)",
        "      #{n} pc 000{a}  /apex/com.android.runtime/lib64/bionic/libc.so (__memcpy_aarch64+{l}) (BuildId: 1f2e)",
    ],
    tail: &[
        "      #{n} pc 000{a}  /apex/com.android.art/lib64/libart.so (art_quick_generic_jni_trampoline+{l}) (BuildId: 77aa)",
        "      #{n} pc 000{a}  /apex/com.android.runtime/lib64/bionic/libc.so (__pthread_start(void*)+{l}) (BuildId: 1f2e)",
    ],
    resume: &[
        "      #{n} pc 000{a}  /system/lib64/libutils.so (android::Looper::pollOnce(int, int*, int*, void**)+{l}) (BuildId: 90cc)",
    ],
    own: native_frame,
    print: native,
};

fn native_frame(story: &Story, call: Call, line: u32) -> String {
    let (space, class, function) = (call.module.0, call.module.pascal(), call.function.camel());
    let lambda = if call.is_closure { "::{lambda(int)#1}::operator()" } else { "" };
    format!(
        "      #{{n}} pc 000{{a}}  /data/app/~~{:x}==/com.acme.shop-{:x}/lib/arm64/libshop.so (acme::{space}::{class}::{function}(int, std::vector<int> const&){lambda}+{line}) (BuildId: {:x})\n",
        story.bundle & 0xffff,
        story.bundle >> 48,
        story.bundle
    )
}

fn native(story: &Story) -> Printed {
    let head = match story.root.kind {
        FaultKind::Specific(name) => {
            let type_name = format!("acme::{}", name.pascal());
            format!(
                "terminating: abort was called after throwing an instance of '{type_name}'\n  what():  {}\n",
                story.root.message.text()
            )
        }
        kind => {
            let signal = fault_name(kind, "SIGABRT", "SIGSEGV");
            format!(
                "signal 6 ({signal}), code -1 (SI_QUEUE), fault addr --------\nAbort message: '{}'\n",
                story.root.message.text()
            )
        }
    };
    let mut out = head;
    if story.markers & 1 == 1 {
        let _ = writeln!(out, "    x0  0000000000000000  x1  {:016x}", story.address);
    }
    Printed::text(format!("{out}backtrace:\n{}", lines(story).concat()))
}
