//! A disk that is full, and one that can only be read: a small file system of its own, mounted where
//! nobody else sees it.
#![allow(clippy::print_stdout, reason = "a test that is left out says so")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Output, Stdio};

use tempfile::TempDir;

use crate::crash::{assert_whole, tenant};
use crate::simulated::{Simulated, json as json_of, text};

/// A file system in memory, in a mount namespace of its own that ends with it.
struct Disk {
    place: TempDir,
    /// Waits inside the namespace until its stdin is closed.
    keeper: Child,
    _stdin: ChildStdin,
    is_root: bool,
}

impl Disk {
    /// None, with the reason printed, where nothing may be mounted.
    fn of(kilobytes: u32) -> Option<Self> {
        let place = TempDir::new().unwrap();
        let user = Command::new("id").arg("-u").output().ok()?;
        let is_root = text(&user.stdout).trim() == "0";
        let mount = format!(
            "mount -t tmpfs -o size={kilobytes}k,mode=700 hobbs '{}' && echo mounted && exec cat",
            place.path().display()
        );
        let mut keeper = Command::new("unshare")
            .args(if is_root {
                &["-m"][..]
            } else {
                &["-U", "-r", "-m"]
            })
            .args(["sh", "-c", &mount])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .ok()?;
        let (stdin, stdout) = (keeper.stdin.take()?, keeper.stdout.take()?);
        let mut said = String::new();
        BufReader::new(stdout).read_line(&mut said).ok()?;
        if said.trim() != "mounted" {
            let output = keeper.wait_with_output().ok()?;
            println!(
                "SKIPPED: nothing may be mounted here: {}",
                text(&output.stderr)
            );
            return None;
        }
        Some(Disk {
            place,
            keeper,
            _stdin: stdin,
            is_root,
        })
    }

    /// A program run where the disk is mounted, with an environment of its own.
    fn run(&self, command: &Command) -> Output {
        let mut inside = Command::new("nsenter");
        inside.args(["-t", &self.keeper.id().to_string(), "-m"]);
        if !self.is_root {
            inside.args(["-U", "--preserve-credentials"]);
        }
        inside
            .arg("--")
            .arg(command.get_program())
            .args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => inside.env(name, value),
                None => inside.env_remove(name),
            };
        }
        inside.output().unwrap()
    }

    fn shell(&self, script: &str) -> String {
        let mut command = Command::new("sh");
        let output = self.run(command.args(["-c", script]));
        assert!(
            output.status.success(),
            "{script}: {}",
            text(&output.stderr)
        );
        text(&output.stdout)
    }

    fn remount(&self, options: &str) {
        self.shell(&format!(
            "mount -o remount,{options} '{}'",
            self.path().display()
        ));
    }

    fn path(&self) -> &Path {
        self.place.path()
    }

    /// hobbs with a lake on this disk.
    fn hobbs(&self, simulated: &Simulated, arguments: &[&str]) -> Output {
        let mut command = simulated.process(arguments);
        command.env("HOBBS_LAKE", self.path().join("lake"));
        self.run(&command)
    }

    /// Names, sizes and sums of all files.
    fn sums(&self) -> String {
        self.shell(&format!(
            "find '{}' -type f -exec cksum {{}} + | sort",
            self.path().display()
        ))
    }

    fn rows(&self, simulated: &Simulated) -> (u64, u64) {
        let sql = "SELECT count(*) AS n, count(DISTINCT user_id || interaction_id || coalesce(session_id, '')) AS keys FROM interactions";
        let rows = json_of(&self.hobbs(simulated, &["query", sql, "--json"]));
        (
            rows[0]["n"].as_u64().unwrap(),
            rows[0]["keys"].as_u64().unwrap(),
        )
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // The mount goes with the last process of its namespace.
        let _ = self.keeper.kill();
        let _ = self.keeper.wait();
    }
}

#[test]
fn a_full_disk_is_named_and_with_more_room_all_is_made_good() {
    let Some(disk) = Disk::of(40) else { return };
    let simulated = Simulated::start(tenant());
    let truth = simulated.tenant.truth().count() as u64;
    let mut failures = 0;
    // It is full at one place after the other.
    for kilobytes in [40, 160, 300, 440, 560, 680, 4096] {
        disk.remount(&format!("size={kilobytes}k"));
        let sync = disk.hobbs(&simulated, &["sync", "--json"]);
        let said = text(&sync.stderr);
        assert!(!said.contains("panicked"), "{said}");
        if sync.status.code() == Some(0) {
            break;
        }
        failures += 1;
        assert_eq!(sync.status.code(), Some(1), "{kilobytes} kB: {said}");
        for words in ["No space left on device", "free some space", "/lake"] {
            assert!(said.contains(words), "{kilobytes} kB: {words:?} in {said}");
        }
    }
    assert!(failures >= 4, "the disk was full {failures} times");
    disk.remount("size=16m");
    assert_whole(&disk.hobbs(&simulated, &["sync", "--json"]));
    assert_eq!(disk.rows(&simulated), (truth, truth));
    let check = disk.hobbs(&simulated, &["lake", "check"]);
    assert_eq!(check.status.code(), Some(0), "{}", text(&check.stdout));
}

#[test]
fn a_lake_that_can_only_be_read_is_read_and_not_altered() {
    let Some(disk) = Disk::of(16_384) else { return };
    let simulated = Simulated::start(tenant());
    assert_whole(&disk.hobbs(&simulated, &["sync", "--json"]));
    disk.remount("ro");
    let before = disk.sums();
    for arguments in [
        &["sync"][..],
        &["lake", "optimize"],
        &["lake", "check", "--repair"],
        &["rules", "apply"],
    ] {
        let output = disk.hobbs(&simulated, arguments);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
        for words in ["Read-only file system", "Nothing was lost", "/lake"] {
            assert!(said.contains(words), "{arguments:?}: {words:?} in {said}");
        }
    }
    for arguments in [
        &["report"][..],
        &["query", "SELECT * FROM interactions"],
        &["reconcile"],
        &["licenses"],
        &["metrics", "run", "active_users_by_day"],
        &["lake", "status"],
        &["lake", "check"],
    ] {
        let output = disk.hobbs(&simulated, arguments);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {said}");
        assert!(!output.stdout.is_empty(), "{arguments:?}");
    }
    assert_eq!(disk.sums(), before);
    disk.remount("rw");
    assert_whole(&disk.hobbs(&simulated, &["sync", "--json"]));
}
