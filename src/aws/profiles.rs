//! Which profile the CLI takes its credentials from, and how that profile gets them.
//!
//! As in the AWS CLI, `--profile` wins over credentials in the environment, and credentials in the environment win over
//! `AWS_PROFILE` and the profile `default`. The SDK's default chain differs: it always looks at the environment first, and
//! a profile that does not exist makes it try the next source. So the profile is looked up here, and only if none is
//! selected does the SDK's chain decide.
//!
//! A profile can take its credentials from another one, which can do the same: `role_arn` with `source_profile`. The end of
//! this chain is where a user signs in, so errors name that profile. The SDK reports problems of the chain as text; this
//! module follows the chain itself and so finds them before any call, with the line or name to fix.
//!
//! Only names of profiles and sessions are kept and printed, never keys, commands or URLs.
//!
//! See <https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html> for the files.

use std::borrow::Cow;
use std::env;

use aws_config::profile::{Profile, ProfileSet};
use aws_types::os_shim_internal::{Env, Fs};

use super::config_files::{ConfigFile, UnusableFile};
use super::error_chain::chain;
use onboarding_core::suggestion::{did_you_mean, list_of};
use onboarding_core::text::Untrusted;

/// The profile that credentials come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Selected {
    /// The selected profile.
    pub(super) name: String,
    /// The profile at the end of the chain of source profiles; often the same.
    pub(super) source: String,
    /// How `source` gets its credentials.
    pub(super) method: Method,
    /// The MFA device without which a role in the chain cannot be assumed.
    pub(super) mfa_serial: Option<String>,
    /// The option that selected it.
    pub(super) option: ProfileOption,
}

/// What a profile is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ProfileOption {
    /// The credentials of the command, which can come from the environment instead.
    Profile,
    /// The caller whose access `onboard verify --as` tries. The command asks for an MFA code itself.
    As,
}

/// How a profile gets its credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    /// Access keys in the file.
    Keys,
    /// IAM Identity Center: `aws sso login`.
    Sso,
    /// A console session: `aws login`.
    Login,
    /// The output of a command.
    Process,
    /// A token in a file.
    WebIdentity,
    /// The environment, or the metadata of an instance or a container.
    CredentialSource,
}

/// Why a profile cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// A file exists and cannot be used.
    #[error(transparent)]
    Unusable(#[from] UnusableFile),
    /// A file cannot be parsed.
    #[error("the AWS profiles cannot be read: {0}; fix that line, then run again")]
    Broken(String),
    /// The selected profile does not exist.
    #[error("profile `{name}` does not exist in {file}{remedy}")]
    Missing {
        /// The name.
        name: Untrusted,
        /// The configuration file.
        file: String,
        /// The nearest name, or how to add the profile.
        remedy: String,
    },
    /// A profile names another one, or a session, that does not exist.
    #[error("profile `{profile}` names `{key} = {name}`, which does not exist in {file}{remedy}")]
    MissingReference {
        /// The profile with the reference.
        profile: Untrusted,
        /// `source_profile` or `sso_session`.
        key: &'static str,
        /// The name that does not exist.
        name: Untrusted,
        /// The configuration file.
        file: String,
        /// The nearest name, or what to add.
        remedy: String,
    },
    /// The source profiles form a circle.
    #[error("the `source_profile` of profile `{0}` leads back to itself; let one of them have credentials of its own")]
    Circle(Untrusted),
    /// A profile that names itself as its source and has no keys.
    #[error("profile `{0}` names itself as its `source_profile` and has no keys; name a profile that has credentials")]
    SelfSource(Untrusted),
    /// The ARN of a role is not one.
    #[error(
        "the `role_arn` of profile `{0}` is not the ARN of a role, such as `arn:aws:iam::111122223333:role/NAME`; correct it"
    )]
    RoleArn(Untrusted),
    /// A role without exactly one source of the credentials that assume it.
    #[error("profile `{0}` has a `role_arn` and needs either `source_profile` or `credential_source`; set exactly one")]
    RoleSource(Untrusted),
    /// No setting of the profile leads to credentials.
    #[error("profile `{0}` has no credentials; run `aws configure sso --profile {0}`, or `aws login --profile {0}`")]
    NoCredentials(Untrusted),
}

/// The profile to use: that of `--profile`, or else that of `AWS_PROFILE`, or `default`. `None` if the SDK's default chain
/// decides: because the environment has credentials, or because the profile has none and was not passed as an option.
pub(super) async fn select(option: Option<&str>) -> Result<Option<Selected>, ProfileError> {
    let set_variable = |name| env::var(name).ok().filter(|value: &String| !value.trim().is_empty());
    if option.is_none()
        && set_variable("AWS_ACCESS_KEY_ID").is_some()
        && set_variable("AWS_SECRET_ACCESS_KEY").is_some()
    {
        return Ok(None);
    }
    let name = option.map(str::to_owned).or_else(|| set_variable("AWS_PROFILE"));
    let files = [ConfigFile::config(), ConfigFile::credentials()];
    // Without a named profile, a file that this user cannot read does not matter if the default chain has another source.
    for file in files.iter().filter(|file| name.is_some() || file.is_named()) {
        file.check()?;
    }
    let override_name = name.clone().unwrap_or_else(|| "default".to_owned());
    let loaded =
        aws_config::profile::load(&Fs::real(), &Env::real(), &Default::default(), Some(Cow::Owned(override_name)))
            .await;
    let set = match loaded {
        Ok(set) => set,
        Err(error) => {
            // The parser's message about a byte order mark shows a line that looks correct.
            files.iter().try_for_each(ConfigFile::check)?;
            return Err(ProfileError::Broken(broken(&error)));
        }
    };
    let [file, _] = files;
    let profiles = Profiles { set: &set, file };
    match (option, name) {
        (None, None) if set.get_profile("default").is_none() => Ok(None),
        (None, name) => match profiles.selected(name.as_deref().unwrap_or("default")) {
            Err(ProfileError::NoCredentials(_)) => Ok(None),
            selected => selected.map(Some),
        },
        (Some(name), _) => profiles.selected(name).map(Some),
    }
}

/// The MFA device of a profile, if it names one.
pub(super) async fn mfa_serial(name: &str) -> Option<String> {
    let name = Some(Cow::Owned(name.to_owned()));
    let set = aws_config::profile::load(&Fs::real(), &Env::real(), &Default::default(), name.clone()).await.ok()?;
    let serial = set.get_profile(name?.as_ref())?.get("mfa_serial")?.trim();
    (!serial.is_empty()).then(|| serial.to_owned())
}

/// The parser's message has the file and the line, each in a line of its own.
fn broken(error: &dyn std::error::Error) -> String {
    chain(error).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The profiles of all files.
struct Profiles<'a> {
    set: &'a ProfileSet,
    file: ConfigFile,
}

impl<'a> Profiles<'a> {
    /// Follows the source profiles of a profile, by the rules of the SDK (`aws_config::profile::credentials::repr`).
    fn selected(&self, name: &str) -> Result<Selected, ProfileError> {
        let mut profile = self.set.get_profile(name).ok_or_else(|| self.missing(name))?;
        let mut visited = Vec::new();
        let mut mfa_serial = None;
        let method = loop {
            if visited.contains(&profile.name()) {
                return Err(ProfileError::Circle(profile.name().into()));
            }
            visited.push(profile.name());
            let is_source = visited.len() > 1;
            if is_source && has_keys(profile) {
                break Some(Method::Keys);
            }
            if profile.get("role_arn").is_none() || profile.get("web_identity_token_file").is_some() {
                break self.method(profile)?;
            }
            if !profile.get("role_arn").is_some_and(is_role_arn) {
                return Err(ProfileError::RoleArn(profile.name().into()));
            }
            mfa_serial = mfa_serial.or_else(|| profile.get("mfa_serial").map(|serial| serial.trim().to_owned()));
            match (profile.get("source_profile"), profile.get("credential_source")) {
                (Some(source), None) if source == profile.name() => {
                    let method = self.method(profile)?;
                    break Some(method.ok_or_else(|| ProfileError::SelfSource(profile.name().into()))?);
                }
                (Some(source), None) => profile = self.source(profile, source)?,
                (None, Some(_)) => break self.method(profile)?,
                _ => return Err(ProfileError::RoleSource(profile.name().into())),
            }
        };
        let method = method.ok_or_else(|| ProfileError::NoCredentials(profile.name().into()))?;
        let option = ProfileOption::Profile;
        Ok(Selected { name: name.to_owned(), source: profile.name().to_owned(), method, mfa_serial, option })
    }

    fn source(&self, profile: &Profile, source: &str) -> Result<&'a Profile, ProfileError> {
        self.set.get_profile(source).ok_or_else(|| {
            let mut remedy = self.without_prefix(source).unwrap_or_else(|| did_you_mean(source, self.set.profiles()));
            if remedy.is_empty() {
                remedy = "; add the profile, or correct the name".to_owned();
            }
            self.missing_reference(profile, "source_profile", source, remedy)
        })
    }

    /// How a profile that assumes no role gets its credentials.
    fn method(&self, profile: &Profile) -> Result<Option<Method>, ProfileError> {
        const SSO: [&str; 5] = ["sso_session", "sso_account_id", "sso_role_name", "sso_region", "sso_start_url"];
        let has = |key| profile.get(key).is_some();
        if let Some(session) = profile.get("sso_session")
            && self.set.sso_session(session).is_none()
        {
            let mut remedy = did_you_mean(session, self.set.sso_sessions());
            if remedy.is_empty() {
                remedy = "; run `aws configure sso-session` to add it".to_owned();
            }
            return Err(self.missing_reference(profile, "sso_session", session, remedy));
        }
        Ok(if has("credential_source") {
            Some(Method::CredentialSource)
        } else if has("role_arn") && has("web_identity_token_file") {
            Some(Method::WebIdentity)
        } else if SSO.into_iter().any(has) {
            // Without an account and a role, the profile is only for services that take the token of the session.
            (has("sso_account_id") || has("sso_role_name")).then_some(Method::Sso)
        } else if has("login_session") {
            Some(Method::Login)
        } else if has("credential_process") {
            Some(Method::Process)
        } else {
            has_keys(profile).then_some(Method::Keys)
        })
    }

    fn missing(&self, name: &str) -> ProfileError {
        let names = || self.set.profiles();
        let mut remedy = self.without_prefix(name).unwrap_or_else(|| did_you_mean(name, names()));
        if remedy.is_empty() {
            remedy = match names().count() {
                0 => format!("; run `aws configure sso --profile {}` to add it", Untrusted::new(name)),
                1..=10 => {
                    let mut known: Vec<_> = names().collect();
                    known.sort_unstable();
                    format!("; the profiles are {}", list_of(known))
                }
                _ => "; `aws configure list-profiles` lists the profiles".to_owned(),
            };
        }
        ProfileError::Missing { name: name.into(), file: self.file.to_string(), remedy }
    }

    /// The remedy if the configuration file has a section with the name of the profile alone, which the AWS tools skip.
    fn without_prefix(&self, name: &str) -> Option<String> {
        let name = self.file.has_section(name).then(|| Untrusted::new(name))?;
        Some(format!("; it has a section `[{name}]`: write `[profile {name}]` instead"))
    }

    fn missing_reference(&self, profile: &Profile, key: &'static str, name: &str, remedy: String) -> ProfileError {
        let file = self.file.to_string();
        ProfileError::MissingReference { profile: profile.name().into(), key, name: name.into(), file, remedy }
    }
}

/// Half a pair of keys counts, too, so that the SDK reports which half is missing.
fn has_keys(profile: &Profile) -> bool {
    profile.get("aws_access_key_id").is_some() || profile.get("aws_secret_access_key").is_some()
}

/// Whether a role of this ARN can be assumed. STS says of another text only that it is invalid.
fn is_role_arn(text: &str) -> bool {
    let parts: Vec<_> = text.trim().splitn(6, ':').collect();
    matches!(parts.as_slice(), ["arn", _, "iam", "", _, resource] if resource.starts_with("role/"))
}
