//! `onboard aws-config`: a profile for each account in `~/.aws/config`.
//!
//! The profiles are between two marker lines, and only these lines are replaced: see [`onboarding_core::aws_config`].

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::{Context, ensure};

use super::access_args::AwsConfig;
use super::accounts::{self, Listed};
use super::common_args::Aws;
use super::confirm;
use super::exit::Exit;
use super::profile_files;
use super::user_file::{UserFile, shown};
use onboarding_core::account::{Account, AccountId};
use onboarding_core::aws_config::{
    Access, Comparison, Difference, Markers, Parts, ProfileName, Renamed, Section, SectionChange, SessionName,
    SsoAccess, SsoSession, UserAccess, assign_names, compare, comparison_lines, profile_section, replace, sections,
    session_section,
};
use onboarding_core::config::Config;
use onboarding_core::console::{access_requires_mfa, can_assume_access_role};
use onboarding_core::lines::{Line, Style, render};
use onboarding_core::report::Detail;
use onboarding_core::role::RoleName;
use onboarding_core::suggestion::did_you_mean;
use onboarding_engine::ports::World;

/// How many renamed profiles the text names, unless it is verbose.
const RENAMED_SHOWN: usize = 10;

pub(super) async fn aws_config<W: World>(
    arguments: AwsConfig,
    connect: impl AsyncFnOnce(&Aws) -> anyhow::Result<W>,
) -> anyhow::Result<Exit> {
    confirm::ensure_can_ask("aws-config", arguments.yes)?;
    let config = accounts::configuration(&arguments.roles)?;
    let path = profile_files::path(arguments.file.as_deref(), "AWS_CONFIG_FILE", "config");
    let path = path.context("there is no home folder; pass `--file`")?;
    // Problems of the file are reported before AWS is asked for thousands of accounts.
    let file = UserFile::read(&path)?;
    let world = connect(&arguments.aws).await?;
    let listed = accounts::list(&world, &config).await?;
    let roles = accounts::access_roles(&world, &config, &listed.accounts, arguments.roles.access_role.as_ref()).await?;
    let prepared = prepare(&arguments, &config, &file, &listed, &roles)?;
    print_text!("{}", render(&prepared.lines));
    // The block may be formatted in another way; that is not a reason to write it.
    if prepared.is_up_to_date {
        return Ok(Exit::Done);
    }
    let backup = file.backup_path();
    let goes_to = backup.as_ref().map(|path| format!(" A backup goes to {}.", shown(path))).unwrap_or_default();
    if !arguments.yes && !confirm::ask(&format!("Write?{goes_to}"))? {
        print_line!("Nothing was changed.");
        return Ok(Exit::Pending);
    }
    file.replace(&prepared.content, backup.as_deref())?;
    let kept = backup.map(|path| format!("; the file before is {}", shown(&path))).unwrap_or_default();
    print_line!("Written: {}{kept}", file.shown);
    Ok(Exit::Done)
}

/// The new content of the file, and what changes in it.
struct Prepared {
    content: Vec<u8>,
    lines: Vec<Line>,
    /// Whether every profile is as it should be.
    is_up_to_date: bool,
}

fn prepare(
    arguments: &AwsConfig,
    config: &Config,
    file: &UserFile,
    listed: &Listed,
    roles: &[RoleName],
) -> anyhow::Result<Prepared> {
    let management = listed.management.as_ref().context("the organization has no accounts")?;
    let markers = Markers::new(management);
    let parts = Parts::find(&file.content, &markers).with_context(|| file.shown.clone())?;
    let outside = Outside::read(&parts);
    let before = sections(&parts.inside());
    let access = access(arguments, config, &outside, &before, &file.shown)?;
    let wanted = Wanted { arguments, config, listed, roles, access: &access };
    let (after, renamed) = wanted.sections(&before, &outside)?;
    let comparison = compare(&before, &after);
    let detail = if arguments.verbose { Detail::Full } else { Detail::Summary };
    let mut lines = vec![heading(&file.shown, &comparison, outside.profiles_in_file)];
    lines.extend(comparison_lines(&comparison, detail));
    lines.extend(notes(&wanted, &renamed, detail));
    let content = replace(&parts, &markers, &after);
    Ok(Prepared { content, lines, is_up_to_date: comparison.changes.is_empty() })
}

/// The names that exist outside the block.
struct Outside {
    profiles: BTreeSet<String>,
    /// How many of the profiles are in the file itself.
    profiles_in_file: usize,
    sso_sessions: BTreeSet<String>,
}

impl Outside {
    fn read(parts: &Parts<'_>) -> Self {
        // Python, in which the AWS CLI is written, takes a lone carriage return for a line ending.
        let text = parts.outside().replace('\r', "\n");
        let mut profiles = profile_files::names(&text, true);
        let profiles_in_file = profiles.len();
        // A profile has the settings of both files.
        profiles.extend(profile_files::names_with_credentials());
        Self { profiles, profiles_in_file, sso_sessions: profile_files::sso_sessions(&text) }
    }
}

/// How the profiles get their credentials, and the SSO session to write, if there is one.
struct ProfileAccess {
    access: Access,
    session: Option<Section>,
}

fn access(
    arguments: &AwsConfig,
    config: &Config,
    outside: &Outside,
    before: &[Section],
    file: &str,
) -> anyhow::Result<ProfileAccess> {
    if let Some(profile) = &arguments.user_profile {
        ensure!(
            outside.profiles.contains(profile.as_str()),
            "profile `{profile}` does not exist in {file}{}; `aws configure --profile {profile}` adds the keys of an IAM user",
            did_you_mean(profile.as_str(), outside.profiles.iter().map(String::as_str))
        );
        let session_name = arguments.session_name.clone().or_else(|| profile.as_str().parse::<SessionName>().ok());
        let access = Access::User(UserAccess {
            source_profile: profile.clone(),
            mfa_serial: arguments.mfa.clone(),
            session_name,
            duration: arguments.duration.map(|seconds| Duration::from_secs(seconds.into())),
        });
        return Ok(ProfileAccess { access, session: None });
    }
    let session = arguments.sso_session.as_ref().context("pass `--user-profile` or `--sso-session`")?;
    let permission_set = config.console.permission_set.clone();
    let permission_set = permission_set.context(
        "the permission set is not known; pass `--permission-set`, or set `permission-set` in `[console]` of the configuration",
    )?;
    let section = sso_session(session, arguments, config, outside, before, file)?;
    Ok(ProfileAccess { access: Access::Sso(SsoAccess { session: session.clone(), permission_set }), session: section })
}

/// The SSO session, unless it exists outside the block.
fn sso_session(
    name: &ProfileName,
    arguments: &AwsConfig,
    config: &Config,
    outside: &Outside,
    before: &[Section],
    file: &str,
) -> anyhow::Result<Option<Section>> {
    if outside.sso_sessions.contains(name.as_str()) {
        ensure!(
            arguments.sso_region.is_none(),
            "the SSO session `{name}` already exists in {file}; leave out `--sso-region`, or choose another name"
        );
        return Ok(None);
    }
    let earlier = before.iter().find(|section| section.header == format!("sso-session {name}"));
    match (&arguments.sso_region, &config.console.access_portal, earlier) {
        (Some(region), Some(portal), _) => {
            let session = SsoSession { name: name.clone(), start_url: portal.clone(), region: region.clone() };
            Ok(Some(session_section(&session)))
        }
        (None, _, Some(section)) => Ok(Some(section.clone())),
        _ => anyhow::bail!(
            "the SSO session `{name}` does not exist in {file}; to add it, pass `--sso-region` and `--access-portal`, or set \
             `access-portal` in `[console]` of the configuration"
        ),
    }
}

/// Everything that decides what the block contains.
struct Wanted<'a> {
    arguments: &'a AwsConfig,
    config: &'a Config,
    listed: &'a Listed,
    /// The access role of each account.
    roles: &'a [RoleName],
    access: &'a ProfileAccess,
}

impl Wanted<'_> {
    /// The sections of the block, sorted by name, and the profiles that have another name than the template's.
    fn sections(&self, before: &[Section], outside: &Outside) -> anyhow::Result<(Vec<Section>, Vec<Renamed>)> {
        let Self { arguments, listed, access, .. } = self;
        // The profile of an account that cannot be read stays.
        let unreadable: Vec<_> = listed.skipped.iter().filter(|skipped| skipped.is_unreadable()).collect();
        ensure!(
            unreadable.iter().all(|skipped| skipped.id.is_some()),
            "an account without an ID is listed, so it is not known whether its profile is stale; nothing was changed"
        );
        let is_unreadable = |id: &AccountId| unreadable.iter().any(|skipped| skipped.id.as_ref() == Some(id));
        let kept: Vec<_> =
            before.iter().filter(|s| s.account().is_some_and(|id| is_unreadable(&id))).cloned().collect();
        let mut reserved = outside.profiles.clone();
        reserved.extend(kept.iter().filter_map(Section::profile).map(str::to_owned));
        let accounts: Vec<_> =
            listed.accounts.iter().zip(self.roles).filter(|(a, role)| self.can_use(a, role)).collect();
        ensure!(
            !accounts.is_empty() || listed.accounts.is_empty(),
            "the configuration grants no account, role or user access to the access role without an external ID; add \
             `[[access-role.grant]]`"
        );
        let wanted: BTreeMap<_, _> = accounts
            .iter()
            .map(|(account, role)| {
                let role = match &access.access {
                    Access::User(_) => role.as_str(),
                    Access::Sso(sso) => sso.permission_set.as_str(),
                };
                (account.id.clone(), arguments.name.expand(&account.id, &account.name, role))
            })
            .collect();
        let assigned = assign_names(&wanted, &reserved);
        let profiles = accounts.iter().filter_map(|(account, role)| {
            let name = assigned.names.get(&account.id)?;
            Some(profile_section(name, account, role, &access.access, arguments.profile_region.as_ref()))
        });
        let mut sections: Vec<_> = profiles.chain(kept).collect();
        sections.sort_by(|a, b| a.header.cmp(&b.header));
        if !sections.is_empty() {
            sections.splice(0..0, access.session.clone());
        }
        Ok((sections, assigned.renamed))
    }

    /// Whether the profiles cannot assume the role of an account because they name no MFA device.
    fn lacks_mfa(&self) -> bool {
        let Access::User(user) = &self.access.access else { return false };
        let mut accounts = self.listed.accounts.iter().zip(self.roles);
        user.mfa_serial.is_none() && accounts.any(|(account, role)| access_requires_mfa(self.config, account, role))
    }

    /// Whether the user can be granted the role. The permission sets of users of IAM Identity Center are not known.
    fn can_use(&self, account: &Account, role: &RoleName) -> bool {
        match self.access.access {
            Access::User(_) => !can_assume_access_role(self.config, account, role).is_empty(),
            Access::Sso(_) => true,
        }
    }
}

fn heading(file: &str, comparison: &Comparison, others: usize) -> Line {
    let plural = |count: usize| if count == 1 { "profile" } else { "profiles" };
    if comparison.changes.is_empty() {
        return Line::at(0).text(format!("{file}: nothing to do, every profile is up to date"));
    }
    let count = |difference| {
        let is_counted =
            |change: &&SectionChange| change.difference == difference && change.header.starts_with("profile ");
        comparison.changes.iter().filter(is_counted).count()
    };
    let add = count(Difference::Add);
    let change = count(Difference::Change);
    let remove = count(Difference::Remove);
    let others = if others == 1 {
        "1 other profile stays untouched".to_owned()
    } else {
        format!("{others} other profiles stay untouched")
    };
    Line::heading(format!("{file}: {add} {} to add, {change} to change, {remove} to remove; {others}", plural(add)))
}

/// Remarks on the profiles, on their names, and on accounts without a profile.
fn notes(wanted: &Wanted<'_>, renamed: &[Renamed], detail: Detail) -> Vec<Line> {
    let shown = if detail == Detail::Full { usize::MAX } else { RENAMED_SHOWN };
    let note = |text: String| Line::at(0).styled(Style::Warning, "note:").text(format!(" {text}"));
    let mut lines: Vec<_> = renamed.iter().take(shown).map(|renamed| note(renamed.to_string())).collect();
    if let Some(more) = renamed.len().checked_sub(shown).filter(|more| *more > 0) {
        lines
            .push(note(format!("{more} more profiles have the account ID in their names; `--verbose` shows them all")));
    }
    if wanted.lacks_mfa() {
        lines.push(note(
            "the grant on the access role requires MFA, and the profiles name no MFA device; pass `--mfa`".to_owned(),
        ));
    }
    if !lines.is_empty() {
        lines.insert(0, Line::blank());
    }
    lines.extend(wanted.listed.skipped_lines());
    lines
}

#[cfg(test)]
#[path = "aws_config_tests.rs"]
mod tests;
