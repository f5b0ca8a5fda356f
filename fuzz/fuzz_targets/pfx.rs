//! A PFX file: the first line is its password.
#![no_main]

use hobbs_fuzz::service::SECRET;
use hobbs_graph::sign_in::AppCertificate;
use libfuzzer_sys::fuzz_target;
use secrecy::SecretString;

fuzz_target!(|input: &[u8]| {
    let end = input.iter().position(|byte| *byte == b'\n');
    let (password, content) = end.map_or((&b""[..], input), |at| (&input[..at], &input[at + 1..]));
    let password = SecretString::from(String::from_utf8_lossy(password).into_owned());
    match AppCertificate::read(content, Some(&password)) {
        Ok(certificate) => assert_eq!(certificate.thumbprint().len(), 43),
        Err(error) => assert!(error.to_string().len() < 1_000),
    }
    // A wrong password is said, never shown.
    if let Err(error) = AppCertificate::read(content, Some(&SecretString::from(SECRET))) {
        assert!(!format!("{error} {error:?}").contains(SECRET));
    }
});
