//! Promises 2 and 3: every principal that could assume the access role before a run still can, and no other principal gains
//! access except the configured ones.
//!
//! The test generates trust policies as other tools or administrators might have written them, and random grants. It asks
//! the simulated STS which of a fixed set of requests succeed, before and after a run of the engine, and compares the two.

use std::sync::atomic::{AtomicUsize, Ordering};

use onboarding_core::plan::Proof;
use onboarding_core::policy::Caller;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};

use crate::common::{ACCESS, IDENTITY, MANAGEMENT, NEW, OLD, PIPELINE, Scenario, TRELICA, id};

const STRANGER: &str = "123456789012";
const ANN: &str = "arn:aws:iam::222233334444:user/ann";
const ORPHAN: &str = "AROAIOSFODNN7EXAMPLE1";
/// The id of the simulated organization.
const ORGANIZATION: &str = "o-exampleorgid";

fn root(account: &str) -> String {
    format!("arn:aws:iam::{account}:root")
}

/// A string, or an array of strings.
fn string_or_array(values: Vec<String>) -> impl Strategy<Value = Value> {
    any::<bool>().prop_map(move |is_array| match values.as_slice() {
        [one] if !is_array => json!(one),
        all => json!(all),
    })
}

fn aws_principals() -> impl Strategy<Value = Value> {
    let mut all: Vec<_> = [PIPELINE, ANN, STRANGER, IDENTITY, OLD].map(str::to_owned).to_vec();
    all.extend([MANAGEMENT, IDENTITY, TRELICA].map(root));
    let some = subsequence(all, 1..4);
    prop_oneof![
        8 => some.clone().prop_flat_map(string_or_array),
        1 => some.prop_map(|some| json!([some, vec![ORPHAN.to_owned()]].concat())),
        1 => Just(json!(ORPHAN)),
        1 => select(vec![json!("*"), json!(["*"])]),
    ]
}

/// The principal element of a statement.
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
                statement.insert("Comment".to_owned(), json!("written manually"));
            }
            Value::Object(statement)
        },
    )
}

/// A trust policy written by others. Most of them allow the management account to assume the role.
fn trust() -> impl Strategy<Value = Value> {
    let management = json!({ "Effect": "Allow", "Principal": { "AWS": root(MANAGEMENT) }, "Action": "sts:AssumeRole" });
    let statements = (prop::collection::vec(statement(), 0..4), 0..8usize, any::<bool>());
    statements.prop_map(move |(mut all, at, single)| {
        if at < 7 || all.is_empty() {
            all.insert(at.min(all.len()), management.clone());
        }
        // Sids must be unique.
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

/// A configured grant.
#[derive(Debug, Clone)]
struct ConfiguredGrant {
    principal: &'static str,
    external_id: Option<&'static str>,
    condition: &'static str,
}

fn configured_grants() -> impl Strategy<Value = Vec<ConfiguredGrant>> {
    let principal = select(vec![IDENTITY, IDENTITY, TRELICA, PIPELINE, OLD]);
    let external_id = select(vec![None, None, Some("one"), Some("three")]);
    let condition = select(vec!["", "", MFA, IN_ORGANIZATION]);
    let one = (principal, external_id, condition);
    prop::collection::vec(
        one.prop_map(|(principal, external_id, condition)| ConfiguredGrant { principal, external_id, condition }),
        1..4,
    )
}

const MFA: &str = "{ Bool = { \"aws:MultiFactorAuthPresent\" = \"true\" } }";
const IN_ORGANIZATION: &str = "{ StringEquals = { \"aws:PrincipalOrgID\" = \"o-exampleorgid\" } }";

fn config_with(grants: &[ConfiguredGrant], prune: bool) -> String {
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

impl ConfiguredGrant {
    /// Whether this grant allows a request.
    fn allows(&self, caller: &Caller, external_id: Option<&str>) -> bool {
        let named = self.principal == caller.account.as_str() || Some(self.principal) == caller.arn.as_deref();
        let is_member = [MANAGEMENT, IDENTITY, OLD, NEW].contains(&caller.account.as_str());
        // None of the requests is made with MFA.
        let condition = self.condition.is_empty() || (self.condition == IN_ORGANIZATION && is_member);
        named && condition && self.external_id.is_none_or(|wanted| Some(wanted) == external_id)
    }
}

/// Every request, and whether STS allows it.
fn access(scenario: &Scenario) -> Vec<(Caller, Option<&'static str>, bool)> {
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
            all.push((caller.clone(), external_id, scenario.organization().can_assume(&caller, &role, external_id)));
        }
    }
    all
}

/// Asserts that the edit only added: each statement is still present, in order, with all its principals.
fn assert_preserved(before: &Value, after: &Value) -> Result<(), TestCaseError> {
    let statements =
        |document: &Value| document["Statement"].as_array().cloned().unwrap_or(vec![document["Statement"].clone()]);
    let names = |statement: &Value| -> Vec<Value> {
        // IAM saves an account ID as the root ARN of the account.
        let aws = &statement["Principal"]["AWS"];
        let saved = |name: &Value| match name.as_str() {
            Some(account) if account.len() == 12 => json!(root(account)),
            _ => name.clone(),
        };
        aws.as_array().map_or_else(|| vec![saved(aws)], |all| all.iter().map(saved).collect())
    };
    let before = statements(before);
    let after = statements(after);
    prop_assert!(after.len() >= before.len());
    for (old, new) in before.iter().zip(&after) {
        prop_assert!(names(new).starts_with(&names(old)), "{new}");
        let mut same = new.clone();
        if let Some(aws) = same.get_mut("Principal").and_then(|principal| principal.get_mut("AWS")) {
            *aws = old["Principal"]["AWS"].clone();
        }
        prop_assert_eq!(old, &same);
    }
    Ok(())
}

#[test]
fn existing_access_is_kept_and_only_configured_access_is_added() {
    let edited = AtomicUsize::new(0);
    let blocked = AtomicUsize::new(0);
    let proptest_config = ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() };
    TestRunner::new(proptest_config)
        .run(&(trust(), configured_grants(), any::<bool>()), |(trust, grants, prune)| {
            let scenario = Scenario::new()
                .with_new_account()
                .with_outside_account(STRANGER)
                .with_identity(ANN)
                .with_trust_policy(ACCESS, &trust.to_string())
                .config(&config_with(&grants, prune));
            let before = access(&scenario);
            let scenario = scenario.apply();
            let after = access(&scenario);
            for ((caller, external_id, allowed_before), (_, _, allowed_after)) in before.into_iter().zip(after) {
                prop_assert!(allowed_after || !allowed_before, "{caller:?} with {external_id:?} lost access");
                let is_configured = grants.iter().any(|grant| grant.allows(&caller, external_id));
                let is_expected = allowed_before || is_configured;
                prop_assert!(is_expected || !allowed_after, "{caller:?} with {external_id:?} gained access");
            }
            let report = scenario.report();
            let saved: Value = serde_json::from_str(&scenario.role(ACCESS).trust.0).unwrap();
            let writes = scenario.organization().writes().iter().filter(|call| call.ok).count();
            if writes == 0 {
                prop_assert_eq!(&saved, &trust);
            } else if !prune {
                assert_preserved(&trust, &saved)?;
            }
            edited.fetch_add(usize::from(writes > 0), Ordering::Relaxed);
            blocked.fetch_add(usize::from(report.outcome.as_str() == "blocked"), Ordering::Relaxed);
            prop_assert!(report.proofs.iter().all(Proof::is_proven) || report.outcome.as_str() != "converged");
            Ok(())
        })
        .unwrap();
    let edited = edited.into_inner();
    let blocked = blocked.into_inner();
    assert!(edited > 50 && blocked > 12, "enough cases reach both outcomes: {edited} edited, {blocked} blocked");
}
