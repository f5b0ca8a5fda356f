//! The only one who writes to the terminal. stdout is data, stderr is talk.
use std::io::{IsTerminal, Write};

use clap::ColorChoice;
use hobbs_report::{Style, visible};

/// Writes to the terminal.
#[derive(Debug, Clone, Copy)]
pub struct Printer {
    color: ColorChoice,
    quiet: bool,
}

impl Printer {
    /// A printer that follows `--color` and `--quiet`.
    pub fn new(color: ColorChoice, quiet: bool) -> Self {
        Printer { color, quiet }
    }

    /// Writes data to stdout.
    pub fn data(&self, text: &str) -> std::io::Result<()> {
        let mut out = std::io::stdout().lock();
        out.write_all(text.as_bytes())?;
        out.flush()
    }

    /// Writes a value as JSON to stdout.
    pub fn json(&self, value: &impl serde::Serialize) -> anyhow::Result<()> {
        let mut text = serde_json::to_string_pretty(value)?;
        text.push('\n');
        Ok(self.data(&text)?)
    }

    /// Says something to the person in front of the terminal.
    pub fn say(&self, text: &str) {
        if !self.quiet {
            talk(text);
        }
    }

    /// Something the person should know, whatever `--quiet` says.
    pub fn warn(&self, text: &str) {
        let warning = self.paint("warning", "\u{1b}[1;33m");
        talk(&format!("{warning}: {}", visible(text)));
    }

    /// The error and its causes.
    pub fn error(&self, error: &anyhow::Error) {
        let mut text = String::new();
        for cause in error.chain() {
            let cause = cause.to_string();
            // Typed errors tell their cause themselves; saying it twice helps nobody.
            if text.contains(&cause) {
                continue;
            }
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(&cause);
        }
        let error = self.paint("error", "\u{1b}[1;31m");
        talk(&format!("{error}: {}", visible(&text)));
    }

    /// Whether progress may be drawn.
    pub fn draws_progress(&self) -> bool {
        !self.quiet && std::io::stderr().is_terminal()
    }

    /// Columns of the terminal behind stdout; None where there is no terminal.
    pub fn width(&self) -> Option<u16> {
        std::io::stdout().is_terminal().then(terminal_width)
    }

    /// How tables may look on stdout.
    pub fn style(&self) -> Style {
        let is_terminal = std::io::stdout().is_terminal();
        let width = if is_terminal { terminal_width() } else { 100 };
        Style {
            color: self.colors(is_terminal),
            width,
        }
    }

    /// `text` in color where stderr may have it.
    pub fn paint(&self, text: &str, color: &str) -> String {
        if self.colors(std::io::stderr().is_terminal()) {
            format!("{color}{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    fn colors(&self, is_terminal: bool) -> bool {
        match self.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => {
                is_terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
            }
        }
    }
}

/// That nobody listens any more is no reason to end in the middle of a sync.
fn talk(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// What is said of a fault of hobbs: where it is, and not what the panic says, which may quote what
/// was being read.
pub fn tell_faults_by_their_place() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map(ToString::to_string)
            .unwrap_or_default();
        // deltalake 1.1 gives up a file that it could not write, and object_store 0.13 answers with
        // a panic where the disk was full at its end; deltalake catches it, and the error that comes
        // back says what happened.
        if place.contains("object_store") && place.contains("buffered.rs") {
            return;
        }
        talk(&format!("a fault in hobbs, please report it: {place}"));
        let backtrace = std::backtrace::Backtrace::capture();
        if backtrace.status() == std::backtrace::BacktraceStatus::Captured {
            talk(&backtrace.to_string());
        }
    }));
}

/// Columns of the terminal behind stdout; 80 where it does not say.
fn terminal_width() -> u16 {
    comfy_table::Table::new().width().unwrap_or(80)
}
