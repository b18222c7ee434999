//! The marked block in the bytes of a file.
//!
//! The markers name the management account, so that a file can have blocks of several organizations. A block is appended to
//! the file after a blank line, and stays where it is from then on, also if its user moves it. Its removal removes the blank
//! line, too, so that the file is again what it was.
//!
//! Comments do not end a section. A setting that a user adds after the block would therefore belong to its last profile,
//! and to another one after the next change: such a file is refused.

use super::section::Section;
use crate::account::AccountId;

/// The lines before and after the block of an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Markers {
    begin: String,
    end: String,
}

impl Markers {
    /// The markers of the organization with this management account.
    #[must_use]
    pub fn new(management: &AccountId) -> Self {
        let name = format!("onboard aws-config {management}");
        Self {
            begin: format!("# >>> {name}: generated, changes in this block are overwritten >>>"),
            end: format!("# <<< {name} <<<"),
        }
    }

    /// Whether a line is the begin of the block. The words after the account ID may change between versions.
    fn is_begin(&self, line: &[u8]) -> bool {
        let prefix = self.begin.split_inclusive(':').next().unwrap_or_default();
        line.trim_ascii().starts_with(prefix.as_bytes())
    }

    fn is_end(&self, line: &[u8]) -> bool {
        line.trim_ascii() == self.end.as_bytes()
    }
}

/// Why a block cannot be replaced. Lines are counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BlockError {
    /// There is no end.
    #[error(
        "line {0}: the block of `onboard aws-config` has no end; add its last line (`# <<< … <<<`), or remove this line"
    )]
    NoEnd(usize),
    /// There is no begin.
    #[error("line {0}: this is the end of a block of `onboard aws-config` that has no beginning; remove the line")]
    NoBegin(usize),
    /// There is more than one.
    #[error("line {0}: a second block of `onboard aws-config` begins here; remove one of the two")]
    Twice(usize),
    /// A setting after the block would belong to another profile after a change.
    #[error(
        "line {0}: this line follows the block of `onboard aws-config` and belongs to its last profile; move it into a profile outside the block"
    )]
    SettingAfter(usize),
}

/// A file in three parts. Together they are the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts<'a> {
    /// What precedes the block, or the whole file if there is none.
    pub before: &'a [u8],
    /// The lines between the markers.
    pub block: Option<&'a [u8]>,
    /// What follows the block.
    pub after: &'a [u8],
    begin: &'a [u8],
    end: &'a [u8],
}

impl<'a> Parts<'a> {
    /// Finds the block of an organization in a file.
    ///
    /// # Errors
    /// When the markers are incomplete or repeated, or a setting follows the block.
    pub fn find(file: &'a [u8], markers: &Markers) -> Result<Self, BlockError> {
        let mut begin = None;
        let mut end = None;
        let mut start = 0;
        for (index, line) in file.split_inclusive(|b| *b == b'\n').enumerate() {
            let number = index + 1;
            let found = (number, start..start + line.len());
            start += line.len();
            if markers.is_begin(line) {
                if begin.is_some() {
                    return Err(BlockError::Twice(number));
                }
                begin = Some(found);
            } else if markers.is_end(line) {
                if begin.is_none() || end.is_some() {
                    return Err(BlockError::NoBegin(number));
                }
                end = Some(found);
            }
        }
        let (begin, (end_line, end)) = match (begin, end) {
            (None, _) => return Ok(Self { before: file, block: None, after: &[], begin: &[], end: &[] }),
            (Some((line, _)), None) => return Err(BlockError::NoEnd(line)),
            (Some((_, begin)), Some(end)) => (begin, end),
        };
        let part = |range: std::ops::Range<usize>| file.get(range).unwrap_or_default();
        let after = part(end.end..file.len());
        let following = after.split(|b| *b == b'\n').zip(end_line + 1..);
        let mut settings = following.filter(|(line, _)| !is_blank_or_comment(line));
        if let Some((line, number)) = settings.next()
            && line.first() != Some(&b'[')
        {
            return Err(BlockError::SettingAfter(number));
        }
        let block = Some(part(begin.end..end.start));
        Ok(Self { before: part(0..begin.start), block, after, begin: part(begin), end: part(end) })
    }

    /// Everything outside the block, as text.
    #[must_use]
    pub fn outside(&self) -> String {
        format!("{}\n{}", String::from_utf8_lossy(self.before), String::from_utf8_lossy(self.after))
    }

    /// The lines between the markers, as text.
    #[must_use]
    pub fn inside(&self) -> String {
        String::from_utf8_lossy(self.block.unwrap_or_default()).into_owned()
    }
}

fn is_blank_or_comment(line: &[u8]) -> bool {
    matches!(line.trim_ascii().first(), None | Some(b'#' | b';'))
}

/// The file with these sections in the block. Without sections, the block is removed.
#[must_use]
pub fn replace(parts: &Parts<'_>, markers: &Markers, sections: &[Section]) -> Vec<u8> {
    let (ending, end_has_ending) = match parts.block {
        Some(_) => (line_ending(parts.begin), parts.end.ends_with(b"\n")),
        // A file whose last line has no line ending ends without one again.
        None => (line_ending(parts.before), parts.before.is_empty() || parts.before.ends_with(b"\n")),
    };
    let mut file = parts.before.to_vec();
    if sections.is_empty() {
        if parts.block.is_some() {
            remove_separator(&mut file, ending, end_has_ending);
        }
    } else {
        if parts.block.is_none() && !file.is_empty() {
            let blank = if end_has_ending { 1 } else { 2 };
            file.extend_from_slice(ending.repeat(blank).as_bytes());
        }
        file.extend_from_slice(text(markers, sections, ending).as_bytes());
        if end_has_ending {
            file.extend_from_slice(ending.as_bytes());
        }
    }
    file.extend_from_slice(parts.after);
    file
}

/// The block with its markers, without a line ending at its end.
fn text(markers: &Markers, sections: &[Section], ending: &str) -> String {
    let section = |section: &Section| {
        let lines = std::iter::once(format!("[{}]", section.header)).chain(section.lines.iter().cloned());
        lines.collect::<Vec<_>>().join(ending)
    };
    let sections: Vec<_> = sections.iter().map(section).collect();
    format!("{}{ending}{}{ending}{}", markers.begin, sections.join(&ending.repeat(2)), markers.end)
}

/// Removes the blank line that was added before the block, and the line ending that was missing before it.
fn remove_separator(file: &mut Vec<u8>, ending: &str, end_has_ending: bool) {
    let added = if end_has_ending { ending.to_owned() } else { ending.repeat(2) };
    // Without the blank line, a user has edited the lines before the block, and nothing there is ours.
    let is_ours = |rest: &[u8]| !end_has_ending || rest.ends_with(b"\n");
    if file.strip_suffix(added.as_bytes()).is_some_and(is_ours) {
        file.truncate(file.len() - added.len());
    }
}

/// The line ending of the first line.
fn line_ending(text: &[u8]) -> &'static str {
    let first = text.split_inclusive(|b| *b == b'\n').next().unwrap_or_default();
    if first.ends_with(b"\r\n") { "\r\n" } else { "\n" }
}

#[cfg(test)]
#[path = "block_tests.rs"]
mod tests;
