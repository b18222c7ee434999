use crate::example::{
    ACCESS, ALL, MEMBER, assume_role_request, change, create, document, id, name, new_role, organization, session,
    trusting, update_role,
};
use crate::{FakeOrganization, Quotas, Session};
use onboarding_core::owner::{OWNER_TAG, Owner};
use onboarding_core::plan::{Action, Change, DeletedRole, NewRole};
use onboarding_engine::ports::{ReadIam, Sessions, WriteIam};
use std::collections::BTreeMap;
use std::time::Duration;

/// Performs changes in order and returns one line for each: `ok` or the error.
async fn outcomes(session: &Session, changes: &[Change]) -> String {
    let mut out = String::new();
    for change in changes {
        match session.execute(change).await {
            Ok(_) => out += "ok\n",
            Err(error) => out += &format!("{error}\n"),
        }
    }
    out
}

async fn session_with_vendor_role(organization: &FakeOrganization) -> Session {
    let session = session(organization).await;
    session.execute(&create("Vendor", new_role())).await.unwrap();
    session
}

fn policy(length: usize) -> onboarding_core::policy::Document {
    let empty = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:","Resource":"*"}]}"#;
    document(&empty.replace("s3:", &format!("s3:{}", "x".repeat(length - empty.len()))))
}

fn put(name: &str, after: onboarding_core::policy::Document) -> Action {
    Action::PutPolicy { name: name.to_owned(), before: None, after }
}

#[tokio::test]
async fn created_role_can_be_read_back() {
    let organization = organization();
    let session = session_with_vendor_role(&organization).await;
    let role = session.role(&name("Vendor")).await.unwrap().unwrap();
    assert_eq!(role.settings.tags[OWNER_TAG], Owner::Vendor("x".to_owned()).to_string());
    assert!(role.trust.unwrap().equivalent(&new_role().trust));
    assert_eq!(organization.writes().len(), 1);
    assert!(organization.state()[&id(MEMBER)].contains_key(&name("Vendor")));
}

#[tokio::test]
async fn role_that_is_created_again_has_another_unique_id() {
    let organization = organization();
    let session = session_with_vendor_role(&organization).await;
    let unique_id = async || session.role(&name("Vendor")).await.unwrap().unwrap().id.unwrap();
    let first = unique_id().await;
    organization.set_trust(&id(MEMBER), &name("Vendor"), "{}");
    assert_eq!(unique_id().await, first, "an edit keeps the ID");
    organization.delete_role(&id(MEMBER), &name("Vendor"));
    session.execute(&create("Vendor", new_role())).await.unwrap();
    assert_ne!(unique_id().await, first);
}

#[tokio::test]
async fn role_name_that_differs_only_in_case_is_rejected() {
    let session = session_with_vendor_role(&organization()).await;
    insta::assert_snapshot!(outcomes(&session, &[create("VENDOR", new_role())]).await, @"iam:CreateRole failed: EntityAlreadyExists: Role with name VENDOR already exists.");
    assert_eq!(session.role(&name("VENDOR")).await.unwrap(), None);
}

#[tokio::test]
async fn invalid_field_of_a_new_role_is_rejected() {
    let session = session(&organization()).await;
    let with = |edit: &dyn Fn(&mut NewRole)| {
        let mut new = new_role();
        edit(&mut new);
        create("Vendor", new)
    };
    let changes = [
        with(&|new| new.settings.path = "vendors/".to_owned()),
        with(&|new| new.settings.path = "/aws-service-role/x/".to_owned()),
        with(&|new| new.settings.description = "a – b".to_owned()),
        with(&|new| new.settings.max_session = Duration::from_secs(900)),
        with(&|new| drop(new.settings.tags.insert("aws:x".to_owned(), String::new()))),
        with(&|new| new.settings.tags = (0..51).map(|n| (n.to_string(), String::new())).collect()),
        with(&|new| new.trust = trusting(r#"{"AWS":"999999999999"}"#)),
        with(&|new| new.settings.boundary = Some("arn:aws:iam::333344445555:policy/none".to_owned())),
        with(&|new| new.settings.boundary = Some("arn:aws:iam::aws:policy/PowerUserAccess".to_owned())),
    ];
    insta::assert_snapshot!(outcomes(&session, &changes).await, @r#"
    iam:CreateRole failed: ValidationError: The specified value for path is invalid.
    iam:CreateRole failed: InvalidInput: The path /aws-service-role/x/ is reserved.
    iam:CreateRole failed: ValidationError: Value at 'description' failed to satisfy constraint
    iam:CreateRole failed: ValidationError: Value at 'maxSessionDuration' failed to satisfy constraint: 3600 to 43200
    iam:CreateRole failed: ValidationError: Tag keys that start with aws: are reserved
    iam:CreateRole failed: ValidationError: Value at 'tags' failed to satisfy constraint: 50 at most
    iam:CreateRole failed: MalformedPolicyDocument: Invalid principal in policy: "AWS":"999999999999"
    iam:CreateRole failed: NoSuchEntity: Policy arn:aws:iam::333344445555:policy/none does not exist or is not attachable.
    ok
    "#);
}

#[tokio::test]
async fn write_over_a_quota_is_rejected() {
    let organization = organization();
    let session = session_with_vendor_role(&organization).await;
    let many = |n: usize| {
        let statements = (0..n).map(|_| new_role().trust.as_map()["Statement"][0].clone()).collect();
        Action::UpdateTrust {
            before: None,
            after: onboarding_core::policy::Document::from_statements(statements).unwrap(),
        }
    };
    let attach = |n: usize| change("Vendor", Action::Attach(format!("arn:aws:iam::aws:policy/P{n}")));
    let mut changes = vec![change("Vendor", many(30)), change("Vendor", put("a", policy(10_000)))];
    changes.extend([change("Vendor", put("b", policy(241))), change("Vendor", put("b", policy(240)))]);
    changes.extend((0..10).map(attach));
    changes.push(attach(9));
    changes.push(attach(10));
    insta::assert_snapshot!(outcomes(&session, &changes).await, @r"
    iam:UpdateAssumeRolePolicy failed: LimitExceeded: Cannot exceed quota for ACLSizePerRole: 2048
    ok
    iam:PutRolePolicy failed: LimitExceeded: Maximum policy size of 10240 bytes exceeded for role Vendor
    ok
    ok
    ok
    ok
    ok
    ok
    ok
    ok
    ok
    ok
    ok
    ok
    iam:AttachRolePolicy failed: LimitExceeded: Cannot exceed quota for PoliciesPerRole: 10
    ");
    organization.set_quotas(&id(MEMBER), Quotas { roles: 2, trust_length: 8192, ..Quotas::default() });
    insta::assert_snapshot!(outcomes(&session, &[change("Vendor", many(30)), create("Third", new_role())]).await, @r"
    ok
    iam:CreateRole failed: LimitExceeded: Cannot exceed quota for RolesPerAccount: 2
    ");
}

#[tokio::test]
async fn role_over_its_quota_can_still_be_tagged() {
    let organization = organization();
    let session = session_with_vendor_role(&organization).await;
    organization.set_quotas(&id(MEMBER), Quotas { roles: 0, trust_length: 1, inline_length: 0, attached: 0, tags: 2 });
    let tag = |key: &str| change("Vendor", Action::Tag([(key.to_owned(), String::new())].into()));
    insta::assert_snapshot!(outcomes(&session, &[tag("a"), tag("b")]).await, @r"
    ok
    iam:TagRole failed: LimitExceeded: Cannot exceed quota for TagsPerRole: 2
    ");
}

#[tokio::test]
async fn write_to_a_missing_object_is_rejected() {
    let organization = organization();
    organization.remove_managed_policy("arn:aws:iam::aws:policy/Gone");
    let session = session_with_vendor_role(&organization).await;
    let own = "arn:aws:iam::333344445555:policy/own";
    let changes = [
        change("Absent", Action::Untag(["a".to_owned()].into())),
        change("Vendor", Action::DeletePolicy { name: "none".to_owned(), before: None }),
        change("Vendor", Action::Detach("arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned())),
        change("Vendor", Action::DeleteBoundary("arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned())),
        change("Vendor", Action::Attach("arn:aws:iam::aws:policy/Gone".to_owned())),
        change("Vendor", Action::Attach("arn:aws-cn:iam::aws:policy/ReadOnlyAccess".to_owned())),
        change("Vendor", Action::Attach("ReadOnlyAccess".to_owned())),
        change("Vendor", Action::Attach(own.to_owned())),
    ];
    insta::assert_snapshot!(outcomes(&session, &changes).await, @r"
    iam:UntagRole failed: NoSuchEntity: The role with name Absent cannot be found.
    iam:DeleteRolePolicy failed: NoSuchEntity: The policy was not found on role Vendor.
    iam:DetachRolePolicy failed: NoSuchEntity: The attached policy was not found on role Vendor.
    iam:DeleteRolePermissionsBoundary failed: NoSuchEntity: A permissions boundary was not found on role Vendor.
    iam:AttachRolePolicy failed: NoSuchEntity: Policy arn:aws:iam::aws:policy/Gone does not exist or is not attachable.
    iam:AttachRolePolicy failed: NoSuchEntity: Policy arn:aws-cn:iam::aws:policy/ReadOnlyAccess does not exist or is not attachable.
    iam:AttachRolePolicy failed: ValidationError: ARN ReadOnlyAccess is not valid.
    iam:AttachRolePolicy failed: NoSuchEntity: Policy arn:aws:iam::333344445555:policy/own does not exist or is not attachable.
    ");
    organization.add_policy(&id(MEMBER), own);
    assert_eq!(outcomes(&session, &changes[7..]).await, "ok\n");
}

#[tokio::test]
async fn every_change_can_be_applied_and_reverted() {
    let organization = organization();
    let session = session_with_vendor_role(&organization).await;
    let boundary = "arn:aws:iam::aws:policy/PowerUserAccess".to_owned();
    let tags =
        |all: &[(&str, &str)]| -> BTreeMap<_, _> { all.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect() };
    let before = organization.state();
    let changes = [
        change("Vendor", put("p", document(ALL))),
        change("Vendor", Action::Attach(boundary.clone())),
        change("Vendor", Action::PutBoundary { before: None, after: boundary.clone() }),
        change("Vendor", Action::Tag(tags(&[("Team", "a")]))),
        change("Vendor", Action::Tag(tags(&[("team", "b")]))),
        change("Vendor", update_role("other", 7200)),
        change("Vendor", Action::UpdateTrust { before: None, after: trusting(r#"{"Service":"ec2.amazonaws.com"}"#) }),
    ];
    assert_eq!(outcomes(&session, &changes).await, "ok\n".repeat(7));
    insta::assert_debug_snapshot!(organization.role_state(&id(MEMBER), &name("Vendor")).unwrap(), @r#"
    RoleState {
        settings: RoleSettings {
            path: "/",
            description: "other",
            max_session: 7200s,
            boundary: Some(
                "arn:aws:iam::aws:policy/PowerUserAccess",
            ),
            tags: {
                "account-onboarding": "vendor/x",
                "team": "b",
            },
        },
        trust: {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Principal": {
                "Service": "ec2.amazonaws.com"
              },
              "Action": "sts:AssumeRole"
            }
          ]
        },
        policies: {
            "p": {
              "Version": "2012-10-17",
              "Statement": [
                {
                  "Effect": "Allow",
                  "Action": "iam:*",
                  "Resource": "*"
                }
              ]
            },
        },
        attached: {
            "arn:aws:iam::aws:policy/PowerUserAccess",
        },
    }
    "#);
    assert_eq!(session.policy(&name("Vendor"), "p").await.unwrap().as_deref(), Some(ALL));
    let reverts = [
        change("Vendor", Action::DeletePolicy { name: "p".to_owned(), before: None }),
        change("Vendor", Action::Detach(boundary.clone())),
        change("Vendor", Action::DeleteBoundary(boundary)),
        change("Vendor", Action::Untag(["TEAM".to_owned()].into())),
        change("Vendor", update_role("for a vendor", 3600)),
        change("Vendor", Action::UpdateTrust { before: None, after: new_role().trust }),
    ];
    assert_eq!(outcomes(&session, &reverts).await, "ok\n".repeat(6));
    assert_eq!(organization.state(), before);
}

#[tokio::test]
async fn aws_reserved_role_cannot_be_changed() {
    let organization = organization();
    let mut own = super::super::RoleState::trusting("{}");
    own.settings.path = "/aws-reserved/sso/".to_owned();
    organization.put_role(&id(MEMBER), &name("Own"), own);
    let session = session(&organization).await;
    insta::assert_snapshot!(outcomes(&session, &[change("Own", Action::Tag(BTreeMap::new()))]).await, @"iam:TagRole failed: UnmodifiableEntity: Cannot perform the operation on the protected role 'Own'");
}

#[tokio::test]
async fn condition_keys_of_the_session_policy_limit_writes() {
    let organization = organization();
    let limited = r#"{"Version":"2012-10-17","Statement":[
        {"Effect":"Allow","Action":["iam:CreateRole","iam:TagRole"],"Resource":"arn:aws:iam::333344445555:role/deep/*",
         "Condition":{"StringEquals":{"iam:PermissionsBoundary":"arn:aws:iam::aws:policy/PowerUserAccess"}}},
        {"Effect":"Allow","Action":"iam:AttachRolePolicy","Resource":"*",
         "Condition":{"ArnEquals":{"iam:PolicyARN":"arn:aws:iam::aws:policy/ReadOnlyAccess"}}}]}"#;
    let session = organization.assume_role(&assume_role_request(MEMBER, limited)).await.unwrap();
    let new = |path: &str, boundary: Option<&str>| {
        let mut role = new_role();
        role.settings.path = path.to_owned();
        role.settings.boundary = boundary.map(str::to_owned);
        create("Deep", role)
    };
    let bound = Some("arn:aws:iam::aws:policy/PowerUserAccess");
    let attach = |name: &str| change("Deep", Action::Attach(format!("arn:aws:iam::aws:policy/{name}")));
    let changes = [
        new("/", bound),
        new("/deep/", None),
        new("/deep/", bound),
        attach("AdministratorAccess"),
        attach("ReadOnlyAccess"),
    ];
    let codes: Vec<_> = outcomes(&session, &changes).await.lines().map(|l| l.contains("AccessDenied")).collect();
    assert_eq!(codes, [true, true, false, true, false]);

    let untagged =
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:CreateRole","Resource":"*"}}"#;
    let session = organization.assume_role(&assume_role_request(MEMBER, untagged)).await.unwrap();
    let error = session.execute(&create("Tagged", new_role())).await.unwrap_err();
    assert!(error.message.contains("iam:TagRole"), "{error}");
    assert_eq!(organization.role_state(&id(MEMBER), &name("Tagged")), None);
    assert!(organization.role_state(&id(MEMBER), &name(ACCESS)).is_some());
}

fn delete(role: &str) -> Change {
    let deleted = DeletedRole { title: role.to_owned(), id: None, trust: None };
    change(role, Action::DeleteRole(Box::new(deleted)))
}

#[tokio::test]
async fn role_is_deleted_only_when_nothing_belongs_to_it() {
    let organization = organization();
    let session = session_with_vendor_role(&organization).await;
    let read_only = "arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned();
    organization.add_to_instance_profile(&id(MEMBER), "web", &name("Vendor"));
    let profiles = session.instance_profiles(&name("Vendor"), None).await.unwrap().items;
    assert_eq!(profiles, ["web"]);
    let first = [
        change("Vendor", put("p", document(ALL))),
        change("Vendor", Action::Attach(read_only.clone())),
        delete("Vendor"),
    ];
    let mut outcome = outcomes(&session, &first).await;
    organization.remove_instance_profile(&id(MEMBER), "web");
    let second = [
        delete("Vendor"),
        change("Vendor", Action::Detach(read_only)),
        delete("Vendor"),
        change("Vendor", Action::DeletePolicy { name: "p".to_owned(), before: None }),
        delete("Vendor"),
        delete("Vendor"),
    ];
    outcome += &outcomes(&session, &second).await;
    insta::assert_snapshot!(outcome, @"
    ok
    ok
    iam:DeleteRole failed: DeleteConflict: Cannot delete entity, must remove roles from instance profile first.
    iam:DeleteRole failed: DeleteConflict: Cannot delete entity, must detach all policies first.
    ok
    iam:DeleteRole failed: DeleteConflict: Cannot delete entity, must delete policies first.
    ok
    ok
    iam:DeleteRole failed: NoSuchEntity: The role with name Vendor cannot be found.
    ");
    assert_eq!(organization.role_state(&id(MEMBER), &name("Vendor")), None);
    assert_eq!(session.instance_profiles(&name("Vendor"), None).await.unwrap().items, Vec::<String>::new());
}

/// As everything else, a deletion is visible to reads only after a while.
#[tokio::test]
async fn deletion_is_eventually_visible() {
    let organization = organization();
    let session = session_with_vendor_role(&organization).await;
    organization.set_lag(&id(MEMBER), crate::Lag { reads: 2, ..crate::Lag::default() });
    assert_eq!(outcomes(&session, &[delete("Vendor")]).await, "ok\n");
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(session.role(&name("Vendor")).await.unwrap().is_some());
    }
    assert_eq!((seen.first(), seen.last()), (Some(&true), Some(&false)), "{seen:?}");
}

#[tokio::test]
async fn role_of_a_service_cannot_be_deleted() {
    let organization = organization();
    let mut own = super::super::RoleState::trusting("{}");
    own.settings.path = "/aws-service-role/x.amazonaws.com/".to_owned();
    organization.put_role(&id(MEMBER), &name("Own"), own);
    let session = session(&organization).await;
    insta::assert_snapshot!(outcomes(&session, &[delete("Own")]).await, @"iam:DeleteRole failed: UnmodifiableEntity: Cannot perform the operation on the protected role 'Own'");
}
