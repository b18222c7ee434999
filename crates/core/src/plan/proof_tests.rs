use super::super::sample::{FRESH, ROLE, blueprint_with, converged, document, drifted, fresh, name};
use super::*;
use crate::code::Code;
use crate::config::Config;
use crate::policy::{AssumeAction, Principal, denied};

/// The trust policy of the access role with the identity account in it, and further statements.
fn trust(more: &str) -> Document {
    let granted = FRESH.replace("\"arn:aws:iam::111122223333:root\"", "[\"111122223333\",\"222233334444\"]");
    document(&granted.replace("}]}", &format!("}}{more}]}}")))
}

fn grant(principal: &str) -> Grant {
    Grant::new(Principal::to_grant(principal).unwrap(), Condition::default())
}

fn verdict(trust: &Document, grant: &Grant, presented: Presented) -> Verdict {
    grant_verdict(trust, grant, presented, &"aws".parse().unwrap())
}

/// The proof about the only grant on the access role.
fn grant_proof(trust: Document) -> (bool, String) {
    let blueprint = blueprint_with(|config| config.roles.clear());
    let observed = Observed { access_trust: Ok(trust), ..fresh() };
    let proofs = proofs(&blueprint, &observed);
    assert_eq!(proofs.len(), 1);
    (proofs[0].holds.unwrap_or(false), proofs[0].sentence.clone())
}

#[test]
fn grant_without_deny_statement_is_proven() {
    assert_eq!(grant_proof(trust("")), (true, "account 222233334444: can assume the role".to_owned()));
}

#[test]
fn deny_statement_by_account_breaks_the_proof() {
    let deny = r#",{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole","Condition":{"StringNotEquals":{"aws:PrincipalAccount":"111122223333"}}}"#;
    assert_eq!(grant_proof(trust(deny)), (false, "account 222233334444: denied".to_owned()));
    assert_eq!(denied(&trust(deny), &grant("222233334444"), &"aws".parse().unwrap()), Some(1));
    assert!(
        grant_proof(trust(&deny.replace("111122223333", "222233334444"))).0,
        "the deny statement exempts the identity account"
    );
}

#[test]
fn unknown_condition_is_mentioned_in_the_sentence() {
    let mfa = r#",{"Effect":"Deny","Principal":"*","Action":"sts:*","Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}}"#;
    assert_eq!(
        grant_proof(trust(mfa)),
        (true, "account 222233334444: can assume the role if further conditions are met".to_owned())
    );
}

#[test]
fn role_in_not_principal_without_its_account_may_be_denied() {
    let role = "arn:aws:iam::222233334444:role/deployer";
    let exempting =
        |who: &str| trust(&format!(r#",{{"Effect":"Deny","NotPrincipal":{{"AWS":{who}}},"Action":"sts:AssumeRole"}}"#));
    let verdict = |who: &str| verdict(&exempting(who), &grant(role), Presented::Configured);
    assert_eq!(verdict(&format!("[\"{role}\",\"222233334444\"]")), Verdict::Allowed(0));
    assert_eq!(verdict(&format!("\"{role}\"")), Verdict::Depends(0));
    assert_eq!(verdict("\"111122223333\""), Verdict::Denied(1));
}

#[test]
fn statement_without_external_id_is_found() {
    let with_id = r#"{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"one"}}}"#;
    let without_id =
        r#"{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:role/x"},"Action":"sts:AssumeRole"}"#;
    let grant = Grant { condition: Condition::default().with_external_id("one"), ..grant("123456789012") };
    let both = document(&format!(r#"{{"Statement":[{with_id},{without_id}]}}"#));
    assert!(verdict(&both, &grant, Presented::None).can(), "role x needs no external ID");
    let only_with_id = document(&format!(r#"{{"Statement":[{with_id}]}}"#));
    assert!(
        !verdict(&only_with_id, &grant, Presented::None).can()
            && !verdict(&only_with_id, &grant, Presented::Wrong).can()
    );
    assert!(verdict(&only_with_id, &grant, Presented::Configured).can());
}

#[test]
fn service_with_deny_statement_is_denied() {
    let grant = Grant::new(Principal::Service("lambda.amazonaws.com".to_owned()), Condition::default());
    let allow = r#"{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}"#;
    let deny = r#"{"Effect":"Deny","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:*"}"#;
    let of = |text: &str| verdict(&document(&format!(r#"{{"Statement":[{text}]}}"#)), &grant, Presented::Configured);
    assert_eq!(of(allow), Verdict::Allowed(0));
    assert_eq!(of(&format!("{allow},{deny}")), Verdict::Denied(1));
    assert_eq!(of(&allow.replace("sts:AssumeRole", "sts:TagSession")), Verdict::NotAllowed);
}

#[test]
fn proofs_about_a_missing_role_do_not_hold_and_say_why() {
    let proofs = proofs(&blueprint_with(|_| {}), &fresh());
    let lines: String =
        proofs.iter().map(|proof| format!("{} {:?} {}\n", proof.expected, proof.holds, proof.sentence)).collect();
    insta::assert_snapshot!(lines, @"
    can Some(false) account 222233334444: denied
    can None Acme, with its external ID: role does not exist yet
    cannot None Acme, without an external ID: role does not exist yet
    cannot None Acme, with a wrong external ID: role does not exist yet
    ");
    assert_eq!(proofs.iter().map(|proof| proof.holds).collect::<Vec<_>>(), [Some(false), None, None, None]);
}

#[test]
fn proofs_about_an_unevaluated_trust_policy_say_why() {
    let mut unreadable = fresh();
    let cause = crate::outcome::Cause::new(Code::AccessDenied, "denied", "look at it");
    unreadable.unreadable.insert(name(ROLE), cause);
    let unsupported = drifted(|role| role.trust = Err("no policy".to_owned()));
    let first = |observed: &Observed| proofs(&blueprint_with(|_| {}), observed)[1].sentence.clone();
    assert_eq!(first(&unreadable), "Acme, with its external ID: unknown, the role cannot be read");
    assert_eq!(first(&unsupported), "Acme, with its external ID: unknown, the trust policy is not supported");
}

#[test]
fn every_action_of_a_grant_has_to_be_allowed() {
    let tagging = || [AssumeAction::AssumeRole, AssumeAction::TagSession].into_iter().collect();
    let proof = |action: &str| {
        let blueprint = blueprint_with(|config| {
            config.roles.clear();
            config.access_role.grants[0].trust.actions = tagging();
        });
        let trust = document(&trust("").to_json().replace("\"sts:AssumeRole\"", action));
        let proof = proofs(&blueprint, &Observed { access_trust: Ok(trust), ..fresh() }).remove(0);
        format!("{} {}", proof.is_proven(), proof.sentence)
    };
    insta::assert_snapshot!(proof(r#"["sts:AssumeRole","sts:TagSession"]"#), @"true account 222233334444: can assume the role with session tags");
    insta::assert_snapshot!(proof(r#""sts:AssumeRole""#), @"false account 222233334444: can assume the role, but not with session tags");
    insta::assert_snapshot!(proof(r#""sts:TagSession""#), @"false account 222233334444: denied");
    let deny = r#",{"Effect":"Deny","Principal":"*","Action":"sts:TagSession"}"#;
    let grant = Grant { actions: tagging(), ..grant("222233334444") };
    assert_eq!(denied(&trust(deny), &grant, &"aws".parse().unwrap()), Some(1));
}

/// The sentences about the vendor's role, with `trust` in place of its trust policy.
fn vendor_proofs(external_id: &str, change: impl Fn(String) -> String) -> String {
    let text = format!(
        "[catalogue.acme]\ntitle = 'Acme'\ntrust = {{ accounts = ['123456789012'], external-id = 'required' }}\n\
         role = {{ name = 'Acme' }}\npermissions.read.actions = ['iam:ListUsers']\n[vendors.acme]\nexternal-id = {external_id}\n"
    );
    let blueprint = blueprint_with(|config| *config = Config::parse_without_files(&text).unwrap());
    let mut observed = converged(&blueprint);
    let role = observed.roles.get_mut(&name(ROLE)).unwrap();
    role.trust = Ok(document(&change(role.trust.as_ref().unwrap().to_json())));
    let proofs = proofs(&blueprint, &observed);
    proofs.iter().map(|proof| format!("{} {}\n", proof.is_proven(), proof.sentence)).collect()
}

#[test]
fn each_of_several_external_ids_is_proven() {
    let same = |trust: String| trust;
    insta::assert_snapshot!(vendor_proofs("['old-id', 'new-id']", same), @"
    true Acme, with its external ID 1 of 2: can assume the role
    true Acme, with its external ID 2 of 2: can assume the role
    true Acme, without an external ID: denied
    true Acme, with a wrong external ID: denied
    ");
    let without_new = |trust: String| trust.replace("[\"old-id\",\"new-id\"]", "\"old-id\"");
    insta::assert_snapshot!(vendor_proofs("['old-id', 'new-id']", without_new), @"
    true Acme, with its external ID 1 of 2: can assume the role
    false Acme, with its external ID 2 of 2: denied
    true Acme, without an external ID: denied
    true Acme, with a wrong external ID: denied
    ");
}

#[test]
fn proof_of_a_pattern_says_what_it_proves() {
    insta::assert_snapshot!(vendor_proofs("{ like = 'acme@*@prod-?' }", |trust| trust), @"
    true Acme, with an external ID that matches its pattern: can assume the role
    true Acme, without an external ID: denied
    true Acme, with a wrong external ID: denied
    ");
    let everything = |trust: String| trust.replace("acme@*@prod-?", "*");
    insta::assert_snapshot!(vendor_proofs("{ like = 'acme@*@prod-?' }", everything), @"
    true Acme, with an external ID that matches its pattern: can assume the role
    true Acme, without an external ID: denied
    false Acme, with a wrong external ID: can assume the role
    ");
}
