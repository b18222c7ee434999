//! One mistake gets one message, and the message says what to write.

use crate::config::Config;

fn problems(text: &str) -> String {
    let read = Config::parse_without_files(text);
    read.map(|_| String::new()).unwrap_or_else(|problems| problems.to_string())
}

#[test]
fn wrong_number_of_brackets_is_explained() {
    let role = "[[role]]\nname = 'log-reader'\n";
    let all = [
        problems("[access-role.grant]\nprincipal = '222233334444'\n"),
        problems("[access-role]\n[access-role.revoke]\nprincipal = '222233334444'\n"),
        problems("[access-role.other]\nname = 'Other'\n[removed]\nvendor = 'trelica'\n"),
        problems("[role]\nname = 'log-reader'\n[role.trust]\nprincipal = '222233334444'\n"),
        problems(&format!("{role}[role.trust]\nprincipal = '222233334444'\n")),
        problems(&format!("{role}trust = {{ principal = '222233334444' }}\n")),
        problems("[[access-role]]\nnames = ['Entry']\n"),
        problems("[[vendors.trelica]]\nexternal-id = 'x-1'\n"),
        // Arrays of strings have no header.
        problems(&format!("{role}trust = [{{ principal = '222233334444' }}]\n[role.managed-policies]\na = 'b'\n")),
        problems("access-role.names = ['Entry']\naccess-role.grant = '222233334444'\n"),
    ];
    insta::assert_snapshot!(all.join("\n"), @"
    onboarding.toml:1:1: `grant`: expected an array of tables, found a table; write `[[access-role.grant]]`, with two brackets
    onboarding.toml:2:1: `revoke`: expected an array of tables, found a table; write `[[access-role.revoke]]`, with two brackets
    onboarding.toml:1:1: `other`: expected an array of tables, found a table; write `[[access-role.other]]`, with two brackets
    onboarding.toml:3:1: `removed`: expected an array of tables, found a table; write `[[removed]]`, with two brackets
    onboarding.toml:1:1: `role`: expected an array of tables, found a table; write `[[role]]`, with two brackets
    onboarding.toml:3:1: `trust`: expected an array of tables, found a table; write `[[role.trust]]`, with two brackets
    onboarding.toml:3:9: `trust`: expected an array of tables, found a table; write `[[role.trust]]`, with two brackets
    onboarding.toml:1:1: `access-role`: expected a table, found an array of tables; write its header with one bracket on each side
    onboarding.toml:1:11: `trelica`: expected a table, found an array of tables; write its header with one bracket on each side
    onboarding.toml:4:1: `managed-policies`: expected an array, in `[` and `]`, found a table
    onboarding.toml:2:21: `grant`: expected an array, in `[` and `]`, found a string
    ");
}

#[test]
fn misspelled_key_is_not_reported_as_missing_as_well() {
    let all = [
        problems("[[access-role.grant]]\nprincipals = ['222233334444']\n"),
        problems("[[access_role.grant]]\nprincipal = '222233334444'\n"),
        problems("[[roles]]\nname = 'log-reader'\n"),
        problems("[[role]]\nnames = 'log-reader'\ntrusts = [{ principal = '222233334444' }]\n"),
        problems("[vendors.trelica]\nexternal_id = 'x-1'\n"),
        problems("[[removed]]\nvendors = 'trelica'\n"),
        problems(
            "[vendors.workload-security.registration]\nregoin = 'us-1'\napi_key = { ssm_parameter = '/ws/key' }\n",
        ),
        // A missing key without a misspelling is still reported.
        problems("[[access-role.grant]]\ncolour = 'blue'\n"),
        problems("[[role]]\nname = 'log-reader'\nprincipals = '222233334444'\n"),
        problems("colour = 'blue'\n"),
    ];
    insta::assert_snapshot!(all.join("\n"), @"
    onboarding.toml:2:1: unknown key `principals`; did you mean `principal`?
    onboarding.toml:1:3: unknown key `access_role`; did you mean `access-role`?
    onboarding.toml:1:3: unknown key `roles`; did you mean `role`?
    onboarding.toml:2:1: unknown key `names`; did you mean `name`?
    onboarding.toml:3:1: unknown key `trusts`; did you mean `trust`?
    onboarding.toml:2:1: unknown key `external_id`; did you mean `external-id`?
    onboarding.toml:2:1: unknown key `vendors`; did you mean `vendor`?
    onboarding.toml:2:1: unknown key `regoin`; did you mean `region`?
    onboarding.toml:3:1: unknown key `api_key`; did you mean `api-key`?
    onboarding.toml:1:1: `principal` is missing in `grant`
    onboarding.toml:2:1: unknown key `colour`; expected `principal`, `external-id`, `condition`, `actions`, `access-role`, `targets`, `on-unselect` or `until`
    onboarding.toml:1:1: no principal may assume this role; add `[[role.trust]]`
    onboarding.toml:3:1: unknown key `principals`; expected `name`, `path`, `description`, `max-session-seconds`, `permissions-boundary`, `managed-policies`, `policies`, `tags`, `adopt`, `trust`, `targets` or `on-unselect`
    onboarding.toml:1:1: unknown key `colour`; expected `access-role`, `accounts`, `management`, `console`, `waiting`, `sweep`, `limits`, `vendors`, `role`, `removed`, `vendor-files` or `catalogue`
    onboarding.toml:1:1: the configuration grants no access and installs no role; add `[[access-role.grant]]`, `[vendors.NAME]` or `[[role]]`
    ");
}

#[test]
fn principal_that_is_written_as_in_a_policy_gets_one_message() {
    let principal =
        |principal: &str| problems(&format!("[[role]]\nname = 'r'\ntrust = [{{ principal = {principal} }}]\n"));
    let all = [
        principal("{ AWS = '857204613908' }"),
        principal("[{ aws = ['857204613908'] }, '857204613909']"),
        principal("{ Service = 'ecs-tasks.amazonaws.com' }"),
        principal("{ Federated = 'accounts.google.com' }"),
        principal("{ user = 'ann' }"),
        principal("{}"),
    ];
    insta::assert_snapshot!(all.join("\n"), @"
    onboarding.toml:3:24: `principal`: an account, a role or a user is not in a table; write its ID or ARN as a string
    onboarding.toml:3:25: `principal`: an account, a role or a user is not in a table; write its ID or ARN as a string
    onboarding.toml:3:26: unknown key `Service`; did you mean `service`?
    onboarding.toml:3:26: unknown key `Federated`; did you mean `federated`?
    onboarding.toml:3:24: `service` is missing in `principal`
    onboarding.toml:3:26: unknown key `user`; expected `service` or `federated`
    onboarding.toml:3:24: `service` is missing in `principal`
    ");
}
