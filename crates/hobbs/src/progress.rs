//! Progress of a sync: a bar on a terminal, a plain line now and then elsewhere.

use std::time::{Duration, Instant};

use hobbs_sync::{Numbers, Progress, Stage};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::printer::Printer;

/// How often a plain line is printed.
const LINE_EVERY: Duration = Duration::from_secs(15);

/// Progress as fits where stderr goes.
pub fn of(printer: &Printer) -> Box<dyn Progress> {
    if printer.draws_progress() {
        Box::new(Bar::new())
    } else {
        Box::new(Lines {
            printer: *printer,
            next: None,
        })
    }
}

struct Bar {
    bar: ProgressBar,
}

impl Bar {
    fn new() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(8));
        bar.set_style(spinner());
        bar.enable_steady_tick(Duration::from_millis(120));
        Bar { bar }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn spinner() -> ProgressStyle {
    ProgressStyle::with_template("{spinner} {msg}")
        .unwrap_or_else(|_| ProgressStyle::default_spinner())
}

fn users() -> ProgressStyle {
    ProgressStyle::with_template("{bar:24} {pos}/{len} users  {msg}  {eta} left")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("━╸─")
}

impl Progress for Bar {
    fn show(&mut self, stage: &Stage) {
        match stage {
            Stage::Reading(numbers) => {
                if self.bar.length() != Some(numbers.users) {
                    self.bar.set_style(users());
                    self.bar.set_length(numbers.users);
                    self.bar.reset_eta();
                }
                self.bar.set_position(numbers.users_done);
                self.bar.set_message(state(numbers));
            }
            other => {
                self.bar.set_style(spinner());
                self.bar.set_message(words(other));
            }
        }
    }
}

struct Lines {
    printer: Printer,
    next: Option<Instant>,
}

impl Progress for Lines {
    fn show(&mut self, stage: &Stage) {
        let Stage::Reading(numbers) = stage else {
            return;
        };
        let now = Instant::now();
        // The first line comes after a while: a short sync needs none.
        let next = *self.next.get_or_insert(now + LINE_EVERY);
        if now >= next {
            self.printer.say(&format!(
                "{} of {} users, {}",
                numbers.users_done,
                numbers.users,
                state(numbers)
            ));
            self.next = Some(now + LINE_EVERY);
        }
    }
}

fn words(stage: &Stage) -> String {
    match stage {
        Stage::Opening => "opening the lake".to_owned(),
        Stage::SigningIn => "signing in".to_owned(),
        Stage::ReadingUsers { users: 0 } => "reading the directory".to_owned(),
        Stage::ReadingUsers { users } => {
            format!("reading the directory: {} users", thousands(*users))
        }
        Stage::ReadingReports { patience } => format!(
            "waiting for Microsoft's usage reports, {} min at most",
            patience.as_secs() / 60
        ),
        Stage::Reading(numbers) => state(numbers),
        Stage::Closing => "writing the rest".to_owned(),
        Stage::Tidying => "joining small files".to_owned(),
    }
}

fn state(numbers: &Numbers) -> String {
    let mut text = format!(
        "{} rows, {:.0}/s allowed",
        thousands(numbers.rows),
        numbers.rate_per_second
    );
    if !numbers.gate.is_zero() {
        text.push_str(&format!(
            ", Graph asks to wait {} s",
            numbers.gate.as_secs() + 1
        ));
    }
    if numbers.throttled > 0 {
        text.push_str(&format!(", throttled {} times", numbers.throttled));
    }
    if numbers.users_failed > 0 {
        text.push_str(&format!(", {} users not whole", numbers.users_failed));
    }
    text
}

/// `1234567` as `1,234,567`.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 user`, `1,234 users`.
pub fn counted(number: u64, one: &str, many: &str) -> String {
    let noun = if number == 1 { one } else { many };
    format!("{} {noun}", thousands(number))
}

#[cfg(test)]
mod tests {
    use super::thousands;

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(1000), "1,000");
        assert_eq!(thousands(1_234_567), "1,234,567");
    }
}
