//! Exceptions that a vendor took apart into frames, put together again in the text that their language prints.
//!
//! What groups errors reads such text, whoever recorded it, so an error that one tool exported as frames and another as
//! text is one error. Where a frame lacks what its language always prints (a line, a column), 0 or 1 stands for it.

mod print;

/// How a language prints its stacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    Python,
    Java,
    JavaScript,
    DotNet,
    Php,
    Ruby,
    Go,
    /// As debuggers print any machine code: `#0 0x7f in function file:line`.
    Other,
}

/// A call, as much of it as was recorded.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Frame<'v> {
    /// Package and class, module, or namespace.
    pub(crate) module: Option<&'v str>,
    pub(crate) function: Option<&'v str>,
    pub(crate) file: Option<&'v str>,
    pub(crate) line: Option<&'v str>,
    pub(crate) column: Option<&'v str>,
    /// The line of source.
    pub(crate) source: Option<&'v str>,
    pub(crate) address: Option<&'v str>,
}

/// One exception.
#[derive(Debug, Clone, Default)]
pub(crate) struct Raised<'v> {
    pub(crate) type_name: Option<String>,
    pub(crate) message: Option<&'v str>,
    /// The innermost call first.
    pub(crate) frames: Vec<Frame<'v>>,
    /// Whether the exception before it in its chain was raised while this one was handled, and not because of it.
    pub(crate) is_context: bool,
    /// Of a group of exceptions, the chain of each of its members.
    pub(crate) members: Vec<Vec<Raised<'v>>>,
}

impl Language {
    /// The language of a platform's or agent's name.
    pub(crate) fn of(name: &str) -> Self {
        match name.to_ascii_lowercase().as_str() {
            "python" | "cpython" | "pypy" => Self::Python,
            "java" | "kotlin" | "scala" | "groovy" | "clojure" | "android" => Self::Java,
            "javascript" | "ecmascript" | "node" | "nodejs" | "js-base" | "rum-js"
            | "typescript" | "deno" | "bun" => Self::JavaScript,
            "csharp" | "dotnet" | ".net" | "fsharp" | "vb" | "c#" => Self::DotNet,
            "php" => Self::Php,
            "ruby" => Self::Ruby,
            "go" | "golang" => Self::Go,
            _ => Self::Other,
        }
    }
}

/// Prints a chain, outermost exception first; `None` where nothing has a frame.
pub(crate) fn print(language: Language, chain: &[Raised<'_>]) -> Option<String> {
    let has_frames = |raised: &Raised<'_>| {
        !raised.frames.is_empty()
            || raised.members.iter().flatten().any(|member| !member.frames.is_empty())
    };
    chain.iter().any(has_frames).then(|| {
        let mut out = String::new();
        match language {
            Language::Python => print::python(chain, &mut out),
            Language::Java => print::java(chain, &mut out),
            Language::JavaScript => print::javascript(chain, &mut out),
            Language::DotNet => print::dotnet(chain, &mut out),
            Language::Php => print::php(chain, &mut out),
            Language::Ruby => print::ruby(chain, &mut out),
            Language::Go => print::go(chain, &mut out),
            Language::Other => print::other(chain, &mut out),
        }
        out.truncate(out.trim_end().len());
        out
    })
}

impl Raised<'_> {
    /// `Type: message`.
    fn header(&self) -> String {
        let type_name = self.type_name.as_deref().filter(|name| !name.is_empty());
        let message = self.message.filter(|message| !message.is_empty());
        match (type_name, message) {
            (Some(type_name), Some(message)) => format!("{type_name}: {message}"),
            (Some(text), None) | (None, Some(text)) => text.to_owned(),
            (None, None) => "Error".to_owned(),
        }
    }
}

impl<'v> Frame<'v> {
    /// The function's name, unless the platform had none.
    fn name(&self) -> Option<&'v str> {
        self.function.filter(|name| !matches!(*name, "" | "?" | "<anonymous>" | "<unknown>"))
    }

    fn place(&self) -> (&'v str, &'v str) {
        (self.file.unwrap_or("<unknown>"), self.line.unwrap_or("0"))
    }

    /// Module and function with `separator` in between.
    fn qualified(&self, separator: &str) -> String {
        let function = self.function.filter(|name| !name.is_empty()).unwrap_or("<unknown>");
        match self.module.filter(|module| !matches!(*module, "" | "(unknown)" | "<unknown>")) {
            Some(module) => [module, separator, function].concat(),
            None => function.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain() -> Vec<Raised<'static>> {
        let frame = |module, function, file, line| Frame {
            module: Some(module),
            function: Some(function),
            file: Some(file),
            line: Some(line),
            column: Some("7"),
            ..Frame::default()
        };
        let outer = Raised {
            type_name: Some("app.PayError".to_owned()),
            message: Some("no charge"),
            frames: vec![
                frame("app.Pay", "charge", "Pay.x", "12"),
                frame("app.Main", "run", "Main.x", "3"),
            ],
            ..Raised::default()
        };
        let cause = Raised {
            type_name: Some("net.Timeout".to_owned()),
            message: None,
            frames: vec![frame("net.Http", "get", "Http.x", "99")],
            ..Raised::default()
        };
        vec![outer, cause]
    }

    fn printed(language: Language) -> String {
        print(language, &chain()).unwrap()
    }

    #[test]
    fn each_language_prints_a_chain_in_its_own_form() {
        assert_eq!(
            printed(Language::Python),
            "Traceback (most recent call last):\n  File \"Http.x\", line 99, in get\nnet.Timeout\n\n\
             The above exception was the direct cause of the following exception:\n\n\
             Traceback (most recent call last):\n  File \"Main.x\", line 3, in run\n  \
             File \"Pay.x\", line 12, in charge\napp.PayError: no charge"
        );
        assert_eq!(
            printed(Language::Java),
            "app.PayError: no charge\n\tat app.Pay.charge(Pay.x:12)\n\tat app.Main.run(Main.x:3)\n\
             Caused by: net.Timeout\n\tat net.Http.get(Http.x:99)"
        );
        assert_eq!(
            printed(Language::JavaScript),
            "app.PayError: no charge\n    at charge (Pay.x:12:7)\n    at run (Main.x:3:7)\n\
             Caused by: net.Timeout\n    at get (Http.x:99:7)"
        );
        assert_eq!(
            printed(Language::DotNet),
            "app.PayError: no charge\n ---> net.Timeout\n   at net.Http.get() in Http.x:line 99\n   \
             --- End of inner exception stack trace ---\n   at app.Pay.charge() in Pay.x:line 12\n   \
             at app.Main.run() in Main.x:line 3"
        );
        assert_eq!(
            printed(Language::Php),
            "net.Timeout in Http.x:99\nStack trace:\n#0 {main}\n\nNext app.PayError: no charge in Pay.x:12\n\
             Stack trace:\n#0 Main.x(3): app.Pay::charge()\n#1 {main}"
        );
        assert_eq!(
            printed(Language::Ruby),
            "Pay.x:12:in 'charge': no charge (app.PayError)\n\tfrom Main.x:3:in 'run'\n\
             Http.x:99:in 'get': unhandled exception (net.Timeout)"
        );
        assert_eq!(
            printed(Language::Go),
            "app.PayError: no charge\n\ngoroutine 1 [running]:\napp.Pay.charge(...)\n\tPay.x:12\n\
             app.Main.run(...)\n\tMain.x:3\n\nnet.Timeout\n\ngoroutine 1 [running]:\nnet.Http.get(...)\n\tHttp.x:99"
        );
        assert_eq!(
            printed(Language::Other),
            "app.PayError: no charge\n#0 app.Pay.charge (Pay.x:12)\n#1 app.Main.run (Main.x:3)\n\
             Caused by: net.Timeout\n#0 net.Http.get (Http.x:99)"
        );
    }

    #[test]
    fn a_group_of_exceptions_prints_its_members_behind_a_margin() {
        let one = |name: &str| Raised { type_name: Some(name.to_owned()), ..Raised::default() };
        let inner = Raised { members: vec![vec![one("KeyError")]], ..one("ExceptionGroup") };
        let group = Raised {
            message: Some("two"),
            frames: vec![Frame {
                file: Some("a.py"),
                line: Some("1"),
                function: Some("<module>"),
                ..Frame::default()
            }],
            members: vec![vec![one("ValueError")], vec![inner]],
            ..one("ExceptionGroup")
        };
        assert_eq!(
            print(Language::Python, &[group]).unwrap(),
            "  + Exception Group Traceback (most recent call last):\n  |   File \"a.py\", line 1, in <module>\n  \
             | ExceptionGroup: two\n  +-+---------------- 1 ----------------\n    | ValueError\n    \
             +---------------- 2 ----------------\n    | ExceptionGroup\n    \
             +-+---------------- 1 ----------------\n      | KeyError\n      \
             +------------------------------------\n    +------------------------------------"
        );
    }

    #[test]
    fn frames_without_names_or_places_are_kept() {
        let raised = Raised { frames: vec![Frame::default()], ..Raised::default() };
        for (language, text) in [
            (
                Language::Python,
                "Traceback (most recent call last):\n  File \"<unknown>\", line 0\nError",
            ),
            (Language::Java, "Error\n\tat <unknown>(Unknown Source)"),
            (Language::JavaScript, "Error\n    at <anonymous>"),
            (Language::DotNet, "Error\n   at <unknown>()"),
            (Language::Php, "Error in <unknown>:0\nStack trace:\n#0 {main}"),
            (Language::Other, "Error\n#0 <unknown>"),
        ] {
            assert_eq!(print(language, std::slice::from_ref(&raised)).unwrap(), text);
        }
        assert_eq!(print(Language::Java, &[Raised::default()]), None);
    }
}
