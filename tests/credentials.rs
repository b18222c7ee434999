//! Where the real `onboard` takes its credentials from, and what it says if it cannot: profiles in a temporary home, and a
//! local server in the place of AWS that records which access key signed.
#![cfg(test)]

#[path = "credentials/network.rs"]
mod network;
#[path = "credentials/rejected_keys.rs"]
mod rejected_keys;
#[path = "credentials/unusable_profiles.rs"]
mod unusable_profiles;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

/// A configuration without values of an example.
const CONFIG: &str = "[[access-role.grant]]\nprincipal = \"482913650127\"\n";

/// A home with AWS configuration files, and a server in the place of AWS.
struct Home {
    folder: TempDir,
    server: MockServer,
}

struct Finished {
    code: i32,
    out: String,
    err: String,
    seconds: f64,
}

impl Finished {
    fn report(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {} {}", self.out, self.err))
    }
}

/// Organizations refuses the call, which ends the run.
fn access_denied() -> ResponseTemplate {
    error_response(400, "AccessDeniedException", "You don't have permissions to access this resource.")
}

fn error_response(status: u16, code: &str, message: &str) -> ResponseTemplate {
    let body = json!({"__type": code, "message": message}).to_string();
    ResponseTemplate::new(status).set_body_raw(body, "application/x-amz-json-1.1")
}

impl Home {
    async fn with(config: &str) -> Self {
        Self::answering(config, |_: &Request| access_denied()).await
    }

    async fn answering(config: &str, respond: impl Fn(&Request) -> ResponseTemplate + Send + Sync + 'static) -> Self {
        let server = MockServer::start().await;
        Mock::given(any()).respond_with(respond).mount(&server).await;
        let home = Self { folder: tempfile::tempdir().unwrap(), server };
        home.write(".aws/config", config);
        home.write("onboarding.toml", CONFIG);
        home
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_onboard"));
        command.env_clear().env("HOME", self.folder.path()).env("PATH", "/usr/bin:/bin");
        command.env("AWS_ENDPOINT_URL", self.server.uri()).env("AWS_EC2_METADATA_DISABLED", "true");
        command.args(["plan", "--account", "444455556666", "--format", "json"]).args(args);
        command.current_dir(self.folder.path());
        command
    }

    fn run(&self, command: &mut Command) -> Finished {
        let start = Instant::now();
        let output = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let seconds = start.elapsed().as_secs_f64();
        Finished { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr), seconds }
    }

    fn plan(&self, args: &[&str]) -> Finished {
        self.run(&mut self.command(args))
    }

    /// Runs with keys in the environment.
    fn plan_with_keys(&self, args: &[&str]) -> Finished {
        self.run(with_keys(&mut self.command(args)))
    }

    /// The single line that is printed to stderr; nothing is printed to stdout, and AWS is not called.
    async fn error(&self, args: &[&str]) -> String {
        let finished = self.plan_with_keys(args);
        assert_eq!((finished.code, finished.out.as_str()), (1, ""), "{}", finished.err);
        assert!(self.keys().await.is_empty());
        finished.err.trim_end().to_owned()
    }

    /// The access key of every signature that the server received.
    async fn keys(&self) -> Vec<String> {
        let requests = self.server.received_requests().await.unwrap();
        let signed = requests.iter().filter_map(|request| request.headers.get("authorization")?.to_str().ok());
        signed.filter_map(|text| text.split_once("Credential=")?.1.split('/').next().map(str::to_owned)).collect()
    }
}

fn with_keys(command: &mut Command) -> &mut Command {
    command
        .env("AWS_ACCESS_KEY_ID", "AKIAENVIRONMENT")
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .env("AWS_REGION", "us-west-2")
}

const PROFILES: &str = "\
[default]
region = eu-west-3
aws_access_key_id = AKIADEFAULT
aws_secret_access_key = secret

[profile management]
region = eu-central-1
aws_access_key_id = AKIAPROFILE
aws_secret_access_key = secret
";

// ---------------------------------------------------------------- which credentials sign

#[tokio::test(flavor = "multi_thread")]
async fn profile_wins_over_keys_in_the_environment() {
    let home = Home::with(PROFILES).await;
    let finished = home.plan_with_keys(&["--profile", "management"]);
    assert_eq!(finished.report()["cause"]["code"], "own_permission_missing", "{}", finished.err);
    assert_eq!(home.keys().await, ["AKIAPROFILE"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_in_the_environment_win_over_the_variable_and_the_default_profile() {
    let home = Home::with(PROFILES).await;
    home.plan_with_keys(&[]);
    home.run(with_keys(&mut home.command(&[])).env("AWS_PROFILE", "management"));
    home.run(with_keys(&mut home.command(&[])).env("AWS_PROFILE", "missing"));
    assert_eq!(home.keys().await, ["AKIAENVIRONMENT"; 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn variable_selects_a_profile_and_the_default_profile_is_next() {
    let home = Home::with(PROFILES).await;
    home.run(home.command(&[]).env("AWS_PROFILE", "management"));
    home.plan(&[]);
    home.run(home.command(&[]).env("AWS_PROFILE", "default"));
    assert_eq!(home.keys().await, ["AKIAPROFILE", "AKIADEFAULT", "AKIADEFAULT"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn region_comes_from_the_profile() {
    let home = Home::with(PROFILES).await;
    home.write(".aws/credentials", "[keys]\naws_access_key_id = AKIAKEYS\naws_secret_access_key = secret\n");
    home.plan(&["--profile", "management"]);
    home.plan_with_keys(&["--profile", "management"]);
    home.plan_with_keys(&["--profile", "management", "--region", "eu-north-1"]);
    let mut regions = Vec::new();
    for request in home.server.received_requests().await.unwrap() {
        let signature = request.headers["authorization"].to_str().unwrap();
        regions.push(signature.split('/').nth(2).unwrap().to_owned());
    }
    assert_eq!(regions, ["eu-central-1", "us-west-2", "eu-north-1"], "the profile, the environment, the option");
    let finished = home.plan(&["--profile", "keys"]);
    assert_eq!((finished.code, finished.out.as_str()), (1, ""));
    insta::assert_snapshot!(finished.err, @"error: no region is set; pass `--region`, set `AWS_REGION`, or run `aws configure set region REGION --profile keys`");
}

/// This name cannot be part of a host name, so that it is not even looked up.
#[tokio::test(flavor = "multi_thread")]
async fn wrong_region_is_named_before_any_call() {
    let home = Home::with("[profile management]\nregion = us_east_1\n").await;
    home.write(".aws/credentials", "[management]\naws_access_key_id = AKIAKEYS\naws_secret_access_key = secret\n");
    let finished = home.run(home.command(&["--profile", "management"]).env_remove("AWS_ENDPOINT_URL"));
    assert_eq!((finished.code, finished.out.as_str()), (1, ""));
    insta::assert_snapshot!(finished.err, @"error: region `us_east_1` does not exist, or its endpoint cannot be found; did you mean `us-east-1`?");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_in_other_places_are_honoured() {
    let home = Home::with("").await;
    home.write("elsewhere/config", "[profile other]\nregion = eu-central-1\n");
    home.write("elsewhere/keys", "[other]\naws_access_key_id = AKIAOTHER\naws_secret_access_key = secret\n");
    let files = |command: &mut Command| {
        let path = |name: &str| home.folder.path().join("elsewhere").join(name);
        command.env("AWS_CONFIG_FILE", path("config")).env("AWS_SHARED_CREDENTIALS_FILE", path("keys"));
        home.run(with_keys(command))
    };
    files(&mut home.command(&["--profile", "other"]));
    assert_eq!(home.keys().await, ["AKIAOTHER"]);
    let missing = files(&mut home.command(&["--profile", "othr"])).err;
    let expected = format!("does not exist in `{}`; did you mean `other`?", path_of(&home, "elsewhere/config"));
    assert!(missing.contains(&expected), "{missing}");
}

fn path_of(home: &Home, path: &str) -> String {
    Path::new(home.folder.path()).join(path).display().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn process_is_run_once_and_its_keys_sign() {
    let home = Home::with("[profile tool]\nregion = eu-central-1\ncredential_process = ./keys.sh\n").await;
    let output = r#"{"Version": 1, "AccessKeyId": "AKIAPROCESS", "SecretAccessKey": "secret"}"#;
    home.write("keys.sh", &format!("#!/bin/sh\necho run >> runs\necho '{output}'\n"));
    executable(&home.folder.path().join("keys.sh"));
    home.plan_with_keys(&["--profile", "tool"]);
    assert_eq!(home.keys().await, ["AKIAPROCESS"]);
    assert_eq!(std::fs::read_to_string(home.folder.path().join("runs")).unwrap(), "run\n");
}

fn executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn role_of_a_source_profile_is_assumed() {
    let assumed = "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult>\
        <Credentials><AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>\
        <SessionToken>token</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>\
        <AssumedRoleUser><Arn>arn:aws:sts::482913650127:assumed-role/r/s</Arn><AssumedRoleId>AROA:s</AssumedRoleId>\
        </AssumedRoleUser></AssumeRoleResult></AssumeRoleResponse>";
    let respond = move |request: &Request| {
        if String::from_utf8_lossy(&request.body).contains("Action=AssumeRole") {
            ResponseTemplate::new(200).set_body_raw(assumed, "text/xml")
        } else {
            access_denied()
        }
    };
    let role = "[profile admin]\nrole_arn = arn:aws:iam::482913650127:role/r\nsource_profile = management\n";
    let home = Home::answering(&format!("{PROFILES}\n{role}"), respond).await;
    home.plan_with_keys(&["--profile", "admin"]);
    assert_eq!(home.keys().await, ["AKIAPROFILE", "ASIAROLE"]);
}

// ---------------------------------------------------------------- profiles that cannot be used

#[tokio::test(flavor = "multi_thread")]
async fn missing_profile_is_named_with_the_nearest_one() {
    let home = Home::with(PROFILES).await;
    insta::assert_snapshot!(home.error(&["--profile", "managment"]).await, @"error: profile `managment` does not exist in ~/.aws/config; did you mean `management`?");
    insta::assert_snapshot!(home.error(&["--profile", "sandbox"]).await, @"error: profile `sandbox` does not exist in ~/.aws/config; the profiles are `default` and `management`");
    let finished = home.run(home.command(&[]).env("AWS_PROFILE", "managment"));
    assert_eq!((finished.code, finished.out.as_str()), (1, ""));
    assert!(finished.err.contains("profile `managment` does not exist"), "{}", finished.err);
    let empty = Home::with("").await;
    insta::assert_snapshot!(empty.error(&["--profile", "management"]).await, @"error: profile `management` does not exist in ~/.aws/config; run `aws configure sso --profile management` to add it");
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_chain_of_profiles_is_explained() {
    let home = Home::with(&format!(
        "{PROFILES}
[profile typo]
role_arn = arn:aws:iam::482913650127:role/r
source_profile = managment
[profile circle]
role_arn = arn:aws:iam::482913650127:role/r
source_profile = round
[profile round]
role_arn = arn:aws:iam::482913650127:role/r
source_profile = circle
[profile nothing]
region = eu-central-1
[profile unsourced]
role_arn = arn:aws:iam::482913650127:role/r
[profile session]
sso_session = corporate
sso_account_id = 482913650127
sso_role_name = admin
[sso-session corprate]
sso_region = eu-central-1
sso_start_url = https://example.com
"
    ))
    .await;
    let mut errors = Vec::new();
    for profile in ["typo", "circle", "nothing", "unsourced", "session"] {
        errors.push(home.error(&["--profile", profile]).await);
    }
    insta::assert_snapshot!(errors.join("\n"), @"
    error: profile `typo` names `source_profile = managment`, which does not exist in ~/.aws/config; did you mean `management`?
    error: the `source_profile` of profile `circle` leads back to itself; let one of them have credentials of its own
    error: profile `nothing` has no credentials; run `aws configure sso --profile nothing`, or `aws login --profile nothing`
    error: profile `unsourced` has a `role_arn` and needs either `source_profile` or `credential_source`; set exactly one
    error: profile `session` names `sso_session = corporate`, which does not exist in ~/.aws/config; did you mean `corprate`?
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_file_is_named_with_its_line() {
    let home = Home::with("[profile management]\nregion = eu-central-1\naws_secret_access_key wJalrXUtnFEMI\n").await;
    let error = home.error(&["--profile", "management"]).await.replace(&path_of(&home, ""), "~/");
    insta::assert_snapshot!(error, @"error: the AWS profiles cannot be read: could not parse profile file: error parsing ~/.aws/config on line 3: Expected an '=' sign defining a property; fix that line, then run again");
}

/// The name of a token's file is the hash of its session: SHA-1 of `corp`.
const TOKEN: &str = ".aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json";

const SSO: &str = "\
[profile management]
region = eu-central-1
sso_session = corp
sso_account_id = 482913650127
sso_role_name = admin
[sso-session corp]
sso_region = eu-central-1
sso_start_url = https://example.com
[profile role]
role_arn = arn:aws:iam::482913650127:role/r
source_profile = management
region = eu-central-1
";

#[tokio::test(flavor = "multi_thread")]
async fn expired_sso_session_names_the_command_that_signs_in() {
    let home = Home::with(SSO).await;
    insta::assert_snapshot!(home.error(&["--profile", "management"]).await, @"error: profile `management` is not signed in to SSO; run `aws sso login --profile management`");
    home.write(TOKEN, r#"{"accessToken": "s3cret", "expiresAt": "2020-01-01T00:00:00Z"}"#);
    for profile in ["management", "role"] {
        let error = home.error(&["--profile", profile]).await;
        insta::allow_duplicates! {
            insta::assert_snapshot!(error, @"error: the SSO session of profile `management` has expired; run `aws sso login --profile management`");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sso_session_gets_credentials_or_was_ended() {
    let signed_in = r#"{"accessToken": "s3cret", "expiresAt": "2099-01-01T00:00:00Z"}"#;
    let credentials = json!({"roleCredentials": {
        "accessKeyId": "ASIASSO", "secretAccessKey": "secret", "sessionToken": "token", "expiration": 4_070_908_800_000_u64,
    }});
    let respond = move |request: &Request| match request.url.path() {
        "/federation/credentials" => ResponseTemplate::new(200).set_body_json(&credentials),
        _ => access_denied(),
    };
    let home = Home::answering(SSO, respond).await;
    home.write(TOKEN, signed_in);
    home.plan_with_keys(&["--profile", "management"]);
    assert_eq!(home.keys().await, ["ASIASSO"]);

    for (status, code, sentence) in [
        (401, "UnauthorizedException", "the SSO session of profile `management` has expired; run `aws sso login"),
        (403, "ForbiddenException", "SSO grants you no access to the account and role of profile `management`"),
    ] {
        let respond =
            move |_: &Request| error_response(status, code, "No access").insert_header("x-amzn-ErrorType", code);
        let home = Home::answering(SSO, respond).await;
        home.write(TOKEN, signed_in);
        let error = home.error(&["--profile", "management"]).await;
        assert!(error.contains(sentence) && !error.contains("s3cret"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn console_login_is_supported() {
    let login = "[profile management]\nregion = eu-central-1\nlogin_session = arn:aws:iam::482913650127:user/admin\n";
    let home = Home::with(login).await;
    insta::assert_snapshot!(home.error(&["--profile", "management"]).await, @"error: profile `management` is not signed in; run `aws login --profile management`");
    // The name of the file is the SHA-256 of the session.
    let file = ".aws/login/cache/af108e8621d0fbbbbe4b6fe665b9cb05f45395ba9b901d404d8e7c71afed9699.json";
    let token = |expires: &str| {
        json!({
            "accessToken": {
                "accessKeyId": "ASIALOGIN", "secretAccessKey": "secret", "sessionToken": "token",
                "accountId": "482913650127", "expiresAt": expires,
            },
            "tokenType": "aws_sigv4", "refreshToken": "s3cret", "idToken": "token",
            "clientId": "arn:aws:signin:::devtools/same-device", "dpopKey": "not a key",
        })
        .to_string()
    };
    home.write(file, &token("2020-01-01T00:00:00Z"));
    let expired = home.error(&["--profile", "management"]).await;
    assert!(expired.contains("run `aws login --profile management`") && !expired.contains("s3cret"), "{expired}");
    home.write(file, &token("2099-01-01T00:00:00Z"));
    home.plan_with_keys(&["--profile", "management"]);
    assert_eq!(home.keys().await, ["ASIALOGIN"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_process_is_reported_without_its_raw_output() {
    let home = Home::with("[profile tool]\nregion = eu-central-1\ncredential_process = ./keys.sh\n").await;
    let script = "#!/bin/sh\nprintf '\\033[31mlogin expired\\033[0m\\nsecond line %05000d' 1 >&2\nexit 3\n";
    home.write("keys.sh", script);
    executable(&home.folder.path().join("keys.sh"));
    let error = home.error(&["--profile", "tool"]).await;
    assert!(error.starts_with("error: the `credential_process` of profile `tool` failed: exit status: 3: "), "{error}");
    assert!(error.contains("login expired") && error.contains("second line 000"), "{error}");
    assert!(!error.contains(['\u{1b}', '\n']) && error.chars().count() < 400, "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn role_that_needs_mfa_is_explained() {
    let respond = |_: &Request| {
        let body = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>MultiFactorAuthentication failed</Message></Error></ErrorResponse>";
        ResponseTemplate::new(403).set_body_raw(body, "text/xml")
    };
    let role = "[profile admin]\nrole_arn = arn:aws:iam::482913650127:role/r\nsource_profile = management\n\
        mfa_serial = arn:aws:iam::482913650127:mfa/m\n";
    let home = Home::answering(&format!("{PROFILES}\n{role}"), respond).await;
    let finished = home.plan(&["--profile", "admin"]);
    assert_eq!((finished.code, finished.out.as_str()), (1, ""), "{}", finished.err);
    insta::assert_snapshot!(finished.err, @r#"error: the role of profile `admin` cannot be assumed: sts:AssumeRole failed: AccessDenied: MultiFactorAuthentication failed; it requires MFA (`mfa_serial`): run `eval "$(aws configure export-credentials --profile admin --format env)"`, then run again without `--profile`"#);
}

// ---------------------------------------------------------------- values of an example

#[tokio::test(flavor = "multi_thread")]
async fn example_values_are_refused_except_with_an_endpoint_of_the_environment() {
    let home = Home::with("").await;
    home.write("onboarding.toml", "[[access-role.grant]]\nprincipal = \"222233334444\"\n");
    for action in ["plan", "apply"] {
        let real = |command: &mut Command| home.run(with_keys(command.env_remove("AWS_ENDPOINT_URL")));
        let mut command = Command::new(env!("CARGO_BIN_EXE_onboard"));
        command.env_clear().env("HOME", home.folder.path()).current_dir(home.folder.path());
        command.args([action, "--account", "444455556666"]);
        if action == "apply" {
            command.arg("--yes");
        }
        let finished = real(&mut command);
        assert_eq!((finished.code, finished.out.as_str()), (1, ""), "{action}");
        insta::allow_duplicates! {
            insta::assert_snapshot!(finished.err, @"error: onboarding.toml:2:13: `principal`: the account ID 222233334444 is an example; replace it with the ID of your identity account");
        }
    }
    let finished = home.plan_with_keys(&[]);
    assert_eq!(finished.report()["cause"]["code"], "own_permission_missing", "{}", finished.err);
}
