//! Transactions: nothing to commit, but one epoch to read, savepoints to name, and status letters that clients watch.

use pgwire::messages::response::TransactionStatus;

use crate::error::Report;
use crate::settings::Settings;

/// Where a connection is between BEGIN and COMMIT.
#[derive(Debug, Default)]
pub(crate) struct Transaction {
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    failed: bool,
    savepoints: Vec<String>,
    /// What ROLLBACK brings back.
    before: Settings,
    /// What COMMIT keeps: SET LOCAL is not in it.
    kept: Settings,
}

impl Transaction {
    pub(crate) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.open.as_ref().is_some_and(|open| open.failed)
    }

    pub(crate) fn status(&self) -> TransactionStatus {
        match &self.open {
            None => TransactionStatus::Idle,
            Some(Open { failed: false, .. }) => TransactionStatus::Transaction,
            Some(Open { failed: true, .. }) => TransactionStatus::Error,
        }
    }

    pub(crate) fn begin(&mut self, settings: &Settings) {
        self.open = Some(Open {
            failed: false,
            savepoints: Vec::new(),
            before: settings.clone(),
            kept: settings.clone(),
        });
    }

    /// An error ends everything but ROLLBACK.
    pub(crate) fn fail(&mut self) {
        if let Some(open) = &mut self.open {
            open.failed = true;
        }
    }

    /// Notes settings that were SET for the whole session.
    pub(crate) fn keep(&mut self, change: impl FnOnce(&mut Settings)) {
        if let Some(open) = &mut self.open {
            change(&mut open.kept);
        }
    }

    /// Ends it; gives the settings that hold from now on. `None` where there was no transaction.
    pub(crate) fn end(&mut self, commit: bool) -> Option<Settings> {
        self.open.take().map(|open| if commit && !open.failed { open.kept } else { open.before })
    }

    pub(crate) fn savepoint(&mut self, name: &str) -> Result<(), Report> {
        self.open_block("SAVEPOINT")?.savepoints.push(name.to_owned());
        Ok(())
    }

    /// Forgets the savepoint and those after it.
    pub(crate) fn release(&mut self, name: &str) -> Result<(), Report> {
        let open = self.open_block("RELEASE SAVEPOINT")?;
        let at = find(&open.savepoints, name)?;
        open.savepoints.truncate(at);
        Ok(())
    }

    /// Forgets the savepoints after it, and the error with them.
    pub(crate) fn rollback_to(&mut self, name: &str) -> Result<(), Report> {
        let open = self.open_block("ROLLBACK TO SAVEPOINT")?;
        let at = find(&open.savepoints, name)?;
        open.savepoints.truncate(at + 1);
        open.failed = false;
        Ok(())
    }

    fn open_block(&mut self, statement: &str) -> Result<&mut Open, Report> {
        self.open.as_mut().ok_or_else(|| {
            Report::new("25P01", format!("{statement} can only be used in transaction blocks"))
        })
    }
}

fn find(savepoints: &[String], name: &str) -> Result<usize, Report> {
    savepoints
        .iter()
        .rposition(|savepoint| savepoint == name)
        .ok_or_else(|| Report::new("3B001", format!("savepoint \"{name}\" does not exist")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_lasts_until_rollback() {
        let settings = Settings::new("ana");
        let mut transaction = Transaction::default();
        assert_eq!(transaction.savepoint("a").unwrap_err().code, "25P01");
        transaction.fail();
        assert_eq!(transaction.status(), TransactionStatus::Idle);
        transaction.begin(&settings);
        transaction.savepoint("a").unwrap();
        transaction.fail();
        assert_eq!(transaction.status(), TransactionStatus::Error);
        assert_eq!(transaction.rollback_to("b").unwrap_err().code, "3B001");
        transaction.rollback_to("a").unwrap();
        assert_eq!(transaction.status(), TransactionStatus::Transaction);
        transaction.release("a").unwrap();
        assert_eq!(transaction.release("a").unwrap_err().code, "3B001");
        assert!(transaction.end(true).is_some());
        assert_eq!(transaction.status(), TransactionStatus::Idle);
    }

    #[test]
    fn rollback_brings_settings_back_and_commit_forgets_local_ones() {
        let origin = Settings::new("ana");
        let set = |settings: &mut Settings, zone: &str| {
            settings.set("TimeZone", Some(zone), &origin).unwrap();
        };
        let mut transaction = Transaction::default();
        transaction.begin(&origin);
        transaction.keep(|kept| set(kept, "Europe/Berlin"));
        assert_eq!(transaction.end(true).unwrap().zone().name(), "Europe/Berlin");
        transaction.begin(&origin);
        transaction.keep(|kept| set(kept, "Europe/Berlin"));
        assert_eq!(transaction.end(false).unwrap().zone().name(), "UTC");
    }
}
