use super::super::sample::{FRESH, blueprint_with, document, fresh};
use super::*;
use crate::policy::Principal;

/// The access role's trust with the identity account in it, and more statements.
fn trust(more: &str) -> Document {
    let granted = FRESH.replace("\"arn:aws:iam::111122223333:root\"", "[\"111122223333\",\"222233334444\"]");
    document(&granted.replace("}]}", &format!("}}{more}]}}")))
}

fn grant(principal: &str) -> Grant {
    Grant { principal: Principal::to_grant(principal).unwrap(), condition: Condition::default() }
}

/// The proof of the one grant on the access role.
fn of_the_grant(trust: Document) -> (bool, String) {
    let blueprint = blueprint_with(|config| config.roles.clear());
    let observed = Observed { access_trust: Ok(trust), ..fresh() };
    let proofs = proofs(&blueprint, &observed);
    assert_eq!(proofs.len(), 1);
    (proofs[0].holds, proofs[0].sentence.clone())
}

#[test]
fn a_grant_that_nothing_denies_is_proven() {
    assert_eq!(of_the_grant(trust("")), (true, "account 222233334444: can enter".to_owned()));
}

#[test]
fn a_guard_rail_by_account_breaks_the_proof() {
    let rail = r#",{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole","Condition":{"StringNotEquals":{"aws:PrincipalAccount":"111122223333"}}}"#;
    assert_eq!(of_the_grant(trust(rail)), (false, "account 222233334444: cannot enter".to_owned()));
    assert_eq!(denied(&trust(rail), &grant("222233334444")), Some(1));
    assert!(of_the_grant(trust(&rail.replace("111122223333", "222233334444"))).0, "the rail is on our side");
}

#[test]
fn a_condition_that_cannot_be_known_is_said() {
    let mfa = r#",{"Effect":"Deny","Principal":"*","Action":"sts:*","Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}}"#;
    assert_eq!(
        of_the_grant(trust(mfa)),
        (true, "account 222233334444: can enter, under further conditions".to_owned())
    );
}

#[test]
fn a_role_that_is_spared_while_its_account_is_not_may_be_denied() {
    let role = "arn:aws:iam::222233334444:role/deployer";
    let spared =
        |who: &str| trust(&format!(r#",{{"Effect":"Deny","NotPrincipal":{{"AWS":{who}}},"Action":"sts:AssumeRole"}}"#));
    let verdict = |who: &str| verdict(&spared(who), &grant(role), Case::Right);
    assert_eq!(verdict(&format!("[\"{role}\",\"222233334444\"]")), Verdict::Allowed(0));
    assert_eq!(verdict(&format!("\"{role}\"")), Verdict::Depends(0));
    assert_eq!(verdict("\"111122223333\""), Verdict::Denied(1));
}

#[test]
fn a_way_in_without_the_external_id_is_found() {
    let with_id = r#"{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"one"}}}"#;
    let beside =
        r#"{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:role/x"},"Action":"sts:AssumeRole"}"#;
    let grant = Grant { condition: Condition::default().with_external_id("one"), ..grant("123456789012") };
    let both = document(&format!(r#"{{"Statement":[{with_id},{beside}]}}"#));
    assert!(verdict(&both, &grant, Case::None).can(), "role x needs none");
    let alone = document(&format!(r#"{{"Statement":[{with_id}]}}"#));
    assert!(!verdict(&alone, &grant, Case::None).can() && !verdict(&alone, &grant, Case::Wrong).can());
    assert!(verdict(&alone, &grant, Case::Right).can());
}

#[test]
fn a_service_that_is_denied_cannot_enter() {
    let grant =
        Grant { principal: Principal::Service("lambda.amazonaws.com".to_owned()), condition: Condition::default() };
    let allow = r#"{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}"#;
    let deny = r#"{"Effect":"Deny","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:*"}"#;
    let of = |text: &str| verdict(&document(&format!(r#"{{"Statement":[{text}]}}"#)), &grant, Case::Right);
    assert_eq!(of(allow), Verdict::Allowed(0));
    assert_eq!(of(&format!("{allow},{deny}")), Verdict::Denied(1));
    assert_eq!(of(&allow.replace("sts:AssumeRole", "sts:TagSession")), Verdict::NotAllowed);
}
