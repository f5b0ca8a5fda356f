//! What is asked of a metric besides its name.

use std::fmt;
use std::str::FromStr;

use crate::Window;

/// What a metric's rows are divided by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Slice {
    /// The app, by the name that people know.
    App,
    /// The user.
    User,
    /// The department of the user at the end of the window.
    Department,
    /// The day.
    Day,
    /// The week, by its Monday.
    Week,
    /// The month, by its first day.
    Month,
}

impl Slice {
    /// All of them.
    pub const ALL: [Slice; 6] = [
        Slice::App,
        Slice::User,
        Slice::Department,
        Slice::Day,
        Slice::Week,
        Slice::Month,
    ];

    /// As it is written on the command line and in headers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Slice::App => "app",
            Slice::User => "user",
            Slice::Department => "department",
            Slice::Day => "day",
            Slice::Week => "week",
            Slice::Month => "month",
        }
    }
}

impl fmt::Display for Slice {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(self.as_str())
    }
}

impl FromStr for Slice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Slice::ALL
            .into_iter()
            .find(|slice| slice.as_str() == text)
            .ok_or_else(|| format!("{text:?} is not one of {}", list(&Slice::ALL)))
    }
}

pub(crate) fn list(slices: &[Slice]) -> String {
    let names: Vec<&str> = slices.iter().map(|slice| slice.as_str()).collect();
    names.join(", ")
}

/// What is asked of a metric.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameters {
    /// The days that are looked at.
    pub window: Window,
    /// What the rows are divided by, if by anything.
    pub slice: Option<Slice>,
    /// How many typed exchanges make a user active in the third way of counting.
    pub typed_minimum: u32,
    /// The tenant, where the lake holds several.
    pub tenant_id: Option<String>,
}

impl Parameters {
    /// How many typed exchanges make a user active, if nobody says otherwise.
    pub const TYPED_MINIMUM: u32 = 3;

    /// A window, undivided, of all tenants.
    #[must_use]
    pub fn of(window: Window) -> Self {
        Parameters {
            window,
            slice: None,
            typed_minimum: Self::TYPED_MINIMUM,
            tenant_id: None,
        }
    }

    /// The same, divided.
    #[must_use]
    pub fn by(mut self, slice: Slice) -> Self {
        self.slice = Some(slice);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_are_read_as_they_are_written() {
        for slice in Slice::ALL {
            assert_eq!(slice.as_str().parse(), Ok(slice));
        }
        assert_eq!(
            "team".parse::<Slice>(),
            Err("\"team\" is not one of app, user, department, day, week, month".to_owned())
        );
    }
}
