//! The app's certificate with its private key, from PEM or PFX.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use p12_keystore::Pkcs12Archive;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use x509_parser::asn1_rs::{Any, Tag};
use x509_parser::oid_registry::OID_PKCS1_RSAENCRYPTION;
use x509_parser::prelude::{AlgorithmIdentifier, FromDer, X509Certificate};
use x509_parser::public_key::PublicKey;
use zeroize::Zeroizing;

/// A certificate and the private key that belongs to it, ready to sign.
#[derive(Clone)]
pub struct AppCertificate {
    key: Arc<EncodingKey>,
    thumbprint: String,
    not_before_ms: i64,
    not_after_ms: i64,
    subject: String,
}

/// Why a certificate is not usable. The texts carry nothing of the key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// Neither PEM nor PKCS#12.
    #[error("the file is neither PEM nor PFX (PKCS#12)")]
    UnknownFormat,
    /// PEM without a certificate.
    #[error("the PEM file holds no certificate; put certificate and private key into one file")]
    NoCertificate,
    /// PEM or PFX without a key.
    #[error("the file holds no private key; put certificate and private key into one file")]
    NoKey,
    /// An encrypted key in PEM.
    #[error(
        "the private key in the PEM file is encrypted, which is not supported; make a PFX of it (openssl pkcs12 -export -in app.pem -out app.pfx) and give its password"
    )]
    EncryptedPem,
    /// Not RSA.
    #[error("the private key is not RSA; Entra accepts RSA keys only")]
    NotRsa,
    /// A password, or the right one, is needed.
    #[error("the PFX file cannot be opened: {0}; check AZURE_CLIENT_CERTIFICATE_PASSWORD")]
    Pfx(String),
    /// Broken.
    #[error("the certificate cannot be read: {0}")]
    Broken(String),
    /// Two different things in one file.
    #[error("the private key does not belong to any certificate of the file")]
    Mismatch,
}

impl AppCertificate {
    /// Reads PEM (PKCS#8 or PKCS#1 key) or PFX, told apart by their content.
    ///
    /// # Errors
    /// [`CertificateError`] says what to do.
    pub fn read(content: &[u8], password: Option<&SecretString>) -> Result<Self, CertificateError> {
        const DER_SEQUENCE: u8 = 0x30;
        if content.windows(11).any(|window| window == b"-----BEGIN ") {
            let text = std::str::from_utf8(content).map_err(|_| CertificateError::UnknownFormat)?;
            Self::from_pem(text)
        } else if content.first() == Some(&DER_SEQUENCE) {
            Self::from_pfx(content, password.map_or("", |p| p.expose_secret()))
        } else {
            Err(CertificateError::UnknownFormat)
        }
    }

    fn from_pem(text: &str) -> Result<Self, CertificateError> {
        let mut certificates = Vec::new();
        let mut key = None;
        for block in pem_blocks(text) {
            match block.label {
                "CERTIFICATE" => certificates.push(
                    STANDARD
                        .decode(block.base64.as_bytes())
                        .map_err(|error| CertificateError::Broken(error.to_string()))?,
                ),
                "ENCRYPTED PRIVATE KEY" => return Err(CertificateError::EncryptedPem),
                "RSA PRIVATE KEY" if block.is_encrypted => {
                    return Err(CertificateError::EncryptedPem);
                }
                "PRIVATE KEY" => key = Some(block.rsa_key(KeyForm::Pkcs8)?),
                "RSA PRIVATE KEY" => key = Some(block.rsa_key(KeyForm::Pkcs1)?),
                "EC PRIVATE KEY" => return Err(CertificateError::NotRsa),
                _ => {}
            }
        }
        if certificates.is_empty() {
            return Err(CertificateError::NoCertificate);
        }
        let key = key.ok_or(CertificateError::NoKey)?;
        Self::pair(key, certificates.iter().map(Vec::as_slice))
    }

    fn from_pfx(content: &[u8], password: &str) -> Result<Self, CertificateError> {
        let archive = Pkcs12Archive::from_pkcs12(content, password)
            .map_err(|error| CertificateError::Pfx(error.to_string()))?;
        let key = archive.keys.first().ok_or(CertificateError::NoKey)?;
        let key = rsa_key(KeyForm::Pkcs8, key.key.as_der())?;
        if archive.certs.is_empty() {
            return Err(CertificateError::NoCertificate);
        }
        Self::pair(key, archive.certs.iter().map(|bag| bag.cert.as_der()))
    }

    /// A file often holds the chain besides: the certificate is the one that the key belongs to.
    fn pair<'a>(
        key: EncodingKey,
        certificates: impl Iterator<Item = &'a [u8]>,
    ) -> Result<Self, CertificateError> {
        let probe =
            jsonwebtoken::encode(&Header::new(Algorithm::PS256), &serde_json::json!({}), &key)
                .map_err(|_| CertificateError::NotRsa)?;
        for der in certificates {
            let (_, parsed) = X509Certificate::from_der(der)
                .map_err(|error| CertificateError::Broken(error.to_string()))?;
            if was_signed_for(&probe, &parsed) {
                let validity = parsed.validity();
                return Ok(Self {
                    key: Arc::new(key),
                    thumbprint: URL_SAFE_NO_PAD.encode(Sha256::digest(der)),
                    not_before_ms: validity.not_before.timestamp().saturating_mul(1000),
                    not_after_ms: validity.not_after.timestamp().saturating_mul(1000),
                    subject: parsed.subject().to_string(),
                });
            }
        }
        Err(CertificateError::Mismatch)
    }

    /// base64url of the SHA-256 of the certificate (DER): `x5t#S256`.
    pub fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    /// Valid from, UTC milliseconds since 1970.
    pub fn not_before_ms(&self) -> i64 {
        self.not_before_ms
    }

    /// Valid until, UTC milliseconds since 1970.
    pub fn not_after_ms(&self) -> i64 {
        self.not_after_ms
    }

    /// Whom it names.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    pub(super) fn key(&self) -> &EncodingKey {
        &self.key
    }
}

impl fmt::Debug for AppCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppCertificate")
            .field("subject", &self.subject)
            .field("thumbprint", &self.thumbprint)
            .finish_non_exhaustive()
    }
}

fn was_signed_for(jwt: &str, certificate: &X509Certificate<'_>) -> bool {
    let Ok(PublicKey::RSA(rsa)) = certificate.public_key().parsed() else {
        return false;
    };
    // DER puts a zero before a number whose first bit is set; here it is not wanted.
    let plain = |number: &[u8]| {
        let zeros = number.iter().take_while(|byte| **byte == 0).count();
        number[zeros..].to_vec()
    };
    let key = DecodingKey::from_rsa_raw_components(&plain(rsa.modulus), &plain(rsa.exponent));
    let Some((message, signature)) = jwt.rsplit_once('.') else {
        return false;
    };
    jsonwebtoken::crypto::verify(signature, message.as_bytes(), &key, Algorithm::PS256)
        .unwrap_or(false)
}

/// How a private key is written.
#[derive(Clone, Copy)]
enum KeyForm {
    /// The numbers of an RSA key (RFC 8017, appendix A.1.2).
    Pkcs1,
    /// A key of any algorithm, in an envelope that names it (RFC 5208).
    Pkcs8,
}

/// A key out of DER. `EncodingKey::from_rsa_pem` would do the same, and leave copies of the key in memory.
fn rsa_key(form: KeyForm, der: &[u8]) -> Result<EncodingKey, CertificateError> {
    let pkcs1 = match form {
        KeyForm::Pkcs1 => Some(der),
        KeyForm::Pkcs8 => inside_pkcs8(der),
    };
    let pkcs1 = pkcs1.ok_or(CertificateError::NotRsa)?;
    Ok(EncodingKey::from_rsa_der(pkcs1))
}

/// Of `SEQUENCE { version, algorithm, OCTET STRING }` the string, where the algorithm is RSA.
fn inside_pkcs8(der: &[u8]) -> Option<&[u8]> {
    let (_, envelope) = Any::from_der(der).ok()?;
    let (rest, _version) = Any::from_der(envelope.as_bytes()).ok()?;
    let (rest, algorithm) = AlgorithmIdentifier::from_der(rest).ok()?;
    let (_, key) = Any::from_der(rest).ok()?;
    let is_rsa = *algorithm.oid() == OID_PKCS1_RSAENCRYPTION && key.tag() == Tag::OctetString;
    is_rsa.then_some(key.data)
}

struct PemBlock<'a> {
    label: &'a str,
    base64: Zeroizing<String>,
    is_encrypted: bool,
}

impl PemBlock<'_> {
    fn rsa_key(&self, form: KeyForm) -> Result<EncodingKey, CertificateError> {
        let der = STANDARD.decode(self.base64.as_bytes());
        let der = Zeroizing::new(der.map_err(|_| CertificateError::NotRsa)?);
        rsa_key(form, &der)
    }
}

/// The blocks of a PEM text; whatever stands between them (bag attributes, comments) is passed over.
fn pem_blocks(text: &str) -> Vec<PemBlock<'_>> {
    let mut blocks = Vec::new();
    let mut open: Option<PemBlock<'_>> = None;
    for line in text.lines().map(str::trim) {
        if let Some(label) = line
            .strip_prefix("-----BEGIN ")
            .and_then(|rest| rest.strip_suffix("-----"))
        {
            open = Some(PemBlock {
                label,
                // Never grown, since what is outgrown is not wiped.
                base64: Zeroizing::new(String::with_capacity(text.len())),
                is_encrypted: false,
            });
        } else if line.starts_with("-----END ") {
            blocks.extend(open.take());
        } else if let Some(block) = &mut open {
            let is_header = line.contains(':');
            block.is_encrypted |= is_header && line.contains("ENCRYPTED");
            if !is_header {
                block.base64.push_str(line);
            }
        }
    }
    blocks
}
