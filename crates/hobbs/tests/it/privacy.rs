//! What must not be anywhere: secret, private key, tokens, download addresses, and, where texts are
//! not kept, the texts. Everything that a run writes is searched, what is packed is unpacked first.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use hobbs_lake::objects;
use hobbs_lake::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use hobbs_tenant::{Fault, Faults, TenantOptions, Volume};
use serde_json::Value;

use crate::simulated::{SECRET, Simulated, hobbs, init_arguments, text};

/// Everything that was written, each with where.
#[derive(Default)]
struct Written(Vec<(String, Vec<u8>)>);

impl Written {
    /// All files below a folder: as they are, and, of Parquet files and workbooks, what is in them.
    fn of_files(folder: &Path) -> Self {
        let mut written = Written::default();
        for path in files(folder) {
            let name = path.display().to_string();
            let bytes = std::fs::read(&path).unwrap();
            match path.extension().and_then(|extension| extension.to_str()) {
                Some("parquet") => {
                    written.add(format!("rows of {name}"), rows(&bytes).into_bytes())
                }
                Some("xlsx") => written.add_parts(&name, &path),
                _ => {}
            }
            written.add(name, bytes);
        }
        written
    }

    fn add(&mut self, place: String, bytes: Vec<u8>) {
        self.0.push((place, bytes));
    }

    fn add_parts(&mut self, name: &str, path: &Path) {
        let mut workbook = zip::ZipArchive::new(File::open(path).unwrap()).unwrap();
        for at in 0..workbook.len() {
            let mut part = workbook.by_index(at).unwrap();
            let mut bytes = Vec::new();
            part.read_to_end(&mut bytes).unwrap();
            self.add(format!("{name}/{}", part.name().unwrap()), bytes);
        }
    }

    /// Where something stands.
    fn places(&self, needle: &str) -> Vec<&str> {
        let holds = |bytes: &[u8]| String::from_utf8_lossy(bytes).contains(needle);
        let found = self.0.iter().filter(|(_, bytes)| holds(bytes));
        found.map(|(place, _)| place.as_str()).collect()
    }

    /// Where any of these stand: one pass for all, since there are many.
    fn places_of_any<'a>(&'a self, needles: &'a [String]) -> Vec<(&'a str, &'a str)> {
        let mut found = Vec::new();
        for (place, bytes) in &self.0 {
            let text = String::from_utf8_lossy(bytes);
            let holding = needles
                .iter()
                .filter(|needle| text.contains(needle.as_str()));
            found.extend(holding.map(|needle| (place.as_str(), needle.as_str())));
        }
        found
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

/// All cells of a Parquet file, whatever the depth: its pages are compressed, so that a search of its
/// bytes finds nothing.
fn rows(bytes: &[u8]) -> String {
    let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::copy_from_slice(bytes));
    let batches: Vec<_> = reader
        .unwrap()
        .build()
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let rows = objects(&batches).unwrap();
    rows.into_iter()
        .map(|row| Value::from(row).to_string() + "\n")
        .collect()
}

/// Texts long enough not to stand in a name by chance, of characters that no form writes otherwise.
fn texts(simulated: &Simulated) -> Vec<String> {
    let special = ['"', '\\', '\n', '\r', '\t', '&', '<', '>', '\'', '/', '='];
    let mut texts: Vec<String> = simulated
        .tenant
        .truth()
        .map(|item| item.text)
        .filter(|text| text.len() > 30 && !text.contains(special) && text.trim() == text)
        .collect();
    texts.sort();
    texts.dedup();
    texts.truncate(60);
    assert!(texts.len() >= 30, "{}", texts.len());
    texts
}

fn faulty(seed: u64) -> TenantOptions {
    let faults = Faults::none()
        .with(Fault::Error500, 0.05)
        .with(Fault::ExpiredToken, 0.1)
        .with(Fault::CutBody, 0.05)
        .with(Fault::TruncatedJson, 0.05)
        .with(Fault::NullItem, 0.02)
        .with(Fault::NoId, 0.02)
        .with(Fault::OddFields, 0.05)
        .with(Fault::UnknownKind, 0.02)
        .with(Fault::ForeignNextLink, 0.2)
        .with(Fault::LicenseRemoved, 0.2);
    TenantOptions {
        users: 15,
        volume: Volume::Exactly(130),
        faults,
        ..TenantOptions::seeded(seed)
    }
    .frozen()
    .unthrottled()
}

/// What every form and every command writes, after a sync with faults and the most talkative of logs.
const COMMANDS: [&[&str]; 18] = [
    &["doctor"],
    &["sync", "-vv", "--json"],
    &["sync", "--plan", "-vv"],
    &["report"],
    &["report", "--json"],
    &["report", "-o", "report.csv"],
    &["report", "-o", "report.xlsx"],
    &["report", "-o", "report.html"],
    &["query", "SELECT * FROM interactions", "--json"],
    &["query", "SELECT * FROM exchanges", "-o", "exchanges.csv"],
    &["query", "SELECT no_such_column FROM interactions"],
    &["metrics", "run", "active_users_by_day"],
    &["reconcile", "--json"],
    &["licenses"],
    &["rules", "suggest", "-o", "suggested.toml"],
    &["lake", "check", "--json"],
    &["lake", "optimize"],
    &["sync", "--user", "nobody@nowhere.example"],
];

fn run_all(simulated: &Simulated) -> Written {
    let mut outputs = Vec::new();
    for arguments in COMMANDS {
        let mut command = simulated.hobbs(arguments);
        // All that any part of the program, and of what it is made of, has to say.
        let output = command.env("HOBBS_LOG", "trace").output().unwrap();
        assert_ne!(output.status.code(), Some(101), "{arguments:?}");
        outputs.push((arguments.join(" "), output));
    }
    // A run that fails while it signs in.
    let mut command = simulated.hobbs(&["sync", "-vv"]);
    command.env("AZURE_CLIENT_SECRET", format!("{SECRET}-no-more"));
    let output = command.env("HOBBS_LOG", "trace").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    outputs.push(("failed sign-in".to_owned(), output));
    let mut written = Written::of_files(simulated.folder.path());
    for (name, output) in outputs {
        written.add(format!("stdout of {name}"), output.stdout);
        written.add(format!("stderr of {name}"), output.stderr);
    }
    written
}

#[test]
fn a_full_run_with_faults_leaves_no_secret_and_no_text_anywhere() {
    let simulated = Simulated::start(faulty(5));
    let written = run_all(&simulated);
    // The search finds what is there: the log, cells of Parquet files and of the workbook.
    let user = simulated.tenant.user_facts(0).user_principal_name;
    for place in [
        "stderr of sync -vv",
        "rows of ",
        "report.xlsx/xl/",
        "report.html",
        "stdout of report",
    ] {
        let places = written.places(if place == "stderr of sync -vv" {
            "/users"
        } else {
            &user
        });
        assert!(
            places.iter().any(|found| found.contains(place)),
            "{place}: {places:?}"
        );
    }
    let statistics = simulated.tenant.statistics();
    assert!(
        statistics.requests("report_download") > 0,
        "a download address was used"
    );
    assert!(statistics.struck(Fault::ExpiredToken) > 0 && statistics.struck(Fault::CutBody) > 0);

    assert_eq!(written.places(SECRET), Vec::<&str>::new());
    // Tokens of the simulated tenant are JWTs: this is how every one of them begins.
    assert_eq!(written.places("eyJhbGciOi"), Vec::<&str>::new());
    assert_eq!(written.places("eyJ0eXAiOi"), Vec::<&str>::new());
    assert_eq!(written.places("download?token="), Vec::<&str>::new());
    assert_eq!(written.places("skiptoken="), Vec::<&str>::new());
    let texts = texts(&simulated);
    assert_eq!(written.places_of_any(&texts), Vec::new());
}

/// The same search finds the texts where they are kept on purpose.
#[test]
fn texts_that_are_kept_are_found_by_the_same_search() {
    let simulated = Simulated::start(TenantOptions {
        faults: Faults::none(),
        ..faulty(5)
    });
    for arguments in [
        &["sync", "--quiet", "--content", "full"][..],
        &["report", "-o", "report.xlsx"],
        &["report", "-o", "report.csv"],
    ] {
        simulated.hobbs(arguments).assert().success();
    }
    let written = Written::of_files(simulated.folder.path());
    let texts = texts(&simulated);
    let found = written.places_of_any(&texts);
    for place in ["rows of ", "report.xlsx/xl/", "report.csv"] {
        let here = texts.iter().filter(|text| {
            found
                .iter()
                .any(|(found, what)| found.contains(place) && what == text)
        });
        assert!(
            here.count() * 10 >= texts.len() * 9,
            "{place} has the texts"
        );
    }
}

#[test]
fn a_private_key_is_in_its_file_alone_and_all_files_are_the_owners() {
    let options = faulty(7);
    let folder = tempfile::TempDir::new().unwrap();
    let arguments = init_arguments(&options);
    let init = hobbs(folder.path(), &arguments).output().unwrap();
    assert_eq!(init.status.code(), Some(0), "{}", text(&init.stderr));
    let key = std::fs::read_to_string(folder.path().join("hobbs.pem")).unwrap();
    // The lines of the key, not those of the certificate beside it.
    let key = key
        .split("-----BEGIN ")
        .find(|part| part.starts_with("PRIVATE KEY"))
        .unwrap();
    let key: Vec<&str> = key.lines().filter(|line| line.len() == 64).collect();
    assert!(key.len() >= 2, "{}", key.len());

    let certificates = vec![std::fs::read(folder.path().join("hobbs.cer")).unwrap()];
    let simulated = Simulated::start(TenantOptions {
        certificates,
        ..options
    });
    let mut written = Written::default();
    written.add("stdout of init".to_owned(), init.stdout);
    written.add("stderr of init".to_owned(), init.stderr);
    for arguments in [
        &["sync", "-vv"][..],
        &["doctor", "-vv"],
        &["report", "-o", "report.xlsx"],
        &["report", "-o", "report.html"],
        &["report", "-o", "report.csv"],
        &["query", "SELECT * FROM runs", "-o", "runs.parquet"],
        &["rules", "suggest", "-o", "suggested.toml"],
        &["lake", "optimize"],
    ] {
        let output = simulated
            .hobbs(arguments)
            .current_dir(folder.path())
            .env("HOME", folder.path())
            .env_remove("AZURE_CLIENT_SECRET")
            .env_remove("AZURE_TENANT_ID")
            .env_remove("AZURE_CLIENT_ID")
            .env("HOBBS_LOG", "trace")
            .output()
            .unwrap();
        // A check of doctor may be struck by one of the faults, and then it says so.
        let struck = arguments[0] == "doctor" && output.status.code() == Some(1);
        assert!(
            struck || matches!(output.status.code(), Some(0 | 3)),
            "{arguments:?}: {}",
            text(&output.stdout)
        );
        written.add(format!("stdout of {arguments:?}"), output.stdout);
        written.add(format!("stderr of {arguments:?}"), output.stderr);
    }
    written.0.extend(Written::of_files(folder.path()).0);
    for line in key {
        let places = written.places(line);
        assert!(
            places.len() == 1 && places[0].ends_with("hobbs.pem"),
            "{places:?}"
        );
    }
    assert_eq!(written.places("eyJhbGciOi"), Vec::<&str>::new());
    assert_eq!(written.places("client_assertion="), Vec::<&str>::new());
    #[cfg(unix)]
    assert_eq!(open_to_others(folder.path()), Vec::<String>::new());
}

/// Files and folders that anybody but their owner can reach.
#[cfg(unix)]
fn open_to_others(folder: &Path) -> Vec<String> {
    use std::os::unix::fs::PermissionsExt;
    let mut open = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let mode = std::fs::symlink_metadata(&path)
            .unwrap()
            .permissions()
            .mode();
        if mode & 0o077 != 0 {
            open.push(format!("{} {:o}", path.display(), mode & 0o777));
        }
        if path.is_dir() {
            open.extend(open_to_others(&path));
        }
    }
    open
}
