//! Reads what a blueprint names, all at once. Of a role that is removed, the rest is read only if the role exists.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::future::{try_join, try_join_all, try_join3};

use crate::assumed::AssumedAccount;
use crate::ports::{Page, ReadIam};
use onboarding_core::account::AccountAge;
use onboarding_core::blueprint::{Blueprint, RoleSpec};
use onboarding_core::code::Code;
use onboarding_core::error::{ApiError, ErrorKind};
use onboarding_core::error_messages::DeniedBy;
use onboarding_core::observed::{Observed, ObservedRole};
use onboarding_core::outcome::{Cause, Stop};
use onboarding_core::policy::{Document, REVOCATION_POLICY, inline_length};
use onboarding_core::role::RoleName;

/// Reads the access role and every role of the blueprint in one round trip; a second one only where a role has inline
/// policies that the blueprint does not name, or more than a page of anything.
///
/// A role that cannot be read does not affect the others.
pub(crate) async fn observe<S: ReadIam>(
    assumed: &AssumedAccount<S>,
    blueprint: &Blueprint,
    reads: &AtomicU32,
) -> Result<Observed, ApiError> {
    let access = async {
        let session = session(assumed, &assumed.access_role)?;
        reads.fetch_add(1, Ordering::Relaxed);
        session.role(&assumed.access_role).await
    };
    let roles =
        try_join_all(blueprint.roles.iter().filter(|spec| assumed.session(spec.name()).is_some()).map(async |spec| {
            let reader = Reader { session: session(assumed, spec.name())?, role: spec.name(), reads };
            match reader.read(spec).await {
                Err(error) if error.kind() == ErrorKind::AccessDenied => {
                    Ok(Some((spec.name().clone(), Err(why_unreadable(&error)))))
                }
                read => Ok(read?.map(|role| (spec.name().clone(), Ok(role)))),
            }
        }));
    let removed = try_join_all(blueprint.removed.iter().map(async |removal| {
        let name = &removal.role.name;
        let reader = Reader { session: session(assumed, name)?, role: name, reads };
        match reader.read_removed().await {
            Err(error) if error.kind() == ErrorKind::AccessDenied => {
                let why = Stop::from_error(&error, AccountAge::Established).into_cause();
                Ok(Some((name.clone(), Err(why))))
            }
            read => Ok(read?.map(|role| (name.clone(), Ok(role)))),
        }
    }));
    let (access, roles, removed) = try_join3(access, roles, removed).await?;
    let access = match access {
        Some(role) => role,
        None => {
            return Err(ApiError::new(
                "iam:GetRole",
                "NoSuchEntity",
                "the access role that was assumed no longer exists",
            ));
        }
    };
    let mut there = BTreeMap::new();
    let mut unreadable = BTreeMap::new();
    for (name, role) in roles.into_iter().flatten() {
        match role {
            Ok(role) => there.insert(name, role).map(drop),
            Err(why) => unreadable.insert(name, why).map(drop),
        };
    }
    let mut instance_profiles = BTreeMap::new();
    for (name, role) in removed.into_iter().flatten() {
        match role {
            Ok((role, profiles)) => {
                instance_profiles.insert(name.clone(), profiles);
                there.insert(name, role);
            }
            Err(why) => _ = unreadable.insert(name, why),
        }
    }
    Ok(Observed {
        access_role: assumed.access_role.clone(),
        access_trust: access.trust,
        access_role_id: access.id,
        roles: there,
        unreadable,
        instance_profiles,
        registrations: BTreeMap::new(),
    })
}

/// Why a configured role cannot be read. The session policy allows to read it under the configured path and under `/`, with which
/// IAM authorizes the read of a missing role. So if it is this policy that denies the read, the role has another path.
fn why_unreadable(error: &ApiError) -> Cause {
    if error.denial.by == DeniedBy::SessionPolicy {
        let message = format!("it exists under another path: {error}");
        return Cause::new(
            Code::PathDiffers,
            message,
            "IAM cannot change the path of a role: configure the existing path, or delete the role",
        );
    }
    Stop::from_error(error, AccountAge::Established).into_cause()
}

fn session<'a, S: ReadIam>(assumed: &'a AssumedAccount<S>, role: &RoleName) -> Result<&'a S, ApiError> {
    assumed.session(role).ok_or_else(|| ApiError::new("iam:GetRole", "NoSession", "no session may read this role"))
}

/// Reads one role.
struct Reader<'a, S> {
    session: &'a S,
    role: &'a RoleName,
    reads: &'a AtomicU32,
}

impl<S: ReadIam> Reader<'_, S> {
    /// Reads a role that is removed, and the instance profiles that contain it. If it does not exist, that is one call.
    async fn read_removed(&self) -> Result<Option<(ObservedRole, BTreeSet<String>)>, ApiError> {
        let Some(role) = self.role().await? else { return Ok(None) };
        let (names, attached, profiles) =
            try_join3(self.policy_names(), self.attached(), self.instance_profiles()).await?;
        let role = self.with_policies(role, names, BTreeMap::new(), attached).await?;
        Ok(Some((role, profiles)))
    }

    async fn read(&self, spec: &RoleSpec) -> Result<Option<ObservedRole>, ApiError> {
        let inline = try_join(self.policy_names(), self.policies(spec.policies.keys().cloned()));
        let (role, (names, texts), attached) = try_join3(self.role(), inline, self.attached()).await?;
        let Some(role) = role else { return Ok(None) };
        self.with_policies(role, names, texts, attached).await.map(Some)
    }

    /// The role with its policies, of which `texts` were read already.
    async fn with_policies(
        &self,
        mut role: ObservedRole,
        names: BTreeSet<String>,
        mut texts: BTreeMap<String, String>,
        attached: BTreeSet<String>,
    ) -> Result<ObservedRole, ApiError> {
        let more: Vec<_> = names.iter().filter(|name| !texts.contains_key(*name)).cloned().collect();
        if !more.is_empty() {
            texts.extend(self.policies(more.into_iter()).await?);
        }
        let others = texts.iter().filter(|(name, _)| *name != REVOCATION_POLICY);
        role.inline_length = others.map(|(_, text)| inline_length(text)).sum();
        let parsed = |text: &str| Document::parse(text).map_err(|error| error.to_string());
        role.policies = texts.iter().map(|(name, text)| (name.clone(), parsed(text))).collect();
        role.attached = attached;
        Ok(role)
    }

    fn count(&self) -> &S {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.session
    }

    async fn role(&self) -> Result<Option<ObservedRole>, ApiError> {
        self.count().role(self.role).await
    }

    async fn policies(&self, names: impl Iterator<Item = String>) -> Result<BTreeMap<String, String>, ApiError> {
        let read = try_join_all(names.map(async |name| {
            let text = self.count().policy(self.role, &name).await?;
            Ok::<_, ApiError>(text.map(|text| (name, text)))
        }));
        Ok(read.await?.into_iter().flatten().collect())
    }

    async fn policy_names(&self) -> Result<BTreeSet<String>, ApiError> {
        all_pages(|from| self.count().policy_names(self.role, from)).await
    }

    async fn attached(&self) -> Result<BTreeSet<String>, ApiError> {
        all_pages(|from| self.count().attached(self.role, from)).await
    }

    async fn instance_profiles(&self) -> Result<BTreeSet<String>, ApiError> {
        all_pages(|from| self.count().instance_profiles(self.role, from)).await
    }
}

/// Reads all pages of a list. A marker that is returned a second time ends the list, so that no response can make this
/// loop endless.
async fn all_pages<F>(read: impl Fn(Option<String>) -> F) -> Result<BTreeSet<String>, ApiError>
where
    F: Future<Output = Result<Page, ApiError>>,
{
    let mut items = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut from = None;
    loop {
        let page = read(from).await?;
        items.extend(page.items);
        match page.next {
            Some(marker) if seen.insert(marker.clone()) => from = Some(marker),
            _ => return Ok(items),
        }
    }
}
