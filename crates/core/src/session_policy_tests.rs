use super::*;
use crate::management_role::ManagementExternalId;
use crate::plan::sample::{FRESH, NOW, blueprint, blueprint_with, document, drifted, name};
use crate::plan::{Action, RoleHistory, diff};
use crate::policy::{Document, RequestContext, permits};

const ACCESS: &str = "OrganizationAccountAccessRole";

fn pretty(policy: &str) -> String {
    let value: Value = serde_json::from_str(policy).unwrap();
    serde_json::to_string_pretty(&value).unwrap()
}

/// The session policy of a blueprint whose roles fit into one session.
fn only_policy(blueprint: &Blueprint, mode: Mode) -> String {
    let (mut scopes, too_long) = scopes(blueprint, &name(ACCESS), mode);
    assert_eq!((scopes.len(), too_long.len()), (1, 0));
    scopes.remove(0).policy
}

#[test]
fn plan_session_is_read_only() {
    insta::assert_snapshot!(pretty(&only_policy(&blueprint(), Mode::Plan)), @r#"
    {
      "Version": "2012-10-17",
      "Statement": [
        {
          "Effect": "Allow",
          "Action": [
            "iam:GetRole"
          ],
          "Resource": "arn:aws:iam::444455556666:role/OrganizationAccountAccessRole"
        },
        {
          "Effect": "Allow",
          "Action": [
            "iam:GetRole",
            "iam:GetRolePolicy",
            "iam:ListAttachedRolePolicies",
            "iam:ListRolePolicies"
          ],
          "Resource": [
            "arn:aws:iam::444455556666:role/Acme"
          ]
        }
      ]
    }
    "#);
}

#[test]
fn apply_session_can_write_the_roles_of_the_blueprint() {
    let statements = |mode| {
        let policy: Value = serde_json::from_str(&only_policy(&blueprint(), mode)).unwrap();
        assert_eq!(policy["Version"], "2012-10-17");
        policy["Statement"].as_array().unwrap().clone()
    };
    let mut writes = statements(Mode::Apply);
    assert_eq!(writes.remove(1), statements(Mode::Plan)[1], "the same reads");
    insta::assert_snapshot!(serde_json::to_string_pretty(&writes).unwrap(), @r#"
    [
      {
        "Effect": "Allow",
        "Action": [
          "iam:GetRole",
          "iam:UpdateAssumeRolePolicy"
        ],
        "Resource": "arn:aws:iam::444455556666:role/OrganizationAccountAccessRole"
      },
      {
        "Effect": "Allow",
        "Action": [
          "iam:CreateRole",
          "iam:DeleteRolePolicy",
          "iam:DeleteRolePermissionsBoundary",
          "iam:DetachRolePolicy",
          "iam:PutRolePolicy",
          "iam:TagRole",
          "iam:UntagRole",
          "iam:UpdateAssumeRolePolicy",
          "iam:UpdateRole"
        ],
        "Resource": [
          "arn:aws:iam::444455556666:role/Acme"
        ]
      },
      {
        "Effect": "Allow",
        "Action": "iam:AttachRolePolicy",
        "Resource": "arn:aws:iam::444455556666:role/Acme",
        "Condition": {
          "ArnEquals": {
            "iam:PolicyARN": [
              "arn:aws:iam::aws:policy/ReadOnlyAccess"
            ]
          }
        }
      },
      {
        "Effect": "Allow",
        "Action": "iam:PutRolePermissionsBoundary",
        "Resource": "arn:aws:iam::444455556666:role/Acme",
        "Condition": {
          "StringEquals": {
            "iam:PermissionsBoundary": "arn:aws:iam::aws:policy/PowerUserAccess"
          }
        }
      }
    ]
    "#);
}

#[test]
fn apply_session_can_revoke_the_sessions_of_its_roles_and_not_those_of_the_access_role() {
    let taken_over = drifted(|role| role.trust = Ok(document(FRESH)));
    let changes = diff(&blueprint(), &taken_over, &RoleHistory::default(), NOW).changes;
    let policy = Document::parse(&only_policy(&blueprint(), Mode::Apply)).unwrap();
    let can = |call: &str, role: &str| {
        let arn = format!("arn:aws:iam::444455556666:role/{role}");
        permits(&policy, call, &arn, &RequestContext::complete()).can()
    };
    assert!(matches!(changes[0].action, Action::RevokeSessions(_)));
    assert!(changes.iter().all(|change| can(change.call(), change.role.as_str())));
    assert!(!can(changes[0].call(), ACCESS));
}

#[test]
fn session_without_roles_covers_the_access_role() {
    let blueprint = blueprint_with(|config| config.roles.clear());
    insta::assert_snapshot!(only_policy(&blueprint, Mode::Apply), @r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["iam:GetRole","iam:UpdateAssumeRolePolicy"],"Resource":"arn:aws:iam::444455556666:role/OrganizationAccountAccessRole"}]}"#);
}

/// A blueprint with `count` roles whose names have `length` characters.
fn many(count: usize, length: usize) -> Blueprint {
    let mut blueprint = blueprint();
    let role = blueprint.roles.remove(0);
    let named = |n: usize| {
        let mut role = role.clone();
        role.definition.name = name(&format!("{n:0>length$}"));
        role
    };
    blueprint.roles = (0..count).map(named).collect();
    blueprint
}

#[test]
fn each_role_is_in_exactly_one_session_within_the_limit() {
    for (count, length) in [(1, 1), (7, 64), (30, 20), (100, 64)] {
        for mode in [Mode::Plan, Mode::Apply] {
            let blueprint = many(count, length);
            let (scopes, too_long) = scopes(&blueprint, &name(ACCESS), mode);
            assert_eq!(too_long.len(), 0);
            assert!(scopes.iter().all(|scope| scope.policy.len() <= MAX_LENGTH));
            let mut all: Vec<_> = scopes.iter().flat_map(|scope| scope.roles.clone()).collect();
            all.sort();
            let mut wanted: Vec<_> = blueprint.roles.iter().map(|role| role.name().clone()).collect();
            wanted.push(name(ACCESS));
            wanted.sort();
            assert_eq!(all, wanted);
            for scope in &scopes {
                let others = wanted.iter().filter(|role| !scope.roles.contains(role));
                let named = |role: &RoleName| scope.policy.contains(&format!("/{role}\""));
                assert!(!others.into_iter().any(named), "no session policy includes the role of another session");
            }
        }
    }
}

#[test]
fn role_that_exceeds_the_limit_is_reported_in_both_modes() {
    let mut blueprint = many(3, 10);
    blueprint.roles[1].definition.settings.path = format!("/{}/", "x".repeat(510));
    for mode in [Mode::Plan, Mode::Apply] {
        let (scopes, too_long) = scopes(&blueprint, &name(ACCESS), mode);
        let too_long: Vec<_> = too_long.iter().map(|role| role.name().as_str()).collect();
        assert_eq!(too_long, ["0000000001"]);
        assert!(scopes.iter().all(|scope| scope.roles.len() == 3));
    }
}

#[test]
fn session_that_reads_roles_under_any_path_can_do_nothing_else() {
    let account = blueprint().account;
    let role = name("Acme");
    let scopes = scopes_to_read(&account, &[&role]);
    insta::assert_snapshot!(scopes[0].policy, @r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:GetRole","Resource":["arn:aws:iam::444455556666:role/Acme","arn:aws:iam::444455556666:role/*/Acme"]}]}"#);
    assert_eq!(scopes_to_read(&account, &[]), []);
    let names: Vec<_> = (10..30).map(|index| name(&format!("{index}{}", "n".repeat(62)))).collect();
    let account = Account { partition: "aws-us-gov".parse().unwrap(), ..account };
    let scopes = scopes_to_read(&account, &names.iter().collect::<Vec<_>>());
    assert!(scopes.iter().all(|scope| scope.policy.len() <= MAX_LENGTH), "{scopes:?}");
    assert_eq!(scopes.iter().map(|scope| scope.roles.len()).sum::<usize>(), names.len());
}

#[test]
fn session_of_the_management_role_may_read_the_organization_and_assume_the_access_roles() {
    let role = |count| ManagementRole {
        arn: "arn:aws-us-gov:iam::111122223333:role/hop".to_owned(),
        account: "111122223333".parse().unwrap(),
        partition: "aws-us-gov".parse().unwrap(),
        external_id: ManagementExternalId::Parameter("/account-onboarding/management/external-id".to_owned()),
        access_roles: (0..count).map(|n| format!("Access{n}").parse().unwrap()).collect(),
    };
    insta::assert_snapshot!(of_management(&role(2)), @r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["organizations:Describe*","organizations:List*"],"Resource":"*"},{"Effect":"Allow","Action":"sts:AssumeRole","Resource":["arn:aws-us-gov:iam::*:role/Access0","arn:aws-us-gov:iam::*:role/Access1"]}]}"#);
    assert!(of_management(&role(200)).len() <= MAX_LENGTH);
}

/// The blueprint, and a number of roles that are removed.
fn removing(count: usize) -> Blueprint {
    blueprint_with(|config| {
        for number in 0..count {
            let name: RoleName = format!("Removed-{number}-{}", "x".repeat(40)).parse().unwrap();
            config.removed.push(crate::config::RemovedRole {
                owner: crate::owner::Owner::Role(name.clone()),
                title: name.to_string(),
                name,
                adopt: false,
                tenant: None,
            });
        }
    })
}

#[test]
fn removed_role_has_a_statement_of_its_own() {
    let statement = |mode| {
        let policy: Value = serde_json::from_str(&only_policy(&removing(1), mode)).unwrap();
        policy["Statement"].as_array().unwrap().last().unwrap().to_string()
    };
    insta::assert_snapshot!(statement(Mode::Plan), @r#"{"Effect":"Allow","Action":["iam:GetRole","iam:GetRolePolicy","iam:ListAttachedRolePolicies","iam:ListInstanceProfilesForRole","iam:ListRolePolicies"],"Resource":["arn:aws:iam::444455556666:role/Removed-0-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx","arn:aws:iam::444455556666:role/*/Removed-0-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"]}"#);
    insta::assert_snapshot!(statement(Mode::Apply), @r#"{"Effect":"Allow","Action":["iam:GetRole","iam:GetRolePolicy","iam:ListAttachedRolePolicies","iam:ListInstanceProfilesForRole","iam:ListRolePolicies","iam:DeleteRole","iam:DeleteRolePolicy","iam:DetachRolePolicy"],"Resource":["arn:aws:iam::444455556666:role/Removed-0-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx","arn:aws:iam::444455556666:role/*/Removed-0-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"]}"#);
    assert!(!only_policy(&blueprint(), Mode::Apply).contains("iam:DeleteRole\""), "nothing is removed");
}

#[test]
fn removed_roles_are_split_like_others() {
    for count in [1, 5, 40] {
        let blueprint = removing(count);
        let (scopes, too_long) = scopes(&blueprint, &name(ACCESS), Mode::Apply);
        assert_eq!(too_long.len(), 0);
        assert!(scopes.iter().all(|scope| scope.policy.len() <= MAX_LENGTH));
        let roles: Vec<_> = scopes.iter().flat_map(|scope| &scope.roles).collect();
        assert_eq!(roles.len(), count + 2, "each in one session, with the access role and that of the blueprint");
        for removal in &blueprint.removed {
            let arn = removal.role.name.arn(&blueprint.account.partition, &blueprint.account.id, "/deep/path/");
            let scope = scopes.iter().find(|scope| scope.roles.contains(&removal.role.name)).unwrap();
            let policy = Document::parse(&scope.policy).unwrap();
            assert!(permits(&policy, "iam:DeleteRole", &arn, &RequestContext::complete()).can());
            assert!(!permits(&policy, "iam:CreateRole", &arn, &RequestContext::complete()).can());
        }
    }
}
