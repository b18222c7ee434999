//! The index: the parameter at the path, which names the files and the hash of each.

use std::collections::BTreeMap;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::path::normalized;
use super::set::{FileSet, ROOT};
use crate::config::deployed::ParameterTier;
use crate::json;
use crate::suggestion::counted;
use crate::text::{Untrusted, hexadecimal};
use crate::toml_reader::parameter_name;

/// The most files of a configuration. With 8,192 bytes each, all of them have less than 1 MiB.
const MAX_FILES: usize = 100;

const FORMAT: &str = "account-onboarding/1";

/// The digits of a hash: 128 bits.
const HASH_LENGTH: usize = 32;

/// What the longest ARN of a parameter has before its name; the limit of 1,011 characters is about the ARN.
///
/// See <https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html>.
const LONGEST_ARN_PREFIX: usize = "arn:aws-us-gov:ssm:ap-southeast-1:123456789012:parameter".len();

const LONGEST_ARN: usize = 1011;

/// The files of a stored configuration, each with the hash of its content.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileIndex(BTreeMap<String, String>);

impl FileIndex {
    /// The index of a configuration that is stored at `path`.
    ///
    /// # Errors
    /// When the files are too many, or the name of a parameter or the index is too long. The message says what to do.
    pub fn new(path: &str, files: &FileSet) -> Result<Self, String> {
        let index = Self(files.iter().map(|(file, text)| (file.to_owned(), hash(text))).collect());
        let count = index.0.len();
        if count > MAX_FILES {
            return Err(format!(
                "the configuration and its files are {count} files, and {MAX_FILES} can be stored; combine policies, or move them inline"
            ));
        }
        for (file, hash) in &index.0 {
            let name = parameter(path, file, hash);
            if parameter_name(&name).is_err() || name.len() + LONGEST_ARN_PREFIX > LONGEST_ARN {
                return Err(format!(
                    "`{}` cannot be stored below `{path}`: the name of an SSM parameter has 15 levels and {LONGEST_ARN} characters at \
                     most; move the file up, or shorten its path",
                    Untrusted::new(file)
                ));
            }
        }
        let bytes = index.to_value().len();
        if bytes > ParameterTier::Advanced.limit() {
            return Err(format!(
                "the index of {} has {bytes} bytes, and an SSM parameter holds {} at most; use fewer files or shorter paths",
                counted(count, "file"),
                ParameterTier::Advanced.limit()
            ));
        }
        Ok(index)
    }

    /// Reads the value of the parameter at the path. `None` if it is not an index but a configuration: TOML never starts with `{`.
    ///
    /// # Errors
    /// The part that is not valid.
    #[must_use]
    pub fn parse(value: &str) -> Option<Result<Self, String>> {
        value.trim_start().starts_with('{').then(|| Self::parse_index(value))
    }

    fn parse_index(value: &str) -> Result<Self, String> {
        let mut object = json::object(value).map_err(|_| "it is not a valid JSON object".to_owned())?;
        match object.remove("format") {
            Some(Value::String(format)) if format == FORMAT => {}
            _ => {
                return Err(format!(
                    "its `format` is not `{FORMAT}`; the function may be older than the `onboard` that wrote it"
                ));
            }
        }
        let Some(Value::Object(files)) = object.remove("files") else {
            return Err("it has no object `files`".to_owned());
        };
        if files.len() > MAX_FILES {
            return Err(format!("it names {} files, and {MAX_FILES} is the limit", files.len()));
        }
        if !files.contains_key(ROOT) {
            return Err(format!("it does not name `{ROOT}`"));
        }
        let entries = files.into_iter().map(|(file, hash)| match hash {
            Value::String(hash) if is_hash(&hash) && normalized(&file).as_ref() == Ok(&file) => Ok((file, hash)),
            _ => Err(format!("its entry `{}` is not a path of a file with a hash", Untrusted::new(&file))),
        });
        entries.collect::<Result<_, _>>().map(Self)
    }

    /// The value of the parameter at the path.
    #[must_use]
    pub fn to_value(&self) -> String {
        // Neither a path nor a hash has a character that JSON escapes.
        let entries: Vec<_> = self.0.iter().map(|(file, hash)| format!("\"{file}\":\"{hash}\"")).collect();
        format!("{{\"format\":\"{FORMAT}\",\"files\":{{\n{}\n}}}}\n", entries.join(",\n"))
    }

    /// The files: the path of each, and the name of its parameter.
    pub fn parameters(&self, path: &str) -> impl Iterator<Item = (&str, String)> {
        self.0.iter().map(move |(file, hash)| (file.as_str(), parameter(path, file, hash)))
    }

    pub(super) fn hash_of(&self, file: &str) -> Option<&str> {
        self.0.get(file).map(String::as_str)
    }

    pub(super) fn files(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

fn parameter(path: &str, file: &str, hash: &str) -> String {
    format!("{path}/{file}/{hash}")
}

/// The hash of a content.
pub(super) fn hash(text: &str) -> String {
    let mut digits = hexadecimal(&Sha256::digest(text));
    digits.truncate(HASH_LENGTH);
    digits
}

pub(super) fn is_hash(text: &str) -> bool {
    text.len() == HASH_LENGTH && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::super::set::tests::{CONFIG, POLICY, sample};
    use super::*;

    #[test]
    fn index_is_read_as_it_was_written() {
        let index = FileIndex::new("/account-onboarding/own", &sample(POLICY)).unwrap();
        let value = index.to_value();
        insta::assert_snapshot!(value, @r#"
        {"format":"account-onboarding/1","files":{
        "onboarding.toml":"1cbc7dc249497cb7124a57bfddf642ab",
        "policies/read.json":"29eb499a577cd77b0ed5af8c4da7ddb2"
        }}
        "#);
        assert_eq!(FileIndex::parse(&value), Some(Ok(index.clone())));
        let names: Vec<_> = index.parameters("/account-onboarding/own").map(|(_, name)| name).collect();
        insta::assert_snapshot!(names.join("\n"), @"
        /account-onboarding/own/onboarding.toml/1cbc7dc249497cb7124a57bfddf642ab
        /account-onboarding/own/policies/read.json/29eb499a577cd77b0ed5af8c4da7ddb2
        ");
        let changed = FileIndex::new("/account-onboarding/own", &sample(&POLICY.replace("Allow", "Deny"))).unwrap();
        assert_ne!(changed.hash_of("policies/read.json"), index.hash_of("policies/read.json"));
        assert_eq!(changed.hash_of(ROOT), index.hash_of(ROOT));
    }

    #[test]
    fn configuration_is_not_an_index() {
        assert_eq!(FileIndex::parse(CONFIG), None);
        assert_eq!(FileIndex::parse(""), None);
    }

    #[test]
    fn hostile_index_is_refused() {
        let hash = "0".repeat(HASH_LENGTH);
        let with = |file: &str, hash: &str| {
            let root = "0".repeat(HASH_LENGTH);
            format!(r#"{{"format":"{FORMAT}","files":{{"onboarding.toml":"{root}","{file}":"{hash}"}}}}"#)
        };
        assert!(FileIndex::parse(&with("a/b.json", &hash)).unwrap().is_ok());
        for value in [
            with("../x.json", &hash),
            with("/etc/passwd", &hash),
            with("a/./x.json", &hash),
            with(".envrc", &hash),
            with("x.json", "../../x"),
            with("x.json", &hash.replace('0', "A")),
            with("onboarding.toml", &hash),
            format!(r#"{{"format":"{FORMAT}","files":{{"x.json":"{hash}"}}}}"#),
            format!(r#"{{"format":"{FORMAT}","files":[]}}"#),
            with("x", &hash).replace("account-onboarding/1", "account-onboarding/2"),
            "{".to_owned(),
            "{}".to_owned(),
        ] {
            assert!(FileIndex::parse(&value).unwrap().is_err(), "{value}");
        }
        let entries: Vec<_> = (0..MAX_FILES).map(|index| format!("\"{index}\":\"{hash}\"")).collect();
        let many = with("x", &hash).replace("\"x\":", &format!("{},\"x\":", entries.join(",")));
        insta::assert_snapshot!(FileIndex::parse(&many).unwrap().unwrap_err(), @"it names 102 files, and 100 is the limit");
    }

    proptest::proptest! {
        #[test]
        fn every_value_is_refused_or_an_index_of_safe_paths(file in "[a-z./_ \\\\-]{0,12}", hash in "[0-9a-fA-F]{30,33}", value in "\\{?.{0,40}") {
            let root = "0".repeat(HASH_LENGTH);
            let with_entry = format!(r#"{{"format":"{FORMAT}","files":{{"{ROOT}":"{root}","{file}":"{hash}"}}}}"#);
            for value in [value, with_entry] {
                if let Some(Ok(index)) = FileIndex::parse(&value) {
                    for (path, name) in index.parameters("/own") {
                        let is_safe = |level: &str| !level.is_empty() && !level.starts_with('.');
                        assert!(path.split('/').all(is_safe) && parameter_name(&name).is_ok(), "{value}");
                    }
                    assert_eq!(FileIndex::parse(&index.to_value()), Some(Ok(index)));
                }
            }
        }
    }

    #[test]
    fn number_of_files_and_length_of_names_are_limited() {
        let many = |count: usize, prefix: &str| {
            let names = (1..count).map(|index| (format!("{prefix}{index}.json"), "{}".to_owned()));
            FileSet::from_files(names.chain([(ROOT.to_owned(), CONFIG.to_owned())]).collect()).unwrap()
        };
        assert!(FileIndex::new("/own", &many(MAX_FILES, "policies/")).is_ok());
        let refused = |path: &str, files: &FileSet| FileIndex::new(path, files).unwrap_err();
        insta::assert_snapshot!(refused("/own", &many(MAX_FILES + 1, "")), @"the configuration and its files are 101 files, and 100 can be stored; combine policies, or move them inline");
        insta::assert_snapshot!(refused("/own", &many(2, &"a/".repeat(13))), @"`a/a/a/a/a/a/a/a/a/a/a/a/a/1.json` cannot be stored below `/own`: the name of an SSM parameter has 15 levels and 1011 characters at most; move the file up, or shorten its path");
        assert!(FileIndex::new("/own", &many(2, &"a/".repeat(12))).is_ok());
        insta::assert_snapshot!(refused(&format!("/{}", "x".repeat(910)), &many(2, "")), @"`onboarding.toml` cannot be stored below `/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx`: the name of an SSM parameter has 15 levels and 1011 characters at most; move the file up, or shorten its path");
        insta::assert_snapshot!(refused("/own", &many(MAX_FILES, &"y".repeat(40))), @"the index of 100 files has 8604 bytes, and an SSM parameter holds 8192 at most; use fewer files or shorter paths");
    }
}
