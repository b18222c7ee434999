//! A file with account IDs: one on each line, or a CSV file.
//!
//! The IDs are in the first column, unless the first line names the columns and one of them is `account_id`: so the output of
//! `onboard accounts list --format csv` is such a file. Blank lines, and what follows a `#`, are ignored. Each line is read by
//! itself, so that a quote that is not closed cannot hide the lines after it.
//!
//! An ID in a column that the first line does not name is an error: in `444455556666,555566667777`, the second one would be ignored.

use csv::{ReaderBuilder, StringRecord, Trim};

use super::id::typed_account_id;
use crate::account::AccountId;
use crate::text::Untrusted;

/// The names of the column with the ID, without case and separators: as this tool, the AWS CLI and the console's export write it.
/// If a file has several of them, the first name here decides.
const ID_COLUMNS: &[&str] = &["accountid", "id", "account"];

const SEPARATORS: &str = "separate the columns with commas";
const SEVERAL: &str = "several account IDs; write one on each line";

/// Where the IDs are.
struct Columns {
    /// The column with the IDs.
    ids: usize,
    /// The number of columns that are named, or 1.
    named: usize,
}

/// An error in a line of a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{line}: {problem}")]
pub struct LineError {
    /// The line.
    pub line: usize,
    /// The problem, and what to write.
    pub problem: String,
}

/// Reads the accounts of a file, each with its line.
///
/// # Errors
/// Every error of the file.
pub fn parse_account_file(text: &str) -> Result<Vec<(usize, AccountId)>, Vec<LineError>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n").replace('\r', "\n");
    let mut accounts = Vec::new();
    let mut errors = Vec::new();
    let mut columns = None;
    for (line, content) in (1..).zip(text.split('\n')) {
        let content = content.trim();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        let cells = match cells(content) {
            Ok(cells) => cells,
            Err(problem) => {
                errors.push(LineError { line, problem });
                continue;
            }
        };
        let columns = match &columns {
            Some(columns) => columns,
            None => {
                let ids = id_column(&cells);
                let named = if ids.is_some() { cells.len() } else { 1 };
                let columns = columns.insert(Columns { ids: ids.unwrap_or(0), named });
                if ids.is_some() && !cells.iter().any(is_id) {
                    continue;
                }
                columns
            }
        };
        match id_in(&cells, columns) {
            Ok(id) => accounts.push((line, id)),
            // A file with other separators has them in every line.
            Err(problem) if problem == SEPARATORS && errors.iter().any(|error| error.problem == SEPARATORS) => {}
            Err(problem) => errors.push(LineError { line, problem }),
        }
    }
    if accounts.is_empty() && errors.is_empty() {
        errors.push(LineError {
            line: 1,
            problem: "the file names no account; write one account ID on each line".to_owned(),
        });
    }
    if errors.is_empty() { Ok(accounts) } else { Err(errors) }
}

fn cells(line: &str) -> Result<StringRecord, String> {
    if line.matches('"').count() % 2 == 1 {
        return Err("a quote is not closed; add the missing `\"`".to_owned());
    }
    let mut reader = ReaderBuilder::new().has_headers(false).trim(Trim::All).from_reader(line.as_bytes());
    reader.records().next().and_then(Result::ok).ok_or_else(|| "the line is not CSV".to_owned())
}

/// The column that the cells of a first line name as the one with the IDs.
fn id_column(cells: &StringRecord) -> Option<usize> {
    let name = |cell: &str| cell.chars().filter(|c| !matches!(c, ' ' | '_' | '-')).collect::<String>();
    ID_COLUMNS.iter().find_map(|column| cells.iter().position(|cell| column.eq_ignore_ascii_case(&name(cell))))
}

fn id_in(cells: &StringRecord, columns: &Columns) -> Result<AccountId, String> {
    let column = columns.ids;
    let Some(cell) = cells.get(column) else {
        return Err(format!("the line has no column {}, which has the account IDs; add the ID", column + 1));
    };
    if has_several(cells, columns) {
        return Err(SEVERAL.to_owned());
    }
    let (cell, _) = before_comment(cell);
    if cells.len() == 1 && cell.contains([';', '\t']) {
        return Err(SEPARATORS.to_owned());
    }
    typed_account_id(cell).map_err(|problem| format!("`{}`: {problem}", Untrusted::new(cell)))
}

/// Whether the cell with the ID has more than one, or a cell of a column without a name has one, before a comment.
fn has_several(cells: &StringRecord, columns: &Columns) -> bool {
    let in_cell = |cell: &str| cell.split([',', ';', ' ', '\t', '|']).filter(|word| is_id(word)).count();
    let mut found = 0;
    for (index, cell) in cells.iter().enumerate() {
        let (cell, is_commented) = before_comment(cell);
        if index == columns.ids {
            found += in_cell(cell);
        } else if index >= columns.named && is_id(cell) {
            found += 1;
        }
        if is_commented && index >= columns.ids {
            break;
        }
    }
    found > 1
}

/// A cell without the comment in it, and whether there is one.
fn before_comment(cell: &str) -> (&str, bool) {
    cell.split_once('#').map_or((cell.trim(), false), |(before, _)| (before.trim(), true))
}

/// Whether a text is an account ID, also if it is written with dashes, as the console shows it.
fn is_id(text: &str) -> bool {
    text.trim().replace('-', "").parse::<AccountId>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        let show = |(line, id): &(usize, AccountId)| format!("{line} {id}");
        match parse_account_file(text) {
            Ok(accounts) => accounts.iter().map(show).collect::<Vec<_>>().join("\n"),
            Err(errors) => errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
        }
    }

    #[test]
    fn ids_are_read_from_lines_and_from_csv() {
        let lines = "\u{feff}# accounts of the pilot\r\n\r\n444455556666\r\n  555566667777  # payments\r\n";
        insta::assert_snapshot!(read(lines), @"
        3 444455556666
        4 555566667777
        ");
        insta::assert_snapshot!(read("444455556666,payments\n\"555566667777\",\"a, b\""), @"
        1 444455556666
        2 555566667777
        ");
        let listed = "\"account_name\",\"account_id\",\"unit\"\r\n\"'=cmd\",\"444455556666\",\"Root\"\r\n";
        insta::assert_snapshot!(read(listed), @"2 444455556666");
        insta::assert_snapshot!(read("Account ID\n444455556666"), @"2 444455556666");
        // Another column may contain account IDs, too, such as those of payers.
        insta::assert_snapshot!(read("account,id,account_id\n111122223333,7,444455556666"), @"2 444455556666");
    }

    #[test]
    fn line_with_several_ids_is_an_error() {
        let several = [
            "444455556666,555566667777",
            "444455556666, 5555-6666-7777",
            "444455556666 555566667777",
            "444455556666;555566667777",
            "444455556666\t555566667777",
            "\"444455556666,555566667777\"",
            "444455556666,payments,555566667777",
            "account_id\n444455556666,555566667777",
            "account_id,444455556666",
            "666677778888\n444455556666,555566667777 # both",
        ];
        for text in several {
            let line = text.lines().count();
            let expected = if text == "account_id,444455556666" {
                "1: `account_id`: an account ID has 12 digits and no other characters; `aws organizations list-accounts` shows the IDs".to_owned()
            } else {
                format!("{line}: several account IDs; write one on each line")
            };
            assert_eq!(read(text), expected, "{text}");
        }
        // The columns have names, or what follows is a comment.
        for text in [
            "account_id,payer\n444455556666,111122223333",
            "payer,account_id\n111122223333,444455556666",
            "444455556666 # not 555566667777, 666677778888, 777788889999",
            "444455556666,# 555566667777",
            "444455556666,ticket 555566667777",
        ] {
            assert!(read(text).ends_with(" 444455556666"), "{text}: {}", read(text));
        }
    }

    #[test]
    fn every_error_has_its_line() {
        let text = "444455556666\n44445555666\nname\n\n\"444455556666,x\n777788889999;x\n4444-5555-6666\n\u{1b}[2J";
        insta::assert_snapshot!(read(text), @r#"
        2: `44445555666`: it has 11 digits, and an account ID has 12; a leading zero may be missing; `aws organizations list-accounts` shows the IDs
        3: `name`: an account ID has 12 digits and no other characters; `aws organizations list-accounts` shows the IDs
        5: a quote is not closed; add the missing `"`
        6: separate the columns with commas
        7: `4444-5555-6666`: write the 12 digits and nothing else: 444455556666
        8: `?[2J`: an account ID has 12 digits and no other characters; `aws organizations list-accounts` shows the IDs
        "#);
        // One message for a file with other separators.
        insta::assert_snapshot!(read("Account ID;Name\n444455556666;a\n555566667777;b\n5;c"), @"1: separate the columns with commas");
        insta::assert_snapshot!(read("name,account_id\npayments"), @"2: the line has no column 2, which has the account IDs; add the ID");
        for empty in ["", "\n# nothing\n", "account_id\n"] {
            insta::allow_duplicates! {
                insta::assert_snapshot!(read(empty), @"1: the file names no account; write one account ID on each line");
            }
        }
    }
}
