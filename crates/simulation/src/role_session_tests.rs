use super::*;
use crate::example::{MEMBER, VENDOR, id, name, organization, trusting};
use crate::{PolicyText, RoleState};
use onboarding_core::policy::revocation_policy;
use onboarding_engine::ports::Clock;

const ARN: &str = "arn:aws:iam::333344445555:role/Reader";
const HOUR: Duration = Duration::from_secs(3600);

/// A role that an account outside the organization can assume, and that may read.
fn with_reader() -> FakeOrganization {
    let organization = organization();
    let mut role = RoleState::trusting(&trusting(&format!(r#"{{"AWS":"{VENDOR}"}}"#)).to_json());
    let allow =
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ec2:DescribeInstances","Resource":"*"}]}"#;
    role.policies.insert("read".to_owned(), PolicyText(allow.to_owned()));
    organization.put_role(&id(MEMBER), &name("Reader"), role);
    organization
}

fn vendor() -> Caller {
    Caller { account: id(VENDOR), arn: None }
}

fn edit(organization: &FakeOrganization, edit: impl FnOnce(&mut RoleState)) {
    let mut role = organization.role_state(&id(MEMBER), &name("Reader")).unwrap();
    edit(&mut role);
    organization.put_role(&id(MEMBER), &name("Reader"), role);
}

fn reads(session: &RoleSession) -> bool {
    session.can("ec2:DescribeInstances", "*")
}

#[test]
fn session_outlives_its_trust_policy_and_gets_later_permissions() {
    let organization = with_reader();
    let session = organization.assume_role_as(&vendor(), ARN, None, HOUR).unwrap();
    assert!(reads(&session) && !session.can("s3:ListAllMyBuckets", "*"));
    edit(&organization, |role| {
        role.trust = PolicyText(trusting(r#"{"AWS":"111122223333"}"#).to_json());
        role.attached.insert("arn:aws:iam::aws:policy/AdministratorAccess".to_owned());
    });
    assert!(organization.assume_role_as(&vendor(), ARN, None, HOUR).is_none());
    assert!(reads(&session) && session.can("s3:ListAllMyBuckets", "*"));
    edit(&organization, |role| {
        role.settings.boundary = Some("arn:aws:iam::aws:policy/PowerUserAccess".to_owned());
    });
    assert!(session.can("s3:ListAllMyBuckets", "*") && !session.can("iam:CreateUser", "*"));
}

#[tokio::test]
async fn session_ends_when_it_expires_or_its_role_is_deleted() {
    let organization = with_reader();
    assert!(organization.assume_role_as(&vendor(), ARN, None, HOUR * 2).is_none(), "longer than the role allows");
    let expired = organization.assume_role_as(&vendor(), ARN, None, HOUR).unwrap();
    organization.sleep(HOUR).await;
    assert!(!reads(&expired));
    let orphaned = organization.assume_role_as(&vendor(), ARN, None, HOUR).unwrap();
    let role = organization.role_state(&id(MEMBER), &name("Reader")).unwrap();
    organization.delete_role(&id(MEMBER), &name("Reader"));
    assert!(!reads(&orphaned));
    organization.put_role(&id(MEMBER), &name("Reader"), role);
    assert!(!reads(&orphaned), "a role that is created again is another one");
    assert!(reads(&organization.assume_role_as(&vendor(), ARN, None, HOUR).unwrap()));
}

#[tokio::test]
async fn older_sessions_can_be_revoked() {
    let organization = with_reader();
    let old = organization.assume_role_as(&vendor(), ARN, None, HOUR).unwrap();
    organization.sleep(Duration::from_secs(2)).await;
    let policy = revocation_policy(organization.now()).unwrap().to_json();
    edit(&organization, |role| drop(role.policies.insert("revoke".to_owned(), PolicyText(policy))));
    assert!(!reads(&old));
    organization.sleep(Duration::from_secs(2)).await;
    assert!(reads(&organization.assume_role_as(&vendor(), ARN, None, HOUR).unwrap()));
}
