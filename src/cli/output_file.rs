//! The file of `--out` for a report, which replaces an older one: as a whole or not at all.
//!
//! The report is written next to the file and renamed over it, so that a command that is interrupted, or a full disk, leaves the
//! old report. A symbolic link stays one, and an existing file keeps its mode and owner. Two kinds of files are
//! not replaced but written:
//!
//! - devices and pipes, such as `/dev/stdout`, `/dev/null` or the FIFO that another program reads: renaming would replace them;
//! - a file that may be written, but not replaced: its folder is read-only for the user, it belongs to someone else, or a container
//!   has mounted it.

use std::fs::{self, Metadata};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::new_file::{cannot_write, folder, is_of_system, probe_folder, shown};
use super::output::eprint_lines;
use super::user_file::keep_owner;
use onboarding_core::lines::Line;

/// The most symbolic links that are followed, as on Linux.
const MAX_LINKS: usize = 40;

/// Fails if [`write_report`] could not write the file, so that no one waits for a report that cannot be kept. The content of the
/// file stays. A device or a pipe is not opened.
pub(super) fn ensure_can_write(path: &Path) -> anyhow::Result<()> {
    let cannot_write = || cannot_write(path);
    match find(path).with_context(cannot_write)? {
        Target::Special => Ok(()),
        Target::Existing(file, _) => {
            fs::OpenOptions::new().write(true).open(file).map(|_| ()).with_context(cannot_write)
        }
        Target::New(file) => probe_folder(&file),
        Target::Folder => bail!("`{}` is not a file; pass the name of a file", shown(path)),
    }
}

/// Writes a report to a file, which is created or replaced, and prints a summary: to stderr if the report may have gone to stdout.
pub(super) fn write_report(path: &Path, text: &str, summary: &str) -> anyhow::Result<()> {
    let summary = format!("Wrote {}: {summary}", shown(path));
    match write_output(path, text)? {
        Written::ToFile => print_line!("{summary}"),
        Written::ToSpecial => eprint_lines(&[Line::verbatim(0).text(summary)]),
    }
    Ok(())
}

/// Where a report was written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Written {
    ToFile,
    ToSpecial,
}

fn write_output(path: &Path, text: &str) -> anyhow::Result<Written> {
    let write = || match find(path)? {
        Target::Existing(file, old) => match replace(&file, Some(&old), text) {
            Err(error) if may_be_written_in_place(&error) => fs::write(file, text).map(|()| Written::ToFile),
            done => done.map(|()| Written::ToFile),
        },
        Target::New(file) => replace(&file, None, text).map(|()| Written::ToFile),
        Target::Special | Target::Folder => append(path, text).map(|()| Written::ToSpecial),
    };
    write().with_context(|| cannot_write(path))
}

/// Writes to the end of what exists: a shell that redirects stdout to a file may have written to it before.
fn append(path: &Path, text: &str) -> io::Result<()> {
    fs::OpenOptions::new().append(true).open(path)?.write_all(text.as_bytes())
}

/// What a path leads to.
enum Target {
    /// A file, at the end of symbolic links.
    Existing(PathBuf, Metadata),
    /// Nothing: a file of this path is created.
    New(PathBuf),
    Folder,
    /// A device, a pipe, or an open file of a process.
    Special,
}

/// Follows the symbolic links of a path, whose last one may lead to a file that does not exist.
///
/// A file below `/dev` or `/proc` is never replaced, even if it is a regular one: `/dev/stdout` is a link to `/proc/self/fd/1`,
/// which leads to the file to which a shell redirects stdout.
fn find(path: &Path) -> io::Result<Target> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        let folder = match fs::canonicalize(folder(&path)) {
            Ok(folder) => folder,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Target::New(path)),
            Err(error) => return Err(error),
        };
        if is_of_system(&folder) {
            return Ok(Target::Special);
        }
        match fs::symlink_metadata(&path) {
            Ok(found) if found.is_symlink() => path = folder.join(fs::read_link(&path)?),
            Ok(found) if found.is_file() => return Ok(Target::Existing(path, found)),
            Ok(found) if found.is_dir() => return Ok(Target::Folder),
            Ok(_) => return Ok(Target::Special),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Target::New(path)),
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other("too many symbolic links"))
}

/// Writes a temporary file next to the file, and renames it.
fn replace(file: &Path, old: Option<&Metadata>, text: &str) -> io::Result<()> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".onboarding-").suffix(".tmp");
    // A temporary file is for its owner alone, unless it says otherwise. That of an existing file gets its mode at the end.
    #[cfg(unix)]
    if old.is_none() {
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    }
    let mut new = builder.tempfile_in(folder(file))?;
    new.write_all(text.as_bytes())?;
    if let Some(old) = old {
        keep_owner(new.as_file(), old)?;
        new.as_file().set_permissions(old.permissions())?;
    }
    new.as_file().sync_all()?;
    new.persist(file).map_err(|error| error.error)?;
    Ok(())
}

/// Whether a file that cannot be replaced for this reason may still be written. A full disk is not such a reason.
fn may_be_written_in_place(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem | ErrorKind::ResourceBusy)
}

#[cfg(test)]
#[cfg(unix)]
#[path = "output_file_tests.rs"]
mod tests;
