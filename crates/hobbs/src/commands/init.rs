//! `hobbs init`

use std::io::{IsTerminal, Write};
use std::path::Path;

use anyhow::{Context, Result};
use hobbs_graph::Cloud;
use jiff::{Timestamp, ToSpan};
use rcgen::{CertificateParams, DnType, KeyPair, KeyUsagePurpose, PKCS_RSA_SHA256, RsaKeySize};
use zeroize::Zeroizing;

use crate::cli::{Global, Init};
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

/// What the app needs in Graph, and what for.
const PERMISSIONS: [(&str, &str); 6] = [
    (
        "AiEnterpriseInteraction.Read.All",
        "the interactions themselves",
    ),
    ("User.Read.All", "who people are, and who holds a license"),
    ("Organization.Read.All", "how many licenses there are"),
    (
        "Reports.Read.All",
        "Microsoft's own usage reports, beside ours",
    ),
    ("ReportSettings.Read.All", "whether these conceal names"),
    (
        "GroupMember.Read.All",
        "only where [scope] or --group names groups",
    ),
];

pub fn run(args: &Init, global: &Global, printer: &Printer) -> Result<Exit> {
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
    let tenant_id = given_or_asked(args.tenant_id.as_deref(), &TENANT_ID, printer)?;
    let client_id = given_or_asked(args.client_id.as_deref(), &CLIENT_ID, printer)?;
    if tenant_id.eq_ignore_ascii_case(&client_id) {
        return Err(Misconfigured(format!(
            "{tenant_id} is given as both tenant and app: the app's overview in Entra shows the one as Directory (tenant) ID, the other as Application (client) ID"
        ))
        .into());
    }
    let lake = lake(global.lake.as_deref())?;
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
        configuration(&args.name, &tenant_id, &client_id, cloud, &lake).as_bytes(),
    )?;
    if global.json {
        printer.json(&serde_json::json!({
            "configuration": config,
            "key": key,
            "certificate": public,
            "valid_days": args.valid_days,
            "app": app(cloud, &client_id),
            "permissions": PERMISSIONS.map(|(permission, _)| permission),
        }))?;
    } else {
        printer.data(&instructions(
            &config,
            &key,
            &public,
            &app(cloud, &client_id),
            args.valid_days,
        ))?;
    }
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
    let end = now.checked_add((i64::from(valid_days) * 24).hours());
    params.not_after = date(end.context("the certificate would end too late")?);
    let certificate = params
        .self_signed(&key)
        .context("no certificate could be made")?;
    Ok(AppCertificateFiles {
        pem: Zeroizing::new(certificate.pem() + &Zeroizing::new(key.serialize_pem())),
        der: certificate.der().to_vec(),
    })
}

/// An id that has to be given.
struct Id {
    what: &'static str,
    flag: &'static str,
    /// How it looks.
    form: &'static str,
    is_one: fn(&str) -> bool,
}

const TENANT_ID: Id = Id {
    what: "Directory (tenant) id",
    flag: "--tenant-id",
    form: "an id like 1b7a1f0e-3c5d-4e6f-8a9b-0c1d2e3f4a5b, or a domain like contoso.onmicrosoft.com",
    is_one: |text| is_guid(text) || is_domain(text),
};

const CLIENT_ID: Id = Id {
    what: "Application (client) id",
    flag: "--client-id",
    form: "an id like 1b7a1f0e-3c5d-4e6f-8a9b-0c1d2e3f4a5b",
    is_one: is_guid,
};

/// 32 hexadecimal digits in groups of 8, 4, 4, 4 and 12.
fn is_guid(text: &str) -> bool {
    let is_group = |group: &str| group.bytes().all(|byte| byte.is_ascii_hexdigit());
    let groups = text.split('-');
    groups.clone().map(str::len).eq([8, 4, 4, 4, 12]) && groups.into_iter().all(is_group)
}

fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|it| it.is_ascii_alphanumeric() || it == b'-')
    };
    text.contains('.') && text.split('.').all(is_label)
}

fn given_or_asked(given: Option<&str>, id: &Id, printer: &Printer) -> Result<String> {
    let Id { what, flag, .. } = id;
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
    if (id.is_one)(answer) {
        Ok(answer.to_owned())
    } else {
        Err(Misconfigured(format!("\"{answer}\" is no {what}: it is {}", id.form)).into())
    }
}

/// Where the lake will be, as hobbs.toml says it: a path is relative to the file, and one that was given to the
/// folder that hobbs runs in.
fn lake(given: Option<&str>) -> Result<String> {
    Ok(match given {
        None => "hobbs-lake".to_owned(),
        Some(address) if address.contains("://") => address.to_owned(),
        Some(path) => {
            let path = std::path::absolute(path);
            let path = path.map_err(|error| Misconfigured(format!("--lake: {error}")))?;
            path.display().to_string()
        }
    })
}

/// Where in the portal of its cloud the app is
/// (learn.microsoft.com/entra/identity-platform/authentication-national-cloud).
fn app(cloud: Cloud, client_id: &str) -> String {
    let portal = match cloud {
        Cloud::Global => "https://entra.microsoft.com",
        Cloud::UsGovernment | Cloud::UsGovernmentDod => {
            "https://portal.azure.us > Microsoft Entra ID"
        }
        Cloud::China => "https://portal.azure.cn > Microsoft Entra ID",
    };
    format!("{portal} > App registrations > {client_id}")
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

fn configuration(name: &str, tenant_id: &str, client_id: &str, cloud: Cloud, lake: &str) -> String {
    format!(
        "# hobbs: how Microsoft 365 Copilot is really used. Paths are relative to this file.\n\
         # The environment (AZURE_*, HOBBS_*) stands above this file, flags above both.\n\
         \n\
         lake = {lake}\n\
         # How much of the texts is kept: none, excerpt (100 characters), full.\n\
         content = \"none\"\n\
         \n\
         [tenants.{name}]\n\
         tenant_id = \"{tenant_id}\"\n\
         client_id = \"{client_id}\"\n\
         certificate = \"hobbs.pem\"\n\
         cloud = \"{}\"\n",
        cloud.name(),
        lake = toml::Value::from(lake),
    )
}

fn instructions(config: &Path, key: &Path, public: &Path, app: &str, valid_days: u32) -> String {
    let permissions: String = PERMISSIONS
        .iter()
        .map(|(permission, purpose)| format!("       {permission:<35}{purpose}\n"))
        .collect();
    format!(
        "Written:\n\
         \x20 {config}   the configuration\n\
         \x20 {key}    certificate and key: keep it secret\n\
         \x20 {public}    the public part\n\
         \n\
         Now in Entra ({app}):\n\
         \x20 1. Certificates & secrets > Certificates > Upload: {public}\n\
         \x20    It ends in {valid_days} days; `hobbs doctor` warns before.\n\
         \x20 2. API permissions > Microsoft Graph > Application permissions, add:\n\
         {permissions}\
         \x20 3. Grant admin consent for your organization.\n\
         \n\
         Then:  hobbs doctor\n",
        config = config.display(),
        key = key.display(),
        public = public.display(),
    )
}
