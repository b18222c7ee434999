//! Reads the documents, the sources, and the code blocks in the documents.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

pub(crate) fn read(file: &str) -> String {
    std::fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// All documents by path.
pub(crate) fn documents() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for folder in ["", "docs"] {
        for entry in std::fs::read_dir(root().join(folder)).expect("a folder") {
            let name = entry.expect("an entry").file_name().into_string().expect("a name");
            if name.ends_with(".md") {
                let path = Path::new(folder).join(name).display().to_string();
                found.insert(path.clone(), read(&path));
            }
        }
    }
    found
}

/// All source files by path, without their test modules.
pub(crate) fn sources() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders: Vec<_> = ["src", "crates/core/src", "crates/engine/src"].map(|folder| root().join(folder)).into();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.strip_prefix(root()).expect("a path below").display().to_string();
            if path.is_dir() {
                folders.push(path);
            } else if name.ends_with(".rs") && !name.ends_with("tests.rs") {
                let text = read(&name);
                let code = text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
                found.insert(name, code);
            }
        }
    }
    found
}

/// The code blocks of a document with exactly this label after the fence.
pub(crate) fn blocks(text: &str, label: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(fence) = line.strip_prefix("```") else { continue };
        let block: Vec<_> = lines.by_ref().take_while(|line| *line != "```").collect();
        if fence == label {
            found.push(block.join("\n") + "\n");
        }
    }
    found
}
