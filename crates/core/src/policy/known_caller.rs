//! The verdict of a trust policy on one caller that is known, which is compared with a real `sts:AssumeRole` of that caller.
//!
//! Unlike a grant (see the `granted` module), which is about every request that it is meant for, this is about one request: its
//! caller, the external ID that it passes, and whether the caller has used MFA.

use super::context::RequestContext;
use super::document::Document;
use super::evaluate::{Caller, Verdict, can_assume};
use crate::account::{AccountId, Partition};

/// The MFA context of a request.
///
/// Long-term access keys have none. The credentials of a role session have the key `aws:MultiFactorAuthPresent`, and it is false:
/// "The temporary credentials returned by `AssumeRole` do not include MFA information in the context." Those of `GetSessionToken`
/// have what the user passed to that call.
///
/// See <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html>.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MfaContext {
    /// The caller has used MFA.
    Present,
    /// The caller has not, and the key is false.
    False,
    /// The request has no such key.
    Absent,
    /// Not known.
    Unknown,
}

/// One request to assume a role.
#[derive(Clone, Copy)]
pub(crate) struct KnownRequest<'a> {
    pub(crate) account: &'a AccountId,
    /// The ARN of the role or user. Of a role whose path is not known, the ARNs that it may have.
    pub(crate) arns: &'a [String],
    pub(crate) external_id: Option<&'a str>,
    pub(crate) mfa: MfaContext,
    pub(crate) session_name: &'a str,
}

const PRESENT: &str = "aws:MultiFactorAuthPresent";
const AGE: &str = "aws:MultiFactorAuthAge";

/// Whether a condition of a trust policy is about MFA.
#[must_use]
pub(crate) fn mentions_mfa(trust: &Document) -> bool {
    let mut clauses = trust.statements().iter().flat_map(|statement| statement.condition.clauses());
    clauses.any(|clause| [PRESENT, AGE].iter().any(|key| clause.key.eq_ignore_ascii_case(key)))
}

/// Whether a trust policy allows this request.
#[must_use]
pub(crate) fn verdict_on_request(trust: &Document, request: &KnownRequest<'_>, partition: &Partition) -> Verdict {
    let context = RequestContext::default()
        .with("aws:PrincipalAccount", request.account.as_str())
        .with("sts:RoleSessionName", request.session_name)
        .without("sts:SourceIdentity")
        .without("sts:TransitiveTagKeys")
        .without("aws:TagKeys");
    let context = match request.external_id {
        Some(id) => context.with("sts:ExternalId", id),
        None => context.without("sts:ExternalId"),
    };
    let context = match request.mfa {
        MfaContext::Present => context.with(PRESENT, "true"),
        MfaContext::False => context.with(PRESENT, "false").without(AGE),
        MfaContext::Absent => context.without(PRESENT).without(AGE),
        MfaContext::Unknown => context,
    };
    let trust = &trust.in_partition(partition);
    let verdicts = request.arns.iter().map(|arn| {
        let caller = Caller { account: request.account.clone(), arn: Some(arn.clone()) };
        can_assume(trust, &caller, &context.clone().with("aws:PrincipalArn", arn))
    });
    verdicts.reduce(either).unwrap_or(Verdict::NotAllowed)
}

/// The verdict if it is not known which of two requests is made.
fn either(a: Verdict, b: Verdict) -> Verdict {
    match (a, b) {
        (Verdict::Allowed(by), Verdict::Allowed(_)) => Verdict::Allowed(by),
        (Verdict::Allowed(by) | Verdict::Depends(by), _) | (_, Verdict::Allowed(by) | Verdict::Depends(by)) => {
            Verdict::Depends(by)
        }
        (a, _) => a,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(condition: &str, arns: &[&str], mfa: MfaContext) -> Verdict {
        let trust = format!(
            r#"{{"Statement":[{{"Effect":"Allow","Principal":{{"AWS":"222233334444"}},"Action":"sts:AssumeRole","Condition":{condition}}}]}}"#
        );
        let account = "222233334444".parse().unwrap();
        let arns: Vec<_> = arns.iter().map(|arn| (*arn).to_owned()).collect();
        let request = KnownRequest { account: &account, arns: &arns, external_id: None, mfa, session_name: "test" };
        verdict_on_request(&Document::parse(&trust).unwrap(), &request, &"aws".parse().unwrap())
    }

    const ANN: &[&str] = &["arn:aws:iam::222233334444:user/ann"];

    #[test]
    fn mfa_is_present_only_where_the_caller_has_used_it() {
        let required = r#"{"Bool":{"aws:MultiFactorAuthPresent":"true"}}"#;
        assert_eq!(verdict(required, ANN, MfaContext::Present), Verdict::Allowed(0));
        assert_eq!(verdict(required, ANN, MfaContext::Absent), Verdict::NotAllowed);
        assert_eq!(verdict(required, ANN, MfaContext::False), Verdict::NotAllowed);
        assert_eq!(verdict(required, ANN, MfaContext::Unknown), Verdict::Depends(0));
        // The usual mistake: long-term access keys have no such key, so `IfExists` allows them.
        let if_exists = r#"{"BoolIfExists":{"aws:MultiFactorAuthPresent":"true"}}"#;
        assert_eq!(verdict(if_exists, ANN, MfaContext::Absent), Verdict::Allowed(0));
        assert_eq!(verdict(if_exists, ANN, MfaContext::False), Verdict::NotAllowed);
        let age = r#"{"NumericLessThan":{"aws:MultiFactorAuthAge":"3600"}}"#;
        // Numbers are not evaluated.
        assert_eq!(verdict(age, ANN, MfaContext::Absent), Verdict::Depends(0));
        assert_eq!(verdict(age, ANN, MfaContext::Present), Verdict::Depends(0));
    }

    #[test]
    fn role_whose_path_is_not_known_gets_in_only_if_each_path_does() {
        let arns = ["one/", "two/", ""].map(|path| format!("arn:aws:iam::222233334444:role/{path}admin"));
        let arns: Vec<_> = arns.iter().map(String::as_str).collect();
        let condition = |pattern: &str| {
            format!(r#"{{"ArnLike":{{"aws:PrincipalArn":"arn:aws:iam::222233334444:role/{pattern}"}}}}"#)
        };
        let verdict = |pattern| verdict(&condition(pattern), &arns, MfaContext::False);
        assert_eq!(verdict("*admin"), Verdict::Allowed(0));
        assert_eq!(verdict("one/*"), Verdict::Depends(0));
        assert_eq!(verdict("admin"), Verdict::Depends(0));
        assert_eq!(verdict("*other"), Verdict::NotAllowed);
    }
}
