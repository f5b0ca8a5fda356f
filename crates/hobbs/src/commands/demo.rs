//! `hobbs demo`: everything once, against the simulated tenant, over real HTTP.

use std::net::Ipv4Addr;
use std::sync::Arc;

use anyhow::{Context, Result};
use hobbs_graph::sign_in::AppCertificate;
use hobbs_graph::{Client, Cloud, Credential, Endpoints, SystemClock};
use hobbs_interaction::ContentPolicy;
use hobbs_lake::{Location, Reader, StoreAccess, StoreOptions};
use hobbs_report::Scope;
use hobbs_report::licenses::Query;
use hobbs_sync::{SyncOptions, sync};
use hobbs_tenant::{Tenant, TenantOptions, server};
use jiff::Timestamp;
use tokio::net::TcpListener;

use crate::cli::{Demo, Global, ReportFormat};
use crate::commands::{init, report, sync as sync_command};
use crate::exit::Exit;
use crate::printer::Printer;
use crate::progress;
use crate::source::LakeSource;
use crate::store;

pub async fn run(args: &Demo, global: &Global, printer: &Printer) -> Result<Exit> {
    let certificate = init::certificate(1)?;
    let options = TenantOptions {
        users: args.users,
        certificates: vec![certificate.der.clone()],
        secret: None,
        latency_ms: 20..=80,
        ..TenantOptions::seeded(args.seed)
    };
    let (tenant_id, client_id) = (options.tenant_id.clone(), options.client_id.clone());
    let tenant = Arc::new(Tenant::on_system_clock(options)?);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .context("no port is free on this machine")?;
    let address = format!("http://{}", listener.local_addr()?);
    printer.say(&format!(
        "A simulated tenant of {} people listens on {address}.",
        args.users
    ));
    let serving = tokio::spawn(server::serve(tenant, listener));

    let app = AppCertificate::read(certificate.pem.as_bytes(), None)?;
    let client = Client::builder(
        tenant_id,
        Credential::Certificate {
            client_id,
            certificate: app,
        },
    )
    .endpoints(Endpoints::with_bases(
        Cloud::Global,
        Some(&address),
        Some(&address),
    )?)
    .build()?;
    let place = match &global.lake {
        Some(place) => place.clone(),
        None => args.folder.join("lake").display().to_string(),
    };
    let options = StoreOptions::default().under(store::environment());
    let tokens = None;
    let lake = Location::parse(&place, &StoreAccess { options, tokens })?;
    let mut sync_options = SyncOptions::new(lake.clone());
    // Nothing here is anybody's: the texts may be looked at.
    sync_options.content = ContentPolicy::Full;
    let summary = {
        let mut progress = progress::of(printer);
        sync(
            &client,
            Arc::new(SystemClock),
            &sync_options,
            progress.as_mut(),
            sync_command::interrupted(),
        )
        .await?
    };
    serving.abort();
    if !global.json {
        printer.data(&sync_command::words(&summary))?;
        printer.data("\n")?;
    }
    let source = LakeSource::new(Reader::open(&lake).await?);
    let form = if global.json {
        ReportFormat::Json
    } else {
        ReportFormat::Table
    };
    report::write(
        &source,
        &Scope::default(),
        &Query::default(),
        Timestamp::now(),
        form,
        None,
        printer,
    )
    .await?;
    std::fs::create_dir_all(&args.folder)
        .with_context(|| format!("{} can't be made", args.folder.display()))?;
    let workbook = args.folder.join("report.xlsx");
    printer.say("");
    report::write(
        &source,
        &Scope::default(),
        &Query::default(),
        Timestamp::now(),
        ReportFormat::Xlsx,
        Some(&workbook),
        printer,
    )
    .await?;
    printer.say(&format!("lake: {lake}"));
    printer.say(&format!(
        "Look into it:  hobbs --lake {lake} query \"SELECT app, kind, content FROM interactions LIMIT 10\""
    ));
    Ok(sync_command::exit(&summary))
}
