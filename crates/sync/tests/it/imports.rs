//! Saved pages: whose history they are in, and what the diary says of an import that failed.

use hobbs_interaction::ContentPolicy;
use hobbs_sync::import::{ImportOptions, SavedFile, import};
use hobbs_sync::{ImportError, ImportSummary, Judgment};
use hobbs_tenant::TenantOptions;
use serde_json::json;

use crate::in_process::World;

fn world() -> World {
    World::new(TenantOptions {
        users: 5,
        ..TenantOptions::default()
    })
}

/// A response: nobody says whose history it is in.
fn file() -> SavedFile {
    let page = json!({"value": [{
        "id": "1", "sessionId": "s", "requestId": "r", "appClass": "IPM.SkypeTeams.Message.Copilot.BizChat",
        "interactionType": "aiResponse", "createdDateTime": "2026-05-01T08:00:00Z",
        "body": {"contentType": "text", "content": "Nothing."},
    }]});
    SavedFile {
        name: "page.json".to_owned(),
        bytes: page.to_string().into_bytes(),
    }
}

async fn imported(
    world: &World,
    user: &str,
    files: impl IntoIterator<Item = SavedFile>,
) -> Result<ImportSummary, ImportError> {
    let options = ImportOptions {
        lake: world.lake.clone(),
        tenant_id: world.tenant.options().tenant_id.clone(),
        user: Some(user.to_owned()),
        content: ContentPolicy::None,
        judgment: Judgment::default(),
        run_id: "import".to_owned(),
    };
    import(&options, files, world.now_ms()).await
}

#[tokio::test(start_paused = true)]
async fn one_person_stays_one_whoever_names_them_how_and_when() {
    let world = world();
    let facts = world.tenant.user_facts(0);
    // Under a name that nobody knows yet it would be another person's than after the first sync.
    for name in [facts.user_principal_name.as_str(), "nobody@contoso.com", ""] {
        let error = imported(&world, name, [file()]).await.unwrap_err();
        assert!(matches!(error, ImportError::UnknownUser(_)), "{error}");
    }
    assert_eq!(world.number("SELECT count(*) FROM runs").await, 0);
    imported(&world, &facts.id.to_uppercase(), [file()])
        .await
        .unwrap();
    world.sync().await;
    let loud = facts.user_principal_name.to_uppercase();
    let again = imported(&world, &loud, [file()]).await.unwrap();
    assert_eq!(again.files[0].rows_known, 1);
    let of_file = "SELECT DISTINCT user_id FROM interactions WHERE session_id = 's'";
    assert_eq!(world.select(of_file).await.len(), 1);
    assert_eq!(world.select(of_file).await[0]["user_id"], *facts.id);
}

#[tokio::test(start_paused = true)]
async fn an_import_that_fails_while_exchanges_are_derived_is_failed_in_the_diary() {
    let world = world();
    world.sync().await;
    let id = world.tenant.user_facts(0).id;
    let lake = world.lake.folder().unwrap();
    let (folder, aside) = (lake.join("exchanges"), lake.join("aside"));
    // The lake is open by the time that the first file is asked for.
    let files = [0].into_iter().map(|_| {
        std::fs::rename(&folder, &aside).unwrap();
        std::fs::write(&folder, "").unwrap();
        file()
    });
    imported(&world, &id, files).await.unwrap_err();
    std::fs::remove_file(&folder).unwrap();
    std::fs::rename(&aside, &folder).unwrap();
    let sql = "SELECT status, error FROM runs WHERE command = 'import'";
    let runs = world.select(sql).await;
    assert_eq!(runs[0]["status"], "failed", "{runs:?}");
    assert!(runs[0].contains_key("error"));
}
