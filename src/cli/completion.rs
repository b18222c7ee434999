//! Shell completion. The script of `onboard completions` calls `onboard` for each completion, so that it offers what exists
//! at that moment: vendors, profiles, and the accounts and principals of the configuration.
//!
//! Nothing here may fail or print: a file that cannot be read, or is not valid, offers nothing.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use clap::Command;
use clap_complete::Shell;
use clap_complete::engine::CompletionCandidate;
use clap_complete::env::{CompleteEnv, Shells};

use super::config::{DEFAULT_CONFIG, load, text_and_files};
use super::exit::Exit;
use super::profile_files::{self, Profile};
use onboarding_core::config::{Config, PrincipalSpec};
use onboarding_core::exclude::Exclude;
use onboarding_core::policy::Principal;
use onboarding_core::prerequisites::Prerequisite;
use onboarding_core::vendor::Catalogue;

/// The variable with which the script calls `onboard`; its value is the shell.
const VARIABLE: &str = "ONBOARD_COMPLETE";

/// Prints the candidates, if the script of a shell asks for them, and returns whether it did.
pub(super) fn answer(command: impl Fn() -> Command) -> bool {
    let current_folder = std::env::current_dir().ok();
    let complete = CompleteEnv::with_factory(command).var(VARIABLE).bin("onboard");
    // An error would not be read: the shell shows no output but the candidates.
    complete.try_complete(std::env::args_os(), current_folder.as_deref()).unwrap_or(true)
}

/// Prints the script that registers the completion in a shell.
pub(super) fn script(shell: Shell) -> anyhow::Result<Exit> {
    let shells = Shells::builtins();
    let name = shell.to_string();
    let completer = shells.completer(&name).ok_or_else(|| anyhow::anyhow!("there is no completion for {name}"))?;
    let mut script = Vec::new();
    completer.write_registration(VARIABLE, "onboard", "onboard", &program(), &mut script)?;
    print_text!("{}", String::from_utf8(script)?);
    Ok(Exit::Done)
}

/// How the script calls this program: by its name, or by its path if it was called by that.
fn program() -> String {
    let called_as = std::env::args_os().next().map(PathBuf::from).unwrap_or_default();
    if called_as.components().count() > 1
        && let Ok(path) = std::path::absolute(&called_as)
    {
        return path.display().to_string();
    }
    "onboard".to_owned()
}

/// The vendors of the catalogue, which is that of `--config` if it was typed.
pub(super) fn vendors() -> Vec<CompletionCandidate> {
    let own = typed("--config").and_then(|file| {
        let (text, files) = text_and_files(&file).ok()?;
        Config::catalogue(&text, &files).ok()
    });
    let catalogue = own.unwrap_or_else(Catalogue::built_in);
    let vendors = catalogue.names().filter_map(|name| catalogue.get(name));
    vendors.map(|vendor| candidate(&vendor.name, &vendor.title)).collect()
}

/// The prerequisites of the identity account and of the management account.
pub(super) fn prerequisites() -> Vec<CompletionCandidate> {
    Prerequisite::ALL.iter().map(|one| candidate(one.as_str(), one.summary())).collect()
}

/// The profiles of the AWS CLI.
pub(super) fn profiles() -> Vec<CompletionCandidate> {
    profile_files::all().iter().map(|profile| candidate(&profile.name, "")).collect()
}

/// The accounts that the profiles and the configuration name.
pub(super) fn accounts() -> Vec<CompletionCandidate> {
    let mut found = BTreeMap::new();
    for Profile { name, account } in profile_files::all() {
        if let Some(account) = account {
            found.entry(account).or_insert(format!("profile {name}"));
        }
    }
    let config = configuration();
    for excluded in config.iter().flat_map(|config| &config.excluded) {
        if let Exclude::Account(account) = excluded {
            found.insert(account.clone(), "excluded in the configuration".to_owned());
        }
    }
    for (principal, text) in config.iter().flat_map(granted) {
        if let Principal::Account(account) = principal {
            found.entry(account).or_insert_with(|| format!("{text} is granted access"));
        }
    }
    found.iter().map(|(account, what)| candidate(account.as_str(), what)).collect()
}

/// The principals that the configuration grants access.
pub(super) fn principals() -> Vec<CompletionCandidate> {
    let mut texts: Vec<_> = configuration().iter().flat_map(granted).map(|(_, text)| text).collect();
    texts.sort();
    texts.dedup();
    texts.iter().map(|text| candidate(text, "")).collect()
}

/// The principals of the grants, as values and as written; those with placeholders have no value.
fn granted(config: &Config) -> Vec<(Principal, String)> {
    let all = config.access_role.grants.iter().flat_map(|grant| &grant.trust.principals);
    let parsed = all.filter_map(|principal| match principal {
        PrincipalSpec::Aws(text) => Some((Principal::to_grant(&text.0).ok()?, text.0.clone())),
        PrincipalSpec::Service(_) | PrincipalSpec::Federated(_) => None,
    });
    parsed.collect()
}

/// The configuration of `--config`, or the default one.
fn configuration() -> Option<Config> {
    load(typed("--config").as_deref().unwrap_or(DEFAULT_CONFIG)).ok()
}

/// The value of an option on the command line that is being completed.
fn typed(option: &str) -> Option<String> {
    let words: Vec<_> = std::env::args_os().skip_while(|word| word != "--").map(OsString::into_string).collect();
    let words: Vec<_> = words.into_iter().filter_map(Result::ok).collect();
    let inline = words.iter().find_map(|word| word.strip_prefix(option)?.strip_prefix('='));
    let next = words.windows(2).find_map(|pair| match pair {
        [name, value] if name == option => Some(value.as_str()),
        _ => None,
    });
    // `-` is stdin, which is the terminal here.
    inline.or(next).filter(|value| !value.is_empty() && *value != "-").map(str::to_owned)
}

fn candidate(value: &str, help: &str) -> CompletionCandidate {
    let help = (!help.is_empty()).then(|| help.to_owned().into());
    CompletionCandidate::new(value).help(help)
}
