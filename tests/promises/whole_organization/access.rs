//! Who can assume which role, according to the simulated STS, before and after a run.

use std::collections::{BTreeMap, BTreeSet};

use onboarding_core::account::AccountId;
use onboarding_core::owner::OWNER_TAG;
use onboarding_core::policy::Caller;
use onboarding_core::role::RoleName;
use onboarding_simulation::{FakeOrganization, RoleState};

use super::runs::Roles;
use super::world::{FORMER, PARTNER, STRANGER, SUPPORT, World};
use crate::common::{
    ACCESS, IDENTITY, MANAGEMENT, OLD, PIPELINE, SECURITY_ID, TRELICA, TRELICA_ID, WORKLOAD_SECURITY, id, name,
    organization,
};

/// The names of the access roles that the configuration knows.
const ACCESS_ROLES: [&str; 3] = [ACCESS, "AWSControlTowerExecution", "CompanyAccess"];

const CALLERS: [(&str, Option<&str>); 11] = [
    (MANAGEMENT, None),
    (MANAGEMENT, Some("arn:aws:iam::111122223333:role/account-onboarding")),
    (IDENTITY, None),
    (IDENTITY, Some(PIPELINE)),
    (PARTNER, None),
    (STRANGER, None),
    (STRANGER, Some(FORMER)),
    (WORKLOAD_SECURITY, None),
    (WORKLOAD_SECURITY, Some(SUPPORT)),
    (TRELICA, None),
    ("999999999999", None),
];

const EXTERNAL_IDS: [Option<&str>; 4] = [None, Some(SECURITY_ID), Some(TRELICA_ID), Some("s3cret-of-another-team")];

fn is_access_role(role: &RoleName) -> bool {
    ACCESS_ROLES.iter().any(|access| role == &name(access))
}

fn is_owned(role: &RoleState) -> bool {
    role.settings.tags.contains_key(OWNER_TAG)
}

/// The requests that a trust policy allows, by the index of the caller and of the external ID.
type Allowed = BTreeSet<(usize, usize)>;

/// Evaluates each trust policy once, on a role of an organization without control policies.
struct Evaluator {
    organization: FakeOrganization,
    known: BTreeMap<String, Allowed>,
}

impl Evaluator {
    fn new() -> Self {
        Self { organization: organization(), known: BTreeMap::new() }
    }

    fn allowed(&mut self, trust: &str) -> &Allowed {
        let organization = &self.organization;
        self.known.entry(trust.to_owned()).or_insert_with(|| {
            organization.put_role(&id(OLD), &name("evaluated"), RoleState::trusting(trust));
            let arn = format!("arn:aws:iam::{OLD}:role/evaluated");
            let can_assume = |(caller, external_id): &(usize, usize)| {
                let (account, arn_of_caller) = CALLERS[*caller];
                let caller = Caller { account: id(account), arn: arn_of_caller.map(str::to_owned) };
                organization.can_assume(&caller, &arn, EXTERNAL_IDS[*external_id])
            };
            let all = (0..CALLERS.len()).flat_map(|caller| (0..EXTERNAL_IDS.len()).map(move |id| (caller, id)));
            all.filter(can_assume).collect()
        })
    }
}

/// A difference of access: `account/role: caller with external ID`.
type Differences = BTreeSet<String>;

/// Who has lost access to roles that this tool does not own, and who has gained access to any role, without being revoked or
/// configured.
pub(super) fn unexpected(world: &World, before: &Roles, after: &Roles) -> (Differences, Differences) {
    let production = world.in_production();
    let mut evaluator = Evaluator::new();
    let (mut lost, mut gained) = (Differences::new(), Differences::new());
    for (account, roles) in after {
        let empty = BTreeMap::new();
        let earlier = before.get(account).unwrap_or(&empty);
        for (role, state) in roles {
            let was = earlier.get(role).map(|role| evaluator.allowed(&role.trust.0).clone()).unwrap_or_default();
            let is = evaluator.allowed(&state.trust.0).clone();
            let named = |(caller, external_id): &(usize, usize)| {
                format!("{account}/{role}: {:?} with {:?}", CALLERS[*caller], EXTERNAL_IDS[*external_id])
            };
            if is_access_role(role) || !is_owned(state) {
                let may_end = |(caller, _): &(usize, usize)| is_access_role(role) && is_revoked_or_ended(*caller);
                lost.extend(was.difference(&is).filter(|request| !may_end(request)).map(named));
            }
            let is_configured = |request: &(usize, usize)| configured(role, *request, production.contains(account));
            gained.extend(is.difference(&was).filter(|request| !is_configured(request)).map(named));
        }
    }
    (lost, gained)
}

fn is_revoked_or_ended(caller: usize) -> bool {
    let (account, arn) = CALLERS[caller];
    arn == Some(FORMER) || account == PARTNER
}

/// Whether the configuration allows a request.
fn configured(role: &RoleName, (caller, external_id): (usize, usize), in_production: bool) -> bool {
    let (account, arn) = CALLERS[caller];
    if is_access_role(role) {
        return account == IDENTITY || (arn == Some(SUPPORT) && in_production);
    }
    match role.as_str() {
        "app-deployer" => arn == Some(PIPELINE),
        "audit-reader" => account == IDENTITY,
        "Workload_Security_Role_Cross" => {
            account == WORKLOAD_SECURITY && EXTERNAL_IDS[external_id] == Some(SECURITY_ID)
        }
        _ => false,
    }
}

/// Asserts that accounts have what the configuration gives them. Returns how many there are.
pub(super) fn assert_onboarded<'a>(accounts: impl Iterator<Item = &'a AccountId>, after: &Roles) -> usize {
    let mut evaluator = Evaluator::new();
    accounts.map(|id| assert_roles_of(id, &after[id], &mut evaluator)).count()
}

fn assert_roles_of(account: &AccountId, roles: &BTreeMap<RoleName, RoleState>, evaluator: &mut Evaluator) {
    let access = ACCESS_ROLES.iter().find_map(|access| roles.get(&name(access)));
    let allowed = evaluator.allowed(&access.expect("an access role").trust.0);
    assert!(allowed.contains(&(0, 0)) && allowed.contains(&(2, 0)), "{account}: {allowed:?}");
    for role in ["app-deployer", "Workload_Security_Role_Cross"] {
        assert!(roles.get(&name(role)).is_some_and(is_owned), "{account}: {role}");
    }
    for removed in ["TrelicaIntegration", "legacy-app"] {
        assert!(!roles.contains_key(&name(removed)), "{account}: {removed}");
    }
    let deployer = evaluator.allowed(&roles[&name("app-deployer")].trust.0);
    assert!(deployer.iter().all(|(caller, _)| CALLERS[*caller].1 == Some(PIPELINE)) && !deployer.is_empty());
    let security = evaluator.allowed(&roles[&name("Workload_Security_Role_Cross")].trust.0);
    let expected: Allowed = [(7, 1), (8, 1)].into();
    assert_eq!(*security, expected, "{account}: only the vendor, with its external ID");
}

/// The roles that are neither owned by this tool nor access roles.
pub(super) fn foreign(roles: &Roles) -> BTreeMap<(&AccountId, &RoleName), &RoleState> {
    let all = roles.iter().flat_map(|(account, roles)| roles.iter().map(move |(role, state)| ((account, role), state)));
    all.filter(|((_, role), state)| !is_access_role(role) && !is_owned(state)).collect()
}
