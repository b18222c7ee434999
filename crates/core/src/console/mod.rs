//! Links into the AWS console: where a person switches to a role of an account, or opens an account through the access portal
//! of IAM Identity Center.
//!
//! A link is listed only for a role that people of another account can switch to: the configuration trusts an account, a
//! role or a user, and requires no external ID, because the console cannot pass one.

mod link;
mod links;
mod portal;

pub use link::{ConsoleLink, LinkForm};
pub use links::{
    ConsoleSettings, access_requires_mfa, access_role_links, account_links, can_assume_access_role,
    has_switch_role_page,
};
pub use portal::{AccessPortal, InvalidAccessPortal, InvalidPermissionSet, PermissionSet};
