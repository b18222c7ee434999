//! What to do after `onboard init`.

use onboarding_core::config::Config;
use onboarding_core::config::starter::Starter;
use onboarding_core::exclude::Exclude;
use onboarding_core::lines::{Line, Style};
use onboarding_core::suggestion::counted;

use crate::cli::config::DEFAULT_CONFIG;

/// A name of an SSM parameter for the configuration, which the function can read.
const PARAMETER: &str = "/account-onboarding/own.toml";

/// A summary of the new file, and the commands that follow.
pub(super) fn steps(file: &str, starter: &Starter, config: &Config) -> Vec<Line> {
    let vendors: Vec<_> = starter.vendors.iter().map(|vendor| vendor.title()).collect();
    let roles = if vendors.is_empty() { String::new() } else { format!(" ({})", vendors.join(", ")) };
    let units = starter.excluded.iter().filter(|one| matches!(one, Exclude::Unit(_))).count();
    let accounts = counted(starter.excluded.len() - units, "account");
    let excluded = if units == 0 { accounts } else { format!("{accounts} and {}", counted(units, "unit")) };
    let summary = format!(
        " {} on the access role, {}{roles}, {excluded} excluded",
        counted(config.access_role.grants.len(), "grant"),
        counted(vendors.len(), "vendor")
    );
    let mut lines = vec![
        Line::blank(),
        Line::at(0).styled(Style::Success, format!("{file} is written:")).text(summary),
        Line::blank(),
        Line::heading("Next, in the management account"),
    ];
    for vendor in &starter.vendors {
        if let Some((name, hint)) = vendor.parameter() {
            lines.push(
                Line::at(2).text(format!("Store the external ID of {}, unless the stack did: {hint}.", vendor.title())),
            );
            lines.push(command(format!("aws ssm put-parameter --type SecureString --name {name} --value …")));
        }
    }
    for vendor in &starter.vendors {
        if let Some(name) = vendor.key_parameter() {
            lines.push(Line::at(2).text(format!("Store an API key of {}.", vendor.title())));
            lines.push(command(format!("aws ssm put-parameter --type SecureString --name {name} --value …")));
        }
    }
    let option = if file == DEFAULT_CONFIG { String::new() } else { format!(" --config {file}") };
    let argument = if file == DEFAULT_CONFIG { String::new() } else { format!(" {file}") };
    for (what, then) in [
        ("Check the file after each change.", format!("onboard config check{argument}")),
        ("Check credentials, organization and parameters.", format!("onboard doctor{option}")),
        ("See what one account needs; this changes nothing.", format!("onboard plan --account ACCOUNT{option}")),
        ("Store the file for the function.", format!("onboard config push{argument} --name {PARAMETER}")),
    ] {
        lines.extend([Line::at(2).text(what), command(then)]);
    }
    lines.push(Line::at(2).text(format!(
        "Deploy the stack with IdentityAccountId={} and ConfigurationParameterName={PARAMETER}; see docs/DEPLOY.md.",
        starter.identity_account
    )));
    lines
}

fn command(text: String) -> Line {
    Line::verbatim(6).styled(Style::Strong, text)
}
