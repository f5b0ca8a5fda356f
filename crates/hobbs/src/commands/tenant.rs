//! `hobbs tenant`: the simulated tenant on loopback.

use std::io::BufWriter;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use hobbs_tenant::{Faults, Limits, Tenant as Simulated, TenantOptions, Volume, server, truth};
use tokio::net::TcpListener;

use crate::cli::{Global, Tenant};
use crate::commands::output::{keep, new_file};
use crate::commands::sync::interrupted;
use crate::exit::Exit;
use crate::printer::Printer;
use crate::progress::thousands;
use crate::settings::Misconfigured;

pub async fn run(args: &Tenant, global: &Global, printer: &Printer) -> Result<Exit> {
    let options = options(args)?;
    let tenant = Arc::new(Simulated::on_system_clock(options)?);
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, args.port)))
        .await
        .with_context(|| format!("port {} can't be used; name another with --port", args.port))?;
    let address = format!("http://{}", listener.local_addr()?);
    if let Some(path) = &args.truth {
        let file = new_file(path)?;
        let items = truth::write_ndjson(&tenant, BufWriter::new(file.as_file()))?;
        keep(file, path)?;
        printer.say(&format!(
            "{} true items in {}",
            thousands(items),
            path.display()
        ));
    }
    announce(&tenant, &address, global, printer)?;
    let mut ticks = tokio::time::interval(Duration::from_secs(
        args.statistics_every_s.unwrap_or(3600).max(1),
    ));
    ticks.tick().await;
    let serving = server::serve(Arc::clone(&tenant), listener);
    tokio::pin!(serving);
    let stop = interrupted();
    tokio::pin!(stop);
    loop {
        tokio::select! {
            ended = &mut serving => ended.context("the server stopped")?,
            () = &mut stop => break,
            _ = ticks.tick(), if args.statistics_every_s.is_some() => {
                printer.data(&statistics(&tenant)?)?;
            }
        }
    }
    printer.data(&statistics(&tenant)?)?;
    Ok(Exit::Whole)
}

/// What the tenant counted, as one line of JSON.
fn statistics(tenant: &Simulated) -> Result<String> {
    Ok(format!(
        "{}\n",
        serde_json::to_string(&tenant.statistics())?
    ))
}

fn options(args: &Tenant) -> Result<TenantOptions> {
    let mut options = TenantOptions {
        users: args.users,
        days_of_history: args.history_days,
        latency_ms: latency(&args.latency_ms)?,
        faults: args.faults.iter().copied().collect::<Faults>(),
        live: !args.frozen,
        corpus: args.corpus,
        active_share: share(args.active_share, "--active-share")?,
        automatic_only_share: share(args.automatic_only_share, "--automatic-only-share")?,
        conceal_names: args.conceal_names,
        ..TenantOptions::seeded(args.seed)
    };
    if let Some(rows) = args.rows {
        options.volume = Volume::Total(rows);
    }
    if let Some(rows) = args.rows_a_user {
        options.volume = Volume::Exactly(rows);
    }
    if args.everyone_licensed {
        options = options.everyone_licensed();
    }
    if args.lively {
        options = options.lively();
    }
    if args.no_limits {
        options.limits = Limits::off();
    }
    if let Some(path) = &args.certificate {
        let content =
            std::fs::read(path).with_context(|| format!("{} can't be read", path.display()))?;
        options.certificates.push(certificate(&content));
    }
    Ok(options)
}

/// A share, which is no less than nothing and no more than all.
fn share(value: Option<f64>, flag: &str) -> Result<Option<f64>> {
    match value {
        Some(value) if !(0.0..=1.0).contains(&value) => {
            Err(Misconfigured(format!("{flag} {value}: a share is between 0 and 1")).into())
        }
        other => Ok(other),
    }
}

/// The certificate of a PEM file, or the file as it is (.cer).
fn certificate(content: &[u8]) -> Vec<u8> {
    let of_pem = x509_parser::pem::Pem::iter_from_buffer(content)
        .filter_map(Result::ok)
        .find(|block| block.label == "CERTIFICATE");
    of_pem.map_or_else(|| content.to_vec(), |block| block.contents)
}

fn latency(text: &str) -> Result<RangeInclusive<u64>, Misconfigured> {
    let wrong = |_| {
        Misconfigured(format!(
            "\"{text}\" is no latency: give N or N-M, in milliseconds"
        ))
    };
    match text.split_once('-') {
        Some((least, most)) => Ok(least.parse().map_err(wrong)?..=most.parse().map_err(wrong)?),
        None => text.parse().map(|ms| ms..=ms).map_err(wrong),
    }
}

/// What to set so that hobbs finds this tenant, for both kinds of shells.
fn announce(tenant: &Simulated, address: &str, global: &Global, printer: &Printer) -> Result<()> {
    let options = tenant.options();
    let mut variables = vec![
        ("HOBBS_GRAPH_URL", address),
        ("HOBBS_AUTHORITY_URL", address),
        ("AZURE_TENANT_ID", options.tenant_id.as_str()),
        ("AZURE_CLIENT_ID", options.client_id.as_str()),
    ];
    if let Some(secret) = &options.secret {
        variables.push(("AZURE_CLIENT_SECRET", secret));
    }
    if global.json {
        return printer.json(
            &variables
                .iter()
                .copied()
                .collect::<std::collections::BTreeMap<_, _>>(),
        );
    }
    printer.say(&format!(
        "A simulated tenant of {} people listens on {address}. Ctrl-C ends it.\n",
        thousands(options.users.into())
    ));
    printer.say("In another terminal:");
    let mut text = String::new();
    for (name, value) in &variables {
        text.push_str(&if cfg!(windows) {
            format!("$env:{name} = \"{value}\"\n")
        } else {
            format!("export {name}={value}\n")
        });
    }
    printer.data(&text)?;
    printer.say("hobbs doctor\nhobbs sync");
    Ok(())
}
