//! `onboard config pull` and `onboard config push`: the configuration of the deployed function, in its SSM parameter, or with its
//! files in the parameters below it.

mod pull;
mod push;
mod save;
mod stored;

pub(super) use pull::pull;
pub(super) use push::push;
