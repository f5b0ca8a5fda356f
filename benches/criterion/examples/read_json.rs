//! The floor of reading pages: serde_json reads each line of a file into any JSON, and says what it took.
//!
//! `cargo run --release --manifest-path benches/criterion/Cargo.toml --example read_json -- FILE`

use std::error::Error;
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("which file?")?;
    let bytes = std::fs::read(path)?;
    let mut best_s = f64::INFINITY;
    for _ in 0..3 {
        let start = Instant::now();
        for line in bytes.split(|byte| *byte == b'\n') {
            if !line.is_empty() {
                std::hint::black_box(serde_json::from_slice::<serde_json::Value>(line)?);
            }
        }
        best_s = best_s.min(start.elapsed().as_secs_f64());
    }
    println!("{{\"bytes\": {}, \"seconds\": {best_s}}}", bytes.len());
    Ok(())
}
