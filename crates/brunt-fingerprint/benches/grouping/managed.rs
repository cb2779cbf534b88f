//! Stacks of machines that manage memory: Java, Kotlin, .NET, Dart, Elixir.

use std::fmt::Write as _;

use crate::print::{Dialect, Printed, fault_name, lines};
use crate::story::{Call, FaultKind, Kind, Name, Story};

pub(crate) static JAVA: Dialect = Dialect {
    above: &[
        "\tat java.base/java.util.HashMap.computeIfAbsent(HashMap.java:{l})",
        "\tat java.base/java.lang.Integer.parseInt(Integer.java:{l})",
        "\tat com.google.common.collect.ImmutableList.get(ImmutableList.java:{l})",
        "\tat java.base/java.util.stream.ReferencePipeline$3$1.accept(ReferencePipeline.java:{l})",
    ],
    tail: &[
        "\tat org.springframework.web.method.support.InvocableHandlerMethod.doInvoke(InvocableHandlerMethod.java:{l})",
        "\tat org.springframework.web.servlet.FrameworkServlet.service(FrameworkServlet.java:{l})",
        "\tat org.apache.catalina.core.ApplicationFilterChain.doFilter(ApplicationFilterChain.java:{l})",
        "\tat jdk.internal.reflect.GeneratedMethodAccessor{l}.invoke(Unknown Source)",
        "\tat java.base/java.util.concurrent.ThreadPoolExecutor.runWorker(ThreadPoolExecutor.java:{l})",
        "\tat java.base/java.lang.Thread.run(Thread.java:{l})",
    ],
    resume: &[
        "\tat java.base/java.util.concurrent.CompletableFuture$AsyncSupply.run(CompletableFuture.java:{l})",
        "\tat reactor.core.publisher.FluxMap$MapSubscriber.onNext(FluxMap.java:{l})",
    ],
    own: java_frame,
    print: java,
};

pub(crate) static KOTLIN: Dialect = Dialect {
    above: &[
        "\tat kotlin.collections.CollectionsKt__CollectionsKt.throwIndexOverflow(Collections.kt:{l})",
        "\tat java.util.ArrayList.get(ArrayList.java:{l})",
    ],
    tail: &[
        "\tat io.ktor.server.routing.Route$buildPipeline.invoke(Route.kt:{l})",
        "\tat android.os.Handler.handleCallback(Handler.java:{l})",
        "\tat android.os.Looper.loop(Looper.java:{l})",
        "\tat com.android.internal.os.ZygoteInit.main(ZygoteInit.java:{l})",
    ],
    resume: &[
        "\tat kotlin.coroutines.jvm.internal.BaseContinuationImpl.resumeWith(ContinuationImpl.kt:{l})",
        "\tat kotlinx.coroutines.DispatchedTask.run(DispatchedTask.kt:{l})",
    ],
    own: java_frame,
    print: java,
};

fn java_frame(story: &Story, call: Call, line: u32) -> String {
    let extension = if story.kind == Kind::Kotlin { "kt" } else { "java" };
    let (class, function) = (call.module.pascal(), call.function.camel());
    let ordinal = story.ordinal;
    let (class, function) = match (call.is_closure, story.kind) {
        (true, Kind::Kotlin) => {
            (format!("{class}${function}${ordinal}"), "invokeSuspend".to_owned())
        }
        (true, _) => (class, format!("lambda${function}${ordinal}")),
        (false, _) => (class, function),
    };
    let jar = if story.markers & 1 == 1 {
        format!(" ~[shop-{}.jar!/:{}]", story.ordinal, story.ordinal)
    } else {
        String::new()
    };
    let file = call.module.pascal();
    format!("\tat com.acme.{}.{class}.{function}({file}.{extension}:{line}){jar}\n", call.module.0)
}

fn java(story: &Story) -> Printed {
    let name = |kind: FaultKind| match kind {
        FaultKind::Specific(name) => format!("com.acme.{}.{}", name.package(), name.pascal()),
        FaultKind::Generic => "java.lang.IllegalStateException".to_owned(),
        FaultKind::Recursion => "java.lang.StackOverflowError".to_owned(),
    };
    let header = |fault: crate::story::Fault| match fault.kind {
        FaultKind::Recursion => name(fault.kind),
        _ => format!("{}: {}", name(fault.kind), fault.message.text()),
    };
    let mut out = String::new();
    if story.markers & 2 == 2 {
        let _ = write!(out, "Exception in thread \"pool-{}-thread-1\" ", story.ordinal);
    }
    let frames = lines(story);
    match story.wrapper {
        None => out = format!("{out}{}\n{}", header(story.root), frames.concat()),
        Some(wrapper) => {
            // What both exceptions share is printed once.
            let n_shared = story.callers.len().saturating_sub(1) + story.tail.len();
            let own = frames.len().saturating_sub(n_shared);
            let (inner, shared) = frames.split_at(own);
            let place =
                java_frame(story, Call { is_closure: false, ..story.callers[0] }, story.line + 900);
            let _ = writeln!(out, "{}", header(wrapper));
            out = out + &place + &shared.concat();
            let _ = writeln!(out, "Caused by: {}", header(story.root));
            out.push_str(&inner.concat());
            let _ = writeln!(out, "\t... {n_shared} more");
        }
    }
    Printed::text(out)
}

pub(crate) static DOTNET: Dialect = Dialect {
    above: &[
        "   at System.Collections.Generic.Dictionary`2.get_Item(TKey key)",
        "   at System.Linq.ThrowHelper.ThrowNoElementsException()",
        "   at Newtonsoft.Json.JsonConvert.DeserializeObject[T](String value)",
    ],
    tail: &[
        "   at Microsoft.AspNetCore.Mvc.Infrastructure.ControllerActionInvoker.<InvokeActionMethodAsync>g__Awaited|12_0(ControllerActionInvoker invoker, ValueTask`1 task)",
        "   at Microsoft.AspNetCore.Routing.EndpointMiddleware.<Invoke>g__AwaitRequestTask|6_0(Endpoint endpoint, Task requestTask, ILogger logger)",
        "   at System.Threading.Tasks.Task.Execute()",
        "   at System.Threading.ThreadPoolWorkQueue.Dispatch()",
    ],
    resume: &[
        "--- End of stack trace from previous location ---",
        "   at System.Runtime.CompilerServices.TaskAwaiter.ThrowForNonSuccess(Task task)",
    ],
    own: dotnet_frame,
    print: dotnet,
};

fn dotnet_frame(story: &Story, call: Call, line: u32) -> String {
    let (class, function) = (call.module.pascal(), call.function.pascal());
    let n = story.ordinal;
    let method = match (call.is_closure, story.is_resumed) {
        (true, _) => format!("{class}.<>c__DisplayClass{n}_0.<{function}>b__{n}(Order order)"),
        (false, true) => format!("{class}.<{function}>d__{n}.MoveNext()"),
        (false, false) => format!("{class}.{function}(Order order, Int32 count)"),
    };
    let place = match story.markers & 3 {
        0 => String::new(),
        _ => format!(" in {}/src/{class}.cs:line {line}", story.checkout),
    };
    format!("   at Acme.{}.{method}{place}\n", Name(call.module.0, "domain").pascal())
}

fn dotnet(story: &Story) -> Printed {
    let name = |kind: FaultKind| match kind {
        FaultKind::Specific(name) => format!("Acme.Shop.{}", name.pascal()),
        FaultKind::Generic => "System.InvalidOperationException".to_owned(),
        FaultKind::Recursion => "System.StackOverflowException".to_owned(),
    };
    let header =
        |fault: crate::story::Fault| format!("{}: {}", name(fault.kind), fault.message.text());
    let mut out =
        if story.markers & 4 == 4 { "Unhandled exception. ".to_owned() } else { String::new() };
    let frames = lines(story).concat();
    let _ = match story.wrapper {
        None => write!(out, "{}\n{frames}", header(story.root)),
        Some(wrapper) => {
            let place = dotnet_frame(
                story,
                Call { is_closure: false, ..story.callers[0] },
                story.line + 900,
            );
            let (outer, inner) = (header(wrapper), header(story.root));
            let link = if story.markers & 8 == 8 { " ---> " } else { "\n ---> " };
            write!(
                out,
                "{outer}{link}{inner}\n{frames}   --- End of inner exception stack trace ---\n{place}"
            )
        }
    };
    Printed::text(out)
}

pub(crate) static DART: Dialect = Dialect {
    above: &[
        "#{n}      List.[] (dart:core-patch/growable_array.dart:{l}:36)",
        "#{n}      Response.json (package:http/src/response.dart:{l}:9)",
    ],
    tail: &[
        "#{n}      State.setState (package:flutter/src/widgets/framework.dart:{l}:30)",
        "#{n}      GestureRecognizer.invokeCallback (package:flutter/src/gestures/recognizer.dart:{l}:24)",
        "#{n}      _rootRunUnary (dart:async/zone.dart:{l}:47)",
        "#{n}      _CustomZone.runUnary (dart:async/zone.dart:{l}:19)",
    ],
    resume: &["<asynchronous suspension>"],
    own: dart_frame,
    print: dart,
};

fn dart_frame(_: &Story, call: Call, line: u32) -> String {
    let (class, function, file) =
        (call.module.pascal(), call.function.camel(), call.module.snake());
    let closure = if call.is_closure { ".<anonymous closure>" } else { "" };
    format!("#{{n}}      {class}.{function}{closure} (package:shop/src/{file}.dart:{line}:7)\n")
}

fn dart(story: &Story) -> Printed {
    let header = match story.root.kind {
        FaultKind::Specific(name) => {
            format!("{}: {}", name.pascal(), story.root.message.text())
        }
        FaultKind::Generic => format!("Exception: {}", story.root.message.text()),
        FaultKind::Recursion => "StackOverflowError: Stack Overflow".to_owned(),
    };
    let mark = if story.markers & 1 == 1 { "Unhandled exception:\n" } else { "" };
    Printed::text(format!("{mark}{header}\n{}", lines(story).concat()))
}

pub(crate) static ELIXIR: Dialect = Dialect {
    above: &[
        "    (elixir 1.15.{n}) lib/map.ex:{l}: Map.fetch!/2",
        "    (jason 1.4.0) lib/jason.ex:{l}: Jason.decode!/2",
        "    (ecto 3.10.{n}) lib/ecto/repo/queryable.ex:{l}: Ecto.Repo.Queryable.one!/3",
    ],
    tail: &[
        "    (phoenix 1.7.{n}) lib/phoenix/router.ex:{l}: Phoenix.Router.__call__/5",
        "    (plug_cowboy 2.6.1) lib/plug/cowboy/handler.ex:{l}: Plug.Cowboy.Handler.init/2",
        "    (stdlib 5.{n}) gen_server.erl:{l}: :gen_server.try_handle_call/4",
        "    (stdlib 5.{n}) proc_lib.erl:{l}: :proc_lib.init_p_do_apply/3",
    ],
    resume: &["    (elixir 1.15.{n}) lib/task/supervised.ex:{l}: Task.Supervised.invoke_mfa/2"],
    own: elixir_frame,
    print: elixir,
};

fn elixir_frame(story: &Story, call: Call, line: u32) -> String {
    let (module, function, file) =
        (call.module.pascal(), call.function.snake(), call.module.snake());
    let closure = if call.is_closure { "anonymous fn/1 in " } else { "" };
    let app = if story.markers & 1 == 1 {
        format!("(shop 0.{}.0) ", story.ordinal)
    } else {
        String::new()
    };
    format!("    {app}lib/shop/{file}.ex:{line}: {closure}Shop.{module}.{function}/2\n")
}

fn elixir(story: &Story) -> Printed {
    let name = match story.root.kind {
        FaultKind::Specific(name) => format!("Shop.{}", name.pascal()),
        _ => fault_name(story.root.kind, "RuntimeError", ""),
    };
    let mut out = String::new();
    if story.markers & 2 == 2 {
        let _ =
            writeln!(out, "10:11:12.345 [error] GenServer #PID<0.{}.0> terminating", story.ordinal);
    }
    let _ = write!(out, "** ({name}) {}\n{}", story.root.message.text(), lines(story).concat());
    if story.markers & 2 == 2 {
        let _ = writeln!(out, "Last message: {{:order, {}}}", story.ordinal);
    }
    Printed::text(out)
}
