//! The allocator's setting for commands that read all rows of a lake.
//!
//! A sync goes without: it wants the same memory again at once, and giving it back cost a fifth of its time.

/// By default freed memory is kept for a while, in case it is wanted again; with rows that are made
/// in one thread and freed in another that is a third of all. 0: it is given back at once.
const SETTING: &str = "MIMALLOC_PURGE_DELAY";

/// Begins the program again with the setting, which the allocator reads before `main`. Where that
/// can't be done, the program goes on and takes more memory. A setting that is there stays.
#[cfg(unix)]
pub fn give_back_at_once() {
    use std::os::unix::process::CommandExt;
    if std::env::var_os(SETTING).is_some() {
        return;
    }
    let Ok(program) = std::env::current_exe() else {
        return;
    };
    let error = std::process::Command::new(program)
        .args(std::env::args_os().skip(1))
        .env(SETTING, "0")
        .exec();
    tracing::debug!(%error, "the program could not begin again with the allocator's setting");
}

/// Only Unix replaces a program by itself.
#[cfg(not(unix))]
pub fn give_back_at_once() {
    let _ = SETTING;
}
