//! The commands, one file each: from settings and flags to a result that is printed.

mod apps;
mod demo;
mod doctor;
mod figures;
mod form;
mod import;
mod init;
mod lake;
mod licenses;
mod metrics;
mod output;
mod paperwork;
mod plan;
mod query;
mod reconcile;
mod report;
mod rows;
mod rules;
mod sync;
mod tenant;
mod time;

use anyhow::Result;

use crate::cli::{Cli, Command};
use crate::exit::Exit;
use crate::printer::Printer;
use crate::settings::Settings;

/// Runs a command.
pub async fn run(cli: Cli, printer: &Printer) -> Result<Exit> {
    let global = cli.global;
    let settings = || Settings::load(&global);
    match cli.command {
        Command::Demo(args) => demo::run(&args, &global, printer).await,
        Command::Init(args) => init::run(&args, &global, printer),
        Command::Doctor => doctor::run(&settings()?, &global, printer).await,
        Command::Sync(args) => sync::run(&args, &settings()?, &global, printer).await,
        Command::Report(args) => report::run(&args, &settings()?, &global, printer).await,
        Command::Reconcile(args) => reconcile::run(&args, &settings()?, &global, printer).await,
        Command::Licenses(args) => licenses::run(&args, &settings()?, &global, printer).await,
        Command::Query(args) => query::run(&args, &settings()?, &global, printer).await,
        Command::Metrics { command } => {
            metrics::run(&command, &settings()?, &global, printer).await
        }
        Command::Rules { command } => rules::run(&command, &settings()?, &global, printer).await,
        Command::Import(args) => import::run(&args, &settings()?, &global, printer).await,
        Command::Tenant(args) => tenant::run(&args, &global, printer).await,
        Command::Lake { command } => lake::run(&command, &settings()?, &global, printer).await,
        Command::Completions { shell } => paperwork::completions(shell, printer),
        Command::Man { folder } => paperwork::man(&folder, printer),
    }
}
