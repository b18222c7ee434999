//! The parameters below the path, compared with the index.

use std::collections::BTreeMap;
use std::fmt;

use super::index::{FileIndex, hash, is_hash};
use super::path::normalized;
use super::set::FileSet;
use crate::config::deployed::is_below;
use crate::suggestion::list_of;

/// The parameters that are stored below a path.
#[derive(Debug, Clone, Default)]
pub struct StoredFiles {
    /// The contents of the files that the index names.
    files: BTreeMap<String, String>,
    /// The files of the index that have no parameter.
    missing: Vec<String>,
    /// The files of the index whose parameter has another content.
    altered: Vec<String>,
    /// The parameters that a push wrote, and that the index does not name: another version of a file.
    pub leftovers: Vec<String>,
    /// All other parameters: this tool did not write them.
    pub strays: Vec<String>,
}

/// Files of the index that are not stored as it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incomplete {
    missing: Vec<String>,
    altered: Vec<String>,
}

impl FileIndex {
    /// Compares the parameters below `path`, by name, with the index. Another configuration with files may be stored below the
    /// same path: none of its parameters is a leftover.
    #[must_use]
    pub fn compare(&self, path: &str, parameters: impl IntoIterator<Item = (String, String)>) -> StoredFiles {
        let parameters: Vec<_> = parameters.into_iter().collect();
        let is_index = |(_, text): &&(String, String)| FileIndex::parse(text).is_some_and(|index| index.is_ok());
        let others: Vec<String> = parameters.iter().filter(is_index).map(|(name, _)| name.clone()).collect();
        let is_of_another = |name: &str| others.iter().any(|other| name == other || is_below(other, name));
        let mut stored = StoredFiles::default();
        for (name, text) in parameters {
            match split(path, &name).filter(|_| !is_of_another(&name)) {
                Some((file, named)) if self.hash_of(file) == Some(named) => {
                    if hash(&text) == named {
                        stored.files.insert(file.to_owned(), text);
                    } else {
                        stored.altered.push(file.to_owned());
                    }
                }
                Some((_, named)) if hash(&text) == named => stored.leftovers.push(name),
                _ => stored.strays.push(name),
            }
        }
        let is_absent =
            |file: &&str| !stored.files.contains_key(*file) && !stored.altered.iter().any(|one| one == file);
        stored.missing = self.files().filter(is_absent).map(str::to_owned).collect();
        stored
    }
}

impl StoredFiles {
    /// The configuration, if all of its files are stored as the index says.
    ///
    /// # Errors
    /// The files that are not.
    pub fn complete(&self) -> Result<FileSet, Incomplete> {
        let incomplete = || Incomplete { missing: self.missing.clone(), altered: self.altered.clone() };
        if self.missing.is_empty() && self.altered.is_empty() {
            FileSet::from_files(self.files.clone()).ok_or_else(incomplete)
        } else {
            Err(incomplete())
        }
    }

    /// The configuration as far as it is stored, to show what a push would change.
    #[must_use]
    pub fn readable(&self) -> Option<FileSet> {
        FileSet::from_files(self.files.clone())
    }

    /// Whether a file is stored with the content that the index names.
    #[must_use]
    pub fn has(&self, file: &str) -> bool {
        self.files.contains_key(file)
    }

    /// Whether the parameter of a file has another content than the index names.
    #[must_use]
    pub fn is_altered(&self, file: &str) -> bool {
        self.altered.iter().any(|one| one == file)
    }
}

impl fmt::Display for Incomplete {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |files: &[String], what: &str| {
            let verb = if files.len() == 1 { "is" } else { "are" };
            (!files.is_empty()).then(|| format!("{} {verb} {what}", list_of(files.iter().map(String::as_str))))
        };
        let missing = part(&self.missing, "missing");
        let altered = part(&self.altered, "not what `onboard config push` wrote");
        let parts: Vec<_> = missing.into_iter().chain(altered).collect();
        f.write_str(&parts.join("; "))
    }
}

/// The file and the hash that the name of a parameter contains.
fn split<'a>(path: &str, name: &'a str) -> Option<(&'a str, &'a str)> {
    let (file, hash) = name.strip_prefix(path)?.strip_prefix('/')?.rsplit_once('/')?;
    (is_hash(hash) && normalized(file).is_ok_and(|normalized| normalized == file)).then_some((file, hash))
}

#[cfg(test)]
mod tests {
    use super::super::set::tests::{POLICY, sample};
    use super::*;

    const PATH: &str = "/account-onboarding/own";

    fn parameters(files: &FileSet) -> Vec<(String, String)> {
        let index = FileIndex::new(PATH, files).unwrap();
        index.parameters(PATH).map(|(file, name)| (name, files.get(file).unwrap().to_owned())).collect()
    }

    #[test]
    fn every_moment_of_a_push_is_the_old_or_the_new_configuration() {
        let [old, new] = [sample(POLICY), sample(&POLICY.replace("Allow", "Deny"))];
        let index = |files: &FileSet| FileIndex::new(PATH, files).unwrap();
        let mut present = parameters(&old);
        let read = |index: &FileIndex, present: &[(String, String)]| index.compare(PATH, present.to_vec()).complete();
        for added in parameters(&new) {
            present.push(added);
            assert_eq!(read(&index(&old), &present), Ok(old.clone()), "until the index is written");
        }
        assert_eq!(read(&index(&new), &present), Ok(new.clone()), "as soon as the index is written");
        let leftovers = index(&new).compare(PATH, present.clone()).leftovers;
        assert_eq!(leftovers.len(), 1, "the old policy; the configuration did not change: {leftovers:?}");
        present.retain(|(name, _)| !leftovers.contains(name));
        assert_eq!(read(&index(&new), &present), Ok(new), "without what the new index does not name");
        insta::assert_snapshot!(read(&index(&old), &present).unwrap_err(), @"`policies/read.json` is missing");
    }

    #[test]
    fn parameters_that_no_push_wrote_are_neither_read_nor_leftovers() {
        let files = sample(POLICY);
        let index = FileIndex::new(PATH, &files).unwrap();
        let mut present = parameters(&files);
        let hash = "0".repeat(32);
        let names = [
            format!("{PATH}/trelica/external-id"),
            format!("{PATH}/policies/read.json"),
            format!("{PATH}/policies/read.json/{hash}"),
            format!("{PATH}/../x/{hash}"),
            format!("{PATH}/{hash}"),
            format!("{PATH}x/policies/read.json/{hash}"),
        ];
        present.extend(names.iter().map(|name| (name.clone(), "hostile".to_owned())));
        let stored = index.compare(PATH, present);
        assert_eq!((stored.complete(), stored.strays.as_slice(), stored.leftovers.len()), (Ok(files), &names[..], 0));
    }

    #[test]
    fn another_configuration_below_the_path_is_not_deleted() {
        let [own, other] = [sample(POLICY), sample(&POLICY.replace("Allow", "Deny"))];
        let index = |path: &str, files: &FileSet| FileIndex::new(path, files).unwrap();
        let nested = format!("{PATH}/team");
        let mut present = parameters(&own);
        let of_nested = index(&nested, &other);
        present.push((nested.clone(), of_nested.to_value()));
        present.extend(of_nested.parameters(&nested).map(|(file, name)| (name, other.get(file).unwrap().to_owned())));
        let stored = index(PATH, &own).compare(PATH, present);
        assert_eq!((stored.complete(), stored.strays.len(), stored.leftovers.len()), (Ok(own), 3, 0));
    }

    #[test]
    fn altered_content_is_not_used() {
        let files = sample(POLICY);
        let index = FileIndex::new(PATH, &files).unwrap();
        let mut present = parameters(&files);
        present.last_mut().unwrap().1.push(' ');
        let stored = index.compare(PATH, present);
        assert!(stored.is_altered("policies/read.json") && !stored.has("policies/read.json"));
        insta::assert_snapshot!(stored.complete().unwrap_err(), @"`policies/read.json` is not what `onboard config push` wrote");
    }
}
