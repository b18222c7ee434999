//! The profiles of the AWS CLI: their names, and the accounts that they are for.
//!
//! The SDK reads the files strictly and asynchronously; here a file with errors still offers the profiles that it has.
//!
//! See <https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html>.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::input::read;
use onboarding_core::account::AccountId;
use onboarding_core::text::is_printable;

/// A profile.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Profile {
    pub(super) name: String,
    /// The account of the role or sign-in, if the profile names it.
    pub(super) account: Option<AccountId>,
}

/// The profiles of both files, sorted by name.
pub(super) fn all() -> Vec<Profile> {
    let mut found = BTreeMap::new();
    // The sections of the file with credentials have no `profile` in front of their names.
    for (text, is_config) in
        [(file("AWS_CONFIG_FILE", "config"), true), (file("AWS_SHARED_CREDENTIALS_FILE", "credentials"), false)]
    {
        sections(&text.unwrap_or_default(), is_config, &mut found);
    }
    found.into_iter().map(|(name, account)| Profile { name, account }).collect()
}

/// The names of the profiles in a configuration file, or in one with credentials.
pub(super) fn names(text: &str, is_config: bool) -> BTreeSet<String> {
    let mut found = BTreeMap::new();
    sections(text, is_config, &mut found);
    found.into_keys().collect()
}

/// The names of the profiles in the file with credentials.
pub(super) fn names_with_credentials() -> BTreeSet<String> {
    names(&file("AWS_SHARED_CREDENTIALS_FILE", "credentials").unwrap_or_default(), false)
}

/// The names of the SSO sessions in a configuration file.
pub(super) fn sso_sessions(text: &str) -> BTreeSet<String> {
    let sections = text.lines().filter_map(|line| line.trim().strip_prefix('[')?.split(']').next());
    let names = sections.filter_map(|section| section.trim().strip_prefix("sso-session"));
    let names = names.filter(|name| name.starts_with([' ', '\t']));
    names.map(|name| name.trim().trim_matches(['"', '\'']).to_owned()).collect()
}

/// The path of a file of the AWS CLI: that of an option, or of the variable, or below the home folder.
pub(super) fn path(option: Option<&str>, variable: &str, name: &str) -> Option<PathBuf> {
    let home = || std::env::home_dir().filter(|home| !home.as_os_str().is_empty());
    let named = || std::env::var_os(variable).filter(|path| !path.is_empty()).map(PathBuf::from);
    let path = option.map(PathBuf::from).or_else(named);
    // The AWS CLI expands a tilde in the variable, and a shell does not expand it after `--file=`.
    let in_home = |path: &Path| Some(home()?.join(path.strip_prefix("~").ok()?));
    let path = path.map(|path| in_home(&path).unwrap_or(path));
    path.or_else(|| Some(home()?.join(".aws").join(name)))
}

/// The text of a file, whose path a variable may set.
fn file(variable: &str, name: &str) -> Option<String> {
    read(path(None, variable, name)?.to_str()?).ok()
}

fn sections(text: &str, is_config: bool, found: &mut BTreeMap<String, Option<AccountId>>) {
    let mut profile: Option<String> = None;
    for line in text.lines() {
        if let Some(section) = line.trim().strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            let name = section.trim();
            let prefixed = name.strip_prefix("profile").filter(|rest| rest.starts_with([' ', '\t'])).map(str::trim);
            let plain = Some(name).filter(|name| !is_config || *name == "default");
            let name = prefixed.filter(|_| is_config).or(plain).map(|name| name.trim_matches(['"', '\'']));
            profile = name.filter(|name| !name.is_empty() && name.chars().all(is_printable)).map(str::to_owned);
            if let Some(name) = &profile {
                found.entry(name.clone()).or_default();
            }
        } else if let (Some(name), Some((key, value))) = (&profile, line.split_once('=')) {
            let account = match key.trim() {
                "sso_account_id" => value.trim().parse().ok(),
                "role_arn" => AccountId::from_arn(value.trim()),
                _ => None,
            };
            if let (Some(known), Some(account)) = (found.get_mut(name), account) {
                *known = Some(account);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_are_found_in_both_files() {
        let config = "[default]\nregion = eu-central-1\n[profile admin]\nsso_account_id = 482913650127\n\
            [sso-session corp]\nsso_account_id = 1\n[ profile  'with space' ]\nrole_arn = arn:aws:iam::593024761238:role/r\n\
            [services local]\n[nothing]\n[profile broken\n= x\n";
        let mut found = BTreeMap::new();
        sections(config, true, &mut found);
        sections("[keys]\naws_access_key_id = x\n[default]\n", false, &mut found);
        let lines: Vec<_> = found
            .iter()
            .map(|(name, account)| format!("{name}: {}", account.as_ref().map_or("-", |a| a.as_str())))
            .collect();
        assert_eq!(lines, ["admin: 482913650127", "broken: -", "default: -", "keys: -", "with space: 593024761238"]);
    }
}
