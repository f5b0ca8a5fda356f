//! `hobbs init`

use std::io::{IsTerminal, Write};
use std::path::Path;

use anyhow::{Context, Result};
use hobbs_graph::Cloud;
use jiff::{Timestamp, ToSpan};
use rcgen::{CertificateParams, DnType, KeyPair, KeyUsagePurpose, PKCS_RSA_SHA256, RsaKeySize};
use zeroize::Zeroizing;

use crate::cli::Init;
use crate::commands::output::{keep, new_file};
use crate::config::FILE_NAME;
use crate::exit::Exit;
use crate::printer::Printer;
use crate::settings::Misconfigured;

/// Certificate with its key, and the public part to upload.
pub struct AppCertificateFiles {
    /// PEM with certificate and key.
    pub pem: Zeroizing<String>,
    /// The certificate alone, DER: what Entra takes as .cer.
    pub der: Vec<u8>,
}

pub fn run(args: &Init, printer: &Printer) -> Result<Exit> {
    let cloud: Cloud = args
        .cloud
        .parse()
        .map_err(|error: hobbs_graph::cloud::UnknownCloud| Misconfigured(error.to_string()))?;
    let is_name = !args.name.is_empty()
        && args
            .name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if !is_name {
        return Err(Misconfigured(format!(
            "\"{}\" is no name for a tenant: use letters, digits, - and _",
            args.name
        ))
        .into());
    }
    let tenant_id = given_or_asked(
        args.tenant_id.as_deref(),
        "Directory (tenant) id",
        "--tenant-id",
        printer,
    )?;
    let client_id = given_or_asked(
        args.client_id.as_deref(),
        "Application (client) id",
        "--client-id",
        printer,
    )?;
    std::fs::create_dir_all(&args.folder)
        .with_context(|| format!("{} can't be made", args.folder.display()))?;
    let (config, key, public) = (
        args.folder.join(FILE_NAME),
        args.folder.join("hobbs.pem"),
        args.folder.join("hobbs.cer"),
    );
    for path in [&config, &key, &public] {
        if path.exists() && !args.force {
            return Err(Misconfigured(format!(
                "{} is there already: --force replaces it",
                path.display()
            ))
            .into());
        }
    }
    let certificate = certificate(args.valid_days)?;
    write(&key, certificate.pem.as_bytes())?;
    write(&public, &certificate.der)?;
    write(
        &config,
        configuration(&args.name, &tenant_id, &client_id, cloud).as_bytes(),
    )?;
    printer.data(&instructions(
        &config,
        &key,
        &public,
        &client_id,
        args.valid_days,
    ))?;
    Ok(Exit::Whole)
}

/// A fresh RSA certificate: Entra takes no other keys for PS256.
pub fn certificate(valid_days: u32) -> Result<AppCertificateFiles> {
    let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048)
        .context("no key could be made")?;
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "hobbs");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    let now = Timestamp::now();
    let date = |moment: Timestamp| {
        let day = moment.to_zoned(jiff::tz::TimeZone::UTC).date();
        rcgen::date_time_ymd(day.year().into(), day.month() as u8, day.day() as u8)
    };
    params.not_before = date(now);
    params.not_after = date(now + (i64::from(valid_days) * 24).hours());
    let certificate = params
        .self_signed(&key)
        .context("no certificate could be made")?;
    Ok(AppCertificateFiles {
        pem: Zeroizing::new(certificate.pem() + &Zeroizing::new(key.serialize_pem())),
        der: certificate.der().to_vec(),
    })
}

fn given_or_asked(
    given: Option<&str>,
    what: &str,
    flag: &str,
    printer: &Printer,
) -> Result<String> {
    let answer = match given {
        Some(text) => text.to_owned(),
        None if std::io::stdin().is_terminal() => ask(what, printer)?,
        None => {
            return Err(
                Misconfigured(format!("{what}: nobody is there to ask; give {flag}")).into(),
            );
        }
    };
    let answer = answer.trim();
    let is_id = !answer.is_empty()
        && answer
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.');
    if is_id {
        Ok(answer.to_owned())
    } else {
        Err(Misconfigured(format!("\"{answer}\" is no {what}")).into())
    }
}

fn ask(what: &str, printer: &Printer) -> Result<String> {
    printer.data(&format!("{what}: "))?;
    std::io::stdout().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(answer)
}

/// Whole or not at all, for the owner alone.
fn write(path: &Path, content: &[u8]) -> Result<()> {
    let mut file = new_file(path)?;
    file.write_all(content)?;
    keep(file, path)
}

fn configuration(name: &str, tenant_id: &str, client_id: &str, cloud: Cloud) -> String {
    format!(
        "# hobbs: how Microsoft 365 Copilot is really used. Paths are relative to this file.\n\
         # The environment (AZURE_*, HOBBS_*) stands above this file, flags above both.\n\
         \n\
         lake = \"hobbs-lake\"\n\
         # How much of the texts is kept: none, excerpt (100 characters), full.\n\
         content = \"none\"\n\
         \n\
         [tenants.{name}]\n\
         tenant_id = \"{tenant_id}\"\n\
         client_id = \"{client_id}\"\n\
         certificate = \"hobbs.pem\"\n\
         cloud = \"{}\"\n",
        cloud.name()
    )
}

fn instructions(
    config: &Path,
    key: &Path,
    public: &Path,
    client_id: &str,
    valid_days: u32,
) -> String {
    format!(
        "Written:\n\
         \x20 {config}   the configuration\n\
         \x20 {key}    certificate and key: keep it secret\n\
         \x20 {public}    the public part\n\
         \n\
         Now in Entra (https://entra.microsoft.com > App registrations > {client_id}):\n\
         \x20 1. Certificates & secrets > Certificates > Upload: {public}\n\
         \x20    It ends in {valid_days} days; `hobbs doctor` warns before.\n\
         \x20 2. API permissions > Microsoft Graph > Application permissions, add:\n\
         \x20      AiEnterpriseInteraction.Read.All   the interactions themselves\n\
         \x20      User.Read.All                      who people are, and who holds a license\n\
         \x20      Organization.Read.All              how many licenses there are\n\
         \x20      Reports.Read.All                   Microsoft's own usage reports, beside ours\n\
         \x20      ReportSettings.Read.All            whether these conceal names\n\
         \x20      GroupMember.Read.All               only where [scope] or --group names groups\n\
         \x20 3. Grant admin consent for your organization.\n\
         \n\
         Then:  hobbs doctor\n",
        config = config.display(),
        key = key.display(),
        public = public.display(),
    )
}
