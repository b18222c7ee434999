use crate::config::{Config, show};

const VENDOR: &str = "[vendors.workload-security]\nexternal-id = 'x-1'\n[vendors.workload-security.registration]\n";

fn problems(registration: &str) -> String {
    let read = Config::parse_alone(&format!("{VENDOR}{registration}\n"));
    read.map(|_| String::new()).unwrap_or_else(|problems| problems.to_string())
}

#[test]
fn a_registration_shows_where_and_with_which_parameter() {
    let config = Config::parse_alone(&format!(
        "{VENDOR}region = 'de-1'\napi-key = {{ ssm-parameter = '/account-onboarding/ws/api-key' }}\n"
    ));
    let shown = show(&config.unwrap());
    let line = shown.lines().find(|line| line.contains("registered")).unwrap();
    insta::assert_snapshot!(line, @"  registered at   https://workload.de-1.cloudone.trendmicro.com/api, with the key in the SSM parameter /account-onboarding/ws/api-key");
}

#[test]
fn every_mistake_of_a_registration_is_told() {
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
    onboarding.toml:3:1: neither `region` nor `url` says where accounts are registered; write one
    onboarding.toml:5:10: `region`: `us-2` is no region of Cloud One (did you mean `us-1`?); there are `us-1`, `trend-us-1`, `au-1`, `ie-1`, `sg-1`, `in-1`, `jp-1`, `ca-1`, `de-1` and `gb-1`
    onboarding.toml:6:7: `url`: stands beside `region`, which says the same; take one out
    onboarding.toml:5:7: `url`: the key would go to `manager.example.com`, which is no host of the vendor; if it is a manager of your own, say `own-host = true`
    onboarding.toml:5:7: `url`: the key would go over the network in the clear; write `https://`
    onboarding.toml:5:7: `url`: `manager` is no URL (relative URL without a base); write one, as `https://manager.example.com:4119/api`
    onboarding.toml:6:12: `own-host`: should be `true` or `false`, without quotes, and is a text
    onboarding.toml:5:11: `api-key`: a key stands in no file; keep it in an SSM parameter (SecureString) and write `{ ssm-parameter = "/name" }`
    onboarding.toml:5:29: `ssm-parameter`: is no name of an SSM parameter; it looks like `/account-onboarding/trelica/external-id`
    onboarding.toml:6:1: unknown key `key`; the keys here are `region`, `url`, `own-host` and `api-key`
    "#);
}

#[test]
fn a_vendor_without_an_api_registers_nothing() {
    let text = "[vendors.trelica]\nexternal-id = 'x-1'\nregistration = { region = 'us-1' }\n";
    insta::assert_snapshot!(Config::parse_alone(text).unwrap_err(), @"onboarding.toml:3:16: `registration`: Trelica (1Password SaaS Manager) registers no accounts by an API that is known here; take it out");
    let unknown = "[catalogue.acme]\ntitle = 'Acme'\ntrust = { accounts = ['123456789012'], external-id = 'required' }\n\
                   role = { name = 'Acme' }\npermissions.ec2 = { actions = ['ec2:DescribeInstances'] }\n\
                   registration = { api = 'workload-securty' }\n[vendors.acme]\nexternal-id = 'x-1'\n";
    insta::assert_snapshot!(Config::parse_alone(unknown).unwrap_err(), @"onboarding.toml:6:24: `api`: `workload-securty` is no API that is known here (did you mean `workload-security`?); there are `workload-security`");
}
