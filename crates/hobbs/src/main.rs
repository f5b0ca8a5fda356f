//! `hobbs`: how Microsoft 365 Copilot is really used, interaction by interaction.
//!
//! This crate parses ([`cli`]), reads ([`config`]), resolves ([`settings`]) and wires ([`commands`]); what is worth
//! knowing lies in the crates below it.

mod cli;
mod commands;
mod config;
mod exit;
mod pieces;
mod printer;
mod progress;
mod settings;
mod source;
mod store;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::Cli;
use crate::exit::Exit;
use crate::printer::Printer;

#[cfg(not(target_env = "msvc"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

#[cfg(target_env = "msvc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    printer::tell_faults_by_their_place();
    let printer = Printer::new(cli.global.color, cli.global.quiet);
    start_log(&cli);
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            printer.error(&anyhow::Error::new(error).context("the runtime could not be started"));
            return Exit::Failed.into();
        }
    };
    let result = runtime.block_on(commands::run(cli, &printer));
    // A hanging request must not keep an ended program alive.
    runtime.shutdown_background();
    match result {
        Ok(exit) => exit.into(),
        Err(error) => exit::of_error(&error, &printer).into(),
    }
}

/// Logs go to stderr, and only when asked for; they hold no address queries and no secrets.
fn start_log(cli: &Cli) {
    use tracing_subscriber::EnvFilter;
    let level = match cli.global.verbose {
        // What goes wrong reaches the person as an error of the command; the engine says it again.
        0 => "off",
        1 => "hobbs=info,hobbs_graph=info,hobbs_lake=info,hobbs_sync=info",
        _ => "hobbs=debug,hobbs_graph=debug,hobbs_lake=debug,hobbs_sync=debug,deltalake=info",
    };
    let filter = EnvFilter::try_from_env("HOBBS_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(true)
        .log_internal_errors(false) // it would panic where nobody reads stderr any more
        .init();
}
