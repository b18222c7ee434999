use std::fs::File;
use std::io::Read;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink};

use tempfile::TempDir;

use super::*;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

/// A folder with a file, and the names in it after a report was written.
struct Scenario {
    folder: TempDir,
}

impl Scenario {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

/// A command that ends in between, or a full disk, leaves the old report, because it is never shortened.
#[test]
fn old_report_is_replaced_as_a_whole_and_keeps_its_mode() {
    let scenario = Scenario::new();
    let path = scenario.path("audit.csv");
    fs::write(&path, "old").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let mut reader = File::open(&path).unwrap();
    ensure_can_write(&path).unwrap();
    assert_eq!(write_output(&path, "new").unwrap(), Written::ToFile);
    let mut seen = String::new();
    reader.read_to_string(&mut seen).unwrap();
    assert_eq!((seen.as_str(), fs::read_to_string(&path).unwrap().as_str()), ("old", "new"));
    assert_eq!((mode(&path), scenario.names()), (0o640, vec!["audit.csv".to_owned()]));
}

#[test]
fn new_report_has_the_mode_of_any_new_file() {
    let scenario = Scenario::new();
    let (path, other) = (scenario.path("audit.csv"), scenario.path("other"));
    ensure_can_write(&path).unwrap();
    assert!(scenario.names().is_empty());
    write_output(&path, "new").unwrap();
    File::create(&other).unwrap();
    assert_eq!(mode(&path), mode(&other));
    assert_eq!(scenario.names(), ["audit.csv", "other"]);
}

#[test]
fn symbolic_links_stay_and_their_target_is_written() {
    let scenario = Scenario::new();
    fs::create_dir(scenario.path("reports")).unwrap();
    symlink("reports/audit.csv", scenario.path("second")).unwrap();
    symlink("second", scenario.path("first")).unwrap();
    // At first, there is no file at their end.
    for text in ["one", "two"] {
        ensure_can_write(&scenario.path("first")).unwrap();
        write_output(&scenario.path("first"), text).unwrap();
        assert_eq!(fs::read_to_string(scenario.path("reports/audit.csv")).unwrap(), text);
    }
    for link in ["first", "second"] {
        assert!(fs::symlink_metadata(scenario.path(link)).unwrap().is_symlink());
    }
    assert_eq!(fs::read_dir(scenario.path("reports")).unwrap().count(), 1);
    symlink("circle", scenario.path("circle")).unwrap();
    assert!(ensure_can_write(&scenario.path("circle")).is_err());
    assert!(write_output(&scenario.path("circle"), "x").is_err());
}

#[test]
fn devices_and_pipes_are_written_and_stay() {
    for device in ["/dev/null", "/dev/stdout"] {
        let before = fs::symlink_metadata(device).unwrap();
        ensure_can_write(Path::new(device)).unwrap();
        assert!(matches!(find(Path::new(device)).unwrap(), Target::Special));
        let after = fs::symlink_metadata(device).unwrap();
        assert_eq!((before.ino(), before.file_type()), (after.ino(), after.file_type()));
    }
    write_output(Path::new("/dev/null"), "x").unwrap();
    assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());

    let scenario = Scenario::new();
    let pipe = scenario.path("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    ensure_can_write(&pipe).unwrap();
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || fs::read_to_string(pipe).unwrap()
    });
    write_output(&pipe, "through the pipe").unwrap();
    assert_eq!(reader.join().unwrap(), "through the pipe");
    assert!(fs::metadata(&pipe).unwrap().file_type().is_fifo());
    assert_eq!(scenario.names(), ["pipe"]);
}

/// As with `/dev/stdout` if a shell redirects it to a file.
#[test]
#[cfg(target_os = "linux")]
fn open_file_of_a_process_is_written_in_place() {
    use std::os::fd::AsRawFd;
    let scenario = Scenario::new();
    let file = File::create(scenario.path("redirected")).unwrap();
    let descriptor = format!("/proc/self/fd/{}", file.as_raw_fd());
    symlink(&descriptor, scenario.path("link")).unwrap();
    for (path, content) in [(PathBuf::from(&descriptor), "one"), (scenario.path("link"), "oneone")] {
        assert_eq!(write_output(&path, "one").unwrap(), Written::ToSpecial);
        assert_eq!(fs::read_to_string(scenario.path("redirected")).unwrap(), content);
    }
    assert_eq!(file.metadata().unwrap().ino(), fs::metadata(scenario.path("redirected")).unwrap().ino());
    assert_eq!(scenario.names(), ["link", "redirected"]);
}

#[test]
fn folder_is_not_a_file() {
    let scenario = Scenario::new();
    let error = ensure_can_write(scenario.folder.path()).unwrap_err().to_string();
    assert!(error.ends_with("is not a file; pass the name of a file"), "{error}");
    assert!(write_output(scenario.folder.path(), "x").is_err());
    let missing = scenario.path("nowhere/audit.csv");
    for error in [ensure_can_write(&missing).unwrap_err(), write_output(&missing, "x").unwrap_err()] {
        assert!(error.to_string().ends_with("nowhere/audit.csv`; check the folder and its permissions"), "{error}");
    }
}

/// Root may write in any folder, so that the reasons are tested instead of a folder without permissions.
#[test]
fn file_is_written_in_place_if_it_may_not_be_replaced_but_not_on_a_full_disk() {
    let may = |code| may_be_written_in_place(&io::Error::from_raw_os_error(code));
    // EPERM, EACCES, EBUSY, EROFS; ENOSPC, EDQUOT and EIO.
    assert!([1, 13, 16, 30].into_iter().all(may));
    assert!(![28, 122, 5].into_iter().any(may));
}
