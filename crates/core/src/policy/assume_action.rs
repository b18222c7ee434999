//! The actions that a trust policy decides about: those by which a role is assumed, and those that a caller needs in
//! addition to pass session tags or a source identity.
//!
//! STS authorizes `sts:TagSession` and `sts:SetSourceIdentity` together with the action that assumes the role, and by the
//! same trust policy. If one of them is missing, the whole request is denied. The evaluation of a document asks about
//! `sts:AssumeRole`; [`Document::as_decided_for`] turns a question about another action into that one.
//!
//! See <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_permissions-required>.

use std::collections::BTreeSet;
use std::str::FromStr;

use serde_json::{Map, Value};

use super::document::{Actions, Document};
use crate::suggestion::{did_you_mean, one_of, plain_list_of};
use crate::text::Untrusted;

/// An action of a trust policy. The names are those of STS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AssumeAction {
    /// An AWS principal or a service assumes the role.
    AssumeRole,
    /// A user of a SAML identity provider assumes the role.
    AssumeRoleWithSaml,
    /// A user of an OpenID Connect identity provider assumes the role.
    AssumeRoleWithWebIdentity,
    /// The caller passes session tags.
    TagSession,
    /// The caller sets a source identity.
    SetSourceIdentity,
}

impl AssumeAction {
    pub(super) const ALL: [Self; 5] = [
        Self::AssumeRole,
        Self::AssumeRoleWithSaml,
        Self::AssumeRoleWithWebIdentity,
        Self::TagSession,
        Self::SetSourceIdentity,
    ];

    /// The name in a policy.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AssumeRole => "sts:AssumeRole",
            Self::AssumeRoleWithSaml => "sts:AssumeRoleWithSAML",
            Self::AssumeRoleWithWebIdentity => "sts:AssumeRoleWithWebIdentity",
            Self::TagSession => "sts:TagSession",
            Self::SetSourceIdentity => "sts:SetSourceIdentity",
        }
    }

    /// What a caller passes with the action, for a sentence; `None` for the actions that assume the role.
    fn passes(self) -> Option<&'static str> {
        match self {
            Self::AssumeRole | Self::AssumeRoleWithSaml | Self::AssumeRoleWithWebIdentity => None,
            Self::TagSession => Some("session tags"),
            Self::SetSourceIdentity => Some("a source identity"),
        }
    }

    /// Whether the action assumes the role.
    #[must_use]
    pub(crate) fn assumes(self) -> bool {
        self.passes().is_none()
    }
}

impl FromStr for AssumeAction {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names = || Self::ALL.into_iter().map(Self::as_str);
        Self::ALL.into_iter().find(|action| action.as_str().eq_ignore_ascii_case(text)).ok_or_else(|| {
            let hint = did_you_mean(text, names());
            format!("`{}` is not an action of a trust policy; expected {}{hint}", Untrusted::new(text), one_of(names()))
        })
    }
}

/// The actions of a grant: one that assumes the role, and what the caller may pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssumeActions(BTreeSet<AssumeAction>);

impl Default for AssumeActions {
    /// `sts:AssumeRole`.
    fn default() -> Self {
        Self(BTreeSet::from([AssumeAction::AssumeRole]))
    }
}

impl FromIterator<AssumeAction> for AssumeActions {
    fn from_iter<I: IntoIterator<Item = AssumeAction>>(actions: I) -> Self {
        Self(actions.into_iter().collect())
    }
}

impl AssumeActions {
    /// The actions; those that assume the role come first.
    pub fn iter(&self) -> impl Iterator<Item = AssumeAction> + '_ {
        self.0.iter().copied()
    }

    /// Whether the action is among them.
    #[must_use]
    pub fn contains(&self, action: AssumeAction) -> bool {
        self.0.contains(&action)
    }

    /// The value of `Action` in a policy.
    #[must_use]
    pub(crate) fn to_policy(&self) -> Value {
        let mut names: Vec<_> = self.iter().map(AssumeAction::as_str).collect();
        match names.as_slice() {
            [_] => names.remove(0).into(),
            _ => names.into(),
        }
    }

    /// What callers may pass, as the end of a sentence: ` with session tags`, or nothing.
    #[must_use]
    pub(crate) fn passed(&self) -> String {
        let words: Vec<_> = self.iter().filter_map(AssumeAction::passes).collect();
        if words.is_empty() { String::new() } else { format!(" with {}", plain_list_of(words.into_iter())) }
    }

    /// Whether a statement with these actions covers all of them.
    pub(super) fn are_covered_by(&self, actions: &Actions) -> bool {
        self.iter().all(|action| actions.cover(action.as_str()))
    }

    /// Whether a statement names exactly these actions, and no wildcards.
    pub(super) fn are_exactly(&self, actions: &Actions) -> bool {
        let lowercase = |text: &str| text.to_ascii_lowercase();
        let own: BTreeSet<_> = self.iter().map(|action| lowercase(action.as_str())).collect();
        match actions {
            Actions::Only(all) => all.iter().map(|text| lowercase(text)).collect::<BTreeSet<_>>() == own,
            Actions::AllBut(_) => false,
        }
    }
}

impl Document {
    /// The document that decides about `sts:AssumeRole` as this one decides about the action: the same statements, with
    /// `sts:AssumeRole` in place of their actions if these cover the action, and with an unrelated action otherwise.
    #[must_use]
    pub(crate) fn as_decided_for(&self, action: AssumeAction) -> Self {
        if action == AssumeAction::AssumeRole {
            return self.clone();
        }
        let covers: Vec<_> = self.statements().iter().map(|s| s.actions.cover(action.as_str())).collect();
        let rewritten = self.clone().edited(|statements| {
            for (statement, covers) in statements.iter_mut().filter_map(Value::as_object_mut).zip(covers) {
                replace_actions(statement, covers);
            }
        });
        rewritten.unwrap_or_else(|_| self.clone())
    }
}

/// `NotAction` stays what it is, so that the statement keeps its elements.
fn replace_actions(statement: &mut Map<String, Value>, covers: bool) {
    let own = AssumeAction::AssumeRole.as_str();
    let unrelated = "sts:GetCallerIdentity";
    for (element, text) in
        [("Action", if covers { own } else { unrelated }), ("NotAction", if covers { unrelated } else { own })]
    {
        if let Some(value) = statement.get_mut(element) {
            *value = text.into();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Caller, RequestContext, Verdict, can_assume};

    #[test]
    fn names_are_those_of_sts() {
        for action in AssumeAction::ALL {
            assert_eq!(action.as_str().to_lowercase().parse(), Ok(action));
        }
        insta::assert_snapshot!("sts:TagSesion".parse::<AssumeAction>().unwrap_err(), @"`sts:TagSesion` is not an action of a trust policy; expected `sts:AssumeRole`, `sts:AssumeRoleWithSAML`, `sts:AssumeRoleWithWebIdentity`, `sts:TagSession` or `sts:SetSourceIdentity`; did you mean `sts:TagSession`?");
    }

    #[test]
    fn other_actions_are_decided_by_the_statements_that_cover_them() {
        let trust = Document::parse(
            r#"{"Statement":[
            {"Effect":"Allow","Principal":{"AWS":"222233334444"},"Action":"sts:AssumeRole"},
            {"Effect":"Allow","Principal":{"AWS":"222233334444"},"NotAction":"sts:SetSourceIdentity"},
            {"Effect":"Deny","Principal":{"AWS":"333344445555"},"Action":["sts:Tag*"]}]}"#,
        )
        .unwrap();
        let verdict = |who: &str, action| {
            let caller = Caller { account: who.parse().unwrap(), arn: None };
            can_assume(&trust.as_decided_for(action), &caller, &RequestContext::default())
        };
        assert_eq!(verdict("222233334444", AssumeAction::AssumeRole), Verdict::Allowed(0));
        assert_eq!(verdict("222233334444", AssumeAction::TagSession), Verdict::Allowed(1));
        assert_eq!(verdict("222233334444", AssumeAction::SetSourceIdentity), Verdict::NotAllowed);
        assert_eq!(verdict("333344445555", AssumeAction::TagSession), Verdict::Denied(2));
        assert_eq!(verdict("333344445555", AssumeAction::AssumeRole), Verdict::NotAllowed);
    }
}
