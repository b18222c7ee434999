//! The checks that IAM makes when a policy document is written: grammar, elements allowed per policy type, and principals.
//!
//! The checks are at least as strict as those of IAM, so that a document accepted here is not rejected in production.
//!
//! See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>.

use std::collections::BTreeSet;

use crate::known_principals::is_known;
use crate::principals;
use crate::rejection::Rejection;
use crate::state::State;
use onboarding_core::policy::{Actions, Document, Effect, Principals, Statement, is_operator};

fn malformed(message: impl Into<String>) -> Rejection {
    Rejection::new("MalformedPolicyDocument", message)
}

/// Checks a trust policy and returns it in the form in which IAM saves it.
pub(super) fn check_trust(state: &State, text: &str) -> Result<String, Rejection> {
    let document = check_grammar(text)?;
    for statement in document.statements() {
        if statement.resources.as_ref().is_none_or(|all| !all.is_empty()) {
            return Err(malformed("Has prohibited field Resource"));
        }
        let (all, is_not_principal) = match &statement.principals {
            Principals::Absent => return Err(malformed("Missing required field Principal")),
            Principals::Only(all) => (all, false),
            Principals::AllBut(all) => (all, true),
        };
        if is_not_principal && statement.effect == Effect::Allow {
            return Err(malformed("Allow with NotPrincipal is not allowed."));
        }
        if all.is_empty() {
            return Err(malformed("Missing required field Principal"));
        }
        if let Some(unknown) = all.iter().find(|principal| !is_known(state, principal)) {
            return Err(malformed(format!("Invalid principal in policy: {}", principals::quote(unknown))));
        }
        let is_sts_action = |action: &String| action.to_ascii_lowercase().starts_with("sts:");
        if !matches!(&statement.actions, Actions::Only(all) if !all.is_empty() && all.iter().all(is_sts_action)) {
            return Err(malformed("AssumeRole policy may only specify STS AssumeRole actions."));
        }
    }
    principals::as_saved(&document, &state.partition, &state.unique_ids)
        .ok_or_else(|| malformed("Syntax errors in policy."))
}

/// Checks a permissions or session policy.
pub(super) fn check_permissions(text: &str) -> Result<Document, Rejection> {
    let document = check_grammar(text)?;
    for statement in document.statements() {
        if statement.principals != Principals::Absent {
            return Err(malformed("Policy document should not specify a principal."));
        }
        match &statement.resources {
            Some(all) if all.is_empty() => return Err(malformed("Policy statement must contain resources.")),
            Some(all) => {
                if let Some(bad) =
                    all.iter().find(|r| *r != "*" && !(r.starts_with("arn:") && r.split(':').count() > 5))
                {
                    return Err(malformed(format!("Resource {bad} must be in ARN format or \"*\".")));
                }
            }
            None => {}
        }
        let (Actions::Only(all) | Actions::AllBut(all)) = &statement.actions;
        let has_service_prefix = |action: &String| {
            action == "*" || action.split_once(':').is_some_and(|(v, a)| !v.is_empty() && !a.is_empty())
        };
        if all.is_empty() || !all.iter().all(has_service_prefix) {
            return Err(malformed("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."));
        }
    }
    Ok(document)
}

/// The checks that apply to both policy types.
fn check_grammar(text: &str) -> Result<Document, Rejection> {
    let syntax = || malformed("Syntax errors in policy.");
    let allowed = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{ff}');
    if !text.chars().all(allowed) {
        return Err(syntax());
    }
    let document = Document::parse(text).map_err(|_| syntax())?;
    let map = document.as_map();
    let version = map.get("Version").map(|version| version.as_str());
    if !matches!(version, None | Some(Some("2012-10-17" | "2008-10-17"))) {
        return Err(syntax());
    }
    if document.statements().is_empty() || !map.keys().all(|key| ["Version", "Id", "Statement"].contains(&key.as_str()))
    {
        return Err(syntax());
    }
    let elements = match map.get("Statement") {
        Some(serde_json::Value::Array(all)) => all.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    const ELEMENTS: [&str; 9] =
        ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"];
    let known =
        |value: &serde_json::Value| value.as_object().is_some_and(|o| o.keys().all(|k| ELEMENTS.contains(&k.as_str())));
    if !elements.iter().all(known) {
        return Err(syntax());
    }
    check_sids(document.statements())?;
    let clauses = document.statements().iter().flat_map(|statement| statement.condition.clauses());
    for clause in clauses {
        if !is_operator(&clause.operator) {
            return Err(malformed(format!("Invalid Condition type : {}.", clause.operator)));
        }
    }
    Ok(document)
}

fn check_sids(statements: &[Statement]) -> Result<(), Rejection> {
    let mut seen = BTreeSet::new();
    for sid in statements.iter().filter_map(|statement| statement.sid.as_deref()).filter(|sid| !sid.is_empty()) {
        if !sid.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(malformed("Statement IDs (SID) must be alpha-numeric."));
        }
        if !seen.insert(sid) {
            return Err(malformed("Statement IDs (SID) in a single policy must be unique."));
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "document_tests.rs"]
mod tests;
