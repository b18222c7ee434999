//! Networks in which AWS cannot be reached, or only through a proxy.

use super::*;

/// Runs with keys, and at most with time for one attempt of each call if a wait were possible.
fn blocked(home: &Home, command: &mut Command) -> Value {
    let finished = home.run(with_keys(command));
    assert!(finished.seconds < 20.0, "{} s: {}", finished.seconds, finished.err);
    let cause = finished.report()["cause"].clone();
    assert_eq!((finished.code, &cause["code"]), (4, &"service_unavailable".into()), "{cause}");
    cause
}

#[tokio::test(flavor = "multi_thread")]
async fn host_name_that_is_not_found_ends_the_run_with_what_to_check() {
    let home = Home::with("").await;
    let cause = blocked(&home, home.command(&[]).env("AWS_ENDPOINT_URL", "http://host.invalid"));
    let message = cause["message"].as_str().unwrap();
    assert!(message.starts_with("organizations:DescribeAccount failed: HostNotFound: "), "{message}");
    assert!(message.contains("no connection to `host.invalid`") && message.contains("dns error"), "{message}");
    insta::assert_snapshot!(cause["remedy"].as_str().unwrap(), @"check the network, the endpoint or region, and the proxy (`HTTPS_PROXY`, `NO_PROXY`), then run again");
}

#[tokio::test(flavor = "multi_thread")]
async fn proxy_of_the_environment_is_used_except_for_exempt_hosts() {
    let home = Home::with("").await;
    let through_proxy = |command: &mut Command| {
        home.run(with_keys(command.env("AWS_ENDPOINT_URL", "http://host.invalid").env("HTTP_PROXY", home.server.uri())))
    };
    // The server answers as a proxy for every host.
    let finished = through_proxy(&mut home.command(&[]));
    assert_eq!(finished.report()["cause"]["code"], "own_permission_missing", "{}", finished.err);
    let requests = home.server.received_requests().await.unwrap();
    assert_eq!(requests[0].headers["host"], "host.invalid");
    let exempt = through_proxy(home.command(&[]).env("NO_PROXY", "host.invalid"));
    assert_eq!(exempt.report()["cause"]["code"], "service_unavailable", "{}", exempt.err);
    assert_eq!(home.server.received_requests().await.unwrap().len(), requests.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn proxy_that_refuses_the_tunnel_ends_the_run_without_showing_its_password() {
    for (status, phrase) in [(403, "tunnel error: unsuccessful"), (407, "tunnel error: proxy authorization required")] {
        let home = Home::answering("", move |_: &Request| ResponseTemplate::new(status)).await;
        let proxy = home.server.uri().replace("http://", "http://user:p4ssw0rd@");
        let mut command = home.command(&[]);
        let cause = blocked(&home, command.env("AWS_ENDPOINT_URL", "https://host.invalid").env("HTTPS_PROXY", proxy));
        let message = cause["message"].as_str().unwrap();
        assert!(message.contains("ProxyRefused") && message.contains(phrase), "{message}");
        assert!(!cause.to_string().contains("p4ssw0rd"), "{cause}");
        let request = &home.server.received_requests().await.unwrap()[0];
        assert_eq!((request.method.as_str(), request.headers.contains_key("proxy-authorization")), ("CONNECT", true));
        insta::allow_duplicates! {
            insta::assert_snapshot!(cause["remedy"].as_str().unwrap(), @"check the address and the password in `HTTPS_PROXY`, or exempt the host with `NO_PROXY`, then run again");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bundle_without_valid_certificates_is_named() {
    let home = Home::with("").await;
    home.write("empty.pem", "\n");
    home.write("text.pem", "-----BEGIN CERTIFICATE-----\nnot base64\n-----END CERTIFICATE-----\n");
    home.write("other.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    let mut errors = Vec::new();
    for file in ["missing.pem", "empty.pem", "text.pem", "other.pem"] {
        let finished = home.run(with_keys(home.command(&[]).env("AWS_CA_BUNDLE", file)));
        assert_eq!((finished.code, finished.out.as_str()), (1, ""), "{}", finished.err);
        errors.push(finished.err.trim_end().to_owned());
    }
    insta::assert_snapshot!(errors.join("\n"), @"
    error: `AWS_CA_BUNDLE` names `missing.pem`, which cannot be used: No such file or directory (os error 2); name a PEM file with the certificates to trust
    error: `AWS_CA_BUNDLE` names `empty.pem`, which cannot be used: it has no certificate; name a PEM file with the certificates to trust
    error: `AWS_CA_BUNDLE` names `text.pem`, which cannot be used: base64 decode error: InvalidTrailingPadding; name a PEM file with the certificates to trust
    error: `AWS_CA_BUNDLE` names `other.pem`, which cannot be used: invalid peer certificate: BadEncoding; name a PEM file with the certificates to trust
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn status_of_an_answer_without_a_body_is_shown() {
    for status in [302, 403] {
        let home = Home::answering("", move |_: &Request| ResponseTemplate::new(status)).await;
        let finished = home.plan_with_keys(&["--wait", "0"]);
        let message = finished.report()["cause"]["message"].to_string();
        assert!(message.contains(&format!("HTTP status {status}")), "{message}");
    }
}
