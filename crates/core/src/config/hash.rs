//! The hash of a configuration: of its text and of the files that it refers to.

use std::cell::RefCell;

use sha2::{Digest, Sha256};

use super::files::Files;
use crate::text::hexadecimal;

/// Files that are hashed as they are read.
pub(super) struct HashedFiles<'a> {
    files: &'a dyn Files,
    hasher: RefCell<Sha256>,
}

impl<'a> HashedFiles<'a> {
    /// Starts with the text of the configuration.
    pub(super) fn new(files: &'a dyn Files, text: &str) -> Self {
        let hashed = Self { files, hasher: RefCell::default() };
        hashed.add(text);
        hashed
    }

    /// The length comes first, so that the same characters in two files are not the same as in one.
    fn add(&self, text: &str) {
        let mut hasher = self.hasher.borrow_mut();
        hasher.update((text.len() as u64).to_be_bytes());
        hasher.update(text);
    }

    /// The hash, in hexadecimal.
    pub(super) fn hash(self) -> String {
        hexadecimal(&self.hasher.into_inner().finalize())
    }
}

impl Files for HashedFiles<'_> {
    fn name(&self) -> &str {
        self.files.name()
    }

    fn read(&self, path: &str) -> Result<String, String> {
        let text = self.files.read(path)?;
        self.add(path);
        self.add(&text);
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    struct OneFile(&'static str);

    impl Files for OneFile {
        fn name(&self) -> &str {
            "onboarding.toml"
        }

        fn read(&self, _: &str) -> Result<String, String> {
            Ok(self.0.to_owned())
        }
    }

    const CONFIG: &str = "[[role]]\nname = \"reader\"\npolicies = { read = { file = \"read.json\" } }\n\
                          [[role.trust]]\nprincipal = \"222233334444\"\n";

    fn hash(text: &str, file: &'static str) -> String {
        Config::parse(text, &OneFile(file)).unwrap_or_else(|problems| panic!("{problems}")).hash
    }

    #[test]
    fn hash_changes_with_the_text_and_with_each_file() {
        let allow = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:ListAllMyBuckets","Resource":"*"}]}"#;
        let deny =
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"s3:ListAllMyBuckets","Resource":"*"}]}"#;
        let first = hash(CONFIG, allow);
        assert_eq!(first.len(), 64);
        assert_eq!(hash(CONFIG, allow), first);
        assert_ne!(hash(CONFIG, deny), first);
        assert_ne!(hash(&format!("{CONFIG}\n"), allow), first);
    }
}
