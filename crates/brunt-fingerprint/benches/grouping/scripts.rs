//! Stacks of scripting languages: Python, JavaScript, Ruby, PHP.

use std::fmt::Write as _;

use crate::print::{Dialect, Printed, fault_name, lines};
use crate::story::{Call, Fault, FaultKind, Kind, Story};

pub(crate) static PYTHON: Dialect = Dialect {
    above: &[
        "  File \"/usr/lib/python3.12/json/decoder.py\", line {l}, in raw_decode\n    obj, end = self.scan_once(s, idx)",
        "  File \"/srv/venv/lib/python3.12/site-packages/requests/sessions.py\", line {l}, in request\n    resp = self.send(prep, **send_kwargs)",
        "  File \"/srv/venv/lib/python3.12/site-packages/sqlalchemy/orm/query.py\", line {l}, in one\n    return self._iter().one()\n           ^^^^^^^^^^^^^^^^^^",
    ],
    tail: &[
        "  File \"/srv/venv/lib/python3.12/site-packages/django/core/handlers/base.py\", line {l}, in _get_response\n    response = wrapped_callback(request, *callback_args)",
        "  File \"/srv/venv/lib/python3.12/site-packages/flask/app.py\", line {l}, in dispatch_request\n    return self.ensure_sync(view)(**args)",
        "  File \"/usr/lib/python3.12/threading.py\", line {l}, in _bootstrap_inner\n    self.run()",
        "  File \"/srv/venv/lib/python3.12/site-packages/celery/app/trace.py\", line {l}, in trace_task\n    R = retval = fun(*args, **kwargs)",
    ],
    resume: &[
        "  File \"/usr/lib/python3.12/asyncio/tasks.py\", line {l}, in __step\n    result = coro.send(None)",
    ],
    own: python_frame,
    print: python,
};

fn python_frame(story: &Story, call: Call, line: u32) -> String {
    let (file, function, root) = (call.module.snake(), call.function.snake(), story.checkout);
    let mark = if story.markers & 1 == 1 { "\n    ~~~~~~~~~~^^^^^^^" } else { "" };
    let own = |name: &str, line: u32| {
        format!(
            "  File \"{root}/shop/{file}.py\", line {line}, in {name}\n    value = step(entry){mark}\n"
        )
    };
    // Python prints a comprehension as a frame of its own.
    let inner = if call.is_closure { own("<listcomp>", line + 1) } else { String::new() };
    own(&function, line) + &inner
}

fn python(story: &Story) -> Printed {
    let head = "Traceback (most recent call last):\n";
    let name = |fault: Fault| match fault.kind {
        FaultKind::Specific(name) => format!("shop.{}.{}", name.package(), name.pascal()),
        kind => fault_name(kind, "RuntimeError", "RecursionError"),
    };
    let said = |fault: Fault| match fault.kind {
        FaultKind::Recursion => "RecursionError: maximum recursion depth exceeded".to_owned(),
        _ => format!("{}: {}", name(fault), fault.message.text()),
    };
    let frames: String = lines(story).into_iter().rev().collect();
    let mut out = format!("{head}{frames}{}\n", said(story.root));
    if let Some(wrapper) = story.wrapper {
        let place =
            python_frame(story, Call { is_closure: false, ..story.callers[0] }, story.line + 900);
        let _ = write!(
            out,
            "\nThe above exception was the direct cause of the following exception:\n\n{head}{place}{}\n",
            said(wrapper)
        );
    }
    Printed::text(out)
}

const NODE_ABOVE: &[&str] = &[
    "    at JSON.parse (<anonymous>)",
    "    at validate (/srv/shop/node_modules/joi/lib/validator.js:{l}:11)",
    "    at Parser.parseErrorMessage (/srv/shop/node_modules/pg-protocol/dist/parser.js:{l}:98)",
];
const NODE_TAIL: &[&str] = &[
    "    at Layer.handle [as handle_request] (/srv/shop/node_modules/express/lib/router/layer.js:{l}:5)",
    "    at next (/srv/shop/node_modules/express/lib/router/route.js:{l}:13)",
    "    at process.processTicksAndRejections (node:internal/process/task_queues:{l}:5)",
    "    at Server.emit (node:events:{l}:28)",
];

pub(crate) static NODE: Dialect = Dialect {
    above: NODE_ABOVE,
    tail: NODE_TAIL,
    resume: &[
        "    at process.processTicksAndRejections (node:internal/process/task_queues:{l}:5)",
        "    at async Promise.all (index 3)",
    ],
    own: v8_frame,
    print: javascript,
};

pub(crate) static BROWSER: Dialect = Dialect {
    above: &["    at JSON.parse (<anonymous>)", "    at Array.map (<anonymous>)"],
    tail: &[
        "    at HTMLUnknownElement.callCallback (https://shop.example/static/js/vendors~main.4f2a91bc.js:2:{l})",
        "    at commitRoot (https://shop.example/static/js/vendors~main.4f2a91bc.js:2:{l})",
        "    at MessagePort.performWork (https://shop.example/static/js/vendors~main.4f2a91bc.js:3:{l})",
    ],
    resume: &["    at Generator.next (<anonymous>)"],
    own: v8_frame,
    print: javascript,
};

fn v8_frame(story: &Story, call: Call, line: u32) -> String {
    let (class, function, file) =
        (call.module.pascal(), call.function.camel(), call.module.camel());
    let path = match story.kind {
        Kind::Node => format!("{}/src/{file}.js", story.checkout),
        _ => format!(
            "https://shop.example/static/js/{file}.{:08x}.js",
            story.bundle & 0xffff_ffff | 0x1000_0000
        ),
    };
    let alias = if story.markers & 1 == 1 { "async " } else { "" };
    let named = format!("    at {alias}{class}.{function} ({path}:{line}:9)\n");
    // A closure without a name stands above the function that it was written in.
    if call.is_closure { format!("    at {path}:{}:21\n{named}", line + 1) } else { named }
}

fn javascript(story: &Story) -> Printed {
    let header = |fault: Fault| match fault.kind {
        FaultKind::Recursion => "RangeError: Maximum call stack size exceeded".to_owned(),
        kind => format!("{}: {}", fault_name(kind, "Error", ""), fault.message.text()),
    };
    let mark = if story.kind == Kind::Browser { "Uncaught " } else { "" };
    let frames = lines(story).concat();
    let text = match story.wrapper {
        None => format!("{mark}{}\n{frames}", header(story.root)),
        Some(wrapper) => {
            let place =
                v8_frame(story, Call { is_closure: false, ..story.callers[0] }, story.line + 900);
            let inner =
                format!("{}\n{frames}", header(story.root)).trim_end().replace('\n', "\n  ");
            format!("{}\n{} {{\n  [cause]: {inner}\n}}\n", header(wrapper), place.trim_end())
        }
    };
    Printed::text(text)
}

pub(crate) static FIREFOX: Dialect = Dialect {
    above: &["map@[native code]", "parse@[native code]"],
    tail: &[
        "callCallback@https://shop.example/static/js/vendors~main.4f2a91bc.js:2:{l}",
        "promiseReactionJob@[native code]",
    ],
    resume: &["asyncFunctionResume@[native code]"],
    own: firefox_frame,
    print: firefox,
};

fn firefox_frame(story: &Story, call: Call, line: u32) -> String {
    let (class, function, file) =
        (call.module.pascal(), call.function.camel(), call.module.camel());
    let bundle = story.bundle & 0xffff_ffff | 0x1000_0000;
    let closure = if call.is_closure { "/<" } else { "" };
    let queued = if story.markers & 1 == 1 { "async*" } else { "" };
    format!(
        "{queued}{class}.{function}{closure}@https://shop.example/static/js/{file}.{bundle:08x}.js:{line}:9\n"
    )
}

fn firefox(story: &Story) -> Printed {
    let (name, message) = match story.root.kind {
        FaultKind::Recursion => ("InternalError".to_owned(), "too much recursion".to_owned()),
        kind => (fault_name(kind, "Error", ""), story.root.message.text()),
    };
    Printed { stack: lines(story).concat(), type_name: Some(name), message: Some(message) }
}

pub(crate) static RUBY: Dialect = Dialect {
    above: &[
        "/usr/local/bundle/gems/activerecord-7.1.{n}/lib/active_record/core.rb:{l}:in `find'",
        "/usr/local/lib/ruby/3.2.0/json/common.rb:{l}:in `parse'",
    ],
    tail: &[
        "/usr/local/bundle/gems/actionpack-7.1.{n}/lib/action_controller/metal/basic_implicit_render.rb:{l}:in `send_action'",
        "/usr/local/bundle/gems/rack-2.2.8/lib/rack/etag.rb:{l}:in `call'",
        "/usr/local/bundle/gems/puma-6.4.0/lib/puma/thread_pool.rb:{l}:in `block in spawn_thread'",
        "<internal:kernel>:{l}:in `loop'",
    ],
    resume: &["/usr/local/bundle/gems/async-2.{n}/lib/async/task.rb:{l}:in `block in schedule'"],
    own: ruby_frame,
    print: ruby,
};

fn ruby_frame(story: &Story, call: Call, line: u32) -> String {
    let (class, function, file) =
        (call.module.pascal(), call.function.snake(), call.module.snake());
    let block = if call.is_closure { "block in " } else { "" };
    let name = if story.markers & 1 == 1 {
        format!("'{block}{class}#{function}'")
    } else {
        format!("`{block}{function}'")
    };
    format!("{}/app/services/{file}.rb:{line}:in {name}\n", story.checkout)
}

fn ruby(story: &Story) -> Printed {
    let name = |fault: Fault| match fault.kind {
        FaultKind::Specific(name) => format!("Shop::{}", name.pascal()),
        kind => fault_name(kind, "RuntimeError", "SystemStackError"),
    };
    let message = |fault: Fault| match fault.kind {
        FaultKind::Recursion => "stack level too deep".to_owned(),
        _ => fault.message.text(),
    };
    let section = |fault: Fault, frames: &[String]| {
        let mut out = String::new();
        for (idx, frame) in frames.iter().enumerate() {
            let _ = match idx {
                0 => writeln!(out, "{}: {} ({})", frame.trim_end(), message(fault), name(fault)),
                _ => write!(out, "\tfrom {frame}"),
            };
        }
        out
    };
    let frames = lines(story);
    let mut out = String::new();
    if let Some(wrapper) = story.wrapper {
        let place =
            ruby_frame(story, Call { is_closure: false, ..story.callers[0] }, story.line + 900);
        out += &section(wrapper, &[place]);
    }
    Printed::text(out + &section(story.root, &frames))
}

/// Each line is a file with its line, a bar, and the function that the place lies in.
pub(crate) static PHP: Dialect = Dialect {
    above: &[
        "/srv/shop/vendor/guzzlehttp/guzzle/src/Client.php|{l}|GuzzleHttp\\Client->request",
        "/srv/shop/vendor/doctrine/orm/src/EntityManager.php|{l}|Doctrine\\ORM\\EntityManager->find",
    ],
    tail: &[
        "/srv/shop/vendor/symfony/http-kernel/HttpKernel.php|{l}|Symfony\\Component\\HttpKernel\\HttpKernel->handleRaw",
        "/srv/shop/vendor/laravel/framework/src/Illuminate/Pipeline/Pipeline.php|{l}|Illuminate\\Pipeline\\Pipeline->then",
    ],
    resume: &["[internal function]||array_map"],
    own: php_frame,
    print: php,
};

fn php_frame(story: &Story, call: Call, line: u32) -> String {
    let (class, function) = (call.module.pascal(), call.function.camel());
    let file = format!("{}/src/{class}.php", story.checkout);
    let named = format!("{file}|{line}|App\\{class}->{function}\n");
    let inner = format!("{file}|{}|{{closure:App\\{class}::{function}():{line}}}\n", line + 1);
    if call.is_closure { inner + &named } else { named }
}

fn php(story: &Story) -> Printed {
    let name = |fault: Fault| match fault.kind {
        FaultKind::Specific(name) => format!("App\\Errors\\{}", name.pascal()),
        kind => fault_name(kind, "RuntimeException", "Error"),
    };
    let section = |fault: Fault, frames: &str| {
        let mut places = frames.lines().map(|line| {
            let mut parts = line.splitn(3, '|');
            (parts.next().unwrap_or(""), parts.next().unwrap_or(""), parts.next().unwrap_or(""))
        });
        let (file, line, mut function) = places.next().unwrap_or_default();
        let mut out =
            format!("{}: {} in {file}:{line}\nStack trace:\n", name(fault), fault.message.text());
        let mut n = 0;
        for (file, line, caller) in places {
            let _ = match line {
                "" => writeln!(out, "#{n} {file}: {function}(Object(App\\Order))"),
                _ => writeln!(out, "#{n} {file}({line}): {function}(Object(App\\Order), 'x...')"),
            };
            function = caller;
            n += 1;
        }
        let _ = writeln!(
            out,
            "#{n} {}/public/index.php(12): {function}()\n#{} {{main}}",
            story.checkout,
            n + 1
        );
        out
    };
    let mut out =
        if story.markers & 1 == 1 { "PHP Fatal error:  Uncaught " } else { "" }.to_owned();
    out += &section(story.root, &lines(story).concat());
    if let Some(wrapper) = story.wrapper {
        let place =
            php_frame(story, Call { is_closure: false, ..story.callers[0] }, story.line + 900);
        let _ = write!(out, "\nNext {}", section(wrapper, &place));
    }
    Printed::text(out)
}
