use super::*;

fn settings() -> Settings {
    Settings {
        mfa: MfaRequirement::Required,
        access_role: "Ops".parse().unwrap(),
        session_tag: None,
        application_service: None,
        application_role: "app-pipeline".parse().unwrap(),
        application_target: "app-deployer".parse().unwrap(),
        account_creation_role: "account-creation".parse().unwrap(),
        partition: "aws".parse().unwrap(),
        identity_account: None,
        management_account: None,
    }
}

/// The names at the second level of the sections.
fn names(template: &str) -> Vec<&str> {
    let entries = template.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let entries = entries.filter_map(|line| line.trim().split_once(':')).map(|(name, _)| name);
    // The description has lines of the same indentation.
    entries.filter(|name| name.bytes().all(|b| b.is_ascii_alphanumeric())).collect()
}

#[test]
fn template_has_only_what_its_resources_need() {
    let template = cloudformation(&[Prerequisite::AccountCreationPolicy], &settings());
    assert_eq!(names(&template), ["AccountCreationRoleName", "AccountCreationPolicy"], "{template}");
    assert!(template.contains("Roles: [!Ref AccountCreationRoleName]"), "an existing role");

    let template = cloudformation(&[Prerequisite::ManagementAccessPolicy], &settings());
    let expected = [
        "AccessRoleName",
        "RequireMfa",
        "GroupNames",
        "MfaIsRequired",
        "AttachToGroups",
        "ManagementAccessPolicy",
        "ManagementAccessPolicyArn",
    ];
    assert_eq!(names(&template), expected, "{template}");
}

#[test]
fn resources_are_created_in_their_own_account() {
    let template = cloudformation(&Prerequisite::ALL, &settings());
    assert!(names(&template).contains(&"Account"));
    for (account, condition) in
        [(AccountKind::Identity, "InIdentityAccount"), (AccountKind::Management, "InManagementAccount")]
    {
        let own: Vec<_> = Prerequisite::ALL.into_iter().filter(|one| one.account() == account).collect();
        let only = cloudformation(&own, &settings());
        assert!(!names(&only).contains(&"Account"), "{only}");
        assert!(!only.contains(condition), "{only}");
        assert!(template.contains(&format!("    Condition: {condition}\n")));
    }
}

#[test]
fn settings_are_the_defaults_of_the_parameters() {
    let given = Settings {
        mfa: MfaRequirement::NotRequired,
        session_tag: Some("team".parse().unwrap()),
        application_service: Some("codebuild.amazonaws.com".parse().unwrap()),
        ..settings()
    };
    let template = cloudformation(&Prerequisite::ALL, &given);
    for default in ["Ops", "\"false\"", "team", "codebuild.amazonaws.com"] {
        assert!(template.contains(&format!("    Default: {default}\n")), "{default}");
    }
}
