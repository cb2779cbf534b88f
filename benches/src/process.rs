//! An engine in a process of its own: one line of JSON asks, one line answers.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::error::Error;

/// A running process that answers `{verb: given}`.
#[derive(Debug)]
pub(crate) struct Process {
    engine: String,
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Process {
    pub(crate) fn start(engine: &str, command: &mut Command) -> Result<Self, Error> {
        let not_started = |source| Error::Start { engine: engine.to_owned(), source };
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(not_started)?;
        match (child.stdin.take(), child.stdout.take()) {
            (Some(stdin), Some(stdout)) => {
                Ok(Self { engine: engine.to_owned(), child, stdin, stdout: BufReader::new(stdout) })
            }
            _ => Err(not_started(std::io::ErrorKind::BrokenPipe.into())),
        }
    }

    /// Asks, and waits for the reply.
    ///
    /// # Errors
    /// What the engine says is wrong, or that it is gone.
    pub(crate) fn ask(&mut self, verb: &str, given: &Value) -> Result<Value, Error> {
        let fault = |message: String| Error::Engine { engine: self.engine.clone(), message };
        let mut line = json!({ verb: given }).to_string();
        line.push('\n');
        let mut reply = String::new();
        self.stdin
            .write_all(line.as_bytes())
            .and_then(|()| self.stdin.flush())
            .and_then(|()| self.stdout.read_line(&mut reply))
            .map_err(|error| fault(format!("the process is gone: {error}")))?;
        if reply.is_empty() {
            return Err(fault("the process ended without an answer".to_owned()));
        }
        let reply: Value = serde_json::from_str(&reply)
            .map_err(|error| fault(format!("not a reply: {error}: {reply}")))?;
        match reply.get("error").and_then(Value::as_str) {
            Some(message) => Err(fault(message.to_owned())),
            None => Ok(reply),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It has nothing to save, and may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
