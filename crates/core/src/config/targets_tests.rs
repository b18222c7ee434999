use crate::config::{Config, show};
use crate::lines::plain;

const ROLE: &str = "[[role]]\nname = 'r'\ntrust = [{ principal = '222233334444' }]\n";

fn problems(keys: &str) -> String {
    let read = Config::parse_without_files(&format!("{ROLE}{keys}\n"));
    read.map(|_| String::new()).unwrap_or_else(|problems| problems.to_string())
}

#[test]
fn targets_of_grants_vendors_and_roles_are_shown() {
    let text = format!(
        "[[access-role.grant]]\nprincipal = '222233334444'\ntargets = {{ accounts = ['444455556666'] }}\n\
         [vendors.trelica]\nexternal-id = 'x-1'\non-unselect = 'remove'\n\
         [vendors.trelica.targets]\norganizational-units = ['Workloads/Production', 'ou-ab12-cdef3456']\n\
         exclude.accounts = ['444455556666']\n\
         {ROLE}targets.tags = {{ env = ['prod', 'dev'], 'cost center' = '12' }}\n"
    );
    let shown = plain(&show(&Config::parse_without_files(&text).unwrap()));
    let lines: Vec<_> =
        shown.lines().filter(|line| line.contains("granted to") || line.contains("installed in")).collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    granted to      222233334444, for sts:AssumeRole, in 444455556666
    installed in    accounts in ou-ab12-cdef3456, accounts in
    installed in    accounts with the tag `cost center` = `12` and `env` = `dev`
    ");
}

#[test]
fn all_errors_of_targets_are_reported() {
    let long = format!("targets.tags = {{ '{}' = '{}' }}", "k".repeat(129), "v".repeat(257));
    let all = [
        "targets = {}",
        "targets = 'Workloads'",
        "targets = { organizational-unit = ['Workloads'] }",
        "targets = { organizational-units = [], accounts = [], tags = {}, exclude = {} }",
        "targets = { organizational-units = 'Workloads' }",
        "targets = { organizational-units = ['r-ab12', 'Root', 'ou-ab12', 'Workloads/', 'a/b/c/d/e/f/g'] }",
        "targets = { organizational-units = ['Workloads/Dev', 'Workloads / Dev'] }",
        "targets = { accounts = ['44445555666', 444455556666, '444455556666', '444455556666'] }",
        "targets = { tags = { 'a?' = 'x', b = 'y*', c = [], d = ['z', 'z'], e = 5 } }",
        &long,
        "targets = { exclude = { exclude = { accounts = ['444455556666'] } } }",
        "targets = { accounts = ['444455556666'], exclude = { accounts = ['444455556666'] } }",
        "on-unselect = 'keep'",
        "targets = { accounts = ['444455556666'] }\non-unselect = 'kep'",
        // Both values that are known are accepted.
        "targets = { accounts = ['444455556666'] }\non-unselect = 'keep'",
        "targets = { accounts = ['444455556666'] }\non-unselect = 'remove'",
    ];
    insta::assert_snapshot!(all.map(problems).join("\n"), @r#"
    onboarding.toml:4:11: `targets`: is empty, which selects no account; name units, accounts or tags, or remove the key to select every account
    onboarding.toml:4:11: `targets`: expected a table, found a string
    onboarding.toml:4:13: unknown key `organizational-unit`; did you mean `organizational-units`?
    onboarding.toml:4:36: `organizational-units`: is empty; add an entry, or remove the key
    onboarding.toml:4:51: `accounts`: is empty; add an entry, or remove the key
    onboarding.toml:4:62: `tags`: is empty; add a tag, or remove the key
    onboarding.toml:4:76: `exclude`: is empty; name units, accounts or tags, or remove the key
    onboarding.toml:4:36: `organizational-units`: expected an array, in `[` and `]`, found a string
    onboarding.toml:4:37: `organizational-units`: `r-ab12` is the root, which contains every account; write a unit, or remove the key to select every account
    onboarding.toml:4:47: `organizational-units`: `Root` is the root, which contains every account; write a unit, or remove the key to select every account
    onboarding.toml:4:55: `organizational-units`: `ou-ab12` is not the ID of an organizational unit; write it like `ou-ab12-cdef3456`
    onboarding.toml:4:66: `organizational-units`: `Workloads/` is not an organizational unit; write an ID such as `ou-ab12-cdef3456`, or a path of names such as `Workloads/Dev`
    onboarding.toml:4:80: `organizational-units`: `a/b/c/d/e/f/g` has more names than units can be nested, which is five levels below the root; shorten it
    onboarding.toml:4:54: `organizational-units`: `Workloads / Dev` appears twice; remove one
    onboarding.toml:4:25: `accounts`: `44445555666` is not a valid account ID; write exactly twelve digits, in quotes
    onboarding.toml:4:40: `accounts`: expected a string, found a number; write it in quotes
    onboarding.toml:4:70: `accounts`: `444455556666` appears twice; remove one
    onboarding.toml:4:22: `a?`: is not a valid tag key; use 1 to 128 letters, digits, spaces and `_.:/=+-@`
    onboarding.toml:4:34: `b`: the tag value is not valid; use up to 256 letters, digits, spaces and `_.:/=+-@`
    onboarding.toml:4:44: `c`: is empty; add an entry, or remove the key
    onboarding.toml:4:62: `d`: `z` appears twice; remove one
    onboarding.toml:4:68: `e`: expected a string, found a number; write it in quotes
    onboarding.toml:4:18: `kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk…`: is not a valid tag key; use 1 to 128 letters, digits, spaces and `_.:/=+-@`
    onboarding.toml:4:18: `kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk…`: the tag value is not valid; use up to 256 letters, digits, spaces and `_.:/=+-@`
    onboarding.toml:4:25: unknown key `exclude`; expected `organizational-units`, `accounts` or `tags`
    onboarding.toml:4:52: `exclude`: `444455556666` is selected and excluded, and excluding takes precedence; remove one of the two
    onboarding.toml:4:15: `on-unselect`: has no effect without `targets`; add `targets`, or remove the key
    onboarding.toml:5:15: `on-unselect`: `kep` is not known; use `keep` or `remove`; did you mean `keep`?
    "#);
}

#[test]
fn what_is_not_a_path_of_names_is_explained() {
    let forms = [
        "arn:aws:organizations::857204613900:ou/o-a1b2c3d4e5/ou-ab12-cdef3456",
        "arn:aws:organizations::857204613900:root/o-a1b2c3d4e5/r-ab12",
        "arn:aws:organizations::857204613900:account/o-a1b2c3d4e5/857204613911",
        "arn:aws:organizations::857204613900:policy/p-1",
        "o-a1b2c3d4e5/r-ab12/ou-ab12-cdef3456/*",
        "o-a1b2c3d4e5/r-ab12/ou-ab12-cdef3456/ou-ab12-77777777/",
        "o-a1b2c3d4e5/r-ab12",
        "o-a1b2c3d4e5",
        "r-ab12/ou-ab12-cdef3456",
        "Workloads/ou-ab12-cdef3456",
        " ou-ab12-cdef3456",
        "ou-ab12-cdef3456/Dev",
        "857204613911",
        "o-a1b2c3d4e5/r-ab12/857204613911/",
        "Workloads/*",
    ];
    let all = forms.map(|form| problems(&format!("targets.exclude.organizational-units = ['{form}']")));
    insta::assert_snapshot!(all.join("\n").replace("onboarding.toml:4:41: `organizational-units`: ", ""), @"
    `arn:aws:organizations::857204613900:ou/o-a1b2c3d4e5/ou-ab12-…` is not the ID of an organizational unit; write `ou-ab12-cdef3456`
    `arn:aws:organizations::857204613900:root/o-a1b2c3d4e5/r-ab12` is the root, which contains every account; write a unit, or remove the key to select every account
    `arn:aws:organizations::857204613900:account/o-a1b2c3d4e5/857…` is an account and not a unit; write `857204613911` in `accounts`
    `arn:aws:organizations::857204613900:policy/p-1` is not an organizational unit; write its ID, such as `ou-ab12-cdef3456`
    `o-a1b2c3d4e5/r-ab12/ou-ab12-cdef3456/*` is not the ID of an organizational unit; write `ou-ab12-cdef3456`
    `o-a1b2c3d4e5/r-ab12/ou-ab12-cdef3456/ou-ab12-77777777/` is not the ID of an organizational unit; write `ou-ab12-77777777`
    `o-a1b2c3d4e5/r-ab12` is the root, which contains every account; write a unit, or remove the key to select every account
    `o-a1b2c3d4e5` is the root, which contains every account; write a unit, or remove the key to select every account
    `r-ab12/ou-ab12-cdef3456` is not the ID of an organizational unit; write `ou-ab12-cdef3456`
    `Workloads/ou-ab12-cdef3456` is not the ID of an organizational unit; write `ou-ab12-cdef3456`
    ` ou-ab12-cdef3456` is not the ID of an organizational unit; write `ou-ab12-cdef3456`
    `ou-ab12-cdef3456/Dev` combines IDs and names; write only the ID of the unit, or the names from below the root
    `857204613911` is an account and not a unit; write `857204613911` in `accounts`
    `o-a1b2c3d4e5/r-ab12/857204613911/` is an account and not a unit; write `857204613911` in `accounts`
    `Workloads/*` has a wildcard, and nested units are included without one; write `Workloads`
    ");
    for name in ["o-and-p/Dev", "r-data/Dev", "Team 857204613911", "ou-prefixed/Dev", "*"] {
        assert_eq!(problems(&format!("targets.organizational-units = ['{name}']")), "", "{name}");
    }
}

#[test]
fn tags_that_are_selected_and_excluded_are_reported() {
    let targets = |selected: &str, excluded: &str| {
        problems(&format!("targets = {{ tags = {{ {selected} }}, exclude = {{ tags = {{ {excluded} }} }} }}"))
    };
    let all = [
        targets("env = 'prod'", "env = 'prod'"),
        targets("env = ['dev', 'prod'], team = 'web'", "env = ['prod', 'old']"),
        targets("env = 'prod', team = 'web', tier = '1'", "env = ['prod', 'dev'], team = 'web'"),
    ];
    insta::assert_snapshot!(all.join("\n"), @"
    onboarding.toml:4:48: `exclude`: the tag `env` = `prod` is selected and excluded, and excluding takes precedence; remove one of the two
    onboarding.toml:4:71: `exclude`: the tag `env` = `prod` is selected and excluded, and excluding takes precedence; remove one of the two
    onboarding.toml:4:74: `exclude`: every account with the selected tags is excluded, and excluding takes precedence; remove one of the two
    ");
    for (selected, excluded) in [
        ("env = 'prod'", "env = 'dev'"),
        ("env = 'prod'", "team = 'prod'"),
        ("env = 'prod'", "env = 'prod', team = 'web'"),
        ("env = ['prod', 'dev'], team = 'web'", "env = 'prod', team = 'web'"),
    ] {
        assert_eq!(targets(selected, excluded), "", "{selected}, {excluded}");
    }
}

#[test]
fn path_may_start_with_the_root_and_have_five_more_names() {
    assert_eq!(problems("targets = { organizational-units = ['Root/a/b/c/d/e', 'ou-prefixed/Dev'] }"), "");
}
