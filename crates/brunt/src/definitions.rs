//! The user's definitions: text files that say what a journey is, how errors are grouped and what is redacted, checked as
//! a whole.

mod condition;
mod grouping;
mod journey;
mod retention;
mod toml_table;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use brunt_fingerprint::{Cache, Rules};
use twox_hash::XxHash3_128;

use crate::error::Error;
use crate::grouper::Grouper;

pub(crate) use condition::Condition;
pub(crate) use grouping::parse as parse_rules;
pub(crate) use journey::{Journey, Order, Step, StepTable, Unit};
pub(crate) use retention::Retention;

/// Its text is handed to `brunt_ingest::Policy::parse`; nothing else of it is looked at here.
pub(crate) const REDACTION_FILE: &str = "redaction.toml";
/// Its text is handed to `brunt_ingest::UserAliases::parse`.
pub(crate) const ALIASES_FILE: &str = "aliases.toml";
/// Its text is handed to `brunt_ingest::Traffic::parse`.
pub(crate) const TRAFFIC_FILE: &str = "traffic.toml";

/// How long the rows of each table are kept.
const RETENTION_FILE: &str = "retention.toml";
/// How errors are grouped, beside what the algorithm decides.
pub(crate) const ERRORS_FILE: &str = "errors.toml";

/// One file of definitions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DefinitionFile {
    /// Its name inside the folder.
    pub(crate) name: String,
    pub(crate) text: String,
}

/// All definitions of a store, known to be right.
#[derive(Debug, Clone, Default)]
pub(crate) struct Definitions {
    /// In the order of files and of lines.
    pub(crate) journeys: Vec<Journey>,
    /// In the order of lines; one for a table at most.
    pub(crate) retentions: Vec<Retention>,
    /// Those of `errors.toml`; none where there is no such file.
    pub(crate) rules: Arc<Rules>,
    /// What the store's handle remembers of groups; `None` where no handle read these.
    pub(crate) grouped: Option<Arc<Cache>>,
    /// By name.
    pub(crate) files: Vec<DefinitionFile>,
}

impl Definitions {
    /// Reads files of definitions: `retention.toml`, `errors.toml`, and journeys of every other `.toml` but those that
    /// ingest reads.
    /// `.yaml` is kept as it is.
    ///
    /// # Errors
    /// The first fault of [`faults`], as [`Error::Definition`].
    pub(crate) fn parse(files: Vec<DefinitionFile>) -> Result<Self, Error> {
        let (definitions, faults) = read(files);
        match faults.into_iter().next() {
            Some(fault) => Err(fault),
            None => Ok(definitions),
        }
    }

    /// What groups errors by these rules.
    pub(crate) fn grouper(&self) -> Grouper {
        match &self.grouped {
            Some(cache) => Grouper::new(&self.rules, cache),
            None => Grouper::forgetful(&self.rules),
        }
    }

    /// 32 hexadecimal digits of the names and bytes of all files, whatever order they were given in;
    /// `None` where there is no file.
    pub(crate) fn hash(&self) -> Option<String> {
        let mut hasher = XxHash3_128::with_seed(1);
        for file in &self.files {
            for part in [&file.name, &file.text] {
                hasher.write(&(part.len() as u64).to_le_bytes());
                hasher.write(part.as_bytes());
            }
        }
        (!self.files.is_empty()).then(|| format!("{:032x}", hasher.finish_128()))
    }

    /// The text of a file.
    pub(crate) fn file(&self, name: &str) -> Option<&str> {
        let file = self.files.iter().find(|file| file.name == name)?;
        Some(&file.text)
    }
}

/// Everything that is wrong with these files, in the order of files and of lines; empty where nothing is.
pub(crate) fn faults(files: Vec<DefinitionFile>) -> Vec<Error> {
    read(files).1
}

/// The `.toml`, `.yaml` and `.yml` files of a local folder, not looked into; others are passed over.
///
/// # Errors
/// [`Error::Io`] where the folder or a file cannot be read.
pub(crate) fn read_folder(folder: &Path) -> Result<Vec<DefinitionFile>, Error> {
    let io = |action, path: &Path| {
        let path = path.display().to_string();
        move |source| Error::Io { action, path, source }
    };
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(io("read definitions folder", folder))? {
        let path = entry.map_err(io("read definitions folder", folder))?.path();
        let ending = path.extension().and_then(|ending| ending.to_str());
        let name = path.file_name().and_then(|name| name.to_str());
        if let (Some("toml" | "yaml" | "yml"), Some(name)) = (ending, name)
            && path.is_file()
        {
            let name = name.to_owned();
            let text = fs::read_to_string(&path).map_err(io("read definition file", &path))?;
            files.push(DefinitionFile { name, text });
        }
    }
    Ok(files)
}

fn read(mut files: Vec<DefinitionFile>) -> (Definitions, Vec<Error>) {
    files.sort_by(|a, b| a.name.cmp(&b.name));
    let mut journeys: Vec<Journey> = Vec::new();
    let mut retentions = Vec::new();
    let mut rules = Rules::default();
    let mut faults = Vec::new();
    let of_ingest = [REDACTION_FILE, ALIASES_FILE, TRAFFIC_FILE];
    let is_ours = |name: &str| is_toml(name) && !of_ingest.contains(&name);
    for file in files.iter().filter(|file| is_ours(&file.name)) {
        if file.name == RETENTION_FILE {
            let (found, wrong) = retention::parse(&file.name, &file.text);
            retentions = found;
            faults.extend(wrong);
            continue;
        }
        if file.name == ERRORS_FILE {
            match grouping::parse(&file.name, &file.text) {
                Ok(found) => rules = found,
                Err(fault) => faults.push(fault),
            }
            continue;
        }
        let (found, wrong) = journey::parse(&file.name, &file.text);
        faults.extend(wrong);
        for journey in found {
            match journeys.iter().find(|other| other.name == journey.name) {
                Some(other) => faults.push(Error::Definition {
                    file: file.name.clone(),
                    line: journey.line,
                    message: format!("journey \"{}\" is defined twice", journey.name),
                    hint: Some(format!(
                        "Rename or drop one; the other is in \"{}\" line {}.",
                        other.file, other.line
                    )),
                }),
                None => journeys.push(journey),
            }
        }
    }
    (Definitions { journeys, retentions, rules: Arc::new(rules), grouped: None, files }, faults)
}

fn is_toml(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|ending| ending.eq_ignore_ascii_case("toml"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHECKOUT: &str = r#"
[[journey]]
name = "checkout"
unit = "user"
window = "24 hours"
order = "strict"
owner = "payments"
currency = "USD"

[[journey.step]]
name = "cart"
table = "events"
where = "event_name = 'add_to_cart'"

[[journey.step]]
name = "purchase"
table = "orders"
where = "order_value > 0"
value = "order_value"
"#;

    fn file(name: &str, text: &str) -> DefinitionFile {
        DefinitionFile { name: name.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn journeys_are_read_from_every_toml_but_redaction() {
        let files = vec![
            file("journeys.toml", CHECKOUT),
            file("redaction.toml", "[[rule]]\nfield = \"email\""),
            file("slo.yaml", "apiVersion: openslo/v1"),
        ];
        let definitions = Definitions::parse(files).unwrap();
        assert_eq!(definitions.journeys.len(), 1);
        assert_eq!(definitions.journeys[0].steps.len(), 2);
        assert_eq!(definitions.file(REDACTION_FILE), Some("[[rule]]\nfield = \"email\""));
        assert!(Definitions::default().file(REDACTION_FILE).is_none());
    }

    #[test]
    fn rules_of_grouping_are_read_and_their_faults_found_with_the_others() {
        let rules = "schema = 1\n[[generic]]\ntype = \"AcmeException\"\n";
        let definitions = Definitions::parse(vec![file(ERRORS_FILE, rules)]).unwrap();
        assert_eq!(*definitions.rules, Rules::parse(rules).unwrap());
        assert_eq!(*Definitions::default().rules, Rules::default());
        let wrong = faults(vec![file("a.toml", "x ="), file(ERRORS_FILE, "schema = 2\n")]);
        assert_eq!(
            wrong[1].to_string(),
            "definition file \"errors.toml\" line 1: this version reads schema 1"
        );
        assert_eq!(wrong.len(), 2);
    }

    #[test]
    fn the_hash_is_of_names_and_bytes_and_not_of_their_order() {
        let (a, b) = (file("a.toml", CHECKOUT), file("b.yaml", "x: 1"));
        let hash = |files: Vec<DefinitionFile>| Definitions::parse(files).unwrap().hash();
        assert_eq!(hash(vec![a.clone(), b.clone()]), hash(vec![b.clone(), a.clone()]));
        assert_ne!(hash(vec![a.clone(), b.clone()]), hash(vec![a.clone(), file("b.yaml", "x: 2")]));
        assert_ne!(hash(vec![a.clone(), b]), hash(vec![a, file("c.yaml", "x: 1")]));
        assert_eq!(hash(vec![]), None);
    }

    #[test]
    fn a_journey_that_is_defined_twice_is_named_with_both_places() {
        let wrong = faults(vec![file("a.toml", CHECKOUT), file("b.toml", CHECKOUT)]);
        assert_eq!(
            wrong[0].to_string(),
            "definition file \"b.toml\" line 2: journey \"checkout\" is defined twice"
        );
        assert_eq!(
            wrong[0].hint().unwrap(),
            "Rename or drop one; the other is in \"a.toml\" line 2."
        );
        assert_eq!(wrong.len(), 1);
    }

    #[test]
    fn a_folder_is_read_by_name_and_other_files_are_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("journeys.toml"), CHECKOUT).unwrap();
        fs::write(folder.path().join("README.md"), "[[journey]]").unwrap();
        let definitions = read_folder(folder.path()).unwrap();
        assert_eq!(definitions.len(), 1);
        let missing = read_folder(&folder.path().join("none")).unwrap_err();
        assert!(missing.to_string().starts_with("read definitions folder \""), "{missing}");
    }
}
