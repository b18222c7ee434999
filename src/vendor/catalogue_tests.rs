use super::*;
use crate::policy::{Document, lint_permissions};
use crate::vendor::{Vendor, rows, show};

fn vendor(name: &str) -> Vendor {
    Catalogue::built_in().get(name).unwrap().clone()
}

fn actions(groups: &[&crate::vendor::Group]) -> Vec<String> {
    let policy = Document::parse(&Vendor::policy(groups).unwrap().0).unwrap();
    assert_eq!(lint_permissions("p", &policy), []);
    let statement = &policy.as_map()["Statement"][0];
    assert_eq!(statement["Resource"], "*");
    statement["Action"].as_array().unwrap().iter().map(|a| a.as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_vendor_of_ours_is_without_a_problem() {
    for (name, file, text) in BUILT_IN {
        let (vendor, problems) = read_file(name, file, text, Origin::BuiltIn);
        assert!(problems.is_empty(), "{problems}");
        assert_eq!(vendor.unwrap().name, name);
    }
    let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/vendors")).unwrap().count();
    assert_eq!(files, BUILT_IN.len(), "each file in vendors/ is built in");
    insta::assert_debug_snapshot!(rows(&Catalogue::built_in()), @"");
}

#[test]
fn workload_security_gets_its_fifteen_actions() {
    let vendor = vendor("workload-security");
    insta::assert_snapshot!(actions(&vendor.default_groups()).join("\n"), @"");
    assert_eq!(actions(&vendor.default_groups()).len(), 15);
    insta::assert_snapshot!(show(&vendor), @"");
}

#[test]
fn trelica_changes_nothing_unless_chosen() {
    let vendor = vendor("trelica");
    assert!(vendor.name_fixed);
    insta::assert_snapshot!(actions(&vendor.default_groups()).join("\n"), @"");
    let all: Vec<_> = vendor.groups.iter().collect();
    let extra: Vec<_> = actions(&all).into_iter().filter(|a| !actions(&vendor.default_groups()).contains(a)).collect();
    insta::assert_snapshot!(extra.join("\n"), @"");
    insta::assert_snapshot!(show(&vendor), @"");
}

fn problems(text: &str) -> String {
    let (_, problems) = read_file("acme", "acme.toml", text, Origin::File("acme.toml".to_owned()));
    problems.to_string()
}

#[test]
fn a_vendor_of_ones_own_is_data() {
    let text = r#"
title = "Acme"
[trust]
accounts = ["111122223333"]
external-id = { none-because = "Acme signs its requests" }
[role]
name = "AcmeReader"
managed-policies = ["arn:{partition}:iam::aws:policy/SecurityAudit"]
[permissions.bucket]
actions = ["s3:GetObject", "s3:ListBucket"]
resources = ["arn:{partition}:s3:::acme-{account-id}", "arn:{partition}:s3:::acme-{account-id}/*"]
[permissions.bucket-list]
actions = ["s3:ListAllMyBuckets"]
"#;
    let (vendor, problems) = read_file("acme", "acme.toml", text, Origin::File("acme.toml".to_owned()));
    assert!(problems.is_empty(), "{problems}");
    let vendor = vendor.unwrap();
    insta::assert_snapshot!(show(&vendor), @"");
    insta::assert_snapshot!(Vendor::policy(&vendor.default_groups()).unwrap().0, @"");
}

#[test]
fn every_mistake_of_a_vendor_file_is_told() {
    insta::assert_snapshot!(problems(""), @"");
    insta::assert_snapshot!(problems(r#"
titel = "Acme"
title = ""
documentation = ["http://acme.example"]
[trust]
accounts = [111122223333, "12"]
external-id = "optional"
[role]
name = "Acme Reader"
name-fixed = "yes"
max-session-seconds = 60
policy-name = "a b"
managed-policies = ["SecurityAudit"]
[permissions.Bucket]
actions = ["GetObject", 5]
resources = ["bucket"]
mutate = true
[permissions.none]
actions = []
"#), @"");
    insta::assert_snapshot!(problems(r#"
title = "Acme"
[trust]
accounts = []
external-id = { because = "no" }
[role]
name = "x"
"#), @"");
}
