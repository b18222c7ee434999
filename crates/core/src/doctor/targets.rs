//! The targets of a configuration, compared with the accounts and units that exist.

use super::check::Check;
use crate::account::Account;
use crate::config::Config;
use crate::eligibility::{Eligibility, eligibility};
use crate::organizational_unit::UnitSelector;
use crate::suggestion::counted;
use crate::targets::{AccountFacts, TargetDecision, Targets, UnitIds};

/// Whether the units that targets name exist, and whether each part of the configuration with targets is for any account.
/// `accounts` are those of the organization, and `units` the units that were looked up. Targets that depend on tags are not judged: reading the tags of every account would take long. Empty if nothing
/// has targets.
#[must_use]
pub fn targets(config: &Config, accounts: &[Account], units: &UnitIds) -> Vec<Check> {
    const NAME: &str = "targets";
    let parts: Vec<_> = parts(config).filter(|(_, targets)| !targets.is_every_account()).collect();
    if parts.is_empty() {
        return Vec::new();
    }
    let eligible: Vec<_> =
        accounts.iter().filter(|account| eligibility(account, &config.excluded) == Eligibility::Eligible).collect();
    let mut checks = Vec::new();
    for (part, targets) in &parts {
        for unit in targets.units() {
            let missing = "correct `targets`, or create the unit";
            match (unit, units.get(unit)) {
                (_, Some(Err(stop))) => {
                    checks.push(Check::failed(NAME, format!("{part}: {}", stop.cause().message), missing));
                }
                (UnitSelector::Id(id), None) if !accounts.iter().any(|account| account.is_in(id)) => {
                    let text = format!("{part}: the unit {id} has no account, or does not exist");
                    checks.push(Check::warning(NAME, text, "compare it with the units of the organization"));
                }
                (_, Some(Ok(_)) | None) => {}
            }
        }
        let selects = |account: &&&Account| {
            let facts = AccountFacts::new(account, Some(units), None);
            targets.decide(&facts) != TargetDecision::NotSelected
        };
        if !eligible.iter().any(|account| selects(&account)) {
            let text = format!("{part} selects none of {}: {targets}", counted(eligible.len(), "account"));
            checks.push(Check::warning(NAME, text, "correct `targets`, or ignore this if accounts are added later"));
        }
    }
    if checks.is_empty() {
        checks.push(Check::ok(NAME, "each `targets` of the configuration selects at least one account"));
    }
    checks
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

    fn account(id: &str, state: AccountState, path: &str) -> Account {
        Account { id: id.parse().unwrap(), state, ou_path: Some(path.to_owned()), ..sample::account() }
    }

    fn checks(targets: &[&str]) -> String {
        checks_knowing(targets, UnitIds::new())
    }

    fn checks_knowing(targets: &[&str], others: UnitIds) -> String {
        let grants =
            targets.iter().map(|targets| format!("[[access-role.grant]]\nprincipal = '222233334444'\n{targets}\n"));
        let config = Config::parse_without_files(&grants.collect::<String>()).unwrap();
        let accounts = [
            account("444455556666", AccountState::Active, "o-exampleorg1/r-ab12/ou-ab12-prod0001/444455556666/"),
            account("555566667777", AccountState::Closed, "o-exampleorg1/r-ab12/ou-ab12-closed01/555566667777/"),
        ];
        let missing = Stop::blocked(Code::Configuration, "`Root` contains no unit `Prod`", "");
        let mut units = UnitIds::from([
            ("Production".parse().unwrap(), Ok("ou-ab12-prod0001".parse().unwrap())),
            ("Prod".parse().unwrap(), Err(missing)),
        ]);
        units.extend(others);
        let checks = super::targets(&config, &accounts, &units);
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
    fn targets_that_select_an_account_or_depend_on_tags_are_fine() {
        let fine = [
            "targets.organizational-units = ['Production']",
            "targets.organizational-units = ['ou-ab12-prod0001']",
            "targets.accounts = ['444455556666', '999988887777']",
            "targets.tags = { env = 'prod' }",
            "targets.exclude.accounts = ['999988887777']",
        ];
        insta::assert_snapshot!(checks(&fine), @"Ok each `targets` of the configuration selects at least one account");
    }

    #[test]
    fn unit_without_accounts_is_reported_if_it_does_not_exist() {
        let targets =
            ["targets.accounts = ['444455556666']\ntargets.exclude.organizational-units = ['ou-ab12-other001']"];
        let missing = Stop::blocked(Code::Configuration, "the organization has no unit `ou-ab12-other001`", "");
        let known = |found| UnitIds::from([("ou-ab12-other001".parse().unwrap(), found)]);
        let exists = known(Ok("ou-ab12-other001".parse().unwrap()));
        insta::assert_snapshot!(checks_knowing(&targets, exists), @"Ok each `targets` of the configuration selects at least one account");
        insta::assert_snapshot!(checks_knowing(&targets, known(Err(missing))), @"Failed access-role.grant 1: the organization has no unit `ou-ab12-other001` -> correct `targets`, or create the unit");
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
        Warning access-role.grant 2: the unit ou-ab12-other001 has no account, or does not exist -> compare it with the units of the organization
        Warning access-role.grant 3 selects none of 1 account: 999988887777 -> correct `targets`, or ignore this if accounts are added later
        Warning access-role.grant 4 selects none of 1 account: accounts in ou-ab12-closed01 -> correct `targets`, or ignore this if accounts are added later
        Failed access-role.other Acquired: `Root` contains no unit `Prod` -> correct `targets`, or create the unit
        ");
    }
}
