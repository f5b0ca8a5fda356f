//! Pages that people saved to files, in whatever form and encoding.
#![no_main]

use hobbs_interaction::{Page, saved};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let saved = saved::read(bytes);
    assert_eq!(saved::owners(&saved.items).len(), saved.items.len());
    // What Graph would have answered is no less for having been saved.
    if let Ok(page) = Page::read(bytes) {
        assert!(saved.items.len() >= page.items.len());
    }
    // A file says the same in the encoding that PowerShell writes.
    if let Ok(text) = std::str::from_utf8(bytes)
        && !text.starts_with('\u{FEFF}')
        && !text.contains('\0')
    {
        let mut utf16 = vec![0xFF, 0xFE];
        utf16.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
        assert_eq!(saved::read(&utf16), saved);
    }
});
