//! The one list of error codes: for each its SQLSTATE, the exit status of the command, and a sentence.

/// What went wrong, as a program may branch on it; the wire sends its SQLSTATE, the command exits with its status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Code {
    Syntax,
    UndefinedTable,
    UndefinedColumn,
    AmbiguousColumn,
    UndefinedFunction,
    UndefinedObject,
    UndefinedParameter,
    DatatypeMismatch,
    InvalidGrouping,
    InvalidArgument,
    InvalidText,
    NumericOutOfRange,
    DivisionByZero,
    ReadOnly,
    NotSupported,
    TooComplex,
    OutOfMemory,
    Cancelled,
    Usage,
    InvalidDefinition,
    InputRefused,
    StoreMissing,
    StoreTooNew,
    StoreConflict,
    StoreDamaged,
    System,
    Internal,
}

/// Every code, in the order of this list.
pub const CODES: &[Code] = &[
    Code::Syntax,
    Code::UndefinedTable,
    Code::UndefinedColumn,
    Code::AmbiguousColumn,
    Code::UndefinedFunction,
    Code::UndefinedObject,
    Code::UndefinedParameter,
    Code::DatatypeMismatch,
    Code::InvalidGrouping,
    Code::InvalidArgument,
    Code::InvalidText,
    Code::NumericOutOfRange,
    Code::DivisionByZero,
    Code::ReadOnly,
    Code::NotSupported,
    Code::TooComplex,
    Code::OutOfMemory,
    Code::Cancelled,
    Code::Usage,
    Code::InvalidDefinition,
    Code::InputRefused,
    Code::StoreMissing,
    Code::StoreTooNew,
    Code::StoreConflict,
    Code::StoreDamaged,
    Code::System,
    Code::Internal,
];

impl Code {
    /// PostgreSQL's five characters (its appendix A), so that drivers map the error to their own classes.
    pub fn sqlstate(self) -> &'static str {
        self.row().0
    }

    /// 1 the answer is no, 2 usage, 3 input refused, 4 store or system.
    pub fn exit_status(self) -> u8 {
        self.row().1
    }

    /// What the code means, for the reference.
    pub fn sentence(self) -> &'static str {
        self.row().2
    }

    fn row(self) -> (&'static str, u8, &'static str) {
        match self {
            Self::Syntax => ("42601", 2, "The statement does not parse."),
            Self::UndefinedTable => ("42P01", 2, "No table or view has this name."),
            Self::UndefinedColumn => ("42703", 2, "No column in reach has this name."),
            Self::AmbiguousColumn => ("42702", 2, "More than one column in reach has this name."),
            Self::UndefinedFunction => {
                ("42883", 2, "No function has this name, or takes these arguments.")
            }
            Self::UndefinedObject => {
                ("42704", 2, "No setting, type, journey or epoch has this name.")
            }
            Self::UndefinedParameter => {
                ("42P02", 2, "A parameter such as `$1` was given no value.")
            }
            Self::DatatypeMismatch => ("42804", 2, "A value has a type that does not fit here."),
            Self::InvalidGrouping => {
                ("42803", 2, "A column is neither grouped by nor inside an aggregate.")
            }
            Self::InvalidArgument => ("22023", 2, "An argument or setting has no such value."),
            Self::InvalidText => ("22P02", 2, "A text does not read as a value of the type."),
            Self::NumericOutOfRange => ("22003", 2, "A number does not fit its type."),
            Self::DivisionByZero => ("22012", 2, "Something was divided by zero."),
            Self::ReadOnly => ("25006", 2, "The statement would write; queries never write."),
            Self::NotSupported => ("0A000", 2, "The statement uses SQL that brunt does not have."),
            Self::TooComplex => ("54001", 2, "The statement nests too deeply."),
            Self::OutOfMemory => ("53200", 4, "The query needs more memory than its limit."),
            Self::Cancelled => ("57014", 4, "The query was cancelled, or ran into its timeout."),
            Self::Usage => ("22023", 2, "The command was called in a way that it does not have."),
            Self::InvalidDefinition => {
                ("F0000", 3, "A definition file does not say what it should.")
            }
            Self::InputRefused => ("22P04", 3, "An input is no export that could be loaded."),
            Self::StoreMissing => ("3D000", 4, "There is no store at this place."),
            Self::StoreTooNew => ("55000", 4, "The store was written by a newer version of brunt."),
            Self::StoreConflict => ("40001", 4, "Somebody else changed the store; try again."),
            Self::StoreDamaged => {
                ("XX001", 4, "A file of the store is absent or not what it should be.")
            }
            Self::System => ("58030", 4, "The system below, a disk or an object store, failed."),
            Self::Internal => ("XX000", 4, "brunt broke a rule of its own."),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_code_has_a_sqlstate_a_status_and_a_sentence() {
        assert_eq!(CODES.iter().collect::<BTreeSet<_>>().len(), CODES.len());
        for code in CODES {
            assert!(
                code.sqlstate().len() == 5
                    && code
                        .sqlstate()
                        .bytes()
                        .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()),
                "{code:?}"
            );
            assert!((2..=4).contains(&code.exit_status()), "{code:?}");
            assert!(code.sentence().ends_with('.'), "{code:?}");
        }
    }
}
