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
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=".contains(byte);
    let lines = content
        .split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .filter(|line| line.len() >= 24 && line.iter().all(is_base64));
    for line in lines {
        let mut parts = message.as_bytes().windows(line.len());
        assert!(!parts.any(|part| part == line), "{message}");
    }
}
