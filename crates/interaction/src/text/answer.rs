//! Excel's answers that come as JSON: what the model thought, and what it said. A person reads the
//! latter (contract, section 2).

use serde::Deserialize;

use crate::app;
use crate::row::Kind;
use crate::wire::AiInteraction;

#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "finalResponse")]
    final_response: String,
}

/// The final response of an item of Excel whose text is JSON that has one.
pub(super) fn final_response(item: &AiInteraction<'_>, text: &str) -> Option<String> {
    let is_excel = app::after_prefix(&item.app_class).eq_ignore_ascii_case("Excel");
    if !is_excel
        || !text.trim_start().starts_with('{')
        || Kind::of(&item.interaction_type) != Kind::Response
    {
        return None;
    }
    let answer: Answer = serde_json::from_str(text.trim()).ok()?;
    Some(answer.final_response)
}

#[cfg(test)]
mod tests {
    use crate::text;
    use crate::wire::AiInteraction;

    fn read(app: &str, body: &str) -> String {
        let item = AiInteraction {
            app_class: format!("IPM.SkypeTeams.Message.Copilot.{app}").into(),
            interaction_type: "aiResponse".into(),
            content: body.into(),
            ..AiInteraction::default()
        };
        text::of(&item).into_owned()
    }

    #[test]
    fn of_what_excel_thought_and_said_a_person_reads_what_it_said() {
        let body = r#"{"thoughts":"They want a sum.","finalResponse":"The sum is 5."}"#;
        assert_eq!(read("Excel", body), "The sum is 5.");
        assert_eq!(read("Word", body), body);
        for other in [
            r#"{"thoughts":"They want a sum."}"#,
            r#"{"finalResponse":5}"#,
            "{not JSON",
        ] {
            assert_eq!(read("Excel", other), other);
        }
    }
}
