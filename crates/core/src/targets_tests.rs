use super::*;
use crate::config::Config;
use crate::plan::sample;

const PATH: &str = "o-exampleorg1/r-ab12/ou-ab12-workload/ou-ab12-prod0001/444455556666/";

fn account(path: Option<&str>) -> Account {
    Account { ou_path: path.map(str::to_owned), ..sample::account() }
}

/// The targets of a role with this key, as the configuration has them.
fn targets(text: &str) -> Targets {
    let text = format!("[[role]]\nname = 'r'\ntrust = [{{ principal = '222233334444' }}]\ntargets = {text}\n");
    Config::parse_without_files(&text).unwrap().roles.remove(0).targets
}

fn unit(names: &[&str]) -> UnitSelector {
    names.join("/").parse().unwrap()
}

fn unit_ids() -> UnitIds {
    BTreeMap::from([
        (unit(&["Workloads"]), Ok("ou-ab12-workload".parse().unwrap())),
        (unit(&["Workloads", "Production"]), Ok("ou-ab12-prod0001".parse().unwrap())),
        (unit(&["Sandbox"]), Ok("ou-ab12-sandbox1".parse().unwrap())),
        (unit(&["Gone"]), Err(Stop::blocked(Code::Configuration, "there is no unit", "fix it"))),
    ])
}

/// The answer with all facts.
fn decide(text: &str, tags: &[(&str, &str)]) -> TargetDecision {
    let tags = Ok(tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect());
    targets(text).decide(&AccountFacts::new(&account(Some(PATH)), Some(&unit_ids()), Some(&tags)))
}

#[test]
fn account_is_selected_by_any_of_unit_id_and_tags() {
    for selects in [
        "{ organizational-units = ['ou-ab12-prod0001'] }",
        "{ organizational-units = ['ou-ab12-workload'] }",
        "{ organizational-units = ['Workloads'] }",
        "{ organizational-units = ['Sandbox', 'Workloads/Production'] }",
        "{ accounts = ['444455556666'] }",
        "{ tags = { env = 'prod' } }",
        "{ tags = { env = ['dev', 'prod'], team = 'a' } }",
        "{ organizational-units = ['Sandbox'], accounts = ['444455556666'], tags = { env = 'dev' } }",
        "{ exclude = { organizational-units = ['Sandbox'], accounts = ['999988887777'], tags = { env = 'dev' } } }",
    ] {
        assert_eq!(decide(selects, &[("env", "prod"), ("team", "a")]), TargetDecision::Selected, "{selects}");
    }
    for not in [
        "{ organizational-units = ['Sandbox'] }",
        "{ organizational-units = ['ou-ab12-workloads'] }",
        "{ accounts = ['999988887777'] }",
        "{ tags = { env = 'dev' } }",
        "{ tags = { Env = 'prod' } }",
        "{ tags = { env = 'prod', team = 'b' } }",
        "{ organizational-units = ['Workloads'], exclude = { organizational-units = ['Workloads/Production'] } }",
        "{ accounts = ['444455556666'], exclude = { tags = { env = 'prod' } } }",
        "{ exclude = { accounts = ['444455556666'] } }",
    ] {
        assert_eq!(decide(not, &[("env", "prod"), ("team", "a")]), TargetDecision::NotSelected, "{not}");
    }
    assert_eq!(decide("{ tags = { env = '' } }", &[("env", "")]), TargetDecision::Selected, "a tag without a value");
    assert_eq!(decide("{ tags = { env = '' } }", &[]), TargetDecision::NotSelected);
}

/// With `on-unselect = "remove"`, an ID of a unit that does not exist must not be the reason for a removal.
#[test]
fn account_counts_as_removed_from_a_unit_only_if_the_unit_exists() {
    let removing = |text: &str| Targets { on_unselect: OnUnselect::Remove, ..targets(text) };
    let units = BTreeMap::from([
        ("ou-ab12-sandbox1".parse().unwrap(), Ok("ou-ab12-sandbox1".parse().unwrap())),
        ("ou-ab12-mistyped".parse().unwrap(), Err(Stop::blocked(Code::Configuration, "there is no unit", "fix it"))),
    ]);
    let account = account(Some(PATH));
    let decide = |text: &str, units| removing(text).decide(&AccountFacts::new(&account, units, None));
    let unit = |id: &str| format!("{{ organizational-units = ['{id}'] }}");
    assert_eq!(decide(&unit("ou-ab12-prod0001"), None), TargetDecision::Selected, "it is in the unit");
    assert_eq!(decide(&unit("ou-ab12-sandbox1"), None), TargetDecision::NotKnown(Unknown::Units));
    assert_eq!(decide(&unit("ou-ab12-sandbox1"), Some(&units)), TargetDecision::NotSelected);
    let mistyped = decide(&unit("ou-ab12-mistyped"), Some(&units));
    assert!(matches!(mistyped, TargetDecision::NotKnown(Unknown::Failed(_))), "{mistyped:?}");
    let excluded = "{ exclude = { organizational-units = ['ou-ab12-mistyped'] } }";
    assert_eq!(decide(excluded, None), TargetDecision::Selected, "nothing is removed because of it");
}

#[test]
fn default_selects_every_account_whatever_is_known() {
    assert!(Targets::default().is_every_account());
    assert_eq!(Targets::default().decide(&AccountFacts::from(&account(None))), TargetDecision::Selected);
}

#[test]
fn what_is_not_known_counts_only_if_it_could_change_the_answer() {
    let known = |text: &str, path: Option<&str>| targets(text).decide(&AccountFacts::from(&account(path)));
    let unknown = |unknown| TargetDecision::NotKnown(unknown);
    assert_eq!(known("{ tags = { env = 'prod' } }", Some(PATH)), unknown(Unknown::Tags));
    assert_eq!(known("{ organizational-units = ['Workloads'] }", Some(PATH)), unknown(Unknown::Units));
    assert_eq!(known("{ organizational-units = ['Workloads'] }", None), unknown(Unknown::Path));
    assert_eq!(known("{ organizational-units = ['ou-ab12-prod0001'] }", None), unknown(Unknown::Path));
    assert_eq!(known("{ exclude = { organizational-units = ['ou-ab12-prod0001'] } }", None), unknown(Unknown::Path));
    // Neither the tags nor the names are needed.
    let by_id = "{ accounts = ['444455556666'], organizational-units = ['Workloads'], tags = { env = 'prod' } }";
    assert_eq!(known(by_id, None), TargetDecision::Selected);
    let other = "{ accounts = ['999988887777'], exclude = { tags = { env = 'prod' } } }";
    assert_eq!(known(other, None), TargetDecision::NotSelected);
    let excluded = "{ tags = { env = 'prod' }, exclude = { accounts = ['444455556666'] } }";
    assert_eq!(known(excluded, None), TargetDecision::NotSelected);
}

#[test]
fn unit_that_does_not_exist_blocks_only_what_depends_on_it() {
    assert!(matches!(
        decide("{ organizational-units = ['Gone'] }", &[]),
        TargetDecision::NotKnown(Unknown::Failed(Stop::Blocked(_)))
    ));
    let other = "{ organizational-units = ['Gone', 'Workloads'] }";
    assert_eq!(decide(other, &[]), TargetDecision::Selected);
    assert!(matches!(decide("{ exclude = { organizational-units = ['Gone'] } }", &[]), TargetDecision::NotKnown(_)));
}

#[test]
fn tags_that_cannot_be_read_are_not_known() {
    let tags = Err(Stop::wait(Code::Throttled, "slow down"));
    let answer = targets("{ tags = { env = 'prod' } }").decide(&AccountFacts::new(&account(None), None, Some(&tags)));
    let TargetDecision::NotKnown(unknown) = answer else { panic!("{answer:?}") };
    assert_eq!(unknown.stop(&account(None).id), Stop::wait(Code::Throttled, "slow down"));
    insta::assert_snapshot!(Unknown::Path.stop(&account(None).id).cause().message, @"Organizations did not return the organizational units of account 444455556666");
}

#[test]
fn targets_are_described_in_one_sentence() {
    let all = [
        "{ organizational-units = ['ou-ab12-prod0001', 'Workloads / Production'], accounts = ['444455556666'] }",
        "{ tags = { env = ['prod', 'dev'], team = 'a' }, exclude = { organizational-units = ['Sandbox'] } }",
        "{ exclude = { accounts = ['444455556666', '999988887777'], tags = { env = 'prod' } } }",
    ];
    insta::assert_snapshot!(all.map(|text| targets(text).to_string()).join("\n"), @"
    accounts in ou-ab12-prod0001, accounts in Workloads/Production, 444455556666
    accounts with the tag `env` = `dev` or `prod` and `team` = `a`, except accounts in Sandbox
    every account, except 444455556666, 999988887777, accounts with the tag `env` = `prod`
    ");
}
