use crate::config::{Config, show};
use crate::lines::plain;

fn problems(text: &str) -> String {
    let read = Config::parse_without_files(text);
    read.map(|_| String::new()).unwrap_or_else(|problems| problems.to_string())
}

#[test]
fn removals_are_read_and_shown() {
    let config = Config::parse_without_files(
        "[[access-role.revoke]]\nprincipal = 'arn:{partition}:iam::333344445555:role/old'\n\
         [[access-role.revoke]]\nprincipal = '333344445555'\n\
         [[removed]]\nvendor = 'trelica'\n\
         [[removed]]\nvendor = 'workload-security'\nrole-name = 'OldName'\nadopt = true\n\
         registration = { region = 'us-1', api-key = { ssm-parameter = '/ws/key' } }\n\
         [[removed]]\nvendor = 'gone'\nrole-name = 'Gone'\n\
         [[removed]]\nrole = 'app-deployer'\n",
    );
    let shown = plain(&show(&config.unwrap()));
    let (rest, removed) = shown.split_once("\nremoved\n").unwrap();
    let revoked: Vec<_> = rest.lines().filter(|line| line.contains("revoked")).collect();
    insta::assert_snapshot!(revoked.join("\n") + "\n" + removed, @"
    revoked from    arn:{partition}:iam::333344445555:role/old
    revoked from    333344445555
    role            TrelicaIntegration (vendor/trelica), if it is recorded as made
                    by this tool
    role            OldName (vendor/workload-security), recorded or not, after its
                    registration at
                    https://workload.us-1.cloudone.trendmicro.com/api is removed
                    with the key in the SSM parameter /ws/key
    role            Gone (vendor/gone), if it is recorded as made by this tool
    role            app-deployer (role/app-deployer), if it is recorded as made by
                    this tool
    ");
}

#[test]
fn configuration_that_only_removes_is_valid() {
    assert_eq!(problems("[[removed]]\nvendor = 'trelica'\n"), "");
    assert_eq!(problems("[[access-role.revoke]]\nprincipal = '222233334444'\n"), "");
    assert_ne!(problems("removed = []\n"), "");
    let renamed = "[vendors.trelica]\nexternal-id = 'x-1'\n[[removed]]\nvendor = 'trelica'\nrole-name = 'Earlier'\n";
    assert_eq!(problems(renamed), "", "the earlier role of a vendor that is configured under another name");
}

#[test]
fn all_errors_of_removals_are_reported() {
    let trelica = "[vendors.trelica]\nexternal-id = 'x-1'\n";
    let role = "[[role]]\nname = 'App'\n[[role.trust]]\nprincipal = '222233334444'\n";
    let grant = "[[access-role.grant]]\nprincipal = '222233334444'\n";
    let all = [
        problems("[[removed]]\nadopt = true\n"),
        problems("[[removed]]\nvendor = 'trelica'\nrole = 'Trelica'\n"),
        problems("[[removed]]\nvendor = 'trelicaa'\n"),
        problems("[[removed]]\nvendor = 'Trelica/1'\n"),
        problems("[[removed]]\nvendor = 'gone'\nrole-name = 'Gone'\nregistration = { region = 'us-1' }\n"),
        problems("[[removed]]\nvendor = 'trelica'\nregistration = { region = 'us-1' }\n"),
        problems("[[removed]]\nrole = 'App'\nrole-name = 'Other'\npath = '/x/'\n"),
        problems("[[removed]]\nrole = 'OrganizationAccountAccessRole'\n"),
        problems(&format!("{trelica}[[removed]]\nvendor = 'trelica'\n")),
        problems(&format!("{trelica}[[removed]]\nvendor = 'trelica'\nrole-name = 'TrelicaIntegration'\n")),
        problems(&format!("{role}[[removed]]\nrole = 'APP'\n")),
        problems(&format!("{role}[[removed]]\nvendor = 'trelica'\nrole-name = 'App'\n")),
        problems("[[removed]]\nrole = 'App'\n[[removed]]\nrole = 'app'\n"),
        problems("[[removed]]\nvendor = 'trelica'\n[[removed]]\nadopt = true\nvendor = 'trelica'\n"),
        problems("[access-role]\nnames = ['Entry']\n[[removed]]\nvendor = 'gone'\nrole-name = 'ENTRY'\n"),
        problems(
            "[[removed]]\nrole = 'AWSControlTowerExecution'\n[[removed]]\nrole = 'awsservicerolefortrustedadvisor'\n",
        ),
        problems("[[removed]]\nvendor = 'gone'\nrole-name = 'AWSReservedSSO_ViewOnly_77aa88bb99cc00dd'\n"),
        problems("[[access-role.revoke]]\nprincipal = '*'\n"),
        problems("[[access-role.revoke]]\nprincipal = 'arn:aws:sts::222233334444:assumed-role/old/*'\n"),
        problems("[[access-role.revoke]]\nprincipal = 'AROAIOSFODNN7EXAMPLE'\n[[access-role.revoke]]\n"),
        problems(&format!("{grant}[[access-role.revoke]]\nprincipal = 'arn:aws:iam::222233334444:root'\n")),
        problems(
            "[[access-role.revoke]]\nprincipal = '222233334444'\n[[access-role.revoke]]\nprincipal = '222233334444'\n",
        ),
    ];
    insta::assert_snapshot!(all.join("\n"), @"
    onboarding.toml:1:1: `removed`: `vendor` or `role` is missing; write the name of a vendor or of a role
    onboarding.toml:3:8: `role`: cannot be combined with `vendor`; use a block for each
    onboarding.toml:2:10: `vendor`: unknown vendor; known vendors are `trelica` and `workload-security`; for another one, set `role-name` to the name of its role; did you mean `trelica`?
    onboarding.toml:2:10: `vendor`: `Trelica/1` is not a valid vendor name; use 1 to 64 lowercase letters, digits and `-`
    onboarding.toml:4:16: `registration`: the vendor is unknown, and so is its API; keep its vendor file until the vendor is removed
    onboarding.toml:3:16: `registration`: account registration is not supported for Trelica (1Password SaaS Manager); remove `registration`
    onboarding.toml:3:13: `role-name`: only applies to a vendor; remove the key
    onboarding.toml:4:1: unknown key `path`; expected `vendor`, `role`, `role-name`, `registration` or `adopt`
    onboarding.toml:2:8: `role`: the access role `OrganizationAccountAccessRole` cannot be removed; delete this block
    onboarding.toml:3:1: `removed`: the vendor `trelica` is both configured and removed; delete `[vendors.trelica]`, or this block
    onboarding.toml:3:1: `removed`: the vendor `trelica` is both configured and removed; delete `[vendors.trelica]`, or this block
    onboarding.toml:5:1: `removed`: the role `APP` is both configured and removed; delete its `[[role]]`, or this block
    onboarding.toml:7:13: `role-name`: the role `App` is both configured by role/App (line 2) and removed; delete one of the two
    onboarding.toml:4:8: `role`: the role `app` is already removed in line 2; delete one of the two blocks
    onboarding.toml:5:10: `vendor`: the role `TrelicaIntegration` is already removed in line 2; delete one of the two blocks
    onboarding.toml:5:13: `role-name`: the access role `ENTRY` cannot be removed; delete this block
    onboarding.toml:2:8: `role`: the access role `AWSControlTowerExecution` cannot be removed; delete this block
    onboarding.toml:4:8: `role`: `awsservicerolefortrustedadvisor` is a service-linked role; delete this block, and delete the role in the console of its service
    onboarding.toml:3:13: `role-name`: `AWSReservedSSO_ViewOnly_77aa88bb99cc00dd` is a role of IAM Identity Center; delete this block, and remove the assignments of its permission set
    onboarding.toml:2:13: `principal`: `*` has a wildcard, and a principal is only removed by its own name; write an account ID, or the ARN of a role, user or session
    onboarding.toml:2:13: `principal`: `arn:aws:sts::222233334444:assumed-role/old/*` has a wildcard, and a principal is only removed by its own name; write an account ID, or the ARN of a role, user or session
    onboarding.toml:2:13: `principal`: `AROAIOSFODNN7EXAMPLE` is a unique ID, and IAM stores the ARN of the role or user in its place; write the ARN
    onboarding.toml:3:1: `principal` is missing in `revoke`
    onboarding.toml:4:13: `principal`: is both granted access and revoked; delete its `[[access-role.grant]]`, or this block
    onboarding.toml:4:13: `principal`: is revoked twice; delete one of the two blocks
    ");
}

/// The management account is known with `[management]`. Of its role, only the trust policies show whether it keeps its access.
#[test]
fn revocation_of_the_tool_itself_is_an_error_or_a_warning() {
    let management =
        "[management]\nrole-arn = \"arn:aws-cn:iam::999900001111:role/a/hop\"\nexternal-id = \"3e7a-example\"\n";
    let config = |principal: &str, management: &str| {
        Config::parse_without_files(&format!("[[access-role.revoke]]\nprincipal = '{principal}'\n{management}"))
    };
    let errors = ["999900001111", "arn:{partition}:iam::999900001111:root", "arn:aws-cn:iam::999900001111:root"].map(
        |principal| {
            config(principal, management).map(|_| principal).unwrap_or_else(|error| {
                assert_eq!(error.to_string().lines().count(), 1);
                "an error"
            })
        },
    );
    assert_eq!(errors, ["an error"; 3]);
    insta::assert_snapshot!(config("999900001111", management).unwrap_err(), @"onboarding.toml:2:13: `principal`: is the management account, through a role of which this tool acts (`[management]`); it cannot be revoked, so delete this block");
    let own = ["arn:{partition}:iam::999900001111:role/a/hop", "arn:aws-cn:iam::999900001111:role/a/hop"];
    let warnings = |principal: &str, management: &str| config(principal, management).unwrap().warnings.join("\n");
    insta::assert_snapshot!(own.map(|principal| warnings(principal, management)).join("\n"), @"
    access-role: `arn:aws-cn:iam::999900001111:role/a/hop`, the role of `[management]`, is revoked, and this tool acts through it: accounts whose access role would not allow it any more are blocked; delete its `[[access-role.revoke]]`
    access-role: `arn:aws-cn:iam::999900001111:role/a/hop`, the role of `[management]`, is revoked, and this tool acts through it: accounts whose access role would not allow it any more are blocked; delete its `[[access-role.revoke]]`
    ");
    for other in ["arn:aws:iam::999900001111:role/a/hop", "arn:aws-cn:iam::999900001111:role/hop", "999900001112"] {
        assert_eq!(warnings(other, management), "", "{other}");
    }
    assert_eq!(warnings(own[1], ""), "");
}
