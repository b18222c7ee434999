//! Grants whose last day is over.

use std::collections::BTreeSet;
use std::time::SystemTime;

use super::sample::{FRESH, NOW, account, blueprint_of, document, fresh, name};
use super::still_present::{ended_grants_left, grants_to_record, recognize_withdrawn};
use super::{Action, Approved, RecordedGrant, RoleHistory, diff, guard, predicted, proofs};
use crate::blueprint::{Blueprint, SecretValues};
use crate::caller_identity::Callers;
use crate::config::Config;
use crate::observed::Observed;
use crate::policy::{Document, add_grants};
use crate::time::from_policy_date;

const ACCESS: &str = "OrganizationAccountAccessRole";

fn configured(grants: &str) -> Blueprint {
    blueprint_of(&Config::parse_without_files(grants).unwrap_or_else(|problems| panic!("{problems}")))
}

/// A grant that ended, and one that goes on.
const GRANTS: &str = "[[access-role.grant]]\nprincipal = '222233334444'\n\n\
                      [[access-role.grant]]\nprincipal = '147995105371'\nuntil = 2027-01-31\n";

fn at(date: &str) -> SystemTime {
    from_policy_date(date).unwrap()
}

fn after_the_end() -> SystemTime {
    at("2027-02-01T00:00:00Z")
}

/// The account with every grant of a configuration, and its record.
fn granted(grants: &str) -> (Observed, BTreeSet<RecordedGrant>) {
    let blueprint = configured(grants);
    let all = blueprint.grants_on(&name(ACCESS));
    let trust = add_grants(&document(FRESH), &all, &blueprint.account.partition).unwrap().document;
    let recorded = grants_to_record(&BTreeSet::new(), &all, &trust, &blueprint.account.partition);
    (Observed { access_trust: Ok(trust), ..fresh() }, recorded)
}

fn ended(grants: &str, recorded: &BTreeSet<RecordedGrant>) -> Blueprint {
    let mut blueprint = configured(grants);
    blueprint.end_grants(after_the_end());
    recognize_withdrawn(&mut blueprint, recorded);
    blueprint
}

fn guarded(blueprint: &Blueprint, observed: &Observed) -> Approved {
    guard(diff(blueprint, observed, &RoleHistory::default(), NOW), blueprint, observed, &Callers::default())
}

fn trust_after(approved: &Approved) -> Document {
    match approved.changes() {
        [change] => match &change.action {
            Action::UpdateTrust { after, .. } => after.clone(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[test]
fn grant_is_configured_until_its_last_day_is_over() {
    let (observed, _) = granted(GRANTS);
    for (now, count) in [("2027-01-31T23:59:59Z", 2), ("2027-02-01T00:00:00Z", 1)] {
        let mut blueprint = configured(GRANTS);
        blueprint.end_grants(at(now));
        assert_eq!(blueprint.grants_on(&name(ACCESS)).len(), count);
        assert_eq!(guarded(&blueprint, &observed).changes(), [], "nothing is removed without a record");
    }
}

#[test]
fn recorded_grant_is_removed_after_its_last_day() {
    let (observed, recorded) = granted(GRANTS);
    let blueprint = ended(GRANTS, &recorded);
    let approved = guarded(&blueprint, &observed);
    let (only_identity, _) = granted(GRANTS.split("\n\n").next().unwrap());
    assert!(trust_after(&approved).equivalent(only_identity.access_trust.as_ref().unwrap()));
    let sentences = |observed: &Observed| -> Vec<_> {
        proofs(&blueprint, observed).into_iter().map(|proof| format!("{:?} {}", proof.holds, proof.sentence)).collect()
    };
    let after = predicted(&observed, approved.changes());
    insta::assert_snapshot!([sentences(&observed), sentences(&after)].concat().join("\n"), @"
    Some(true) account 222233334444: can assume the role
    Some(false) account 147995105371: can still assume the role, and the grant ended on 2027-01-31
    Some(true) account 222233334444: can assume the role
    Some(true) account 147995105371: cannot assume the role: the grant ended on 2027-01-31
    ");
    assert_eq!(guarded(&blueprint, &after).changes(), []);
}

#[test]
fn ended_grant_that_is_not_recorded_is_named() {
    let (observed, recorded) = granted(GRANTS);
    let trust = observed.access_trust.as_ref().unwrap();
    let left = |blueprint: &Blueprint, trust: &Document| -> Vec<String> {
        ended_grants_left(blueprint, &name(ACCESS), trust).iter().map(ToString::to_string).collect()
    };
    let unknown = ended(GRANTS, &BTreeSet::new());
    insta::assert_snapshot!(left(&unknown, trust).join("\n"), @"the grant for account 147995105371 on role `OrganizationAccountAccessRole` ended on 2027-01-31 and is still present; it is not removed, because no record shows that this tool made it: remove it with `[[access-role.revoke]]`");
    assert_eq!(left(&unknown, &document(FRESH)), Vec::<String>::new(), "it is not present");
    assert_eq!(left(&ended(GRANTS, &recorded), trust), Vec::<String>::new(), "it is removed");
}

#[test]
fn grant_that_is_also_configured_without_an_end_goes_on() {
    let twice = format!("{GRANTS}\n[[access-role.grant]]\nprincipal = '147995105371'\n");
    let (observed, recorded) = granted(&twice);
    let blueprint = ended(&twice, &recorded);
    assert_eq!((blueprint.ended.len(), guarded(&blueprint, &observed).changes().len()), (0, 0));
    let narrower = GRANTS.replace("until", "condition = { Bool = { 'aws:MultiFactorAuthPresent' = 'true' } }\nuntil");
    let both = format!("{narrower}\n[[access-role.grant]]\nprincipal = '147995105371'\n");
    let (observed, recorded) = granted(&both);
    let blueprint = ended(&both, &recorded);
    assert_eq!(guarded(&blueprint, &observed).changes().len(), 1, "only the one with the condition is removed");
    let about = |who: &str| proofs(&blueprint, &observed).iter().filter(|proof| proof.who.contains(who)).count();
    assert_eq!(about("147995105371"), 1, "nothing says that the principal cannot assume the role");
}

/// An unknown selection changes nothing: the tags of the account, on which the second grant depends, were not read.
#[test]
fn grant_that_may_go_on_is_left_as_it_is() {
    let (observed, recorded) = granted(GRANTS);
    let maybe = |actions: &str, until: &str| {
        format!(
            "{GRANTS}\n[[access-role.grant]]\nprincipal = '147995105371'\nactions = {actions}\n{until}\n\
             targets = {{ tags = {{ env = 'prod' }} }}\n"
        )
    };
    let changes = |grants: &str| {
        let config = Config::parse_without_files(grants).unwrap_or_else(|problems| panic!("{problems}"));
        let (mut blueprint, errors) = Blueprint::new(&config, &account(), &SecretValues::default()).unwrap();
        assert_eq!(errors.len(), 1);
        blueprint.end_grants(after_the_end());
        recognize_withdrawn(&mut blueprint, &recorded);
        guarded(&blueprint, &observed).changes().len()
    };
    for actions in ["['sts:AssumeRole']", "['sts:AssumeRole', 'sts:TagSession']"] {
        assert_eq!(changes(&maybe(actions, "")), 0, "{actions}");
        assert_eq!(changes(&maybe(actions, "until = 2027-01-30")), 1, "both have ended");
    }
    assert_eq!(
        changes(&maybe("['sts:AssumeRole']", "condition = { Bool = { 'aws:MultiFactorAuthPresent' = 'true' } }")),
        1
    );
}

#[test]
fn management_account_does_not_lose_its_access() {
    let own = GRANTS.replace("147995105371", "111122223333");
    let (observed, recorded) = granted(&own);
    let approved = guarded(&ended(&own, &recorded), &observed);
    assert_eq!(approved.changes(), []);
    insta::assert_snapshot!(approved.refusals()[0], @"the management account can assume role `OrganizationAccountAccessRole` by a grant that has ended, and without it no principal could repair the account; remove `until` from that `[[access-role.grant]]`, then run again");
}
