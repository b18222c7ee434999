//! The targets of a configuration, compared with the accounts and units that exist.

use super::check::Check;
use super::tag_decisions::TagDecisions;
use crate::account::Account;
use crate::config::Config;
use crate::eligibility::{Eligibility, eligibility};
use crate::suggestion::{counted, plain_list_of};
use crate::targets::{AccountFacts, TargetDecision, Targets, UnitIds, Unknown};

/// Whether the units that targets name exist, and whether each part of the configuration with targets is for any account.
/// `accounts` are those of the organization, `units` the units that were looked up, and `tags` what the tags of accounts say, if they
/// were read: without them, targets that depend on tags are named as not checked. Empty if nothing has targets.
#[must_use]
pub fn targets(config: &Config, accounts: &[Account], units: &UnitIds, tags: Option<&TagDecisions>) -> Vec<Check> {
    const NAME: &str = "targets";
    let parts: Vec<_> = parts(config).filter(|(_, targets)| !targets.is_every_account()).collect();
    if parts.is_empty() {
        return Vec::new();
    }
    let eligible: Vec<_> =
        accounts.iter().filter(|account| eligibility(account, &config.excluded) == Eligibility::Eligible).collect();
    let mut checks = Vec::new();
    let mut depend_on_tags = Vec::new();
    for (part, targets) in &parts {
        for stop in targets.units().filter_map(|unit| units.get(unit)?.as_ref().err()) {
            let missing = "correct `targets`, or create the unit";
            checks.push(Check::failed(NAME, format!("{part}: {}", stop.cause().message), missing));
        }
        match selection(targets, &eligible, units, tags) {
            Selection::Some => {}
            Selection::DependsOnTags => depend_on_tags.push(part.as_str()),
            Selection::None => {
                let text = format!("{part} selects none of {}: {targets}", counted(eligible.len(), "account"));
                let fix = "correct `targets`, or ignore this if accounts are added later";
                checks.push(Check::warning(NAME, text, fix));
            }
        }
    }
    let others = checks.is_empty() && depend_on_tags.len() < parts.len();
    if !depend_on_tags.is_empty() {
        let named = plain_list_of(depend_on_tags);
        let others = if others { "; each other `targets` selects at least one account" } else { "" };
        let text = format!("those that depend on tags are checked by `onboard plan --all` ({named}){others}");
        checks.push(Check::ok(NAME, text));
    } else if checks.is_empty() {
        checks.push(Check::ok(NAME, "each `targets` of the configuration selects at least one account"));
    }
    checks
}

/// Whether targets select any account.
enum Selection {
    /// They do, or it is not known why not.
    Some,
    /// They select none.
    None,
    /// The tags that decide were not read.
    DependsOnTags,
}

fn selection(targets: &Targets, accounts: &[&Account], units: &UnitIds, tags: Option<&TagDecisions>) -> Selection {
    let mut undecided = Vec::new();
    let mut depends_on_tags = false;
    for account in accounts {
        match targets.decide(&AccountFacts::new(account, Some(units), None)) {
            TargetDecision::Selected => return Selection::Some,
            TargetDecision::NotSelected => {}
            TargetDecision::NotKnown(unknown) => {
                undecided.push(*account);
                depends_on_tags |= unknown == Unknown::Tags;
            }
        }
    }
    if undecided.is_empty() {
        return Selection::None;
    }
    match tags.and_then(|tags| tags.selects_any(targets, &undecided)) {
        Some(true) => Selection::Some,
        Some(false) => Selection::None,
        None if depends_on_tags => Selection::DependsOnTags,
        None => Selection::Some,
    }
}

/// The parts of a configuration that can have targets, each with its name.
fn parts(config: &Config) -> impl Iterator<Item = (String, &Targets)> {
    let grants = config.access_role.grants.iter().enumerate();
    let grants = grants.map(|(index, grant)| (format!("access-role.grant {}", index + 1), &grant.targets));
    let others = config.access_role.others.iter();
    let others = others.map(|other| (format!("access-role.other {}", other.name), &other.targets));
    grants.chain(others).chain(config.roles.iter().map(|role| (role.definition.owner.to_string(), &role.targets)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::AccountState;
    use crate::code::Code;
    use crate::outcome::Stop;
    use crate::plan::sample;
    use crate::targets::Tags;

    fn account(id: &str, state: AccountState, path: &str) -> Account {
        Account { id: id.parse().unwrap(), state, ou_path: Some(path.to_owned()), ..sample::account() }
    }

    fn checks(targets: &[&str]) -> String {
        checks_knowing(targets, UnitIds::new())
    }

    fn checks_knowing(targets: &[&str], others: UnitIds) -> String {
        checks_with(targets, others, None)
    }

    /// The checks, where the active account has these tags, if they were read.
    fn checks_with(targets: &[&str], others: UnitIds, tags: Option<Result<Tags, Stop>>) -> String {
        let grants =
            targets.iter().map(|targets| format!("[[access-role.grant]]\nprincipal = '222233334444'\n{targets}\n"));
        let config = Config::parse_without_files(&grants.collect::<String>()).unwrap();
        let accounts = [
            account("444455556666", AccountState::Active, "o-exampleorg1/r-ab12/ou-ab12-prod0001/444455556666/"),
            account("555566667777", AccountState::Closed, "o-exampleorg1/r-ab12/ou-ab12-closed01/555566667777/"),
        ];
        let missing = Stop::blocked(Code::Configuration, "`Root` contains no unit `Prod`", "");
        let no_unit = Stop::blocked(Code::Configuration, "the organization has no unit `ou-ab12-other001`", "");
        let mut units = UnitIds::from([
            ("Production".parse().unwrap(), Ok("ou-ab12-prod0001".parse().unwrap())),
            ("Prod".parse().unwrap(), Err(missing)),
            ("ou-ab12-other001".parse().unwrap(), Err(no_unit)),
        ]);
        units.extend(others);
        let mut decisions = TagDecisions::default();
        let read = tags.is_some();
        if read {
            decisions.add(&config, &AccountFacts::new(&accounts[0], Some(&units), tags.as_ref()));
        }
        let checks = super::targets(&config, &accounts, &units, read.then_some(&decisions));
        let lines = checks.iter().map(|check| {
            let fix = check.fix.as_ref().map(|fix| format!(" -> {fix}")).unwrap_or_default();
            format!("{:?} {}{fix}", check.status, check.text)
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn configuration_without_targets_has_no_check() {
        assert_eq!(checks(&[""]), "");
    }

    #[test]
    fn targets_that_select_an_account_are_fine() {
        let fine = [
            "targets.organizational-units = ['Production']",
            "targets.organizational-units = ['ou-ab12-prod0001']",
            "targets.accounts = ['444455556666', '999988887777']",
            "targets.exclude.accounts = ['999988887777']",
        ];
        insta::assert_snapshot!(checks(&fine), @"Ok each `targets` of the configuration selects at least one account");
    }

    #[test]
    fn unit_without_accounts_is_fine_if_it_exists() {
        let targets =
            ["targets.accounts = ['444455556666']\ntargets.exclude.organizational-units = ['ou-ab12-other001']"];
        let exists = UnitIds::from([("ou-ab12-other001".parse().unwrap(), Ok("ou-ab12-other001".parse().unwrap()))]);
        insta::assert_snapshot!(checks_knowing(&targets, exists), @"Ok each `targets` of the configuration selects at least one account");
    }

    #[test]
    fn targets_that_depend_on_tags_are_judged_only_if_the_tags_were_read() {
        const ENV: &str = "targets.tags = { env = 'prod' }";
        let none = UnitIds::new;
        let tags = |value: &str| Some(Ok(Tags::from([("env".to_owned(), value.to_owned())])));
        insta::assert_snapshot!(checks(&[ENV]), @"Ok those that depend on tags are checked by `onboard plan --all` (access-role.grant 1)");
        let both = [ENV, "targets.accounts = ['444455556666']"];
        insta::assert_snapshot!(checks(&both), @"Ok those that depend on tags are checked by `onboard plan --all` (access-role.grant 1); each other `targets` selects at least one account");
        let wrong = [ENV, "targets.accounts = ['999988887777']"];
        insta::assert_snapshot!(checks(&wrong), @"
        Warning access-role.grant 2 selects none of 1 account: 999988887777 -> correct `targets`, or ignore this if accounts are added later
        Ok those that depend on tags are checked by `onboard plan --all` (access-role.grant 1)
        ");
        insta::assert_snapshot!(checks_with(&[ENV], none(), tags("prod")), @"Ok each `targets` of the configuration selects at least one account");
        insta::assert_snapshot!(checks_with(&[ENV], none(), tags("prdo")), @"Warning access-role.grant 1 selects none of 1 account: accounts with the tag `env` = `prod` -> correct `targets`, or ignore this if accounts are added later");
        let denied = Some(Err(Stop::blocked(Code::Configuration, "denied", "")));
        insta::assert_snapshot!(checks_with(&[ENV], none(), denied), @"Ok each `targets` of the configuration selects at least one account");
    }

    #[test]
    fn unknown_units_and_targets_that_select_nothing_are_reported() {
        let wrong = [
            "targets.organizational-units = ['Prod', 'Production']",
            "targets.exclude.organizational-units = ['ou-ab12-other001']",
            "targets.accounts = ['999988887777']",
            "targets.organizational-units = ['ou-ab12-closed01']",
            "[[access-role.other]]\nname = 'Acquired'\ntargets.organizational-units = ['Prod']",
        ];
        insta::assert_snapshot!(checks(&wrong), @"
        Failed access-role.grant 1: `Root` contains no unit `Prod` -> correct `targets`, or create the unit
        Failed access-role.grant 2: the organization has no unit `ou-ab12-other001` -> correct `targets`, or create the unit
        Warning access-role.grant 3 selects none of 1 account: 999988887777 -> correct `targets`, or ignore this if accounts are added later
        Warning access-role.grant 4 selects none of 1 account: accounts in ou-ab12-closed01 -> correct `targets`, or ignore this if accounts are added later
        Failed access-role.other Acquired: `Root` contains no unit `Prod` -> correct `targets`, or create the unit
        ");
    }
}
