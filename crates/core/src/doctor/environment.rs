//! The environment: credentials, organization, region, CloudTrail and the tools of a build.

use super::check::Check;
use crate::account::{AccountId, Partition};
use crate::management_role::ManagementRole;
use crate::text::{Untrusted, printable};

/// What Organizations says about the organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrganizationFacts {
    /// Its ID.
    pub id: String,
    /// Its management account.
    pub management: AccountId,
    /// Whether all features are enabled, and not consolidated billing alone.
    pub has_all_features: bool,
}

/// What CloudTrail says about a trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrailFacts {
    /// Its name.
    pub name: String,
    /// Whether it is logging.
    pub is_logging: bool,
    /// Whether it records management events that write.
    pub logs_management_writes: bool,
}

/// Who the caller is.
#[must_use]
pub fn credentials(arn: &str, profile: Option<&str>) -> Check {
    let profile = profile.map(|name| format!(" (profile {})", Untrusted::new(name))).unwrap_or_default();
    let text = format!("{}{profile}", printable(arn));
    if arn.ends_with(":root") {
        return Check::failed(
            "credentials",
            format!("{text}: a root user cannot assume roles"),
            "use a role or an IAM user of the management account",
        );
    }
    Check::ok("credentials", text)
}

/// Whether the caller is in the management account, or acts through a role of it.
#[must_use]
pub fn account(caller: &AccountId, organization: &OrganizationFacts, through: Option<&ManagementRole>) -> Check {
    let management = &organization.management;
    match through {
        _ if caller == management => Check::ok("account", format!("{management} is the management account")),
        Some(role) if role.account == *management => Check::ok(
            "account",
            format!("{caller} is not the management account; the function acts through {} in it", role.arn),
        ),
        Some(role) => Check::failed(
            "account",
            format!(
                "`role-arn` of `[management]` is in account {}, and the management account is {management}",
                role.account
            ),
            "name the output ManagementRoleArn of management.yaml, which is deployed in the management account",
        ),
        None => Check::failed(
            "account",
            format!("the credentials are of account {caller}, and the management account is {management}"),
            format!("use a profile of {management}: `onboard doctor --profile NAME`"),
        ),
    }
}

/// Whether the organization can be used.
#[must_use]
pub fn organization(facts: &OrganizationFacts) -> Check {
    let id = Untrusted::new(facts.id.as_str());
    if facts.has_all_features {
        Check::ok("organization", format!("{id}, all features"))
    } else {
        Check::warning(
            "organization",
            format!("{id} has consolidated billing features only, so that there are no control policies"),
            "enable all features: `aws organizations enable-all-features`",
        )
    }
}

/// Whether Organizations sends its events to this region. See `Rules` in `template.yaml`.
#[must_use]
pub fn region(region: &str, partition: &Partition) -> Check {
    let events = match partition.as_str() {
        "aws" => "us-east-1",
        "aws-us-gov" => "us-gov-west-1",
        "aws-cn" => "cn-northwest-1",
        "aws-eusc" => "eusc-de-east-1",
        other => {
            let text = format!("{region}: it is not known in which region of {other} Organizations sends its events");
            return Check::warning("region", text, "look it up, and deploy there");
        }
    };
    if region == events {
        Check::ok("region", format!("{region} receives the events of Organizations"))
    } else {
        Check::failed(
            "region",
            format!("AWS Organizations does not send its events to {region}"),
            format!("deploy in {events}, and run `onboard doctor --region {events}`"),
        )
    }
}

/// The trails of another account than the management account say nothing about the events of Organizations.
#[must_use]
pub fn trails_elsewhere(management: &AccountId) -> Check {
    let text = format!("the trail must be in the management account {management}, and is not checked from here");
    Check::warning("CloudTrail", text, "run `onboard doctor` with a profile of the management account")
}

/// Whether a trail records the events that EventBridge forwards. Without one, EventBridge gets no events of API calls.
///
/// See <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html>.
#[must_use]
pub fn trails(trails: &[TrailFacts], region: &str) -> Check {
    let is_good = |trail: &&TrailFacts| trail.is_logging && trail.logs_management_writes;
    if let Some(trail) = trails.iter().find(is_good) {
        let name = Untrusted::new(trail.name.as_str());
        return Check::ok("CloudTrail", format!("trail `{name}` logs management events in {region}"));
    }
    let found = match trails {
        [] => "there is no trail".to_owned(),
        trails if trails.iter().any(|trail| trail.logs_management_writes) => "no trail is logging".to_owned(),
        _ => "no trail logs management events that write".to_owned(),
    };
    Check::failed(
        "CloudTrail",
        format!("{found} in {region}, so that EventBridge gets no events of new accounts"),
        "create a multi-region trail, or start it: `aws cloudtrail start-logging --name TRAIL`",
    )
}

/// Whether a tool of a build is installed; its version, if it is.
#[must_use]
pub fn tool(name: &'static str, version: Option<&str>, install: &str) -> Check {
    match version {
        Some(version) => Check::ok(name, Untrusted::new(version).to_string()),
        None => Check::warning(name, "is not installed; only a build of the function needs it", install),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Status;
    use crate::management_role::ManagementExternalId;

    fn trail(is_logging: bool, logs_management_writes: bool) -> TrailFacts {
        TrailFacts { name: "org".to_owned(), is_logging, logs_management_writes }
    }

    #[test]
    fn one_trail_that_logs_management_events_is_enough() {
        assert_eq!(trails(&[trail(false, true), trail(true, true)], "us-east-1").status, Status::Ok);
        for (bad, found) in [
            (vec![], "there is no trail"),
            (vec![trail(true, false)], "no trail logs management events"),
            (vec![trail(false, true), trail(true, false)], "no trail is logging"),
        ] {
            let check = trails(&bad, "us-east-1");
            assert!(check.status == Status::Failed && check.text.starts_with(found), "{check:?}");
        }
    }

    #[test]
    fn each_partition_has_one_region_with_events() {
        let status = |name: &str, partition: &str| region(name, &partition.parse().unwrap()).status;
        assert_eq!(status("us-east-1", "aws"), Status::Ok);
        assert_eq!(status("eu-central-1", "aws"), Status::Failed);
        assert_eq!(status("us-gov-west-1", "aws-us-gov"), Status::Ok);
        assert_eq!(status("us-iso-east-1", "aws-iso"), Status::Warning);
    }

    #[test]
    fn caller_outside_the_management_account_or_root_fails() {
        let facts = OrganizationFacts {
            id: "o-a1b2c3d4e5".to_owned(),
            management: "482913650127".parse().unwrap(),
            has_all_features: true,
        };
        let elsewhere = "593024761238".parse().unwrap();
        assert_eq!(account(&facts.management, &facts, None).status, Status::Ok);
        assert_eq!(account(&elsewhere, &facts, None).status, Status::Failed);
        let through = |account: &str| ManagementRole {
            arn: format!("arn:aws:iam::{account}:role/account-onboarding-management"),
            account: account.parse().unwrap(),
            partition: "aws".parse().unwrap(),
            external_id: ManagementExternalId::Parameter("/id".to_owned()),
            access_roles: Vec::new(),
        };
        assert_eq!(account(&elsewhere, &facts, Some(&through("482913650127"))).status, Status::Ok);
        let wrong = account(&elsewhere, &facts, Some(&through("593024761238")));
        assert!(wrong.status == Status::Failed && wrong.text.contains("482913650127"), "{wrong:?}");
        assert_eq!(organization(&OrganizationFacts { has_all_features: false, ..facts }).status, Status::Warning);
        assert_eq!(credentials("arn:aws:iam::482913650127:root", None).status, Status::Failed);
    }
}
