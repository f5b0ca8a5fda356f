//! A PEM file with certificate and key.
#![no_main]

use hobbs_graph::sign_in::AppCertificate;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|content: &[u8]| {
    match AppCertificate::read(content, None) {
        Ok(certificate) => {
            assert_eq!(certificate.thumbprint().len(), 43);
            no_line_of_it_is_in(content, &format!("{certificate:?}"));
        }
        Err(error) => no_line_of_it_is_in(content, &format!("{error} {error:?}")),
    }
});

/// A message about a key has nothing of the key.
fn no_line_of_it_is_in(content: &[u8], message: &str) {
    let lines = content.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    for line in lines.filter(|line| line.len() >= 24) {
        let is_shown = message
            .as_bytes()
            .windows(line.len())
            .any(|part| part == line);
        assert!(!is_shown, "{message}");
    }
}
