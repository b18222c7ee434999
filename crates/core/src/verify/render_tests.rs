use secrecy::SecretString;

use super::super::{Attempts, KeyKind, NotTriedReason, attempts, permissions};
use super::*;
use crate::error::ApiError;
use crate::lines::plain;
use crate::mode::Mode;
use crate::plan::proofs;
use crate::plan::sample::{blueprint, converged};
use crate::redaction::KnownSecrets;
use crate::trigger::TriggerKind;

fn verification(result: impl Fn(&Attempt) -> AttemptResult, not_tried: Vec<NotTried>) -> Verification {
    let (blueprint, observed) = (blueprint(), converged(&blueprint()));
    let account = Some(blueprint.account.id.clone());
    let report = Report {
        account_name: Some(blueprint.account.name.clone()),
        access_role: Some(observed.access_role.clone()),
        proofs: proofs(&blueprint, &observed),
        ..Report::new(account, TriggerKind::CommandLine, Mode::Plan, Outcome::Converged)
    };
    let caller = VerifyCaller::new("arn:aws:iam::222233334444:user/ann", KeyKind::LongTerm).unwrap();
    let Attempts { attempts, .. } = attempts(&blueprint, &observed, &caller, false);
    let trials = attempts.into_iter().map(|attempt| Trial { result: result(&attempt), attempt }).collect();
    let trials = Some(Trials { profile: "ann".to_owned(), caller, trials, not_tried });
    Verification { report, permissions: permissions(&blueprint, &observed), trials }
}

fn as_expected(attempt: &Attempt) -> AttemptResult {
    match attempt.expected {
        Expected::Assumed => AttemptResult::Assumed,
        _ => AttemptResult::Refused(RefusedBy::Other),
    }
}

fn shown(verification: &Verification) -> String {
    let lines = verification.evaluated_lines(Detail::Summary).into_iter().chain(verification.tried_lines());
    plain(&lines.collect::<Vec<_>>())
}

fn tried(verification: &Verification) -> String {
    plain(&verification.tried_lines())
}

#[test]
fn evaluated_and_tried_are_distinguished() {
    insta::assert_snapshot!(shown(&verification(as_expected, Vec::new())), @"
    Account 444455556666 (payments-dev), via OrganizationAccountAccessRole

    Who can assume what, evaluated (configured principals; others are not listed)
      ✓ OrganizationAccountAccessRole  account 222233334444
      ✓ Acme                           Acme, only with its external ID

    What the roles may do, evaluated (control policies may allow less)
        Acme  1 action, which does not write; the managed policy ReadOnlyAccess; at
              most what the boundary PowerUserAccess allows

    Tried as arn:aws:iam::222233334444:user/ann (profile ann)
      ✓ OrganizationAccountAccessRole  assumed (evaluated: can)
      ✓ Acme                           with its external ID: refused (evaluated:
                                       denied)
      ✓ Acme                           without an external ID: refused (evaluated:
                                       denied)

    Converged: nothing to do. All 4 checks hold.
    Tried for real: 3 attempts, all as configured.
    ");
}

#[test]
fn document_shows_the_output() {
    let document = include_str!("../../../../docs/VERIFY.md");
    let (_, example) = document.split_once("```text verify\n").unwrap();
    assert_eq!(example.split("```").next().unwrap(), shown(&verification(as_expected, Vec::new())));
}

#[test]
fn without_a_caller_nothing_is_tried() {
    let verification = Verification { trials: None, ..verification(as_expected, Vec::new()) };
    insta::assert_snapshot!(tried(&verification), @"

    Converged: nothing to do. All 4 checks hold.
    Nothing was tried for real; pass `--as PROFILE` with a profile of the identity
    account.
    ");
    assert_eq!(verification.to_json().unwrap()["tried"], Value::Null);
}

#[test]
fn caller_that_got_in_and_must_not_is_a_failure_with_a_remedy() {
    let verification = verification(|_| AttemptResult::Assumed, Vec::new());
    insta::assert_snapshot!(tried(&verification), @"

    Tried as arn:aws:iam::222233334444:user/ann (profile ann)
      ✓ OrganizationAccountAccessRole  assumed (evaluated: can)
      ✗ Acme                           with its external ID: assumed, and must be
                                       refused (evaluated: denied)
      ✗ Acme                           without an external ID: assumed, and must be
                                       refused (evaluated: denied)

    Converged: nothing to do. All 4 checks hold.
    Failed: 2 of 3 attempts succeeded and must be refused.
      Fix:  the trust policy that was read refuses this; run again in a minute,
            because IAM is eventually consistent. If the result stays, compare the
            trust policy of role `Acme` with the configuration
            (`onboard plan --account 444455556666`)
    ");
    assert_eq!(verification.trials.unwrap().conclusion(), Conclusion::Breach);
}

#[test]
fn caller_that_was_refused_and_must_get_in_is_a_failure_with_a_remedy() {
    let verification = verification(|_| AttemptResult::Refused(RefusedBy::Caller), Vec::new());
    insta::assert_snapshot!(tried(&verification), @"

    Tried as arn:aws:iam::222233334444:user/ann (profile ann)
      ✗ OrganizationAccountAccessRole  refused by the caller's own policies, and
                                       must be assumed (evaluated: can)
      ✓ Acme                           with its external ID: refused by the caller's
                                       own policies (evaluated: denied)
      ✓ Acme                           without an external ID: refused by the
                                       caller's own policies (evaluated: denied)

    Converged: nothing to do. All 4 checks hold.
    Failed: 1 of 3 attempts was refused and must succeed.
      Fix:  allow `sts:AssumeRole` on
            `arn:aws:iam::444455556666:role/OrganizationAccountAccessRole` to the
            caller in account 222233334444
            (`onboard prerequisites show identity-access-policy`), and check that no
            permissions boundary or control policy denies it
    ");
    assert_eq!(verification.trials.unwrap().conclusion(), Conclusion::LockedOut);
}

#[test]
fn attempt_that_could_not_be_made_does_not_count_as_refusal() {
    let error = ApiError::new("sts:AssumeRole", "ExpiredToken", "the token has expired").with_fixed_credentials();
    let verification = verification(|_| AttemptResult::not_tried(&error, &KnownSecrets::default()), Vec::new());
    insta::assert_snapshot!(tried(&verification), @"

    Tried as arn:aws:iam::222233334444:user/ann (profile ann)
      · OrganizationAccountAccessRole  could not be tried: sts:AssumeRole failed:
                                       ExpiredToken: the token has expired
                                       (evaluated: can)
      · Acme                           with its external ID: could not be tried:
                                       sts:AssumeRole failed: ExpiredToken: the
                                       token has expired (evaluated: denied)
      · Acme                           without an external ID: could not be tried:
                                       sts:AssumeRole failed: ExpiredToken: the
                                       token has expired (evaluated: denied)

    Converged: nothing to do. All 4 checks hold.
    Incomplete: 0 of 3 attempts could be made.
      Fix:  they have expired: sign in again (`aws sso login`, `aws login`), or
            replace the session token, then run again
    ");
    assert_eq!(verification.trials.unwrap().conclusion(), Conclusion::Incomplete);
}

#[test]
fn missing_mfa_device_makes_it_incomplete_and_a_missing_role_does_not() {
    let skipped = |reason| vec![NotTried { role: "app".parse().unwrap(), reason }];
    let conclusion = |reason| verification(as_expected, skipped(reason)).trials.unwrap().conclusion();
    assert_eq!(conclusion(NotTriedReason::NoRole), Conclusion::Holds);
    assert_eq!(conclusion(NotTriedReason::MfaNotPossible), Conclusion::Holds);
    assert_eq!(conclusion(NotTriedReason::NoMfaDevice), Conclusion::Incomplete);
    insta::assert_snapshot!(tried(&verification(as_expected, skipped(NotTriedReason::NoMfaDevice))), @"

    Tried as arn:aws:iam::222233334444:user/ann (profile ann)
      ✓ OrganizationAccountAccessRole  assumed (evaluated: can)
      ✓ Acme                           with its external ID: refused (evaluated:
                                       denied)
      ✓ Acme                           without an external ID: refused (evaluated:
                                       denied)
      · app                            not tried: it requires MFA; pass the ARN of
                                       the MFA device as `--mfa`, or set
                                       `mfa_serial` in the profile

    Converged: nothing to do. All 4 checks hold.
    Incomplete: 3 of 4 attempts could be made, all as configured.
      Fix:  role `app` was not tried: it requires MFA; pass the ARN of the MFA
            device as `--mfa`, or set `mfa_serial` in the profile
    ");
    let nothing =
        Trials { trials: Vec::new(), ..verification(as_expected, skipped(NotTriedReason::NoRole)).trials.unwrap() };
    assert_eq!(nothing.conclusion(), Conclusion::Incomplete);
    assert!(nothing.fix(&verification(as_expected, Vec::new()).report).unwrap().contains("does not exist yet"));
}

#[test]
fn json_has_no_external_id() {
    let mut verification = verification(as_expected, Vec::new());
    let trials = &mut verification.trials.as_mut().unwrap().trials;
    for trial in trials.iter_mut().skip(1) {
        trial.attempt.external_id = PresentedId::Right(SecretString::from("s3cret-id"), 1, 1);
    }
    let json = verification.to_json().unwrap();
    assert_eq!(json["tried"]["attempts"][1]["external_id"], "configured");
    let tried = serde_json::to_string_pretty(&json["tried"]).unwrap();
    assert!(!tried.contains("s3cret"), "{tried}");
    insta::assert_snapshot!(tried, @r#"
    {
      "profile": "ann",
      "arn": "arn:aws:iam::222233334444:user/ann",
      "account_id": "222233334444",
      "conclusion": "holds",
      "fix": null,
      "attempts": [
        {
          "role": "OrganizationAccountAccessRole",
          "role_arn": "arn:aws:iam::444455556666:role/OrganizationAccountAccessRole",
          "external_id": "none",
          "mfa": null,
          "expected": "assumed",
          "evaluated": "can",
          "tried": "assumed",
          "detail": null,
          "holds": true
        },
        {
          "role": "Acme",
          "role_arn": "arn:aws:iam::444455556666:role/Acme",
          "external_id": "configured",
          "mfa": null,
          "expected": "refused",
          "evaluated": "denied",
          "tried": "refused",
          "detail": null,
          "holds": true
        },
        {
          "role": "Acme",
          "role_arn": "arn:aws:iam::444455556666:role/Acme",
          "external_id": "configured",
          "mfa": null,
          "expected": "refused",
          "evaluated": "denied",
          "tried": "refused",
          "detail": null,
          "holds": true
        }
      ],
      "not_tried": []
    }
    "#);
    assert_eq!(json["permissions"][0]["actions"], 1);
}
