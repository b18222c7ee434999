//! `[limits]`: how fast AWS is called.

use crate::rate::RateLimits;
use crate::suggestion::counted;
use crate::toml_reader::{Table, Value};

const LIMITS: &[&str] = &[
    "describe-account",
    "list-accounts",
    "list-tags",
    "assume-role",
    "read-parameters",
    "put-events",
    "records",
    "in-flight-per-account",
    "in-flight",
];

/// AWS raises quotas on request; no quota of these APIs is near this.
const MOST_PER_SECOND: i64 = 10_000;

/// A process has a connection for each request in flight, and Lambda allows 1,024 file descriptors.
const MOST_IN_FLIGHT: i64 = 500;

/// Reads the table. A key that is not set has its default.
pub(super) fn read(value: &Value<'_>) -> RateLimits {
    let mut limits = RateLimits::default();
    let Some(table) = value.table(LIMITS) else { return limits };
    let rate = |key, rate: &mut u32| set(&table, key, MOST_PER_SECOND, "requests per second", rate);
    rate("describe-account", &mut limits.describe_account);
    rate("list-accounts", &mut limits.list_accounts);
    rate("list-tags", &mut limits.list_tags);
    rate("assume-role", &mut limits.assume_role);
    rate("read-parameters", &mut limits.read_parameters);
    rate("put-events", &mut limits.put_events);
    rate("records", &mut limits.records);
    let in_flight = |key, most: &mut u32| set(&table, key, MOST_IN_FLIGHT, "requests", most);
    in_flight("in-flight-per-account", &mut limits.in_flight_per_account);
    in_flight("in-flight", &mut limits.in_flight);
    limits
}

fn set(table: &Table<'_>, key: &'static str, most: i64, unit: &str, limit: &mut u32) {
    let value = table.get(key).and_then(|value| value.integer(1..=most, unit));
    if let Some(value) = value.and_then(|value| u32::try_from(value).ok()) {
        *limit = value;
    }
}

/// The limits as labels and texts.
pub(super) fn described(limits: &RateLimits) -> impl Iterator<Item = (&'static str, String)> {
    let rates = [
        ("account", limits.describe_account),
        ("account list", limits.list_accounts),
        ("tags", limits.list_tags),
        ("AssumeRole", limits.assume_role),
        ("parameters", limits.read_parameters),
        ("PutEvents", limits.put_events),
        ("records", limits.records),
    ];
    let in_flight = [("in one account", limits.in_flight_per_account), ("in all of them", limits.in_flight)];
    let requests = |count: u32| counted(count as usize, "request");
    let rates = rates.into_iter().map(move |(label, rate)| (label, format!("up to {} per second", requests(rate))));
    rates.chain(in_flight.into_iter().map(move |(label, most)| (label, format!("up to {} at once", requests(most)))))
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, show};
    use crate::lines::plain;
    use crate::rate::RateLimits;

    const GRANT: &str = "[[access-role.grant]]\nprincipal = '222233334444'\n[limits]\n";

    fn parse(limits: &str) -> Result<Config, String> {
        Config::parse_without_files(&format!("{GRANT}{limits}")).map_err(|problems| problems.to_string())
    }

    #[test]
    fn limits_are_read_and_shown() {
        let config = parse("list-accounts = 4\nin-flight = 50").unwrap();
        assert_eq!(config.limits, RateLimits { list_accounts: 4, in_flight: 50, ..RateLimits::default() });
        let text = plain(&show(&config));
        insta::assert_snapshot!(text.split_once("limits\n").unwrap().1, @"
        account         up to 15 requests per second
        account list    up to 4 requests per second
        tags            up to 8 requests per second
        AssumeRole      up to 300 requests per second
        parameters      up to 20 requests per second
        PutEvents       up to 200 requests per second
        records         up to 1000 requests per second
        in one account  up to 200 requests at once
        in all of them  up to 50 requests at once
        ");
        assert_eq!(parse("").unwrap().limits, RateLimits::default());
    }

    #[test]
    fn limits_that_are_not_valid_are_refused() {
        let limits = "list-accounts = 0\nassume-role = -1\nrecords = 10001\nput-events = 1.5\nlist-tags = '8'\nin-flight = 501\nper-second = 1";
        insta::assert_snapshot!(parse(limits).unwrap_err(), @"
        onboarding.toml:4:17: `list-accounts`: must be between 1 and 10000 requests per second
        onboarding.toml:5:15: `assume-role`: must be between 1 and 10000 requests per second
        onboarding.toml:6:11: `records`: must be between 1 and 10000 requests per second
        onboarding.toml:7:14: `put-events`: expected an integer, found a number
        onboarding.toml:8:13: `list-tags`: expected an integer, found a string; write it without quotes
        onboarding.toml:9:13: `in-flight`: must be between 1 and 500 requests
        onboarding.toml:10:1: unknown key `per-second`; expected `describe-account`, `list-accounts`, `list-tags`, `assume-role`, `read-parameters`, `put-events`, `records`, `in-flight-per-account` or `in-flight`
        ");
    }
}
