//! Prints the resources of `template.yaml`, or of `management.yaml` if an argument says so, as JSON. The other arguments are
//! values of parameters and pseudo parameters.
//!
//! The end-to-end tests create the function's role, parameters and queues from it:
//!
//! ```text
//! cargo run --example resolve-template -- AWS::AccountId=111122223333 IdentityAccountId=222233334444
//! ```

#[expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, dead_code, reason = "written for tests")]
mod stack;

use serde_json::{Value, json};

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let parameters: Vec<_> = arguments.iter().filter_map(|argument| argument.split_once('=')).collect();
    let is_management = arguments.iter().any(|argument| argument == "management.yaml");
    let template = if is_management { stack::MANAGEMENT } else { stack::TEMPLATE };
    let stack = stack::Stack::new(template, &parameters);
    let resource = |(name, kind, properties)| (name, json!({ "Type": kind, "Properties": properties }));
    println!("{}", Value::Object(stack.created().map(resource).collect()));
}
