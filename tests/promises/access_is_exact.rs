//! Promises 2 and 3: whoever could enter before can enter after, and nobody else but the configured.
//!
//! Who can is asked of the simulated STS, before and after a run of the engine on policies that others wrote.

use std::sync::atomic::{AtomicUsize, Ordering};

use onboarding_core::policy::Caller;
use onboarding_simulation::FakeOrganization;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};

use crate::common::*;

const STRANGER: &str = "123456789012";
const ANN: &str = "arn:aws:iam::222233334444:user/ann";
const ORPHAN: &str = "AROAIOSFODNN7EXAMPLE1";
/// The organization of the simulation.
const ORGANIZATION: &str = "o-exampleorgid";

fn root(account: &str) -> String {
    format!("arn:aws:iam::{account}:root")
}

/// One text, or a list of it.
fn one_or_list(values: Vec<String>) -> impl Strategy<Value = Value> {
    any::<bool>().prop_map(move |list| match values.as_slice() {
        [one] if !list => json!(one),
        all => json!(all),
    })
}

fn aws_principals() -> impl Strategy<Value = Value> {
    let mut all: Vec<_> = [PIPELINE, ANN, STRANGER, IDENTITY, OLD].map(str::to_owned).to_vec();
    all.extend([MANAGEMENT, IDENTITY, TRELICA].map(root));
    let some = subsequence(all, 1..4);
    prop_oneof![
        8 => some.clone().prop_flat_map(one_or_list),
        1 => some.prop_map(|some| json!([some, vec![ORPHAN.to_owned()]].concat())),
        1 => Just(json!(ORPHAN)),
        1 => select(vec![json!("*"), json!(["*"])]),
    ]
}

/// The element that says whom a statement is about.
fn principal() -> impl Strategy<Value = (&'static str, Value)> {
    prop_oneof![
        10 => aws_principals().prop_map(|aws| ("Principal", json!({ "AWS": aws }))),
        2 => aws_principals().prop_map(|aws| ("Principal", json!({ "AWS": aws, "Service": "ec2.amazonaws.com" }))),
        1 => Just(("Principal", json!("*"))),
        1 => Just(("Principal", json!({ "Service": ["lambda.amazonaws.com", "ec2.amazonaws.com"] }))),
        1 => Just(("Principal", json!({ "Federated": "arn:aws:iam::444455556666:saml-provider/x" }))),
        1 => Just(("NotPrincipal", json!({ "AWS": [root(MANAGEMENT), root(IDENTITY), PIPELINE] }))),
    ]
}

fn action() -> impl Strategy<Value = (&'static str, Value)> {
    select(vec![
        ("Action", json!("sts:AssumeRole")),
        ("Action", json!("sts:AssumeRole")),
        ("Action", json!(["sts:AssumeRole"])),
        ("Action", json!(["sts:AssumeRole", "sts:TagSession"])),
        ("Action", json!("STS:assumerole")),
        ("Action", json!("sts:*")),
        ("Action", json!("sts:AssumeRoleWithSAML")),
        ("NotAction", json!("iam:*")),
    ])
}

fn condition() -> impl Strategy<Value = Option<Value>> {
    prop_oneof![
        3 => Just(None),
        2 => select(vec![
            json!({}),
            json!({ "Bool": { "aws:MultiFactorAuthPresent": "true" } }),
            json!({ "Bool": { "aws:MultiFactorAuthPresent": true } }),
            json!({ "StringEquals": { "sts:ExternalId": "one" } }),
            json!({ "StringEquals": { "sts:ExternalId": ["one", "two"] } }),
            json!({ "StringLike": { "sts:ExternalId": "t*" } }),
            json!({ "StringEquals": { "aws:PrincipalOrgID": ORGANIZATION } }),
            json!({ "StringNotEquals": { "aws:PrincipalOrgID": ORGANIZATION } }),
            json!({ "ArnLike": { "aws:PrincipalArn": "arn:aws:iam::*:role/app-*" } }),
            json!({ "Null": { "sts:ExternalId": "true" } }),
            json!({ "DateGreaterThan": { "aws:CurrentTime": "2020-01-01T00:00:00Z" } }),
        ]).prop_map(Some),
    ]
}

fn statement() -> impl Strategy<Value = Value> {
    let effect = prop_oneof![5 => Just("Allow"), 1 => Just("Deny")];
    let extra = prop_oneof![9 => Just(false), 1 => Just(true)];
    (effect, principal(), action(), condition(), any::<bool>(), extra).prop_map(
        |(effect, principal, action, condition, with_sid, extra)| {
            let mut statement = Map::new();
            if with_sid {
                statement.insert("Sid".to_owned(), json!("AccountOnboarding1"));
            }
            statement.insert("Effect".to_owned(), json!(effect));
            statement.insert(principal.0.to_owned(), principal.1);
            statement.insert(action.0.to_owned(), action.1);
            if let Some(condition) = condition {
                statement.insert("Condition".to_owned(), condition);
            }
            if extra {
                statement.insert("Comment".to_owned(), json!("written by hand"));
            }
            Value::Object(statement)
        },
    )
}

/// A trust policy that others wrote; in most of them, the management account may enter.
fn trust() -> impl Strategy<Value = Value> {
    let fresh = json!({ "Effect": "Allow", "Principal": { "AWS": root(MANAGEMENT) }, "Action": "sts:AssumeRole" });
    let statements = (prop::collection::vec(statement(), 0..4), 0..8usize, any::<bool>());
    statements.prop_map(move |(mut all, at, single)| {
        if at < 7 || all.is_empty() {
            all.insert(at.min(all.len()), fresh.clone());
        }
        // A Sid stands once.
        let mut sids = 0;
        for statement in all.iter_mut().filter_map(Value::as_object_mut) {
            if let Some(sid) = statement.get_mut("Sid") {
                sids += 1;
                *sid = json!(format!("AccountOnboarding{sids}"));
            }
        }
        let statement = if single && all.len() == 1 { all.remove(0) } else { Value::Array(all) };
        json!({ "Version": "2012-10-17", "Statement": statement })
    })
}

/// A grant of the configuration.
#[derive(Debug, Clone)]
struct Configured {
    principal: &'static str,
    external_id: Option<&'static str>,
    condition: &'static str,
}

fn configured() -> impl Strategy<Value = Vec<Configured>> {
    let principal = select(vec![IDENTITY, IDENTITY, TRELICA, PIPELINE, OLD]);
    let external_id = select(vec![None, None, Some("one"), Some("three")]);
    let condition = select(vec!["", "", MFA, IN_ORGANIZATION]);
    let one = (principal, external_id, condition);
    prop::collection::vec(
        one.prop_map(|(principal, external_id, condition)| Configured { principal, external_id, condition }),
        1..4,
    )
}

const MFA: &str = "{ Bool = { \"aws:MultiFactorAuthPresent\" = \"true\" } }";
const IN_ORGANIZATION: &str = "{ StringEquals = { \"aws:PrincipalOrgID\" = \"o-exampleorgid\" } }";

fn toml(grants: &[Configured], prune: bool) -> String {
    let mut text = format!("[access-role]\nprune-orphans = {prune}\n");
    for grant in grants {
        text += &format!("[[access-role.grant]]\nprincipal = \"{}\"\n", grant.principal);
        if let Some(external_id) = grant.external_id {
            text += &format!("external-id = \"{external_id}\"\n");
        }
        if !grant.condition.is_empty() {
            text += &format!("condition = {}\n", grant.condition);
        }
    }
    text
}

impl Configured {
    /// Whether this grant is meant for a request.
    fn is_for(&self, caller: &Caller, external_id: Option<&str>) -> bool {
        let named = self.principal == caller.account.as_str() || Some(self.principal) == caller.arn.as_deref();
        let inside = [MANAGEMENT, IDENTITY, OLD, NEW].contains(&caller.account.as_str());
        // No request of these comes with MFA.
        let condition = self.condition.is_empty() || (self.condition == IN_ORGANIZATION && inside);
        named && condition && self.external_id.is_none_or(|wanted| Some(wanted) == external_id)
    }
}

/// Every request, and whether it succeeds.
fn who_can(organization: &FakeOrganization) -> Vec<(Caller, Option<&'static str>, bool)> {
    let mut all = Vec::new();
    for (account, arn) in [
        (MANAGEMENT, None),
        (MANAGEMENT, Some("arn:aws:iam::111122223333:role/account-onboarding")),
        (IDENTITY, None),
        (IDENTITY, Some(PIPELINE)),
        (IDENTITY, Some(ANN)),
        (OLD, None),
        (OLD, Some("arn:aws:iam::333344445555:role/app-x")),
        (TRELICA, None),
        (STRANGER, None),
        (STRANGER, Some("arn:aws:iam::123456789012:role/app-x")),
        ("999999999999", None),
    ] {
        let caller = Caller { account: id(account), arn: arn.map(str::to_owned) };
        for external_id in [None, Some("one"), Some("two"), Some("three")] {
            let role = format!("arn:aws:iam::{NEW}:role/{ACCESS}");
            all.push((caller.clone(), external_id, organization.can_assume(&caller, &role, external_id)));
        }
    }
    all
}

/// All else stays as it was: each statement is there, in order, with no principal less.
fn assert_kept(before: &Value, after: &Value) -> Result<(), TestCaseError> {
    let list =
        |document: &Value| document["Statement"].as_array().cloned().unwrap_or(vec![document["Statement"].clone()]);
    let names = |statement: &Value| -> Vec<Value> {
        // IAM saves an account's id as its root ARN.
        let aws = &statement["Principal"]["AWS"];
        let saved = |name: &Value| match name.as_str() {
            Some(account) if account.len() == 12 => json!(root(account)),
            _ => name.clone(),
        };
        aws.as_array().map_or_else(|| vec![saved(aws)], |all| all.iter().map(saved).collect())
    };
    let (before, after) = (list(before), list(after));
    prop_assert!(after.len() >= before.len());
    for (was, is) in before.iter().zip(&after) {
        let (old, new) = (names(was), names(is));
        prop_assert!(new.starts_with(&old), "{is}");
        let mut same = is.clone();
        if let Some(aws) = same.get_mut("Principal").and_then(|principal| principal.get_mut("AWS")) {
            *aws = was["Principal"]["AWS"].clone();
        }
        prop_assert_eq!(was, &same);
    }
    Ok(())
}

#[test]
fn whoever_could_can_and_nobody_else_but_the_configured() {
    let (edited, blocked) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let config = ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() };
    TestRunner::new(config)
        .run(&(trust(), configured(), any::<bool>()), |(trust, grants, prune)| {
            let organization = with_new_account().with_outside_account(&id(STRANGER)).with_identity(ANN);
            organization.set_trust(&id(NEW), &name(ACCESS), &trust.to_string());
            let before = who_can(&organization);
            let report = apply_with(&organization, NEW, &toml(&grants, prune));
            let after = who_can(&organization);
            for ((caller, external_id, could), (_, _, can)) in before.into_iter().zip(after) {
                prop_assert!(can || !could, "{caller:?} with {external_id:?} is locked out");
                let meant = grants.iter().any(|grant| grant.is_for(&caller, external_id));
                prop_assert!(could || !can || meant, "{caller:?} with {external_id:?} is let in");
            }
            let saved: Value = serde_json::from_str(&role_state(&organization, NEW, ACCESS).trust.0).unwrap();
            let writes = organization.writes().iter().filter(|call| call.ok).count();
            if writes == 0 {
                prop_assert_eq!(&saved, &trust);
            } else if !prune {
                assert_kept(&trust, &saved)?;
            }
            edited.fetch_add(usize::from(writes > 0), Ordering::Relaxed);
            blocked.fetch_add(usize::from(report.outcome.as_str() == "blocked"), Ordering::Relaxed);
            prop_assert!(report.proofs.iter().all(|proof| proof.holds) || report.outcome.as_str() != "converged");
            Ok(())
        })
        .unwrap();
    let (edited, blocked) = (edited.into_inner(), blocked.into_inner());
    assert!(edited > 50 && blocked > 12, "the cases are worth it: {edited} edited, {blocked} blocked");
}
