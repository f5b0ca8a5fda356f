use tempfile::TempDir;

use crate::simulated::{hobbs, text};

/// Help is part of the product: a change to it is seen in a review.
#[test]
fn help_pages() {
    let folder = TempDir::new().unwrap();
    for command in [
        "",
        "demo",
        "init",
        "doctor",
        "sync",
        "report",
        "query",
        "metrics",
        "metrics run",
        "rules",
        "rules suggest",
        "import",
        "tenant",
        "lake",
    ] {
        let arguments: Vec<&str> = command.split_whitespace().chain(["--help"]).collect();
        let output = hobbs(folder.path(), &arguments)
            .env("COLUMNS", "80")
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0));
        let page = text(&output.stdout);
        insta::assert_snapshot!(
            format!(
                "help_{}",
                if command.is_empty() {
                    "hobbs".to_owned()
                } else {
                    command.replace(' ', "_")
                }
            ),
            page
        );
    }
}

#[test]
fn completions_and_man_pages_are_made() {
    let folder = TempDir::new().unwrap();
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let output = hobbs(folder.path(), &["completions", shell])
            .output()
            .unwrap();
        assert!(text(&output.stdout).contains("hobbs"), "{shell}");
    }
    hobbs(folder.path(), &["man", "pages"]).assert().success();
    assert!(folder.path().join("pages/hobbs-sync.1").is_file());
}
