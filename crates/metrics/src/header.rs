//! The lines before a metric's SQL.

use crate::error::FileError;
use crate::metric::Metric;
use crate::parameters::Slice;
use crate::unsliced::unsliced;

const REQUIRED: [&str; 6] = ["name", "question", "unit", "grain", "columns", "caveats"];
const OPTIONAL: [&str; 3] = ["slices", "days", "default"];

/// Days of a window, if neither the file nor anybody else says otherwise.
const DAYS: u32 = 28;

/// A header's lines, by their words.
struct Lines<'a> {
    file: &'a str,
    lines: Vec<(&'a str, &'a str)>,
}

impl<'a> Lines<'a> {
    fn read(file: &'a str, text: &'a str) -> Result<Self, FileError> {
        let mut lines: Vec<(&str, &str)> = Vec::new();
        for line in text.lines().map_while(|line| line.strip_prefix("-- ")) {
            let known = |word: &str| REQUIRED.contains(&word) || OPTIONAL.contains(&word);
            let (word, value) = line
                .split_once(": ")
                .filter(|(word, _)| known(word))
                .ok_or_else(|| FileError::Unknown {
                    file: file.to_owned(),
                    line: line.to_owned(),
                    known: [&REQUIRED[..], &OPTIONAL[..]].concat().join(", "),
                })?;
            if lines.iter().any(|(other, _)| *other == word) {
                return Err(FileError::Twice {
                    file: file.to_owned(),
                    line: word.to_owned(),
                });
            }
            lines.push((word, value.trim()));
        }
        Ok(Lines { file, lines })
    }

    fn optional(&self, word: &str) -> Option<&'a str> {
        let mut lines = self.lines.iter();
        lines
            .find(|(other, _)| *other == word)
            .map(|(_, value)| *value)
    }

    fn required(&self, word: &'static str) -> Result<&'a str, FileError> {
        self.optional(word)
            .filter(|value| !value.is_empty())
            .ok_or_else(|| FileError::Missing {
                file: self.file.to_owned(),
                line: word,
            })
    }

    fn names(&self, line: &'static str) -> Result<Vec<String>, FileError> {
        let found = self.required(line)?;
        let names: Vec<String> = found.split(", ").map(str::to_owned).collect();
        let is_name = |name: &String| {
            name.starts_with(|first: char| first.is_ascii_lowercase())
                && name
                    .bytes()
                    .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
        };
        if names.iter().all(is_name) {
            Ok(names)
        } else {
            Err(self.value(
                line,
                found,
                "names of columns, separated by comma and space",
            ))
        }
    }

    fn value(&self, line: &'static str, found: &str, wanted: &'static str) -> FileError {
        FileError::Value {
            file: self.file.to_owned(),
            line,
            found: found.to_owned(),
            wanted,
        }
    }
}

/// Reads a file.
pub(crate) fn parse(file: &str, text: &str) -> Result<Metric, FileError> {
    let lines = Lines::read(file, text)?;
    let name = lines.required("name")?;
    if name != file {
        return Err(FileError::Name {
            file: file.to_owned(),
            name: name.to_owned(),
        });
    }
    let grain = lines.names("grain")?;
    if grain.first().map(String::as_str) != Some("slice") {
        return Err(lines.value("grain", &grain.join(", "), "slice, then further columns"));
    }
    let slices = match lines.optional("slices") {
        None => Slice::ALL.to_vec(),
        Some(found) => found
            .split(", ")
            .map(str::parse)
            .collect::<Result<_, _>>()
            .map_err(|_| {
                lines.value(
                    "slices",
                    found,
                    "some of app, user, department, day, week, month",
                )
            })?,
    };
    let days = match lines.optional("days") {
        None => DAYS,
        Some(found) => found
            .parse()
            .ok()
            .filter(|days| *days > 0)
            .ok_or_else(|| lines.value("days", found, "a number of days"))?,
    };
    let on_request = match lines.optional("default") {
        None => false,
        Some("off") => true,
        Some(found) => return Err(lines.value("default", found, "off, or no such line")),
    };
    let body: String = text
        .lines()
        .skip_while(|line| line.starts_with("-- "))
        .collect::<Vec<_>>()
        .join("\n")
        .trim()
        .to_owned();
    unsliced(&body).map_err(|found| FileError::Slice {
        file: file.to_owned(),
        found,
    })?;
    Ok(Metric {
        name: name.to_owned(),
        question: lines.required("question")?.to_owned(),
        unit: lines.required("unit")?.to_owned(),
        caveats: lines.required("caveats")?.to_owned(),
        columns: lines.names("columns")?,
        grain,
        slices,
        days,
        on_request,
        body,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const WHOLE: &str = "-- name: apps\n-- question: Which?\n-- unit: users\n-- grain: slice, app\n\
                         -- columns: users\n-- caveats: None.\nSELECT slice, app, 1 AS users FROM x\n";

    #[test]
    fn a_whole_header_is_read() {
        let metric = parse("apps", WHOLE).unwrap();
        assert_eq!(metric.question(), "Which?");
        assert_eq!(metric.grain(), ["slice", "app"]);
        assert_eq!(metric.slices(), Slice::ALL);
        assert_eq!((metric.days(), metric.on_request()), (28, false));
    }

    #[test]
    fn each_line_must_be_there_once() {
        for word in REQUIRED {
            let line = WHOLE
                .lines()
                .find(|line| line.starts_with(&format!("-- {word}: ")));
            let line = format!("{}\n", line.unwrap());
            let missing = parse("apps", &WHOLE.replacen(&line, "", 1));
            assert_eq!(
                missing,
                Err(FileError::Missing {
                    file: "apps".into(),
                    line: word
                })
            );
            let twice = parse("apps", &format!("{line}{WHOLE}"));
            assert_eq!(
                twice,
                Err(FileError::Twice {
                    file: "apps".into(),
                    line: word.into()
                })
            );
        }
    }

    #[test]
    fn what_nobody_would_read_is_refused() {
        let error = parse("apps", &format!("-- nme: apps\n{WHOLE}")).unwrap_err();
        assert!(matches!(error, FileError::Unknown { .. }), "{error}");
        let error = parse("app", WHOLE).unwrap_err();
        assert_eq!(
            error.to_string(),
            "app: the header calls it apps; name and file must be the same"
        );
        for line in ["slices: app, team", "days: 0", "days: many", "default: on"] {
            let error = parse("apps", &format!("-- {line}\n{WHOLE}")).unwrap_err();
            assert!(matches!(error, FileError::Value { .. }), "{error}");
        }
        for (from, to) in [
            ("slice, app\n", "app\n"),
            ("columns: users", "columns: Users"),
        ] {
            let error = parse("apps", &WHOLE.replacen(from, to, 1)).unwrap_err();
            assert!(matches!(error, FileError::Value { .. }), "{error}");
        }
    }

    #[test]
    fn a_slice_that_cannot_be_left_out_is_refused() {
        let error = parse("apps", &WHOLE.replace("FROM x", "FROM x WHERE slice > 1")).unwrap_err();
        assert!(matches!(error, FileError::Slice { .. }), "{error}");
    }
}
