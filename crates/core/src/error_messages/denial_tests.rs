use super::*;
use proptest::prelude::*;

const WHO: &str = "User: arn:aws:iam::777788889999:user/John is not authorized to perform: ";

fn read(rest: &str) -> (Option<String>, DeniedBy, bool) {
    let Denial { action, by, explicit, .. } = Denial::read(&format!("{WHO}{rest}"));
    (action, by, explicit)
}

/// The examples of AWS's page, verbatim.
#[test]
fn documented_examples_are_recognized() {
    for (rest, action, by, explicit) in [
        (
            "codecommit:ListRepositories because no service control policy allows the codecommit:ListRespositories action",
            "codecommit:ListRepositories",
            DeniedBy::ServiceControlPolicy,
            false,
        ),
        (
            "codecommit:ListRepositories with an explicit deny in a service control policy",
            "codecommit:ListRepositories",
            DeniedBy::ServiceControlPolicy,
            true,
        ),
        (
            "secretsmanager:GetSecretValue on resource: arn:aws:secretsmanager:us-east-1:123456789012:secret:* with an explicit deny in a resource control policy",
            "secretsmanager:GetSecretValue",
            DeniedBy::ResourceControlPolicy,
            true,
        ),
        (
            "codecommit:ListRepositories because no VPC endpoint policy allows the codecommit:ListRepositories action",
            "codecommit:ListRepositories",
            DeniedBy::Other,
            false,
        ),
        (
            "SNS:Publish on resource: arn:aws:sns:us-east-1:444455556666:role-name-2 with an explicit deny in a VPC endpoint policy transitively through a service control policy",
            "SNS:Publish",
            DeniedBy::Other,
            true,
        ),
        (
            "codedeploy:ListDeployments on resource: arn:aws:codedeploy:us-east-1:123456789012:deploymentgroup:* because no permissions boundary allows the codedeploy:ListDeployments action",
            "codedeploy:ListDeployments",
            DeniedBy::PermissionsBoundary,
            false,
        ),
        (
            "sagemaker:ListModels with an explicit deny in a permissions boundary",
            "sagemaker:ListModels",
            DeniedBy::PermissionsBoundary,
            true,
        ),
        (
            "codecommit:ListRepositories because no session policy allows the codecommit:ListRepositories action",
            "codecommit:ListRepositories",
            DeniedBy::SessionPolicy,
            false,
        ),
        (
            "codedeploy:ListDeployments on resource: arn:aws:codedeploy:us-east-1:123456789012:deploymentgroup:* with an explicit deny in a sessions policy",
            "codedeploy:ListDeployments",
            DeniedBy::SessionPolicy,
            true,
        ),
        (
            "secretsmanager:GetSecretValue because no resource-based policy allows the secretsmanager:GetSecretValue action",
            "secretsmanager:GetSecretValue",
            DeniedBy::ResourcePolicy,
            false,
        ),
        (
            "sts:AssumeRole because no role trust policy allows the sts:AssumeRole action",
            "sts:AssumeRole",
            DeniedBy::TrustPolicy,
            false,
        ),
        (
            "sts:AssumeRole with an explicit deny in the role trust policy",
            "sts:AssumeRole",
            DeniedBy::TrustPolicy,
            true,
        ),
        (
            "codecommit:ListRepositories because no identity-based policy allows the codecommit:ListRepositories action",
            "codecommit:ListRepositories",
            DeniedBy::IdentityPolicy,
            false,
        ),
        (
            "codedeploy:ListDeployments on resource: arn:aws:codedeploy:us-east-1:123456789012:deploymentgroup:* with an explicit deny in an identity-based policy",
            "codedeploy:ListDeployments",
            DeniedBy::IdentityPolicy,
            true,
        ),
        (
            "sts:AssumeRole on resource: arn:aws:iam::444455556666:role/OrganizationAccountAccessRole",
            "sts:AssumeRole",
            DeniedBy::Unknown,
            false,
        ),
    ] {
        assert_eq!(read(rest), (Some(action.to_owned()), by, explicit), "{rest}");
    }
}

#[test]
fn policy_arn_is_recognized() {
    let arn = "arn:aws:organizations::987654321098:policy/o-qv5af4abcd/service_control_policy/p-2kgnabcd";
    let message = format!("{WHO}iam:ListRoles on resource: x with an explicit deny in a service control policy: {arn}");
    let denial = Denial::read(&message);
    assert_eq!(denial.policy.as_deref(), Some(arn));
    insta::assert_snapshot!(denial, @"a service control policy (`arn:aws:organizations::987654321098:policy/o-qv5af4abcd/service_control_policy/p-2kgnabcd`) denies `iam:ListRoles`");
    let without_arn = Denial::read(&message.replace(arn, "<b>arn</b>"));
    assert_eq!((without_arn.by, without_arn.policy), (DeniedBy::ServiceControlPolicy, None));
}

#[test]
fn denial_displays_as_a_sentence() {
    let sentence = |rest: &str| Denial::read(&format!("{WHO}{rest}")).to_string();
    insta::assert_snapshot!(sentence("iam:GetRole because no session policy allows the iam:GetRole action"), @"no session policy allows `iam:GetRole`");
    insta::assert_snapshot!(sentence("iam:GetRole with an explicit deny in an identity-based policy"), @"an identity-based policy denies `iam:GetRole`");
    insta::assert_snapshot!(sentence("iam:GetRole with an explicit deny in something new"), @"a policy denies `iam:GetRole`");
    insta::assert_snapshot!(Denial::read("denied with an explicit deny in a service control policy"), @"a service control policy denies `the call`");
}

#[test]
fn unknown_message_yields_no_information() {
    for message in ["", "denied", "Access Denied", "no service control policy allows", "with an explicit deny"] {
        let unknown = Denial { action: None, by: DeniedBy::Unknown, explicit: false, policy: None };
        assert_eq!(Denial::read(message), unknown, "{message}");
    }
    for action in ["", ":", "iam:", ":x", "iam:<script>", "iam:`x`", "a b:c", &format!("iam:{}", "x".repeat(128))] {
        assert_eq!(read(&format!("{action} on resource: y")).0, None, "{action}");
    }
}

proptest! {
    /// Whatever a message contains, the extracted values are short and have allowed characters only.
    #[test]
    fn hostile_message_neither_panics_nor_floods(
        parts in prop::collection::vec(prop_oneof![
            any::<String>(),
            Just("not authorized to perform: ".to_owned()),
            Just("with an explicit deny in ".to_owned()),
            Just("a service control policy: arn:".to_owned()),
            Just("because no ".to_owned()),
            Just("iam:".to_owned()),
            Just("x".repeat(300)),
        ], 0..12),
    ) {
        let denial = Denial::read(&parts.concat());
        let sentence = denial.to_string();
        prop_assert!(sentence.len() < 500 && !sentence.contains(['\n', '<', '\u{1b}']), "{sentence}");
    }
}
