//! The verdict of a trust policy on one caller that is known, which is compared with a real `sts:AssumeRole` of that caller.
//!
//! Unlike a grant (see the `granted` module), which is about every request that it is meant for, this is about one request: its
//! caller, the external ID that it passes, and whether the caller has used MFA.

use super::context::RequestContext;
use super::document::Document;
use super::evaluate::{Caller, Verdict, can_assume};
use crate::account::{AccountId, Partition};

/// The ARN of a role or user, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CallerArn {
    /// The ARN.
    Exactly(String),
    /// A pattern that it matches, of which only the `*` are wildcards.
    Like(String),
}

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
    pub(crate) arn: &'a CallerArn,
    pub(crate) external_id: Option<&'a str>,
    pub(crate) mfa: MfaContext,
    pub(crate) session_name: &'a str,
}

const PRESENT: &str = "aws:MultiFactorAuthPresent";
const AGE: &str = "aws:MultiFactorAuthAge";

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
    let (context, arn) = match request.arn {
        CallerArn::Exactly(arn) => (context.with("aws:PrincipalArn", arn), Some(arn.clone())),
        CallerArn::Like(pattern) => (context.with_like("aws:PrincipalArn", pattern), None),
    };
    let caller = Caller { account: request.account.clone(), arn };
    can_assume(&trust.in_partition(partition), &caller, &context)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(condition: &str, arn: CallerArn, mfa: MfaContext) -> Verdict {
        let trust = format!(
            r#"{{"Statement":[{{"Effect":"Allow","Principal":{{"AWS":"222233334444"}},"Action":"sts:AssumeRole","Condition":{condition}}}]}}"#
        );
        let account = "222233334444".parse().unwrap();
        let request = KnownRequest { account: &account, arn: &arn, external_id: None, mfa, session_name: "test" };
        verdict_on_request(&Document::parse(&trust).unwrap(), &request, &"aws".parse().unwrap())
    }

    fn ann() -> CallerArn {
        CallerArn::Exactly("arn:aws:iam::222233334444:user/ann".to_owned())
    }

    #[test]
    fn mfa_is_present_only_where_the_caller_has_used_it() {
        let required = r#"{"Bool":{"aws:MultiFactorAuthPresent":"true"}}"#;
        assert_eq!(verdict(required, ann(), MfaContext::Present), Verdict::Allowed(0));
        assert_eq!(verdict(required, ann(), MfaContext::Absent), Verdict::NotAllowed);
        assert_eq!(verdict(required, ann(), MfaContext::False), Verdict::NotAllowed);
        assert_eq!(verdict(required, ann(), MfaContext::Unknown), Verdict::Depends(0));
        // The usual mistake: long-term access keys have no such key, so `IfExists` lets them in.
        let if_exists = r#"{"BoolIfExists":{"aws:MultiFactorAuthPresent":"true"}}"#;
        assert_eq!(verdict(if_exists, ann(), MfaContext::Absent), Verdict::Allowed(0));
        assert_eq!(verdict(if_exists, ann(), MfaContext::False), Verdict::NotAllowed);
        let age = r#"{"NumericLessThan":{"aws:MultiFactorAuthAge":"3600"}}"#;
        assert_eq!(verdict(age, ann(), MfaContext::Absent), Verdict::NotAllowed);
        assert_eq!(verdict(age, ann(), MfaContext::Present), Verdict::Depends(0));
    }

    #[test]
    fn permission_set_is_known_by_the_pattern_of_its_arn() {
        let sso = "arn:aws:iam::222233334444:role/aws-reserved/sso.amazonaws.com/*AWSReservedSSO_Admin_0123456789abcdef";
        let like = || CallerArn::Like(sso.to_owned());
        let condition = |name: &str| {
            format!(r#"{{"ArnLike":{{"aws:PrincipalArn":"arn:aws:iam::222233334444:role/aws-reserved/sso.amazonaws.com/*AWSReservedSSO_{name}_*"}}}}"#)
        };
        assert_eq!(verdict(&condition("Admin"), like(), MfaContext::False), Verdict::Allowed(0));
        assert_eq!(verdict(&condition("ReadOnly"), like(), MfaContext::False), Verdict::NotAllowed);
        assert_eq!(verdict(&condition("Admin"), ann(), MfaContext::Absent), Verdict::NotAllowed);
    }
}
