//! Reading files and stdin.

use std::io::Read;

use anyhow::{Context, ensure};

/// The name of an input in messages.
pub(super) fn input_name(file: &str) -> String {
    if file == "-" { "stdin".to_owned() } else { format!("`{file}`") }
}

/// Reads a file, or stdin for `-`.
pub(super) fn read(file: &str) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    let name = input_name(file);
    // The largest valid input is a Lambda event of 1 MB.
    const MAX_BYTES: u64 = 4 << 20;
    let source: &mut dyn Read = if file == "-" {
        &mut std::io::stdin()
    } else {
        &mut std::fs::File::open(file).with_context(|| format!("cannot read {name}; check the path"))?
    };
    source.take(MAX_BYTES + 1).read_to_end(&mut bytes).with_context(|| format!("cannot read {name}"))?;
    ensure!(bytes.len() as u64 <= MAX_BYTES, "{name} is larger than 4 MiB; check that it is the right file");
    text(&name, bytes)
}

/// The text of an input. `name` is its name in messages.
pub(super) fn text(name: &str, bytes: Vec<u8>) -> anyhow::Result<String> {
    // The first character is never a NUL, so that a NUL among the first two bytes is half of an UTF-16 character.
    let is_utf16 = matches!(bytes.as_slice(), [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, _, ..] | [_, 0, ..]);
    ensure!(
        !is_utf16,
        "{name} is UTF-16, as Windows PowerShell writes files; save it as UTF-8, for example with `Out-File -Encoding utf8`"
    );
    String::from_utf8(bytes).with_context(|| format!("{name} is not UTF-8; save it as UTF-8"))
}
