use super::*;

const OLD: &str = r#"
[[access-role.grant]]
principal = ["222233334444", "arn:aws:iam::222233334444:role/ci"]

[[access-role.grant]]
principal = "arn:aws:iam::222233334444:user/ann"
external-id = "s3cret-of-ann"

[catalogue.acme]
title = "Acme"
trust = { accounts = ["123456789012"], external-id = "required" }
role = { name = "Acme" }
permissions.ec2 = { actions = ["ec2:DescribeInstances"] }

[vendors.acme]
external-id = "s3cret-id"
role-name = "OurAcme"

[vendors.workload-security]
external-id = "s3cret-id"
registration = { region = "us-1", api-key = { ssm-parameter = "/ws/key" } }

[[role]]
name = "app-deployer"
[[role.trust]]
principal = "222233334444"
"#;

fn config(text: &str) -> Config {
    Config::parse_without_files(text).unwrap_or_else(|problems| panic!("{problems}"))
}

/// The warnings, each with its block.
fn shown(old: &str, new: &str) -> String {
    let all = dropped(&config(old), &config(new));
    all.iter().map(|one| format!("{}\n{}\n", one.warning, one.block.join("\n"))).collect()
}

/// The blocks that the warnings ask for.
fn blocks(old: &str, new: &str) -> String {
    dropped(&config(old), &config(new)).iter().map(|one| format!("\n{}\n", one.block.join("\n"))).collect()
}

#[test]
fn unchanged_configuration_has_no_warnings() {
    assert_eq!(shown(OLD, OLD), "");
    let spelled = OLD.replace("[\"222233334444\",", "[\"arn:aws:iam::222233334444:root\",");
    assert_eq!(shown(OLD, &spelled), "", "the root is the account");
}

#[test]
fn everything_that_is_neither_configured_nor_removed_is_named() {
    let new = "[[access-role.grant]]\nprincipal = '999988887777'\n";
    insta::assert_snapshot!(shown(OLD, new), @r#"
    vendor/acme: role `OurAcme` is no longer configured and stays in the accounts; to remove it, add
    [[removed]]
    vendor = "acme"
    role-name = "OurAcme"
    vendor/workload-security: role `Workload_Security_Role_Cross` is no longer configured and stays in the accounts; to remove it, add
    [[removed]]
    vendor = "workload-security"
    role-name = "Workload_Security_Role_Cross"
    registration = { url = "https://workload.us-1.cloudone.trendmicro.com/api", api-key = { ssm-parameter = "/ws/key" } }
    role/app-deployer: role `app-deployer` is no longer configured and stays in the accounts; to remove it, add
    [[removed]]
    role = "app-deployer"
    access-role: `222233334444` is no longer granted access and keeps it in the accounts; to remove it, add
    [[access-role.revoke]]
    principal = "222233334444"
    access-role: `arn:aws:iam::222233334444:role/ci` is no longer granted access and keeps it in the accounts; to remove it, add
    [[access-role.revoke]]
    principal = "arn:aws:iam::222233334444:role/ci"
    access-role: `arn:aws:iam::222233334444:user/ann` is no longer granted access and keeps it in the accounts; to remove it, add
    [[access-role.revoke]]
    principal = "arn:aws:iam::222233334444:user/ann"
    "#);
    assert_eq!(shown(OLD, &format!("{new}{}", blocks(OLD, new))), "", "the blocks are what is missing");
}

#[test]
fn role_under_another_name_is_named() {
    let new = OLD.replace("OurAcme", "NewAcme");
    insta::assert_snapshot!(shown(OLD, &new), @r#"
    vendor/acme: role `OurAcme` has another name now and stays in the accounts; to remove it, add
    [[removed]]
    vendor = "acme"
    role-name = "OurAcme"
    "#);
    assert_eq!(shown(OLD, &format!("{new}{}", blocks(OLD, &new))), "");
}

#[test]
fn grant_with_other_conditions_is_named() {
    for (old, new) in [
        ("user/ann\"", "user/ann\"\ncondition = { Bool = { 'aws:MultiFactorAuthPresent' = true } }"),
        ("s3cret-of-ann", "another-id"),
        ("external-id = \"s3cret-of-ann\"", "external-id = { ssm-parameter = '/ann' }"),
        ("external-id = \"s3cret-of-ann\"", "actions = ['sts:AssumeRole', 'sts:TagSession']"),
    ] {
        let warnings = shown(OLD, &OLD.replace(old, new));
        assert!(warnings.contains("the grant for `arn:aws:iam::222233334444:user/ann` has other"), "{new}: {warnings}");
        assert_eq!(warnings.lines().filter(|line| !line.is_empty()).count(), 1, "{warnings}");
        assert!(!warnings.contains("s3cret"));
    }
    let more = OLD.to_owned()
        + "\n[[access-role.grant]]\nprincipal = '222233334444'\nactions = ['sts:AssumeRole', 'sts:TagSession']\n";
    assert_eq!(shown(OLD, &more), "", "the earlier one is still configured");
}

/// Whatever its external ID is made of: whoever follows a wrong warning takes access away.
#[test]
fn grant_that_did_not_change_is_not_named() {
    for external_id in [
        "'team-{account-id}'",
        "['s3cret-of-ann', '{organization-id}-ann']",
        "{ ssm-parameter = '/ann' }",
        "{ like = 'ann-*' }",
    ] {
        let same = OLD.replace("\"s3cret-of-ann\"", external_id);
        assert_eq!(shown(&same, &same), "", "{external_id}");
    }
    let other = |external_id: &str| OLD.replace("s3cret-of-ann", external_id);
    assert_ne!(shown(&other("team-{account-id}"), &other("unit-{account-id}")), "");
}

#[test]
fn manager_of_the_customer_keeps_its_setting() {
    let old = OLD.replace("region = \"us-1\"", "url = \"https://manager.example.com/api\", own-host = true");
    let new = "[[access-role.grant]]\nprincipal = '999988887777'\n";
    let block = blocks(&old, new);
    assert!(block.contains("url = \"https://manager.example.com/api\", own-host = true,"), "{block}");
    assert_eq!(shown(&old, &format!("{new}{block}")), "");
}

/// The warning and the block about a vendor's role, whose accounts were registered in these tenants.
fn still(registered: &[(&str, usize)]) -> String {
    let still = StillInAccounts {
        owner: Some(Owner::Vendor("workload-security".to_owned())),
        accounts: 1_200,
        registered: registered.iter().map(|(label, count)| ((*label).to_owned(), *count)).collect(),
    };
    let new = config("[[access-role.grant]]\nprincipal = '999988887777'\n");
    let Dropped { warning, block } = still.dropped(&new, &"Workload_Security_Role_Cross".parse().unwrap());
    format!("{warning}\n{}", block.join("\n"))
}

const US: &str = "https://workload.us-1.cloudone.trendmicro.com/api /ws/key";

#[test]
fn block_for_a_role_in_accounts_has_the_recorded_registration() {
    insta::assert_snapshot!(still(&[(US, 1_000)]), @r#"
    vendor/workload-security: role `Workload_Security_Role_Cross` is no longer configured and is still present in 1,200 accounts; to remove it, add
    [[removed]]
    vendor = "workload-security"
    role-name = "Workload_Security_Role_Cross"
    registration = { url = "https://workload.us-1.cloudone.trendmicro.com/api", api-key = { ssm-parameter = "/ws/key" } }
    "#);
    let de = US.replace("us-1", "de-1");
    insta::assert_snapshot!(still(&[(US, 1_000), (&de, 1)]), @r#"
    vendor/workload-security: role `Workload_Security_Role_Cross` is no longer configured and is still present in 1,200 accounts; 1 account stay registered in another tenant (https://workload.de-1.cloudone.trendmicro.com/api /ws/key): once this block is done, repeat it with that tenant as `registration`; to remove it, add
    [[removed]]
    vendor = "workload-security"
    role-name = "Workload_Security_Role_Cross"
    registration = { url = "https://workload.us-1.cloudone.trendmicro.com/api", api-key = { ssm-parameter = "/ws/key" } }
    "#);
    let new = "[[access-role.grant]]\nprincipal = '999988887777'\n";
    let text = still(&[(US, 1_000)]);
    let (_, block) = text.split_once('\n').unwrap();
    let removed = config(&format!("{new}{block}")).removed;
    assert_eq!(removed[0].tenant.as_ref().unwrap().label(), US, "the block removes what was recorded");
}

#[test]
fn recorded_host_that_is_not_the_vendors_is_named_and_not_copied() {
    insta::assert_snapshot!(still(&[("https://manager.example.com/api /ws/key", 7)]), @r#"
    vendor/workload-security: role `Workload_Security_Role_Cross` is no longer configured and is still present in 1,200 accounts; this tool registered 7 accounts with the vendor (https://manager.example.com/api /ws/key), and they stay registered unless you add the key `registration` to the block, as it was configured for the vendor; to remove it, add
    [[removed]]
    vendor = "workload-security"
    role-name = "Workload_Security_Role_Cross"
    "#);
    let hostile = "https://x.example.com/api\u{1b}[2J\" /ws/key\", b = \"";
    insta::assert_snapshot!(still(&[(hostile, 1)]), @r#"
    vendor/workload-security: role `Workload_Security_Role_Cross` is no longer configured and is still present in 1,200 accounts; this tool registered 1 account with the vendor (https://x.example.com/api?[2J" /ws/key", b = "), and they stay registered unless you add the key `registration` to the block, as it was configured for the vendor; to remove it, add
    [[removed]]
    vendor = "workload-security"
    role-name = "Workload_Security_Role_Cross"
    "#);
    insta::assert_snapshot!(still(&[]), @r#"
    vendor/workload-security: role `Workload_Security_Role_Cross` is no longer configured and is still present in 1,200 accounts; to remove it, add
    [[removed]]
    vendor = "workload-security"
    role-name = "Workload_Security_Role_Cross"
    "#);
}
