//! Mutates TOML files line by line. Random changes of bytes hardly ever give valid TOML.

use libfuzzer_sys::fuzzer_mutate;

/// Replacement values for a key.
const VALUES: [&str; 16] = [
    "\"\"",
    "[]",
    "{}",
    "0",
    "-1",
    "99999999999999999999",
    "1.5",
    "true",
    "false",
    "\"x\"",
    "[\"x\", \"x\"]",
    "\"*\"",
    "\"two\\nlines\"",
    "[\"https://example.com/\\u0007\"]",
    "\"{account-id}-{partition}\"",
    "{ none-because = \"of this\" }",
];

/// Mutates a line, or lets libFuzzer mutate bytes. Returns the new length.
pub fn mutate(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    match data.get(..size).and_then(|bytes| std::str::from_utf8(bytes).ok()).filter(|_| seed.is_multiple_of(2)) {
        Some(text) => {
            let text = mutate_line(text, seed / 2);
            match data.get_mut(..text.len()).filter(|_| text.len() <= max_size) {
                Some(target) => {
                    target.copy_from_slice(text.as_bytes());
                    text.len()
                }
                None => size,
            }
        }
        None => fuzzer_mutate(data, size, max_size),
    }
}

fn mutate_line(text: &str, seed: u32) -> String {
    let mut state = u64::from(seed);
    // SplitMix64: https://prng.di.unimi.it/splitmix64.c
    let mut random = |below: usize| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % below as u64) as usize
    };
    let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
    let one = random(lines.len());
    let other = random(lines.len());
    match random(6) {
        0 => _ = lines.remove(one),
        1 => lines.insert(one, lines[other].clone()),
        2 => lines.swap(one, other),
        _ => {
            let with_value: Vec<usize> = (0..lines.len()).filter(|at| lines[*at].contains('=')).collect();
            if !with_value.is_empty() {
                let line = &mut lines[with_value[random(with_value.len())]];
                let key = line.split('=').next().unwrap_or_default();
                *line = format!("{key}= {}", VALUES[random(VALUES.len())]);
            }
        }
    }
    lines.join("\n")
}
