//! `onboard policy`: editing and explaining trust policies offline.

use super::*;

#[test]
fn grant_prints_only_json_and_is_idempotent() {
    let args = ["policy", "grant", "--principal", "222233334444", "-"];
    let first = onboard(&args, &trust(FRESH));
    assert_eq!((first.code, first.err.as_str()), (0, ""));
    let aws = &first.json()["Statement"][0]["Principal"]["AWS"];
    assert_eq!(aws, &serde_json::json!(["arn:aws:iam::111122223333:root", "arn:aws:iam::222233334444:root"]));
    let second = onboard(&args, &first.out);
    assert_eq!((second.code, &second.out), (0, &first.out));

    let mfa = r#"{"Bool":{"aws:MultiFactorAuthPresent":"true"}}"#;
    let with = ["policy", "grant", "--principal", "222233334444", "--condition", mfa, "-"];
    let document = onboard(&with, &trust(FRESH)).json();
    assert_eq!(document["Statement"][1]["Condition"], serde_json::from_str::<Value>(mfa).unwrap());
}

#[test]
fn grant_uses_the_partition_of_the_policy() {
    let china = FRESH.replace("arn:aws:", "arn:aws-cn:");
    let grant = |more: &[&str], input: &str| {
        let args = [&["policy", "grant", "--principal", "222233334444"], more, &["-"]].concat();
        onboard(&args, &trust(input)).out
    };
    assert!(grant(&[], &china).contains("arn:aws-cn:iam::222233334444:root"));
    assert!(grant(&["--partition", "aws-us-gov"], "").contains("arn:aws-us-gov:iam::222233334444:root"));
    assert!(grant(&[], "").contains("arn:aws:iam::222233334444:root"));
}

#[test]
fn invalid_grant_is_refused_with_the_reason() {
    let grant = ["policy", "grant", "--principal", "222233334444", "-"];
    let deny = r#"{"Sid":"DenyAll","Effect":"Deny","Principal":"*","Action":"sts:AssumeRole"}"#;
    let orphan = r#"{"Effect":"Allow","Principal":{"AWS":"AROAIOSFODNN7EXAMPLE1"},"Action":"sts:AssumeRole"}"#;
    for (input, code, sentence) in [
        (trust(&format!("{FRESH},{deny}")), 4, "statement `DenyAll` denies account 222233334444"),
        (trust(&format!("{FRESH},{orphan}")), 4, "pass `--prune-orphans`"),
        ("not json".to_owned(), 1, "the policy is not valid JSON"),
        ("[]".to_owned(), 1, "the policy is not a JSON object"),
        ("{}".to_owned(), 1, "`Statement` is missing"),
        (trust(r#"{"Effect":"Perhaps"}"#), 1, "`Statement[0].Effect` is not valid"),
        (r#"{"Statement":[],"Statement":[]}"#.to_owned(), 1, "the key `Statement` appears twice"),
    ] {
        let finished = onboard(&grant, &input);
        assert_eq!((finished.code, finished.out.as_str()), (code, ""), "{input}");
        assert!(finished.err.starts_with("error: ") && finished.err.contains(sentence), "{sentence}: {}", finished.err);
    }
    for (args, sentence) in [
        (["policy", "grant", "--principal", "222233334444", "nowhere.json"], "cannot read `nowhere.json`"),
        (["policy", "explain", "--format", "json", "nowhere.json"], "cannot read `nowhere.json`"),
    ] {
        let finished = onboard(&args, "");
        assert!(finished.code == 1 && finished.err.contains(sentence), "{}", finished.err);
    }
    let condition = ["policy", "grant", "--principal", "222233334444", "--condition", "{", "-"];
    let finished = onboard(&condition, &trust(FRESH));
    assert!(finished.code == 1 && finished.err.contains("`--condition` is not JSON"), "{}", finished.err);
}

#[test]
fn unique_ids_are_removed_only_from_a_policy_that_iam_returned() {
    let orphan = r#"{"Effect":"Allow","Principal":{"AWS":"AROAIOSFODNN7EXAMPLE1"},"Action":"sts:AssumeRole"}"#;
    let bare = trust(&format!("{FRESH},{orphan}"));
    let answer = format!(r#"{{"Role":{{"RoleName":"r","AssumeRolePolicyDocument":{bare}}}}}"#);
    let prune = ["policy", "grant", "--prune-orphans", "--principal", "222233334444"];
    for (args, input) in [(&["-"][..], &answer), (&["--from-iam", "-"], &bare)] {
        let finished = onboard(&[&prune[..], args].concat(), input);
        assert_eq!((finished.code, finished.json()["Statement"].as_array().map(Vec::len)), (0, Some(1)));
        assert!(finished.err.contains("AROAIOSFODNN7EXAMPLE1 is removed from statement 2"), "{}", finished.err);
    }
    let refused = onboard(&[&prune[..], &["-"]].concat(), &bare);
    assert_eq!((refused.code, refused.out.as_str()), (4, ""));
    assert!(refused.err.contains("`--from-iam`; if the role or user exists, write its ARN"), "{}", refused.err);
    let explained = onboard(&["policy", "explain", "--format", "json", "-"], &bare).json();
    assert_eq!(explained["entries"][1]["kind"], "unique_id");
}

#[test]
fn grant_allows_the_actions_of_the_option() {
    let grant = |actions: &[&str], input: &str| {
        let options: Vec<_> = actions.iter().flat_map(|action| ["--action", *action]).collect();
        onboard(&[&["policy", "grant", "--principal", "222233334444"][..], &options, &["-"]].concat(), input)
    };
    let finished = grant(&["sts:TagSession", "sts:assumerole"], &trust(FRESH));
    assert_eq!(finished.code, 0, "{}", finished.err);
    let added = &finished.json()["Statement"][1];
    assert_eq!(added["Action"], serde_json::json!(["sts:AssumeRole", "sts:TagSession"]));
    assert_eq!(grant(&["sts:AssumeRole", "sts:TagSession"], &finished.out).out, finished.out, "idempotent");
    let deny = r#"{"Effect":"Deny","Principal":"*","Action":"sts:TagSession"}"#;
    let denied = trust(&format!("{FRESH},{deny}"));
    assert_eq!(grant(&["sts:AssumeRole", "sts:TagSession"], &denied).code, 4);
    assert_eq!(grant(&[], &denied).code, 0);
    for (actions, code, sentence) in [
        (&["sts:TagSession"][..], 1, "add `--action sts:AssumeRole`"),
        (&["sts:AssumeRole", "sts:AssumeRoleWithSAML"], 1, "cannot use `sts:AssumeRoleWithSAML`"),
        (&["sts:TagSesion"], 2, "did you mean `sts:TagSession`"),
    ] {
        let finished = grant(actions, &trust(FRESH));
        assert!(finished.code == code && finished.err.contains(sentence), "{}", finished.err);
    }
}

#[test]
fn pasted_answer_is_unwrapped_with_a_note() {
    let answer = format!(r#"{{"Role":{{"RoleName":"r","AssumeRolePolicyDocument":{}}}}}"#, trust(FRESH));
    for args in [&["policy", "explain", "-"][..], &["policy", "grant", "--principal", "222233334444", "-"]] {
        let output = onboard(args, &answer);
        assert_eq!(output.code, 0, "{}", output.err);
        assert!(output.out.contains("111122223333") && output.err.contains("aws iam get-role"), "{}", output.err);
    }
}

#[test]
fn permissions_policy_is_refused() {
    let permissions = trust(r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}"#);
    for args in [&["policy", "explain", "-"][..], &["policy", "grant", "--principal", "222233334444", "-"]] {
        let output = onboard(args, &permissions);
        assert_eq!((output.code, output.out.as_str()), (1, ""));
        assert!(output.err.contains("it is a permissions policy"), "{}", output.err);
    }
}

/// IAM refuses a policy with one of these as a whole.
#[test]
fn policy_that_iam_refuses_is_explained_and_not_extended() {
    let with = |principal: &str| {
        trust(&format!(r#"{{"Effect":"Allow","Principal":{{"AWS":{principal}}},"Action":"sts:AssumeRole"}}"#))
    };
    let elements = r#"{"Effect":"Allow","Principals":{"AWS":"111122223333"},"Action":"AssumeRole","Conditions":{}}"#;
    for (input, sentences) in [
        (with(r#""arn:aws:iam::111122223333:role/app-*""#), &["`Statement[0].Principal.AWS`", "no wildcard"][..]),
        (with(r#""""#), &["`Statement[0].Principal.AWS`", "it is empty"]),
        (with(r#"["111122223333","1111-2222-3333"]"#), &["`Statement[0].Principal.AWS`", "write `111122223333`"]),
        (with(r#""arn:aws:iam::${AWS::AccountId}:root""#), &["`Statement[0].Principal.AWS`", "placeholder"]),
        (trust(elements), &["did you mean `Principal`", "did you mean `Condition`", "did you mean `sts:AssumeRole`"]),
        (trust(FRESH).replace("2012-10-17", "2012-01-17"), &["`Version`", "write `2012-10-17`"]),
    ] {
        let explained = onboard(&["policy", "explain", "-"], &input);
        assert!(explained.code == 0 && explained.out.contains("IAM would reject this policy"), "{input}");
        let granted = onboard(&["policy", "grant", "--principal", "222233334444", "-"], &input);
        assert_eq!((granted.code, granted.out.as_str()), (4, ""), "{input}");
        assert!(granted.err.contains("IAM would reject the policy") && granted.err.contains("`--from-iam`"), "{input}");
        for sentence in sentences {
            // Lines of the explanation are wrapped.
            let text = explained.out.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(text.contains(sentence), "{sentence}: {}", explained.out);
            assert!(granted.err.contains(sentence), "{sentence}: {}", granted.err);
        }
        assert_eq!(onboard(&["policy", "grant", "--from-iam", "--principal", "222233334444", "-"], &input).code, 0);
    }
    let explained = onboard(&["policy", "explain", "--format", "json", "-"], &with(r#""*:root""#)).json();
    assert_eq!(
        (&explained["entries"][0]["can"], &explained["refusals"][0]["element"]),
        (&"never".into(), &"Statement[0].Principal.AWS".into())
    );
    let fresh = onboard(&["policy", "explain", "--format", "json", "-"], &trust(FRESH)).json();
    assert_eq!(fresh["refusals"], serde_json::json!([]));
}

#[test]
fn grant_for_another_partition_is_refused() {
    let grant = |args: &[&str], input: &str| onboard(&[&["policy", "grant"], args, &["-"]].concat(), input);
    for args in [
        &["--principal", "arn:aws-us-gov:iam::222233334444:root"][..],
        &["--principal", "222233334444", "--partition", "aws-cn"],
    ] {
        let output = grant(args, &trust(FRESH));
        assert_eq!((output.code, output.out.as_str()), (4, ""));
        assert!(output.err.contains("no effect") && output.err.contains("does not cross partitions"), "{}", output.err);
    }
    let contradiction = ["--principal", "arn:aws-cn:iam::222233334444:role/x", "--partition", "aws"];
    let output = grant(&contradiction, &trust(""));
    assert!(output.code == 1 && output.err.contains("in the partition `aws-cn`"), "{}", output.err);
    let same = ["--principal", "arn:aws-cn:iam::222233334444:role/x", "--partition", "aws-cn"];
    assert_eq!(grant(&same, &trust("")).code, 0);
    for args in [
        &["--principal", "222233334444", "--partition", "aws-gov"][..],
        &["--principal", "arn:aws-gov:iam::222233334444:root"],
    ] {
        let output = grant(args, &trust(""));
        assert!(output.code == 2 && output.err.contains("did you mean `aws-us-gov`"), "{}", output.err);
    }
    let unknown = grant(&["--principal", "222233334444", "--partition", "aws-new"], &trust(""));
    assert!(unknown.code == 0 && unknown.err.contains("`aws-new` is not a partition"), "{}", unknown.err);
}

#[test]
fn condition_that_iam_refuses_or_that_never_holds_is_refused() {
    for (condition, code, sentence) in [
        (r#"{"Bool":{"aws:SecureTransport":"on"}}"#, 1, "`true` or `false` only"),
        (r#"{"StringEquals":{"PrincipalTag/team":"x"}}"#, 1, "write `aws:PrincipalTag/…`"),
        (
            r#"{"StringEquals":{"aws:PrincipalOrgID":"${OrganizationId}"}}"#,
            1,
            "`${OrganizationId}` is not a policy variable",
        ),
        (r#"{"StringEquals":{"aws:PrincipalOrgID":"{organization-id}"}}"#, 1, "placeholder of the configuration"),
        (
            r#"{"StringEquals":{"aws:PrincipalAccount":"333344445555"}}"#,
            4,
            "account 222233334444 can never assume the role",
        ),
        (r#"{"StringEquals":{"aws:PrincipalAccount":"222233334444"}}"#, 0, ""),
        (r#"{"StringLike":{"aws:userid":"*:${aws:PrincipalTag/user}"}}"#, 0, ""),
    ] {
        let args = ["policy", "grant", "--principal", "222233334444", "--condition", condition, "-"];
        let output = onboard(&args, &trust(FRESH));
        assert_eq!(output.code, code, "{condition}: {}", output.err);
        assert!(output.err.contains(sentence), "{sentence}: {}", output.err);
    }
}

#[test]
fn pasted_resource_and_event_are_unwrapped_and_other_forms_are_named() {
    let policy = trust(FRESH);
    let event =
        serde_json::json!({"eventName": "UpdateAssumeRolePolicy", "requestParameters": {"policyDocument": policy}});
    let resource = format!(r#"{{"Type":"AWS::IAM::Role","Properties":{{"AssumeRolePolicyDocument":{policy}}}}}"#);
    for (input, note) in [(event.to_string(), "CloudTrail"), (resource, "CloudFormation")] {
        let output = onboard(&["policy", "explain", "-"], &input);
        assert!(output.code == 0 && output.out.contains("account 111122223333  always"), "{}", output.out);
        assert!(output.err.contains(note), "{}", output.err);
    }
    for (input, sentence) in [
        (FRESH.to_owned(), "it is one statement and not a policy"),
        (format!("[{FRESH}]"), "it is an array of statements"),
        (
            format!(r#"{{"role":{{"assumeRolePolicyDocument":{policy}}}}}"#),
            "its `role.assumeRolePolicyDocument` is a policy",
        ),
        (policy.replace("Statement", "statement"), "`Statement` is missing; write `statement` as `Statement`"),
        (policy.replace("Effect", "effect"), "`Statement[0].Effect` is missing; write `effect` as `Effect`"),
        (policy.replace(r#""sts:AssumeRole""#, r#"{"Ref":"Action"}"#), "`Ref`, a CloudFormation function"),
        (
            trust(r#"{"Effect":"Allow","Principal":{"AWS":null},"Action":"sts:AssumeRole"}"#),
            "`Statement[0].Principal.AWS`",
        ),
    ] {
        let output = onboard(&["policy", "explain", "-"], &input);
        assert!(output.code == 1 && output.err.contains(sentence), "{sentence}: {}", output.err);
    }
}

/// The engine refuses these with `explicit_deny`.
#[test]
fn grant_that_is_denied_in_every_case_is_blocked() {
    for condition in [
        r#"{"StringNotEquals":{"aws:PrincipalAccount":"111122223333"}}"#,
        r#"{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/breakglass"}}"#,
    ] {
        let deny = format!(
            r#"{{"Sid":"Only","Effect":"Deny","Principal":{{"AWS":"*"}},"Action":"sts:AssumeRole","Condition":{condition}}}"#
        );
        let output = onboard(&["policy", "grant", "--principal", "222233334444", "-"], &trust(&deny));
        assert_eq!((output.code, output.out.as_str()), (4, ""), "{condition}");
        assert!(output.err.contains("statement `Only` denies account 222233334444"), "{}", output.err);
    }
}

#[test]
fn grant_names_the_part_of_the_principal_that_is_denied() {
    let deny = r#"{"Effect":"Deny","Principal":{"AWS":"arn:aws:iam::222233334444:role/x"},"Action":"sts:AssumeRole"}"#;
    let output = onboard(&["policy", "grant", "--principal", "222233334444", "-"], &trust(deny));
    assert_eq!(output.code, 0);
    assert!(output.err.contains("statement 1 denies arn:aws:iam::222233334444:role/x"), "{}", output.err);
}

#[test]
fn account_of_another_partition_is_not_the_granted_one() {
    let statement = |partition: &str, account: &str| {
        format!(
            r#"{{"Effect":"Allow","Principal":{{"AWS":"arn:{partition}:iam::{account}:root"}},"Action":"sts:AssumeRole"}}"#
        )
    };
    let both = trust(&format!("{},{}", statement("aws-cn", "222233334444"), statement("aws", "111122223333")));
    let output = onboard(&["policy", "grant", "--principal", "222233334444", "-"], &both);
    assert!(output.out.contains("arn:aws:iam::222233334444:root"), "{}", output.out);
    assert!(output.err.contains("pass `--partition`"), "{}", output.err);
    let china = onboard(&["policy", "grant", "--principal", "arn:aws-cn:iam::222233334444:root", "-"], &both);
    assert!(!china.out.contains("arn:aws:iam::222233334444:root"), "{}", china.out);
}

#[test]
fn policy_explain_lists_principals_and_hides_external_ids() {
    let vendor = r#"{"Effect":"Allow","Principal":{"AWS":"377450845233"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"s3cret"}}}"#;
    let input = trust(&format!("{FRESH},{vendor}"));
    let text = onboard(&["policy", "explain", "-"], &input);
    assert_eq!(text.code, 0);
    assert!(text.out.contains("account 111122223333  always") && text.out.contains("conditionally"), "{}", text.out);
    assert!(!text.out.contains("s3cret"));
    let json = onboard(&["policy", "explain", "--format", "json", "-"], &input);
    let entries = &json.json()["entries"];
    assert_eq!((json.json()["version"].clone(), entries[1]["can"].clone()), (1.into(), "conditionally".into()));
    assert!(!json.out.contains("s3cret"));
    assert!(onboard(&["policy", "explain", "--reveal", "-"], &input).out.contains("s3cret"));
    assert!(onboard(&["policy", "explain", "-"], &trust("")).out.contains("No principal can assume this role."));
    assert_eq!(onboard(&["policy", "explain", "-"], "?").code, 1);
}
