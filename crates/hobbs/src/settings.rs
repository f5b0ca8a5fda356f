//! The configuration: a file, the environment above it, flags above both.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hobbs_graph::usage_reports::Format;
use hobbs_graph::{Client, Cloud, Credential, Endpoints, Limits};
use hobbs_interaction::ContentPolicy;
use hobbs_lake::{
    AZURE_STORAGE_SCOPE, BearerTokens, LakeError, Location, StoreAccess, StoreOptions, wants_tokens,
};
use hobbs_sync::options::MAX_STALENESS_MS;
use hobbs_sync::{Asking, Judgment, PeopleScope, Reports};
use hobbs_verdict::{RuleError, RuleFile, Rules};
use jiff::tz::TimeZone;
use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::cli::Global;
use crate::config::{
    AskWhom, ConfigFile, FILE_NAME, Identity, LicensesSection, TenantSection, UsageFormat,
};
use crate::store::{self, AppTokens};

/// Wrong use or configuration: exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Misconfigured(pub String);

/// What the program goes by, with the file's folder for relative paths.
#[derive(Debug, Clone)]
pub struct Settings {
    file: ConfigFile,
    path: Option<PathBuf>,
    tenant: TenantSection,
    lake_flag: Option<String>,
}

impl Settings {
    /// Reads the file, if there is one, and chooses the tenant.
    pub fn load(global: &Global) -> Result<Self, Misconfigured> {
        let path = match &global.config {
            Some(path) => Some(path.clone()),
            None => default_files().into_iter().find(|path| path.is_file()),
        };
        let file = path
            .as_deref()
            .map(read_file)
            .transpose()?
            .unwrap_or_default();
        let tenant = choose_tenant(&file, global.tenant.as_deref())?;
        Ok(Settings {
            file,
            path,
            tenant,
            lake_flag: global.lake.clone(),
        })
    }

    /// Where the configuration was read from.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Where the lake is: `--lake` or HOBBS_LAKE, the tenant's, the file's, or `hobbs-lake` here.
    pub fn lake(&self) -> Result<Location, Misconfigured> {
        let text = match (
            &self.lake_flag,
            self.tenant.lake.as_ref().or(self.file.lake.as_ref()),
        ) {
            (Some(flag), _) => flag.clone(),
            (None, Some(place)) if place.contains("://") => place.clone(),
            (None, Some(place)) => self.beside_file(Path::new(place)).display().to_string(),
            (None, None) => self
                .beside_file(Path::new("hobbs-lake"))
                .display()
                .to_string(),
        };
        let wrong = |error: LakeError| Misconfigured(error.to_string());
        let options = StoreOptions::written(self.file.store.clone()).map_err(wrong)?;
        let options = options.under(store::environment());
        let tokens = match wants_tokens(&text, &options) {
            true => Some(self.store_tokens()?),
            false => None,
        };
        Location::parse(&text, &StoreAccess { options, tokens }).map_err(wrong)
    }

    /// Tokens for the lake's store, by whatever Graph is signed in to with.
    fn store_tokens(&self) -> Result<Arc<dyn BearerTokens>, Misconfigured> {
        let client = self.client().map_err(|error| {
            Misconfigured(format!(
                "the lake is in Azure's storage, and hobbs can't sign in: {error}. Without an app set AZURE_STORAGE_ACCOUNT_KEY or AZURE_STORAGE_SAS_TOKEN"
            ))
        })?;
        Ok(Arc::new(AppTokens(client.tokens_for(AZURE_STORAGE_SCOPE))))
    }

    /// How much of the texts is kept.
    pub fn content(&self, flag: Option<&str>) -> Result<ContentPolicy, Misconfigured> {
        match flag.or(self.file.content.as_deref()).unwrap_or("none") {
            "none" => Ok(ContentPolicy::None),
            "excerpt" => Ok(ContentPolicy::Excerpt),
            "full" => Ok(ContentPolicy::Full),
            other => Err(Misconfigured(format!(
                "\"{other}\" is no content policy: use none, excerpt or full"
            ))),
        }
    }

    /// How far back each sync reads again.
    pub fn overlap_ms(&self) -> i64 {
        self.file
            .overlap_hours
            .map_or(hobbs_sync::options::OVERLAP_MS, |hours| {
                i64::from(hours) * 3_600_000
            })
    }

    /// How many are asked at each sync of what is new.
    pub fn asking(&self) -> Asking {
        let section = &self.file.sync;
        let max_staleness_ms = section
            .max_staleness_days
            .map_or(MAX_STALENESS_MS, |days| i64::from(days) * 86_400_000);
        match section.ask.unwrap_or(AskWhom::Auto) {
            AskWhom::Everyone => Asking::Everyone,
            AskWhom::Few => Asking::Sparing { max_staleness_ms },
            AskWhom::Auto => Asking::Auto { max_staleness_ms },
        }
    }

    /// Which of the people; groups named on the command line stand in place of those of the file.
    pub fn scope(&self, groups: &[String]) -> PeopleScope {
        let section = &self.file.scope;
        let groups = if groups.is_empty() {
            section.groups.clone()
        } else {
            groups.to_vec()
        };
        PeopleScope {
            groups,
            departments: section.departments.clone(),
            include: section.include.clone(),
            exclude: section.exclude.clone(),
        }
    }

    /// Which usage reports are read: none in clouds that have none.
    pub fn usage_reports(&self) -> Result<Reports, Misconfigured> {
        let section = &self.file.usage_reports;
        Ok(Reports {
            read: section.read.unwrap_or(true) && self.cloud()?.has_usage_reports(),
            format: match section.format {
                Some(UsageFormat::Json) => Format::Json,
                Some(UsageFormat::Csv) | None => Format::Csv,
            },
        })
    }

    /// What licenses cost, and who is on leave.
    pub fn licenses(&self) -> &LicensesSection {
        &self.file.licenses
    }

    /// By which rules, and in whose time, exchanges are judged.
    pub fn judgment(&self) -> Result<Judgment, Misconfigured> {
        let section = &self.file.rules;
        let file = match variable("HOBBS_RULES") {
            Some(path) => Some(PathBuf::from(path)),
            None => section.file.as_deref().map(|path| self.beside_file(path)),
        };
        let mut rules = Rules::built_in();
        if let Some(path) = file {
            rules = with_rules(rules, &path)?;
        }
        let rules = rules
            .without("hobbs.toml", &section.off)
            .map_err(|error| Misconfigured(error.to_string()))?;
        Ok(Judgment {
            rules,
            zone: self.time_zone()?,
        })
    }

    /// In whose days and hours use is counted.
    pub fn time_zone(&self) -> Result<TimeZone, Misconfigured> {
        let zone = variable("HOBBS_TIME_ZONE").or_else(|| self.file.time_zone.clone());
        match zone.as_deref() {
            None => Ok(TimeZone::UTC),
            Some(name) => TimeZone::get(name).map_err(|_| {
                Misconfigured(format!(
                    "\"{name}\" is no time zone: use a name as in Europe/Berlin or America/New_York"
                ))
            }),
        }
    }

    /// The pace.
    pub fn limits(&self) -> Result<Limits, Misconfigured> {
        let (section, default) = (&self.file.limits, Limits::default());
        Ok(Limits {
            burst_per_second: pace(
                "HOBBS_BURST_PER_SECOND",
                "burst_per_second",
                section.burst_per_second,
            )?
            .unwrap_or(default.burst_per_second),
            sustained_per_second: pace(
                "HOBBS_SUSTAINED_PER_SECOND",
                "sustained_per_second",
                section.sustained_per_second,
            )?
            .unwrap_or(default.sustained_per_second),
            in_flight_max: section.in_flight_max.unwrap_or(default.in_flight_max),
        })
    }

    /// The tenant as configured, without asking anyone; for imports.
    pub fn tenant_id(&self) -> Option<String> {
        variable("AZURE_TENANT_ID").or_else(|| self.tenant.tenant_id.clone())
    }

    /// A client for the tenant.
    pub fn client(&self) -> Result<Client, Misconfigured> {
        let tenant_id = self.tenant_id().ok_or_else(|| {
            Misconfigured(
                "no tenant is configured: run `hobbs init`, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_CERTIFICATE_PATH (or AZURE_CLIENT_SECRET); `hobbs demo` needs none".to_owned(),
            )
        })?;
        let endpoints = self.endpoints()?;
        let mut builder = Client::builder(tenant_id, self.credential()?)
            .endpoints(endpoints)
            .limits(self.limits()?);
        if let Some(patience_s) = self.file.limits.patience_s {
            builder = builder.patience(Duration::from_secs(patience_s));
        }
        if let Some(timeout_s) = self.file.limits.request_timeout_s {
            builder = builder.request_timeout(Duration::from_secs(timeout_s));
        }
        builder
            .build()
            .map_err(|error| Misconfigured(error.to_string()))
    }

    fn cloud(&self) -> Result<Cloud, Misconfigured> {
        let Some(name) = &self.tenant.cloud else {
            return Ok(Cloud::Global);
        };
        name.parse()
            .map_err(|error: hobbs_graph::cloud::UnknownCloud| Misconfigured(error.to_string()))
    }

    /// Refuses to read where Microsoft has no export of interactions.
    pub fn refuse_without_export(&self) -> Result<(), Misconfigured> {
        let cloud = self.cloud()?;
        if cloud.has_interaction_export() {
            return Ok(());
        }
        Err(Misconfigured(format!(
            "the cloud {} has no export of Copilot interactions: Microsoft offers it in the global and the US Government clouds alone; see `cloud` of the tenant in hobbs.toml",
            cloud.name()
        )))
    }

    fn endpoints(&self) -> Result<Endpoints, Misconfigured> {
        let cloud = self.cloud()?;
        let graph = variable("HOBBS_GRAPH_URL").or_else(|| self.tenant.graph_url.clone());
        let authority =
            variable("HOBBS_AUTHORITY_URL").or_else(|| self.tenant.authority_url.clone());
        Endpoints::with_bases(cloud, graph.as_deref(), authority.as_deref())
            .map_err(|error| Misconfigured(error.to_string()))
    }

    /// The environment in the order of Azure's own tools (secret, certificate), then the file.
    fn credential(&self) -> Result<Credential, Misconfigured> {
        let client_id = || {
            variable("AZURE_CLIENT_ID")
                .or_else(|| self.tenant.client_id.clone())
                .ok_or_else(|| {
                    Misconfigured(
                        "no app is configured: set AZURE_CLIENT_ID, or client_id in hobbs.toml"
                            .to_owned(),
                    )
                })
        };
        let password = match (
            variable("AZURE_CLIENT_CERTIFICATE_PASSWORD"),
            &self.tenant.certificate_password_file,
        ) {
            (Some(password), _) => Some(SecretString::from(password)),
            (None, Some(file)) => Some(self.read_secret(file)?),
            (None, None) => None,
        };
        let certificate = |path: &Path| {
            Credential::certificate_file(client_id()?, path, password.as_ref())
                .map_err(|error| Misconfigured(format!("{}: {error}", path.display())))
        };
        if let Some(secret) = variable("AZURE_CLIENT_SECRET") {
            return Ok(Credential::ClientSecret {
                client_id: client_id()?,
                secret: SecretString::from(secret),
            });
        }
        if let Some(path) = variable("AZURE_CLIENT_CERTIFICATE_PATH") {
            return certificate(Path::new(&path));
        }
        if let Some(path) = &self.tenant.certificate {
            return certificate(&self.beside_file(path));
        }
        if let Some(file) = &self.tenant.client_secret_file {
            return Ok(Credential::ClientSecret {
                client_id: client_id()?,
                secret: self.read_secret(file)?,
            });
        }
        let token_file = variable("AZURE_FEDERATED_TOKEN_FILE");
        match (self.tenant.identity, token_file) {
            (Some(Identity::Managed), _) => Ok(Credential::ManagedIdentity {
                client_id: variable("AZURE_CLIENT_ID").or_else(|| self.tenant.client_id.clone()),
                source: hobbs_graph::sign_in::IdentitySource::from_values(
                    variable("IDENTITY_ENDPOINT"),
                    variable("IDENTITY_HEADER").map(SecretString::from),
                ),
            }),
            (_, Some(token_file)) => {
                Ok(Credential::WorkloadIdentity { client_id: client_id()?, token_file: token_file.into() })
            }
            (Some(Identity::Workload), None) => Err(Misconfigured(
                "workload identity needs AZURE_FEDERATED_TOKEN_FILE, which Kubernetes or the CI service sets".to_owned(),
            )),
            (None, None) => Err(Misconfigured(
                "nothing to sign in with: set AZURE_CLIENT_CERTIFICATE_PATH or AZURE_CLIENT_SECRET, or certificate, client_secret_file or identity in hobbs.toml (`hobbs init` makes a certificate)".to_owned(),
            )),
        }
    }

    fn read_secret(&self, file: &Path) -> Result<SecretString, Misconfigured> {
        let path = self.beside_file(file);
        let text = std::fs::read_to_string(&path).map(Zeroizing::new);
        let text = text.map_err(|error| {
            Misconfigured(format!(
                "the secret in {} can't be read: {error}",
                path.display()
            ))
        })?;
        Ok(SecretString::from(text.trim_end_matches(['\r', '\n'])))
    }

    fn beside_file(&self, path: &Path) -> PathBuf {
        match self.path.as_deref().and_then(Path::parent) {
            Some(folder) => folder.join(path),
            None => path.to_owned(),
        }
    }
}

/// Rules with those of a file on top.
pub fn with_rules(rules: Rules, path: &Path) -> Result<Rules, Misconfigured> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Misconfigured(format!("the rules in {name} can't be read: {error}")))?;
    let wrong = |error: RuleError| Misconfigured(error.to_string());
    let file = RuleFile::parse(&name, &text).map_err(wrong)?;
    rules.with(file).map_err(wrong)
}

/// A variable of the environment that is set to something.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Requests a second: what the variable says, else the file under `name`.
fn pace(
    variable_name: &str,
    name: &str,
    written: Option<f64>,
) -> Result<Option<f64>, Misconfigured> {
    let (name, text, value) = match variable(variable_name) {
        Some(text) => {
            let value = text.trim().parse().ok();
            (variable_name.to_owned(), text, value)
        }
        None => match written {
            Some(value) => (format!("[limits] {name}"), value.to_string(), Some(value)),
            None => return Ok(None),
        },
    };
    match value.filter(|value: &f64| value.is_finite() && *value > 0.0) {
        Some(value) => Ok(Some(value)),
        None => Err(Misconfigured(format!(
            "{name} is \"{text}\", and should be a number of requests a second above 0, for example 20"
        ))),
    }
}

fn default_files() -> Vec<PathBuf> {
    let mut files = vec![PathBuf::from(FILE_NAME)];
    let base = if cfg!(windows) {
        variable("APPDATA").map(PathBuf::from)
    } else {
        variable("XDG_CONFIG_HOME")
            .map(PathBuf::from)
            .or_else(|| variable("HOME").map(|home| Path::new(&home).join(".config")))
    };
    files.extend(base.map(|base| base.join("hobbs").join(FILE_NAME)));
    files
}

fn read_file(path: &Path) -> Result<ConfigFile, Misconfigured> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Misconfigured(format!(
            "the configuration {} can't be read: {error}",
            path.display()
        ))
    })?;
    ConfigFile::parse(&path.display().to_string(), &text)
        .map_err(|error| Misconfigured(error.to_string()))
}

fn choose_tenant(file: &ConfigFile, named: Option<&str>) -> Result<TenantSection, Misconfigured> {
    let names = || file.tenants.keys().cloned().collect::<Vec<_>>().join(", ");
    let name = match (named.or(file.default_tenant.as_deref()), file.tenants.len()) {
        (Some(name), _) => name.to_owned(),
        (None, 0) => return Ok(TenantSection::default()),
        (None, 1) => names(),
        (None, _) => {
            return Err(Misconfigured(format!(
                "which tenant? Name one with --tenant, or set default_tenant: {}",
                names()
            )));
        }
    };
    file.tenants.get(&name).cloned().ok_or_else(|| {
        Misconfigured(format!(
            "no tenant is called \"{name}\"; configured are: {}",
            names()
        ))
    })
}
