use super::*;

fn selected(method: Method) -> Selected {
    let option = ProfileOption::Profile;
    Selected { name: "management".to_owned(), source: "sso".to_owned(), method, mfa_serial: None, option }
}

fn explained(method: Method, reason: &str) -> String {
    explain(&selected(method), &CredentialsError::provider_error(reason.to_owned())).to_string()
}

#[test]
fn ended_session_names_the_command_that_signs_in() {
    for reason in
        ["the SSO token has expired and cannot be refreshed", "UnauthorizedException: Session token not found"]
    {
        assert_eq!(
            explained(Method::Sso, reason),
            "the SSO session of profile `sso` has expired; run `aws sso login --profile sso`"
        );
    }
    for reason in ["cached Login token is expired", "Your session has expired. Please reauthenticate."] {
        assert_eq!(
            explained(Method::Login, reason),
            "the sign-in of profile `sso` has expired; run `aws login --profile sso`"
        );
    }
    insta::assert_snapshot!(explained(Method::Sso, "failed to load the cached SSO token"), @"profile `sso` is not signed in to SSO; run `aws sso login --profile sso`");
    insta::assert_snapshot!(explained(Method::Login, "failed to read `/x`"), @"profile `sso` is not signed in; run `aws login --profile sso`");
    insta::assert_snapshot!(explained(Method::Sso, "ForbiddenException: No access"), @"SSO grants you no access to the account and role of profile `sso`; check its `sso_account_id` and `sso_role_name`, or have them assigned to you in IAM Identity Center");
    insta::assert_snapshot!(explained(Method::Sso, "no route to host"), @"SSO returned no credentials for profile `sso`: no route to host; run `aws sso login --profile sso`");
}

#[test]
fn output_of_a_failed_process_is_filtered_and_shortened() {
    let output = format!(
        "Error retrieving credentials: external process exited with code exit status: 3. Stderr: \u{1b}[31mlogin\nfirst\u{202e}{}",
        "x".repeat(5000)
    );
    let message = explained(Method::Process, &output);
    assert!(message.contains("failed: exit status: 3: ?[31mlogin first?xxx"), "{message}");
    assert!(message.contains("x…; run that command yourself") && message.chars().count() < 400, "{message}");
    insta::assert_snapshot!(explained(Method::Process, "Error retrieving credentials: external process exited with code exit status: 3. Stderr: "), @"the `credential_process` of profile `sso` failed: exit status: 3; run that command yourself, and sign in if it asks for it");
    insta::assert_snapshot!(explained(Method::Process, "could not parse response"), @"the `credential_process` of profile `sso` failed: could not parse response; run that command yourself, and sign in if it asks for it");
}

#[test]
fn reason_is_found_behind_other_errors() {
    #[derive(Debug, thiserror::Error)]
    #[error("dispatch failure")]
    struct Dispatch(#[source] CredentialsError);

    let problem = CredentialsProblem("sign in".to_owned());
    let reason = unavailable_credentials(&Dispatch(CredentialsError::provider_error(problem)));
    assert_eq!(reason.as_deref(), Some("sign in"));
    let reason = unavailable_credentials(&Dispatch(CredentialsError::not_loaded_no_source()));
    assert_eq!(reason.as_deref(), Some("no credentials found in the environment or a profile"));
    let reason = unavailable_credentials(&Dispatch(CredentialsError::provider_error("metadata\nfailed")));
    assert_eq!(reason.as_deref(), Some("the credentials cannot be loaded: metadata failed"));
    assert_eq!(unavailable_credentials(&std::io::Error::other("broken pipe")), None);
}
