//! One account to create.

use std::collections::BTreeMap;
use std::str::FromStr;

use super::values::{AccountEmail, AccountName, BillingAccess};
use crate::config::Config;
use crate::organizational_unit::UnitSelector;
use crate::role::RoleName;
use crate::suggestion::{did_you_mean, one_of};
use crate::text::Untrusted;

/// The access role that AWS creates if none is named.
const DEFAULT_ROLE: &str = "OrganizationAccountAccessRole";

/// An account to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAccount {
    /// Its name.
    pub name: AccountName,
    /// The email address of its owner.
    pub email: AccountEmail,
    /// The unit to move it to; `None` leaves it where AWS creates it, in the root.
    pub unit: Option<UnitSelector>,
    /// The name of the access role that AWS creates in it; `None` until [`NewAccount::with_access_role`].
    pub role_name: Option<RoleName>,
    /// The principals that may see its billing.
    pub billing: BillingAccess,
    /// The tags of the account in Organizations.
    pub tags: BTreeMap<String, String>,
}

/// An account to create, and where it is in a CSV file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRow {
    /// The line of the file; `None` for the options of the command line.
    pub line: Option<u64>,
    /// The account.
    pub account: NewAccount,
}

impl NewAccount {
    /// The same, with an access role that this tool assumes: the one that is named, which must be in the configuration, or the
    /// default of AWS, or the first of the configuration if that has another one.
    ///
    /// # Errors
    /// When the configuration does not have the access role: the account could be created and not be onboarded.
    pub fn with_access_role(mut self, config: &Config) -> Result<Self, String> {
        let names = &config.access_role.names;
        if let Some(named) = &self.role_name {
            let known = || config.access_role.all_names().map(RoleName::as_str);
            if !known().any(|name| name == named.as_str()) {
                return Err(format!(
                    "`{named}` is not an access role of the configuration, so that the account could not be onboarded; use {}, or \
                     add it to `names` of `[access-role]`{}",
                    one_of(known()),
                    did_you_mean(named.as_str(), known())
                ));
            }
        } else {
            let default = names.iter().find(|name| name.as_str() == DEFAULT_ROLE).or_else(|| names.first());
            self.role_name = default.cloned();
        }
        Ok(self)
    }
}

/// Tags as a person writes them: `K=V` each.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TagList(pub BTreeMap<String, String>);

/// The most tags of an account.
///
/// See <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_tagging.html>.
const MOST_TAGS: usize = 50;

impl TagList {
    /// Adds a tag.
    ///
    /// # Errors
    /// When AWS would not accept it, or its key is there already.
    pub fn add(&mut self, text: &str) -> Result<(), String> {
        let shown = Untrusted::new(text);
        let Some((key, value)) = text.split_once('=') else {
            return Err(format!("`{shown}` is not a tag; write `KEY=VALUE`"));
        };
        let (key, value) = (key.trim(), value.trim());
        let allowed = |c: char| c.is_alphanumeric() || " _.:/=+-@".contains(c);
        if !(1..=128).contains(&key.chars().count()) || !key.chars().all(allowed) {
            return Err(format!("`{shown}` has no valid key; use 1 to 128 letters, digits, spaces and `_.:/=+-@`"));
        }
        if value.chars().count() > 256 || !value.chars().all(allowed) {
            return Err(format!("`{shown}` has no valid value; use up to 256 letters, digits, spaces and `_.:/=+-@`"));
        }
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(format!("`{shown}`: AWS reserves keys that begin with `aws:`"));
        }
        if self.0.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(format!("the key `{}` occurs twice", Untrusted::new(key)));
        }
        if self.0.len() > MOST_TAGS {
            return Err(format!("there are more than {MOST_TAGS} tags"));
        }
        Ok(())
    }
}

impl FromStr for TagList {
    type Err = String;

    /// Tags that are separated by semicolons.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut tags = Self::default();
        for tag in text.split(';').map(str::trim).filter(|tag| !tag.is_empty()) {
            tags.add(tag)?;
        }
        Ok(tags)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(role: Option<&str>) -> NewAccount {
        NewAccount {
            name: "payments-dev".parse().unwrap(),
            email: "payments-dev@example.com".parse().unwrap(),
            unit: None,
            role_name: role.map(|role| role.parse().unwrap()),
            billing: BillingAccess::Allow,
            tags: BTreeMap::new(),
        }
    }

    fn config(names: &str) -> Config {
        Config::parse_without_files(&format!(
            "[access-role]\nnames = {names}\n[[access-role.grant]]\nprincipal = \"222233334444\"\n"
        ))
        .unwrap()
    }

    #[test]
    fn access_role_is_one_of_the_configuration() {
        let role = |named, names| account(named).with_access_role(&config(names)).map(|one| one.role_name.unwrap());
        let both = r#"["AWSControlTowerExecution", "OrganizationAccountAccessRole"]"#;
        assert_eq!(role(None, both).unwrap().as_str(), DEFAULT_ROLE);
        assert_eq!(role(None, r#"["Admin", "Other"]"#).unwrap().as_str(), "Admin");
        assert_eq!(role(Some("Other"), r#"["Admin", "Other"]"#).unwrap().as_str(), "Other");
        insta::assert_snapshot!(role(Some("Admn"), r#"["Admin"]"#).unwrap_err(), @"`Admn` is not an access role of the configuration, so that the account could not be onboarded; use `Admin`, or add it to `names` of `[access-role]`; did you mean `Admin`?");
    }

    #[test]
    fn tags_follow_the_rules_of_aws() {
        let tags = "team=payments; cost center = 42 ;empty=;url=https://a.example/?".replace('?', "");
        let tags: TagList = tags.parse().unwrap();
        let pairs: Vec<_> = tags.0.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        assert_eq!(pairs, [("cost center", "42"), ("empty", ""), ("team", "payments"), ("url", "https://a.example/")]);
        let many: String = (0..51).map(|n| format!("k{n}=v;")).collect();
        for bad in ["team", "=x", "aws:x=1", "AWS:x=1", "a=1;a=2", "a=\u{1b}", "a,b=c", many.as_str()] {
            assert!(bad.parse::<TagList>().is_err(), "{bad}");
        }
        assert_eq!("team".parse::<TagList>().unwrap_err(), "`team` is not a tag; write `KEY=VALUE`");
    }
}
