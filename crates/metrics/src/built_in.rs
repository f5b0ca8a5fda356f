//! The files of `metrics/`.

use std::sync::OnceLock;

use crate::Metric;

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../../metrics/", $name, ".sql")))),*]
    };
}

/// Name and text of each file, by name.
const FILES: &[(&str, &str)] = files![
    "active_users_by_28_days",
    "active_users_by_day",
    "active_users_by_week",
    "answers",
    "apps",
    "assisted_hours",
    "breadth",
    "conversations",
    "conversations_by_verdict",
    "days_used",
    "days_used_distribution",
    "first_and_last_use",
    "follow_ups",
    "headline",
    "hours",
    "intensity_tiers",
    "lifecycle_by_28_days",
    "lifecycle_by_week",
    "reply_time",
    "resources_by_host",
    "resources_by_kind",
    "resources_by_site",
    "retention",
    "rules",
    "segments",
    "segments_by_user",
    "streaks",
    "streaks_by_user",
    "surfaces",
    "typed_per_active_day",
    "users",
    "verdicts",
    "week_streaks",
];

pub(crate) fn all() -> &'static [Metric] {
    static ALL: OnceLock<Vec<Metric>> = OnceLock::new();
    ALL.get_or_init(|| {
        let metrics = FILES.iter().map(|(name, text)| Metric::parse(name, text));
        metrics
            .collect::<Result<_, _>>()
            .expect("the files are part of the program, and a test reads them all")
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn every_file_is_whole() {
        for (name, text) in FILES {
            if let Err(error) = Metric::parse(name, text) {
                panic!("{error}");
            }
        }
    }

    #[test]
    fn every_file_of_the_folder_is_built_in_once() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../metrics");
        let mut there: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .filter_map(|entry| {
                let name = entry.unwrap().file_name().into_string().unwrap();
                name.strip_suffix(".sql").map(str::to_owned)
            })
            .collect();
        there.sort();
        let built_in: Vec<&str> = FILES.iter().map(|(name, _)| *name).collect();
        assert_eq!(built_in, there);
    }
}
