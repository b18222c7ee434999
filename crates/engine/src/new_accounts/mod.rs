//! Creates accounts, moves them to their units and onboards them: `onboard accounts create`.
//!
//! [`Engine::survey`](crate::Engine::survey) compares what is asked for with what exists, and changes nothing.
//! [`Engine::create_accounts`](crate::Engine::create_accounts) then brings each account from whatever exists of it to being
//! onboarded. It decides by what AWS shows and keeps no state of its own, so that running it again continues after a crash:
//! an account with the email is not created again, one that is in another unit is moved, and onboarding is idempotent.
//!
//! | File | Contents |
//! |---|---|
//! | `halt` | why a step ends before it is done |
//! | `members` | the accounts with their emails, and the requests in progress |
//! | `survey` | compares what is asked for with what exists |
//! | `create` | creates one account, or finds it |
//! | `run` | several accounts at the same time: create, move, onboard |

mod create;
mod halt;
mod members;
mod run;
mod survey;

pub use members::{Members, all_members};
pub use run::CreationRun;
pub use survey::SurveyError;
