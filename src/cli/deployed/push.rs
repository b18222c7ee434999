//! `onboard config push`: stores a configuration with its files, after showing the difference.
//!
//! [`onboarding_core::config::deployed_files`] explains the order of the writes: new contents, the index, then the old contents.

use anyhow::{Context, anyhow, bail, ensure};
use secrecy::ExposeSecret;

use super::stored::{Below, Stored, denied, stored};
use crate::cli::common_args::Aws;
use crate::cli::config::{errors, print_warnings, refuse_example_values, text_and_files};
use crate::cli::config_args::Push;
use crate::cli::confirm;
use crate::cli::exit::Exit;
use onboarding_core::blueprint;
use onboarding_core::config::Config;
use onboarding_core::config::deployed::{ParameterTier, has_parameters_of_the_stack, is_below, is_of_the_stack};
use onboarding_core::config::deployed_files::{FileIndex, FileSet, StoredFiles, changes};
use onboarding_core::lines::{Line, Mark, Style, render};
use onboarding_core::suggestion::counted;
use onboarding_core::text::Untrusted;
use onboarding_engine::DeployedConfiguration;
use onboarding_engine::ports::{
    Clock, NewParameter, ParameterKind, ParameterStore, ParameterWrite, Secrets, StoredParameter,
};

/// The most names in one call of `ssm:DeleteParameters`.
const NAMES_PER_CALL: usize = 10;

pub(in crate::cli) async fn push<W: ParameterStore + Secrets + Clock>(
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
    let new = NewConfiguration::read(&file, &name)?;
    confirm::ensure_can_ask("config push", yes)?;
    print_warnings(&new.config);

    let world = connect(&aws).await?;
    let list = if new.files.has_files() { Below::Always } else { Below::OfIndex };
    let present = Stored::read(&world, &name, list).await?;
    let below = new.index.compare(&name, present.below.clone());
    let is_stored = present.value.as_ref().is_some_and(|stored| stored.value.expose_secret() == new.value);
    if is_stored && new.is_complete(&below) && below.leftovers.is_empty() {
        print_line!("{name} has this configuration already; nothing to do.");
        return Ok(Exit::Done);
    }
    let plan = plan(&world, &name, &new, present.value.as_ref()).await?;
    print_plan(&name, &new, &present, &below, &plan)?;
    if !yes && !confirm::ask("Store it?")? {
        print_line!("Nothing was changed.");
        return Ok(Exit::Pending);
    }
    refuse_if_changed(&world, &name, present.value.as_ref()).await?;
    write_files(&world, &name, &new, &below).await?;
    let version = write_value(&world, &name, &new, present.value.as_ref(), &plan).await?;
    if !below.leftovers.is_empty() {
        delete_leftovers(&world, &name, version, &below.leftovers).await?;
    }
    if new.files.has_files() {
        verify(&world, &name, &new).await?;
    }
    print_line!(
        "The function uses it within a minute, if the stack parameter ConfigurationParameterName is {name}; `onboard doctor` \
         shows which one it reads."
    );
    Ok(Exit::Done)
}

/// A configuration that the function can use.
struct NewConfiguration {
    config: Config,
    files: FileSet,
    /// The index of the files; empty if there are none.
    index: FileIndex,
    /// The value of the parameter: the configuration, or the index.
    value: String,
}

impl NewConfiguration {
    /// Reads a configuration, as the function will.
    fn read(file: &str, name: &str) -> anyhow::Result<Self> {
        let (text, folder) = text_and_files(file)?;
        let (config, files) = FileSet::collect(&text, &folder).map_err(errors)?;
        refuse_example_values(&config)?;
        ParameterTier::for_value(&text, None).map_err(|error| anyhow!("`{file}` is too large: {error}"))?;
        if !files.has_files() {
            return Ok(Self { config, files, index: FileIndex::default(), value: text });
        }
        ensure!(
            config.external_ids().is_empty(),
            "`{file}` references files and contains external IDs, and files are stored without encryption; keep the external IDs in \
             SSM parameters: `external-id = {{ ssm-parameter = \"/name\" }}`"
        );
        ensure!(
            !has_parameters_of_the_stack(name),
            "the stack creates parameters below `{name}`; choose another name for a configuration with files, such as `{name}/own`"
        );
        if let Some(secret) = blueprint::parameters(&config).into_iter().find(|parameter| is_below(name, parameter)) {
            bail!(
                "`{file}` refers to the SSM parameter `{secret}`, which is below `{name}`, where its files are stored; choose another name"
            );
        }
        let index = FileIndex::new(name, &files).map_err(|error| anyhow!("`{file}` cannot be stored: {error}"))?;
        let value = index.to_value();
        // Exactly what the function will parse.
        files.parse(name).map_err(errors)?;
        Ok(Self { config, files, index, value })
    }

    fn is_complete(&self, below: &StoredFiles) -> bool {
        !self.files.has_files() || self.files.iter().all(|(file, _)| below.has(file))
    }
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
    new: &NewConfiguration,
    stored: Option<&StoredParameter>,
) -> anyhow::Result<Plan> {
    let Some(stored) = stored else {
        let kind = if new.config.external_ids().is_empty() { ParameterKind::Plain } else { ParameterKind::Secure };
        let tier = ParameterTier::for_value(&new.value, None).map_err(|error| anyhow!(error))?;
        return Ok(Plan { kind, key: None, tier, present: None });
    };
    ensure!(
        stored.kind != ParameterKind::List,
        "the SSM parameter `{name}` is a StringList; delete it, or choose another name"
    );
    let settings = world.parameter_settings(name).await.map_err(|error| denied(error, name, "describe"))?;
    let settings =
        settings.with_context(|| format!("the SSM parameter `{name}` was deleted in the meantime; run again"))?;
    let tier = ParameterTier::for_value(&new.value, Some(settings.tier)).map_err(|error| anyhow!(error))?;
    let key = settings.key.filter(|_| stored.kind == ParameterKind::Secure);
    Ok(Plan { kind: stored.kind, key, tier, present: Some(settings.tier) })
}

fn print_plan(
    name: &str,
    new: &NewConfiguration,
    present: &Stored,
    below: &StoredFiles,
    plan: &Plan,
) -> anyhow::Result<()> {
    let kind = match plan.kind {
        ParameterKind::Secure => "SecureString",
        ParameterKind::Plain => "String",
        ParameterKind::List => "StringList",
    };
    let what = match &present.value {
        Some(stored) => format!("version {} of {name}, a {kind}:", stored.version),
        None => format!("{name} does not exist yet, and becomes a {kind}:"),
    };
    let mut lines = vec![Line::at(0).text(what)];
    match (&present.files, new.files.has_files()) {
        (Some(before), _) => lines.extend(changes(Some(before), &new.files)),
        (None, true) => lines.extend(changes(None, &new.files)),
        (None, false) => lines.extend(changes(Some(&FileSet::single("")), &new.files)),
    }
    let named: Vec<_> = present.index.parameters(name).map(|(_, parameter)| parameter).collect();
    for unused in below.leftovers.iter().filter(|leftover| !named.contains(leftover)) {
        lines
            .push(Line::at(0).mark(Mark::Remove).text(format!("{} (not used by any version)", Untrusted::new(unused))));
    }
    lines.push(Line::blank());
    let size = format!("{} bytes; the {} tier holds {}", new.value.len(), plan.tier.as_str(), plan.tier.limit());
    let count = new.files.iter().count();
    lines.push(Line::at(0).text(match new.files.has_files() {
        true => format!("{} below {name}, and their index: {size}", counted(count, "file")),
        false => size,
    }));
    let is_new = |(file, text): &(&str, &str)| !below.has(file) && text.len() > ParameterTier::Standard.limit();
    let has_new_advanced = new.files.has_files() && new.files.iter().any(|file| is_new(&file));
    if has_new_advanced || plan.tier == ParameterTier::Advanced && plan.present != Some(ParameterTier::Advanced) {
        let note = "AWS charges for parameters of the Advanced tier, and they cannot go back to the Standard tier.";
        lines.push(Line::at(0).styled(Style::Warning, note));
    }
    for stray in &below.strays {
        let note = format!("{} was not written by a push; it is ignored, and stays.", Untrusted::new(stray));
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

/// Writes the contents that are not stored yet. Until the index names them, they change nothing.
async fn write_files(
    world: &impl ParameterStore,
    name: &str,
    new: &NewConfiguration,
    below: &StoredFiles,
) -> anyhow::Result<()> {
    for (file, parameter) in new.index.parameters(name).filter(|(file, _)| !below.has(file)) {
        let text = new.files.get(file).unwrap_or_default();
        let tier = ParameterTier::for_value(text, None).map_err(|error| anyhow!(error))?;
        let write = if below.is_altered(file) { ParameterWrite::Overwrite } else { ParameterWrite::Create };
        let content =
            NewParameter { name: &parameter, value: text, kind: ParameterKind::Plain, key: None, tier, write };
        world.put_parameter(&content).await.map_err(|error| denied(error, &parameter, "store")).with_context(|| {
            format!("{name} and what the function reads are unchanged; run again to store the rest")
        })?;
    }
    Ok(())
}

/// Writes the configuration, or the index. From here on, the function uses the new configuration.
async fn write_value(
    world: &impl ParameterStore,
    name: &str,
    new: &NewConfiguration,
    present: Option<&StoredParameter>,
    plan: &Plan,
) -> anyhow::Result<i64> {
    let write = if present.is_some() { ParameterWrite::Overwrite } else { ParameterWrite::Create };
    let Plan { kind, key, tier, .. } = plan;
    let value = NewParameter { name, value: &new.value, kind: *kind, key: key.as_deref(), tier: *tier, write };
    let version = world.put_parameter(&value).await.map_err(|error| denied(error, name, "store"))?;
    let expected = present.map_or(1, |stored| stored.version + 1);
    print_line!("Stored as version {version} of {name}.");
    if version != expected {
        // SSM has no conditional write.
        print_line!(
            "Another caller stored version {} at the same moment; see `aws ssm get-parameter-history --name {name}`.",
            version - 1
        );
    }
    Ok(version)
}

/// Deletes contents that the new index does not name. Another index may name them: then nothing is deleted.
async fn delete_leftovers(
    world: &impl ParameterStore,
    name: &str,
    version: i64,
    leftovers: &[String],
) -> anyhow::Result<()> {
    let now = stored(world, name).await?;
    if now.is_none_or(|now| now.version != version) {
        print_line!("{name} was changed again by another caller; the old files were not deleted.");
        return Ok(());
    }
    let names: Vec<&str> = leftovers.iter().map(String::as_str).collect();
    for names in names.chunks(NAMES_PER_CALL) {
        let deleted = world.delete_parameters(names).await;
        deleted.map_err(|error| denied(error, names.first().copied().unwrap_or(name), "delete")).with_context(|| {
            format!("{name} has the new configuration, which the function uses; only the old files remain, run again to delete them")
        })?;
    }
    Ok(())
}

/// Reads everything again as the function does: a push of another caller may have deleted a content that both have.
async fn verify<W: Secrets + Clock>(world: &W, name: &str, new: &NewConfiguration) -> anyhow::Result<()> {
    let read = DeployedConfiguration::read(world, name).await?;
    ensure!(
        read.files == new.files,
        "{name} is not what was stored: another caller stored a configuration at the same moment; compare with `onboard config pull \
         --name {name} --against FILE`"
    );
    Ok(())
}
