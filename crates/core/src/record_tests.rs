use std::time::Duration;

use proptest::collection::btree_map;
use proptest::option;
use proptest::prelude::*;

use super::*;
use crate::code::{Code, OutcomeKind};
use crate::last_result::Requirement;
use crate::policy::MaskedPolicy;
use crate::time::from_unix_milliseconds;
use crate::undo::RecordedTrustEdit;

fn time() -> impl Strategy<Value = SystemTime> {
    (0_u64..10_000_000_000).prop_map(|seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
}

fn lease() -> impl Strategy<Value = Lease> {
    (".{0,20}", time()).prop_map(|(owner, expires_at)| Lease { owner, expires_at })
}

fn notification() -> impl Strategy<Value = NotificationRecord> {
    (".{0,20}", time()).prop_map(|(notified, at)| NotificationRecord { notified: notified.into(), at })
}

fn result() -> impl Strategy<Value = LastResult> {
    let cause = (option::of(prop::sample::select(Code::ALL)), ".{0,20}", ".{0,20}");
    let requirements = btree_map("[a-z]{1,9}", prop::sample::select(&Requirement::ALL[..]), 0..4);
    let times = (time(), option::of(time()), option::of(time()), btree_map("[a-z]{1,9}", time(), 0..4));
    let texts = ("[0-9a-f]{8}", option::of(".{0,9}"), option::of(".{0,9}"), "[0-9.]{1,9}");
    let access_role = option::of("[A-Za-z]{1,9}");
    (prop::sample::select(&OutcomeKind::ALL[..]), cause, requirements, times, (texts, access_role)).prop_map(
        |(
            outcome,
            (code, message, remedy),
            requirements,
            times,
            ((configuration, ou_path, name, version), access_role),
        )| LastResult {
            outcome,
            code,
            message,
            remedy,
            requirements,
            since: times.3,
            configuration,
            recorded_at: times.0,
            first_converged: times.1,
            last_converged: times.2,
            ou_path,
            name,
            access_role,
            version,
        },
    )
}

fn roles() -> impl Strategy<Value = BTreeMap<RoleName, RoleId>> {
    let name = "[A-Za-z0-9]{1,9}".prop_map(|name| name.parse().unwrap());
    let id = "AROA[A-Z0-9]{17}".prop_map(|id| id.parse().unwrap());
    btree_map(name, id, 0..4)
}

fn grants() -> impl Strategy<Value = BTreeSet<RecordedGrant>> {
    let named = |(fingerprint, principal)| RecordedGrant { principal, fingerprint };
    btree_map("[0-9a-f]{8}", ".{0,20}", 0..4).prop_map(move |all| all.into_iter().map(named).collect())
}

fn revocations() -> impl Strategy<Value = RecordedRevocations> {
    let named = |roles: BTreeMap<RoleName, RoleId>, issued_before: SystemTime| {
        roles.into_iter().map(move |(name, role_id)| (name, RecordedRevocation { role_id, issued_before })).collect()
    };
    (roles(), time()).prop_map(move |(roles, time)| named(roles, time))
}

fn registrations() -> impl Strategy<Value = RecordedRegistrations> {
    let named = |roles: BTreeMap<RoleName, RoleId>, id: u64, registered_at: SystemTime, tenant: String| {
        let one = RecordedRegistration { id, registered_at, tenant };
        roles.into_keys().map(move |name| (name, one.clone())).collect()
    };
    let tenant = "https://[a-z]{1,9}/api /[a-z]{1,9}";
    (roles(), any::<u64>(), time(), tenant).prop_map(move |(roles, id, time, tenant)| named(roles, id, time, tenant))
}

fn trust_edits() -> impl Strategy<Value = RecordedTrustEdits> {
    let policy = || r#"\{"Statement":\[\],"Id":"[a-z]{0,9}"\}"#.prop_map(|text| MaskedPolicy::new(&text).unwrap());
    let edit = ("[a-z/-]{1,20}", time(), policy(), policy(), any::<bool>(), option::of("[a-z]{1,9}"), 0_usize..2);
    let edit = edit.prop_map(|(run, at, before, after, seen, undoes, role)| {
        let (role, role_id) = [("Access", "AROADBQP57FF2AEXAMPLE"), ("Other", "AROAOTHEROTHEROTHER12")][role];
        let (role, role_id) = (role.parse().unwrap(), role_id.parse().unwrap());
        RecordedTrustEdit { run, at, role, role_id, before, after, seen, undoes }
    });
    let add = |edits: RecordedTrustEdits, edit| edits.with(edit);
    prop::collection::vec(edit, 0..7).prop_map(move |all| all.into_iter().fold(RecordedTrustEdits::default(), add))
}

fn record() -> impl Strategy<Value = Record> {
    let handoffs = btree_map("[a-z]{1,9}", "[0-9a-f]{8}", 0..4);
    let saved = (option::of(".{0,20}"), option::of(time()));
    let rest = (revocations(), grants(), handoffs, registrations(), trust_edits(), saved);
    (option::of(lease()), option::of(notification()), option::of(result()), roles(), rest).prop_map(
        |(lease, notification, result, roles, (revocations, grants, handoffs, registrations, trust_edits, saved))| {
            let (saved_by, expires_at) = saved;
            Record {
                lease,
                notification,
                result,
                roles,
                revocations,
                grants,
                handoffs,
                registrations,
                trust_edits,
                saved_by,
                expires_at,
            }
        },
    )
}

fn attribute() -> impl Strategy<Value = Attribute> {
    prop_oneof![
        ".{0,20}".prop_map(Attribute::Text),
        any::<u64>().prop_map(Attribute::Number),
        btree_map(".{0,9}", ".{0,9}", 0..3).prop_map(Attribute::Map),
    ]
}

/// What a write makes of an item.
fn updated(mut item: Attributes, update: &RecordUpdate) -> Attributes {
    item.extend(update.set());
    update.remove().into_iter().for_each(|name| _ = item.remove(name));
    item
}

proptest! {
    #[test]
    fn record_is_read_as_it_was_written(record in record()) {
        prop_assert_eq!(Record::from_attributes(&record.to_attributes()), record);
    }

    /// Whatever an item holds, reading it succeeds, and what is read does not change when it is written and read again.
    #[test]
    fn attributes_that_are_not_valid_are_absent(mut item in record().prop_map(|record| record.to_attributes()), other in attribute(), index in any::<prop::sample::Index>()) {
        let names: Vec<_> = item.keys().cloned().collect();
        if !names.is_empty() {
            item.insert(index.get(&names).clone(), other);
        }
        let read = Record::from_attributes(&item);
        prop_assert_eq!(Record::from_attributes(&read.to_attributes()), read);
    }

    #[test]
    fn update_replaces_only_its_own_parts(before in record(), result in option::of(result()), notification in option::of(notification()), roles in option::of(roles()), revocations in option::of(revocations()), grants in option::of(grants()), registrations in option::of(registrations()), trust_edits in option::of(trust_edits()), released: bool) {
        let update = RecordUpdate {
            run: "run".to_owned(),
            lease: if released { LeaseUse::Release } else { LeaseUse::NotHeld },
            notification: notification.clone().map(NotificationChange::Set),
            result: result.clone(),
            roles: roles.clone(),
            revocations: revocations.clone(),
            grants: grants.clone(),
            registrations: registrations.clone(),
            trust_edits: trust_edits.clone(),
            expiry: Expiry::Keep,
        };
        let expected = Record {
            lease: before.lease.clone().filter(|_| !released),
            notification: notification.or_else(|| before.notification.clone()),
            result: result.or_else(|| before.result.clone()),
            roles: roles.unwrap_or_else(|| before.roles.clone()),
            revocations: revocations.unwrap_or_else(|| before.revocations.clone()),
            grants: grants.unwrap_or_else(|| before.grants.clone()),
            handoffs: before.handoffs.clone(),
            registrations: registrations.unwrap_or_else(|| before.registrations.clone()),
            trust_edits: trust_edits.unwrap_or_else(|| before.trust_edits.clone()),
            saved_by: Some("run".to_owned()),
            expires_at: before.expires_at,
        };
        prop_assert_eq!(Record::from_attributes(&updated(before.to_attributes(), &update)), expected);
    }
}

#[test]
fn notification_and_expiry_can_be_removed() {
    let at = from_unix_milliseconds(1_795_000_000_000).unwrap();
    let notification = Some(NotificationRecord { notified: Notified::Onboarded, at });
    let before = Record { notification, expires_at: Some(at), ..Record::default() };
    let update = RecordUpdate {
        run: "run".to_owned(),
        lease: LeaseUse::NotHeld,
        notification: Some(NotificationChange::Remove),
        result: None,
        roles: None,
        revocations: None,
        grants: None,
        registrations: None,
        trust_edits: None,
        expiry: Expiry::Never,
    };
    let after = Record::from_attributes(&updated(before.to_attributes(), &update));
    assert_eq!(after, Record { saved_by: Some("run".to_owned()), ..Record::default() });
    let later = Expiry::At(at + Duration::from_secs(1));
    let after = Record::from_attributes(&updated(before.to_attributes(), &RecordUpdate { expiry: later, ..update }));
    assert_eq!(after.expires_at, Some(at + Duration::from_secs(1)));
}
