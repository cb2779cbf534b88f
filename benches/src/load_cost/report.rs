//! What loads cost, in words for people.

use std::fmt::Write;

use super::LoadCost;
use crate::measure::median;

/// Loads at each end that are shown by themselves.
const N_ENDS: usize = 10;

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
        let n_ends = N_ENDS.min(loads.len());
        let (first, last) = (&loads[..n_ends], &loads[loads.len() - n_ends..]);
        let middle = |times: &[f64]| median(times).unwrap_or(f64::NAN);
        let mut sorted = loads.clone();
        sorted.sort_by(f64::total_cmp);
        let at = |share: f64| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a place in the list"
            )]
            let place = (sorted.len() as f64 * share) as usize;
            sorted.get(place.min(sorted.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
        };
        writeln!(out, "# A day in {} loads\n", loads.len())?;
        writeln!(
            out,
            "{} cores of {}, {:.1} GB of memory; brunt at {}, profile `{}`; seed {}. The day has {} rows in {:.1} MB of \
             exports; each load opens the store anew.\n",
            machine.n_cores,
            machine.processor,
            machine.memory_bytes as f64 / 1e9,
            machine.revision,
            settings.profile,
            settings.seed,
            self.n_rows,
            self.n_bytes as f64 / 1e6
        )?;
        let list =
            |times: &[f64]| times.iter().map(|ms| format!("{ms:.0}")).collect::<Vec<_>>().join(" ");
        writeln!(out, "| loads | ms each | median |\n|---|---|---:|")?;
        writeln!(out, "| first {n_ends} | {} | {:.0} |", list(first), middle(first))?;
        writeln!(
            out,
            "| all | 90% in {:.0}, 99% in {:.0}, worst {:.0} | {:.0} |",
            at(0.9),
            at(0.99),
            at(1.0),
            middle(loads)
        )?;
        writeln!(out, "| last {n_ends} | {} | {:.0} |\n", list(last), middle(last))?;
        writeln!(out, "| of each hour | median | mean |\n|---|---:|---:|")?;
        for (hour, times) in loads.chunks(60).enumerate() {
            let mean = times.iter().sum::<f64>() / times.len() as f64;
            writeln!(out, "| {hour} | {:.0} | {mean:.0} |", middle(times))?;
        }
        writeln!(
            out,
            "\nThe last take {:.2} times as long as the first. All together {:.0} s; at once {:.1} s.",
            middle(last) / middle(first),
            loads.iter().sum::<f64>() / 1e3,
            self.at_once / 1e3
        )
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
