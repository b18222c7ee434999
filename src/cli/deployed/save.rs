//! Saves a configuration and its files. The paths come from names of parameters, which others may write: they were validated when
//! the index was read, and here no link leads out of the folder.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};

use crate::cli::new_file::{Existing, Readers, write_file};
use onboarding_core::config::deployed_files::{FileSet, ROOT};

/// The files to write, each with its content. The configuration itself is the last one.
pub(super) struct Target<'a> {
    files: Vec<(PathBuf, &'a str)>,
    existing: Existing,
}

impl<'a> Target<'a> {
    /// The configuration at `file`, and its files next to it. Nothing is written if one of them cannot be.
    pub(super) fn new(file: &Path, files: &'a FileSet, existing: Existing) -> anyhow::Result<Self> {
        let folder = file.parent().unwrap_or(Path::new(""));
        let mut target = Vec::new();
        for (path, text) in files.iter().filter(|(path, _)| *path != ROOT) {
            let mut at = folder.to_owned();
            for level in path.split('/') {
                let is_link = |at: &Path| std::fs::symlink_metadata(at).is_ok_and(|found| found.is_symlink());
                at.push(level);
                ensure!(
                    !is_link(&at),
                    "`{}` is a link; nothing was written, choose another folder with `--out`",
                    at.display()
                );
            }
            ensure!(
                existing == Existing::Replaced || std::fs::symlink_metadata(&at).is_err(),
                "`{}` exists already; compare with `--against`, or pass `--force` to replace it",
                at.display()
            );
            ensure!(
                file.file_name().is_none_or(|name| !name.eq_ignore_ascii_case(path)),
                "`{}` is also the name of a file of the configuration; choose another name with `--out`",
                file.display()
            );
            target.push((at, text));
        }
        target.push((file.to_owned(), files.text()));
        for (at, _) in &target {
            ensure_writable(at, &target)?;
        }
        Ok(Self { files: target, existing })
    }

    pub(super) fn write(&self, readers: Readers) -> anyhow::Result<()> {
        for (path, text) in &self.files {
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder).with_context(|| {
                    format!("cannot create the folder `{}`; choose another one with `--out`", folder.display())
                })?;
            }
            write_file(path, text, readers, self.existing)?;
        }
        Ok(())
    }
}

/// A path must be that of a file, and every level above it that of a folder: of those that exist, and of those that will.
fn ensure_writable(at: &Path, all: &[(PathBuf, &str)]) -> anyhow::Result<()> {
    ensure!(
        !at.is_dir() && !all.iter().any(|(other, _)| other != at && other.starts_with(at)),
        "`{}` is a folder; nothing was written, choose another name or folder with `--out`",
        at.display()
    );
    let file = at.ancestors().skip(1).find(|above| above.exists() && !above.is_dir());
    ensure!(
        file.is_none(),
        "`{}` is not a folder; nothing was written, choose another folder with `--out`",
        file.unwrap_or(at).display()
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use onboarding_core::config::Folder;

    const POLICY: &str =
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:ListAllMyBuckets","Resource":"*"}]}"#;

    fn sample(folder: &Path) -> FileSet {
        std::fs::create_dir_all(folder.join("policies/deep")).unwrap();
        std::fs::write(folder.join("policies/deep/read.json"), POLICY).unwrap();
        let config = "[[role]]\nname = \"reader\"\npolicies = { read = { file = \"policies/deep/read.json\" } }\n[[role.trust]]\n\
                      principal = \"482913650127\"\n";
        FileSet::collect(config, &Folder::containing(&folder.join("own.toml"))).unwrap().1
    }

    #[test]
    fn files_are_saved_next_to_the_configuration_and_existing_ones_are_kept() {
        let [source, target] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let files = sample(source.path());
        let out = target.path().join("new/own.toml");
        let save = |existing| Target::new(&out, &files, existing).and_then(|target| target.write(Readers::All));
        save(Existing::Kept).unwrap();
        assert_eq!(std::fs::read_to_string(&out).unwrap(), files.text());
        let policy = target.path().join("new/policies/deep/read.json");
        assert_eq!(std::fs::read_to_string(&policy).unwrap(), POLICY);
        std::fs::remove_file(&out).unwrap();
        std::fs::write(&policy, "mine").unwrap();
        let error = save(Existing::Kept).unwrap_err().to_string();
        assert!(error.contains("read.json` exists already") && !out.exists(), "nothing is written: {error}");
        save(Existing::Replaced).unwrap();
        assert_eq!(std::fs::read_to_string(&policy).unwrap(), POLICY);
    }

    #[cfg(unix)]
    #[test]
    fn no_link_leads_out_of_the_folder() {
        let [source, target, outside] = [(); 3].map(|()| tempfile::tempdir().unwrap());
        let files = sample(source.path());
        std::os::unix::fs::symlink(outside.path(), target.path().join("policies")).unwrap();
        let error = Target::new(&target.path().join("own.toml"), &files, Existing::Replaced).err().unwrap().to_string();
        assert!(error.contains("policies` is a link"), "{error}");
        assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 0);
    }

    #[test]
    fn nothing_is_written_if_a_path_is_a_file_and_a_folder() {
        let [source, target] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let files = sample(source.path());
        let refused = |out: &str| {
            let out = target.path().join(out);
            let saved = Target::new(&out, &files, Existing::Replaced).and_then(|target| target.write(Readers::All));
            saved.unwrap_err().to_string()
        };
        let written = || std::fs::read_dir(target.path()).unwrap().count();
        assert!(refused("policies").contains("policies` is a folder; nothing was written"));
        assert_eq!(written(), 0);
        std::fs::create_dir_all(target.path().join("used/policies/deep/read.json")).unwrap();
        assert!(refused("used/own.toml").contains("read.json` is a folder; nothing was written"));
        std::fs::write(target.path().join("text"), "").unwrap();
        assert!(refused("text/own.toml").contains("text` is not a folder; nothing was written"));
        std::fs::create_dir(target.path().join("own.toml")).unwrap();
        assert!(refused("own.toml").contains("own.toml` is a folder; nothing was written"));
        assert_eq!(written(), 3);
    }

    #[test]
    fn configuration_does_not_replace_one_of_its_files() {
        let source = tempfile::tempdir().unwrap();
        std::fs::write(source.path().join("read.json"), POLICY).unwrap();
        let config = "[[role]]\nname = \"reader\"\npolicies = { read = { file = \"read.json\" } }\n[[role.trust]]\n\
                      principal = \"482913650127\"\n";
        let files = FileSet::collect(config, &Folder::containing(&source.path().join("own.toml"))).unwrap().1;
        let error = Target::new(Path::new("nowhere/read.json"), &files, Existing::Replaced).err().unwrap().to_string();
        assert!(error.contains("is also the name of a file"), "{error}");
    }
}
