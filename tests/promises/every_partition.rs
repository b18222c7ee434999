//! Every partition: nothing names one. The partition comes from the ARNs that AWS returns.

use std::collections::BTreeMap;

use onboarding_core::account::AccountState;
use onboarding_core::outcome::Outcome;
use onboarding_core::role::RoleName;
use onboarding_core::time::from_unix_seconds;
use onboarding_simulation::{FakeOrganization, RoleState};

use crate::common::{
    CONFIG, IDENTITY, MANAGEMENT, OLD, PARAMETER, SECURITY_ID, TRELICA, WORKLOAD_SECURITY, engine, id, job, run,
};

/// The roles of an account after it was onboarded in an organization of a partition, as text.
fn onboarded(partition: &str) -> String {
    let config = CONFIG.replace("arn:aws:", &format!("arn:{partition}:"));
    let organization = FakeOrganization::new(partition.parse().unwrap(), id(MANAGEMENT), id(IDENTITY))
        .with_member(&id(OLD), "old", AccountState::Active, from_unix_seconds(1_500_000_000))
        .with_outside_account(&id(WORKLOAD_SECURITY))
        .with_outside_account(&id(TRELICA))
        .with_identity(&format!("arn:{partition}:iam::{IDENTITY}:role/app-pipeline"))
        .with_parameter(PARAMETER, SECURITY_ID);
    let report = run(engine(&organization, &config).apply(&job(&organization, OLD)));
    assert_eq!(report.outcome, Outcome::Converged, "{partition}");
    assert!(
        organization.assume_role_requests().iter().all(|one| !one.policy.contains("arn:aws:") || partition == "aws")
    );
    text(&organization.state()[&id(OLD)])
}

fn text(roles: &BTreeMap<RoleName, RoleState>) -> String {
    let role = |(name, role): (&RoleName, &RoleState)| {
        let policies: Vec<_> = role.policies.values().map(|policy| policy.0.clone()).collect();
        format!("{name}\n  {}\n  {}", role.trust.0, policies.join("\n  "))
    };
    roles.iter().map(role).collect::<Vec<_>>().join("\n")
}

#[test]
fn accounts_of_every_partition_are_onboarded_alike() {
    let aws = onboarded("aws");
    for partition in ["aws-us-gov", "aws-cn", "aws-eusc", "aws-iso", "aws-iso-b"] {
        assert_eq!(onboarded(partition), aws.replace("arn:aws:", &format!("arn:{partition}:")), "{partition}");
    }
}

#[test]
fn principals_have_the_partition_of_the_account() {
    let trust = ["aws-us-gov", "aws-cn", "aws-eusc"].map(|partition| {
        let all = onboarded(partition);
        all.lines().filter(|line| line.contains("\"Principal\"")).map(str::trim).collect::<Vec<_>>().join("\n")
    });
    insta::assert_snapshot!(trust.join("\n\n"), @r#"
    {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["arn:aws-us-gov:iam::111122223333:root","arn:aws-us-gov:iam::222233334444:root"]},"Action":"sts:AssumeRole"}]}
    {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws-us-gov:iam::377450845233:root"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"s3cret/of:trelica"}}}]}
    {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws-us-gov:iam::147995105371:root"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"s3cret-of-workload-security"}}}]}
    {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws-us-gov:iam::222233334444:role/app-pipeline"},"Action":"sts:AssumeRole"}]}

    {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["arn:aws-cn:iam::111122223333:root","arn:aws-cn:iam::222233334444:root"]},"Action":"sts:AssumeRole"}]}
    {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws-cn:iam::377450845233:root"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"s3cret/of:trelica"}}}]}
    {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws-cn:iam::147995105371:root"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"s3cret-of-workload-security"}}}]}
    {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws-cn:iam::222233334444:role/app-pipeline"},"Action":"sts:AssumeRole"}]}

    {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["arn:aws-eusc:iam::111122223333:root","arn:aws-eusc:iam::222233334444:root"]},"Action":"sts:AssumeRole"}]}
    {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws-eusc:iam::377450845233:root"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"s3cret/of:trelica"}}}]}
    {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws-eusc:iam::147995105371:root"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"s3cret-of-workload-security"}}}]}
    {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws-eusc:iam::222233334444:role/app-pipeline"},"Action":"sts:AssumeRole"}]}
    "#);
}
