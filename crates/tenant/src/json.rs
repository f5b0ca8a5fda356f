//! JSON strings, fast: runs without anything to escape are copied whole.

/// For each byte: 0 if it may stand as it is, else the letter after the backslash (`u` for the long form).
const ESCAPES: [u8; 256] = {
    let mut table = [0u8; 256];
    let mut byte = 0;
    while byte < 32 {
        table[byte] = b'u';
        byte += 1;
    }
    table[b'"' as usize] = b'"';
    table[b'\\' as usize] = b'\\';
    table[8] = b'b';
    table[9] = b't';
    table[10] = b'n';
    table[12] = b'f';
    table[13] = b'r';
    table
};

/// Appends what stands between the quotes.
pub(crate) fn escape(out: &mut Vec<u8>, text: &[u8]) {
    let mut copied = 0;
    for (place, byte) in text.iter().enumerate() {
        let letter = ESCAPES[*byte as usize];
        if letter == 0 {
            continue;
        }
        out.extend_from_slice(&text[copied..place]);
        copied = place + 1;
        out.extend_from_slice(&[b'\\', letter]);
        if letter == b'u' {
            const HEX: &[u8; 16] = b"0123456789abcdef";
            out.extend_from_slice(&[
                b'0',
                b'0',
                HEX[(byte >> 4) as usize],
                HEX[(byte & 15) as usize],
            ]);
        }
    }
    out.extend_from_slice(&text[copied..]);
}

/// Appends a string with its quotes.
pub(crate) fn quoted(out: &mut Vec<u8>, text: &str) {
    quoted_bytes(out, text.as_bytes());
}

/// Appends UTF-8 bytes as a string with its quotes.
pub(crate) fn quoted_bytes(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    escape(out, text);
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_character_comes_back() {
        let all: String = (0..0x3000u32)
            .filter_map(char::from_u32)
            .chain("\u{1f469}\u{200d}".chars())
            .collect();
        let mut out = Vec::new();
        quoted(&mut out, &all);
        assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), all);
    }
}
