use super::*;

const FUNCTION: &str = "arn:aws:iam::111122223333:role/onboarding";
const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/onboarding/onboarding";

fn policy(statements: &[&str]) -> Document {
    Document::parse(&format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","))).unwrap()
}

/// A statement that allows principals to assume the role.
fn allow(principals: &[&str], condition: &str) -> String {
    let principals: Vec<_> = principals.iter().map(|principal| format!("\"{principal}\"")).collect();
    let principals = principals.join(",");
    format!(
        r#"{{"Effect":"Allow","Principal":{{"AWS":[{principals}]}},"Action":"sts:AssumeRole","Condition":{condition}}}"#
    )
}

fn loses(caller: &str, before: &[&str], after: &[&str]) -> bool {
    CallerIdentity::from_arn(caller).unwrap().loses_access(&policy(before), &policy(after))
}

const ADMIN: &str = "arn:aws:iam::111122223333:role/admin";

#[test]
fn principals_that_cannot_assume_roles_are_not_identities() {
    for arn in [
        "arn:aws:iam::111122223333:root",
        "arn:aws:sts::111122223333:federated-user/ann",
        "arn:aws:iam::1111:role/onboarding",
        "arn:aws:iam::111122223333:group/onboarding",
        "nonsense",
        "",
    ] {
        assert_eq!(CallerIdentity::from_arn(arn), None, "{arn}");
    }
    for arn in [SESSION, FUNCTION, "arn:aws-cn:iam::111122223333:user/team/ann"] {
        assert_eq!(CallerIdentity::from_arn(arn).unwrap().to_string(), arn);
    }
}

#[test]
fn role_that_is_removed_loses_access_and_others_do_not() {
    let both = allow(&[FUNCTION, ADMIN], "{}");
    let admin = allow(&[ADMIN], "{}");
    for (caller, lost) in [
        (SESSION, true),
        (FUNCTION, true),
        ("arn:aws:sts::111122223333:assumed-role/admin/ann", false),
        ("arn:aws:sts::222233334444:assumed-role/onboarding/onboarding", false),
        ("arn:aws-cn:sts::111122223333:assumed-role/onboarding/onboarding", false),
        ("arn:aws:iam::111122223333:user/onboarding", false),
    ] {
        assert_eq!(loses(caller, &[&both], &[&admin]), lost, "{caller}");
    }
    let user = "arn:aws:iam::111122223333:user/team/ann";
    assert!(loses(user, &[&allow(&[user, ADMIN], "{}")], &[&admin]));
    assert!(!loses(SESSION, &[&admin], &[&admin]), "it had none before");
}

/// IAM names the role of a session with its path, and STS without; the case of the name may differ.
#[test]
fn role_of_a_session_is_recognized_under_any_path() {
    for role in ["service/onboarding", "a/b/c/onboarding", "OnBoarding"] {
        let role = format!("arn:aws:iam::111122223333:role/{role}");
        assert!(loses(SESSION, &[&allow(&[&role, ADMIN], "{}")], &[&allow(&[ADMIN], "{}")]), "{role}");
    }
    let other = allow(&["arn:aws:iam::111122223333:role/x/not-onboarding", ADMIN], "{}");
    assert!(!loses(SESSION, &[&other], &[&allow(&[ADMIN], "{}")]));
}

#[test]
fn access_by_another_statement_is_kept() {
    let both = allow(&[FUNCTION, ADMIN], "{}");
    for (kept, lost) in [
        (allow(&["arn:aws:iam::111122223333:root"], "{}"), false),
        (allow(&["*"], r#"{"StringEquals":{"aws:PrincipalOrgID":"o-exampleorgid"}}"#), false),
        (allow(&["*"], r#"{"StringEquals":{"aws:PrincipalAccount":"222233334444"}}"#), true),
        (allow(&[FUNCTION], r#"{"StringEquals":{"sts:ExternalId":"another-tool"}}"#), true),
        (allow(&[FUNCTION], r#"{"Bool":{"aws:MultiFactorAuthPresent":"true"}}"#), true),
        (allow(&[FUNCTION], r#"{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}"#), false),
        (allow(&["*"], r#"{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/onboarding"}}"#), false),
        (allow(&["*"], r#"{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/admin"}}"#), true),
        (allow(&["arn:aws:sts::111122223333:assumed-role/onboarding/another"], "{}"), false),
    ] {
        assert_eq!(loses(SESSION, &[&both, &kept], &[&allow(&[ADMIN], "{}"), &kept]), lost, "{kept}");
    }
}

#[test]
fn statement_that_denies_takes_access() {
    let both = allow(&[FUNCTION, ADMIN], "{}");
    let deny = |principals: &str| format!(r#"{{"Effect":"Deny",{principals},"Action":"sts:*"}}"#);
    for (principals, lost) in [
        (format!(r#""Principal":{{"AWS":"{FUNCTION}"}}"#), true),
        (r#""Principal":{"AWS":"111122223333"}"#.to_owned(), true),
        (r#""Principal":"*""#.to_owned(), true),
        (format!(r#""Principal":{{"AWS":"{ADMIN}"}}"#), false),
        (format!(r#""NotPrincipal":{{"AWS":["111122223333","{FUNCTION}"]}}"#), false),
        (r#""NotPrincipal":{"AWS":"222233334444"}"#.to_owned(), true),
    ] {
        assert_eq!(loses(SESSION, &[&both], &[&both, &deny(&principals)]), lost, "{principals}");
    }
}

/// The path is known of neither, so that a condition on it is undecided.
#[test]
fn session_whose_role_no_policy_names_may_meet_any_condition() {
    let root = allow(&["111122223333"], "{}");
    let some =
        allow(&["111122223333"], r#"{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/service/*"}}"#);
    assert!(!loses(SESSION, &[&root], &[&some]));
    assert!(loses(FUNCTION, &[&root], &[&some]), "its path is known");
}

#[test]
fn caller_acts_itself_only_in_the_account_of_the_management_role() {
    let config = "[[removed]]\nrole = \"x\"\n[management]\nrole-arn = \"arn:aws:iam::111122223333:role/hop\"\nexternal-id = \"7b1d6c1e-3f0a\"\n";
    let config = crate::config::Config::parse_without_files(config).unwrap();
    let role = config.management.as_ref();
    let names = |caller: &str, role| Callers::new(caller, role).0.iter().map(ToString::to_string).collect::<Vec<_>>();
    let hop = "arn:aws:iam::111122223333:role/hop";
    assert_eq!(names("arn:aws:sts::222233334444:assumed-role/onboarding/x", role), [hop]);
    assert_eq!(names(SESSION, role), [hop, SESSION]);
    assert_eq!(names(SESSION, None), [SESSION]);
    assert_eq!(names("arn:aws:iam::111122223333:root", role), [hop]);
    assert_eq!(names("nonsense", None), [""; 0]);
}
