//! Records in DynamoDB: one item for each subject, whose key is `subject`.
//!
//! Every write under a lease is one `UpdateItem` with a condition, so that acquiring a lease, and writing under it, are atomic. The
//! conditions hold again if the same run repeats the call, because the SDK repeats a call whose response was lost.
//!
//! Names of attributes are always aliased, because some are reserved words.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, SystemTime};

use aws_sdk_dynamodb::error::{BuildError, SdkError};
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemOutput};
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, ReturnValue, TransactWriteItem, Update};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use super::Aws;
use super::error::api_error;
use onboarding_core::attributes::{Attribute, Attributes};
use onboarding_core::error::ApiError;
use onboarding_core::lease::{Lease, latest_expiry};
use onboarding_core::record::{LeaseUse, Record, RecordUpdate, attribute, lease_attributes};
use onboarding_core::time::unix_seconds;
use onboarding_engine::ports::{Clock, LeaseAttempt, RecordPage, Records, Saved, SavedTogether};

const KEY: &str = "subject";
const UPDATE: &str = "dynamodb:UpdateItem";

/// There is no lease, or a lease that is not valid; it is this run's own; or it is not active.
const LEASE_IS_FREE: &str = "attribute_not_exists(#expires) OR NOT attribute_type(#expires, :number) OR #owner = :owner \
                             OR #expires < :now OR #expires >= :latest";

/// This run holds the lease, or has released it with a write whose response was lost.
const LEASE_IS_MINE: &str = "#owner = :owner OR (attribute_not_exists(#owner) AND #saved_by = :owner)";

impl Records for Aws {
    fn records_enabled(&self) -> bool {
        self.resources.table.is_some()
    }

    async fn load_record(&self, subject: &str) -> Result<Record, ApiError> {
        let get = self.dynamodb().get_item().set_table_name(self.resources.table.clone());
        // A run that reads the record after another has written it must see that.
        let get = get.key(KEY, AttributeValue::S(subject.to_owned())).consistent_read(true);
        let response = get.send().await.map_err(api_error("dynamodb:GetItem"))?;
        Ok(response.item().map(record).unwrap_or_default())
    }

    async fn load_records(&self, subjects: &[&str]) -> Result<BTreeMap<String, Record>, ApiError> {
        const CALL: &str = "dynamodb:BatchGetItem";
        let mut records: BTreeMap<_, _> =
            subjects.iter().map(|subject| ((*subject).to_owned(), Record::default())).collect();
        let Some(table) = &self.resources.table else { return Ok(records) };
        let keys = subjects.iter().map(|subject| HashMap::from([(KEY.to_owned(), text(subject))]));
        let keys = KeysAndAttributes::builder().set_keys(Some(keys.collect())).consistent_read(true).build();
        let keys = keys.map_err(|error| ApiError::new(CALL, "Client", &error.to_string()))?;
        let mut request = Some(HashMap::from([(table.clone(), keys)]));
        for pause in [Some(100), Some(400), Some(1600), None] {
            let response = self.dynamodb().batch_get_item().set_request_items(request).send().await;
            let response = response.map_err(api_error(CALL))?;
            for item in response.responses.into_iter().flatten().flat_map(|(_, items)| items) {
                if let Some(AttributeValue::S(subject)) = item.get(KEY) {
                    records.insert(subject.clone(), record(&item));
                }
            }
            // What exceeds the size of a response or the throughput of the table is returned to be requested again.
            request = response.unprocessed_keys.filter(|keys| !keys.is_empty());
            match (&request, pause) {
                (None, _) => return Ok(records),
                (Some(_), Some(milliseconds)) => self.sleep(Duration::from_millis(milliseconds)).await,
                (Some(_), None) => {}
            }
        }
        Err(ApiError::new(CALL, "ThrottlingException", "the table did not return all items in four attempts"))
    }

    async fn scan_records(&self, from: Option<String>) -> Result<RecordPage, ApiError> {
        let scan = self.dynamodb().scan().set_table_name(self.resources.table.clone()).consistent_read(true);
        let from = from.map(|subject| HashMap::from([(KEY.to_owned(), AttributeValue::S(subject))]));
        let response = scan.set_exclusive_start_key(from).send().await.map_err(api_error("dynamodb:Scan"))?;
        let subject = |item: &HashMap<String, AttributeValue>| Some(item.get(KEY)?.as_s().ok()?.clone());
        let records = response.items().iter().filter_map(|item| Some((subject(item)?, record(item)))).collect();
        Ok(RecordPage { records, next: response.last_evaluated_key().and_then(subject) })
    }

    async fn acquire_lease(&self, subject: &str, lease: &Lease, now: SystemTime) -> Result<LeaseAttempt, ApiError> {
        let update = Expression::new(lease_attributes(lease), &[]);
        let request = self
            .update(subject, update)
            .condition_expression(LEASE_IS_FREE)
            .expression_attribute_names("#owner", attribute::LEASE_OWNER)
            .expression_attribute_names("#expires", attribute::LEASE_EXPIRES_AT)
            .expression_attribute_values(":owner", AttributeValue::S(lease.owner.clone()))
            .expression_attribute_values(":number", AttributeValue::S("N".to_owned()))
            .expression_attribute_values(":now", number(unix_seconds(now)))
            .expression_attribute_values(":latest", number(unix_seconds(latest_expiry(now))))
            .return_values(ReturnValue::AllNew);
        match unless_condition_failed(request.send().await)? {
            Some(response) => {
                Ok(LeaseAttempt::Acquired(Box::new(response.attributes().map(record).unwrap_or_default())))
            }
            None => Ok(LeaseAttempt::HeldByAnother),
        }
    }

    async fn save_record(&self, subject: &str, update: &RecordUpdate) -> Result<Saved, ApiError> {
        let request = self.update(subject, Expression::new(update.set(), &update.remove()));
        let request = match update.lease {
            LeaseUse::NotHeld => request,
            LeaseUse::Release | LeaseUse::Keep => request
                .condition_expression(LEASE_IS_MINE)
                .expression_attribute_names("#owner", attribute::LEASE_OWNER)
                .expression_attribute_names("#saved_by", attribute::SAVED_BY)
                .expression_attribute_values(":owner", AttributeValue::S(update.run.clone())),
        };
        let saved = unless_condition_failed(request.send().await)?;
        Ok(saved.map_or(Saved::LeaseLost, |_| Saved::Yes))
    }

    async fn save_records(&self, updates: &[(String, RecordUpdate)]) -> Result<SavedTogether, ApiError> {
        const CALL: &str = "dynamodb:TransactWriteItems";
        let invalid = |error: BuildError| ApiError::new(CALL, "Client", &error.to_string());
        let item = |(subject, update): &(String, RecordUpdate)| {
            let Expression { text: expression, mut names, values } = Expression::new(update.set(), &update.remove());
            names.insert("#owner".to_owned(), attribute::LEASE_OWNER.to_owned());
            let write = Update::builder()
                .table_name(self.resources.table.clone().unwrap_or_default())
                .key(KEY, text(subject))
                .update_expression(expression)
                .condition_expression("attribute_not_exists(#owner)")
                .set_expression_attribute_names(Some(names))
                .set_expression_attribute_values(Some(values).filter(|values| !values.is_empty()));
            Ok(TransactWriteItem::builder().update(write.build().map_err(invalid)?).build())
        };
        let items: Vec<_> = updates.iter().map(item).collect::<Result<_, ApiError>>()?;
        match self.dynamodb().transact_write_items().set_transact_items(Some(items)).send().await {
            Ok(_) => Ok(SavedTogether::All),
            Err(error) if error.as_service_error().is_some_and(|e| e.is_transaction_canceled_exception()) => {
                Ok(SavedTogether::None)
            }
            Err(error) => Err(api_error(CALL)(error)),
        }
    }

    async fn save_handoff(&self, subject: &str, vendor: &str, done: Option<&str>) -> Result<(), ApiError> {
        // An entry can be written only into a map that exists, and one expression cannot do both.
        let create = self
            .update(subject, Expression::from_text("SET #handoffs = if_not_exists(#handoffs, :none)"))
            .expression_attribute_names("#handoffs", attribute::HANDOFFS)
            .expression_attribute_values(":none", AttributeValue::M(HashMap::new()));
        create.send().await.map_err(api_error(UPDATE))?;
        let request = match done {
            Some(fingerprint) => self
                .update(subject, Expression::from_text("SET #handoffs.#vendor = :fingerprint"))
                .expression_attribute_values(":fingerprint", AttributeValue::S(fingerprint.to_owned())),
            None => self.update(subject, Expression::from_text("REMOVE #handoffs.#vendor")),
        };
        let request = request
            .expression_attribute_names("#handoffs", attribute::HANDOFFS)
            .expression_attribute_names("#vendor", vendor);
        request.send().await.map(|_| ()).map_err(api_error(UPDATE))
    }
}

impl Aws {
    /// The client, which is created with the first call, to keep cold starts short.
    pub(super) fn dynamodb(&self) -> &aws_sdk_dynamodb::Client {
        self.dynamodb.get_or_init(|| {
            let config = aws_sdk_dynamodb::config::Builder::from(&self.config).interceptor(self.throttles.clone());
            aws_sdk_dynamodb::Client::from_conf(config.build())
        })
    }

    fn update(&self, subject: &str, expression: Expression) -> UpdateItemFluentBuilder {
        self.dynamodb()
            .update_item()
            .set_table_name(self.resources.table.clone())
            .key(KEY, AttributeValue::S(subject.to_owned()))
            .update_expression(expression.text)
            .set_expression_attribute_names(Some(expression.names).filter(|names| !names.is_empty()))
            .set_expression_attribute_values(Some(expression.values).filter(|values| !values.is_empty()))
    }
}

/// An update expression.
struct Expression {
    text: String,
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
}

impl Expression {
    /// An expression whose names and values are added to the request.
    fn from_text(text: &str) -> Self {
        Self { text: text.to_owned(), names: HashMap::new(), values: HashMap::new() }
    }

    fn new(set: Attributes, remove: &[&str]) -> Self {
        let mut names = HashMap::new();
        let mut values = HashMap::new();
        let mut clauses = Vec::new();
        for (index, (name, value)) in set.into_iter().enumerate() {
            clauses.push(format!("#s{index} = :s{index}"));
            names.insert(format!("#s{index}"), name);
            values.insert(format!(":s{index}"), attribute_value(value));
        }
        let mut text = format!("SET {}", clauses.join(", "));
        if !remove.is_empty() {
            let removed: Vec<_> = (0..remove.len()).map(|index| format!("#r{index}")).collect();
            text = format!("{text} REMOVE {}", removed.join(", "));
            names.extend(removed.into_iter().zip(remove.iter().map(ToString::to_string)));
        }
        Self { text, names, values }
    }
}

/// The response; `None` if the condition did not hold.
fn unless_condition_failed(
    sent: Result<UpdateItemOutput, SdkError<UpdateItemError, HttpResponse>>,
) -> Result<Option<UpdateItemOutput>, ApiError> {
    match sent {
        Ok(response) => Ok(Some(response)),
        Err(error) if error.as_service_error().is_some_and(UpdateItemError::is_conditional_check_failed_exception) => {
            Ok(None)
        }
        Err(error) => Err(api_error(UPDATE)(error)),
    }
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn number(value: u64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

fn attribute_value(value: Attribute) -> AttributeValue {
    match value {
        Attribute::Text(text) => AttributeValue::S(text),
        Attribute::Number(value) => number(value),
        Attribute::Map(map) => {
            AttributeValue::M(map.into_iter().map(|(name, text)| (name, AttributeValue::S(text))).collect())
        }
    }
}

/// The record in an item. An attribute of a type that records do not use is left out.
fn record(item: &HashMap<String, AttributeValue>) -> Record {
    let attributes = item.iter().filter_map(|(name, value)| {
        let value = match value {
            AttributeValue::S(text) => Attribute::Text(text.clone()),
            AttributeValue::N(digits) => Attribute::Number(digits.parse().ok()?),
            AttributeValue::M(map) => {
                let strings = map.iter().filter_map(|(name, text)| Some((name.clone(), text.as_s().ok()?.clone())));
                Attribute::Map(strings.collect::<BTreeMap<_, _>>())
            }
            _ => return None,
        };
        Some((name.clone(), value))
    });
    Record::from_attributes(&attributes.collect())
}
