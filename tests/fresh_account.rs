//! Onboarding of a new account: without obstacles, with delays, and with every kind of fault at every call.

#[cfg(test)]
mod fresh_account {
    use std::collections::{BTreeMap, BTreeSet};
    use std::time::Duration;

    use onboarding_core::account::AccountId;
    use onboarding_core::config::{
        AccessRole, Config, ExternalIdSource, GrantSpec, PrincipalSpec, RoleTemplate, Template, TrustSpec,
    };
    use onboarding_core::console::ConsoleSettings;
    use onboarding_core::outcome::Outcome;
    use onboarding_core::owner::Owner;
    use onboarding_core::policy::{AssumeActions, Caller, Condition, ExternalIdRequirement, REVOCATION_POLICY};
    use onboarding_core::rate::RateLimits;
    use onboarding_core::report::Report;
    use onboarding_core::role_settings::{RoleDefinition, RoleSettings};
    use onboarding_core::rollout::SweepSettings;
    use onboarding_core::targets::Targets;
    use onboarding_core::trigger::TriggerKind;
    use onboarding_engine::ports::{Clock, World, WriteIam};
    use onboarding_engine::{Engine, Job};
    use onboarding_simulation::{AccountCreation, FakeOrganization, Faulty, Injection, Lag, Script};

    const IDENTITY: &str = "222233334444";
    const VENDOR: &str = "123456789012";

    fn id(text: &str) -> AccountId {
        text.parse().unwrap()
    }

    fn organization() -> FakeOrganization {
        FakeOrganization::new("aws".parse().unwrap(), id("111122223333"), id(IDENTITY))
            .with_outside_account(&id(VENDOR))
            .with_parameter("/vendor/external-id", "s3cret-id")
    }

    fn trust(principal: &str, external_id: Option<ExternalIdSource>) -> TrustSpec {
        let principals = vec![PrincipalSpec::Aws(Template(principal.to_owned()))];
        TrustSpec {
            principals,
            external_ids: external_id.into_iter().collect(),
            condition: Condition::default(),
            actions: AssumeActions::default(),
        }
    }

    fn role(name: &str) -> RoleTemplate {
        let policy =
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ec2:Describe*","Resource":"*"}]}"#;
        RoleTemplate {
            definition: RoleDefinition {
                owner: Owner::Vendor(name.to_lowercase()),
                title: name.to_owned(),
                name: name.parse().unwrap(),
                adopt: false,
                settings: RoleSettings {
                    path: "/vendors/".to_owned(),
                    description: "made by account-onboarding".to_owned(),
                    boundary: Some(Template("arn:{partition}:iam::aws:policy/PowerUserAccess".to_owned())),
                    tags: BTreeMap::from([("team".to_owned(), "platform".to_owned())]),
                    ..RoleSettings::default()
                },
                attached: BTreeSet::from([Template("arn:{partition}:iam::aws:policy/ReadOnlyAccess".to_owned())]),
            },
            trust: vec![trust(VENDOR, Some(ExternalIdSource::Parameter("/vendor/external-id".to_owned())))],
            external_id_requirement: ExternalIdRequirement::Required,
            no_external_id: None,
            policies: BTreeMap::from([("read".to_owned(), Template(policy.to_owned()))]),
            registration: None,
            handoff: None,
            once: Vec::new(),
            management_only: None,
            targets: Targets::default(),
        }
    }

    fn config() -> Config {
        let names = ["OrganizationAccountAccessRole", "AWSControlTowerExecution"];
        Config {
            access_role: AccessRole {
                names: names.map(|name| name.parse().unwrap()).to_vec(),
                others: Vec::new(),
                grants: vec![GrantSpec {
                    until: None,
                    access_role: None,
                    trust: trust(IDENTITY, None),
                    targets: Targets::default(),
                }],
                revoked: Vec::new(),
                prune_orphans: false,
            },
            management: None,
            console: ConsoleSettings::default(),
            excluded: BTreeSet::new(),
            sweep: SweepSettings::default(),
            new_for: Duration::from_secs(3600),
            give_up_after: Duration::from_secs(86_400),
            limits: RateLimits::default(),
            roles: vec![role("First"), role("Second")],
            removed: Vec::new(),
            hash: String::new(),
            example_values: Vec::new(),
            warnings: Vec::new(),
        }
    }

    async fn apply(world: impl World<Session: WriteIam>, account: &AccountId, timeout_seconds: u64) -> Report {
        let deadline = world.now() + Duration::from_secs(timeout_seconds);
        let engine = Engine::new(world, config());
        let [session_suffix, run] = ["test", "test"].map(str::to_owned);
        let trigger = TriggerKind::CreateAccountResult;
        let account = account.clone();
        let end = deadline + Duration::from_secs(120);
        engine
            .apply(&Job {
                account,
                trigger,
                session_suffix,
                lease_owner: run,
                deadline,
                abandon_at: end,
                confirmed_plan: None,
            })
            .await
    }

    fn create_account(organization: &FakeOrganization, creation: AccountCreation) -> AccountId {
        organization.finish_creation(&organization.create_account_with("payments-dev", creation)).unwrap()
    }

    fn assert_onboarded(organization: &FakeOrganization, account: &AccountId) {
        let arn = |role: &str| format!("arn:aws:iam::{account}:role/{role}");
        let can = |who: &str, role: &str, external_id: Option<&str>| {
            organization.can_assume(&Caller { account: id(who), arn: None }, &arn(role), external_id)
        };
        assert!(can(IDENTITY, "OrganizationAccountAccessRole", None));
        assert!(can("111122223333", "OrganizationAccountAccessRole", None));
        for role in ["vendors/First", "vendors/Second"] {
            assert!(can(VENDOR, role, Some("s3cret-id")) && !can(VENDOR, role, None) && !can(VENDOR, role, Some("xx")));
        }
    }

    #[tokio::test]
    async fn new_account_is_onboarded_and_a_second_run_makes_no_write() {
        let organization = organization();
        let account = create_account(&organization, AccountCreation::default());
        let report = apply(organization.clone(), &account, 600).await;
        assert_eq!(report.outcome, Outcome::Converged);
        assert_onboarded(&organization, &account);
        assert_eq!(organization.writes().len(), 7);
        organization.clear_journal();
        assert_eq!(apply(organization.clone(), &account, 600).await.outcome, Outcome::Converged);
        assert_eq!(organization.writes(), []);
    }

    #[tokio::test]
    async fn slow_account_is_onboarded_to_the_same_state() {
        let organization = organization();
        let quick = create_account(&organization, AccountCreation::default());
        apply(organization.clone(), &quick, 600).await;
        let codes = ["SubscriptionRequiredException", "OptInRequired", "InvalidClientTokenId"];
        let transient_errors = codes.map(|code| (code.to_owned(), Duration::from_secs(20))).to_vec();
        let slow = create_account(
            &organization,
            AccountCreation {
                access_role_delay: Duration::from_secs(60),
                transient_errors,
                ..AccountCreation::default()
            },
        );
        organization.set_lag(&slow, Lag { reads: 3, time: Duration::from_secs(12) });
        organization.set_page_size(1);
        organization.set_throttling(Some(37));
        let report = apply(organization.clone(), &slow, 900).await;
        assert_eq!(report.outcome, Outcome::Converged);
        let state = organization.state();
        assert_eq!(state[&quick], state[&slow]);
    }

    #[tokio::test]
    async fn fault_at_any_call_ends_in_the_same_state_after_a_second_run() {
        let fault_free = organization();
        let script = Script::none();
        let account = create_account(&fault_free, AccountCreation::default());
        apply(Faulty::new(fault_free.clone(), &script), &account, 600).await;
        let calls = script.calls();
        let mut errors = BTreeSet::new();
        for (index, call) in calls.iter().enumerate() {
            for injection in Injection::ALL {
                let organization = organization();
                create_account(&organization, AccountCreation::default());
                let script = Script::at(index, injection);
                let first = apply(Faulty::new(organization.clone(), &script), &account, 600).await;
                if !injection.crashes() && first.outcome != Outcome::Converged {
                    let code = first.outcome.cause().map_or("", |cause| cause.code.as_str());
                    errors.insert(format!("{call}, {injection:?}: {} ({code})\n", first.outcome.as_str()));
                }
                let second = apply(organization.clone(), &account, 600).await;
                assert_eq!(second.outcome, Outcome::Converged, "{injection:?} at {index}, {call}");
                // A run whose creation of a role was lost does not know the role: the sessions of it were revoked.
                let mut state = organization.state();
                let roles = state.values_mut().flat_map(BTreeMap::values_mut);
                roles.for_each(|role| drop(role.policies.remove(REVOCATION_POLICY)));
                assert_eq!(state, fault_free.state(), "{injection:?} at {index}, {call}");
                // That ends when the longest session has expired.
                organization.sleep(Duration::from_secs(43_260)).await;
                assert_eq!(apply(organization.clone(), &account, 600).await.outcome, Outcome::Converged);
                assert_eq!(organization.state(), fault_free.state(), "{injection:?} at {index}, {call}");
            }
        }
        // Errors that are not retried end the first run, without side effects on the second one.
        insta::assert_snapshot!(errors.into_iter().collect::<String>(), @"
        organizations:DescribeAccount, AccessDenied: blocked (own_permission_missing)
        ssm:GetParameters, AccessDenied: blocked (configuration)
        ");
    }
}
