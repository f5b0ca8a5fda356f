//! hobbs.toml as people write it.
#![no_main]

use hobbs_fuzz::service::SECRET;
use libfuzzer_sys::fuzz_target;

use config::ConfigFile;

/// The program's own: that crate stands on the engine, which need not be built for a file of plain types.
#[path = "../../crates/hobbs/src/config.rs"]
#[expect(dead_code, reason = "what is read is the program's to use")]
mod config;

fuzz_target!(|text: &str| {
    match ConfigFile::parse("hobbs.toml", text) {
        Ok(file) => {
            let again = ConfigFile::parse("hobbs.toml", text).expect("what was read");
            assert_eq!(format!("{again:?}"), format!("{file:?}"));
            // A misspelled name is refused wherever it stands.
            assert!(ConfigFile::parse("hobbs.toml", &format!("lakee = 1\n{text}")).is_err());
            for section in [
                "limits",
                "sync",
                "scope",
                "usage_reports",
                "licenses",
                "rules",
            ] {
                let text = format!("{text}\n[{section}]\nlakee = 1\n");
                assert!(ConfigFile::parse("hobbs.toml", &text).is_err());
            }
        }
        Err(error) => {
            let said = error.to_string();
            assert!(said.starts_with("hobbs.toml"), "{said}");
            assert!(!said.contains(char::is_control), "{said:?}");
        }
    }
    // A secret does not belong here, and where somebody put one it is not shown.
    for secret in ["client_secret", "secret", "certificate"] {
        let text = format!("{text}\n[tenants.contoso]\n{secret} = \"{SECRET}\"\nlakee = 1\n");
        let error = ConfigFile::parse("hobbs.toml", &text).expect_err("a name that is not known");
        assert!(!error.to_string().contains(SECRET), "{error}");
    }
});
