//! The account of `onboard plan`, `apply` and `verify`, and how to process it.

use super::common_args::{Aws, Format};
use super::config::DEFAULT_CONFIG;
use onboarding_core::account::AccountId;
use onboarding_core::report::Detail;

/// One account, and the options of the command.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) selector: Selector,
    pub(super) config: String,
    pub(super) format: Format,
    pub(super) verbose: bool,
    pub(super) wait: u32,
    pub(super) aws: Aws,
}

impl Target {
    /// These options as they are typed in a shell; `None` if the event comes from stdin, which cannot be read again.
    pub(super) fn command_line(&self) -> Option<String> {
        let mut words = Vec::new();
        let mut option = |name: &'static str, value: &str| words.extend([name.to_owned(), quoted(value)]);
        match (&self.selector.account, &self.selector.event) {
            (Some(id), _) => option("--account", id.as_str()),
            (None, Some(file)) if file != "-" => option("--event", file),
            (None, _) => return None,
        }
        words.extend(options(&self.config, &self.aws));
        Some(words.join(" "))
    }

    pub(super) fn detail(&self) -> Detail {
        if self.verbose { Detail::Full } else { Detail::Summary }
    }
}

/// An account, or a file with an event that is about one.
#[derive(Debug)]
pub(super) struct Selector {
    pub(super) account: Option<AccountId>,
    pub(super) event: Option<String>,
}

/// The options for the configuration and for AWS, as they are typed in a shell.
pub(super) fn options(config: &str, aws: &Aws) -> Vec<String> {
    let config = Some(config).filter(|config| *config != DEFAULT_CONFIG);
    let options = [
        ("--config", config),
        ("--profile", aws.profile.as_deref()),
        ("--region", aws.region.as_deref()),
        // Without the table, the printed `apply` would revoke sessions that this plan leaves alone.
        ("--records", aws.records.as_deref()),
    ];
    let given = options.into_iter().filter_map(|(name, value)| Some([name.to_owned(), quoted(value?)]));
    given.flatten().collect()
}

/// A word of a shell command.
pub(super) fn quoted(word: &str) -> String {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"_-./:@=+,".contains(&b);
    if !word.is_empty() && word.bytes().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}
