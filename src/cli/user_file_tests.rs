use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

/// The names in a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = entries.collect();
    names.sort();
    names
}

#[test]
fn mode_is_kept_and_backups_do_not_overwrite_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    fs::write(&path, "one").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    for (content, backup) in [("two", "config.bak"), ("three", "config.bak-2")] {
        let file = UserFile::read(&path).unwrap();
        let path = file.backup_path();
        assert_eq!(path.as_deref(), Some(folder.path().join(backup).as_path()));
        file.replace(content.as_bytes(), path.as_deref()).unwrap();
    }
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    assert_eq!(
        (read("config"), read("config.bak"), read("config.bak-2")),
        ("three".into(), "one".into(), "two".into())
    );
    assert_eq!((mode(&path), mode(&folder.path().join("config.bak"))), (0o640, 0o640));
    assert_eq!(names(folder.path()), ["config", "config.bak", "config.bak-2"]);
}

#[test]
fn new_file_and_its_folder_are_private() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".aws/config");
    let file = UserFile::read(&path).unwrap();
    assert_eq!((file.content.as_slice(), file.backup_path()), (&b""[..], None));
    file.replace(b"x", None).unwrap();
    assert_eq!((mode(&path), mode(&folder.path().join(".aws"))), (0o600, 0o700));
}

#[test]
fn symbolic_link_stays_one() {
    let folder = tempfile::tempdir().unwrap();
    let (target, link) = (folder.path().join("dotfiles"), folder.path().join("config"));
    fs::write(&target, "one").unwrap();
    symlink("dotfiles", &link).unwrap();
    let file = UserFile::read(&link).unwrap();
    file.replace(b"two", file.backup_path().as_deref()).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read_to_string(&target).unwrap(), "two");
    assert_eq!(names(folder.path()), ["config", "dotfiles", "dotfiles.bak"]);
    fs::remove_file(&target).unwrap();
    let error = UserFile::read(&link).err().unwrap().to_string();
    assert!(error.contains("is a symbolic link to a file that does not exist"), "{error}");
}

#[test]
fn file_that_was_changed_in_the_meantime_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    fs::write(&path, "one").unwrap();
    let file = UserFile::read(&path).unwrap();
    fs::write(&path, "theirs").unwrap();
    let error = file.replace(b"two", file.backup_path().as_deref()).unwrap_err().to_string();
    assert!(error.contains("was changed in the meantime"), "{error}");
    assert_eq!(
        (fs::read_to_string(&path).unwrap(), names(folder.path())),
        ("theirs".into(), vec!["config".to_owned()])
    );
}

#[test]
fn folder_is_not_a_file() {
    let folder = tempfile::tempdir().unwrap();
    assert!(UserFile::read(folder.path()).err().unwrap().to_string().contains("is not a file"));
}
