//! One link, and how its URL is built.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use super::portal::{AccessPortal, PermissionSet};
use crate::account::{Account, Partition};
use crate::text::printable;

/// The characters of a parameter that are percent-encoded: all except the unreserved characters of RFC 3986. A space becomes `%20` and
/// not `+`, which only forms decode.
const PARAMETER: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The same for a role with its path.
const PATH: &AsciiSet = &PARAMETER.remove(b'/');

/// The colors that the page `switchrole` accepts. AWS does not document them, and leaves the field empty for any other.
///
/// See <https://repost.aws/questions/QU2dDHOT34RH6LJYIrHLUJrw/switch-role-link-query-parameters>.
const COLORS: [&str; 5] = ["f2b0a9", "fbc8aa", "efda95", "b7ca9d", "83d4e8"];

/// What a link opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkForm {
    /// The page on which a signed-in user switches to a role of another account.
    SwitchRole,
    /// The access portal of IAM Identity Center, which signs in to the account with a permission set.
    AccessPortal,
}

/// A link to an account. Its URL has printable ASCII characters only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConsoleLink {
    /// What the link opens.
    pub form: LinkForm,
    /// The role to switch to, or the permission set; absent if the user chooses one in the portal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Who can use the link: the trusted principals. Empty for the access portal, which knows its users.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub usable_by: Vec<String>,
    /// The color of the role in the console, in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<&'static str>,
    /// The URL.
    pub url: String,
}

impl ConsoleLink {
    /// The link to switch to a role; `path` is its path. `None` in a partition whose sign-in page is not known.
    ///
    /// See <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_permissions-to-switch.html>.
    pub(super) fn switch_role(account: &Account, path: &str, role: &str, usable_by: Vec<String>) -> Option<Self> {
        let page = switch_role_page(&account.partition)?;
        let color = color(account);
        let role_with_path = format!("{}{role}", path.trim_start_matches('/'));
        let url = format!(
            "{page}?account={}&roleName={}&displayName={}&color={color}",
            account.id,
            utf8_percent_encode(&role_with_path, PATH),
            utf8_percent_encode(&display_name(account), PARAMETER),
        );
        Some(Self { form: LinkForm::SwitchRole, role: Some(role.to_owned()), usable_by, color: Some(color), url })
    }

    /// The link through the access portal.
    ///
    /// See <https://docs.aws.amazon.com/singlesignon/latest/userguide/createshortcutlink.html>.
    pub(super) fn access_portal(account: &Account, portal: &AccessPortal, set: Option<&PermissionSet>) -> Self {
        let mut url = format!("{portal}/#/console?account_id={}", account.id);
        if let Some(set) = set {
            url.push_str(&format!("&role_name={}", utf8_percent_encode(set.as_str(), PARAMETER)));
        }
        let role = set.map(ToString::to_string);
        Self { form: LinkForm::AccessPortal, role, usable_by: Vec::new(), color: None, url }
    }
}

/// The sign-in page of a partition.
pub(super) fn switch_role_page(partition: &Partition) -> Option<&'static str> {
    match partition.as_str() {
        "aws" => Some("https://signin.aws.amazon.com/switchrole"),
        "aws-us-gov" => Some("https://signin.amazonaws-us-gov.com/switchrole"),
        "aws-cn" => Some("https://signin.amazonaws.cn/switchrole"),
        _ => None,
    }
}

/// The color of an account, by the last digit of its ID, so that it is the same for everybody and in every run.
fn color(account: &Account) -> &'static str {
    let last = account.id.as_str().bytes().last().map_or(0, |digit| usize::from(digit.saturating_sub(b'0')));
    COLORS.into_iter().cycle().nth(last).unwrap_or_default()
}

/// The name that the console shows: that of the account, or its ID if the name is blank.
fn display_name(account: &Account) -> String {
    // The page accepts 64 characters; Organizations allows 50 in a name.
    let name: String = printable(account.name.raw()).trim().chars().take(64).collect();
    if name.is_empty() { account.id.to_string() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::sample;

    fn account(name: &str, partition: &str) -> Account {
        Account { name: name.into(), partition: partition.parse().unwrap(), ..sample::account() }
    }

    fn url(name: &str, partition: &str) -> String {
        ConsoleLink::switch_role(&account(name, partition), "/", "Access", Vec::new()).unwrap().url
    }

    #[test]
    fn each_partition_has_its_own_sign_in_page() {
        let urls = ["aws", "aws-us-gov", "aws-cn"].map(|partition| url("payments-dev", partition));
        insta::assert_snapshot!(urls.join("\n"), @"
        https://signin.aws.amazon.com/switchrole?account=444455556666&roleName=Access&displayName=payments-dev&color=fbc8aa
        https://signin.amazonaws-us-gov.com/switchrole?account=444455556666&roleName=Access&displayName=payments-dev&color=fbc8aa
        https://signin.amazonaws.cn/switchrole?account=444455556666&roleName=Access&displayName=payments-dev&color=fbc8aa
        ");
        assert_eq!(ConsoleLink::switch_role(&account("a", "aws-iso-b"), "/", "Access", Vec::new()), None);
    }

    #[test]
    fn hostile_account_name_cannot_add_a_parameter() {
        let names = ["a&roleName=Admin#x", "a b+c%41/\"'<>", "支付\u{202e}\r\nx", " \u{1b}\t ", "é"];
        let urls = names.map(|name| url(name, "aws"));
        insta::assert_snapshot!(urls.map(|url| url.split("displayName=").nth(1).unwrap().to_owned()).join("\n"), @"
        a%26roleName%3DAdmin%23x&color=fbc8aa
        a%20b%2Bc%2541%2F%22%27%3C%3E&color=fbc8aa
        %E6%94%AF%E4%BB%98%3F%20%20x&color=fbc8aa
        %3F&color=fbc8aa
        %C3%A9&color=fbc8aa
        ");
        assert!(url("  ", "aws").contains("displayName=444455556666&"));
    }

    #[test]
    fn role_has_its_path_and_is_encoded() {
        let link = ConsoleLink::switch_role(&account("a", "aws"), "/apps/", "a+b=c,d@e", Vec::new()).unwrap();
        assert!(link.url.contains("&roleName=apps/a%2Bb%3Dc%2Cd%40e&"), "{}", link.url);
        assert_eq!(link.role.as_deref(), Some("a+b=c,d@e"));
    }

    #[test]
    fn portal_link_names_the_permission_set_if_there_is_one() {
        let portal = "https://example.awsapps.com/start/".parse().unwrap();
        let set = "Power+User".parse().unwrap();
        let link = |set| ConsoleLink::access_portal(&account("a", "aws"), &portal, set).url;
        insta::assert_snapshot!([link(None), link(Some(&set))].join("\n"), @"
        https://example.awsapps.com/start/#/console?account_id=444455556666
        https://example.awsapps.com/start/#/console?account_id=444455556666&role_name=Power%2BUser
        ");
    }
}
