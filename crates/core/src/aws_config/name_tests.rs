use proptest::prelude::*;

use super::*;

fn id(number: u64) -> AccountId {
    format!("{number:012}").parse().unwrap()
}

fn expand(template: &str, name: &str) -> String {
    template.parse::<NameTemplate>().unwrap().expand(&id(444_455_556_666), &name.into(), "a+b=c,d@e")
}

fn names(wanted: &[(u64, &str)], reserved: &[&str]) -> String {
    let wanted = wanted.iter().map(|(account, name)| (id(*account), (*name).to_owned())).collect();
    let assigned = assign_names(&wanted, &reserved.iter().map(|name| (*name).to_owned()).collect());
    let names = assigned.names.iter().map(|(account, name)| format!("{account} {name}"));
    names.chain(assigned.renamed.iter().map(ToString::to_string)).collect::<Vec<_>>().join("\n")
}

#[test]
fn template_is_filled_with_safe_characters() {
    let all = [
        expand("{account-name}-{role}", "payments-dev"),
        expand("corp/{account-id}", "x"),
        expand("{account-name}", "a]\n[profile evil]\nrole_arn = x"),
        expand("{account-name}", "\"quoted\" 'name' #1; $(rm -rf)"),
        expand("{account-name}", "Größe 支付"),
        expand("{account-name}", "支付\u{202e}\u{0}"),
    ];
    insta::assert_snapshot!(all.join("\n"), @"
    payments-dev-a+b-c-d@e
    corp/444455556666
    a-profile-evil-role_arn-x
    quoted-name-1-rm--rf
    Gr-e
    444455556666
    ");
}

#[test]
fn invalid_template_is_explained() {
    let errors = [
        "{acount-name}",
        "{account-name",
        "account-name}",
        "{account-name} x",
        "[{account-id}]",
        "{role}",
        "",
        "é{role}",
    ]
    .map(|text| text.parse::<NameTemplate>().unwrap_err().to_string());
    insta::assert_snapshot!(errors.join("\n"), @"
    `{acount-name}` is not a placeholder; use `{account-name}`, `{account-id}` and `{role}`; did you mean `account-name`?
    a `{` or `}` has no counterpart; write placeholders as `{account-name}`
    a `{` or `}` has no counterpart; write placeholders as `{account-name}`
    ` ` cannot be in a profile name; use letters, digits and `_.@+/-`
    `[` cannot be in a profile name; use letters, digits and `_.@+/-`
    the names would be the same for every account; use `{account-name}` or `{account-id}`
    the names would be the same for every account; use `{account-name}` or `{account-id}`
    `\\u{e9}` cannot be in a profile name; use letters, digits and `_.@+/-`
    ");
}

#[test]
fn shared_name_goes_to_no_account() {
    insta::assert_snapshot!(names(&[(1, "dev"), (2, "prod"), (3, "Dev")], &[]), @"
    000000000001 dev-000000000001
    000000000002 prod
    000000000003 Dev-000000000003
    account 000000000001 gets the profile `dev-000000000001`, because several accounts would have the name `dev`
    account 000000000003 gets the profile `Dev-000000000003`, because several accounts would have the name `Dev`
    ");
}

#[test]
fn name_outside_the_block_and_default_are_left_alone() {
    insta::assert_snapshot!(names(&[(1, "dev"), (2, "Default"), (3, "x")], &["DEV", "dev-000000000001"]), @"
    000000000001 dev-000000000001-2
    000000000002 Default-000000000002
    000000000003 x
    account 000000000001 gets the profile `dev-000000000001-2`, because a profile outside the block has the name `dev`
    account 000000000002 gets the profile `Default-000000000002`, because a profile outside the block has the name `Default`
    ");
}

#[test]
fn made_up_name_takes_no_wanted_one() {
    insta::assert_snapshot!(names(&[(1, "a"), (2, "a"), (3, "a-000000000001")], &[]), @"
    000000000001 a-000000000001-2
    000000000002 a-000000000002
    000000000003 a-000000000001
    account 000000000001 gets the profile `a-000000000001-2`, because several accounts would have the name `a`
    account 000000000002 gets the profile `a-000000000002`, because several accounts would have the name `a`
    ");
}

proptest! {
    #[test]
    fn names_are_unique_and_safe(accounts in prop::collection::btree_map(0_u64..50, any::<String>(), 0..12), reserved in prop::collection::btree_set("[a-c]{0,2}", 0..4)) {
        let template: NameTemplate = "{account-name}".parse().unwrap();
        let wanted: BTreeMap<_, _> = accounts
            .iter()
            .map(|(account, name)| (id(*account), template.expand(&id(*account), &name.as_str().into(), "r")))
            .collect();
        let assigned = assign_names(&wanted, &reserved);
        prop_assert_eq!(assigned.names.len(), wanted.len());
        let lower: BTreeSet<_> = assigned.names.values().map(|name| name.to_ascii_lowercase()).collect();
        prop_assert_eq!(lower.len(), wanted.len());
        prop_assert!(lower.iter().all(|name| !reserved.contains(name) && name != "default"));
        let safe = |c: char| c.is_ascii_alphanumeric() || "_.@+-".contains(c);
        prop_assert!(lower.iter().all(|name| !name.is_empty() && name.chars().all(safe)));
    }
}
