//! The few ways in which the program ends.

use std::io::ErrorKind;
use std::process::ExitCode;

use crate::printer::Printer;
use crate::settings::Misconfigured;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 0: everything asked for was done.
    Whole,
    /// 1: it failed.
    Failed,
    /// 2: wrong use or configuration. (clap ends with 2 by itself.)
    Misused,
    /// 3: some of it was done; the output says what is missing.
    Partial,
    /// 4: `hobbs lake check` found damage.
    Damaged,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(match exit {
            Exit::Whole => 0,
            Exit::Failed => 1,
            Exit::Misused => 2,
            Exit::Partial => 3,
            Exit::Damaged => 4,
        })
    }
}

/// Prints an error and says how to end. A reader that stopped reading (`| head`) is no error.
pub fn of_error(error: &anyhow::Error, printer: &Printer) -> Exit {
    let is_broken_pipe = error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|cause| cause.kind() == ErrorKind::BrokenPipe);
    if is_broken_pipe {
        return Exit::Whole;
    }
    printer.error(error);
    if error.chain().any(|cause| cause.is::<Misconfigured>()) {
        Exit::Misused
    } else {
        Exit::Failed
    }
}
