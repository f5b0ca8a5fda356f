//! Apps as a person names them. One that is misspelled would make an empty report, or a sync that keeps
//! nothing, without a word.

use hobbs_interaction::App;
use hobbs_lake::{LakeError, Location, Reader};
use hobbs_metrics::nearest;
use hobbs_report::{Source, SourceError};
use serde_json::Value;

use crate::settings::Misconfigured;
use crate::source::LakeSource;

/// The names by which the reports' conditions find the apps that are meant: each as the lake has it.
///
/// # Errors
/// No app is called so, as far as hobbs and the lake know.
pub async fn meant(source: &dyn Source, names: &[String]) -> anyhow::Result<Vec<String>> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let classes = classes(source).await?;
    refuse_unknown(names, &classes)?;
    Ok(names
        .iter()
        .flat_map(|name| of_name(name, &classes))
        .collect())
}

/// Refuses what is no app, where a sync is to read some alone. The lake, where there is one, knows classes that
/// hobbs does not.
pub async fn refuse_unknown_to_sync(names: &[String], lake: &Location) -> anyhow::Result<()> {
    if refuse_unknown(names, &[]).is_ok() {
        return Ok(());
    }
    let classes = match Reader::open(lake).await {
        Ok(reader) => classes(&LakeSource::new(reader)).await?,
        Err(LakeError::Missing { .. }) => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    Ok(refuse_unknown(names, &classes)?)
}

/// The classes that the lake has.
async fn classes(source: &dyn Source) -> Result<Vec<String>, SourceError> {
    let rows = source
        .select("SELECT DISTINCT app_class FROM interactions ORDER BY app_class")
        .await?;
    let text =
        |row: serde_json::Map<String, Value>| Some(row.get("app_class")?.as_str()?.to_owned());
    Ok(rows.into_iter().filter_map(text).collect())
}

/// An app of which the lake has nothing keeps its name, so that the report says what was asked.
fn of_name(name: &str, classes: &[String]) -> Vec<String> {
    let apps = classes.iter().map(|class| App::of(class));
    let mut meant: Vec<String> = apps
        .filter(|app| app.matches(name))
        .map(|app| match app.name.eq_ignore_ascii_case(name.trim()) {
            true => app.name.into_owned(),
            false => app.class.to_owned(),
        })
        .collect();
    meant.dedup();
    if meant.is_empty() {
        meant.push(name.trim().to_owned());
    }
    meant
}

fn refuse_unknown(names: &[String], classes: &[String]) -> Result<(), Misconfigured> {
    let of_lake = classes.iter().map(|class| App::of(class));
    let known: Vec<App<'_>> = App::known().chain(of_lake).collect();
    let is_unknown = |name: &&String| !known.iter().any(|app| app.matches(name));
    let Some(unknown) = names.iter().find(is_unknown) else {
        return Ok(());
    };
    let near = nearest(unknown, known.iter().map(|app| &*app.name));
    let near = near.map_or_else(String::new, |near| format!("; did you mean \"{near}\"?"));
    Err(Misconfigured(format!(
        "neither hobbs nor the lake knows an app \"{unknown}\"{near} `hobbs query \"SELECT DISTINCT app, app_class FROM interactions\"` lists those of the lake"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classes() -> Vec<String> {
        ["BizChat", "Word", "Studio.Seven", "Brand.New"]
            .map(|part| format!("IPM.SkypeTeams.Message.Copilot.{part}"))
            .to_vec()
    }

    #[test]
    fn an_app_is_found_by_whatever_it_is_called() {
        let class = |part: &str| vec![format!("IPM.SkypeTeams.Message.Copilot.{part}")];
        let name = |name: &str| vec![name.to_owned()];
        for (asked, meant) in [
            ("word", name("Word")),
            ("bizchat", class("BizChat")),
            ("seven", class("Studio.Seven")),
            ("Copilot Studio", name("Copilot Studio")),
            ("new", name("New")),
            ("Loop", name("Loop")),
        ] {
            assert_eq!(of_name(asked, &classes()), meant, "{asked}");
            assert!(refuse_unknown(&name(asked), &classes()).is_ok(), "{asked}");
        }
    }

    #[test]
    fn what_is_misspelled_is_told_the_nearest() {
        for (asked, near) in [
            ("Wrod", "\"Word\""),
            ("Exel", "\"Excel\""),
            ("outlok", "\"Outlook\""),
        ] {
            let error = refuse_unknown(&[asked.to_owned()], &classes());
            let error = error.map_err(|error| error.to_string());
            assert!(
                error.as_ref().is_err_and(|it| it.contains(near)),
                "{error:?}"
            );
        }
        assert!(refuse_unknown(&["Brand.New".to_owned()], &[]).is_err());
    }
}
