//! The files of a configuration, collected to be stored, or read from where they are stored.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;

use super::path::normalized;
use crate::config::deployed::ParameterTier;
use crate::config::{Config, ConfigErrors, Files, NoFiles};

/// The path of the configuration itself among its files, whatever the name of the local file is.
pub const ROOT: &str = "onboarding.toml";

/// A configuration and the files that it references, by path.
#[derive(Clone, PartialEq, Eq)]
pub struct FileSet(BTreeMap<String, String>);

impl FileSet {
    /// A configuration without files.
    #[must_use]
    pub fn single(text: &str) -> Self {
        Self(BTreeMap::from([(ROOT.to_owned(), text.to_owned())]))
    }

    /// Reads a configuration and all files that it references.
    ///
    /// # Errors
    /// As [`Config::parse`], and when a file cannot be stored in an SSM parameter.
    pub fn collect(text: &str, files: &dyn Files) -> Result<(Config, Self), ConfigErrors> {
        let collected = Collected { files, found: RefCell::default() };
        let config = Config::parse(text, &collected)?;
        let mut found = collected.found.into_inner();
        found.insert(ROOT.to_owned(), text.to_owned());
        Ok((config, Self(found)))
    }

    /// The files of an index. `None` if the configuration itself is not among them.
    pub(super) fn from_files(files: BTreeMap<String, String>) -> Option<Self> {
        files.contains_key(ROOT).then_some(Self(files))
    }

    /// Parses the configuration, which can read the files of this set and no others. Error messages start with `name`.
    ///
    /// # Errors
    /// As [`Config::parse`].
    pub fn parse(&self, name: &str) -> Result<Config, ConfigErrors> {
        if self.has_files() {
            Config::parse(self.text(), &Stored { name, files: &self.0 })
        } else {
            Config::parse(self.text(), &NoFiles::named(name))
        }
    }

    /// The files that the configuration does not reference. A push stores none: something else wrote them, and they may be anything.
    ///
    /// # Errors
    /// As [`FileSet::parse`].
    pub fn unreferenced(&self, name: &str) -> Result<Vec<&str>, ConfigErrors> {
        let (_, referenced) = Self::collect(self.text(), &Stored { name, files: &self.0 })?;
        Ok(self.0.keys().map(String::as_str).filter(|path| referenced.get(path).is_none()).collect())
    }

    /// The text of the configuration itself.
    #[must_use]
    pub fn text(&self) -> &str {
        self.get(ROOT).unwrap_or_default()
    }

    /// Whether the configuration references files.
    #[must_use]
    pub fn has_files(&self) -> bool {
        self.0.len() > 1
    }

    /// The content of a file.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&str> {
        self.0.get(path).map(String::as_str)
    }

    /// All paths with their contents, the configuration included, in the order of their paths.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }
}

/// Shows no contents, because a configuration without files may contain external IDs.
impl fmt::Debug for FileSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Keeps every file that is read.
struct Collected<'a> {
    files: &'a dyn Files,
    found: RefCell<BTreeMap<String, String>>,
}

impl Files for Collected<'_> {
    fn name(&self) -> &str {
        self.files.name()
    }

    fn read(&self, path: &str) -> Result<String, String> {
        let stored = normalized(path)?;
        if stored == ROOT {
            return Err(format!("cannot be stored: the configuration itself is stored as `{ROOT}`; rename the file"));
        }
        let text = self.files.read(path)?;
        // A parameter cannot be empty.
        if text.is_empty() {
            return Err(
                "is empty, and an SSM parameter cannot be; write its content, or remove the reference".to_owned()
            );
        }
        let limit = ParameterTier::Advanced.limit();
        if text.len() > limit {
            return Err(format!(
                "has {} bytes, and an SSM parameter holds {limit} at most; shorten it, or divide it into several files",
                text.len()
            ));
        }
        self.found.borrow_mut().insert(stored, text.clone());
        Ok(text)
    }
}

/// The files of a configuration that is stored in SSM parameters.
struct Stored<'a> {
    name: &'a str,
    files: &'a BTreeMap<String, String>,
}

impl Files for Stored<'_> {
    fn name(&self) -> &str {
        self.name
    }

    fn read(&self, path: &str) -> Result<String, String> {
        let file = self.files.get(&normalized(path)?).filter(|_| path != ROOT);
        file.cloned().ok_or_else(|| {
            "was not stored with the configuration; run `onboard config push` again, which stores both".to_owned()
        })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) const POLICY: &str =
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:ListAllMyBuckets","Resource":"*"}]}"#;

    pub(crate) const CONFIG: &str = "[[role]]\nname = \"reader\"\npolicies = { read = { file = \"./policies/read.json\" } }\n\
                          [[role.trust]]\nprincipal = \"222233334444\"\n";

    struct Local(BTreeMap<&'static str, String>);

    impl Files for Local {
        fn name(&self) -> &str {
            "own.toml"
        }

        fn read(&self, path: &str) -> Result<String, String> {
            self.0.get(path).cloned().ok_or_else(|| "cannot be read: no such file".to_owned())
        }
    }

    fn collect(text: &str, path: &'static str, content: &str) -> Result<(Config, FileSet), ConfigErrors> {
        FileSet::collect(text, &Local(BTreeMap::from([(path, content.to_owned())])))
    }

    pub(crate) fn sample(policy: &str) -> FileSet {
        collect(CONFIG, "./policies/read.json", policy).unwrap().1
    }

    #[test]
    fn stored_configuration_is_the_same_as_the_local_one() {
        let (local, files) = collect(CONFIG, "./policies/read.json", POLICY).unwrap();
        assert_eq!(files.iter().map(|(path, _)| path).collect::<Vec<_>>(), [ROOT, "policies/read.json"]);
        let stored = files.parse("own.toml").unwrap();
        assert_eq!((stored.hash.as_str(), format!("{stored:?}")), (local.hash.as_str(), format!("{local:?}")));
        assert_eq!(format!("{files:?}"), r#"{"onboarding.toml", "policies/read.json"}"#);
    }

    #[test]
    fn file_that_cannot_be_stored_is_refused_where_it_is_named() {
        let refused = |path: &'static str, content: &str| {
            collect(&CONFIG.replace("./policies/read.json", path), path, content).unwrap_err().to_string()
        };
        insta::assert_snapshot!(refused("my policy.json", POLICY), @"own.toml:3:30: `file`: `my policy.json`: cannot be stored in an SSM parameter because of `my policy.json` in its path; rename it: use letters, digits, `_`, `-` and `.`, and no dot at the start");
        insta::assert_snapshot!(refused("../read.json", POLICY), @"own.toml:3:30: `file`: `../read.json`: is outside the directory of the configuration; move the file into that directory and use a relative path without `..`");
        insta::assert_snapshot!(refused("onboarding.toml", POLICY), @"own.toml:3:30: `file`: `onboarding.toml`: cannot be stored: the configuration itself is stored as `onboarding.toml`; rename the file");
        insta::assert_snapshot!(refused("large.json", &POLICY.replace("2012", &" ".repeat(8192))), @"own.toml:3:30: `file`: `large.json`: has 8291 bytes, and an SSM parameter holds 8192 at most; shorten it, or divide it into several files");
        insta::assert_snapshot!(refused("empty.json", ""), @"own.toml:3:30: `file`: `empty.json`: is empty, and an SSM parameter cannot be; write its content, or remove the reference");
    }

    #[test]
    fn files_that_the_configuration_does_not_reference_are_known() {
        let mut files = sample(POLICY);
        assert!(files.unreferenced("own").unwrap().is_empty());
        files.0.insert("Makefile".to_owned(), "all:".to_owned());
        assert_eq!(files.unreferenced("own").unwrap(), ["Makefile"]);
        files.0.insert(ROOT.to_owned(), "x = 1".to_owned());
        assert!(files.unreferenced("own").is_err());
    }

    #[test]
    fn stored_configuration_reads_only_what_was_stored_with_it() {
        let mut files = sample(POLICY);
        let text = files.text().replace("read.json", "other.json");
        files.0.insert(ROOT.to_owned(), text);
        insta::assert_snapshot!(files.parse("/account-onboarding/own").unwrap_err(), @"/account-onboarding/own:3:30: `file`: `./policies/other.json`: was not stored with the configuration; run `onboard config push` again, which stores both");
        insta::assert_snapshot!(FileSet::single(CONFIG).parse("/account-onboarding/own").unwrap_err(), @"/account-onboarding/own:3:30: `file`: `./policies/read.json`: cannot be read: this configuration is stored without files; store them with it (`onboard config push`), or write the content inline");
    }
}
