//! Removes the registrations of an account that has departed from the vendors that it was registered with.
//!
//! Only a registration that this tool made is removed: the record of the account says which, and the vendor must still show that
//! registration with the recorded ID in the recorded tenant, for this account, with the role of that time. Everything else that a vendor shows for the
//! account is named for a person, and so is everything if there is no record. A vendor that does not answer does not affect the
//! others: its registrations are retried with the message.

use std::collections::BTreeMap;
use std::time::SystemTime;

use futures_util::future::join_all;
use onboarding_core::account::{AccountAge, AccountId};
use onboarding_core::blueprint::{SecretValues, tenant_access};
use onboarding_core::config::VendorTenant;
use onboarding_core::observed::ExistingRegistration;
use onboarding_core::outcome::{Cause, Outcome, Stop};
use onboarding_core::plan::{Action, Change, ConfirmedPlan, Deregistration};
use onboarding_core::record::{RecordedRegistration, RecordedRegistrations};
use onboarding_core::report::{ChangeResult, ChangeStatus, Report};
use onboarding_core::role::RoleName;
use onboarding_core::text::printable;
use onboarding_core::vendor::ApiAccess;

use crate::job::Engine;
use crate::open_record::OpenRecord;
use crate::ports::World;
use crate::vendors::{has_role_named, no_access};

/// Whether the registrations of an account that has departed are removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deregistering {
    /// They are removed.
    Apply,
    /// They are only named, because the sweep mode allows no more.
    Report,
    /// They are only named: a person plans.
    Plan,
}

/// The removal of the registrations of one account.
struct Removal<'e, 'r, 'w, W> {
    engine: &'e Engine<W>,
    account: &'e AccountId,
    mode: Deregistering,
    /// The removals that a person confirmed, if one did: no other is made.
    confirmed: Option<&'e ConfirmedPlan>,
    record: &'r mut OpenRecord<'w, W>,
    deadline: SystemTime,
    secrets: SecretValues,
    results: Vec<ChangeResult>,
    /// The steps that were not done, each in a sentence.
    remaining: Vec<String>,
    /// The cause of a step that is retried.
    retry: Option<Cause>,
}

/// A vendor with which accounts are registered, or from which they are removed.
struct Registering<'a> {
    /// The name of the role.
    name: &'a RoleName,
    /// The display name of the vendor.
    title: &'a str,
    tenant: &'a VendorTenant,
}

/// A registration of the account that a vendor shows.
struct Found<'a> {
    tenant: &'a VendorTenant,
    /// The display name of the vendor.
    title: &'a str,
    registration: ExistingRegistration,
}

impl<W: World> Engine<W> {
    /// Removes the registrations of an account whose departure Organizations has confirmed, and completes its report. With
    /// [`Deregistering::Apply`] they are removed, of a `confirmed` plan only those that it has, and otherwise only named. Returns the number of steps that
    /// are left for a person, or to be retried.
    pub async fn deregister(
        &self,
        account: &AccountId,
        mode: Deregistering,
        confirmed: Option<&ConfirmedPlan>,
        report: &mut Report,
        record: &mut OpenRecord<'_, W>,
        deadline: SystemTime,
    ) -> usize {
        let mut removal = Removal {
            engine: self,
            account,
            mode,
            confirmed,
            record,
            deadline,
            secrets: SecretValues::default(),
            results: Vec::new(),
            remaining: Vec::new(),
            retry: None,
        };
        if let Err(stop) = removal.remove_all().await {
            removal.stopped("to ask the vendors for registrations", stop);
        }
        let left = removal.remaining.len();
        removal.complete(report);
        report.redact(&removal.secrets, &self.config.external_ids());
        left
    }
}

impl<W: World> Removal<'_, '_, '_, W> {
    async fn remove_all(&mut self) -> Result<(), Stop> {
        let engine = self.engine;
        let loaded = self.record.load().await;
        loaded.map_err(|error| Stop::from_error(&error, AccountAge::Established))?;
        let recorded = self.record.record().registrations;
        let configured = engine.config.roles.iter().filter_map(|role| {
            let definition = &role.definition;
            let tenant = &role.registration.as_ref()?.tenant;
            Some(Registering { name: &definition.name, title: &definition.title, tenant })
        });
        let removed = engine.config.removed.iter().filter_map(|role| {
            Some(Registering { name: &role.name, title: &role.title, tenant: role.tenant.as_ref()? })
        });
        let registering: Vec<_> = configured.chain(removed).collect();
        for (role, one) in &recorded {
            let mut same_role = registering.iter().filter(|configured| configured.name.is_same(role));
            let which = match same_role.clone().count() {
                0 => "and is no longer configured",
                _ if same_role.any(|configured| configured.tenant.label() == one.tenant) => continue,
                _ => "in a tenant that is no longer configured",
            };
            let id = one.id;
            self.remaining.push(format!(
                "this tool registered the account (ID {id}) with the vendor that used role `{role}` {which}"
            ));
        }
        if registering.is_empty() {
            return Ok(());
        }
        self.secrets.parameters = engine.parameter_values().await?;
        // Two vendors can be in one tenant.
        let tenants: BTreeMap<_, _> = registering.iter().map(|role| (role.tenant, role.title)).collect();
        let account = self.account;
        let secrets = &self.secrets;
        let asked = tenants.into_iter().map(async |(tenant, title)| {
            let found = async {
                let found = engine.world.vendor_registrations(tenant.api, &access(tenant, secrets)?, account).await;
                found.map_err(|error| Stop::from_vendor_error(&error, AccountAge::Established))
            };
            (tenant, title, found.await)
        });
        for (tenant, title, found) in join_all(asked).await {
            match found {
                Err(stop) => self.stopped(&format!("to ask {title} for registrations"), stop),
                Ok(found) => {
                    // Those that the vendor no longer shows are not recorded any longer.
                    let is_gone = |one: &RecordedRegistration| {
                        one.tenant == tenant.label() && found.iter().all(|registration| registration.id != one.id)
                    };
                    let gone = recorded.iter().filter(|(_, one)| is_gone(one)).map(|(role, _)| role.clone());
                    gone.for_each(|role| self.record.deregistered(role));
                    for registration in found {
                        self.remove(Found { tenant, title, registration }, &recorded).await;
                    }
                }
            }
        }
        Ok(())
    }

    /// Removes one registration, if this tool made it.
    async fn remove(&mut self, found: Found<'_>, recorded: &RecordedRegistrations) {
        let Found { tenant, title, registration } = &found;
        let Some(role) = role_of(registration, tenant, recorded) else {
            self.remaining.push(format!(
                "{title} has the account registered (ID {}), and no record says that this tool did that",
                registration.id
            ));
            return;
        };
        let deregistration = Deregistration { title: (*title).to_owned(), api: tenant.api, id: registration.id };
        let change = Change { role: role.clone(), action: Action::Deregister(Box::new(deregistration)) };
        if self.confirmed.is_some_and(|plan| !plan.includes(&change)) {
            self.remaining.push(format!("not made, because the plan that was confirmed did not have it: {change}"));
            return;
        }
        let status = match self.mode {
            Deregistering::Plan => ChangeStatus::Planned,
            Deregistering::Report => {
                self.remaining.push(format!("not made, because the sweep mode is not `APPLY`: {change}"));
                ChangeStatus::Planned
            }
            Deregistering::Apply => match self.delete(&found, role).await {
                Ok(status) => status,
                Err(stop) => {
                    let message = stop.cause().message.clone();
                    self.stopped(&format!("to {change}"), stop);
                    ChangeStatus::Failed(message)
                }
            },
        };
        self.results.push(ChangeResult { change, status });
    }

    async fn delete(&mut self, found: &Found<'_>, role: &RoleName) -> Result<ChangeStatus, Stop> {
        let Found { tenant, registration, .. } = found;
        self.record.acquire_until(self.deadline).await?;
        // The record as it is now: another run may have removed the registration meanwhile.
        if role_of(registration, tenant, &self.record.record().registrations).is_none() {
            return Ok(ChangeStatus::Superseded);
        }
        let access = access(tenant, &self.secrets)?;
        let deleted = self.engine.world.deregister_from_vendor(tenant.api, &access, registration.id).await;
        deleted.map_err(|error| Stop::from_vendor_error(&error, AccountAge::Established))?;
        self.record.deregistered(role.clone());
        Ok(ChangeStatus::Done)
    }

    fn stopped(&mut self, what: &str, stop: Stop) {
        let passes = matches!(stop, Stop::Wait(_) | Stop::Reopen(_));
        let cause = stop.into_cause();
        self.remaining.push(printable(&format!("failed {what}: {} ({})", cause.message, cause.code)));
        if passes {
            self.retry.get_or_insert(cause);
        }
    }

    /// Adds what was done, and what was not, to the cause of the report, which the event about the departure contains.
    fn complete(&mut self, report: &mut Report) {
        report.changes = std::mem::take(&mut self.results);
        report.retry = self.retry.take();
        let Some(mut cause) = report.cause.clone() else { return };
        let done = report.changes.iter().filter(|result| result.status == ChangeStatus::Done);
        let done = done.map(|result| format!("done: {}", result.change));
        cause.message =
            [cause.message].into_iter().chain(done).chain(self.remaining.clone()).collect::<Vec<_>>().join("; ");
        let is_for_a_person = self.confirmed.is_some() || self.mode == Deregistering::Plan;
        if report.retry.is_some() {
            let remedy = if is_for_a_person { "run the same command again" } else { "retried automatically" };
            remedy.clone_into(&mut cause.remedy);
        } else if !self.remaining.is_empty() {
            "remove the account in the vendor's console".clone_into(&mut cause.remedy);
        } else if self.mode == Deregistering::Plan && !report.changes.is_empty() {
            "run `onboard apply --account ID --records TABLE` to remove the registrations"
                .clone_into(&mut cause.remedy);
        }
        report.end(Outcome::Ignored(cause));
    }
}

fn access(tenant: &VendorTenant, secrets: &SecretValues) -> Result<ApiAccess, Stop> {
    tenant_access(tenant, secrets).map_err(|problem| no_access(&problem))
}

/// The role of the recorded registration that a vendor shows, if it is recorded: the same ID in the same tenant, with a role of the same name.
fn role_of<'a>(
    found: &ExistingRegistration,
    tenant: &VendorTenant,
    recorded: &'a RecordedRegistrations,
) -> Option<&'a RoleName> {
    let is_same = |role: &RoleName, one: &RecordedRegistration| {
        one.id == found.id && one.tenant == tenant.label() && has_role_named(found, role)
    };
    recorded.iter().find(|(role, one)| is_same(role, one)).map(|(role, _)| role)
}
