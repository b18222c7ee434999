//! The ports, implemented with the AWS SDK. Only these files use the `aws_sdk_*` crates.
//!
//! [`Aws`] holds every client and implements every port, each in a file of its own.

mod ambiguous;
mod clients;
mod clock;
mod config_files;
mod credentials;
mod directory;
mod endpoints;
mod error;
mod error_chain;
mod http;
mod iam;
mod inspect;
mod list_roles;
mod manage_accounts;
mod management;
mod network;
mod notifier;
mod parameter_store;
mod parameters;
mod profiles;
mod queue;
mod records;
mod regions;
mod sessions;
mod throttles;
mod try_access;
mod unreachable;
mod vendors;
mod write;

use std::env;
use std::error::Error;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::SdkConfig;

use clock::ClockDifference;
use management::Hop;
use throttles::Throttles;

pub use clients::{ClientsError, UserConfig, cli_config, function_config};
pub use http::HttpClient;
pub use try_access::ProfileAccess;

use onboarding_core::error::ApiError;
use onboarding_core::rate::LimitedApi;
use onboarding_engine::ports::{Clock, Paced};

/// The clients of AWS with the caller's own credentials, and the names of the resources that they use. Clones share their
/// connections.
#[derive(Debug, Clone)]
pub struct Aws {
    config: SdkConfig,
    organizations: aws_sdk_organizations::Client,
    sts: aws_sdk_sts::Client,
    ssm: aws_sdk_ssm::Client,
    sqs: aws_sdk_sqs::Client,
    /// Created with the first call, to keep cold starts short.
    dynamodb: Arc<OnceLock<aws_sdk_dynamodb::Client>>,
    /// Created with the first notification, likewise.
    events: Arc<OnceLock<aws_sdk_eventbridge::Client>>,
    http: HttpClient,
    resources: Resources,
    /// The role of the management account through which calls are made, if the caller is in another account.
    hop: Option<Arc<Hop>>,
    /// The newest of them, so that a configuration that is read again does not assume it again.
    newest_hop: Arc<std::sync::Mutex<Option<Arc<Hop>>>>,
    credentials: CallerCredentials,
    /// How far the clock of AWS is ahead of this machine's, according to the newest session.
    clock: Arc<ClockDifference>,
    /// How many attempts AWS throttled, including those that the SDK retried.
    throttles: Throttles,
}

/// Whether retrying helps if AWS does not accept the caller's own credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CallerCredentials {
    /// Those of the function: Lambda replaces them.
    Rotated,
    /// Those of a user on the command line: only the user can replace them.
    Fixed,
}

/// The resources of the stack. The CLI uses the table alone, if it is named.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Resources {
    /// The URL of the queue that invokes the function. Without it sweeps fail, and retries have the queue's own
    /// visibility timeout instead of a growing backoff.
    pub queue: Option<String>,
    /// The URL of the dead-letter queue. Without it messages that need attention stay in the queue.
    pub dead_letters: Option<String>,
    /// The event bus for notifications. Without it none are sent.
    pub event_bus: Option<String>,
    /// The DynamoDB table of the records. Without it no leases are taken and nothing is remembered.
    pub table: Option<String>,
}

impl Resources {
    /// The resources that the environment names. An empty variable counts as unset.
    #[must_use]
    pub fn from_env() -> Self {
        let set = |name| env::var(name).ok().filter(|value| !value.is_empty());
        Self {
            queue: set("ONBOARDING_QUEUE_URL"),
            dead_letters: set("ONBOARDING_DEAD_LETTERS_URL"),
            event_bus: set("ONBOARDING_EVENT_BUS"),
            table: set("ONBOARDING_TABLE"),
        }
    }
}

impl Aws {
    /// Creates the clients of the CLI. Credentials that AWS does not accept end a run at once. With the table of the function's
    /// records, runs take part in its leases and know the roles that it created.
    #[must_use]
    pub fn for_user(config: UserConfig, table: Option<String>) -> Self {
        let resources = Resources { table: table.filter(|name| !name.is_empty()), ..Resources::default() };
        let UserConfig { sdk, certificates } = config;
        let http = HttpClient::for_user(certificates);
        Self { credentials: CallerCredentials::Fixed, http, ..Self::new(&sdk, resources) }
    }

    /// Creates the clients of the function.
    #[must_use]
    pub fn new(config: &SdkConfig, resources: Resources) -> Self {
        let throttles = Throttles::default();
        let organizations = aws_sdk_organizations::config::Builder::from(config).interceptor(throttles.clone());
        let sts = aws_sdk_sts::config::Builder::from(config).interceptor(throttles.clone());
        let ssm = aws_sdk_ssm::config::Builder::from(config).interceptor(throttles.clone());
        Self {
            config: config.clone(),
            organizations: aws_sdk_organizations::Client::from_conf(organizations.build()),
            sts: aws_sdk_sts::Client::from_conf(sts.build()),
            ssm: aws_sdk_ssm::Client::from_conf(ssm.build()),
            sqs: aws_sdk_sqs::Client::new(config),
            dynamodb: Arc::default(),
            events: Arc::default(),
            http: HttpClient::default(),
            resources,
            hop: None,
            newest_hop: Arc::default(),
            credentials: CallerCredentials::Rotated,
            clock: Arc::default(),
            throttles,
        }
    }

    /// Created with the first call.
    fn events(&self) -> &aws_sdk_eventbridge::Client {
        self.events.get_or_init(|| {
            let config = aws_sdk_eventbridge::config::Builder::from(&self.config).interceptor(self.throttles.clone());
            aws_sdk_eventbridge::Client::from_conf(config.build())
        })
    }

    /// Converts the SDK error of a call with the caller's own credentials.
    fn caller_error<E>(&self, call: &'static str) -> impl Fn(SdkError<E, HttpResponse>) -> ApiError + use<E>
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        let (convert, credentials) = (error::api_error(call), self.credentials);
        move |error| match credentials {
            CallerCredentials::Rotated => convert(error),
            CallerCredentials::Fixed => convert(error).with_fixed_credentials(),
        }
    }
}

impl Paced for Aws {
    fn throttled_attempts(&self, api: LimitedApi) -> u64 {
        self.throttles.count(api)
    }
}

impl Clock for Aws {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn aws_time(&self) -> SystemTime {
        self.clock.apply(SystemTime::now())
    }

    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}
