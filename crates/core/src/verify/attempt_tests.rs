use super::super::{AttemptResult, KeyKind, RefusedBy, Trial};
use super::*;
use crate::config::Config;
use crate::plan::sample::{blueprint, blueprint_of, converged, document, fresh, name};
use crate::policy::add_grants;

const ANN: &str = "arn:aws:iam::222233334444:user/ann";
const IDENTITY: &str = "[[access-role.grant]]\nprincipal = \"222233334444\"\n";
const MFA: &str = "condition = { Bool = { \"aws:MultiFactorAuthPresent\" = \"true\" } }\n";

fn user() -> VerifyCaller {
    VerifyCaller::new(ANN, KeyKind::LongTerm).unwrap()
}

fn session(role: &str) -> VerifyCaller {
    VerifyCaller::new(&format!("arn:aws:sts::222233334444:assumed-role/{role}/ann"), KeyKind::Temporary).unwrap()
}

fn configured(toml: &str) -> Blueprint {
    blueprint_of(&Config::parse_without_files(toml).unwrap())
}

/// The attempts in an account that matches the configuration, one in each line.
fn tried(toml: &str, caller: &VerifyCaller, has_mfa_device: bool) -> String {
    let blueprint = configured(toml);
    listed(&attempts(&blueprint, &converged(&blueprint), caller, has_mfa_device))
}

fn listed(all: &Attempts) -> String {
    let attempts = all.attempts.iter().map(|attempt| {
        let Attempt { role, expected, evaluated, .. } = attempt;
        format!("{role} {}: {expected:?}, {evaluated:?}", attempt.how())
    });
    let not_tried = all.not_tried.iter().map(|one| format!("{}: {}", one.role, one.reason));
    attempts.chain(not_tried).collect::<Vec<_>>().join("\n")
}

#[test]
fn identity_account_gets_in_and_is_refused_by_the_roles_of_vendors() {
    let all = attempts(&blueprint(), &converged(&blueprint()), &user(), false);
    insta::assert_snapshot!(listed(&all), @"
    OrganizationAccountAccessRole : Assumed, Can
    Acme with its external ID: Refused, Denied
    Acme without an external ID: Refused, Denied
    ");
    assert_eq!(all.attempts[0].role_arn, "arn:aws:iam::444455556666:role/OrganizationAccountAccessRole");
    assert!(!all.need_mfa());
}

#[test]
fn role_that_does_not_exist_is_not_tried() {
    insta::assert_snapshot!(listed(&attempts(&blueprint(), &fresh(), &user(), false)), @"
    OrganizationAccountAccessRole : Assumed, Denied
    Acme: the role does not exist yet
    ");
}

#[test]
fn access_role_is_tried_only_by_an_account_with_a_grant() {
    let management = VerifyCaller::new("arn:aws:iam::111122223333:user/root-like", KeyKind::LongTerm).unwrap();
    insta::assert_snapshot!(tried(IDENTITY, &management, false), @"OrganizationAccountAccessRole: the configuration grants the caller's account no access to it");
}

#[test]
fn required_mfa_is_tried_with_and_without_it() {
    let toml = format!("{IDENTITY}{MFA}");
    insta::assert_snapshot!(tried(&toml, &user(), true), @"
    OrganizationAccountAccessRole with MFA: Assumed, Can
    OrganizationAccountAccessRole without MFA: Refused, Denied
    ");
    insta::assert_snapshot!(tried(&toml, &user(), false), @"
    OrganizationAccountAccessRole without MFA: Refused, Denied
    OrganizationAccountAccessRole: it requires MFA; pass the ARN of the MFA device as `--mfa`, or set `mfa_serial` in the profile
    ");
    insta::assert_snapshot!(tried(&toml, &session("admin"), true), @"
    OrganizationAccountAccessRole without MFA: Refused, Denied
    OrganizationAccountAccessRole: it requires MFA, which only an IAM user with access keys can present
    ");
    let with_token = VerifyCaller::new(ANN, KeyKind::Temporary).unwrap();
    insta::assert_snapshot!(tried(&toml, &with_token, true), @"OrganizationAccountAccessRole : Either, Depends");
}

#[test]
fn own_external_id_is_tried_right_missing_and_wrong() {
    let role = "[[role]]\nname = \"app\"\npolicies = { \"p\" = '''{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"s3:ListBucket\",\"Resource\":\"*\"}]}''' }\n[[role.trust]]\nprincipal = \"222233334444\"\n";
    let with = |more: &str| format!("{IDENTITY}{role}{more}");
    insta::assert_snapshot!(tried(&with("external-id = \"s3cret-id\"\n"), &user(), true), @"
    OrganizationAccountAccessRole : Assumed, Can
    app with its external ID: Assumed, Can
    app without an external ID: Refused, Denied
    app with another external ID: Refused, Denied
    ");
    insta::assert_snapshot!(tried(&with(&format!("external-id = \"s3cret-id\"\n{MFA}")), &user(), true), @"
    OrganizationAccountAccessRole : Assumed, Can
    app with MFA and with its external ID: Assumed, Can
    app without MFA and with its external ID: Refused, Denied
    app with MFA and without an external ID: Refused, Denied
    app with MFA and with another external ID: Refused, Denied
    ");
    let debug = format!("{:?}", attempts(&configured(&with("external-id = \"s3cret-id\"\n")), &fresh(), &user(), true));
    assert!(!debug.contains("s3cret"), "{debug}");
}

#[test]
fn other_principals_of_the_account_must_be_refused() {
    let toml = "[[access-role.grant]]\nprincipal = \"arn:aws:iam::222233334444:role/team/engineer\"\n";
    insta::assert_snapshot!(tried(toml, &user(), false), @"OrganizationAccountAccessRole : Refused, Denied");
    insta::assert_snapshot!(tried(toml, &session("engineer"), false), @"OrganizationAccountAccessRole : Assumed, Can");
    let sso = "[[access-role.grant]]\nprincipal = \"222233334444\"\ncondition = { ArnLike = { \"aws:PrincipalArn\" = \
        \"arn:aws:iam::222233334444:role/aws-reserved/sso.amazonaws.com/*AWSReservedSSO_Admin_*\" } }\n";
    insta::assert_snapshot!(tried(sso, &session("AWSReservedSSO_Admin_0123456789abcdef"), false), @"OrganizationAccountAccessRole : Assumed, Can");
    insta::assert_snapshot!(tried(sso, &session("AWSReservedSSO_View_0123456789abcdef"), false), @"OrganizationAccountAccessRole : Refused, Denied");
}

#[test]
fn undecided_condition_accepts_either_result() {
    let toml =
        format!("{IDENTITY}condition = {{ StringEquals = {{ \"aws:PrincipalOrgID\" = \"o-exampleorgid\" }} }}\n");
    insta::assert_snapshot!(tried(&toml, &user(), false), @"OrganizationAccountAccessRole : Either, Depends");
}

/// A second statement that was added manually makes the external ID, or MFA, optional.
#[test]
fn trust_policy_that_allows_too_much_is_evaluated_and_must_still_be_refused() {
    let blueprint = blueprint();
    let mut observed = converged(&blueprint);
    let trust = r#"{"Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}"#;
    observed.roles.get_mut(&name("Acme")).unwrap().trust = Ok(document(trust));
    let all = attempts(&blueprint, &observed, &user(), false);
    let acme: Vec<_> = all.attempts.iter().filter(|attempt| attempt.role == name("Acme")).collect();
    assert_eq!(acme.len(), 2);
    for attempt in acme {
        assert_eq!((attempt.expected, attempt.evaluated), (Expected::Refused, Evaluated::Can));
        let trial = |result| Trial { attempt: attempt.clone(), result };
        assert_eq!(trial(AttemptResult::Assumed).holds(), Some(false));
        assert_eq!(trial(AttemptResult::Refused(RefusedBy::Other)).holds(), Some(true));
    }

    let blueprint = configured(&format!("{IDENTITY}{MFA}"));
    let without = configured(IDENTITY).grants_on(&name("OrganizationAccountAccessRole"));
    let mut observed = converged(&blueprint);
    let edit = add_grants(observed.access_trust.as_ref().unwrap(), &without, &blueprint.account.partition).unwrap();
    observed.access_trust = Ok(edit.document);
    insta::assert_snapshot!(listed(&attempts(&blueprint, &observed, &user(), true)), @"
    OrganizationAccountAccessRole with MFA: Assumed, Can
    OrganizationAccountAccessRole without MFA: Refused, Can
    ");
}

/// The unique ID may be that of the caller, which STS does not return.
#[test]
fn unique_id_as_a_principal_decides_nothing() {
    let role = "[[role]]\nname = \"app\"\npolicies = { \"p\" = '''{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"s3:ListBucket\",\"Resource\":\"*\"}]}''' }\n[[role.trust]]\nprincipal = \"AIDAIOSFODNN7EXAMPLE1\"\n";
    insta::assert_snapshot!(tried(role, &user(), false), @"
    app : Either, Denied
    OrganizationAccountAccessRole: the configuration grants the caller's account no access to it
    ");
}

#[test]
fn role_with_a_path_is_tried_under_it() {
    let toml = "[[role]]\nname = \"app\"\npath = \"/apps/\"\npolicies = { \"p\" = '''{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"s3:ListBucket\",\"Resource\":\"*\"}]}''' }\n[[role.trust]]\nprincipal = \"222233334444\"\n";
    let blueprint = configured(toml);
    let all = attempts(&blueprint, &converged(&blueprint), &user(), false);
    let arns: Vec<_> = all.attempts.iter().map(|attempt| attempt.role_arn.as_str()).collect();
    assert_eq!(arns, ["arn:aws:iam::444455556666:role/apps/app"]);
}
