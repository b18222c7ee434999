//! The inline policy that revokes the sessions of a role.
//!
//! IAM cannot end a session: its credentials are valid until they expire, after up to twelve hours, and outlive a change of the
//! role's trust policy. What IAM evaluates at each call is the role's permissions. So the sessions that were issued before a
//! point in time are denied every action, by a policy of the name and form that the IAM console writes for "Revoke active
//! sessions". Sessions that are issued later are not affected.
//!
//! See <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html>.

use std::time::SystemTime;

use serde_json::json;

use super::document::Document;
use super::error::PolicyError;
use crate::time::{from_policy_date, to_policy_date};

/// The name of the policy, which the IAM console uses as well. No configured policy may have it.
pub const REVOCATION_POLICY: &str = "AWSRevokeOlderSessions";

/// The policy that denies everything to sessions that were issued before a point in time.
///
/// # Errors
/// When the time is after the year 9999.
pub fn revocation_policy(issued_before: SystemTime) -> Result<Document, PolicyError> {
    let date = to_policy_date(issued_before).ok_or_else(|| PolicyError::Shape {
        element: "aws:TokenIssueTime".to_owned(),
        expected: "a date before the year 10000".to_owned(),
    })?;
    policy(&date)
}

fn policy(date: &str) -> Result<Document, PolicyError> {
    Document::from_statements(vec![json!({
        "Effect": "Deny",
        "Action": ["*"],
        "Resource": ["*"],
        "Condition": {"DateLessThan": {"aws:TokenIssueTime": date}},
    })])
}

/// Before which time the sessions were issued that a policy denies everything; `None` if the policy has another form.
#[must_use]
pub fn revoked_before(document: &Document) -> Option<SystemTime> {
    let [statement] = document.statements() else { return None };
    let [clause] = statement.condition.clauses() else { return None };
    let [date] = clause.values.as_slice() else { return None };
    let expected = policy(date).ok()?;
    if document.equivalent(&expected) { from_policy_date(date) } else { None }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;
    use crate::policy::{RequestContext, Verdict, permits};

    fn parsed(text: &str) -> Option<SystemTime> {
        revoked_before(&Document::parse(text).unwrap())
    }

    #[test]
    fn older_sessions_are_denied_everything_and_newer_ones_are_not_affected() {
        let time = UNIX_EPOCH + Duration::from_secs(1_795_629_600);
        let policy = revocation_policy(time).unwrap();
        insta::assert_snapshot!(policy.to_json(), @r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":["*"],"Resource":["*"],"Condition":{"DateLessThan":{"aws:TokenIssueTime":"2026-11-25T18:00:00Z"}}}]}"#);
        let verdict = |issued: &str| {
            let context = RequestContext::complete().with("aws:TokenIssueTime", issued);
            permits(&policy, "s3:ListAllMyBuckets", "*", &context)
        };
        assert_eq!(verdict("2026-11-25T17:59:59Z"), Verdict::Denied(0));
        assert_eq!(verdict("2026-11-25T18:00:00Z"), Verdict::NotAllowed);
        assert_eq!(permits(&policy, "s3:x", "*", &RequestContext::complete()), Verdict::NotAllowed, "no session");
        assert_eq!(revoked_before(&policy), Some(time));
    }

    #[test]
    fn policy_of_the_console_is_recognized() {
        let saved = r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*",
            "Condition":{"dateLessThan":{"AWS:tokenissuetime":"2026-11-25T18:00:00.000Z"}}}}"#;
        assert_eq!(parsed(saved), Some(UNIX_EPOCH + Duration::from_secs(1_795_629_600)));
    }

    #[test]
    fn policy_of_another_form_is_not_a_revocation() {
        let own = revocation_policy(UNIX_EPOCH).unwrap().to_json();
        for (old, new) in [
            ("Deny", "Allow"),
            (r#"["*"],"Resource""#, r#"["s3:*"],"Resource""#),
            (r#""Resource":["*"]"#, r#""Resource":["arn:aws:s3:::x"]"#),
            (r#""Action""#, r#""NotAction""#),
            ("DateLessThan", "DateGreaterThan"),
            ("aws:TokenIssueTime", "aws:CurrentTime"),
            ("1970-01-01T00:00:00Z", "soon"),
            (r#""1970-01-01T00:00:00Z""#, r#"["1970-01-01T00:00:00Z","2026-11-25T18:00:00Z"]"#),
            (r#""Effect""#, r#""Principal":"*","Effect""#),
        ] {
            let changed = own.replace(old, new);
            assert_ne!(changed, own, "{old}");
            assert_eq!(parsed(&changed), None, "{changed}");
        }
        let two = own.replace("]}", r#",{"Effect":"Allow","Action":"*","Resource":"*"}]}"#);
        assert_eq!(parsed(&two), None);
    }
}
