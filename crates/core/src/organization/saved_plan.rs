//! A plan for many accounts in a file, which `apply` carries out later: exactly this plan, and nothing else.
//!
//! The file says in words what changes in each account, with a hash of the whole change ([`HashedPlan`]); it contains no policy
//! and no external ID. Changes are never read from the file: they are planned again, and those that are not in the
//! file are refused. So a file that was tampered with can keep changes from being made, and cannot add or alter one.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::group::{AccountName, Groups, Member, general_text};
use super::lines::{accounts, changes, named};
use crate::account::AccountId;
use crate::lines::{Line, Style};
use crate::plan::{HashedChange, HashedPlan, Salt, is_hash};
use crate::role::InvalidRoleName;
use crate::text::{Untrusted, excerpt, printable};

/// What the file is, in its first field.
const KIND: &str = "account-onboarding plan";

/// The version of the format.
const VERSION: u32 = 1;

/// The longest part of a message that quotes the file, in characters.
const LONGEST_PROBLEM: usize = 300;

/// A plan that was saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedPlan {
    /// The version of the tool that made it.
    pub tool: String,
    /// When it was made, such as `2026-11-26T12:00:00Z`.
    pub created_at: String,
    /// The management account of the organization.
    pub management: AccountId,
    /// The ID of the organization, if Organizations returned it.
    pub organization: Option<String>,
    /// The hash of the configuration.
    pub configuration: String,
    /// The salt of the hashes.
    pub salt: Salt,
    /// The accounts with changes.
    pub accounts: Vec<SavedAccount>,
}

/// The changes of one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedAccount {
    /// Its ID.
    pub id: AccountId,
    /// Its name.
    pub name: String,
    /// The changes.
    pub changes: Vec<HashedChange>,
}

/// Why a plan cannot be applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPlan {
    /// The file is not a plan.
    #[error("it is not a saved plan: {0}; make one with `onboard plan --all --out FILE`")]
    NotAPlan(String),
    /// The file was made by another version of the tool.
    #[error("it was made by version {0} of this tool, and this is version {1}; plan again")]
    OtherTool(String, String),
    /// The configuration is not the one of the plan.
    #[error("the configuration is not the one that was planned with; plan again")]
    OtherConfiguration,
    /// The organization is not the one of the plan.
    #[error(
        "it is for the organization with management account {0}, and the credentials are for another one; use a profile of that account"
    )]
    OtherOrganization(AccountId),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a JSON object with the fields of a plan")]
struct Wire {
    kind: String,
    version: Value,
    tool: String,
    created_at: String,
    management_account: String,
    organization_id: Option<String>,
    configuration: String,
    salt: String,
    accounts: Vec<WireAccount>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with the fields of an account")]
struct WireAccount {
    account_id: String,
    account_name: String,
    changes: Vec<WireChange>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with the fields of a change")]
struct WireChange {
    role: String,
    summary: String,
    hash: String,
}

impl SavedPlan {
    /// The text of the file.
    #[must_use]
    pub fn to_json(&self) -> String {
        let change = |change: &HashedChange| WireChange {
            role: change.role.to_string(),
            summary: change.summary.clone(),
            hash: change.hash.clone(),
        };
        let account = |account: &SavedAccount| WireAccount {
            account_id: account.id.to_string(),
            account_name: printable(&account.name),
            changes: account.changes.iter().map(change).collect(),
        };
        let wire = Wire {
            kind: KIND.to_owned(),
            version: VERSION.into(),
            tool: self.tool.clone(),
            created_at: self.created_at.clone(),
            management_account: self.management.to_string(),
            organization_id: self.organization.clone(),
            configuration: self.configuration.clone(),
            salt: self.salt.as_str().to_owned(),
            accounts: self.accounts.iter().map(account).collect(),
        };
        serde_json::to_string_pretty(&wire).unwrap_or_default() + "\n"
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    /// When it is not a plan.
    pub fn parse(text: &str) -> Result<Self, InvalidPlan> {
        let not_a_plan = |problem: String| InvalidPlan::NotAPlan(excerpt(&problem, LONGEST_PROBLEM));
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let wire: Wire = serde_json::from_str(text).map_err(|error| not_a_plan(error.to_string()))?;
        if wire.kind != KIND || wire.version != VERSION {
            let kind = Untrusted::new(&wire.kind);
            return Err(not_a_plan(format!("it is `{kind}`, version {}", wire.version)));
        }
        let id = |text: &str| text.parse::<AccountId>().map_err(|error| not_a_plan(error.to_string()));
        let salt = Salt::from_stored(&wire.salt).ok_or_else(|| not_a_plan("its salt is not valid".to_owned()))?;
        if !is_hash(&wire.configuration) {
            return Err(not_a_plan("the hash of its configuration is not valid".to_owned()));
        }
        let mut seen = BTreeSet::new();
        let mut accounts = Vec::new();
        for account in wire.accounts {
            let id = id(&account.account_id)?;
            if !seen.insert(id.clone()) {
                return Err(not_a_plan(format!("account {id} occurs twice")));
            }
            if account.changes.is_empty() || account.changes.iter().any(|change| !is_hash(&change.hash)) {
                return Err(not_a_plan(format!("the changes of account {id} are not valid")));
            }
            let change = |WireChange { role, summary, hash }: WireChange| {
                let role = role.parse().map_err(|error: InvalidRoleName| not_a_plan(error.to_string()))?;
                Ok(HashedChange { role, summary, hash })
            };
            let changes = account.changes.into_iter().map(change).collect::<Result<_, _>>()?;
            accounts.push(SavedAccount { id, name: Untrusted::new(&account.account_name).to_string(), changes });
        }
        Ok(Self {
            tool: Untrusted::new(&wire.tool).to_string(),
            created_at: Untrusted::new(&wire.created_at).to_string(),
            management: id(&wire.management_account)?,
            organization: wire.organization_id,
            configuration: wire.configuration,
            salt,
            accounts,
        })
    }

    /// Checks that the plan was made by this version of the tool with this configuration.
    ///
    /// # Errors
    /// When it was not: another version may describe or hash the same change differently.
    pub fn check(&self, tool: &str, configuration: &str) -> Result<(), InvalidPlan> {
        if self.tool != tool {
            return Err(InvalidPlan::OtherTool(self.tool.clone(), tool.to_owned()));
        }
        if self.configuration != configuration { Err(InvalidPlan::OtherConfiguration) } else { Ok(()) }
    }

    /// The number of changes.
    #[must_use]
    pub fn changes(&self) -> usize {
        self.accounts.iter().map(|account| account.changes.len()).sum()
    }

    /// What the plan changes: the accounts with the same changes together.
    #[must_use]
    pub fn lines(&self) -> Vec<Line> {
        let mut groups: Groups<(Vec<String>, Vec<String>)> = Groups::default();
        for account in &self.accounts {
            let name = AccountName { id: account.id.clone(), name: account.name.clone() };
            let one = |change: &HashedChange| general_text(&change.summary, &name);
            let general: Vec<_> = account.changes.iter().map(one).collect();
            let own = account.changes.iter().map(|change| change.summary.clone());
            groups.add(general.join("\n"), Member { account: name, unit: None }, || (own.collect(), general));
        }
        let total = format!("{}: {}", accounts(self.accounts.len()), changes(self.changes()));
        let heading = Line::heading(total).styled(Style::Faint, format!(", planned at {}", self.created_at));
        let mut lines = vec![heading];
        for group in groups.sorted() {
            let (own, general) = group.example;
            let these = changes(general.len());
            let heading = Line::heading(format!("{}: {these}", accounts(group.accounts.len())));
            lines.extend([Line::blank(), heading, Line::at(2).styled(Style::Faint, named(&group.accounts))]);
            let summaries = if group.accounts.len() == 1 { own } else { general };
            lines.extend(summaries.iter().map(|summary| Line::at(4).text(summary)));
        }
        lines
    }

    /// The changes of an account.
    #[must_use]
    pub fn confirmed(&self, account: &SavedAccount) -> HashedPlan {
        HashedPlan { salt: self.salt.clone(), changes: account.changes.clone() }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::role::RoleName;

    fn plan() -> SavedPlan {
        let role: RoleName = "Reader".parse().unwrap();
        let change =
            |summary: &str| HashedChange { role: role.clone(), summary: summary.to_owned(), hash: "ab".repeat(32) };
        SavedPlan {
            tool: "0.1.0".to_owned(),
            created_at: "2026-11-26T12:00:00Z".to_owned(),
            management: "111122223333".parse().unwrap(),
            organization: Some("o-exampleorgid".to_owned()),
            configuration: "cd".repeat(32),
            salt: Salt::new([7; 32]),
            accounts: vec![SavedAccount {
                id: "444455556666".parse().unwrap(),
                name: "payments-dev".to_owned(),
                changes: vec![change("create role `Reader`"), change("attach x to role `Reader`")],
            }],
        }
    }

    #[test]
    fn plan_is_read_as_it_was_written() {
        let text = plan().to_json();
        assert_eq!(SavedPlan::parse(&text), Ok(plan()));
        insta::assert_snapshot!(text, @r#"
        {
          "kind": "account-onboarding plan",
          "version": 1,
          "tool": "0.1.0",
          "created_at": "2026-11-26T12:00:00Z",
          "management_account": "111122223333",
          "organization_id": "o-exampleorgid",
          "configuration": "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd",
          "salt": "0707070707070707070707070707070707070707070707070707070707070707",
          "accounts": [
            {
              "account_id": "444455556666",
              "account_name": "payments-dev",
              "changes": [
                {
                  "role": "Reader",
                  "summary": "create role `Reader`",
                  "hash": "abababababababababababababababababababababababababababababababab"
                },
                {
                  "role": "Reader",
                  "summary": "attach x to role `Reader`",
                  "hash": "abababababababababababababababababababababababababababababababab"
                }
              ]
            }
          ]
        }
        "#);
    }

    /// The error after a change of the file.
    fn error(change: impl FnOnce(&mut Value)) -> String {
        let mut value: Value = serde_json::from_str(&plan().to_json()).unwrap();
        change(&mut value);
        SavedPlan::parse(&value.to_string()).unwrap_err().to_string()
    }

    #[test]
    fn messages_quote_only_a_part_of_the_file() {
        let long = "x".repeat(100_000);
        let other = error(|plan| plan[long.as_str()] = json!(1));
        assert!(other.len() < 500, "{other}");
        let mut value: Value = serde_json::from_str(&plan().to_json()).unwrap();
        value["tool"] = json!(long);
        value["created_at"] = json!(long);
        let plan = SavedPlan::parse(&value.to_string()).unwrap();
        assert!(plan.check("0.1.0", &plan.configuration).unwrap_err().to_string().len() < 500);
        assert!(plan.created_at.len() < 100);
    }

    #[test]
    fn byte_order_mark_of_an_editor_is_ignored() {
        assert_eq!(SavedPlan::parse(&format!("\u{feff}{}", plan().to_json())), Ok(plan()));
    }

    #[test]
    fn file_that_is_not_a_plan_is_refused() {
        let errors = [
            SavedPlan::parse("").unwrap_err().to_string(),
            SavedPlan::parse("[1]").unwrap_err().to_string(),
            SavedPlan::parse(r#"{"kind":"a","kind":"b"}"#).unwrap_err().to_string(),
            error(|plan| plan["kind"] = json!("\u{1b}[2J")),
            error(|plan| plan["version"] = json!(2)),
            error(|plan| plan["version"] = json!("1")),
            error(|plan| plan["accounts"] = json!(["x"])),
            error(|plan| plan["accounts"][0]["changes"] = json!(["x"])),
            error(|plan| plan["salt"] = json!("0")),
            error(|plan| plan["configuration"] = json!("")),
            error(|plan| plan["management_account"] = json!("1")),
            error(|plan| plan["accounts"][0]["account_id"] = json!("4")),
            error(|plan| plan["accounts"][0]["changes"] = json!([])),
            error(|plan| plan["accounts"][0]["changes"][1]["hash"] = json!("x")),
            error(|plan| plan["accounts"][0]["changes"][1]["role"] = json!("a b")),
            error(|plan| plan["accounts"] = json!([plan["accounts"][0], plan["accounts"][0]])),
            error(|plan| plan["accounts"][0]["extra"] = json!(1)),
        ];
        let end = "; make one with `onboard plan --all --out FILE`";
        let errors = errors.map(|error| error.strip_suffix(end).unwrap_or_else(|| panic!("{error}")).to_owned());
        insta::assert_snapshot!(errors.join("\n"), @r#"
        it is not a saved plan: EOF while parsing a value at line 1 column 0
        it is not a saved plan: invalid type: integer `1`, expected a string at line 1 column 2
        it is not a saved plan: duplicate field `kind` at line 1 column 18
        it is not a saved plan: it is `?[2J`, version 1
        it is not a saved plan: it is `account-onboarding plan`, version 2
        it is not a saved plan: it is `account-onboarding plan`, version "1"
        it is not a saved plan: invalid type: string "x", expected an object with the fields of an account at line 1 column 340
        it is not a saved plan: invalid type: string "x", expected an object with the fields of a change at line 1 column 410
        it is not a saved plan: its salt is not valid
        it is not a saved plan: the hash of its configuration is not valid
        it is not a saved plan: `1` is not a valid account ID; write exactly twelve digits, in quotes
        it is not a saved plan: `4` is not a valid account ID; write exactly twelve digits, in quotes
        it is not a saved plan: the changes of account 444455556666 are not valid
        it is not a saved plan: the changes of account 444455556666 are not valid
        it is not a saved plan: `a b` is not a valid role name; use 1 to 64 letters, digits and `_+=,.@-`
        it is not a saved plan: account 444455556666 occurs twice
        it is not a saved plan: unknown field `extra`, expected one of `account_id`, `account_name`, `changes` at line 1 column 670
        "#);
    }

    #[test]
    fn names_and_sentences_of_a_file_are_hostile() {
        let mut value: Value = serde_json::from_str(&plan().to_json()).unwrap();
        value["accounts"][0]["account_name"] = json!(format!("a\u{1b}[2J{}", "x".repeat(100)));
        value["tool"] = json!("0\n1");
        let read = SavedPlan::parse(&value.to_string()).unwrap();
        assert!(read.accounts[0].name.starts_with("a?[2Jxxx") && read.accounts[0].name.chars().count() == 61);
        assert_eq!(read.tool, "0 1");
    }

    #[test]
    fn lines_show_the_changes_that_accounts_have_in_common() {
        let mut plan = plan();
        let account = |id: &str, changes: &[HashedChange]| SavedAccount {
            id: id.parse().unwrap(),
            name: "x\u{1b}[2J".to_owned(),
            changes: changes.to_vec(),
        };
        let common = plan.accounts[0].changes.clone();
        let own = [HashedChange {
            summary: "attach arn:aws:iam::777788889999:policy/\u{1b}[2Jown".to_owned(),
            ..common[0].clone()
        }];
        plan.accounts.push(account("555566667777", &common));
        plan.accounts.push(account("777788889999", &own));
        insta::assert_snapshot!(crate::lines::plain(&plan.lines()), @"
        3 accounts: 5 changes, planned at 2026-11-26T12:00:00Z

        2 accounts: 2 changes
          444455556666 (payments-dev), 555566667777 (x?[2J)
            create role `Reader`
            attach x to role `Reader`

        1 account: 1 change
          777788889999 (x?[2J)
            attach arn:aws:iam::777788889999:policy/?[2Jown
        ");
    }

    #[test]
    fn plan_of_another_version_or_configuration_is_refused() {
        assert_eq!(plan().check("0.1.0", &"cd".repeat(32)), Ok(()));
        insta::assert_snapshot!(plan().check("0.2.0", &"cd".repeat(32)).unwrap_err(), @"it was made by version 0.1.0 of this tool, and this is version 0.2.0; plan again");
        insta::assert_snapshot!(plan().check("0.1.0", &"ce".repeat(32)).unwrap_err(), @"the configuration is not the one that was planned with; plan again");
    }
}
