//! A lake in a folder of its own, and rows to put into it.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use hobbs_interaction::wire::{Attachment, Context, Link, Mention};
use hobbs_interaction::{Interaction, Kind, Surface};
use hobbs_lake::{CoverageLine, Failure, Kept, Location, Reader, Rows, Run, Span, Writer};
use serde_json::{Map, Value};

pub const TENANT: &str = "tenant";
/// 1 June 2026, 00:00 UTC.
pub const START_MS: i64 = 1_780_272_000_000;

pub struct Lake {
    folder: tempfile::TempDir,
    pub location: Location,
}

impl Lake {
    pub fn new() -> Self {
        Self::named("lake")
    }

    pub fn named(name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::Folder(folder.path().join(name));
        Lake { folder, location }
    }

    /// Another lake with the same files.
    pub fn copied(&self) -> Self {
        let copy = Self::new();
        for file in files(self.path()) {
            let to = copy.path().join(file.strip_prefix(self.path()).unwrap());
            std::fs::create_dir_all(to.parent().unwrap()).unwrap();
            std::fs::copy(&file, to).unwrap();
        }
        copy
    }

    pub fn path(&self) -> &Path {
        self.location.folder().unwrap()
    }

    /// The folder around the lake.
    pub fn around(&self) -> &Path {
        self.folder.path()
    }

    pub async fn writer(&self) -> Writer {
        Writer::open(&self.location).await.unwrap()
    }

    pub async fn reader(&self) -> Reader {
        Reader::open(&self.location).await.unwrap()
    }

    /// Commits rows in a run of their own.
    pub async fn commit(&self, rows: &[Interaction<'_>]) -> Kept {
        self.commit_with(rows, vec![line("ann", 0, START_MS)]).await
    }

    pub async fn commit_with(&self, rows: &[Interaction<'_>], lines: Vec<CoverageLine>) -> Kept {
        self.writer()
            .await
            .commit(&run(), START_MS, rows_of(rows), lines)
            .await
            .unwrap()
    }

    pub async fn select(&self, sql: &str) -> Vec<Map<String, Value>> {
        self.reader().await.select(sql).await.unwrap()
    }

    /// The one number that a query gives.
    pub async fn number(&self, sql: &str) -> u64 {
        let rows = self.select(sql).await;
        rows[0]
            .values()
            .next()
            .and_then(Value::as_u64)
            .unwrap_or_else(|| panic!("{rows:?}"))
    }

    pub async fn rows(&self) -> u64 {
        self.number("SELECT count(*) FROM interactions").await
    }

    /// The log of a table, oldest commit first.
    pub fn log(&self, table: &str) -> Vec<PathBuf> {
        let mut commits: Vec<PathBuf> = files(&self.path().join(table).join("_delta_log"));
        commits.retain(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        });
        commits.sort();
        commits
    }
}

/// Rows as a commit takes them.
pub fn rows_of(rows: &[Interaction<'_>]) -> Rows {
    rows.iter().cloned().collect()
}

/// All files below a folder.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path)
            } else {
                found.push(path)
            }
        }
    }
    found.sort();
    found
}

pub fn run() -> Run {
    Run {
        run_id: "run".to_owned(),
        tenant_id: TENANT.to_owned(),
    }
}

pub fn line(user: &str, from_ms: i64, to_ms: i64) -> CoverageLine {
    CoverageLine {
        user_id: user.to_owned(),
        span: Span { from_ms, to_ms },
        apps: None,
        rows: 1,
        pages: 1,
        failure: None,
    }
}

pub fn failed_line(user: &str, from_ms: i64, to_ms: i64) -> CoverageLine {
    let failure = Failure {
        code: "not_licensed".to_owned(),
        message: "no license".to_owned(),
    };
    CoverageLine {
        failure: Some(failure),
        ..line(user, from_ms, to_ms)
    }
}

/// An interaction with everything in it; its text names the etag.
pub fn row(user: &str, session: Option<&str>, id: u32, etag: u64) -> Interaction<'static> {
    let some = |text: &str| Some(Cow::Owned(text.to_owned()));
    let app_class = "IPM.SkypeTeams.Message.Copilot.Word";
    Interaction {
        tenant_id: TENANT.into(),
        user_id: user.into(),
        session_id: session.and_then(some),
        interaction_id: id.to_string().into(),
        request_id: some("request"),
        etag: etag.to_string().into(),
        created_at_ms: START_MS + i64::from(id) * 60_000,
        app_class: app_class.into(),
        app: "Word".into(),
        conversation_type: some("appchat"),
        surface: Surface::of(app_class, Some("appchat")),
        kind: Kind::Prompt,
        from_id: some(user),
        from_name: None,
        locale: some("en-us"),
        content_type: some("text"),
        content: Some(format!("text of etag {etag}, with ünïcode 🛩")),
        content_chars: 30,
        content_words: 6,
        text_fingerprint: None,
        text_template: None,
        text_head: None,
        text_tail: None,
        text_style: None,
        signs: None,
        mark: None,
        contexts: vec![Context {
            reference: some("https://x/1"),
            display_name: None,
            context_type: some("docx"),
        }],
        links: (0..id % 3)
            .map(|link| Link {
                url: some(&format!("https://x/{etag}/{link}")),
                display_name: some("A \"link\""),
                link_type: None,
            })
            .collect(),
        attachments: vec![Attachment {
            attachment_id: some("a"),
            content_type: some("card"),
            content_url: None,
            content: None,
            name: some("name"),
        }],
        mentions: vec![Mention {
            mention_id: some("0"),
            text: some("Bob"),
            mentioned: None,
        }],
    }
}
