//! Credentials that AWS rejects, or that cannot be sent.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn rejected_keys_end_the_run_at_once() {
    for (code, remedy) in [
        ("UnrecognizedClientException", "check that the access key exists and is active"),
        ("InvalidClientTokenId", "check that the access key exists and is active"),
        ("InvalidSignatureException", "check that the secret access key belongs to the access key"),
        ("SignatureDoesNotMatch", "check that the secret access key belongs to the access key"),
        ("ExpiredTokenException", "they have expired: sign in again"),
        ("ExpiredToken", "they have expired: sign in again"),
    ] {
        let respond =
            move |_: &Request| error_response(400, code, "The security token included in the request is invalid.");
        let home = Home::answering("", respond).await;
        let finished = home.plan_with_keys(&[]);
        assert!(Duration::from_secs_f64(finished.seconds) < Duration::from_secs(20), "{code}: {} s", finished.seconds);
        let cause = finished.report()["cause"].clone();
        assert_eq!((finished.code, &cause["code"]), (4, &"credentials_not_accepted".into()), "{code}: {cause}");
        assert!(cause["remedy"].as_str().unwrap().contains(remedy), "{code}: {cause}");
        assert_eq!(home.keys().await.len(), 1, "{code}: no retry");
    }
}

/// The secrets are read while the account is looked up, so that their answer can be the first that rejects the credentials.
#[tokio::test(flavor = "multi_thread")]
async fn keys_that_are_rejected_when_secrets_are_read_end_the_run_at_once() {
    let respond = |request: &Request| {
        if request.headers.get("x-amz-target").is_some_and(|target| target.as_bytes().ends_with(b"GetParameters")) {
            return error_response(
                400,
                "ExpiredTokenException",
                "The security token included in the request is expired",
            );
        }
        let account = json!({"Account": {
            "Id": "444455556666", "Name": "dev", "Status": "ACTIVE", "JoinedMethod": "CREATED", "JoinedTimestamp": 1.5e9,
            "Arn": "arn:aws:organizations::482913650127:account/o-abcdefghij/444455556666",
        }});
        ResponseTemplate::new(200).set_body_raw(account.to_string(), "application/x-amz-json-1.1")
    };
    let home = Home::answering("", respond).await;
    home.write("onboarding.toml", &format!("{CONFIG}external-id = {{ ssm-parameter = \"/ids/identity\" }}\n"));
    let finished = home.plan_with_keys(&[]);
    assert!(Duration::from_secs_f64(finished.seconds) < Duration::from_secs(20), "{} s", finished.seconds);
    let cause = finished.report()["cause"].clone();
    assert_eq!((finished.code, &cause["code"]), (4, &"credentials_not_accepted".into()), "{cause}");
    assert!(cause["remedy"].as_str().unwrap().contains("they have expired: sign in again"), "{cause}");
    assert_eq!(home.keys().await.len(), 3, "the account, its access role and the secrets, without a retry");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_credentials_at_all_is_reported_with_what_to_do() {
    let home = Home::with("").await;
    let finished = home.plan(&["--region", "eu-central-1"]);
    let cause = finished.report()["cause"].clone();
    assert_eq!((finished.code, &cause["code"]), (4, &"no_credentials".into()), "{cause}");
    assert!(cause["remedy"].as_str().unwrap().contains("--profile"), "{cause}");
}

/// A key with the line break of the file that it was copied from. The SDK would panic.
#[tokio::test(flavor = "multi_thread")]
async fn keys_that_cannot_be_sent_are_reported() {
    let home = Home::with(&PROFILES.replace("AKIAPROFILE", "AKIA\u{1}PROFILE")).await;
    let error = home.error(&["--profile", "management"]).await;
    insta::assert_snapshot!(error, @"error: the access key ID of profile `management` contains a space, a line break or another character that is not allowed; set it again");
    for (variable, value, what) in [
        ("AWS_ACCESS_KEY_ID", "AKIA\rX", "access key ID"),
        ("AWS_ACCESS_KEY_ID", "AKIA X", "access key ID"),
        ("AWS_SESSION_TOKEN", "to\nken", "session token"),
    ] {
        let finished = home.run(with_keys(&mut home.command(&[])).env(variable, value));
        let cause = finished.report()["cause"].clone();
        assert_eq!((finished.code, &cause["code"]), (4, &"no_credentials".into()), "{cause}");
        let message = cause["message"].as_str().unwrap();
        assert!(
            message.contains(&format!("the {what} of the environment contains a space, a line break")),
            "{message}"
        );
    }
    assert!(home.keys().await.is_empty());
}

/// Services quote the signed request, with its session token, if they do not accept the signature.
#[tokio::test(flavor = "multi_thread")]
async fn session_token_that_a_service_quotes_is_not_printed() {
    let respond = |_: &Request| {
        let message = "The request signature we calculated does not match the signature you provided.\n\nThe Canonical String \
                       for this request should have been\n'POST\n/\n\nx-amz-security-token:TOP-SECRET-TOKEN\n'";
        error_response(400, "InvalidSignatureException", message)
    };
    let home = Home::answering("", respond).await;
    let finished = home.run(with_keys(&mut home.command(&[])).env("AWS_SESSION_TOKEN", "TOP-SECRET-TOKEN"));
    assert_eq!(finished.report()["cause"]["code"], "credentials_not_accepted");
    assert!(!format!("{}{}", finished.out, finished.err).contains("TOP-SECRET"), "{}", finished.out);
}
