//! A folder of this machine as the engine is told of it.
//!
//! deltalake's kernel (buoyant_kernel_engine 0.28) writes the names that a listing gave it into an
//! address as they are, where a `%` begins an escape and a `\` counts as `/`: it would look in another
//! folder. A folder that has one of these in its path is given an address that holds the path in a form
//! without them, and the engine sees no more of it than what lies below.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use deltalake::logstore::object_store::ObjectStore;
use deltalake::logstore::object_store::path::Path as StorePath;
use deltalake::logstore::object_store::prefix::PrefixStore;
use url::Url;

use crate::store::DurableFiles;

/// The scheme of addresses whose host is the path of a folder, as hexadecimal digits.
const SPELLED: &str = "hobbs-folder";

/// The store in which a table of the lake in `folder`, which is absolute, lies, and its address there.
///
/// # Errors
/// Why there can be none.
pub(crate) fn table(folder: &Path, name: &str) -> Result<(Arc<dyn ObjectStore>, Url), String> {
    // The kernel itself looks where links lead.
    let real = folder.canonicalize();
    let real = real.as_deref().unwrap_or(folder);
    let text = real.to_str().ok_or("its path is no Unicode")?;
    if text.chars().any(char::is_control) {
        return Err("its path holds a control character".to_owned());
    }
    let has = |c: char| text.contains(c);
    if !has('%') && (cfg!(windows) || !has('\\')) {
        let url = Url::from_directory_path(folder.join(name));
        let url = url.map_err(|()| "its path can't be written as an address")?;
        return Ok((Arc::new(DurableFiles::new()), url));
    }
    let spelled: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    let url = Url::parse(&format!("{SPELLED}://{spelled}/{name}/"));
    let url = url.map_err(|error| error.to_string())?;
    let below = StorePath::from_absolute_path(real).map_err(|error| error.to_string())?;
    let store = PrefixStore::new(DurableFiles::new(), below);
    Ok((Arc::new(store), url))
}

/// The folder of the table that has this address; None where it is in no folder of this machine.
pub(crate) fn of(url: &Url) -> Option<PathBuf> {
    match url.scheme() {
        "file" => url.to_file_path().ok(),
        SPELLED => {
            let digits = url.host_str()?.as_bytes();
            let bytes = digits.chunks(2).map(|pair| {
                let pair = std::str::from_utf8(pair).ok()?;
                u8::from_str_radix(pair, 16).ok()
            });
            let text = String::from_utf8(bytes.collect::<Option<_>>()?).ok()?;
            Some(Path::new(&text).join(url.path().trim_matches('/')))
        }
        _ => None,
    }
}
