use crate::config::{Config, show};
use crate::lines::plain;

const VENDOR: &str = "[vendors.workload-security]\nexternal-id = 'x-1'\n[vendors.workload-security.registration]\n";

fn problems(registration: &str) -> String {
    let read = Config::parse_without_files(&format!("{VENDOR}{registration}\n"));
    read.map(|_| String::new()).unwrap_or_else(|problems| problems.to_string())
}

#[test]
fn registration_is_shown_with_endpoint_and_parameter() {
    let config = Config::parse_without_files(&format!(
        "{VENDOR}region = 'de-1'\napi-key = {{ ssm-parameter = '/account-onboarding/ws/api-key' }}\n"
    ));
    let shown = plain(&show(&config.unwrap()));
    let line = shown.lines().find(|line| line.contains("registered")).unwrap();
    insta::assert_snapshot!(line, @"  registered at   https://workload.de-1.cloudone.trendmicro.com/api, with the");
}

#[test]
fn all_errors_of_a_registration_are_reported() {
    let key = "api-key = { ssm-parameter = '/account-onboarding/ws/api-key' }";
    let all = [
        problems(""),
        problems(&format!("{key}\nregion = 'us-2'")),
        problems(&format!("{key}\nregion = 'us-1'\nurl = 'https://workload.us-1.cloudone.trendmicro.com/api'")),
        problems(&format!("{key}\nurl = 'https://manager.example.com/api'")),
        problems(&format!("{key}\nurl = 'http://manager.example.com/api'\nown-host = true")),
        problems(&format!("{key}\nurl = 'manager'\nown-host = 'yes'")),
        problems("region = 'us-1'\napi-key = 's3cret-in-a-file'"),
        problems("region = 'us-1'\napi-key = { ssm-parameter = 'no slash' }\nkey = 1"),
    ];
    assert!(!all.concat().contains("s3cret"));
    insta::assert_snapshot!(all.join("\n"), @r#"
    onboarding.toml:3:1: `api-key` is missing in `registration`
    onboarding.toml:3:1: `region` or `url` is missing; set one of them
    onboarding.toml:5:10: `region`: `us-2` is not a Cloud One region; the regions are `us-1`, `trend-us-1`, `au-1`, `ie-1`, `sg-1`, `in-1`, `jp-1`, `ca-1`, `de-1` and `gb-1`; did you mean `us-1`?
    onboarding.toml:6:7: `url`: cannot be combined with `region`; remove one of the two
    onboarding.toml:5:7: `url`: the API key would be sent to `manager.example.com`, which is not a host of the vendor; if you host the manager yourself, set `own-host = true`
    onboarding.toml:5:7: `url`: the API key would be sent unencrypted; use `https://`
    onboarding.toml:5:7: `url`: `manager` is not a valid URL (relative URL without a base); expected a URL such as `https://manager.example.com:4119/api`
    onboarding.toml:6:12: `own-host`: expected a boolean (`true` or `false`), found a string; write it without quotes
    onboarding.toml:5:11: `api-key`: API keys must not be in the file; store the key in an SSM parameter (SecureString) and write `{ ssm-parameter = "/name" }`
    onboarding.toml:5:29: `ssm-parameter`: is not a valid SSM parameter name; expected a name such as `/account-onboarding/trelica/external-id`
    onboarding.toml:6:1: unknown key `key`; expected `region`, `url`, `own-host`, `api-key`, `workspaces` or `display-name`
    "#);
}

#[test]
fn registration_requires_a_vendor_with_an_api() {
    let text = "[vendors.trelica]\nexternal-id = 'x-1'\nregistration = { region = 'us-1' }\n";
    insta::assert_snapshot!(Config::parse_without_files(text).unwrap_err(), @"onboarding.toml:3:16: `registration`: account registration is not supported for Trelica (1Password SaaS Manager); remove `registration`");
    let unknown = "[catalogue.acme]\ntitle = 'Acme'\ntrust = { accounts = ['123456789012'], external-id = 'required' }\n\
                   role = { name = 'Acme' }\npermissions.ec2 = { actions = ['ec2:DescribeInstances'] }\n\
                   registration = { api = 'workload-securty' }\n[vendors.acme]\nexternal-id = 'x-1'\n";
    insta::assert_snapshot!(Config::parse_without_files(unknown).unwrap_err(), @"onboarding.toml:6:24: `api`: `workload-securty` is not a supported API; expected `workload-security`; did you mean `workload-security`?");
}

const KEY: &str = "region = 'us-1'\napi-key = { ssm-parameter = '/account-onboarding/ws/api-key' }";

#[test]
fn settings_of_a_registration_are_read_and_shown() {
    let config = Config::parse_without_files(&format!(
        "{VENDOR}{KEY}\nworkspaces = false\ndisplay-name = 'AWS {{account-id}}'\n"
    ));
    let config = config.unwrap();
    let registration = config.roles[0].registration.as_ref().unwrap();
    assert_eq!(registration.workspaces, Some(false));
    assert_eq!(registration.display_name.as_ref().unwrap().as_str(), "AWS {account-id}");
    let shown = plain(&show(&config));
    assert!(
        shown.contains("registered as   AWS {account-id}\n") && shown.contains("WorkSpaces      not included"),
        "{shown}"
    );
    let shown = plain(&show(&Config::parse_without_files(&format!("{VENDOR}{KEY}\n")).unwrap()));
    assert!(shown.contains("WorkSpaces      as set in the console"), "{shown}");
}

#[test]
fn settings_of_the_wrong_type_or_form_are_reported() {
    let all = [
        problems(&format!("{KEY}\nworkspaces = 'true'")),
        problems(&format!("{KEY}\nworkspaces = 1\ndisplay-name = true")),
        problems(&format!("{KEY}\ndisplay-name = '{{account-nam}}'")),
        problems(&format!("{KEY}\ndisplay-name = 'AWS'")),
    ];
    insta::assert_snapshot!(all.join("\n"), @"
    onboarding.toml:6:14: `workspaces`: expected a boolean (`true` or `false`), found a string; write it without quotes
    onboarding.toml:6:14: `workspaces`: expected a boolean (`true` or `false`), found a number
    onboarding.toml:7:16: `display-name`: expected a string, found a boolean; write it in quotes
    onboarding.toml:6:16: `display-name`: `{account-nam}` is not a placeholder; use `{account-name}` or `{account-id}`; did you mean `account-name`?
    onboarding.toml:6:16: `display-name`: would be the same for every account; add `{account-name}` or `{account-id}`
    ");
}

/// Without the key, the vendor's API returns the external ID. A registration with errors is not reported as a missing external ID.
#[test]
fn registration_replaces_the_external_id() {
    let without = |registration: &str| {
        Config::parse_without_files(&format!("[vendors.workload-security.registration]\n{registration}\n"))
    };
    let config = without(KEY).unwrap();
    assert_eq!(crate::blueprint::tenants(&config).len(), 1);
    assert!(plain(&show(&config)).contains("the external ID that the vendor's API"), "{}", plain(&show(&config)));
    insta::assert_snapshot!(without("region = 'us-1'").unwrap_err(), @"onboarding.toml:1:1: `api-key` is missing in `registration`");
    let none = Config::parse_without_files("[vendors.workload-security]\n").unwrap_err().to_string();
    assert!(none.contains("`external-id` is missing"), "{none}");
    let waived = format!(
        "[vendors.workload-security]\nexternal-id = {{ none-because = 'x' }}\n[vendors.workload-security.registration]\n{KEY}\n"
    );
    assert_eq!(crate::blueprint::tenants(&Config::parse_without_files(&waived).unwrap()).len(), 0);
}
