//! `onboard config pull` and `onboard config push`: the configuration of the deployed function, in its SSM parameter.

use std::io::IsTerminal;
use std::path::Path;

use anyhow::{Context, anyhow, bail, ensure};
use secrecy::ExposeSecret;

use super::common_args::Aws;
use super::config::{errors, print_warnings, refuse_example_values};
use super::config_args::{Pull, Push};
use super::confirm;
use super::exit::Exit;
use super::explained::explained_error;
use super::input::read;
use super::new_file::{Existing, Readers, write_file};
use onboarding_core::config::deployed::{ParameterTier, difference, is_of_the_stack};
use onboarding_core::config::{Config, NoFiles};
use onboarding_core::error::{ApiError, ErrorKind};
use onboarding_core::lines::{Line, Style, render};
use onboarding_core::text::printable_lines;
use onboarding_engine::ports::{NewParameter, ParameterKind, ParameterStore, ParameterWrite, StoredParameter};

pub(super) async fn pull<W: ParameterStore>(
    options: Pull,
    connect: impl AsyncFnOnce(&Aws) -> anyhow::Result<W>,
) -> anyhow::Result<Exit> {
    let existing = if options.force { Existing::Replaced } else { Existing::Kept };
    if let (Some(file), Existing::Kept) = (&options.out, existing) {
        ensure!(
            std::fs::symlink_metadata(file).is_err(),
            "`{file}` exists already; compare with `--against {file}`, or pass `--force` to replace it"
        );
    }
    let local = options.against.as_deref().map(read).transpose()?;
    let name = &options.parameter.name;
    let world = connect(&options.aws).await?;
    let stored = stored(&world, name).await?.ok_or_else(|| {
        anyhow!("the SSM parameter `{name}` does not exist in this account and region; check `--name` and `--region`")
    })?;
    let text = stored.value.expose_secret();
    match (local, &options.out) {
        (Some(local), _) => {
            let file = options.against.as_deref().unwrap_or_default();
            return compare(name, text, file, &local);
        }
        // Whoever may write the parameter must not be able to repaint the terminal.
        (None, None) if std::io::stdout().is_terminal() => print_text!("{}", printable_lines(text)),
        (None, None) => print_text!("{text}"),
        (None, Some(file)) => {
            let readers = if stored.kind == ParameterKind::Secure { Readers::Owner } else { Readers::All };
            write_file(Path::new(file), text, readers, existing)?;
            print_line!("{file} is version {} of {name}.", stored.version);
        }
    }
    Ok(Exit::Done)
}

/// What a push would change.
fn compare(name: &str, deployed: &str, file: &str, local: &str) -> anyhow::Result<Exit> {
    if deployed == local {
        print_line!("{file} and {name} are equal.");
        return Ok(Exit::Done);
    }
    print_line!("A push of {file} would change {name}:");
    print_text!("{}", render(&shown(deployed, local)));
    Ok(Exit::Pending)
}

fn shown(before: &str, after: &str) -> Vec<Line> {
    difference(before, after).unwrap_or_else(|| {
        let note = "the deployed value is not valid TOML; it is not shown, because it may contain external IDs";
        vec![Line::at(2).styled(Style::Warning, note)]
    })
}

pub(super) async fn push<W: ParameterStore>(
    options: Push,
    connect: impl AsyncFnOnce(&Aws) -> anyhow::Result<W>,
) -> anyhow::Result<Exit> {
    let Push { config: file, parameter, yes, aws } = options;
    let name = parameter.name;
    ensure!(
        !is_of_the_stack(&name),
        "the stack creates `{name}` and would replace it at the next update; choose another name, and set the stack parameter \
         `ConfigurationParameterName` to it"
    );
    let text = read(&file)?;
    // The function reads it in the same way: without files.
    let config = Config::parse(&text, &NoFiles::named(&file)).map_err(errors)?;
    refuse_example_values(&config)?;
    ParameterTier::for_value(&text, None).map_err(|error| anyhow!("`{file}` is too large: {error}"))?;
    confirm::ensure_can_ask("config push", yes)?;
    print_warnings(&config);

    let world = connect(&aws).await?;
    let stored = stored(&world, &name).await?;
    if stored.as_ref().is_some_and(|stored| stored.value.expose_secret() == text) {
        print_line!("{name} has this configuration already; nothing to do.");
        return Ok(Exit::Done);
    }
    let plan = plan(&world, &name, &text, &config, stored.as_ref()).await?;
    print_plan(&name, &text, stored.as_ref(), &plan)?;
    if !yes && !confirm::ask("Store it?")? {
        print_line!("Nothing was changed.");
        return Ok(Exit::Pending);
    }
    refuse_if_changed(&world, &name, stored.as_ref()).await?;
    let write = if stored.is_some() { ParameterWrite::Overwrite } else { ParameterWrite::Create };
    let Plan { kind, key, tier, .. } = &plan;
    let new = NewParameter { name: &name, value: &text, kind: *kind, key: key.as_deref(), tier: *tier, write };
    let version = world.put_parameter(&new).await.map_err(|error| denied(error, &name, "store"))?;
    let expected = stored.as_ref().map_or(1, |stored| stored.version + 1);
    print_line!("Stored as version {version} of {name}.");
    if version != expected {
        // SSM has no conditional write.
        print_line!(
            "Another caller stored version {} at the same moment; see `aws ssm get-parameter-history --name {name}`.",
            version - 1
        );
    }
    print_line!(
        "The function uses it within a minute, if the stack parameter ConfigurationParameterName is {name}; `onboard doctor` \
         shows which one it reads."
    );
    Ok(Exit::Done)
}

/// How the value will be stored.
struct Plan {
    kind: ParameterKind,
    key: Option<String>,
    tier: ParameterTier,
    present: Option<ParameterTier>,
}

/// A new version keeps the type, the key and the tier of the present one. Without external IDs in it, a new parameter is not
/// encrypted: everything in a configuration is shown by the roles that it makes.
async fn plan(
    world: &impl ParameterStore,
    name: &str,
    text: &str,
    config: &Config,
    stored: Option<&StoredParameter>,
) -> anyhow::Result<Plan> {
    let Some(stored) = stored else {
        let kind = if config.external_ids().is_empty() { ParameterKind::Plain } else { ParameterKind::Secure };
        let tier = ParameterTier::for_value(text, None).map_err(|error| anyhow!(error))?;
        return Ok(Plan { kind, key: None, tier, present: None });
    };
    let settings = world.parameter_settings(name).await.map_err(|error| denied(error, name, "describe"))?;
    let settings =
        settings.with_context(|| format!("the SSM parameter `{name}` was deleted in the meantime; run again"))?;
    let tier = ParameterTier::for_value(text, Some(settings.tier)).map_err(|error| anyhow!(error))?;
    let key = settings.key.filter(|_| stored.kind == ParameterKind::Secure);
    Ok(Plan { kind: stored.kind, key, tier, present: Some(settings.tier) })
}

fn print_plan(name: &str, text: &str, stored: Option<&StoredParameter>, plan: &Plan) -> anyhow::Result<()> {
    let kind = match plan.kind {
        ParameterKind::Secure => "SecureString",
        ParameterKind::Plain => "String",
    };
    let what = match stored {
        Some(stored) => format!("version {} of {name}, a {kind}:", stored.version),
        None => format!("{name} does not exist yet, and becomes a {kind}:"),
    };
    let mut lines = vec![Line::at(0).text(what)];
    lines.extend(shown(stored.map_or("", |stored| stored.value.expose_secret()), text));
    let size = format!("{} bytes; the {} tier holds {}", text.len(), plan.tier.as_str(), plan.tier.limit());
    lines.extend([Line::blank(), Line::at(0).text(size)]);
    if plan.tier == ParameterTier::Advanced && plan.present != Some(ParameterTier::Advanced) {
        let note = "AWS charges for parameters of the Advanced tier, and they cannot go back to the Standard tier.";
        lines.push(Line::at(0).styled(Style::Warning, note));
    }
    print_text!("{}", render(&lines));
    Ok(())
}

/// Refuses to replace a version that the user has not seen.
async fn refuse_if_changed(
    world: &impl ParameterStore,
    name: &str,
    seen: Option<&StoredParameter>,
) -> anyhow::Result<()> {
    let version = |stored: Option<&StoredParameter>| stored.map_or(0, |stored| stored.version);
    let now = stored(world, name).await?;
    if version(now.as_ref()) != version(seen) {
        bail!(
            "the SSM parameter `{name}` was changed in the meantime (version {} instead of {}); nothing was written, run again to \
             see the new difference",
            version(now.as_ref()),
            version(seen)
        );
    }
    Ok(())
}

async fn stored(world: &impl ParameterStore, name: &str) -> anyhow::Result<Option<StoredParameter>> {
    world.stored_parameter(name).await.map_err(|error| denied(error, name, "read"))
}

/// Names the permission that is missing.
fn denied(error: ApiError, name: &str, what: &str) -> anyhow::Error {
    match error.kind() {
        ErrorKind::AccessDenied => {
            let call = error.call;
            anyhow!(
                "cannot {what} the SSM parameter `{name}`: {error}; your role or user needs `{call}` on it (and `kms:Decrypt` or `kms:Encrypt` for a SecureString with a key of your own)"
            )
        }
        _ => explained_error(&format!("cannot {what} the SSM parameter `{name}`"), &error),
    }
}
