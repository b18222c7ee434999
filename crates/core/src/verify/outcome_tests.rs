use super::super::{PresentedId, RefusedBy};
use super::*;

fn attempt(expected: Expected) -> Attempt {
    Attempt {
        role: "Acme".parse().unwrap(),
        role_arn: "arn:aws:iam::444455556666:role/apps/Acme".to_owned(),
        external_id: PresentedId::Missing,
        mfa: None,
        expected,
        evaluated: Evaluated::Denied,
    }
}

fn result(call: &'static str, code: &str, message: &str) -> AttemptResult {
    let secrets = KnownSecrets::default();
    secrets.add("s3cret-id");
    AttemptResult::new(&attempt(Expected::Refused), Err(ApiError::new(call, code, message)), &secrets)
}

#[test]
fn only_a_denial_of_assume_role_is_a_refusal() {
    assert_eq!(result("sts:AssumeRole", "AccessDenied", ""), AttemptResult::Refused(RefusedBy::Other));
    let own = "User: arn:aws:iam::222233334444:user/ann is not authorized to perform: sts:AssumeRole on resource: \
        arn:aws:iam::444455556666:role/Acme because no identity-based policy allows the sts:AssumeRole action";
    assert_eq!(result("sts:AssumeRole", "AccessDenied", own), AttemptResult::Refused(RefusedBy::Caller));
    let control = own.replace(
        "because no identity-based policy allows the sts:AssumeRole action",
        "with an explicit deny in a service control policy",
    );
    assert_eq!(result("sts:AssumeRole", "AccessDenied", &control), AttemptResult::Refused(RefusedBy::ControlPolicy));
    for (call, code) in [
        ("sts:AssumeRole", "ExpiredToken"),
        ("sts:AssumeRole", "Throttling"),
        ("sts:AssumeRole", "Connection"),
        ("sts:AssumeRole", "InvalidClientTokenId"),
        ("sts:AssumeRole", "RegionDisabledException"),
        ("sts:AssumeRole", "ValidationError"),
    ] {
        let found = result(call, code, "");
        assert!(matches!(found, AttemptResult::NotTried { .. }), "{call} {code}: {found:?}");
    }
    // The root user of an account cannot assume any role, which says nothing about the role.
    let root = result("sts:AssumeRole", "AccessDenied", "Roles may not be assumed by root accounts.");
    assert!(matches!(root, AttemptResult::NotTried { .. }));
}

#[test]
fn issued_credentials_are_not_a_refusal_even_if_nothing_can_be_done_with_them() {
    let failed = |expected| {
        let error = ApiError::new("sts:GetCallerIdentity", "Throttling", "");
        AttemptResult::new(&attempt(expected), Err(error), &KnownSecrets::default())
    };
    assert_eq!(failed(Expected::Refused), AttemptResult::Assumed);
    assert!(matches!(failed(Expected::Assumed), AttemptResult::NotTried { .. }), "the session was not identified");
}

#[test]
fn reason_does_not_repeat_the_external_id() {
    let found =
        result("sts:AssumeRole", "ValidationError", "Value 's3cret-id' at 'externalId' failed to satisfy constraint");
    let AttemptResult::NotTried { reason, .. } = found else { panic!("{found:?}") };
    assert!(reason.contains("'externalId'") && !reason.contains("s3cret"), "{reason}");
}

#[test]
fn session_must_be_that_of_the_role_and_account() {
    let session =
        |arn: &str| AttemptResult::new(&attempt(Expected::Assumed), Ok(arn.to_owned()), &KnownSecrets::default());
    assert_eq!(session("arn:aws:sts::444455556666:assumed-role/Acme/verify"), AttemptResult::Assumed);
    assert_eq!(session("arn:aws:sts::444455556666:assumed-role/ACME/verify"), AttemptResult::Assumed);
    for other in [
        "arn:aws:sts::444455556667:assumed-role/Acme/verify",
        "arn:aws:sts::444455556666:assumed-role/Other/verify",
        "arn:aws:iam::444455556666:user/Acme",
        "",
    ] {
        let found = session(other);
        assert_eq!(found, AttemptResult::Elsewhere(other.to_owned()));
        let trial = Trial { attempt: attempt(Expected::Assumed), result: found };
        assert_eq!((trial.holds(), trial.conclusion()), (Some(false), Conclusion::Breach));
    }
}

#[test]
fn result_is_compared_with_what_must_come() {
    let refused = || AttemptResult::Refused(RefusedBy::Other);
    let not_tried = || AttemptResult::NotTried { reason: "no network".to_owned(), fix: "connect".to_owned() };
    for (expected, result, holds, conclusion) in [
        (Expected::Assumed, AttemptResult::Assumed, Some(true), Conclusion::Holds),
        (Expected::Assumed, refused(), Some(false), Conclusion::LockedOut),
        (Expected::Assumed, not_tried(), None, Conclusion::Incomplete),
        (Expected::Refused, AttemptResult::Assumed, Some(false), Conclusion::Breach),
        (Expected::Refused, refused(), Some(true), Conclusion::Holds),
        (Expected::Refused, not_tried(), None, Conclusion::Incomplete),
        (Expected::Either, AttemptResult::Assumed, None, Conclusion::Holds),
        (Expected::Either, refused(), None, Conclusion::Holds),
    ] {
        let trial = Trial { attempt: attempt(expected), result };
        assert_eq!((trial.holds(), trial.conclusion()), (holds, conclusion), "{trial:?}");
    }
    assert!(Conclusion::Breach < Conclusion::LockedOut && Conclusion::LockedOut < Conclusion::Incomplete);
}

#[test]
fn each_failure_has_a_remedy() {
    let fix = |expected, evaluated, result| {
        let attempt = Attempt { evaluated, ..attempt(expected) };
        Trial { attempt, result }.fix(&"222233334444".parse().unwrap(), &"444455556666".parse().unwrap())
    };
    let refused = |by| AttemptResult::Refused(by);
    let all = [
        fix(Expected::Refused, Evaluated::Can, AttemptResult::Assumed),
        fix(Expected::Refused, Evaluated::Denied, AttemptResult::Assumed),
        fix(Expected::Assumed, Evaluated::Can, refused(RefusedBy::Other)),
        fix(Expected::Assumed, Evaluated::Can, refused(RefusedBy::Caller)),
        fix(Expected::Assumed, Evaluated::Denied, refused(RefusedBy::Other)),
        fix(Expected::Assumed, Evaluated::Can, refused(RefusedBy::ControlPolicy)),
        fix(Expected::Assumed, Evaluated::Can, AttemptResult::Elsewhere("arn:x".to_owned())),
    ];
    insta::assert_snapshot!(all.join("\n"), @"
    find the statement that lets the caller in with `onboard policy explain`; if this tool manages role `Acme`, `onboard apply --account 444455556666` removes it, and otherwise remove it from the trust policy manually, or add the grant to the configuration if it is intended
    the trust policy that was read refuses this; run again in a minute, because IAM is eventually consistent. If the result stays, compare the trust policy of role `Acme` with the configuration (`onboard plan --account 444455556666`)
    allow `sts:AssumeRole` on `arn:aws:iam::444455556666:role/apps/Acme` to the caller in account 222233334444 (`onboard prerequisites show identity-access-policy`), and check that no permissions boundary or control policy denies it
    allow `sts:AssumeRole` on `arn:aws:iam::444455556666:role/apps/Acme` to the caller in account 222233334444 (`onboard prerequisites show identity-access-policy`), and check that no permissions boundary or control policy denies it
    the trust policy does not allow it; `onboard plan --account 444455556666` shows the changes that do
    a control policy of the organization denies `sts:AssumeRole` on `arn:aws:iam::444455556666:role/apps/Acme`; allow it there, then run again
    the session is `arn:x`; check the endpoint (`AWS_ENDPOINT_URL`), then run again
    ");
}
