//! `onboard verify`: who can assume the roles of an account and what the roles may do, evaluated; and, with a profile of the identity
//! account, attempts to assume them for real.

use std::io::IsTerminal;

use anyhow::{Context, bail, ensure};
use secrecy::{ExposeSecret, SecretString};

use super::account::{Requested, start};
use super::common_args::{Aws, Format};
use super::exit::Exit;
use super::explained::explained_error;
use super::hidden_input::HiddenInput;
use super::output::warn;
use super::target_args::Target;
use super::verify_args::{AttemptArgs, Verify, mfa_code};
use onboarding_core::account::AccountId;
use onboarding_core::blueprint::Blueprint;
use onboarding_core::error::{ApiError, ErrorKind};
use onboarding_core::lines::render;
use onboarding_core::observed::Observed;
use onboarding_core::redaction::KnownSecrets;
use onboarding_core::report::Report;
use onboarding_core::text::Untrusted;
use onboarding_core::verify::{
    Attempt, AttemptResult, Attempts, Conclusion, Trial, Trials, Verification, VerifyCaller, attempts, permissions,
};
use onboarding_engine::Verified;
use onboarding_engine::ports::{Profiles, TryAccess, World};

/// How often a code may be mistyped.
const QUESTIONS: u32 = 3;

pub(super) async fn verify<W: World + Profiles>(
    arguments: Verify,
    connect: impl AsyncFnOnce(&Aws) -> anyhow::Result<W>,
) -> anyhow::Result<Exit> {
    let requested = Requested::account(arguments.account.clone());
    let (target, caller) = arguments.into_parts();
    let (engine, job) = match start(&target, requested, connect).await? {
        Ok(start) => start,
        Err(report) => return show(&evaluated(*report, None, &target)?, &target),
    };
    // A profile that cannot be used ends the command before it reads anything.
    let caller = match caller {
        Some(arguments) => Some(SignedIn::new(&engine.world, arguments, &job.account).await?),
        None => None,
    };
    let Verified { report, state, .. } = engine.verify(&job).await;
    let mut verification = evaluated(report, state.as_ref(), &target)?;
    if let (Some(caller), Some((blueprint, observed))) = (caller, &state) {
        let wanted = attempts(blueprint, observed, &caller.identity, caller.serial.is_some());
        verification.trials = Some(caller.try_all(wanted).await?);
    }
    show(&verification, &target)
}

/// The evaluated part, which is printed before anything is tried.
fn evaluated(report: Report, state: Option<&(Blueprint, Observed)>, target: &Target) -> anyhow::Result<Verification> {
    let permissions = state.map(|(blueprint, observed)| permissions(blueprint, observed)).unwrap_or_default();
    let verification = Verification { report, permissions, trials: None };
    if target.format == Format::Text {
        print_text!("{}", render(&verification.evaluated_lines(target.detail())));
    }
    Ok(verification)
}

fn show(verification: &Verification, target: &Target) -> anyhow::Result<Exit> {
    match target.format {
        Format::Text => print_text!("{}", render(&verification.tried_lines())),
        Format::Json => print_line!("{}", serde_json::to_string_pretty(&verification.to_json()?)?),
    }
    let evaluated = Exit::from_outcome(&verification.report.outcome);
    Ok(match verification.trials.as_ref().map(Trials::conclusion) {
        Some(Conclusion::Breach) => Exit::Blocked,
        _ if evaluated != Exit::Done => evaluated,
        Some(Conclusion::LockedOut) => Exit::Blocked,
        Some(Conclusion::Incomplete) => Exit::Error,
        Some(Conclusion::Holds) | None => Exit::Done,
    })
}

/// The caller of the attempts, whose credentials AWS accepts.
struct SignedIn<P> {
    name: String,
    profile: P,
    identity: VerifyCaller,
    serial: Option<String>,
    code: Option<SecretString>,
}

impl<P: TryAccess> SignedIn<P> {
    async fn new<W: Profiles<Profile = P>>(
        world: &W,
        arguments: AttemptArgs,
        account: &AccountId,
    ) -> anyhow::Result<Self> {
        let AttemptArgs { profile: name, mfa_serial, mfa_code: code } = arguments;
        let shown = Untrusted::new(name.as_str());
        let profile = world.profile(&name).await?;
        let unusable = |error: ApiError| explained_error(&format!("profile `{shown}` cannot be used"), &error);
        let (arn, keys) = profile.identity().await.map_err(unusable)?;
        let identity = VerifyCaller::new(&arn, keys).with_context(|| format!("profile `{shown}`"))?;
        ensure!(
            identity.account() != account,
            "profile `{shown}` is signed in to account {account} itself ({arn}); pass a profile of the identity account, such \
             as the `source_profile` of `{shown}`"
        );
        let serial = mfa_serial.map(|serial| serial.to_string()).or_else(|| profile.mfa_serial().map(str::to_owned));
        if code.is_some() && !identity.can_use_mfa() {
            bail!(
                "`--mfa-code` needs the access keys of an IAM user, and profile `{shown}` is signed in as `{arn}` with temporary \
                 credentials; leave the option out"
            );
        }
        Ok(Self { name, profile, identity, serial, code })
    }

    /// Makes the attempts one after the other, so that CloudTrail and the result have the same order.
    async fn try_all(self, wanted: Attempts) -> anyhow::Result<Trials> {
        let with_mfa = if wanted.need_mfa() { Some(self.sign_in_with_mfa().await?) } else { None };
        if with_mfa.is_none() && self.code.is_some() {
            warn("the MFA code was not used: no role requires MFA of this caller");
        }
        let secrets = KnownSecrets::default();
        let ids = wanted.attempts.iter().filter_map(Attempt::external_id);
        ids.for_each(|id| secrets.add(id.expose_secret()));
        let mut trials = Vec::new();
        for attempt in wanted.attempts {
            let result = match &with_mfa {
                Some(Ok(profile)) if attempt.mfa == Some(true) => {
                    AttemptResult::new(&attempt, profile.assume_and_identify(&attempt).await, &secrets)
                }
                Some(Err(result)) if attempt.mfa == Some(true) => result.clone(),
                _ => AttemptResult::new(&attempt, self.profile.assume_and_identify(&attempt).await, &secrets),
            };
            trials.push(Trial { attempt, result });
        }
        Ok(Trials { profile: self.name, caller: self.identity, trials, not_tried: wanted.not_tried })
    }

    /// A session of the same user with MFA, or why there is none.
    async fn sign_in_with_mfa(&self) -> anyhow::Result<Result<P, AttemptResult>> {
        let serial = self.serial.clone().unwrap_or_default();
        let code = match &self.code {
            Some(code) => code.clone(),
            None => ask_for_code(&serial)?,
        };
        let secrets = KnownSecrets::default();
        secrets.add(code.expose_secret());
        Ok(self.profile.with_mfa(&serial, &code).await.map_err(|error| match error.kind() {
            ErrorKind::AccessDenied => AttemptResult::NotTried {
                reason: secrets.redacted(error.to_string()),
                fix: format!(
                    "pass the current code of `{serial}`, which must be a device of this user; a code works once"
                ),
            },
            _ => AttemptResult::not_tried(&error, &secrets),
        }))
    }
}

/// Asks for a code on the terminal, which does not show it.
fn ask_for_code(serial: &str) -> anyhow::Result<SecretString> {
    ensure!(
        std::io::stdin().is_terminal(),
        "a role requires MFA and stdin is not a terminal; pass the code of `{serial}` as `--mfa-code`"
    );
    let terminal = HiddenInput::start().context("cannot use the terminal")?;
    for _ in 0..QUESTIONS {
        let typed = terminal.ask(&format!("MFA code for {serial}: ")).context("cannot read the MFA code")?;
        match mfa_code(typed.expose_secret()) {
            Ok(code) => return Ok(code),
            Err(problem) => warn(problem),
        }
    }
    bail!("no MFA code was given; run again, or pass it as `--mfa-code`")
}

#[cfg(test)]
#[path = "verify_tests.rs"]
mod tests;
