//! `onboard init`: writes a first `onboarding.toml` from options and, on a terminal, the answers to questions.

mod answers;
mod args;
mod ask;
mod next;

use std::collections::BTreeSet;
use std::io::IsTerminal;
use std::path::Path;

use anyhow::{anyhow, ensure};

pub(super) use self::args::Init;

use self::answers::{NONE, has_user, identity_account, list, principals, vendor_names};
use self::args::Excluded;
use self::ask::{ask, choice, explain};
use super::exit::Exit;
use super::new_file::{Existing, Readers, write_file};
use onboarding_core::account::AccountId;
use onboarding_core::config::Config;
use onboarding_core::config::starter::{
    Granted, Mfa, Starter, StarterVendor, default_parameter, external_id_parameter, permission_set, registration_region,
};
use onboarding_core::exclude::Exclude;
use onboarding_core::lines::render;
use onboarding_core::suggestion::{list_of, one_of};
use onboarding_core::vendor::{Catalogue, ExternalIdRule, Vendor};

/// Whether missing answers are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Missing {
    Asked,
    Refused,
}

pub(super) fn init(options: Init) -> anyhow::Result<Exit> {
    let file = options.out.clone();
    ensure!(
        std::fs::symlink_metadata(&file).is_err(),
        "`{file}` exists already and is not overwritten; edit it, or pass `--out` with another name"
    );
    let missing = if std::io::stdin().is_terminal() { Missing::Asked } else { Missing::Refused };
    if missing == Missing::Refused {
        refuse_missing(&options)?;
    }
    let starter = starter(options, missing)?;
    let toml = starter.to_toml();
    let config = Config::parse_without_files(&toml).map_err(|problems| {
        anyhow!("these answers do not make a valid configuration: {}", problems.to_string().trim_end())
    })?;
    write_file(Path::new(&file), &toml, Readers::All, Existing::Kept)?;
    print_text!("{}", render(&next::steps(&file, &starter, &config)));
    Ok(Exit::Done)
}

/// Without a terminal, names every option that is missing.
fn refuse_missing(options: &Init) -> anyhow::Result<()> {
    let needs_mfa =
        options.permission_sets.is_empty() && (options.principals.is_empty() || has_user(&options.principals));
    let missing = [
        ("--identity-account", options.identity_account.is_none()),
        ("--require-mfa", needs_mfa && options.require_mfa.is_none()),
    ];
    let names: Vec<_> = missing.iter().filter(|(_, is_missing)| *is_missing).map(|(name, _)| *name).collect();
    ensure!(
        names.is_empty(),
        "stdin is not a terminal, so that nothing can be asked; pass {}",
        list_of(names.iter().copied())
    );
    Ok(())
}

fn starter(options: Init, missing: Missing) -> anyhow::Result<Starter> {
    let Init {
        identity_account: given,
        principals,
        permission_sets,
        require_mfa,
        vendors,
        parameters,
        registered,
        excluded,
        out: _,
    } = options;
    let identity_account = match given {
        Some(id) => id,
        None => {
            explain(
                "The identity account is the account in which people sign in, and from which they change to the others. Press \
                 Ctrl-C at any time: nothing is written before the last answer.",
            )?;
            ask("Identity account (12 digits)", None, identity_account)?
        }
    };
    let mfa = require_mfa.map(|required| if required { Mfa::Required } else { Mfa::NotRequired });
    let granted = granted(&identity_account, principals, permission_sets, mfa, missing)?;
    let vendors = chosen_vendors(vendors, parameters, registered, missing)?;
    let excluded = match (excluded.is_empty(), missing) {
        (true, Missing::Asked) => {
            explain(
                "Accounts that are never changed, for example one that another team manages, and organizational units whose accounts \
                 never are. The management account never is.",
            )?;
            ask("IDs of accounts and units to exclude, separated by commas", Some(NONE), |text| {
                list(text).iter().map(|id| answers::excluded(id)).collect::<Result<BTreeSet<_>, _>>()
            })?
        }
        _ => named(excluded)?,
    };
    Ok(Starter { identity_account, granted, vendors, excluded })
}

fn named(excluded: Vec<Excluded>) -> anyhow::Result<BTreeSet<Exclude>> {
    let says_none = excluded.iter().any(|value| matches!(value, Excluded::None));
    ensure!(
        !says_none || excluded.len() == 1,
        "`--exclude none` and `--exclude ID` contradict each other; pass one of them"
    );
    let named = |value| match value {
        Excluded::None => None,
        Excluded::Named(one) => Some(one),
    };
    Ok(excluded.into_iter().filter_map(named).collect())
}

fn granted(
    identity_account: &AccountId,
    given: Vec<String>,
    permission_sets: Vec<String>,
    mfa: Option<Mfa>,
    missing: Missing,
) -> anyhow::Result<Granted> {
    let valid = |arns| principals(identity_account, arns);
    let (principals, permission_sets) = if !given.is_empty() {
        (valid(given).map_err(|error| anyhow!("--principal: {error}"))?, permission_sets)
    } else if permission_sets.is_empty() && mfa.is_none() && missing == Missing::Asked {
        ask_who(&valid)?
    } else {
        (Vec::new(), permission_sets)
    };
    if !permission_sets.is_empty() {
        ensure!(
            mfa != Some(Mfa::Required),
            "sessions of IAM Identity Center do not show MFA to the accounts, so that `--require-mfa true` would deny them all; \
             require MFA in IAM Identity Center, and leave the option out"
        );
        return Ok(Granted::PermissionSets(permission_sets));
    }
    if !principals.is_empty() && !has_user(&principals) {
        ensure!(
            mfa != Some(Mfa::Required),
            "sessions of roles do not show MFA, so that `--require-mfa true` would deny them all; require MFA in the trust policies \
             of these roles, and leave the option out"
        );
        return Ok(Granted::Principals(principals, Mfa::NotRequired));
    }
    let mfa = match mfa {
        Some(mfa) => mfa,
        None => ask_mfa(principals.is_empty())?,
    };
    Ok(if principals.is_empty() { Granted::Account(mfa) } else { Granted::Principals(principals, mfa) })
}

/// Asks who may assume the access role: principals, or permission sets, or neither for the whole account.
fn ask_who(valid: &impl Fn(Vec<String>) -> Result<Vec<String>, String>) -> anyhow::Result<(Vec<String>, Vec<String>)> {
    const CHOICES: [(&str, &str); 3] = [
        ("account", "everyone whom the identity account's own policies allow it"),
        ("principals", "only some of its roles and users, by ARN"),
        ("permission-sets", "only some permission sets of IAM Identity Center, by name"),
    ];
    explain("Who of the identity account may assume the access role in the other accounts?")?;
    for (name, meaning) in CHOICES {
        choice(name, meaning)?;
    }
    let chosen = ask("Who", Some("account"), |text| {
        let names = CHOICES.map(|(name, _)| name);
        names.into_iter().find(|name| *name == text).ok_or_else(|| format!("write {}", one_of(names)))
    })?;
    let some = |text: &str, what: &str| {
        let words = list(text);
        if words.is_empty() { Err(format!("write at least one {what}")) } else { Ok(words) }
    };
    match chosen {
        "principals" => {
            let arns = ask("ARNs of roles and users, separated by commas", None, |text| valid(some(text, "ARN")?))?;
            Ok((arns, Vec::new()))
        }
        "permission-sets" => {
            let names = ask("Names of permission sets, separated by commas", None, |text| {
                some(text, "name")?.iter().map(|name| permission_set(name)).collect::<Result<Vec<_>, _>>()
            })?;
            Ok((Vec::new(), names))
        }
        _ => Ok((Vec::new(), Vec::new())),
    }
}

/// Asks whether the accounts are registered through the vendor's API, and in which region.
fn ask_registration(vendor: &Vendor) -> anyhow::Result<Option<String>> {
    explain(&format!(
        "{} has an API that registers each account and returns the external ID. It needs an API key, which is kept in an SSM \
         parameter. Without it, a person adds each account in the console.",
        vendor.title
    ))?;
    ask("Region of the API", Some(NONE), |text| match text {
        NONE => Ok(None),
        region => registration_region(vendor, region).map(Some),
    })
}

fn ask_mfa(is_whole_account: bool) -> anyhow::Result<Mfa> {
    explain(if is_whole_account {
        "Require MFA? Answer yes if people sign in to the identity account as IAM users. Sessions of roles, among them those of \
         IAM Identity Center, do not show MFA and would be denied."
    } else {
        "Require that the users signed in with MFA? Roles are not affected."
    })?;
    ask("Require MFA (yes or no)", None, |text| match text.to_ascii_lowercase().as_str() {
        "yes" | "y" => Ok(Mfa::Required),
        "no" | "n" => Ok(Mfa::NotRequired),
        _ => Err("write yes or no".to_owned()),
    })
}

fn chosen_vendors(
    given: Vec<String>,
    parameters: Vec<(String, String)>,
    registered: Vec<(String, String)>,
    missing: Missing,
) -> anyhow::Result<Vec<StarterVendor>> {
    let catalogue = Catalogue::built_in();
    let names = if given == [NONE] {
        Vec::new()
    } else if given.is_empty() && missing == Missing::Asked {
        explain("Vendors whose role is installed in every account:")?;
        for vendor in catalogue.names().filter_map(|name| catalogue.get(name)) {
            choice(&vendor.name, &vendor.title)?;
        }
        ask("Vendors, separated by commas", Some(NONE), |text| vendor_names(&catalogue, list(text)))?
    } else {
        vendor_names(&catalogue, given).map_err(|error| anyhow!("--vendor: {error}"))?
    };
    for (option, values) in [("--external-id-parameter", &parameters), ("--register", &registered)] {
        for (vendor, _) in values {
            ensure!(
                names.contains(vendor),
                "`{option}` names `{vendor}`, which is not one of the chosen vendors; add `--vendor {vendor}`"
            );
        }
    }
    let mut chosen = Vec::new();
    for vendor in names.iter().filter_map(|name| catalogue.get(name)) {
        let of_vendor = |values: &[(String, String)]| {
            values.iter().find(|(name, _)| *name == vendor.name).map(|(_, value)| value.clone())
        };
        let given = of_vendor(&parameters);
        let region = match of_vendor(&registered) {
            Some(region) => {
                let region = registration_region(vendor, &region);
                Some(region.map_err(|error| anyhow!("--register: {error}"))?)
            }
            None if missing == Missing::Asked && vendor.registration_api.is_some() => ask_registration(vendor)?,
            None => None,
        };
        if let Some(region) = region {
            chosen.push(StarterVendor::registered(vendor, region, given));
            continue;
        }
        let parameter = match (&vendor.external_id, given, missing) {
            (ExternalIdRule::Required { hint }, None, Missing::Asked) => {
                let hint = hint.as_deref().map(|hint| format!(": {hint}")).unwrap_or_default();
                explain(&format!(
                    "{} needs an external ID{hint}. It is kept in an SSM parameter, and not in the file.",
                    vendor.title
                ))?;
                let default = default_parameter(&vendor.name);
                Some(ask("Name of the SSM parameter", Some(&default), external_id_parameter)?)
            }
            (_, given, _) => given,
        };
        chosen.push(StarterVendor::new(vendor, parameter));
    }
    Ok(chosen)
}
