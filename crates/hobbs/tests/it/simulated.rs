//! A folder, a simulated tenant on loopback, and the program run against both.

use std::net::Ipv4Addr;
use std::path::Path;
use std::process::{Command as Process, Output};
use std::sync::Arc;

use assert_cmd::Command;
use hobbs_tenant::{Tenant, TenantOptions, server};
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

pub const SECRET: &str = "a-secret-that-must-stay-one";

/// `hobbs init` for the app of such a tenant.
pub fn init_arguments(options: &TenantOptions) -> [&str; 5] {
    let (tenant_id, client_id) = (&options.tenant_id, &options.client_id);
    ["init", "--tenant-id", tenant_id, "--client-id", client_id]
}

/// A dozen users. Without limits: two syncs within a second would share a window of the tenant's, and the second
/// count requests that were turned away.
pub fn small() -> TenantOptions {
    TenantOptions {
        users: 12,
        ..TenantOptions::seeded(3)
    }
    .frozen()
    .unthrottled()
}

pub struct Simulated {
    pub folder: TempDir,
    pub tenant: Arc<Tenant>,
    address: String,
    _runtime: Runtime,
}

impl Simulated {
    pub fn start(options: TenantOptions) -> Self {
        let options = TenantOptions {
            secret: Some(SECRET.to_owned()),
            ..options
        };
        let runtime = Runtime::new().unwrap();
        let tenant = Arc::new(Tenant::on_system_clock(options).unwrap());
        let listener = runtime
            .block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))
            .unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        runtime.spawn(server::serve(Arc::clone(&tenant), listener));
        Simulated {
            folder: TempDir::new().unwrap(),
            tenant,
            address,
            _runtime: runtime,
        }
    }

    /// The program with this tenant in its environment, and nothing else of ours.
    pub fn hobbs(&self, arguments: &[&str]) -> Command {
        Command::from_std(self.process(arguments))
    }

    /// The same, to be started and then left to itself.
    pub fn process(&self, arguments: &[&str]) -> Process {
        let mut command = process(self.folder.path(), arguments);
        command
            .env("HOBBS_GRAPH_URL", &self.address)
            .env("HOBBS_AUTHORITY_URL", &self.address)
            .env("AZURE_TENANT_ID", &self.tenant.options().tenant_id)
            .env("AZURE_CLIENT_ID", &self.tenant.options().client_id)
            .env("AZURE_CLIENT_SECRET", SECRET);
        command
    }
}

/// The program in a folder, with an environment that holds nothing of the machine's own.
pub fn hobbs(folder: &Path, arguments: &[&str]) -> Command {
    Command::from_std(process(folder, arguments))
}

/// The same, to be started with other streams than one's own.
pub fn process(folder: &Path, arguments: &[&str]) -> Process {
    let mut command = Process::new(env!("CARGO_BIN_EXE_hobbs"));
    for (name, _) in std::env::vars() {
        if name.starts_with("AZURE_") || name.starts_with("HOBBS_") || name.starts_with("IDENTITY_")
        {
            command.env_remove(name);
        }
    }
    command
        .current_dir(folder)
        .env("HOME", folder)
        .env_remove("XDG_CONFIG_HOME")
        .args(arguments);
    command
}

pub fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}{}", text(&output.stdout), text(&output.stderr)))
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
