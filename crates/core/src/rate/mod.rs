//! How fast AWS may be called: the rates of its APIs, and token buckets that keep to them.
//!
//! Organizations, STS and Parameter Store limit how often one AWS account may call each API, whoever calls it: this tool, Control
//! Tower, the console. One account is onboarded with so few calls that no limit is near; a sweep of thousands is not. So
//! every call waits for the token bucket of its API ([`TokenBucket`]), which all accounts of a process share. The default rates
//! ([`RateLimits`]) leave a part of each quota to the other callers.

mod bucket;
mod limits;

pub use bucket::{Rate, TokenBucket};
pub use limits::{LimitedApi, RateLimits};
