//! Profiles and files that cannot be used, and what is named as the cause.

use super::*;

/// The error of a profile, with the home as `~`.
fn error_of(home: &Home, command: &mut Command) -> String {
    let finished = home.run(command);
    assert_eq!((finished.code, finished.out.as_str()), (1, ""), "{}", finished.err);
    finished.err.trim_end().replace(&path_of(home, ""), "~/")
}

#[tokio::test(flavor = "multi_thread")]
async fn unreachable_service_is_named_instead_of_the_keys() {
    let roles = "[profile admin]\nrole_arn = arn:aws:iam::482913650127:role/r\nsource_profile = management\n\
        [profile mfa]\nrole_arn = arn:aws:iam::482913650127:role/r\nsource_profile = management\nmfa_serial = arn:aws:iam::482913650127:mfa/m\n";
    let home = Home::with(&format!("{PROFILES}\n{roles}")).await;
    // Nothing listens on port 1.
    let unreachable =
        |profile| error_of(&home, home.command(&["--profile", profile]).env("AWS_ENDPOINT_URL", "http://127.0.0.1:1"));
    for profile in ["admin", "mfa"] {
        insta::allow_duplicates! {
            insta::assert_snapshot!(unreachable(profile), @"error: STS cannot be reached for the credentials of profile `management`: Connection refused (os error 111); check the network, the proxy and the trusted certificates (`AWS_CA_BUNDLE`), then run again");
        }
    }
    let home = Home::with(SSO).await;
    home.write(TOKEN, r#"{"accessToken": "s3cret", "expiresAt": "2099-01-01T00:00:00Z"}"#);
    let mut command = home.command(&["--profile", "management"]);
    insta::assert_snapshot!(error_of(&home, command.env("AWS_ENDPOINT_URL", "http://127.0.0.1:1")), @"error: IAM Identity Center (SSO) cannot be reached for the credentials of profile `management`: Connection refused (os error 111); check the network, the proxy and the trusted certificates (`AWS_CA_BUNDLE`), then run again");
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_role_arn_is_named_before_any_call() {
    let home = Home::with(&format!(
        "{PROFILES}\n[profile admin]\nrole_arn = notanarn\nsource_profile = management\n\
         [profile next]\nrole_arn = arn:aws:iam::482913650127:role/r\nsource_profile = admin\n"
    ))
    .await;
    for profile in ["admin", "next"] {
        let error = home.error(&["--profile", profile]).await;
        insta::allow_duplicates! {
            insta::assert_snapshot!(error, @"error: the `role_arn` of profile `admin` is not the ARN of a role, such as `arn:aws:iam::111122223333:role/NAME`; correct it");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn file_that_cannot_be_read_is_named() {
    let home = Home::with("").await;
    home.write("latin1", "");
    std::fs::write(home.folder.path().join("latin1"), b"[profile x]\nrole_session_name = J\xfcrgen\n").unwrap();
    let mut errors = Vec::new();
    // The last path leads through a file.
    for file in [".aws", "latin1", "latin1/config"] {
        for variable in ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"] {
            let path = home.folder.path().join(file);
            errors.push(error_of(&home, home.command(&["--profile", "x"]).env(variable, &path)));
        }
    }
    insta::assert_snapshot!(errors.join("\n"), @"
    error: `~/.aws` is a directory; put a file in its place, or correct `AWS_CONFIG_FILE`
    error: `~/.aws` is a directory; put a file in its place, or correct `AWS_SHARED_CREDENTIALS_FILE`
    error: `~/latin1` is not UTF-8; save it as UTF-8, or correct `AWS_CONFIG_FILE`
    error: `~/latin1` is not UTF-8; save it as UTF-8, or correct `AWS_SHARED_CREDENTIALS_FILE`
    error: `~/latin1/config` cannot be read: Not a directory (os error 20); make it readable, or correct `AWS_CONFIG_FILE`
    error: `~/latin1/config` cannot be read: Not a directory (os error 20); make it readable, or correct `AWS_SHARED_CREDENTIALS_FILE`
    ");
    // Keys in the environment need no file.
    let path = home.folder.path().join("latin1");
    home.run(with_keys(home.command(&[]).env("AWS_CONFIG_FILE", path)));
    assert_eq!(home.keys().await, ["AKIAENVIRONMENT"]);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn unreadable_default_file_is_an_error_only_for_a_named_profile() {
    let home = Home::with("").await;
    std::fs::remove_file(home.folder.path().join(".aws/config")).unwrap();
    std::os::unix::fs::symlink("config", home.folder.path().join(".aws/config")).unwrap();
    home.write(".aws/credentials", "[default]\naws_access_key_id = AKIADEFAULT\naws_secret_access_key = secret\n");
    insta::assert_snapshot!(home.error(&["--profile", "x"]).await, @"error: ~/.aws/config cannot be read: Too many levels of symbolic links (os error 40); make it readable");
    home.plan(&["--region", "eu-central-1"]);
    assert_eq!(home.keys().await, ["AKIADEFAULT"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn byte_order_mark_is_named() {
    let home = Home::with(&format!("\u{feff}{PROFILES}")).await;
    insta::assert_snapshot!(home.error(&["--profile", "management"]).await, @"error: ~/.aws/config starts with a byte order mark; save it as UTF-8 without one");
    insta::assert_snapshot!(error_of(&home, home.command(&[]).env("AWS_REGION", "eu-central-1")), @"error: ~/.aws/config starts with a byte order mark; save it as UTF-8 without one");
}

#[tokio::test(flavor = "multi_thread")]
async fn section_without_the_word_profile_is_named() {
    let section = "[keys]\naws_access_key_id = AKIAKEYS\naws_secret_access_key = secret\n";
    let role = "[profile role]\nrole_arn = arn:aws:iam::482913650127:role/r\nsource_profile = keys\n";
    let home = Home::with(&format!("{PROFILES}{section}{role}")).await;
    let errors = [home.error(&["--profile", "keys"]).await, home.error(&["--profile", "role"]).await];
    insta::assert_snapshot!(errors.join("\n"), @"
    error: profile `keys` does not exist in ~/.aws/config; it has a section `[keys]`: write `[profile keys]` instead
    error: profile `role` names `source_profile = keys`, which does not exist in ~/.aws/config; it has a section `[keys]`: write `[profile keys]` instead
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn profile_that_is_its_own_source_needs_keys() {
    let role = "role_arn = arn:aws:iam::482913650127:role/r\nsource_profile = self\n";
    let home = Home::with(&format!("[profile self]\nregion = eu-central-1\n{role}")).await;
    insta::assert_snapshot!(home.error(&["--profile", "self"]).await, @"error: profile `self` names itself as its `source_profile` and has no keys; name a profile that has credentials");
}

#[tokio::test(flavor = "multi_thread")]
async fn endpoint_that_is_not_a_url_is_named_with_its_setting() {
    let home = Home::with(PROFILES).await;
    let invalid = |variable, value| error_of(&home, with_keys(home.command(&[]).env(variable, value)));
    insta::assert_snapshot!(invalid("AWS_ENDPOINT_URL", "nonsense"), @"error: `AWS_ENDPOINT_URL` is not an endpoint: it needs a URL that starts with `https://` or `http://`; correct or unset it");
    insta::assert_snapshot!(invalid("AWS_ENDPOINT_URL_STS", "localhost:4566"), @"error: `AWS_ENDPOINT_URL_STS` is not an endpoint: it needs a URL that starts with `https://` or `http://`; correct or unset it");
    home.write(
        ".aws/config",
        &PROFILES.replace("[profile management]\n", "[profile management]\nendpoint_url = nonsense\n"),
    );
    let mut command = home.command(&["--profile", "management"]);
    insta::assert_snapshot!(error_of(&home, command.env_remove("AWS_ENDPOINT_URL")), @"error: `endpoint_url` is not an endpoint: it needs a URL that starts with `https://` or `http://`; correct or unset it");
}
