//! A file of the user's with known accounts, in the format of the community list `fwdcloudsec/known_aws_accounts`
//! (`accounts.yaml`). The list itself is not part of this program.
//!
//! ```yaml
//! - name: 'Example Vendor'
//!   source: ['https://example.com/aws']   # or one string; may be left out
//!   accounts: ['210987654321']
//!   type: 'aws'                           # for accounts of AWS services
//! ```
//!
//! The file comes from the internet, so it is read as hostile: its size and depth are limited, aliases are refused (a few lines of
//! them can stand for gigabytes), and scalars are taken as they are written, because a number would lose its leading zeros. Lists
//! that many people edit have mistakes. An entry that is not valid is left out with a warning and does not affect the others.
//!
//! See <https://github.com/fwdcloudsec/known_aws_accounts/blob/main/schema.json>.

use saphyr_parser::{Event, Parser, Span};

use super::known_account::{KnownAccount, KnownBy};
use crate::account::AccountId;
use crate::text::{Untrusted, excerpt};

/// The largest file that is read, in bytes. The community list has 36 kB.
pub const LARGEST_FILE: usize = 1024 * 1024;

/// The deepest nesting: a list of mappings of lists is 3.
const DEEPEST: usize = 8;

/// The longest name and the longest link that are kept, in characters.
const LONGEST_NAME: usize = 100;
const LONGEST_LINK: usize = 300;

/// Why a file is not a list of known accounts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommunityFileError {
    /// It is too large.
    #[error("the file is larger than {} kB", LARGEST_FILE / 1024)]
    TooLarge,
    /// It is not YAML.
    #[error("line {line}: not valid YAML: {problem}")]
    NotYaml {
        /// The line.
        line: usize,
        /// The message of the parser.
        problem: String,
    },
    /// It uses a part of YAML that such a list does not need.
    #[error("line {line}: {problem}")]
    Refused {
        /// The line.
        line: usize,
        /// The problem, and what to do.
        problem: &'static str,
    },
}

/// The accounts of a file, and a warning for each entry that is left out.
#[derive(Debug, Default)]
pub struct CommunityFile {
    /// The accounts.
    pub accounts: Vec<(AccountId, KnownAccount)>,
    /// The warnings, each with its line.
    pub warnings: Vec<String>,
}

/// Reads a file of known accounts.
///
/// # Errors
/// When the file is not a YAML list within the limits.
pub fn read_community_file(text: &str) -> Result<CommunityFile, CommunityFileError> {
    if text.len() > LARGEST_FILE {
        return Err(CommunityFileError::TooLarge);
    }
    let Some(Node { value: Value::List(entries), .. }) = parse(&with_indented_brackets(text))? else {
        return Err(CommunityFileError::Refused {
            line: 1,
            problem: "the file is not a list; it must have entries such as `- name: Example` with `accounts`",
        });
    };
    let mut file = CommunityFile::default();
    for entry in &entries {
        read_entry(entry, &mut file);
    }
    Ok(file)
}

fn read_entry(entry: &Node, file: &mut CommunityFile) {
    let CommunityFile { accounts, warnings } = file;
    let mut warn = |line: usize, problem: String| warnings.push(format!("line {line}: {problem}"));
    let Value::Map(fields) = &entry.value else {
        return warn(entry.line, "the entry is not a mapping with `name` and `accounts`; it is left out".to_owned());
    };
    let field = |name: &str| fields.iter().find(|(key, _)| key == name).map(|(_, node)| node);
    let Some(name) = field("name").and_then(Node::text).filter(|name| !name.trim().is_empty()) else {
        return warn(entry.line, "the entry has no `name`; it is left out".to_owned());
    };
    let source = field("source").and_then(|source| source.texts().next());
    let source = source.filter(|link| link.starts_with("https://") || link.starts_with("http://"));
    let Some(listed) = field("accounts") else {
        return warn(entry.line, format!("`{}` has no `accounts`; it is left out", Untrusted::new(name)));
    };
    let name = excerpt(name.trim(), LONGEST_NAME);
    let name = if field("type").and_then(Node::text) == Some("aws") { format!("{name} (AWS)") } else { name };
    if matches!(listed.value, Value::Map(_))
        || matches!(&listed.value, Value::List(all) if all.len() > listed.texts().count())
    {
        warn(listed.line, format!("an account of `{}` is not a string; it is left out", Untrusted::new(&name)));
    }
    for text in listed.texts() {
        let known = KnownAccount {
            name: name.clone(),
            by: KnownBy::File,
            source: source.map(|link| excerpt(link, LONGEST_LINK)),
            retrieved: None,
        };
        match text.parse() {
            Ok(id) => accounts.push((id, known)),
            Err(error) => warn(listed.line, format!("account of `{}`: {error}", Untrusted::new(&name))),
        }
    }
}

/// The text with more white space before a bracket that closes a list on a line of its own. The community list has such brackets
/// at the indentation of the key, which YAML 1.2 does not allow and most parsers accept.
fn with_indented_brackets(text: &str) -> String {
    let line = |line: &str| match line.trim_start().starts_with([']', '}']) {
        true => format!("        {line}"),
        false => line.to_owned(),
    };
    text.split_inclusive('\n').map(line).collect()
}

/// A part of the file, and its line.
struct Node {
    value: Value,
    line: usize,
}

enum Value {
    Text(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

impl Node {
    fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            Value::List(_) | Value::Map(_) => None,
        }
    }

    /// The strings of a list, or the one string.
    fn texts(&self) -> impl Iterator<Item = &str> {
        let all = match &self.value {
            Value::Text(_) => std::slice::from_ref(self),
            Value::List(all) => all.as_slice(),
            Value::Map(_) => &[],
        };
        all.iter().filter_map(Self::text)
    }
}

/// A list or a mapping whose end was not reached yet.
struct Open {
    node: Node,
    /// The key whose value comes next.
    key: Option<String>,
}

/// The first document of the file.
fn parse(text: &str) -> Result<Option<Node>, CommunityFileError> {
    let mut open: Vec<Open> = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| CommunityFileError::NotYaml {
            line: error.marker().line(),
            problem: excerpt(error.info(), LONGEST_NAME),
        })?;
        let line = line_of(&span);
        let refused = |problem| Err(CommunityFileError::Refused { line, problem });
        let closed = match event {
            Event::Alias(_) => return refused("aliases (`*name`) are not read; write the values"),
            Event::Scalar(text, ..) => Some(Node { value: Value::Text(text.into_owned()), line }),
            Event::SequenceStart(..) | Event::MappingStart(..) if open.len() >= DEEPEST => {
                return refused("the file is nested too deeply for a list of accounts");
            }
            Event::SequenceStart(..) => {
                open.push(Open { node: Node { value: Value::List(Vec::new()), line }, key: None });
                None
            }
            Event::MappingStart(..) => {
                open.push(Open { node: Node { value: Value::Map(Vec::new()), line }, key: None });
                None
            }
            Event::SequenceEnd | Event::MappingEnd => open.pop().map(|open| open.node),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd => {
                None
            }
        };
        let Some(closed) = closed else { continue };
        match open.last_mut() {
            None => return Ok(Some(closed)),
            Some(parent) => parent.add(closed),
        }
    }
    Ok(None)
}

impl Open {
    fn add(&mut self, child: Node) {
        match (&mut self.node.value, self.key.take()) {
            (Value::List(all), _) => all.push(child),
            (Value::Map(all), Some(key)) => all.push((key, child)),
            // A key that is a list or a mapping names no field of an entry.
            (Value::Map(_), None) => self.key = Some(child.text().unwrap_or_default().to_owned()),
            (Value::Text(_), _) => {}
        }
    }
}

fn line_of(span: &Span) -> usize {
    span.start.line()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        match read_community_file(text) {
            Ok(CommunityFile { accounts, warnings }) => {
                let line = |(id, known): &(AccountId, KnownAccount)| {
                    format!("{id} {} {}", known.name, known.source.as_deref().unwrap_or("-"))
                };
                accounts.iter().map(line).chain(warnings).collect::<Vec<_>>().join("\n")
            }
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn entries_are_read_in_each_form_of_the_list() {
        let text = "\
# a comment
- name: 'One'
  source: ['https://example.com/one', 'https://example.com/two']
  accounts: ['210987654321', \"012345678901\"]
- name: Two, Inc.
  type: 'aws'
  source: https://example.com/b
  accounts:
    - 017663287629
- accounts: ['310987654321']
  name: 'Three'
  # no source
- name: 'Four'
  source: [
    'https://example.com/four'
  ]
  accounts: [
    '410987654321',
  ]
";
        insta::assert_snapshot!(read(text), @"
        210987654321 One https://example.com/one
        012345678901 One https://example.com/one
        017663287629 Two, Inc. (AWS) https://example.com/b
        310987654321 Three -
        410987654321 Four https://example.com/four
        ");
    }

    #[test]
    fn entries_that_are_not_valid_do_not_affect_the_others() {
        let text = "\
- name: 'One'
  accounts: ['2109876543', 'x', '210987654321', ['310987654321'], {a: b}]
- just text
- name: ['a']
  accounts: ['410987654321']
- name: \"Hostile \\u202e\\e[2J\"
  source: 'javascript:alert(1)'
  accounts: '510987654321'
- name: 'No accounts'
- {name: x, ? [complex, key] : y, accounts: ['610987654321']}
";
        insta::assert_snapshot!(read(text), @"
        210987654321 One -
        510987654321 Hostile ??[2J -
        610987654321 x -
        line 2: an account of `One` is not a string; it is left out
        line 2: account of `One`: `2109876543` is not a valid account ID; write exactly twelve digits, in quotes
        line 2: account of `One`: `x` is not a valid account ID; write exactly twelve digits, in quotes
        line 3: the entry is not a mapping with `name` and `accounts`; it is left out
        line 4: the entry has no `name`; it is left out
        line 9: `No accounts` has no `accounts`; it is left out
        ");
    }

    #[test]
    fn file_that_is_not_a_list_is_an_error() {
        for (text, expected) in [
            ("", "line 1: the file is not a list"),
            ("name: x", "line 1: the file is not a list"),
            ("<!DOCTYPE html><html>", "line 1: the file is not a list"),
            ("- [", "not valid YAML"),
            ("- name: 'x", "not valid YAML"),
            ("- &a ['x']\n- *a", "line 2: aliases"),
        ] {
            let error = read_community_file(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    #[test]
    fn hostile_files_are_refused_at_once() {
        assert_eq!(read(&"- ".repeat(50)), "line 1: the file is nested too deeply for a list of accounts");
        // The parser has a limit of its own, which it may reach first.
        for deep in ["[", "- ", "{a: ", "? "] {
            let error = read(&deep.repeat(100_000));
            assert!(error.contains("nested too deeply") || error.contains("not valid YAML"), "{deep}: {error}");
        }
        assert_eq!(read(&" ".repeat(LARGEST_FILE + 1)), "the file is larger than 1024 kB");
        let laughs = "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]";
        assert_eq!(read(laughs), "line 2: aliases (`*name`) are not read; write the values");
    }
}
