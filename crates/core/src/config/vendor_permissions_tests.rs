use crate::config::Config;
use crate::policy::Document;

const TRELICA: &str = "[vendors.trelica]\nexternal-id = \"trelica-secret\"\n";
const WORKLOAD_SECURITY: &str = "[vendors.workload-security]\nexternal-id = \"ws-secret\"\n";

fn config(text: &str) -> Config {
    Config::parse_without_files(text).unwrap_or_else(|problems| panic!("{problems}"))
}

fn actions(text: &str) -> Vec<String> {
    let config = config(text);
    let policy = config.roles[0].policies.values().next().unwrap();
    let document = Document::parse(&policy.0).unwrap();
    let actions = document.as_map()["Statement"][0]["Action"].as_array().unwrap().clone();
    actions.iter().map(|action| action.as_str().unwrap().to_owned()).collect()
}

fn problems(text: &str) -> String {
    Config::parse_without_files(text).unwrap_err().to_string()
}

#[test]
fn actions_of_the_management_account_are_left_out_in_member_accounts() {
    for text in [TRELICA.to_owned(), format!("{TRELICA}permissions = [\"iam\", \"organizations\"]\n")] {
        assert!(actions(&text).contains(&"iam:ListUsers".to_owned()));
        assert!(!actions(&text).contains(&"organizations:ListAccounts".to_owned()), "{text}");
        let only = config(&text).roles[0].management_only.clone().unwrap();
        assert_eq!(only.actions.iter().collect::<Vec<_>>(), ["organizations:ListAccounts"]);
        assert!(only.policies["TrelicaIntegration"].0.contains("organizations:ListAccounts"));
        assert!(only.policies["TrelicaIntegration"].0.contains("iam:ListUsers"));
    }
    assert_eq!(config(&format!("{TRELICA}permissions = [\"iam\"]\n")).roles[0].management_only, None);
    insta::assert_snapshot!(problems(&format!("{TRELICA}permissions = [\"organizations\"]\n")), @"onboarding.toml:3:15: `permissions`: the role would have no permissions, because AWS allows `organizations:ListAccounts` in the management account only, and this tool writes in member accounts only; add another group");
}

#[test]
fn optional_actions_are_left_out_by_name() {
    let all = actions(WORKLOAD_SECURITY);
    let without = actions(&format!("{WORKLOAD_SECURITY}omit-actions = [\"iam:GetRole\", \"iam:GetRolePolicy\"]\n"));
    let left_out: Vec<_> = all.iter().filter(|action| !without.contains(action)).collect();
    assert_eq!(left_out, ["iam:GetRole", "iam:GetRolePolicy"]);
    assert_eq!((all.len(), without.len()), (15, 13));
    let one = actions(&format!("{WORKLOAD_SECURITY}omit-actions = [\"iam:GetRole\"]\npermissions = [\"iam\"]\n"));
    assert_eq!(one, ["iam:GetRolePolicy", "iam:ListAccountAliases"]);
}

#[test]
fn only_optional_actions_can_be_left_out() {
    let omit = |vendor: &str, rest: &str| problems(&format!("{vendor}omit-actions = {rest}\n"));
    insta::assert_snapshot!(omit(WORKLOAD_SECURITY, "[\"iam:GetRoles\", \"ec2:DescribeInstances\", \"iam:GetRole\", \"iam:GetRole\", 5]"), @"
    onboarding.toml:3:17: `omit-actions`: `iam:GetRoles` is not an optional action of Trend Micro Cloud One Workload Security; the optional actions are `iam:GetRole` and `iam:GetRolePolicy`; did you mean `iam:GetRole`?
    onboarding.toml:3:33: `omit-actions`: `ec2:DescribeInstances` is not an optional action of Trend Micro Cloud One Workload Security; the optional actions are `iam:GetRole` and `iam:GetRolePolicy`
    onboarding.toml:3:73: `omit-actions`: `iam:GetRole` appears twice; remove one
    onboarding.toml:3:88: `omit-actions`: expected a string, found a number; write it in quotes
    ");
    insta::assert_snapshot!(omit(WORKLOAD_SECURITY, "[\"iam:GetRole\"]\npermissions = [\"ec2\"]"), @"onboarding.toml:3:17: `omit-actions`: `iam:GetRole` is in no group of `permissions`, so there is nothing to leave out; remove it");
    insta::assert_snapshot!(omit(TRELICA, "[\"iam:ListUsers\"]"), @"onboarding.toml:3:17: `omit-actions`: Trelica (1Password SaaS Manager) has no optional actions; remove `omit-actions`");
    insta::assert_snapshot!(omit(WORKLOAD_SECURITY, "\"iam:GetRole\""), @"onboarding.toml:3:16: `omit-actions`: expected an array, in `[` and `]`, found a string");
}
