//! What must not be anywhere: the secret, a token, and, where texts are not kept, the texts.

use std::path::Path;

use hobbs_tenant::{Fault, Faults, TenantOptions, Volume};

use crate::simulated::{SECRET, Simulated};

fn files(folder: &Path, found: &mut Vec<Vec<u8>>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(std::fs::read(path).unwrap());
        }
    }
}

fn holds(bytes: &[u8], needle: &str) -> bool {
    bytes
        .windows(needle.len())
        .any(|window| window == needle.as_bytes())
}

#[test]
fn a_full_run_with_faults_leaves_no_secret_and_no_text_anywhere() {
    let faults = Faults::none()
        .with(Fault::Error500, 0.1)
        .with(Fault::ExpiredToken, 0.1)
        .with(Fault::CutBody, 0.1)
        .with(Fault::ForeignNextLink, 0.2)
        .with(Fault::LicenseRemoved, 0.2);
    let simulated = Simulated::start(
        TenantOptions {
            users: 15,
            volume: Volume::Exactly(150),
            faults,
            ..TenantOptions::seeded(5)
        }
        .frozen(),
    );
    let sync = simulated
        .hobbs(&["sync", "-vv", "--json"])
        .output()
        .unwrap();
    assert_eq!(
        sync.status.code(),
        Some(3),
        "{}",
        String::from_utf8_lossy(&sync.stderr)
    );
    assert!(!sync.stderr.is_empty(), "the log was asked for");
    let mut everything = vec![sync.stdout, sync.stderr];
    for arguments in [
        &["report"][..],
        &["report", "--json"],
        &["query", "SELECT * FROM interactions", "--json"],
        &["report", "-o", "r.xlsx"],
    ] {
        let output = simulated.hobbs(arguments).output().unwrap();
        everything.extend([output.stdout, output.stderr]);
    }
    files(simulated.folder.path(), &mut everything);
    // Long texts only: a short one may stand in a name by chance. Parquet pages are compressed, so
    // the query above is what looks into them.
    let texts: Vec<String> = simulated
        .tenant
        .truth()
        .filter(|item| item.text.len() > 30 && !item.text.contains(['"', '\\', '\n']))
        .map(|item| item.text)
        .take(60)
        .collect();
    assert!(texts.len() >= 30);
    for bytes in &everything {
        assert!(!holds(bytes, SECRET));
        // Tokens of the simulated tenant are JWTs: this is how every one of them begins.
        assert!(!holds(bytes, "eyJhbGciOi"));
        assert!(!holds(bytes, "skiptoken"));
        for text in &texts {
            assert!(!holds(bytes, text), "{text}");
        }
    }
}
