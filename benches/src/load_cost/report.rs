//! What loads cost, in words for people.

use std::fmt::Write;

use super::{LoadCost, Loaded, Stretch};
use crate::measure::median;

/// The middle of the times.
fn middle(loads: &[Loaded]) -> f64 {
    median(&loads.iter().map(|load| load.ms).collect::<Vec<_>>()).unwrap_or(f64::NAN)
}

/// Rows of one load, on average.
fn rows(loads: &[Loaded]) -> f64 {
    loads.iter().map(|load| load.n_rows).sum::<u64>() as f64 / loads.len() as f64
}

impl LoadCost {
    /// What the run's file is called besides its day.
    pub(crate) fn name(&self) -> String {
        let name = format!("load-cost-{}x{}", self.loads.len(), self.settings.n_sessions);
        match self.settings.profile.as_str() {
            "release" => name,
            profile => format!("{name}-{profile}"),
        }
    }

    /// Tables and remarks.
    pub(crate) fn markdown(&self) -> String {
        let mut out = String::new();
        // Writing to a string cannot fail.
        let _ = self
            .push_loads(&mut out)
            .and_then(|()| self.push_questions(&mut out))
            .and_then(|()| self.push_files(&mut out));
        out
    }

    fn push_loads(&self, out: &mut String) -> std::fmt::Result {
        let Self { settings, machine, loads, .. } = self;
        writeln!(out, "# A day in {} loads\n", loads.len())?;
        writeln!(
            out,
            "{} The day has {} rows in {:.1} MB of \
             exports; each load opens the store anew. All loads take {:.0} s, one load of everything {:.1} s.\n",
            machine.line(settings),
            self.n_rows,
            self.n_bytes as f64 / 1e6,
            loads.iter().map(|load| load.ms).sum::<f64>() / 1e3,
            self.at_once / 1e3
        )?;
        writeln!(
            out,
            "| loads | rows each | ms each | median, ms | the same into an empty store | times |\n|---|---:|---|---:|---:|---:|"
        )?;
        for Stretch { name, in_day, in_empty } in &self.stretches {
            let each = in_day.iter().map(|load| format!("{:.0}", load.ms)).collect::<Vec<_>>();
            let (ms, empty) = (middle(in_day), middle(in_empty));
            writeln!(
                out,
                "| {name} {} | {:.0} | {} | {ms:.0} | {empty:.0} | {:.2} |",
                in_day.len(),
                rows(in_day),
                each.join(" "),
                ms / empty
            )?;
        }
        writeln!(
            out,
            "\n| hour | rows a load | median, ms | mean | worst |\n|---|---:|---:|---:|---:|"
        )?;
        for (hour, of_hour) in loads.chunks(60).enumerate() {
            let times = of_hour.iter().map(|load| load.ms);
            writeln!(
                out,
                "| {hour} | {:.0} | {:.0} | {:.0} | {:.0} |",
                rows(of_hour),
                middle(of_hour),
                times.clone().sum::<f64>() / of_hour.len() as f64,
                times.fold(0.0, f64::max)
            )?;
        }
        Ok(())
    }

    fn push_questions(&self, out: &mut String) -> std::fmt::Result {
        writeln!(
            out,
            "\n| question, ms | after many loads | after one | times |\n|---|---:|---:|---:|"
        )?;
        for asked in &self.questions {
            let [many, once] =
                [0, 1].map(|idx: usize| median(&asked.times[idx]).unwrap_or(f64::NAN));
            writeln!(out, "| {} | {many:.1} | {once:.1} | {:.2} |", asked.name, many / once)?;
        }
        for asked in &self.questions {
            if let Some(difference) = &asked.difference {
                writeln!(out, "\n`{}` answers differ: {difference}", asked.name)?;
            }
        }
        Ok(())
    }

    fn push_files(&self, out: &mut String) -> std::fmt::Result {
        writeln!(
            out,
            "\n| table | rows | files, many | files, one | MB, many | MB, one |\n|---|---:|---:|---:|---:|---:|"
        )?;
        for (table, [many, once]) in &self.files {
            let differ = if many[1] == once[1] { "" } else { " (differ)" };
            writeln!(
                out,
                "| {table} | {}{differ} | {} | {} | {:.2} | {:.2} |",
                many[1],
                many[0],
                once[0],
                many[2] as f64 / 1e6,
                once[2] as f64 / 1e6
            )?;
        }
        Ok(())
    }
}
