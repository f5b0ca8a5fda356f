//! `hobbs doctor`: each failing line says what to do about it.

use anyhow::Result;
use hobbs_graph::{Client, Clock, ReadError, SystemClock, Window, each};
use hobbs_interaction::ContentPolicy;
use hobbs_lake::{LakeError, Location, Reader, Writer, probe};
use hobbs_report::visible;
use hobbs_sync::{PeopleScope, Unmatched};
use serde::Serialize;

use crate::cli::Global;
use crate::commands::report::find_users;
use crate::commands::time::minute;
use crate::exit::Exit;
use crate::printer::Printer;
use crate::progress::{counted, thousands};
use crate::settings::Settings;
use crate::source::LakeSource;

/// What every app needs, and what for.
const PERMISSIONS: [(&str, &str); 3] = [
    (
        "AiEnterpriseInteraction.Read.All",
        "the interactions themselves",
    ),
    ("User.Read.All", "who people are, and who holds a license"),
    ("Organization.Read.All", "how many licenses there are"),
];
/// What Microsoft's own usage reports need, which may be left out.
const REPORT_PERMISSIONS: [(&str, &str); 2] = [
    ("Reports.Read.All", "Microsoft's usage reports, beside ours"),
    (
        "ReportSettings.Read.All",
        "whether these reports conceal names",
    ),
];
/// Also lets the subscriptions be read, with less.
const LICENSES_ALONE: &str = "LicenseAssignment.Read.All";
/// A clock off by more than this makes assertions invalid sooner or later.
const CLOCK_OFF_MAX_MS: i64 = 120_000;
/// A certificate that ends sooner is named.
const CERTIFICATE_WARN_MS: i64 = 30 * 86_400_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Ok,
    Warning,
    Failed,
}

#[derive(Debug, Serialize)]
struct Check {
    what: &'static str,
    verdict: Verdict,
    found: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

/// What was checked so far. Each is printed as soon as it ends: some wait for minutes where Microsoft can't be
/// reached.
struct Checks<'a> {
    done: Vec<Check>,
    printer: &'a Printer,
    /// All are printed at the end.
    as_json: bool,
}

impl Checks<'_> {
    fn ok(&mut self, what: &'static str, found: impl Into<String>) {
        self.add(what, Verdict::Ok, found.into(), None);
    }

    fn warn(&mut self, what: &'static str, found: impl Into<String>, advice: impl Into<String>) {
        self.add(what, Verdict::Warning, found.into(), Some(advice.into()));
    }

    fn fail(&mut self, what: &'static str, found: impl Into<String>, advice: impl Into<String>) {
        self.add(what, Verdict::Failed, found.into(), Some(advice.into()));
    }

    fn add(&mut self, what: &'static str, verdict: Verdict, found: String, advice: Option<String>) {
        let check = Check {
            what,
            verdict,
            found,
            advice,
        };
        if !self.as_json {
            // That nobody reads on is no reason to stop: the exit code tells, too.
            let _ = self.printer.data(&words(&check, self.printer));
        }
        self.done.push(check);
    }

    fn has_failed(&self) -> bool {
        let mut done = self.done.iter();
        done.any(|check| check.verdict == Verdict::Failed)
    }
}

pub async fn run(settings: &Settings, global: &Global, printer: &Printer) -> Result<Exit> {
    let mut checks = Checks {
        done: Vec::new(),
        printer,
        as_json: global.json,
    };
    match settings.path() {
        Some(path) => checks.ok("configuration", path.display().to_string()),
        None => checks.ok("configuration", "no hobbs.toml; the environment alone"),
    }
    values(settings, &mut checks);
    lake(settings, &mut checks).await;
    match (settings.client(), settings.usage_reports()) {
        (Ok(client), Ok(reports)) => service(&client, settings, reports.read, &mut checks).await,
        (Err(error), _) | (_, Err(error)) => {
            checks.fail("sign-in", error.to_string(), "mend this first");
        }
    }
    if global.json {
        printer.json(&checks.done)?;
    }
    Ok(match checks.has_failed() {
        true => Exit::Failed,
        false => Exit::Whole,
    })
}

/// What a sync would refuse of the configuration.
fn values(settings: &Settings, checks: &mut Checks<'_>) {
    let mend = "mend it in hobbs.toml or the environment; `hobbs sync` refuses it";
    let limits = settings.limits().map(|limits| {
        format!(
            "{} requests a second for long, {} in any second, {} in flight",
            limits.sustained_per_second, limits.burst_per_second, limits.in_flight_max
        )
    });
    let rules = settings
        .judgment()
        .map(|judgment| judgment.rules.version().to_owned());
    let zone = settings
        .time_zone()
        .map(|zone| zone.iana_name().unwrap_or("of fixed offset").to_owned());
    let content = settings.content(None).map(|policy| {
        match policy {
            ContentPolicy::None => "none: texts are not kept",
            ContentPolicy::Excerpt => "excerpt: the first 100 characters of texts are kept",
            ContentPolicy::Full => "full: texts are kept",
        }
        .to_owned()
    });
    for (what, value) in [
        ("time zone", zone),
        ("content", content),
        ("rules", rules),
        ("pace", limits),
    ] {
        match value {
            Ok(value) => checks.ok(what, value),
            Err(error) => checks.fail(what, error.to_string(), mend),
        }
    }
}

async fn lake(settings: &Settings, checks: &mut Checks<'_>) {
    let location = match settings.lake() {
        Ok(location) => location,
        Err(error) => {
            return checks.fail(
                "lake",
                error.to_string(),
                "mend HOBBS_LAKE, --lake or the configuration",
            );
        }
    };
    if let Location::Folder(folder) = &location
        && let Err(error) = try_hard_link(folder)
    {
        return checks.fail(
            "lake",
            format!("{location}: {error}"),
            "commits need a folder that can be written and has hard links (exFAT and some network shares have none); name another with --lake",
        );
    }
    if let Location::Address(_) = &location {
        match probe(&location).await {
            Ok(()) => checks.ok(
                "store",
                "can be listed, written, read and deleted from; a file there is not written over",
            ),
            Err(error) => {
                return checks.fail(
                    "store",
                    error.to_string(),
                    "docs/configuration.md says what a store needs; the lake was not opened",
                );
            }
        }
    }
    // A lake is made by the first sync: an empty one would look like one that was read.
    if let Err(LakeError::Missing { .. }) = Reader::open(&location).await {
        return checks.ok(
            "lake",
            format!("none at {location} yet; it can be made there, and the first sync does"),
        );
    }
    match Writer::open(&location).await {
        Ok(writer) if writer.repaired() > 0 => checks.ok(
            "lake",
            format!(
                "{location}, can be written; coverage of {} completed",
                counted(
                    writer.repaired() as u64,
                    "interrupted commit",
                    "interrupted commits"
                )
            ),
        ),
        Ok(_) => checks.ok("lake", format!("{location}, can be written")),
        Err(error @ LakeError::Busy { .. }) => {
            checks.warn("lake", error.to_string(), "that is fine while a sync runs")
        }
        Err(error) => checks.fail(
            "lake",
            error.to_string(),
            "mend the place, or name another with --lake",
        ),
    }
}

/// Putting a commit into its place takes a hard link.
fn try_hard_link(folder: &std::path::Path) -> std::io::Result<()> {
    // A lake that is not there yet is made in the nearest folder that is.
    let mut there = folder;
    while !there.is_dir() {
        there = there.parent().ok_or(std::io::ErrorKind::NotFound)?;
    }
    let probe = tempfile::NamedTempFile::new_in(there)?;
    let link = probe.path().with_extension("link");
    std::fs::hard_link(probe.path(), &link)?;
    std::fs::remove_file(link)
}

async fn service(
    client: &Client,
    settings: &Settings,
    with_reports: bool,
    checks: &mut Checks<'_>,
) {
    if let Some(certificate) = client.certificate() {
        let left_ms = certificate.not_after_ms() - SystemClock.now_ms();
        let ends = format!(
            "{}, ends {}",
            certificate.subject(),
            minute(certificate.not_after_ms())
        );
        let advice = "make a new one with `hobbs init --force` and upload it to the app";
        match left_ms {
            i64::MIN..=0 => checks.fail("certificate", format!("{ends}: it has ended"), advice),
            1..CERTIFICATE_WARN_MS => checks.warn("certificate", ends, advice),
            _ => checks.ok("certificate", ends),
        }
    }
    let signed_in = match client.sign_in().await {
        Ok(signed_in) => signed_in,
        Err(error) => {
            clock(client, checks);
            return checks.fail(
                "sign-in",
                error.to_string(),
                "mend this first; the other checks need it",
            );
        }
    };
    let name = signed_in
        .app_name
        .clone()
        .unwrap_or_else(|| "the app".to_owned());
    checks.ok(
        "sign-in",
        format!(
            "{name} in tenant {}",
            signed_in.tenant_id.as_deref().unwrap_or(client.tenant())
        ),
    );
    clock(client, checks);
    for (permission, purpose) in PERMISSIONS {
        let enough = match permission {
            "Organization.Read.All" => signed_in
                .has(permission)
                .map(|has| has || signed_in.has(LICENSES_ALONE) == Some(true)),
            _ => signed_in.has(permission),
        };
        match enough {
            Some(true) => checks.ok("permission", format!("{permission}: {purpose}")),
            Some(false) => checks.fail(
                "permission",
                format!("{permission} is missing: {purpose}"),
                "Entra > App registrations > API permissions: add it as an application permission of Microsoft Graph and grant admin consent",
            ),
            None => checks.warn("permission", format!("{permission}: the token does not say"), "the checks below try what it is for"),
        }
    }
    if with_reports {
        for (permission, purpose) in REPORT_PERMISSIONS {
            match signed_in.has(permission) {
                Some(true) => checks.ok("permission", format!("{permission}: {purpose}")),
                Some(false) => checks.warn(
                    "permission",
                    format!("{permission} is missing: {purpose}"),
                    "add it as above, or leave the reports out: [usage_reports] read = false",
                ),
                None => {}
            }
        }
        concealed_names(client, checks).await;
    }
    licenses(client, checks).await;
    let scope = settings.scope(&[]);
    groups(client, &scope, checks).await;
    people(client, settings, &scope, checks).await;
}

/// A group that can't be read ends each sync.
async fn groups(client: &Client, scope: &PeopleScope, checks: &mut Checks<'_>) {
    for name in &scope.groups {
        match client.group(name).await {
            Ok(_) => checks.ok("scope", format!("group {}", visible(name))),
            Err(error) => checks.fail(
                "scope",
                error.to_string(),
                "mend [scope] groups, or grant GroupMember.Read.All",
            ),
        }
    }
}

/// Names that nobody has, most likely misspelled.
async fn scope_of(settings: &Settings, mut unmatched: Unmatched, checks: &mut Checks<'_>) {
    if unmatched.names_people()
        && let Ok(location) = settings.lake()
        && let Ok(reader) = Reader::open(&location).await
    {
        let source = LakeSource::new(reader);
        for names in [&mut unmatched.include, &mut unmatched.exclude] {
            let mut unknown = Vec::new();
            for name in std::mem::take(names) {
                if find_users(&source, std::slice::from_ref(&name))
                    .await
                    .is_err()
                {
                    unknown.push(name);
                }
            }
            *names = unknown;
        }
    }
    for warning in unmatched.warnings() {
        checks.warn("scope", warning, "mend [scope] in hobbs.toml");
    }
    if let Err(error) = unmatched.refuse_excluded() {
        checks.fail("scope", error.to_string(), "mend [scope] in hobbs.toml");
    }
}

/// Where reports conceal names, they can't be compared person by person.
async fn concealed_names(client: &Client, checks: &mut Checks<'_>) {
    let Ok(settings) = client.report_settings().await else {
        return;
    };
    match settings.display_concealed_names {
        Some(true) => checks.warn(
            "usage reports",
            "names are concealed",
            "Microsoft 365 admin center, Settings, Org settings, Services, Reports: turn off \"Display concealed user, group, and site names in all reports\"",
        ),
        Some(false) => checks.ok("usage reports", "names are shown"),
        None => {}
    }
}

fn clock(client: &Client, checks: &mut Checks<'_>) {
    match client.clock_ahead_ms() {
        None => checks.warn("clock", "Microsoft's answer told no time", "nothing to do"),
        Some(ahead) if ahead.abs() > CLOCK_OFF_MAX_MS => checks.fail(
            "clock",
            format!(
                "this machine is {} s {}",
                ahead.abs() / 1000,
                if ahead > 0 { "ahead" } else { "behind" }
            ),
            "set the clock; an assertion holds for 10 minutes",
        ),
        Some(_) => checks.ok("clock", "agrees with Microsoft's"),
    }
}

async fn licenses(client: &Client, checks: &mut Checks<'_>) {
    match client.subscribed_skus().await {
        Ok(skus) => {
            let copilot: Vec<_> = skus.iter().filter(|sku| sku.includes_copilot()).collect();
            if copilot.is_empty() {
                return checks.warn(
                    "licenses",
                    "no subscription holds the plan Microsoft 365 Copilot Chat",
                    "without licenses there is no history to read",
                );
            }
            let texts: Vec<String> = copilot
                .iter()
                .map(|sku| {
                    format!(
                        "{}: {} of {} assigned",
                        visible(&sku.sku_part_number),
                        sku.consumed,
                        sku.enabled
                    )
                })
                .collect();
            checks.ok("licenses", texts.join("; "));
        }
        Err(error) => checks.warn(
            "licenses",
            error.to_string(),
            "figures of licenses will be missing; the rest works",
        ),
    }
}

/// How many licensed people `doctor` asks for before it says that interactions can't be read: one of them may have lost
/// the license a moment ago, or be refused for a reason of their own.
const ASKED_MAX: usize = 3;

async fn people(
    client: &Client,
    settings: &Settings,
    scope: &PeopleScope,
    checks: &mut Checks<'_>,
) {
    let mut licensed = Vec::new();
    let mut count = 0_u64;
    let mut unmatched = Unmatched::of(scope);
    let read = client
        .users_by_page(|people| {
            count += people.len() as u64;
            for person in &people {
                let (id, name) = (&person.id, Some(person.user_principal_name.as_str()));
                unmatched.see(id, name, person.department.as_deref());
            }
            let wanted = ASKED_MAX - licensed.len();
            let found = people.into_iter().filter(hobbs_graph::Person::is_licensed);
            licensed.extend(found.take(wanted));
        })
        .await;
    if let Err(error) = read {
        return checks.fail(
            "users",
            error.to_string(),
            "hobbs needs to know who holds a license",
        );
    }
    checks.ok("users", format!("{} in the directory", thousands(count)));
    scope_of(settings, unmatched, checks).await;
    if licensed.is_empty() {
        return checks.warn(
            "interactions",
            "nobody holds a license",
            "there is no history to read",
        );
    }
    match settings.refuse_without_export() {
        Ok(()) => interactions(client, &licensed, checks).await,
        Err(error) => checks.fail(
            "interactions",
            error.to_string(),
            "hobbs can read nothing here; reports of lakes from elsewhere work",
        ),
    }
}

/// Reads the last day of the first of these people whose history can be read; says who was refused before.
async fn interactions(client: &Client, licensed: &[hobbs_graph::Person], checks: &mut Checks<'_>) {
    let now_ms = SystemClock.now_ms();
    let window = Window::between(now_ms - 86_400_000, now_ms);
    let every_app = hobbs_graph::AppFilter::all();
    let mut refused = Vec::new();
    let mut read = None;
    for person in licensed {
        let history = client
            .read_history(&person.id, window, &every_app, each(|_| ()))
            .await;
        let name = visible(&person.user_principal_name).into_owned();
        match history.result {
            Ok(()) => {
                let filter = if history.filtered {
                    ""
                } else {
                    "; Graph refuses the filter, so more pages have to be read"
                };
                read = Some(format!(
                    "{} of {name} in the last 24 hours{filter}",
                    history.items.len()
                ));
                break;
            }
            Err(error) => refused.push((name, error)),
        }
    }
    let may_be_theirs = read.is_some()
        || refused
            .iter()
            .all(|(_, error)| matches!(error, ReadError::NotLicensed(_) | ReadError::NotFound(_)));
    for (name, error) in refused {
        let text = format!("{name}: {error}");
        if may_be_theirs {
            checks.warn(
                "interactions",
                text,
                "that may be this user alone; `hobbs sync` names each",
            );
        } else {
            checks.fail(
                "interactions",
                text,
                "see the permission AiEnterpriseInteraction.Read.All above",
            );
        }
    }
    if let Some(read) = read {
        checks.ok("interactions", read);
    }
}

fn words(check: &Check, printer: &Printer) -> String {
    let (word, paint) = match check.verdict {
        Verdict::Ok => ("ok  ", "\u{1b}[32m"),
        Verdict::Warning => ("note", "\u{1b}[33m"),
        Verdict::Failed => ("FAIL", "\u{1b}[1;31m"),
    };
    let word = match printer.style().color {
        true => format!("{paint}{word}\u{1b}[0m"),
        false => word.to_owned(),
    };
    let mut text = format!("{word}  {:<14}{}\n", check.what, visible(&check.found));
    if let Some(advice) = &check.advice {
        text.push_str(&format!("{:20}-> {}\n", "", visible(advice)));
    }
    text
}
