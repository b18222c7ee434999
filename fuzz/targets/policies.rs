//! Policies: parsing, printing, the trust edit, evaluation, explanation, redaction and lint.
#![no_main]

use std::collections::BTreeSet;

use fuzz::{account, assert_safe, assert_sentence, generated};
use onboarding_core::account::AccountId;
use onboarding_core::blueprint::{AccessGrant, Blueprint};
use onboarding_core::lines::plain;
use onboarding_core::mode::Mode;
use onboarding_core::outcome::Outcome;
use onboarding_core::plan::{Action, Change};
use onboarding_core::policy::{
    Caller, Can, Condition, Document, ExternalIdCheck, ExternalIdDisplay, ExternalIdRequirement, Grant, OutsideAccess,
    OwnOrganization, Principal, Principals, Redactor, RequestContext, Verdict, access_entries, add_grants,
    can_anybody_assume, can_assume, can_other_assume, explain, external_ids, lint_permissions, lint_trust,
    outside_access, permits, provider_access, prune_orphans,
};
use onboarding_core::report::{ChangeResult, ChangeStatus, Detail, Report, plan_lines};
use onboarding_core::text::is_printable;
use onboarding_core::trigger::TriggerKind;
use serde_json::{Map, Value};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    // Input that starts like JSON is parsed as it is. From other input a policy is generated.
    let text = match data.first() {
        Some(b'{' | b'[' | b'"' | b' ' | b'\n') => String::from_utf8(data.to_vec()).ok(),
        _ => generated::policy(data).ok(),
    };
    let Some(text) = text else { return };
    if std::env::var_os("FUZZ_SHOW").is_some() {
        eprintln!("{text}");
    }
    if let Ok(condition) = Condition::parse_text(&text) {
        assert_eq!(Condition::parse(&condition.to_json()).expect("a valid condition"), condition);
    }
    match Document::parse(&text) {
        Ok(document) => check_document(&document),
        Err(error) => assert_sentence(&error.to_string()),
    }
});

fn check_document(document: &Document) {
    printing_and_parsing_gives_the_same_policy(document);
    external_ids_are_hidden(document);
    let contexts = [
        RequestContext::complete(),
        RequestContext::complete().with("aws:MultiFactorAuthPresent", "true"),
        RequestContext::complete().with("sts:ExternalId", "one"),
        RequestContext::complete().with("sts:ExternalId", "one").with("aws:PrincipalOrgID", "o-1"),
    ];
    let callers = callers(document);
    missing_context_never_removes_access(document, &callers, &contexts);
    strangers_that_can_assume_the_role_are_found(document, &callers);
    _ = (lint_trust(document, ExternalIdRequirement::Required), lint_permissions("p", document));
    pruning_removes_only_orphans(document);
    let mut grants = grants();
    // One set per document is enough, and lets the fuzzer try three times as many documents.
    let one = grants.swap_remove(document.to_json().len() % grants.len());
    edit_adds_only_the_grants(document, &one, &callers, &contexts);
}

fn printing_and_parsing_gives_the_same_policy(document: &Document) {
    for text in [document.to_json(), document.to_pretty()] {
        let again = Document::parse(&text).expect("a printed policy is valid");
        assert_eq!(again.to_json(), document.to_json());
        assert!(again.equivalent(document) && again.statements() == document.statements());
        assert_eq!(access_entries(&again), access_entries(document));
    }
}

/// The output is the same with different external IDs, so it does not contain them.
fn external_ids_are_hidden(document: &Document) {
    let other = Value::Object(object_with_other_ids(document.as_map())).to_string();
    let other = Document::parse(&other).expect("a policy with other external IDs is valid");
    assert_eq!(external_ids(document).len(), external_ids(&other).len());
    assert_eq!(Redactor::default().pretty(document), Redactor::default().pretty(&other));
    let shown = |document| -> Vec<_> {
        explain(document, ExternalIdDisplay::Hidden).into_iter().map(|e| (e.can, e.conditions)).collect()
    };
    assert_eq!(shown(document), shown(&other));
    for detail in [Detail::Summary, Detail::Full] {
        let lines = plan_of(document, detail);
        assert_eq!(lines, plan_of(&other, detail));
        assert!(lines.lines().flat_map(str::chars).all(is_printable), "unprintable characters: {lines:?}");
    }
}

/// A plan that sets the document as a trust policy and as an inline policy.
fn plan_of(document: &Document, detail: Detail) -> String {
    let actions = [
        Action::UpdateTrust { before: None, after: document.clone() },
        Action::PutPolicy { name: "p".to_owned(), before: None, after: document.clone() },
    ];
    let mut report = Report::new(None, TriggerKind::Manual, Mode::Plan, Outcome::Converged);
    report.changes = actions.into_iter().map(planned).collect();
    plain(&plan_lines(&report, detail))
}

fn planned(action: Action) -> ChangeResult {
    ChangeResult {
        change: Change { role: "Role".parse().expect("a role name"), action },
        status: ChangeStatus::Planned,
    }
}

fn object_with_other_ids(map: &Map<String, Value>) -> Map<String, Value> {
    map.iter().map(|(key, value)| (key.clone(), with_other_ids(key, value))).collect()
}

fn with_other_ids(key: &str, value: &Value) -> Value {
    let hidden = key.eq_ignore_ascii_case("sts:ExternalId");
    match value {
        Value::Array(items) => Value::Array(items.iter().map(|item| with_other_ids(key, item)).collect()),
        Value::Object(map) if !hidden => Value::Object(object_with_other_ids(map)),
        one if hidden => Value::from(format!("other than {one}")),
        one => one.clone(),
    }
}

/// The accounts, roles and users that the document names, and some others.
fn callers(document: &Document) -> Vec<Caller> {
    let named = document.statements().iter().flat_map(|statement| match &statement.principals {
        Principals::Absent => Vec::new(),
        Principals::Only(all) | Principals::AllBut(all) => all.clone(),
    });
    let others = ["111122223333", "222233334444", "999988887777", "arn:aws:iam::222233334444:role/admin"];
    let others = others.into_iter().map(|text| Principal::to_grant(text).expect("a valid principal"));
    let all: BTreeSet<_> = named.chain(others).collect();
    all.iter().filter_map(Caller::from_principal).take(8).collect()
}

/// Whoever outside the organization can assume the role is found, and if no external ID is needed, that is said.
fn strangers_that_can_assume_the_role_are_found(document: &Document, callers: &[Caller]) {
    let own = OwnOrganization {
        id: Some("o-1".to_owned()),
        accounts: ["111122223333".parse().expect("a valid account ID")].into(),
        partition: "aws".parse().expect("a valid partition"),
    };
    let found = outside_access(document, &own);
    _ = provider_access(document, &own.partition);
    if document.partitions().iter().any(|partition| partition.as_str() != "aws") {
        return;
    }
    for caller in callers.iter().filter(|caller| !own.accounts.contains(&caller.account)) {
        let arn = caller.arn.clone().unwrap_or_else(|| format!("arn:aws:iam::{}:role/x", caller.account));
        let context = RequestContext::complete()
            .with("aws:PrincipalAccount", caller.account.as_str())
            .with("aws:PrincipalArn", &arn)
            .with("aws:PrincipalIsAWSService", "false");
        if !matches!(can_assume(document, caller, &context), Verdict::Allowed(_)) {
            continue;
        }
        let covers = |one: &&OutsideAccess| match &one.principal {
            Principal::Anyone => true,
            Principal::Account(id) => *id == caller.account,
            Principal::Arn(arn) => AccountId::from_arn(arn).as_ref() == Some(&caller.account),
            _ => false,
        };
        let covering: Vec<_> = found.iter().filter(covers).collect();
        assert!(covering.iter().any(|one| one.can != Can::Never), "{caller:?} is not found");
        let is_said = covering.iter().any(|one| one.external_id == ExternalIdCheck::NotRequired);
        assert!(is_said, "{caller:?} needs no external ID");
    }
}

/// A caller that can assume the role with a known context can also assume it with an empty context, and a caller that is
/// denied with an empty context is denied with a known context.
fn missing_context_never_removes_access(document: &Document, callers: &[Caller], contexts: &[RequestContext]) {
    let empty = RequestContext::default();
    for (caller, context) in callers.iter().flat_map(|c| contexts.iter().map(move |context| (c, context))) {
        let known = can_assume(document, caller, context);
        let unknown = can_assume(document, caller, &empty);
        assert!(!known.can() || unknown.can(), "{known:?} with the context, {unknown:?} without");
        assert!(!matches!(unknown, Verdict::Denied(_)) || matches!(known, Verdict::Denied(_)));
        assert!(!known.can() || can_anybody_assume(document, caller, context).can());
        let known = permits(document, "iam:GetRole", "x", context);
        let unknown = permits(document, "iam:GetRole", "x", &empty);
        assert!(!known.can() || unknown.can());
    }
    for other in [Principal::Service("ec2.amazonaws.com".to_owned()), Principal::Anyone] {
        let known = can_other_assume(document, &other, &RequestContext::complete());
        assert!(!known.can() || can_other_assume(document, &other, &empty).can());
    }
}

fn pruning_removes_only_orphans(document: &Document) {
    let pruned = prune_orphans(document).expect("pruning succeeds");
    assert_eq!(prune_orphans(&pruned).expect("pruning succeeds again"), pruned);
    assert_eq!(access_entries(&pruned), access_entries(document));
    let has_orphan = |s: &onboarding_core::policy::Statement| match &s.principals {
        Principals::Only(all) => all.iter().any(|p| matches!(p, Principal::Orphan(_))),
        _ => false,
    };
    assert!(!pruned.statements().iter().any(has_orphan), "an orphan remains");
}

/// Sets of grants. The grants of a set are added together.
fn grants() -> Vec<Vec<Grant>> {
    let grant = |who: &str, condition| Grant::new(Principal::to_grant(who).expect("a valid principal"), condition);
    let with_mfa =
        Condition::parse_text(r#"{"Bool":{"aws:MultiFactorAuthPresent":"true"}}"#).expect("a valid condition");
    let account = grant("222233334444", Condition::default());
    let role = grant("arn:aws:iam::222233334444:role/admin", with_mfa);
    let vendor = grant("333344445555", Condition::default().with_external_id("one"));
    vec![vec![account.clone()], vec![role.clone(), vendor.clone()], vec![vendor, account, role]]
}

fn edit_adds_only_the_grants(before: &Document, grants: &[Grant], callers: &[Caller], contexts: &[RequestContext]) {
    let member = account("aws");
    let add = |document: &Document| add_grants(document, grants, &member.partition).expect("the edit succeeds");
    let edit = add(before);
    let after = &edit.document;
    assert_eq!(edit.is_unchanged(), after == before);
    let again = add(after);
    assert!(again.is_unchanged() && again.document == *after, "the edit is not idempotent");
    edit.notices.iter().for_each(|notice| _ = notice.to_string());

    assert!(access_entries(before).is_subset(&access_entries(after)), "an entry is lost");
    for (old, new) in statements(before).iter().zip(statements(after)) {
        assert_eq!(without_principal(old), without_principal(&new), "more than principals changed");
    }
    for (caller, context) in callers.iter().flat_map(|c| contexts.iter().map(move |context| (c, context))) {
        let could = can_assume(before, caller, context).can();
        let can = can_assume(after, caller, context).can();
        let is_granted = grants.iter().any(|grant| match &grant.principal {
            Principal::Account(id) => *id == caller.account,
            Principal::Arn(arn) => Some(arn) == caller.arn.as_ref(),
            _ => false,
        });
        assert!(can || !could, "{caller:?} lost access");
        assert!(could || !can || is_granted, "{caller:?} gained access");
    }
    let all = RequestContext::complete().with("aws:MultiFactorAuthPresent", "true").with("sts:ExternalId", "one");
    for caller in grants.iter().filter_map(|grant| Caller::from_principal(&grant.principal)) {
        let verdict = can_assume(after, &caller, &all);
        assert!(verdict != Verdict::NotAllowed, "{caller:?} has no access despite its grant");
    }
    for prune_orphans in [false, true] {
        let account = member.clone();
        let access = |grant: &Grant| AccessGrant { access_role: None, grant: grant.clone(), until: None };
        let grants = grants.iter().map(access).collect();
        let blueprint = Blueprint {
            account,
            grants,
            ended: Vec::new(),
            revoked: Vec::new(),
            not_revoked: Vec::new(),
            prune_orphans,
            access_roles: Vec::new(),
            roles: Vec::new(),
            unselected: Vec::new(),
            undecided_grants: Vec::new(),
            ended_undecided_grants: Vec::new(),
            removed: Vec::new(),
        };
        assert_safe(&blueprint, before.clone());
    }
}

fn statements(document: &Document) -> Vec<Value> {
    match document.as_map().get("Statement") {
        Some(Value::Array(items)) => items.clone(),
        Some(one) => vec![one.clone()],
        None => Vec::new(),
    }
}

fn without_principal(statement: &Value) -> String {
    let mut statement = statement.clone();
    statement.as_object_mut().expect("a statement is an object").shift_remove("Principal");
    statement.to_string()
}
