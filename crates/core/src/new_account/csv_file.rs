//! Accounts to create, from a CSV file with the columns `name`, `email`, `ou`, `role-name`, `iam-billing` and `tags`.
//!
//! The first line names the columns, in any order; only `name` and `email` are required. An empty cell is the default. The file
//! is read as a whole: every error is reported, with its line and its column.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use csv::{ReaderBuilder, StringRecord, Trim};

use super::request::{AccountRow, NewAccount, TagList};
use super::values::{AccountEmail, AccountName, BillingAccess};
use crate::organizational_unit::UnitSelector;
use crate::role::RoleName;
use crate::suggestion::{did_you_mean, list_of};
use crate::text::Untrusted;

/// The columns of a file.
const COLUMNS: &[&str] = &["name", "email", "ou", "role-name", "iam-billing", "tags"];

/// An error in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowError {
    /// The line; `None` for the options of the command line.
    pub line: Option<u64>,
    /// The column, if the error is about one.
    pub column: Option<&'static str>,
    /// The problem, and what to write.
    pub problem: String,
}

impl RowError {
    /// The error with the name of its file.
    #[must_use]
    pub fn in_file(&self, file: &str) -> String {
        let Self { line, column, problem } = self;
        match (line, column) {
            (Some(line), Some(column)) => format!("{file}:{line}: {column}: {problem}"),
            (Some(line), None) => format!("{file}:{line}: {problem}"),
            (None, _) => self.to_string(),
        }
    }
}

impl fmt::Display for RowError {
    /// The error of an option of the command line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.column {
            Some(column) => write!(f, "--{column}: {}", self.problem),
            None => f.write_str(&self.problem),
        }
    }
}

/// Reads the accounts of a file.
///
/// # Errors
/// Every error of the file.
pub fn parse_csv(text: &str) -> Result<Vec<AccountRow>, Vec<RowError>> {
    // Spreadsheet programs write a byte order mark. The lines of a file with CRLF would be counted wrongly.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n").replace('\r', "\n");
    let mut reader =
        ReaderBuilder::new().has_headers(false).flexible(true).trim(Trim::All).from_reader(text.as_bytes());
    let mut file = File::default();
    let mut columns = None;
    for record in reader.records() {
        // The text is UTF-8 and any number of cells is accepted, so that no record can fail.
        let Ok(record) = record else { continue };
        let line = record.position().map_or(0, |position| first_line(&text, position));
        match &columns {
            None => columns = Some(file.columns(line, &record)),
            Some(columns) if record.iter().any(|cell| !cell.is_empty()) => file.row(line, &record, columns),
            Some(_) => {}
        }
    }
    if columns.is_none() {
        file.report(1, None, format!("the file is empty; its first line names the columns: {}", COLUMNS.join(",")));
    } else if file.rows.is_empty() && file.errors.is_empty() {
        file.report(1, None, "the file has no accounts below its first line".to_owned());
    }
    if file.errors.is_empty() { Ok(file.rows) } else { Err(file.errors) }
}

/// The line with the first cell of a record, whose position includes the blank lines before it.
fn first_line(text: &str, position: &csv::Position) -> u64 {
    let start = usize::try_from(position.byte()).ok().and_then(|start| text.get(start..)).unwrap_or_default();
    (position.line()..).zip(start.bytes()).find(|(_, byte)| *byte != b'\n').map_or(position.line(), |(line, _)| line)
}

#[derive(Default)]
struct File {
    rows: Vec<AccountRow>,
    errors: Vec<RowError>,
    /// The line of each email, in lowercase.
    emails: BTreeMap<String, u64>,
}

impl File {
    fn report(&mut self, line: u64, column: Option<&'static str>, problem: String) {
        self.errors.push(RowError { line: Some(line), column, problem });
    }

    /// The name of each column; `None` for those that do not exist.
    fn columns(&mut self, line: u64, header: &StringRecord) -> Vec<Option<&'static str>> {
        let mut columns = Vec::new();
        for cell in header {
            let known = COLUMNS.iter().find(|column| column.eq_ignore_ascii_case(cell)).copied();
            match known {
                Some(column) if columns.contains(&known) => {
                    self.report(line, Some(column), "the column occurs twice".to_owned())
                }
                None if header.len() == 1 && cell.contains([';', '\t']) => {
                    self.report(line, None, "separate the columns with commas".to_owned());
                    return Vec::new();
                }
                None => {
                    let near = did_you_mean(&Untrusted::new(cell).to_string(), COLUMNS.iter().copied());
                    let hint = if near.is_empty() {
                        format!("; the columns are {}", list_of(COLUMNS.iter().copied()))
                    } else {
                        near
                    };
                    self.report(line, None, format!("unknown column `{}`{hint}", Untrusted::new(cell)));
                }
                Some(_) => {}
            }
            columns.push(known);
        }
        for required in ["name", "email"] {
            if !columns.contains(&Some(required)) {
                let names = COLUMNS.join(",");
                self.report(
                    line,
                    None,
                    format!("the column `{required}` is missing; the first line names the columns: {names}"),
                );
            }
        }
        columns
    }

    fn row(&mut self, line: u64, record: &StringRecord, columns: &[Option<&'static str>]) {
        if columns.is_empty() {
            return;
        }
        if record.len() > columns.len() {
            let problem = format!("{} cells for {} columns; quote a cell with a comma", record.len(), columns.len());
            self.report(line, None, problem);
            return;
        }
        let mut row = Row { file: self, line, columns, cells: named_cells(columns, record) };
        let name = row.required::<AccountName>("name");
        let email = row.required::<AccountEmail>("email");
        let unit = row.optional::<UnitSelector>("ou");
        let role_name = row.optional::<RoleName>("role-name");
        let billing = row.optional::<BillingAccess>("iam-billing").unwrap_or_default();
        let tags = row.optional::<TagList>("tags").unwrap_or_default().0;
        if let Some(email) = &email
            && let Some(first) = self.emails.insert(email.lowercase(), line)
        {
            self.report(
                line,
                Some("email"),
                format!("`{email}` is the email of line {first}, too; each account needs its own"),
            );
        }
        if let (Some(name), Some(email)) = (name, email) {
            let account = NewAccount { name, email, unit, role_name, billing, tags };
            self.rows.push(AccountRow { line: Some(line), account });
        }
    }
}

/// The cells of a row by the name of their column, without the empty ones.
fn named_cells(columns: &[Option<&'static str>], record: &StringRecord) -> BTreeMap<&'static str, String> {
    let named = columns.iter().zip(record).filter_map(|(column, cell)| Some(((*column)?, cell.to_owned())));
    named.filter(|(_, cell)| !cell.is_empty()).collect()
}

/// One row, while it is read.
struct Row<'a> {
    file: &'a mut File,
    line: u64,
    columns: &'a [Option<&'static str>],
    cells: BTreeMap<&'static str, String>,
}

impl Row<'_> {
    fn required<T: FromStr<Err: fmt::Display>>(&mut self, column: &'static str) -> Option<T> {
        // A column that is missing is reported once, in the first line.
        if !self.cells.contains_key(column) && self.columns.contains(&Some(column)) {
            self.file.report(self.line, Some(column), "the cell is empty".to_owned());
        }
        self.optional(column)
    }

    fn optional<T: FromStr<Err: fmt::Display>>(&mut self, column: &'static str) -> Option<T> {
        match self.cells.get(column)?.parse() {
            Ok(value) => Some(value),
            Err(problem) => {
                self.file.report(self.line, Some(column), problem.to_string());
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(text: &str) -> String {
        let errors = parse_csv(text).unwrap_err();
        errors.iter().map(|error| error.in_file("accounts.csv")).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn rows_are_read_with_their_lines() {
        let rows = parse_csv(
            "\u{feff}Email,name,ou,tags,iam-billing,role-name\r\n\
             dev@example.com,payments-dev,Workloads/Dev,team=payments;cost=1,deny,Admin\r\n\
             ,,,,,\r\n\
             prod@example.com,\"payments, prod\"\r\n",
        )
        .unwrap();
        let [dev, prod] = rows.as_slice() else { panic!("{rows:?}") };
        assert_eq!((dev.line, prod.line), (Some(2), Some(4)));
        assert_eq!(dev.account.unit, Some("Workloads/Dev".parse().unwrap()));
        assert_eq!((dev.account.billing, dev.account.tags.len()), (BillingAccess::Deny, 2));
        assert_eq!(dev.account.role_name.as_ref().unwrap().as_str(), "Admin");
        assert_eq!(prod.account.name.as_str(), "payments, prod");
        assert_eq!((&prod.account.unit, prod.account.billing), (&None, BillingAccess::Allow));
    }

    #[test]
    fn blank_lines_and_every_line_ending_are_counted() {
        let text = "\nname,email\n\n\na,bad\n\n\"x\ny\",x@example.com\nz,bad\n";
        for ending in ["\n", "\r\n", "\r"] {
            insta::allow_duplicates!(insta::assert_snapshot!(errors(&text.replace('\n', ending)), @"
            accounts.csv:5: email: `bad` is not a valid email address of an account: it must have 6 to 64 characters
            accounts.csv:7: name: `x y` is not a valid account name; use 1 to 50 printable ASCII characters, without a space at the beginning or the end
            accounts.csv:9: email: `bad` is not a valid email address of an account: it must have 6 to 64 characters
            "));
        }
        assert_eq!(errors("\n\nnmae,email\n").lines().next().unwrap().split(' ').next(), Some("accounts.csv:3:"));
    }

    #[test]
    fn every_error_is_reported_with_its_line_and_column() {
        insta::assert_snapshot!(errors(
            "name,email,iam-billing,tags,ou,role-name\n\
             ok,ok@example.com,,,,\n\
             ,nope,maybe,team,a//b,my role\n\
             again,OK@example.com,,,,\n\
             many,many@example.com,,,,,,x\n\
             z\u{1b}[2J,z@example.com,,,,\n"
        ), @"
        accounts.csv:3: name: the cell is empty
        accounts.csv:3: email: `nope` is not a valid email address of an account: it must have 6 to 64 characters
        accounts.csv:3: ou: `a//b` is not an organizational unit; write an ID such as `ou-ab12-cdef3456`, or a path of names such as `Workloads/Dev`
        accounts.csv:3: role-name: `my role` is not a valid role name; use 1 to 64 letters, digits and `_+=,.@-`
        accounts.csv:3: iam-billing: `maybe` is not `allow` or `deny`
        accounts.csv:3: tags: `team` is not a tag; write `KEY=VALUE`
        accounts.csv:4: email: `OK@example.com` is the email of line 2, too; each account needs its own
        accounts.csv:5: 8 cells for 6 columns; quote a cell with a comma
        accounts.csv:6: name: `z?[2J` is not a valid account name; use 1 to 50 printable ASCII characters, without a space at the beginning or the end
        ");
    }

    #[test]
    fn header_names_the_columns() {
        insta::assert_snapshot!(errors("nmae,email,phone,email\nx,x@example.com,1,\n"), @"
        accounts.csv:1: unknown column `nmae`; did you mean `name`?
        accounts.csv:1: unknown column `phone`; the columns are `name`, `email`, `ou`, `role-name`, `iam-billing` and `tags`
        accounts.csv:1: email: the column occurs twice
        accounts.csv:1: the column `name` is missing; the first line names the columns: name,email,ou,role-name,iam-billing,tags
        ");
        insta::assert_snapshot!(errors("name;email\na;b\n"), @"accounts.csv:1: separate the columns with commas");
        insta::assert_snapshot!(errors(""), @"accounts.csv:1: the file is empty; its first line names the columns: name,email,ou,role-name,iam-billing,tags");
        insta::assert_snapshot!(errors("name,email\n"), @"accounts.csv:1: the file has no accounts below its first line");
    }

    proptest::proptest! {
        #[test]
        fn any_file_is_read_or_explained(text in ".{0,200}", rows in "name,email\n(.{0,20},.{0,20}\n){0,4}") {
            for file in [text, rows] {
                if let Err(errors) = parse_csv(&file) {
                    assert!(!errors.is_empty());
                }
            }
        }
    }
}
