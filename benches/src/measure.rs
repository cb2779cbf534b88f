//! A question put to all engines in turn, its answers compared before any time counts.

use serde_json::{Value, json};

use crate::answers::difference;
use crate::engines::BRUNT;
use crate::process::Process;
use crate::question::Question;

const N_ROUNDS: usize = 5;

/// An engine that is ready for questions.
#[derive(Debug)]
pub(crate) struct Engine {
    /// As results name it.
    pub(crate) name: &'static str,
    /// Which texts of questions it is given.
    pub(crate) dialect: &'static str,
    pub(crate) process: Process,
}

/// What came of a question.
#[derive(Debug, Clone, Default)]
pub(crate) struct Measured {
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) n_rows: usize,
    /// Milliseconds of each round by engine; nobody's where answers differ.
    pub(crate) times: Vec<(&'static str, Vec<f64>)>,
    /// The engines that were given another text than the first.
    pub(crate) otherwise: Vec<&'static str>,
    /// Why there are no times, or not everybody's.
    pub(crate) faults: Vec<String>,
}

impl Measured {
    /// The middle of an engine's times in milliseconds.
    pub(crate) fn median(&self, engine: &str) -> Option<f64> {
        self.times.iter().find(|(name, _)| *name == engine).and_then(|(_, times)| median(times))
    }

    /// How many times as long as brunt a peer takes.
    pub(crate) fn ratio(&self, peer: &str) -> Option<f64> {
        Some(self.median(peer)? / self.median(BRUNT)?)
    }
}

/// Puts the question once to each engine, compares, and times it over rounds: A B C, A B C, …
///
/// The first engine's answer is what the others are compared with.
pub(crate) fn measure(mut question: Question, engines: &mut [Engine]) -> Measured {
    let mut measured = Measured {
        name: question.name.clone(),
        title: question.title.clone(),
        ..Measured::default()
    };
    if let Err(fault) = bind(&mut question, engines) {
        measured.faults.push(fault);
        return measured;
    }
    let asked = |engine: &Engine| question.only.as_deref().is_none_or(|only| only == engine.name);
    let mut asked: Vec<&mut Engine> = engines.iter_mut().filter(|engine| asked(engine)).collect();
    if let Some(first) = asked.first().map(|engine| question.text(engine.dialect)) {
        let others = asked.iter().filter(|engine| question.text(engine.dialect) != first);
        measured.otherwise = others.map(|engine| engine.name).collect();
    }
    let mut reference: Option<Vec<Value>> = None;
    let mut is_same = true;
    asked.retain_mut(|engine| match ask(engine, question.text(engine.dialect)) {
        Ok((_, rows)) => {
            if let Some(ours) = &reference
                && let Some(difference) = difference(ours, &rows, question.is_ordered)
            {
                is_same = false;
                measured.faults.push(format!("{} answers otherwise: {difference}", engine.name));
            }
            reference.get_or_insert(rows);
            true
        }
        Err(fault) => {
            measured.faults.push(fault);
            false
        }
    });
    measured.n_rows = reference.map_or(0, |rows| rows.len());
    if measured.n_rows == 0 {
        measured.faults.push("no rows, so nothing is shown by equal answers".to_owned());
    }
    if is_same && measured.n_rows > 0 {
        measured.times = rounds(&question, &mut asked, &mut measured.faults);
    }
    measured
}

fn rounds(
    question: &Question,
    engines: &mut [&mut Engine],
    faults: &mut Vec<String>,
) -> Vec<(&'static str, Vec<f64>)> {
    let mut times: Vec<_> = engines.iter().map(|engine| (engine.name, Vec::new())).collect();
    for _ in 0..N_ROUNDS {
        for (engine, (_, times)) in engines.iter_mut().zip(&mut times) {
            match ask(engine, question.text(engine.dialect)) {
                Ok((ms, _)) => times.push(ms),
                Err(fault) => faults.push(fault),
            }
        }
    }
    times
}

/// Finds what the question's names stand for; the first engine is asked.
fn bind(question: &mut Question, engines: &mut [Engine]) -> Result<(), String> {
    let Some(first) = engines.first_mut() else { return Err("there is no engine".to_owned()) };
    for (name, query) in question.lets.clone() {
        let (_, rows) = ask(first, &query)?;
        let value = rows.first().and_then(|row| row.get(0)).and_then(Value::as_str);
        question.bind(&name, value.ok_or_else(|| format!("nothing to ask for: {query}"))?);
    }
    Ok(())
}

fn ask(engine: &mut Engine, sql: &str) -> Result<(f64, Vec<Value>), String> {
    let mut reply = engine.process.ask("run", &json!(sql)).map_err(|error| error.chain())?;
    let ms = reply["ms"].as_f64().unwrap_or(f64::NAN);
    match reply["rows"].take() {
        Value::Array(rows) => Ok((ms, rows)),
        other => Err(format!("{}: rows are {other}", engine.name)),
    }
}

/// The middle value, of an even number the mean of the two in the middle; `None` of nothing.
pub(crate) fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        n if n % 2 == 1 => Some(sorted[middle]),
        _ => Some(f64::midpoint(sorted[middle - 1], sorted[middle])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_ignores_order_and_extremes() {
        assert_eq!(median(&[9.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 100.0]), Some(3.0));
        assert_eq!(median(&[]), None);
    }
}
